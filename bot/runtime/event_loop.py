"""Runs the program's event loop, whose end waits for no address that is still being looked up.

The system's resolver blocks its thread for as long as it likes: half a minute where no network is.
Python's own pool of threads is waited for by `asyncio.run`, and once more when the interpreter ends.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread
from typing import Any, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


class DaemonThreadExecutor(ThreadPoolExecutor):
    """Gives each call a thread of its own, which ends with the process at the latest.

    aiohttp looks the same address up once at a time, so the threads stay few. asyncio takes nothing but a
    ThreadPoolExecutor, whose own threads are never started here.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin a call."""
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()

        def call() -> None:
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - it is for whoever waits for the call
                future.set_exception(error)
            else:
                future.set_result(result)

        Thread(target=call, name="lookup", daemon=True).start()
        return future


def run(program: Coroutine[Any, Any, T]) -> T:
    """Do what `asyncio.run` does, without waiting for calls that block."""
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(DaemonThreadExecutor())
        return runner.run(program)
