"""The web server by raw sockets: what it answers, and what bad clients cannot do to it."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from bot.domain.secret import SecretStr
from bot.domain.wellness import ProblemKind, WatchProblem
from bot.listener import server
from bot.listener.hook import Hook
from bot.listener.server import BODY_LIMIT, CONNECTIONS, Listener, listening
from bot.runtime.errors import UnavailableError
from bot.runtime.setting_values import ListenAddress
from tests.conftest import Leaks
from tests.support.clock import AT
from tests.support.waiting import PATIENCE, until

SECRET = "hook-secret-of-the-tests"
ANYWHERE = ListenAddress("127.0.0.1", 0)
GET = "GET {} HTTP/1.1\r\nHost: here\r\n\r\n"


class CountingHook(Hook):
    """Counts calls, and polls nothing."""

    def __init__(self) -> None:
        self._secret = SecretStr(SECRET)
        self.calls = 0

    async def called(self) -> None:
        self.calls += 1


class Served:
    """A listener on a real socket, and what it answers from."""

    def __init__(self) -> None:
        self.problems: list[WatchProblem] = []
        self.hook = CountingHook()
        self.fault: Exception | None = None
        self.address = ANYWHERE

    def present(self) -> list[WatchProblem]:
        if self.fault is not None:
            raise self.fault
        return self.problems

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self.address)

    async def send(self, request: str | bytes) -> bytes:
        """Send bytes, and return all that comes back until the end of the connection."""
        reader, writer = await self.connect()
        writer.write(request if isinstance(request, bytes) else request.encode())
        answer = await everything(reader)
        writer.close()
        return answer

    async def status(self, request: str | bytes) -> int:
        return int((await self.send(request)).split()[1])


async def everything(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the end of a connection, however that ends."""
    received = b""
    with suppress(ConnectionError):
        async with asyncio.timeout(PATIENCE):
            while part := await reader.read(1 << 16):
                received += part
    return received


@pytest.fixture
async def served(leaks: Leaks) -> AsyncIterator[Served]:
    leaks.secrets |= {SECRET}
    served = Served()
    async with listening(ANYWHERE, Listener(served.present, None, served.hook)) as served.address:
        yield served


# What is answered


async def test_healthz_is_200_only_while_the_watch_is_well_and_says_in_our_words_why_not(
    served: Served,
) -> None:
    head, _, body = (await served.send(GET.format("/healthz"))).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert json.loads(body) == {"well": True, "problems": []}

    served.problems = [
        WatchProblem(ProblemKind.MEMORY, AT),
        WatchProblem(ProblemKind.LOOP, detail="sending messages"),
        WatchProblem(ProblemKind.SIGHT, providers=("useapi/kling",)),
    ]
    head, _, body = (await served.send(GET.format("/healthz"))).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert json.loads(body) == {
        "well": False,
        "problems": [
            {"problem": "memory", "words": "I cannot write down what I see.", "since": AT.isoformat()},
            {"problem": "loop", "words": "A part of me fails: sending messages."},
            {"problem": "sight", "words": "I cannot see your accounts at Kling yet."},
        ],
    }


@pytest.mark.parametrize("kind", ProblemKind)
async def test_each_problem_makes_healthz_503(served: Served, kind: ProblemKind) -> None:
    served.problems = [WatchProblem(kind)]
    assert await served.status(GET.format("/healthz")) == 503


async def test_metrics_without_their_library_are_501_with_what_to_install(served: Served) -> None:
    answer = await served.send(GET.format("/metrics"))
    assert answer.startswith(b"HTTP/1.1 501 ")
    assert b"pip install prometheus_client" in answer


async def test_the_answer_to_a_head_has_no_body(served: Served) -> None:
    answer = await served.send("HEAD /healthz HTTP/1.1\r\nHost: here\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "request_line",
    [
        pytest.param("GET /", id="root"),
        pytest.param("GET /healthz/", id="with-a-slash"),
        pytest.param("GET /HEALTHZ", id="in-capitals"),
        pytest.param("GET //healthz", id="two-slashes"),
        pytest.param("GET /x/../healthz", id="dots"),
        pytest.param("GET /.env", id="file"),
        pytest.param("POST /healthz", id="post"),
        pytest.param("DELETE /metrics", id="delete"),
        pytest.param("OPTIONS *", id="options"),
        pytest.param("CONNECT elsewhere:443", id="connect"),
        pytest.param("POST /hook", id="no-secret"),
        pytest.param("POST /hook/", id="empty-secret"),
        pytest.param(f"POST /hook/{SECRET[:-1]}", id="shorter"),
        pytest.param(f"POST /hook/{SECRET}x", id="longer"),
        pytest.param(f"POST /hook/{SECRET}/", id="more"),
        pytest.param(f"POST /hook/{SECRET.upper()}", id="other-case"),
        pytest.param("POST /hook/%ff%00", id="escaped"),
        pytest.param(f"GET /hook/{SECRET}", id="get"),
        pytest.param(f"GET /hook?{SECRET}", id="query"),
    ],
)
async def test_any_other_path_or_method_is_404_and_calls_no_hook(served: Served, request_line: str) -> None:
    answer = await served.send(f"{request_line} HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n")
    assert answer.split()[1] == b"404"
    assert answer.endswith(b"\r\n\r\n")
    assert served.hook.calls == 0


async def test_without_a_secret_there_is_no_hook() -> None:
    async with listening(ANYWHERE, Listener(lambda: ())) as address:
        served = Served()
        served.address = address
        assert await served.status("POST /hook/ HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n") == 404


async def test_the_hook_takes_any_body_and_answers_204(served: Served) -> None:
    for body in ("", '{"status":"failed","code":596}', "not json \x00"):
        head = f"POST /hook/{SECRET}?ref=1 HTTP/1.1\r\nHost: here\r\nContent-Length: {len(body)}\r\n\r\n"
        assert (await served.send(head + body)).split()[1] == b"204"
    assert served.hook.calls == 3


# What bad clients cannot do


async def still_serves(served: Served) -> None:
    assert await served.status(GET.format("/healthz")) == 200


BAD = {
    "no-host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "null-in-the-host": b"GET /healthz HTTP/1.1\r\nHost: a\x00b\r\n\r\n",
    "two-hosts": b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "bad-target": b"GET http://[x/healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200 + b"\r\n\r\n",
    "http-2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "long-line": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "long-header": b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    "many-headers": b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 5_000 + b"\r\n",
    "both-lengths": b"POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nx",
    "negative-length": b"POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "bytes": bytes(range(256)) * 20 + b"\r\n\r\n",
    "secret-in-a-bad-line": f"POST /hook/{SECRET} HTTP/9.9\x01\r\nHost: a\r\n\r\n".encode(),
    "secret-in-a-bad-header": f"POST /hook/{SECRET} HTTP/1.1\r\nHost: a\r\n{SECRET}\x00: b\r\n\r\n".encode(),
    "secret-in-a-bad-chunk": f"POST /hook/{SECRET} HTTP/1.1\r\nHost: a\r\n"
    f"Transfer-Encoding: chunked\r\n\r\n{SECRET}\r\n".encode(),
}


@pytest.mark.parametrize("request_bytes", BAD.values(), ids=BAD)
async def test_a_bad_request_gets_a_short_answer_without_versions_and_leaves_no_trace_in_the_log(
    served: Served, request_bytes: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = await served.send(request_bytes)
    assert answer.split()[1:2] in ([b"400"], [b"204"])
    assert b"aiohttp" not in answer
    assert SECRET.encode() not in answer
    assert len(answer) < 500
    assert [each for each in caplog.records if each.name != "asyncio"] == []
    await still_serves(served)


@pytest.mark.parametrize("host", ["evil.example", "[[[", "../..", "a" * 4_000, "\u202e", "here:99999"])
async def test_a_host_changes_no_answer(served: Served, host: str) -> None:
    answer = await served.send(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n")
    assert answer.split()[1] == b"200"
    assert host.encode() not in answer


@pytest.mark.parametrize("path", ["/healthz", "/nothing", f"/hook/{SECRET}"])
async def test_no_answer_names_versions_and_each_ends_its_connection(served: Served, path: str) -> None:
    answer = await served.send(f"POST {path} HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n")
    assert b"\r\nServer: Midwatch\r\n" in answer
    assert b"Python" not in answer


@pytest.mark.parametrize("rest", [GET.format("/healthz") * 50, "\x00\xff" * 5_000], ids=["more", "garbage"])
async def test_what_follows_a_request_is_not_answered(served: Served, rest: str) -> None:
    answer = await served.send(GET.format("/healthz") + rest)
    assert answer.count(b"HTTP/1.") <= 1
    await still_serves(served)


async def cut_off(served: Served, beginning: bytes, part: bytes, pause: float = 0) -> bytes:
    """Send a beginning and then part after part until the connection ends, and return what came back."""
    reader, writer = await served.connect()
    with suppress(ConnectionError):
        writer.write(beginning)
        while not reader.at_eof():
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
    writer.close()
    return await everything(reader)


SLOW = {
    "nothing": b"",
    "half-a-line": b"GET /hea",
    "half-a-header": b"GET /healthz HTTP/1.1\r\nHost: he",
    "half-a-body": f"POST /hook/{SECRET} HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\n{{".encode(),
    "half-a-chunk": f"POST /hook/{SECRET} HTTP/1.1\r\nHost: here\r\n"
    "Transfer-Encoding: chunked\r\n\r\n9\r\nab".encode(),
}


@pytest.mark.parametrize("beginning", SLOW.values(), ids=SLOW)
async def test_a_client_that_does_not_go_on_is_cut_off(
    served: Served, beginning: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "CONNECTION_SECONDS", 0.05)
    assert await served.send(beginning) == b""
    monkeypatch.undo()
    await still_serves(served)
    assert [each for each in caplog.records if each.name.startswith(("bot", "aiohttp"))] == []


async def test_a_client_that_sends_a_byte_now_and_then_is_cut_off_all_the_same(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "CONNECTION_SECONDS", 0.1)
    assert await cut_off(served, b"GET /healthz HTTP/1.1\r\nHost: here\r\nX-a: ", b"b", pause=0.002) == b""
    monkeypatch.undo()
    await still_serves(served)


async def test_a_client_that_does_not_read_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "CONNECTION_SECONDS", 0.1)
    large = b"x" * (64 << 20)
    async with listening(ANYWHERE, Listener(lambda: (), lambda: (large, "text/plain"))) as address:
        reader, writer = await asyncio.open_connection(*address, limit=1)
        writer.write(GET.format("/metrics").encode())
        await until(lambda: len(asyncio.all_tasks()) > 1)
        await until(lambda: len(asyncio.all_tasks()) == 1)  # nothing of it is left in the server
        assert len(await everything(reader)) < len(large)
        writer.close()


async def test_a_body_is_read_up_to_64_kb_and_then_answered(served: Served) -> None:
    reader, writer = await served.connect()
    writer.write(f"POST /hook/{SECRET} HTTP/1.1\r\nHost: here\r\nContent-Length: {1 << 40}\r\n\r\n".encode())
    writer.write(b"x" * BODY_LIMIT)  # the client waits for the answer before the rest
    assert (await everything(reader)).split()[1] == b"204"
    writer.close()


async def test_a_body_that_does_not_end_ends_with_its_connection(served: Served) -> None:
    head = f"POST /hook/{SECRET} HTTP/1.1\r\nHost: here\r\nContent-Length: {1 << 40}\r\n\r\n"
    await cut_off(served, head.encode(), b"x" * (1 << 16))
    await still_serves(served)


async def test_a_body_that_is_not_compressed_as_it_says_is_no_error(served: Served) -> None:
    head = (
        f"POST /hook/{SECRET} HTTP/1.1\r\nHost: here\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n"
    )
    assert await served.status(head + "junk") == 204


async def test_a_flood_of_connections_ends_the_oldest_and_the_newest_is_served(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "CONNECTION_SECONDS", 2 * PATIENCE)  # none ends for its age
    flood = [await served.connect() for _ in range(CONNECTIONS + 20)]
    await still_serves(served)
    ended = [reader for reader, _ in flood if reader.at_eof() or reader.exception()]
    await until(lambda: sum(reader.at_eof() or bool(reader.exception()) for reader, _ in flood) >= 21)
    assert set(ended) <= {reader for reader, _ in flood[:21]}
    for _, writer in flood:
        writer.close()


async def test_an_error_of_ours_is_a_500_and_a_line_in_the_log(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    served.fault = RuntimeError("a fault of the tests")
    answer = await served.send(GET.format("/healthz"))
    assert answer.split()[1] == b"500"
    assert b"fault" not in answer
    (record,) = [each for each in caplog.records if each.name.startswith("bot")]
    assert record.getMessage() == "a request could not be answered: RuntimeError"
    served.fault = None
    await still_serves(served)


# Where it listens


async def test_a_port_in_use_is_said_in_one_sentence_that_names_the_setting(served: Served) -> None:
    with pytest.raises(UnavailableError, match=r"^Midwatch cannot listen at 127\.0\.0\.1:\d+: .*LISTEN\.$"):
        async with listening(served.address, Listener(lambda: ())):
            pass


@pytest.mark.parametrize("host", ["192.0.2.1", "nobody.invalid"])
async def test_an_address_that_is_not_this_machines_is_said_in_one_sentence(host: str) -> None:
    with pytest.raises(UnavailableError, match=rf"^Midwatch cannot listen at {host}:8080: .+LISTEN\.$"):
        async with listening(ListenAddress(host, 8080), Listener(lambda: ())):
            pass


async def test_it_ends_at_once_although_clients_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CONNECTION_SECONDS", 2 * PATIENCE)
    async with asyncio.timeout(PATIENCE):
        async with listening(ANYWHERE, Listener(lambda: ())) as address:
            hanging = [await asyncio.open_connection(*address) for _ in range(3)]
            hanging[0][1].write(b"GET /heal")
        for reader, writer in hanging:
            assert await everything(reader) == b""
            writer.close()
