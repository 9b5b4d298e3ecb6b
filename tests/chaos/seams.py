"""The watch in this process, with a trap at every seam to the outside: each springs once, with any error."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import aiohttp
import aiosqlite
import discord
from pydantic import SecretStr

from bot.domain.accounts import Account
from bot.domain.messages import Route
from bot.incidents.service import IncidentService
from bot.incidents.state import WatchState
from bot.incidents.transaction import NotificationPlanner
from bot.loops import WatchLoops
from bot.notifications import MemoryNotice, Outbox
from bot.notifications.discord_transport import DiscordTransport
from bot.notifications.transport import MessageRef
from bot.polling.heartbeat import Heartbeat
from bot.polling.poller import AccountPoller, load_cache
from bot.providers.useapi import UseapiClient
from bot.render.message_content import MessageContent
from bot.rules.policy import Policy
from bot.storage import Store
from bot.storage.database import Database
from tests.simulators.discord import SANDBOX_BOT_TOKEN, SimulatedDiscord, point_at
from tests.simulators.useapi import SimulatedUseapi
from tests.support.clock import Clock

POLICY = Policy(timedelta(seconds=2), timedelta(minutes=5), timedelta(seconds=2))


class Seam(StrEnum):
    """Where the watch waits for something outside of it; "after" is when that has had its effect."""

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
class TrappedPost:
    """The way to Discord."""

    post: DiscordTransport
    traps: Traps

    @property
    def ready(self) -> bool:
        return self.post.ready

    def has(self, route: Route) -> bool:
        return self.post.has(route)

    async def open(self, recipient: int, route: Route) -> int:
        if Seam.FIND in self.traps.sprung:  # only a message that was never tried is looked for
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


@asynccontextmanager
async def watching(
    api: SimulatedUseapi, world: SimulatedDiscord, database: Path, traps: Traps, clock: Clock
) -> AsyncGenerator[WatchState]:
    """Make the rounds beside the block, as the composition root sets them up."""
    with point_at(world.api, world.gateway):
        async with (
            discord.Client(intents=discord.Intents.none()) as client,
            aiohttp.ClientSession() as session,
            Store.open(database) as opened,
        ):
            await client.login(SANDBOX_BOT_TOKEN)
            store = trapped(opened, traps)
            useapi = TrappedUseapi(session, api.url, SecretStr(api.token), now=clock.now)
            useapi.traps = traps
            watch_state = await WatchState.load(store, clock.now)
            planner = NotificationPlanner(lambda: {world.owner.id}, POLICY)
            incident_service = IncidentService(watch_state, planner, ())
            await (
                incident_service.tick()
            )  # the hello waits already when the outbox begins: it is looked for first
            poller = AccountPoller(useapi, store, await load_cache(store), incident_service, now=clock.now)
            post = TrappedPost(DiscordTransport(client), traps)
            outbox = Outbox(
                watch_state,
                post,
                planner,
                accounts=lambda: poller.cache.by_channel,
                now=clock.now,
                chance=lambda: 0.0,
            )
            loops = WatchLoops(
                poller,
                incident_service,
                outbox,
                MemoryNotice(post, lambda: {world.owner.id}),
                Heartbeat(session, None),
                POLICY.poll_interval,
                now=clock.now,
            )
            async with loops.running():
                yield watch_state
            await poller.close()


def trapped(opened: Store, traps: Traps) -> Store:
    """Return a store whose transactions meet the traps."""
    database = opened._database  # pyright: ignore[reportPrivateUsage] - a test may look inside
    with_traps = TrappedDatabase(database.writer, database.reader, database.path)
    with_traps.traps = traps
    return Store(with_traps)
