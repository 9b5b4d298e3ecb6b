"""The errors of the database, and those of SQLite as codes."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from bot.domain.errors import CodedError, ErrorCode


class StoreError(CodedError):
    """The database cannot be used."""


def not_writable(path: Path, error: OSError) -> StoreError:
    """Return the error for a file that the system does not let Midwatch write."""
    return StoreError(ErrorCode.NOT_WRITABLE, path=path, reason=error.strerror)


@contextmanager
def as_store_errors(path: Path) -> Generator[None]:
    """Raise a StoreError in place of an error of SQLite."""
    try:
        yield
    except sqlite3.Error as error:
        raise store_error(error, path) from error


def store_error(error: sqlite3.Error, path: Path) -> StoreError:
    """Return the StoreError that stands for an error of SQLite."""
    match primary_code(error):
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreError(ErrorCode.DATABASE_LOCKED, path=path)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StoreError(ErrorCode.DATABASE_DAMAGED, path=path)
        case sqlite3.SQLITE_FULL:
            return StoreError(ErrorCode.DATABASE_FULL, path=path)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_IOERR:
            return StoreError(ErrorCode.DATABASE_READ_ONLY, path=path)
        case _:
            return StoreError(ErrorCode.DATABASE_UNUSABLE, path=path, reason=error)


def primary_code(error: sqlite3.Error) -> int:
    """Return the result code of SQLite without its details, which are above the lowest byte."""
    return full_code(error) & 0xFF


def full_code(error: sqlite3.Error) -> int:
    """Return the result code of SQLite with its details; 0 for an error of Python."""
    return getattr(error, "sqlite_errorcode", 0)
