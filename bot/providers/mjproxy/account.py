"""An account as midjourney-proxy lists it: a few of its fields, and no credential."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from bot.domain.account_info import Info
from bot.domain.accounts import EntryState, FlagKind, is_channel
from bot.providers.midjourney_info import parse_info


class Oddity(StrEnum):
    """What is wrong with an entry itself."""

    NO_ID = "no id"
    """It has no id that could be used, so that nothing can be done with it."""
    TWICE = "listed twice"
    UNREADABLE = "unreadable"
    """The fields that tell its state are missing, or of other types."""


@dataclass(frozen=True)
class CachedInfo:
    """What Midjourney last answered to `/info`, as the proxy keeps it."""

    text: str
    updated: datetime | None
    """When the proxy got it; None if it does not say, or its clock is not known."""

    @cached_property
    def info(self) -> Info:
        """Its lines, read when somebody wants to see them."""
        return parse_info(self.text)

    def read(self) -> Info:
        """Return its lines."""
        return self.info


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyAccount:
    """One entry of the list."""

    id: str
    """Its key; empty if it has none."""
    channel: str
    guild: str
    is_discord: bool
    """Whether it is an account of Discord, not of Midjourney's own website or YouChuan."""
    remark: str | None
    """What its owner calls it."""
    sort: int
    """Its place in the order in which the proxy starts accounts."""
    state: EntryState
    reason: str
    """The proxy's own words, whatever the state; empty if there are none."""
    kind: FlagKind | None
    """What a flagged account asks of a person; None for any other."""
    blocked_until: datetime | None
    """When the proxy enables it again by itself, if it says so (newer versions)."""
    is_enabled: bool
    hours: str
    """The times of day at which it works or rests; empty for always."""
    info: CachedInfo | None
    oddity: Oddity | None = None

    @property
    def label(self) -> str:
        """Its name for people: the remark, else the end of its channel."""
        return self.remark or f"…{(self.channel or self.id)[-4:]}"

    @property
    def link(self) -> str | None:
        """The address that opens its channel in Discord; None if it is no account of Discord."""
        if not self.is_discord or not is_channel(self.guild) or not is_channel(self.channel):
            return None
        return f"https://discord.com/channels/{self.guild}/{self.channel}"
