"""Each catalogue has every sentence of the code, with its fields and its markup, and is compiled."""

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Final
from unicodedata import category, east_asian_width

import pytest
from babel.messages.catalog import Catalog, Message

from bot.runtime.language import FOLDER
from tests.translations.__main__ import compiled, is_translated, merged, read, template, text_of
from tests.translations.extraction import FIELDS, sentences
from tests.translations.fields import MEANINGS

CATALOGUES: Final = sorted(FOLDER.glob("*.po"))
MARKUP: Final = re.compile(
    r"\*\*|`|\n|^-# |https?://[^\s)]+|(?<![\w/])/[a-z]+|\b[A-Z]+_[A-Z_]+\b|\.env\b",
    re.MULTILINE | re.ASCII,
)
"""What must stand in a translation as often as in the source."""
TERMINAL_WIDTH: Final = 79

each_catalogue = pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: file.stem)


@cache
def current() -> Catalog:
    """Return the catalogue of the sentences that the code has."""
    return template(sentences())


@cache
def catalogue(file: Path) -> Catalog:
    return read(file)


def pairs(message: Message) -> list[tuple[str, str]]:
    """Return each form of a sentence in a catalogue with the source that it stands for."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    one, *_, many = message.id
    forms = [str(each) for each in message.string or ()]
    # A language without plural has one form; where there are more, only the last ones must have the number.
    return [(one if number == 0 and len(forms) > 1 else many, form) for number, form in enumerate(forms)]


def every_pair(file: Path) -> list[tuple[str, str]]:
    return [pair for message in catalogue(file) if message.id for pair in pairs(message)]


def fields_of(text: str) -> set[str]:
    return set(FIELDS.findall(text))


def test_every_sentence_of_the_code_can_be_found() -> None:
    assert len(sentences()) > 1_000


@each_catalogue
def test_a_catalogue_has_every_sentence_of_the_code_and_no_other(file: Path) -> None:
    catalog = catalogue(file)
    missing = [message.id for message in current() if message.id and not is_known(catalog.get(*key(message)))]
    assert missing == []
    assert [message.id for message in catalog if message.id and current().get(*key(message)) is None] == []


def key(message: Message) -> tuple[str, str | None]:
    return message.id if isinstance(message.id, str) else message.id[0], message.context


def is_known(message: Message | None) -> bool:
    return message is not None and not message.fuzzy and is_translated(message)


@each_catalogue
def test_a_catalogue_is_as_make_translations_writes_it(file: Path) -> None:
    catalog = merged(read(file), current())
    assert text_of(catalog) == file.read_bytes()
    assert compiled(catalog) == file.with_suffix(".mo").read_bytes()


@each_catalogue
def test_no_field_is_lost_or_invented(file: Path) -> None:
    wrong = {
        form: message.id
        for message in catalogue(file)
        for form, needed in zip((form for _, form in pairs(message)), needs(message), strict=True)
        if message.id and not needed <= fields_of(form) <= fields_of(" ".join(sources(message)))
    }
    assert wrong == {}


def sources(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def needs(message: Message) -> list[set[str]]:
    """Return the fields that each form must have. Only the first of several may lack the number."""
    shared = set[str].intersection(*map(fields_of, sources(message)))
    number = {"n"} & fields_of(sources(message)[-1])
    forms = len(pairs(message))
    return [shared - number if place == 0 and forms > 1 else shared | number for place in range(forms)]


@each_catalogue
def test_markup_commands_links_and_settings_stay(file: Path) -> None:
    wrong = {
        form: (Counter(MARKUP.findall(source)), Counter(MARKUP.findall(form)))
        for source, form in every_pair(file)
        if Counter(MARKUP.findall(source)) != Counter(MARKUP.findall(form))
    }
    assert wrong == {}


@each_catalogue
def test_texts_that_are_broken_into_lines_fit_a_terminal(file: Path) -> None:
    texts = [
        form
        for message in catalogue(file)
        if message.locations and message.locations[0][0].startswith("bot/cli/")
        for source, form in pairs(message)
        if source.count("\n") > 1
    ]
    assert len(texts) > 10
    assert [line for form in texts for line in form.split("\n") if columns(line) > TERMINAL_WIDTH] == []


def columns(line: str) -> int:
    """Return how wide a line is in a terminal, where a Chinese letter takes two columns."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in line)


@each_catalogue
def test_the_symbol_at_the_beginning_stays(file: Path) -> None:
    wrong = {form: source for source, form in every_pair(file) if symbol(source) != symbol(form)}
    assert wrong == {}


def symbol(text: str) -> str:
    """Return the emoji with which a text begins; empty if there is none."""
    first = text.partition(" ")[0]
    return first if first and category(first[0]) == "So" else ""


def test_every_field_has_a_meaning_for_translators() -> None:
    assert sorted({name for found in sentences() for name in found.fields} - MEANINGS.keys()) == []
