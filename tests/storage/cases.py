"""Accounts, polls and answers for the tests of the store, and what they observe it with."""

import asyncio
import sqlite3
import types
from collections.abc import Coroutine, Generator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiosqlite

from bot.domain.account_info import InfoSnapshot, parse_info
from bot.domain.accounts import Account, Flag, FlagKind, Observation
from bot.storage import Store

AT = datetime(2026, 3, 1, 12, 0, 0, 5_000, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
OWNER = 123456789012345678
FIRST = Account("111111111111111111", max_jobs=3, server="222222222222222222")
SECOND = Account("333333333333333333", max_jobs=12)
CAPTCHA = Flag("Please verify you are human.", FlagKind.CAPTCHA)
MODERATION = Flag("Pending moderation message.", FlagKind.MODERATION)
QUICKLY = timedelta(milliseconds=50)


def observed(*accounts: Account, at: datetime = AT) -> Observation:
    return Observation(at, accounts)


def answer(text: str = "Your info", name: str | None = None, at: datetime = AT) -> InfoSnapshot:
    return InfoSnapshot(at, timedelta(seconds=2.5), parse_info(text, name))


def ask(path: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


class Watcher:
    """Another connection, which can tell whether the database was written to."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._version = self._read()

    def _read(self) -> int:
        return self._connection.execute("PRAGMA data_version").fetchone()[0]

    def sees_a_write(self) -> bool:
        before, self._version = self._version, self._read()
        return before != self._version


@types.coroutine
def cancelled_at(point: int, work: Coroutine[Any, Any, None]) -> Generator[Any, Any, bool]:
    """Run some work and cancel it where it waits for the time that is named; False if it was done before."""
    try:
        for _ in range(point):
            yield work.send(None)
        work.send(None)
    except StopIteration:
        return False
    try:
        waiting = work.throw(asyncio.CancelledError)
        while True:
            yield waiting
            waiting = work.send(None)
    except asyncio.CancelledError:
        return True


def connections(store: Store) -> tuple[aiosqlite.Connection, aiosqlite.Connection]:
    """Return the writing and the reading connection."""
    database = store._database  # pyright: ignore[reportPrivateUsage] - how they are set up is not to be seen from outside
    return database.writer, database.reader
