"""The language of the sentences that people read, and their translations: one catalogue a language.

A sentence stands in the code in English. `make translations` collects each literal of the type `Sentence`
or `Word` into the catalogues (the standard library's `gettext`). What is said outside of `spoken` is English,
as log lines are.
"""

import logging
import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations
from pathlib import Path
from typing import Final, TypeAlias

log = logging.getLogger(__name__)

Sentence: TypeAlias = str
"""A sentence, or a phrase that stands alone, in English. It names its fields in braces."""
Word: TypeAlias = str
"""Words that stand within sentences. They are translated in the context of the field that holds them."""
Counted: TypeAlias = str
"""A sentence about a number, in both forms of English: "{n} account[|s] need[s|] you"."""

ENGLISH: Final = "en"
FORMS: Final = re.compile(r"\[([^][|]*)\|([^][|]*)\]")
TRADITIONAL: Final = re.compile("zh-(hant|hk|mo|tw)(-|$)")
"""The codes of Traditional Chinese. Who reads one script does not get the other."""
FOLDER: Final = Path(__file__).parents[1] / "render" / "locales"

_language: Final = ContextVar("language", default=ENGLISH)


@cache
def languages() -> tuple[str, ...]:
    """Return the languages that there are, by Discord's codes."""
    return ENGLISH, *sorted(file.stem for file in FOLDER.glob("*.mo"))


def language_for(locale: str) -> str | None:
    """Return the language of a locale ("pt-BR", "es-MX", "zh_TW.UTF-8"); None if there is none."""
    code = locale.partition(".")[0].partition("@")[0].replace("_", "-").lower()
    language = code.partition("-")[0]
    if language == "zh":
        code = language = "zh-tw" if TRADITIONAL.match(code) else "zh-cn"
    same = [each for each in languages() if each.lower() == code]
    related = [each for each in languages() if each.lower().partition("-")[0] == language]
    return next(iter(same + related), None)


def can_write(encoding: str, language: str) -> bool:
    """Return whether an encoding has the letters of a language."""
    catalogue = None if language == ENGLISH else _catalogue(language)
    text = "".join(vars(catalogue)["_catalog"].values() if catalogue else ())
    letters = "".join(filter(str.isalpha, text))
    return letters.encode(encoding, "ignore").decode(encoding) == letters


def current_language() -> str:
    """Return the language in which this task speaks."""
    return _language.get()


def speak(language: str) -> None:
    """Use a language from here to the end of the task."""
    _language.set(language)


@contextmanager
def spoken(language: str) -> Generator[None]:
    """Use a language for a while."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def say(sentence: Sentence, /, **fields: object) -> str:
    """Return a sentence in the language of this task, with its fields filled in."""
    return say_with(sentence, fields)


def say_with(sentence: Sentence, fields: Mapping[str, object]) -> str:
    """Return a sentence, as `say` does, with the fields of a mapping."""
    return _filled(sentence, lambda catalogue: catalogue.gettext(sentence), fields)


def say_number(number: int, sentence: Counted, fields: Mapping[str, object]) -> str:
    """Return the form of a sentence for a number, by the rule of the language, with its fields filled in."""
    one, many = forms(sentence)
    source = one if number == 1 else many
    return _filled(source, lambda catalogue: catalogue.ngettext(one, many, number), fields)


@cache
def forms(sentence: Counted) -> tuple[str, str]:
    """Return the forms of a sentence for one and for many."""
    return FORMS.sub(r"\1", sentence), FORMS.sub(r"\2", sentence)


def say_word(field: str, word: str, fields: Mapping[str, object]) -> str:
    """Return the words that a field of the type `Word` holds, in the language of this task."""
    return _filled(word, lambda catalogue: catalogue.pgettext(field, word), fields)


def _filled(source: str, translate: Callable[[GNUTranslations], str], fields: Mapping[str, object]) -> str:
    """Return a translation with its fields; the English one if the catalogue's cannot be filled in."""
    language = _language.get()
    if source and language != ENGLISH and (catalogue := _catalogue(language)):
        try:
            return _with_fields(translate(catalogue) or source, fields)
        except Exception as error:  # noqa: BLE001 - a damaged sentence fails in many ways, and no alert may fail with it
            _report(language, source, type(error).__name__)
    return _with_fields(source, fields)


def _with_fields(sentence: str, fields: Mapping[str, object]) -> str:
    return sentence.format_map(fields) if "{" in sentence else sentence


@cache
def _report(language: str, sentence: str, error: str) -> None:
    log.error("the catalogue %s fails with %s, so this is English: %s", language, error, sentence)


@cache
def _catalogue(language: str) -> GNUTranslations | None:
    """Return the catalogue of a language, read once; None if it is missing or damaged."""
    try:
        with (FOLDER / f"{language}.mo").open("rb") as file:
            return GNUTranslations(file)
    except Exception as error:  # noqa: BLE001 - a damaged file fails in many ways, and no alert may fail with it
        log.error("the catalogue %s cannot be read, so it is English: %s", language, type(error).__name__)  # noqa: TRY400 - its traceback says no more
        return None


forget_catalogues: Final = _catalogue.cache_clear
"""Forgets the catalogues, each of which takes half a MiB. One that is needed again is read again."""
