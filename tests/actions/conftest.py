"""Fixture: a watched midjourney-proxy."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.simulators.mjproxy import SimulatedMjproxy
from tests.support.assembly import Assembly
from tests.support.clock import Clock
from tests.support.proxy_scene import ProxyScene
from tests.support.samples import ADA, BEA


@pytest.fixture
async def scene(proxy: SimulatedMjproxy, clock: Clock, database: Path) -> AsyncIterator[ProxyScene]:
    async with Assembly(database, clock, (ADA, BEA), proxy=proxy) as watch:
        yield ProxyScene(proxy, watch)
