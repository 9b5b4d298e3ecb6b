"""The file of settings. It is read once: it may be a pipe, which gives its content no second time."""

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
"""How alike two names are, of 1, for one to be taken for a misspelling of the other."""


class EnvFileError(Exception):
    """The file cannot be read; `str(error)` says why and what to do, and nothing of its content."""


def text_of(env_file: Path | None) -> str:
    """Return what a file holds, nothing where there is no file.

    Raises:
        EnvFileError: it is there, and cannot be read as text.
    """
    try:
        return env_file.read_text("utf-8-sig") if env_file else ""  # some editors put a mark before the text
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ""  # an environment of Python is called .env, too, and the settings may stand elsewhere
    except OSError as error:
        fault = f"{env_file} cannot be read ({error.strerror}): let this user read it, or move it away."
    except UnicodeDecodeError:
        fault = f"{env_file} is not UTF-8 text: save it again with that encoding."
    raise EnvFileError(fault)  # out here, as the error of decoding carries what was read


def folder_in_its_place(env_file: Path | None) -> tuple[str, ...]:
    """Return a sentence if a folder stands where the file is expected."""
    if env_file is None or not env_file.is_dir():
        return ()
    sentence = (
        f"{env_file} is a folder, not a file: move it away and write the settings into a file of that name. "
        "Docker makes such a folder where a file that is to be mounted is missing."
    )
    return (sentence,)


def values_in(text: str) -> dict[str, str]:
    """Return the variables that are not empty, by their names in small letters."""
    return {name.lower(): value for name, value in dotenv_values(stream=StringIO(text)).items() if value}


def unreadable(text: str, env_file: Path | None) -> tuple[str, ...]:
    """Return a sentence for each line that cannot be read; what it holds is not named."""
    wrong = (binding.original for binding in parse_stream(StringIO(text)) if binding.error)
    return tuple(
        f"Line {each.line + blank_lines(each.string)} of {env_file} cannot be read: write NAME=value, "
        "and close each quotation mark."
        for each in wrong
    )


def blank_lines(statement: str) -> int:
    """Return how many lines come before a statement that count as its own."""
    return statement[: len(statement) - len(statement.lstrip())].count("\n")


def misspelled(text: str, env_file: Path | None, ours: Collection[str]) -> tuple[str, ...]:
    """Name the variables that are none of ours but look like one, and the one they look like."""
    names: list[str] = ASSIGNMENT.findall(text)
    strange = dict.fromkeys(name for name in names if name.upper() not in ours)
    return tuple(
        f"Unknown setting {name} in {env_file}. Did you mean {meant}?"
        for name in strange
        for meant in get_close_matches(name.upper(), ours, n=1, cutoff=RESEMBLING)
    )
