import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.accounts import Action
from bot.domain.incidents import Incident, State
from bot.domain.messages import Delivery, Message
from bot.incidents.state import WatchState
from bot.rules.poll_state import PollState
from bot.storage import Store, StoredMute, StoreError
from tests.storage.cases import AT, DAY, FIRST, MINUTE, OWNER, QUICKLY, Watcher, ask, cancelled_at, look
from tests.storage.watch_cases import KEYS, alert, done, ended, incident, sent
from tests.support.ledger_cases import SOME_WATCH, Clock, content, put, put_in

HOUR = timedelta(hours=1)
LIMIT = 10


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "midwatch.sqlite3"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    async with Store.open(path, busy_timeout=QUICKLY) as store:
        yield store


@pytest.fixture
async def ledger(store: Store, clock: Clock) -> WatchState:
    return await WatchState.load(store, clock)


async def test_a_new_ledger_is_empty(ledger: WatchState) -> None:
    assert content(ledger) == ({}, {}, {}, PollState())


async def test_what_a_turn_changed_is_there_after_a_restart(store: Store, clock: Clock) -> None:
    ledger = await WatchState.load(store, clock)
    action = Action(AT, OWNER, "mute", FIRST.channel, "muted for a day")
    async with ledger.transaction() as draft:
        put_in(draft, incident(0), alert(1, incident(0)))
        draft.put_mute(FIRST.channel, AT + DAY, OWNER)
        draft.put_watch(SOME_WATCH)
        draft.note(action)
    expected = (
        {KEYS[0]: incident(0)},
        {KEYS[1]: alert(1, incident(0))},
        {FIRST.channel: AT + DAY},
        SOME_WATCH,
    )
    assert content(ledger) == expected
    assert content(await WatchState.load(store, clock)) == expected
    assert await store.watch.load_mutes() == (StoredMute(FIRST.channel, AT + DAY, OWNER),)
    assert await store.actions(FIRST.channel) == (action,)


async def test_a_turn_sees_its_own_changes_and_nobody_else_does(ledger: WatchState) -> None:
    async with ledger.transaction() as draft:
        put_in(draft, incident(0), alert(1, incident(0)))
        draft.put_mute(None, AT + DAY, OWNER)
        draft.put_watch(SOME_WATCH)
        inside = dict(draft.incidents), dict(draft.messages), dict(draft.mutes), draft.watch
        assert content(ledger) == ({}, {}, {}, PollState())
    assert content(ledger) == inside
    assert set(inside[0]) | set(inside[1]) == {KEYS[0], KEYS[1]}


async def test_what_was_read_before_a_turn_stays_as_it_was(ledger: WatchState) -> None:
    before = ledger.incidents
    await put(ledger, incident(0))
    assert (dict(before), list(ledger.incidents)) == ({}, [KEYS[0]])


async def test_an_error_within_a_turn_changes_nothing(ledger: WatchState, store: Store, clock: Clock) -> None:
    await put(ledger, incident(0))
    before, version = content(ledger), ledger.changed.version

    async def turn() -> None:
        async with ledger.transaction() as draft:
            put_in(draft, incident(1), replace(incident(0), state=State.CLEARING))
            raise RuntimeError("within")

    with pytest.raises(RuntimeError, match="within"):
        await turn()
    assert (content(ledger), ledger.changed.version) == (before, version)
    assert content(await WatchState.load(store, clock)) == before


async def test_a_turn_that_cannot_be_written_changes_nothing_and_the_next_one_works(
    ledger: WatchState, path: Path
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another program"):
            await put(ledger, incident(0))
    assert content(ledger) == ({}, {}, {}, PollState())
    assert ledger.changed.version == 0
    await put(ledger, incident(0))
    assert list(ledger.incidents) == [KEYS[0]]


async def test_a_turn_that_changes_nothing_writes_nothing(ledger: WatchState, path: Path) -> None:
    async with ledger.transaction() as draft:
        put_in(draft, incident(0), alert(1, incident(0)))
        draft.put_mute(None, AT + DAY, OWNER)
        draft.put_watch(SOME_WATCH)
    version = ledger.changed.version
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        watcher = Watcher(connection)
        async with ledger.transaction() as draft:
            put_in(draft, incident(0), alert(1, incident(0)))
            draft.put_mute(None, AT + DAY, OWNER)
            draft.put_watch(SOME_WATCH)
        async with ledger.transaction() as draft:
            put_in(draft, ended(incident(0), AT), incident(0))
        async with ledger.transaction():
            pass
        connection.execute("BEGIN IMMEDIATE")
        async with ledger.transaction() as draft:
            draft.put_incident(incident(0))
        connection.execute("ROLLBACK")
        assert not watcher.sees_a_write()
        assert ledger.changed.version == version
        async with ledger.transaction() as draft:
            draft.note(Action(AT, OWNER, "test", "", "sent"))
        assert watcher.sees_a_write()


async def test_only_what_changed_is_written(ledger: WatchState, path: Path) -> None:
    await put(ledger, incident(0), incident(1), alert(2, incident(0)))
    await put_watch(ledger, SOME_WATCH)
    ask_and_commit(path, "UPDATE incident SET missing_looks = 9")
    ask_and_commit(path, "UPDATE meta SET value = 'as it was'")
    await put(ledger, replace(incident(1), clear_looks=1))
    assert ask(path, "SELECT value FROM meta") == [("as it was",)]
    assert ask(path, "SELECT missing_looks, clear_looks FROM incident ORDER BY key") == [(9, 0), (0, 1)]


def ask_and_commit(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


async def test_what_changes_with_each_look_is_seen_but_not_written(ledger: WatchState, path: Path) -> None:
    await put_watch(ledger, SOME_WATCH)
    later = replace(SOME_WATCH, last_good=AT + MINUTE, failed_at=AT + MINUTE, failing_seconds=60)
    with closing(sqlite3.connect(path)) as connection:
        watcher = Watcher(connection)
        await put_watch(ledger, later)
        assert not watcher.sees_a_write()
    assert (ledger.watch.last_good, ledger.watch.failing_seconds) == (AT + MINUTE, 60)


async def put_watch(ledger: WatchState, watch: PollState) -> None:
    async with ledger.transaction() as draft:
        draft.put_watch(watch)


async def test_a_restart_goes_on_from_the_last_good_look_there_was(
    ledger: WatchState, store: Store, clock: Clock
) -> None:
    await put_watch(ledger, replace(SOME_WATCH, failed_at=AT, failing_seconds=60))
    await store.record_observation(look(FIRST, at=AT + MINUTE))
    watch = (await WatchState.load(store, clock)).watch
    assert (watch.listed, watch.last_good) == (SOME_WATCH.listed, AT + MINUTE)
    assert (watch.failed_at, watch.failing_seconds, watch.resumed) == (None, 0, True)


async def test_what_the_rules_of_an_earlier_version_remembered_is_read(store: Store, clock: Clock) -> None:
    at = round(AT.timestamp() * 1000)
    await store.watch.save(watch=f'{{"listed": ["1", "2"], "removed": [], "removed_at": {at}, "mood": 1}}')
    watch = (await WatchState.load(store, clock)).watch
    assert watch == PollState(listed=frozenset({"1", "2"}), removed_at=AT)


async def test_turns_follow_each_other(ledger: WatchState) -> None:
    await put(ledger, incident(0))

    async def count() -> None:
        async with ledger.transaction() as draft:
            looks = draft.incidents[KEYS[0]].clear_looks
            await asyncio.sleep(0)
            draft.put_incident(replace(incident(0), clear_looks=looks + 1))

    await asyncio.gather(*(count() for _ in range(20)))
    assert ledger.incidents[KEYS[0]].clear_looks == 20


# Cancellation


@pytest.mark.parametrize("point", range(15))
async def test_after_a_turn_cancelled_anywhere_memory_and_database_agree(
    ledger: WatchState, store: Store, clock: Clock, point: int
) -> None:
    async def turn() -> None:
        async with ledger.transaction() as draft:
            await asyncio.sleep(0)
            put_in(draft, incident(0), alert(1, incident(0)))

    was_cancelled = await cancelled_at(point, turn())
    assert content(ledger) == content(await WatchState.load(store, clock))
    assert was_cancelled or list(ledger.incidents) == [KEYS[0]]
    async with asyncio.timeout(LIMIT):
        await put(ledger, incident(3))
    assert content(ledger) == content(await WatchState.load(store, clock))


async def test_a_turn_cancelled_again_and_again_while_it_is_written_is_written(
    path: Path, clock: Clock
) -> None:
    async with Store.open(path) as store:
        ledger = await WatchState.load(store, clock)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            turn = asyncio.create_task(put(ledger, incident(0)))
            for _ in range(3):
                for _ in range(5):
                    await asyncio.sleep(0)
                turn.cancel()
            assert not turn.done()
            other.execute("ROLLBACK")
        async with asyncio.timeout(LIMIT):
            assert isinstance((await asyncio.gather(turn, return_exceptions=True))[0], asyncio.CancelledError)
        assert list(ledger.incidents) == [KEYS[0]]
        assert content(ledger) == content(await WatchState.load(store, clock))


async def test_a_turn_cancelled_while_it_cannot_be_written_says_both(ledger: WatchState, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        turn = asyncio.create_task(put(ledger, incident(0)))
        for _ in range(5):
            await asyncio.sleep(0)
        turn.cancel()
        async with asyncio.timeout(LIMIT):
            with pytest.raises(asyncio.CancelledError) as caught:
                await turn
    assert isinstance(caught.value.__cause__, StoreError)
    assert content(ledger) == ({}, {}, {}, PollState())


async def test_one_who_waits_for_a_turn_can_be_cancelled(ledger: WatchState) -> None:
    async with ledger.transaction() as draft:
        waiting = asyncio.create_task(put(ledger, incident(1)))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        draft.put_incident(incident(0))
    assert waiting.cancelled()
    assert list(ledger.incidents) == [KEYS[0]]


# The signal


async def test_all_who_wait_are_told_of_a_change_once_it_is_true(ledger: WatchState) -> None:
    async def first_seen() -> list[str]:
        await ledger.changed.wait(0)
        return list(ledger.incidents)

    waiters = [asyncio.create_task(first_seen()) for _ in range(3)]
    await asyncio.sleep(0)
    await put(ledger, incident(0))
    async with asyncio.timeout(LIMIT):
        assert await asyncio.gather(*waiters) == [[KEYS[0]]] * 3


async def test_a_change_between_looking_and_waiting_is_not_missed(ledger: WatchState) -> None:
    seen = ledger.changed.version
    await put(ledger, incident(0))
    await put(ledger, incident(1))
    async with asyncio.timeout(LIMIT):
        seen = await ledger.changed.wait(seen)
    assert seen == 2
    waiting = asyncio.create_task(ledger.changed.wait(seen))
    await asyncio.sleep(0)
    assert not waiting.done()
    await put(ledger, incident(2))
    async with asyncio.timeout(LIMIT):
        assert await waiting == 3


# What stays in memory

OVER = ended(incident(0), AT)
LASTING = incident(1)
NOW_AND_THEN = [
    pytest.param(OVER, alert(2), 6 * HOUR - MINUTE, True, id="ended-lately"),
    pytest.param(OVER, alert(2), 6 * HOUR, False, id="ended-before"),
    pytest.param(OVER, alert(2, OVER), DAY, True, id="in-a-waiting-message"),
    pytest.param(OVER, sent(alert(2, OVER)), DAY, True, id="in-a-sent-message"),
    pytest.param(OVER, done(sent(alert(2, OVER))), DAY, False, id="in-a-finished-message"),
    pytest.param(LASTING, alert(2), 1000 * DAY, True, id="open"),
]


@pytest.mark.parametrize(("known", "message", "later", "stays"), NOW_AND_THEN)
async def test_incidents_stay_in_memory_while_they_matter(
    ledger: WatchState, clock: Clock, known: Incident, message: Message, later: timedelta, *, stays: bool
) -> None:
    await put(ledger, known, message)
    clock.at += later
    await put(ledger)
    assert (known.key in ledger.incidents) is stays
    assert await ledger.incident(known.key) == known


@pytest.mark.parametrize(
    ("message", "later", "stays"),
    [
        pytest.param(alert(2, OVER), 1000 * DAY, True, id="waiting"),
        pytest.param(sent(alert(2, OVER)), 1000 * DAY, True, id="sent"),
        pytest.param(done(sent(alert(2, OVER))), 7 * DAY - MINUTE, True, id="pushed-lately"),
        pytest.param(done(sent(alert(2, OVER))), 7 * DAY, False, id="pushed-before"),
        pytest.param(done(sent(alert(2, OVER, LASTING))), 1000 * DAY, True, id="about-one-that-goes-on"),
        pytest.param(replace(done(alert(2, LASTING)), notify=False), 1000 * DAY, True, id="silent-about-it"),
        pytest.param(replace(done(sent(alert(2, OVER))), notify=False), MINUTE, False, id="silent"),
        pytest.param(done(alert(2, OVER)), MINUTE, False, id="never-sent"),
        pytest.param(replace(alert(2, LASTING), delivery=Delivery.CANCELLED), MINUTE, False, id="cancelled"),
    ],
)
async def test_messages_stay_in_memory_while_they_matter(
    ledger: WatchState, clock: Clock, message: Message, later: timedelta, *, stays: bool
) -> None:
    await put(ledger, OVER, LASTING, message)
    clock.at += later
    await put(ledger)
    assert (message.key in ledger.messages) is stays
    assert await ledger.message(message.key) == message


async def test_what_nobody_knows_is_not_found(ledger: WatchState) -> None:
    assert await ledger.incident(KEYS[0]) is None
    assert await ledger.message(KEYS[0]) is None


async def test_pruning_forgets_what_is_too_old_in_memory_and_database(
    ledger: WatchState, store: Store, clock: Clock
) -> None:
    await put(ledger, OVER, LASTING, done(sent(alert(2, OVER))), sent(alert(3, LASTING)))
    clock.at += 401 * DAY
    await ledger.prune()
    assert (list(ledger.incidents), list(ledger.messages)) == ([LASTING.key], [KEYS[3]])
    assert await ledger.incident(OVER.key) is None
    assert content(ledger) == content(await WatchState.load(store, clock))
