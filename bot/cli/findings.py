"""The lines of `check`, and what is warned of at the start."""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import aiohttp

from bot.config import Settings
from bot.domain.capabilities import capabilities_at
from bot.domain.errors import ErrorCode
from bot.domain.providers import MJPROXY, USEAPI
from bot.domain.services import ALL_SERVICES, MIDJOURNEY, SERVICE_NAMES
from bot.providers.api_client import Limits
from bot.providers.errors import ProviderError
from bot.providers.provider import Fact, Provider, Said, Statement
from bot.providers.useapi.client import UseapiClient
from bot.render.error_messages import next_step, what
from bot.render.mjproxy_words import MJPROXY_WORDS
from bot.render.phrases import ordered
from bot.render.provider_words import WORDS, service_name
from bot.render.text import count
from bot.runtime.program import PROGRAM

log = logging.getLogger(__name__)

FAIL: Final = "FAIL"
WARN: Final = "WARN"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check. The words of one that is not good end with what to do."""

    mark: str
    """How its line begins. With WARN the bot works all the same."""
    subject: str
    words: str

    @property
    def good(self) -> bool:
        """Whether it stops nothing."""
        return self.mark != FAIL

    def __str__(self) -> str:
        return f"{self.mark:<4}  {self.subject}: {self.words}"


passed: Final = partial(Finding, "ok")
warned: Final = partial(Finding, WARN)
failed: Final = partial(Finding, FAIL)


def sentences(error: ProviderError) -> str:
    """Return an error's sentence and what to do."""
    return f"{what(error)} {next_step(error)}"


def orders(settings: Settings, providers: Iterable[str]) -> Iterator[Finding]:
    """Yield what INFO_EVERY does with the accounts of some providers, and that LOW_FAST_TIME does nothing."""
    able = [capabilities_at(each) for each in providers]
    if settings.info_every is not None and any(each.takes_orders for each in able):
        words = f"{ordered(settings.info_every)} These are Midjourney commands that nobody asked for"
        yield passed("INFO_EVERY", words)
    elif settings.info_every is not None:
        advice = "unset it, or watch Midjourney at useapi.net."
        yield warned("INFO_EVERY", f"nothing that is watched takes it: {advice}")
    if settings.low_fast_time is not None and not any(each.answers_info for each in able):
        advice = "unset it, or watch Midjourney accounts."
        yield warned("LOW_FAST_TIME", f"nothing that is watched has fast time: {advice}")


SUBJECTS: Final[Mapping[str, Mapping[Fact, str]]] = {
    USEAPI: {
        Fact.API: "API",
        Fact.TOKEN: "API token",
        Fact.SUBSCRIPTION: "Subscription",
        Fact.ACCOUNTS: "Accounts",
    },
    MJPROXY: {
        Fact.API: "Proxy",
        Fact.TOKEN: "Proxy token",
        Fact.DEMO_MODE: "Demo mode",
        Fact.ACCOUNTS: "Proxy accounts",
    },
}
"""How a line about the only provider begins. One of several, or any other, is named by its service."""
OF_SUBSCRIPTION: Final = (Fact.TOKEN, Fact.SUBSCRIPTION)
SENTENCES: Final[Mapping[Said, str]] = {
    Said.ANSWERS: "{service} {version} answers at {address}, {way}",
    Said.OLD: "version {version}. " + MJPROXY_WORDS.errors[ErrorCode.TOO_OLD_TO_ENABLE].replace("\n", " "),
    Said.NOTHING_ANSWERS: "nothing answers as the useapi API under {address}. "
    "Check USEAPI_URL; a service that has shut down looks like this, too.",
    Said.ON: "on: anybody can read the list of accounts, without their tokens, and a wrong MJPROXY_TOKEN is "
    "noticed only at the first press. Switch demo mode off in midjourney-proxy.",
    Said.OFF: "off",
    Said.ACCEPTED: "accepted by {address}",
    Said.ADMINISTRATOR: "accepted, an administrator's",
    Said.PUBLIC: 'is "admin", as in every new midjourney-proxy: '
    "whoever knows that can read the tokens of all accounts. Change it there, then in MJPROXY_TOKEN.",
    Said.ACTIVE: "active",
    Said.INACTIVE: "not active. Renew it at useapi.net.",
    Said.UNKNOWN: "the API does not say, but answers",
    Said.NOT_REPORTED: "the server does not report it, but it answers",
    Said.NO_ACCOUNTS: f"none yet. Add one with /mjadd in Discord or `{PROGRAM} account set`.",
    Said.NO_ACCOUNTS_THERE: "none yet. Add them on {web_page}.",
    Said.COUNTED: "{accounts}, {flagged} flagged",
    Said.GUESSED: "not documented; Midwatch watches the field `{guess}`",
}
MARKS: Final = {Said.NOTHING_ANSWERS: FAIL, Said.INACTIVE: FAIL} | dict.fromkeys(
    (Said.OLD, Said.ON, Said.PUBLIC), WARN
)
"""What is not good."""


def finding(provider: Provider, statement: Statement, *, providers: Collection[str] = ()) -> Finding:
    """Return the line about what a provider says of itself. `providers` are the names of all."""
    words = WORDS[provider.name]
    subjects = {} if len(providers) > 1 else SUBJECTS.get(provider.name, {})
    service = service_name(provider.name, () if statement.fact in OF_SUBSCRIPTION else providers)
    subject = subjects.get(statement.fact) or f"{service} {statement.fact}"
    said = statement.said
    if isinstance(said, ProviderError):
        return failed(subject, sentences(said))
    fields = {
        "address": provider.address,
        "way": "encrypted" if provider.address.startswith("https") else "on this machine",
        "accounts": count(statement.accounts, "{n} account[|s]"),
        "flagged": statement.flagged,
        "version": statement.version,
    }
    return Finding(MARKS.get(said, "ok"), subject, words.put_into(SENTENCES[said], **fields))


def unsaid(provider: Provider, error: ProviderError) -> Statement:
    """Return what stands for all that a provider would say of itself, if it raises instead."""
    error.provider = provider.name
    return Statement(Fact.API, error)


async def warn(provider: Provider) -> None:
    """Log what is better changed at a provider. What stops the watch is said by the watch."""
    try:
        found = [finding(provider, each) for each in await provider.warnings()]
    except ProviderError as error:
        found = [replace(finding(provider, unsaid(provider, error)), mark=WARN)]
    for each in found:
        if each.mark == WARN:
            log.warning("%s: %s", each.subject, each.words)


async def chosen_services(
    settings: Settings, session: aiohttp.ClientSession
) -> tuple[Settings, Finding | None]:
    """Return the settings with the services that "all" stands for, and which these are: those with accounts.

    If useapi.net does not say, all are watched. If there are none, all but Midjourney, which has ended.
    """
    if ALL_SERVICES not in settings.useapi_services or settings.useapi_token is None:
        return settings, None
    names = frozenset(SERVICE_NAMES)
    client = UseapiClient(session, settings.useapi_url, settings.useapi_token, limits=Limits(reading=5))
    try:
        found = await client.services()
    except ProviderError as error:
        said = warned("Services", f"{sentences(error)} Until the next start, all services are watched.")
    else:
        names = found or names - {MIDJOURNEY}
        listed = ", ".join(each for each in SERVICE_NAMES if each in names)
        said = passed("Services", f"those with accounts are watched: {listed}")
        if not found:
            said = warned(
                "Services", f"none has an account at useapi.net yet, so these are watched: {listed}"
            )
    return replace(settings, useapi_services=names), said
