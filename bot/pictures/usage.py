"""The pictures of fast time: of one account over time, and of several side by side."""

# The types of matplotlib have gaps.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from datetime import UTC, datetime, time
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bot.domain.charts import Level, Levels, UsageCurve
from bot.pictures import page
from bot.pictures.labels import clipped

NUMBERS: Final = 110
"""The width of the numbers beside a curve."""
CURVE: Final = 380
BARS: Final = 180
"""The heights of the fields."""
MARKED: Final = 60
"""So few points are marked."""
LOWEST: Final = 0.02
"""The least height of a bar: a day without images does not look like one without data."""
TEN: Final = 10
AMOUNT: Final = 100
OUTLOOK: Final = 210
"""The widths of what stands beside a bar."""


def draw_usage_curve(chart: UsageCurve) -> Figure:
    """Draw the fast time, how it goes on, and the images of each day."""
    lines = 3 - [chart.pace, chart.renews].count(None)
    bottom = page.MARGIN + page.LINE * lines + page.PAD
    below = bottom + (BARS + page.LINE + 2 * page.MARGIN if chart.images else 0)
    figure = page.new(below + CURVE + page.LINE + page.MARGIN)
    title = clipped(f"Fast hours left: {chart.label}", page.WIDTH - 2 * page.MARGIN, page.FONT)
    page.write(figure, below + CURVE + page.PAD, title)
    hours = curve_field(figure, chart, below, CURVE, has_words=not chart.images)
    add_hours(hours, chart)
    page.show_legend(figure, hours.get_legend_handles_labels()[0], columns=1)
    if chart.images:
        page.write(figure, bottom + BARS + page.PAD, "Images a day")
        add_images(curve_field(figure, chart, bottom, BARS), chart)
    return figure


def curve_field(
    figure: Figure, chart: UsageCurve, bottom: float, height: float, *, has_words: bool = True
) -> Axes:
    """Add a field over the time of a chart. What lies ahead takes no more than half of it."""
    axes = page.field(figure, NUMBERS, bottom, page.WIDTH - NUMBERS - 2 * page.MARGIN, height)
    span = chart.until - chart.since
    ahead = filter(None, (chart.renews, chart.pace and chart.pace.end))
    until = max([chart.until, *(min(at + span / 50, chart.until + span) for at in ahead)])
    page.show_time(axes, chart.since, until, has_words=has_words)
    axes.axvspan(page.days(chart.until), page.days(until), facecolor=page.AHEAD)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.grid(visible=True, axis="y", color=page.GRID)
    return axes


def add_hours(axes: Axes, chart: UsageCurve) -> None:
    """Draw what was left, and what lies ahead."""
    look: dict[str, Any] = {"linewidth": 5, "markersize": 12}
    times, known = [page.days(at) for at, _ in chart.fast_left], [left for _, left in chart.fast_left]
    axes.step(times, known, page.SKY, where="post", marker="o" if len(known) <= MARKED else "", **look)
    if (pace := chart.pace) is not None:
        left = f"{hours_of(pace.left_at_end)} left" if pace.left_at_end > 0 else "empty"
        look["label"] = f"at this pace {left} on {page.day(pace.end)}"
        ends = [page.days(pace.start), page.days(pace.end)]
        axes.plot(ends, [pace.left, pace.left_at_end], page.ORANGE, linestyle="--", **look)
    if chart.renews is not None:
        look["label"] = f"renews on {page.day(chart.renews)}"
        axes.axvline(page.days(chart.renews), color=page.GREEN, linestyle=":", **look)
    axes.set_ylim(0, 1.1 * max(1.0, pace.left if pace else 0.0, *known))


def add_images(axes: Axes, chart: UsageCurve) -> None:
    """Draw a bar for each day that is known."""
    highest = max(1, *(count for _, count in chart.images))
    noons = [page.days(datetime.combine(date, time(12), UTC)) for date, _ in chart.images]
    width = 0.8 if len(noons) <= MARKED else 1.0
    axes.bar(noons, [max(count, highest * LOWEST) for _, count in chart.images], width, color=page.PURPLE)
    axes.set_ylim(0, 1.1 * highest)
    axes.yaxis.set_major_formatter("{x:,.0f}")


def draw_levels(chart: Levels) -> Figure:
    """Draw the fast time of several accounts side by side."""
    shown = chart.levels[: page.MOST_ROWS]
    more = chart.more + len(chart.levels) - len(shown)
    below = page.MARGIN + page.LINE * (2 if more else 1)
    width = page.WIDTH - page.LABELS - AMOUNT - OUTLOOK - 2 * page.MARGIN
    figure, axes = page.rows([each.label for each in shown], below, width)
    axes.set_xticks([])
    axes.set_xlim(0, max([1.0, *(max(each.left, each.total or 0) for each in shown)]))
    colours = [page.VERMILLION if is_short(each) else page.SKY for each in shown]
    axes.barh(range(len(shown)), [each.total or 0 for each in shown], page.BAR, color=page.TRACK)
    axes.barh(range(len(shown)), [each.left for each in shown], page.BAR, color=colours)
    beside: dict[str, Any] = {"va": "center_baseline", "transform": axes.get_yaxis_transform()}
    for row, level in enumerate(shown):
        axes.text(1 + AMOUNT / width, row, hours_of(level.left), ha="right", **beside)
        axes.text(1 + (AMOUNT + page.MARGIN) / width, row, outlook(level), **beside)
    page.write(figure, page.MARGIN, "Fast hours left, days in UTC", page.DIM)
    page.write_more(figure, page.MARGIN + page.LINE, more)
    return figure


def is_short(level: Level) -> bool:
    """Whether the fast time is used up, or will be before its renewal."""
    soon = level.empties is not None and (level.renews is None or level.empties < level.renews)
    return level.left <= 0 or soon


def outlook(level: Level) -> str:
    """Return when the fast time is used up, or renewed before."""
    if level.left > 0 and level.empties is not None and is_short(level):
        return f"empty {page.day(level.empties)}"
    return f"renews {page.day(level.renews)}" if level.renews else ""


def hours_of(left: float) -> str:
    """Return an amount of hours with two digits that count: "3.2 h", "12 h"."""
    return f"{left:.1f} h" if left < TEN else f"{left:.0f} h"
