"""The bot's services without Discord: real store, real client of a simulated useapi.net, a clock to turn."""

import sqlite3
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
from pydantic import SecretStr

from bot.actions.account_info import AccountInfoService
from bot.domain.account_info import Info, InfoSnapshot
from bot.domain.accounts import Account, Flag, KnownAccount
from bot.incidents.service import IncidentService
from bot.incidents.state import WatchState
from bot.incidents.transaction import NotificationPlanner
from bot.polling.poller import AccountPoller, recall
from bot.providers.useapi import UseapiClient
from bot.rules.policy import Policy
from bot.storage import Store
from tests.simulators.useapi import MODERATION, SimulatedUseapi
from tests.support.clock import AT, Clock

CHANNEL = "100000000000000001"
OTHER = "100000000000000002"
FLAG = Flag.of(MODERATION)
BRIEFLY = timedelta(milliseconds=50)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the composition root builds, short of Discord."""

    store: Store
    poller: AccountPoller
    inquiries: AccountInfoService

    def known(self, channel: str) -> KnownAccount:
        known = self.poller.cache.get(channel)
        assert known is not None
        return known


@asynccontextmanager
async def parts(
    api: SimulatedUseapi, database: Path, clock: Clock, *, url: str | None = None
) -> AsyncGenerator[Parts]:
    """Open the services on a database, as a start of the bot does; `url` is that of another API."""
    async with aiohttp.ClientSession() as session, Store.open(database, busy_timeout=BRIEFLY) as store:
        useapi = UseapiClient(session, url or api.url, SecretStr(api.token), sleep=at_once, now=clock.now)
        watch_state = await WatchState.load(store, clock.now)
        incident_service = IncidentService(
            watch_state,
            NotificationPlanner(frozenset[int], Policy()),
            (),
            monotonic=clock.monotonic,
        )
        poller = AccountPoller(useapi, store, await recall(store), incident_service, now=clock.now)
        inquiries = AccountInfoService(useapi, store, poller, now=clock.now, monotonic=clock.monotonic)
        yield Parts(store, poller, inquiries)
        await inquiries.close()
        await poller.close()


async def at_once(_seconds: float) -> None:
    """Stand in for the pauses between tries."""


@contextmanager
def locked(database: Path) -> Generator[None]:
    """Keep a database locked, as another program may: the store can then write nothing."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.rollback()


class Memory(Store):
    """A store that keeps what is under keys in memory; counts the writes."""

    def __init__(self, kept: Mapping[str, str] | None = None) -> None:
        self.kept = dict(kept or {})
        self.writes = 0

    async def meta(self, key: str) -> str | None:
        return self.kept.get(key)

    async def set_meta(self, key: str, value: str) -> None:
        self.kept[key] = value
        self.writes += 1


def account(channel: str = CHANNEL, *, flag: Flag | None = None, max_jobs: int = 3) -> Account:
    return Account(channel, max_jobs, flag)


def answer(name: str | None = None, *, at: datetime = AT) -> InfoSnapshot:
    return InfoSnapshot(at, timedelta(seconds=2), Info("Your info", discord_name=name))
