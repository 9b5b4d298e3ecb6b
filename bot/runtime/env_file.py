"""The file of settings. It is read once: it may be a pipe."""

import re
from collections.abc import Collection
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Final

from dotenv import dotenv_values
from dotenv.parser import parse_stream

ASSIGNMENT: Final = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Za-z0-9_.-]+)[ \t]*=", re.MULTILINE)
RESEMBLING: Final = 0.8
"""How alike two names are, of 1, if one is a misspelling of the other."""


class ConfigurationError(Exception):
    """The settings cannot be used. Each problem names a variable and what to write, but never its value."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def text_of(env_file: Path | None) -> str:
    """Return the text of a file; nothing if there is no file.

    Raises:
        ConfigurationError: it cannot be read as text.
    """
    try:
        return env_file.read_text("utf-8-sig") if env_file else ""  # some editors write a byte order mark
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ""  # a virtual environment may be called .env, too
    except OSError as error:
        fault = f"{env_file} cannot be read ({error.strerror}): let this user read it, or move it away."
    except UnicodeDecodeError:
        fault = f"{env_file} is not UTF-8 text: save it again with that encoding."
    raise ConfigurationError((fault,))  # not in the handlers: a decoding error contains the input


def folder_in_its_place(env_file: Path | None) -> tuple[str, ...]:
    """Return a sentence if a folder is in the place of the file."""
    if env_file is None or not env_file.is_dir():
        return ()
    sentence = (
        f"{env_file} is a folder, not a file: move it away and write the settings into a file of that name. "
        "Docker makes such a folder where a file that is to be mounted is missing."
    )
    return (sentence,)


def values_in(text: str) -> dict[str, str]:
    """Return the variables that are not empty, by lower-case name."""
    return {name.lower(): value for name, value in dotenv_values(stream=StringIO(text)).items() if value}


def unreadable(text: str, env_file: Path | None) -> tuple[str, ...]:
    """Return a sentence for each line that cannot be read, without its content."""
    wrong = (binding.original for binding in parse_stream(StringIO(text)) if binding.error)
    # The parser counts blank lines before a statement as part of it.
    lines = (each.line + each.string[: -len(each.string.lstrip())].count("\n") for each in wrong)
    rest = f"of {env_file} cannot be read: write NAME=value, and close each quotation mark."
    return tuple(f"Line {line} {rest}" for line in lines)


def misspelled(text: str, env_file: Path | None, ours: Collection[str]) -> tuple[str, ...]:
    """Return a sentence for each variable that looks like a misspelled one."""
    names: list[str] = ASSIGNMENT.findall(text)
    strange = dict.fromkeys(name for name in names if name.upper() not in ours)
    return tuple(
        f"Unknown setting {name} in {env_file}. Did you mean {meant}?"
        for name in strange
        for meant in get_close_matches(name.upper(), ours, n=1, cutoff=RESEMBLING)
    )
