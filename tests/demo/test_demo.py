"""The demo's command: one address, no way to the outside, and nothing left behind."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.demo import launch
from tests.demo.demo import bot_command
from tests.demo.process import STOP_WITHIN, BotProcess
from tests.simulators.discord import SANDBOX_BOT_TOKEN, SimulatedDiscord
from tests.simulators.mjproxy import SANDBOX_MJPROXY_TOKEN
from tests.simulators.useapi import SANDBOX_USEAPI_TOKEN, SimulatedUseapi

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0
has_proc = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="child processes are found in Linux's /proc"
)

SETTINGS = {
    "DISCORD_TOKEN": SANDBOX_BOT_TOKEN,
    "USEAPI_TOKEN": SANDBOX_USEAPI_TOKEN,
    "USEAPI_URL": "http://127.0.0.1:1/v2",
    "MJPROXY_TOKEN": SANDBOX_MJPROXY_TOKEN,
    "MJPROXY_URL": "http://127.0.0.1:1/mj",
}


# ------------------------------------------------------------------------- the launcher


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"DISCORD_TOKEN": "MTIz.real.one"}, id="another bot token"),
        pytest.param({"USEAPI_TOKEN": "user:1-real"}, id="another API token"),
        pytest.param({"USEAPI_URL": "https://api.useapi.net/v2"}, id="the true API"),
        pytest.param(
            {"USEAPI_URL": "http://127.0.0.1.evil.example/v2"}, id="a name that begins like loopback"
        ),
        pytest.param({"MJPROXY_TOKEN": "real"}, id="another proxy's token"),
        pytest.param({"MJPROXY_URL": "https://proxy.example/mj"}, id="another proxy"),
        pytest.param({"HEARTBEAT_URL": "https://hc-ping.com/1"}, id="a true heartbeat"),
    ],
)
def test_the_launcher_refuses_what_reaches_beyond_the_sandbox(settings: dict[str, str]) -> None:
    ((name, value),) = settings.items()
    with pytest.raises(SystemExit, match=name) as refused:
        launch.check(SETTINGS | settings)
    assert value not in str(refused.value)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_launcher_wants_each_of_the_sandbox_s_settings(name: str) -> None:
    with pytest.raises(SystemExit, match=name):
        launch.check({key: value for key, value in SETTINGS.items() if key != name})


@pytest.mark.parametrize("name", ["USEAPI", "MJPROXY"])
def test_the_launcher_takes_one_service_alone_and_none_by_half(name: str) -> None:
    own = {"DISCORD_TOKEN": SANDBOX_BOT_TOKEN}
    token, url = f"{name}_TOKEN", f"{name}_URL"
    service = {token: launch.SERVICES[name], url: "http://127.0.0.1:1"}
    launch.check(own | service)
    for missing in service:
        with pytest.raises(SystemExit, match=missing):
            launch.check(own | {key: value for key, value in service.items() if key != missing})
    with pytest.raises(SystemExit, match=url):
        launch.check(own)


@pytest.mark.parametrize("url", ["http://127.0.0.1:80/v2", "http://localhost/v2", "http://[::1]:8080/v2"])
def test_the_launcher_takes_loopback(url: str) -> None:
    launch.check(SETTINGS | {"USEAPI_URL": url, "HEARTBEAT_URL": url})


async def test_the_bot_sees_neither_the_environment_nor_a_dotenv(
    world: SimulatedDiscord, api: SimulatedUseapi, tmp_path: Path
) -> None:
    api.add()
    (tmp_path / ".env").write_text("OUTAGE_AFTER=nonsense\n")
    bot = await asyncio.create_subprocess_exec(
        sys.executable,
        *bot_command(world, {"useapi": api}, tmp_path),
        "check",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "POLL_INTERVAL": "nonsense", "FLAP_WINDOW": "nonsense"},
    )
    assert bot.stdout is not None
    output = await asyncio.wait_for(bot.stdout.read(), PATIENCE)
    assert "nonsense" not in output.decode()
    assert "FLAP_WINDOW" not in output.decode()
    assert (await bot.wait(), output.decode()) == (0, output.decode())


# -------------------------------------------------------------------- start and end


@asynccontextmanager
async def demo_command(folder: Path) -> AsyncGenerator[tuple[asyncio.subprocess.Process, str]]:
    """Run `python -m tests.demo` with its temporary files in this folder; return it and its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.demo",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        while not lines or not lines[-1].startswith("http"):
            line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
            assert line, f"it ended before it printed an address: {lines}"
            lines.append(line.decode().rstrip("\n"))
        yield process, lines[-1]
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def there(pid: int) -> bool:
    """Whether a process exists and is more than its entry in the process table."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something outside this process, which can only be looked at."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - nothing there sets an event
            await asyncio.sleep(0.02)


def left(folder: Path) -> list[str]:
    """What is in a folder."""
    return [path.name for path in folder.iterdir()]


@has_proc
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_the_demo_prints_one_address_and_leaves_nothing_behind(
    by: signal.Signals, tmp_path: Path
) -> None:
    async with demo_command(tmp_path) as (process, address):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{20,}/", address)
        (bot,) = children(process.pid)
        assert len(left(tmp_path)) == 1
        process.send_signal(by)
        rest, _ = await asyncio.wait_for(
            process.communicate(), STOP_WITHIN - 1
        )  # the bot ends when it is asked to
        assert b"http" not in rest
        assert process.returncode == 0
        assert not there(bot)
        assert left(tmp_path) == []


@has_proc
async def test_the_demo_outlives_a_bot_that_crashed_and_ends_as_ever(tmp_path: Path) -> None:
    async with demo_command(tmp_path) as (process, _):
        (bot,) = children(process.pid)
        os.kill(bot, signal.SIGKILL)
        await until(lambda: not there(bot))
        assert there(process.pid)
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.communicate(), PATIENCE)
        assert process.returncode == 0
        assert left(tmp_path) == []


@has_proc
async def test_the_bot_ends_with_a_demo_that_was_killed(tmp_path: Path) -> None:
    async with demo_command(tmp_path) as (process, _):
        (bot,) = children(process.pid)
        process.kill()
        await process.wait()
        await until(lambda: not there(bot))


async def test_a_bot_that_will_not_end_is_ended(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    deaf = (
        "import signal, pathlib as p; signal.signal(15, signal.SIG_IGN); p.Path({!r}).touch(); signal.pause()"
    )
    async with BotProcess(["-c", deaf.format(str(ready))], tmp_path / "log", stop_within=0.2) as process:
        await until(ready.exists)
        assert process.running
    assert not process.running


async def test_a_bot_that_ended_by_itself_says_how_and_can_be_started_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = asyncio.Event()
    process = BotProcess(["-c", "print('last words'); raise SystemExit(78)"], tmp_path / "log")
    process.changed = ended.set
    async with process:
        await asyncio.wait_for(ended.wait(), PATIENCE)
        assert (process.running, process.exit_code) == (False, 78)
        shown = capsys.readouterr().err
        assert "exit code 78" in shown
        assert "last words" in shown
        ended.clear()
        await process.restart()
        ended.clear()
        await asyncio.wait_for(ended.wait(), PATIENCE)
        assert process.exit_code == 78
