"""Databases that another program holds or changes, and a store in memory."""

import sqlite3
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from bot.storage import Store

BUSY_TIMEOUT: Final = timedelta(milliseconds=50)
"""The wait for a database that another program holds."""


@contextmanager
def locked(database: Path) -> Generator[None]:
    """Hold a database, as another program may. The store can write nothing meanwhile."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.rollback()


def execute(database: Path, statement: str) -> None:
    """Change a database as another program does."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement)


class MemoryStore(Store):
    """A store whose values under keys are in memory. It counts the writes."""

    def __init__(self, kept: Mapping[str, str] | None = None) -> None:
        self.kept = dict(kept or {})
        self.writes = 0

    async def meta(self, key: str) -> str | None:
        return self.kept.get(key)

    async def set_meta(self, key: str, value: str) -> None:
        self.kept[key] = value
        self.writes += 1
