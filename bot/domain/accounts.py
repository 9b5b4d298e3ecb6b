"""Accounts, their flags, and the audit, as frozen values. Times are aware UTC datetimes."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, TypeAlias

from bot.domain.account_info import InfoSnapshot
from bot.domain.blocks import end_in, end_in_words, length_in, names_block, start_in
from bot.domain.providers import USEAPI, Remedy, key_of, provider_of
from bot.domain.warnings import Notice

NO_KEY: Final = "?"
"""The beginning of a reference's key where the provider lists an account without one."""
HANDLE_LENGTH: Final = 16
HANDLE_PATTERN: Final = re.compile(rf"[0-9a-f]{{{HANDLE_LENGTH}}}")
CHANNEL_PATTERN: Final = re.compile(r"[0-9]{17,20}")


def is_channel(text: str) -> bool:
    """Return whether a text is a Discord channel id."""
    return CHANNEL_PATTERN.fullmatch(text) is not None


def is_handle(text: str) -> bool:
    """Return whether a text may be the hash of a reference in a control or a suggestion."""
    return HANDLE_PATTERN.fullmatch(text) is not None


class FlagKind(StrEnum):
    """What a flag asks of a person, from the lightest to the worst."""

    OFFLINE = "offline"
    """The account is enabled and has not been started for too long. Nothing else is known of it."""
    OTHER = "other"
    CONNECTION = "connection"
    """The provider lost its connection to Discord."""
    CREDITS = "credits"
    """Its credits are used up."""
    SESSION = "session"
    """Its login, cookie or token is rejected."""
    PLAN = "plan"
    """Its subscription is cancelled, paused, expired or missing."""
    CAPTCHA = "captcha"
    MODERATION = "moderation"
    BLOCK = "block"

    @property
    def rank(self) -> int:
        """The weight of this kind. The flag with the greater rank is the worse one."""
        return list(FlagKind).index(self)


@dataclass(frozen=True, slots=True)
class Flag:
    """What is pending for an account: Midjourney's text, and the kind that it names."""

    text: str
    kind: FlagKind
    until: datetime | None = None
    """The end of a block, if the provider has it beside the text."""

    @classmethod
    @lru_cache(1_024)
    def of(cls, text: str) -> "Flag":
        """Return the flag of a text. A text that names several kinds is of the worst of them."""
        folded = text.casefold()
        if names_block(text):
            kind = FlagKind.BLOCK
        elif "moderation" in folded:
            kind = FlagKind.MODERATION
        elif any(word in folded for word in ("captcha", "verify", "human")):
            kind = FlagKind.CAPTCHA
        else:
            kind = FlagKind.OTHER
        return cls(text, kind)

    @property
    def block_length(self) -> timedelta | None:
        """The length of a block, if the text names it ("blocked from accessing Midjourney for 3 days")."""
        return length_in(self.text) if self.kind is FlagKind.BLOCK else None

    @property
    def named_end(self) -> datetime | None:
        """The end of a block, if the provider or a Discord timestamp or a date in the text names it."""
        return self.until or (end_in(self.text) if self.kind is FlagKind.BLOCK else None)

    @property
    def names_moment(self) -> bool:
        """Whether the end of a block depends on a time in the text, not on when it was first seen."""
        return self.named_end is not None or start_in(self.text) is not None

    @property
    def worded_end(self) -> str | None:
        """The words for the end of a block, if a program cannot read them ("until tomorrow")."""
        return end_in_words(self.text) if self.kind is FlagKind.BLOCK else None

    def block_end(self, since: datetime | None) -> datetime | None:
        """Return the end of a block that was first seen at `since`; None if the text does not name it.

        A named time before `since` is not the end. The length counts from it if that gives an end after
        `since`, or if the text calls it the start of the block. Otherwise the length counts from `since`.
        """
        named, length = self.named_end, self.block_length
        if since is None or (named is not None and named > since):
            return named
        if length is None:
            return None
        start = start_in(self.text)
        if start is None or start > since:
            return since + length
        return start + length if named is None or start + length > since else since + length


class State(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    CLEARING = "clearing"
    """The flag is missing from the list, not yet for long enough to end the incident."""
    RESETTING = "resetting"
    """An owner's reset is under way. Polls change nothing until it ends."""
    ENDED = "ended"


class EntryState(StrEnum):
    """How a provider lists an account. One that tells only flagged accounts apart lists all as OK."""

    OK = "ok"
    FLAGGED = "flagged"
    PAUSED = "paused"
    """A person disabled it."""
    STARTING = "starting"
    """It is enabled and does not run yet."""
    UNKNOWN = "unknown"
    """The entry cannot be read, has no key or comes twice."""


@dataclass(frozen=True, slots=True)
class Account:
    """A configured Midjourney account as its provider lists it, without its credentials."""

    reference: str
    """The reference to the account. For useapi.net that is its Discord channel."""
    max_jobs: int | None = None
    flag: Flag | None = None
    server: str | None = None
    entry: EntryState = EntryState.OK
    title: str | None = None
    """Its name at the provider."""
    discord_channel: str | None = None
    """Its channel, if its key is another; empty if it has none. One elsewhere than at Discord has no link."""
    hint: Flag | None = None
    """What an account that starts says; it may be the cause of the flag that follows."""
    hours: str = ""
    """The times of day at which it works or rests; empty for always."""
    sort: int = 0
    """Its place in the order in which the provider starts accounts."""
    info: InfoSnapshot | None = None
    """What the provider keeps of Midjourney's last answer to `/info`."""
    lacks: frozenset[Remedy] = frozenset()
    """The remedies that this version of its provider does not have."""
    expires_at: datetime | None = None
    """The end of its session at the provider, after which a person has to log in again."""

    @property
    def is_addressable(self) -> bool:
        """Whether requests may name the account."""
        if provider_of(self.reference) == USEAPI:
            return is_channel(self.reference)
        return self.entry is not EntryState.UNKNOWN and not key_of(self.reference).startswith(NO_KEY)

    @property
    def handle(self) -> str:
        """The short name of the account in a control or a suggestion: digits of a channel, or a hash."""
        if is_channel(self.reference):
            return self.reference
        return hashlib.sha256(self.reference.encode(errors="surrogatepass")).hexdigest()[:HANDLE_LENGTH]

    @property
    def link(self) -> str | None:
        """The address of the account's Midjourney channel in Discord; None without valid ids."""
        place = self.reference if self.discord_channel is None else self.discord_channel
        # Only a provider whose keys are channels lists those of direct messages, which have no server.
        server = self.server or ("@me" if self.discord_channel is None else "")
        if not is_channel(place) or not (server == "@me" or is_channel(server)):
            return None
        return f"https://discord.com/channels/{server}/{place}"


@dataclass(frozen=True, slots=True)
class Observation:
    """The account list of one good poll, in the order of the API."""

    at: datetime
    accounts: tuple[Account, ...]
    provider: str = USEAPI
    is_complete: bool = True
    """Whether an account that is not listed is gone. What an incomplete list does show is true."""
    flagged_since: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    """When flags that could not be written were first seen, by reference."""

    def find(self, reference: str) -> Account | None:
        """Return an account of the list; None if it is not there."""
        return next((each for each in self.accounts if each.reference == reference), None)


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account with its names, its last information, and the state of its open incident.

    The flag of the account, `flagged_since`, `state` and `block_ends` are those of the open incident.
    """

    account: Account
    name: str | None = None
    """The name an owner gave it with /mjname."""
    discord_name: str | None = None
    """The Discord name in the title of its last `/info` answer."""
    flagged_since: datetime | None = None
    snapshot: InfoSnapshot | None = None
    state: State | None = None
    """The state of its open incident; None without one."""
    block_ends: datetime | None = None
    is_taken: bool = False
    """Whether somebody is on its incident, or has snoozed it."""
    web_page: str | None = None
    """The address of its provider's own page, while it has an open incident."""
    is_listed: bool = True
    """Whether the last good poll listed it or it has an open incident."""
    is_stale: bool = False
    """Whether its list cannot be read now."""
    warnings: tuple[Notice, ...] = ()
    """What is about to stop it. It is no trouble yet."""

    @property
    def needs_somebody(self) -> bool:
        """Whether the account is flagged, and its incident is not clearing."""
        return self.account.flag is not None and self.state is not State.CLEARING

    @property
    def is_idle(self) -> bool:
        """Whether the account is not known to run, and is not flagged either."""
        return self.account.flag is None and self.account.entry is not EntryState.OK

    @property
    def reference(self) -> str:
        """The account's key."""
        return self.account.reference

    @property
    def label(self) -> str:
        """The name given here or at the provider, else the Discord name, else the end of the channel id."""
        end = self.account.discord_channel or self.reference
        return self.name or self.account.title or self.discord_name or f"…{end[-4:]}"


Accounts: TypeAlias = Mapping[str, KnownAccount]
"""Accounts by the references to them."""
