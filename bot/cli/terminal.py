"""Writes to the terminal, and stops at its signals. Nothing about the terminal makes the program fail.

Characters that it lacks are replaced. A reader that left or a closed stream is no error.
"""

import asyncio
import os
import shutil
import signal
import sys
import textwrap
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Final, TextIO, cast

from bot.cli.exit_codes import Exit
from bot.runtime.language import Sentence, say

NOWHERE_TO: Final[Sentence] = "Standard output cannot be written to ({reason}), so the answer stands here:"
NARROWEST: Final = 40
"""The fewest characters of a line, however narrow the terminal is."""
SLOW_SECONDS: Final = 2.0
"""After so long a line says what the program waits for."""
AT_ONCE: Final[Sentence] = (
    "Stopped at once. An answer, a message or a reset that was under way may be unfinished: "
    "the next start checks and finishes it."
)


def show(text: str) -> bool:
    """Write an answer to standard output, else to standard error. Return whether the first one worked."""
    try:
        write(sys.stdout, text)
    except OSError as error:
        complain(say(NOWHERE_TO, reason=error.strerror), text)
        return False
    return True


def complain(*lines: str) -> None:
    """Write lines to standard error."""
    try:
        write(sys.stderr, *lines)
    except OSError:
        return  # there is nowhere left to write it


def folded(text: str, width: int | None = None) -> str:
    """Return a text in lines that fit the terminal; `width` is that of the lines where there is none.

    A word that is longer stays whole, as an address must.
    """
    stdout = cast(TextIO | None, sys.stdout)  # None if it was closed before the start
    if stdout is not None and stdout.isatty():
        width = max(shutil.get_terminal_size().columns - 1, NARROWEST)
    if width is None:
        return text
    blank = " " * 6
    return textwrap.fill(text, width, subsequent_indent=blank, break_long_words=False, break_on_hyphens=False)


@contextmanager
def said_if_slow(whom: str) -> Generator[None]:
    """Write whose answer the program waits for, if the block takes long. It needs an event loop."""
    waiting = say("Waiting for an answer of {whom} ...", whom=whom)
    telling = asyncio.get_running_loop().call_later(SLOW_SECONDS, complain, waiting)
    try:
        yield
    finally:
        telling.cancel()


def write(stream: TextIO | None, *lines: str) -> None:
    """Write lines to a stream. None is one that was closed before the start.

    Raises:
        OSError: the stream failed, and not because its reader left.
    """
    if stream is None or not lines:
        return
    fitting = [fitted(line, stream.encoding or "utf-8") for line in "\n".join(lines).split("\n")]
    try:
        print(*fitting, sep="\n", file=stream, flush=True)
    except OSError as error:
        abandon(stream)
        if not isinstance(error, BrokenPipeError):
            raise


def fitted(line: str, encoding: str) -> str:
    """Return a line in an encoding: without the emoji that it begins with, and with "?" for others."""
    mark, _, rest = line.partition(" ")
    if rest and not mark.isascii() and not any(map(str.isalnum, mark)) and shown(mark, encoding) != mark:
        line = rest
    return shown(line, encoding)


def shown(text: str, encoding: str) -> str:
    """Return a text in an encoding, with "?" for what it lacks."""
    return text.encode(encoding, "replace").decode(encoding)


def abandon(stream: TextIO) -> None:
    """Redirect a stream to nowhere. Python writes the rest of it at the end, and would report an error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


@contextmanager
def signals(stop: asyncio.Event, end: Callable[[int], object] = os._exit) -> Generator[None]:
    """Set the event on Ctrl-C and SIGTERM. End the process on a second Ctrl-C.

    Windows has no SIGTERM, but SIGBREAK: Ctrl-Break, or the window of the terminal is closed.
    """

    def interrupted() -> None:
        if stop.is_set():
            complain(say(AT_ONCE))
            end(Exit.INTERRUPTED)
        stop.set()

    with ExitStack() as stack:
        stack.callback(on_signal(signal.SIGINT, interrupted))
        for name in ("SIGTERM", "SIGBREAK"):
            if hasattr(signal, name):
                stack.callback(on_signal(getattr(signal, name), stop.set))
        yield


def on_signal(signum: signal.Signals, then: Callable[[], object]) -> Callable[[], object]:
    """Call something in the event loop on a signal. Return what ends that."""
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(signum, then)
    except NotImplementedError:  # Windows, whose loop Python wakes for the handler
        before = signal.signal(signum, lambda _signum, _frame: loop.call_soon_threadsafe(then))
        return partial(signal.signal, signum, before)
    return partial(loop.remove_signal_handler, signum)
