"""The recorded traffic, and waits for it."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .call import Call

T = TypeVar("T")
BACKSTOP = 0.01
"""The seconds between two checks of a condition that the journal does not see."""


@dataclass(frozen=True, slots=True)
class RestRequest:
    """One REST request of the bot; status 0 when it got no answer."""

    method: str
    path: str
    json: Any
    arrived: float
    """When its head was there, by `time.monotonic`."""
    status: int

    def __str__(self) -> str:
        body = "" if self.json is None else json.dumps(self.json)[:160]
        return f"{self.status:>3} {self.method} {self.path} {body}"


@dataclass(slots=True)
class Journal:
    """Requests, bodies and problems in order of arrival; calls `on_change` and wakes who waits after each."""

    requests: list[RestRequest] = field(default_factory=list[RestRequest])
    bodies: list[Any] = field(default_factory=list[Any])
    problems: list[str] = field(default_factory=list[str])
    on_change: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    delivered: dict[int, float] = field(default_factory=dict[int, float])
    """When each interaction went to the bot's socket, by `time.monotonic`."""
    _waiting: set[asyncio.Event] = field(default_factory=set[asyncio.Event])

    def note(self, call: Call, status: int) -> None:
        self.requests.append(RestRequest(call.method, call.path, call.json, call.arrived, status))
        self.changed()

    def deliver(self, interaction_id: int) -> None:
        self.delivered[interaction_id] = time.monotonic()

    def problem(self, where: str, what: str) -> None:
        self.problems.append(f"{where}: {what}")

    def changed(self) -> None:
        for event in self._waiting:
            event.set()
        for listener in list(self.on_change):
            listener()

    async def wait_for(self, predicate: Callable[[], T], timeout: float) -> T:  # noqa: ASYNC109 - part of the interface
        """The first truthy value of `predicate`, or an AssertionError that shows the recent traffic."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            return await self._watch(predicate, event, time.monotonic() + timeout)
        finally:
            self._waiting.discard(event)

    async def _watch(self, predicate: Callable[[], T], event: asyncio.Event, deadline: float) -> T:
        while True:
            event.clear()
            if value := predicate():
                return value
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"waited in vain for {_name(predicate)}\n{self.recent()}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), min(left, BACKSTOP))

    def recent(self, last: int = 12) -> str:
        """The last requests and every problem, one a line."""
        return "\n".join(["recent requests:", *map(str, self.requests[-last:]), "problems:", *self.problems])


def _name(predicate: Callable[[], object]) -> str:
    code = getattr(predicate, "__code__", None)
    return f"{code.co_name} (line {code.co_firstlineno})" if code is not None else repr(predicate)
