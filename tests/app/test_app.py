"""The whole bot in this process: how it starts, what it survives, how it ends."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import yarl

from bot import app
from bot.runtime.errors import TokenRefusedError, UnavailableError
from bot.storage import StoreError
from tests.simulators.discord import FaultKind, point_at
from tests.simulators.useapi import Endpoint, Fault
from tests.support.ending import ended
from tests.support.running import PATIENCE, Bot, Visitor
from tests.support.tunnel import Tunnel

LONG = 3_600.0
"""More seconds than `Bot.stop` has patience for: who waits so long fails the test."""
GIVES_UP_AFTER = 15.0
"""Half of the seconds that discord.py waits for the answer to its goodbye."""

Prepare = Callable[[Bot], None]


async def serves(bot: Bot, person: Visitor) -> None:
    """Wait until commands can be used, and use one."""
    world, place = bot.world, bot.world.channel_id
    await world.wait_for(lambda: world.connected and world.commands(person.person, place), PATIENCE)
    assert await person.ask("mjaccounts")


async def test_what_is_too_old_to_keep_is_forgotten(bot: Bot) -> None:
    await bot.start()
    await bot.stop()
    await bot.change_database(
        "INSERT INTO audit (at, actor_id, verb, channel, outcome) VALUES (0, 1, 'reset', '', 'asked')"
    )
    assert await bot.actions()
    await bot.start()
    async with asyncio.timeout(PATIENCE):
        while await bot.actions():  # noqa: ASYNC110 - nothing reports it
            await asyncio.sleep(0)


def has_polled(bot: Bot) -> bool:
    """Whether the account list was read."""
    return any(one.endpoint is Endpoint.LIST and one.status is not None for one in bot.api.requests)


# ------------------------------------------------------------------------------------------------ start


async def test_it_watches_while_discord_is_down_and_serves_once_discord_is_back(
    bot: Bot, ada: Visitor
) -> None:
    bot.api.add()
    await bot.world.vanish()
    bot.launch()
    await bot.world.wait_for(lambda: has_polled(bot), PATIENCE)
    await bot.world.come_back()
    await serves(bot, ada)


@pytest.mark.parametrize("status", [500, 503])
async def test_it_waits_for_a_discord_that_answers_with_errors(bot: Bot, ada: Visitor, status: int) -> None:
    down = bot.world.fault(FaultKind.ERROR, status=status)
    bot.launch()
    await bot.world.wait_for(lambda: bot.world.requests, PATIENCE)
    bot.world.mend(down)
    await serves(bot, ada)


async def test_it_serves_while_the_api_is_down_and_reads_the_list_once_the_api_is_back(
    bot: Bot, ada: Visitor
) -> None:
    account, mended = bot.api.add(discord_name="aurora"), asyncio.Event()

    async def until_mended(_seconds: float) -> None:
        await mended.wait()

    bot.again = until_mended
    bot.api.fault(Fault.VANISHED)
    bot.launch()
    world, place = bot.world, bot.world.channel_id
    await world.wait_for(lambda: world.connected and world.commands(ada.person, place), PATIENCE)
    assert await ada.complete("mjinfo", "") == []

    bot.api.mend()
    mended.set()
    await world.wait_for(lambda: has_polled(bot) and not bot.polling, PATIENCE)
    assert [choice.value for choice in await ada.complete("mjinfo", "")] == [account.channel]


async def test_it_comes_up_with_both_down_and_recovers(bot: Bot, ada: Visitor) -> None:
    bot.api.fault(Fault.VANISHED)
    await bot.world.vanish()
    task = bot.launch()
    await asyncio.wait({task}, timeout=0.3)
    assert not task.done()
    bot.api.mend()
    await bot.world.come_back()
    await serves(bot, ada)
    await bot.world.wait_for(lambda: has_polled(bot), PATIENCE)


async def test_a_gateway_that_refuses_at_first_is_tried_again(bot: Bot, ada: Visitor) -> None:
    bot.world.fault(FaultKind.GATEWAY_REFUSED, times=1)
    await bot.start()
    await serves(bot, ada)


async def test_commands_that_discord_did_not_take_are_sent_again(bot: Bot, ada: Visitor) -> None:
    bot.world.fault(FaultKind.ERROR, status=503, path="/applications/*/commands", times=1)
    await bot.start()
    await serves(bot, ada)


async def test_a_token_that_discord_refuses_ends_it_with_what_to_do(bot: Bot) -> None:
    bot.world.fault(FaultKind.TOKEN_REFUSED)
    bot.launch()
    with pytest.raises(TokenRefusedError, match="DISCORD_TOKEN"):
        await ended(bot)
    assert [str(one.path) for one in bot.world.requests] == ["/users/@me"]


@pytest.mark.parametrize(
    "extension",
    [
        pytest.param("tests.support.samples", id="it-is-none"),
        pytest.param("cogs.no_such_thing", id="it-is-not-there"),
    ],
)
async def test_a_part_that_does_not_load_ends_it_before_discord_is_met(bot: Bot, extension: str) -> None:
    bot.extensions = (*bot.extensions, extension)
    bot.launch()
    with pytest.raises(UnavailableError, match=extension):
        await ended(bot)
    assert bot.world.requests == []


async def test_a_second_bot_on_one_database_ends_and_leaves_the_first_alone(
    bot: Bot, ada: Visitor, tmp_path: Path
) -> None:
    await bot.start()
    second = Bot(bot.api, bot.world, tmp_path)
    second.launch()
    with pytest.raises(StoreError, match="database in use"):
        await ended(second)
    await serves(bot, ada)


# ------------------------------------------------------------------------------------- while it runs


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(None, id="without-a-word"),
        pytest.param(1000, id="normally"),
        pytest.param(4000, id="for-an-unknown-error"),
        pytest.param(4009, id="for-a-session-that-timed-out"),
    ],
)
async def test_a_connection_that_ends_is_made_again(bot: Bot, ada: Visitor, code: int | None) -> None:
    await bot.start()
    bot.world.drop_gateway(code)
    await bot.world.wait_for(lambda: not bot.world.connected, PATIENCE)
    await serves(bot, ada)


async def test_an_event_that_the_library_cannot_read_does_not_end_it(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    (session,) = bot.world._gateway._sessions  # pyright: ignore[reportPrivateUsage] - the sandbox sends only what is right
    session.send_event("GUILD_UPDATE", {})
    await bot.world.wait_for(lambda: not bot.world.connected, PATIENCE)
    await serves(bot, ada)


async def test_a_token_that_is_taken_back_ends_it_with_what_to_do(bot: Bot) -> None:
    await bot.start()
    bot.world.drop_gateway(4004)
    with pytest.raises(TokenRefusedError, match="DISCORD_TOKEN"):
        await ended(bot)


async def test_a_connection_closed_for_good_ends_it_and_says_with_which_code(bot: Bot) -> None:
    await bot.start()
    bot.world.drop_gateway(4012)
    with pytest.raises(UnavailableError, match="4012"):
        await ended(bot)


# --------------------------------------------------------------------------------------------- stop


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_it_and_means_what_it_used_to_from_then_on(
    bot: Bot, signum: signal.Signals
) -> None:
    await bot.start()
    os.kill(os.getpid(), signum)
    await ended(bot)
    assert signal.getsignal(signum) in (signal.SIG_DFL, signal.default_int_handler)


def slow_login(bot: Bot) -> None:
    bot.world.fault(FaultKind.SLOW, path="/users/@me", seconds=LONG)


def slow_registration(bot: Bot) -> None:
    bot.world.fault(FaultKind.SLOW, path="/applications/*", seconds=LONG)


def hung_api(bot: Bot) -> None:
    bot.api.fault(Fault.HANG)


def errors(bot: Bot) -> None:
    bot.world.fault(FaultKind.ERROR, status=503)


def all_is_well(_bot: Bot) -> None:
    """Change nothing."""


@pytest.mark.parametrize("prepare", [all_is_well, slow_login, slow_registration, hung_api, errors])
async def test_it_stops_at_any_point_of_its_start(bot: Bot, prepare: Prepare) -> None:
    prepare(bot)
    task = bot.launch()
    await asyncio.wait({task}, timeout=0.2)
    await bot.stop()
    bot.world.mend()


async def test_it_stops_when_told_so_before_it_is_up(bot: Bot) -> None:
    bot.launch()
    await bot.stop()
    assert not bot.world.connected


async def test_it_stops_while_both_are_down(bot: Bot) -> None:
    bot.api.fault(Fault.VANISHED)
    await bot.world.vanish()
    task = bot.launch()
    await asyncio.wait({task}, timeout=0.3)
    await bot.stop()


@pytest.fixture
async def tunnel(bot: Bot) -> AsyncIterator[Tunnel]:
    """A tunnel with the bot at its end, serving."""
    stop = asyncio.Event()
    async with Tunnel(yarl.URL(bot.world.gateway)) as opened:
        with point_at(bot.world.api, opened.address):
            running = asyncio.create_task(app.run(bot.settings(), stop))
            await bot.world.wait_for(lambda: bot.world.connected, PATIENCE)
            yield opened
            stop.set()
            await asyncio.wait_for(running, GIVES_UP_AFTER)


async def test_it_stops_although_the_gateway_does_not_answer_its_goodbye(tunnel: Tunnel) -> None:
    tunnel.lose()  # the fixture stops it


async def test_it_connects_anew_although_the_gateway_does_not_answer_its_goodbye(
    bot: Bot, tunnel: Tunnel
) -> None:
    (session,) = bot.world._gateway._sessions  # pyright: ignore[reportPrivateUsage] - the sandbox sends only what is right
    tunnel.lose()
    session.send_event("GUILD_UPDATE", {})
    await bot.world.wait_for(lambda: tunnel.lines == 2, PATIENCE)
