"""The numbers of `/info` answers in the database."""

from collections.abc import Iterable
from dataclasses import astuple
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import aiosqlite

from bot.domain.account_info import parse_info
from bot.domain.accounts import Account
from bot.domain.providers import reference_to
from bot.domain.usage import PACE_DAYS, RecentUsage, UsageSample
from bot.runtime.aside import aside
from bot.storage.database import Database
from bot.storage.rows import EPOCH, account_cells, from_epoch, to_epoch

SAMPLE: Final = """
    INSERT OR REPLACE INTO usage_sample
        (provider, channel, taken_at, fast_left, fast_total, renews_at, images, plan, status)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
LISTED_SAMPLE: Final = """
    INSERT INTO usage_sample
        (provider, channel, taken_at, fast_left, fast_total, renews_at, images, plan, status)
    SELECT ?1, ?2, ?3, info_figure('fast_left', ?4), info_figure('fast_total', ?4),
        info_figure('renews_at', ?4), info_figure('images', ?4), info_figure('plan', ?4),
        info_figure('status', ?4)
    WHERE NOT EXISTS (
        SELECT 1 FROM usage_sample WHERE provider = ?1 AND channel = ?2 AND taken_at > ?3 - 3600000
    ) AND NOT EXISTS (
        SELECT 1 FROM (
            SELECT * FROM usage_sample WHERE provider = ?1 AND channel = ?2 ORDER BY taken_at DESC LIMIT 1
        )
        WHERE (fast_left, fast_total, renews_at) IS (info_figure('fast_left', ?4),
            info_figure('fast_total', ?4), info_figure('renews_at', ?4))
        AND (images, plan, status) IS (info_figure('images', ?4),
            info_figure('plan', ?4), info_figure('status', ?4))
    )
"""
"""At most one sample an hour, and none that is as the last one."""
SAMPLES: Final = """
    SELECT taken_at, fast_left, fast_total, renews_at, images, plan, status FROM usage_sample
    WHERE provider = ? AND channel = ? AND taken_at >= ? ORDER BY taken_at
"""
RECENT: Final = """
    WITH sample AS (
        SELECT usage_sample.*, lag(taken_at) OVER account AS before_at,
            lag(fast_left) OVER account AS before_left
        FROM account JOIN usage_sample USING (provider, channel)
        WHERE iif(?2 IS NULL, listed, (provider, channel) = (?1, ?2))
        AND taken_at >= coalesce((
            SELECT max(early.taken_at) FROM usage_sample AS early
            WHERE early.provider = account.provider AND early.channel = account.channel
            AND early.taken_at <= ?3 AND early.fast_left IS NOT NULL
        ), 0)
        WINDOW account AS (PARTITION BY provider, channel, fast_left IS NULL ORDER BY taken_at)
    ), counted AS (
        SELECT *, min(iif(fast_left IS NULL, NULL, taken_at)) OVER account AS first_at,
            lead(taken_at) OVER account IS NULL AS is_last, total(
            max(before_left - fast_left, 0.0) * (taken_at - max(before_at, ?3)) / (taken_at - before_at)
        ) OVER account AS used
        FROM sample WINDOW account AS (PARTITION BY provider, channel ORDER BY taken_at)
    )
    SELECT provider, channel, used, max(coalesce(first_at, taken_at), ?3),
        taken_at, fast_left, fast_total, renews_at, images, plan, status
    FROM counted WHERE is_last
"""
"""The last sample of each account, and what it used since a time: of a drop that began before, a part.

Samples that do not say how much is left are passed over.
"""
FORGET: Final = "DELETE FROM usage_sample WHERE taken_at < ?"


class UsageStore:
    """The numbers of `/info` answers over time. Both methods raise StoreError when it cannot be read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def samples(self, reference: str, since: datetime) -> tuple[UsageSample, ...]:
        """Return the samples of an account since a time, the oldest first."""
        rows = await self._database.read(SAMPLES, (*account_cells(reference), since))
        return tuple(sample(row) for row in rows)

    async def recent(self, now: datetime, reference: str | None = None) -> tuple[RecentUsage, ...]:
        """Return the recent usage of each listed account that has a sample, or of one account."""
        cells = (None, None) if reference is None else account_cells(reference)
        rows = await self._database.read(RECENT, (*cells, now - PACE_DAYS))
        found = list(rows)
        return await aside(len(found), lambda: tuple(map(recent, found)))


def recent(row: Iterable[Any]) -> RecentUsage:
    """Return the recent usage of a row of RECENT."""
    provider, channel, used, since, *cells = row
    last, since = sample(cells), from_epoch(since)
    return RecentUsage(reference_to(provider, channel), last, used, since if since < last.taken_at else None)


def sample(row: Iterable[Any]) -> UsageSample:
    """Return the sample of a row of SAMPLES."""
    taken_at, left, total, renews, *rest = row
    return UsageSample(
        from_epoch(taken_at), left, total, None if renews is None else from_epoch(renews), *rest
    )


async def write_sample(writer: aiosqlite.Connection, reference: str, sample: UsageSample) -> None:
    """Write the numbers of an answer."""
    await writer.execute(SAMPLE, (*account_cells(reference), *astuple(sample)))


async def write_listed(writer: aiosqlite.Connection, accounts: Iterable[Account]) -> None:
    """Write the numbers of the answers that a list shows. A text is parsed only if they may be new."""
    rows = (
        (*account_cells(each.reference), each.info.taken_at, each.info.text.encode(errors="replace"))
        for each in accounts
        if each.info is not None
    )
    await writer.executemany(LISTED_SAMPLE, rows)


async def add_info_figure(connection: aiosqlite.Connection) -> None:
    """Add the SQL function `info_figure(name, text)` to a connection: a number of an `/info` answer."""
    await connection.create_function("info_figure", 2, info_figure, deterministic=True)  # pyright: ignore[reportUnknownMemberType] - aiosqlite does not say what it may return


def info_figure(name: str, text: bytes) -> object:
    """Return a field of the sample of a text; None also for a text that cannot be read."""
    figure = getattr(sample_of(text), name)
    return to_epoch(figure) if isinstance(figure, datetime) else figure


@lru_cache(maxsize=1)
def sample_of(text: bytes) -> UsageSample:
    """Return the sample of a text. An error would stop an upgrade of the database."""
    try:
        return UsageSample.of(parse_info(text.decode(errors="replace")), EPOCH)
    except Exception:  # noqa: BLE001 - whatever is wrong with it
        return UsageSample(EPOCH)
