"""The connection to Discord: login, commands and gateway, until the stop."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Final, cast

import discord
from discord.gateway import DiscordWebSocket

from bot.cli.discord_errors import DISCORD_FAILURES, LOGIN_REFUSED, unavailable
from bot.config import Settings
from bot.interactions.client import Midwatch
from bot.runtime.errors import TokenRefusedError, UnavailableError
from bot.runtime.supervisor import beside, supervise

LOGIN_LIMIT: Final = timedelta(seconds=60)
REGISTER_EVERY: Final = timedelta(hours=1)
REGISTER_LIMIT: Final = timedelta(minutes=2)
CONNECT_DELAY: Final = timedelta(minutes=5)
"""The cap of the delay before a new connection: Discord allows a bot 1,000 of them a day."""
GOODBYE_LIMIT: Final = timedelta(milliseconds=300)
AUTHENTICATION_FAILED: Final = 4004


async def serve(bot: Midwatch, settings: Settings, stop: asyncio.Event) -> None:
    """Log in, register the commands, and stay connected until the stop."""

    async def log_in() -> None:
        with reached():
            await bot.log_in(settings.discord_token.get_secret_value())

    async def register() -> None:
        with reached():
            await bot.register()

    try:
        name = "the login at Discord"
        await supervise(log_in, name=name, stop=stop, limit=LOGIN_LIMIT, fatal=(discord.LoginFailure,))
    except discord.LoginFailure:
        raise TokenRefusedError(LOGIN_REFUSED) from None
    if stop.is_set():
        return
    registering = supervise(
        register, name="registering the commands", stop=stop, every=REGISTER_EVERY, limit=REGISTER_LIMIT
    )
    async with beside(registering):
        await supervise(
            partial(connect, bot),
            name="the connection to Discord",
            stop=stop,
            longest_delay=CONNECT_DELAY,
            fatal=(UnavailableError,),
        )


@contextmanager
def reached() -> Generator[None]:
    """Raise UnavailableError instead of the errors of the library and of the network."""
    try:
        yield
    except DISCORD_FAILURES as error:
        raise unavailable(error) from None


async def connect(bot: Midwatch) -> None:
    """Stay connected to the gateway. discord.py reconnects until Discord ends the connection for good."""
    try:
        await bot.connect()
    except discord.ConnectionClosed as closed:
        if closed.code == AUTHENTICATION_FAILED:
            raise TokenRefusedError(LOGIN_REFUSED) from None
        raise unavailable(closed) from None
    finally:
        await hang_up(bot)


async def hang_up(bot: Midwatch) -> None:
    """Close the gateway connection. discord.py alone would wait 30 s for a gateway that is gone."""
    gateway = cast(DiscordWebSocket | None, bot.ws)  # None until the first connection
    if gateway is not None and gateway.open:
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_LIMIT.total_seconds()):
                await gateway.close()
