"""The message transport over Discord's REST API, and what its errors mean."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import aiohttp
import discord

from bot.domain.messages import DM_REFUSED, Route, reference
from bot.notifications.transport import DeliveryError, FailureKind, MessageRef
from bot.render.message_content import MessageContent

REQUEST_FAILED: Final = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)

# The codes are those of Discord's documentation, "Opcodes and Status Codes", JSON error codes.
BROKEN_CODES: Final = frozenset({50001, 50013, 10003, 10013, 50083, 20026})
"""Missing access, missing permissions, unknown channel, unknown user, archived thread, bot quarantined."""
BODY_CODES: Final = frozenset({50035, 50006, 40005, 20009, 50008, 200000, 200001, 240000})
"""The message: invalid form, empty, too large, explicit, wrong for the channel, AutoMod, harmful link."""
TOO_MANY_EDITS: Final = 30046
"""Of a message older than an hour."""
UNKNOWN_MESSAGE: Final = 10008

EDITS_PAUSE: Final = timedelta(minutes=10)
"""The wait after 30046, which names none."""
SEARCH_EARLIER: Final = timedelta(days=1)
"""How much older than its row a message may be by Discord's clock: ours may have been set forward since."""
SEARCH_LIMIT: Final = 500
"""Messages, which take five requests."""
REQUEST_LIMIT: Final = timedelta(seconds=60)
"""Long enough for discord.py's own retries of a 500, which take 25 s."""


@dataclass(slots=True)
class DiscordTransport:
    """Sends messages by a client that is logged in. It needs no gateway and no cache.

    A direct message channel is opened once for each person: Discord limits how fast that may be done (40003).
    """

    client: discord.Client
    alert_channel_id: int | None = None
    limit: timedelta = REQUEST_LIMIT
    _direct: dict[int, int] = field(default_factory=dict[int, int])

    @property
    def ready(self) -> bool:
        """Whether the client is logged in and not closed."""
        return self.client.application_id is not None and not self.client.is_closed()

    def has(self, route: Route) -> bool:
        """Whether a route exists: the channel is one only if it is configured."""
        return route is Route.DM or (route is Route.CHANNEL and self.alert_channel_id is not None)

    async def open(self, recipient: int, route: Route) -> int:
        """Return the channel of a route to a recipient."""
        if route is Route.CHANNEL:
            if self.alert_channel_id is None:
                raise DeliveryError(FailureKind.BROKEN, "no alert channel")
            return self.alert_channel_id
        if recipient not in self._direct:
            async with delivery_errors(self.limit):
                self._direct[recipient] = (await self.client.create_dm(discord.Object(recipient))).id
        return self._direct[recipient]

    async def send(self, channel_id: int, content: MessageContent, *, nonce: str, silent: bool) -> MessageRef:
        """Send a message."""
        async with delivery_errors(self.limit):
            sent = await self.client.get_partial_messageable(channel_id).send(
                **content.send_kwargs(), nonce=nonce, silent=silent
            )
        return MessageRef(sent.channel.id, sent.id)

    async def edit(self, place: MessageRef, content: MessageContent) -> None:
        """Change the content of a message."""
        async with delivery_errors(self.limit):
            await self._partial(place).edit(**content.edit_kwargs())

    async def delete(self, place: MessageRef) -> None:
        """Delete a message."""
        async with delivery_errors(self.limit):
            await self._partial(place).delete()

    async def pin(self, place: MessageRef) -> None:
        """Pin a message."""
        async with delivery_errors(self.limit):
            await self._partial(place).pin()

    async def find(self, channel_id: int, key: str, since: datetime) -> MessageRef | None:
        """Find the bot's newest message that contains a key: Discord's history has no nonces."""
        own = self.client.user.id if self.client.user else None
        async with delivery_errors(self.limit):
            async for message in self.client.get_partial_messageable(channel_id).history(limit=SEARCH_LIMIT):
                if message.created_at < since - SEARCH_EARLIER:
                    break
                if message.author.id == own and contains_key(message, key):
                    return MessageRef(message.channel.id, message.id)
        return None

    def _partial(self, place: MessageRef) -> discord.PartialMessage:
        return self.client.get_partial_messageable(place.channel_id).get_partial_message(place.message_id)


def contains_key(message: discord.Message, key: str) -> bool:
    """Whether a message contains a key: in a button, in a footer, or in its text.

    A footer, or the last line of a message of text alone, ends with the short form of the key. Earlier
    versions wrote the whole key.
    """
    rows = (row for row in message.components if isinstance(row, discord.ActionRow))
    controls = (control.custom_id for row in rows for control in row.children)
    footers = (embed.footer.text for embed in message.embeds)
    texts = [text for text in (*controls, *footers, message.content) if text is not None]
    return any(key in text or text.endswith(f" {reference(key)}") for text in texts)


@asynccontextmanager
async def delivery_errors(limit: timedelta) -> AsyncGenerator[None]:
    """Limit the time of a request, and raise DeliveryError for every way in which it fails.

    The error carries no other one: those of aiohttp contain the bot's token.
    """
    try:
        async with asyncio.timeout(limit.total_seconds()):
            yield
    except REQUEST_FAILED as error:
        raise error_for(error) from None


def error_for(error: Exception) -> DeliveryError:
    """Return the delivery error for a library's error."""
    match error:
        case discord.RateLimited():
            reason = str(HTTPStatus.TOO_MANY_REQUESTS.value)
            return DeliveryError(FailureKind.WAIT, reason, timedelta(seconds=error.retry_after))
        case discord.LoginFailure():
            return DeliveryError(FailureKind.TOKEN, type(error).__name__)
        case discord.HTTPException():
            wait = EDITS_PAUSE if error.code == TOO_MANY_EDITS else retry_after(error)
            reason = str(error.code or error.status)
            return DeliveryError(failure_kind(error.status, error.code), reason, wait)
        case _:
            return DeliveryError(FailureKind.WAIT, type(error).__name__)


def retry_after(error: discord.HTTPException) -> timedelta | None:
    """Return the Retry-After of a 429 (RFC 9110, 10.2.3), if it is in seconds."""
    is_limited = error.status == HTTPStatus.TOO_MANY_REQUESTS
    seconds = error.response.headers.get("Retry-After", "") if is_limited else ""
    return timedelta(seconds=int(seconds)) if re.fullmatch(r"[0-9]{1,6}", seconds) else None


def failure_kind(status: int, code: int) -> FailureKind:
    """Return the kind of a failure by Discord's code before its status: 50007 comes with 403 and with 400."""
    if str(code) in DM_REFUSED:
        return FailureKind.CLOSED
    if code in BROKEN_CODES:
        return FailureKind.BROKEN
    if code == UNKNOWN_MESSAGE:
        return FailureKind.GONE
    if status == HTTPStatus.UNAUTHORIZED:
        return FailureKind.TOKEN
    # Nothing else is about the message, which is tried again in the same form.
    is_about_body = code in BODY_CODES and status < HTTPStatus.INTERNAL_SERVER_ERROR
    return FailureKind.FORM if is_about_body else FailureKind.WAIT
