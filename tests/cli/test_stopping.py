"""How the program is stopped: while it is loaded, while it waits at its start, and a second time."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot import app
from bot.actions.account_admin import BEGUN, SAVE
from bot.cli.terminal import AT_ONCE, signals
from bot.domain.actions import Action
from bot.domain.clock import utc_now
from bot.storage import Store
from tests.simulators.discord import point_at
from tests.support.running import PATIENCE, Bot

ROOT = Path(__file__).parents[2]


class StopOnSignal(asyncio.Event):
    """Is asked for the third time when the signal comes: somebody waits by then."""

    asked = 0

    def is_set(self) -> bool:
        self.asked += 1
        if self.asked == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return super().is_set()


async def test_a_signal_at_the_start_ends_the_wait_for_a_database_that_another_program_has(bot: Bot) -> None:
    async with Store.open(bot.database):
        pass
    with closing(sqlite3.connect(bot.database, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        timings = app.Timings(busy_timeout=timedelta(days=1))
        await asyncio.wait_for(app.run(bot.settings(), StopOnSignal(), timings=timings), PATIENCE)


async def test_a_stop_waits_for_no_database_where_a_start_has_something_to_write_down(bot: Bot) -> None:
    async with Store.open(bot.database) as store:
        await store.record_action(Action(utc_now(), 1, SAVE, "", BEGUN))
    stop = asyncio.Event()
    with (
        closing(sqlite3.connect(bot.database, isolation_level=None)) as other,
        point_at(bot.world.api, bot.world.gateway),
    ):
        other.execute("BEGIN IMMEDIATE")
        running = asyncio.create_task(
            app.run(bot.settings(), stop, timings=app.Timings(busy_timeout=timedelta(days=1)))
        )
        await bot.world.wait_for(lambda: bot.world.requests)  # it serves, with the database held
        stop.set()
        await asyncio.wait_for(running, PATIENCE)


async def test_a_second_ctrl_c_ends_at_once_and_says_what_may_be_unfinished(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stop, codes = asyncio.Event(), list[int]()
    with signals(stop, codes.append):
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.wait_for(stop.wait(), PATIENCE)
        assert (codes, capsys.readouterr().err) == ([], "")
        asked_again = asyncio.Event()
        with signals(stop, lambda code: (codes.append(code), asked_again.set())):
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.wait_for(asked_again.wait(), PATIENCE)
    assert (codes, capsys.readouterr().err) == ([130], f"{AT_ONCE}\n")


async def test_where_the_event_loop_takes_no_signals_ctrl_break_is_a_request_to_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(asyncio.SelectorEventLoop, "add_signal_handler")  # as on Windows
    monkeypatch.setattr(signal, "SIGBREAK", signal.SIGUSR2, raising=False)
    stop = asyncio.Event()
    with signals(stop):
        os.kill(os.getpid(), signal.SIGUSR2)
        await asyncio.wait_for(stop.wait(), PATIENCE)
    assert signal.getsignal(signal.SIGUSR2) is signal.SIG_DFL


def test_ctrl_c_while_the_program_is_loaded_gives_no_traceback(tmp_path: Path) -> None:
    pressed = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
    (tmp_path / "aiohttp.py").write_text(pressed, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "bot", "check"],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (-signal.SIGINT, "", "")


def test_a_container_that_is_stopped_while_the_program_is_loaded_ends_at_once(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os\nos.own, os.getpid = os.getpid(), lambda: 1\n")
    (tmp_path / "aiohttp.py").write_text("import os, signal\nos.kill(os.own, signal.SIGTERM)\n")
    run = subprocess.run(
        [sys.executable, "-m", "bot"],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (143, "", "")  # -15, had the system ended it


def test_ctrl_c_while_the_settings_are_waited_for_gives_no_traceback(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".env")
    with (
        subprocess.Popen(
            [sys.executable, "-m", "bot", "check"],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
        (tmp_path / ".env").open("w"),  # which waits for the reader
    ):
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (130, "Stopped.\n")
