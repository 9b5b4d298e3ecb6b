"""Charts as PNG. The same chart makes the same picture."""

# The types of matplotlib have gaps.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from dataclasses import replace
from io import BytesIO
from typing import assert_never

import matplotlib as mpl

from bot.domain.charts import Chart, Levels, Timeline, UsageCurve
from bot.pictures.labels import UNKNOWN, drawable
from bot.pictures.page import STYLE
from bot.pictures.timeline import draw_timeline
from bot.pictures.usage import draw_levels, draw_usage_curve


def draw(chart: Chart) -> bytes:
    """Return the picture of a chart as a PNG: in English if no font has a character of its words."""
    own = replace(chart, english=None)
    if chart.english is not None and unknown(own) - unknown(chart.english):
        own = chart.english
    with mpl.rc_context(STYLE):
        match own:
            case Timeline():
                figure = draw_timeline(own)
            case UsageCurve():
                figure = draw_usage_curve(own)
            case Levels():
                figure = draw_levels(own)
            case _:
                assert_never(own)
        png = BytesIO()
        figure.savefig(png, format="png", metadata={"Software": None})  # its version
    return png.getvalue()


def unknown(chart: Chart) -> set[str]:
    """Return the characters in a chart that no font has."""
    return {each for each in set(repr(chart)) if drawable(each) == UNKNOWN}
