"""The accounts of a simulated midjourney-proxy, and when what happens to them happens."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

INFO: Final = {
    "Subscription": "Standard (Active monthly, renews next on <t:1798300800>)",
    "Visibility Mode": "Public",
    "Job Mode": "Fast",
    "Fast Time Remaining": "14.28/15.0 hours (95.20%)",
    "Lifetime Usage": "3461 images (57.53 hours)",
    "Relaxed Usage": "2502 images (37.26 hours)",
    "Queued Jobs (fast)": "0",
    "Queued Jobs (relax)": "0",
    "Running Jobs": "None",
}
"""What Midjourney answered to `/info`, as it was recorded."""


SECRETS: Final = (
    *("token", "cookie", "bot", "login", "password", "twofactor"),
    *("invitation", "channel", "hash", "captcha"),
)


@dataclass(slots=True, kw_only=True)
class SimulatedProxyAccount:
    """One account; what is pending at Midjourney strikes at each start, until a person deals with it."""

    id: str
    channel: str
    guild: str
    remark: str | None
    sort: int
    created: datetime
    work_time: str | None = None
    is_discord: bool = True
    enable: bool = True
    lock: bool = False
    running: bool = False
    reason: str | None = None
    fast_exhausted: bool = False
    captcha_at: datetime | None = None
    captcha_link: str | None = None
    info: dict[str, str] = field(default_factory=INFO.copy)
    info_at: datetime | None = None
    unlocks_at: datetime | None = None
    """The end of a block, which the recorded version left blank."""
    syncs: int = 0
    pending: str | None = None
    """The reason for which a start will fail, until a person has dealt with it."""
    token_is_rejected: bool = False
    is_connected: bool = False
    """Whether the proxy has an instance of it, which stands even while nothing runs."""

    def secret(self, of: str) -> str:
        """Return a credential of the account, made to be searched for."""
        return f"sandbox-secret-{of}-{self.channel[-6:]}-q8Zt"

    @property
    def secrets(self) -> list[str]:
        """All credentials of the account."""
        return [self.secret(of) for of in SECRETS]

    @property
    def is_within_hours(self) -> bool:
        """Whether the account works now: here those with hours never do."""
        return self.work_time is None

    @property
    def can_start(self) -> bool:
        """Whether the routine starts it."""
        return self.enable and not self.lock and not self.running and self.is_within_hours


class Timeline:
    """What is going to happen, by the clock that was passed in; it happens when somebody looks."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self._planned: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._count = 0

    def plan(self, at: datetime, happens: Callable[[datetime], None]) -> None:
        """Let something happen at a moment; what it is given is that moment."""
        heapq.heappush(self._planned, (at, self._count, happens))
        self._count += 1

    def postpone(self, by: timedelta) -> None:
        """Let all that is planned happen so much later."""
        self._planned = [(at + by, number, happens) for at, number, happens in self._planned]

    def settle(self) -> datetime:
        """Let happen all that is due, in its order; return the present moment."""
        now = self.now()
        while self._planned and self._planned[0][0] <= now:
            at, _, happens = heapq.heappop(self._planned)
            happens(at)
        return now
