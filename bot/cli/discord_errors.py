"""The errors of Discord, its library and the network, each as one sentence for the terminal and the log."""

import ssl
from datetime import timedelta
from typing import Final

import aiohttp
import discord
from discord.ext import commands

from bot.domain.clock import utc_now
from bot.domain.errors import Cause, UnavailableError
from bot.providers.failures import proxies_unused
from bot.providers.http_response import parse_retry_after
from bot.providers.proxy import ProxyError
from bot.render.error_messages import CAUSES, UNTRUSTED, UNUSED_PROXIES

DISCORD_FAILURES: Final = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError)
"""What a request to Discord may fail with."""
LOGIN_REFUSED: Final = (
    "Discord refuses the bot's token. "
    "Make a new one in the Developer Portal (Bot, Reset Token) and put it into DISCORD_TOKEN."
)
TOO_MANY_COMMANDS: Final = 30034
"""The day's limit of new commands (Discord's documentation, "Opcodes and Status Codes")."""
TOO_MANY_COMMANDS_WAIT: Final = timedelta(hours=1)


def unavailable(error: Exception) -> UnavailableError:  # noqa: C901, PLR0911 - a table
    """Return the sentence for an error, whose own text may hold addresses and headers."""
    match error:
        case ProxyError():
            return UnavailableError(CAUSES[Cause(error.code)].replace("\n", " ").format(service="Discord"))
        case discord.DiscordServerError():
            return UnavailableError(f"Discord has a server error (HTTP {error.status}).")
        case discord.RateLimited():
            return UnavailableError("Discord asks to slow down.", wait=timedelta(seconds=error.retry_after))
        case discord.HTTPException():
            return refused(error)
        case commands.ExtensionError():
            return UnavailableError(
                f"A part of Midwatch does not load ({error.name}): install it again; the log says why."
            )
        case discord.ConnectionClosed():
            return UnavailableError(f"Discord closed the connection for good (code {error.code}).")
        case ssl.CertificateError() | aiohttp.ClientSSLError():
            return UnavailableError(f"This machine does not trust Discord's certificate. {UNTRUSTED}")
        case aiohttp.ClientConnectorDNSError():
            sentence = "Discord's address could not be looked up. Check this machine's network."
        case aiohttp.ClientConnectorError():
            sentence = "Discord cannot be reached. Check this machine's network."
        case TimeoutError():
            sentence = "Discord did not answer in time."
        case _:
            sentence = "The connection to Discord broke off."
    proxies = proxies_unused()
    return UnavailableError(f"{sentence} {UNUSED_PROXIES.format(proxies=proxies)}" if proxies else sentence)


def refused(error: discord.HTTPException) -> UnavailableError:
    """Return the sentence for a refusal, by status and code alone."""
    wait = parse_retry_after(error.response.headers.get("Retry-After"), utc_now())
    if error.code == TOO_MANY_COMMANDS:
        wait = max(wait or TOO_MANY_COMMANDS_WAIT, TOO_MANY_COMMANDS_WAIT)
    code = f", code {error.code}" if error.code else ""
    return UnavailableError(f"Discord refuses the request (HTTP {error.status}{code}).", wait=wait)
