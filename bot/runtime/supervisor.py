"""Loops that only the stop event ends: each run has a time limit, and an error only delays the next."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

log = logging.getLogger(__name__)

Sleep = Callable[[float], Awaitable[None]]

FIRST_DELAY: Final = timedelta(seconds=1)
CANCEL_AGAIN_SECONDS: Final = 0.1


@dataclass(slots=True)
class Health:
    """How a supervised loop is doing."""

    failures_in_a_row: int = 0
    last_failure: str | None = None
    """What the log said last; None after a good run."""

    def succeeded(self, name: str) -> None:
        """Record a good run, also one that only rests from now on; a recovery is logged once."""
        if self.last_failure is not None:
            log.info("%s works again after %d failures", name, self.failures_in_a_row)
        self.failures_in_a_row = 0
        self.last_failure = None

    def failed(self, name: str, error: BaseException, *, is_told: bool = False) -> None:
        """Record a failed run; the same failure again, or one that is told elsewhere, is not logged."""
        self.failures_in_a_row += 1
        if is_told:
            return
        reason = describe(error)
        if reason != self.last_failure:
            log.warning("%s failed, will try again: %s", name, reason, exc_info=is_surprise(error))
        self.last_failure = reason


def describe(error: BaseException) -> str:
    """Name an error: ours by their text; others by their type, and status and code if they have them."""
    if type(error).__module__.startswith("bot."):
        return str(error)
    numbers = {name: getattr(error, name, None) for name in ("status", "code")}
    details = [f"{name} {value}" for name, value in numbers.items() if isinstance(value, int)]
    return f"{type(error).__name__} ({', '.join(details)})" if details else type(error).__name__


def is_surprise(error: BaseException) -> bool:
    """Whether a traceback helps: not for our own errors, nor for a network that is down.

    The text of an HTTP library's error never goes to the log: it holds headers, or the body that came.
    """
    of_http = isinstance(getattr(error, "status", None), int) or type(error).__module__.startswith("aiohttp")
    ours = type(error).__module__.startswith("bot.")
    return not (ours or of_http or isinstance(error, OSError | TimeoutError))


def asked_to_wait(error: BaseException) -> timedelta:
    """Return the wait that an error asks for."""
    wait: object = getattr(error, "wait", None)
    return wait if isinstance(wait, timedelta) else timedelta()


def backoff(failures: int, first: timedelta, longest: timedelta, chance: float) -> timedelta:
    """Return the delay after `failures` failures in a row: it doubles up to a cap, half of it is random."""
    return min(first * 2 ** min(failures - 1, 20), longest) * (0.5 + chance / 2)


async def pause(seconds: float, stop: asyncio.Event, sleep: Sleep = asyncio.sleep) -> None:
    """Wait so long, or until the stop event is set."""
    if seconds > 0:
        await first_of(stop.wait(), sleep(seconds))
    else:
        await asyncio.sleep(0)


def is_being_cancelled() -> bool:
    """Whether somebody ends this very task; what it waits for may be cancelled without that."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def supervise(
    once: Callable[[], Awaitable[None]],
    *,
    name: str,
    stop: asyncio.Event,
    every: timedelta | None,
    limit: timedelta | None,
    longest_delay: timedelta = timedelta(minutes=1),
    fatal: tuple[type[Exception], ...] = (),
    told_elsewhere: tuple[type[Exception], ...] = (),
    health: Health | None = None,
    delayed: Callable[[timedelta], None] | None = None,
    sleep: Sleep = asyncio.sleep,
) -> None:
    """Run `once` until it has worked and, with `every`, again and again from then on.

    Args:
        once: one whole run; may raise anything.
        name: what the log calls it.
        stop: ends the loop between runs.
        every: the time between good runs; None ends the loop after the first good one.
        limit: the longest a run may take; None for a run that lasts.
        longest_delay: the cap of the delay after failures.
        fatal: errors that trying again does not mend; they end the loop and are raised.
        told_elsewhere: errors that are in the log already, and need no second line.
        health: where to keep the record, for those who ask how the loop is doing.
        delayed: told after a failure how long it is until the next run.
        sleep: how it waits between runs.
    """
    health = health or Health()
    while not stop.is_set():
        try:
            async with asyncio.timeout(None if limit is None else limit.total_seconds()):
                await once()
        except fatal:
            raise
        except (Exception, asyncio.CancelledError) as error:  # the one place that must outlive every error
            if is_being_cancelled():
                raise
            health.failed(name, error, is_told=isinstance(error, told_elsewhere))
            chance = random.random()  # noqa: S311 - spreads load, guards nothing
            delay = backoff(health.failures_in_a_row, FIRST_DELAY, longest_delay, chance)
            delay = max(delay, asked_to_wait(error))
            if delayed is not None:
                delayed(delay)
            await pause(delay.total_seconds(), stop, sleep)
            continue
        health.succeeded(name)
        if every is None:
            return
        await pause(every.total_seconds(), stop, sleep)


@asynccontextmanager
async def looped(once: Callable[[], Awaitable[None]], name: str) -> AsyncGenerator[None]:
    """Run `once` again and again beside the body, whatever it raises, and end it with the body."""
    endless = supervise(once, name=name, stop=asyncio.Event(), every=timedelta(0), limit=None)
    task = asyncio.create_task(endless, name=name)
    try:
        yield
    finally:
        await end(task)


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task until it is over: before Python 3.12 `asyncio.wait_for` may swallow a cancellation."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=CANCEL_AGAIN_SECONDS)
    await asyncio.gather(task, return_exceptions=True)  # an error of work that has ended anyway is no news


async def first_of(*waits: Awaitable[object]) -> None:
    """Wait for whatever ends first, and end the others.

    Raises:
        Exception: what that one raised.
    """
    tasks = {asyncio.ensure_future(wait) for wait in waits}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
