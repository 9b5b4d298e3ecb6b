import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.incidents import Incident, Reason, RemedyVerdict, ServiceProblem, State
from bot.domain.messages import Delivery, Purpose, Route
from bot.incidents.state import WatchState
from bot.storage import StoreError
from tests.support.assembly import Assembly
from tests.support.clock import AT, HOUR, MINUTE, Clock
from tests.support.database import execute, locked
from tests.support.leases import give_verdict, take_lease
from tests.support.samples import ADA, BEA, CHANNEL, FLAG, OTHER, account
from tests.support.state_cases import content
from tests.support.waiting import PATIENCE

FLAGGED, CLEAN = account(flag=FLAG), account()
NO_MESSAGES = (
    "CREATE TRIGGER no_messages BEFORE INSERT ON message BEGIN SELECT RAISE(ABORT, 'out of order'); END"
)
NO_AUDIT = "CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'out of order'); END"


@pytest.fixture
async def watch(database: Path, clock: Clock) -> AsyncIterator[Assembly]:
    async with Assembly(database, clock) as watched:
        yield watched


async def written(watch: Assembly) -> tuple[object, ...]:
    """Return what the next start would know."""
    return content(await WatchState.load(watch.store, watch.clock.now))


# Polls, failures and commands


async def test_a_flag_in_the_list_is_an_incident_and_a_push_to_each_owner(
    watch: Assembly,
) -> None:
    watch.owners.add(BEA)
    incident = await watch.flag()
    assert (incident.state, incident.flag, incident.opened_at) == (State.OPEN, FLAG, AT)
    assert sorted(message.recipient for message in watch.planned()) == [ADA, BEA]
    for message in watch.planned():
        assert (message.notify, message.delivery, message.due_at) == (True, Delivery.WAITING, AT)
        assert [(entry.incident, entry.reason) for entry in message.entries] == [
            (incident.key, Reason.OPENED)
        ]
    assert (await written(watch))[:2] == content(watch.watch_state)[:2]


async def test_an_incident_is_not_written_without_its_message(watch: Assembly, database: Path) -> None:
    await watch.see(CLEAN)
    before = content(watch.watch_state)
    execute(database, NO_MESSAGES)
    with pytest.raises(StoreError):
        await watch.see(FLAGGED)
    assert content(watch.watch_state) == before
    assert (await written(watch))[0] == {}

    execute(database, "DROP TRIGGER no_messages")
    await watch.see(FLAGGED)
    assert [message.entries[0].incident for message in watch.planned()] == [watch.incident().key]


async def test_what_an_owner_does_is_not_done_without_its_entry_in_the_audit(
    watch: Assembly, database: Path
) -> None:
    incident = await watch.flag()
    execute(database, NO_AUDIT)
    with pytest.raises(StoreError):
        await watch.incident_service.assign([incident.key], ADA)
    with pytest.raises(StoreError):
        await take_lease(watch.incident_service, incident.key, ADA)
    assert watch.incident() == incident
    execute(database, "DROP TRIGGER no_audit")
    assert await watch.audit() == []


async def test_a_poll_that_shows_what_is_known_changes_nothing(watch: Assembly, clock: Clock) -> None:
    await watch.flag()
    version = watch.watch_state.changed.version
    clock.advance(MINUTE)
    await watch.see(FLAGGED)
    assert watch.watch_state.changed.version == version


async def test_a_poll_that_shows_what_is_known_brings_the_reminder_that_is_due(
    watch: Assembly, clock: Clock
) -> None:
    await watch.flag()
    (alert,) = watch.planned()
    async with watch.watch_state.transaction() as transaction:
        transaction.put_message(
            replace(alert, delivery=Delivery.SENT, channel_id=1, message_id=2, sent_at=AT)
        )
    due = watch.incident_service.next_tick()
    clock.advance(due - AT - timedelta(seconds=1))
    await watch.see(FLAGGED)
    assert watch.planned() == [watch.watch_state.messages[alert.key]]
    clock.advance(timedelta(seconds=1))
    await watch.see(FLAGGED)
    assert [entry.reason for entry in watch.planned()[-1].entries] == [Reason.REMINDER]


async def test_a_poll_that_shows_what_is_known_notifies_a_new_owner(watch: Assembly, clock: Clock) -> None:
    await watch.flag()
    assert watch.incident_service.next_tick() > AT
    watch.owners.add(BEA)
    clock.advance(MINUTE)
    await watch.see(FLAGGED)
    assert [message.recipient for message in watch.planned()] == [ADA, BEA]


async def test_a_list_that_lost_most_is_not_believed_and_opens_a_service_problem(
    watch: Assembly, clock: Clock
) -> None:
    assert await watch.see(FLAGGED, account(OTHER))
    assert not await watch.see()
    assert watch.planned(Purpose.SERVICE) == []
    clock.advance(MINUTE)
    assert not await watch.see()
    assert watch.incident(None).problem is ServiceProblem.LIST_GONE
    assert watch.incident(CHANNEL).state is State.OPEN
    assert [message.recipient for message in watch.planned(Purpose.SERVICE)] == [ADA]


async def test_a_list_that_is_believed_again_ends_the_problem_of_the_service(
    watch: Assembly, clock: Clock
) -> None:
    await watch.see(CLEAN)
    await watch.see()
    clock.advance(MINUTE)
    await watch.see()
    assert await watch.see(CLEAN)
    assert watch.incident(None).ended


async def test_a_refused_token_is_alerted_at_once_and_says_nothing_of_any_account(watch: Assembly) -> None:
    incident = await watch.flag()
    await watch.fail(ServiceProblem.TOKEN)
    assert watch.incident(None).problem is ServiceProblem.TOKEN
    assert watch.incident() == incident
    (message,) = watch.planned(Purpose.SERVICE)
    assert (message.recipient, message.notify) == (ADA, True)


async def test_an_api_out_of_reach_is_alerted_once_it_lasted(watch: Assembly, clock: Clock) -> None:
    await watch.see(CLEAN)
    for _ in range(5):
        clock.advance(MINUTE)
        await watch.fail(ServiceProblem.UNREACHABLE)
        assert watch.planned(Purpose.SERVICE) == []
    clock.advance(MINUTE)
    await watch.fail(ServiceProblem.UNREACHABLE)
    assert len(watch.planned(Purpose.SERVICE)) == 1


async def test_a_flag_met_by_a_command_is_alerted_though_the_list_is_clean(watch: Assembly) -> None:
    await watch.see(CLEAN)
    await watch.report(CHANNEL)
    assert watch.incident().from_command
    assert [message.entries[0].incident for message in watch.planned()] == [watch.incident().key]
    await watch.see(CLEAN)
    assert not watch.incident().ended


async def test_a_flag_met_by_a_command_that_the_list_showed_before_is_no_news(watch: Assembly) -> None:
    incident = await watch.flag()
    await watch.report(CHANNEL)
    assert watch.incident() == incident
    assert len(watch.planned()) == 1


# Who gets an alert


async def test_each_owner_is_greeted_once_also_after_a_restart(database: Path, clock: Clock) -> None:
    async with Assembly(database, clock) as watch:
        await watch.see(CLEAN)
        await watch.see(CLEAN)
        (hello,) = watch.planned(Purpose.HELLO)
        assert (hello.recipient, hello.notify, hello.route) == (ADA, False, Route.DM)
    async with Assembly(database, clock) as watch:
        await watch.see(CLEAN)
        assert watch.planned(Purpose.HELLO) == [hello]


async def test_an_owner_whose_hello_has_arrived_long_ago_is_not_greeted_again(watch: Assembly) -> None:
    await watch.see(CLEAN)
    (hello,) = watch.planned(Purpose.HELLO)
    async with watch.watch_state.transaction() as transaction:
        transaction.put_message(replace(hello, delivery=Delivery.DONE, sent_at=AT))
    await watch.see(CLEAN)
    assert watch.planned(Purpose.HELLO) == []  # it is no longer in memory, and no other is there


async def test_a_new_owner_is_greeted_and_notified_of_what_is_open(watch: Assembly) -> None:
    incident = await watch.flag()
    watch.owners.add(BEA)
    await watch.incident_service.tick()
    assert sorted(message.recipient for message in watch.planned(Purpose.HELLO)) == [ADA, BEA]
    (alert,) = (message for message in watch.planned() if message.recipient == BEA)
    assert alert.holds(incident.key)


async def test_a_hello_that_could_not_be_written_is_written_with_the_next_change(
    watch: Assembly, database: Path
) -> None:
    with locked(database), pytest.raises(StoreError):
        await watch.see(CLEAN)
    assert watch.planned(Purpose.HELLO) == []
    await watch.see(CLEAN)
    assert len(watch.planned(Purpose.HELLO)) == 1


async def test_who_was_greeted_in_a_transaction_that_was_cancelled_while_it_was_written_is_not_greeted_again(
    database: Path, clock: Clock
) -> None:
    async with Assembly(database, clock, busy_timeout=timedelta(seconds=PATIENCE)) as watch:
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            turn = asyncio.create_task(watch.see(CLEAN))
            for _ in range(5):
                await asyncio.sleep(0)
            turn.cancel()
            other.execute("ROLLBACK")
        await asyncio.gather(turn, return_exceptions=True)
        assert turn.cancelled()
        await watch.see(CLEAN)
        assert len(watch.planned(Purpose.HELLO)) == 1


async def test_while_nobody_knows_the_owners_nothing_is_lost(watch: Assembly) -> None:
    watch.owners.clear()
    incident = await watch.flag()
    await watch.fail(ServiceProblem.TOKEN)
    assert not watch.watch_state.messages

    watch.owners.add(ADA)
    await watch.incident_service.tick()
    (alert,), (service,) = watch.planned(), watch.planned(Purpose.SERVICE)
    assert (alert.recipient, alert.notify, alert.holds(incident.key)) == (ADA, True, True)
    assert (service.recipient, service.holds(watch.incident(None).key)) == (ADA, True)
    assert len(watch.planned(Purpose.HELLO)) == 1


@pytest.mark.parametrize("restarted", [False, True])
async def test_what_was_over_before_anybody_knew_the_owners_is_reported_silently_once(
    database: Path, clock: Clock, *, restarted: bool
) -> None:
    async with Assembly(database, clock) as watch:
        watch.owners.clear()
        incident = await watch.flag()
        await watch.fail(ServiceProblem.TOKEN)
        for _ in range(3):
            clock.advance(10 * MINUTE)
            await watch.see(CLEAN)
        assert watch.incident().ended
        assert watch.incident(None).ended
        problem = watch.incident(None).key
        if not restarted:
            await assert_sent_silently(watch, incident.key, problem)
    if restarted:
        async with Assembly(database, clock) as watch:
            await assert_sent_silently(watch, incident.key, problem)


async def assert_sent_silently(watch: Assembly, *keys: str) -> None:
    watch.owners.add(ADA)
    for _ in range(2):
        await watch.incident_service.tick()
        notes = watch.planned(Purpose.NOTE)
        assert sorted(entry.incident for note in notes for entry in note.entries) == sorted(keys)
        assert {(note.recipient, note.notify) for note in notes} == {(ADA, False)}
    assert watch.planned() == []


async def test_owners_who_are_not_known_for_a_while_keep_their_messages_and_their_assignments(
    watch: Assembly,
) -> None:
    incident = await watch.flag()
    await watch.incident_service.assign([incident.key], ADA)
    before = content(watch.watch_state)
    watch.owners.clear()
    await watch.incident_service.tick()
    assert content(watch.watch_state) == before


async def test_an_owner_who_left_is_sent_nothing_more_and_is_assigned_to_no_account(watch: Assembly) -> None:
    watch.owners.add(BEA)
    incident = await watch.flag()
    (hello,) = (message for message in watch.planned(Purpose.HELLO) if message.recipient == BEA)
    async with watch.watch_state.transaction() as transaction:
        transaction.put_message(
            replace(hello, delivery=Delivery.SENT, channel_id=1, message_id=2, sent_at=AT)
        )
    (alert,) = (message for message in watch.planned() if message.recipient == BEA)
    await watch.incident_service.assign([incident.key], BEA)

    watch.owners.remove(BEA)
    await watch.incident_service.tick()

    for key, delivery in ((alert.key, Delivery.CANCELLED), (hello.key, Delivery.DONE)):
        message = await watch.store.watch.message(key)
        assert message is not None
        assert message.delivery is delivery
    assert (watch.incident().assigned_to, watch.incident().assigned_at) == (None, None)
    assert [message.delivery for message in watch.planned()] == [Delivery.WAITING]
    assert watch.planned()[0].recipient == ADA
    assert (await written(watch))[1] == watch.watch_state.messages


async def test_the_assignment_of_an_owner_stays_when_another_leaves(watch: Assembly) -> None:
    watch.owners.add(BEA)
    await watch.incident_service.assign([(await watch.flag()).key], ADA)
    watch.owners.remove(BEA)
    await watch.incident_service.tick()
    assert watch.incident().assigned_to == ADA


# A database that cannot be written

Change = Callable[[Assembly, Incident], Awaitable[object]]
CHANGES: dict[str, Change] = {
    "a-poll": lambda watch, _: watch.see(CLEAN),
    "a-failure": lambda watch, _: watch.fail(ServiceProblem.TOKEN),
    "a-command": lambda watch, _: watch.report(OTHER),
    "assign": lambda watch, lease: watch.incident_service.assign([lease.key], ADA),
    "snooze": lambda watch, lease: watch.incident_service.snooze([lease.key], ADA, HOUR),
    "mute": lambda watch, _: watch.incident_service.mute(None, ADA, AT + HOUR),
    "test": lambda watch, _: watch.incident_service.test((Route.DM,)),
    "verdict": lambda watch, lease: give_verdict(watch.incident_service, lease, RemedyVerdict.BACK, None),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_what_cannot_be_written_changes_nothing(
    watch: Assembly, database: Path, clock: Clock, change: Change
) -> None:
    await watch.see(account(OTHER), FLAGGED)
    lease = await take_lease(watch.incident_service, watch.incident().key, ADA)
    assert lease is not None
    before, version, audit = (
        content(watch.watch_state),
        watch.watch_state.changed.version,
        await watch.audit(),
    )
    clock.advance(MINUTE)
    with locked(database), pytest.raises(StoreError):
        await change(watch, lease)
    assert (content(watch.watch_state), watch.watch_state.changed.version) == (before, version)
    assert await watch.audit() == audit
    await change(watch, lease)
    assert watch.watch_state.changed.version > version


async def test_a_lease_that_cannot_be_written_is_not_given(watch: Assembly, database: Path) -> None:
    incident = await watch.flag()
    with locked(database), pytest.raises(StoreError):
        await take_lease(watch.incident_service, incident.key, ADA)
    assert watch.incident() == incident
    assert await take_lease(watch.incident_service, incident.key, ADA) is not None
