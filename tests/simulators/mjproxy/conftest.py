"""Fixtures: the clock of the recorded answers, and a client of the simulated midjourney-proxy."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.domain.secret import SecretStr
from bot.providers.mjproxy.client import MjproxyClient
from tests.simulators.mjproxy import SimulatedMjproxy
from tests.simulators.mjproxy.cases import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def client(proxy: SimulatedMjproxy, clock: Clock) -> AsyncIterator[MjproxyClient]:
    async with aiohttp.ClientSession() as session:
        yield MjproxyClient(
            session, proxy.url, SecretStr(proxy.token), now=clock.now, sleep=at_once, random=lambda: 0.0
        )


async def at_once(_: float) -> None:
    """Sleep no longer than a turn."""
