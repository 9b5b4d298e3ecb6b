"""The messages that tell owners about incidents: the rows of the outbox, and the routes they take."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.domain.incidents import Reason

REFERENCE_LENGTH: Final = 12
"""48 bits, which no two of the last 500 messages of a channel will ever share."""

DM_REFUSED: Final = frozenset({"50007", "50278"})
"""Discord cannot send messages to this user. 50278: the user shares no server with the bot."""


def reference(key: str) -> str:
    """Return the short form of a key, by which a message is found in the history of a channel."""
    copy, dot, digits = key.rpartition(".")
    return f"{copy}{dot}{digits[:REFERENCE_LENGTH]}"


class Purpose(StrEnum):
    """What a message is for."""

    ALERT = "alert"
    """The card or digest of account incidents. A recipient has at most one with open incidents."""
    SERVICE = "service"
    NOTE = "note"
    """Silent: incidents that ended before their alert was sent, or whose message an owner deleted."""
    WARNING = "warning"
    """Silent: its entries are warnings, and no incidents."""
    HELLO = "hello"
    TEST = "test"


class Delivery(StrEnum):
    """How far a message has got."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    """About to be sent, or sent without a confirmation. The same row is sent again, never regrouped."""
    SENT = "sent"
    DONE = "done"
    """It will not change any more."""
    CANCELLED = "cancelled"


class Route(StrEnum):
    """The way a message reaches its recipient."""

    DM = "dm"
    CHANNEL = "channel"
    """The channel of ALERT_CHANNEL_ID, with a mention of the recipient."""
    ADDRESS = "address"
    """An address of ALERT_URLS, outside of Discord. The address is a recipient of its own."""


@dataclass(frozen=True, slots=True)
class RouteTraits:
    """What sets a route apart from the others."""

    fallback: Route | None = None
    """The route for what this one does not take."""
    mentions: bool = False
    """Whether others read it too, so that a message names its recipient."""
    edits: bool = True
    """Whether a message can be changed. Where it cannot, the end of its incidents is another message."""


ROUTES: Final[Mapping[Route, RouteTraits]] = {
    Route.DM: RouteTraits(fallback=Route.CHANNEL),
    Route.CHANNEL: RouteTraits(mentions=True),
    Route.ADDRESS: RouteTraits(edits=False),
}


@dataclass(frozen=True, slots=True)
class RouteState:
    """When a route to a recipient last worked, and why the last attempt failed if it did."""

    recipient: int
    route: Route
    worked_at: datetime | None = None
    failure: str | None = None
    """Discord's code or the kind of error; no text."""
    failed_at: datetime | None = None
    refuses: bool = False
    """The route itself is closed or broken."""
    address: str | None = None
    """The name of the recipient if it is an address."""


@dataclass(frozen=True, slots=True)
class MessageItem:
    """An incident, or a warning, in a message.

    `reason` is None for one that was taken over from an earlier message.
    """

    incident: str
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery to one recipient by one route: a row of the outbox."""

    key: str
    recipient: int
    purpose: Purpose
    notify: bool
    created_at: datetime
    due_at: datetime
    entries: tuple[MessageItem, ...] = ()
    delivery: Delivery = Delivery.WAITING
    route: Route = Route.DM
    attempts: int = 0
    claimed_at: datetime | None = None
    failing_since: datetime | None = None
    failure: str | None = None
    """Why the last try failed: the code of Discord or the kind of error."""
    plain: bool = False
    """Whether the next try is plain text, as Discord refused the full form. The one after is full again."""
    channel_id: int | None = None
    message_id: int | None = None
    sent_at: datetime | None = None
    shown: str | None = None
    """The fingerprint of what Discord shows."""
    edited_at: datetime | None = None
    """When it was last edited."""
    language: str = "en"
    """The language that it has in Discord."""
    reminders: int = 0
    """How many messages in a row, up to this one, were reminders. The next one waits longer."""

    @property
    def nonce(self) -> str:
        """The nonce of every try to send it. Discord allows 25 characters."""
        return self.key[:25]

    @property
    def traits(self) -> RouteTraits:
        """What sets its route apart."""
        return ROUTES[self.route]

    @property
    def on_its_way(self) -> bool:
        """Whether it is not sent yet."""
        return self.delivery in (Delivery.WAITING, Delivery.CLAIMED)

    @property
    def is_dm_refused(self) -> bool:
        """Whether it takes the channel because the person takes no direct messages of the bot."""
        return self.route is Route.CHANNEL and self.failure in DM_REFUSED

    @property
    def is_stuck(self) -> bool:
        """Whether it stays in Discord as it is, because Discord refuses for good to edit it.

        `failing_since` then says since when, and `failure` why.
        """
        return self.delivery is Delivery.DONE and self.failing_since is not None

    def holds(self, incident: str) -> bool:
        """Whether the message is about an incident."""
        return any(entry.incident == incident for entry in self.entries)
