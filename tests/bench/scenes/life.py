"""How soon a bot is of use after its start, and gone after SIGTERM; and whether that loses anything."""

import asyncio
from contextlib import suppress
from typing import Final

from tests.bench.figures import Candidate
from tests.bench.process import Running
from tests.bench.record import Record
from tests.bench.stage import BOTS, Stage, staged
from tests.chaos.records import Records
from tests.simulators.discord import CannotDo, Interaction
from tests.simulators.useapi import MODERATION

FEW: Final = 10
CROWD: Final = 200


async def play(record: Record) -> None:
    """Play one round."""
    for candidate in BOTS:
        await start_and_stop(record, candidate)
    await stop_while_busy(record)


async def start_and_stop(record: Record, candidate: Candidate) -> None:
    """Start a bot whose commands Discord knows from an earlier start, use one at once, and end it."""
    async with staged(FEW) as stage:
        async with stage.ready(candidate) as one:
            await one.end()
        begun = len(stage.api.requests)
        async with stage.begun(candidate) as one:
            answered = await first_use(stage, one)
            record.put("life.answer", candidate, answered - one.began)
            if candidate is Candidate.MIDWATCH:
                poll = await stage.until(one, lambda: stage.answered_poll(begun))
                record.put("life.poll", candidate, (poll.answered or 0.0) - one.began)
            await stage.rest()
            record.put("life.stop", candidate, await one.end())


async def first_use(stage: Stage, one: Running) -> float:
    """Use a command as soon as the bot is connected; return when its first answer arrived."""
    await stage.until(one, lambda: stage.world.connected)
    asked: Interaction | None = None
    while asked is None:
        with suppress(CannotDo):  # not offered yet
            asked = await stage.use("mjaccounts")
        await asyncio.sleep(0)
    return await stage.until(one, lambda used=asked: used.first_answer_at)


async def stop_while_busy(record: Record) -> None:
    """End the bot in the middle of commands and of a storm; start it again, and count what was sent."""
    async with staged(min(CROWD, record.size.crowd)) as stage:
        async with stage.ready(Candidate.MIDWATCH, leaping=True, BENCH_POLL_SECONDS="0.1") as one:
            for channel in stage.channels:
                stage.api.flag(channel, MODERATION)
            for _ in range(record.size.burst):
                await stage.use("mjaccounts")
            record.put("life.busy_stop", Candidate.MIDWATCH, await one.end())
        async with stage.ready(Candidate.MIDWATCH, leaping=True, BENCH_POLL_SECONDS="0.1") as one:
            with suppress(AssertionError):  # what is not sent in time is lost
                await stage.until(one, lambda: lost_and_repeated(stage)[0] == 0)
            await stage.rest()
        lost, repeated = lost_and_repeated(stage)
        record.put("life.lost", Candidate.MIDWATCH, lost)
        record.put("life.repeated", Candidate.MIDWATCH, repeated)


def lost_and_repeated(stage: Stage) -> tuple[int, int]:
    """Count the accounts of which the owner has no message, and the messages too many."""
    records = Records(stage.folder / "midwatch.sqlite3")
    rows = [row for row in records.messages() if row.message_id is not None]
    shown = sum(any(row.holds(each.key) for row in rows) for each in records.incidents())
    standing = stage.received()[stage.world.owner.id]
    return len(stage.channels) - shown, max(len(standing) - 1, 0)
