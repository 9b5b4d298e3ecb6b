"""The file of settings. It is read once: it may be a pipe. `setup` writes it."""

import os
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from bot.runtime.language import Sentence, say

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
        sentence: Sentence = "{file} cannot be read ({reason}): let this user read it, or move it away."
        fault = say(sentence, file=env_file, reason=error.strerror)
    except UnicodeDecodeError:
        fault = say("{file} is not UTF-8 text: save it again with that encoding.", file=env_file)
    raise ConfigurationError((fault,))  # not in the handlers: a decoding error contains the input


def folder_in_its_place(env_file: Path | None) -> tuple[str, ...]:
    """Return a sentence if a folder is in the place of the file."""
    if env_file is None or not env_file.is_dir():
        return ()
    sentence: Sentence = (
        "{file} is a folder, not a file: move it away and write the settings into a file of that name. "
        "Docker makes such a folder where a file that is to be mounted is missing."
    )
    return (say(sentence, file=env_file),)


def values_in(text: str) -> dict[str, str]:
    """Return the variables that are not empty, by lower-case name."""
    return {name.lower(): value for name, value in dotenv_values(stream=StringIO(text)).items() if value}


def unreadable(text: str, env_file: Path | None) -> tuple[str, ...]:
    """Return a sentence for each line that cannot be read, without its content."""
    wrong = (binding.original for binding in parse_stream(StringIO(text)) if binding.error)
    # The parser counts blank lines before a statement as part of it.
    lines = (each.line + each.string[: -len(each.string.lstrip())].count("\n") for each in wrong)
    sentence: Sentence = (
        "Line {number} of {file} cannot be read: write NAME=value, and close each quotation mark."
    )
    return tuple(say(sentence, number=line, file=env_file) for line in lines)


def misspelled(text: str, env_file: Path | None, ours: Collection[str]) -> tuple[str, ...]:
    """Return a sentence for each variable that looks like a misspelled one."""
    names: list[str] = ASSIGNMENT.findall(text)
    strange = dict.fromkeys(name for name in names if name.upper() not in ours)
    sentence: Sentence = "Unknown setting {setting} in {file}. Did you mean {meant}?"
    return tuple(
        say(sentence, setting=name, file=env_file, meant=meant)
        for name in strange
        for meant in get_close_matches(name.upper(), ours, n=1, cutoff=RESEMBLING)
    )


def example_text() -> str:
    """Return the text of `.env.example`, which stands in the package or, in a clone, beside it."""
    package = Path(__file__).parents[1]
    places = (package / ".env.example", package.parent / ".env.example")
    return next(each for each in places if each.is_file()).read_text("utf-8")


def filled_in(text: str, values: Mapping[str, str]) -> str:
    """Return a text of settings with other values, by name. An empty one is commented out; all else stays.

    A variable that is not set yet takes the place of its comment, else it comes at the end.
    """
    for name, value in ((name.upper(), value) for name, value in values.items()):
        line = f"{name}={value}" if value else f"#{name}="
        parts = [(each.key, each.original.string) for each in parse_stream(StringIO(text))]
        if name in [(key or "").upper() for key, _ in parts]:
            # The parser counts blank lines before a statement as part of it.
            kept = {part: part[: len(part) - len(part.lstrip())] for _, part in parts}
            text = "".join(
                f"{kept[part]}{line}\n" if (key or "").upper() == name else part for key, part in parts
            )
        elif value:
            shown = re.compile(rf"^#[ \t]*{name}=.*$", re.MULTILINE)
            text = text if shown.search(text) else f"{text.rstrip()}\n\n#{name}=\n".lstrip()
            text = shown.sub(lambda _, line=line: line, text, count=1)
    return text


def write_privately(path: Path, text: str | None) -> None:
    """Replace a file, or the one that it links to, at once by one that its owner alone may read.

    None for the text only tries whether that is possible.

    Raises:
        ConfigurationError: it is not, and the file stays as it is.
    """
    real = Path(os.path.realpath(path))
    if real.exists() and not real.is_file():
        other = say("{file} is no regular file: move it away.", file=path)
        raise ConfigurationError(folder_in_its_place(path) or (other,))
    try:
        with TemporaryDirectory(prefix=".env-", dir=real.parent) as folder:
            new = Path(folder, "new")
            new.touch(0o600)
            if text is None:
                return
            with new.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if os.name == "posix" and real.exists():
                with suppress(PermissionError):
                    os.chown(new, real.stat().st_uid, real.stat().st_gid)
            new.replace(real)
    except OSError as error:
        sentence: Sentence = "{file} cannot be written ({reason}): let this user write there, or make room."
        fault = say(sentence, file=real, reason=error.strerror)
        raise ConfigurationError((fault,)) from None
