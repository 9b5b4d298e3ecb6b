"""The soak: hours of the bot's time amid faults, with flags and outages that come and go by a schedule.

The schedule is made of a seed. A flag or an outage begins or ends only once the bot has seen the one before,
as nobody can be sent what the bot could not see.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bot.domain.incidents import ServiceProblem
from bot.domain.providers import MJPROXY, USEAPI
from tests.chaos import census
from tests.chaos.census import Sample
from tests.chaos.chaos_run import ChaosRun, PlannedEnd, chaos_run
from tests.chaos.findings import Findings, judge_recurring
from tests.chaos.records import IncidentRow
from tests.chaos.stalls import StallDetector
from tests.chaos.stories import AWAY, NEVER_ANSWERS, PROVIDERS, bring_to_rest
from tests.simulators.discord import CannotDo, FaultKind
from tests.simulators.useapi import BLOCK, CAPTCHA, MODERATION, Fault
from tests.support.failpoints import FailPoint

FAULTS: Final = 0.3
"""The share of requests that meet a fault, on either side."""
API_FAULTS: Final = (
    Fault.RESET,
    Fault.HANG,
    Fault.LOST_ANSWER,
    Fault.CUT_OFF,
    Fault.HALF_JSON,
    Fault.HTML_503,
    Fault.RATE_LIMITED_RETRY_AFTER,
    Fault.SERVER_ERROR,
    Fault.CHALLENGE,
    Fault.EDGE_LIMIT,
)
DISCORD_FAULTS: Final = (
    (FaultKind.ERROR, 500, 1.0),
    (FaultKind.ERROR, 502, 1.0),
    (FaultKind.ERROR, 503, 1.0),
    (FaultKind.ERROR, 403, 1.0),
    (FaultKind.RATE_LIMITED, 429, 3.0),
    (FaultKind.RESET, 0, 1.0),
    (FaultKind.RESET_AFTER, 0, 1.0),
    (FaultKind.SLOW_AFTER, 0, 0.3),
    (FaultKind.SLOW_AFTER, 0, NEVER_ANSWERS),
)
"""Kind, status, and how long."""
OUTAGES: Final = {
    (USEAPI, ServiceProblem.UNREACHABLE): Fault.SERVER_ERROR,
    (USEAPI, ServiceProblem.TOKEN): Fault.UNAUTHORIZED,
    (USEAPI, ServiceProblem.LIST_GONE): Fault.PARTIAL_LIST,
    (MJPROXY, ServiceProblem.UNREACHABLE): Fault.SERVER_ERROR,
    (MJPROXY, ServiceProblem.TOKEN): Fault.UNAUTHORIZED,
}
ACCOUNTS: Final = 24
"""Half of them at each provider."""
TICK: Final = 0.25
"""Seconds, of the wall's clock."""
COMMANDS: Final = ("mjstatus", "mjaccounts")
ASKS: Final = 0.05
"""How likely an owner uses a command within a tick."""
CLOCK_STEPS: Final = tuple(timedelta(minutes=minutes) for minutes in (60, 5, -2, -5))
"""Back by less than lies between two incidents of an account, which differ by their times alone."""
LONGEST_LIFE: Final = timedelta(minutes=3)
NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Course:
    """How one account fares: the present incident, and when the next one begins, drawn as it is needed."""

    channel: str
    rng: random.Random
    next_at: datetime
    over_at: datetime | None = None
    worse_at: datetime | None = None

    def go_on(self, run: ChaosRun, now: datetime) -> None:
        """Apply the next change that is due, once the bot has seen the one before."""
        own = [each for each in run.records.incidents() if each.channel == self.channel]
        if len(own) != run.flagged.count(self.channel):
            return
        if self.over_at is not None:
            self._fare(run, now, self.over_at)
        elif now >= self.next_at and all(each.ended for each in own):
            run.flag(self.channel, self.rng.choice((MODERATION, CAPTCHA)))
            self.over_at = now + minutes(self.rng, 0, 25)
            self.worse_at = now + minutes(self.rng, 0, 25) if self.rng.random() < 0.2 else None

    def _fare(self, run: ChaosRun, now: datetime, over_at: datetime) -> None:
        if now >= over_at:
            run.accounts.clear(self.channel)
            self.over_at, self.next_at = None, now + minutes(self.rng, 10, 100)
        elif self.worse_at is not None and now >= self.worse_at:
            run.accounts.flag(self.channel, BLOCK)
            self.worse_at = None


@dataclass(slots=True)
class Weather:
    """The faults that may meet any request, and the outages of one provider at a time."""

    rng: random.Random
    next_at: datetime
    over_at: datetime | None = None
    outages: list[tuple[str, ServiceProblem]] = field(default_factory=list[tuple[str, ServiceProblem]])
    refused_at: datetime = NEVER
    """When the database begins to refuse."""
    writes_at: datetime = NEVER
    set_at: datetime = NEVER
    """When the clock of the bot's machine is set."""
    steps: int = 0

    def begin(self, run: ChaosRun) -> None:
        """Set the lasting faults."""
        for kind, status, seconds in DISCORD_FAULTS:
            share = share_of(len(DISCORD_FAULTS))
            run.world.fault(kind, status=status, seconds=seconds, share=share, luck=self.rng.random)
        self._set_api_faults(run)

    def _set_api_faults(self, run: ChaosRun) -> None:
        run.accounts.mend()
        for fault in API_FAULTS:
            run.accounts.useapi.fault(fault, share=share_of(len(API_FAULTS)))
            run.accounts.mjproxy.fault(fault, share=share_of(len(API_FAULTS)))

    def go_on(self, run: ChaosRun, now: datetime) -> None:
        """Begin or end an outage that is due. An outage that the bot has not seen yet goes on."""
        self._lock_database(run, now)
        if now >= self.set_at:
            run.set_clock(self.rng.choice(CLOCK_STEPS))
            self.steps, self.set_at = self.steps + 1, now + minutes(self.rng, 15, 60)
        known = [each for each in run.records.incidents() if is_outage(each)]
        if len(known) != len(self.outages):
            return
        if self.over_at is not None and now >= self.over_at:
            self._set_api_faults(run)
            self.over_at, self.next_at = None, now + minutes(self.rng, 15, 45)
        elif self.over_at is None and now >= self.next_at and all(each.ended for each in known):
            outage = provider, _ = self.rng.choice(list(OUTAGES))
            self.outages.append(outage)
            run.accounts.fault_lists(provider, OUTAGES[outage])
            self.over_at = now + minutes(self.rng, 1, 15)

    def _lock_database(self, run: ChaosRun, now: datetime) -> None:
        """Keep the bot from writing for a while, or let it write again; a new life writes at first."""
        if now >= self.writes_at:
            run.disk.mend()
        if now >= self.refused_at and run.world.connected and run.disk.refuse():
            self.writes_at = now + minutes(self.rng, 1, 12)
            self.refused_at = self.writes_at + minutes(self.rng, 15, 60)

    def end(self, run: ChaosRun) -> None:
        """Take back an outage that the bot, which is dead by now, has not seen."""
        del self.outages[sum(map(is_outage, run.records.incidents())) :]


@dataclass(frozen=True, slots=True)
class Soaked:
    """The findings of a soak, and its events."""

    found: Findings
    kills: int
    flagged: int
    outages: int
    messages: int
    lives: tuple[tuple[Sample, ...], ...]


async def soak(folder: Path, seed: int, length: timedelta) -> Soaked:
    """Run the soak for so long in real time, end all faults and flags, and judge."""
    rng = random.Random(seed)  # noqa: S311 - made-up faults, the same for a seed
    async with chaos_run(folder) as run:
        now = run.now()
        courses = [
            Course(run.accounts.add(provider), child(rng), now + minutes(rng, 0, 60))
            for provider in PROVIDERS * (ACCOUNTS // len(PROVIDERS))
        ]
        weather = Weather(
            child(rng),
            now + minutes(rng, 5, 30),
            refused_at=now + minutes(rng, 5, 30),
            set_at=now + minutes(rng, 5, 30),
        )
        run.names_owners = False
        weather.begin(run)
        stalls = StallDetector()
        lives = await _live(run, rng, courses, weather, stalls, length)
        await run.stop()
        weather.end(run)
        run.planned_ends.clear()
        found = await bring_to_rest(run)
        found.wrong.extend(_off_schedule(run, weather))
        judge_recurring(run, found)
        found.wrong.extend(stalls.found.values())
        found.wrong.extend(census.slopes(lives))
        messages = sum(each.row is not None for each in run.creations)
        samples = tuple(map(tuple, lives))
        return Soaked(found, run.kills, len(run.flagged), len(weather.outages), messages, samples)


async def _live(
    run: ChaosRun,
    rng: random.Random,
    courses: list[Course],
    weather: Weather,
    stalls: StallDetector,
    length: timedelta,
) -> list[list[Sample]]:
    """Run and kill the bot while the schedule goes on, and return the samples of each life."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + length.total_seconds()
    lives: dict[int, list[Sample]] = {}
    while loop.time() < deadline:
        if not run.planned_ends:
            run.planned_ends.append(_planned_end(rng, min(length / 3, LONGEST_LIFE)))
        with suppress(AssertionError):  # nothing is awaited but the time
            await run.until(lambda: False, TICK)
        now = run.now()
        for course in courses:
            course.go_on(run, now)
        weather.go_on(run, now)
        stalls.watch(run, now)
        await _ask(run, rng)
        if run.pid is not None and (sample := census.sample(run.pid, run.tasks)) is not None:
            lives.setdefault(run.pid, []).append(sample)
    return list(lives.values())


def _planned_end(rng: random.Random, longest: timedelta) -> PlannedEnd:
    """End a life after a while, often within a step of sending, and leave the bot dead for a moment."""
    after = rng.uniform(0.5, 1) * longest.total_seconds()
    step = rng.choice([None, *FailPoint])
    return PlannedEnd(step, rng.randint(20, 100), after=after, away=rng.choice(AWAY))


async def _ask(run: ChaosRun, rng: random.Random) -> None:
    """Let an owner use a command now and then, without waiting for the answer."""
    if rng.random() < ASKS:
        with suppress(CannotDo, KeyError):
            await run.world.slash(rng.choice(run.owners), rng.choice(COMMANDS))


def minutes(rng: random.Random, fewest: float, most: float) -> timedelta:
    """Draw a length of time."""
    return timedelta(minutes=rng.uniform(fewest, most))


def child(rng: random.Random) -> random.Random:
    """Return a random generator of its own, so that no account depends on another's timing."""
    return random.Random(rng.random())  # noqa: S311 - made-up faults, the same for a seed


def share_of(kinds: int) -> float:
    """Return the share of each of so many kinds, tried one after the other, that comes to FAULTS in all."""
    return 1 - (1 - FAULTS) ** (1 / kinds)


def is_outage(incident: IncidentRow) -> bool:
    """Whether an incident is one of a provider, and not the bot's own absence."""
    return incident.problem is not None and incident.problem != ServiceProblem.AWAY


# Judgement


def _off_schedule(run: ChaosRun, weather: Weather) -> Iterator[str]:
    """Each outage is one incident of its provider and its kind."""
    known = Counter((each.provider, each.problem) for each in run.records.incidents() if is_outage(each))
    if known != Counter(weather.outages):
        yield f"the outages were {weather.outages}, known are {dict(known)}"
