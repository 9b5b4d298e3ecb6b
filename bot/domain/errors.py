"""What goes wrong, as codes with named fields; `bot/render/error_messages.py` has the words for people."""

from datetime import timedelta
from enum import StrEnum


class ErrorCode(StrEnum):
    """What went wrong, in a few words for the log."""

    DATABASE_DAMAGED = "database damaged"
    DATABASE_FOREIGN = "database of another program"
    DATABASE_FULL = "no room for the database"
    DATABASE_IN_USE = "database in use"
    DATABASE_LOCKED = "database locked"
    DATABASE_NEWER = "database of a newer version"
    DATABASE_NOT_UNDERSTOOD = "database not understood"
    DATABASE_READ_ONLY = "database not writable"
    DATABASE_UNUSABLE = "database unusable"
    NO_BACKUP = "backup not writable"
    NO_FILE_LOCKS = "disk without locks"
    NO_FOLDER = "folder not writable"
    NO_REGULAR_FILE = "not a file"
    NOT_NOTED = "not written down, so not sent"
    NOT_WRITABLE = "file not writable"
    SQLITE_TOO_OLD = "SQLite too old"


class CodedError(Exception):
    """An error with a code and the fields that its sentence names. No field holds a secret."""

    def __init__(self, code: StrEnum, **fields: object) -> None:
        super().__init__(code)
        self.code = code
        self.fields = fields

    def __str__(self) -> str:
        """Return the code with its fields, for the log."""
        fields = ", ".join(f"{name}: {value}" for name, value in self.fields.items())
        return f"{self.code} ({fields})" if fields else str(self.code)


class UserError(Exception):
    """Something a person asked for that cannot be done as asked.

    `str(error)` says what happened, `next_step` what to do; both are shown to the person as they stand.
    """

    def __init__(self, what: str, next_step: str) -> None:
        super().__init__(what)
        self.next_step = next_step


class UnavailableError(Exception):
    """Something the program needs is not available; `str(error)` is one sentence for the terminal.

    `wait` is how long it asks to be left alone.
    """

    def __init__(self, what: str, *, wait: timedelta | None = None) -> None:
        super().__init__(what)
        self.wait = wait


class TokenRefusedError(Exception):
    """Discord refuses the bot's token; starting again would not help."""
