"""How the routes to each owner do, and what waits: for /mjstatus, the heartbeat and the choice of a route."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.messages import Delivery, Message, Route
from bot.notifications.retry_policy import Memory, backoff, copy_key, is_copy, is_due, original_key, ready_at
from bot.notifications.transport import CLOSED_REASONS, DeliveryError, FailureKind
from bot.rules.policy import LONGEST_BACKOFF

TRIED_AGAIN: Final = timedelta(days=1)
"""After so long, closed direct messages are tried again: the person may have opened them."""


@dataclass(frozen=True, slots=True)
class RouteState:
    """When a route to a person last worked, and why it does not, if the last try failed."""

    worked_at: datetime | None = None
    failed_at: datetime | None = None
    failure: str | None = None
    refuses: bool = False
    """The route itself is closed or broken, rather than Discord busy."""


@dataclass(frozen=True, slots=True)
class Report:
    """How telling goes."""

    waiting: tuple[Message, ...]
    """What should be there by now, the longest overdue first; each says why it is not."""
    overdue_since: datetime | None
    """Since when the oldest of them has been due; one that arrived by another route does not count."""
    routes: Mapping[tuple[int, Route], RouteState]


class RouteHealth:
    """What each route to each person did last, before the start as far as messages tell."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self._states: dict[tuple[int, Route], RouteState] = {}
        arrived = ((message.sent_at, message) for message in messages if message.sent_at is not None)
        for at, message in sorted(arrived, key=lambda each: each[0]):
            self._recall(message, at)

    def _recall(self, message: Message, at: datetime) -> None:
        self.worked(message.recipient, message.route, at)
        direct = self.state(message.recipient, Route.DM)
        if message.route is Route.CHANNEL and message.failure in CLOSED_REASONS and not direct.refuses:
            refusing = replace(direct, failed_at=at, failure=message.failure, refuses=True)
            self._states[message.recipient, Route.DM] = refusing

    def worked(self, recipient: int, route: Route, at: datetime) -> None:
        """Note that a message arrived."""
        self._states[recipient, route] = RouteState(worked_at=at)

    def failed(self, recipient: int, route: Route, error: DeliveryError, at: datetime) -> None:
        """Note that a message was refused, or nobody knows whether it arrived."""
        refuses = error.kind in (FailureKind.CLOSED, FailureKind.BROKEN)
        before = self.state(recipient, route)
        self._states[recipient, route] = replace(before, failed_at=at, failure=error.reason, refuses=refuses)

    def state(self, recipient: int, route: Route) -> RouteState:
        """Return what is known of a route."""
        return self._states.get((recipient, route), RouteState())

    def refusal(self, recipient: int, now: datetime) -> str | None:
        """Return why direct messages need not be tried now; None when they are to be tried."""
        state = self.state(recipient, Route.DM)
        if not state.refuses or state.failed_at is None:
            return None
        return state.failure if timedelta(0) <= now - state.failed_at < TRIED_AGAIN else None

    def states(self) -> Mapping[tuple[int, Route], RouteState]:
        """Return what is known of every route that was taken."""
        return dict(self._states)


def report(
    memory: Memory, routes: RouteHealth, now: datetime, broken_since: datetime | None = None
) -> Report:
    """Sum up how telling goes; `broken_since` is since when a message could not be worked on at all."""
    waiting = sorted(
        (each for each in memory.messages.values() if each.on_its_way and is_overdue(each, memory, now)),
        key=due_since,
    )
    untold = [due_since(message) for message in waiting if not is_told_otherwise(message, memory.messages)]
    overdue = [*untold, *([broken_since] if broken_since else [])]
    return Report(tuple(waiting), min(overdue, default=None), routes.states())


def is_overdue(message: Message, memory: Memory, now: datetime) -> bool:
    """Whether a message should be in Discord by now."""
    return message.failing_since is not None or ready_at(message, memory, now) <= now


def due_since(message: Message) -> datetime:
    """Return since when a message should have been in Discord; a push may have waited for another one."""
    return message.failing_since or message.claimed_at or message.due_at


def is_told_otherwise(message: Message, messages: Mapping[str, Message]) -> bool:
    """Whether a message waits, but its copy arrived by the other route, or what it is a copy of."""
    if is_copy(message):
        original = messages.get(original_key(message))
        return original is None or not original.on_its_way  # one that memory let go is finished
    copy = messages.get(copy_key(message))
    return copy is not None and copy.delivery in (Delivery.SENT, Delivery.DONE)


@dataclass(slots=True)
class RetryGate:
    """What is left alone for a while after it failed: in memory, as a restart may try it again."""

    now: Callable[[], datetime]
    chance: Callable[[], float]
    _failures: dict[str, int] = field(default_factory=dict[str, int])
    _until: dict[str, datetime] = field(default_factory=dict[str, datetime])

    def hold(self, key: str, wait: timedelta | None = None) -> None:
        """Leave something alone for its backoff, or for longer if so told."""
        self._failures[key] = self._failures.get(key, 0) + 1
        pause = max(backoff(self._failures[key], self.chance()), wait or timedelta(0))
        self._until[key] = self.now() + min(pause, LONGEST_BACKOFF)

    def release(self, key: str) -> None:
        """Forget that something failed."""
        self._failures.pop(key, None)
        self._until.pop(key, None)

    def keep(self, keys: Collection[str]) -> None:
        """Forget what is not among these keys: nobody asks again about a message that is cancelled."""
        for key in [each for each in self._failures if each not in keys]:
            self.release(key)

    def is_held(self, key: str) -> bool:
        """Return whether something failed and has not worked since."""
        return key in self._failures

    def until(self, key: str, now: datetime) -> datetime | None:
        """Return the time till which something is left alone; None when it is not."""
        until = self._until.get(key)
        return None if until is None or is_due(until, now) else until
