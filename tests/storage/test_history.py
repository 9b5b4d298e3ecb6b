"""What the database tells of a period: when accounts were watched, their incidents, actions and messages."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.accounts import FlagKind, State
from bot.domain.actions import Action
from bot.domain.history import Episode, Period
from bot.domain.incidents import Ending, Incident, ServiceProblem
from bot.domain.messages import Message, Route
from bot.domain.providers import MJPROXY, USEAPI
from bot.storage import Store
from bot.storage.database import connect, create
from bot.storage.migrations import migrate
from bot.storage.schema_steps import STEPS
from tests.storage.cases import AT, DAY, FIRST, MINUTE, MODERATION, OWNER, SECOND, ask, observed
from tests.storage.watch_cases import KEYS, alert, done, ended, incident, outage, sent

SINCE, UNTIL = AT, AT + 30 * DAY
NAMES = (USEAPI,)
BEFORE_FIRST_SEEN = next(
    at for at, step in enumerate(STEPS) if any("ADD COLUMN first_seen_at" in each for each in step)
)


async def first_seen(store: Store, reference: str = FIRST.reference) -> datetime:
    """Return since when an account is known, by a period that begins long before."""
    history = await store.history.history(AT - 3_000 * DAY, UNTIL + 3_000 * DAY, NAMES)
    return history.watched[reference].start


async def test_an_account_is_watched_since_a_list_first_showed_it(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST, at=AT))
        await store.record_observation(observed(replace(FIRST, max_jobs=9), SECOND, at=AT + DAY))
        await store.record_observation(observed(SECOND, at=AT + 2 * DAY))
        await store.record_observation(observed(FIRST, SECOND, at=AT + 3 * DAY))
        assert await first_seen(store) == AT
        assert await first_seen(store, SECOND.reference) == AT + DAY


async def test_an_account_that_was_only_named_is_watched_once_a_list_shows_it(path: Path) -> None:
    async with Store.open(path) as store:
        await store.rename(FIRST.reference, "Mine", actor_id=OWNER, at=AT)
        await store.record_observation(observed(FIRST, at=AT + DAY))
        assert await first_seen(store) == AT + DAY


@pytest.mark.parametrize("earliest", ["account", "info", "incident", "audit"])
async def test_what_an_earlier_version_knew_is_watched_since_its_first_record(
    path: Path, earliest: str
) -> None:
    create(path)
    async with connect(path, read_only=False) as connection:
        await migrate(connection, path, STEPS[:BEFORE_FIRST_SEEN])
    times = dict.fromkeys(("account", "info", "incident", "audit"), 5_000) | {earliest: 4_000}
    key = (USEAPI, FIRST.reference)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute(
            "INSERT INTO account (provider, channel, listed, seen_at) VALUES (?, ?, 1, ?)",
            (*key, times["account"]),
        )
        other.execute(
            "INSERT INTO info_snapshot (provider, channel, taken_at, text) VALUES (?, ?, ?, '')",
            (*key, times["info"]),
        )
        other.execute(
            "INSERT INTO audit (provider, channel, at, actor_id, verb, outcome) VALUES (?, ?, ?, 1, '', '')",
            (*key, times["audit"]),
        )
        other.execute(
            "INSERT INTO incident (key, state, provider, channel, opened_at, seen_at, from_command, "
            "before_watch, recurring, clear_polls, missing_polls) "
            "VALUES ('1', 'open', ?, ?, ?, 1, 0, 0, 0, 0, 0)",
            (*key, times["incident"]),
        )
    async with Store.open(path) as store:
        await store.record_observation(observed(replace(FIRST, max_jobs=9)))
    assert ask(path, "SELECT first_seen_at FROM account") == [(4_000,)]


async def test_an_account_that_was_removed_is_watched_until_it_was_last_listed(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST, SECOND, at=AT - DAY))
        await store.record_observation(observed(FIRST, SECOND, at=AT + DAY))
        await store.record_observation(observed(FIRST, at=AT + 2 * DAY))
        history = await store.history.history(SINCE, UNTIL, NAMES)
        assert history.watched == {
            FIRST.reference: Period(SINCE, UNTIL),
            SECOND.reference: Period(SINCE, AT + DAY),
        }
        assert list((await store.history.history(AT + 3 * DAY, UNTIL, NAMES)).watched) == [FIRST.reference]
        assert (await store.history.history(SINCE, UNTIL, (MJPROXY,))).watched == {}


def lasting(number: int, start: timedelta, end: timedelta | None, state: State = State.ENDED) -> Incident:
    """Return an incident that was over at a time since AT, and taken to be over five minutes later."""
    opened = incident(number, at=AT + start)
    if end is None:
        return replace(opened, state=state)
    if state is not State.ENDED:
        return replace(opened, state=state, clear_since=AT + end)
    return replace(ended(opened, AT + end + 5 * MINUTE), clear_since=AT + end)


@pytest.mark.parametrize(
    ("recorded", "end"),
    [
        (lasting(1, DAY, 2 * DAY), AT + 2 * DAY),
        (replace(lasting(1, DAY, 2 * DAY), clear_since=None, ending=Ending.RESET), AT + 2 * DAY + 5 * MINUTE),
        (lasting(1, -DAY, 2 * DAY), AT + 2 * DAY),
        (lasting(1, DAY, 2 * DAY, State.CLEARING), AT + 2 * DAY),
        (lasting(1, DAY, None, State.OPEN), None),
        (lasting(1, DAY, None, State.RESETTING), None),
        (lasting(1, DAY, 2 * DAY, State.OPEN), None),
        (lasting(1, -2 * DAY, -DAY), AT),
        (lasting(1, -2 * DAY, -MINUTE), AT),
        (lasting(1, 31 * DAY, 32 * DAY), AT),
    ],
    ids=[
        "over",
        "reset",
        "from before",
        "clearing",
        "open",
        "resetting",
        "paused",
        "before",
        "just before",
        "after",
    ],
)
async def test_an_incident_lasts_until_the_first_poll_without_its_flag(
    path: Path, recorded: Incident, end: datetime | None
) -> None:
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST, at=AT - 9 * DAY))
        await store.watch.save(incidents=[recorded])
        history = await store.history.history(SINCE, UNTIL, NAMES)
    if end == AT:
        assert history.episodes == []
        return
    shown = Episode(
        recorded.key, FIRST.reference, FlagKind.CAPTCHA, recorded.opened_at, end or UNTIL, is_open=end is None
    )
    assert history.episodes == [shown]


async def test_an_incident_is_of_the_worst_kind_that_was_told(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST))
        worse = replace(lasting(1, DAY, 2 * DAY), flag=MODERATION, worst_kind=FlagKind.BLOCK)
        await store.watch.save(incidents=[worse])
        (episode,) = (await store.history.history(SINCE, UNTIL, NAMES)).episodes
        assert episode.kind is FlagKind.BLOCK


async def test_a_person_acted_at_the_first_action_within_the_incident(path: Path) -> None:
    def did(verb: str, at: timedelta, reference: str = FIRST.reference, outcome: str = "done") -> Action:
        return Action(AT + at, OWNER, verb, reference, outcome)

    actions = [
        did("snooze", DAY - MINUTE),
        did("assign", DAY + MINUTE, SECOND.reference),
        did("mute", DAY + 2 * MINUTE),
        did("reset", DAY + 3 * MINUTE, outcome="asked"),
        did("assign", DAY + 4 * MINUTE),
    ]
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST, SECOND))
        await store.watch.save(
            incidents=[lasting(1, DAY, 2 * DAY), lasting(2, 5 * DAY, 6 * DAY)], actions=actions
        )
        history = await store.history.history(SINCE, UNTIL, NAMES, FIRST.reference)
    assert [each.acted_at for each in history.episodes] == [AT + DAY + 3 * MINUTE, None]
    # That a reset was asked for is followed by what came of it.
    assert history.actions == [actions[0], actions[2], actions[4]]


async def test_outages_and_absences_are_told_with_when_nothing_was_seen(path: Path) -> None:
    over = replace(outage(1, at=AT + DAY), state=State.ENDED, ended_at=AT + DAY + MINUTE)
    over = replace(over, blind_from=AT + DAY - MINUTE, blind_until=AT + DAY + MINUTE)
    going_on = outage(2, at=AT + 3 * DAY)
    away = replace(over, key=KEYS[3], problem=ServiceProblem.AWAY, provider=MJPROXY)
    other = replace(over, key=KEYS[4], provider=MJPROXY)
    unseen = replace(lasting(5, DAY, 2 * DAY), blind_from=AT + 2 * DAY - MINUTE, blind_until=AT + 2 * DAY)
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST))
        await store.watch.save(incidents=[over, going_on, away, other, unseen])
        history = await store.history.history(SINCE, UNTIL, NAMES)
    assert [(each.period, each.incident, each.is_absence) for each in history.blanks] == [
        (Period(AT + DAY - MINUTE, AT + DAY + MINUTE), over, False),
        (Period(AT + DAY - MINUTE, AT + DAY + MINUTE), away, True),
        (Period(AT + 3 * DAY, UNTIL), going_on, False),
        (Period(AT + 2 * DAY - MINUTE, AT + 2 * DAY), None, False),
    ]


@pytest.mark.parametrize("opened", [DAY + 2 * DAY, DAY, 5 * DAY, 6 * DAY])
async def test_an_absence_in_which_something_was_recorded_is_of_its_provider_alone(
    path: Path, opened: timedelta
) -> None:
    away = replace(
        outage(1, at=AT + DAY),
        problem=ServiceProblem.AWAY,
        provider=MJPROXY,
        state=State.ENDED,
        ended_at=AT + 5 * DAY,
    )
    away = replace(away, blind_from=AT + DAY, blind_until=AT + 5 * DAY)
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST))
        await store.watch.save(incidents=[away, lasting(2, opened, opened + MINUTE)])
        blanks = (await store.history.history(SINCE, UNTIL, NAMES)).blanks
    assert bool(blanks) == (opened != 3 * DAY)


async def test_an_outage_that_many_incidents_lay_in_is_told_once(path: Path) -> None:
    unseen = {"blind_from": AT + 2 * DAY - MINUTE, "blind_until": AT + 2 * DAY}
    over = replace(outage(1, at=AT + DAY), state=State.ENDED, ended_at=AT + 2 * DAY, **unseen)
    alone = {"blind_from": AT + 4 * DAY, "blind_until": AT + 5 * DAY}
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST, SECOND))
        await store.watch.save(
            incidents=[
                over,
                *(replace(lasting(n, DAY, 2 * DAY), **unseen) for n in (2, 3)),
                *(replace(lasting(n, 3 * DAY, 5 * DAY), **alone) for n in (4, 5)),
            ]
        )
        blanks = (await store.history.history(SINCE, UNTIL, NAMES)).blanks
    assert [each.incident for each in blanks] == [over, None]


async def test_the_last_message_about_an_incident_is_found_if_its_reader_may_see_it(path: Path) -> None:
    def placed(message: Message, number: int, route: Route = Route.DM) -> Message:
        at = AT + number * MINUTE
        return replace(done(sent(message, at)), channel_id=number, message_id=number + 100, route=route)

    first = incident(1)
    messages = [
        placed(alert(11, first), 1),
        placed(alert(12, first), 2),
        placed(alert(13, first, recipient=OWNER + 1), 3),
        alert(14, first),
    ]
    async with Store.open(path) as store:
        find = store.history.message_places
        await store.watch.save(incidents=[first], messages=messages)
        assert await find([first.key, KEYS[9]], OWNER) == {first.key: (2, 102)}
        assert await find([first.key], None) == {}
        in_channel = placed(alert(15, first, recipient=OWNER + 1), 5, Route.CHANNEL)
        await store.watch.save(messages=[in_channel])
        for reader in (OWNER, None):
            assert await find([first.key], reader) == {first.key: (5, 105)}
