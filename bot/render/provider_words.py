"""The words about each provider."""

from collections.abc import Iterable
from typing import Final

from bot.domain.providers import MJPROXY, USEAPI, provider_of
from bot.render.mjproxy_words import MJPROXY_WORDS
from bot.render.useapi_words import USEAPI_WORDS
from bot.render.words import ProviderWords, plain_words


class WordsByProvider(dict[str, ProviderWords]):
    """The words about each provider, also about one without an entry of its own."""

    def __missing__(self, provider: str) -> ProviderWords:
        """Return what can be said about any provider."""
        return plain_words(provider)


WORDS: Final = WordsByProvider({USEAPI: USEAPI_WORDS, MJPROXY: MJPROXY_WORDS})


def service_name(provider: str) -> str:
    """Return the name of a provider for people."""
    return WORDS[provider].service


def words_for(account: str) -> ProviderWords:
    """Return the words about the provider of a reference."""
    return WORDS[provider_of(account)]


def is_mixed_with(provider: str, accounts: Iterable[str]) -> bool:
    """Return whether there are accounts of another provider."""
    return any(provider_of(each) != provider for each in accounts)


def your_accounts(provider: str, accounts: Iterable[str]) -> str:
    """Return "your accounts", with their provider if there are accounts of another one."""
    return (
        f"your accounts at {service_name(provider)}" if is_mixed_with(provider, accounts) else "your accounts"
    )


def services(providers: Iterable[str]) -> str:
    """Return the names of providers: "useapi.net or midjourney-proxy"."""
    return " or ".join(service_name(provider) for provider in providers)
