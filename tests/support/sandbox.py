"""The bot as a process of its own, between a simulated Discord and a simulated useapi.net."""

import asyncio
import signal
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.demo import launch, process
from tests.demo.process import Spawn
from tests.simulators.discord import SANDBOX_BOT_TOKEN, SimulatedDiscord
from tests.simulators.useapi import Endpoint, SimulatedUseapi

PATIENCE = 20.0
"""Generous: what a busy machine takes to end a process that needs well under two seconds."""


@dataclass
class Process:
    """`python -m bot` in the sandbox: started with the block, gone after it."""

    command: list[str]
    log: Path
    spawn: Spawn
    _running: process.Process | None = field(default=None, init=False)

    async def __aenter__(self) -> Self:
        self._running = await self.spawn(self.command, self.log)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running is not None and self._running.returncode is None:
            self._running.kill()
            await self._running.wait()

    async def ended(self) -> int:
        """Wait for the end and return the exit code."""
        assert self._running is not None
        return await asyncio.wait_for(self._running.wait(), PATIENCE)

    async def stopped(self, signum: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end and return the exit code."""
        assert self._running is not None
        self._running.send_signal(signum)
        return await self.ended()


@dataclass
class Sandbox:
    """Both simulated sides, and processes of the bot that share one database."""

    api: SimulatedUseapi
    world: SimulatedDiscord
    folder: Path
    spawn: Spawn = process.spawn
    """How a process begins; a test of how none ends may have it forked, which is faster."""

    @property
    def log(self) -> Path:
        return self.folder / "bot.log"

    def output(self) -> str:
        """Return all that the processes wrote to the terminal."""
        return self.log.read_text()

    def outcomes(self, verb: str) -> list[str]:
        """Return how all that goes by a verb ended, as the audit says, in order."""
        with closing(sqlite3.connect(self.folder / "midwatch.sqlite3")) as database:
            rows = database.execute("SELECT outcome FROM audit WHERE verb = ? ORDER BY id", (verb,))
            return [outcome for (outcome,) in rows]

    def process(self, *arguments: str, **changed: str) -> Process:
        """Describe a process; each may change some settings."""
        settings = {
            "DISCORD_TOKEN": SANDBOX_BOT_TOKEN,
            "USEAPI_TOKEN": self.api.token,
            "USEAPI_URL": self.api.url,
            "GUILD_IDS": str(self.world.guild_id),
            "DATABASE_PATH": str(self.folder / "midwatch.sqlite3"),
            **changed,
        }
        command = launch.command(self.world.api, self.world.gateway, self.folder, settings, *arguments)
        return Process(command, self.log, self.spawn)

    async def up(self) -> None:
        """Wait until the bot offers its commands and has read the list."""
        await self.world.wait_for(self._is_up, PATIENCE)

    def _is_up(self) -> bool:
        has_polled = any(one.endpoint is Endpoint.LIST and one.status for one in self.api.requests)
        offered = self.world.commands(self.world.owner, self.world.channel_id)
        return has_polled and bool(offered) and self.world.connected

    async def down(self) -> None:
        """Wait until Discord has noticed that the bot is gone."""
        await self.world.wait_for(lambda: not self.world.connected, PATIENCE)
