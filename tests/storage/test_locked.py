"""A database that another program has: who waits for it, how long, and that the end of the bot does not."""

import asyncio
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.errors import ErrorCode
from bot.storage import Store, StoreError
from tests.storage.cases import connections

PATIENCE = 20.0
FOR_EVER = timedelta(days=1)
BEGIN = "BEGIN IMMEDIATE"
LOCKED = [(ErrorCode.DATABASE_LOCKED,)]


@contextmanager
def locked(path: Path) -> Generator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(BEGIN)
        yield


async def traced(store: Store) -> list[str]:
    """Return the statements that the writing connection begins from now on."""
    statements: list[str] = []
    writer, _ = connections(store)
    await writer.set_trace_callback(statements.append)  # pyright: ignore[reportUnknownMemberType] - aiosqlite says no more
    return statements


async def trying(statements: list[str]) -> None:
    """Wait until a writer has found the file locked, and tries on."""
    async with asyncio.timeout(PATIENCE):
        while statements.count(BEGIN) < 3:  # noqa: ASYNC110 - nothing reports it
            await asyncio.sleep(0.01)


async def test_opening_waits_in_steps_for_another_program_and_no_longer_once_the_end_is_near(
    path: Path,
) -> None:
    asked: list[bool] = []

    def give_up() -> bool:
        asked.append(len(asked) == 2)
        return asked[-1]

    async with Store.open(path):
        pass
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="database locked"):
            async with asyncio.timeout(PATIENCE), Store.open(path, busy_timeout=FOR_EVER, give_up=give_up):
                pass
    assert asked == [False, False, True]


async def test_opening_goes_on_once_another_program_is_done(path: Path) -> None:
    async with Store.open(path):
        pass
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")

        def let_go() -> bool:
            if other.in_transaction:
                other.rollback()
            return False

        async with (
            asyncio.timeout(PATIENCE),
            Store.open(path, busy_timeout=FOR_EVER, give_up=let_go) as store,
        ):
            assert not other.in_transaction
            await store.set_meta("key", "value")


async def test_a_write_waits_for_another_program_that_soon_is_done(path: Path) -> None:
    async with Store.open(path, busy_timeout=FOR_EVER) as store:
        statements = await traced(store)
        with locked(path):
            writing = asyncio.create_task(store.set_meta("key", "value"))
            await trying(statements)
            assert not writing.done()
        await asyncio.wait_for(writing, PATIENCE)
        assert await store.meta("key") == "value"


async def test_those_who_wait_in_turn_wait_no_longer_than_one(path: Path) -> None:
    async with Store.open(path, busy_timeout=timedelta(seconds=1)) as store:
        statements = await traced(store)
        with locked(path):
            with pytest.raises(StoreError, match="database locked"):
                await store.set_meta("key", "value")
            tried = statements.count(BEGIN)
            assert tried > 1
            failed = await asyncio.gather(
                *(store.set_meta("key", f"{number}") for number in range(5)), return_exceptions=True
            )
            assert [each.args for each in failed if isinstance(each, StoreError)] == LOCKED * 5
            assert statements.count(BEGIN) == tried + 5


async def test_at_the_end_nobody_waits_for_another_program_any_more(path: Path) -> None:
    async with Store.open(path, busy_timeout=FOR_EVER) as store:
        statements = await traced(store)
        with locked(path):
            writes = [asyncio.create_task(store.set_meta("key", f"{number}")) for number in range(5)]
            await trying(statements)
            store.shorten_waits()
            done, waiting = await asyncio.wait(writes, timeout=PATIENCE)
            assert waiting == set()
            failed = [each.exception() for each in done]
            assert [each.args for each in failed if isinstance(each, StoreError)] == LOCKED * 5
        await store.set_meta("key", "after")
        assert await store.meta("key") == "after"
