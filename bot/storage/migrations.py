"""Checks a database, brings its schema up to date, and reads the names in one of any version."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import aiosqlite

from bot.domain.errors import ErrorCode
from bot.storage.database import BUSY_TIMEOUT, LAST_WAIT, connect, read_number, transaction, written_whole
from bot.storage.errors import StoreError, as_store_errors, full_code
from bot.storage.schema_steps import STEPS
from bot.storage.usage_repository import add_info_figure

APPLICATION_ID: Final = 0x4D57_4348
"""Marks a file as a database of Midwatch (sqlite.org, PRAGMA application_id)."""
NAMES: Final = "SELECT channel, name, discord_name FROM account"
"""Any version's columns. The keys of useapi.net's accounts are those of no other provider."""


async def inspect(path: Path, *, busy_timeout: timedelta = BUSY_TIMEOUT) -> None:
    """Check that a file is a sound database of this or an earlier Midwatch, without changing it.

    Raises:
        StoreError: it is damaged, another program's, or a newer Midwatch's.
    """
    with as_store_errors(path):
        try:
            await inspect_through(path, read_only=True, busy_timeout=busy_timeout)
        except sqlite3.OperationalError as error:
            if full_code(error) != sqlite3.SQLITE_READONLY_ROLLBACK:
                raise
            # A process was killed within its first transaction: SQLite must undo that before it can read.
            await inspect_through(path, read_only=False, busy_timeout=busy_timeout)


async def inspect_through(path: Path, *, read_only: bool, busy_timeout: timedelta) -> None:
    """Check a file through one connection."""
    async with connect(path, read_only=read_only, busy_timeout=busy_timeout) as connection:
        if list(await connection.execute_fetchall("PRAGMA quick_check(1)")) != [("ok",)]:
            raise StoreError(ErrorCode.DATABASE_DAMAGED, path=path)
        is_empty = await read_number(connection, "SELECT count(*) FROM sqlite_schema") == 0
        if not is_empty and await read_number(connection, "PRAGMA application_id") != APPLICATION_ID:
            raise StoreError(ErrorCode.DATABASE_FOREIGN, path=path)
        if await read_number(connection, "PRAGMA user_version") > len(STEPS):
            raise StoreError(ErrorCode.DATABASE_NEWER, path=path)


async def prepare(path: Path, busy_timeout: timedelta) -> None:
    """Check that a file is a database for this program, and bring its schema up to date.

    Raises:
        StoreError: it cannot be used. It is not changed.
    """
    await inspect(path, busy_timeout=busy_timeout)
    async with connect(path, read_only=False, busy_timeout=busy_timeout) as connection:
        with as_store_errors(path):
            await connection.execute("PRAGMA journal_mode = WAL")
            await connection.execute("PRAGMA synchronous = FULL")
            # A step may replace a table that others refer to.
            await connection.execute("PRAGMA foreign_keys = OFF")
            await migrate(connection, path)


async def migrate(
    connection: aiosqlite.Connection, path: Path, steps: tuple[tuple[str, ...], ...] = STEPS
) -> None:
    """Apply the steps that a database lacks, after a backup if it is not new."""
    version = await read_number(connection, "PRAGMA user_version")
    if 0 < version < len(steps):
        with written_whole(path.with_name(f"{path.name}.v{version}.backup")) as backup:
            await connection.execute("VACUUM INTO ?", (str(backup),))
    await add_info_figure(connection)
    for position, statements in enumerate(steps[version:], start=version + 1):
        async with transaction(connection):
            for statement in statements:
                await connection.execute(statement)
            await connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            await connection.execute(f"PRAGMA user_version = {position}")


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one account: the one given with /mjname and the one at Discord."""

    given: str | None = None
    discord: str | None = None

    @property
    def label(self) -> str | None:
        """What people call the account; None if it has no name."""
        return self.given or self.discord


async def names_in(path: Path) -> Mapping[str, Names]:
    """Return the names in a database by key; none if it cannot be read. It waits only a moment for it."""
    whole = path.absolute()  # noqa: ASYNC240 - that only reads the name of the present folder
    try:
        async with connect(whole, read_only=True, busy_timeout=LAST_WAIT) as connection:
            if await read_number(connection, "PRAGMA application_id") != APPLICATION_ID:
                return {}
            rows = await connection.execute_fetchall(NAMES)
    except sqlite3.Error:
        return {}
    return {key: Names(given, discord) for key, given, discord in rows}
