"""`python -m bot check`: says line by line whether everything the bot needs is right."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import discord

from bot.cli.check_database import try_database
from bot.cli.discord_errors import DISCORD_FAILURES, unavailable
from bot.cli.terminal import complain, said_if_slow, say
from bot.config import Settings
from bot.domain.accounts import Account
from bot.interactions.alert_channel import AlertChannel, lacking
from bot.interactions.permissions import owners_of
from bot.providers.useapi import (
    Gone,
    MalformedResponse,
    Unauthorized,
    Unpaid,
    UseapiClient,
    UseapiError,
    open_session,
)
from bot.render.error_messages import next_step, what
from bot.render.text import bare, count
from bot.storage import StoreError

FAILED: Final = 69
MEND: Final = "Fix the FAIL lines, then run the check again."
DISCORD_LIMIT_SECONDS: Final = 30
NAME_LIMIT: Final = 100
COMMANDS: Final = frozenset(
    {
        "mjaccounts",
        "mjadd",
        "mjinfo",
        "mjmute",
        "mjname",
        "mjremove",
        "mjreset",
        "mjstatus",
        "mjtest",
    }
)
"""What the bot registers."""


@dataclass(frozen=True, slots=True)
class Finding:
    """How one check came out, in words that end with what to do when it is not good."""

    subject: str
    good: bool
    words: str

    def __str__(self) -> str:
        return f"{'ok  ' if self.good else 'FAIL'}  {self.subject}: {self.words}"


def report_settings(problems: Iterable[str]) -> None:
    """Write a line for each problem of the settings, without which nothing else can be checked."""
    for problem in problems:
        say(str(Finding("Settings", good=False, words=problem)))
    complain(MEND)


async def report(settings: Settings) -> int:
    """Check everything, write a line for each finding as it comes, and give the exit code."""
    good = True
    async for finding in findings(settings):
        say(str(finding))
        good = good and finding.good
    complain("Everything is right." if good else MEND)
    return 0 if good else FAILED


async def findings(settings: Settings) -> AsyncIterator[Finding]:
    """Go through all that the bot needs, in the order in which it needs it."""
    yield Finding("Settings", good=True, words="complete and well-formed")
    yield await database(settings.database_path)
    async for finding in discord_side(settings):
        yield finding
    with said_if_slow(settings.useapi_url):
        of_useapi = await useapi_side(settings)
    for finding in of_useapi:
        yield finding


async def database(path: Path) -> Finding:
    """Try whether a start could use the database, also while a bot uses it."""
    try:
        words = await try_database(path)
    except StoreError as error:
        return Finding("Database", good=False, words=what(error))
    return Finding("Database", good=True, words=words)


async def discord_side(settings: Settings) -> AsyncIterator[Finding]:
    """Log in without connecting, and look at what Discord says of the application."""
    async with discord.Client(intents=discord.Intents(guilds=True)) as client:
        try:
            with said_if_slow("Discord"):
                async with asyncio.timeout(DISCORD_LIMIT_SECONDS):
                    await client.login(settings.discord_token.get_secret_value())
                    application = await client.application_info()
        except discord.LoginFailure:
            words = "Discord refuses it. Put a new one into DISCORD_TOKEN."
            yield Finding("Discord token", good=False, words=words)
            return
        except DISCORD_FAILURES as error:
            yield Finding("Discord token", good=False, words=str(unavailable(error)))
            return
        name = bare(application.name, NAME_LIMIT)
        yield Finding("Discord token", good=True, words=f"accepted, the bot is {name}")
        yield Finding(
            "Intents", good=True, words="the bot needs none that must be switched on in the Developer Portal"
        )
        yield owners(settings, application)
        yield delivery(application)
        joined: list[int] = []
        for server in sorted(settings.guild_ids):
            finding = await membership(client, server)
            joined += [server] if finding.good else []
            yield finding
        if not settings.guild_ids:
            yield Finding("Servers", good=True, words="GUILD_IDS is not set, so only owners are answered")
        yield await commands(client, joined)
        if settings.alert_channel_id is not None:
            yield await alert_channel(client, settings.alert_channel_id)


def owners(settings: Settings, application: discord.AppInfo) -> Finding:
    """Count who may act."""
    ids = settings.owner_ids or owners_of(application)
    source = "from OWNER_IDS" if settings.owner_ids else "the application's"
    return Finding("Owners", good=True, words=f"{count(len(ids), 'owner')}, {source}")


def delivery(application: discord.AppInfo) -> Finding:
    """See that Discord brings what people do to the bot's connection, and not to a web server."""
    if application.interactions_endpoint_url:
        words = (
            "Discord sends them to a web server, so the bot gets none. "
            "Empty Interactions Endpoint URL in the Developer Portal."
        )
        return Finding("Interactions", good=False, words=words)
    return Finding("Interactions", good=True, words="Discord brings them to the bot")


async def membership(client: discord.Client, server: int) -> Finding:
    """See whether the bot is in a server it shall serve."""
    subject = f"Server {server}"
    try:
        async with asyncio.timeout(DISCORD_LIMIT_SECONDS):
            guild = await client.fetch_guild(server)
    except (discord.Forbidden, discord.NotFound):
        words = "the bot is not in it. Invite it, or take the id out of GUILD_IDS."
        return Finding(subject, good=False, words=words)
    except DISCORD_FAILURES as error:
        return Finding(subject, good=False, words=str(unavailable(error)))
    return Finding(subject, good=True, words=f"the bot is in {bare(guild.name, NAME_LIMIT)}")


async def alert_channel(client: discord.Client, channel_id: int) -> Finding:
    """See whether the bot may do all it needs in the channel for alerts that no direct message can bring."""
    good = False
    try:
        async with asyncio.timeout(DISCORD_LIMIT_SECONDS):
            channel = await client.fetch_channel(channel_id)
            names = await lacking(client, channel) if isinstance(channel, AlertChannel) else None
    except discord.NotFound:
        words = "it does not exist. Correct ALERT_CHANNEL_ID."
    except discord.Forbidden:
        words = "the bot lacks View Channel there, or is not in that server: let it in, or set another."
    except (*DISCORD_FAILURES, discord.InvalidData) as error:
        words = str(unavailable(error))
    else:
        if names is None:
            words = "it is not a text channel. Put the id of one into ALERT_CHANNEL_ID."
        elif names:
            lacks = ", ".join(names)
            words = f"in #{name_of(channel)} the bot lacks {lacks}. Give its role that permission there."
        else:
            good, words = True, f"the bot may do all that it needs in #{name_of(channel)}"
    return Finding("Alert channel", good=good, words=words)


def name_of(channel: object) -> str:
    """Return a channel's name as a terminal may show it."""
    return bare(str(channel), NAME_LIMIT)


async def commands(client: discord.Client, servers: Iterable[int]) -> Finding:
    """Hold the names that Discord knows against those of the bot, which brings them in line when it runs."""
    try:
        async with asyncio.timeout(DISCORD_LIMIT_SECONDS):
            known = await commands_known(client, servers)
    except discord.Forbidden:
        words = "the bot may not have any in a server. Invite it with the scope applications.commands."
        return Finding("Commands", good=False, words=words)
    except DISCORD_FAILURES as error:
        return Finding("Commands", good=False, words=str(unavailable(error)))
    if not any(known):
        words = "not registered yet; the bot does that when it runs"
    elif all(names == COMMANDS for names in known):
        words = f"up to date, all {len(COMMANDS)} are registered"
    else:
        words = "differ from the bot's; it brings them in line when it runs"
    return Finding("Commands", good=True, words=words)


async def commands_known(client: discord.Client, servers: Iterable[int]) -> list[frozenset[str]]:
    """Return the names of the commands that are registered, globally and in each of these servers."""
    assert client.application_id is not None  # noqa: S101 - known since the login
    everywhere = await client.http.get_global_commands(client.application_id)
    there = [await client.http.get_guild_commands(client.application_id, server) for server in servers]
    return [frozenset(command["name"] for command in registered) for registered in (everywhere, *there)]


async def useapi_side(settings: Settings) -> list[Finding]:
    """Read the account list, which needs token and subscription; it sends nothing to Midjourney."""
    url = settings.useapi_url
    async with open_session() as session:
        useapi = UseapiClient(session, url, settings.useapi_token)
        try:
            accounts = await useapi.accounts()
        except UseapiError as error:
            return refused(error, url)
        try:
            is_active = await useapi.subscription_active()
        except UseapiError as error:
            return untold(error, url, accounts)
        return [accepted(url), subscription(is_active), configured(accounts)]


def refused(error: UseapiError, url: str) -> list[Finding]:
    """Say what it means that the account list cannot be read; who wants money knows the token."""
    match error:
        case Unauthorized():
            return [Finding("API token", good=False, words=told(error))]
        case Unpaid():
            return [accepted(url), Finding("Subscription", good=False, words=told(error))]
        case _:
            return [Finding("API", good=False, words=told(error))]


def untold(error: UseapiError, url: str, accounts: tuple[Account, ...]) -> list[Finding]:
    """Say what it means that the list can be read and the subscription cannot; a server need not tell of it.

    An empty list proves nothing: any address that answers 404 to everything gives one.
    """
    listed = [configured(accounts)] if accounts else []
    match error:
        case Unauthorized() | Unpaid():
            return [*refused(error, url), *listed]
        case Gone() | MalformedResponse() if accounts:
            words = "the server does not tell, but it answers"
            return [accepted(url), Finding("Subscription", good=True, words=words), *listed]
        case Gone() | MalformedResponse():
            words = (
                f"nothing answers as the useapi API under {url}. "
                "Check USEAPI_URL; a service that has shut down looks like this, too."
            )
            return [Finding("API", good=False, words=words)]
        case _:
            failed = Finding("Subscription", good=False, words=told(error))
            return [accepted(url), failed, *listed] if accounts else [failed]


def accepted(url: str) -> Finding:
    """Say that something judged the token, and took it."""
    return Finding("API token", good=True, words=f"accepted by {url}")


def subscription(is_active: bool | None) -> Finding:  # noqa: FBT001 - None is a third answer
    """See whether the subscription is active."""
    if is_active is False:
        return Finding("Subscription", good=False, words="not active. Renew it at useapi.net.")
    words = "active" if is_active else "the API does not say, but answers"
    return Finding("Subscription", good=True, words=words)


def configured(accounts: tuple[Account, ...]) -> Finding:
    """Count the accounts; none is no failure, as the first may be yet to come."""
    flagged = sum(account.flag is not None for account in accounts)
    words = f"{count(len(accounts), 'account')}, {flagged} flagged" if accounts else "none configured yet"
    return Finding("Accounts", good=True, words=words)


def told(error: UseapiError) -> str:
    """Return an error's sentence and what to do."""
    return f"{what(error)} {next_step(error)}"
