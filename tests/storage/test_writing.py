import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.providers import USEAPI
from bot.storage import Store
from tests.storage.cases import (
    AT,
    CAPTCHA,
    DAY,
    FIRST,
    MINUTE,
    OWNER,
    SECOND,
    Watcher,
    cancelled_at,
    observed,
)


async def test_a_poll_that_shows_nothing_new_writes_a_stamp_once_a_minute(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST))
        with closing(sqlite3.connect(path)) as connection:
            watcher = Watcher(connection)
            writes: list[bool] = []
            for seconds in (20, 40, 59, 60, 80, 121):
                await store.record_observation(observed(FIRST, at=AT + timedelta(seconds=seconds)))
                writes.append(watcher.sees_a_write())
        assert writes == [False, False, False, True, False, True]
        assert await store.last_success(USEAPI) == AT + timedelta(seconds=121)


async def test_a_restart_does_not_write_what_is_known(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST, replace(SECOND, flag=CAPTCHA)))
    async with Store.open(path) as store:
        with closing(sqlite3.connect(path)) as connection:
            watcher = Watcher(connection)
            await store.record_observation(
                observed(FIRST, replace(SECOND, flag=CAPTCHA), at=AT + timedelta(seconds=30))
            )
            assert not watcher.sees_a_write()


async def test_a_clock_that_was_put_back_does_not_stop_the_stamp(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST))
        await store.record_observation(observed(FIRST, at=AT - DAY))
        assert await store.last_success(USEAPI) == AT - DAY


async def test_writers_at_the_same_time_take_turns(path: Path) -> None:
    async with Store.open(path) as store:
        await asyncio.gather(
            *(store.rename(FIRST.reference, f"name {n}", actor_id=n, at=AT) for n in range(20)),
            *(store.record_observation(observed(FIRST, at=AT + n * MINUTE)) for n in range(20)),
        )
        assert len(await store.actions(FIRST.reference, limit=100)) == 20


@pytest.mark.parametrize("point", range(12))
async def test_a_rename_cancelled_anywhere_is_done_wholly_or_not_at_all(path: Path, point: int) -> None:
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST))
        was_cancelled = await cancelled_at(
            point, store.rename(FIRST.reference, "Blue", actor_id=OWNER, at=AT)
        )
        await store.set_meta("written", "afterwards")
        (known,) = await store.accounts()
        assert (known.name == "Blue") is bool(await store.actions(FIRST.reference))
        assert was_cancelled or known.name == "Blue"
        assert await store.meta("written") == "afterwards"


@pytest.mark.parametrize("point", range(12))
async def test_after_a_cancelled_poll_the_next_one_is_written_all_the_same(path: Path, point: int) -> None:
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST))
        await cancelled_at(point, store.record_observation(observed(SECOND, at=AT + MINUTE)))
        await store.record_observation(observed(FIRST, at=AT + MINUTE))
        assert [known.account for known in await store.accounts() if known.is_listed] == [FIRST]


async def test_both_ends_of_a_rename_are_reached_by_the_cancellations(path: Path) -> None:
    """Shows that the two tests above cancel before, within and after a transaction."""
    ends: set[tuple[bool, bool]] = set()
    async with Store.open(path) as store:
        for point in range(12):
            name = f"name {point}"
            cancelled = await cancelled_at(point, store.rename(FIRST.reference, name, actor_id=OWNER, at=AT))
            await store.set_meta("written", name)
            ends.add((cancelled, any(known.name == name for known in await store.accounts())))
    assert ends == {(True, False), (True, True), (False, True)}
