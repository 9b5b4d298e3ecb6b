"""The simulations and the candidates between them, with one clock."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol, TypeVar

from bot.domain.clock import utc_now
from tests.bench.figures import Candidate
from tests.bench.process import CandidateEndedError, Running, running
from tests.simulators.discord import (
    SANDBOX_BOT_TOKEN,
    Interaction,
    Json,
    Person,
    RestRequest,
    SimulatedDiscord,
)
from tests.simulators.discord.ratelimits import Pace
from tests.simulators.useapi import Endpoint, Request, SimulatedUseapi
from tests.support.clock import Clock

T = TypeVar("T")
PATIENCE: Final = 120.0
IDLE_AFTER = 0.3
"""Seconds without a message or an answer; a test that only sees that it runs makes it shorter."""
MODULES: Final[Mapping[Candidate, str]] = {
    Candidate.MIDWATCH: "tests.bench.candidates.midwatch",
    Candidate.MINIMAL: "tests.bench.candidates.minimal",
    Candidate.SCRIPT: "tests.bench.candidates.script",
    Candidate.FETCH: "tests.bench.candidates.fetch",
}
HELLO: Final = "Alerts will arrive here"
PRIVATE: Final = 64
"""The flag of a message that one person sees as an answer."""
LEAPING: Final = "tests.bench.candidates.leaping"
BOTS: Final = (Candidate.MIDWATCH, Candidate.MINIMAL)


class Upstream(Protocol):
    """A request to the API, as every simulation of one records it."""

    @property
    def arrived(self) -> float: ...

    @property
    def answered(self) -> float | None: ...


@dataclass(slots=True)
class Stage:
    """The simulations of one measurement, and a folder for databases and logs."""

    api: SimulatedUseapi
    world: SimulatedDiscord
    folder: Path
    clock: Clock
    """The time of day of both simulations, which leaps along with the bot's."""

    @property
    def channels(self) -> Sequence[str]:
        return list(self.api.accounts)

    @property
    def asked(self) -> Sequence[Upstream]:
        """The requests to the API."""
        return self.api.requests

    def environment(self, changed: Mapping[str, str]) -> dict[str, str]:
        """Return the settings of a candidate, with the addresses of the simulations."""
        return {
            "DISCORD_TOKEN": SANDBOX_BOT_TOKEN,
            "USEAPI_TOKEN": self.api.token,
            "USEAPI_URL": self.api.url,
            "GUILD_IDS": str(self.world.guild_id),
            "OWNER_IDS": str(self.world.owner.id),
            "DATABASE_PATH": str(self.folder / "midwatch.sqlite3"),
            "TMPDIR": str(self.folder),
            "BENCH_DISCORD_API": self.world.api,
            "BENCH_GATEWAY": self.world.gateway,
            **changed,
        }

    @asynccontextmanager
    async def begun(
        self, candidate: Candidate, *, leaping: bool = False, **changed: str
    ) -> AsyncGenerator[Running]:
        """Start a candidate without waiting for it. Some settings may be changed."""
        module = LEAPING if leaping else MODULES[candidate]
        log = self.folder / f"{module.rpartition('.')[2]}.log"
        async with running(module, self.environment(changed), log) as one:
            yield one

    @asynccontextmanager
    async def ready(
        self, candidate: Candidate, *, leaping: bool = False, **changed: str
    ) -> AsyncGenerator[Running]:
        """Start a bot, and wait until its commands can be used and it is idle."""
        polls = self.api.count(Endpoint.LIST)
        async with self.begun(candidate, leaping=leaping, **changed) as one:
            await self.until(one, self.offers_commands)
            if candidate is not Candidate.MINIMAL:
                await self.until(one, lambda: self.api.count(Endpoint.LIST) > polls and not self.unanswered())
            await self.rest()
            yield one

    def offers_commands(self) -> bool:
        """Whether the owner can use a command, with the bot connected."""
        world = self.world
        offered = world.connected and world.commands(world.owner, world.channel_id)
        return any(command["name"] == "mjinfo" for command in offered or ())

    def unanswered(self) -> list[Request]:
        """Return the requests to the API that have no answer yet."""
        return [each for each in self.api.requests[-5:] if each.answered is None]

    async def until(self, one: Running, happens: Callable[[], T | None]) -> T:
        """Wait until a condition is true, while the candidate runs."""
        found = await self.world.wait_for(lambda: not one.alive or happens(), PATIENCE)
        if not one.alive:
            raise CandidateEndedError(one.last_words())
        return found  # pyright: ignore[reportReturnType] - it lives, so this is what happened

    async def rest(self, seconds: float | None = None) -> None:
        """Wait until no message or answer has reached Discord for a while."""
        seen = -1
        while seen != (seen := len(self.world.requests)):  # noqa: ASYNC110 - no event says that nothing happens
            await asyncio.sleep(IDLE_AFTER if seconds is None else seconds)

    def leap(self, one: Running, seconds: float) -> None:
        """Advance the clocks of the simulations and of the bot."""
        self.clock.advance(timedelta(seconds=seconds))
        one.send_line(str(seconds))

    async def poll(self, one: Running, seconds: float = 66.0) -> Request:
        """Leap to the next poll of the list, and return its request once it is answered."""
        begun = len(self.api.requests)
        self.leap(one, seconds)
        return await self.until(one, lambda: self.answered_poll(begun))

    def answered_poll(self, begun: int) -> Request | None:
        """Return the first poll since so many requests, once it is answered."""
        polls = (each for each in self.api.requests[begun:] if each.endpoint is Endpoint.LIST)
        return next((each for each in polls if each.answered is not None), None)

    def upstream_seconds(self, begun: int, until: float) -> float:
        """Return the time the API took by itself since so many requests, as far as somebody waited for it."""
        spans = ((each.arrived, min(each.answered or until, until)) for each in self.asked[begun:])
        return sum(max(end - start, 0.0) for start, end in spans)

    @property
    def settles(self) -> float:
        """Seconds until what a command set off besides its answer is over, such as a poll of the list."""
        return 0.02 + 30e-6 * len(self.api.accounts)

    def forget(self) -> None:
        """Clear the recorded requests."""
        self.api.requests.clear()

    async def use(self, command: str, **options: object) -> Interaction:
        """Let the owner use a command, without waiting for the answer."""
        return await self.world.slash(self.world.owner, command, options)

    def sent(self) -> list[RestRequest]:
        """Return the bot's new messages to the owner, in order."""
        path = f"/channels/{self.world.dm_channel_id(self.world.owner)}/messages"
        return [each for each in self.world.requests if each.method == "POST" and each.path == path]

    def received(self) -> dict[int, list[Json]]:
        """Return the alerts in each owner's direct messages."""
        owners = (self.world.owner, self.world.second_owner)
        return {each.id: [it for it in self._sees(each) if is_alert(it)] for each in owners}

    def _sees(self, person: Person) -> list[Json]:
        return self.world.messages(self.world.dm_channel_id(person), person)


def is_alert(message: Json) -> bool:
    """Whether a message is one the bot wrote by itself, and not its hello."""
    return not message["flags"] & PRIVATE and HELLO not in message["content"]


@asynccontextmanager
async def staged(accounts: int, *, pace: Pace | None = None) -> AsyncGenerator[Stage]:
    """Set up the simulations with so many accounts, with this process's garbage collector off."""
    clock = Clock(utc_now(), speed=1)
    with TemporaryDirectory(prefix="midwatch-bench-") as folder:
        async with (
            SimulatedUseapi(now=clock.now) as api,
            SimulatedDiscord(now=clock.now, with_schema=False, pace=pace) as world,
        ):
            for _ in range(accounts):
                api.add()
            stage = Stage(api, world, Path(folder), clock)
            api.changed.append(world.notice)
            gc.collect()
            gc.freeze()
            gc.disable()
            try:
                yield stage
            finally:
                gc.enable()
                gc.unfreeze()
