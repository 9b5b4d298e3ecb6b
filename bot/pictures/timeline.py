"""The picture of the trouble of accounts: one row an account, time along the bottom."""

# The types of matplotlib have gaps.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Iterator, Mapping
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bot.domain.charts import Shade, Timeline, TimelineRow
from bot.pictures import page

SPAN: Final = page.WIDTH - page.LABELS - 2 * page.MARGIN
"""The width of the time."""
LEAST: Final = 4
"""The width of the shortest stretch of time."""
IN_A_LINE: Final = 3
"""How many entries of the legend stand side by side."""
KINDS: Final[Mapping[Shade, tuple[str, Mapping[str, Any]]]] = {
    Shade.BLOCK: ("blocked", {"facecolor": page.VERMILLION}),
    Shade.MODERATION: ("moderation", {"facecolor": page.YELLOW}),
    Shade.CAPTCHA: ("CAPTCHA", {"facecolor": page.SKY}),
    Shade.ACCESS: ("session or plan", {"facecolor": page.PURPLE}),
    Shade.OTHER: ("other trouble", {"facecolor": page.ORANGE}),
    Shade.OUTAGE: (
        "cannot be read",
        {"facecolor": "none", "edgecolor": page.DIM, "hatch": "//", "zorder": 2},
    ),
    Shade.ABSENCE: (
        "not watched",
        {"facecolor": "none", "edgecolor": page.DIM, "hatch": "xx", "zorder": 2},
    ),
}
"""The words and the look of each kind. The first cover the others; hatching covers all."""
MARK: Final[Mapping[str, Any]] = {"marker": "D", "markersize": 13, "color": page.TEXT, "linestyle": ""}


def draw_timeline(chart: Timeline) -> Figure:
    """Draw the first rows, and count those that have no place."""
    rows = chart.rows[: page.MOST_ROWS]
    more = chart.more + len(chart.rows) - len(rows)
    entries = list(legend(rows))
    lines = -(-len(entries) // IN_A_LINE) * page.LINE
    below = page.MARGIN + lines + (page.LINE if more else 0) + page.LINE + page.PAD
    figure, axes = page.rows([row.label for row in rows], below, SPAN)
    page.show_time(axes, chart.since, chart.until)
    add_spans(axes, chart, rows)
    page.write_more(figure, page.MARGIN + lines, more)
    page.show_legend(figure, entries, columns=IN_A_LINE)
    return figure


def legend(rows: tuple[TimelineRow, ...]) -> Iterator[Patch | Line2D]:
    """Yield an entry for each kind that is seen."""
    seen = {span.shade for row in rows for span in row.spans}
    for shade, (words, look) in KINDS.items():
        if shade in seen:
            yield Patch(label=words, **look)
    if any(row.remedies for row in rows):
        yield Line2D([], [], label="reset", **MARK)


def add_spans(axes: Axes, chart: Timeline, rows: tuple[TimelineRow, ...]) -> None:
    """Draw each row: its stretches of time kind by kind, and its marks."""
    since, until = page.days(chart.since), page.days(chart.until)
    least = (until - since) * LEAST / SPAN
    for number, row in enumerate(rows):
        place = number - page.BAR / 2, page.BAR
        axes.broken_barh([(since, until - since)], place, facecolor=page.TRACK)
        for shade, (_, look) in reversed(KINDS.items()):
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
