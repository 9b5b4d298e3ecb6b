"""Runs the event loop so that its end does not wait for the lookup of an address.

The system's resolver may block its thread for half a minute without a network. `asyncio.run` and the end of
the interpreter wait for Python's own pool of threads.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread
from typing import Any, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


class DaemonThreadExecutor(ThreadPoolExecutor):
    """Runs each call in a thread of its own that ends with the process.

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
