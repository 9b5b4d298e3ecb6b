"""Writes to the terminal, and stops at its signals. Nothing about the terminal makes the program fail.

Characters that it lacks are replaced. A reader that left or a closed stream is no error.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final, TextIO

NOWHERE_TO: Final = "Standard output cannot be written to ({reason}), so the answer stands here:"
SLOW_SECONDS: Final = 2.0
"""After so long a line says what the program waits for."""
INTERRUPTED: Final = 130
"""The exit code of Ctrl-C."""
AT_ONCE: Final = (
    "Stopped at once. An answer, a message or a reset that was under way may be unfinished: "
    "the next start checks and finishes it."
)


def say(text: str) -> bool:
    """Write an answer to standard output, else to standard error. Return whether the first one worked."""
    try:
        write(sys.stdout, text)
    except OSError as error:
        complain(NOWHERE_TO.format(reason=error.strerror), text)
        return False
    return True


def complain(*lines: str) -> None:
    """Write lines to standard error."""
    try:
        write(sys.stderr, *lines)
    except OSError:
        return  # there is nowhere left to write it


@contextmanager
def said_if_slow(whom: str) -> Generator[None]:
    """Write whose answer the program waits for, if the block takes long. It needs an event loop."""
    telling = asyncio.get_running_loop().call_later(
        SLOW_SECONDS, complain, f"Waiting for an answer of {whom} ..."
    )
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
    """Set the event on Ctrl-C and SIGTERM. End the process on a second Ctrl-C."""

    def interrupted() -> None:
        if stop.is_set():
            complain(AT_ONCE)
            end(INTERRUPTED)
        stop.set()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, interrupted)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    try:
        yield
    finally:
        for signum in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(signum)
