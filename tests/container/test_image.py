"""The image: built by `make image`, run between the simulated services, locked in as compose.yaml says."""

import asyncio
import shutil
import subprocess
import tempfile
from pathlib import Path
from socket import socket
from typing import Final

import pytest
from filelock import FileLock

from bot.runtime.program import VERSION
from tests.container.engine import IMAGE, NO_ENGINE, REDIRECT, ROOT, Engine, base, engine
from tests.simulators.discord import SANDBOX_BOT_TOKEN, SimulatedDiscord
from tests.simulators.useapi import CAPTCHA, Endpoint, SimulatedUseapi
from tests.support.reading import text
from tests.support.running import Visitor

pytestmark = pytest.mark.timeout(1_800)  # a Debian and all libraries are fetched, where they are not yet

PATIENCE: Final = 120.0
RANDOM_USER: Final = "--user=1234567:0"
"""As OpenShift runs containers: nobody's id, in the group 0."""
NOT_OF_ENV: Final = ("LISTEN", "PYTHONPATH", "SIMULATED")
"""The variables of a container that `.env` has nothing to do with."""
PLANTED: Final = "planted-to-be-searched-for"
SECRETS: Final = (".env", "bot/.env", "data/midwatch.sqlite3", "midwatch.sqlite3", ".git/config")
SEARCH: Final = f"""\
import pathlib
print(*(p for t in ("/opt", "/data", "/tmp", "/source") for p in pathlib.Path(t).rglob("*")
        if p.is_file() and {PLANTED.encode()!r} in p.read_bytes()))
"""
TOOLS: Final = """\
import importlib.util, shutil
programs, modules = ("cc", "gcc", "make", "git"), ("pip", "setuptools")
print(*filter(shutil.which, programs), *filter(importlib.util.find_spec, modules))
"""
EXAMPLE: Final = """\
import bot, pathlib
print(pathlib.Path(bot.__file__).with_name(".env.example").read_text())
"""
PROCESSES: Final = """\
import pathlib
for folder in pathlib.Path("/proc").glob("[0-9]*"):
    command = " ".join((folder / "cmdline").read_text().replace("\\0", " ").split())
    print(folder.name, (folder / "stat").read_text().rpartition(")")[2].split()[0], command)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An engine with the image, which was built from a folder with secrets in it."""
    found = engine()
    if found is None:
        pytest.skip(NO_ENGINE)
    with FileLock(Path(tempfile.gettempdir(), "midwatch-test-image.lock")):  # other workers want it, too
        stands_on = base(found)
        if stands_on and found.call("run", "--rm", "--network=host", stands_on, "true").returncode != 0:
            pytest.skip(NO_ENGINE)
        folder = tmp_path_factory.mktemp("image") / "clone"
        shutil.copytree(
            ROOT, folder, ignore=shutil.ignore_patterns(".git", ".venv", "__pycache__", ".env", "data")
        )
        for each in SECRETS:
            (folder / each).parent.mkdir(exist_ok=True)
            (folder / each).write_text(PLANTED)
        done = subprocess.run(  # noqa: S603 - the words are those of the test
            [
                "/usr/bin/env",
                "make",
                "image",
                f"ENGINE={found.command}",
                f"BASE={stands_on or ''}",
                f"TAG={IMAGE}",
                "OPTIONS=--network=host",
            ],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
    return found


@pytest.fixture
def settings(api: SimulatedUseapi, world: SimulatedDiscord, tmp_path: Path) -> tuple[str, ...]:
    """Return the options of `run` that put a container between the simulated services."""
    values = {
        "DISCORD_TOKEN": SANDBOX_BOT_TOKEN,
        "USEAPI_TOKEN": api.token,
        "USEAPI_URL": api.url,
        "GUILD_IDS": world.guild_id,
        "POLL_INTERVAL": "5s",
        "PYTHONPATH": "/redirect",
        "SIMULATED_DISCORD": world.api,
        "SIMULATED_GATEWAY": world.gateway,
    }
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        values["LISTEN"] = free.getsockname()[1]
    file = tmp_path / "settings"
    file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    return (f"--env-file={file}", f"--volume={REDIRECT}:/redirect:ro")


async def processes(of: Engine, name: str) -> dict[int, tuple[str, str]]:
    """Return the state and the command line of each process in a container, by its number."""
    code, said = await of.do("exec", name, "python", "-c", PROCESSES)
    assert code == 0, said
    split = (line.split(" ", 2) for line in said.splitlines())
    return {int(number): (state, command) for number, state, command in split}


async def test_a_flag_becomes_a_message_and_a_picture_is_drawn_for_a_random_user_on_a_read_only_root(
    built: Engine, settings: tuple[str, ...], api: SimulatedUseapi, world: SimulatedDiscord, ada: Visitor
) -> None:
    account = api.add()
    async with built.container(RANDOM_USER, *settings) as name:
        await world.wait_for(lambda: world.connected and api.count(Endpoint.LIST) > 0, PATIENCE)
        api.flag(account.channel, CAPTCHA)
        await world.wait_for(ada.received, PATIENCE)
        assert "verify you're human" in text(ada.received()[0])

        assert await built.do("exec", name, "midwatch", "healthy") == (0, "Midwatch is well.")
        drawn = await ada.ask("mjhistory")
        assert len(drawn["attachments"]) == 1
        running = await processes(built, name)
        assert "midwatch run" in running[1][1]
        (worker,) = (number for number, (_, command) in running.items() if "bot.pictures.worker" in command)
        await built.do("exec", name, "python", "-c", f"import os; os.kill({worker}, 9)")
        while worker in await processes(built, name):  # noqa: ASYNC110 - a zombie would stay
            await asyncio.sleep(0.1)

        assert await built.do("stop", "-t60", name) == (0, name)
        assert await built.do("inspect", "--format={{.State.ExitCode}}", name) == (0, "0")
    assert not world.connected


async def test_quotation_marks_around_a_token_end_the_start_in_one_sentence(
    built: Engine, settings: tuple[str, ...]
) -> None:
    code, said = await built.run(*settings, f'--env=DISCORD_TOKEN="{SANDBOX_BOT_TOKEN}"')
    assert code == 78
    assert "DISCORD_TOKEN stands in quotation marks: write the token without them." in said
    assert "Traceback" not in said


async def test_a_folder_that_this_user_may_not_write_ends_the_start_in_one_sentence(
    built: Engine, settings: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir(0o755)
    code, said = await built.run(*settings, f"--volume={tmp_path / 'data'}:/data")
    assert (code, said.splitlines()[1:]) == (69, []), said


async def test_no_secret_of_the_folder_and_no_tool_gets_into_the_image(built: Engine) -> None:
    for program in (SEARCH, TOOLS):
        assert await built.run("--entrypoint=python", command=("-c", program)) == (0, "")


async def test_the_image_holds_the_whole_package(built: Engine) -> None:
    assert await built.run(command=("--version",)) == (0, f"Midwatch {VERSION}")
    example = (ROOT / ".env.example").read_text(encoding="utf-8").strip()
    assert await built.run("--entrypoint=python", command=("-c", EXAMPLE)) == (0, example)


async def test_setup_writes_the_settings_into_the_volume_where_the_next_container_reads_them(
    built: Engine, settings: tuple[str, ...], api: SimulatedUseapi, tmp_path: Path
) -> None:
    answers, volume = tmp_path / "answers", tmp_path / "data"
    answers.write_text(f"{SANDBOX_BOT_TOKEN}\n1\n#alerts\n2\n{api.url}\n\n{api.token}\n")
    volume.mkdir()
    volume.chmod(0o777)  # any user of the container's may write there
    where = tmp_path / "settings"
    where.write_text(
        "".join(line for line in where.read_text().splitlines(keepends=True) if line.startswith(NOT_OF_ENV))
    )
    options = ("--interactive", *settings, f"--volume={volume}:/data")
    with answers.open() as stdin:
        code, said = await built.run(*options, command=("setup",), stdin=stdin)
    assert (code, said.splitlines()[-1]) == (0, "Next, in this folder: midwatch run"), said
    assert (volume / ".env").stat().st_mode & 0o777 == 0o600
    code, said = await built.run(*options, command=("check",))
    assert code == 0, said
