"""Fixtures: a client that is logged in at the simulated Discord, without a gateway."""

from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest

from bot.domain.clock import utc_now
from bot.notifications.discord_transport import DiscordTransport
from tests.notifications.outbox_driver import OutboxDriver
from tests.simulators.discord import SANDBOX_BOT_TOKEN, SimulatedDiscord, point_at
from tests.support.clock import Clock


@pytest.fixture
async def client(world: SimulatedDiscord) -> AsyncIterator[discord.Client]:
    """A client that knows Discord's REST and nothing else."""
    with point_at(world.api, world.gateway):
        async with discord.Client(intents=discord.Intents.none(), max_ratelimit_timeout=30.0) as client:
            await client.login(SANDBOX_BOT_TOKEN)
            yield client


@pytest.fixture
def post(client: discord.Client, world: SimulatedDiscord) -> DiscordTransport:
    """The post with both routes."""
    return DiscordTransport(client, world.alerts_channel_id)


@pytest.fixture
def driver(tmp_path: Path, post: DiscordTransport, world: SimulatedDiscord) -> OutboxDriver:
    """An outbox with both routes; each test opens its process."""
    return OutboxDriver(tmp_path / "midwatch.sqlite3", post, world, Clock(utc_now(), speed=1))
