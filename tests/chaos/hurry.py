"""Time that runs faster, so that five minutes pass in seconds: for the bot's process and for both fakes."""

import asyncio
import selectors
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

SPEED: Final = 30.0


@dataclass(frozen=True, slots=True)
class Hurry:
    """A clock that has run so many times as fast as the wall's since it was started, and was put ahead."""

    started: float
    speed: float
    ahead: timedelta = timedelta(0)

    @classmethod
    def begin(cls, speed: float = SPEED) -> Self:
        """Start at the present time."""
        return cls(time.time(), speed)

    def loop(self) -> "HurriedLoop":
        """Make an event loop that is as fast."""
        return HurriedLoop(self.speed)

    def later(self, by: timedelta) -> Self:
        """Return the clock put ahead by so much more."""
        return replace(self, ahead=self.ahead + by)

    def now(self, _zone: object = UTC) -> datetime:
        """Return the time, as `datetime.now(UTC)` does."""
        passed = (time.time() - self.started) * self.speed
        return datetime.fromtimestamp(self.started, UTC) + timedelta(seconds=passed) + self.ahead


@dataclass(frozen=True, slots=True)
class SetClock:
    """The clock of the bot's machine: one that may be set while a life runs, by what stands in a file."""

    hurry: Hurry
    file: Path

    def off(self) -> timedelta:
        """Return by how much it was set in all."""
        return timedelta(seconds=float(self.file.read_text())) if self.file.exists() else timedelta(0)

    def set(self, by: timedelta) -> None:
        """Set it ahead, or back."""
        new = self.file.with_suffix(".new")
        new.write_text(str((self.off() + by).total_seconds()))
        new.replace(self.file)

    def now(self, _zone: object = UTC) -> datetime:
        """Return the time that the bot believes, as `datetime.now(UTC)` does."""
        return self.hurry.now() + self.off()


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
