"""What watching costs: requests, Midjourney commands, bytes, and processor time beside the least."""

import asyncio
from typing import Final

from tests.bench.figures import Candidate
from tests.bench.process import Running
from tests.bench.record import Record
from tests.bench.stage import Stage, staged
from tests.simulators.useapi import Endpoint

MILLI: Final = 1000.0
KILO: Final = 1000.0
POLLS_AN_HOUR: Final = 60
"""Both watch once a minute."""
COUNTED: Final = 3
WARM_UP: Final = 3
SETTLES: Final = 0.3


async def play_counts(record: Record) -> None:
    """Count what each sends for so many accounts, over a few intervals."""
    for accounts in record.size.upstream:
        async with staged(accounts) as stage, stage.ready(Candidate.MIDWATCH, leaping=True) as one:
            stage.forget()
            for _ in range(COUNTED):
                await stage.poll(one)
            put_counts(record, stage, Candidate.MIDWATCH, COUNTED)
        async with staged(accounts) as stage:
            loops = COUNTED if accounts < max(record.size.upstream) else 1
            async with stage.begun(Candidate.SCRIPT, BENCH_SCRIPT_INTERVAL="0.1") as one:
                await stage.until(one, lambda wanted=loops: stage.api.count(Endpoint.LIST) > wanted)
            last = max(at for at, it in enumerate(stage.api.requests) if it.endpoint is Endpoint.LIST)
            del stage.api.requests[last:]
            put_counts(record, stage, Candidate.SCRIPT, loops)


def put_counts(record: Record, stage: Stage, candidate: Candidate, polls: int) -> None:
    """Note what was sent in an hour of polls, and the bytes of one poll."""
    accounts, asked = len(stage.api.accounts), stage.api.requests
    commands = sum(each.endpoint is Endpoint.INFO for each in asked)
    record.put(f"counts.{accounts}.requests", candidate, len(asked) / polls * POLLS_AN_HOUR)
    record.put(f"counts.{accounts}.commands", candidate, commands / polls * POLLS_AN_HOUR)
    record.put(f"counts.{accounts}.bytes", candidate, sum(each.size for each in asked) / polls / KILO)


async def play_cpu(record: Record) -> None:
    """Compare the processor time of a poll with that of fetching and parsing the same body."""
    for accounts in record.size.lists:
        async with staged(accounts) as stage:
            async with stage.begun(Candidate.FETCH) as one:
                await fetch(stage, one, WARM_UP)
                fetched = await fetch(stage, one, record.size.timed_polls)
            async with stage.ready(Candidate.MIDWATCH, leaping=True) as one:
                await polls(stage, one, WARM_UP, changing=False)
                same = await polls(stage, one, record.size.timed_polls, changing=False)
                changed = await polls(stage, one, record.size.timed_polls, changing=True)
        for name, took in (("same", same), ("changed", changed)):
            record.put(f"cpu.{accounts}.{name}", Candidate.FETCH, fetched)
            record.put(f"cpu.{accounts}.{name}", Candidate.MIDWATCH, took)


async def fetch(stage: Stage, one: Running, count: int) -> float:
    """Have the list fetched and parsed so often; return the milliseconds of processor time for each."""
    before = one.cpu_seconds()
    for _ in range(count):
        begun = len(stage.api.requests)
        one.send_line("once")
        await stage.until(one, lambda asked=begun: stage.answered_poll(asked))
        await asyncio.sleep(pause(stage))
    await asyncio.sleep(SETTLES)
    return (one.cpu_seconds() - before) / count * MILLI


async def polls(stage: Stage, one: Running, count: int, *, changing: bool) -> float:
    """Let the bot poll so often, the same list or one in which something changed."""
    before = one.cpu_seconds()
    for _ in range(count):
        if changing:
            account = stage.api.accounts[stage.channels[0]]
            account.max_jobs = 5 - account.max_jobs
        await stage.poll(one)
        await asyncio.sleep(pause(stage))
    await asyncio.sleep(SETTLES)
    return (one.cpu_seconds() - before) / count * MILLI


def pause(stage: Stage) -> float:
    """Return the seconds in which a poll of this list is surely over."""
    return 0.01 + 20e-6 * len(stage.api.accounts)
