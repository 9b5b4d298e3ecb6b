"""The errors of Discord, its library and the network, each as one sentence for the terminal and the log."""

import ssl
from datetime import timedelta
from typing import Final

import aiohttp
import discord
from discord.ext import commands

from bot.domain.clock import utc_now
from bot.domain.errors import Cause
from bot.providers.failures import proxies_unused
from bot.providers.http_response import parse_retry_after
from bot.providers.proxy import ProxyError
from bot.render.error_messages import CAUSES, UNUSED_PROXIES
from bot.runtime.errors import UnavailableError
from bot.runtime.language import Sentence

DISCORD_FAILURES: Final = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError)
"""What a request to Discord may fail with."""
LOGIN_REFUSED: Final[Sentence] = (
    "Discord refuses the bot's token. "
    "Make a new one in the Developer Portal (Bot, Reset Token) and put it into DISCORD_TOKEN."
)
TOO_MANY_COMMANDS: Final = 30034
"""The day's limit of new commands (Discord's documentation, "Opcodes and Status Codes")."""
TOO_MANY_COMMANDS_WAIT: Final = timedelta(hours=1)


def unavailable(error: Exception) -> UnavailableError:  # noqa: PLR0911 - a table
    """Return the sentence for an error, whose own text may hold addresses and headers."""
    match error:
        case ProxyError():
            return UnavailableError(CAUSES[Cause(error.code)], service="Discord")
        case discord.DiscordServerError():
            return UnavailableError("Discord has a server error (HTTP {status}).", status=error.status)
        case discord.RateLimited():
            return UnavailableError("Discord asks to slow down.", wait=timedelta(seconds=error.retry_after))
        case discord.HTTPException():
            return refused(error)
        case commands.ExtensionError():
            return UnavailableError(
                "A part of Midwatch does not load ({part}): install it again; the log says why.",
                part=error.name,
            )
        case discord.ConnectionClosed():
            return UnavailableError(
                "Discord closed the connection for good (code {code}). Start Midwatch again.", code=error.code
            )
        case ssl.CertificateError() | aiohttp.ClientSSLError():
            return UnavailableError(CAUSES[Cause.CERTIFICATE], service="Discord")
        case _:
            proxies = proxies_unused()
            return UnavailableError(broken(error), UNUSED_PROXIES if proxies else "", proxies=proxies)


def broken(error: Exception) -> Sentence:
    """Return the sentence for an error of the network."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "Discord's address could not be looked up. Check this machine's network."
        case aiohttp.ClientConnectorError():
            return "Discord cannot be reached. Check this machine's network."
        case TimeoutError():
            return "Discord did not answer in time."
        case _:
            return "The connection to Discord broke off."


def refused(error: discord.HTTPException) -> UnavailableError:
    """Return the sentence for a refusal, by status and code alone."""
    wait = parse_retry_after(error.response.headers.get("Retry-After"), utc_now())
    if error.code == TOO_MANY_COMMANDS:
        wait = max(wait or TOO_MANY_COMMANDS_WAIT, TOO_MANY_COMMANDS_WAIT)
    return UnavailableError(
        "Discord refuses the request (HTTP {status}, code {code})."
        if error.code
        else "Discord refuses the request (HTTP {status}).",
        wait=wait,
        status=error.status,
        code=error.code,
    )
