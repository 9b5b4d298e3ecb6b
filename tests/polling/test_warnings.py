"""When accounts are evaluated: those that changed at once, all as time passes, and none in vain."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from bot.domain.account_info import InfoSnapshot
from bot.domain.accounts import Account, KnownAccount
from bot.domain.messages import Purpose
from bot.domain.warnings import Concern, Notice
from bot.polling import warnings
from bot.polling.warnings import CHECK_EVERY, UNASKED_EVERY, UNSEEN_EVERY
from bot.providers.errors import ProviderError
from bot.rules.warnings import notices_of
from tests.simulators.mjproxy import Fault, SimulatedMjproxy
from tests.simulators.useapi import SimulatedUseapi
from tests.support.assembly import Assembly
from tests.support.clock import DAY, MINUTE, Clock
from tests.support.samples import CHANNEL, OTHER

PAUSED = {"Subscription": "Pro (Paused)", "Fast Time Remaining": "0.0/30.0 hours (0%)"}


@pytest.fixture
async def watch(
    api: SimulatedUseapi, proxy: SimulatedMjproxy, database: Path, clock: Clock
) -> AsyncIterator[Assembly]:
    async with Assembly(database, clock, api=api, proxy=proxy) as watched:
        yield watched


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The accounts that were evaluated."""
    found: list[str] = []

    def noted(account: KnownAccount, *arguments: object) -> tuple[Notice, ...]:
        found.append(account.reference)
        return notices_of(account, *arguments)  # pyright: ignore[reportArgumentType] - passed on

    monkeypatch.setattr(warnings, "notices_of", noted)
    return found


def holding(watch: Assembly) -> set[Concern]:
    return {each.concern for each in watch.watch_state.warnings.values() if not each.ended}


async def test_what_holds_at_the_start_is_one_message_about_all_providers(
    watch: Assembly, api: SimulatedUseapi, proxy: SimulatedMjproxy
) -> None:
    api.add(info_text="Subscription: Pro (Cancelled)")
    proxy.add().info = PAUSED
    checks = watch.make_warnings(10.0)
    await watch.proxy_poller.poll()
    assert await checks.check() == UNASKED_EVERY
    assert holding(watch) == set()  # useapi.net was not asked yet
    await watch.poller.poll()
    await watch.account_info.ask(watch.pollers.cache.accounts[0])
    assert await checks.check() == CHECK_EVERY
    (message,) = watch.planned(Purpose.WARNING)
    assert len(message.entries) == 3
    assert holding(watch) == {Concern.CANCELLED, Concern.PAUSED, Concern.EMPTY}


async def test_a_provider_that_is_down_since_the_start_ends_nothing_and_holds_up_no_other(
    watch: Assembly, api: SimulatedUseapi, proxy: SimulatedMjproxy, database: Path, clock: Clock
) -> None:
    proxy.add().info = PAUSED
    await watch.pollers.poll()
    await watch.make_warnings().check()
    assert holding(watch) == {Concern.PAUSED}
    await watch.__aexit__(None, None, None)
    proxy.fault(Fault.SERVER_ERROR)
    api.add()
    async with Assembly(database, clock, api=api, proxy=proxy) as again:
        for poller in again.pollers:
            try:
                await poller.poll()
            except ProviderError:
                assert poller is again.proxy_poller
        again.pollers.cache.put_account(Account(CHANNEL, expires_at=clock.now() + DAY))
        assert await again.make_warnings().check() == UNSEEN_EVERY
        assert holding(again) == {Concern.PAUSED, Concern.EXPIRING}
        proxy.mend()
        clock.advance(MINUTE)
        await again.proxy_poller.poll()
        await again.make_warnings().check()
        assert holding(again) == {Concern.PAUSED, Concern.EXPIRING}


async def test_only_accounts_that_changed_are_evaluated_and_all_once_an_hour(
    watch: Assembly, clock: Clock, evaluated: list[str]
) -> None:
    await settle(watch)
    cache, checks = watch.pollers.cache, watch.make_warnings()
    cache.put_account(Account(CHANNEL, expires_at=clock.now() + 3 * DAY + MINUTE))
    cache.put_account(Account(OTHER, expires_at=clock.now() + 9 * DAY))
    await checks.check()
    evaluated.clear()
    clock.advance(MINUTE)
    await checks.check()
    assert evaluated == []
    cache.put_account(Account(OTHER, 5))
    await checks.check()
    assert evaluated == [OTHER]
    evaluated.clear()
    clock.advance(CHECK_EVERY - MINUTE)
    await checks.check()
    assert evaluated == [CHANNEL, OTHER]
    assert holding(watch) == {Concern.EXPIRING}
    assert [each.concern for each in watch.known(CHANNEL).warnings] == [Concern.EXPIRING]


async def test_a_check_that_changes_nothing_writes_nothing(watch: Assembly, clock: Clock) -> None:
    await settle(watch)
    watch.pollers.cache.put_account(Account(CHANNEL, expires_at=clock.now() + DAY))
    checks = watch.make_warnings()
    await checks.check()
    seen = watch.watch_state.changed.version, watch.pollers.cache.changed.version
    for _ in range(3):
        clock.advance(CHECK_EVERY)
        await checks.check()
    assert (watch.watch_state.changed.version, watch.pollers.cache.changed.version) == seen


async def test_a_thousand_accounts_are_one_message_to_each_owner(watch: Assembly, clock: Clock) -> None:
    await settle(watch)
    accounts = [Account(str(number), expires_at=clock.now() + DAY) for number in range(1_000)]
    watch.pollers.cache.put_warnings([])
    for each in accounts:
        watch.pollers.cache.put_account(each)
    await watch.make_warnings().check()
    (message,) = watch.planned(Purpose.WARNING)
    assert len(message.entries) == 1_000


async def test_a_pace_on_record_is_warned_of_also_after_a_restart_and_ends_when_it_falls(
    watch: Assembly, api: SimulatedUseapi, proxy: SimulatedMjproxy, database: Path, clock: Clock
) -> None:
    api.add(channel=CHANNEL)
    await settle(watch)
    renews = clock.now() + 9 * DAY
    await answered(watch, clock, renews, left=29)
    clock.advance(2 * DAY)
    await answered(watch, clock, renews, left=15)
    await watch.make_warnings().check()
    assert holding(watch) == set()  # LOW_FAST_TIME is off
    await watch.make_warnings(10.0).check()
    assert holding(watch) == {Concern.FAST}
    (message,) = watch.planned(Purpose.WARNING)
    assert not message.notify
    await watch.__aexit__(None, None, None)
    async with Assembly(database, clock, api=api, proxy=proxy) as again:
        await settle(again)
        checks = again.make_warnings(10.0)
        await checks.check()
        assert holding(again) == {Concern.FAST}
        assert again.planned(Purpose.WARNING) == [message]
        clock.advance(5 * DAY)
        await answered(again, clock, renews, left=14)
        await checks.check()
        assert holding(again) == set()


async def answered(watch: Assembly, clock: Clock, renews: datetime, *, left: int) -> None:
    """Record an answer to `/info`."""
    text = (
        f"Subscription: Pro (Active monthly, renews next on <t:{int(renews.timestamp())}>)\n"
        f"Fast Time Remaining: {left}.0/30.0 hours"
    )
    snapshot = InfoSnapshot(clock.now(), None, text)
    await watch.store.record_info(CHANNEL, snapshot)
    watch.pollers.cache.put_info(CHANNEL, snapshot)


async def settle(watch: Assembly) -> None:
    """Let every provider show an empty list."""
    await watch.pollers.poll()
