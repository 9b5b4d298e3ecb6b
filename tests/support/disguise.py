"""A language that is made up: full-width English, which a simulated Discord reads as English again.

What stands in other letters is in no catalogue, so a test sees each word that a person would read in English
whatever their language is; and all tests of what people read go on with the English words.
"""

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from string import ascii_letters
from typing import Any, Final, cast

from babel.messages.mofile import write_mo

from tests.translations.__main__ import template
from tests.translations.extraction import FIELDS, sentences

LANGUAGE: Final = "nl"
"""A code that Discord has, and Midwatch has no catalogue for."""
TEXTS: Final = frozenset(
    {"content", "title", "description", "label", "placeholder", "text", "value", "name", "state"}
)
"""The fields of what is sent to Discord that people read."""
UNTOLD: Final = re.compile(r"[A-Za-z][a-z']{2,}")
FOREIGN: Final = re.compile(
    r"```.*?```|`[^`]*`|<[^>]*>|https?://\S+|/[a-z]\S*|\b[A-Z]+_[A-Z_]+\b|(?<=\])\([^)]*\)"
    r"|python -m bot|useapi\.net|midjourney-proxy|\bMidjourney\b|^(?:-# )?Midwatch · \w+$|^## Midwatch$"
    r"|{\w+}|\(no such table: \w+\)|\w+\.(?:png|csv)|^Custom Status$|\b[0-9a-f]{12,}\b|(?<=: )[0-9a-f]{6}$",
    re.DOTALL | re.MULTILINE,
)
"""Quotations, names and links, which no catalogue has."""
KEPT: Final = re.compile(rf"{FIELDS.pattern}|https?://\S+")
DISGUISED: Final = str.maketrans({letter: chr(ord(letter) + 0xFEE0) for letter in ascii_letters})
READ: Final = str.maketrans({chr(ord(letter) + 0xFEE0): letter for letter in ascii_letters})


def disguised(sentence: str) -> str:
    """Return a sentence in full-width letters, its fields and links left out."""
    ends = [0, *(end for found in KEPT.finditer(sentence) for end in found.span()), len(sentence)]
    parts = [sentence[start:end] for start, end in pairwise(ends)]
    return "".join(part if number % 2 else part.translate(DISGUISED) for number, part in enumerate(parts))


def write_catalogue(folder: Path) -> None:
    """Write the catalogue of the language."""
    catalog = template(sentences())
    for message in catalog:
        if isinstance(message.id, str) and message.id:
            message.string = disguised(message.id)
        elif message.id:
            message.string = tuple(map(disguised, message.id))
    with (folder / f"{LANGUAGE}.mo").open("wb") as file:
        write_mo(file, catalog)


def read(value: Any, seen: Callable[[str], object]) -> Any:
    """Return what was sent to Discord in plain letters. `seen` is called with each text that people read."""
    if isinstance(value, str):
        return value.translate(READ)
    if isinstance(value, list):
        return [read(each, seen) for each in cast(list[Any], value)]
    if not isinstance(value, dict):
        return value
    fields = cast(dict[str, Any], value)
    if "description_localizations" in fields:  # a command or an option, whose name stays
        told = cast(dict[str, str], fields["description_localizations"] or {})
        seen(told.get(LANGUAGE) or fields["description"])
        return {
            name: read(each, seen if name in ("options", "choices") else ignored)
            for name, each in fields.items()
        }
    for name in TEXTS & fields.keys():
        is_choice = name == "value" and "inline" not in fields  # no field of an embed
        if isinstance(text := fields[name], str) and not is_choice:
            seen(text)
    return {name: read(each, seen) for name, each in fields.items()}


def untold(text: str) -> list[str]:
    """Return the English words of a text that are in no catalogue."""
    return UNTOLD.findall(FOREIGN.sub(" ", text))


def ignored(_: str) -> None:
    """Ignore a text."""
