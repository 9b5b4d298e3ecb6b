"""One life of the bot: a process that runs `bot.app.run` and may kill itself at a step."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

from bot import app
from bot.config import load_settings
from bot.domain import clock as present
from bot.runtime import log_setup
from tests.chaos.hurry import HurriedLoop, SetClock
from tests.demo import launch
from tests.simulators.discord import point_at
from tests.support.clock import Clock
from tests.support.failpoints import FailPoint, trapped
from tests.support.forking import fork

DATABASE_WAITS: Final = timedelta(seconds=1)
"""By the wall's clock, as SQLite waits: long enough for who reads."""
COUNTED_EVERY: Final = 15.0
"""Seconds, of the hurried clock."""


@dataclass(frozen=True, slots=True)
class Life:
    """All that a process needs to know; with a step, it dies when it comes to it for the `count`-th time."""

    settings: Mapping[str, str]
    discord_api: str
    gateway: str
    log: Path
    tasks: Path
    """Where the process writes, now and then, how many tasks it has."""
    clock: Clock
    settings_of_clock: Path
    """Where it stands by how much the clock of the bot's machine is set."""
    step: FailPoint | None = None
    count: int = 1

    def begin(self) -> ForkServerProcess:
        """Start the process."""
        return fork(self.log, live, self)

    def killer(self) -> Callable[[FailPoint], None]:
        """Return a function that kills the process at its step."""
        left = self.count

        def at(step: FailPoint) -> None:
            nonlocal left
            left -= step is self.step
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        return at


def live(life: Life) -> None:
    """Run the bot at the speed of the simulations, without access to the outside."""
    launch.check(life.settings)
    os.environ.clear()
    os.environ.update(life.settings)
    settings = load_settings(None)
    log_setup.configure(settings.log_level, settings.log_format, secrets=[])
    # Every part of the bot asks one function for the time, and that one asks this name.
    clock = SetClock(life.clock, life.settings_of_clock)
    present.datetime = clock  # pyright: ignore[reportAttributeAccessIssue, reportPrivateImportUsage] - a clock in place of a class
    loop = partial(HurriedLoop, life.clock.speed)
    with (
        trapped(life.killer()),
        point_at(life.discord_api, life.gateway),
        asyncio.Runner(loop_factory=loop) as runner,
    ):
        count_tasks(runner.get_loop(), life.tasks)
        runner.run(app.run(settings, timings=app.Timings(busy_timeout=DATABASE_WAITS)))


def count_tasks(loop: asyncio.AbstractEventLoop, file: Path) -> None:
    """Write down how many tasks there are, now and for as long as the loop runs."""
    file.write_text(str(len(asyncio.all_tasks(loop))))
    loop.call_later(COUNTED_EVERY, count_tasks, loop, file)
