"""Points the discord.py of this process at a simulated Discord."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from ipaddress import ip_address

import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route


def _refuse_the_outside(url: yarl.URL) -> None:
    with suppress(ValueError):  # of a host that is a name
        if ip_address(url.host or "").is_loopback:
            return
    raise ValueError("the sandbox speaks to loopback addresses only")


@contextmanager
def point_at(discord_api: str, gateway: str) -> Generator[None]:
    """Send REST, webhooks and gateway of this process to these loopback addresses until the block ends.

    The two class attributes are where discord.py keeps its addresses: webhooks (interaction answers) use
    `Route.BASE` as well.
    """
    _refuse_the_outside(yarl.URL(discord_api))
    _refuse_the_outside(yarl.URL(gateway))
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = discord_api, yarl.URL(gateway)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before
