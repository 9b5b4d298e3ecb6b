"""The remedies of midjourney-proxy, from the press to the verdict, on the clock of the simulated one."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.actions.remedies import Remedies
from bot.domain.incidents import Ending, Incident, ResetOutcome, ResetResult, ResetStage, ResetVerdict, State
from bot.domain.providers import MJPROXY, Remedy, reference_to
from bot.providers.errors import Rejected
from tests.simulators.faults import Fault
from tests.simulators.mjproxy import Endpoint, SimulatedMjproxy, SimulatedProxyAccount
from tests.simulators.mjproxy.pool import MODERATION
from tests.support.assembly import Assembly
from tests.support.clock import MINUTE, SECOND, Clock
from tests.support.samples import ADA, BEA

ASKED = (ADA, "enable", "asked")


class ProxyScene:
    """A watched proxy, an account of it, and owners who press."""

    def __init__(self, proxy: SimulatedMjproxy, watch: Assembly) -> None:
        self.proxy, self.watch, self.clock = proxy, watch, watch.clock
        self.stages: list[tuple[ResetStage, float]] = []
        self.meanwhile: Callable[[], object] = lambda: None
        """What happens once the proxy was asked."""
        self.remedies = Remedies(watch.pollers, watch.incident_service, sleep=self._nap)

    async def _nap(self, seconds: float) -> None:
        await self.clock.nap(seconds)

    async def poll(self) -> None:
        await self.watch.proxy_poller.poll_anew()

    def of(self, account: SimulatedProxyAccount) -> str:
        return reference_to(MJPROXY, account.id)

    def incident(self, account: SimulatedProxyAccount) -> Incident:
        return self.watch.incident(self.of(account))

    def confirmed(self, account: SimulatedProxyAccount) -> str:
        """Return the confirmation of what is shown now."""
        incident = self.incident(account)
        assert incident.flag is not None
        return self.remedies.digest(self.of(account), incident.flag, incident)

    async def _show(self, stage: ResetStage, wait: timedelta) -> None:
        self.stages.append((stage, wait.total_seconds()))
        if stage is ResetStage.CHECKING:
            self.meanwhile()

    async def press(
        self, account: SimulatedProxyAccount, owner: int = ADA, confirmed: str | None = None
    ) -> ResetResult:
        return await self.remedies.run(
            self.of(account), owner, confirmed or self.confirmed(account), self._show
        )

    async def audit(self, account: SimulatedProxyAccount) -> list[tuple[int, str, str]]:
        return await self.watch.audit(self.of(account))


@pytest.fixture
async def scene(proxy: SimulatedMjproxy, clock: Clock, database: Path) -> AsyncIterator[ProxyScene]:
    async with Assembly(database, clock, (ADA, BEA), proxy=proxy) as watch:
        yield ProxyScene(proxy, watch)


async def flagged(scene: ProxyScene) -> SimulatedProxyAccount:
    """Return an account that the proxy disabled for a moderation message, and that was watched before."""
    account = scene.proxy.add()
    await scene.poll()
    scene.proxy.strike(account.id, MODERATION)
    scene.clock.advance(10 * SECOND)
    await scene.poll()
    return account


async def test_an_account_that_runs_after_it_was_enabled_is_back(scene: ProxyScene) -> None:
    account = await flagged(scene)
    scene.proxy.acknowledge(account.id)
    lists = scene.proxy.count(Endpoint.LIST)

    result = await scene.press(account)

    assert (result.outcome, result.verdict) == (ResetOutcome.DONE, ResetVerdict.BACK)
    assert scene.incident(account).ending is Ending.RESET
    assert scene.incident(account).remedy is Remedy.ENABLE
    assert scene.proxy.count(Endpoint.ENABLE) == 1
    assert scene.clock.naps in ([30], [30, 60])
    assert scene.proxy.count(Endpoint.LIST) == lists + 1 + len(scene.clock.naps)
    assert await scene.audit(account) == [ASKED, (ADA, "enable", "back in rotation")]
    searched = [each for each in scene.proxy.requests if each.endpoint is Endpoint.LIST][lists:]
    assert all(account.channel in repr(each.body) for each in searched)
