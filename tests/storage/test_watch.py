import sqlite3
from contextlib import closing
from dataclasses import MISSING, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.accounts import FlagKind
from bot.domain.actions import Action
from bot.domain.errors import Cause
from bot.domain.incidents import Ending, Incident, Reason, RemedyVerdict, ServiceProblem, State
from bot.domain.messages import Delivery, Message, MessageItem, Purpose, Route
from bot.domain.providers import USEAPI, Remedy
from bot.storage import Store, StoredMute, StoreError
from bot.storage.incident_repository import (
    IN_ORDER,
    INCIDENTS,
    LAST_ENDED,
    MESSAGES,
    PRESENT_INCIDENTS,
    PRESENT_MESSAGES,
)
from tests.storage.cases import AT, CAPTCHA, DAY, FIRST, MINUTE, OWNER, Watcher, ask
from tests.storage.watch_cases import KEYS, alert, done, ended, incident, outage, sent

FULL_INCIDENT = Incident(
    KEYS[1],
    State.ENDED,
    AT,
    AT + MINUTE,
    "mjproxy:1234-abcd",
    CAPTCHA,
    FlagKind.BLOCK,
    provider="mjproxy",
    starting_since=AT + MINUTE,
    returned_at=AT + MINUTE,
    first_reason="Authentication failed.",
    remedy=Remedy.ENABLE,
    is_common=True,
    from_command=True,
    before_watch=True,
    recurring=True,
    clear_since=AT,
    clear_polls=1,
    missing_polls=2,
    ended_at=AT + DAY,
    ending=Ending.RESET,
    reset_at=AT + 2 * MINUTE,
    verdict=RemedyVerdict.NOT_YET,
    judged_at=AT + 11 * MINUTE,
    lease_until=AT + 3 * MINUTE,
    leased_by=OWNER,
    lease_reference="mjproxy:5678",
    assigned_to=OWNER + 1,
    assigned_at=AT + 4 * MINUTE,
    asked_at=AT + 8 * MINUTE,
    snoozed_until=AT + 5 * MINUTE,
    snoozed_seconds=300,
    blind_from=AT + 6 * MINUTE,
    blind_until=AT + 7 * MINUTE,
    block_ends=AT + 9 * MINUTE,
    held_until=AT + 10 * MINUTE,
)
FULL_MESSAGE = Message(
    KEYS[2],
    OWNER,
    Purpose.NOTE,
    notify=True,
    created_at=AT,
    due_at=AT + MINUTE,
    entries=(MessageItem(KEYS[1], Reason.ASSIGNEE_CHECK), MessageItem(KEYS[0], None)),
    delivery=Delivery.CLAIMED,
    route=Route.CHANNEL,
    attempts=3,
    claimed_at=AT + 2 * MINUTE,
    failing_since=AT + 3 * MINUTE,
    failure="50007",
    plain=True,
    channel_id=555555555555555555,
    message_id=666666666666666666,
    sent_at=AT + 4 * MINUTE,
    shown="fingerprint",
    edited_at=AT + 5 * MINUTE,
    language="zh-CN",
    reminders=2,
)


@pytest.mark.parametrize(
    ("full", "empty"),
    [
        pytest.param(
            FULL_INCIDENT, {"problem", "cause", "worst_problem"}, id="incident"
        ),  # it has an account instead
        pytest.param(FULL_MESSAGE, set[str](), id="message"),
    ],
)
def test_the_full_examples_have_a_value_in_every_field(full: Any, empty: set[str]) -> None:
    assert {
        field.name for field in fields(full) if getattr(full, field.name) in (field.default, MISSING)
    } == empty


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(FULL_INCIDENT, id="full"),
        pytest.param(incident(), id="new"),
        pytest.param(replace(incident(), flag=None, worst_kind=None), id="without-flag"),
        *(pytest.param(replace(outage(), problem=problem), id=problem) for problem in ServiceProblem),
        *(pytest.param(replace(outage(), cause=cause), id=cause) for cause in Cause),
    ],
)
async def test_an_incident_comes_back_as_it_was(path: Path, known: Incident) -> None:
    async with Store.open(path) as store:
        await store.watch.save(incidents=[known])
    async with Store.open(path) as store:
        assert await store.watch.incident(known.key) == known


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(FULL_MESSAGE, id="full"),
        pytest.param(alert(3, FULL_INCIDENT), id="new"),
        pytest.param(alert(3), id="about-nothing"),
    ],
)
async def test_a_message_comes_back_as_it_was(path: Path, known: Message) -> None:
    async with Store.open(path) as store:
        await store.watch.save(incidents=[incident(), FULL_INCIDENT], messages=[known])
    async with Store.open(path) as store:
        assert await store.watch.message(known.key) == known
        assert [type(entry.reason) for entry in known.entries if entry.reason] == [
            Reason for entry in known.entries if entry.reason
        ]


async def test_what_is_saved_again_replaces_what_was(path: Path) -> None:
    first, second, third = (incident(number) for number in range(3))
    message = alert(10, first, second, third)
    async with Store.open(path) as store:
        for changed in (
            message,
            replace(message, entries=(message.entries[2], message.entries[0])),
            replace(message, entries=(replace(message.entries[2], reason=None), message.entries[0])),
            replace(message, entries=(replace(message.entries[0], reason=None),), attempts=1),
            replace(message, entries=()),
        ):
            await store.watch.save(incidents=[first, second, third], messages=[changed])
            assert await store.watch.message(message.key) == changed
        await store.watch.save(incidents=[ended(first, AT)])
        assert await store.watch.incident(first.key) == ended(first, AT)
    assert ask(path, "SELECT * FROM message_entry") == []


async def test_one_wrong_row_and_nothing_of_all_is_written(path: Path) -> None:
    async with Store.open(path) as store:
        with pytest.raises(StoreError):
            await store.watch.save(
                incidents=[incident(0), replace(incident(3), state=State.ENDED)],  # ended at no time
                messages=[alert(1, incident(0))],
                mutes=[StoredMute(None, AT, OWNER)],
                poll_states={USEAPI: "something"},
                actions=[Action(AT, OWNER, "mute", FIRST.reference, "muted")],
            )
        await store.watch.save(incidents=[incident(4)])
        assert await store.watch.load_incidents(AT) == (incident(4),)
        assert await store.watch.load_messages(AT) == ()
        assert await store.watch.load_mutes() == ()
        assert await store.poll_state(USEAPI) is None
        assert await store.actions(FIRST.reference) == ()


async def test_all_kinds_of_change_are_written_together(path: Path) -> None:
    action = Action(AT, OWNER, "reset", FIRST.reference, "verified")
    async with Store.open(path) as store:
        with closing(sqlite3.connect(path)) as connection:
            watcher = Watcher(connection)
            await store.watch.save(
                incidents=[incident(0)],
                messages=[alert(1, incident(0))],
                mutes=[StoredMute(FIRST.reference, AT, OWNER)],
                actions=[action],
            )
            assert watcher.sees_a_write()
            assert connection.execute("SELECT count(*) FROM incident, message, mute").fetchone() == (1,)
        assert await store.actions(FIRST.reference) == (action,)


@pytest.mark.parametrize(
    ("known", "loaded"),
    [
        pytest.param(incident(), True, id="open"),
        pytest.param(replace(incident(), state=State.CLEARING), True, id="clearing"),
        pytest.param(replace(incident(), state=State.RESETTING), True, id="resetting"),
        pytest.param(ended(incident(), AT), False, id="ended-then"),
        pytest.param(ended(incident(), AT + timedelta(milliseconds=1)), True, id="ended-later"),
    ],
)
async def test_incidents_that_go_on_or_ended_later_are_loaded(
    path: Path, known: Incident, *, loaded: bool
) -> None:
    async with Store.open(path) as store:
        await store.watch.save(incidents=[known])
        assert await store.watch.load_incidents(AT) == ((known,) if loaded else ())


@pytest.mark.parametrize("delivery", Delivery)
async def test_an_ended_incident_is_loaded_as_long_as_an_unfinished_message_has_it(
    path: Path, delivery: Delivery
) -> None:
    old = ended(incident(), AT)
    async with Store.open(path) as store:
        await store.watch.save(incidents=[old], messages=[replace(alert(1, old), delivery=delivery)])
        finished = delivery in (Delivery.DONE, Delivery.CANCELLED)
        assert await store.watch.load_incidents(AT + DAY) == (() if finished else (old,))


OVER = ended(incident(0), AT)
GOING_ON = incident(1)
PUSHED = done(sent(alert(2, OVER)))


@pytest.mark.parametrize(
    ("known", "loaded"),
    [
        pytest.param(alert(2, OVER), True, id="waiting"),
        pytest.param(sent(alert(2, OVER)), True, id="sent"),
        pytest.param(PUSHED, False, id="done-then"),
        pytest.param(done(sent(alert(2, OVER), AT + timedelta(milliseconds=1))), True, id="done-later"),
        pytest.param(replace(PUSHED, notify=False, sent_at=AT + MINUTE), False, id="done-later-but-silent"),
        pytest.param(done(alert(2, OVER, at=AT + MINUTE)), False, id="done-without-being-sent"),
        pytest.param(
            replace(PUSHED, delivery=Delivery.CANCELLED, sent_at=AT + MINUTE), False, id="cancelled"
        ),
        pytest.param(done(sent(alert(2, OVER, GOING_ON))), True, id="about-one-that-goes-on"),
        pytest.param(
            replace(done(alert(2, GOING_ON)), notify=False), True, id="silent-about-one-that-goes-on"
        ),
        pytest.param(
            replace(alert(2, GOING_ON), delivery=Delivery.CANCELLED), False, id="cancelled-about-one"
        ),
    ],
)
async def test_messages_that_matter_are_loaded(path: Path, known: Message, *, loaded: bool) -> None:
    async with Store.open(path) as store:
        await store.watch.save(incidents=[OVER, GOING_ON], messages=[known])
        assert await store.watch.load_messages(AT) == ((known,) if loaded else ())


async def test_the_oldest_is_loaded_first(path: Path) -> None:
    incidents = tuple(incident(5 - number, at=AT + number * MINUTE) for number in range(5))
    messages = tuple(alert(20 - n, incidents[n], at=AT + n * MINUTE) for n in range(5))
    async with Store.open(path) as store:
        await store.watch.save(incidents=incidents[::-1], messages=messages[::-1])
        assert await store.watch.load_incidents(AT) == incidents
        assert await store.watch.load_messages(AT) == messages


async def test_the_last_mute_of_each_account_and_of_all_comes_back(path: Path) -> None:
    everything, one = StoredMute(None, AT, OWNER), StoredMute(FIRST.reference, AT + MINUTE, OWNER)
    longer = StoredMute(FIRST.reference, AT + DAY, OWNER + 1)
    async with Store.open(path) as store:
        assert await store.watch.load_mutes() == ()
        await store.watch.save(mutes=[one, everything])
        assert await store.watch.load_mutes() == (everything, one)
        await store.watch.save(mutes=[longer])
    async with Store.open(path) as store:
        assert await store.watch.load_mutes() == (everything, longer)


async def test_what_the_rules_remember_comes_back(path: Path) -> None:
    async with Store.open(path) as store:
        assert await store.poll_state(USEAPI) is None
        await store.watch.save(poll_states={USEAPI: "one"})
        await store.watch.save(poll_states={USEAPI: "two"})
        await store.watch.save(incidents=[incident()])
        assert await store.poll_state(USEAPI) == "two"


async def test_what_ended_long_ago_is_still_there_for_a_button(path: Path) -> None:
    old = ended(incident(0), AT)
    message = done(sent(alert(1, old)))
    async with Store.open(path) as store:
        await store.watch.save(incidents=[old], messages=[message])
        assert await store.watch.incident(old.key) == old
        assert await store.watch.message(message.key) == message
        assert await store.watch.incident(message.key) is None
        assert await store.watch.message(old.key) is None


async def test_the_last_to_end_comes_first(path: Path) -> None:
    over = [ended(incident(number), AT + (number * 7 % 5) * MINUTE) for number in range(5)]
    async with Store.open(path) as store:
        await store.watch.save(incidents=[*over, incident(9)])
        latest = sorted(over, key=lambda each: each.ended_at or AT, reverse=True)
        assert await store.watch.ended_incidents(3) == tuple(latest[:3])
        assert await store.watch.ended_incidents(30) == tuple(latest)


async def test_what_is_over_is_forgotten_after_400_days(path: Path) -> None:
    old, held, recent = ended(incident(0), AT), ended(incident(1), AT), ended(incident(2), AT + 2 * DAY)
    lasting = incident(3)
    kept = (
        sent(alert(10, held)),
        done(sent(alert(11, lasting))),
        done(sent(alert(12, recent), AT + 2 * DAY)),
        done(alert(13, at=AT + 2 * DAY)),
    )
    gone = (
        done(sent(alert(20, old, held, recent))),
        replace(alert(21, old), delivery=Delivery.CANCELLED),
    )
    async with Store.open(path) as store:
        await store.watch.save(incidents=[old, held, recent, lasting], messages=kept + gone)
        await store.prune(AT + 401 * DAY)
        found = [await store.watch.message(message.key) for message in kept + gone]
        assert found == [*kept, None, None]
        assert await store.watch.incident(old.key) is None
        for remaining in (held, recent, lasting):
            assert await store.watch.incident(remaining.key) == remaining
    assert ask(path, "SELECT DISTINCT message FROM message_entry ORDER BY message") == [
        (message.key,) for message in kept[:3]
    ]


async def test_that_an_owner_was_greeted_is_never_forgotten(path: Path) -> None:
    hello = replace(done(sent(alert(1))), purpose=Purpose.HELLO, entries=())
    async with Store.open(path) as store:
        await store.watch.save(messages=[hello])
        await store.prune(AT + 4_000 * DAY)
        assert await store.watch.greeted() == {hello.recipient}


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(INCIDENTS + PRESENT_INCIDENTS, id="incidents"),
        pytest.param(MESSAGES + PRESENT_MESSAGES + IN_ORDER, id="messages"),
        pytest.param(INCIDENTS + LAST_ENDED, id="ended"),
    ],
)
async def test_what_is_loaded_is_found_without_reading_all_there_ever_was(path: Path, query: str) -> None:
    async with Store.open(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", (0,))]
    assert [step for step in plan if step.startswith("SCAN") and "USING INDEX" not in step] == []


async def test_a_thousand_incidents_in_one_message_are_written_and_read(path: Path) -> None:
    many = tuple(replace(incident(), key=f"{number:032x}") for number in range(1_000))
    message = alert(50, *many)
    async with Store.open(path) as store:
        await store.watch.save(incidents=many, messages=[message])
        assert await store.watch.load_incidents(AT) == many
        assert await store.watch.load_messages(AT) == (message,)
