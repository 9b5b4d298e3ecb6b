"""The end of the bot in this process, which may leave nothing behind."""

import asyncio
import gc
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tests.support.running import PATIENCE, Bot


async def ended(bot: Bot) -> None:
    """Wait until the bot has ended by itself, and raise why."""
    task = bot._task  # pyright: ignore[reportPrivateUsage] - who only starts it need not hold its task
    assert task is not None
    await asyncio.wait({task}, timeout=PATIENCE)
    assert task.done()
    await bot.stop()


@asynccontextmanager
async def nothing_left() -> AsyncGenerator[None]:
    """Assert that the block leaves no task, no thread and no open session behind."""
    tasks, threads = asyncio.all_tasks(), set(threading.enumerate())
    yield
    gc.collect()  # an unclosed session warns when it is collected, and warnings are errors
    await asyncio.sleep(0)  # what is being cancelled needs a turn to end
    assert {task for task in asyncio.all_tasks() if not foreign(task)} <= tasks
    left = set(threading.enumerate()) - threads
    for thread in left:
        thread.join(1)
    kept = (thread.name for thread in left if thread.is_alive() and not thread.daemon)
    # `supervisor.run` gives the loop a pool that keeps no thread; the loop of a test has Python's.
    assert [name for name in kept if not name.startswith("asyncio_")] == []


def foreign(task: asyncio.Task[object]) -> bool:
    """Whether a task belongs to the servers, or is discord.py's two seconds of waiting after READY."""
    whose = repr(task.get_coro())
    return any(name in whose for name in ("RequestHandler", "Line.write", "_delay_ready", "Queue.get"))
