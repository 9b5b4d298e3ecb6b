"""What all pictures have in common: size, colours, places in dots, and the axis of time.

A picture is 1,000 dots wide, and less than half of that on a phone. It has a dark background of its own. The
colours are those of Okabe and Ito, which colour-blind people can tell apart.
"""

# The types of matplotlib have gaps.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, num2date
from matplotlib.figure import Figure

from bot.domain.charts import Axis
from bot.pictures.labels import FAMILIES, clipped, drawable, width_of

WIDTH: Final = 1000
DPI: Final = 72
"""A point is a dot: sizes of text are in dots, too."""
FONT: Final = 26
LINE: Final = 38
"""The height of a line of text."""
MARGIN: Final = 16
LABELS: Final = 290
"""The width of the names of accounts."""
PAD: Final = 8
"""Between a field and the words on its axes."""
BAR: Final = 0.76
"""The part of a row that a bar takes."""
FEW: Final = 12
"""So few rows are higher."""
MOST_TICKS: Final = 6
APART: Final = 112
"""The least distance of two words on an axis of time: the 1st follows the 31st closely."""
GAP: Final = 12
"""The least gap between them."""
ZONE: Final = 76
"""Where they may begin: on the left stands "UTC"."""
SMALL: Final = FONT - 2
"""The size of text in a legend."""
SIGN: Final = round(2.8 * SMALL)
"""The width of a sign in a legend."""
COLUMNS: Final = 3

BACKGROUND: Final = "#1e1f22"
TRACK: Final = "#383a40"
GRID: Final = "#4e5058"
DIM: Final = "#b5bac1"
AHEAD: Final = "#2b2d31"
TEXT: Final = "#f2f3f5"
ORANGE: Final = "#e69f00"
GREEN: Final = "#009e73"
SKY: Final = "#56b4e9"
YELLOW: Final = "#f0e442"
VERMILLION: Final = "#d55e00"
PURPLE: Final = "#cc79a7"
STYLE: Final[dict[Any, Any]] = {
    "font.family": FAMILIES,
    "font.size": FONT,
    "text.parse_math": False,
    "text.color": TEXT,
    "axes.facecolor": BACKGROUND,
    "axes.labelcolor": DIM,
    "xtick.color": DIM,
    "ytick.color": TEXT,
    "hatch.linewidth": 2.5,
    "timezone": "UTC",
}


def new(height: float) -> Figure:
    """Return an empty picture of this height."""
    figure = Figure((WIDTH / DPI, height / DPI), dpi=DPI, facecolor=BACKGROUND)
    FigureCanvasAgg(figure)
    return figure


def field(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add a field for data to a picture, from its lower left corner on."""
    total = figure.get_figheight() * DPI
    axes = figure.add_axes((left / WIDTH, bottom / total, width / WIDTH, height / total))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, pad=PAD)
    axes.set_axisbelow(True)
    return axes


def rows(labels: Sequence[str], below: float, width: float) -> tuple[Figure, Axes]:
    """Return a picture and its field with a row for each label, above a margin of this height."""
    count = max(len(labels), 1)
    height = count * LINE * (2 if count == 1 else 1.4 if count <= FEW else 1)
    figure = new(below + height + MARGIN)
    axes = field(figure, LABELS + MARGIN, below, width, height)
    axes.set_ylim(count - 0.5, -0.5)
    axes.set_yticks(range(len(labels)), [clipped(each, LABELS - MARGIN, FONT) for each in labels])
    return figure, axes


def write(figure: Figure, bottom: float, text: str, colour: str = TEXT) -> None:
    """Write a line of text into a picture."""
    total, text = figure.get_figheight() * DPI, clipped(text, WIDTH - 2 * MARGIN, FONT)
    figure.text(MARGIN / WIDTH, (bottom + LINE / 2) / total, text, color=colour, va="center_baseline")


def legend_words(words: str) -> str:
    """Return words of a legend as they can be drawn, cut to the width of a picture."""
    return clipped(words, WIDTH - 2 * MARGIN - SIGN, SMALL)


def columns_for(words: Sequence[str]) -> int:
    """Return how many entries of a legend have place side by side."""
    widest = SIGN + 2 * SMALL + max((width_of(each, SMALL) for each in words), default=0)
    return max(1, min(COLUMNS, int(WIDTH // widest)))


def show_legend(figure: Figure, entries: Sequence[Artist], *, columns: int) -> None:
    """Explain colours and lines at the bottom of a picture."""
    look: dict[str, Any] = {"frameon": False, "fontsize": SMALL, "ncols": columns}
    figure.legend(handles=entries, loc="lower left", bbox_to_anchor=(0, 0), **look)


def show_time(axes: Axes, since: datetime, until: datetime, axis: Axis, *, has_words: bool = True) -> None:
    """Show days or hours along the bottom, as many as have place for their words."""
    axes.set_xlim(days(since), days(until))
    dots = axes.bbox.width / (days(until) - days(since))
    places, words, free = list[float](), list[str](), float(WIDTH + APART)
    locator: Any = AutoDateLocator(minticks=3, maxticks=MOST_TICKS)
    for place in reversed(locator.tick_values(since, until)):
        word = moment(num2date(place), axis)
        width, middle = width_of(word, FONT), axes.bbox.x0 + (place - days(since)) * dots
        taken = max(width + GAP, APART) / 2
        is_within = days(since) <= place <= days(until) and middle - width / 2 >= ZONE
        if is_within and middle + width / 2 <= WIDTH and middle + taken <= free:
            places.append(place)
            words.append(word)
            free = middle - taken
    axes.set_xticks(places, words)
    axes.tick_params(axis="x", labelbottom=has_words)
    axes.grid(visible=True, axis="x", color=GRID)
    if has_words:
        left = (MARGIN - axes.bbox.x0, -PAD)
        axes.annotate("UTC", (0, 0), left, "axes fraction", "offset points", color=DIM, va="top")


def days(at: datetime) -> float:
    """Return a time as matplotlib counts it: in days since 1970."""
    return at.timestamp() / 86_400


def moment(at: datetime, axis: Axis) -> str:
    """Return the words for a time: "27 Nov", within a day "06:00", at the start of a year "Jan 2027"."""
    if at.hour or at.minute:
        return f"{at:%H:%M}"
    if at.day == at.month == 1:
        return drawable(axis.year.replace("{year}", str(at.year)))
    return drawable(axis.days[at.month - 1].replace("{day}", str(at.day)))
