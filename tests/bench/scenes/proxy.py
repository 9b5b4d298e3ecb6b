"""What watching a midjourney-proxy costs: requests, processor time beside the least, time to an alert."""

import asyncio
import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from bot.domain.accounts import Account
from bot.domain.capabilities import capabilities_of
from bot.domain.providers import MJPROXY, reference_to
from tests.bench.figures import Candidate, percentile
from tests.bench.process import Running
from tests.bench.record import Record
from tests.bench.scenes.commands import both_commands
from tests.bench.stage import Stage, Upstream, staged
from tests.simulators.mjproxy import Endpoint, Request, SimulatedMjproxy, SimulatedProxyAccount
from tests.simulators.mjproxy.pool import MODERATION

MILLI: Final = 1000.0
A_PAGE: Final = 100
WARM_UP: Final = 2
SETTLES: Final = 0.3
FLAP: Final = 400.0
A_REST: Final = 7
"""How many times the time that the pages of a list took is longer than the bot's rest after it."""


@dataclass(slots=True)
class ProxyStage(Stage):
    """A stage whose accounts are those of a midjourney-proxy."""

    proxy: SimulatedMjproxy

    @property
    def accounts(self) -> list[SimulatedProxyAccount]:
        return list(self.proxy.accounts.values())

    @property
    def channels(self) -> Sequence[str]:
        return [Account(reference_to(MJPROXY, key)).handle for key in self.proxy.accounts]

    @property
    def asked(self) -> Sequence[Upstream]:
        return self.proxy.requests

    @property
    def settles(self) -> float:
        """Seconds until the bot asks the proxy again at once. It leaves it alone for a while after a list."""
        last = [each for each in self.proxy.requests if each.endpoint is Endpoint.LIST][-self.pages :]
        return 0.1 + A_REST * sum((each.answered or each.arrived) - each.arrived for each in last)

    @property
    def pages(self) -> int:
        """The number of pages of the list."""
        return math.ceil(len(self.proxy.accounts) / A_PAGE)

    @asynccontextmanager
    async def ready(
        self, candidate: Candidate, *, leaping: bool = False, **changed: str
    ) -> AsyncGenerator[Running]:
        """Start a candidate, and wait until it can be used and has read the list once."""
        begun = len(self.proxy.requests)
        settings = {"MJPROXY_URL": self.proxy.url, "MJPROXY_TOKEN": self.proxy.token, "USEAPI_TOKEN": ""}
        async with self.begun(candidate, leaping=leaping, **settings, **changed) as one:
            if candidate is Candidate.MIDWATCH:
                await self.until(one, self.offers_commands)
                await self.until(one, lambda: self.last_page(begun))
                await self.rest()
            yield one

    def last_page(self, begun: int) -> Request | None:
        """Return the request for the last page since so many requests, once it is answered."""
        asked = [each for each in self.proxy.requests[begun:] if each.endpoint is Endpoint.LIST]
        last = asked[self.pages - 1] if len(asked) >= self.pages else None
        return last if last is not None and last.answered else None

    async def read_list(self, one: Running, *, line: str = "66") -> Request:
        """Have the list read once, and return the request for its last page."""
        begun = len(self.proxy.requests)
        if line.isdecimal():
            self.leap(one, float(line))
        else:
            one.send_line(line)
        return await self.until(one, lambda: self.last_page(begun))


@asynccontextmanager
async def staged_proxy(accounts: int) -> AsyncGenerator[ProxyStage]:
    """Set up the simulations with so many accounts."""
    async with staged(0) as stage, SimulatedMjproxy(now=stage.clock.now) as proxy:
        for _ in range(accounts):
            proxy.add()
        yield ProxyStage(stage.api, stage.world, stage.folder, stage.clock, proxy)


async def play(record: Record) -> None:
    """Play one round."""
    for accounts in record.size.lists:
        key = f"proxy.{accounts}"
        async with staged_proxy(accounts) as stage:
            async with stage.ready(Candidate.FETCH) as one:
                fetched = await cost(stage, one, record.size.proxy_polls, line="once")
            async with stage.ready(Candidate.MIDWATCH, leaping=True) as one:
                same = await cost(stage, one, record.size.proxy_polls)
                await count(stage, one, record, key)
                changed = await cost(stage, one, record.size.proxy_polls, changing=True)
                sent = [await time_to_alert(stage, one, at) for at in range(record.size.proxy_flags)]
            async with stage.ready(Candidate.MIDWATCH) as one:
                infos = capabilities_of(reference_to(MJPROXY, "")).infos_a_day
                proxied = await both_commands(stage, one, record.size.proxy_polls, infos)
        for name, took in (("same", same), ("changed", changed)):
            record.put(f"{key}.{name}", Candidate.FETCH, fetched)
            record.put(f"{key}.{name}", Candidate.MIDWATCH, took)
        record.put(f"{key}.sent", Candidate.MIDWATCH, percentile(sent, 50))
        for name, took in proxied.items():
            record.put(f"{key}.{name}", Candidate.MIDWATCH, took)


async def count(stage: ProxyStage, one: Running, record: Record, key: str) -> None:
    """Count what polls of a list that is as before ask of the proxy, of Midjourney and of Discord."""
    asked, polls = len(stage.proxy.requests), record.size.proxy_polls
    commands, told = stage.proxy.midjourney_commands, len(stage.world.requests)
    for _ in range(polls):
        await stage.read_list(one)
        await asyncio.sleep(SETTLES)
    lists = sum(each.endpoint is Endpoint.LIST for each in stage.proxy.requests[asked:])
    record.put(f"{key}.requests", Candidate.MIDWATCH, lists / polls)
    record.put(f"{key}.midjourney", Candidate.MIDWATCH, stage.proxy.midjourney_commands - commands)
    record.put(f"{key}.discord", Candidate.MIDWATCH, len(stage.world.requests) - told)


async def cost(
    stage: ProxyStage, one: Running, count: int, *, line: str = "66", changing: bool = False
) -> float:
    """Have the list read so often; give the milliseconds of processor time for each."""
    before = 0.0
    for number in range(WARM_UP + count):
        if number == WARM_UP:
            before = one.cpu_seconds()
        for account in stage.accounts if changing else ():
            account.fast_exhausted = not account.fast_exhausted  # every entry, as when all are at work
        await stage.read_list(one, line=line)
        await asyncio.sleep(SETTLES)
    return (one.cpu_seconds() - before) / count * MILLI


async def time_to_alert(stage: ProxyStage, one: Running, at: int) -> float:
    """Stop an account; give the milliseconds from the last page's answer to the message."""
    account, before = stage.accounts[at], len(stage.sent())
    account.enable, account.running, account.reason = False, False, MODERATION
    page = await stage.read_list(one)
    await stage.until(one, lambda: len(stage.sent()) > before)
    took = (stage.sent()[before].arrived - (page.answered or 0.0)) * MILLI
    account.enable, account.running, account.reason = True, True, ""
    for line in ("66", str(int(FLAP)), str(int(FLAP))):
        await stage.read_list(one, line=line)
        await asyncio.sleep(SETTLES)
    return took
