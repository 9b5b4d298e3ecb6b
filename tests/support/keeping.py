"""The watch without Discord: real database, real client of a simulated useapi.net, a clock to sleep by."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import aiohttp
from pydantic import SecretStr

from bot.domain.accounts import Account, Action, Flag, Observation
from bot.domain.incidents import Incident, ServiceProblem
from bot.domain.messages import Message, Purpose, Route
from bot.incidents.service import IncidentService
from bot.incidents.state import WatchState
from bot.incidents.transaction import NotificationPlanner
from bot.interactions.buttons import view_of
from bot.loops import WatchLoops
from bot.notifications import MemoryNotice, Outbox
from bot.notifications.transport import MessageRef, MessageTransport, OutgoingMessage
from bot.polling.heartbeat import Heartbeat
from bot.polling.poller import AccountPoller, recall
from bot.providers.useapi import UseapiClient
from bot.providers.useapi.client import Limits
from bot.rules.decisions import FlagReported, PollFailed
from bot.rules.policy import Policy
from bot.storage import Store
from tests.simulators.useapi import SimulatedUseapi
from tests.support import parts
from tests.support.clock import MINUTE, Clock
from tests.support.parts import BRIEFLY, at_once

ADA: Final = 100
BEA: Final = 200
PATIENCE: Final = 30.0
LIMITS: Final = Limits()


@dataclass(slots=True)
class Watched:
    """What the composition root builds for the watch, and who the owners are at the moment."""

    clock: Clock
    owners: set[int] = field(default_factory=lambda: {ADA})
    session: aiohttp.ClientSession = field(init=False)
    store: Store = field(init=False)
    watch_state: WatchState = field(init=False)
    planner: NotificationPlanner = field(init=False)
    incident_service: IncidentService = field(init=False)
    useapi: UseapiClient = field(init=False)
    poller: AccountPoller = field(init=False)

    async def see(self, *accounts: Account) -> bool:
        """Take in a list, without asking anybody for it."""
        await self.incident_service.apply(Observation(self.clock.now(), accounts))
        return self.watch_state.watch.shrunk is None

    async def fail(self, problem: ServiceProblem) -> None:
        """Let a poll fail."""
        await self.incident_service.apply(PollFailed(self.clock.now(), problem))

    async def report(self, channel: str) -> None:
        """Let a command meet the flag of an account."""
        await self.incident_service.apply(FlagReported(self.clock.now(), channel, parts.FLAG))

    def told(self, purpose: Purpose = Purpose.ALERT) -> list[Message]:
        """Return the messages for a purpose."""
        return [message for message in self.watch_state.messages.values() if message.purpose is purpose]

    def incident(self, channel: str | None = parts.CHANNEL) -> Incident:
        """Return the one incident of an account, or of the service."""
        (incident,) = (each for each in self.watch_state.incidents.values() if each.channel == channel)
        return incident

    async def audit(self, channel: str = parts.CHANNEL) -> list[tuple[int, str, str]]:
        """Return who did what to an account, and how it ended, the first first."""
        actions: Iterable[Action] = await self.store.actions(channel, limit=100)
        return [(each.actor_id, each.verb, each.outcome) for each in reversed(list(actions))]


@asynccontextmanager
async def watching(
    database: Path,
    clock: Clock,
    owners: Iterable[int] = (ADA,),
    *,
    api: SimulatedUseapi | None = None,
    limits: Limits = LIMITS,
    busy_timeout: timedelta = BRIEFLY,
) -> AsyncGenerator[Watched]:
    """Open the watch on a database, as a start of the bot does."""
    watched = Watched(clock, set(owners))
    async with aiohttp.ClientSession() as session, Store.open(database, busy_timeout=busy_timeout) as store:
        url, token = (api.url, api.token) if api else ("http://127.0.0.1:1/v2", "none")
        watched.session, watched.store = session, store
        watched.useapi = UseapiClient(
            session, url, SecretStr(token), limits=limits, sleep=at_once, now=clock.now
        )
        watched.watch_state = await WatchState.load(store, clock.now)
        watched.planner = NotificationPlanner(lambda: watched.owners, Policy())
        watched.incident_service = IncidentService(
            watched.watch_state, watched.planner, await store.watch.greeted(), monotonic=clock.monotonic
        )
        watched.poller = AccountPoller(
            watched.useapi, store, await recall(store), watched.incident_service, now=clock.now
        )
        yield watched
        await watched.poller.close()


class NoPost:
    """A Discord that nobody has logged in to yet: nothing is sent, and all that is due waits."""

    ready: bool = False

    def has(self, route: Route) -> bool:
        """Say that there are direct messages."""
        return route is Route.DM

    async def open(self, recipient: int, route: Route) -> int:
        raise AssertionError(recipient, route)

    async def send(
        self, channel_id: int, outgoing: OutgoingMessage, *, nonce: str, silent: bool
    ) -> MessageRef:
        raise AssertionError(channel_id, outgoing, nonce, silent)

    async def edit(self, place: MessageRef, outgoing: OutgoingMessage) -> None:
        raise AssertionError(place, outgoing)

    async def delete(self, place: MessageRef) -> None:
        raise AssertionError(place)

    async def find(self, channel_id: int, key: str, since: datetime) -> MessageRef | None:
        raise AssertionError(channel_id, key, since)


def loops_of(
    watch: Watched,
    *,
    interval: timedelta = MINUTE,
    heartbeat: Heartbeat | None = None,
    chance: Callable[[], float] = lambda: 0.5,
    post: MessageTransport | None = None,
) -> WatchLoops:
    """Make the rounds, which sleep by the clock of the test; one chance in two is no jitter."""
    clock, post = watch.clock, post or NoPost()
    outbox = Outbox(
        watch.watch_state,
        post,
        watch.planner,
        accounts=lambda: watch.poller.cache.by_channel,
        view_of=view_of,
        now=clock.now,
        sleep=clock.sleep,
    )
    return WatchLoops(
        watch.poller,
        watch.incident_service,
        outbox,
        MemoryNotice(post, lambda: watch.owners),
        heartbeat or Heartbeat(watch.session, None),
        interval,
        now=clock.now,
        sleep=clock.sleep,
        chance=chance,
    )


def listed(channel: str = parts.CHANNEL, flag: Flag | None = None) -> Account:
    """Return an account as the list shows it."""
    return Account(channel, 3, flag)


async def flagged(watch: Watched) -> Incident:
    """Let the account be flagged, after a look at which it was well."""
    await watch.see(listed())
    await watch.see(listed(flag=parts.FLAG))
    return watch.incident()


def execute(database: Path, statement: str) -> None:
    """Do something to a database behind the bot's back."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement)


async def until(predicate: Callable[[], bool]) -> None:
    """Wait till something is true."""
    async with asyncio.timeout(PATIENCE):
        while not predicate():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)
