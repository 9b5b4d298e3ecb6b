"""How soon the first answer comes: idle, in a burst, while polled, in a storm, with the database locked."""

import asyncio
import random
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from tests.bench.figures import Candidate, percentile
from tests.bench.process import Running
from tests.bench.record import Record
from tests.bench.stage import BOTS, Stage, staged
from tests.simulators.discord import Interaction
from tests.simulators.useapi import MODERATION

FEW: Final = 10
PAUSE: Final = 0.025
"""Seconds from one question to the next on average, whether or not the former is answered."""
MILLI: Final = 1000.0
TURNS: Final = "turns"
"""The file of the long turns of the event loop."""
HOLD_DATABASE: Final = """
import sqlite3, sys, time
held = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


async def play(record: Record) -> None:
    """Play one round."""
    for candidate in BOTS:
        await idle(record, candidate)
    await undisturbed(record)
    await polled(record)
    for accounts in record.size.answered_storms:
        await in_a_storm(record, accounts)
    await locked(record)


async def idle(record: Record, candidate: Candidate) -> None:
    """Use both commands in turn, each once the one before is through; then many at once."""
    async with staged(FEW) as stage, stage.ready(candidate) as one:
        await one_by_one(stage, one, record.size.warm_up)
        put(record, "answers.idle", candidate, await one_by_one(stage, one, record.size.answers))
        asked = [await stage.use("mjaccounts") for _ in range(record.size.burst)]
        record.put("answers.burst", candidate, max(await waits(stage, one, asked)))


async def undisturbed(record: Record) -> None:
    """Use a command of the minimal bot at the pace of what follows: what there is of noise is in it, too."""
    async with staged(FEW) as stage, stage.ready(Candidate.MINIMAL) as one:
        await one_by_one(stage, one, record.size.warm_up)
        samples = await steadily(stage, one, record.size.answers // 2)
    storms = (f"answers.storm.{accounts}" for accounts in record.size.answered_storms)
    for figure in ("answers.polled", *storms, "answers.locked"):
        put(record, figure, Candidate.MINIMAL, samples)


async def polled(record: Record) -> None:
    """Use a command while the list of many accounts is read ten times a second."""
    async with polling(record, record.size.crowd) as (stage, one):
        put(record, "answers.polled", Candidate.MIDWATCH, await steadily(stage, one, record.size.answers))


async def in_a_storm(record: Record, accounts: int) -> None:
    """Use a command while all of many accounts are flagged in one poll, and owners get alerts.

    It is used again as soon as it is answered, from the answer with the flags on.
    """
    async with polling(record, accounts) as (stage, one):
        begun, before = len(stage.api.requests), len(stage.sent())
        for channel in stage.channels:
            stage.api.flag(channel, MODERATION)
        await stage.until(one, lambda: stage.answered_poll(begun))
        turns = (stage.folder / TURNS).stat().st_size
        samples = await back_to_back(stage, one, record.size.storm_seconds)
        await stage.until(one, lambda: len(stage.sent()) > before)
        await stage.rest()
        with (stage.folder / TURNS).open() as noted:
            noted.seek(turns)
            longest = max(map(float, noted), default=0.0)
    record.put(f"answers.storm.{accounts}.turn", Candidate.MIDWATCH, longest)
    put(record, f"answers.storm.{accounts}", Candidate.MIDWATCH, samples)


async def locked(record: Record) -> None:
    """Use a command while another program holds the database, and the watch has something to write."""
    seconds = record.size.locked_seconds
    async with polling(record, FEW) as (stage, one), held(stage.folder / "midwatch.sqlite3", seconds):
        stage.api.flag(stage.channels[-1], MODERATION)
        put(record, "answers.locked", Candidate.MIDWATCH, await steadily(stage, one, int(seconds / PAUSE)))


@asynccontextmanager
async def polling(record: Record, accounts: int) -> AsyncGenerator[tuple[Stage, Running]]:
    """Have the list of so many accounts read ten times a second."""
    async with (
        staged(accounts) as stage,
        stage.ready(
            Candidate.MIDWATCH,
            leaping=True,
            BENCH_POLL_SECONDS="0.1",
            BENCH_TURNS=str(stage.folder / TURNS),
        ) as one,
    ):
        await one_by_one(stage, one, record.size.warm_up)
        yield stage, one


def put(record: Record, figure: str, candidate: Candidate, samples: Sequence[float]) -> None:
    """Note the percentiles of one round."""
    record.put(f"{figure}.p50", candidate, percentile(samples, 50))
    record.put(f"{figure}.p99", candidate, percentile(samples, 99))
    record.put(f"{figure}.max", candidate, max(samples))


async def one_by_one(stage: Stage, one: Running, count: int) -> list[float]:
    """Ask, wait until that is through, ask again; return the waits for the first answers."""
    asked: list[Interaction] = []
    for number in range(count):
        if number % 2:
            interaction = await stage.use("mjinfo", account=stage.channels[number % FEW])
        else:
            interaction = await stage.use("mjaccounts")
        asked.append(interaction)
        await stage.until(one, lambda: asked[-1].answered_at)
        await asyncio.sleep(random.uniform(0.002, 0.008))  # noqa: S311 - the answer to the answer is under way
    return await waits(stage, one, asked)


async def steadily(stage: Stage, one: Running, count: int) -> list[float]:
    """Ask again and again, answered or not: a standstill then shows in every wait that it makes longer."""
    asked: list[Interaction] = []
    for _ in range(count):
        # About an account that the warm-up asked about: what is measured is not how long Midjourney takes.
        asked.append(await stage.use("mjinfo", account=stage.channels[1]))
        await asyncio.sleep(random.uniform(0.5, 1.5) * PAUSE)  # noqa: S311 - so that nothing beats in time with it
    return await waits(stage, one, asked)


async def back_to_back(stage: Stage, one: Running, seconds: float) -> list[float]:
    """Ask again as soon as there is a first answer, for so many seconds; return the waits for these."""
    asked: list[Interaction] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        asked.append(await stage.use("mjinfo", account=stage.channels[1]))
        await stage.until(one, lambda: asked[-1].first_answer_at)
    return await waits(stage, one, asked)


async def waits(stage: Stage, one: Running, asked: Sequence[Interaction]) -> list[float]:
    """Return the milliseconds from the gateway's event to the first answer, once all have theirs."""
    await stage.until(one, lambda: all(each.first_answer_at for each in asked))
    return [(each.acknowledged_after or 0.0) * MILLI for each in asked]


@asynccontextmanager
async def held(database: Path, seconds: float) -> AsyncGenerator[None]:
    """Have another process hold the database for writing; wait at the end until it lets go."""
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD_DATABASE, str(database), str(seconds), stdout=asyncio.subprocess.PIPE
    )
    assert other.stdout is not None
    try:
        await other.stdout.readline()
        yield
        await other.wait()
    finally:
        if other.returncode is None:
            other.kill()
            await other.wait()
