"""The picture of a history, as a chart and in words."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from bot.domain.accounts import FlagKind
from bot.domain.charts import Shade, Span, Timeline, TimelineRow
from bot.domain.history import Blank, History, Period, ranked
from bot.domain.providers import Remedy, provider_of
from bot.render.chart_words import also_in_english, and_more, axis
from bot.render.history_messages import Report, last
from bot.render.text import count, passage, span
from bot.runtime.language import Sentence, say

MOST_ROWS: Final = 50
NAMED: Final = 3
SHADES: Final = {
    FlagKind.BLOCK: Shade.BLOCK,
    FlagKind.MODERATION: Shade.MODERATION,
    FlagKind.CAPTCHA: Shade.CAPTCHA,
    FlagKind.SESSION: Shade.ACCESS,
    FlagKind.PLAN: Shade.ACCESS,
    FlagKind.CREDITS: Shade.ACCESS,
}
LEGEND: Final[Mapping[Shade, Sentence]] = {
    Shade.BLOCK: "blocked",
    Shade.MODERATION: "moderation",
    Shade.CAPTCHA: "CAPTCHA",
    Shade.ACCESS: "session or plan",
    Shade.OTHER: "other trouble",
    Shade.OUTAGE: "cannot be read",
    Shade.ABSENCE: "not watched",
}


@also_in_english
def timeline(report: Report, most: int = MOST_ROWS) -> Timeline:
    """Return a row for each account, those with trouble first, and count those that have no place."""
    period, references = report.history.period, ranked(report.figures)
    shown = references[:most]
    blanks = {
        provider: [
            part for each in report.history.blanks if each.hides(provider) for part in _blank(each, period)
        ]
        for provider in set(map(provider_of, shown))
    }
    spans = {each: [*_unknown(each, report.history), *blanks[provider_of(each)]] for each in shown}
    remedies: dict[str, list[datetime]] = {each: [] for each in shown}
    for each in report.history.episodes:
        if each.reference in spans:
            shade = SHADES.get(each.kind, Shade.OTHER)
            spans[each.reference] += _span(Period(each.start, each.end), shade, period)
    for action in report.history.actions:
        if action.reference in remedies and action.verb in set(Remedy):
            remedies[action.reference].append(action.at)
    rows = (
        TimelineRow(report.known(each).label, tuple(spans[each]), tuple(remedies[each])) for each in shown
    )
    more = len(references) - len(shown)
    return Timeline(
        period.start,
        period.end,
        axis(),
        tuple(rows),
        {shade: say(sentence) for shade, sentence in LEGEND.items()},
        say("reset"),
        more,
        and_more(more),
    )


def _unknown(reference: str, history: History) -> Iterator[Span]:
    """Yield the time in which an account was not known."""
    period, watched = history.period, history.watched[reference]
    yield from _span(Period(period.start, watched.start), Shade.ABSENCE, period)
    yield from _span(Period(watched.end, period.end), Shade.ABSENCE, period)


def _blank(blank: Blank, period: Period) -> Iterator[Span]:
    return _span(blank.period, Shade.ABSENCE if blank.is_absence else Shade.OUTAGE, period)


def _span(part: Period, shade: Shade, whole_period: Period) -> Iterator[Span]:
    """Yield what of a stretch of time is within the period."""
    start, end = max(part.start, whole_period.start), min(part.end, whole_period.end)
    if start < end:
        yield Span(start, end, shade)


def timeline_words(report: Report) -> str:
    """Return what the picture shows, for people who do not see it."""
    figures = report.figures
    troubled = [each for each in ranked(figures) if figures[each].lengths]
    about = (
        count(len(figures), "{n} account[|s]")
        if report.account is None
        else report.known(report.account).label
    )
    period = report.history.period
    words = [
        say(
            "Timeline of {about}, {period}, {start} to {end}.",
            about=about,
            period=last(report.days),
            start=f"{period.start:%Y-%m-%d}",
            end=f"{period.end:%Y-%m-%d}",
        )
    ]
    named = (
        count(
            len(own.lengths),
            "{name}, {n} incident[|s], {lasted} out",
            name=report.known(each).label,
            lasted=span(own.out),
        )
        for each, own in ((each, figures[each]) for each in troubled[:NAMED])
    )
    worst = say("; ").join(named)
    words.append(say("Most trouble: {names}.", names=worst) if troubled else say("No incident."))
    if 0 < len(troubled) < len(figures):
        words.append(count(len(figures) - len(troubled), "{n} had none."))
    if report.history.blanks:
        words.append(say("Hatched: the time in which nothing could be seen."))
    return passage(*words)
