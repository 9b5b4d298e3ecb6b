"""What was recorded of accounts over a period, and the figures of it. Times are aware UTC datetimes."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from bot.domain.accounts import FlagKind
from bot.domain.actions import Action
from bot.domain.incidents import Incident, ServiceProblem
from bot.domain.providers import provider_of

ZERO: Final = timedelta()
LONGEST_DAYS: Final = 400
"""How long the database keeps what was recorded."""


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Episode:
    """An incident of one account."""

    key: str
    reference: str
    kind: FlagKind
    start: datetime
    end: datetime
    """The end of the history if it is open."""
    is_open: bool = False
    acted_at: datetime | None = None
    """When a person first did something about it."""


@dataclass(frozen=True, slots=True)
class Blank:
    """A period in which the accounts of a provider were not seen, or none if the bot did not run."""

    period: Period
    incident: Incident | None = None
    """The incident of the service that says so."""
    provider: str = ""
    is_own: bool = False
    """Whether the bot ran meanwhile, and watched other providers only."""

    @property
    def is_absence(self) -> bool:
        """Whether the bot did not run, or did not watch the provider."""
        return self.incident is not None and self.incident.problem is ServiceProblem.AWAY

    def hides(self, provider: str) -> bool:
        """Return whether a provider's accounts were not seen."""
        if self.provider == provider or self.incident is None or self.is_own:
            return self.provider == provider
        return self.is_absence or self.incident.is_shared_with(provider)


@dataclass(frozen=True, slots=True)
class History:
    """All that was recorded of some accounts over a period."""

    period: Period
    watched: Mapping[str, Period]
    """The part of the period in which each account was configured and known, by reference."""
    episodes: Sequence[Episode] = ()
    """The incidents that overlap with it, the oldest first."""
    blanks: Sequence[Blank] = ()
    actions: Sequence[Action] = ()
    """What people did in it, the oldest first."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one account, or of several together."""

    watched: timedelta = ZERO
    """How long it was seen."""
    unseen: timedelta = ZERO
    """How long it was configured and could not be seen."""
    out: timedelta = ZERO
    """How much of the time that was seen it was flagged."""
    lengths: tuple[timedelta, ...] = ()
    """How long each incident lasted, also outside of the period."""
    responses: tuple[timedelta, ...] = ()
    """How long it took until a person acted, of each incident about which one did."""
    open: int = 0

    @property
    def in_service(self) -> float | None:
        """The share of the time that was seen in which it was not flagged; None if it was never seen."""
        return 1 - self.out / self.watched if self.watched else None


class SeenTime:
    """Tells how much of a period is in none of some blank ones."""

    def __init__(self, blanks: Iterable[Period]) -> None:
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []
        self._before: list[timedelta] = []
        """How much was blank before each start."""
        for each in sorted(blanks, key=lambda each: each.start):
            if self._ends and each.start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], each.end)
                continue
            self._before.append(self._before[-1] + self._ends[-1] - self._starts[-1] if self._ends else ZERO)
            self._starts.append(each.start)
            self._ends.append(each.end)

    def within(self, start: datetime, end: datetime) -> timedelta:
        """Return how much of a period was seen."""
        return max(ZERO, end - start) - self._blank_before(max(start, end)) + self._blank_before(start)

    def _blank_before(self, at: datetime) -> timedelta:
        place = bisect_right(self._starts, at) - 1
        return ZERO if place < 0 else self._before[place] + min(at, self._ends[place]) - self._starts[place]


def figures_of(history: History) -> dict[str, Figures]:
    """Return the figures of each account, by reference."""
    episodes: dict[str, list[Episode]] = {}
    for each in history.episodes:
        episodes.setdefault(each.reference, []).append(each)
    seen = {
        provider: SeenTime(each.period for each in history.blanks if each.hides(provider))
        for provider in set(map(provider_of, history.watched))
    }
    return {
        reference: _figures(watched, episodes.get(reference, ()), seen[provider_of(reference)])
        for reference, watched in history.watched.items()
    }


def _figures(watched: Period, episodes: Sequence[Episode], seen: SeenTime) -> Figures:
    total = seen.within(watched.start, watched.end)
    out, until = ZERO, watched.start
    for each in episodes:
        end = min(each.end, watched.end)
        out += seen.within(max(each.start, until), end)
        until = max(until, end)  # incidents overlap where the clock was set back
    return Figures(
        total,
        watched.end - watched.start - total,
        out,
        tuple(each.end - each.start for each in episodes),
        tuple(each.acted_at - each.start for each in episodes if each.acted_at),
        sum(each.is_open for each in episodes),
    )


def ranked(figures: Mapping[str, Figures]) -> list[str]:
    """Return the references of accounts: those with trouble first, by how long they were out."""
    return sorted(figures, key=lambda each: (not figures[each].lengths, -figures[each].out))


def together(figures: Iterable[Figures]) -> Figures:
    """Return the figures of several accounts together."""
    parts = tuple(figures)
    return Figures(
        sum((each.watched for each in parts), ZERO),
        sum((each.unseen for each in parts), ZERO),
        sum((each.out for each in parts), ZERO),
        tuple(chain.from_iterable(each.lengths for each in parts)),
        tuple(chain.from_iterable(each.responses for each in parts)),
        sum(each.open for each in parts),
    )
