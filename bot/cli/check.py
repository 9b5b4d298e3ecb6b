"""`check`: writes line by line whether everything the bot needs is right."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import discord

from bot.cli.check_database import try_database
from bot.cli.check_listener import check_listener
from bot.cli.discord_errors import DISCORD_FAILURES, unavailable
from bot.cli.exit_codes import Exit
from bot.cli.findings import FAIL, OK, WARN, Finding, chosen_services, finding, orders, unsaid
from bot.cli.terminal import complain, folded, said_if_slow, show
from bot.config import Settings
from bot.domain.secret import SecretStr
from bot.domain.services import subscription_of
from bot.interactions.permissions import BOARD_NAMES, NAMES, PIN, AlertChannel, lacking, owners_of
from bot.notifications.apprise_transport import AppriseTransport, open_addresses
from bot.notifications.transport import DeliveryError
from bot.providers.api_client import open_session
from bot.providers.errors import ProviderError, Unauthorized, Unpaid
from bot.providers.provider import Provider
from bot.providers.proxy import Connector
from bot.render.error_messages import what
from bot.render.message_content import MessageContent
from bot.render.text import bare, count, whole
from bot.runtime.language import Sentence, say
from bot.storage import StoreError

FIX_THEM: Final[Sentence] = "Fix the FAIL lines, then run the check again."
DISCORD_LIMIT_SECONDS: Final = 30
PROXY_LIMIT_SECONDS: Final = 5
NAME_LIMIT: Final = 100
PROXY_URL: Final = "PROXY_URL"
COMMANDS: Final[frozenset[str]] = frozenset(
    (
        *("mjaccounts", "mjadd", "mjhistory", "mjinfo", "mjmute", "mjname", "mjremove", "mjreset"),
        *("mjstatus", "mjtest", "mjusage"),
    )
)
"""The commands that the bot registers."""
PROVED: Final[Sentence] = "🧪 Midwatch check: alerts that Discord does not accept arrive here."
"""What an address of ALERT_URLS is sent."""
ACCEPTED: Final[Sentence] = "a test was accepted"
NOT_ACCEPTED: Final[Sentence] = (
    "a test was not accepted. Correct the address in ALERT_URLS, or see whether the service is up."
)


ProvidersOf = Callable[[Settings, aiohttp.ClientSession], Iterable[Provider]]
"""Builds the providers that are set up."""


class CheckError(Exception):
    """A check failed. `str(error)` says why and what to do."""


def report_settings(problems: Iterable[str]) -> None:
    """Write a line for each problem of the settings. Nothing else can be checked without them."""
    for problem in problems:
        show(str(Finding(FAIL, "Settings", problem)))
    complain(say(FIX_THEM))


async def report(settings: Settings, providers_of: ProvidersOf) -> int:
    """Check everything, write a line for each finding, and return the exit code."""
    found: list[Finding] = []
    async for each in findings(settings, providers_of):
        show(folded(str(each)))
        found.append(each)
    if not all(each.good for each in found):
        complain(say(FIX_THEM))
        return Exit.UNAVAILABLE
    is_warned = any(each.mark == WARN for each in found)
    complain(say("Midwatch can run; look at the WARN lines." if is_warned else "Everything is right."))
    return 0


async def findings(settings: Settings, providers_of: ProvidersOf) -> AsyncIterator[Finding]:
    """Check what the bot needs, in the order in which it needs it."""
    yield Finding(OK, "Settings", say("complete and well-formed"))
    try:
        yield Finding(OK, "Database", await try_database(settings.database_path))
    except StoreError as error:
        yield Finding(FAIL, "Database", what(error))
    if settings.proxy_url is not None:
        yield await check_proxy(settings.proxy_url)
    apis = check_providers(settings, providers_of)
    for part in (check_listener(settings), check_discord(settings), check_addresses(settings), apis):
        async for each in part:
            yield each


async def check_proxy(proxy: SecretStr) -> Finding:
    """Check that the proxy takes connections. Who cannot be reached through it, the lines below say."""
    address = urlsplit(proxy.get_secret_value())
    try:
        async with asyncio.timeout(PROXY_LIMIT_SECONDS):
            _, writer = await asyncio.open_connection(address.hostname, address.port or 80)
    except OSError:
        words = say("nothing takes connections there. Start the proxy, or correct its address.")
        return Finding(FAIL, PROXY_URL, words)
    writer.close()
    words = say("the proxy takes connections; this machine's own addresses need none")
    return Finding(OK, PROXY_URL, words)


async def check_providers(settings: Settings, providers_of: ProvidersOf) -> AsyncIterator[Finding]:
    """Check the APIs that are watched."""
    async with open_session(settings.proxy_url) as session:
        settings, services = await chosen_services(settings, session)
        if services is not None:
            yield services
        providers = list(providers_of(settings, session))
        for each in orders(settings, [one.name for one in providers]):
            yield each
        refused: set[str] = set()
        for provider in providers:
            if subscription_of(provider.name) in refused:
                continue  # the token is the same
            with said_if_slow(provider.address):
                try:
                    statements = await provider.standing()
                except ProviderError as error:
                    statements = [unsaid(provider, error)]
            if any(isinstance(each.said, Unauthorized | Unpaid) for each in statements):
                refused.add(subscription_of(provider.name))
            for statement in statements:
                yield finding(provider, statement, providers=[each.name for each in providers])


async def check_discord(settings: Settings) -> AsyncIterator[Finding]:
    """Log in without connecting, and check the application, its servers and its channel."""
    async with logged_in(settings) as (client, token):
        yield token
        if not token.good:
            return
        needed = say("the bot needs none that must be switched on in the Developer Portal")
        yield Finding(OK, "Intents", needed)
        application = application_of(client)
        yield owners(settings, application)
        yield interactions(application)
        joined: list[int] = []
        for server in sorted(settings.guild_ids):
            membership = await checked("Server {server}", find_server(client, server), server=server)
            joined += [server] if membership.good else []
            yield membership
        if not settings.guild_ids:
            yield Finding(OK, "Servers", say("GUILD_IDS is not set, so only owners are answered"))
        yield await checked("Commands", compare_commands(client, joined))
        if settings.alert_channel_id is not None:
            found = find_channel(client, settings.alert_channel_id, "ALERT_CHANNEL_ID", NAMES)
            yield await checked("Alert channel", found)
        if settings.status_channel_id is not None:
            yield await check_board(client, settings.status_channel_id)


async def check_addresses(settings: Settings) -> AsyncIterator[Finding]:
    """Send a test to each address of ALERT_URLS."""
    addresses = open_addresses(settings.alert_urls, settings.proxy_url)
    transport = AppriseTransport(addresses)
    for each in addresses:
        mark, sentence = OK, ACCEPTED
        with said_if_slow(each.name):
            try:
                await transport.send(each.recipient, MessageContent(say(PROVED)), nonce="", silent=True)
            except DeliveryError:
                mark, sentence = FAIL, NOT_ACCEPTED
        yield Finding(mark, "Alerts by {route}", say(sentence), {"route": each.name})


@asynccontextmanager
async def logged_in(settings: Settings) -> AsyncGenerator[tuple[discord.Client, Finding]]:
    """Log in at Discord without connecting, and yield the client with what was found."""
    intents, connector = discord.Intents(guilds=True), Connector(settings.proxy_url)
    async with discord.Client(intents=intents, connector=connector) as client:
        with said_if_slow("Discord"):
            token = await checked("Discord token", log_in(client, settings))
        yield client, token


async def check_board(client: discord.Client, channel_id: int) -> Finding:
    """Check the channel of the board. Without the right to pin it, all else works."""
    setting = "STATUS_CHANNEL_ID"
    found = await checked("Board", find_channel(client, channel_id, setting, BOARD_NAMES))
    if not found.good:
        return found
    pinned = await checked("Board", find_channel(client, channel_id, setting, BOARD_NAMES | PIN))
    if pinned.good:
        return pinned
    return Finding(WARN, "Board", say("it will not be pinned: {reason}", reason=pinned.words))


async def checked(subject: Sentence, check: Awaitable[str], **fields: object) -> Finding:
    """Return the finding of a check at Discord that returns words or raises CheckError."""
    try:
        async with asyncio.timeout(DISCORD_LIMIT_SECONDS):
            return Finding(OK, subject, await check, fields)
    except (CheckError, *DISCORD_FAILURES, discord.InvalidData) as error:
        words = str(error if isinstance(error, CheckError) else unavailable(error))
        return Finding(FAIL, subject, words, fields)


async def log_in(client: discord.Client, settings: Settings) -> str:
    """Log in with the bot's token."""
    try:
        await client.login(settings.discord_token.get_secret_value())
    except discord.LoginFailure:
        raise CheckError(say("Discord refuses it. Put a new one into DISCORD_TOKEN.")) from None
    return say("accepted, the bot is {bot}", bot=bare(application_of(client).name, NAME_LIMIT))


def application_of(client: discord.Client) -> discord.AppInfo:
    """Return the application, which is known since the login."""
    assert client.application is not None  # noqa: S101 - known since the login
    return client.application


def owners(settings: Settings, application: discord.AppInfo) -> Finding:
    """Count the owners."""
    ids = settings.owner_ids or owners_of(application)
    words = count(
        len(ids),
        "{n} owner[|s], from OWNER_IDS" if settings.owner_ids else "{n} owner[|s], the application's",
    )
    return Finding(OK, "Owners", words)


def interactions(application: discord.AppInfo) -> Finding:
    """Check that Discord sends interactions to the bot's connection, and not to a web server."""
    if application.interactions_endpoint_url:
        words = say(
            "Discord sends them to a web server, so the bot gets none. "
            "Empty Interactions Endpoint URL in the Developer Portal."
        )
        return Finding(FAIL, "Interactions", words)
    return Finding(OK, "Interactions", say("Discord brings them to the bot"))


async def find_server(client: discord.Client, server: int) -> str:
    """Check that the bot is in a server of GUILD_IDS."""
    try:
        guild = await client.fetch_guild(server)
    except (discord.Forbidden, discord.NotFound):
        raise CheckError(say("the bot is not in it. Invite it, or take the id out of GUILD_IDS.")) from None
    return say("the bot is in {server}", server=bare(guild.name, NAME_LIMIT))


async def find_channel(
    client: discord.Client, channel_id: int, setting: str, wanted: Mapping[str, str]
) -> str:
    """Check that the bot has the permissions that it needs in the channel of a setting."""
    try:
        channel = await client.fetch_channel(channel_id)
        if not isinstance(channel, AlertChannel):
            words = say("it is not a text channel. Put the id of one into {setting}.", setting=setting)
            raise CheckError(words)
        names = await lacking(client, channel, wanted)
    except discord.NotFound:
        raise CheckError(say("it does not exist. Correct {setting}.", setting=setting)) from None
    except discord.Forbidden:
        words = say("the bot lacks View Channel there, or is not in that server: let it in, or set another.")
        raise CheckError(words) from None
    name = f"#{bare(str(channel), NAME_LIMIT)}"
    if names:
        sentence: Sentence = "in {channel} the bot lacks {permissions}. Give its role that permission there."
        raise CheckError(say(sentence, channel=name, permissions=say(", ").join(names)))
    return say("the bot may do all that it needs in {channel}", channel=name)


async def compare_commands(client: discord.Client, servers: Iterable[int]) -> str:
    """Compare the registered commands, globally and in each server, with those of the bot."""
    http, application = client.http, application_of(client).id
    try:
        registered = [await http.get_global_commands(application)]
        registered += [await http.get_guild_commands(application, server) for server in servers]
    except discord.Forbidden:
        words = say("the bot may not have any in a server. Invite it with the scope applications.commands.")
        raise CheckError(words) from None
    if not any(registered):
        return say("not registered yet; the bot does that when it runs")
    if all(frozenset(command["name"] for command in each) == COMMANDS for each in registered):
        return say("up to date, all {n} are registered", n=whole(len(COMMANDS)))
    return say("differ from the bot's; it brings them in line when it runs")
