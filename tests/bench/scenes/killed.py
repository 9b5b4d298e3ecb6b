"""Killed again and again (SIGKILL) while accounts are flagged: what was lost, what was sent twice."""

import random
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.bench.figures import Candidate
from tests.bench.record import Record
from tests.bench.stage import staged
from tests.chaos.chaos_run import ChaosRun, PlannedEnd, chaos_run
from tests.chaos.stories import bring_to_rest
from tests.simulators.useapi import MODERATION
from tests.support.failpoints import FailPoint

WAVES: Final = 40
SEED: Final = 7


async def play(record: Record) -> None:
    """Play once."""
    await kill_midwatch(record)
    await kill_the_script(record)


async def kill_midwatch(record: Record) -> None:
    """Flag some accounts in each of many lives, which end at a random step or moment."""
    rng = random.Random(SEED)  # noqa: S311 - made-up ends, the same in every run
    with TemporaryDirectory(prefix="midwatch-bench-") as folder:
        async with chaos_run(Path(folder)) as run:
            channels = [run.accounts.add() for _ in range(record.size.incidents)]
            waves = min(WAVES, len(channels))
            for wave in range(waves):
                run.planned_ends.append(planned_end(rng))
                await live(run, channels[wave::waves])
            found = await bring_to_rest(run)
            record.put("killed.lost", Candidate.MIDWATCH, len(found.lost))
            record.put("killed.repeated", Candidate.MIDWATCH, len(found.repeated))
            record.put("killed.times", Candidate.MIDWATCH, run.kills)


def planned_end(rng: random.Random) -> PlannedEnd:
    """Choose how a life ends: at a step of telling, or at a moment."""
    away = timedelta(seconds=rng.choice((5, 150)))
    if rng.random() < 0.4:
        return PlannedEnd(after=rng.uniform(0.2, 1.0), away=away)
    return PlannedEnd(rng.choice(list(FailPoint)), rng.randint(1, 2), after=1.0, away=away)


async def live(run: ChaosRun, channels: list[str]) -> None:
    """Live one life in which these accounts are flagged."""
    run.begin()
    with suppress(AssertionError):
        await run.world.wait_for(lambda: not run.alive, 0.2)
    for channel in channels:
        run.flag(channel)
    await run.die()


async def kill_the_script(record: Record) -> None:
    """Kill the script once, when it has sent all alerts. Its next life sends all of them again."""
    accounts = record.size.incidents
    async with staged(accounts) as stage:
        for channel in stage.channels:
            stage.api.flag(channel, MODERATION)
        for life in (1, 2):
            async with stage.begun(Candidate.SCRIPT) as run:
                await stage.until(run, lambda lives=life: len(stage.sent()) >= accounts * lives)
                await run.kill()
        shown = {each.json["content"].partition(":")[0] for each in stage.sent()}
        record.put("killed.lost", Candidate.SCRIPT, accounts - len(shown))
        record.put("killed.repeated", Candidate.SCRIPT, len(stage.sent()) - accounts)
        record.put("killed.times", Candidate.SCRIPT, 1)
