"""Whatever happens, the state in memory is what a restart would load."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.incidents import State, new_key
from bot.domain.messages import Delivery
from bot.domain.providers import USEAPI
from bot.incidents.state import WatchState
from bot.incidents.transaction import Transaction
from bot.rules.poll_state import PollState
from bot.storage import Store, StoreError
from tests.storage.cases import AT, DAY, FIRST, OWNER
from tests.storage.watch_cases import alert, ended, incident, sent
from tests.support.clock import Clock
from tests.support.state_cases import SOME_POLL_STATE, content, put

HOUR = timedelta(hours=1)

Value = TypeVar("Value")
Step = Callable[[Transaction, datetime], None]


def pick(values: Iterable[Value], number: int) -> Value | None:
    """Return one of them, any number naming one; None if there is none."""
    several = list(values)
    return several[number % len(several)] if several else None


def open_one(transaction: Transaction, now: datetime) -> None:
    transaction.put_incident(replace(incident(at=now), key=new_key()))


def change_one(number: int, state: State, polls: int) -> Step:
    def step(transaction: Transaction, now: datetime) -> None:
        known = pick(transaction.incidents.values(), number)
        # An account that is flagged again hours later has a new incident.
        if known is None or (known.ended_at is not None and known.ended_at < now - HOUR):
            return
        changed = replace(known, state=state, clear_polls=polls, ended_at=None, ending=None)
        transaction.put_incident(ended(changed, now) if state is State.ENDED else changed)

    return step


def write_one(chosen: set[int], *, notify: bool) -> Step:
    def step(transaction: Transaction, now: datetime) -> None:
        about = [known for number, known in enumerate(transaction.incidents.values()) if number % 5 in chosen]
        transaction.put_message(replace(alert(0, *about, at=now), key=new_key(), notify=notify))

    return step


def deliver_one(number: int, delivery: Delivery) -> Step:
    def step(transaction: Transaction, now: datetime) -> None:
        known = pick(transaction.messages.values(), number)
        if known is None or known.delivery in (Delivery.DONE, Delivery.CANCELLED):
            return
        has_left = delivery in (Delivery.SENT, Delivery.DONE)
        transaction.put_message(replace(sent(known, now) if has_left else known, delivery=delivery))

    return step


def shorten_one(number: int) -> Step:
    def step(transaction: Transaction, now: datetime) -> None:
        if (known := pick(transaction.messages.values(), number)) is not None:
            transaction.put_message(replace(known, entries=known.entries[1:], due_at=now))

    return step


def mute(channel: str | None, hours: int) -> Step:
    return lambda transaction, now: transaction.put_mute(channel, now + hours * HOUR, OWNER)


def remember(transaction: Transaction, now: datetime) -> None:
    transaction.poll_states[USEAPI] = replace(SOME_POLL_STATE, removed_at=now, last_good=now)


def forget(transaction: Transaction, now: datetime) -> None:
    transaction.poll_states[USEAPI] = PollState(shrunk=frozenset({FIRST.reference}), shrunk_since=now)


def note(transaction: Transaction, _: datetime) -> None:
    transaction.note(OWNER, "test", FIRST.reference, "done")


def fail(_: Transaction, __: datetime) -> None:
    raise RuntimeError("within")


def break_the_database(transaction: Transaction, now: datetime) -> None:
    transaction.put_message(replace(alert(0, incident(0), at=now), key=new_key()))


numbers = st.integers(0, 9)
steps: st.SearchStrategy[Step] = st.one_of(
    st.just(open_one),
    st.builds(change_one, numbers, st.sampled_from(State), st.integers(0, 1)),
    st.builds(write_one, st.sets(st.integers(0, 4)), notify=st.booleans()),
    st.builds(deliver_one, numbers, st.sampled_from(Delivery)),
    st.builds(shorten_one, numbers),
    st.builds(mute, st.sampled_from((None, FIRST.reference)), st.integers(0, 1)),
    st.sampled_from((remember, forget, note)),
)
waits = st.sampled_from((timedelta(), timedelta(seconds=1, milliseconds=1), 5 * HOUR, 7 * HOUR, 8 * DAY))
cancellations = st.none() | st.integers(0, 40)
turns = st.tuples(
    st.lists(steps | st.sampled_from((fail, break_the_database)), max_size=6), waits, cancellations
)


async def take(watch_state: WatchState, steps: list[Step], now: datetime) -> None:
    with suppress(RuntimeError, StoreError):
        async with watch_state.transaction() as transaction:
            for step in steps:
                step(transaction, now)


async def live(path: Path, life: list[tuple[list[Step], timedelta, int | None]]) -> None:
    clock = Clock(AT)
    async with Store.open(path) as store:
        watch_state = await WatchState.load(store, clock.now)
        for number, (steps, wait, cancelled_after) in enumerate(life):
            clock.advance(wait)
            turn = asyncio.create_task(take(watch_state, steps, clock.now()), name=f"turn {number}")
            if cancelled_after is not None:
                for _ in range(cancelled_after):
                    await asyncio.sleep(0)
                turn.cancel()
            await asyncio.wait([turn])
            await put(watch_state)  # a failed transaction did not read the clock
            assert content(watch_state) == content(await WatchState.load(store, clock.now))


@given(st.lists(turns, min_size=1, max_size=12))
def test_memory_is_always_what_a_restart_would_load(
    life: list[tuple[list[Step], timedelta, int | None]],
) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(live(Path(folder) / "midwatch.sqlite3", life))
