"""A Discord of a few lines: it keeps the messages, and refuses requests when a test wants it to."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from bot.domain.messages import Route
from bot.notifications.discord_transport import failure_kind
from bot.notifications.transport import DeliveryError, FailureKind, MessageRef
from bot.render.message_content import Control, MessageContent, signature

DAY: Final = timedelta(days=1)
NONCE_KNOWN: Final = timedelta(minutes=5)
UNKNOWN_MESSAGE: Final = 10008
ARCHIVED: Final = 50083
PUBLIC: Final = 77
"""The channel of the second route."""


class Refusal(Enum):
    """One answer of Discord to a request: status, code, and the wait it names, in seconds."""

    BUSY = (503, 0, 0)
    LIMITED = (429, 0, 30)
    SLOW_DOWN = (403, 40003, 0)
    TOKEN = (401, 0, 0)
    CLOSED = (403, 50007, 0)
    NO_ACCESS = (403, 50001, 0)
    FORM = (400, 50035, 0)
    EDGE = (403, 40333, 0)
    LOST = (0, 0, 0)
    """It is done, and the answer is lost."""

    def error(self) -> DeliveryError:
        """Return what the bot makes of it."""
        status, code, wait = self.value
        if self is Refusal.LOST:
            return DeliveryError(FailureKind.WAIT, "TimeoutError")
        return DeliveryError(failure_kind(status, code), str(code or status), timedelta(seconds=wait) or None)


EDITS_ARE_REFUSED: Final = frozenset(
    {Refusal.BUSY, Refusal.LIMITED, Refusal.TOKEN, Refusal.LOST, Refusal.FORM, Refusal.EDGE}
)


@dataclass(slots=True)
class SentMessage:
    """A message in Discord."""

    channel_id: int
    nonce: str
    at: datetime
    silent: bool
    content: MessageContent


@dataclass
class FakeDiscord:
    """The transport of the outbox. `arrived` is called with each new message, `changed` with each edit."""

    now: Callable[[], datetime]
    arrived: Callable[[SentMessage], None]
    changed: Callable[[SentMessage], None]
    has_channel: bool = False
    is_down: bool = False
    ready: bool = True
    refusals: deque[Refusal] = field(default_factory=deque[Refusal])
    messages: dict[int, SentMessage] = field(default_factory=dict[int, SentMessage])
    created: list[SentMessage] = field(default_factory=list[SentMessage])
    archived: set[int] = field(default_factory=set[int])
    """The messages that can be neither changed nor taken away."""

    def has(self, route: Route) -> bool:
        return route is Route.DM or (route is Route.CHANNEL and self.has_channel)

    def meet(self, *, by_edit: bool = False, has_form: bool = False) -> Refusal | None:
        """Refuse a request if it is its turn to be refused."""
        if self.is_down:
            raise Refusal.BUSY.error()
        refusal = self.refusals.popleft() if self.refusals else None
        if refusal is None or (by_edit and refusal not in EDITS_ARE_REFUSED):
            return None
        if refusal is Refusal.LOST or (refusal is Refusal.FORM and not has_form):
            return refusal
        raise refusal.error()

    async def open(self, recipient: int, route: Route) -> int:
        if self.is_down:
            raise Refusal.BUSY.error()
        return PUBLIC if route is Route.CHANNEL else recipient

    async def send(self, channel_id: int, content: MessageContent, *, nonce: str, silent: bool) -> MessageRef:
        refusal = self.meet(has_form=bool(content.embeds))
        number = self._known(channel_id, nonce) or self._make(channel_id, content, nonce, silent=silent)
        if refusal is Refusal.LOST:
            raise refusal.error()
        return MessageRef(channel_id, number)

    def _known(self, channel_id: int, nonce: str) -> int | None:
        for number, each in self.messages.items():
            if (each.channel_id, each.nonce) == (channel_id, nonce) and self.now() - each.at < NONCE_KNOWN:
                return number
        return None

    def _make(self, channel_id: int, content: MessageContent, nonce: str, *, silent: bool) -> int:
        message = SentMessage(channel_id, nonce, self.now(), silent, content)
        self.created.append(message)
        self.messages[len(self.created)] = message
        self.arrived(message)
        return len(self.created)

    def _find(self, number: int) -> SentMessage:
        """Return a message that is to be changed."""
        message = self.messages.get(number)
        if message is None:
            raise DeliveryError(failure_kind(404, UNKNOWN_MESSAGE), str(UNKNOWN_MESSAGE))
        if number in self.archived:
            raise DeliveryError(failure_kind(400, ARCHIVED), str(ARCHIVED))
        return message

    async def edit(self, place: MessageRef, content: MessageContent) -> None:
        refusal = self.meet(by_edit=True, has_form=bool(content.embeds))
        message = self._find(place.message_id)
        message.content = content
        self.changed(message)
        if refusal is Refusal.LOST:
            raise refusal.error()

    async def delete(self, place: MessageRef) -> None:
        refusal = self.meet(by_edit=True)
        self._find(place.message_id)
        del self.messages[place.message_id]
        if refusal is Refusal.LOST:
            raise refusal.error()

    async def find(self, channel_id: int, key: str, since: datetime) -> MessageRef | None:
        if self.is_down:
            raise Refusal.BUSY.error()
        oldest = since - DAY
        for number, each in self.messages.items():
            if each.channel_id == channel_id and each.at >= oldest and holds(written(each.content), key):
                return MessageRef(channel_id, number)
        return None


def holds(words: str, key: str) -> bool:
    """Whether a key stands in a message, whole in a control or in its short form below."""
    return key in words or signature(key) in words


def written(content: MessageContent) -> str:
    """Return all the words of a message, those in its controls too."""
    fields = [f"{each.name} {each.value}" for embed in content.embeds for each in embed.fields]
    shown = [
        words or ""
        for embed in content.embeds
        for words in (embed.title, embed.description, embed.footer.text)
    ]
    ids = [each.custom_id for each in content.components if isinstance(each, Control)]
    return "\n".join([content.content, *shown, *fields, *ids])
