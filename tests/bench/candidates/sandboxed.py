"""The first steps of every candidate: end with its parent, and reach nothing but this machine."""

import os
import signal
import sys
import threading
from ipaddress import ip_address

import yarl


def require_loopback(*addresses: str) -> None:
    """Refuse to run against anything but this machine; a benchmark asks a thousand times a second."""
    for address in addresses:
        if not ip_address(yarl.URL(address).host or "").is_loopback:
            sys.exit("The benchmark speaks to loopback addresses only.")


def point_discord() -> None:
    """Send what discord.py sends to the addresses that the environment names."""
    from discord.gateway import DiscordWebSocket  # noqa: PLC0415 - not every candidate has a use for discord.py
    from discord.http import Route  # noqa: PLC0415 - the same

    api, gateway = os.environ["BENCH_DISCORD_API"], os.environ["BENCH_GATEWAY"]
    require_loopback(api, gateway)
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = api, yarl.URL(gateway)


def end_with_parent() -> None:
    """End with standard input, which closes when the parent ends."""
    threading.Thread(target=_wait_for_the_end, daemon=True).start()


def _wait_for_the_end() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGKILL)
