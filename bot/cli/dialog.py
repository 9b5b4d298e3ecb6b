"""Asks a person at the terminal. From a pipe it reads a line for each question, and ends at a mistake."""

import getpass
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TextIO, cast

from bot.cli.exit_codes import Exit
from bot.cli.terminal import folded, show, shown
from bot.runtime.language import Sentence, say
from bot.runtime.setting_values import fault

NONE, AGAIN = "none", "again"
ANSWERS: Final = {"yes": True, "y": True, "no": False, "n": False, "": False}
WIDTH: Final = 79
SHORTEST_ID: Final = 17


class DialogError(Exception):
    """The dialog cannot go on. `str(error)` says why; `code` is the exit code."""

    def __init__(self, sentence: str, code: Exit = Exit.DATAERR) -> None:
        super().__init__(sentence)
        self.code = code


def is_piped() -> bool:
    """Return whether the answers come from a pipe or a file."""
    stdin = cast(TextIO | None, sys.stdin)  # None if it was closed before the start
    return stdin is None or not stdin.isatty()


def ask(question: str, *, hidden: bool = False) -> str:
    """Return the answer to a question, without the blanks around it."""
    question = shown(question, getattr(sys.stdout, "encoding", None) or "utf-8")
    try:
        if is_piped():
            typed = input(f"{question}\n")
        else:
            typed = getpass.getpass(question) if hidden else input(question)
    except UnicodeError:
        typed = "\N{REPLACEMENT CHARACTER}"  # which no setting takes
    except (EOFError, OSError, RuntimeError) as error:  # the last two: a stream was closed before the start
        if isinstance(error, EOFError) and not is_piped():
            raise KeyboardInterrupt from None
        raise DialogError(say("The input ended before everything was answered.")) from None
    return typed.strip("\N{ZERO WIDTH NO-BREAK SPACE}").strip()


def agrees(question: Sentence) -> bool:
    """Return whether a person says yes. What is typed is English in each language.

    Anything else is asked again at a terminal, and is a no from a pipe.
    """
    while (typed := ask(say(question, yes="yes", no="no")).casefold()) not in ANSWERS and not is_piped():
        pass
    return ANSWERS.get(typed, False)


def refuse(sentence: str, code: Exit = Exit.DATAERR) -> None:
    """Say why an answer is not taken. It can be given again, but not from a pipe."""
    if is_piped():
        raise DialogError(sentence, code)
    tell(sentence)


def tell(text: str) -> None:
    """Write a text in lines that fit the terminal."""
    show(folded(text, WIDTH))


def insist(*questions: Callable[[], bool]) -> None:
    """Ask questions, and from the first one again after one whose answer does not pass."""
    while not all(question() for question in questions):
        pass


class Choice(NamedTuple):
    """One of several things to choose."""

    id: int
    name: str
    line: str
    """How it stands in the list."""


@dataclass(slots=True)
class Menu:
    """A numbered list to choose from: by number, name or id."""

    load: Callable[[], Sequence[Choice]]
    choices: Sequence[Choice] = field(default=(), init=False)

    def show(self) -> None:
        """Read the choices, and write them."""
        self.choices = self.load()
        for number, each in enumerate(self.choices, 1):
            show(f"{number:>3}  {each.line}")
        if not self.choices:
            show(say("There is none yet. Add one, then press Enter; or type {word}.", word=NONE))

    def meant(self, typed: str, kept: str) -> str | None:
        """Return the ids that an answer means, with commas. None: the choices were read again.

        Raises:
            ValueError: it means nothing.
        """
        match typed.casefold():
            case "" if self.choices:
                return kept
            case "" | "again":
                return self.show()
            case "none":
                return ""
            case words:
                return ",".join(str(self._id(each.strip().removeprefix("#"))) for each in words.split(","))

    def _id(self, word: str) -> int:
        if word.isdecimal() and len(word) >= SHORTEST_ID:
            return int(word)  # of one that is not listed, too
        ids = [
            each.id
            for number, each in enumerate(self.choices, 1)
            if word in (str(number), each.name.removeprefix("#").casefold())
        ]
        if len(ids) != 1:
            raise fault("is not in the list: write a number from it")
        return ids[0]
