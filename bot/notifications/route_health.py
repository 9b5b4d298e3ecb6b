"""The health of the routes to each owner: for /mjstatus, the heartbeat and the choice of a route."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.incidents import Incident
from bot.domain.messages import Message, Route, RouteState
from bot.notifications.retry_policy import (
    copy_key,
    has_arrived,
    is_copy,
    is_due,
    next_attempt,
    original_key,
    ready_at,
)
from bot.notifications.transport import DeliveryError, FailureKind

CLOSED_FOR: Final = timedelta(days=1)
"""How long direct messages count as closed. They are tried again then: the person may have opened them."""


class RouteHealth:
    """The state of each route to each person. States from before the start come from the messages."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self.states: dict[tuple[int, Route], RouteState] = {}
        arrived = ((message.sent_at, message) for message in messages if message.sent_at is not None)
        for at, message in sorted(arrived, key=lambda each: each[0]):
            self.worked(message.recipient, message.route, at)
            direct = self.state(message.recipient, Route.DM)
            if message.is_dm_refused and not direct.refuses:
                refusing = replace(direct, failed_at=at, failure=message.failure, refuses=True)
                self.states[message.recipient, Route.DM] = refusing

    def worked(self, recipient: int, route: Route, at: datetime) -> None:
        """Record that a message arrived."""
        self.states[recipient, route] = RouteState(recipient, route, at)

    def failed(self, recipient: int, route: Route, error: DeliveryError, at: datetime) -> None:
        """Record that an attempt failed."""
        refuses = error.kind in (FailureKind.CLOSED, FailureKind.BROKEN)
        before = self.state(recipient, route)
        self.states[recipient, route] = replace(before, failed_at=at, failure=error.reason, refuses=refuses)

    def state(self, recipient: int, route: Route) -> RouteState:
        """Return the state of a route."""
        return self.states.get((recipient, route)) or RouteState(recipient, route)

    def refusal(self, recipient: int, now: datetime) -> str | None:
        """Return why direct messages should not be tried now; None if they should."""
        state = self.state(recipient, Route.DM)
        if not state.refuses or state.failed_at is None:
            return None
        return state.failure if timedelta(0) <= now - state.failed_at < CLOSED_FOR else None


def overdue_since(
    messages: Mapping[str, Message], incidents: Mapping[str, Incident], now: datetime
) -> datetime | None:
    """Return since when the oldest undelivered message has been overdue; None if no message is."""
    return min(
        (
            # A push may have waited for another one.
            each.failing_since or each.claimed_at or each.due_at
            for each in messages.values()
            if each.on_its_way
            and (each.failing_since is not None or ready_at(each, messages, incidents, now) <= now)
            and not arrived_otherwise(each, messages)
        ),
        default=None,
    )


def arrived_otherwise(message: Message, messages: Mapping[str, Message]) -> bool:
    """Whether the copy of a message arrived, or the original of a copy."""
    if is_copy(message):
        original = messages.get(original_key(message))
        return original is None or not original.on_its_way  # memory drops finished messages
    return has_arrived(messages.get(copy_key(message)))


@dataclass(slots=True)
class RetryGate:
    """The messages that failed and must not be tried again yet. After a restart all may be tried again."""

    now: Callable[[], datetime]
    chance: Callable[[], float]
    _held: dict[str, tuple[int, datetime]] = field(default_factory=dict[str, tuple[int, datetime]])
    """How often each message failed, and until when it is held."""

    def hold(self, key: str, wait: timedelta | None = None) -> None:
        """Hold a message for its backoff, or for `wait` if that is longer."""
        now = self.now()
        failures = self._held.get(key, (0, now))[0] + 1
        self._held[key] = failures, next_attempt(failures, wait, now=now, chance=self.chance())

    def release(self, key: str) -> None:
        """Forget the failures of a message."""
        self._held.pop(key, None)

    def keep(self, keys: Collection[str]) -> None:
        """Forget all messages but these."""
        for key in self._held.keys() - keys:
            del self._held[key]

    def is_held(self, key: str) -> bool:
        """Whether a message failed and has not succeeded since."""
        return key in self._held

    def until(self, key: str, now: datetime) -> datetime | None:
        """Return until when a message is held; None if it is not."""
        _, until = self._held.get(key, (0, now))
        return None if is_due(until, now) else until
