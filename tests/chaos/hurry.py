"""Event loops and a clock that run faster, so that five minutes pass in seconds."""

import asyncio
import selectors
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from tests.support.clock import Clock

SPEED: Final = 30.0


@dataclass(frozen=True, slots=True)
class SetClock:
    """The clock of the bot's machine: a test sets it while the bot runs, through a file."""

    clock: Clock
    file: Path

    def off(self) -> timedelta:
        """Return the sum of all settings."""
        return timedelta(seconds=float(self.file.read_text())) if self.file.exists() else timedelta(0)

    def set(self, by: timedelta) -> None:
        """Set the clock forward, or back."""
        new = self.file.with_suffix(".new")
        new.write_text(str((self.off() + by).total_seconds()))
        new.replace(self.file)

    def now(self, _zone: object = UTC) -> datetime:
        """Return the time of day on the bot's machine, as `datetime.now(UTC)` does."""
        return self.clock.now() + self.off()


class HurriedSelector(selectors.DefaultSelector):
    """Waits for a fraction of the time it is asked to."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(None if timeout is None else timeout / self._speed)


class HurriedLoop(asyncio.SelectorEventLoop):
    """An event loop in which all sleeps and time limits are over so many times as soon."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        super().__init__(HurriedSelector(speed))

    def time(self) -> float:
        return super().time() * self._speed
