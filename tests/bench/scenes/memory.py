"""How much memory a bot holds: idle, after many polls, after many incidents; and how that grows."""

import asyncio
from typing import Final

from tests.bench.figures import Candidate, slope
from tests.bench.process import Running
from tests.bench.record import Record
from tests.bench.stage import Stage, staged
from tests.simulators.useapi import MODERATION

ACCOUNTS: Final = 50
KIBI: Final = 1024
THOUSAND: Final = 1000
POINTS: Final = 40
"""How often the memory is read on the way."""
SIX_HOURS: Final = 7 * 3600.0
"""Of an account's third incident within six hours, owners would get reminders alone."""
FLAP: Final = 400.0
SETTLE: Final = 0.02


async def play(record: Record) -> None:
    """Play once: the three idle ones, then many polls and many incidents in one life."""
    for candidate in (Candidate.MIDWATCH, Candidate.MINIMAL, Candidate.SCRIPT):
        async with staged(ACCOUNTS) as stage, stage.ready(candidate) as one:
            await asyncio.sleep(record.size.idle_seconds)
            record.put("memory.idle", candidate, one.resident_mebibytes())
    async with staged(ACCOUNTS) as stage, stage.ready(Candidate.MIDWATCH, leaping=True) as one:
        await many_polls(record, stage, one)
        await many_incidents(record, stage, one)


async def many_polls(record: Record, stage: Stage, one: Running) -> None:
    """Let a week of minutes pass; how memory grows is judged by the second half."""
    polls, every = record.size.polls, record.size.polls // POINTS or 1
    points: list[tuple[float, float]] = []
    for done in range(1, polls + 1):
        await stage.poll(one)
        if done % every == 0:
            stage.forget()
            points.append((done / THOUSAND, one.resident_mebibytes() * KIBI))
    record.put("memory.polls", Candidate.MIDWATCH, one.resident_mebibytes())
    record.put("memory.slope", Candidate.MIDWATCH, slope(points[len(points) // 2 :]))


async def many_incidents(record: Record, stage: Stage, one: Running) -> None:
    """Flag all accounts, clear them, let it be over, hours pass; again and again."""
    for _ in range(0, record.size.incidents, ACCOUNTS):
        for channel in stage.channels:
            stage.api.flag(channel, MODERATION)
        before = len(stage.sent())
        await stage.poll(one)
        await stage.until(one, lambda before=before: len(stage.sent()) > before)
        for channel in stage.channels:
            stage.api.clear(channel)
        for seconds in (66.0, FLAP, SIX_HOURS):
            await asyncio.sleep(SETTLE)
            await stage.poll(one, seconds)
        await asyncio.sleep(SETTLE)
    record.put("memory.incidents", Candidate.MIDWATCH, one.resident_mebibytes())
