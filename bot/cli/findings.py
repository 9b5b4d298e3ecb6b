"""The lines of `check`, and what is warned of at the start."""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import aiohttp

from bot.config import Settings
from bot.domain.capabilities import capabilities_at
from bot.domain.providers import MJPROXY, USEAPI
from bot.domain.services import ALL_SERVICES, MIDJOURNEY, SERVICE_NAMES
from bot.providers.api_client import Limits
from bot.providers.errors import ProviderError
from bot.providers.provider import Fact, Provider, Said, Statement
from bot.providers.useapi.client import UseapiClient
from bot.render.error_messages import next_step, what
from bot.render.phrases import ordered
from bot.render.provider_words import WORDS, service_name
from bot.render.text import count, passage, whole
from bot.runtime.language import Sentence, say, say_with
from bot.runtime.program import PROGRAM

log = logging.getLogger(__name__)

OK: Final = "ok"
FAIL: Final = "FAIL"
WARN: Final = "WARN"
INFO_EVERY: Final = "INFO_EVERY"
LOW_FAST_TIME: Final = "LOW_FAST_TIME"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check. The words of one that is not good end with what to do.

    They are in the language in which it was made; the subject is said when it is read.
    """

    mark: str
    """How its line begins. With WARN the bot works all the same."""
    subject: Sentence
    words: str
    fields: Mapping[str, object] = field(default_factory=dict[str, object])
    """The fields of the subject."""

    @property
    def good(self) -> bool:
        """Whether it stops nothing."""
        return self.mark != FAIL

    @property
    def line(self) -> str:
        """What it is about, and its words."""
        return say("{subject}: {words}", subject=say_with(self.subject, self.fields), words=self.words)

    def __str__(self) -> str:
        return f"{self.mark:<4}  {self.line}"


def sentences(error: ProviderError) -> str:
    """Return an error's sentence and what to do."""
    return passage(what(error), next_step(error))


def orders(settings: Settings, providers: Iterable[str]) -> Iterator[Finding]:
    """Yield what INFO_EVERY does with the accounts of some providers, and that LOW_FAST_TIME does nothing."""
    able = [capabilities_at(each) for each in providers]
    if settings.info_every is not None and any(each.takes_orders for each in able):
        words = say("These are Midjourney commands that nobody asked for")
        yield Finding(OK, INFO_EVERY, passage(ordered(settings.info_every), words))
    elif settings.info_every is not None:
        words = say("nothing that is watched takes it: unset it, or watch Midjourney at useapi.net.")
        yield Finding(WARN, INFO_EVERY, words)
    if settings.low_fast_time is not None and not any(each.answers_info for each in able):
        words = say("nothing that is watched has fast time: unset it, or watch Midjourney accounts.")
        yield Finding(WARN, LOW_FAST_TIME, words)


SUBJECTS: Final[Mapping[str, Mapping[Fact, Sentence]]] = {
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
"""How a line about the only provider begins."""
NAMED: Final[Mapping[Fact, Sentence]] = {
    Fact.API: "{service} API",
    Fact.DEMO_MODE: "{service} demo mode",
    Fact.TOKEN: "{service} token",
    Fact.SUBSCRIPTION: "{service} subscription",
    Fact.ACCOUNTS: "{service} accounts",
    Fact.FLAGS: "{service} flags",
}
"""How a line about one of several begins, or about any other."""
OF_SUBSCRIPTION: Final = (Fact.TOKEN, Fact.SUBSCRIPTION)
SENTENCES: Final[Mapping[Said, Sentence]] = {
    Said.ANSWERS: "{service} {version} answers at {address}, encrypted",
    Said.OLD: "version {version}. This midjourney-proxy is older than 11.9.1 and lets no other program "
    "enable accounts. Update midjourney-proxy, or enable the account on midjourney-proxy's own web page.",
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
    Said.NO_ACCOUNTS: "none yet. Add one with /mjadd in Discord or `{program} account set`.",
    Said.NO_ACCOUNTS_THERE: "none yet. Add them on {web_page}.",
    Said.GUESSED: "not documented; Midwatch watches the field `{guess}`",
}
ON_THIS_MACHINE: Final[Sentence] = "{service} {version} answers at {address}, on this machine"
MARKS: Final = {Said.NOTHING_ANSWERS: FAIL, Said.INACTIVE: FAIL} | dict.fromkeys(
    (Said.OLD, Said.ON, Said.PUBLIC), WARN
)
"""What is not good."""


def finding(provider: Provider, statement: Statement, *, providers: Collection[str] = ()) -> Finding:
    """Return the line about what a provider says of itself. `providers` are the names of all."""
    subjects = {} if len(providers) > 1 else SUBJECTS.get(provider.name, {})
    service = service_name(provider.name, () if statement.fact in OF_SUBSCRIPTION else providers)
    subject = subjects.get(statement.fact) or NAMED[statement.fact]
    said = statement.said
    if isinstance(said, ProviderError):
        return Finding(FAIL, subject, sentences(said), {"service": service})
    if said is Said.COUNTED:
        flagged = whole(statement.flagged)
        words = count(statement.accounts, "{n} account[|s], {flagged} flagged", flagged=flagged)
    else:
        is_plain = said is Said.ANSWERS and not provider.address.startswith("https")
        words = WORDS[provider.name].put_into(
            ON_THIS_MACHINE if is_plain else SENTENCES[said],
            address=provider.address,
            version=statement.version,
            program=PROGRAM,
        )
    return Finding(MARKS.get(said, OK), subject, words, {"service": service})


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
            log.warning("%s", each.line)


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
        until = say("Until the next start, all services are watched.")
        said = Finding(WARN, "Services", passage(sentences(error), until))
    else:
        names = found or names - {MIDJOURNEY}
        words = say(
            "those with accounts are watched: {services}"
            if found
            else "none has an account at useapi.net yet, so these are watched: {services}",
            services=say(", ").join(each for each in SERVICE_NAMES if each in names),
        )
        said = Finding(OK if found else WARN, "Services", words)
    return replace(settings, useapi_services=names), said
