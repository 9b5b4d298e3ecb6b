"""The errors of the database, and SQLite's own in plain words."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PRIMARY_CODE: Final = 0xFF  # SQLite puts the details of a result code above its lowest byte


class StoreError(Exception):
    """The database cannot be used; `str(error)` names the file, says why, and what to do next."""


class DatabaseInUse(StoreError):  # noqa: N818 - named for what is the case, as the API's errors are
    """Another Midwatch has the database."""


def unusable(path: Path, error: OSError) -> StoreError:
    """Say that a file cannot be written."""
    return StoreError(
        f"The database {path} cannot be written ({error.strerror}): "
        "let this user write there, or set DATABASE_PATH to another file."
    )


class DatabaseLocked(StoreError):  # noqa: N818 - the same
    """Another program is writing into the database, and does not end."""


@contextmanager
def plainly(path: Path) -> Generator[None]:
    """Turn an error of SQLite into a sentence."""
    try:
        yield
    except sqlite3.Error as error:
        is_locked = primary_code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
        raise (DatabaseLocked if is_locked else StoreError)(sentence(error, path)) from error


def sentence(error: sqlite3.Error, path: Path) -> str:
    """Say what an error of SQLite means for the person who runs Midwatch."""
    match primary_code(error):
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return (
                f"The database {path} is locked by another program: close what has it open, then try again."
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return damaged(path)
        case sqlite3.SQLITE_FULL:
            return f"There is no room left for the database {path}: free some space on its disk."
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_IOERR:
            return (
                f"The database {path} cannot be written: check its disk, and that this user may write there."
            )
        case _:
            return f"The database {path} could not be used ({error}): check its disk, or bring a backup back."


def primary_code(error: sqlite3.Error) -> int:
    """Return SQLite's result code without its details, 0 where the error is Python's own."""
    return full_code(error) & PRIMARY_CODE


def full_code(error: sqlite3.Error) -> int:
    """Return SQLite's result code with its details, 0 where the error is Python's own."""
    return getattr(error, "sqlite_errorcode", 0)


def damaged(path: Path) -> str:
    """Say that a file cannot be read as a database."""
    # SQLite would write what a -wal file holds into whatever database it finds beside it.
    return (
        f"{path} is damaged or no database: move it and {path.name}-wal away, "
        "then put a backup in its place or let Midwatch start a new one."
    )


def not_understood(path: Path) -> str:
    """Say that a database holds what only another version can have written."""
    return (
        f"{path} holds what this Midwatch does not understand: install the version that used it last, "
        f"or put a backup in its place and move {path.name}-wal away."
    )
