"""The providers of accounts, and references to accounts.

A reference names an account among those of all providers: its provider and its key there. Keys are opaque.
"""

from enum import StrEnum
from typing import Final

USEAPI: Final = "useapi"
"""The provider whose references are its bare keys: until version 0.2 it was the only one."""
MJPROXY: Final = "mjproxy"
SEPARATOR: Final = ":"


class Remedy(StrEnum):
    """What a person can have done about a flag at its provider."""

    RESET = "reset"
    ENABLE = "enable"
    CAPTCHA_SOLVED = "captcha"
    """Tell the provider that a person solved the CAPTCHA."""
    GUIDE = "guide"
    """Open a page of the provider, where a person does the rest."""


def reference_to(provider: str, key: str) -> str:
    """Return the reference to an account."""
    if provider == USEAPI and SEPARATOR not in key:
        return key
    return f"{provider}{SEPARATOR}{key}"


def provider_of(account: str) -> str:
    """Return the provider of a reference."""
    provider, separator, _ = account.partition(SEPARATOR)
    return provider if separator else USEAPI


def key_of(account: str) -> str:
    """Return the key that the provider itself uses for a reference."""
    _, separator, key = account.partition(SEPARATOR)
    return key if separator else account
