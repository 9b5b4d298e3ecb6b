"""Loaded by every Python that has this folder on PYTHONPATH: sends discord.py to the simulated Discord."""

import os

if "SIMULATED_DISCORD" in os.environ:
    import yarl
    from discord.gateway import DiscordWebSocket
    from discord.http import Route

    Route.BASE = os.environ["SIMULATED_DISCORD"]
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["SIMULATED_GATEWAY"])
