"""What stands between: pages and codes in front of the API, long headers, certificates, proxies."""

import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.domain.errors import Cause
from bot.domain.incidents import ServiceProblem
from bot.domain.secret import SecretStr
from bot.polling.poller import problem_of
from bot.providers.api_client import open_session
from bot.providers.errors import Gone, ProviderError, RateLimited, Unauthorized, Unpaid, Unreachable
from bot.providers.failures import unreachable
from bot.providers.http_response import ApiRequest, ApiResponse
from bot.providers.useapi.client import UseapiClient
from bot.providers.useapi.error_mapping import Endpoint, refusal
from bot.providers.useapi.parsing import parse_account_with_token
from bot.render.error_messages import next_step, what
from tests.simulators.useapi import Fault, SimulatedUseapi
from tests.support.assembly import Assembly
from tests.support.clock import MINUTE, Clock
from tests.support.samples import parse_accounts
from tests.support.waiting import at_once

Parse = Callable[[ApiResponse, ApiRequest], object]
NOW = datetime(2026, 3, 1, tzinfo=UTC)
LIST = ApiRequest(Endpoint.LIST)
JUST_A_MOMENT = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>cf-chl</body></html>"
FORBIDDEN = b"<html><head><title>403 Forbidden</title></head><body>nginx</body></html>"
UNAVAILABLE = b"<html><head><title>503 Service Temporarily Unavailable</title></head></html>"
BLOCKED = b"<!DOCTYPE html><title>Attention Required! | Cloudflare</title>"
JSON = b'{"error": "Unauthorized", "code": 401}'


def answer(
    status: int,
    body: bytes,
    *,
    wait: str | None = None,
    media_type: str = "text/html",
    mitigated: bool = False,
) -> ApiResponse:
    return ApiResponse(status, media_type, body, wait, NOW, mitigated)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 410, 429, 500, 503, 520])
@pytest.mark.parametrize(
    "body", [JUST_A_MOMENT, BLOCKED, b"error code: 1010", b"error code: 1015\n", b"Error code: 1020"]
)
def test_row_51_what_bars_the_way_is_an_outage_whatever_its_status(status: int, body: bytes) -> None:
    error = refusal(answer(status, body), LIST)
    assert isinstance(error, Unreachable)
    assert (error.cause, error.transient) == (Cause.CHALLENGE, False)
    assert "turns this machine away" in what(error)
    assert problem_of(error) is ServiceProblem.UNREACHABLE


@pytest.mark.parametrize("status", [401, 402, 403, 429])
def test_row_51_a_page_says_nothing_of_the_token_or_the_subscription(status: int) -> None:
    error = refusal(answer(status, FORBIDDEN), LIST)
    assert (type(error), error.cause) == (Unreachable, Cause.CHALLENGE)


@pytest.mark.parametrize("status", [401, 402, 403])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"RBAC: access denied",
        b"Error 1020: Access denied",
        b"error code: 1010 (blocked)",
        b"Just a moment...",
        b"[]",
    ],
)
def test_row_51_a_refusal_that_is_not_in_the_api_s_form_is_not_the_api_s(status: int, body: bytes) -> None:
    error = refusal(answer(status, body, media_type="text/plain"), LIST)
    assert (type(error), error.cause) == (Unreachable, Cause.CHALLENGE)


@pytest.mark.parametrize("parse", [parse_accounts, parse_account_with_token])
@pytest.mark.parametrize("body", [b"error code: 1003", b"error code: 1016"])
def test_row_51_a_404_of_what_stands_in_front_is_no_empty_list(parse: Parse, body: bytes) -> None:
    with pytest.raises(Unreachable):
        parse(answer(404, body), LIST)
    with pytest.raises(Unreachable):
        parse(answer(404, b"", mitigated=True), LIST)
    assert not parse(answer(404, b'{"error": "none", "code": 404}'), LIST)


@pytest.mark.parametrize(("status", "code"), [(403, 1020), (429, 1015)])
def test_row_51_what_stands_in_front_is_known_in_json_too(status: int, code: int) -> None:
    body = f'{{"cloudflare_error": true, "error_code": {code}, "retry_after": 90}}'.encode()
    error = refusal(answer(status, body), LIST)
    assert isinstance(error, RateLimited)
    assert (error.cause, error.retry_after) == (Cause.CHALLENGE, timedelta(seconds=90))


@pytest.mark.parametrize(
    ("status", "body"),
    [(530, b"error code: 1016"), (522, b"<html><title>522</title><div class=cf-error-details></div></html>")],
)
def test_a_server_that_is_down_behind_it_is_out_of_order(status: int, body: bytes) -> None:
    assert refusal(answer(status, body), LIST).cause is Cause.SERVER_ERROR


def test_row_51_a_challenge_that_says_that_all_is_well_is_one() -> None:
    with pytest.raises(Unreachable) as caught:
        parse_accounts(answer(200, JUST_A_MOMENT), LIST)
    assert caught.value.cause is Cause.CHALLENGE


def test_a_429_to_a_question_limits_asking_and_says_nothing_of_jobs() -> None:
    body = b'{"error": "slow down", "code": 429}'
    assert "limits how often it may be asked" in what(refusal(answer(429, body), LIST))
    assert "job slots" in what(refusal(answer(429, body), ApiRequest(Endpoint.INFO)))


def test_row_51_a_header_shows_a_challenge_whatever_stands_below() -> None:
    assert refusal(answer(403, b"", mitigated=True), LIST).cause is Cause.CHALLENGE


def test_row_51_what_asks_to_be_left_alone_is() -> None:
    error = refusal(answer(429, b"error code: 1015", wait="90"), LIST)
    assert isinstance(error, RateLimited)
    assert (error.retry_after, error.cause) == (timedelta(seconds=90), Cause.CHALLENGE)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, JSON, Unauthorized),
        (403, JSON, Unauthorized),
        (402, b'{"error": "Subscription"}', Unpaid),
        (404, FORBIDDEN, Gone),
        (401, b'{"error": "the field error code: 1010 is wrong"}', Unauthorized),
        (401, b'{"error": "just a moment"}', Unauthorized),
    ],
)
def test_what_the_api_itself_says_stays_what_it_is(
    status: int, body: bytes, kind: type[ProviderError]
) -> None:
    assert type(refusal(answer(status, body), LIST)) is kind


def test_a_page_with_503_is_a_server_that_is_out_of_order() -> None:
    assert refusal(answer(503, UNAVAILABLE), LIST).cause is Cause.SERVER_ERROR


@pytest.mark.parametrize("fault", [Fault.CHALLENGE, Fault.EDGE_LIMIT])
async def test_row_51_the_watch_alerts_of_an_outage_and_never_of_the_token(
    api: SimulatedUseapi, tmp_path: Path, fault: Fault
) -> None:
    clock = Clock()
    async with Assembly(tmp_path / "midwatch.sqlite3", clock, api=api) as watch:
        api.add()
        loops = watch.make_loops()
        await loops.poll(watch.poller)
        api.fault(fault)
        for _ in range(7):
            clock.advance(MINUTE)
            await loops.poll(watch.poller)
        incident = watch.incident(None)
        assert (incident.problem, incident.cause) == (ServiceProblem.UNREACHABLE, Cause.CHALLENGE)
        assert loops.rest(watch.poller) <= 2 * MINUTE


# A server whose answers a test sets


@pytest.fixture
async def response() -> web.Response:
    return web.Response(text="{}", content_type="application/json")


@pytest.fixture
async def url(response: web.Response) -> AsyncIterator[str]:
    async def serve(_request: web.Request) -> web.Response:
        return response

    app = web.Application()
    app.router.add_get("/account/midjourney", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield site.name
    await runner.cleanup()


async def test_a_header_of_64_kb_is_read(url: str, response: web.Response) -> None:
    response.headers["X-Trace"] = "x" * 60_000
    async with open_session() as session:
        assert await UseapiClient(session, url, SecretStr("none"), sleep=at_once).accounts() == ()


@pytest.mark.parametrize("encoding", ["br", "zstd"])
async def test_an_answer_compressed_as_nobody_asked_has_a_sentence_of_its_own(
    url: str, response: web.Response, encoding: str
) -> None:
    response.headers["Content-Encoding"] = encoding
    async with open_session() as session:
        with pytest.raises(Unreachable, match="encoding") as caught:
            await UseapiClient(session, url, SecretStr("none"), sleep=at_once).accounts()
    assert caught.value.cause is Cause.ENCODING


# The network


def test_a_certificate_that_is_not_trusted_says_what_to_install() -> None:
    error = unreachable(
        ssl.SSLCertVerificationError("unable to get local issuer certificate"), may_be_done=False
    )
    assert "does not trust useapi.net's certificate" in what(error)
    assert "root certificates" in next_step(error)
    assert "SSL_CERT_FILE" in next_step(error)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_named_where_the_connection_fails_and_its_address_is_not(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for each in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(each, raising=False)
    refused = aiohttp.ConnectionTimeoutError()
    assert "_proxy" not in next_step(unreachable(refused, may_be_done=False)).casefold()
    monkeypatch.setenv(name, "http://user:secret@proxy.example:3128")
    shown = next_step(unreachable(refused, may_be_done=False))
    assert f"Midwatch does not use {name}" in shown
    assert "secret" not in shown
    assert "example" not in shown
