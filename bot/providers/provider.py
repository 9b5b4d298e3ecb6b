"""What a provider of accounts can do, whatever its API."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from pydantic import SecretStr

from bot.domain.account_info import InfoSnapshot
from bot.domain.accounts import Account, Observation
from bot.domain.providers import Remedy
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


class Provider(Protocol):
    """Where accounts live. Every method raises ProviderError if the API refuses or cannot be asked."""

    @property
    def name(self) -> str:
        """The name by which it is stored, and the prefix of its references."""
        ...

    @property
    def web_page(self) -> str | None:
        """The address of its own page, where people can do what it offers programs no request for."""
        ...

    @property
    def checks(self) -> Mapping[Remedy, tuple[timedelta, ...]]:
        """The remedies, each with the times after it at which the account is read again."""
        ...

    async def read_list(self) -> Listing:
        """Return the accounts, with references as their channels."""
        ...

    async def read_account(
        self, channel: str, poll: Callable[[], Awaitable[Observation]], /
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
