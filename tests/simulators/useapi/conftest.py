"""Fixtures: the simulated useapi.net on its socket, and a client that asks it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.simulators.useapi import SimulatedUseapi
from tests.simulators.useapi.cases import PINNED, Client
from tests.support.clock import Clock


@pytest.fixture
async def useapi() -> AsyncIterator[SimulatedUseapi]:
    async with SimulatedUseapi(now=Clock(PINNED).now) as simulated:
        yield simulated


@pytest.fixture
async def client(useapi: SimulatedUseapi) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield Client(session, useapi)
