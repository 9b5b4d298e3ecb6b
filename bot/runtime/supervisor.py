"""Loops that only the stop event ends: an error delays the next run. The event loop that runs them."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from threading import Thread
from typing import Any, Final, ParamSpec, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")
P = ParamSpec("P")
Rest = Callable[[asyncio.Event, float], Awaitable[None]]

FIRST_DELAY: Final = timedelta(seconds=1)
CANCEL_AGAIN_SECONDS: Final = 0.1


@dataclass(slots=True)
class Health:
    """The state of a supervised loop."""

    failures_in_a_row: int = 0
    last_failure: str | None = None
    """The last failure in the log; None after a good run."""

    def succeeded(self, name: str) -> None:
        """Record a good run, and log a recovery."""
        if self.last_failure is not None:
            log.info("%s works again after %d failures", name, self.failures_in_a_row)
        self.failures_in_a_row = 0
        self.last_failure = None

    def failed(self, name: str, error: BaseException, *, is_logged: bool = False) -> None:
        """Record a failed run, and log it unless it is the same failure again or `is_logged` already."""
        self.failures_in_a_row += 1
        if is_logged:
            return
        reason = describe(error)
        if reason != self.last_failure:
            log.warning("%s failed, will try again: %s", name, reason, exc_info=is_surprise(error))
        self.last_failure = reason


def describe(error: BaseException) -> str:
    """Describe an error: ours by its text, another by its type, status and code."""
    if type(error).__module__.startswith("bot."):
        return str(error)
    numbers = {name: getattr(error, name, None) for name in ("status", "code")}
    details = [f"{name} {value}" for name, value in numbers.items() if isinstance(value, int)]
    return f"{type(error).__name__} ({', '.join(details)})" if details else type(error).__name__


def is_surprise(error: BaseException) -> bool:
    """Whether the log needs a traceback: not for our own errors, nor for those of the network.

    The text of an HTTP library's error never goes to the log: it contains headers or a body.
    """
    of_http = isinstance(getattr(error, "status", None), int) or type(error).__module__.startswith("aiohttp")
    ours = type(error).__module__.startswith("bot.")
    return not (ours or of_http or isinstance(error, OSError | TimeoutError))


def backoff(failures: int, first: timedelta, longest: timedelta, chance: float) -> timedelta:
    """Return the delay after `failures` failures in a row: it doubles up to a cap, half of it is random."""
    return min(first * 2 ** min(failures - 1, 20), longest) * (0.5 + chance / 2)


def is_being_cancelled() -> bool:
    """Whether this very task is being cancelled, and not only what it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def rest(event: asyncio.Event, seconds: float) -> None:
    """Wait until an event is set, at most so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


async def supervise(
    once: Callable[[], Awaitable[timedelta | None]],
    *,
    name: str,
    stop: asyncio.Event,
    every: timedelta | None = None,
    limit: timedelta | None = None,
    longest_delay: timedelta = timedelta(minutes=1),
    fatal: tuple[type[Exception], ...] = (),
    logged_elsewhere: tuple[type[Exception], ...] = (),
    health: Health | None = None,
    delayed: Callable[[timedelta], None] | None = None,
    wake: asyncio.Event | None = None,
    rest: Rest = rest,
) -> None:
    """Run `once` until it succeeds and, if there is a time between good runs, again and again after that.

    Args:
        once: one run. It may raise any error, and may return the time until the next run.
        name: its name in the log.
        stop: ends the loop between runs.
        every: the time between good runs that return none. None ends the loop after the first of these.
        limit: the longest time of a run; None for no limit.
        longest_delay: the longest delay after failures.
        fatal: errors that end the loop and are raised.
        logged_elsewhere: errors that are in the log already.
        health: the record of the runs.
        delayed: called after a failure with the delay of the next run.
        wake: begins the next run after a good one at once. It is cleared before each run.
        rest: waits between runs.
    """
    health = health or Health()
    while not stop.is_set():
        if wake is not None:
            wake.clear()
        try:
            async with asyncio.timeout(None if limit is None else limit.total_seconds()):
                wanted = await once()
        except fatal:
            raise
        except (Exception, asyncio.CancelledError) as error:  # the loop must outlive every error
            if is_being_cancelled():
                raise
            health.failed(name, error, is_logged=isinstance(error, logged_elsewhere))
            chance = random.random()  # noqa: S311 - spreads load, guards nothing
            delay = backoff(health.failures_in_a_row, FIRST_DELAY, longest_delay, chance)
            wait: object = getattr(error, "wait", None)
            pause = max(delay, wait) if isinstance(wait, timedelta) else delay
            if delayed is not None:
                delayed(pause)
            await rest(stop, pause.total_seconds())
        else:
            health.succeeded(name)
            if (pause := every if wanted is None else wanted) is None or stop.is_set():
                return
            await rest(wake or stop, pause.total_seconds())


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncGenerator[asyncio.Task[None]]:
    """Run something beside the body, and end it with the body."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        await end(task)


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task until it ends: before Python 3.12 `asyncio.wait_for` may swallow a cancellation."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=CANCEL_AGAIN_SECONDS)
    await asyncio.gather(task, return_exceptions=True)  # its error does not matter any more


async def first_of(*waits: Awaitable[object]) -> None:
    """Wait for the first to end, raise its error if it has one, and end the others."""
    tasks = {asyncio.ensure_future(wait) for wait in waits}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class DaemonThreadExecutor(ThreadPoolExecutor):
    """Runs each call in a thread of its own that ends with the process.

    The system's resolver may block its thread for half a minute without a network. `asyncio.run` and the end
    of the interpreter wait for Python's own pool of threads.

    There are few: aiohttp looks up the same address once at a time. asyncio accepts only a
    ThreadPoolExecutor, whose own threads are not started.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start a call."""
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()

        def call() -> None:
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - for the caller
                future.set_exception(error)
            else:
                future.set_result(result)

        Thread(target=call, name="lookup", daemon=True).start()
        return future


def run(program: Coroutine[Any, Any, T]) -> T:
    """Run a program as `asyncio.run` does, without waiting for blocked threads at the end."""
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(DaemonThreadExecutor())
        return runner.run(program)
