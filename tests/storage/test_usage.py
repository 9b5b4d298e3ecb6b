"""The numbers of `/info` answers in the database: written once, upgraded from texts, and asked for."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.account_info import InfoSnapshot
from bot.domain.accounts import Account, Observation
from bot.domain.providers import MJPROXY
from bot.domain.usage import RecentUsage, UsageSample
from bot.storage import Store
from bot.storage.database import connect, create
from bot.storage.migrations import migrate
from bot.storage.schema_steps import STEPS
from tests.storage.cases import AT, DAY, FIRST, MINUTE, SECOND, Watcher, answer, ask, observed

BEFORE = next(
    at for at, step in enumerate(STEPS) if any("CREATE TABLE usage_sample" in each for each in step)
)
"""The last version that keeps texts alone."""
HOUR = timedelta(hours=1)
PROXIED = Account("mjproxy:1", discord_channel="444444444444444444")


def text(left: object, images: int = 100) -> str:
    return (
        "Subscription: Pro (Active monthly)\n"
        f"Fast Time Remaining: {left}/30 hours\nLifetime Usage: {images} images"
    )


def sampled(left: float | None, at: datetime = AT, images: int = 100) -> UsageSample:
    return UsageSample(at, left, 30.0, None, images, "Pro", "Active monthly")


def listed(left: object, at: datetime | None, account: Account = PROXIED) -> Account:
    return replace(account, info=InfoSnapshot(at, None, text(left)))


async def poll(store: Store, *accounts: Account, at: datetime = AT) -> None:
    await store.record_observation(Observation(at, accounts, MJPROXY))


async def upgraded(path: Path, texts: Iterable[tuple[str, int, str | bytes]]) -> None:
    """Make a database of the last version without samples, and bring it up to date."""
    create(path)
    async with connect(path, read_only=False) as connection:
        await migrate(connection, path, STEPS[:BEFORE])
    with closing(sqlite3.connect(path)) as connection, connection:
        rows = list(texts)
        accounts = {(channel,) for channel, _, _ in rows}
        connection.executemany(
            "INSERT INTO account (provider, channel, listed, seen_at) VALUES ('useapi', ?, 1, 0)", accounts
        )
        connection.executemany(
            "INSERT INTO info_snapshot (provider, channel, taken_at, text) "
            "VALUES ('useapi', ?, ?, CAST(? AS TEXT))",
            rows,
        )
    async with Store.open(path):
        pass


async def test_an_answer_is_written_with_its_numbers_at_once(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_info(FIRST.reference, answer(text(20), at=AT))
        await store.record_info(FIRST.reference, answer(text(19), at=AT + MINUTE))
        await store.record_info(SECOND.reference, answer(text(1)))
        assert await store.usage.samples(FIRST.reference, AT) == (sampled(20.0), sampled(19.0, AT + MINUTE))
        assert await store.usage.samples(FIRST.reference, AT + MINUTE) == (sampled(19.0, AT + MINUTE),)


async def test_texts_on_record_get_their_numbers_when_the_database_is_upgraded(path: Path) -> None:
    renews = "Subscription: Pro (renews next on <t:1774000000>)"
    await upgraded(path, [("1", 7, text(20)), ("1", 8, text(19.5, 110)), ("2", 7, renews)])
    columns = "channel, taken_at, fast_left, fast_total, renews_at, images, plan, status"
    assert ask(path, f"SELECT {columns} FROM usage_sample") == [  # noqa: S608 - the names above
        ("1", 7, 20.0, 30.0, None, 100, "Pro", "Active monthly"),
        ("1", 8, 19.5, 30.0, None, 110, "Pro", "Active monthly"),
        ("2", 7, None, None, 1_774_000_000_000, None, "Pro", None),
    ]


@pytest.mark.parametrize(
    "odd", ["", "?", "Fast Time Remaining: " * 500, "\0", b"\xff\xfe", "Subscription: a (renews <t:9e99>)"]
)
async def test_an_odd_text_has_no_numbers_and_stops_no_upgrade(path: Path, odd: str | bytes) -> None:
    await upgraded(path, [("1", 7, odd), ("1", 8, text(20))])
    assert ask(path, "SELECT taken_at, fast_left, images FROM usage_sample") == [
        (7, None, None),
        (8, 20.0, 100),
    ]


async def test_a_fault_of_the_parser_stops_no_upgrade(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> None:
        raise RuntimeError

    monkeypatch.setattr("bot.storage.usage_repository.parse_info", broken)
    await upgraded(path, [("1", 7, "broken")])
    assert ask(path, "SELECT taken_at, fast_left FROM usage_sample") == [(7, None)]


async def test_a_list_gives_a_sample_when_its_numbers_change(path: Path) -> None:
    async with Store.open(path) as store:
        await poll(store, listed(20, AT))
        await poll(store, listed(20, AT + 2 * HOUR), at=AT + 2 * HOUR)
        await poll(store, listed(19, AT + 4 * HOUR), at=AT + 4 * HOUR)
        assert await store.usage.samples(PROXIED.reference, AT) == (
            sampled(20.0),
            sampled(19.0, AT + 4 * HOUR),
        )


async def test_a_list_gives_one_sample_an_hour_at_most(path: Path) -> None:
    async with Store.open(path) as store:
        for minutes in range(0, 121, 20):
            at = AT + minutes * MINUTE
            await poll(store, listed(20 - minutes / 60, at), at=at)
        samples = await store.usage.samples(PROXIED.reference, AT)
        assert [each.taken_at - AT for each in samples] == [timedelta(), HOUR, 2 * HOUR]


async def test_a_restart_repeats_no_sample_of_a_list(path: Path) -> None:
    for hours in (0, 5):
        async with Store.open(path) as store:
            await poll(store, listed(20, AT), at=AT + hours * HOUR)
    assert ask(path, "SELECT count(*) FROM usage_sample") == [(1,)]


async def test_numbers_of_unknown_age_are_no_sample(path: Path) -> None:
    async with Store.open(path) as store:
        await poll(store, listed(20, None))
        assert await store.usage.samples(PROXIED.reference, AT - DAY) == ()


async def test_a_list_that_is_as_before_writes_nothing(path: Path) -> None:
    account = listed(20, AT)
    async with Store.open(path) as store:
        await poll(store, account)
        with closing(sqlite3.connect(path)) as other:
            watcher = Watcher(other)
            await poll(store, account, at=AT + timedelta(seconds=20))
            await poll(store, listed(20, AT), at=AT + timedelta(seconds=40))
            assert not watcher.sees_a_write()


async def test_samples_are_kept_400_days(path: Path) -> None:
    async with Store.open(path) as store:
        for days in (0, 1):
            await store.record_info(FIRST.reference, answer(text(20), at=AT + days * DAY))
        await store.prune(AT + 401 * DAY)
        assert await store.usage.samples(FIRST.reference, AT) == (sampled(20.0, AT + DAY),)


async def recent(path: Path, *points: tuple[float, object], now: float = 0) -> RecentUsage:
    """Return the recent usage of an account with some fast time left, each so many days before now."""
    async with Store.open(path) as store:
        for days, left in points:
            await store.record_info(FIRST.reference, answer(text(left), at=AT + days * DAY))
        (usage,) = await store.usage.recent(AT + now * DAY, FIRST.reference)
        return usage


async def test_recent_use_is_the_sum_of_all_drops_and_a_renewal_is_none(path: Path) -> None:
    usage = await recent(path, (-6, 10), (-4, 6), (-3, 30), (-1, 27))
    assert usage == RecentUsage(FIRST.reference, sampled(27.0, AT - DAY), 7.0, AT - 6 * DAY)


async def test_a_drop_that_began_before_the_last_7_days_counts_in_part(path: Path) -> None:
    usage = await recent(path, (-30, 29), (-9, 28), (-5, 24), (-1, 23))
    assert usage == RecentUsage(FIRST.reference, sampled(23.0, AT - DAY), 3.0, AT - 7 * DAY)


async def test_an_answer_that_does_not_say_what_is_left_hides_no_drop(path: Path) -> None:
    usage = await recent(path, (-9, 28), (-8, "?"), (-5, 24), (-4, "?"), (-1, 23))
    assert usage == RecentUsage(FIRST.reference, sampled(23.0, AT - DAY), 3.0, AT - 7 * DAY)


async def test_the_pace_counts_from_the_first_answer_that_says_what_is_left(path: Path) -> None:
    assert (await recent(path, (-6, "?"), (-4, 9), (-2, 5))).pace == 2.0


@pytest.mark.parametrize("days", [-20, -1])
async def test_one_answer_has_no_recent_use(path: Path, days: int) -> None:
    usage = await recent(path, (days, 10))
    assert usage == RecentUsage(FIRST.reference, sampled(10.0, AT + days * DAY))


async def test_recent_use_of_all_is_that_of_the_listed_accounts(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST, SECOND))
        for reference, left in ((FIRST.reference, 20), (SECOND.reference, 10), ("5" * 18, 3)):
            await store.record_info(reference, answer(text(left), at=AT - DAY))
            await store.record_info(reference, answer(text(left - 2), at=AT))
        usages = await store.usage.recent(AT)
        assert [(each.reference, each.last.fast_left, each.used) for each in usages] == [
            (FIRST.reference, 18.0, 2.0),
            (SECOND.reference, 8.0, 2.0),
        ]
        (other,) = await store.usage.recent(AT, "5" * 18)
        assert other.last.fast_left == 1.0
