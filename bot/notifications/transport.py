"""What the outbox asks of Discord, and the kinds of failure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final, Protocol

import discord
from discord import ui

from bot.domain.messages import Route

# The codes are those of Discord's documentation, "Opcodes and Status Codes", JSON error codes.
CLOSED_CODES: Final = frozenset({50007, 50278})
"""Cannot send messages to this user. 50278: the user shares no server with the bot."""
CLOSED_REASONS: Final = frozenset(map(str, CLOSED_CODES))


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
    """The ids of a message in Discord."""

    channel_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """The content of a message. Each message has a new view: discord.py needs that for dynamic items."""

    content: str
    embed: discord.Embed | None
    view: ui.View
    mentioned: int | None = None
    """The only user whom the message may mention."""

    @property
    def mentions(self) -> discord.AllowedMentions:
        """Return the allowed mentions: none that somebody else's text could use."""
        if self.mentioned is None:
            return discord.AllowedMentions.none()
        person = discord.Object(self.mentioned)
        return discord.AllowedMentions(everyone=False, roles=False, users=[person], replied_user=False)


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

    async def send(
        self, channel_id: int, outgoing: OutgoingMessage, *, nonce: str, silent: bool
    ) -> MessageRef:
        """Send a message. The same nonce, within minutes, gives the same message."""
        ...

    async def edit(self, place: MessageRef, outgoing: OutgoingMessage) -> None:
        """Change the content of a message."""
        ...

    async def delete(self, place: MessageRef) -> None:
        """Delete a message."""
        ...

    async def find(self, channel_id: int, key: str, since: datetime) -> MessageRef | None:
        """Find a message that may have been sent."""
        ...
