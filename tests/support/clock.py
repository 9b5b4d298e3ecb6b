"""The clock of every test, for the bot and for the simulations.

It needs the standard library alone: a benchmark imports it before anything of the bot.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final

AT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
TOLERANCE: Final = 1e-6
"""The rounding error of a sum of seconds."""


class Clock:
    """The time of day and a monotonic clock. Both stand still until a test advances them.

    With a speed they also run by themselves, that many times as fast as the machine's clock.
    """

    def __init__(self, start: datetime = AT, *, speed: float = 0.0, seconds: float = 1_000.0) -> None:
        self.speed = speed
        self.naps: list[float] = []
        """The length of each sleep in seconds, in the order in which they began."""
        self.slept = asyncio.Event()
        """Set whenever a sleep begins."""
        self._start = start
        self._seconds = seconds
        self._began = monotonic()
        self._sleepers: dict[asyncio.Event, float] = {}

    @property
    def _passed(self) -> float:
        return (monotonic() - self._began) * self.speed if self.speed else 0.0

    def now(self, _zone: object = UTC) -> datetime:
        """Return the time of day, as `datetime.now(UTC)` does."""
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """Return the seconds of the monotonic clock, as `time.monotonic` does."""
        return self._seconds + self._passed

    def set(self, time: datetime) -> None:
        """Set the time of day alone, as an administrator does."""
        self._start += time - self.now()

    def advance(self, by: timedelta) -> None:
        """Advance both clocks and wake the sleepers whose time has come."""
        self._start += by
        self._seconds += by.total_seconds()
        now = self.monotonic() + TOLERANCE
        for event in [event for event, end in self._sleepers.items() if end <= now]:
            del self._sleepers[event]
            event.set()

    async def sleep(self, seconds: float) -> None:
        """Sleep until a test has advanced the clock by so much."""
        self.naps.append(seconds)
        event = asyncio.Event()
        self._sleepers[event] = self.monotonic() + seconds
        self.slept.set()
        try:
            await event.wait()
        finally:
            self._sleepers.pop(event, None)

    async def rest(self, event: asyncio.Event, seconds: float) -> None:
        """Wait until an event is set, or until a test has advanced the clock by so much."""
        waits = {asyncio.ensure_future(each) for each in (event.wait(), self.sleep(seconds))}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def nap(self, seconds: float) -> None:
        """Advance the clock instead of sleeping."""
        self.naps.append(seconds)
        self.advance(timedelta(seconds=seconds))

    @property
    def sleeping(self) -> int:
        """The number of sleepers."""
        return len(self._sleepers)

    @property
    def wakes_in(self) -> timedelta:
        """The time until the first sleeper wakes."""
        return timedelta(seconds=max(min(self._sleepers.values()) - self.monotonic(), 0.0))

    def sleeps_for(self, seconds: float) -> bool:
        """Whether a sleeper wakes in exactly so many seconds."""
        return any(abs(end - self.monotonic() - seconds) <= TOLERANCE for end in self._sleepers.values())
