"""Requests to a provider: one injected session, tries and time limits, one error family.

Only this module sends requests.
"""

import asyncio
import logging
import random as chance
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from math import inf
from typing import ClassVar, Final, TypeVar

import aiohttp

from bot.domain.clock import utc_now
from bot.domain.measures import OK, UNCOUNTED, Measures
from bot.domain.secret import SecretStr
from bot.providers.errors import MalformedResponse, ProviderError, RateLimited, Unreachable
from bot.providers.failures import unreachable
from bot.providers.http_response import ApiRequest, ApiResponse
from bot.providers.proxy import Connector
from bot.providers.redaction import HIDDEN, redact
from bot.runtime.aside import aside

log: Final = logging.getLogger(__name__)
T = TypeVar("T")
Parser = Callable[[ApiResponse, ApiRequest], T]

TRIES: Final = 3
FIRST_PAUSE: Final = 0.5
HEADER_LIMIT: Final = 64 * 1024
BYTES_AN_ACCOUNT: Final = 1_000
"""A list of so many bytes takes as long to parse as one account takes elsewhere: see `aside`."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The time limits of a request, in seconds as aiohttp takes them.

    `silence` ends a try of a GET in which nothing arrives. `reading` is the limit of all tries of a GET.
    """

    connect: float = 5
    silence: float = 5
    reading: float = 15
    writing: float = 30
    info: float = 90


def open_session(
    proxy: SecretStr | None = None, traces: Iterable[aiohttp.TraceConfig] = ()
) -> aiohttp.ClientSession:
    """Return a session for the API. A header may have 64 kB: servers in front of the API add long ones."""
    return aiohttp.ClientSession(
        connector=Connector(proxy),
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        max_line_size=HEADER_LIMIT,
        max_field_size=HEADER_LIMIT,
        trace_configs=[*traces],
    )


class ApiClient:
    """The requests to one provider with one token."""

    name: str
    """The name of the provider."""
    body_limit: ClassVar[int]
    """The bytes of the longest body that is read, after decompression."""
    is_strict: ClassVar[bool] = False
    """Whether a body is no JSON if an object in it has a key twice. If not, `ApiResponse.repeated` tells."""
    auth_header: ClassVar[str]
    auth_prefix: ClassVar[str] = ""
    credentials: ClassVar[tuple[str, ...]]
    """The fields of the API that hold credentials of an account."""
    optional_path: ClassVar[str] = ""
    """The end of the URL that people may write or leave out."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        token: SecretStr,
        *,
        limits: Limits = Limits(),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
        random: Callable[[], float] = chance.random,
        measures: Measures = UNCOUNTED,
    ) -> None:
        self._limits = limits
        self.longest_info = timedelta(seconds=limits.info)
        self._monotonic = monotonic
        self._now = now
        self._session = session
        self.address = url.rstrip("/").removesuffix(self.optional_path)
        self._token = token
        self._sleep = sleep
        self._random = random
        self._measures = measures

    async def _read(self, request: ApiRequest, parse: Parser[T]) -> T:
        """Send a request that changes nothing, up to three times within one limit if the failure may pass."""
        deadline = self._monotonic() + self._limits.reading
        attempt = 1
        while True:
            left, silence = deadline - self._monotonic(), self._limits.silence
            try:
                return await self._send(request, parse, left, silence)
            except (Unreachable, RateLimited) as error:
                pause = self._pause(error, attempt, deadline)
                if pause is None:
                    raise
            await self._sleep(pause)
            attempt += 1

    async def _write(self, request: ApiRequest, parse: Parser[T], limit: float | None = None) -> T:
        """Send a command, once. After a failure only the list shows whether it was carried out."""
        return await self._send(request, parse, limit or self._limits.writing)

    def _pause(self, error: Unreachable | RateLimited, attempt: int, deadline: float) -> float | None:
        """Return the seconds until the next try, with full jitter; None for no more tries."""
        pause = self._random() * FIRST_PAUSE * 2**attempt
        if isinstance(error, RateLimited):
            pause = max(pause, error.retry_after.total_seconds() if error.retry_after else 0)
        elif not error.transient:
            return None
        in_time = self._monotonic() + pause < deadline
        return pause if attempt < TRIES and in_time else None

    async def _send(
        self, request: ApiRequest, parse: Parser[T], limit: float, silence: float | None = None
    ) -> T:
        """Send one request and return what the parser reads. Errors of aiohttp end here."""
        timeout = aiohttp.ClientTimeout(
            total=limit, connect=self._limits.connect, sock_read=silence, ceil_threshold=inf
        )
        try:
            async with self._session.request(
                request.endpoint.partition(" ")[0],
                f"{self.address}/{request.path}",
                json=request.body,
                headers={
                    self.auth_header: f"{self.auth_prefix}{self._token.get_secret_value()}",
                    "Accept": "application/json",
                },
                timeout=timeout,
                allow_redirects=False,
                middlewares=(send_once,),
            ) as received:
                response = await self._receive(received, request.secret)
            parsed = await aside(
                (response.length or 0) // BYTES_AN_ACCOUNT, parse_or_log, response, request, parse
            )
        except ProviderError as error:
            failure = error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            failure = unreachable(error, may_be_done=silence is None)
        else:
            self._measures.requested(self.name, OK)
            return parsed
        self._measures.requested(self.name, failure.code)
        # Raised out here, the error has no context: aiohttp's errors hold the request's headers.
        failure.provider = self.name
        raise failure

    async def _receive(self, response: aiohttp.ClientResponse, secret: SecretStr | None) -> ApiResponse:
        """Read a response, and hide our own secrets in it before anything else sees it."""
        body = await read_body(response, self.body_limit)
        own = tuple(each for each in (self._token, secret) if each and each.get_secret_value())
        for hidden in own:
            if body:
                body = body.replace(hidden.get_secret_value().encode(), HIDDEN.encode())
        return ApiResponse(
            response.status,
            redact(response.content_type, limit=80),
            body,
            response.headers.get("Retry-After"),
            self._now(),
            "cf-mitigated" in response.headers,
            self.is_strict,
            own,
            self.credentials,
        )


async def send_once(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Prevent aiohttp from sending a GET or DELETE again by itself when the connection breaks."""
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
        broken = aiohttp.ClientError("the connection broke off")
    raise broken


async def read_body(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    """Return a body; None for one that is longer than the limit after decompression.

    A body that breaks off is empty if the status says enough without it. A 404 needs its body.
    """
    body = bytearray()
    try:
        if (response.content_length or 0) > limit:
            return None
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > limit:
                return None
    except (aiohttp.ClientError, TimeoutError):
        if response.status < HTTPStatus.BAD_REQUEST or response.status == HTTPStatus.NOT_FOUND:
            raise
        return b""
    return bytes(body)


def parse_or_log(response: ApiResponse, request: ApiRequest, parse: Parser[T]) -> T:
    """Return what a parser reads from a response. Log all but the content of one that it cannot read."""
    try:
        return parse(response, request)
    except MalformedResponse as error:
        log.warning(
            "%s: answer not understood: status %d, type %r, length %s, at %s",
            request.endpoint,
            response.status,
            response.media_type,
            response.length,
            error.place,
        )
        raise
