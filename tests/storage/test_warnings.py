"""Warnings in the database: those that matter are there at the next start, the others are not read."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from bot.domain.messages import Delivery, Message, MessageItem, Purpose
from bot.domain.providers import MJPROXY, USEAPI, reference_to
from bot.domain.warnings import AccountWarning, Concern
from bot.storage import Store
from bot.storage.account_repository import KEPT
from tests.storage.cases import AT, DAY, OWNER, ask
from tests.storage.watch_cases import KEYS

PERIOD = AT.replace(microsecond=0) + 10 * DAY


def warning(number: int = 0, provider: str = USEAPI) -> AccountWarning:
    return AccountWarning(
        concern=list(Concern)[number % len(Concern)],
        period=PERIOD,
        is_dated=bool(number % 2),
        key=KEYS[number],
        reference=reference_to(provider, "a key"),
        since=AT,
    )


def message(about: AccountWarning, delivery: Delivery) -> Message:
    return Message(
        KEYS[50],
        OWNER,
        Purpose.WARNING,
        notify=False,
        created_at=AT,
        due_at=AT,
        entries=(MessageItem(about.key, None),),
        delivery=delivery,
        sent_at=AT if delivery is Delivery.DONE else None,
    )


async def test_every_kind_of_every_provider_is_read_as_it_was_written(path: Path) -> None:
    kept = tuple(warning(number, (USEAPI, MJPROXY)[number % 2]) for number in range(len(Concern)))
    async with Store.open(path) as store:
        await store.watch.save(warnings=kept)
    async with Store.open(path) as store:
        assert await store.watch.load_warnings(AT) == kept
        changed = replace(kept[0], concern=Concern.LOW, ended_at=AT + DAY)
        await store.watch.save(warnings=[changed])
        assert await store.watch.load_warnings(AT) == (changed, *kept[1:])


@pytest.mark.parametrize(
    ("ended", "now", "delivery", "read"),
    [
        (None, PERIOD + DAY, Delivery.DONE, True),
        (AT + DAY, PERIOD - DAY, Delivery.DONE, True),
        (AT + DAY, PERIOD + DAY, Delivery.DONE, False),
        (AT + DAY, PERIOD + DAY, Delivery.SENT, True),
    ],
    ids=["it holds", "it must not be repeated", "its period is over", "its end is not shown yet"],
)
async def test_a_start_reads_what_matters(
    path: Path, *, ended: datetime | None, now: datetime, delivery: Delivery, read: bool
) -> None:
    about = replace(warning(), ended_at=ended)
    async with Store.open(path) as store:
        await store.watch.save(warnings=[about], messages=[message(about, delivery)])
        assert bool(await store.watch.load_warnings(now)) is read


@pytest.mark.parametrize("holds", [True, False])
async def test_only_the_message_of_a_warning_that_holds_is_remembered(path: Path, *, holds: bool) -> None:
    about = replace(warning(), ended_at=None if holds else AT)
    async with Store.open(path) as store:
        await store.watch.save(warnings=[about], messages=[message(about, Delivery.DONE)])
        assert bool(await store.watch.load_messages(AT)) is holds
        await store.prune(AT + KEPT - DAY)
        assert len(ask(path, "SELECT 1 FROM message")) == 1
        await store.prune(PERIOD + KEPT + DAY)
    assert len(ask(path, "SELECT 1 FROM message")) == holds
    assert len(ask(path, "SELECT 1 FROM warning")) == holds
