"""The database file: its lock, its connections, its transactions."""

import asyncio
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
from filelock import lock_descriptor

from bot.domain.errors import ErrorCode
from bot.storage.errors import StoreError, as_store_errors, not_writable, primary_code

log = logging.getLogger(__name__)

BUSY_TIMEOUT: Final = timedelta(seconds=5)
BUSY_STEP: Final = timedelta(milliseconds=50)
LAST_WAIT: Final = timedelta(milliseconds=300)

LEAST_SQLITE: Final = (3, 37, 0)
"""The first SQLite with STRICT tables. An older one would call a sound file damaged."""


def require_sqlite() -> None:
    """Raise a StoreError if the SQLite of this Python is too old."""
    if sqlite3.sqlite_version_info < LEAST_SQLITE:
        found, needed = (".".join(map(str, each)) for each in (sqlite3.sqlite_version_info, LEAST_SQLITE))
        raise StoreError(ErrorCode.SQLITE_TOO_OLD, found=found, needed=needed)


def create(path: Path) -> None:
    """Create a file and its folders if they are missing, readable for this user alone.

    SQLite gives the files beside a database the permissions of the database.
    """
    mask = os.umask(0o077)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    finally:
        os.umask(mask)


@contextmanager
def written_whole(path: Path) -> Generator[Path]:
    """Yield the path of an empty file beside this one, which takes its place once it is complete.

    Raises:
        StoreError: it cannot be written (NO_BACKUP). Nothing is left of it.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)  # an earlier try may have left one
        create(unfinished)
        try:
            yield unfinished
            with unfinished.open("rb+") as file:  # Windows syncs none that is open for reading alone
                os.fsync(file.fileno())  # its content is safe on the disk before it has its name
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(ErrorCode.NO_BACKUP, path=path, reason=error.strerror) from error


@contextmanager
def lock_database(path: Path) -> Generator[Path]:
    """Lock a database against every other Midwatch, create it if it is missing, and yield its full path.

    Raises:
        StoreError: another process has locked it (DATABASE_IN_USE), or the file cannot be written.
    """
    try:
        path = path.resolve()
        lock = path.with_name(f"{path.name}.lock")
        create(lock)
        handle = os.open(lock, os.O_RDWR)
    except OSError as error:
        raise not_writable(path, error) from error
    try:
        lock_file(handle, path)
        yield path
    finally:
        os.close(handle)


def lock_file(handle: int, path: Path) -> None:
    """Lock a file until its handle is closed, then create the database."""
    try:
        is_locked = lock_descriptor(handle, blocking=False)
    except OSError as error:
        raise StoreError(ErrorCode.NO_FILE_LOCKS, path=path, reason=error.strerror) from error
    if not is_locked:
        raise StoreError(ErrorCode.DATABASE_IN_USE, path=path)
    try:
        create(path)
    except OSError as error:
        raise not_writable(path, error) from error


async def retry_while_locked(
    attempt: Callable[[timedelta], Awaitable[None]], patience: timedelta, give_up: Callable[[], bool]
) -> None:
    """Call `attempt` until no other program locks the database.

    Raises:
        StoreError: the attempt failed, or another program still locks the database (DATABASE_LOCKED) when
            `patience` is over or `give_up` returns True.
    """
    end = time.monotonic() + patience.total_seconds()
    while True:
        try:
            return await attempt(min(LAST_WAIT, patience))
        except StoreError as error:
            if error.code is not ErrorCode.DATABASE_LOCKED or give_up() or time.monotonic() >= end:
                raise
        await asyncio.sleep(BUSY_STEP.total_seconds())  # SQLite does not wait in every such case


@asynccontextmanager
async def connect(
    path: Path, *, read_only: bool, busy_timeout: timedelta = BUSY_TIMEOUT
) -> AsyncGenerator[aiosqlite.Connection]:
    """Open a connection to an existing file, and close it in any case.

    The thread of an open connection would keep the process from ending.
    """
    address = f"{path.as_uri()}?mode={'ro' if read_only else 'rw'}"
    timeout = busy_timeout.total_seconds()
    opening = aiosqlite.connect(address, uri=True, timeout=timeout, isolation_level=None)
    connection = await open_connection(opening)
    try:
        yield connection
    finally:
        await connection.close()


async def open_connection(connection: aiosqlite.Connection) -> aiosqlite.Connection:
    """Return a connection once it is open. Close it if the caller is cancelled meanwhile.

    aiosqlite's thread goes on opening a file for a cancelled caller, and would leave it open.
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
        # aiosqlite's thread reports its end to this loop, which must not be closed before that.
        await asyncio.to_thread(connection._thread.join)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - there is no other way to wait for it
        raise


@asynccontextmanager
async def transaction(
    connection: aiosqlite.Connection, try_again: Callable[[], bool] = lambda: False
) -> AsyncGenerator[None]:
    """Commit everything done within, or nothing.

    `try_again` decides whether to wait on while another program locks the database. A connection executes its
    statements in order, also those of a cancelled caller. So the rollback comes after all that is under way,
    and before the next transaction.
    """
    try:
        await execute(connection, "BEGIN IMMEDIATE", (), try_again)
        yield
        await connection.commit()
    except BaseException:  # a cancellation, too, must leave no transaction open
        await connection.rollback()
        raise


async def execute(
    connection: aiosqlite.Connection,
    statement: str,
    parameters: Iterable[object],
    try_again: Callable[[], bool],
) -> None:
    """Execute a statement. `try_again` decides whether to wait while another program locks the database."""
    while True:
        try:
            await connection.execute_fetchall(statement, parameters)
        except sqlite3.OperationalError as error:
            if primary_code(error) != sqlite3.SQLITE_BUSY or not try_again():
                raise
        else:
            return


async def read_number(connection: aiosqlite.Connection, statement: str) -> int:
    """Return the single number that a statement selects."""
    ((value,),) = await connection.execute_fetchall(statement)
    return int(value)


class Database:
    """The connections of one Midwatch: one that writes, by one task at a time, and one that reads."""

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
        self.write_lock = asyncio.Lock()
        """Held by the task that writes."""
        self.failure: StoreError | None = None
        """Why the last transaction is not on disk; None if it is."""
        self._busy_timeout = busy_timeout.total_seconds()
        self._locked_since, self._locked_at = inf, -inf
        """The first and the last time at which another program had the database locked."""
        self._give_up_at = inf

    def shorten_waits(self) -> None:
        """Stop waiting for other programs a moment from now: Midwatch is about to end."""
        self._give_up_at = time.monotonic() + LAST_WAIT.total_seconds()

    def _keeps_waiting(self) -> bool:
        """Return whether to keep waiting for the lock. All waiters share one timeout."""
        now = time.monotonic()
        self._locked_since, self._locked_at = min(self._locked_since, now), now
        return now < min(self._locked_since + self._busy_timeout, self._give_up_at)

    async def read(self, query: str, parameters: Iterable[object] = (), /, **named: object) -> Iterable[Any]:
        """Return the rows of a query. Its parameters are in order, or named."""
        with as_store_errors(self.path):
            return await self.reader.execute_fetchall(query, named or tuple(parameters))

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[aiosqlite.Connection]:
        """Write everything done within, or nothing. The caller holds `write_lock`."""
        with self._noting_outcome():
            async with transaction(self.writer, self._keeps_waiting):
                self._locked_since = inf
                yield self.writer

    async def write(self, statement: str, parameters: Iterable[object]) -> None:
        """Write with one statement, which is a transaction of its own. The caller holds `write_lock`."""
        with self._noting_outcome():
            await execute(self.writer, statement, parameters, self._keeps_waiting)

    @contextmanager
    def _noting_outcome(self) -> Generator[None]:
        """Note whether what is written within is on disk, and raise a StoreError if it is not."""
        if time.monotonic() - self._locked_at > self._busy_timeout:
            self._locked_since = inf  # an earlier lock is over
        try:
            with as_store_errors(self.path):
                yield
        except StoreError as error:
            self._note_outcome(error)
            raise
        self._locked_since = inf
        self._note_outcome(None)

    def _note_outcome(self, failure: StoreError | None) -> None:
        """Note the result of a transaction. Log only when writing begins to fail, and when it works again."""
        if failure and not self.failure:
            log.error("Midwatch cannot write down what happens: %s", failure)
        elif self.failure and not failure:
            log.info("Midwatch can write down what happens again")
        self.failure = failure

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[aiosqlite.Connection]:
        """Take `write_lock`, and write everything done within, or nothing."""
        async with self.write_lock, self.transaction() as writer:
            yield writer
