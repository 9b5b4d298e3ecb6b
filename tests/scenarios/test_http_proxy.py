"""All that leaves this machine goes through the proxy of PROXY_URL, and nothing that stays on it."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import aiohttp.connector
import pytest

from bot.domain.secret import SecretStr
from bot.polling.heartbeat import Heartbeat
from bot.providers import proxy as connections
from bot.providers.api_client import open_session
from tests.conftest import Leaks
from tests.simulators.discord import SimulatedDiscord
from tests.simulators.useapi import CAPTCHA
from tests.support.http_proxy import (
    CERTIFICATE,
    HEAD_END,
    HOST,
    LOGIN_WANTED,
    TINYPROXY,
    USER,
    Behind,
    OwnProxy,
    Proxy,
    Server,
    Tinyproxy,
)
from tests.support.reading import text
from tests.support.running import PATIENCE, Bot, Visitor
from tests.support.watching import poll

KINDS = ["own", *(["tinyproxy"] if TINYPROXY else [])]
NOTHING = re.compile("(?!)")


@pytest.fixture(params=KINDS)
async def http_proxy(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Proxy]:
    async with OwnProxy() if request.param == "own" else Tinyproxy(tmp_path) as started:
        yield started


@pytest.fixture
def _far_away(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] - pytest calls it
    """Let nothing count as this machine, and trust the servers of the tests."""
    monkeypatch.setattr(connections, "LOOPBACK", NOTHING)
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", trusting)


def address(proxy: Proxy) -> str:
    return f"http://{USER}:{quote(proxy.password, safe='')}@{HOST}:{proxy.port}"


@pytest.mark.usefixtures("_far_away")
async def test_an_alert_arrives_through_the_proxy_and_by_no_other_way(
    bot: Bot, ada: Visitor, http_proxy: Proxy, leaks: Leaks, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaks.secrets |= {http_proxy.password, quote(http_proxy.password, safe="")}
    discord, useapi = Behind(bot.world.api), Behind(bot.api.url)
    account = bot.api.add()
    async with discord.server, useapi.server:
        near = bot.world.api, bot.world.gateway
        for name, far in zip(("api", "gateway"), map(discord.address, near), strict=True):
            monkeypatch.setattr(SimulatedDiscord, name, far)
        await bot.start(
            PROXY_URL=address(http_proxy),
            USEAPI_URL=useapi.address(bot.api.url),
        )
        bot.api.flag(account.channel, CAPTCHA)
        await poll(ada)
        await bot.world.wait_for(ada.received, PATIENCE)
        assert "needs you" in text(ada.received()[0])
        await bot.stop()
    seen = http_proxy.requests()
    for behind in (discord, useapi):
        assert seen.count(f"CONNECT {HOST}:{behind.server.port}") == behind.server.connections > 0
    assert len(seen) == discord.server.connections + useapi.server.connections


@pytest.mark.usefixtures("_far_away")
async def test_an_address_without_tls_goes_through_the_proxy_too(
    http_proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(HEAD_END)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with Server(serve) as monitor, open_session(SecretStr(address(http_proxy))) as session:
        url = f"http://{HOST}:{monitor.port}/beat"
        await Heartbeat(session, SecretStr(url)).beat()
    assert http_proxy.requests() == [f"GET {url}"]
    assert "HEARTBEAT_URL" not in caplog.text


async def test_this_machine_is_reached_without_the_proxy(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    async with OwnProxy(answer=b"") as unused:
        await bot.start(PROXY_URL=address(unused), USEAPI_URL=bot.api.url.replace(HOST, "localhost"))
        bot.api.flag(account.channel, CAPTCHA)
        await poll(ada)
        await bot.world.wait_for(ada.received, PATIENCE)
        await bot.stop()
        assert unused.connections == 0


async def test_proxies_of_the_environment_are_not_used(
    bot: Bot, ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with OwnProxy(answer=b"") as unused:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, address(unused))
        monkeypatch.setenv("NO_PROXY", "")
        await bot.start()
        assert await ada.ask("mjaccounts")
        await bot.stop()
        assert unused.connections == 0


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        pytest.param(
            LOGIN_WANTED,
            "useapi.net cannot be reached: the proxy refuses the login in PROXY_URL.",
            id="login",
        ),
        pytest.param(
            b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
            "useapi.net cannot be reached through the proxy of PROXY_URL (403).",
            id="refused",
        ),
        pytest.param(
            b"SSH-2.0-OpenSSH_9.2p1\r\n",
            "useapi.net cannot be reached: the proxy of PROXY_URL does not answer as one.",
            id="garbage",
        ),
        pytest.param(
            b"", "useapi.net cannot be reached: the proxy of PROXY_URL does not answer as one.", id="hangs-up"
        ),
    ],
)
async def test_an_outage_by_the_proxy_is_said_in_its_own_words(
    bot: Bot, ada: Visitor, leaks: Leaks, monkeypatch: pytest.MonkeyPatch, answer: bytes, sentence: str
) -> None:
    monkeypatch.setattr(connections, "LOOPBACK", re.compile(re.escape(HOST)))
    async with OwnProxy(answer) as proxy:
        leaks.secrets |= {proxy.password, quote(proxy.password, safe="")}
        bot.launch(PROXY_URL=address(proxy), USEAPI_URL="https://useapi.example/v2")
        await bot.world.wait_for(lambda: bot.world.commands(ada.person, bot.world.channel_id), PATIENCE)
        async with asyncio.timeout(PATIENCE):
            while "failed." not in (page := text(await ada.ask("mjstatus"))):
                pass
        await bot.stop()
    assert f"The last check failed. {sentence}" in page.replace("\\", "")
