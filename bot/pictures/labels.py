"""Texts of people in the fonts that this machine has."""

# The types of matplotlib have gaps.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import re
from collections.abc import Sequence
from typing import Final
from unicodedata import category, normalize

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
HIDDEN: Final = ("Cc", "Cf", "Cs", "M")
"""Control characters, such as those which turn the direction of writing, halves of characters, and marks."""
UNKNOWN: Final = "\N{BULLET}"
LONGEST: Final = 80


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
    """Return a label without hidden characters, with a bullet in place of those that no font has.

    Accents that are no part of a letter are left out: many of them would reach into other rows.
    """
    seen = "".join(" " if each.isspace() else each for each in normalize("NFC", label) if is_seen(each))
    shown = (each if is_known(each) else UNKNOWN for each in " ".join(seen.split()))
    return re.sub(f"{UNKNOWN}+", UNKNOWN, "".join(shown))


def is_seen(character: str) -> bool:
    """Whether a character is more than an instruction how to write others, or a mark upon them."""
    return character.isspace() or not category(character).startswith(HIDDEN)


def open_fonts(families: Sequence[str]) -> list[FT2Font]:
    """Open the fonts of these families."""
    return [get_font(findfont(FontProperties(family=name))) for name in families]


FONTS: Final = open_fonts(FAMILIES)


def is_known(character: str) -> bool:
    """Whether a font has a character."""
    return any(font.get_char_index(ord(character)) for font in FONTS)


def width_of(text: str, size: float) -> float:
    """Return the width of a text in dots."""
    font = FontProperties(family=FAMILIES, size=size)
    return RendererAgg(1, 1, 72).get_text_width_height_descent(text, font, ismath=False)[0]
