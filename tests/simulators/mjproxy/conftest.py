"""Fixtures: the simulated midjourney-proxy, a client of it, and a search for its credentials afterwards."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import aiohttp
import pytest
from pydantic import SecretStr

from bot.providers.mjproxy.client import MjproxyClient
from tests.simulators.mjproxy import SimulatedMjproxy
from tests.simulators.mjproxy.cases import Clock

if TYPE_CHECKING:
    from tests.conftest import Leaks


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def proxy(clock: Clock, leaks: "Leaks") -> AsyncIterator[SimulatedMjproxy]:
    async with SimulatedMjproxy(now=clock.now) as simulated:
        yield simulated
        leaks.secrets |= simulated.secrets


@pytest.fixture
async def client(proxy: SimulatedMjproxy, clock: Clock) -> AsyncIterator[MjproxyClient]:
    async with aiohttp.ClientSession() as session:
        yield MjproxyClient(
            session, proxy.url, SecretStr(proxy.token), now=clock.now, sleep=at_once, random=lambda: 0.0
        )


async def at_once(_: float) -> None:
    """Sleep no longer than a turn."""
