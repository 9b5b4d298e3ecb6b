"""What is written for the person at the terminal: nothing about the terminal itself makes the program fail.

Characters that it has not are replaced, a reader who left is no error, and a closed stream is as good as one.
"""

import asyncio
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, TextIO

NOWHERE_TO: Final = "Standard output cannot be written to ({reason}), so the answer stands here:"
SLOW_SECONDS: Final = 2.0
"""Who waits for longer is told what for."""


def say(text: str) -> bool:
    """Write an answer to standard output, or else to standard error; give whether the former took it."""
    try:
        write(sys.stdout, text)
    except OSError as error:
        complain(NOWHERE_TO.format(reason=error.strerror), text)
        return False
    return True


def complain(*lines: str) -> None:
    """Write to standard error what went wrong or is still to be said."""
    try:
        write(sys.stderr, *lines)
    except OSError:
        return  # there is nowhere left to say it


@contextmanager
def said_if_slow(whom: str, after: float = SLOW_SECONDS) -> Generator[None]:
    """Say whose answer is waited for, if the block takes long; only where an event loop runs."""
    telling = asyncio.get_running_loop().call_later(after, complain, f"Waiting for an answer of {whom} ...")
    try:
        yield
    finally:
        telling.cancel()


def write(stream: TextIO | None, *lines: str) -> None:
    """Write lines to a stream; None is one that was closed before the program began.

    Raises:
        OSError: the stream takes nothing, and not because its reader left.
    """
    if stream is None or not lines:
        return
    fitting = [fitted(line, stream.encoding or "utf-8") for line in "\n".join(lines).split("\n")]
    try:
        print(*fitting, sep="\n", file=stream, flush=True)
    except BrokenPipeError:
        abandon(stream)
    except OSError:
        abandon(stream)
        raise


def fitted(line: str, encoding: str) -> str:
    """Return a line in the characters of an encoding: without a mark that it begins with, "?" for others."""
    mark, _, rest = line.partition(" ")
    if rest and not mark.isascii() and not any(map(str.isalnum, mark)) and shown(mark, encoding) != mark:
        line = rest
    return shown(line, encoding)


def shown(text: str, encoding: str) -> str:
    """Return a text as an encoding can show it."""
    return text.encode(encoding, "replace").decode(encoding)


def abandon(stream: TextIO) -> None:
    """Lead a stream to nowhere: Python writes what is left in it at the program's end, and would complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
