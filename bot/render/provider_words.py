"""The words about each provider."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from bot.domain.accounts import FlagKind
from bot.domain.incidents import ServiceProblem
from bot.domain.providers import MJPROXY, USEAPI, provider_of
from bot.domain.services import BY_PROVIDER, Service, subscription_of
from bot.render.mjproxy_words import MJPROXY_WORDS
from bot.render.useapi_words import USEAPI_WORDS
from bot.render.words import DEMANDS, PROBLEMS, ProviderWords


def plain_words(name: str) -> ProviderWords:
    """Return the words about a provider that has none of its own: what holds for every list of accounts."""
    there = f"{name}'s own web page"
    return ProviderWords(
        service=name,
        api=name,
        api_first=name,
        setting="its address",
        address=f"Check the address that you set for {name}.",
        speaker=name,
        refusal="an error",
        do="set it right",
        done="set right",
        doing="setting right",
        after="it was set right",
        early="Setting it right",
        back="runs again",
        undone=f"Then set the account right on {there}.",
        login_unknown=f"Login unknown. Use the one that you gave to {name} for this account.",
        demands=dict.fromkeys(FlagKind, f"{name} stopped it with a message")
        | DEMANDS
        | {FlagKind.SESSION: f"{name} rejects its login", FlagKind.OFFLINE: f"{name} has not started it"},
        labels=dict.fromkeys(FlagKind, "I did what it says"),
        steps=dict.fromkeys(
            FlagKind,
            f"Open {there} and log in with this account's login.\n"
            "Do what the message asks for.\n"
            "See there that the account runs again.",
        ),
        problems=PROBLEMS
        | {
            ServiceProblem.TOKEN: f"{name} refused the token.",
            ServiceProblem.UNPAID: f"{name} wants to be paid.",
            ServiceProblem.GONE: f"What answers is not {name}.",
        },
        problem_steps=dict.fromkeys(ServiceProblem, f"Look at {there}.")
        | {ServiceProblem.AWAY: "Nothing: I am running again."},
        web_page=there,
        nothing=f"{name} has no account yet, so there is nothing to watch. Add one on {there}.",
    )


def service_words(service: Service) -> ProviderWords:
    """Return the words about a service."""
    title, plain = service.title, plain_words(service.title)
    page = f"[Setup {title}]({service.setup_page})"
    steps = (
        f"Log in at {title} with this account, and do what it asks for.\n"
        f"Give useapi.net {service.again} again: {page} says how. Never send that here.\n"
        "Then wait: I see it at my next check."
    )
    gone = f"{{address}}\nIf it does not, take {service.name} out of USEAPI_SERVICES and restart me."
    list_gone = USEAPI_WORDS.problem_steps[ServiceProblem.LIST_GONE]
    return replace(
        plain,
        setting="USEAPI_URL",
        address=f"Check USEAPI_URL, and whether useapi.net still offers {title}.",
        speaker="useapi.net",
        demands=dict.fromkeys(FlagKind, f"useapi.net stopped its {title} account with a message")
        | {
            FlagKind.SESSION: f"its {title} login has to be entered again",
            FlagKind.CAPTCHA: f"{title} wants a CAPTCHA solved",
            FlagKind.MODERATION: f"{title} wants a moderation message acknowledged",
            FlagKind.BLOCK: f"{title} has blocked it",
        },
        steps=dict.fromkeys(FlagKind, steps),
        problems={**plain.problems, ServiceProblem.GONE: f"useapi.net does not offer {title} any more."},
        problem_steps={
            **plain.problem_steps,
            ServiceProblem.GONE: gone,
            ServiceProblem.LIST_GONE: list_gone,
        },
        web_page=f"the page {page} of useapi.net",
        open_page=f"Setup {title}",
        guess=service.text if service.is_guess else "",
    )


class WordsByProvider(dict[str, ProviderWords]):
    """The words about each provider, also about one without an entry of its own."""

    def __missing__(self, provider: str) -> ProviderWords:
        """Return what can be said about any provider."""
        return plain_words(provider)


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
    """Return " at" a provider if there are accounts of another one; else nothing."""
    providers = {provider_of(each) for each in accounts}
    return f" at {service_name(provider, providers)}" if providers - {provider} else ""


def services(providers: Iterable[str]) -> str:
    """Return the names of providers: "useapi.net or midjourney-proxy". A subscription is named once."""
    return " or ".join(dict.fromkeys(service_name(subscription_of(provider)) for provider in providers))


def guesses(providers: Iterable[str]) -> Iterator[str]:
    """Yield for which providers no document says how flags show, by the field that is watched."""
    fields: dict[str, list[str]] = {}
    for words in (WORDS[each] for each in providers if WORDS[each].guess):
        fields.setdefault(words.guess, []).append(words.service)
    for field, names in fields.items():
        yield f"-# Flags of {', '.join(names)} are not documented: I watch the field `{field}`."


def setup_links(providers: Iterable[str]) -> str:
    """Return links to the pages that say how accounts of services are set up; empty for other providers."""
    found = (BY_PROVIDER[each] for each in providers if each in BY_PROVIDER)
    return ", ".join(f"[{each.title}](<{each.setup_page}>)" for each in found)
