"""Waits of tests: for a condition, or for nothing at all."""

import asyncio
from collections.abc import Callable
from typing import Final

PATIENCE: Final = 30.0
"""Seconds after which a condition is taken for one that never comes true."""


async def until(predicate: Callable[[], bool]) -> None:
    """Wait until a condition is true."""
    async with asyncio.timeout(PATIENCE):
        while not predicate():  # noqa: ASYNC110 - no event says when it becomes true
            await asyncio.sleep(0)


async def at_once(_seconds: float) -> None:
    """Stand in for a pause between tries."""
