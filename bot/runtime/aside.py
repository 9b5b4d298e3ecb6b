"""Long computations beside the event loop, which goes on meanwhile."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

MANY: Final = 250
"""From so many accounts on, a thread is worth its start."""


async def aside(size: int, work: Callable[..., T], *arguments: object) -> T:
    """Return the result of a computation about so many things, made in a thread if they are many.

    Meanwhile other tasks run. Nothing that it reads or writes may be changed by them.
    """
    return work(*arguments) if size < MANY else await asyncio.to_thread(work, *arguments)
