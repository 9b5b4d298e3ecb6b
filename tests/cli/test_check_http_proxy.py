"""What the check says about the proxy of PROXY_URL, and who cannot be reached through it."""

import asyncio
import re
from urllib.parse import quote

import pytest

from bot.__main__ import main
from bot.config import MEANINGS
from bot.providers import proxy as connections
from tests.cli.test_check import Checks, checked
from tests.conftest import Leaks
from tests.simulators.discord import SimulatedDiscord
from tests.simulators.useapi import SANDBOX_USEAPI_TOKEN
from tests.support.http_proxy import HOST, LOGIN_WANTED, USER, OwnProxy

__all__ = ["checked"]
SILENT = "the proxy of PROXY_URL does not answer as one. Check its address, that it runs, and that this"
LOGIN = "the proxy refuses the login in PROXY_URL. Correct the user name and password there."
TAKES = "ok    PROXY_URL: the proxy takes connections; this machine's own addresses need none"


@pytest.fixture(autouse=True)
def _far_away(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] - pytest calls it
    monkeypatch.setattr(connections, "LOOPBACK", re.compile("(?!)"))
    monkeypatch.setattr(SimulatedDiscord, "api", f"https://{HOST}:1/api/v10")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(LOGIN_WANTED, f"cannot be reached: {LOGIN}", id="login"),
        pytest.param(
            b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
            "cannot be reached through the proxy of PROXY_URL",
            id="refused",
        ),
        pytest.param(b"220 mail.example ESMTP\r\n", f"cannot be reached: {SILENT}", id="garbage"),
        pytest.param(None, f"cannot be reached: {SILENT}", id="down"),
    ],
)
async def test_each_that_the_proxy_does_not_let_through_is_named_in_one_sentence(
    checked: Checks, leaks: Leaks, answer: bytes | None, words: str
) -> None:
    async with OwnProxy(answer) as proxy:
        url = f"http://{USER}:{quote(proxy.password, safe='')}@{HOST}:{proxy.port}"
        if answer is None:
            await proxy.stop()
        report = await checked(PROXY_URL=url, USEAPI_URL="https://useapi.example/v2")
    nobody = "FAIL  PROXY_URL: nothing takes connections there. Start the proxy, or correct its address."
    assert report.line("PROXY_URL") == (TAKES if answer is not None else nobody)
    assert report.line("Discord token").startswith(f"FAIL  Discord token: Discord {words}")
    assert report.line("API").startswith(f"FAIL  API: useapi.net {words}")
    assert report.code == 69
    said = "".join([*report.lines, report.last])
    leaks.secrets |= {proxy.password, quote(proxy.password, safe="")}
    assert not any(each in said for each in (*leaks.secrets, USER, str(proxy.port)))


async def test_without_a_proxy_nothing_is_said_of_one(checked: Checks) -> None:
    assert not any(
        "PROXY_URL:" in line for line in (await checked(USEAPI_URL="https://127.0.0.1:1/v2")).lines
    )


async def test_the_account_command_uses_the_proxy_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in MEANINGS:
        monkeypatch.delenv(name.upper(), raising=False)
    async with OwnProxy(LOGIN_WANTED) as proxy:
        monkeypatch.setenv("PROXY_URL", f"http://{HOST}:{proxy.port}")
        monkeypatch.setenv("USEAPI_TOKEN", SANDBOX_USEAPI_TOKEN)
        monkeypatch.setenv("USEAPI_URL", "https://useapi.example/v2")
        code = await asyncio.to_thread(main, ["account", "list"], env_file=None)
    assert (code, proxy.requests()) == (69, ["CONNECT useapi.example:443"])
    assert capsys.readouterr().err.startswith(f"useapi.net cannot be reached: {LOGIN.partition('. ')[0]}.")
