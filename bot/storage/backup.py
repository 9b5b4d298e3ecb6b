"""Copies of the database: one a day beside it, and one that takes its place."""

import asyncio
import errno
import glob
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bot.domain.errors import ErrorCode
from bot.storage.database import lock_database, written_whole
from bot.storage.errors import StoreError, as_store_errors
from bot.storage.migrations import APPLICATION_ID
from bot.storage.schema_steps import STEPS

EVERY: Final = timedelta(days=1)
LONGEST_REST: Final = timedelta(hours=1)
NAMED: Final = "%Y-%m-%d-%H%M%S"


def dated(database: Path, at: datetime, kind: str = "backup") -> Path:
    """Return the path of the copy made at a time, beside the database."""
    return database.with_name(f"{database.name}.{at:{NAMED}}.{kind}")


def opened(path: Path) -> closing[sqlite3.Connection]:
    """Open a database, which is closed with the context. Raise OSError if there is none."""
    address = f"{Path(os.path.realpath(path, strict=True)).as_uri()}?mode=rw"
    return closing(sqlite3.connect(address, uri=True, isolation_level=None))


def back_up(database: Path, target: Path) -> None:
    """Copy a database to a new file. The bot may use it meanwhile.

    Raises:
        OSError: the file exists.
        StoreError: there is no such database, or the copy cannot be made.
    """
    if not database.exists():
        raise StoreError(ErrorCode.NO_DATABASE, path=database)
    if target.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    with as_store_errors(database), opened(database) as source, written_whole(target) as unfinished:
        files = (database, database.with_name(f"{database.name}-wal"))
        size = sum(file.stat().st_size for file in files if file.exists())
        if shutil.disk_usage(target.parent).free < 2 * size:
            raise StoreError(ErrorCode.DISK_SHORT, path=target.parent)
        source.execute("VACUUM INTO ?", (str(unfinished),))


class Backups:
    """Backs up the database once a day, and keeps the newest backups."""

    def __init__(self, database: Path, keep: int, *, now: Callable[[], datetime]) -> None:
        self._database = database.resolve()
        self._keep = keep
        self._now = now
        self.last: datetime | None = None
        """The time of the last backup. One of a clock that was ahead does not count."""
        self.failure: StoreError | None = None
        """Why the last run failed; None if it did not."""

    async def run(self) -> timedelta:
        """Back up if the last backup is a day old, beside the event loop. Return how long to rest."""
        now = self._now()
        try:
            last = await asyncio.to_thread(self._back_up_if_due, now)
        except OSError as error:
            folder = self._database.parent
            self.failure = StoreError(ErrorCode.NO_BACKUP, path=folder, reason=error.strerror)
            raise self.failure from error
        except StoreError as error:
            self.failure = error
            raise
        self.failure = None
        return min(last + EVERY - now, LONGEST_REST)

    def _back_up_if_due(self, now: datetime) -> datetime:
        for left in self._beside("*.unfinished"):
            # What was killed as it wrote left it, if nothing writes it now.
            if abs(now.timestamp() - left.stat().st_mtime) > LONGEST_REST.total_seconds():
                left.unlink(missing_ok=True)
        last = self.last = max((at for at in self._found() if at <= now), default=None)
        if last is None or now - last >= EVERY:
            back_up(self._database, dated(self._database, now))
            last = self.last = now
            found = self._found()
            # Those of a clock that was ahead count as the oldest.
            for at in sorted(found, key=lambda at: (at <= now, at))[: -self._keep]:
                found[at].unlink(missing_ok=True)
        return last

    def _found(self) -> dict[datetime, Path]:
        """Return the backups beside the database by the time in their names."""
        found: dict[datetime, Path] = {}
        for file in self._beside("*.backup"):
            stamp = file.name.removeprefix(self._database.name)
            with suppress(ValueError):  # a copy before a step of the schema, or another database's backup
                found[datetime.strptime(stamp, f".{NAMED}.backup").replace(tzinfo=UTC)] = file
        return found

    def _beside(self, end: str) -> list[Path]:
        return [*self._database.parent.glob(f"{glob.escape(self._database.name)}.{end}")]


def restore(backup: Path, database: Path, now: datetime) -> Path | None:
    """Put a copy of a backup in the place of the database. Return where the old database is kept, if any.

    At any moment the whole old or the whole new database is in its place.

    Raises:
        OSError: there is no such backup.
        StoreError: it is not sound, not Midwatch's or a newer Midwatch's; the database is in use or
            another program's; or there is no room. Nothing is changed.
    """
    with as_store_errors(backup), opened(backup) as source:
        if fault := fault_of(source):
            raise StoreError(fault, path=backup)
        with lock_database(database) as path, written_whole(path) as unfinished, as_store_errors(path):
            source.execute("VACUUM INTO ?", (str(unfinished),))
            while (kept := dated(path, now, "replaced")).exists():
                now += timedelta(seconds=1)
            return keep(path, kept)


def fault_of(backup: sqlite3.Connection) -> ErrorCode | None:
    """Return why a backup must not be restored; None if it may."""
    try:
        kind, version = (
            backup.execute(f"PRAGMA {each}").fetchone()[0] for each in ("application_id", "user_version")
        )
        if kind != APPLICATION_ID or version > len(STEPS):
            return ErrorCode.BACKUP_NEWER if kind == APPLICATION_ID else ErrorCode.BACKUP_FOREIGN
        faults = [row for row in backup.execute("PRAGMA integrity_check(1)") if row != ("ok",)]
        faults += backup.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError:
        return ErrorCode.BACKUP_UNREADABLE
    return ErrorCode.BACKUP_DAMAGED if faults else None


def keep(path: Path, kept: Path) -> Path | None:
    """Copy a database that is about to be replaced, and return the path of the copy; None if it is empty.

    The journals of a damaged one go with it: SQLite would write what they hold into the new one.
    """
    try:
        with as_store_errors(path), opened(path) as old:
            require_own(old, path)
            old.execute("PRAGMA journal_mode = DELETE")  # fails while another program has it open
    except StoreError as error:
        if error.code is not ErrorCode.DATABASE_DAMAGED:
            raise
    if not path.stat().st_size:
        return None
    with written_whole(kept) as copy:
        shutil.copyfile(path, copy)
    for end in ("-wal", "-journal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(f"{path.name}{end}").replace(f"{kept}{end}")
    return kept


def require_own(database: sqlite3.Connection, path: Path) -> None:
    """Raise a StoreError for the database of another program."""
    is_ours = database.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    if not is_ours and database.execute("SELECT 1 FROM sqlite_schema").fetchone():
        raise StoreError(ErrorCode.DATABASE_FOREIGN, path=path)
