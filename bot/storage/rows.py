"""What the store gives back, and how the database spells it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.domain.accounts import Account

EPOCH: Final = datetime.fromtimestamp(0, UTC)
MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class StoredInfo:
    """The last answer to `/info` on record, unparsed."""

    taken_at: datetime
    took: timedelta
    discord_name: str | None
    text: str


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """An account as it is remembered."""

    account: Account
    listed: bool
    """Whether the last good look showed it."""
    name: str | None = None
    """The name an owner gave it."""
    discord_name: str | None = None
    info: StoredInfo | None = None


@dataclass(frozen=True, slots=True)
class StoredMute:
    """No pushes about an account, or about any if the channel is None, until a time, which may be past."""

    channel: str | None
    until: datetime
    by: int
    """The owner who set it last."""
    lasts_seconds: int | None = None
    """How long it was to last as it was asked for."""


def to_epoch(at: datetime) -> int:
    """Return a time as the database keeps it: UTC, in milliseconds."""
    return (at - EPOCH) // MILLISECOND


def from_epoch(milliseconds: int) -> datetime:
    """Return a time of the database as an aware one."""
    return EPOCH + milliseconds * MILLISECOND


def storable(text: str | None) -> str | None:
    """Return a text that SQLite takes: JSON can spell halves of characters, which UTF-8 cannot."""
    return None if text is None else text.encode(errors="replace").decode()
