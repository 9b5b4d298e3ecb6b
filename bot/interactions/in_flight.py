"""The interactions that are being answered, so that each gets an answer before the bot stops."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from bot.domain.errors import ErrorCode, UserError
from bot.interactions.responses import Interaction, report

PATIENCE: Final = timedelta(seconds=1)
REPORT_LIMIT: Final = timedelta(milliseconds=400)


class InFlight:
    """The tasks that answer interactions. discord.py neither waits for running commands nor cancels them."""

    def __init__(self) -> None:
        self._callers: dict[asyncio.Task[Any], Interaction] = {}
        self._sent: set[asyncio.Task[Any]] = set()

    def add(self, caller: Interaction) -> None:
        """Register the current task as the one that answers this caller."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - handlers run in tasks
        self._callers[task] = caller
        task.add_done_callback(self._callers.pop)

    def sent(self) -> None:
        """Record that the current task has sent a request to the API, which a stop does not undo."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - handlers run in tasks
        self._sent.add(task)
        task.add_done_callback(self._sent.discard)

    async def finish(self, patience: timedelta = PATIENCE) -> None:
        """Wait for the running answers. Then cancel the tasks that are left, and tell their callers."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience.total_seconds()):
                while self._callers:  # others may start meanwhile
                    await asyncio.wait(self._callers)
        unfinished = dict(self._callers)
        if not unfinished:
            return
        for task in unfinished:
            task.cancel()
        codes = {True: ErrorCode.RESTARTING_SENT, False: ErrorCode.RESTARTING}
        errors = [(caller, UserError(codes[task in self._sent])) for task, caller in unfinished.items()]
        reports = [asyncio.create_task(report(caller, error)) for caller, error in errors]
        await asyncio.wait({*unfinished, *reports}, timeout=REPORT_LIMIT.total_seconds())
        for task in reports:
            task.cancel()
        await asyncio.gather(*reports, return_exceptions=True)
