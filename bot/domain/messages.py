"""The messages that tell owners about incidents: the rows of the outbox."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.domain.incidents import Reason

REFERENCE_LENGTH: Final = 12
"""48 bits: that two of a channel's last 500 messages share them is not to be expected in any lifetime."""

DM_REFUSED: Final = frozenset({"50007", "50278"})
"""Discord cannot send messages to this user. 50278: the user shares no server with the bot."""


def reference(key: str) -> str:
    """Return the short form of a message's key, which finds it in the history of one channel."""
    copy, dot, digits = key.rpartition(".")
    return f"{copy}{dot}{digits[:REFERENCE_LENGTH]}"


class Purpose(StrEnum):
    """What a message is for."""

    ALERT = "alert"
    """The living card or digest of account incidents; a recipient has one at most that is not all over."""
    SERVICE = "service"
    NOTE = "note"
    """Silent: what was over before it could be told, or whose message the owner deleted."""
    HELLO = "hello"
    TEST = "test"


class Delivery(StrEnum):
    """How far a message is on its way."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    """About to be sent, or sent without our knowing: the same row is sent again, never regrouped."""
    SENT = "sent"
    DONE = "done"
    """Nothing will be changed about it any more."""
    CANCELLED = "cancelled"


class Route(StrEnum):
    """The way a message reaches its recipient."""

    DM = "dm"
    CHANNEL = "channel"
    """The channel of ALERT_CHANNEL_ID, with a mention of the recipient."""


@dataclass(frozen=True, slots=True)
class MessageItem:
    """An incident in a message, and why it is there; None for one that was only carried along."""

    incident: str
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Message:
    """One Discord message to one recipient by one route: a row of the outbox."""

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
    """Why it could not be sent yet: Discord's code or the kind of error, no text."""
    plain: bool = False
    """Discord refused its form: the next try shows it as text alone, and the one after that whole again."""
    channel_id: int | None = None
    message_id: int | None = None
    sent_at: datetime | None = None
    shown: str | None = None
    """A fingerprint of what it shows in Discord."""
    edited_at: datetime | None = None
    """The time as of which it was last edited."""
    reminders: int = 0
    """How many pushes in a row, up to this one, held nothing new; the next reminder waits the longer."""

    @property
    def nonce(self) -> str:
        """The nonce of every try to send it: 25 characters is Discord's limit."""
        return self.key[:25]

    @property
    def on_its_way(self) -> bool:
        """Whether it is still to be sent."""
        return self.delivery in (Delivery.WAITING, Delivery.CLAIMED)

    @property
    def is_dm_refused(self) -> bool:
        """Whether it takes the channel because the person takes no direct messages of the bot."""
        return self.route is Route.CHANNEL and self.failure in DM_REFUSED

    @property
    def is_stuck(self) -> bool:
        """Whether it stands in Discord as it was, because Discord refuses for good to change it.

        `failing_since` then says since when, and `failure` why.
        """
        return self.delivery is Delivery.DONE and self.failing_since is not None

    def holds(self, incident: str) -> bool:
        """Whether the message is about an incident."""
        return any(entry.incident == incident for entry in self.entries)
