"""The errors of the database, each with a sentence for the person who runs Midwatch."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PRIMARY_CODE: Final = 0xFF  # SQLite puts the details of a result code above its lowest byte


class StoreError(Exception):
    """The database cannot be used. `str(error)` names the file, the reason and what to do next."""


class DatabaseInUse(StoreError):  # noqa: N818 - named for what happened, as the API's errors are
    """Another Midwatch uses the database."""


class DatabaseLocked(StoreError):  # noqa: N818 - the same
    """Another program keeps the database locked."""


def not_writable(path: Path, error: OSError) -> StoreError:
    """Return the error for a file that the system does not let Midwatch write."""
    return StoreError(
        f"The database {path} cannot be written ({error.strerror}): "
        "let this user write there, or set DATABASE_PATH to another file."
    )


@contextmanager
def as_store_errors(path: Path) -> Generator[None]:
    """Raise a StoreError in place of an error of SQLite."""
    try:
        yield
    except sqlite3.Error as error:
        is_locked = primary_code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
        raise (DatabaseLocked if is_locked else StoreError)(explain(error, path)) from error


def explain(error: sqlite3.Error, path: Path) -> str:
    """Return a sentence about an error of SQLite."""
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
    """Return the result code of SQLite without its details; 0 for an error of Python."""
    return full_code(error) & PRIMARY_CODE


def full_code(error: sqlite3.Error) -> int:
    """Return the result code of SQLite with its details; 0 for an error of Python."""
    return getattr(error, "sqlite_errorcode", 0)


def damaged(path: Path) -> str:
    """Return a sentence about a file that is no sound database."""
    # SQLite writes the content of a -wal file into any database that it finds beside it.
    return (
        f"{path} is damaged or no database: move it and {path.name}-wal away, "
        "then put a backup in its place or let Midwatch start a new one."
    )


def unknown_content(path: Path) -> str:
    """Return a sentence about a sound database with content that only another version understands."""
    return (
        f"{path} holds what this Midwatch does not understand: install the version that used it last, "
        f"or put a backup in its place and move {path.name}-wal away."
    )
