import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.incidents import Incident, Reason, RemedyVerdict, ServiceProblem, State
from bot.domain.messages import Delivery, Purpose, Route
from bot.incidents.service import CLOCK_CHECK
from bot.incidents.transaction import UNKNOWN_OUTCOME
from bot.rules.decisions import PollFailed
from bot.rules.policy import LEASE, LONGEST_SNOOZE, Policy
from tests.support.assembly import Assembly
from tests.support.clock import AT, HOUR, MINUTE, Clock
from tests.support.leases import give_verdict, take_lease
from tests.support.samples import ADA, BEA, CHANNEL, FLAG, account
from tests.support.state_cases import content, put

FLAGGED, CLEAN = account(flag=FLAG), account()
FIRST_REMINDER = Policy().remind_after[0]


@pytest.fixture
async def watch(database: Path, clock: Clock) -> AsyncIterator[Assembly]:
    async with Assembly(database, clock) as watched:
        yield watched


async def leased(watch: Assembly, owner: int = ADA) -> Incident:
    """Let an owner begin to reset the account."""
    lease = await take_lease(watch.incident_service, (await watch.flag()).key, owner)
    assert lease is not None
    return lease


# What owners do


async def test_who_is_on_it_is_noted_and_another_may_take_over(watch: Assembly, clock: Clock) -> None:
    watch.owners.add(BEA)
    key = (await watch.flag()).key
    assert await watch.incident_service.assign([key], ADA) == [watch.incident()]
    clock.advance(MINUTE)
    await watch.incident_service.assign([key], BEA)
    assert (watch.incident().assigned_to, watch.incident().assigned_at) == (BEA, AT + MINUTE)
    assert await watch.audit() == [(ADA, "assign", "done"), (BEA, "assign", "done")]


async def test_a_snooze_lasts_as_long_as_was_said_but_a_day_at_most(watch: Assembly) -> None:
    key = (await watch.flag()).key
    assert await watch.incident_service.snooze([key], ADA, HOUR) == [watch.incident()]
    assert watch.incident().snoozed_until == AT + HOUR
    assert await watch.audit() == [(ADA, "snooze", "hours:1")]
    await watch.incident_service.snooze([key], ADA, 3 * LONGEST_SNOOZE)
    assert watch.incident().snoozed_until == AT + LONGEST_SNOOZE


async def test_all_are_taken_at_once_and_each_is_noted_but_what_is_over_or_unknown(watch: Assembly) -> None:
    several = [account(f"{CHANNEL[:-1]}{end}", flag=FLAG) for end in range(3)]
    await watch.see(*several)
    keys = [each.key for each in watch.watch_state.open_incidents.values()]
    version = watch.watch_state.changed.version
    taken = await watch.incident_service.assign([*keys, "0" * 32], ADA)
    assert [each.key for each in taken] == keys
    assert watch.watch_state.changed.version == version + 1
    actions = [await watch.store.actions(each.reference, 5) for each in several]
    assert [[(each.verb, each.outcome) for each in one] for one in actions] == [[("assign", "done")]] * 3


@pytest.mark.parametrize("step", [-HOUR, HOUR])
async def test_a_clock_that_is_set_while_an_event_waits_takes_nothing_from_a_reset(
    watch: Assembly, clock: Clock, step: timedelta
) -> None:
    lease = await take_lease(watch.incident_service, (await watch.flag()).key, ADA, FLAG)
    assert lease is not None
    async with watch.watch_state.transaction():
        waiting = [
            asyncio.create_task(watch.incident_service.tick()),
            asyncio.create_task(
                watch.incident_service.apply(PollFailed(clock.now(), ServiceProblem.UNREACHABLE))
            ),
        ]
        await asyncio.sleep(0)  # both have begun, and wait for their turn
        clock.set(clock.now() + step)
    await asyncio.gather(*waiting)
    assert watch.incident_service.has_lease(lease)
    assert watch.incident().lease_until == AT + step + LEASE


OwnerAction = Callable[[Assembly, str], Awaitable[Incident | list[Incident] | None]]
OWNER_ACTIONS: dict[str, OwnerAction] = {
    "assign": lambda watch, key: watch.incident_service.assign([key], ADA),
    "snooze": lambda watch, key: watch.incident_service.snooze([key], ADA, HOUR),
    "reset": lambda watch, key: take_lease(watch.incident_service, key, ADA),
}


@pytest.mark.parametrize("press", OWNER_ACTIONS.values(), ids=OWNER_ACTIONS)
async def test_a_button_of_what_nobody_knows_or_what_is_over_does_nothing(
    watch: Assembly, clock: Clock, press: OwnerAction
) -> None:
    assert not await press(watch, "0" * 32)
    incident = await watch.flag()
    for _ in range(8):
        clock.advance(MINUTE)
        await watch.see(CLEAN)
    assert watch.incident().ended
    before = content(watch.watch_state)
    assert not await press(watch, incident.key)
    assert content(watch.watch_state) == before
    assert await watch.audit() == []


async def test_a_mute_keeps_the_push_back_until_its_end(watch: Assembly, clock: Clock) -> None:
    await watch.see(CLEAN)
    await watch.incident_service.mute(CHANNEL, ADA, AT + HOUR)
    await watch.see(FLAGGED)
    assert watch.planned() == []
    assert await watch.audit() == [(ADA, "mute", "until:2026-03-01T13:00Z")]
    clock.advance(HOUR)
    await watch.incident_service.tick()
    assert len(watch.planned()) == 1


async def test_a_mute_that_is_taken_back_sends_what_it_kept_back(watch: Assembly) -> None:
    await watch.see(CLEAN)
    await watch.incident_service.mute(None, ADA, AT + HOUR)
    await watch.see(FLAGGED)
    assert watch.planned() == []
    await watch.incident_service.mute(None, ADA, AT)
    assert len(watch.planned()) == 1
    assert await watch.audit("") == [(ADA, "mute", "until:2026-03-01T13:00Z"), (ADA, "unmute", "done")]


async def test_to_end_a_mute_that_is_over_wakes_nobody(watch: Assembly, clock: Clock) -> None:
    await watch.see(CLEAN)
    await watch.incident_service.mute(None, ADA, AT + MINUTE)
    clock.advance(2 * MINUTE)
    await watch.flag()
    (first,) = watch.planned()
    await put(watch.watch_state, replace(first, delivery=Delivery.SENT, sent_at=clock.now(), message_id=1))
    clock.advance(6 * MINUTE)
    await watch.incident_service.mute(None, ADA, clock.now())
    assert [message.key for message in watch.planned()] == [first.key]


async def test_a_test_goes_to_each_owner_by_each_route(watch: Assembly) -> None:
    watch.owners.add(BEA)
    tests = await watch.incident_service.test((Route.DM, Route.CHANNEL))
    assert [(test.recipient, test.route) for test in tests] == [
        (ADA, Route.DM),
        (ADA, Route.CHANNEL),
        (BEA, Route.DM),
        (BEA, Route.CHANNEL),
    ]
    assert all(test.notify and test.due_at == AT for test in tests)
    assert {test.key for test in tests} == {test.key for test in watch.planned(Purpose.TEST)}


# Leases


async def test_only_one_has_the_lease(watch: Assembly) -> None:
    watch.owners.add(BEA)
    lease = await leased(watch)
    assert (lease.state, lease.leased_by, lease.lease_until) == (State.RESETTING, ADA, AT + LEASE)
    assert await take_lease(watch.incident_service, lease.key, BEA) is None
    assert watch.incident() == lease
    assert await watch.audit() == [(ADA, "reset", "asked")]


@pytest.mark.parametrize(
    ("verdict", "flag", "state"),
    [
        (RemedyVerdict.BACK, None, State.ENDED),
        (RemedyVerdict.NOT_YET, FLAG, State.OPEN),
        (RemedyVerdict.FLAGGED_AGAIN, FLAG, State.OPEN),
        (RemedyVerdict.NOT_CONFIGURED, None, State.ENDED),
        (RemedyVerdict.COULD_NOT_TELL, None, State.OPEN),
    ],
)
async def test_a_verdict_gives_the_lease_back_and_is_the_outcome_in_the_audit(
    watch: Assembly, clock: Clock, verdict: RemedyVerdict, flag: None, state: State
) -> None:
    lease = await leased(watch)
    await give_verdict(watch.incident_service, lease, verdict, flag)
    assert (watch.incident().state, watch.incident().lease_until) == (state, None)
    clock.advance(HOUR)
    await watch.incident_service.tick()
    assert await watch.audit() == [(ADA, "reset", "asked"), (ADA, "reset", verdict.value)]


Pass = Callable[[Assembly, Incident], Awaitable[object]]
PASSINGS: dict[str, Pass] = {
    "the-clock": lambda watch, _: watch.incident_service.tick(),
    "a-poll": lambda watch, _: watch.see(FLAGGED),
    "a-poll-that-failed": lambda watch, _: watch.fail(ServiceProblem.UNREACHABLE),
    "a-command": lambda watch, _: watch.report(CHANNEL),
}


@pytest.mark.parametrize("happens", PASSINGS.values(), ids=PASSINGS)
async def test_row_12_a_reset_that_was_killed_is_of_unknown_outcome_once_its_lease_is_over(
    watch: Assembly, clock: Clock, happens: Pass
) -> None:
    lease = await leased(watch)
    clock.advance(LEASE - timedelta(seconds=1))
    await happens(watch, lease)
    assert watch.incident().state is State.RESETTING
    clock.advance(timedelta(seconds=1))
    await happens(watch, lease)
    assert (watch.incident().state, watch.incident().leased_by) == (State.OPEN, None)
    await watch.incident_service.tick()
    assert await watch.audit() == [(ADA, "reset", "asked"), (ADA, "reset", UNKNOWN_OUTCOME)]


async def test_row_12_after_a_restart_too(database: Path, clock: Clock) -> None:
    async with Assembly(database, clock) as watch:
        await leased(watch)
    clock.advance(LEASE)
    async with Assembly(database, clock) as watch:
        await watch.incident_service.tick()
        assert watch.incident().state is State.OPEN
        assert await watch.audit() == [(ADA, "reset", "asked"), (ADA, "reset", UNKNOWN_OUTCOME)]


async def test_row_12_the_button_works_again_and_the_lost_reset_is_in_the_audit_all_the_same(
    watch: Assembly, clock: Clock
) -> None:
    watch.owners.add(BEA)
    lost = await leased(watch)
    clock.advance(LEASE)
    lease = await take_lease(watch.incident_service, lost.key, BEA)
    assert lease is not None
    assert lease.leased_by == BEA
    assert await watch.audit() == [
        (ADA, "reset", "asked"),
        (ADA, "reset", UNKNOWN_OUTCOME),
        (BEA, "reset", "asked"),
    ]


@pytest.mark.parametrize("owner", [ADA, BEA])
async def test_a_verdict_that_comes_after_the_lease_is_not_taken(
    watch: Assembly, clock: Clock, owner: int
) -> None:
    watch.owners.add(BEA)
    late = await leased(watch)
    clock.advance(LEASE)
    lease = await take_lease(watch.incident_service, late.key, owner)
    before = await watch.audit()
    await give_verdict(watch.incident_service, late, RemedyVerdict.BACK, None)
    assert watch.incident() == lease
    assert await watch.audit() == before


async def test_row_10_a_flag_that_came_back_after_a_verified_reset_leaves_its_outcome_as_it_was(
    watch: Assembly, clock: Clock
) -> None:
    await give_verdict(watch.incident_service, await leased(watch), RemedyVerdict.BACK, None)
    clock.advance(3 * MINUTE)
    await watch.see(FLAGGED)
    assert (watch.incident().state, watch.incident().leased_by) == (State.OPEN, None)
    assert await watch.audit() == [(ADA, "reset", "asked"), (ADA, "reset", "back in rotation")]


# The clock


async def test_the_next_tick_is_within_the_hour_whatever_is_due_later(watch: Assembly) -> None:
    assert watch.incident_service.next_tick() == AT + CLOCK_CHECK
    await watch.incident_service.assign([(await watch.flag()).key], ADA)
    assert watch.incident_service.next_tick() == AT + CLOCK_CHECK


async def test_the_next_tick_is_when_a_lease_or_a_snooze_ends(watch: Assembly) -> None:
    incident = await watch.flag()
    await watch.incident_service.snooze([incident.key], ADA, 20 * MINUTE)
    assert watch.incident_service.next_tick() == AT + 20 * MINUTE
    await take_lease(watch.incident_service, incident.key, ADA)
    assert watch.incident_service.next_tick() == AT + LEASE


async def test_the_next_tick_is_when_a_reminder_is_due_and_brings_it(watch: Assembly, clock: Clock) -> None:
    await watch.flag()
    (alert,) = watch.planned()
    async with watch.watch_state.transaction() as transaction:
        transaction.put_message(
            replace(alert, delivery=Delivery.SENT, channel_id=1, message_id=2, sent_at=AT)
        )
    assert watch.incident_service.next_tick() == AT + FIRST_REMINDER
    clock.advance(FIRST_REMINDER - timedelta(seconds=1))
    await watch.incident_service.tick()
    assert len(watch.planned()) == 1
    clock.advance(timedelta(seconds=1))
    await watch.incident_service.tick()
    (reminder,) = (message for message in watch.planned() if message.key != alert.key)
    assert [entry.reason for entry in reminder.entries] == [Reason.REMINDER]


async def test_row_29_who_is_on_it_is_asked_after_four_hours_and_then_the_assignment_ends(
    watch: Assembly, clock: Clock
) -> None:
    await watch.incident_service.assign([(await watch.flag()).key], ADA)
    (alert,) = watch.planned()
    async with watch.watch_state.transaction() as transaction:
        transaction.put_message(
            replace(alert, delivery=Delivery.SENT, channel_id=1, message_id=2, sent_at=AT)
        )
    clock.advance(4 * HOUR)
    await watch.incident_service.tick()
    (question,) = (message for message in watch.planned() if message.key != alert.key)
    assert [entry.reason for entry in question.entries] == [Reason.ASSIGNEE_CHECK]
    clock.advance(30 * MINUTE)
    await watch.incident_service.tick()
    assert watch.incident().assigned_to is None


# A clock that is set back


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_clock_set_back_a_day_makes_no_delay_longer_than_it_was_asked_for(
    tmp_path: Path,
    restarted: bool,  # noqa: FBT001 - drawn
) -> None:
    clock, database = Clock(), tmp_path / "midwatch.sqlite3"
    async with Assembly(database, clock) as watch:
        incident = await watch.flag()
        await watch.incident_service.snooze([incident.key], ADA, HOUR)
        await watch.incident_service.mute(None, ADA, clock.now() + HOUR)
        clock.advance(20 * MINUTE)
        await watch.incident_service.tick()
        clock.set(clock.now() - 24 * HOUR)
        if not restarted:
            await watch.incident_service.tick()
            assert watch.incident().snoozed_until == clock.now() + 40 * MINUTE
            assert watch.watch_state.mutes[None] == clock.now() + 40 * MINUTE
    async with Assembly(database, clock) as watch:
        await watch.incident_service.tick()
        left = watch.incident().snoozed_until
        assert left is not None
        assert left - clock.now() <= HOUR
        assert watch.watch_state.mutes[None] - clock.now() <= HOUR + MINUTE
