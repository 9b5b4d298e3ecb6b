"""What accounts are called, for a program beside the bot that only reads."""

import sqlite3
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiosqlite

from bot.storage.database import LAST_WAIT, connected, number
from bot.storage.migrations import APPLICATION_ID

NAMES: Final = "SELECT channel, name, discord_name FROM account"


@dataclass(frozen=True, slots=True)
class Names:
    """What one account is called: by an owner, with /mjname, and at Discord."""

    given: str | None = None
    discord: str | None = None

    @property
    def label(self) -> str | None:
        """What people call it, None if that is not known."""
        return self.given or self.discord


def reading(path: Path) -> AbstractAsyncContextManager[aiosqlite.Connection]:
    """Open a database to read, where it stands, without a long wait for whoever writes into it."""
    return connected(path.absolute(), read_only=True, busy_timeout=LAST_WAIT)


async def names_in(path: Path) -> Mapping[str, Names]:
    """Return the names in a database, by channel; none where there is no database or it cannot be read."""
    try:
        async with reading(path) as connection:
            if await number(connection, "PRAGMA application_id") != APPLICATION_ID:
                return {}
            rows = await connection.execute_fetchall(NAMES)
    except sqlite3.Error:
        return {}
    return {channel: Names(given, discord) for channel, given, discord in rows}
