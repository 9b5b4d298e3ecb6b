"""Charts as PNG. The same chart makes the same picture."""

# The types of matplotlib have gaps.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from io import BytesIO
from typing import assert_never

import matplotlib as mpl

from bot.domain.charts import Chart, Levels, Timeline, UsageCurve
from bot.pictures.page import STYLE
from bot.pictures.timeline import draw_timeline
from bot.pictures.usage import draw_levels, draw_usage_curve


def draw(chart: Chart) -> bytes:
    """Return the picture of a chart as a PNG."""
    with mpl.rc_context(STYLE):
        match chart:
            case Timeline():
                figure = draw_timeline(chart)
            case UsageCurve():
                figure = draw_usage_curve(chart)
            case Levels():
                figure = draw_levels(chart)
            case _:
                assert_never(chart)
        png = BytesIO()
        figure.savefig(png, format="png", metadata={"Software": None})  # its version
    return png.getvalue()
