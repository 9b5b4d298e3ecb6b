"""Whether the watch is well: it must read the list, write to the database and reach the owners."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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
    """The name of a loop, or of the providers that cannot be seen, if others can."""
    error: CodedError | None = None
    """What is wrong with the database."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What the watch's health is read from, at one time."""

    now: datetime
    has_seen: bool
    """Whether the last poll since the start succeeded."""
    unseen: str = ""
    """The names of the providers that cannot be seen, if others can."""
    unwritten: CodedError | None = None
    """Why the last transaction was not written; None if it was."""
    unwritten_since: datetime | None = None
    has_owners: bool = True
    overdue_since: datetime | None = None
    """When the oldest message that has not arrived was due."""
    loops: Mapping[str, bool] = field(default_factory=dict[str, bool])
    """Whether each loop, by name, runs and its last run was good."""


def watch_problems(signs: Signs) -> tuple[WatchProblem, ...]:
    """Return why the watch is not well, the worst first; empty if it is well."""
    return tuple(_problems(signs))


def _problems(signs: Signs) -> Iterator[WatchProblem]:
    if signs.unwritten is not None:
        yield WatchProblem(ProblemKind.MEMORY, signs.unwritten_since, error=signs.unwritten)
    if not signs.has_owners:
        yield WatchProblem(ProblemKind.OWNERS)
    if signs.overdue_since is not None and signs.now - signs.overdue_since > OVERDUE_AFTER:
        yield WatchProblem(ProblemKind.DELIVERY, signs.overdue_since)
    for name, is_good in signs.loops.items():
        if not is_good:
            yield WatchProblem(ProblemKind.LOOP, detail=name)
    if not signs.has_seen:
        yield WatchProblem(ProblemKind.SIGHT, detail=signs.unseen)
