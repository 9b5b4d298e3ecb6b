"""The real bot in this process, between a simulated Discord and a simulated useapi.net, and its users."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from discord.state import ConnectionState

from bot import app
from bot.config import Settings, read_fields
from bot.interactions.client import EXTENSIONS
from tests.simulators.discord import (
    SANDBOX_BOT_TOKEN,
    Choice,
    Interaction,
    Json,
    Person,
    SimulatedDiscord,
    point_at,
)
from tests.simulators.mjproxy import Endpoint as ProxyEndpoint
from tests.simulators.mjproxy import SimulatedMjproxy
from tests.simulators.useapi import Endpoint, SimulatedUseapi
from tests.support.reading import button, menu, text
from tests.support.waiting import at_once

PATIENCE = 30.0
NO_TIME = timedelta(0)
"""The time between two edits of a message. The outbox's own tests cover a longer one."""
DATABASE_WAITS = timedelta(seconds=1)
"""Long enough for `Bot.change_database`, which holds the database for a moment."""
SOON_GIVEN_UP = timedelta(milliseconds=50)
"""How long a change waits in a test of a database that cannot be written."""
READY_AFTER = 0.01
"""Seconds; the simulated Discord announces its servers together."""
EPHEMERAL = 1 << 6
HELLO = "Alerts will arrive here"
LISTS = {Endpoint.LIST, *(each for each in Endpoint if "/v1/" in each or "/v2/" in each)}
"""The lists of all services of useapi.net."""


class Bot:
    """Starts and stops `bot.app.run` with the demo's settings. Each start may change some of them."""

    def __init__(self, api: SimulatedUseapi, world: SimulatedDiscord, folder: Path) -> None:
        self.api = api
        self.world = world
        self.database = folder / "midwatch.sqlite3"
        self.proxy: SimulatedMjproxy | None = None
        """A midjourney-proxy that is watched, too, or alone where USEAPI_TOKEN is changed to None."""
        self.language: str | None = None
        """What channels read; None for English."""
        self.extensions: Sequence[str] = EXTENSIONS
        self.sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
        """The sleep of a reset before its next check."""
        self.again: Callable[[float], Awaitable[None]] = at_once
        """The sleep of an API request before its next try."""
        self.database_waits = DATABASE_WAITS
        """The time that a change waits for another program which holds the database."""
        self.grace = timedelta(milliseconds=100)
        """The time that a stop leaves for answers."""
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._pointed = ExitStack()

    def settings(self, **changed: Any) -> Settings:
        """Return the sandbox's settings: commands in the simulated server, owners from the application.

        A changed setting that is None is left out.
        """
        values: dict[str, Any] = {
            "DISCORD_TOKEN": SANDBOX_BOT_TOKEN,
            "USEAPI_TOKEN": self.api.token,
            "USEAPI_URL": self.api.url,
            "GUILD_IDS": str(self.world.guild_id),
            "DATABASE_PATH": self.database,
            "LANGUAGE": self.language,
        }
        if self.proxy is not None:
            values |= {"MJPROXY_URL": self.proxy.url, "MJPROXY_TOKEN": self.proxy.token}
        given = {name.lower(): str(value) for name, value in (values | changed).items() if value is not None}
        found, wrong = read_fields(Settings, given)
        assert not wrong, wrong
        return Settings(**found)

    def launch(self, **changed: Any) -> asyncio.Task[None]:
        """Start the bot without waiting for it."""
        self._pointed.enter_context(point_at(self.world.api, self.world.gateway))
        self._pointed.enter_context(ready_soon())
        self._stop = asyncio.Event()
        timings = app.Timings(self.sleep, self.again, NO_TIME, self.database_waits, self.grace)
        running = app.run(self.settings(**changed), self._stop, extensions=self.extensions, timings=timings)
        self._task = asyncio.create_task(running)
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

    async def restart(self, **changed: Any) -> None:
        """Stop the bot and start it again on the same database."""
        await self.stop()
        await self.start(**changed)

    async def _ready(self) -> None:
        await self.world.wait_for(self._offers_commands, PATIENCE)
        await self.world.wait_for(self._has_polled, PATIENCE)

    def _offers_commands(self) -> bool:
        place = self.world.channel_id
        return self.world.connected and any(
            command["name"] == "mjinfo" for command in self.world.commands(self.world.owner, place)
        )

    def _has_polled(self) -> bool:
        asked = [*self.api.requests, *(self.proxy.requests if self.proxy else [])]
        polls = (one for one in asked if one.endpoint in {*LISTS, ProxyEndpoint.LIST})
        return any(one.status is not None for one in polls) and not self.polling

    @property
    def polling(self) -> bool:
        """Whether a poll of the account list is running."""
        return any(task.get_name() == "poll" for task in asyncio.all_tasks())

    async def change_database(self, statement: str) -> None:
        """Change the database from outside, as another program would."""
        async with self.held_database() as other:
            await asyncio.to_thread(other.execute, statement)
            other.commit()

    async def actions(self) -> list[tuple[int, str, str, str]]:
        """Return who did what to which account with which outcome, the oldest first."""

        def read() -> list[tuple[int, str, str, str]]:
            with closing(sqlite3.connect(self.database)) as other:
                rows = other.execute("SELECT actor_id, verb, channel, outcome FROM audit ORDER BY id")
                return [(int(actor), verb, channel, outcome) for actor, verb, channel, outcome in rows]

        return await asyncio.to_thread(read)

    @asynccontextmanager
    async def held_database(self) -> AsyncGenerator[sqlite3.Connection]:
        """Hold the database, as another program in the middle of a change does."""
        other = sqlite3.connect(self.database, isolation_level=None, check_same_thread=False)
        try:
            await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")  # the bot may be writing, too
            yield other
        finally:
            other.close()

    async def stop(self) -> None:
        """Stop the bot as SIGTERM does. Raise the error that ended it before."""
        self._stop.set()
        try:
            if self._task is not None:
                task, self._task = self._task, None
                async with asyncio.timeout(PATIENCE):
                    await task
        finally:
            self._pointed.close()


@contextmanager
def ready_soon() -> Generator[None]:
    """Shorten the two seconds in which discord.py waits for one more server before it is ready."""
    with pytest.MonkeyPatch.context() as patch:
        soon = property(lambda _: READY_AFTER, lambda _, __: None)
        patch.setattr(ConnectionState, "guild_ready_timeout", soon, raising=False)
        yield


def is_private(message: Json) -> bool:
    """Whether a message is an answer that one person alone sees."""
    return bool(message.get("flags", 0) & EPHEMERAL)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person in Discord who uses commands, presses buttons by their labels and reads answers."""

    world: SimulatedDiscord
    person: Person

    @property
    def dm(self) -> int:
        """The person's direct messages with the bot."""
        return self.world.dm_channel_id(self.person)

    async def use(self, command: str, *, channel: int | None = None, **options: object) -> Interaction:
        """Use a command without waiting for its answer."""
        return await self.world.slash(self.person, command, options, channel_id=channel)

    async def ask(self, command: str, *, channel: int | None = None, **options: object) -> Json:
        """Use a command and return the answer."""
        return await (await self.use(command, channel=channel, **options)).answer()

    async def press(self, message: Json, label: str) -> Interaction:
        """Press the button with this label without waiting for its answer."""
        return await self.world.click(self.person, message["id"], button(message, label)["custom_id"])

    async def pressed(self, message: Json, label: str) -> Json:
        """Press the button with this label and return the answer."""
        return await (await self.press(message, label)).answer()

    async def pick(self, message: Json, value: str) -> Interaction:
        """Choose from the message's select without waiting for the answer."""
        return await self.world.select(self.person, message["id"], menu(message)["custom_id"], [value])

    async def picked(self, message: Json, value: str) -> Json:
        """Choose from the message's select and return the answer."""
        return await (await self.pick(message, value)).answer()

    async def complete(self, command: str, typed: str, *, channel: int | None = None) -> list[Choice]:
        """Type into the account option and return the suggestions."""
        return await self.world.autocomplete(self.person, command, "account", typed, channel_id=channel)

    def received(self) -> list[Json]:
        """Return the bot's own messages to the person, the oldest first, without the hello."""
        return [each for each in self.sees(self.dm) if HELLO not in text(each) and not is_private(each)]

    def sees(self, channel: int | None = None) -> list[Json]:
        """Return the messages this person sees in a channel."""
        return self.world.messages(channel or self.world.channel_id, self.person)
