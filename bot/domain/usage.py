"""The use of an account over time, as pure functions of the numbers in answers to `/info`."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Final, Self

from bot.domain.account_info import FastTime, Info

DAY: Final = timedelta(days=1)
PACE_DAYS: Final = timedelta(days=7)
"""How far back the pace looks."""
LEAST_SPAN: Final = DAY
"""A pace over less time than this says nothing."""
WORD_LIMIT: Final = 100
MINUTES_PER_HOUR: Final = 60


@dataclass(frozen=True, slots=True)
class UsageSample:
    """The numbers of one answer to `/info`; None for what it did not say."""

    taken_at: datetime
    fast_left: float | None = None
    """In hours, as is `fast_total`."""
    fast_total: float | None = None
    renews_at: datetime | None = None
    images: int | None = None
    """How many images the account has made in its lifetime."""
    plan: str | None = None
    status: str | None = None
    """Midjourney's words for the plan's status ("Active monthly")."""

    @classmethod
    def of(cls, info: Info, taken_at: datetime) -> "UsageSample":
        """Return the numbers of an answer."""
        fast, plan = info.fast_time, info.subscription
        return cls(
            taken_at,
            hours(fast, fast.left) if fast else None,
            hours(fast, fast.total) if fast else None,
            plan.renews if plan else None,
            info.lifetime.images if info.lifetime else None,
            plan.plan[:WORD_LIMIT] if plan else None,
            plan.status[:WORD_LIMIT] if plan and plan.status else None,
        )


@dataclass(frozen=True, slots=True)
class RecentUsage:
    """The last numbers of an account, and the fast time that it used within the last 7 days."""

    reference: str
    last: UsageSample
    used: float = 0.0
    """In hours, between `since` and the last answer. A renewal or a purchase in between is no use."""
    since: datetime | None = None
    """The first moment of the 7 days that is known; None with one answer."""

    @property
    def pace(self) -> float | None:
        """The fast hours used per day; None if the answers span too little time to say."""
        span = self.last.taken_at - self.since if self.since else timedelta()
        return self.used / (span / DAY) if span >= LEAST_SPAN else None

    @property
    def empties(self) -> datetime | None:
        """When no fast time is left at this pace; None if that is not known or never."""
        if not self.pace or self.last.fast_left is None:
            return None
        try:
            return self.last.taken_at + DAY * (max(self.last.fast_left, 0.0) / self.pace)
        except OverflowError:
            return None

    def with_newer(self, sample: UsageSample) -> Self:
        """Return the recent usage with an answer that is not on record, as one without changes is not."""
        before = self.last
        if sample.taken_at <= before.taken_at:
            return self
        used = self.used
        if before.fast_left is not None and sample.fast_left is not None:
            used += max(before.fast_left - sample.fast_left, 0.0)
        return replace(self, last=sample, used=used, since=self.since or before.taken_at)

    def renews(self, now: datetime) -> datetime | None:
        """Return the next renewal; None if it is not known or was before now."""
        return None if self.is_outdated(now) else self.last.renews_at

    def is_outdated(self, now: datetime) -> bool:
        """Return whether the plan was due to renew since the last answer, which then says little."""
        return self.last.renews_at is not None and self.last.renews_at <= now

    def runs_short(self, now: datetime) -> bool:
        """Return whether no fast time is left, or none will be before the renewal at this pace."""
        if self.is_outdated(now) or self.last.fast_left is None:
            return False
        empties, renews = self.empties, self.renews(now)
        return self.last.fast_left <= 0 or (empties is not None and renews is not None and empties < renews)


def hours(fast: FastTime, value: float | None) -> float | None:
    """Return a length of fast time in hours."""
    return value / MINUTES_PER_HOUR if value is not None and fast.unit == "minutes" else value


def images_by_day(samples: Iterable[UsageSample]) -> tuple[tuple[date, int], ...]:
    """Return how many images were made on each UTC day, from the counts of lifetime images.

    A day is known if it and the day before have an answer. A count that falls says nothing.
    """
    counts = {
        each.taken_at.astimezone(UTC).date(): each.images for each in samples if each.images is not None
    }
    return tuple(
        (day, made - before)
        for (earlier, before), (day, made) in pairwise(sorted(counts.items()))
        if day - earlier == DAY and made >= before
    )
