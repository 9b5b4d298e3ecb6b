"""Languages of a test's own."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from bot.runtime import language

Source = str | tuple[str, str]
"""A sentence, "[one|many]" forms included; or the field and the words that it holds."""
AddCatalogue = Callable[[str, Mapping[Source, str | tuple[str, ...]]], None]
"""Adds a language: its code, and its translations by their source; of a number one for each form."""


@contextmanager
def read_from(folder: Path) -> Generator[None]:
    """Have the catalogues of a folder in place of those of the bot."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(language, "FOLDER", folder)
        forget()
        yield
    forget()


@contextmanager
def catalogues_in(folder: Path) -> Generator[AddCatalogue]:
    """Have the catalogues of a folder in place of those of the bot, and yield what adds one."""
    folder.mkdir()

    def add(code: str, translations: Mapping[Source, str | tuple[str, ...]]) -> None:
        catalog = Catalog(locale=code.replace("-", "_"))
        for source, translation in translations.items():
            context, sentence = source if isinstance(source, tuple) else (None, source)
            one, many = language.forms(sentence)
            enough = isinstance(translation, tuple) and len(translation) >= catalog.num_plurals
            assert one == many or enough, f"{code} has more forms: {sentence}"
            catalog.add((one, many) if one != many else one, translation, context=context)
        with (folder / f"{code}.mo").open("wb") as file:
            write_mo(file, catalog)
        forget()

    with read_from(folder):
        yield add


def forget() -> None:
    """Have the catalogues read anew."""
    for each in vars(language).values():
        if callable(clear := getattr(each, "cache_clear", None)):
            clear()
