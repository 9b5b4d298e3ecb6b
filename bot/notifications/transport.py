"""Discord's REST as far as telling owners needs it: send, edit, delete, look for, and what an error means."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final, Protocol

import aiohttp
import discord
from discord import ui

from bot.domain.messages import Route, reference

REQUEST_FAILED: Final = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)

UNAUTHORIZED: Final = 401
TOO_MANY_REQUESTS: Final = 429
SERVER_ERROR: Final = 500

# The codes are those of Discord's documentation, "Opcodes and Status Codes", JSON error codes.
CLOSED_CODES: Final = frozenset({50007, 50278})
"""Cannot send messages to this user; the second says that it is for want of a server in common."""
CLOSED_REASONS: Final = frozenset(map(str, CLOSED_CODES))
BROKEN_CODES: Final = frozenset({50001, 50013, 10003, 10013, 50083, 20026})
"""Missing access, missing permissions, unknown channel, unknown user, archived thread, bot quarantined."""
BODY_CODES: Final = frozenset({50035, 50006, 40005, 20009, 50008, 200000, 200001, 240000})
"""What was sent: invalid form, empty, too large, explicit, wrong for the channel, AutoMod, harmful link."""
TOO_MANY_EDITS: Final = 30046
"""Of a message older than an hour."""
GONE_CODES: Final = frozenset({10008})
"""Unknown message."""

EDITS_PAUSE: Final = timedelta(minutes=10)
"""How long a message is left alone after 30046, which names no time."""

SEARCHED_BEFORE: Final = timedelta(days=1)
"""How much older than its row a message may be by Discord's clock; ours may have been put on since."""
SEARCHED: Final = 500
"""How many messages are looked through: five requests."""

REQUEST_LIMIT: Final = timedelta(seconds=60)
"""Long enough for discord.py's own retries of a 500, which take 25 s."""


class FailureKind(Enum):
    """What is in the way of a request."""

    WAIT = auto()
    """Discord or the network cannot do it now."""
    TOKEN = auto()
    """Discord refuses the bot as a whole: no other route helps."""
    CLOSED = auto()
    """The person takes no direct messages of the bot."""
    BROKEN = auto()
    """This route does not exist, or is not the bot's to use."""
    FORM = auto()
    """Discord does not take this message in this form."""
    GONE = auto()
    """The message is not there any more."""


class DeliveryError(Exception):
    """Discord did not do what was asked, or did not say that it has.

    `reason` is Discord's code or the kind of error, never a text: those hold headers.
    """

    def __init__(self, obstacle: FailureKind, reason: str, wait: timedelta | None = None) -> None:
        super().__init__(f"{obstacle.name.lower()}: {reason}")
        self.kind = obstacle
        self.reason = reason
        self.wait = wait


@dataclass(frozen=True, slots=True)
class MessageRef:
    """Where a message stands."""

    channel_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """What a message shows; the view is new for each message, as discord.py asks of dynamic items."""

    content: str
    embed: discord.Embed | None
    view: ui.View
    mentioned: int | None = None
    """The only person whom a mention in the content may reach."""

    @property
    def mentions(self) -> discord.AllowedMentions:
        """What Discord may make of mentions: nothing that somebody else's text could use."""
        if self.mentioned is None:
            return discord.AllowedMentions.none()
        person = discord.Object(self.mentioned)
        return discord.AllowedMentions(everyone=False, roles=False, users=[person], replied_user=False)


class MessageTransport(Protocol):
    """What the outbox asks of Discord. Every method but `ready` raises NotDoneError."""

    @property
    def ready(self) -> bool:
        """Whether anything can be asked yet."""
        ...

    def has(self, route: Route) -> bool:
        """Whether there is such a route at all."""
        ...

    async def open(self, recipient: int, route: Route) -> int:
        """Return the channel by which a route reaches a person."""
        ...

    async def send(
        self, channel_id: int, outgoing: OutgoingMessage, *, nonce: str, silent: bool
    ) -> MessageRef:
        """Send a message; again with the same nonce, within minutes, it is the same message."""
        ...

    async def edit(self, place: MessageRef, outgoing: OutgoingMessage) -> None:
        """Show something else in a message."""
        ...

    async def delete(self, place: MessageRef) -> None:
        """Take a message away."""
        ...

    async def find(self, channel_id: int, key: str, since: datetime) -> MessageRef | None:
        """Look for a message that may have been sent."""
        ...


@dataclass(slots=True)
class DiscordTransport:
    """The post of a client that is logged in; it needs no gateway and no cache.

    Direct messages are opened once for each person, as Discord limits how fast that may be done (40003).
    """

    client: discord.Client
    alert_channel_id: int | None = None
    limit: timedelta = REQUEST_LIMIT
    _direct: dict[int, int] = field(default_factory=dict[int, int])

    @property
    def ready(self) -> bool:
        """Whether the login is over, and nothing was closed since."""
        return self.client.application_id is not None and not self.client.is_closed()

    def has(self, route: Route) -> bool:
        """Whether there is such a route: the channel is one only if it is configured."""
        return route is Route.DM or self.alert_channel_id is not None

    async def open(self, recipient: int, route: Route) -> int:
        """Return the channel by which a route reaches a person.

        Raises:
            NotDoneError: Discord does not open it.
        """
        if route is Route.CHANNEL:
            if self.alert_channel_id is None:
                raise DeliveryError(FailureKind.BROKEN, "no alert channel")
            return self.alert_channel_id
        if recipient not in self._direct:
            async with told_apart(self.limit):
                self._direct[recipient] = (await self.client.create_dm(discord.Object(recipient))).id
        return self._direct[recipient]

    async def send(
        self, channel_id: int, outgoing: OutgoingMessage, *, nonce: str, silent: bool
    ) -> MessageRef:
        """Send a message, and give where it stands by Discord's answer.

        Raises:
            NotDoneError: it was refused, or nobody knows whether it was sent.
        """
        async with told_apart(self.limit):
            message = await self.client.get_partial_messageable(channel_id).send(
                outgoing.content,
                nonce=nonce,
                silent=silent,
                allowed_mentions=outgoing.mentions,
                embeds=[] if outgoing.embed is None else [outgoing.embed],
                view=outgoing.view,
            )
        return MessageRef(message.channel.id, message.id)

    async def edit(self, place: MessageRef, outgoing: OutgoingMessage) -> None:
        """Show something else in a message.

        Raises:
            NotDoneError: it was refused, or nobody knows whether it was done.
        """
        message = self.client.get_partial_messageable(place.channel_id).get_partial_message(place.message_id)
        async with told_apart(self.limit):
            await message.edit(
                content=outgoing.content,
                embed=outgoing.embed,
                view=outgoing.view,
                allowed_mentions=outgoing.mentions,
            )

    async def delete(self, place: MessageRef) -> None:
        """Take a message away.

        Raises:
            NotDoneError: it was refused, or nobody knows whether it was done.
        """
        message = self.client.get_partial_messageable(place.channel_id).get_partial_message(place.message_id)
        async with told_apart(self.limit):
            await message.delete()

    async def find(self, channel_id: int, key: str, since: datetime) -> MessageRef | None:
        """Look among the bot's own messages, newest first, for one that holds a key.

        Discord gives no nonce back from history, so the key has to stand in the message.

        Raises:
            NotDoneError: the channel could not be read.
        """
        own = self.client.user.id if self.client.user else None
        async with told_apart(self.limit):
            async for message in self.client.get_partial_messageable(channel_id).history(limit=SEARCHED):
                if message.created_at < since - SEARCHED_BEFORE:
                    break
                if message.author.id == own and holds(message, key):
                    return MessageRef(message.channel.id, message.id)
        return None


def holds(message: discord.Message, key: str) -> bool:
    """Whether a key stands in a message: in a button, a footer, or the text of a plain one.

    A footer, and the last line of a plain text, end with its short form. Earlier versions wrote it whole.
    """
    rows = (row for row in message.components if isinstance(row, discord.ActionRow))
    controls = (control.custom_id for row in rows for control in row.children)
    footers = (embed.footer.text for embed in message.embeds)
    texts = [text for text in (*controls, *footers, message.content) if text is not None]
    return any(key in text or text.endswith(f" {reference(key)}") for text in texts)


@asynccontextmanager
async def told_apart(limit: timedelta) -> AsyncGenerator[None]:
    """Turn every way in which a request fails into the one error that says what to do.

    Raises:
        NotDoneError: instead of the libraries' errors, without them: aiohttp's carry the bot's token.
    """
    try:
        async with asyncio.timeout(limit.total_seconds()):
            yield
    except REQUEST_FAILED as error:
        raise error_for(error) from None


def error_for(error: Exception) -> DeliveryError:
    """Sort an error of a request by what is in the way."""
    match error:
        case discord.RateLimited():
            return DeliveryError(
                FailureKind.WAIT, str(TOO_MANY_REQUESTS), timedelta(seconds=error.retry_after)
            )
        case discord.LoginFailure():
            return DeliveryError(FailureKind.TOKEN, type(error).__name__)
        case discord.HTTPException():
            wait = EDITS_PAUSE if error.code == TOO_MANY_EDITS else asked_wait(error)
            reason = str(error.code or error.status)
            return DeliveryError(failure_kind(error.status, error.code), reason, wait)
        case _:
            return DeliveryError(FailureKind.WAIT, type(error).__name__)


def asked_wait(error: discord.HTTPException) -> timedelta | None:
    """Return how long an answer with status 429 asks to be left alone (RFC 9110, 10.2.3), if in seconds."""
    asked = error.response.headers.get("Retry-After", "") if error.status == TOO_MANY_REQUESTS else ""
    return timedelta(seconds=int(asked)) if re.fullmatch(r"[0-9]{1,6}", asked) else None


def failure_kind(status: int, code: int) -> FailureKind:
    """Sort Discord's answer, by its code rather than its status: 50007 comes with 403 and with 400."""
    if code in CLOSED_CODES:
        return FailureKind.CLOSED
    if code in BROKEN_CODES:
        return FailureKind.BROKEN
    if code in GONE_CODES:
        return FailureKind.GONE
    if status == UNAUTHORIZED:
        return FailureKind.TOKEN
    # Whatever else it is, it is not about what was sent: that stays as it is, and is tried again.
    return FailureKind.FORM if code in BODY_CODES and status < SERVER_ERROR else FailureKind.WAIT
