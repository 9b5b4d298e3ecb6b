"""The interactions being answered right now, so that a stop ends none of them in silence."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from bot.domain.errors import UserError
from bot.interactions.responses import Interaction, report

PATIENCE: Final = timedelta(seconds=1)
CHECK_FIRST: Final = "It may have been done: check with /mjaccounts before you try again."
LAST_WORDS: Final = timedelta(milliseconds=400)


class InFlight:
    """Knows which task answers whom; discord.py neither waits for running commands nor cancels them."""

    def __init__(self) -> None:
        self._callers: dict[asyncio.Task[Any], Interaction] = {}
        self._sent: set[asyncio.Task[Any]] = set()

    def add(self, caller: Interaction) -> None:
        """Note that the current task answers this caller."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - handlers run in tasks
        self._callers[task] = caller
        task.add_done_callback(self._callers.pop)

    def sent(self) -> None:
        """Note that what the current task was asked for is on its way, and a stop does not take it back."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - the same
        self._sent.add(task)
        task.add_done_callback(self._sent.discard)

    async def finish(self, patience: timedelta = PATIENCE) -> None:
        """Wait a moment for the answers under way; tell those who would wait in vain, and end the rest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience.total_seconds()):
                while self._callers:  # more may come meanwhile
                    await asyncio.wait(self._callers)
        late = dict(self._callers)
        if not late:
            return
        for task in late:
            task.cancel()
        errors = [(caller, RestartingError(sent=task in self._sent)) for task, caller in late.items()]
        words = [asyncio.create_task(report(caller, error)) for caller, error in errors]
        await asyncio.wait({*late, *words}, timeout=LAST_WORDS.total_seconds())
        for task in words:
            task.cancel()
        await asyncio.gather(*words, return_exceptions=True)


class RestartingError(UserError):
    """The bot stops while somebody waits for an answer."""

    def __init__(self, *, sent: bool) -> None:
        if sent:
            super().__init__("Midwatch is being restarted while the API was at work on this.", CHECK_FIRST)
        else:
            super().__init__(
                "Midwatch is being restarted and could not finish this.", "Ask again in a minute."
            )
