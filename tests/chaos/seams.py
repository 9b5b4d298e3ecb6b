"""The watch in this process, with a trap at every seam to the outside. Each trap raises an error once."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import aiosqlite
import discord

from bot.domain.accounts import Account
from bot.domain.messages import Route
from bot.domain.secret import SecretStr
from bot.incidents.state import WatchState
from bot.notifications.discord_transport import DiscordTransport
from bot.notifications.transport import MessageRef
from bot.providers.useapi.client import UseapiClient
from bot.render.message_content import MessageContent
from bot.rules.policy import Policy
from bot.runtime.supervisor import rest
from bot.storage import BUSY_TIMEOUT, Store
from bot.storage.database import Database
from tests.simulators.discord import SANDBOX_BOT_TOKEN, SimulatedDiscord, point_at
from tests.simulators.useapi import SimulatedUseapi
from tests.support.assembly import Assembly
from tests.support.clock import Clock

POLICY = Policy(timedelta(seconds=2), timedelta(minutes=5), timedelta(seconds=2))


class Seam(StrEnum):
    """A place where the watch waits for something outside. "After" means that it has had its effect."""

    LIST = "list"
    AFTER_LIST = "after list"
    BEGIN = "begin"
    COMMIT = "commit"
    OPEN = "open"
    FIND = "find"
    SEND = "send"
    AFTER_SEND = "after send"
    EDIT = "edit"
    AFTER_EDIT = "after edit"


@dataclass(slots=True)
class Traps:
    """Raises an error once at each seam, when it is armed."""

    error: BaseException
    armed: bool = False
    sprung: set[Seam] = field(default_factory=set[Seam])

    def reach(self, seam: Seam) -> None:
        if self.armed and seam not in self.sprung:
            self.sprung.add(seam)
            raise self.error


class TrappedUseapi(UseapiClient):
    """The API's client."""

    traps: Traps

    async def accounts(self) -> tuple[Account, ...]:
        self.traps.reach(Seam.LIST)
        listed = await super().accounts()
        self.traps.reach(Seam.AFTER_LIST)
        return listed


class TrappedDatabase(Database):
    """The database."""

    traps: Traps

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[aiosqlite.Connection]:
        self.traps.reach(Seam.BEGIN)
        async with super().transaction() as writer:
            yield writer
            self.traps.reach(Seam.COMMIT)


@dataclass(slots=True)
class TrappedTransport:
    """The way to Discord."""

    post: DiscordTransport
    traps: Traps

    @property
    def ready(self) -> bool:
        return self.post.ready

    def has(self, route: Route) -> bool:
        return self.post.has(route)

    async def open(self, recipient: int, route: Route) -> int:
        if Seam.FIND in self.traps.sprung:  # only a message that was never tried is searched for
            self.traps.reach(Seam.OPEN)
        return await self.post.open(recipient, route)

    async def send(self, channel_id: int, content: MessageContent, *, nonce: str, silent: bool) -> MessageRef:
        self.traps.reach(Seam.SEND)
        place = await self.post.send(channel_id, content, nonce=nonce, silent=silent)
        self.traps.reach(Seam.AFTER_SEND)
        return place

    async def edit(self, place: MessageRef, content: MessageContent) -> None:
        self.traps.reach(Seam.EDIT)
        await self.post.edit(place, content)
        self.traps.reach(Seam.AFTER_EDIT)

    async def delete(self, place: MessageRef) -> None:
        await self.post.delete(place)

    async def find(self, channel_id: int, key: str, since: datetime) -> MessageRef | None:
        self.traps.reach(Seam.FIND)
        return await self.post.find(channel_id, key, since)


class TrappedAssembly(Assembly):
    """The bot's parts, which meet the traps."""

    policy = POLICY
    chance = staticmethod(lambda: 0.0)

    def __init__(
        self,
        database: Path,
        clock: Clock,
        api: SimulatedUseapi,
        owner: int,
        client: discord.Client,
        traps: Traps,
    ) -> None:
        transport = TrappedTransport(DiscordTransport(client), traps)
        super().__init__(database, clock, (owner,), api=api, transport=transport, busy_timeout=BUSY_TIMEOUT)
        self._traps = traps

    def make_store(self, opened: Store) -> Store:
        database = opened._database  # pyright: ignore[reportPrivateUsage] - the traps stand at its transactions
        trapped = TrappedDatabase(database.writer, database.reader, database.path)
        trapped.traps = self._traps
        return Store(trapped)

    def make_useapi(self) -> UseapiClient:
        useapi = TrappedUseapi(self.session, self.url, SecretStr(self.token), now=self.clock.now)
        useapi.traps = self._traps
        return useapi

    def rest(self, event: asyncio.Event, seconds: float) -> Awaitable[None]:
        return rest(event, seconds)


@asynccontextmanager
async def watching(
    api: SimulatedUseapi, world: SimulatedDiscord, database: Path, traps: Traps, clock: Clock
) -> AsyncGenerator[WatchState]:
    """Run the loops beside the block."""
    with point_at(world.api, world.gateway):
        async with discord.Client(intents=discord.Intents.none()) as client:
            await client.login(SANDBOX_BOT_TOKEN)
            async with TrappedAssembly(database, clock, api, world.owner.id, client, traps) as parts:
                # The hello waits already when the outbox begins, so that it is searched for first.
                await parts.incident_service.tick()
                async with parts.make_loops(interval=POLICY.poll_interval).running():
                    yield parts.watch_state
