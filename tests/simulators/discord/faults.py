"""The faults of the simulated Discord."""

import asyncio
import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase


class FaultKind(StrEnum):
    """The kinds of faults. The fields of `Fault` give the details."""

    TOKEN_REFUSED = "token refused"  # 401 on every route, 4004 at the gateway
    RATE_LIMITED = "rate limited"  # 429
    EDGE_LIMITED = "edge limited"  # 429 from before Discord: a page, and no Via
    ERROR = "error"  # any status and code
    RESET = "reset"  # the connection breaks before anything happened
    RESET_AFTER = "reset after"  # ... after the request had its effect
    SLOW = "slow"  # waits before the effect
    SLOW_AFTER = "slow after"  # waits between the effect and the answer
    GATEWAY_REFUSED = "gateway refused"  # no websocket: 503


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """One fault and the requests it meets.

    `path` is a pattern such as `/channels/*/messages`, without the API's prefix; `times` None lasts until
    mended; `seconds` is how long a slow answer takes, or the `retry_after` of a 429; `via=False` makes a 429
    look as if it came from Cloudflare. With a `share` it meets that part of them, by `luck` (0 to 1).
    """

    kind: FaultKind
    method: str = "*"
    path: str = "*"
    times: int | None = None
    status: int = 500
    code: int = 0
    message: str = "Internal Server Error"
    seconds: float = 1.0
    via: bool = True
    share: float = 1.0
    luck: Callable[[], float] = random.random

    def meets(self, method: str, path: str) -> bool:
        at_rest = self.kind is not FaultKind.GATEWAY_REFUSED
        concerned = at_rest and self.method in ("*", method) and fnmatchcase(path, self.path)
        return concerned and (self.share >= 1 or self.luck() < self.share)


@dataclass(slots=True)
class Faults:
    """The active faults, the oldest first."""

    _left: dict[Fault, int | None] = field(default_factory=dict[Fault, int | None])
    _mended: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, fault: Fault) -> Fault:
        self._left[fault] = fault.times
        return fault

    def mend(self, fault: Fault | None = None) -> None:
        """End one fault or all of them. Requests that a slow one delays go on."""
        if fault is None:
            self._left.clear()
        else:
            self._left.pop(fault, None)
        self._mended.set()
        self._mended = asyncio.Event()

    def take(self, method: str, path: str) -> Fault | None:
        """Return the first fault that meets this request. It counts as met once."""
        fault = next((fault for fault in self._left if fault.meets(method, path)), None)
        if fault is not None:
            self._count(fault)
        return fault

    def holds(self, kind: FaultKind) -> bool:
        """Whether such a fault is active. It counts as met once."""
        fault = next((fault for fault in self._left if fault.kind is kind), None)
        if fault is not None:
            self._count(fault)
        return fault is not None

    def _count(self, fault: Fault) -> None:
        left = self._left[fault]
        if left is None:
            return
        self._left[fault] = left - 1
        if left <= 1:
            del self._left[fault]

    async def delay(self, fault: Fault) -> None:
        """Wait for the time of a slow fault, or until something is mended."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._mended.wait(), fault.seconds)
