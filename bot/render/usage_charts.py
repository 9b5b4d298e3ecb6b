"""The charts of `/mjusage`, and texts for people who do not see them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.domain.accounts import KnownAccount
from bot.domain.charts import Level, Levels, Pace, UsageCurve
from bot.domain.usage import DAY, RecentUsage, UsageSample, images_by_day
from bot.render.text import count, decimal, whole

MOST_LEVELS: Final = 60
DESCRIBED: Final = 10
"""The number of accounts that the text for a picture names."""


def usage_curve(
    account: KnownAccount, recent: RecentUsage, samples: Sequence[UsageSample], *, days: int, now: datetime
) -> UsageCurve | None:
    """Return the fast time of an account over time; None if fewer than two answers say it."""
    points = tuple((each.taken_at, each.fast_left) for each in samples if each.fast_left is not None)
    if len(points) < 2:  # noqa: PLR2004 - a curve has two ends
        return None
    since = max(now - timedelta(days=days), points[0][0] - DAY)
    images, renews = images_by_day(samples), recent.renews(now)
    return UsageCurve(since, now, account.label, points, images, _pace(recent, now), renews)


def _pace(recent: RecentUsage, now: datetime) -> Pace | None:
    """Return how the fast time goes on: to its end, or to a renewal before that."""
    last, empties, renews = recent.last, recent.empties, recent.renews(now)
    if recent.is_outdated(now) or not last.fast_left or not recent.pace or empties is None:
        return None
    if renews is None or empties < renews:
        return Pace(last.taken_at, last.fast_left, empties, 0.0)
    left = last.fast_left - recent.pace * ((renews - last.taken_at) / DAY)
    return Pace(last.taken_at, last.fast_left, renews, max(left, 0.0))


def curve_words(curve: UsageCurve) -> str:
    """Describe a curve."""
    ends = (f"{decimal(left)} on {_day(at)}" for at, left in (curve.fast_left[0], curve.fast_left[-1]))
    parts = [f"Fast hours left of {curve.label}: {', '.join(ends)}"]
    if (pace := curve.pace) is not None:
        end = f"{decimal(pace.left_at_end)} hours left" if pace.left_at_end else "empty"
        parts.append(f"At this pace {end} on {_day(pace.end)}")
    if curve.renews is not None:
        parts.append(f"Renews on {_day(curve.renews)}")
    if curve.images:
        made = [number for _, number in curve.images]
        days = count(len(made), "{n} known day[|s]")
        parts.append(f"Images a day: {whole(min(made))} to {whole(max(made))} on {days}")
    return ". ".join(parts) + "."


def usage_levels(known: Sequence[tuple[KnownAccount, RecentUsage]], now: datetime) -> Levels | None:
    """Return the fast time of accounts side by side; None if it is known of none."""
    levels = tuple(
        Level(
            account.label,
            recent.last.fast_left or 0.0,
            recent.last.fast_total,
            None if recent.is_outdated(now) else recent.empties,
            recent.renews(now),
        )
        for account, recent in known[:MOST_LEVELS]
    )
    return Levels(levels, len(known) - len(levels)) if levels else None


def levels_words(levels: Levels) -> str:
    """Describe fast times side by side."""
    named = [f"{each.label} {decimal(each.left)}" for each in levels.levels[:DESCRIBED]]
    more = len(levels.levels) + levels.more - len(named)
    named += [f"and {count(more, '{n} more account[|s]')}"] if more else []
    return f"Fast hours left: {', '.join(named)}."


def _day(at: datetime) -> str:
    return f"{at:%B %-d}"
