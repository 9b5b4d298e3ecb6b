"""The process that draws pictures: it starts when one is wanted, ends when idle, and cannot hurt the bot."""

import asyncio
import os
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bot.domain.charts import Chart, Picture
from bot.pictures.worker import LENGTH, SECONDS, chart_as_json
from bot.runtime.supervisor import Health

ROOT: Final = Path(__file__).parents[2]
WORKER: Final = (sys.executable, "-m", "bot.pictures.worker")
LIMIT: Final = timedelta(seconds=SECONDS)
IDLE: Final = timedelta(seconds=30)
MOST_WANTED: Final = 5
"""The most pictures that wait or are drawn."""
LARGEST: Final = 4 << 20
PNG: Final = b"\x89PNG\r\n\x1a\n"
WHAT: Final = "Drawing a picture"
KEPT: Final = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")
"""What Python may need to start. Nothing else of the environment is passed on: tokens stand in it."""


class PictureError(Exception):
    """A picture could not be drawn."""


class Pictures:
    """Draws one chart after another, by a process that it starts and ends."""

    def __init__(
        self,
        folder: Path,
        command: Sequence[str] = WORKER,
        *,
        limit: timedelta = LIMIT,
        idle: timedelta = IDLE,
    ) -> None:
        self._folder = folder
        """Where the cache of matplotlib is kept if the system has no folder for temporary files."""
        self.command = command
        self.process: Process | None = None
        self.wanted: dict[bytes, asyncio.Task[bytes | None]] = {}
        """Those that wait or are drawn, by their charts."""
        self._limit = limit
        self.idle = idle
        """How long the process waits for another picture."""
        self._turn = asyncio.Lock()
        self._health = Health()
        self._idle_timer: asyncio.TimerHandle | None = None
        self._cache: TemporaryDirectory[str] | None = None
        self._is_killed = False
        self._is_closed = False

    async def draw(self, chart: Chart, *, name: str, description: str) -> Picture | None:
        """Return the picture of a chart; None if it cannot be drawn, or if too many are wanted."""
        try:
            data = await asyncio.to_thread(chart_as_json, chart)
        except ValueError as error:  # half of a character in a label
            self._health.failed(WHAT, error)
            return None
        task = self.wanted.get(data)
        if task is None:
            if len(self.wanted) >= MOST_WANTED:
                return None
            task = self.wanted[data] = asyncio.create_task(self._draw(data), name="picture")
            task.add_done_callback(lambda _: self.wanted.pop(data))
        png = await asyncio.shield(task)
        return None if png is None else Picture(name, png, description)

    async def close(self) -> None:
        """End the process. Pictures under way are not drawn."""
        self._is_closed = True
        await self._end()
        if self.wanted:
            await asyncio.wait(self.wanted.values())
        if self._cache is not None:
            await asyncio.to_thread(self._cache.cleanup)

    async def _draw(self, chart: bytes) -> bytes | None:
        async with self._turn:
            if self._is_closed:
                return None
            if self._idle_timer is not None:
                self._idle_timer.cancel()
            try:
                async with asyncio.timeout(self._limit.total_seconds()):
                    png = await self._ask(chart)
            except Exception as error:  # noqa: BLE001 - an answer without its picture is better than none
                if not self._is_closed:
                    self._health.failed(WHAT, error)
                await self._end()
                return None
            self._health.succeeded(WHAT)
            self._idle_timer = asyncio.get_running_loop().call_later(self.idle.total_seconds(), self._kill)
            return png

    async def _ask(self, chart: bytes) -> bytes:
        process = self.process
        if process is None or self._is_killed or process.returncode is not None:
            await self._end()
            process = await self._start()
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101 - the same
        process.stdin.write(LENGTH.pack(len(chart)) + chart)
        try:
            await process.stdin.drain()
            (size,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
            answer = await process.stdout.readexactly(min(size, LARGEST))
        except (EOFError, ConnectionError):
            raise PictureError(f"its process ended with {await process.wait()}") from None
        if not answer.startswith(PNG):
            raise PictureError(f"its process answered {answer[:60]!r}")
        return answer

    async def _start(self) -> Process:
        self._cache = self._cache or await asyncio.to_thread(temporary_folder, self._folder)
        self.process = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd=self._cache.name,
            env=environment(self._cache.name),
            # Ctrl-C in the terminal is for the bot, which then ends it.
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # the same on Windows
        )
        self._is_killed = False
        if self._is_closed:
            raise PictureError("the bot stops")
        return self.process

    def _kill(self) -> None:
        self._is_killed = True
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.kill()

    async def _end(self) -> None:
        self._kill()
        if self.process is not None:
            await self.process.wait()


def temporary_folder(otherwise: Path) -> TemporaryDirectory[str]:
    """Make a folder that is removed at the end: where the system has temporary files, or elsewhere."""
    try:
        return TemporaryDirectory(prefix="midwatch-", ignore_cleanup_errors=True)
    except OSError:
        return TemporaryDirectory(prefix="midwatch-", dir=otherwise, ignore_cleanup_errors=True)


def environment(cache: str) -> dict[str, str]:
    """Return the whole environment of the process."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    # One thread: each more of the linear algebra, which charts do not use, takes memory.
    libraries = {"MPLCONFIGDIR": cache, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    path = os.pathsep.join([str(ROOT), *filter(None, sys.path)])  # where the bot finds its libraries
    return kept | libraries | {"PYTHONPATH": path, "PYTHONSAFEPATH": "1", "LANG": "C.UTF-8"}
