"""The charts of `/mjusage`, and texts for people who do not see them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.domain.accounts import KnownAccount
from bot.domain.charts import Level, Levels, Pace, UsageCurve
from bot.domain.usage import DAY, RecentUsage, UsageSample, images_by_day
from bot.render.chart_words import IN_FULL, IN_PICTURES, also_in_english, and_more, axis, day_words
from bot.render.text import HOURS, count, decimal, marked, passage, whole
from bot.runtime.language import Sentence, say

MOST_LEVELS: Final = 60
TEN: Final = 10
DESCRIBED: Final = 10
"""The number of accounts that the text for a picture names."""


@also_in_english
def usage_curve(
    account: KnownAccount, recent: RecentUsage, samples: Sequence[UsageSample], *, days: int, now: datetime
) -> UsageCurve | None:
    """Return the fast time of an account over time; None if fewer than two answers say it."""
    points = tuple((each.taken_at, each.fast_left) for each in samples if each.fast_left is not None)
    if len(points) < 2:  # noqa: PLR2004 - a curve has two ends
        return None
    since = max(now - timedelta(days=days), points[0][0] - DAY)
    images, renews = images_by_day(samples), recent.renews(now)
    return UsageCurve(
        since,
        now,
        axis(),
        account.label,
        points,
        images,
        _pace(recent, now),
        renews,
        say("renews on {day}", day=day_words(renews, IN_PICTURES)) if renews else "",
        say("Fast hours left: {name}", name=account.label),
        say("Images a day"),
    )


def _pace(recent: RecentUsage, now: datetime) -> Pace | None:
    """Return how the fast time goes on: to its end, or to a renewal before that."""
    last, empties, renews = recent.last, recent.empties, recent.renews(now)
    if recent.is_outdated(now) or not last.fast_left or not recent.pace or empties is None:
        return None
    end, left = empties, 0.0
    if renews is not None and renews <= empties:
        end, left = renews, max(last.fast_left - recent.pace * ((renews - last.taken_at) / DAY), 0.0)
    sentence: Sentence = "at this pace {left} left on {day}" if left else "at this pace empty on {day}"
    words = say(sentence, left=_hours(left), day=day_words(end, IN_PICTURES))
    return Pace(last.taken_at, last.fast_left, end, left, words)


def curve_words(curve: UsageCurve) -> str:
    """Describe a curve."""
    (first, before), (last, left) = curve.fast_left[0], curve.fast_left[-1]
    parts = [
        say(
            "Fast hours left of {name}: {before} on {first}, {left} on {last}.",
            name=curve.label,
            before=decimal(before),
            first=day_words(first, IN_FULL),
            left=decimal(left),
            last=day_words(last, IN_FULL),
        )
    ]
    if (pace := curve.pace) is not None:
        end: Sentence = "At this pace {left} hours left on {day}."
        if not pace.left_at_end:
            end = "At this pace empty on {day}."
        parts.append(say(end, left=decimal(pace.left_at_end), day=day_words(pace.end, IN_FULL)))
    if curve.renews is not None:
        parts.append(say("Renews on {day}.", day=day_words(curve.renews, IN_FULL)))
    if curve.images:
        made = sorted(number for _, number in curve.images)
        made_words = {"least": whole(made[0]), "most": whole(made[-1])}
        parts.append(count(len(made), "Images a day: {least} to {most} on {n} known day[|s].", **made_words))
    return passage(*parts)


@also_in_english
def usage_levels(known: Sequence[tuple[KnownAccount, RecentUsage]], now: datetime) -> Levels | None:
    """Return the fast time of accounts side by side; None if it is known of none."""
    levels = tuple(_level(account, recent, now) for account, recent in known[:MOST_LEVELS])
    more = len(known) - len(levels)
    return Levels(levels, more, and_more(more), say("Fast hours left, days in UTC")) if levels else None


def _level(account: KnownAccount, recent: RecentUsage, now: datetime) -> Level:
    left, renews = recent.last.fast_left or 0.0, recent.renews(now)
    empties = None if recent.is_outdated(now) else recent.empties
    is_used_up_soon = empties is not None and (renews is None or empties < renews)
    outlook = ""
    if left > 0 and empties is not None and is_used_up_soon:
        outlook = say("empty {day}", day=day_words(empties, IN_PICTURES))
    elif renews is not None:
        outlook = say("renews {day}", day=day_words(renews, IN_PICTURES))
    is_short = left <= 0 or is_used_up_soon
    return Level(account.label, left, recent.last.fast_total, is_short, _hours(left), outlook)


def _hours(left: float) -> str:
    """Return an amount of hours with two digits that count: "3.2 h", "12 h"."""
    return say(HOURS, n=marked(f"{left:.1f}") if left < TEN else f"{left:.0f}")


def levels_words(levels: Levels) -> str:
    """Describe fast times side by side."""
    named = [f"{each.label} {decimal(each.left)}" for each in levels.levels[:DESCRIBED]]
    names, more = say(", ").join(named), len(levels.levels) + levels.more - len(named)
    if not more:
        return say("Fast hours left: {names}.", names=names)
    return count(more, "Fast hours left: {names}, and {n} more account[|s].", names=names)
