"""`midwatch healthy`: one sentence and an exit code, for Docker."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.cli import healthy
from bot.config import MEANINGS
from bot.domain.wellness import ProblemKind, WatchProblem
from bot.listener.server import Listener, listening
from bot.runtime.setting_values import ListenAddress
from tests.support.asking import unused_port

ROOT = Path(__file__).parents[2]
BLOCKED = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("discord", "aiohttp", "matplotlib", "prometheus_client"):
            raise AssertionError(name)
sys.meta_path.insert(0, Blocked())
sys.argv = ["midwatch", "healthy"]
from bot.__main__ import main
"""
"""Runs the program as the command `midwatch` does, and fails if it imports what takes long."""


@pytest.fixture(autouse=True)
def _only_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] - pytest calls it
    for name in MEANINGS:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def problems() -> list[WatchProblem]:
    return []


@pytest.fixture
async def port(problems: list[WatchProblem]) -> AsyncIterator[int]:
    async with listening(ListenAddress("127.0.0.1", 0), Listener(lambda: problems)) as address:
        yield address.port


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


async def run(tmp_path: Path, listen: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Return the exit code and all that was written. No other setting is there."""
    env_file = tmp_path / ".env"
    env_file.write_text(f"LISTEN={listen}\n")
    code = await asyncio.to_thread(main, ["healthy"], env_file=env_file)
    output = capsys.readouterr()
    return code, output.out + output.err


@pytest.mark.parametrize("host", ["", "127.0.0.1:", "localhost:", "0.0.0.0:"])
async def test_a_watch_that_is_well_is_0(
    tmp_path: Path, port: int, host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(tmp_path, f"{host}{port}", capsys) == (0, "Midwatch is well.\n")


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
async def test_a_server_at_every_address_of_the_new_kind_is_asked_on_this_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with listening(ListenAddress("::", 0), Listener(lambda: ())) as address:
        assert await run(tmp_path, f"[::]:{address.port}", capsys) == (0, "Midwatch is well.\n")


async def test_a_watch_that_is_not_well_is_1_with_why(
    tmp_path: Path, port: int, problems: list[WatchProblem], capsys: pytest.CaptureFixture[str]
) -> None:
    problems += [WatchProblem(ProblemKind.OWNERS), WatchProblem(ProblemKind.DELIVERY)]
    sentence = "Midwatch is not well: I know no owner to alert. Messages do not arrive.\n"
    assert await run(tmp_path, port, capsys) == (1, sentence)


async def test_where_nobody_answers_is_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    port = unused_port()
    assert await run(tmp_path, port, capsys) == (1, f"No Midwatch answers at 127.0.0.1:{port}.\n")


@pytest.mark.parametrize("answer", ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "SSH-2.0-x\r\n", ""])
async def test_where_something_else_answers_is_1(
    tmp_path: Path, answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer.encode())
        writer.close()

    other = await asyncio.start_server(respond, "127.0.0.1", 0)
    async with other:
        port = other.sockets[0].getsockname()[1]
        assert await run(tmp_path, port, capsys) == (1, f"No Midwatch answers at 127.0.0.1:{port}.\n")


async def test_one_that_takes_too_long_is_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(healthy, "LIMIT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert await run(tmp_path, port, capsys) == (1, f"No Midwatch answers at 127.0.0.1:{port}.\n")


@pytest.mark.parametrize(("listen", "said"), [("", "LISTEN is not set: "), ("yes", "LISTEN is no port")])
async def test_without_an_address_to_ask_it_is_1_with_what_to_do(
    tmp_path: Path, listen: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, (sentence, *more) = await run_lines(tmp_path, listen, capsys)
    assert (code, sentence.startswith(said), more) == (1, True, [])


async def run_lines(tmp_path: Path, listen: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    code, output = await run(tmp_path, listen, capsys)
    return code, output.splitlines()


async def test_it_needs_none_of_the_libraries_that_take_long_to_import(tmp_path: Path, port: int) -> None:
    def ask() -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", BLOCKED],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT), "LISTEN": str(port)},
            capture_output=True,
            text=True,
            check=False,
        )

    ended = await asyncio.to_thread(ask)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "Midwatch is well.\n", "")
