"""Nothing that goes wrong at any await ends the loops of the watch, and every way out closes the database."""

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp
import discord
import pytest

from bot.domain.clock import utc_now
from bot.domain.messages import Delivery
from bot.incidents.state import WatchState
from bot.runtime.errors import TokenRefusedError, UnavailableError
from bot.storage import Store, StoreError
from bot.storage.errors import as_store_errors
from tests.chaos.hurry import HurriedLoop
from tests.chaos.seams import Seam, Traps, watching
from tests.simulators.discord import FaultKind, Json, SimulatedDiscord
from tests.simulators.useapi import CAPTCHA, SimulatedUseapi
from tests.support.clock import Clock
from tests.support.running import Bot

PATIENCE = 15.0
SPEED = 90.0
"""The bot waits long after the sixth error in a row."""


@dataclass(frozen=True, slots=True)
class Response:
    """As much of an answer as discord.py's errors read."""

    status: int
    reason: str = "for the test"


def of_sqlite() -> StoreError:
    """Return what the store makes of an error of SQLite."""
    try:
        with as_store_errors(Path("midwatch.sqlite3")):
            raise sqlite3.OperationalError("database is locked")
    except StoreError as error:
        return error


def refused(kind: type[discord.HTTPException], status: int) -> discord.HTTPException:
    return kind(Response(status), None)  # pyright: ignore[reportArgumentType] - it reads no more of it


ERRORS: dict[str, BaseException] = {
    "OSError": OSError(5, "Input/output error"),
    "TimeoutError": TimeoutError(),
    "CancelledError": asyncio.CancelledError(),
    "Forbidden": refused(discord.Forbidden, 403),
    "NotFound": refused(discord.NotFound, 404),
    "DiscordServerError": refused(discord.DiscordServerError, 503),
    "RateLimited": discord.RateLimited(3.0),
    "ServerDisconnectedError": aiohttp.ServerDisconnectedError(),
    "sqlite3.OperationalError": sqlite3.OperationalError("database is locked"),
    "StoreError": of_sqlite(),
    "ValueError": ValueError("no JSON"),
    "KeyError": KeyError("id"),
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_no_error_at_any_seam_ends_the_watch_or_loses_or_repeats_a_message(
    tmp_path: Path, error: BaseException
) -> None:
    clock = Clock(utc_now(), speed=SPEED)
    with asyncio.Runner(loop_factory=partial(HurriedLoop, SPEED)) as runner:
        problems = runner.run(live_a_life(tmp_path / "midwatch.sqlite3", Traps(error), clock))
    assert problems == []


async def live_a_life(database: Path, traps: Traps, clock: Clock) -> list[str]:
    """Flag an account, wait for its alert, clear it and wait until it is green.

    An error is raised at each seam on the way.
    """
    unread: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unread.append(str(context)))
    async with SimulatedUseapi(now=clock.now) as api, SimulatedDiscord(now=clock.now) as world:
        channel = api.add().channel
        async with watching(api, world, database, traps, clock) as watch_state:
            traps.armed = True
            await world.wait_for(lambda: len(seen(world)) == 1, PATIENCE)
            api.flag(channel, CAPTCHA)
            await world.wait_for(lambda: sent(watch_state, channel), PATIENCE)
            api.clear(channel)
            await world.wait_for(lambda: is_green(world) and is_over(watch_state), PATIENCE)
            assert traps.sprung == set(Seam)
            assert len(seen(world)) == 2
        return [*world.problems, *unread]


def seen(world: SimulatedDiscord) -> list[Json]:
    return world.messages(world.dm_channel_id(world.owner), world.owner)


def sent(watch_state: WatchState, channel: str) -> bool:
    keys = {key for key, incident in watch_state.incidents.items() if incident.reference == channel}
    return any(
        message.delivery is Delivery.SENT and any(message.holds(key) for key in keys)
        for message in watch_state.messages.values()
    )


def is_over(watch_state: WatchState) -> bool:
    done = (Delivery.DONE, Delivery.CANCELLED)
    return all(message.delivery in done for message in watch_state.messages.values())


def is_green(world: SimulatedDiscord) -> bool:
    return seen(world)[-1]["embeds"][0].get("color") == discord.Colour.green().value


# Every way out closes the database


Prepare = Callable[[Bot], Awaitable[None]]


async def refuse_the_token(bot: Bot) -> None:
    bot.world.fault(FaultKind.TOKEN_REFUSED)


async def break_an_extension(bot: Bot) -> None:
    bot.extensions = ["cogs.accounts", "tests.no_such_extension"]


async def break_what_is_remembered(bot: Bot) -> None:
    async with Store.open(bot.database):
        pass
    await bot.change_database("INSERT INTO meta VALUES ('watch', 'no JSON'), ('owners', 'nobody')")


async def lose_a_table(bot: Bot) -> None:
    async with Store.open(bot.database):
        pass
    await bot.change_database("DROP TABLE message_entry")


NO_BACKUP = {"BACKUP_KEEP": "0"}
"""A backup has a connection of its own, in a thread that may outlast the bot."""
ENDS: dict[str, tuple[Prepare, type[BaseException]]] = {
    "a refused token": (refuse_the_token, TokenRefusedError),
    "a part that does not load": (break_an_extension, UnavailableError),
    "a memory that cannot be read": (break_what_is_remembered, StoreError),
    "a table that is missing": (lose_a_table, StoreError),
}


@pytest.mark.parametrize(("prepare", "expected"), ENDS.values(), ids=ENDS)
async def test_an_end_by_an_error_closes_the_database(
    bot: Bot, prepare: Prepare, expected: type[BaseException]
) -> None:
    await prepare(bot)
    await asyncio.wait({bot.launch(**NO_BACKUP)}, timeout=PATIENCE)
    with pytest.raises(expected):
        await bot.stop()
    assert_closed(bot)


async def test_a_stop_closes_the_database(bot: Bot) -> None:
    await bot.start(**NO_BACKUP)
    await bot.stop()
    assert_closed(bot)


@pytest.mark.parametrize("turns", [0, 1, 3, 10, 30, 100, 300])
async def test_a_cancellation_at_any_time_closes_the_database(bot: Bot, turns: int) -> None:
    task = bot.launch(**NO_BACKUP)
    for _ in range(turns):
        await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.wait({task}, timeout=PATIENCE)
    with pytest.raises(asyncio.CancelledError):
        await bot.stop()
    assert_closed(bot)


def assert_closed(bot: Bot) -> None:
    """Make sure that the file is free, all of it in one piece, and that no thread still works on it."""
    assert not bot.database.with_name(f"{bot.database.name}-wal").exists()
    workers = [each for each in threading.enumerate() if "connection_worker" in each.name]
    for worker in workers:  # it was asked to end, and may be about to
        worker.join(PATIENCE)
    assert not any(worker.is_alive() for worker in workers)
    if bot.database.exists() and bot.database.stat().st_size:
        with closing(sqlite3.connect(bot.database, timeout=0)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
