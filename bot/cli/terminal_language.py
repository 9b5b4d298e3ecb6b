"""Which language the command line speaks."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO, cast

from bot.runtime.env_file import ConfigurationError, text_of, values_in
from bot.runtime.language import ENGLISH, can_write, language_for


def language_here(env_file: Path | None) -> str:
    """Return the language of LANGUAGE, else that of the terminal's locale, if the terminal can write it."""
    text = ""
    with suppress(ConfigurationError):
        text = text_of(env_file) if env_file and env_file.is_file() else ""  # a pipe can be read only once
    locale = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    named = (values_in(text).get("language", ""), os.environ.get("LANGUAGE", ""), locale)
    language = next(filter(None, map(language_for, ":".join(named).split(":"))), ENGLISH)
    streams = cast(tuple[TextIO | None, ...], (sys.stdout, sys.stderr))  # None: closed before the start
    can = all(can_write(each.encoding or "utf-8", language) for each in streams if each is not None)
    return language if can else ENGLISH
