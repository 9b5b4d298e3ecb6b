"""Texts of people in the fonts that this machine has."""

# The types of matplotlib have gaps.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.ft2font import FT2Font

WISHES: Final = (
    "DejaVu Sans",  # comes with matplotlib
    *(
        "Noto Sans CJK SC",
        "Noto Sans CJK JP",
        "Noto Sans SC",
        "Noto Sans JP",
        "Noto Sans KR",
        "Noto Serif CJK SC",
    ),
    *("Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback", "NanumGothic"),
    *("PingFang SC", "Hiragino Sans GB", "Hiragino Sans", "Apple SD Gothic Neo", "Arial Unicode MS"),
    *("Microsoft YaHei", "Yu Gothic", "Malgun Gothic"),
)
"""The usual fonts of Linux, macOS and Windows for Chinese, Japanese and Korean."""
FAMILIES: Final = [name for name in WISHES if name in {font.name for font in fontManager.ttflist}]
HIDDEN: Final = frozenset({"Cc", "Cf", "Cs"})
"""Control characters, such as those which turn the direction of writing, and halves of characters."""
SELECTORS: Final = range(0xFE00, 0xFE10)
"""Choose between a character and its emoji."""
UNKNOWN: Final = "\N{BULLET}"
LONGEST: Final = 80
CLUSTER: Final = 4
"""The most signs that stand upon each other: more would reach into other rows."""


def clipped(label: str, width: float, size: float) -> str:
    """Return a label as it can be drawn, cut to a width in dots."""
    text = drawable(label)[:LONGEST]
    wide = width_of(text, size)
    if wide <= width:
        return text
    text = text[: round(len(text) * width / wide)]
    while text and width_of(f"{text}…", size) > width:
        text = text[:-1].rstrip()
    return f"{text}…"


def drawable(label: str) -> str:
    """Return a label without hidden characters, with a bullet in place of those that no font has."""
    text = "".join(" " if each.isspace() else each for each in label if each.isspace() or not is_hidden(each))
    shown, cluster = "", ""
    for each in " ".join(text.split()):
        if not unicodedata.category(each).startswith("M"):
            cluster = each if are_known(each) else UNKNOWN
            shown += cluster
        elif 0 < len(cluster) < CLUSTER and are_known(
            cluster + each
        ):  # a mark, drawn with the font of what it stands on
            cluster += each
            shown += each
    return re.sub(f"{UNKNOWN}+", UNKNOWN, shown)


def is_hidden(character: str) -> bool:
    """Whether a character is only an instruction how to write others."""
    return unicodedata.category(character) in HIDDEN or ord(character) in SELECTORS


def open_fonts(families: Sequence[str]) -> list[FT2Font]:
    """Open the fonts of these families."""
    return [get_font(findfont(FontProperties(family=name))) for name in families]


FONTS: Final = open_fonts(FAMILIES)


def are_known(characters: str) -> bool:
    """Whether one font has all of these characters."""
    return any(all(font.get_char_index(ord(each)) for each in characters) for font in FONTS)


def width_of(text: str, size: float) -> float:
    """Return the width of a text in dots."""
    font = FontProperties(family=FAMILIES, size=size)
    return RendererAgg(1, 1, 72).get_text_width_height_descent(text, font, ismath=False)[0]
