"""Processes that are forked from one that has imported everything, so that the bot begins in no time."""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any, Final

from tests.demo import launch

MODULE: Final = len(("-m", "tests.demo.launch"))
NURSERY: Final[ForkServerContext] = multiprocessing.get_context("forkserver")
PRELOADED: Final = [
    "bot.__main__",
    "cogs.account_admin",
    "cogs.accounts",
    "cogs.info",
    "cogs.status",
    "cogs.watch",
    "tests.chaos.victim",
]


def fork(log: Path, target: Callable[..., object], *arguments: Any) -> ForkServerProcess:
    """Start a process that runs this, writes its output to the log, and ends with its parent."""
    NURSERY.set_forkserver_preload(PRELOADED)
    process = NURSERY.Process(target=_live, args=(log, target, *arguments), daemon=True)
    process.start()
    return process


def _live(log: Path, target: Callable[..., object], *arguments: Any) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for output in (1, 2):
        os.dup2(handle, output)
    target(*arguments)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGKILL)


class ForkedProcess:
    """A process of these, with what is used of `asyncio.subprocess.Process`."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(process.sentinel, self._note_end)

    def _note_end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._ended.set()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, signum: int) -> None:
        os.kill(self.pid, signum)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()

    async def wait(self) -> int:
        """Wait for its end, and return its exit code."""
        await self._ended.wait()
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode


async def forked(command: Sequence[str], log: Path) -> ForkedProcess:
    """Run what `launch.command` returned."""
    return ForkedProcess(fork(log, launch.run, command[MODULE:]))
