import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.actions import Action
from bot.domain.incidents import Incident, State
from bot.domain.messages import Delivery, Message
from bot.domain.providers import USEAPI
from bot.incidents.state import WatchState
from bot.rules.poll_state import PollState
from bot.storage import Store, StoredMute, StoreError
from tests.storage.cases import AT, DAY, FIRST, MINUTE, OWNER, QUICKLY, Watcher, ask, cancelled_at, observed
from tests.storage.watch_cases import KEYS, alert, done, ended, incident, sent
from tests.support.clock import Clock
from tests.support.state_cases import SOME_POLL_STATE, content, put, put_in

HOUR = timedelta(hours=1)
LIMIT = 10


@pytest.fixture
def clock() -> Clock:
    return Clock(AT)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "midwatch.sqlite3"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    async with Store.open(path, busy_timeout=QUICKLY) as store:
        yield store


@pytest.fixture
async def watch_state(store: Store, clock: Clock) -> WatchState:
    return await WatchState.load(store, clock.now)


async def test_a_new_state_is_empty(watch_state: WatchState) -> None:
    assert content(watch_state) == ({}, {}, {}, {USEAPI: PollState()})


async def test_what_a_transaction_changed_is_there_after_a_restart(store: Store, clock: Clock) -> None:
    watch_state = await WatchState.load(store, clock.now)
    action = Action(AT, OWNER, "mute", FIRST.reference, "muted for a day")
    async with watch_state.transaction() as transaction:
        put_in(transaction, incident(0), alert(1, incident(0)))
        transaction.put_mute(FIRST.reference, AT + DAY, OWNER)
        transaction.poll_states[USEAPI] = SOME_POLL_STATE
        transaction.note(OWNER, "mute", FIRST.reference, "muted for a day")
    expected = (
        {KEYS[0]: incident(0)},
        {KEYS[1]: alert(1, incident(0))},
        {FIRST.reference: AT + DAY},
        {USEAPI: SOME_POLL_STATE},
    )
    assert content(watch_state) == expected
    assert content(await WatchState.load(store, clock.now)) == expected
    assert await store.watch.load_mutes() == (StoredMute(FIRST.reference, AT + DAY, OWNER, 86_400),)
    assert await store.actions(FIRST.reference) == (action,)


async def test_a_transaction_sees_its_own_changes_and_nobody_else_does(watch_state: WatchState) -> None:
    async with watch_state.transaction() as transaction:
        put_in(transaction, incident(0), alert(1, incident(0)))
        transaction.put_mute(None, AT + DAY, OWNER)
        transaction.poll_states[USEAPI] = SOME_POLL_STATE
        inside = (
            dict(transaction.incidents),
            dict(transaction.messages),
            dict(transaction.mutes),
            dict(transaction.poll_states),
        )
        assert content(watch_state) == ({}, {}, {}, {USEAPI: PollState()})
    assert content(watch_state) == inside
    assert set(inside[0]) | set(inside[1]) == {KEYS[0], KEYS[1]}


async def test_what_was_read_before_a_transaction_stays_as_it_was(watch_state: WatchState) -> None:
    before = watch_state.incidents
    await put(watch_state, incident(0))
    assert (dict(before), list(watch_state.incidents)) == ({}, [KEYS[0]])


async def test_an_error_within_a_transaction_changes_nothing(
    watch_state: WatchState, store: Store, clock: Clock
) -> None:
    await put(watch_state, incident(0))
    before, version = content(watch_state), watch_state.changed.version

    async def turn() -> None:
        async with watch_state.transaction() as transaction:
            put_in(transaction, incident(1), replace(incident(0), state=State.CLEARING))
            raise RuntimeError("within")

    with pytest.raises(RuntimeError, match="within"):
        await turn()
    assert (content(watch_state), watch_state.changed.version) == (before, version)
    assert content(await WatchState.load(store, clock.now)) == before


async def test_a_transaction_that_cannot_be_written_changes_nothing_and_the_next_one_works(
    watch_state: WatchState, path: Path
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="database locked"):
            await put(watch_state, incident(0))
    assert content(watch_state) == ({}, {}, {}, {USEAPI: PollState()})
    assert watch_state.changed.version == 0
    await put(watch_state, incident(0))
    assert list(watch_state.incidents) == [KEYS[0]]


async def test_a_transaction_that_changes_nothing_writes_nothing(watch_state: WatchState, path: Path) -> None:
    async with watch_state.transaction() as transaction:
        put_in(transaction, incident(0), alert(1, incident(0)))
        transaction.put_mute(None, AT + DAY, OWNER)
        transaction.poll_states[USEAPI] = SOME_POLL_STATE
    version = watch_state.changed.version
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        watcher = Watcher(connection)
        async with watch_state.transaction() as transaction:
            put_in(transaction, incident(0), alert(1, incident(0)))
            transaction.put_mute(None, AT + DAY, OWNER)
            transaction.poll_states[USEAPI] = SOME_POLL_STATE
        async with watch_state.transaction() as transaction:
            put_in(transaction, ended(incident(0), AT), incident(0))
        async with watch_state.transaction():
            pass
        connection.execute("BEGIN IMMEDIATE")
        async with watch_state.transaction() as transaction:
            transaction.put_incident(incident(0))
        connection.execute("ROLLBACK")
        assert not watcher.sees_a_write()
        assert watch_state.changed.version == version
        async with watch_state.transaction() as transaction:
            transaction.note(OWNER, "test", "", "sent")
        assert watcher.sees_a_write()


async def test_only_what_changed_is_written(watch_state: WatchState, path: Path) -> None:
    await put(watch_state, incident(0), incident(1), alert(2, incident(0)))
    await put_poll_state(watch_state, SOME_POLL_STATE)
    ask_and_commit(path, "UPDATE incident SET missing_polls = 9")
    ask_and_commit(path, "UPDATE meta SET value = 'as it was'")
    await put(watch_state, replace(incident(1), clear_polls=1))
    assert ask(path, "SELECT value FROM meta") == [("as it was",)]
    assert ask(path, "SELECT missing_polls, clear_polls FROM incident ORDER BY key") == [(9, 0), (0, 1)]


def ask_and_commit(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


async def test_what_changes_with_each_poll_is_seen_but_not_written(
    watch_state: WatchState, path: Path
) -> None:
    await put_poll_state(watch_state, SOME_POLL_STATE)
    later = replace(SOME_POLL_STATE, last_good=AT + MINUTE, failed_at=AT + MINUTE, failing_seconds=60)
    with closing(sqlite3.connect(path)) as connection:
        watcher = Watcher(connection)
        await put_poll_state(watch_state, later)
        assert not watcher.sees_a_write()
    assert (watch_state.poll_states[USEAPI].last_good, watch_state.poll_states[USEAPI].failing_seconds) == (
        AT + MINUTE,
        60,
    )


async def put_poll_state(watch_state: WatchState, poll_state: PollState) -> None:
    async with watch_state.transaction() as transaction:
        transaction.poll_states[USEAPI] = poll_state


async def test_a_restart_continues_from_the_last_successful_poll(
    watch_state: WatchState, store: Store, clock: Clock
) -> None:
    await put_poll_state(watch_state, replace(SOME_POLL_STATE, failed_at=AT, failing_seconds=60))
    await store.record_observation(observed(FIRST, at=AT + MINUTE))
    poll_state = (await WatchState.load(store, clock.now)).poll_states[USEAPI]
    assert (poll_state.listed, poll_state.last_good) == (SOME_POLL_STATE.listed, AT + MINUTE)
    assert (poll_state.failed_at, poll_state.failing_seconds, poll_state.resumed) == (None, 0, True)


async def test_what_the_rules_of_an_earlier_version_remembered_is_read(store: Store, clock: Clock) -> None:
    at = round(AT.timestamp() * 1000)
    await store.watch.save(
        poll_states={USEAPI: f'{{"listed": ["1", "2"], "removed": [], "removed_at": {at}, "mood": 1}}'}
    )
    poll_state = (await WatchState.load(store, clock.now)).poll_states[USEAPI]
    assert poll_state == PollState(listed=frozenset({"1", "2"}), removed_at=AT)


async def test_transactions_follow_each_other(watch_state: WatchState) -> None:
    await put(watch_state, incident(0))

    async def count() -> None:
        async with watch_state.transaction() as transaction:
            polls = transaction.incidents[KEYS[0]].clear_polls
            await asyncio.sleep(0)
            transaction.put_incident(replace(incident(0), clear_polls=polls + 1))

    await asyncio.gather(*(count() for _ in range(20)))
    assert watch_state.incidents[KEYS[0]].clear_polls == 20


# Cancellation


@pytest.mark.parametrize("point", range(15))
async def test_after_a_transaction_cancelled_anywhere_memory_and_database_agree(
    watch_state: WatchState, store: Store, clock: Clock, point: int
) -> None:
    async def turn() -> None:
        async with watch_state.transaction() as transaction:
            await asyncio.sleep(0)
            put_in(transaction, incident(0), alert(1, incident(0)))

    was_cancelled = await cancelled_at(point, turn())
    assert content(watch_state) == content(await WatchState.load(store, clock.now))
    assert was_cancelled or list(watch_state.incidents) == [KEYS[0]]
    async with asyncio.timeout(LIMIT):
        await put(watch_state, incident(3))
    assert content(watch_state) == content(await WatchState.load(store, clock.now))


async def test_a_transaction_cancelled_again_and_again_while_it_is_written_is_written(
    path: Path, clock: Clock
) -> None:
    async with Store.open(path) as store:
        watch_state = await WatchState.load(store, clock.now)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            turn = asyncio.create_task(put(watch_state, incident(0)))
            for _ in range(3):
                for _ in range(5):
                    await asyncio.sleep(0)
                turn.cancel()
            assert not turn.done()
            other.execute("ROLLBACK")
        async with asyncio.timeout(LIMIT):
            assert isinstance((await asyncio.gather(turn, return_exceptions=True))[0], asyncio.CancelledError)
        assert list(watch_state.incidents) == [KEYS[0]]
        assert content(watch_state) == content(await WatchState.load(store, clock.now))


async def test_a_transaction_cancelled_while_it_cannot_be_written_raises_both(
    watch_state: WatchState, path: Path
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        turn = asyncio.create_task(put(watch_state, incident(0)))
        for _ in range(5):
            await asyncio.sleep(0)
        turn.cancel()
        async with asyncio.timeout(LIMIT):
            with pytest.raises(asyncio.CancelledError) as caught:
                await turn
    assert isinstance(caught.value.__cause__, StoreError)
    assert content(watch_state) == ({}, {}, {}, {USEAPI: PollState()})


async def test_one_who_waits_for_a_transaction_can_be_cancelled(watch_state: WatchState) -> None:
    async with watch_state.transaction() as transaction:
        waiting = asyncio.create_task(put(watch_state, incident(1)))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        transaction.put_incident(incident(0))
    assert waiting.cancelled()
    assert list(watch_state.incidents) == [KEYS[0]]


# The signal


async def test_all_who_wait_are_notified_of_a_change_once_it_is_written(watch_state: WatchState) -> None:
    async def first_seen() -> list[str]:
        await watch_state.changed.wait(0)
        return list(watch_state.incidents)

    waiters = [asyncio.create_task(first_seen()) for _ in range(3)]
    await asyncio.sleep(0)
    await put(watch_state, incident(0))
    async with asyncio.timeout(LIMIT):
        assert await asyncio.gather(*waiters) == [[KEYS[0]]] * 3


async def test_a_change_between_looking_and_waiting_is_not_missed(watch_state: WatchState) -> None:
    seen = watch_state.changed.version
    await put(watch_state, incident(0))
    await put(watch_state, incident(1))
    async with asyncio.timeout(LIMIT):
        seen = await watch_state.changed.wait(seen)
    assert seen == 2
    waiting = asyncio.create_task(watch_state.changed.wait(seen))
    await asyncio.sleep(0)
    assert not waiting.done()
    await put(watch_state, incident(2))
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
    watch_state: WatchState, clock: Clock, known: Incident, message: Message, later: timedelta, *, stays: bool
) -> None:
    await put(watch_state, known, message)
    clock.advance(later)
    await put(watch_state)
    assert (known.key in watch_state.incidents) is stays
    assert await watch_state.incident(known.key) == known


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
    watch_state: WatchState, clock: Clock, message: Message, later: timedelta, *, stays: bool
) -> None:
    await put(watch_state, OVER, LASTING, message)
    clock.advance(later)
    await put(watch_state)
    assert (message.key in watch_state.messages) is stays
    assert await watch_state.message(message.key) == message


async def test_what_nobody_knows_is_not_found(watch_state: WatchState) -> None:
    assert await watch_state.incident(KEYS[0]) is None
    assert await watch_state.message(KEYS[0]) is None


async def test_pruning_forgets_what_is_too_old_in_memory_and_database(
    watch_state: WatchState, store: Store, clock: Clock
) -> None:
    await put(watch_state, OVER, LASTING, done(sent(alert(2, OVER))), sent(alert(3, LASTING)))
    clock.advance(401 * DAY)
    await watch_state.prune()
    assert (list(watch_state.incidents), list(watch_state.messages)) == ([LASTING.key], [KEYS[3]])
    assert await watch_state.incident(OVER.key) is None
    assert content(watch_state) == content(await WatchState.load(store, clock.now))
