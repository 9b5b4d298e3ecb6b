"""Asking a midjourney-proxy for an account's information: by our own ration, as the proxy keeps none."""

import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from bot.domain.account_info import InfoOutcome
from bot.domain.accounts import KnownAccount
from bot.domain.capabilities import CAPABILITIES
from bot.domain.errors import ErrorCode, UserError
from bot.domain.providers import MJPROXY, reference_to
from bot.render.error_messages import message
from bot.storage import StoreError
from tests.simulators.mjproxy import Endpoint, Fault, SimulatedMjproxy
from tests.simulators.useapi import SimulatedUseapi
from tests.support.assembly import Assembly
from tests.support.clock import DAY, HOUR, SECOND, Clock

WAIT = CAPABILITIES[MJPROXY].info_wait
MOST = CAPABILITIES[MJPROXY].infos_a_day or 0


@asynccontextmanager
async def started(proxy: SimulatedMjproxy, database: Path, clock: Clock) -> AsyncGenerator[Assembly]:
    async with Assembly(database, clock, (), proxy=proxy) as opened:
        await opened.poller.poll()
        yield opened


@pytest.fixture
async def here(proxy: SimulatedMjproxy, database: Path, clock: Clock) -> AsyncIterator[Assembly]:
    """As many accounts as may be asked within a day, and one more."""
    for number in range(MOST + 1):
        proxy.add(key=f"key-{number}")
    async with started(proxy, database, clock) as opened:
        yield opened


def known(opened: Assembly, number: int = 0) -> KnownAccount:
    return opened.known(reference_to(MJPROXY, f"key-{number}"))


async def test_a_press_sends_one_command_and_shows_and_keeps_the_answer(
    proxy: SimulatedMjproxy, here: Assembly, clock: Clock
) -> None:
    clock.advance(HOUR)
    asked = await here.account_info.ask(known(here))
    assert (asked.outcome, asked.wait) == (InfoOutcome.ANSWERED, WAIT)
    assert asked.snapshot is not None
    assert asked.snapshot.taken_at == clock.now()
    assert known(here).snapshot == asked.snapshot
    assert proxy.count(Endpoint.SYNC) == 1


async def test_polls_never_ask_midjourney(proxy: SimulatedMjproxy, here: Assembly, clock: Clock) -> None:
    clock.advance(DAY)
    await here.poller.poll()
    assert proxy.count(Endpoint.SYNC) == 0


async def test_within_ten_minutes_the_cached_values_are_shown_instead(
    proxy: SimulatedMjproxy, here: Assembly, clock: Clock
) -> None:
    await here.account_info.ask(known(here))
    clock.advance(WAIT - SECOND)
    again = await here.account_info.ask(known(here))
    assert (again.outcome, again.wait) == (InfoOutcome.TOO_SOON, SECOND)
    assert again.snapshot is not None
    clock.advance(SECOND)
    assert (await here.account_info.ask(known(here))).outcome is InfoOutcome.ANSWERED
    assert proxy.count(Endpoint.SYNC) == 2


async def test_only_so_many_are_asked_within_a_day_whatever_the_account_and_the_restarts(
    proxy: SimulatedMjproxy, here: Assembly, database: Path, clock: Clock
) -> None:
    for number in range(MOST):
        await here.account_info.ask(known(here, number))
        clock.advance(SECOND)
    one_more = await here.account_info.ask(known(here, MOST))
    assert (one_more.outcome, one_more.wait) == (InfoOutcome.USED_UP, DAY - MOST * SECOND)
    await here.__aexit__()
    async with started(proxy, database, clock) as after:
        assert (await after.account_info.ask(known(after, MOST))).outcome is InfoOutcome.USED_UP
        assert proxy.count(Endpoint.SYNC) == MOST
        clock.advance(DAY - MOST * SECOND)
        assert (await after.account_info.ask(known(after, MOST))).outcome is InfoOutcome.ANSWERED
        assert (await after.account_info.ask(known(after, 2))).outcome is InfoOutcome.USED_UP


async def test_a_failed_one_counts_too(proxy: SimulatedMjproxy, here: Assembly) -> None:
    proxy.fault(Fault.SERVER_ERROR, endpoint=Endpoint.SYNC)
    for number in range(MOST):
        with pytest.raises(Exception, match="server error"):
            await here.account_info.ask(known(here, number))
    assert (await here.account_info.ask(known(here, MOST))).outcome is InfoOutcome.USED_UP


async def test_an_entry_without_an_id_is_not_asked(
    proxy: SimulatedMjproxy, database: Path, clock: Clock
) -> None:
    account = proxy.add()
    account.id = ""
    async with started(proxy, database, clock) as opened:
        with pytest.raises(UserError) as refused:
            await opened.account_info.ask(opened.known(reference_to(MJPROXY, f"?{account.channel}")))
    assert refused.value.code is ErrorCode.ODD_CHANNEL
    assert proxy.count(Endpoint.SYNC) == 0


async def test_the_ration_is_the_proxy_s_alone(
    proxy: SimulatedMjproxy, api: SimulatedUseapi, database: Path, clock: Clock
) -> None:
    for _ in range(MOST + 1):
        api.add()
    proxy.add(key="key-0")
    async with Assembly(database, clock, (), api=api, proxy=proxy) as both:
        await both.pollers.poll()
        clock.advance(SECOND)
        outcomes = [(await both.account_info.ask(each)).outcome for each in both.pollers.cache.accounts]
    assert outcomes == [InfoOutcome.ANSWERED] * (MOST + 2)


async def test_an_answer_that_is_no_newer_is_said_to_bring_nothing_new(
    proxy: SimulatedMjproxy, here: Assembly, clock: Clock
) -> None:
    before = known(here).snapshot
    proxy.syncs_bring_news = False
    clock.advance(HOUR)
    asked = await here.account_info.ask(known(here))
    assert (asked.outcome, asked.snapshot) == (InfoOutcome.NOTHING_NEW, before)
    assert proxy.count(Endpoint.SYNC) == 1


async def test_an_answer_of_which_the_time_is_not_known_is_shown_and_not_stored(
    proxy: SimulatedMjproxy, database: Path, clock: Clock
) -> None:
    account = proxy.add(key="key-0")
    proxy.fault(Fault.SERVER_ERROR, endpoint=Endpoint.HOME)
    async with started(proxy, database, clock) as opened:
        listed = known(opened)
        account.info = {"Job Mode": "Turbo"}
        asked = await opened.account_info.ask(listed)
        assert asked.outcome is InfoOutcome.ANSWERED
        assert asked.snapshot is not None
        assert (asked.snapshot.taken_at, asked.snapshot.info.job_mode) == (None, "Turbo")
        assert known(opened).snapshot == asked.snapshot
        assert [each.snapshot for each in await opened.store.accounts()] == [None]


async def test_what_does_not_run_is_not_asked(proxy: SimulatedMjproxy, here: Assembly) -> None:
    proxy.pause("key-0")
    proxy.ask_captcha("key-1")
    proxy.add(key="key-99", running=False)
    await here.poller.poll()
    assert (await here.account_info.ask(known(here, 0))).outcome is InfoOutcome.NOT_RUNNING
    for anyway in (False, True):
        asked = await here.account_info.ask(known(here, 1), even_if_flagged=anyway)
        assert asked.outcome is InfoOutcome.FLAGGED
    with pytest.raises(UserError) as caught:
        await here.account_info.ask(known(here, 99))
    assert "midjourney-proxy has not started this account" in message(caught.value)
    assert proxy.count(Endpoint.SYNC) == 0


async def test_what_runs_again_meanwhile_is_asked(
    proxy: SimulatedMjproxy, here: Assembly, clock: Clock
) -> None:
    proxy.pause("key-0")
    await here.poller.poll()
    paused = known(here)
    account = proxy.accounts["key-0"]
    account.enable = account.running = account.is_connected = True
    clock.advance(SECOND)
    assert (await here.account_info.ask(paused)).outcome is InfoOutcome.ANSWERED


async def test_nothing_is_asked_that_cannot_be_counted(
    proxy: SimulatedMjproxy, here: Assembly, database: Path
) -> None:
    with closing(sqlite3.connect(database)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError):
            await here.account_info.ask(known(here))
    assert proxy.count(Endpoint.SYNC) == 0
