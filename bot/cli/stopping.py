"""The signals that stop the bot."""

import asyncio
import os
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from bot.cli.terminal import complain

INTERRUPTED: Final = 130
"""The exit code of Ctrl-C."""
AT_ONCE: Final = (
    "Stopped at once. An answer, a message or a reset that was under way may be unfinished: "
    "the next start checks and finishes it."
)


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
