"""The database file itself: who holds it, connections, transactions."""

import asyncio
import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from math import inf
from pathlib import Path
from typing import Any, Final

import aiosqlite

from bot.storage.errors import (
    DatabaseInUse,
    DatabaseLocked,
    StoreError,
    plainly,
    primary_code,
    unusable,
)

log = logging.getLogger(__name__)

BUSY_TIMEOUT: Final = timedelta(seconds=5)
BUSY_STEP: Final = timedelta(milliseconds=50)
LAST_WAIT: Final = timedelta(milliseconds=300)

LEAST_SQLITE: Final = (3, 37, 0)
"""The first SQLite with STRICT tables; an older one takes a sound file that has some for a damaged one."""


def require_sqlite() -> None:
    """Raise a `StoreError` if this Python's SQLite is too old, before any file is touched."""
    found = sqlite3.sqlite_version_info
    if found < LEAST_SQLITE:
        raise StoreError(
            f"This Python brings SQLite {dotted(found)}, and Midwatch needs {dotted(LEAST_SQLITE)} or newer: "
            "run it with another Python, or update SQLite. The database is left as it is."
        )


def dotted(version: Iterable[int]) -> str:
    """Return a version as people write it."""
    return ".".join(map(str, version))


@contextmanager
def private() -> Generator[None]:
    """Make files and folders created within readable for this user alone."""
    mask = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(mask)


def create(path: Path) -> None:
    """Create a file and its folders if missing; what SQLite puts beside a file gets the same permissions."""
    with private():
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


@contextmanager
def held(path: Path) -> Generator[Path]:
    """Hold a database file, created if missing, against any other Midwatch, and give its full path.

    Raises:
        DatabaseInUse: another process holds it.
        StoreError: the file cannot be written.
    """
    try:
        path = path.resolve()
        lock = path.with_name(f"{path.name}.lock")
        create(lock)
        handle = os.open(lock, os.O_RDWR)
    except OSError as error:
        raise unusable(path, error) from error
    try:
        lock_or_refuse(handle, path)
        yield path
    finally:
        os.close(handle)


def lock_or_refuse(handle: int, path: Path) -> None:
    """Lock a file until its handle is closed or its process ends, then create the database file."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DatabaseInUse(
            f"Another Midwatch is using {path}: stop that one, or set DATABASE_PATH to a file of its own."
        ) from None
    except OSError as error:
        raise StoreError(
            f"The database {path} cannot be locked ({error.strerror}), as on some disks of a network: "
            "set DATABASE_PATH to a file on a disk of this machine."
        ) from error
    try:
        create(path)
    except OSError as error:
        raise unusable(path, error) from error


async def patiently(
    attempt: Callable[[timedelta], Awaitable[None]], patience: timedelta, give_up: Callable[[], bool]
) -> None:
    """Try what another program may be in the way of, each time for a moment, as long as patience lasts.

    Raises:
        DatabaseLocked: it is in the way still, or `give_up` says that waiting has no use any more.
    """
    end = time.monotonic() + patience.total_seconds()
    while True:
        try:
            return await attempt(min(LAST_WAIT, patience))
        except DatabaseLocked:
            if give_up() or time.monotonic() >= end:
                raise
        await asyncio.sleep(BUSY_STEP.total_seconds())  # SQLite does not wait wherever it could


@asynccontextmanager
async def connected(
    path: Path, *, read_only: bool, busy_timeout: timedelta = BUSY_TIMEOUT
) -> AsyncGenerator[aiosqlite.Connection]:
    """Open a connection to an existing file, and close it on every way out.

    Its thread would otherwise keep the process from ending.
    """
    address = f"{path.as_uri()}?mode={'ro' if read_only else 'rw'}"
    timeout = busy_timeout.total_seconds()
    opening = aiosqlite.connect(address, uri=True, timeout=timeout, isolation_level=None)
    connection = await opened(opening)
    try:
        yield connection
    finally:
        await connection.close()


async def opened(connection: aiosqlite.Connection) -> aiosqlite.Connection:
    """Return a connection once it is open. If the caller is cancelled meanwhile, close it first.

    aiosqlite would have its thread open the file for the cancelled caller, and leave it open.
    """
    opening = asyncio.ensure_future(connection)
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        await asyncio.wait({opening})
        if not opening.exception():
            await connection.close()
        raise
    except sqlite3.Error:
        # aiosqlite's thread still reports its end to this loop, which must not be closed by then.
        await asyncio.to_thread(connection._thread.join)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - there is no other way to wait for it
        raise


@asynccontextmanager
async def transaction(
    connection: aiosqlite.Connection, try_again: Callable[[], bool] = lambda: False
) -> AsyncGenerator[None]:
    """Do all of it or nothing. Whenever another program has the file, `try_again` says whether to go on.

    A connection does what it is told in order, also for a caller that was cancelled while waiting. So the
    rollback comes after whatever is still under way, and before the next transaction.
    """
    try:
        await begin(connection, try_again)
        yield
        await connection.commit()
    except BaseException:
        await connection.rollback()
        raise


async def begin(connection: aiosqlite.Connection, try_again: Callable[[], bool]) -> None:
    """Begin a transaction that writes."""
    while True:
        try:
            await connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if primary_code(error) != sqlite3.SQLITE_BUSY or not try_again():
                raise
        else:
            return


async def number(connection: aiosqlite.Connection, statement: str) -> int:
    """Return the one number that a statement answers with."""
    ((value,),) = await connection.execute_fetchall(statement)
    return int(value)


class Database:
    """The two connections of one Midwatch: one writes, a turn at a time; another reads."""

    def __init__(
        self,
        writer: aiosqlite.Connection,
        reader: aiosqlite.Connection,
        path: Path,
        busy_timeout: timedelta = BUSY_TIMEOUT,
    ) -> None:
        self.writer = writer
        self.reader = reader
        self.path = path
        self.turn = asyncio.Lock()
        """Held by the one who writes."""
        self.failure: StoreError | None = None
        """Why the last transaction is not on disk; None if it is."""
        self._busy_timeout = busy_timeout.total_seconds()
        self._locked_since, self._locked_at = inf, -inf
        """When another program was found to have the file: first and last, while it keeps it."""
        self._give_up_at = inf

    async def wait_in_steps(self) -> None:
        """Have SQLite wait a short while for another program, so that longer waits can be ended here."""
        step = min(BUSY_STEP.total_seconds(), self._busy_timeout)
        await self.writer.execute(f"PRAGMA busy_timeout = {round(1000 * step)}")

    def hurry(self) -> None:
        """Let nobody wait for another program any more but for a moment: the end is near."""
        self._give_up_at = time.monotonic() + LAST_WAIT.total_seconds()

    def _is_worth_waiting(self) -> bool:
        """Whether to wait on for who has the file. Those who wait in turn wait no longer than one would."""
        now = time.monotonic()
        self._locked_since, self._locked_at = min(self._locked_since, now), now
        return now < min(self._locked_since + self._busy_timeout, self._give_up_at)

    async def read(self, query: str, parameters: Iterable[object] = ()) -> Iterable[Any]:
        """Return the rows that a query finds."""
        with plainly(self.path):
            return await self.reader.execute_fetchall(query, tuple(parameters))

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[aiosqlite.Connection]:
        """Write all of it or nothing; only for the one whose turn it is."""
        if time.monotonic() - self._locked_at > self._busy_timeout:
            self._locked_since = inf  # that was another time
        try:
            with plainly(self.path):
                async with transaction(self.writer, self._is_worth_waiting):
                    self._locked_since = inf
                    yield self.writer
        except StoreError as error:
            self._wrote(error)
            raise
        self._wrote(None)

    def _wrote(self, failure: StoreError | None) -> None:
        """Note how a transaction went; the log says once that none can be written, and once that they can."""
        if failure and not self.failure:
            log.error("Midwatch cannot write down what happens: %s", failure)
        elif self.failure and not failure:
            log.info("Midwatch can write down what happens again")
        self.failure = failure

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[aiosqlite.Connection]:
        """Wait for a turn, and write all of it or nothing."""
        async with self.turn, self.transaction() as writer:
            yield writer
