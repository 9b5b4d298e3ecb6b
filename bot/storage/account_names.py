"""The names of accounts, for a program beside the bot."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.storage.database import LAST_WAIT, connect, read_number
from bot.storage.migrations import APPLICATION_ID

NAMES: Final = "SELECT channel, name, discord_name FROM account"
"""Any version's columns. The keys of useapi.net's accounts are those of no other provider."""


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
