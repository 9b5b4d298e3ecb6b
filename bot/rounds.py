"""The rounds of the watch: look at the list, mind the clock, tell; loops that only a stop ends."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

from bot.heartbeat import OVERDUE, Heartbeat
from bot.monitor import Monitor
from bot.outbox import Outbox
from bot.rules.policy import Policy
from bot.rules.service import look_again_in
from bot.supervise import Health, first_of, supervise
from bot.useapi import RateLimited, UseapiError
from bot.watchkeeper import Watchkeeper

LOOK_LIMIT: Final = timedelta(seconds=60)
JITTER: Final = 0.1
AT_ONCE: Final = timedelta(0)
SHORTEST_REST: Final = timedelta(seconds=1)


class Rounds:
    """Keeps the watch going, whether or not Discord's gateway is there."""

    def __init__(
        self,
        monitor: Monitor,
        keeper: Watchkeeper,
        outbox: Outbox,
        heartbeat: Heartbeat,
        interval: timedelta,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._monitor = monitor
        self._keeper = keeper
        self.outbox = outbox
        self._heartbeat = heartbeat
        self._interval = interval
        self._now = now
        self._sleep = sleep
        self._chance = chance
        self.health = Health()
        self.failed_looks = 0
        """How many looks failed in a row."""
        self.next_look: datetime | None = None
        """When the next look begins; None while one is under way."""

    @asynccontextmanager
    async def going(self) -> AsyncGenerator[None]:
        """Make the rounds beside the body."""
        stop = asyncio.Event()
        loops = (
            supervise(
                lambda: self._look_and_rest(stop),
                name="looking at the accounts",
                stop=stop,
                every=AT_ONCE,
                limit=None,
                health=self.health,
                delayed=self._look_in,
                sleep=self._sleep,
            ),
            supervise(
                lambda: self._mind_the_clock(stop),
                name="minding the clock",
                stop=stop,
                every=AT_ONCE,
                limit=None,
                sleep=self._sleep,
            ),
            self.outbox.run(stop),
        )
        tasks = [asyncio.create_task(loop) for loop in loops]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look_and_rest(self, stop: asyncio.Event) -> None:
        """Look, then wait for the next time; a good look by somebody else ends a long wait."""
        self.next_look = None
        async with asyncio.timeout(LOOK_LIMIT.total_seconds()):
            await first_of(self.look(), stop.wait())
        self._monitor.recovered.clear()
        rest = self.rest()
        self._look_in(rest)
        await first_of(stop.wait(), self._monitor.recovered.wait(), self._sleep(rest.total_seconds()))

    def _look_in(self, rest: timedelta) -> None:
        self.next_look = self._now() + rest

    async def look(self) -> None:
        """Look once. That the list cannot be read is for the watch to judge, and no failure of the loop."""
        failed = self.failed_looks + 1
        try:
            await self._monitor.check()
            failed = 0
        except UseapiError:
            return
        finally:
            self.failed_looks = failed
        overdue = self.outbox.report().overdue_since
        if overdue is None or self._now() - overdue <= OVERDUE:
            await self._heartbeat.beat()

    def rest(self) -> timedelta:
        """Say how long to wait: at the pace of the settings, longer where asking soon does not help."""
        failure, ledger = self._monitor.failure, self._keeper.ledger
        wanted = look_again_in(ledger.watch, ledger.incidents, Policy(self._interval))
        if wanted > self._interval:
            return wanted
        pace = self._interval * (1 + JITTER * (2 * self._chance() - 1))
        if isinstance(failure, RateLimited) and failure.retry_after is not None:
            return min(max(pace, failure.retry_after), 2 * self._interval)
        return pace

    async def _mind_the_clock(self, stop: asyncio.Event) -> None:
        """Take in that time has passed, then wait until it matters again."""
        await self._keeper.tick()
        seen = self._keeper.ledger.changed.version
        wait = max(self._keeper.next_tick() - self._now(), SHORTEST_REST)
        await first_of(stop.wait(), self._keeper.ledger.changed.wait(seen), self._sleep(wait.total_seconds()))
