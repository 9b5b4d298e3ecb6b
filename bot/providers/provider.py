"""What a provider of accounts can do, whatever its API."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bot.domain.account_info import InfoSnapshot
from bot.domain.accounts import Account
from bot.providers.errors import UseapiError


@dataclass(frozen=True, slots=True)
class Listing:
    """The accounts of a provider."""

    accounts: tuple[Account, ...]
    fault: UseapiError | None = None
    """Why a part of the list is missing; None if it is complete."""


class Provider(Protocol):
    """Where accounts live. Every method raises UseapiError if the API refuses or cannot be asked."""

    @property
    def name(self) -> str:
        """The name by which it is stored, and the prefix of its references."""
        ...

    async def read_list(self) -> Listing:
        """Return the accounts, with references as their channels."""
        ...

    @property
    def longest_info(self) -> timedelta:
        """The longest wait for Midjourney's answer to `/info`."""
        ...

    async def info(self, key: str, /) -> InfoSnapshot:
        """Ask Midjourney about an account."""
        ...

    async def reset(self, key: str, /) -> None:
        """Return an account to work. This acknowledges nothing at Midjourney."""
        ...

    async def remove_account(self, key: str, /) -> None:
        """Remove an account from the provider."""
        ...
