"""Midwatch on a clock that leaps: hours pass in a moment, whenever the bot has nothing to do.

`bot.app.run` is what runs, unchanged. A line `60` on standard input puts the clock a minute ahead, for its
times of day, its sleeps and its time limits alike - but only when it rests: no poll, no message, no command
is under way that would run into its time limit, and the event loop has had nothing to do for a moment.
`BENCH_POLL_SECONDS` is a poll interval below the least that the settings take. `BENCH_COMMITS` names a file
that gets the milliseconds of every commit, `BENCH_TURNS` one that gets those of every long turn of the event
loop: from when it learns what happened until it waits again.
"""

import asyncio
import os
import selectors
import signal
import time
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from tests.bench.candidates.sandboxed import point_discord
from tests.support.clock import Clock

IDLE_SECONDS: Final = 0.002
WORK: Final = ("poll", "message ", "inquiry ", "CommandTree", "discord-ui", "discord.py")
"""How the names of tasks begin that are work under way."""
YEAR_SECONDS: Final = 365 * 86_400.0
LONG_TURN: Final = 0.001


class LeapingSelector(selectors.DefaultSelector):
    """Waits for what happens; a leap comes first, once nothing has happened for a moment."""

    def __init__(self, clock: Clock, turns: Path | None) -> None:
        super().__init__()
        self._clock = clock
        self._turns = turns and turns.open("a", buffering=1)
        self._turned_at = time.thread_time()
        self.leaps: deque[float] = deque()
        self.loop = asyncio.SelectorEventLoop(self)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait as a selector does, and leap when a leap is due. Note how long it took to get here."""
        took = time.thread_time() - self._turned_at
        if self._turns and took >= LONG_TURN:
            self._turns.write(f"{took * 1000:.3f}\n")
        try:
            return self._select(timeout)
        finally:
            self._turned_at = time.thread_time()

    def _select(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        if not self.leaps or (timeout is not None and timeout <= 0):
            return super().select(timeout)
        happened = super().select(IDLE_SECONDS if timeout is None else min(timeout, IDLE_SECONDS))
        if not happened and (timeout is None or timeout > IDLE_SECONDS) and not self.busy():
            self._clock.advance(timedelta(seconds=self.leaps.popleft()))
        return happened

    def busy(self) -> bool:
        """Whether work is running that waits for an answer."""
        return any(task.get_name().startswith(WORK) for task in asyncio.all_tasks(self.loop))


def obey(selector: LeapingSelector) -> None:
    """Read the leaps from standard input. Its end ends the process."""
    asked = os.read(0, 4096)
    if not asked:
        os.kill(os.getpid(), signal.SIGKILL)
    selector.leaps.extend(float(line) for line in asked.split())


def note_commits(file: Path) -> None:
    """Write the duration of each commit to a file."""
    import aiosqlite  # noqa: PLC0415 - a benchmark without this note does without the import

    commit = aiosqlite.Connection.commit
    notes = file.open("a", buffering=1)

    async def noted(self: aiosqlite.Connection) -> None:
        began = time.perf_counter()
        await commit(self)
        notes.write(f"{(time.perf_counter() - began) * 1000:.4f}\n")

    aiosqlite.Connection.commit = noted


def keep_the_line() -> None:
    """Keep discord.py from taking a connection that was silent during a leap for a dead one."""
    from discord.gateway import DiscordWebSocket  # noqa: PLC0415 - after the clock is ours

    for_ever = property(lambda _: YEAR_SECONDS, lambda _, __: None)
    DiscordWebSocket._max_heartbeat_timeout = for_ever  # pyright: ignore[reportAttributeAccessIssue, reportPrivateUsage] - no public setting


def main() -> None:
    """Run the bot with the settings of the environment."""
    clock = Clock(datetime.now(UTC), speed=1)
    # The event loop and all that counts seconds ask this name; it must be ours before the bot is imported.
    time.monotonic = clock.monotonic
    point_discord()
    keep_the_line()
    from bot import app  # noqa: PLC0415 - only now, as described above
    from bot.config import load_settings  # noqa: PLC0415 - the same
    from bot.domain import clock as present  # noqa: PLC0415 - the same
    from bot.runtime import log_setup  # noqa: PLC0415 - the same

    if commits := os.environ.get("BENCH_COMMITS"):
        note_commits(Path(commits))
    # Every part of the bot asks one function for the time of day, and that one asks this name.
    present.datetime = clock  # pyright: ignore[reportAttributeAccessIssue, reportPrivateImportUsage] - as the comment says
    turns = os.environ.get("BENCH_TURNS")
    selector = LeapingSelector(clock, Path(turns) if turns else None)
    settings = load_settings(None)
    if seconds := os.environ.get("BENCH_POLL_SECONDS"):
        settings = replace(settings, poll_interval=timedelta(seconds=float(seconds)))
    log_setup.configure(settings.log_level, settings.log_format, secrets=[])
    with asyncio.Runner(loop_factory=lambda: selector.loop) as runner:
        runner.get_loop().add_reader(0, obey, selector)
        runner.run(app.run(settings))


if __name__ == "__main__":
    main()
