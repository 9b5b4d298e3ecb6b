"""Whether the watch is well, and why not: it has to see, to remember and to tell. Standard library alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from bot.domain.errors import CodedError

OVERDUE_AFTER: Final = timedelta(minutes=5)
"""A message that is late for longer than this is a problem."""


class Lack(Enum):
    """What the watch cannot do."""

    SIGHT = auto()
    """The last poll failed, or there was none since the start."""
    MEMORY = auto()
    """The last transaction is not on disk."""
    OWNERS = auto()
    """Nobody is known who could be told."""
    DELIVERY = auto()
    """A message is overdue."""
    LOOP = auto()
    """A loop has ended, or its last run failed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why the watch is not well."""

    lack: Lack
    since: datetime | None = None
    detail: str = ""
    """The name of a loop."""
    error: CodedError | None = None
    """What is wrong with the database."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What shows how the watch is at one moment."""

    now: datetime
    has_seen: bool
    """Whether the last poll succeeded."""
    unwritten: CodedError | None = None
    """Why the last transaction is not on disk; None if it is."""
    unwritten_since: datetime | None = None
    has_owners: bool = True
    overdue_since: datetime | None = None
    """Since when the oldest message that did not arrive has been due."""
    loops: Mapping[str, bool] = field(default_factory=dict[str, bool])
    """Whether each loop runs and its last run was good, by name."""


def problems(signs: Signs) -> tuple[Problem, ...]:
    """Return why the watch is not well, the worst first; nothing if it is well."""
    return tuple(_problems(signs))


def _problems(signs: Signs) -> Iterator[Problem]:
    if signs.unwritten is not None:
        yield Problem(Lack.MEMORY, signs.unwritten_since, error=signs.unwritten)
    if not signs.has_owners:
        yield Problem(Lack.OWNERS)
    if signs.overdue_since is not None and signs.now - signs.overdue_since > OVERDUE_AFTER:
        yield Problem(Lack.DELIVERY, signs.overdue_since)
    for name, is_good in signs.loops.items():
        if not is_good:
            yield Problem(Lack.LOOP, detail=name)
    if not signs.has_seen:
        yield Problem(Lack.SIGHT)
