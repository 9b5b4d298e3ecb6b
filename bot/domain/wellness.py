"""Whether the watch is well: it must read the list, write to the database and reach the owners."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from bot.domain.errors import CodedError

OVERDUE_AFTER: Final = timedelta(minutes=5)
"""How late a message may be."""


class ProblemKind(Enum):
    """What the watch cannot do."""

    SIGHT = auto()
    """The last poll failed, or there was none since the start."""
    MEMORY = auto()
    """The last transaction was not written."""
    OWNERS = auto()
    """No owner is known."""
    DELIVERY = auto()
    """A message is overdue."""
    LOOP = auto()
    """A loop has ended, or its last run failed."""


@dataclass(frozen=True, slots=True)
class WatchProblem:
    """One reason why the watch is not well."""

    kind: ProblemKind
    since: datetime | None = None
    detail: str = ""
    """The name of a loop."""
    error: CodedError | None = None
    """What is wrong with the database."""
    providers: tuple[str, ...] = ()
    """Those that cannot be seen, if others can; or that of the loop, if it is one of several alike."""
