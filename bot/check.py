"""`python -m bot check`: says line by line whether everything the bot needs is right."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import aiohttp
import discord

from bot.config import Settings
from bot.models import Account
from bot.owners import owners_of
from bot.render.text import count, plain
from bot.store import DatabaseInUse, Store, StoreError
from bot.useapi import Unauthorized, Unpaid, UseapiClient, UseapiError

FAILED: Final = 69
LIMIT_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Finding:
    """How one check came out, in words that end with what to do when it is not good."""

    subject: str
    good: bool
    words: str

    def __str__(self) -> str:
        return f"{'ok  ' if self.good else 'FAIL'}  {self.subject}: {self.words}"


async def report(settings: Settings) -> int:
    """Check everything, write a line for each finding as it comes, and give the exit code."""
    good = True
    async for finding in findings(settings):
        print(finding, flush=True)  # noqa: T201 - the terminal is where this belongs
        good = good and finding.good
    print("Everything is right." if good else "Mend what failed, then check again.", file=sys.stderr)  # noqa: T201
    return 0 if good else FAILED


async def findings(settings: Settings) -> AsyncIterator[Finding]:
    """Go through all that the bot needs, in the order in which it needs it."""
    yield Finding("Settings", good=True, words="complete and well-formed")
    yield await database(settings)
    async for finding in discord_side(settings):
        yield finding
    async for finding in useapi_side(settings):
        yield finding


async def database(settings: Settings) -> Finding:
    """Open the database, as the bot would."""
    try:
        async with Store.open(settings.database_path):
            return Finding("Database", good=True, words=f"{settings.database_path} can be used")
    except DatabaseInUse:
        return Finding(
            "Database", good=True, words=f"{settings.database_path} is in use by a running Midwatch"
        )
    except StoreError as error:
        return Finding("Database", good=False, words=str(error))


async def discord_side(settings: Settings) -> AsyncIterator[Finding]:
    """Log in without connecting, and look at what Discord says of the application."""
    async with discord.Client(intents=discord.Intents.none()) as client:
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                await client.login(settings.discord_token.get_secret_value())
                application = await client.application_info()
        except discord.LoginFailure:
            yield Finding(
                "Discord token", good=False, words="Discord refuses it. Put a new one into DISCORD_TOKEN."
            )
            return
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            yield Finding(
                "Discord token", good=False, words=f"Discord cannot be asked ({name_of(error)}). Try later."
            )
            return
        yield Finding("Discord token", good=True, words=f"accepted, the bot is {application.name}")
        yield Finding("Intents", good=True, words="none needs to be switched on in the Developer Portal")
        yield owners(settings, application)
        for server in sorted(settings.guild_ids):
            yield await membership(client, server)
        if not settings.guild_ids:
            yield Finding("Servers", good=True, words="GUILD_IDS is not set, so only owners are answered")
        yield await commands(client, settings)


def owners(settings: Settings, application: discord.AppInfo) -> Finding:
    """Count who may act."""
    ids = settings.owner_ids or owners_of(application)
    source = "from OWNER_IDS" if settings.owner_ids else "the application's"
    return Finding("Owners", good=bool(ids), words=f"{count(len(ids), 'owner')}, {source}")


async def membership(client: discord.Client, server: int) -> Finding:
    """See whether the bot is in a server it shall serve."""
    try:
        guild = await client.fetch_guild(server)
    except discord.HTTPException as error:
        words = (
            f"the bot is not in it (Discord says {error.code}). Invite it, or take the id out of GUILD_IDS."
        )
        return Finding(f"Server {server}", good=False, words=words)
    return Finding(f"Server {server}", good=True, words=f"the bot is in {plain(guild.name)}")


async def commands(client: discord.Client, settings: Settings) -> Finding:
    """Count the commands that Discord knows already; the bot brings them in line when it runs."""
    assert client.application_id is not None  # noqa: S101 - known since the login
    try:
        told = await client.http.get_global_commands(client.application_id)
        for server in settings.guild_ids:
            told = [*told, *await client.http.get_guild_commands(client.application_id, server)]
    except discord.HTTPException as error:
        words = (
            f"Discord does not show them ({error.code}). Invite the bot with the scope applications.commands."
        )
        return Finding("Commands", good=False, words=words)
    words = (
        f"Discord knows {count(len(told), 'entry', 'entries')}"
        if told
        else "not registered yet; the bot does that"
    )
    return Finding("Commands", good=True, words=words)


async def useapi_side(settings: Settings) -> AsyncIterator[Finding]:
    """Read the account list, which needs token and subscription; it sends nothing to Midjourney."""
    async with aiohttp.ClientSession(trust_env=False) as session:
        useapi = UseapiClient(session, settings.useapi_url, settings.useapi_token)
        try:
            accounts = await useapi.accounts()
        except Unauthorized as error:
            yield Finding("API token", good=False, words=told(error))
            return
        except Unpaid as error:
            yield Finding("API token", good=True, words="accepted")
            yield Finding("Subscription", good=False, words=told(error))
            return
        except UseapiError as error:
            yield Finding("API", good=False, words=told(error))
            return
        yield Finding("API token", good=True, words=f"accepted by {settings.useapi_url}")
        yield await subscription(useapi)
        yield configured(accounts)


async def subscription(useapi: UseapiClient) -> Finding:
    """See whether the subscription is active; a compatible server need not tell."""
    try:
        standing = await useapi.standing()
    except UseapiError:
        return Finding("Subscription", good=True, words="the server does not tell, but it answers")
    if standing.active is False:
        return Finding("Subscription", good=False, words="not active. Renew it at useapi.net.")
    return Finding(
        "Subscription", good=True, words="active" if standing.active else "the API does not say, but answers"
    )


def configured(accounts: tuple[Account, ...]) -> Finding:
    """Count the accounts; none is no failure, as the first may be yet to come."""
    flagged = sum(account.flag is not None for account in accounts)
    words = f"{count(len(accounts), 'account')}, {flagged} flagged" if accounts else "none configured yet"
    return Finding("Accounts", good=True, words=words)


def told(error: UseapiError) -> str:
    """Give an error's sentence and what to do."""
    return f"{error} {error.next_step}"


def name_of(error: Exception) -> str:
    """Name an error without its text, which may hold addresses and headers."""
    return f"HTTP {error.status}" if isinstance(error, discord.HTTPException) else type(error).__name__
