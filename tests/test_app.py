"""The whole bot in this process: how it starts, what it survives, how it ends."""

import asyncio
import contextlib
import gc
import os
import signal
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import aiohttp
import pytest
import yarl

from bot import app
from bot.client import Midwatch
from bot.errors import TokenRefusedError, UnavailableError
from bot.store import DatabaseInUse, Store
from tests.running import Bot, Visitor
from tests.sandbox.discord import SANDBOX_BOT_TOKEN, SimulatedDiscord, Trouble, point_at
from tests.sandbox.useapi import Endpoint, Fault

PATIENCE = 10.0
STOPS_WITHIN = 2.0

Prepare = Callable[[Bot], None]


async def ended(bot: Bot) -> None:
    """Wait until the bot has ended by itself, and raise why."""
    task = bot._task  # pyright: ignore[reportPrivateUsage] - who only starts it need not hold its task
    assert task is not None
    await asyncio.wait({task}, timeout=PATIENCE)
    assert task.done()
    await bot.stop()


async def serves(bot: Bot, person: Visitor) -> None:
    """Wait until commands can be used, and use one."""
    world, place = bot.world, bot.world.channel_id
    await world.wait_for(lambda: world.connected and world.commands(person.person, place), PATIENCE)
    assert await person.ask("mjaccounts")


def looked(bot: Bot) -> bool:
    """Whether the account list was read."""
    return any(one.endpoint is Endpoint.LIST and one.status is not None for one in bot.api.requests)


# ------------------------------------------------------------------------------------------------ start


async def test_it_watches_while_discord_is_down_and_serves_once_discord_is_back(
    bot: Bot, ada: Visitor
) -> None:
    bot.api.add()
    await bot.world.vanish()
    bot.launch()
    await bot.world.wait_for(lambda: looked(bot), PATIENCE)
    await bot.world.come_back()
    await serves(bot, ada)


@pytest.mark.parametrize("status", [500, 503])
async def test_it_waits_for_a_discord_that_answers_with_errors(bot: Bot, ada: Visitor, status: int) -> None:
    down = bot.world.fault(Trouble.ERROR, status=status)
    bot.launch()
    await bot.world.wait_for(lambda: bot.world.requests, PATIENCE)
    bot.world.mend(down)
    await serves(bot, ada)


async def test_it_serves_while_the_api_is_down_and_reads_the_list_once_the_api_is_back(
    bot: Bot, ada: Visitor
) -> None:
    account = bot.api.add(discord_name="aurora")
    bot.api.fault(Fault.VANISHED)
    bot.launch()
    world, place = bot.world, bot.world.channel_id
    await world.wait_for(lambda: world.connected and world.commands(ada.person, place), PATIENCE)
    assert await ada.complete("mjinfo", "") == []

    bot.api.mend()
    await world.wait_for(lambda: looked(bot), PATIENCE)
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
    await bot.world.wait_for(lambda: looked(bot), PATIENCE)


async def test_a_gateway_that_refuses_at_first_is_tried_again(bot: Bot, ada: Visitor) -> None:
    bot.world.fault(Trouble.GATEWAY_REFUSED, times=1)
    await bot.start()
    await serves(bot, ada)


async def test_commands_that_discord_did_not_take_are_told_again(bot: Bot, ada: Visitor) -> None:
    bot.world.fault(Trouble.ERROR, status=503, path="/applications/*/commands", times=1)
    await bot.start()
    await serves(bot, ada)


async def test_a_token_that_discord_refuses_ends_it_with_what_to_do(bot: Bot) -> None:
    bot.world.fault(Trouble.TOKEN_REFUSED)
    bot.launch()
    with pytest.raises(TokenRefusedError, match="DISCORD_TOKEN"):
        await ended(bot)
    assert [str(one.path) for one in bot.world.requests] == ["/users/@me"]


@pytest.mark.parametrize(
    "extension",
    [
        pytest.param("tests.parts", id="it-is-none"),
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
    with pytest.raises(DatabaseInUse):
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
    session.tell("GUILD_UPDATE", {})
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
    bot.world.fault(Trouble.SLOW, path="/users/@me", seconds=60.0)


def slow_registration(bot: Bot) -> None:
    bot.world.fault(Trouble.SLOW, path="/applications/*", seconds=60.0)


def hung_api(bot: Bot) -> None:
    bot.api.fault(Fault.HANG)


def errors(bot: Bot) -> None:
    bot.world.fault(Trouble.ERROR, status=503)


def nothing(_bot: Bot) -> None:
    """Let all be well."""


@pytest.mark.parametrize("prepare", [nothing, slow_login, slow_registration, hung_api, errors])
async def test_it_stops_at_once_at_any_point_of_its_start(bot: Bot, prepare: Prepare) -> None:
    prepare(bot)
    task = bot.launch()
    await asyncio.wait({task}, timeout=0.2)
    begun = time.monotonic()
    await bot.stop()
    assert time.monotonic() - begun < STOPS_WITHIN
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
    begun = time.monotonic()
    await bot.stop()
    assert time.monotonic() - begun < STOPS_WITHIN


@dataclass
class Tunnel:
    """A way to the gateway; what the bot says through it can be lost from some moment on."""

    target: yarl.URL
    lines: int = 0
    deaf: int = 0
    """How many lines, the first ones, carry nothing to the gateway any more."""
    _writers: list[asyncio.StreamWriter] = field(default_factory=list[asyncio.StreamWriter])
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    @property
    def address(self) -> str:
        assert self._server is not None
        return str(self.target.with_port(self._server.sockets[0].getsockname()[1]))

    def lose(self) -> None:
        """Carry nothing to the gateway any more on the lines there are."""
        self.deaf = self.lines

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines += 1
        line = self.lines
        far_reader, far_writer = await asyncio.open_connection(self.target.host, self.target.port)
        self._writers += [writer, far_writer]
        there = carry(reader, far_writer, lambda: line <= self.deaf)
        await asyncio.gather(there, carry(far_reader, writer, lambda: False))


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lost: Callable[[], bool]) -> None:
    """Pass on what comes, until the connection ends or breaks."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            if not lost():
                writer.write(data)


@pytest.fixture
async def tunnel(bot: Bot) -> AsyncIterator[Tunnel]:
    """A tunnel with the bot at its end, serving."""
    stop = asyncio.Event()
    async with Tunnel(yarl.URL(bot.world.gateway)) as opened:
        with point_at(bot.world.api, opened.address):
            running = asyncio.create_task(app.run(bot.settings(), stop))
            await bot.world.wait_for(lambda: bot.world.connected, PATIENCE)
            yield opened
            begun = time.monotonic()
            stop.set()
            await asyncio.wait_for(running, PATIENCE)
            assert time.monotonic() - begun < STOPS_WITHIN


async def test_it_stops_although_the_gateway_does_not_answer_its_goodbye(tunnel: Tunnel) -> None:
    tunnel.lose()  # the fixture stops it


async def test_it_connects_anew_although_the_gateway_does_not_answer_its_goodbye(
    bot: Bot, tunnel: Tunnel
) -> None:
    (session,) = bot.world._gateway._sessions  # pyright: ignore[reportPrivateUsage] - the sandbox sends only what is right
    tunnel.lose()
    session.tell("GUILD_UPDATE", {})
    await bot.world.wait_for(lambda: tunnel.lines == 2, PATIENCE)


# ------------------------------------------------------------------------------------ nothing is left


@asynccontextmanager
async def nothing_left() -> AsyncGenerator[None]:
    """Make sure that the block leaves neither task nor thread, and no session for the collector to find."""
    tasks, threads = asyncio.all_tasks(), set(threading.enumerate())
    yield
    gc.collect()  # an unclosed session warns when it is collected, and warnings are errors
    await asyncio.sleep(0)  # what is being cancelled needs a turn to end
    assert {task for task in asyncio.all_tasks() if not foreign(task)} <= tasks
    left = set(threading.enumerate()) - threads
    for thread in left:
        thread.join(1)
    assert [thread.name for thread in left if thread.is_alive() and not thread.daemon] == []


def foreign(task: asyncio.Task[object]) -> bool:
    """Whether a task belongs to the servers, or is discord.py's two seconds of waiting after READY."""
    whose = repr(task.get_coro())
    return any(name in whose for name in ("RequestHandler", "Line.write", "_delay_ready", "Queue.get"))


async def test_nothing_is_left_open_after_a_stop(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    async with nothing_left():
        await bot.start()
        await ada.ask("mjinfo")
        await bot.stop()


async def test_nothing_is_left_open_when_the_token_is_refused(bot: Bot) -> None:
    bot.world.fault(Trouble.TOKEN_REFUSED)
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
        services = await app.assemble(settings, store, session)
        yield await stack.enter_async_context(Midwatch(settings, services))


@pytest.mark.parametrize("trouble", [Trouble.SLOW, Trouble.RESET, Trouble.ERROR])
async def test_a_login_that_fails_or_takes_too_long_leaves_nothing_open_and_can_be_tried_again(
    midwatch: Midwatch, world: SimulatedDiscord, trouble: Trouble
) -> None:
    failing = world.fault(trouble, path="/users/@me", seconds=60.0, status=503)
    for _ in range(2):
        with pytest.raises(Exception):  # noqa: B017, PT011 - which one is the library's business
            await asyncio.wait_for(midwatch.log_in(SANDBOX_BOT_TOKEN), 0.2)
    world.mend(failing)
    await midwatch.log_in(SANDBOX_BOT_TOKEN)
    gc.collect()
    assert midwatch.application_id == world.application_id
