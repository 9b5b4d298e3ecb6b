"""A candidate as a process, seen from outside: when it began and ended, what it uses."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
TICKS: Final = os.sysconf("SC_CLK_TCK")
ENDS_WITHIN: Final = 10.0


class CandidateEndedError(Exception):
    """A candidate ended by itself; its last words are the text."""


@dataclass(slots=True)
class Running:
    """A candidate's process."""

    process: asyncio.subprocess.Process
    log: Path
    began: float
    """When it was started, by `time.monotonic`."""

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    def send_line(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())

    def cpu_seconds(self) -> float:
        """Return the processor time it has used."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        with contextlib.suppress(OSError):
            # Nanoseconds for each thread; the whole process has no finer clock than a hundredth of a second.
            return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_mebibytes(self) -> float:
        """Return the memory it holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    async def end(self) -> float:
        """Ask it to end (SIGTERM), and return the seconds until it is gone."""
        asked = time.monotonic()
        self.process.terminate()
        async with asyncio.timeout(ENDS_WITHIN):
            await self.process.wait()
        return time.monotonic() - asked

    async def kill(self) -> None:
        """End it, whatever it does."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    def last_words(self) -> str:
        """Return the end of its output."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])


@asynccontextmanager
async def running(module: str, environment: Mapping[str, str], log: Path) -> AsyncGenerator[Running]:
    """Run a module of the candidates with this environment and no other; it is gone after the block."""
    with log.open("ab") as output:
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            cwd=ROOT,
            env=dict(environment),
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C in the terminal is for the benchmark, which then ends them
        )
    one = Running(process, log, began)
    try:
        yield one
    finally:
        await one.kill()
