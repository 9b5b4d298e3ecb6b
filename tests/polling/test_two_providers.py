"""Two providers that differ in everything that may differ, under one watch."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.accounts import FlagKind
from bot.domain.errors import Cause, ErrorCode, UserError
from bot.domain.incidents import ServiceProblem, State
from bot.domain.providers import MJPROXY, USEAPI, reference_to
from bot.providers.errors import ProviderError, Unauthorized, Unreachable
from tests.simulators.mjproxy import Endpoint, Fault, SimulatedMjproxy
from tests.simulators.mjproxy.pool import BLOCKED, MODERATION
from tests.simulators.useapi import Endpoint as UseapiEndpoint
from tests.simulators.useapi import SimulatedUseapi
from tests.support.assembly import Assembly
from tests.support.clock import MINUTE, Clock
from tests.support.samples import CHANNEL

SAVED = timedelta(seconds=5)
"""After this the proxy lists what struck an account."""


@pytest.fixture
async def watch(
    api: SimulatedUseapi, proxy: SimulatedMjproxy, database: Path, clock: Clock
) -> AsyncIterator[Assembly]:
    async with Assembly(database, clock, api=api, proxy=proxy) as watched:
        yield watched


def of_proxy(key: str) -> str:
    return reference_to(MJPROXY, key)


def break_off(proxy: SimulatedMjproxy) -> None:
    """Let every page of the list fail but the first, until it is mended."""

    def after(endpoint: Endpoint) -> None:
        if endpoint is Endpoint.LIST:
            proxy.before_answer = lambda _: None
            proxy.fault(Fault.SERVER_ERROR, endpoint=Endpoint.LIST)

    proxy.before_answer = after


def fill(proxy: SimulatedMjproxy) -> list[str]:
    """Fill two pages. Return the keys, the first of which is on the last page."""
    return [proxy.add().id for _ in range(150)]


async def test_both_are_watched(watch: Assembly, api: SimulatedUseapi, proxy: SimulatedMjproxy) -> None:
    channel, key = api.add().channel, proxy.add().id
    await watch.pollers.poll()
    assert watch.pollers.names == (USEAPI, MJPROXY)
    assert set(watch.pollers.cache.by_reference) == {channel, of_proxy(key)}


async def test_the_proxy_is_watched_alone(proxy: SimulatedMjproxy, database: Path, clock: Clock) -> None:
    key = proxy.add().id
    async with Assembly(database, clock, proxy=proxy) as watch:
        await watch.pollers.poll()
        assert watch.poller is watch.proxy_poller
        assert set(watch.pollers.cache.by_reference) == {of_proxy(key)}


# One provider is out of reach (row 59)


async def test_row_59_what_one_provider_does_is_nothing_to_the_accounts_of_the_other(
    watch: Assembly, api: SimulatedUseapi, proxy: SimulatedMjproxy, clock: Clock
) -> None:
    api.add(channel=CHANNEL)
    key = proxy.add(channel=CHANNEL).id
    await watch.pollers.poll()
    api.fault(Fault.UNAUTHORIZED)
    proxy.strike(key, MODERATION)
    clock.advance(MINUTE)
    await watch.pollers.poll()
    assert {each: type(failure) for each, failure in watch.pollers.failures.items()} == {USEAPI: Unauthorized}
    assert watch.incident(None).provider == USEAPI
    assert watch.incident(of_proxy(key)).flag is not None
    assert set(watch.watch_state.open_incidents) == {of_proxy(key)}
    assert watch.pollers.cache.by_reference[CHANNEL].account.flag is None

    proxy.fault(Fault.UNAUTHORIZED)
    api.mend()
    clock.advance(MINUTE)
    await watch.pollers.poll()
    problems = {each.provider: each.state for each in watch.watch_state.incidents.values() if each.problem}
    assert problems == {USEAPI: State.ENDED, MJPROXY: State.OPEN}
    assert watch.incident(of_proxy(key)).state is State.OPEN
    assert set(watch.pollers.cache.by_reference) == {CHANNEL, of_proxy(key)}


async def test_only_if_no_provider_can_be_read_does_a_poll_of_all_fail(
    watch: Assembly, api: SimulatedUseapi, proxy: SimulatedMjproxy
) -> None:
    proxy.fault(Fault.UNAUTHORIZED)
    await watch.pollers.poll()
    await watch.pollers.poll_for_refresh()
    api.fault(Fault.UNAUTHORIZED)
    for polling in (watch.pollers.poll, watch.pollers.poll_for_refresh):
        with pytest.raises(Unauthorized):
            await polling()


async def test_a_fault_of_ours_in_one_provider_leaves_the_other_watched(
    watch: Assembly,
    api: SimulatedUseapi,
    proxy: SimulatedMjproxy,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def faulty() -> None:
        raise KeyError("odd")

    monkeypatch.setattr(watch.proxy_poller.provider, "read_list", faulty)
    channel = api.add().channel
    proxy.add()
    for _ in range(7):
        with pytest.raises(KeyError):
            await watch.pollers.poll()
        clock.advance(MINUTE)
    service = watch.incident(None)
    assert (service.provider, service.problem, service.cause) == (
        MJPROXY,
        ServiceProblem.UNREACHABLE,
        Cause.FAULT,
    )
    assert watch.poller.failure is None
    assert set(watch.pollers.cache.by_reference) == {channel}


# Finding an account


async def test_an_account_is_found_by_what_either_provider_calls_it(
    watch: Assembly, api: SimulatedUseapi, proxy: SimulatedMjproxy
) -> None:
    channel = api.add().channel
    account = proxy.add(remark="Studio")
    site = proxy.add(is_discord=False)
    assert (await watch.pollers.find(channel)).reference == channel
    for typed in ("studio", account.channel, of_proxy(account.id)):
        assert (await watch.pollers.find(typed)).reference == of_proxy(account.id)
    assert (await watch.pollers.find(of_proxy(site.id))).reference == of_proxy(site.id)


async def test_one_name_at_both_providers_names_neither(
    watch: Assembly, api: SimulatedUseapi, proxy: SimulatedMjproxy
) -> None:
    channel = api.add().channel
    proxy.add(channel=channel, remark="Twin")
    await watch.pollers.poll()
    watch.pollers.cache.rename(watch.known(channel), "Twin")
    with pytest.raises(UserError) as refused:
        await watch.pollers.find("twin")
    assert refused.value.code is ErrorCode.ACCOUNT_AMBIGUOUS
    # The id is the whole reference of the one, and the other has a channel of the same id.
    assert (await watch.pollers.find(channel)).reference == channel


@pytest.mark.parametrize("down", [USEAPI, MJPROXY])
async def test_what_is_not_found_may_be_at_the_provider_that_is_down(
    watch: Assembly, api: SimulatedUseapi, proxy: SimulatedMjproxy, down: str
) -> None:
    channel, key = api.add().channel, proxy.add().id
    await watch.pollers.poll()
    (api if down == USEAPI else proxy).fault(Fault.UNAUTHORIZED)
    assert (await watch.pollers.find(channel)).reference == channel
    assert (await watch.pollers.find(of_proxy(key))).reference == of_proxy(key)
    with pytest.raises(Unauthorized) as failed:
        await watch.pollers.find("nobody")
    assert failed.value.provider == down


# An incomplete list (row 60)


async def test_row_60_an_incomplete_list_opens_and_changes_and_ends_nothing(
    watch: Assembly, proxy: SimulatedMjproxy, clock: Clock
) -> None:
    keys = fill(proxy)
    kept, changed, opened = keys[0], keys[-1], keys[-2]
    cured = keys[-3]
    for key in (kept, changed, cured):
        proxy.strike(key, MODERATION)
    clock.advance(SAVED)
    await watch.pollers.poll()
    known = set(watch.pollers.cache.by_reference)
    assert len(known) == 150

    break_off(proxy)
    proxy.strike(opened, MODERATION)
    proxy.strike(changed, BLOCKED)
    proxy.remove(keys[1])  # on the page that is not read
    proxy.acknowledge(cured)
    proxy.enable([cured])
    for _ in range(4):
        clock.advance(2 * MINUTE)
        proxy.mend()
        break_off(proxy)
        with pytest.raises(Unreachable):
            await watch.proxy_poller.poll()
    kinds = {
        channel: each.flag.kind
        for channel, each in watch.watch_state.open_incidents.items()
        if each.flag is not None
    }
    assert kinds == {
        of_proxy(kept): FlagKind.MODERATION,
        of_proxy(opened): FlagKind.MODERATION,
        of_proxy(changed): FlagKind.BLOCK,
        of_proxy(cured): FlagKind.MODERATION,
    }
    assert set(watch.pollers.cache.by_reference) == known
    assert {each.reference for each in await watch.store.accounts() if each.is_listed} == known
    assert watch.incident(of_proxy(kept)).missing_polls == 0
    service = watch.incident(None)
    assert (service.provider, service.problem) == (MJPROXY, ServiceProblem.UNREACHABLE)
    assert not [each for each in watch.watch_state.incidents.values() if each.ended]

    proxy.mend()
    proxy.before_answer = lambda _: None
    for _ in range(8):
        clock.advance(MINUTE)
        await watch.proxy_poller.poll()
    assert watch.incident(None).ended
    assert watch.incident(of_proxy(cured)).ended
    assert set(watch.pollers.cache.by_reference) == known - {of_proxy(keys[1])}


async def test_an_incomplete_list_is_a_problem_only_after_a_while(
    watch: Assembly, api: SimulatedUseapi, proxy: SimulatedMjproxy, clock: Clock
) -> None:
    api.add()
    fill(proxy)
    await watch.pollers.poll()
    for count in range(6):
        clock.advance(MINUTE)
        proxy.mend()
        break_off(proxy)
        await watch.pollers.poll()
        assert set(watch.pollers.failures) == {MJPROXY}
        assert any(each.problem for each in watch.watch_state.incidents.values()) is (count == 5)


async def test_what_an_incomplete_list_shows_for_the_first_time_is_known(
    watch: Assembly, proxy: SimulatedMjproxy
) -> None:
    keys = fill(proxy)
    break_off(proxy)
    with pytest.raises(ProviderError):
        await watch.proxy_poller.poll()
    assert set(watch.pollers.cache.by_reference) == {of_proxy(key) for key in keys[50:]}
    assert watch.pollers.cache.observed_at[MJPROXY] is None


# A list that takes long


async def test_a_provider_is_left_alone_for_five_times_as_long_as_its_list_took(
    watch: Assembly, api: SimulatedUseapi, proxy: SimulatedMjproxy, clock: Clock
) -> None:
    def takes(endpoint: Endpoint) -> None:
        clock.advance((endpoint is Endpoint.LIST) * timedelta(seconds=6))

    proxy.before_answer = takes
    await watch.pollers.poll()
    assert (watch.poller.rest, watch.proxy_poller.rest) == (timedelta(), timedelta(seconds=30))
    clock.advance(timedelta(seconds=20))
    await watch.pollers.poll()
    await watch.pollers.poll_for_refresh()
    watch.pollers.start_polls()
    with pytest.raises(UserError):
        await watch.pollers.find("nobody")
    assert proxy.count(Endpoint.LIST) == 1
    assert api.count(UseapiEndpoint.LIST) > 3
    before = clock.now()
    await watch.proxy_poller.poll_anew()  # a person acts, and waits
    assert (proxy.count(Endpoint.LIST), clock.now() - before) == (2, timedelta(seconds=10 + 6))
    clock.advance(timedelta(seconds=30))
    await watch.pollers.poll()
    assert proxy.count(Endpoint.LIST) == 3


async def test_a_provider_that_rests_after_half_a_list_counts_as_unread(
    watch: Assembly, proxy: SimulatedMjproxy, clock: Clock
) -> None:
    fill(proxy)
    break_off(proxy)
    first = proxy.before_answer

    def takes(endpoint: Endpoint) -> None:
        clock.advance((endpoint is Endpoint.LIST) * timedelta(seconds=6))
        first(endpoint)

    proxy.before_answer = takes
    for _ in range(2):
        with pytest.raises(Unreachable):
            await watch.proxy_poller.poll()
