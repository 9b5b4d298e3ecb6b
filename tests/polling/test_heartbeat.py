import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.domain.messages import Delivery, Message, Purpose
from bot.domain.secret import SecretStr
from bot.domain.wellness import OVERDUE_AFTER
from bot.polling.heartbeat import Heartbeat
from tests.conftest import Leaks
from tests.simulators.useapi import Fault, SimulatedUseapi
from tests.support.assembly import Assembly
from tests.support.clock import AT, MINUTE, Clock
from tests.support.waiting import PATIENCE, until

SECRET = "sandbox-heartbeat-8d1f2c"
SECOND = timedelta(seconds=1)
QUICK = aiohttp.ClientTimeout(total=0.2)


class Service:
    """A monitoring service on a real socket, whose answers a test sets."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.status = 200
        self.location: str | None = None
        self.answers = True
        self.hangs_up = False
        self._address = ""

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator["Service"]:
        """Listen as long as the body runs."""
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._serve)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.01)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self._address = f"http://{host}:{port}"
        try:
            yield self
        finally:
            await runner.cleanup()

    @property
    def url(self) -> str:
        return f"{self._address}/ping/{SECRET}"

    async def _serve(self, request: web.Request) -> web.Response:
        self.calls.append(f"{request.method} {request.path}")
        if self.hangs_up:
            assert request.transport is not None
            request.transport.abort()
        if not self.answers:
            await asyncio.Event().wait()
        headers = {} if self.location is None else {"Location": self.location}
        return web.Response(status=self.status, headers=headers)


@pytest.fixture
async def service(leaks: Leaks) -> AsyncIterator[Service]:
    leaks.secrets |= {SECRET}
    async with Service().listening() as listening:
        yield listening


@pytest.fixture
async def elsewhere() -> AsyncIterator[Service]:
    async with Service().listening() as listening:
        yield listening


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
def heartbeat(session: aiohttp.ClientSession, service: Service) -> Heartbeat:
    return Heartbeat(session, SecretStr(service.url))


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    """Return what the bot logged of the heartbeat."""
    return [
        (each.levelno, each.getMessage()) for each in caplog.records if each.name == "bot.polling.heartbeat"
    ]


# One call


async def test_the_address_is_called_once_and_nothing_is_said(
    heartbeat: Heartbeat, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    await heartbeat.beat()
    assert service.calls == [f"GET /ping/{SECRET}"]
    assert logged(caplog) == []


async def test_without_an_address_nobody_is_called(
    session: aiohttp.ClientSession, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    await Heartbeat(session, None).beat()
    assert (service.calls, logged(caplog)) == ([], [])


@pytest.mark.parametrize("status", [200, 201, 204])
async def test_any_success_counts(
    heartbeat: Heartbeat, service: Service, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    service.status = status
    await heartbeat.beat()
    assert logged(caplog) == []


@pytest.mark.parametrize("status", [301, 302, 400, 404, 410, 429, 500, 503])
async def test_a_status_that_is_no_success_is_logged_once_and_its_end_once(
    heartbeat: Heartbeat, service: Service, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    service.status = status
    for _ in range(3):
        await heartbeat.beat()
    service.status = 200
    for _ in range(3):
        await heartbeat.beat()
    assert logged(caplog) == [
        (
            logging.WARNING,
            f"the address of HEARTBEAT_URL does not answer as it should (status {status})",
        ),
        (logging.INFO, "the address of HEARTBEAT_URL answers again"),
    ]
    assert len(service.calls) == 6


async def test_failures_of_different_kinds_in_a_row_are_logged_once(
    heartbeat: Heartbeat, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    for service.status in (500, 404, 503):
        await heartbeat.beat()
    service.hangs_up = True
    await heartbeat.beat()
    assert len(logged(caplog)) == 1


async def test_a_service_that_does_not_answer_is_given_up(
    session: aiohttp.ClientSession, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    service.answers = False
    async with asyncio.timeout(PATIENCE):
        await Heartbeat(session, SecretStr(service.url), limit=QUICK).beat()
    assert len(logged(caplog)) == 1


async def test_a_connection_that_breaks_off_is_a_failure(
    heartbeat: Heartbeat, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    service.hangs_up = True
    await heartbeat.beat()
    assert len(logged(caplog)) == 1


async def refused_address() -> str:
    """Return an address at which nobody listens any more."""
    async with Service().listening() as gone:
        return gone.url


@pytest.mark.parametrize("host", [None, "a..b", f"{'a' * 70}.example", "127.0.0.1:99999", "[::1"])
async def test_an_address_where_nobody_can_be_is_a_failure_and_no_error(
    session: aiohttp.ClientSession, leaks: Leaks, host: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    leaks.secrets |= {SECRET}
    url = await refused_address() if host is None else f"http://{host}/ping/{SECRET}"
    heartbeat = Heartbeat(session, SecretStr(url))
    for _ in range(2):
        await heartbeat.beat()
    ((level, message),) = logged(caplog)
    assert level == logging.WARNING
    assert SECRET not in message
    assert (host or "127.0.0.1") not in message


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_leads_nowhere_and_is_a_failure(
    heartbeat: Heartbeat,
    service: Service,
    elsewhere: Service,
    status: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    service.status, service.location = status, elsewhere.url
    await heartbeat.beat()
    assert elsewhere.calls == []
    assert [level for level, _ in logged(caplog)] == [logging.WARNING]


async def test_the_secret_stands_in_no_text_of_it(heartbeat: Heartbeat) -> None:
    assert SECRET not in repr(heartbeat)
    assert SECRET not in repr(vars(heartbeat))


# When it is called


@pytest.fixture
async def watch(api: SimulatedUseapi, tmp_path: Path) -> AsyncIterator[Assembly]:
    async with Assembly(tmp_path / "midwatch.sqlite3", Clock(), api=api) as watched:
        yield watched


async def test_it_is_called_after_each_good_poll(
    watch: Assembly, heartbeat: Heartbeat, service: Service
) -> None:
    loops = watch.make_loops(heartbeat=heartbeat)
    for count in range(1, 4):
        await loops.poll(watch.poller)
        assert len(service.calls) == count


@pytest.mark.parametrize("fault", [Fault.UNAUTHORIZED, Fault.REDIRECT, Fault.HALF_JSON, Fault.PARTIAL_LIST])
async def test_it_is_not_called_after_a_poll_that_failed_or_is_not_believed(
    api: SimulatedUseapi, watch: Assembly, heartbeat: Heartbeat, service: Service, fault: Fault
) -> None:
    for _ in range(5):
        api.add()
    loops = watch.make_loops(heartbeat=heartbeat)
    await loops.poll(watch.poller)
    api.fault(fault)
    await loops.poll(watch.poller)
    assert len(service.calls) == 1
    api.mend()
    await loops.poll(watch.poller)
    assert len(service.calls) == 2


async def test_row_26_it_is_withheld_while_a_message_is_overdue_by_more_than_five_minutes(
    watch: Assembly, heartbeat: Heartbeat, service: Service
) -> None:
    loops = watch.make_loops(heartbeat=heartbeat)
    await loops.poll(watch.poller)
    (hello,) = watch.planned(Purpose.HELLO)
    assert (hello.due_at, hello.delivery) == (AT, Delivery.WAITING)

    watch.clock.advance(OVERDUE_AFTER)
    await loops.poll(watch.poller)
    assert len(service.calls) == 2
    watch.clock.advance(SECOND)
    await loops.poll(watch.poller)
    assert len(service.calls) == 2

    async with watch.watch_state.transaction() as transaction:
        transaction.put_message(sent(hello, watch))
    await loops.poll(watch.poller)
    assert len(service.calls) == 3


def sent(message: Message, watch: Assembly) -> Message:
    """Return a message that has arrived."""
    return replace(message, delivery=Delivery.SENT, channel_id=1, message_id=2, sent_at=watch.clock.now())


async def test_a_heartbeat_that_fails_is_no_failure_of_the_watch(
    watch: Assembly, heartbeat: Heartbeat, service: Service
) -> None:
    service.hangs_up = True
    loops = watch.make_loops(heartbeat=heartbeat)
    async with loops.running():
        await until(lambda: watch.poller.next_poll is not None)
        assert (watch.poller.failed_polls, loops.rest(watch.poller)) == (0, MINUTE)
        assert watch.poller.next_poll == AT + MINUTE
    assert loops.health_of(watch.poller).failures_in_a_row == 0


async def test_a_stop_does_not_wait_for_a_heartbeat_that_hangs(
    watch: Assembly, session: aiohttp.ClientSession, service: Service
) -> None:
    service.answers = False
    heartbeat = Heartbeat(session, SecretStr(service.url))
    async with asyncio.timeout(PATIENCE), watch.make_loops(heartbeat=heartbeat).running():
        await until(lambda: bool(service.calls))
