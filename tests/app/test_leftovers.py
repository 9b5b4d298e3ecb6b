"""However the bot ends, and however a login fails, nothing stays open."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import pytest

from bot import app
from bot.interactions.client import Midwatch
from bot.runtime.errors import TokenRefusedError
from bot.storage import Store
from tests.simulators.discord import SANDBOX_BOT_TOKEN, FaultKind, SimulatedDiscord, point_at
from tests.simulators.useapi import Endpoint
from tests.support.ending import ended, nothing_left
from tests.support.running import PATIENCE, Bot, Visitor


async def test_nothing_is_left_open_after_a_stop(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    async with nothing_left():
        await bot.start()
        await ada.ask("mjinfo")
        await bot.stop()


async def test_nothing_is_left_open_when_the_token_is_refused(bot: Bot) -> None:
    bot.world.fault(FaultKind.TOKEN_REFUSED)
    async with nothing_left():
        bot.launch()
        with pytest.raises(TokenRefusedError):
            await ended(bot)


async def test_nothing_is_left_open_when_the_connection_is_closed_for_good(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    account.info_seconds = 60.0
    async with nothing_left():
        await bot.start()
        await ada.use("mjinfo")
        await bot.world.wait_for(lambda: bot.api.count(Endpoint.INFO), PATIENCE)
        bot.world.drop_gateway(4004)
        with pytest.raises(TokenRefusedError):
            await ended(bot)


@pytest.fixture
async def midwatch(bot: Bot) -> AsyncIterator[Midwatch]:
    """The client alone, not logged in."""
    settings = bot.settings()
    async with AsyncExitStack() as stack:
        stack.enter_context(point_at(bot.world.api, bot.world.gateway))
        store = await stack.enter_async_context(Store.open(settings.database_path))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        client = await stack.enter_async_context(Midwatch(settings, store))
        client.services = await app.assemble(
            client, settings, store, session, app.providers_of(settings, session)
        )
        yield client


@pytest.mark.parametrize("kind", [FaultKind.SLOW, FaultKind.RESET, FaultKind.ERROR])
async def test_a_login_that_fails_or_takes_too_long_leaves_nothing_open_and_can_be_tried_again(
    midwatch: Midwatch, world: SimulatedDiscord, kind: FaultKind
) -> None:
    failing = world.fault(kind, path="/users/@me", seconds=60.0, status=503)
    for _ in range(2):
        with pytest.raises(Exception):  # noqa: B017, PT011 - which one is the library's business
            await asyncio.wait_for(midwatch.log_in(SANDBOX_BOT_TOKEN), 0.2)
    world.mend(failing)
    await midwatch.log_in(SANDBOX_BOT_TOKEN)
    gc.collect()
    assert midwatch.application_id == world.application_id
