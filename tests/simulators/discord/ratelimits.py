"""Rate limit headers on every answer, and true 429s when a pace is set (docs: Rate limits)."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import md5
from typing import Final

ID: Final = re.compile(r"\d{17,20}")
MESSAGES: Final = re.compile(r"/channels/(\d+)/messages(/\d+)?")


@dataclass(frozen=True, slots=True)
class Pace:
    """So many requests in so many seconds; Discord allows about (5, 5.0) for the messages of a channel."""

    limit: int
    per: float


GENEROUS: Final = Pace(1_000, 1.0)
"""For everything else: no client ever waits because of it."""


@dataclass(slots=True)
class _Window:
    began: float
    used: int = 0


class RateLimits:
    """Buckets of a fixed window, one per route and major parameter. Only message routes keep a pace."""

    def __init__(self, pace: Pace | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.pace = pace
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def take(self, method: str, path: str) -> tuple[dict[str, str], float | None]:
        """The headers of the answer, and the seconds to wait when this request is one too many."""
        pace = self.pace if self.pace is not None and MESSAGES.fullmatch(path) else GENEROUS
        window = self._window(f"{method} {_route(path)} {_major(path)}", pace)
        left = pace.per - (self._clock() - window.began)
        refused = window.used >= pace.limit
        window.used += not refused
        headers = {
            "X-RateLimit-Limit": str(pace.limit),
            "X-RateLimit-Remaining": str(pace.limit - window.used),
            "X-RateLimit-Reset": f"{time.time() + left:.3f}",
            "X-RateLimit-Reset-After": f"{left:.3f}",
            "X-RateLimit-Bucket": md5(f"{method} {_route(path)}".encode(), usedforsecurity=False).hexdigest(),
        }
        return headers, left if refused else None

    def _window(self, key: str, pace: Pace) -> _Window:
        now = self._clock()
        window = self._windows.get(key)
        if window is None or now - window.began >= pace.per:
            window = self._windows[key] = _Window(now)
        return window


def _route(path: str) -> str:
    shortened = re.sub(r"^(/webhooks/\d+)/[^/]+", r"\1/token", path)
    return ID.sub("id", re.sub(r"^(/interactions/\d+)/[^/]+", r"\1/token", shortened))


def _major(path: str) -> str:
    parts = path.split("/")
    return "/".join(parts[2:4]) if parts[1] == "webhooks" else "/".join(parts[2:3])
