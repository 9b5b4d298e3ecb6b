"""What the outbox asks of Discord and of other services, and the kinds of failure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Protocol

from bot.domain.messages import Route
from bot.render.message_content import MessageContent


class FailureKind(Enum):
    """Why a request failed."""

    WAIT = auto()
    """Discord or the network cannot do it now."""
    TOKEN = auto()
    """Discord refuses the bot as a whole: no other route helps."""
    CLOSED = auto()
    """The person takes no direct messages from the bot."""
    BROKEN = auto()
    """The route does not exist, or the bot may not use it."""
    FORM = auto()
    """Discord does not take this message in this form."""
    GONE = auto()
    """The message does not exist any more."""


class DeliveryError(Exception):
    """A request to Discord failed, or its outcome is unknown.

    `reason` is Discord's code or the type of the error, never its text: that holds headers.
    """

    def __init__(self, kind: FailureKind, reason: str, wait: timedelta | None = None) -> None:
        super().__init__(f"{kind.name.lower()}: {reason}")
        self.kind = kind
        self.reason = reason
        self.wait = wait


@dataclass(frozen=True, slots=True)
class MessageRef:
    """The ids of a message in Discord. Outside of it, the first one is the recipient and the other 0."""

    channel_id: int
    message_id: int


class MessageTransport(Protocol):
    """Sends and changes messages. Every method but `ready` and `has` raises DeliveryError."""

    @property
    def ready(self) -> bool:
        """Whether requests can be made yet."""
        ...

    def has(self, route: Route) -> bool:
        """Whether a route exists."""
        ...

    async def open(self, recipient: int, route: Route) -> int:
        """Return the channel of a route to a recipient."""
        ...

    async def send(self, channel_id: int, content: MessageContent, *, nonce: str, silent: bool) -> MessageRef:
        """Send a message. The same nonce, within minutes, returns the same message."""
        ...

    async def edit(self, place: MessageRef, content: MessageContent) -> None:
        """Change the content of a message."""
        ...

    async def delete(self, place: MessageRef) -> None:
        """Delete a message."""
        ...

    async def find(self, channel_id: int, key: str, since: datetime) -> MessageRef | None:
        """Find a message that may have been sent."""
        ...


class Transports:
    """The transports, of which each serves some of the routes."""

    def __init__(self, *transports: MessageTransport) -> None:
        self._transports = transports

    @property
    def routes(self) -> tuple[Route, ...]:
        """Return the routes that exist."""
        return tuple(route for route in Route if self.has(route))

    def has(self, route: Route | None) -> bool:
        """Whether a route exists."""
        return route is not None and any(each.has(route) for each in self._transports)

    def of(self, route: Route) -> MessageTransport:
        """Return the transport of a route; the first one for a route that does not exist any more."""
        return next((each for each in self._transports if each.has(route)), self._transports[0])

    @property
    def is_any_ready(self) -> bool:
        """Whether a request can be made by any route."""
        return any(each.ready for each in self._transports)
