"""The sentence for each error of the database."""

from collections.abc import Mapping
from typing import Final

from bot.domain.errors import ErrorCode

AGAIN: Final = "Try again in a minute; an owner finds more in the log."
# SQLite would write what a -wal file holds into whatever database it finds beside it.
DATABASE: Final[Mapping[ErrorCode, str]] = {
    ErrorCode.DATABASE_DAMAGED: (
        "{path} is damaged or no database: move it and {path.name}-wal away, "
        "then put a backup in its place or let Midwatch start a new one."
    ),
    ErrorCode.DATABASE_FOREIGN: (
        "{path} belongs to another program: set DATABASE_PATH to a file of Midwatch's own."
    ),
    ErrorCode.DATABASE_FULL: ("There is no room left for the database {path}: free some space on its disk."),
    ErrorCode.DATABASE_IN_USE: (
        "Another Midwatch is using {path}: stop that one, or set DATABASE_PATH to a file of its own."
    ),
    ErrorCode.DATABASE_LOCKED: (
        "The database {path} is locked by another program: close what has it open, then try again."
    ),
    ErrorCode.DATABASE_NEWER: (
        "{path} was written by a newer Midwatch: "
        "install that version again, or put a backup in its place and move {path.name}-wal away."
    ),
    ErrorCode.DATABASE_NOT_UNDERSTOOD: (
        "{path} holds what this Midwatch does not understand: install the version that used it last, "
        "or put a backup in its place and move {path.name}-wal away."
    ),
    ErrorCode.DATABASE_READ_ONLY: (
        "The database {path} cannot be written: check its disk, and that this user may write there."
    ),
    ErrorCode.DATABASE_UNUSABLE: (
        "The database {path} could not be used ({reason}): check its disk, or bring a backup back."
    ),
    ErrorCode.NO_BACKUP: (
        "The backup {path} cannot be written ({reason}): make room for it and let this user write there."
    ),
    ErrorCode.NO_FILE_LOCKS: (
        "The database {path} cannot be locked ({reason}), as on some disks of a network: "
        "set DATABASE_PATH to a file on a disk of this machine."
    ),
    ErrorCode.NO_FOLDER: (
        "{path} cannot be made ({reason}): "
        "let this user write in {folder}, or set DATABASE_PATH to another file."
    ),
    ErrorCode.NO_REGULAR_FILE: ("{path} is not a file: set DATABASE_PATH to a file of Midwatch's own."),
    ErrorCode.NOT_NOTED: ("Nothing was sent, as it could not be written down first. {reason}"),
    ErrorCode.NOT_WRITABLE: (
        "The database {path} cannot be written ({reason}): "
        "let this user write there, or set DATABASE_PATH to another file."
    ),
    ErrorCode.SQLITE_TOO_OLD: (
        "This Python brings SQLite {found}, and Midwatch needs {needed} or newer: "
        "run it with another Python, or update SQLite. The database is left as it is."
    ),
}
"""The sentence for each error of the database, with what to do about it."""
