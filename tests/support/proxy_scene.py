"""A watched midjourney-proxy with an account of it, and owners who press."""

from collections.abc import Callable
from datetime import timedelta

from bot.actions.remedies import Remedies, group_digest
from bot.domain.actions import RemedyResult, RemedyStage
from bot.domain.incidents import Incident
from bot.domain.providers import MJPROXY, reference_to
from tests.simulators.mjproxy import SimulatedMjproxy, SimulatedProxyAccount
from tests.simulators.mjproxy.pool import MODERATION
from tests.support.assembly import Assembly
from tests.support.clock import MINUTE, SECOND
from tests.support.samples import ADA

ASKED = (ADA, "enable", "asked")


class ProxyScene:
    """A watched proxy, an account of it, and owners who press."""

    def __init__(self, proxy: SimulatedMjproxy, watch: Assembly) -> None:
        self.proxy, self.watch, self.clock = proxy, watch, watch.clock
        self.stages: list[tuple[RemedyStage, float]] = []
        self.meanwhile: Callable[[], object] = lambda: None
        """What happens once the proxy was asked."""
        self.remedies = Remedies(watch.pollers, watch.incident_service, sleep=self.clock.nap)

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

    async def _show(self, stage: RemedyStage, wait: timedelta) -> None:
        self.stages.append((stage, wait.total_seconds()))
        if stage is RemedyStage.CHECKING:
            self.meanwhile()

    async def press(
        self, account: SimulatedProxyAccount, owner: int = ADA, confirmed: str | None = None
    ) -> RemedyResult:
        return await self.remedies.run(
            self.of(account), owner, confirmed or self.confirmed(account), self._show
        )

    async def audit(self, account: SimulatedProxyAccount) -> list[tuple[int, str, str]]:
        return await self.watch.audit(self.of(account))


async def flagged(scene: ProxyScene) -> SimulatedProxyAccount:
    """Return an account that the proxy disabled for a moderation message, and that was watched before."""
    account = scene.proxy.add()
    await scene.poll()
    scene.proxy.strike(account.id, MODERATION)
    scene.clock.advance(10 * SECOND)
    await scene.poll()
    return account


async def lost(scene: ProxyScene, number: int = 3) -> list[SimulatedProxyAccount]:
    """Return accounts that the proxy disabled as it lost Discord, which it has found again."""
    accounts = [scene.proxy.add() for _ in range(number)]
    await scene.poll()
    scene.proxy.lose_discord()
    for _ in range(3):
        scene.clock.advance(MINUTE)
        await scene.poll()
    scene.proxy.find_discord()
    return accounts


async def press_all(scene: ProxyScene, confirmed: str | None = None, owner: int = ADA) -> RemedyResult:
    async def show(stage: RemedyStage, _: timedelta) -> None:
        if stage is RemedyStage.CHECKING:
            scene.meanwhile()

    group, _ = scene.remedies.group(MJPROXY)
    return await scene.remedies.run_all(MJPROXY, owner, confirmed or group_digest(group), show)
