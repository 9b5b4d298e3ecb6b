"""What watching a midjourney-proxy costs: requests, processor time beside the least, time to an alert."""

import asyncio
import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from tests.bench.figures import Candidate, percentile
from tests.bench.process import Running
from tests.bench.record import Record
from tests.bench.stage import Stage, staged
from tests.simulators.mjproxy import Endpoint, Request, SimulatedMjproxy, SimulatedProxyAccount
from tests.simulators.mjproxy.pool import MODERATION

MILLI: Final = 1000.0
A_PAGE: Final = 100
WARM_UP: Final = 2
SETTLES: Final = 0.3
FLAP: Final = 400.0


@dataclass(slots=True)
class ProxyStage:
    """A stage whose accounts are those of a midjourney-proxy."""

    stage: Stage
    proxy: SimulatedMjproxy

    @property
    def accounts(self) -> list[SimulatedProxyAccount]:
        return list(self.proxy.accounts.values())

    @asynccontextmanager
    async def ready(self, candidate: Candidate, *, leaping: bool) -> AsyncGenerator[Running]:
        """Start a candidate, and wait until it can be used and has read the list once."""
        begun, settings = (
            len(self.proxy.requests),
            {"MJPROXY_URL": self.proxy.url, "MJPROXY_TOKEN": self.proxy.token},
        )
        async with self.stage.begun(candidate, leaping=leaping, USEAPI_TOKEN="", **settings) as one:
            if candidate is Candidate.MIDWATCH:
                await self.stage.until(one, self.stage.offers_commands)
                await self.stage.until(one, lambda: self.last_page(begun))
                await self.stage.rest()
            yield one

    def last_page(self, begun: int) -> Request | None:
        """Return the request for the last page since so many requests, once it is answered."""
        asked = [each for each in self.proxy.requests[begun:] if each.endpoint is Endpoint.LIST]
        pages = math.ceil(len(self.proxy.accounts) / A_PAGE)
        return asked[pages - 1] if len(asked) >= pages and asked[pages - 1].answered else None

    async def poll(self, one: Running, *, line: str = "66") -> Request:
        """Have the list read once, and return the request for its last page."""
        begun = len(self.proxy.requests)
        if line.isdecimal():
            self.stage.leap(one, float(line))
        else:
            one.send_line(line)
        return await self.stage.until(one, lambda: self.last_page(begun))


@asynccontextmanager
async def staged_proxy(accounts: int) -> AsyncGenerator[ProxyStage]:
    """Set up the simulations with so many accounts."""
    async with staged(0) as stage, SimulatedMjproxy(now=stage.clock.now) as proxy:
        for _ in range(accounts):
            proxy.add()
        yield ProxyStage(stage, proxy)


async def play(record: Record) -> None:
    """Play one round."""
    for accounts in record.size.lists:
        async with staged_proxy(accounts) as stage:
            async with stage.ready(Candidate.FETCH, leaping=False) as one:
                fetched = await cost(stage, one, record.size.proxy_polls, line="once")
            async with stage.ready(Candidate.MIDWATCH, leaping=True) as one:
                begun = len(stage.proxy.requests)
                same = await cost(stage, one, record.size.proxy_polls)
                asked = [each for each in stage.proxy.requests[begun:] if each.endpoint is Endpoint.LIST]
                polls = WARM_UP + record.size.proxy_polls
                record.put(f"proxy.{accounts}.requests", Candidate.MIDWATCH, len(asked) / polls)
                changed = await cost(stage, one, record.size.proxy_polls, changing=True)
                sent = [await time_to_alert(stage, one, at) for at in range(record.size.proxy_flags)]
        for name, took in (("same", same), ("changed", changed)):
            record.put(f"proxy.{accounts}.{name}", Candidate.FETCH, fetched)
            record.put(f"proxy.{accounts}.{name}", Candidate.MIDWATCH, took)
        record.put(f"proxy.{accounts}.sent", Candidate.MIDWATCH, percentile(sent, 50))


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
        await stage.poll(one, line=line)
        await asyncio.sleep(SETTLES)
    return (one.cpu_seconds() - before) / count * MILLI


async def time_to_alert(stage: ProxyStage, one: Running, at: int) -> float:
    """Stop an account of the last page; give the milliseconds from that page's answer to the message."""
    account, sent = stage.accounts[at], stage.stage.sent
    before = len(sent())
    account.enable, account.running, account.reason = False, False, MODERATION
    page = await stage.poll(one)
    await stage.stage.until(one, lambda: len(sent()) > before)
    took = (sent()[before].arrived - (page.answered or 0.0)) * MILLI
    account.enable, account.running, account.reason = True, True, ""
    for line in ("66", str(int(FLAP)), str(int(FLAP))):
        await stage.poll(one, line=line)
        await asyncio.sleep(SETTLES)
    return took
