"""Fixtures: the simulated Discord, to which discord.py is pointed, and a small real bot there."""

from collections.abc import AsyncGenerator

import pytest

from tests.simulators.discord import SimulatedDiscord, point_at
from tests.simulators.discord.small_bot import SmallBot, running


@pytest.fixture
async def sim() -> AsyncGenerator[SimulatedDiscord]:
    async with SimulatedDiscord() as simulated:
        with point_at(simulated.api, simulated.gateway):
            yield simulated
        assert simulated.problems == []


@pytest.fixture
async def bot(sim: SimulatedDiscord) -> AsyncGenerator[SmallBot]:
    async with running(sim) as small:
        yield small
