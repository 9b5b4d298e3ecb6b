"""The real bot in this process, between a simulated Discord and a simulated useapi.net."""

import asyncio
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bot import app
from bot.config import Settings
from tests.sandbox.discord import SANDBOX_BOT_TOKEN, SimulatedDiscord, point_at
from tests.sandbox.useapi import SimulatedUseapi

PATIENCE = 10.0


class Bot:
    """Starts and stops `bot.app.run` with the settings of the sandbox; each start may change some of them."""

    def __init__(self, api: SimulatedUseapi, world: SimulatedDiscord, folder: Path) -> None:
        self.api = api
        self.world = world
        self.database = folder / "midwatch.sqlite3"
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._pointed = ExitStack()

    def settings(self, **changed: Any) -> Settings:
        """Give the sandbox's settings: commands in the simulated server, owners from the application."""
        values: dict[str, Any] = {
            "DISCORD_TOKEN": SANDBOX_BOT_TOKEN,
            "USEAPI_TOKEN": self.api.token,
            "USEAPI_URL": self.api.url,
            "GUILD_IDS": str(self.world.guild_id),
            "DATABASE_PATH": self.database,
        }
        return Settings(_env_file=None, **{name.lower(): value for name, value in (values | changed).items()})  # pyright: ignore[reportCallIssue] - an argument of pydantic-settings

    def launch(self, **changed: Any) -> asyncio.Task[None]:
        """Start the bot and wait for nothing."""
        self._pointed.enter_context(point_at(self.world.api, self.world.gateway))
        self._stop = asyncio.Event()
        self._task = asyncio.create_task(app.run(self.settings(**changed), self._stop))
        return self._task

    async def start(self, **changed: Any) -> None:
        """Start the bot and wait until its commands can be used and the list was read once."""
        task = self.launch(**changed)
        ready = asyncio.create_task(self._ready())
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            ready.cancel()
            await task
        await ready

    async def _ready(self) -> None:
        await self.world.wait_for(self._offers_commands, PATIENCE)

    def _offers_commands(self) -> bool:
        place = self.world.channel_id
        return self.world.connected and any(
            command["name"] == "mjinfo" for command in self.world.commands(self.world.owner, place)
        )

    async def stop(self) -> None:
        """Stop the bot as SIGTERM would, and raise what ended it before."""
        self._stop.set()
        if self._task is not None:
            task, self._task = self._task, None
            async with asyncio.timeout(PATIENCE):
                await task
        self._pointed.close()
