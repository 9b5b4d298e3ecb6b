"""The pictures of fast time: of one account over time, and of several side by side."""

# The types of matplotlib have gaps.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from datetime import UTC, datetime, time
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bot.domain.charts import Levels, UsageCurve
from bot.pictures import page
from bot.pictures.labels import clipped, drawable, width_of

NUMBERS: Final = 110
"""The width of the numbers beside a curve."""
CURVE: Final = 380
BARS: Final = 180
"""The heights of the fields."""
MARKED: Final = 60
"""So few points are marked."""
LOWEST: Final = 0.02
"""The least height of a bar: a day without images does not look like one without data."""
AMOUNT: Final = 100
OUTLOOK: Final = 210
"""The usual widths of what stands beside a bar."""
WIDEST: Final = 320
"""The most width of an outlook: it leaves bars of 100 dots and more."""


def draw_usage_curve(chart: UsageCurve) -> Figure:
    """Draw the fast time, how it goes on, and the images of each day."""
    lines = 3 - [chart.pace, chart.renews].count(None)
    bottom = page.MARGIN + page.LINE * lines + page.PAD
    below = bottom + (BARS + page.LINE + 2 * page.MARGIN if chart.images else 0)
    figure = page.new(below + CURVE + page.LINE + page.MARGIN)
    page.write(figure, below + CURVE + page.PAD, chart.title)
    hours = curve_field(figure, chart, below, CURVE, has_words=not chart.images)
    add_hours(hours, chart)
    page.show_legend(figure, hours.get_legend_handles_labels()[0], columns=1)
    if chart.images:
        page.write(figure, bottom + BARS + page.PAD, chart.images_title)
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
    page.show_time(axes, chart.since, until, chart.axis, has_words=has_words)
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
        look["label"] = page.legend_words(pace.words)
        ends = [page.days(pace.start), page.days(pace.end)]
        axes.plot(ends, [pace.left, pace.left_at_end], page.ORANGE, linestyle="--", **look)
    if chart.renews is not None:
        look["label"] = page.legend_words(chart.renewal)
        axes.axvline(page.days(chart.renews), color=page.GREEN, linestyle=":", **look)
    axes.set_ylim(0, 1.1 * max(1.0, pace.left if pace else 0.0, *known))


def add_images(axes: Axes, chart: UsageCurve) -> None:
    """Draw a bar for each day that is known."""
    highest = max(1, *(count for _, count in chart.images))
    noons = [page.days(datetime.combine(date, time(12), UTC)) for date, _ in chart.images]
    width = 0.8 if len(noons) <= MARKED else 1.0
    axes.bar(noons, [max(count, highest * LOWEST) for _, count in chart.images], width, color=page.PURPLE)
    axes.set_ylim(0, 1.1 * highest)
    axes.yaxis.set_major_formatter(lambda number, _: f"{number:,.0f}".replace(",", chart.axis.mark))


def draw_levels(chart: Levels) -> Figure:
    """Draw the fast time of several accounts side by side."""
    shown = chart.levels
    below = page.MARGIN + page.LINE * (2 if chart.more else 1)
    amount = max([AMOUNT, *(width_of(each.amount, page.FONT) + page.PAD for each in shown)])
    outlook = max([OUTLOOK, *(width_of(each.outlook, page.FONT) + page.MARGIN for each in shown)])
    outlook = min(outlook, WIDEST)
    width = page.WIDTH - page.LABELS - amount - outlook - 2 * page.MARGIN
    figure, axes = page.rows([each.label for each in shown], below, width)
    axes.set_xticks([])
    axes.set_xlim(0, max([1.0, *(max(each.left, each.total or 0) for each in shown)]))
    colours = [page.VERMILLION if each.is_short else page.SKY for each in shown]
    axes.barh(range(len(shown)), [each.total or 0 for each in shown], page.BAR, color=page.TRACK)
    axes.barh(range(len(shown)), [each.left for each in shown], page.BAR, color=colours)
    beside: dict[str, Any] = {"va": "center_baseline", "transform": axes.get_yaxis_transform()}
    for row, level in enumerate(shown):
        axes.text(1 + amount / width, row, drawable(level.amount), ha="right", **beside)
        words = clipped(level.outlook, outlook - page.MARGIN, page.FONT)
        axes.text(1 + (amount + page.MARGIN) / width, row, words, **beside)
    page.write(figure, page.MARGIN, chart.title, page.DIM)
    page.write(figure, page.MARGIN + page.LINE, chart.more_words, page.DIM)
    return figure
