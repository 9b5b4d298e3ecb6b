"""The addresses of ALERT_URLS, by the real library and a service on loopback."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, cast
from urllib.parse import quote

import pytest
from aiohttp import web

from bot.domain.messages import Route
from bot.domain.secret import SecretStr
from bot.notifications.apprise_transport import AppriseTransport, open_address, open_addresses
from bot.notifications.transport import DeliveryError, FailureKind
from bot.render.message_content import MessageContent
from bot.runtime.alert_addresses import read_alert_urls, service_at
from tests.support.http_proxy import USER, OwnProxy

SECRET = "topic-made-for-the-search"
ALERT = MessageContent("⚠️ **Aurora** needs you\nFlagged <t:1796000000:f> (<t:1796000000:R>)")


class Service:
    """A web hook."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.status = 200
        self.held: asyncio.Event | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/{SECRET}"

    async def answer(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.json())
        if self.held is not None:
            await self.held.wait()
        return web.Response(status=self.status)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service()
    app = web.Application()
    app.router.add_post(f"/{SECRET}", service.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service.port = runner.addresses[0][1]
    yield service
    if service.held is not None:
        service.held.set()
    await runner.cleanup()


async def send(service: Service, limit: timedelta = timedelta(seconds=30)) -> None:
    (address,) = open_addresses([SecretStr(service.url)])
    transport = AppriseTransport([address], limit)
    channel = await transport.open(address.recipient, Route.ADDRESS)
    await transport.send(channel, ALERT, nonce="n", silent=False)


async def test_a_service_gets_the_first_line_as_the_title_and_the_rest_as_text(service: Service) -> None:
    await send(service)
    (body,) = service.bodies
    assert (body["title"], body["message"]) == ("⚠️ Aurora needs you", "Flagged 2026-11-30 00:53 UTC")


async def test_what_a_service_took_is_not_sent_there_again(service: Service) -> None:
    (address,) = open_addresses([SecretStr(service.url)])
    transport = AppriseTransport([address])
    for nonce in ("one", "one", "other"):
        place = await transport.send(address.recipient, ALERT, nonce=nonce, silent=False)
        assert len(service.bodies) == (1 if nonce == "one" else 2)
    for _ in range(2):
        await transport.edit(place, ALERT)
    assert len(service.bodies) == 3


@pytest.mark.parametrize(
    ("url", "is_whole"),
    [
        ("tgram://123456789:AAEabcdefghijk_lmnopqrstuvwxyz12345/12315544", False),
        ("pover://uuuuuuuuuuuuuuuuuuuuuuuuuuuuuu@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", False),
        ("ntfy://topic-of-mine", False),
        ("ntfy://topic-of-mine?overflow=split", True),
    ],
)
def test_a_text_that_is_too_long_for_a_service_is_cut_to_what_it_takes(
    url: str, *, is_whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    service: Any = service_at(url)
    sent: list[str] = []

    def send(_: object, body: str, **_others: object) -> bool:
        sent.append(body)
        return True

    monkeypatch.setattr(cast("type[object]", type(service)), "send", send)
    assert open_address(url).notify("40 accounts need you", "line & <line>\n" * 1_000)
    assert all(0 < len(each) <= service.body_maxlen for each in sent)
    assert (len(sent) > 1) is is_whole


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
async def test_what_a_service_refuses_waits_and_its_address_is_nowhere(
    service: Service, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service.status = status
    with pytest.raises(DeliveryError) as raised:
        await send(service)
    assert raised.value.kind is FailureKind.WAIT
    assert SECRET not in repr(raised.value) + caplog.text
    assert raised.value.__context__ is None


async def test_a_service_that_hangs_holds_up_nobody_for_longer_than_the_limit(service: Service) -> None:
    service.held = asyncio.Event()
    with pytest.raises(DeliveryError, match="TimeoutError"):
        await send(service, timedelta(milliseconds=200))


async def test_a_service_that_is_down_waits(service: Service) -> None:
    service.port = 1
    with pytest.raises(DeliveryError, match="not accepted"):
        await send(service)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("ntfy://ntfy.example.org/topic", "ntfy at ntfy.example.org"),
        ("ntfy://topic-of-mine", "ntfy"),
        ("tgram://123456789:AAEabcdefghijk_lmnopqrstuvwxyz12345/12315544", "tgram"),
        ("mailtos://ada:secret@smtp.example.org?to=bea@example.org", "mailtos at smtp.example.org"),
        ("json://localhost:8080/path", "json at localhost"),
        ("pover://uuuuuuuuuuuuuuuuuuuuuuuuuuuuuu@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "pover"),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "discord"),
        ("gotify://gotify.example/abcdefghijklmno", "gotify at gotify.example"),
    ],
)
def test_an_address_is_named_by_its_scheme_and_by_its_host_if_that_is_no_secret(url: str, name: str) -> None:
    assert open_address(url).name == name


def test_an_address_is_the_same_recipient_after_a_restart_and_no_id_of_discord() -> None:
    one, other = (open_address(f"json://localhost/{name}").recipient for name in "ab")
    assert one == open_address("json://localhost/a").recipient
    assert one != other
    assert one < 0 > other


def test_addresses_stand_apart_by_spaces_or_commas() -> None:
    urls = read_alert_urls("json://localhost/a,b  ntfy://x,mailto://ada:pw@example.org?to=a@x.org,b@x.org")
    assert list(urls) == [
        "json://localhost/a,b",
        "ntfy://x",
        "mailto://ada:pw@example.org?to=a@x.org,b@x.org",
    ]


@pytest.mark.parametrize("text", [SECRET, f"https://example.org/{SECRET}", f"json://ok/ bogus://{SECRET}"])
def test_an_unknown_address_is_refused_without_its_text(text: str) -> None:
    with pytest.raises(ValueError, match="does not know") as raised:
        read_alert_urls(text)
    assert SECRET not in str(raised.value)


@pytest.mark.usefixtures("_environment")
async def test_addresses_elsewhere_go_through_the_proxy_and_those_of_this_machine_do_not(
    service: Service,
) -> None:
    async with OwnProxy(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n") as proxy:
        url = SecretStr(f"http://{USER}:{quote(proxy.password, safe='')}@127.0.0.1:{proxy.port}")
        here, elsewhere = open_addresses([SecretStr(service.url), SecretStr("json://hook.example/x")], url)
        assert await asyncio.to_thread(here.notify, "near", "")
        assert not await asyncio.to_thread(elsewhere.notify, "far", "")
    assert (len(service.bodies), proxy.requests()) == (1, ["POST http://hook.example/x"])


@pytest.mark.usefixtures("_environment")
async def test_the_proxies_of_the_environment_are_not_used(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    await send(service)
    assert len(service.bodies) == 1


@pytest.fixture
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] - pytest calls it
    """An environment of the test's own."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
