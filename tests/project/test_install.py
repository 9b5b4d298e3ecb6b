"""The wheel: what is in it, and that the command it installs runs in an empty folder, without a clone."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copy, copytree, ignore_patterns

import pytest

from bot.runtime.program import VERSION
from tests.demo import process
from tests.simulators.discord import SANDBOX_BOT_TOKEN, SimulatedDiscord
from tests.simulators.useapi import CAPTCHA, SimulatedUseapi
from tests.support.reading import text
from tests.support.running import Visitor
from tests.support.sandbox import PATIENCE, Process, Sandbox

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "cogs")
FILES = (".env.example", "LICENSE", "MANIFEST.in", "README.md", "pyproject.toml", "setup.py")
PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")
OFFLINE = ("--no-index", "--no-deps")
SDIST = "from setuptools.build_meta import build_sdist; build_sdist('.')"
POINTED = """
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route
Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = {api!r}, yarl.URL({gateway!r})
"""
"""Runs at the start of Python; only the addresses of Discord are others."""
PRESSED = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"


@dataclass
class Installed:
    """A virtual environment with Midwatch's wheel, and an empty folder to run it in."""

    home: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def libraries(self) -> Path:
        return self.home / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"

    def command(self, *words: str) -> list[str]:
        """Return a command, whose program is one of the environment."""
        name, *rest = words
        return [str(self.home / "bin" / name), *rest]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return run(self.command(*words), self.folder, **self.environment)


def run(words: Sequence[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command without the settings of this process."""
    kept = {"PATH": os.environ["PATH"], "HOME": str(folder), "PIP_CONFIG_FILE": os.devnull}
    return subprocess.run(  # noqa: S603 - the words are those of the tests
        words, cwd=folder, env=kept | environment, capture_output=True, text=True, check=False
    )


def done(ended: subprocess.CompletedProcess[str]) -> str:
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a source distribution, as `python -m build` makes both."""
    source = tmp_path_factory.mktemp("source")
    for name in PACKAGES:
        copytree(ROOT / name, source / name, ignore=ignore_patterns("__pycache__"))
    for name in FILES:
        copy(ROOT / name, source)
    done(run([sys.executable, "-c", SDIST], source))
    built = source / f"midwatch-{VERSION}.tar.gz"
    done(run([sys.executable, *PIP, "wheel", *OFFLINE, "--no-build-isolation", str(built)], source))
    return source / f"midwatch-{VERSION}-py3-none-any.whl"


@pytest.fixture(scope="module")
def home(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that sees the libraries of this one, with the wheel installed."""
    made = Installed(tmp_path_factory.mktemp("home"), wheel.parent)
    venv.create(made.home, with_pip=False)
    (made.libraries / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    python = str(made.home / "bin" / "python")
    done(run([sys.executable, *PIP, "--python", python, "install", *OFFLINE, str(wheel)], made.folder))
    return made.home


@pytest.fixture
def installed(home: Path, tmp_path: Path) -> Installed:
    return Installed(home, tmp_path)


def test_the_wheel_holds_every_module_the_example_of_settings_and_the_catalogues(wheel: Path) -> None:
    files = [file for name in PACKAGES for end in ("py", "mo") for file in (ROOT / name).rglob(f"*.{end}")]
    modules = {file.relative_to(ROOT).as_posix() for file in files}
    assert "bot/render/locales/zh-CN.mo" in modules
    with zipfile.ZipFile(wheel) as opened:
        inside = {name for name in opened.namelist() if ".dist-info/" not in name}
        assert inside == modules | {"bot/.env.example"}
        assert opened.read("bot/.env.example") == (ROOT / ".env.example").read_bytes()


def test_the_command_and_the_module_are_the_same_program(installed: Installed) -> None:
    version = f"Midwatch {VERSION}\n"
    assert done(installed.run("midwatch", "--version")) == version
    assert done(installed.run("python", "-m", "bot", "--version")) == version
    metadata = "import importlib.metadata as it; print(it.version('midwatch'))"
    assert done(installed.run("python", "-c", metadata)) == f"{VERSION}\n"
    as_command = done(installed.run("midwatch", "--help"))
    as_module = done(installed.run("python", "-m", "bot", "--help"))
    assert as_command.startswith("usage: midwatch [-h]")
    assert as_module.startswith("usage: python -m bot [-h]")
    assert as_command.partition("\n\n")[2] == as_module.partition("\n\n")[2]
    assert "midwatch account set < FILE" in done(installed.run("midwatch", "account", "set", "--help"))


def test_ctrl_c_while_the_command_is_loaded_gives_no_traceback(installed: Installed) -> None:
    (installed.folder / "aiosqlite.py").write_text(PRESSED)
    installed.environment["PYTHONPATH"] = str(installed.folder)
    ended = installed.run("midwatch", "check")
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")


@pytest.fixture
def sandbox(installed: Installed, api: SimulatedUseapi, world: SimulatedDiscord) -> Iterator[Sandbox]:
    """Both simulated sides, and the command in an empty folder."""
    pointed = installed.libraries / "sitecustomize.py"
    pointed.write_text(POINTED.format(api=world.api, gateway=world.gateway))

    async def spawn(words: Sequence[str], log: Path) -> process.Process:
        with log.open("ab") as output, (installed.folder / "answers").open("rb") as answers:
            return await asyncio.create_subprocess_exec(
                *installed.command(*words),
                stdin=answers,
                stdout=output,
                stderr=output,
                cwd=installed.folder,
                env={"PATH": os.environ["PATH"], "POLL_INTERVAL": "5s"},
            )

    yield Sandbox(api, world, installed.folder, spawn)
    pointed.unlink()


async def test_the_command_is_set_up_and_runs_and_an_alert_arrives(sandbox: Sandbox, ada: Visitor) -> None:
    account = sandbox.api.add()
    answers = (SANDBOX_BOT_TOKEN, "1", "#alerts", "2", sandbox.api.url, "", sandbox.api.token)
    (sandbox.folder / "answers").write_text("".join(f"{each}\n" for each in answers))
    async with Process(["midwatch", "setup"], sandbox.log, sandbox.spawn) as setup:
        assert await setup.ended() == 0
    assert sandbox.output().splitlines()[-1] == "Next, in this folder: midwatch run"
    async with Process(["midwatch", "run"], sandbox.log, sandbox.spawn) as bot:
        await sandbox.up()
        sandbox.api.flag(account.channel, CAPTCHA)
        await sandbox.world.wait_for(
            lambda: [one for one in ada.received() if "needs you" in text(one)], PATIENCE
        )
        await ada.ask("mjhistory")
        # Its picture is drawn by a process of its own.
        await sandbox.world.wait_for(lambda: ada.sees()[-1]["attachments"], PATIENCE)
        assert await bot.stopped(signal.SIGINT) == 0
    assert (sandbox.folder / "data" / "midwatch.sqlite3").exists()
    assert "Traceback" not in sandbox.output()


def test_the_changelog_begins_with_this_version() -> None:
    (first, *_) = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert first == VERSION
