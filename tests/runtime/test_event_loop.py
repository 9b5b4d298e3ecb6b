"""A name lookup that never ends, as where the network is down, does not keep the bot from ending."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.runtime.supervisor import run
from tests.simulators.discord import SANDBOX_BOT_TOKEN
from tests.simulators.useapi import SANDBOX_USEAPI_TOKEN

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
"""A process that waits for a look-up never ends; one that does not ends within this on any machine."""
# Written without the lock of a stream: a thread that holds one at the end aborts the interpreter.
BLOCKED = """
import os, socket, sys, threading
def look_up(*_args, **_named):
    os.write(1, b"looking up\\n")
    threading.Event().wait()
socket.getaddrinfo = look_up
from bot.__main__ import main
sys.exit(main(sys.argv[1:], env_file=None))
"""


@asynccontextmanager
async def blocked(folder: Path, *words: str) -> AsyncGenerator[Process]:
    """Run the command line where every look-up blocks, up to the first of them."""
    settings = {
        "DISCORD_TOKEN": SANDBOX_BOT_TOKEN,
        "USEAPI_TOKEN": SANDBOX_USEAPI_TOKEN,
        "USEAPI_URL": "https://api.invalid/v2",
        "DATABASE_PATH": str(folder / "midwatch.sqlite3"),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BLOCKED, *words, stdout=PIPE, stderr=PIPE, env=settings, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), PATIENCE) == b"looking up\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("words", [(), ("run",)], ids=["by-default", "run"])
async def test_the_bot_ends_in_time_while_addresses_are_looked_up(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    async with blocked(tmp_path, *words) as process:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0


async def test_the_command_line_can_be_interrupted_while_addresses_are_looked_up(tmp_path: Path) -> None:
    async with blocked(tmp_path, "account", "list") as process:
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 130


def test_what_a_call_gives_or_raises_comes_back() -> None:
    def divided(by: int) -> float:
        return 1 / by

    async def calls() -> float:
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(divided, 0)
        return await asyncio.to_thread(divided, by=2)

    assert run(calls()) == 0.5
