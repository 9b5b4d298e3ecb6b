"""The picture of the trouble of accounts: one row an account, time along the bottom."""

# The types of matplotlib have gaps.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Mapping
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bot.domain.charts import Shade, Timeline
from bot.pictures import page

SPAN: Final = page.WIDTH - page.LABELS - 2 * page.MARGIN
"""The width of the time."""
LEAST: Final = 4
"""The width of the shortest stretch of time."""
KINDS: Final[Mapping[Shade, Mapping[str, Any]]] = {
    Shade.BLOCK: {"facecolor": page.VERMILLION},
    Shade.MODERATION: {"facecolor": page.YELLOW},
    Shade.CAPTCHA: {"facecolor": page.SKY},
    Shade.ACCESS: {"facecolor": page.PURPLE},
    Shade.OTHER: {"facecolor": page.ORANGE},
    Shade.OUTAGE: {"facecolor": "none", "edgecolor": page.DIM, "hatch": "//", "zorder": 2},
    Shade.ABSENCE: {"facecolor": "none", "edgecolor": page.DIM, "hatch": "xx", "zorder": 2},
}
"""The look of each kind. The first cover the others; hatching covers all."""
MARK: Final[Mapping[str, Any]] = {"marker": "D", "markersize": 13, "color": page.TEXT, "linestyle": ""}


def draw_timeline(chart: Timeline) -> Figure:
    """Draw the rows, and explain what is seen in them."""
    entries = legend(chart)
    columns = page.columns_for([str(each.get_label()) for each in entries])
    lines = -(-len(entries) // columns) * page.LINE
    below = page.MARGIN + lines + (page.LINE if chart.more else 0) + page.LINE + page.PAD
    figure, axes = page.rows([row.label for row in chart.rows], below, SPAN)
    page.show_time(axes, chart.since, chart.until, chart.axis)
    add_spans(axes, chart)
    page.write(figure, page.MARGIN + lines, chart.more_words, page.DIM)
    page.show_legend(figure, entries, columns=columns)
    return figure


def legend(chart: Timeline) -> list[Patch | Line2D]:
    """Return an entry for each kind that is seen."""
    seen = {span.shade for row in chart.rows for span in row.spans}
    entries: list[Patch | Line2D] = [
        Patch(label=page.legend_words(chart.kinds.get(shade, "")), **look)
        for shade, look in KINDS.items()
        if shade in seen
    ]
    if any(row.remedies for row in chart.rows):
        entries.append(Line2D([], [], label=page.legend_words(chart.reset), **MARK))
    return entries


def add_spans(axes: Axes, chart: Timeline) -> None:
    """Draw each row: its stretches of time kind by kind, and its marks."""
    rows = chart.rows
    since, until = page.days(chart.since), page.days(chart.until)
    least = (until - since) * LEAST / SPAN
    for number, row in enumerate(rows):
        place = number - page.BAR / 2, page.BAR
        axes.broken_barh([(since, until - since)], place, facecolor=page.TRACK)
        for shade, look in reversed(KINDS.items()):
            spans = [span for span in row.spans if span.shade is shade]
            stretches = [
                seen(page.days(each.start), page.days(each.end), since, until - least, least)
                for each in spans
            ]
            axes.broken_barh(stretches, place, **look)
    marks = [(page.days(at), number) for number, row in enumerate(rows) for at in row.remedies]
    axes.add_line(Line2D([at for at, _ in marks], [number for _, number in marks], **MARK))


def seen(start: float, end: float, first: float, last: float, least: float) -> tuple[float, float]:
    """Return the start of a stretch of time between two times, and its length, at least so long."""
    start = max(first, min(start, (start + end - least) / 2, last))
    return start, max(end - start, least)
