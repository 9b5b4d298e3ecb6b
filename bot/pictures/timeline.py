"""The picture of the trouble of accounts: one row an account, time along the bottom."""

# The types of matplotlib have gaps.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bot.domain.charts import Shade, Timeline, TimelineRow
from bot.pictures.canvas import (
    BACKGROUND,
    DIM,
    FONT,
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
    YELLOW,
    canvas,
    days,
    field,
    rows_height,
    show_legend,
    show_time,
    write_more,
)
from bot.pictures.labels import clipped

SPAN: Final = WIDTH - LABELS - 2 * MARGIN
"""The width of the time."""
LEAST: Final = 4
"""The width of the shortest stretch of time."""
IN_A_LINE: Final = 3
"""How many entries of the legend stand side by side."""
KINDS: Final[Mapping[Shade, tuple[str, Mapping[str, Any]]]] = {
    Shade.BLOCK: ("blocked", {"facecolor": VERMILLION}),
    Shade.MODERATION: ("moderation", {"facecolor": YELLOW}),
    Shade.CAPTCHA: ("CAPTCHA", {"facecolor": SKY}),
    Shade.ACCESS: ("session or plan", {"facecolor": PURPLE}),
    Shade.OTHER: ("other trouble", {"facecolor": ORANGE}),
    Shade.OUTAGE: ("cannot be read", {"facecolor": "none", "edgecolor": DIM, "hatch": "//"}),
    Shade.ABSENCE: ("bot not running", {"facecolor": "none", "edgecolor": DIM, "hatch": "xx"}),
}
"""The words and the look of each kind."""
COVERING: Final = (
    *(Shade.OTHER, Shade.ACCESS, Shade.CAPTCHA, Shade.MODERATION, Shade.BLOCK),
    *(Shade.OUTAGE, Shade.ABSENCE),
)
"""The order of drawing: each covers those before it."""
MARK: Final[Mapping[str, Any]] = {
    "marker": "D",
    "markersize": 13,
    "color": TEXT,
    "markeredgecolor": BACKGROUND,
    "linestyle": "",
}


def draw_timeline(chart: Timeline) -> Figure:
    """Draw the first rows, and count those that have no place."""
    rows = chart.rows[:MOST_ROWS]
    more = chart.more + len(chart.rows) - len(rows)
    entries = list(legend(rows))
    lines = -(-len(entries) // IN_A_LINE) * LINE
    below = MARGIN + lines + (LINE if more else 0) + LINE + PAD
    height = rows_height(len(rows))
    figure = canvas(MARGIN + height + below)
    axes = field(figure, LABELS + MARGIN, below, SPAN, height)
    show_time(axes, chart.since, chart.until)
    axes.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [clipped(row.label, LABELS - MARGIN, FONT) for row in rows])
    add_spans(axes, chart, rows)
    write_more(figure, MARGIN + lines, more)
    show_legend(figure, entries, columns=IN_A_LINE)
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
    """Draw the rows, the stretches of time kind by kind, and the marks."""
    since, until = days(chart.since), days(chart.until)
    least = (until - since) * LEAST / SPAN
    axes.add_collection(PolyCollection([box(row, since, until) for row in range(len(rows))], facecolor=TRACK))
    for shade in COVERING:
        boxes = [
            box(number, start, end)
            for number, row in enumerate(rows)
            for start, end in merged(
                seen(days(span.start), days(span.end), since, until, least)
                for span in row.spans
                if span.shade is shade
            )
        ]
        axes.add_collection(PolyCollection(boxes, **KINDS[shade][1]))
    marks = [(days(at), number) for number, row in enumerate(rows) for at in row.remedies]
    axes.add_line(Line2D([at for at, _ in marks], [number for _, number in marks], **MARK))


def seen(start: float, end: float, since: float, until: float, least: float) -> tuple[float, float]:
    """Return a stretch of time within the picture, at least so wide."""
    start = max(since, min(start, (start + end - least) / 2, until - least))
    return start, min(until, max(end, start + least))


def merged(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return stretches of time without overlaps."""
    found: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def box(row: int, start: float, end: float) -> list[tuple[float, float]]:
    """Return the corners of a stretch of time in its row."""
    top, bottom = row - 0.38, row + 0.38
    return [(start, top), (end, top), (end, bottom), (start, bottom)]
