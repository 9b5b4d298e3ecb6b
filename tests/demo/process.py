"""The bot as a process of its own, which ends with its parent."""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

STOP_WITHIN: Final = 5.0
"""The seconds that the bot gets to end by itself. It needs less than two."""
TAIL: Final = 20
"""Lines of the log shown when the bot ended by itself."""


def _nobody() -> None:
    """Stand in for a listener to changes."""


class Process(Protocol):
    """A process that runs or has ended."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def send_signal(self, signal: int, /) -> None: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...

    async def wait(self) -> int: ...


async def spawn(command: Sequence[str], log: Path) -> Process:
    """Run Python. Its standard input is held open and never written: when that closes, the bot ends."""
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C in the terminal is for the demo, which then ends the bot
        )


Spawn = Callable[[Sequence[str], Path], Awaitable[Process]]


class BotProcess:
    """`async with BotProcess(command, log)`: running inside the block, and surely gone after it."""

    def __init__(
        self, command: Sequence[str], log: Path, *, stop_within: float = STOP_WITHIN, spawn: Spawn = spawn
    ) -> None:
        self._command, self._log, self._stop_within, self._spawn = command, log, stop_within, spawn
        self._process: Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self.exit_code: int | None = None
        self.changed: Callable[[], None] = _nobody

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self.running else None

    async def start(self, command: Sequence[str] | None = None) -> None:
        """Start the process, from now on by another command if one is given."""
        self._command = command or self._command
        self._process = await self._spawn(self._command, self._log)
        self.exit_code = None
        self._watch = asyncio.create_task(self._report_end(self._process))

    async def stop(self) -> None:
        """Stop the process, by SIGTERM first, and wait for its end."""
        if self._watch is not None:
            self._watch.cancel()
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), self._stop_within)
        except TimeoutError:
            process.kill()
            await process.wait()
        self.changed()

    async def restart(self) -> None:
        """Stop the process if it runs, and start it again."""
        await self.stop()
        await self.start()
        self.changed()

    async def _report_end(self, process: Process) -> None:
        self.exit_code = await process.wait()
        last = self._log.read_text(errors="replace").splitlines()[-TAIL:]
        sys.stderr.write(
            "\n  ".join([f"The bot ended by itself with exit code {self.exit_code}.", *last]) + "\n"
        )
        self.changed()
