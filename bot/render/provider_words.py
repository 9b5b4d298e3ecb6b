"""The words about each provider."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from bot.domain.accounts import FlagKind
from bot.domain.incidents import ServiceProblem
from bot.domain.providers import MJPROXY, USEAPI, provider_of
from bot.domain.services import BY_PROVIDER, Service, subscription_of
from bot.render.mjproxy_words import MJPROXY_WORDS
from bot.render.useapi_words import USEAPI_WORDS
from bot.render.words import PROBLEM_STEPS, PROBLEMS, ProviderWords
from bot.runtime.language import Word, say


def service_words(service: Service) -> ProviderWords:
    """Return the words about a service."""
    again: Mapping[str, Word] = {
        "google-flow": "its cookies",
        "minimax": "its token and address",
        "mureka": "its session",
        "flowmusic": "its refresh token",
        "tempolor": "its request parameters",
        "faceswap": "its Discord token",
    }
    return ProviderWords(
        service=service.title,
        option=service.name,
        page=f"[Setup {service.title}]({service.setup_page})",
        again=again.get(service.name, "its e-mail address and password"),
        guess=service.text if service.is_guess else "",
        speaker="useapi.net",
        setting="USEAPI_URL",
        address="Check USEAPI_URL, and whether useapi.net still offers {service}.",
        demands=dict.fromkeys(FlagKind, "useapi.net stopped its {service} account with a message")
        | {
            FlagKind.SESSION: "its {service} login has to be entered again",
            FlagKind.CAPTCHA: "{service} wants a CAPTCHA solved",
            FlagKind.MODERATION: "{service} wants a moderation message acknowledged",
            FlagKind.BLOCK: "{service} has blocked it",
        },
        steps=dict.fromkeys(
            FlagKind,
            "Log in at {service} with this account, and do what it asks for.\n"
            "Give useapi.net {again} again: {page} says how. Never send that here.\n"
            "Then wait: I see it at my next check.",
        ),
        problems=PROBLEMS | {ServiceProblem.GONE: "useapi.net does not offer {service} any more."},
        problem_steps=PROBLEM_STEPS
        | {
            ServiceProblem.GONE: "{address}\n"
            "If it does not, take {option} out of USEAPI_SERVICES and restart me.",
            ServiceProblem.LIST_GONE: USEAPI_WORDS.problem_steps[ServiceProblem.LIST_GONE],
        },
        web_page="the page {page} of useapi.net",
        open_page="Setup {service}",
    )


class WordsByProvider(dict[str, ProviderWords]):
    """The words about each provider, also about one without an entry of its own."""

    def __missing__(self, provider: str) -> ProviderWords:
        """Return what can be said about any provider."""
        return ProviderWords(service=provider)


WORDS: Final = WordsByProvider(
    {USEAPI: USEAPI_WORDS, MJPROXY: MJPROXY_WORDS}
    | {provider: service_words(service) for provider, service in BY_PROVIDER.items()}
)


def service_name(provider: str, among: Iterable[str] = ()) -> str:
    """Return the name of a provider for people.

    Among other services of useapi.net, the one for Midjourney has a name of its own.
    """
    is_a_service = provider == USEAPI and not BY_PROVIDER.keys().isdisjoint(among)
    return "Midjourney" if is_a_service else WORDS[provider].service


def titles(account: str) -> list[str]:
    """Return the title of an account's service, which distinguishes accounts of one e-mail address."""
    service = BY_PROVIDER.get(provider_of(account))
    return [service.title] if service else []


def words_for(account: str) -> ProviderWords:
    """Return the words about the provider of a reference."""
    return WORDS[provider_of(account)]


def place_among(provider: str, accounts: Iterable[str]) -> str:
    """Return the name of a provider if there are accounts of another one; else nothing."""
    providers = {provider_of(each) for each in accounts}
    return service_name(provider, providers) if providers - {provider} else ""


def services(providers: Iterable[str]) -> str:
    """Return the names of providers: "useapi.net or midjourney-proxy". A subscription is named once."""
    return say(" or ").join(dict.fromkeys(service_name(subscription_of(provider)) for provider in providers))


def guesses(providers: Iterable[str]) -> Iterator[str]:
    """Yield for which providers no document says how flags show, by the field that is watched."""
    fields: dict[str, list[str]] = {}
    for words in (WORDS[each] for each in providers if WORDS[each].guess):
        fields.setdefault(words.guess, []).append(words.service)
    for field, names in fields.items():
        listed = say(", ").join(names)
        yield say(
            "-# Flags of {names} are not documented: I watch the field `{field}`.", names=listed, field=field
        )


def setup_links(providers: Iterable[str]) -> str:
    """Return links to the pages that say how accounts of services are set up; empty for other providers."""
    found = (BY_PROVIDER[each] for each in providers if each in BY_PROVIDER)
    return say(", ").join(f"[{each.title}](<{each.setup_page}>)" for each in found)
