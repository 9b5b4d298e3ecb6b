"""The exit codes, most of them from sysexits.h: Python has these names only where the system has the file."""

from enum import IntEnum


class Exit(IntEnum):
    """How the program ended."""

    DONE = 0
    FAILED = 1
    DATAERR = 65
    UNAVAILABLE = 69
    IOERR = 74
    NOPERM = 77
    CONFIG = 78
    INTERRUPTED = 130
