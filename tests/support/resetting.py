"""A flagged account and an owner who resets it."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from bot.actions.remedies import Progress, Remedies, flag_digest
from bot.domain.actions import RemedyResult, RemedyStage
from bot.domain.incidents import State
from bot.providers.api_client import Limits
from tests.simulators.useapi import MODERATION, Endpoint, SimulatedUseapi
from tests.support.assembly import Assembly
from tests.support.clock import Clock
from tests.support.failpoints import FailPoint, trapped
from tests.support.samples import ADA, BEA, CHANNEL, FLAG, OTHER

BRIEF = Limits(writing=1)
AT_FIFTEEN, AT_SIXTY = [15], [15, 45]
"""The pauses before the checks at 15 and 60 seconds."""
ASKED = (ADA, "reset", "asked")


class Scene:
    """A flagged account and an owner who resets it."""

    def __init__(self, api: SimulatedUseapi, watch: Assembly, database: Path) -> None:
        self.api = api
        self.watch = watch
        self.clock = watch.clock
        self.database = database
        self.stages: list[tuple[RemedyStage, timedelta]] = []
        self.steps: dict[FailPoint, Callable[[], object]] = {}
        """What happens at each step."""
        self.resets = Remedies(
            watch.pollers,
            watch.incident_service,
            sleep=self.clock.nap,
            shown_within=timedelta(seconds=0.2),
        )
        self.confirm_anew()

    def confirm_anew(self) -> None:
        """Let the owner confirm the present state of the account."""
        incident = self.resets.incident_of(CHANNEL)
        self.confirmed = flag_digest((incident and incident.flag) or FLAG, incident)

    def reach(self, step: FailPoint) -> None:
        """Do what happens at a step."""
        if (happens := self.steps.get(step)) is not None:
            happens()

    async def progress(self, stage: RemedyStage, wait: timedelta) -> None:
        self.stages.append((stage, wait))

    async def press(
        self, owner: int = ADA, *, confirmed: str | None = None, progress: Progress | None = None
    ) -> RemedyResult:
        """Confirm the reset and return its result."""
        return await self.resets.run(CHANNEL, owner, confirmed or self.confirmed, progress or self.progress)

    @property
    def posts(self) -> int:
        return self.api.count(Endpoint.RESET)

    @property
    def polls(self) -> int:
        return self.api.count(Endpoint.LIST)

    async def is_untouched(self) -> bool:
        """Whether nothing was sent, and nothing written."""
        state = self.watch.incident().state
        return self.posts == 0 and state is State.OPEN and await self.watch.audit() == []


@asynccontextmanager
async def on_scene(api: SimulatedUseapi, database: Path, *, other: bool = True) -> AsyncGenerator[Scene]:
    """Set up a flagged account beside another one, and poll once."""
    async with Assembly(database, Clock(), (ADA, BEA), api=api, limits=BRIEF) as watch:
        api.add(channel=CHANNEL)
        if other:
            api.add(channel=OTHER)
        api.flag(CHANNEL, MODERATION)
        await watch.poller.poll()
        scene = Scene(api, watch, database)
        with trapped(scene.reach):
            yield scene
