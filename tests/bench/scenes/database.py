"""How large the database is after a year, and how long its commits took on the way."""

import asyncio
import re
from collections.abc import Sequence
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Final

from bot.domain.account_info import InfoSnapshot
from bot.storage import Store
from tests.bench.figures import Candidate, percentile
from tests.bench.process import Running
from tests.bench.record import Record
from tests.bench.scenes.alerts import reset
from tests.bench.stage import Stage, staged
from tests.simulators.useapi import MODERATION
from tests.storage.cases import connections

DAY: Final = 86_400.0
HOUR: Final = 3_600.0
ORDERED: Final = 6 * HOUR
"""The interval of INFO_EVERY."""
TOOK: Final = timedelta(seconds=2)
MEGA: Final = 1e6
FLAP: Final = 400.0
SETTLE: Final = 0.005
WEEK: Final = 7
MONTH: Final = 30


async def play(record: Record) -> None:
    """Live a year: each account is asked about once a week, and flagged and reset by its owner once a month.

    Days without an incident pass in one leap: a poll that changes nothing writes but the time of it.
    """
    async with staged(record.size.year_accounts) as stage:
        commits = stage.folder / "commits"
        async with stage.ready(Candidate.MIDWATCH, leaping=True, BENCH_COMMITS=str(commits)) as one:
            weekly, monthly = cycle(stage.channels), cycle(stage.channels)
            for day in range(record.size.days):
                await stage.poll(one, DAY - HOUR)
                await ask(stage, one, [next(weekly) for _ in due(day, WEEK, stage)])
                for _ in due(day, MONTH, stage):
                    await open_and_end_incident(stage, one, next(monthly))
                stage.forget()
            size = megabytes(stage.folder)
            await one.end()
        record.put("database.year", Candidate.MIDWATCH, size)
        record.put("database.ordered", Candidate.MIDWATCH, await with_order(stage, record.size.days))
        took = [float(line) for line in commits.read_text().split()]
        record.put("database.commit.p50", Candidate.MIDWATCH, percentile(took, 50))
        record.put("database.commit.p99", Candidate.MIDWATCH, percentile(took, 99))


def due(day: int, days: int, stage: Stage) -> range:
    """Return as many as are due on a day, if all accounts are to have their turn in so many days."""
    accounts = len(stage.api.accounts)
    return range(day * accounts // days, (day + 1) * accounts // days)


async def ask(stage: Stage, one: Running, channels: Sequence[str]) -> None:
    """Have the owner ask about accounts."""
    asked = [await stage.use("mjinfo", account=channel) for channel in channels]
    await stage.until(one, lambda: all(each.answered_at for each in asked))
    await asyncio.sleep(SETTLE)


async def open_and_end_incident(stage: Stage, one: Running, channel: str) -> None:
    """Flag an account, have its owner reset it from the alert, and let that be over."""
    stage.api.flag(channel, MODERATION)
    before = len(stage.sent())
    await stage.poll(one)
    await stage.until(one, lambda: len(stage.sent()) > before)
    await asyncio.sleep(SETTLE)
    await reset(stage, one)
    for seconds in (66.0, FLAP):
        await asyncio.sleep(SETTLE)
        await stage.poll(one, seconds)
    await asyncio.sleep(SETTLE)


async def with_order(stage: Stage, days: int) -> float:
    """Add the answers that INFO_EVERY=6h brings in so many days, and return the size of the database.

    The bot's own store writes them, one after another as they would come, but does not wait for the disk.
    """
    path, begun = stage.folder / "midwatch.sqlite3", stage.clock.now() - timedelta(days=days)
    async with Store.open(path) as store:
        await connections(store)[0].execute("PRAGMA synchronous = OFF")
        for number in range(days * int(DAY / ORDERED)):
            at = begun + timedelta(seconds=number * ORDERED)
            for channel, account in stage.api.accounts.items():
                text = with_other_numbers(account.info_text, number)
                await store.record_info(channel, InfoSnapshot(at, TOOK, text), by_order=True)
        return megabytes(stage.folder)


def with_other_numbers(text: str, number: int) -> str:
    """Return a text of `/info` with other numbers of fast time and images."""
    left = 30 - number * 0.17 % 30
    text = re.sub(r"[0-9.]+(?=/[0-9.]+ hours)", f"{left:.2f}", text)
    return re.sub(r"[0-9]+(?= images)", str(10_000 + 37 * number), text)


def megabytes(folder: Path) -> float:
    """Return what the database takes on disk, with what is not yet written back into it."""
    return sum(file.stat().st_size for file in folder.glob("midwatch.sqlite3*")) / MEGA
