"""The program without POSIX's modules, signals and codes: as on Windows, as far as Linux can be that."""

import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.domain.charts import Level, Levels
from bot.pictures.process import PNG, Pictures
from tests.demo.process import Process, spawn
from tests.simulators.useapi import CAPTCHA
from tests.support.reading import text
from tests.support.running import Visitor
from tests.support.sandbox import PATIENCE, Sandbox

ELSEWHERE = ("-m", "tests.support.elsewhere")
WINDOWS = "cp1252"
FOREIGN = "Звезда 🌟"


async def elsewhere(command: Sequence[str], log: Path) -> Process:
    _, *module = command
    return await spawn([*ELSEWHERE, *module], log)


@pytest.fixture(autouse=True)
def _far_away(sandbox: Sandbox) -> None:  # pyright: ignore[reportUnusedFunction] - pytest calls it
    sandbox.spawn = elsewhere


def written(sandbox: Sandbox) -> str:
    return sandbox.log.read_text(WINDOWS)


async def test_an_alert_arrives_and_an_interrupt_ends_it_well(sandbox: Sandbox, ada: Visitor) -> None:
    account = sandbox.api.add(discord_name=FOREIGN)
    async with sandbox.process(POLL_INTERVAL="5s") as process:
        await sandbox.up()
        await ada.ask("mjinfo", account=account.channel)  # which tells its name
        sandbox.api.flag(account.channel, CAPTCHA)
        await sandbox.world.wait_for(
            lambda: [one for one in ada.received() if FOREIGN in text(one)], PATIENCE
        )
        assert await process.stopped(signal.SIGINT) == 0
    assert "needs you" in text(ada.received()[-1])
    assert "Traceback" not in written(sandbox)
    assert "could not be written" not in written(sandbox)
    assert "stopped" in written(sandbox).splitlines()[-1]


async def test_it_ends_at_a_request_to_terminate(sandbox: Sandbox) -> None:
    async with sandbox.process() as process:
        await sandbox.up()
        assert await process.stopped(signal.SIGTERM) == 0


async def test_a_second_bot_is_refused_and_the_check_says_that_one_runs(sandbox: Sandbox) -> None:
    async with sandbox.process() as first:
        await sandbox.up()
        async with sandbox.process() as second:
            assert await second.ended() == 69
        assert written(sandbox).splitlines()[-1].startswith("Another Midwatch is using")
        async with sandbox.process("check") as check:
            assert await check.ended() == 0
        assert "is in use by a running Midwatch" in written(sandbox)
        await first.stopped()


async def test_a_backup_is_made_while_it_runs_and_brought_back_after(sandbox: Sandbox) -> None:
    async with sandbox.process() as bot:
        await sandbox.up()
        async with sandbox.process("backup", "kept.sqlite3") as backup:
            assert await backup.ended() == 0
        await bot.stopped()
    async with sandbox.process("restore", "kept.sqlite3") as restore:
        assert await restore.ended() == 0
    assert written(sandbox).splitlines()[-1].startswith("Restored from kept.sqlite3")


async def test_the_check_writes_a_question_mark_for_what_the_terminal_lacks(sandbox: Sandbox) -> None:
    async with sandbox.process("check", DATABASE_PATH=str(sandbox.folder / f"{FOREIGN}.db")) as check:
        assert await check.ended() == 0
    assert "?????? ?.db does not exist yet" in written(sandbox)
    assert written(sandbox).splitlines()[-1] == "Everything is right."


async def test_wrong_settings_end_it_with_their_code(sandbox: Sandbox) -> None:
    async with sandbox.process(OWNER_IDS="ada") as process:
        assert await process.ended() == 78
    assert "OWNER_IDS" in written(sandbox)


async def test_a_picture_is_drawn(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path, (sys.executable, *ELSEWHERE, "bot.pictures.worker"))
    picture = await pictures.draw(Levels((Level("aurora", 3.0, 15.0),)), name="fast.png", description="Fast")
    await pictures.close()
    assert picture is not None
    assert picture.png.startswith(PNG)
