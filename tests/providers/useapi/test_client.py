"""The client on real sockets: what it sends, what it does about faults, and what it never lets out."""

import asyncio
import gzip
import json
import logging
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.domain.accounts import Account
from bot.domain.actions import ChangeOutcome, SaveResult
from bot.domain.secret import SecretStr
from bot.providers.api_client import Limits
from bot.providers.errors import (
    Gone,
    MalformedResponse,
    PendingModeration,
    ProviderError,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from bot.providers.mjproxy.client import MjproxyClient
from bot.providers.useapi.client import UseapiClient
from bot.providers.useapi.remembered_list import RememberedList
from bot.render.error_messages import next_step, what
from tests.support.clock import Clock

FIXTURES = Path(__file__).parents[2] / "recorded" / "useapi"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CHANNEL = "1170809721663422494"
TOKEN = SecretStr("user:791-theUseapiTokenThatMustNeverSurface")
DISCORD = SecretStr("MTE3MDgwOTcyMTY2MzQyMjQ5.Gfixt1.never-to-surface-aaaaaaaaaaaaaaaaaaaaaa")
SECRETS = ("NeverSurface", "never-to-surface")

Play = Callable[[asyncio.StreamWriter], Awaitable[None]]
Call = Callable[[UseapiClient], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> object:
        return json.loads(self.body)


@dataclass(slots=True)
class Service:
    """A server that plays one scripted answer for each request; the last is repeated."""

    plays: list[Play]
    url: str = ""
    requests: list[Request] = field(default_factory=list[Request])
    visitors: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visitors.add(task := asyncio.current_task() or asyncio.create_task(asyncio.sleep(0)))
        try:
            while not writer.is_closing():
                self.requests.append(await read_request(reader))
                await (self.plays.pop(0) if len(self.plays) > 1 else self.plays[0])(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()
            self.visitors.discard(task)


async def read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {
        name.casefold(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)
    }
    return Request(method, path, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


@asynccontextmanager
async def service(*plays: Play) -> AsyncGenerator[Service]:
    scripted = Service(list(plays))
    server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0)
    scripted.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v2"
    try:
        yield scripted
    finally:
        server.close()
        for task in tuple(scripted.visitors):
            task.cancel()
        await asyncio.gather(*scripted.visitors, return_exceptions=True)


def says(status: int, body: bytes | str = b"", reason: str = "Said", **headers: str) -> Play:
    raw = body.encode() if isinstance(body, str) else body
    lines = [
        f"HTTP/1.1 {status} {reason}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    if status != 204:
        lines.append(f"Content-Length: {len(raw)}")

    async def play(writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join([*lines, "", ""]).encode() + raw)
        await writer.drain()

    return play


def fixture(status: int, name: str) -> Play:
    return says(status, (FIXTURES / name).read_bytes(), Content_Type="application/json")


async def hangs(_: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def resets(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def hangs_up(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def breaks_off(writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"1170809721663422494":')
    await writer.drain()
    writer.close()


async def trickles(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def speaks_otherwise(writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    await writer.drain()
    writer.close()


async def squeezes_wrongly(writer: asyncio.StreamWriter) -> None:
    await says(200, b"this is not gzip", Content_Encoding="gzip")(writer)


SHORT = Limits(connect=2, silence=0.1, reading=15, writing=0.3, info=0.3)


@asynccontextmanager
async def client_of(
    url: str,
    *,
    clock: Clock | None = None,
    limits: Limits | None = None,
    random: float = 1.0,
    connector: aiohttp.BaseConnector | None = None,
) -> AsyncGenerator[UseapiClient]:
    clock = clock or Clock(NOW)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield UseapiClient(
            session,
            url,
            TOKEN,
            limits=limits or Limits(),
            sleep=clock.nap,
            monotonic=clock.monotonic,
            now=clock.now,
            random=lambda: random,
        )


@asynccontextmanager
async def asking(
    *plays: Play, clock: Clock | None = None, limits: Limits | None = None
) -> AsyncGenerator[tuple[UseapiClient, Service]]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(service(*plays))
        yield await stack.enter_async_context(client_of(server.url, clock=clock, limits=limits)), server


# What is sent, and what comes of it


async def test_the_list_is_asked_for_with_the_token_and_read() -> None:
    async with asking(fixture(200, "list_with_servers.json")) as (client, server):
        accounts = await client.accounts()
    assert [account.reference for account in accounts] == [CHANNEL, "1170809721663422495"]
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("GET", "/v2/account/midjourney", b"")
    assert request.headers["authorization"] == f"Bearer {TOKEN.get_secret_value()}"


async def test_one_account_is_looked_at() -> None:
    async with asking(fixture(200, "saved.json")) as (client, server):
        assert await client.account(CHANNEL) == Account(CHANNEL, 3)
    assert [(r.method, r.path) for r in server.requests] == [("GET", f"/v2/account/midjourney/{CHANNEL}")]


async def test_the_subscription_is_looked_at() -> None:
    async with asking(fixture(200, "standing.json")) as (client, server):
        assert await client.subscription_active() is True
    assert [(r.method, r.path) for r in server.requests] == [("GET", "/v2/account")]


@pytest.mark.parametrize(
    ("play", "saved"),
    [
        (fixture(200, "saved.json"), SaveResult(ChangeOutcome.DONE, Account(CHANNEL, 3), 12, created=False)),
        (fixture(201, "saved.json"), SaveResult(ChangeOutcome.DONE, Account(CHANNEL, 3), 12, created=True)),
        (says(204), SaveResult(ChangeOutcome.DONE, None, 12, created=None)),
    ],
    ids=["updated", "created", "old form"],
)
async def test_an_account_is_saved(play: Play, saved: SaveResult) -> None:
    async with asking(play) as (client, server):
        assert await client.save_account(DISCORD, 12) == saved
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/v2/account/midjourney")
    assert request.json == {"discord": DISCORD.get_secret_value(), "maxJobs": 12}


async def test_an_account_is_saved_with_three_jobs_if_no_number_is_given() -> None:
    async with asking(says(204)) as (client, server):
        await client.save_account(DISCORD)
    assert server.requests[0].json == {"discord": DISCORD.get_secret_value(), "maxJobs": 3}


@pytest.mark.parametrize("play", [says(204), says(200, "{}"), says(201)], ids=["204", "200", "201"])
async def test_an_account_is_removed_and_reset_by_any_success(play: Play) -> None:
    async with asking(play) as (client, server):
        await client.remove_account(CHANNEL)
        await client.reset(CHANNEL)
    assert [(r.method, r.path, r.body) for r in server.requests] == [
        ("DELETE", f"/v2/account/midjourney/{CHANNEL}", b""),
        ("POST", f"/v2/account/midjourney/{CHANNEL}/reset", b""),
    ]


async def test_info_is_asked_for_one_channel_and_timed_by_the_api() -> None:
    async with asking(fixture(200, "info_completed.json")) as (client, server):
        snapshot = await client.info(CHANNEL, reply_url="https://example.org/x", reply_ref="r" * 1024)
    assert (snapshot.taken_at, snapshot.took) == (NOW, timedelta(milliseconds=823))
    assert snapshot.info.discord_name == "lantern.keeper"
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/v2/jobs/info")
    assert request.json == {"channel": CHANNEL, "replyUrl": "https://example.org/x", "replyRef": "r" * 1024}


async def test_info_is_timed_here_if_the_api_does_not_say() -> None:
    clock = Clock(NOW)
    answered = says(200, json.dumps({"content": "Job Mode: Fast"}))

    async def answers_late(writer: asyncio.StreamWriter) -> None:
        clock.advance(timedelta(seconds=7))
        await answered(writer)

    async with asking(answers_late, clock=clock) as (client, server):
        assert (await client.info(CHANNEL)).took == timedelta(seconds=7)
    assert server.requests[0].json == {"channel": CHANNEL}


async def test_a_slash_at_the_end_of_the_address_does_no_harm() -> None:
    async with service(says(200, "{}")) as server, client_of(f"{server.url}/") as client:
        assert await client.accounts() == ()
    assert server.requests[0].path == "/v2/account/midjourney"


REFUSED: dict[str, Call] = {
    "a path for a channel": lambda client: client.account("../x"),
    "too few digits": lambda client: client.reset("1" * 16),
    "too many digits": lambda client: client.remove_account("1" * 21),
    "digits of another script": lambda client: client.reset("\u0661" * 18),
    "a channel with a line end": lambda client: client.info(f"{CHANNEL}\n"),
    "no channel": lambda client: client.info(""),
    "too long a callback": lambda client: client.info(CHANNEL, reply_url="x" * 1025),
    "too long a reference": lambda client: client.info(CHANNEL, reply_ref="x" * 1025),
    "no jobs": lambda client: client.save_account(DISCORD, 0),
    "sixteen jobs": lambda client: client.save_account(DISCORD, 16),
    "no token": lambda client: client.save_account(SecretStr(" ")),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
async def test_what_the_api_would_refuse_is_refused_before_anything_is_sent(call: Call) -> None:
    async with asking(says(204)) as (client, server):
        with pytest.raises(Rejected) as caught:
            await call(client)
    assert server.requests == []
    assert next_step(caught.value).endswith(".")


# Statuses over the wire


@pytest.mark.parametrize(
    ("play", "error"),
    [
        (fixture(401, "unauthorized.json"), Unauthorized),
        (says(401, b"\xff", Content_Type="x" * 500), Unreachable),
        (says(404, (FIXTURES / "page.html").read_bytes(), Content_Type="text/html"), Gone),
        (says(200, (FIXTURES / "page.html").read_bytes(), Content_Type="application/json"), Unreachable),
        (says(200, b"{", Content_Type="application/json"), MalformedResponse),
        (says(200, b"\xff\xfe{}", Content_Type="application/json; charset=utf-16"), MalformedResponse),
        (says(204), MalformedResponse),
        (fixture(596, "pending_short.json"), PendingModeration),
        (says(596, reason=""), PendingModeration),
        (says(569, reason="No Such Reason"), PendingModeration),
        (says(799, reason=""), Unreachable),
    ],
    ids=[
        "401",
        "401 not UTF-8",
        "404 page",
        "page",
        "cut off",
        "not UTF-8",
        "204",
        "596",
        "bare 596",
        "569",
        "799",
    ],
)
async def test_an_answer_over_the_wire_becomes_its_error(play: Play, error: type[ProviderError]) -> None:
    async with asking(play) as (client, _):
        with pytest.raises(error) as caught:
            await client.accounts()
    assert type(caught.value) is error


@pytest.mark.parametrize(
    "media_type", ["text/html", "nonsense", ";;;", "application/octet-stream", "text/plain"]
)
async def test_the_content_type_of_a_body_does_not_matter(media_type: str) -> None:
    async with asking(says(200, "{}", Content_Type=media_type)) as (client, _):
        assert await client.accounts() == ()


async def test_nothing_configured_is_an_empty_list() -> None:
    async with asking(fixture(404, "not_found.txt"), says(404)) as (client, server):
        assert await client.accounts() == ()
        assert await client.accounts() == ()
    assert len(server.requests) == 2


ABOUT_ONE: dict[str, Call] = {
    "account": lambda client: client.account(CHANNEL),
    "reset": lambda client: client.reset(CHANNEL),
    "remove": lambda client: client.remove_account(CHANNEL),
}


@pytest.mark.parametrize("call", ABOUT_ONE.values(), ids=ABOUT_ONE)
async def test_a_404_of_one_account_says_that_it_is_gone(call: Call) -> None:
    async with asking(says(404)) as (client, _):
        with pytest.raises(Gone, match="no such account"):
            await call(client)


async def test_a_596_is_a_flag_even_if_its_body_breaks_off() -> None:
    async def breaks_off_flagged(writer: asyncio.StreamWriter) -> None:
        writer.write(b'HTTP/1.1 596 \r\nContent-Length: 1000\r\n\r\n{"err')
        await writer.drain()
        writer.close()

    async with asking(breaks_off_flagged) as (client, _):
        with pytest.raises(PendingModeration) as caught:
            await client.info(CHANNEL)
    assert caught.value.reference == CHANNEL


async def test_a_404_that_breaks_off_is_not_an_empty_list() -> None:
    async def breaks_off_404(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 1000\r\n\r\nCon")
        await writer.drain()
        writer.close()

    async with asking(breaks_off_404) as (client, _):
        with pytest.raises(Unreachable, match="broken off"):
            await client.accounts()


# Transient failures

TRANSIENT: dict[str, tuple[Play, str]] = {
    "a hang": (hangs, "does not answer"),
    "a reset": (resets, "broke off"),
    "a hang-up": (hangs_up, "broke off"),
    "a body that breaks off": (breaks_off, "broke off"),
    "a body squeezed wrongly": (squeezes_wrongly, "broke off"),
    "another protocol": (speaks_otherwise, "is not an API"),
    "500": (says(500, "{}"), "has a server error (500)"),
    "503 as a page": (says(503, "<html>", Content_Type="text/html"), "has a server error (503)"),
    "522": (says(522), "has a server error (522)"),
}


@pytest.mark.parametrize(("play", "sentence"), TRANSIENT.values(), ids=TRANSIENT)
async def test_a_poll_is_tried_three_times_and_no_more(play: Play, sentence: str) -> None:
    clock = Clock(NOW)
    async with asking(play, clock=clock, limits=SHORT) as (client, server):
        with pytest.raises(Unreachable) as caught:
            await client.accounts()
    assert sentence in what(caught.value)
    assert len(server.requests) == 3
    assert clock.naps == [1.0, 2.0]


@pytest.mark.parametrize(("play", "sentence"), TRANSIENT.values(), ids=TRANSIENT)
async def test_a_poll_recovers_at_the_third_try(play: Play, sentence: str) -> None:
    assert sentence
    async with asking(play, play, fixture(200, "saved.json"), limits=SHORT) as (client, server):
        assert await client.account(CHANNEL) == Account(CHANNEL, 3)
    assert len(server.requests) == 3


COMMANDS: dict[str, Call] = {
    "save": lambda client: client.save_account(DISCORD),
    "remove": lambda client: client.remove_account(CHANNEL),
    "reset": lambda client: client.reset(CHANNEL),
    "info": lambda client: client.info(CHANNEL),
}
READS: dict[str, Call] = {
    "accounts": lambda client: client.accounts(),
    "account": lambda client: client.account(CHANNEL),
    "standing": lambda client: client.subscription_active(),
}


@pytest.mark.parametrize("call", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize(("play", "sentence"), TRANSIENT.values(), ids=TRANSIENT)
async def test_a_command_is_sent_once(play: Play, sentence: str, call: Call) -> None:
    clock = Clock(NOW)
    async with asking(play, clock=clock, limits=SHORT) as (client, server):
        with pytest.raises(Unreachable) as caught:
            await call(client)
    assert sentence in what(caught.value)
    assert len(server.requests) == 1
    assert clock.naps == []


@pytest.mark.parametrize("call", COMMANDS.values(), ids=COMMANDS)
async def test_a_command_is_sent_once_on_a_connection_kept_from_before(call: Call) -> None:
    async with asking(says(200, "{}"), resets) as (client, server):
        await client.accounts()
        with pytest.raises(Unreachable):
            await call(client)
    assert len(server.requests) == 2


async def test_the_pauses_have_full_jitter() -> None:
    clock = Clock(NOW)
    async with service(says(500)) as server, client_of(server.url, clock=clock, random=0.0) as client:
        with pytest.raises(Unreachable):
            await client.accounts()
    assert clock.naps == [0.0, 0.0]


async def test_no_try_begins_after_the_budget() -> None:
    clock = Clock(NOW)

    async def takes_eight_seconds(writer: asyncio.StreamWriter) -> None:
        clock.advance(timedelta(seconds=8))
        await says(500)(writer)

    async with asking(takes_eight_seconds, clock=clock) as (client, server):
        with pytest.raises(Unreachable):
            await client.accounts()
    assert len(server.requests) == 2
    assert clock.naps == [1.0]


ENDLESS = Limits(connect=600, silence=600, reading=600, writing=600, info=600)
LIMITED: dict[str, tuple[Play, Limits, Call]] = {
    "a silent list, by its silence": (hangs, replace(ENDLESS, silence=0.1), lambda c: c.accounts()),
    "a trickling list, by the budget": (trickles, replace(ENDLESS, reading=0.2), lambda c: c.accounts()),
    "a silent command": (hangs, replace(ENDLESS, writing=0.1), lambda c: c.reset(CHANNEL)),
    "a trickling command": (trickles, replace(ENDLESS, writing=0.1), lambda c: c.remove_account(CHANNEL)),
    "a silent /info": (hangs, replace(ENDLESS, info=0.1), lambda c: c.info(CHANNEL)),
    "a trickling /info": (trickles, replace(ENDLESS, info=0.1), lambda c: c.info(CHANNEL)),
}


@pytest.mark.parametrize(("play", "limits", "call"), LIMITED.values(), ids=LIMITED)
async def test_each_wait_ends_by_the_limit_that_is_its_own(play: Play, limits: Limits, call: Call) -> None:
    async with asking(play, limits=limits) as (client, server), asyncio.timeout(10):
        with pytest.raises(Unreachable, match="silent"):
            await call(client)
    assert server.requests


@pytest.mark.parametrize("status", [400, 401, 402, 404, 410, 422, 596])
async def test_what_is_not_transient_is_not_tried_again(status: int) -> None:
    async with asking(says(status, "{}")) as (client, server):
        with pytest.raises(ProviderError):
            await client.account(CHANNEL)
    assert len(server.requests) == 1


async def test_the_limits_are_those_that_are_promised() -> None:
    assert Limits() == Limits(connect=5, silence=5, reading=15, writing=30, info=90)


# Limits on the rate


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("after", ["4", "Thu, 01 Jan 2026 00:00:04 GMT"], ids=["seconds", "date"])
async def test_a_wait_within_the_budget_is_waited(status: int, after: str) -> None:
    clock = Clock(NOW)
    async with asking(says(status, Retry_After=after), says(200, "{}"), clock=clock) as (client, _):
        assert await client.accounts() == ()
    assert clock.naps == [4.0]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("", {"Retry_After": "60"}),
        ("", {"Retry_After": "Thu, 01 Jan 2026 00:01:00 GMT"}),
        ('{"retryAfter":60}', {}),
    ],
    ids=["seconds", "date", "body"],
)
async def test_a_wait_beyond_the_budget_is_raised(status: int, body: str, headers: dict[str, str]) -> None:
    clock = Clock(NOW)
    async with asking(says(status, body, **headers), clock=clock) as (client, server):
        with pytest.raises(RateLimited) as caught:
            await client.accounts()
    assert caught.value.retry_after == timedelta(minutes=1)
    assert len(server.requests) == 1
    assert clock.naps == []


async def test_a_429_without_a_wait_is_tried_again_and_then_raised() -> None:
    async with asking(says(429, '{"executingJobs":[]}')) as (client, server):
        with pytest.raises(RateLimited) as caught:
            await client.accounts()
    assert caught.value.retry_after is None
    assert len(server.requests) == 3


@pytest.mark.parametrize("call", COMMANDS.values(), ids=COMMANDS)
async def test_a_command_that_meets_a_limit_is_not_tried_again(call: Call) -> None:
    async with asking(says(429, Retry_After="1")) as (client, server):
        with pytest.raises(RateLimited):
            await call(client)
    assert len(server.requests) == 1


# Where the client does not go


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(status: int) -> None:
    async with service(says(200, "{}")) as elsewhere:
        async with asking(says(status, Location=elsewhere.url)) as (client, server):
            with pytest.raises(Unreachable, match=rf"redirect \(status: {status}\)"):
                await client.accounts()
            with pytest.raises(Unreachable, match=rf"redirect \(status: {status}\)"):
                await client.reset(CHANNEL)
        assert elsewhere.requests == []
    assert len(server.requests) == 2


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with service(says(500)) as proxy, service(says(200, "{}")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        async with client_of(server.url) as client:
            assert await client.accounts() == ()
    assert proxy.requests == []


async def test_a_closed_port_is_a_plain_sentence() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        async with client_of(f"http://127.0.0.1:{closed.getsockname()[1]}") as client:
            with pytest.raises(Unreachable, match="refused"):
                await client.accounts()


class NoNames(AbstractResolver):
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        raise OSError(family, f"no {host}:{port}")

    async def close(self) -> None:
        pass


async def test_a_name_that_cannot_be_looked_up_is_a_plain_sentence() -> None:
    connector = aiohttp.TCPConnector(resolver=NoNames())
    async with client_of("http://api.example", connector=connector) as client:
        with pytest.raises(Unreachable, match="no address"):
            await client.accounts()


class SlowNames(NoNames):
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        await asyncio.Event().wait()
        return await super().resolve(host, port, family)


@pytest.mark.parametrize("call", [*COMMANDS.values(), *READS.values()], ids=[*COMMANDS, *READS])
async def test_a_connection_has_its_own_limit(call: Call) -> None:
    connector = aiohttp.TCPConnector(resolver=SlowNames())
    limits = replace(ENDLESS, connect=0.1)
    async with client_of("http://api.example", connector=connector, limits=limits) as client:
        async with asyncio.timeout(10):
            with pytest.raises(Unreachable, match="silent"):
                await call(client)


async def test_a_server_without_tls_cannot_prove_who_it_is() -> None:
    async with service(says(200)) as server:

        async def answers_at_once(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        plain = await asyncio.start_server(answers_at_once, "127.0.0.1", 0)
        async with plain, client_of(f"https://127.0.0.1:{plain.sockets[0].getsockname()[1]}") as client:
            with pytest.raises(Unreachable, match="certificate"):
                await client.accounts()
    assert server.requests == []


# Size

MEGABYTE = b" " * 2**20


@dataclass(slots=True)
class Flood:
    """A body of 64 MB without a declared length; it counts what it could get rid of."""

    encoding: str = ""
    sent: int = 0

    async def __call__(self, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{self.encoding}\r\n".encode())
        for _ in range(64):
            writer.write(b"100000\r\n" + MEGABYTE + b"\r\n")
            await writer.drain()
            self.sent += 1
        writer.write(b"0\r\n\r\n")


async def test_a_body_over_8_mb_is_refused_while_it_is_read() -> None:
    flood = Flood()
    async with asking(flood) as (client, server):
        with pytest.raises(MalformedResponse) as caught:
            await client.accounts()
    assert caught.value.place == "the limit of its length"
    assert flood.sent < 32
    assert len(server.requests) == 1


async def test_a_body_declared_over_8_mb_is_not_read_at_all() -> None:
    async def declares(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 8388609\r\n\r\n")
        await writer.drain()
        await hangs(writer)

    async with asking(declares) as (client, _):
        async with asyncio.timeout(3):
            with pytest.raises(MalformedResponse):
                await client.accounts()


async def test_the_size_of_a_body_is_counted_after_decompression() -> None:
    bomb = gzip.compress(MEGABYTE * 64)
    assert len(bomb) < 100_000
    async with asking(says(200, bomb, Content_Encoding="gzip")) as (client, _):
        with pytest.raises(MalformedResponse) as caught:
            await client.accounts()
    assert caught.value.place == "the limit of its length"


async def test_each_provider_declares_the_length_that_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UseapiClient, "body_limit", 2)
    async with asking(says(200, b"{}"), says(200, b"{ }")) as (client, _):
        assert await client.accounts() == ()
        with pytest.raises(MalformedResponse):
            await client.accounts()
    assert "body_limit" in vars(MjproxyClient)


async def test_a_body_of_8_mb_is_read() -> None:
    body = gzip.compress(b"{}" + b" " * (8 * 2**20 - 2))
    async with asking(says(200, body, Content_Encoding="gzip")) as (client, _):
        assert await client.accounts() == ()


@pytest.mark.parametrize(("status", "error"), [(401, Unreachable), (404, Gone), (500, Unreachable)])
async def test_a_failing_status_with_a_body_over_8_mb_is_its_status(
    status: int, error: type[ProviderError]
) -> None:
    async with asking(says(status, MEGABYTE * 9)) as (client, _):
        with pytest.raises(error):
            await client.accounts()


# Secrets

ECHO = f"{TOKEN.get_secret_value()} {DISCORD.get_secret_value()}"
LEAKS: dict[str, Play] = {
    **{name: play for name, (play, _) in TRANSIENT.items()},
    **{
        f"{status} that echoes": says(
            status, json.dumps({"error": f"bad {ECHO}", "code": status}), reason=ECHO
        )
        for status in (400, 401, 402, 403, 404, 410, 412, 422, 429, 500, 596)
    },
    "prose that echoes": says(400, ECHO),
    "a redirect that echoes": says(302, Location=f"http://127.0.0.1/{TOKEN.get_secret_value()}"),
    "JSON cut off": says(200, f'{{"discord":"{DISCORD.get_secret_value()}'),
    "not UTF-8": says(200, f'{{"discord":"{DISCORD.get_secret_value()}"'.encode() + b"\xff}"),
    "a wrong type": says(
        200, json.dumps({"channel": [ECHO], "discord": ECHO, "maxJobs": {ECHO: ECHO}, "content": 1})
    ),
    "a wrong key": says(200, json.dumps({ECHO: ECHO})),
    "an odd type": says(200, "x", Content_Type=f"text/{DISCORD.get_secret_value()}"),
}


def everything_of(error: BaseException | None) -> str:
    if error is None:
        return ""
    own = f"{error} {error!r} {error.args!r} {getattr(error, '__dict__', {})!r}"
    return f"{own} {everything_of(error.__cause__)} {everything_of(error.__context__)}"


@pytest.mark.parametrize("call", [*COMMANDS.values(), *READS.values()], ids=[*COMMANDS, *READS])
@pytest.mark.parametrize("play", LEAKS.values(), ids=LEAKS)
async def test_no_secret_survives_into_an_error_a_log_or_a_repr(
    play: Play, call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with asking(play, limits=SHORT) as (client, _):
        outcome = (await asyncio.gather(call(client), return_exceptions=True))[0]
    if isinstance(outcome, BaseException):
        assert isinstance(outcome, ProviderError)
        assert outcome.__context__ is None, "aiohttp's and json's errors hold what must not get out"
    shown = everything_of(outcome) if isinstance(outcome, BaseException) else repr(outcome)
    logged = " ".join(f"{record.getMessage()} {record.args!r} {record.exc_text}" for record in caplog.records)
    assert not [secret for secret in SECRETS if secret in shown + logged]


@pytest.mark.parametrize(
    "said", ["of no known sh+pe", "of%20no%20known%20sh%2bpe", "of no known sh\\u002Bpe"]
)
async def test_our_own_secrets_are_hidden_from_a_quote_whatever_they_look_like(said: str) -> None:
    odd = SecretStr("of no known sh+pe")
    async with asking(says(400, f'{{"error":"why {said}?"}}')) as (client, _):
        with pytest.raises(Rejected) as caught:
            await client.save_account(odd)
    assert caught.value.quote == "why [hidden]?"


async def test_the_token_of_an_account_is_in_nothing_that_is_returned() -> None:
    async with asking(
        fixture(200, "list_flagged.json"), fixture(200, "account.json"), fixture(201, "saved.json")
    ) as (
        client,
        _,
    ):
        shown = repr(
            [await client.accounts(), await client.account(CHANNEL), await client.save_account(DISCORD)]
        )
        kept = repr([vars(part) for part in vars(client).values() if isinstance(part, RememberedList)])
    assert "_last" in kept
    assert "never-to-surface" not in shown + kept


async def test_an_answer_not_understood_is_logged_once_without_its_body(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="bot")
    body = json.dumps({CHANNEL: {"maxJobs": "a-value-of-the-body"}})
    async with asking(says(200, body, Content_Type="application/json")) as (client, _):
        with pytest.raises(MalformedResponse):
            await client.accounts()
    (record,) = caplog.records
    assert (record.levelname, record.name) == ("WARNING", "bot.providers.api_client")
    assert record.getMessage() == (
        "GET account/midjourney: answer not understood: status 200, type 'application/json', "
        f'length {len(body)}, at accounts["{CHANNEL}"].maxJobs'
    )
