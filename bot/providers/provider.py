"""What a provider of accounts can do, whatever its API."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum, auto
from typing import Protocol

from bot.domain.account_info import InfoSnapshot
from bot.domain.accounts import Account, Observation
from bot.domain.providers import Remedy
from bot.domain.secret import SecretStr
from bot.providers.errors import ProviderError


@dataclass(frozen=True, slots=True)
class Listing:
    """The accounts of a provider."""

    accounts: tuple[Account, ...]
    fault: ProviderError | None = None
    """The error of a part that is missing."""
    is_complete: bool = True
    """Whether an account that is missing here is gone from the provider."""
    rest: timedelta = timedelta()
    """How long to leave the provider alone after this list."""

    def find(self, reference: str) -> Account | None:
        """Return an account of the list; None if it is not there."""
        return next((each for each in self.accounts if each.reference == reference), None)


class Fact(StrEnum):
    """What a statement is about."""

    API = "API"
    DEMO_MODE = "demo mode"
    TOKEN = auto()
    SUBSCRIPTION = auto()
    ACCOUNTS = auto()
    FLAGS = auto()


class Said(StrEnum):
    """What a provider says of itself; `bot/cli/findings.py` has the words."""

    ANSWERS = auto()
    OLD = auto()
    NOTHING_ANSWERS = auto()
    ON = auto()
    OFF = auto()
    ACCEPTED = auto()
    ADMINISTRATOR = auto()
    PUBLIC = auto()
    ACTIVE = auto()
    INACTIVE = auto()
    UNKNOWN = auto()
    NOT_REPORTED = auto()
    NO_ACCOUNTS = auto()
    NO_ACCOUNTS_THERE = auto()
    COUNTED = auto()
    GUESSED = auto()
    """No document says how the list shows a flag."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that a provider says of itself, or the error in its place."""

    fact: Fact
    said: Said | ProviderError
    version: str = ""
    accounts: int = 0
    flagged: int = 0


class Provider(Protocol):
    """Where accounts live. Every method raises ProviderError if the API refuses or cannot be asked."""

    @property
    def name(self) -> str:
        """The name by which it is stored, and the prefix of its references."""
        ...

    @property
    def address(self) -> str:
        """The address of its API."""
        ...

    @property
    def web_page(self) -> str | None:
        """The address of its own page, where people can do what it offers programs no request for."""
        ...

    async def standing(self) -> Sequence[Statement]:
        """Return what it says of itself and of its accounts. Nothing is sent to Midjourney."""
        ...

    async def warnings(self) -> Sequence[Statement]:
        """Return what stops nothing and is better changed, with what cannot be read for it."""
        ...

    @property
    def checks(self) -> Mapping[Remedy, tuple[timedelta, ...]]:
        """The remedies, each with the times after it at which the account is read again."""
        ...

    async def read_list(self) -> Listing:
        """Return the accounts."""
        ...

    async def read_account(
        self, reference: str, poll: Callable[[], Awaitable[Observation]], /
    ) -> Account | None:
        """Return an account as it is now; None if it is gone. A provider without such a request polls."""
        ...

    @property
    def longest_info(self) -> timedelta:
        """The longest wait for Midjourney's answer to `/info`."""
        ...

    async def info(self, key: str, /) -> InfoSnapshot:
        """Ask Midjourney about an account."""
        ...

    async def link_for(self, remedy: Remedy, key: str, /) -> SecretStr | None:
        """Return a new link that a person needs for a remedy; None if it needs none."""
        ...

    async def apply(self, remedy: Remedy, keys: Sequence[str], /) -> None:
        """Carry out a remedy for accounts, with one request. This acknowledges nothing at Midjourney."""
        ...

    async def remove_account(self, key: str, /) -> None:
        """Remove an account from the provider."""
        ...


def count_accounts(flags: Iterable[object], none: Said) -> Statement:
    """Return how many accounts there are, and how many are flagged. Each has a flag, or None instead."""
    counted = Counter(flag is not None for flag in flags)
    said = Said.COUNTED if counted else none
    return Statement(Fact.ACCOUNTS, said, accounts=counted.total(), flagged=counted[True])
