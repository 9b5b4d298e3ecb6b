"""Two providers that differ in everything that may differ, under one watch."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.providers import MJPROXY, USEAPI, reference_to
from tests.simulators.mjproxy import SimulatedMjproxy
from tests.simulators.useapi import SimulatedUseapi
from tests.support.assembly import Assembly
from tests.support.clock import Clock


@pytest.fixture
async def watch(
    api: SimulatedUseapi, proxy: SimulatedMjproxy, database: Path, clock: Clock
) -> AsyncIterator[Assembly]:
    async with Assembly(database, clock, api=api, proxy=proxy) as watched:
        yield watched


async def test_both_are_watched(watch: Assembly, api: SimulatedUseapi, proxy: SimulatedMjproxy) -> None:
    channel, key = api.add().channel, proxy.add().id
    await watch.pollers.poll()
    assert watch.pollers.names == (USEAPI, MJPROXY)
    assert set(watch.pollers.cache.by_channel) == {channel, reference_to(MJPROXY, key)}


async def test_the_proxy_is_watched_alone(proxy: SimulatedMjproxy, database: Path, clock: Clock) -> None:
    key = proxy.add().id
    async with Assembly(database, clock, proxy=proxy) as watch:
        await watch.pollers.poll()
        assert watch.poller is watch.proxy_poller
        assert set(watch.pollers.cache.by_channel) == {reference_to(MJPROXY, key)}
