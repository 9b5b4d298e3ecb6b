"""The pictures of fast time: of one account over time, and of several side by side."""

# The types of matplotlib have gaps.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Final, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from bot.domain.charts import Level, Levels, Pace, UsageCurve
from bot.pictures.canvas import (
    AHEAD,
    DIM,
    FONT,
    GREEN,
    GRID,
    LABELS,
    LINE,
    MARGIN,
    MOST_ROWS,
    ORANGE,
    PAD,
    PURPLE,
    SKY,
    TEXT,
    TRACK,
    VERMILLION,
    WIDTH,
    canvas,
    day,
    days,
    field,
    rows_height,
    show_legend,
    show_time,
    write,
    write_more,
)
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
    entries = list(legend(chart))
    bottom = MARGIN + LINE * len(entries) + LINE + PAD
    below = bottom + (BARS + LINE + 2 * MARGIN if chart.images else 0)
    figure = canvas(below + CURVE + LINE + MARGIN)
    show_legend(figure, entries, columns=1)
    title = clipped(f"Fast hours left: {chart.label}", WIDTH - 2 * MARGIN, FONT)
    write(figure, MARGIN, below + CURVE + PAD, title)
    hours = curve_field(figure, chart, below, CURVE, has_words=not chart.images)
    add_hours(hours, chart)
    if chart.images:
        write(figure, MARGIN, bottom + BARS + PAD, "Images a day")
        add_images(curve_field(figure, chart, bottom, BARS), chart)
    return figure


def curve_field(
    figure: Figure, chart: UsageCurve, bottom: float, height: float, *, has_words: bool = True
) -> Axes:
    """Add a field over the time of a chart. What lies ahead takes no more than half of it."""
    axes = field(figure, NUMBERS, bottom, WIDTH - NUMBERS - 2 * MARGIN, height)
    span = chart.until - chart.since
    ahead = filter(None, (chart.renews, chart.pace and chart.pace.end))
    until = max([chart.until, *(min(at + span / 50, chart.until + span) for at in ahead)])
    show_time(axes, chart.since, until, has_words=has_words)
    axes.axvspan(days(chart.until), days(until), facecolor=AHEAD)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.grid(visible=True, axis="y", color=GRID)
    return axes


def legend(chart: UsageCurve) -> Iterator[Line2D]:
    """Yield the lines about what lies ahead."""
    if (pace := chart.pace) is not None:
        yield pace_line(pace)
    if chart.renews is not None:
        words = f"renews on {day(chart.renews)}"
        yield Line2D([days(chart.renews)] * 2, [0, 1e9], color=GREEN, linewidth=5, linestyle=":", label=words)


def pace_line(pace: Pace) -> Line2D:
    """Return the line of how the fast time goes on."""
    left = f"{hours_of(pace.left_at_end)} left" if pace.left_at_end > 0 else "empty"
    words = f"at this pace {left} on {day(pace.end)}"
    places, hours = [days(pace.start), days(pace.end)], [pace.left, pace.left_at_end]
    return Line2D(places, hours, color=ORANGE, linewidth=5, linestyle="--", label=words)


def add_hours(axes: Axes, chart: UsageCurve) -> None:
    """Draw what was left, and what lies ahead."""
    places, hours = [days(at) for at, _ in chart.fast_left], [left for _, left in chart.fast_left]
    dot = "o" if len(places) <= MARKED else ""
    axes.add_line(
        Line2D(places, hours, color=SKY, linewidth=5, drawstyle="steps-post", marker=dot, markersize=12)
    )
    for line in legend(chart):
        axes.add_line(line)
    axes.set_ylim(0, 1.1 * max(1.0, chart.pace.left if chart.pace else 0.0, *hours))


def add_images(axes: Axes, chart: UsageCurve) -> None:
    """Draw a bar for each day that is known."""
    highest = max(1, *(count for _, count in chart.images))
    noons = [days(datetime.combine(date, time(12), UTC)) for date, _ in chart.images]
    width = 0.8 if len(noons) <= MARKED else 1.0
    axes.bar(noons, [max(count, highest * LOWEST) for _, count in chart.images], width, color=PURPLE)
    axes.set_ylim(0, 1.1 * highest)
    axes.yaxis.set_major_formatter("{x:,.0f}")


def draw_levels(chart: Levels) -> Figure:
    """Draw the fast time of several accounts side by side."""
    shown = chart.levels[:MOST_ROWS]
    more = chart.more + len(chart.levels) - len(shown)
    below = MARGIN + LINE + (LINE if more else 0)
    height = rows_height(len(shown))
    figure = canvas(below + height + MARGIN)
    width = WIDTH - LABELS - AMOUNT - OUTLOOK - 2 * MARGIN
    axes = field(figure, LABELS + MARGIN, below, width, height)
    axes.set_ylim(max(len(shown), 1) - 0.5, -0.5)
    axes.set_yticks(range(len(shown)), [clipped(each.label, LABELS - MARGIN, FONT) for each in shown])
    axes.set_xticks([])
    axes.set_xlim(0, max([1.0, *(max(each.left, each.total or 0) for each in shown)]))
    colours = [VERMILLION if is_short(each) else SKY for each in shown]
    axes.barh(range(len(shown)), [each.total or 0 for each in shown], 0.76, color=TRACK)
    axes.barh(range(len(shown)), [each.left for each in shown], 0.76, color=colours)
    for row, level in enumerate(shown):
        beside(axes, row, AMOUNT, hours_of(level.left), TEXT, "right")
        beside(axes, row, AMOUNT + MARGIN, outlook(level), TEXT if is_short(level) else DIM, "left")
    write(figure, MARGIN, MARGIN, "Fast hours left, days in UTC", DIM)
    write_more(figure, MARGIN + LINE, more)
    return figure


def beside(
    axes: Axes, row: int, dots: float, words: str, colour: str, side: Literal["left", "right"]
) -> None:
    """Write beside a bar, so many dots from the end of the field."""
    axes.annotate(
        words,
        (1, row),
        (dots, 0),
        ("axes fraction", "data"),
        "offset points",
        color=colour,
        ha=side,
        va="center_baseline",
    )


def is_short(level: Level) -> bool:
    """Whether the fast time is used up, or will be before its renewal."""
    soon = level.empties is not None and (level.renews is None or level.empties < level.renews)
    return level.left <= 0 or soon


def outlook(level: Level) -> str:
    """Return when the fast time is used up, or renewed before."""
    if level.left > 0 and level.empties is not None and is_short(level):
        return f"empty {day(level.empties)}"
    return f"renews {day(level.renews)}" if level.renews else ""


def hours_of(left: float) -> str:
    """Return an amount of hours with two digits that count: "3.2 h", "12 h"."""
    return f"{left:.1f} h" if left < TEN else f"{left:.0f} h"
