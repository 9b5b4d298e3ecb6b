"""The client of the useapi.net API (v2). Only this module sends requests; `parsing` reads the responses."""

import asyncio
import logging
import random as chance
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from math import inf
from typing import Final, TypeVar

import aiohttp
from pydantic import SecretStr

from bot.domain.account_info import InfoSnapshot
from bot.domain.accounts import Account, SavedAccount, is_channel
from bot.domain.clock import utc_now
from bot.domain.errors import ErrorCode
from bot.domain.providers import USEAPI
from bot.providers.errors import MalformedResponse, RateLimited, Rejected, Unreachable
from bot.providers.provider import Listing
from bot.providers.redaction import HIDDEN, redact
from bot.providers.useapi import parsing
from bot.providers.useapi.error_mapping import unreachable
from bot.providers.useapi.http_response import BODY_LIMIT, ApiRequest, ApiResponse, Endpoint

log: Final = logging.getLogger(__name__)
T = TypeVar("T")
Parser = Callable[[ApiResponse, ApiRequest], T]

TRIES: Final = 3
FIRST_PAUSE: Final = 0.5
MAX_JOBS: Final = 15
HEADER_LIMIT: Final = 64 * 1024
REPLY_LIMIT: Final = 1_024


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


def open_session(traces: Iterable[aiohttp.TraceConfig] = ()) -> aiohttp.ClientSession:
    """Return a session for the API. A header may have 64 kB: servers in front of the API add long ones."""
    return aiohttp.ClientSession(
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        max_line_size=HEADER_LIMIT,
        max_field_size=HEADER_LIMIT,
        trace_configs=[*traces],
    )


class UseapiClient:
    """One method for each endpoint of the useapi.net API. Every failure is a `UseapiError`.

    The session must not use proxies of the environment (`trust_env=False`). Input that the API is documented
    to refuse, such as a channel that is not an id, raises `Rejected` before anything is sent.
    """

    name = USEAPI

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
    ) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._token = token
        self._limits = limits
        self._sleep = sleep
        self._monotonic = monotonic
        self._now = now
        self._random = random
        self._list = parsing.RememberedList()

    async def read_list(self) -> Listing:
        """Return all configured accounts as a complete list."""
        return Listing(await self.accounts())

    async def accounts(self) -> tuple[Account, ...]:
        """Return all configured accounts in the order of the API."""
        return await self._read(ApiRequest(Endpoint.LIST), self._list)

    async def account(self, channel: str) -> Account:
        """Return one account."""
        return await self._read(
            ApiRequest(Endpoint.ACCOUNT, require_channel_id(channel)), parsing.parse_account
        )

    async def subscription_active(self) -> bool | None:
        """Return whether the subscription is active. None: the API does not say."""
        return await self._read(ApiRequest(Endpoint.SUBSCRIPTION), parsing.parse_subscription_active)

    async def save_account(self, discord: SecretStr, max_jobs: int = 3) -> SavedAccount:
        """Create or update the account of a Discord token."""
        if not discord.get_secret_value().strip():
            raise Rejected(ErrorCode.NO_TOKEN)
        if not 1 <= max_jobs <= MAX_JOBS:
            raise Rejected(ErrorCode.JOBS_OUT_OF_RANGE, most=MAX_JOBS)
        body = {"discord": discord.get_secret_value(), "maxJobs": max_jobs}
        return await self._write(
            ApiRequest(Endpoint.SAVE), parsing.parse_saved_account, body=body, secret=discord
        )

    async def account_with_token(self, discord: SecretStr) -> Account | None:
        """Return the account that has a Discord token; None if the list shows none."""
        return await self._read(ApiRequest(Endpoint.LIST), parsing.parse_account_with_token, secret=discord)

    async def remove_account(self, channel: str) -> None:
        """Remove an account from the API."""
        await self._write(ApiRequest(Endpoint.REMOVE, require_channel_id(channel)), parsing.require_success)

    async def reset(self, channel: str) -> None:
        """Clear the flag of an account. This acknowledges nothing at Midjourney."""
        await self._write(ApiRequest(Endpoint.RESET, require_channel_id(channel)), parsing.require_success)

    @property
    def longest_info(self) -> timedelta:
        """The time limit of `info`."""
        return timedelta(seconds=self._limits.info)

    async def info(
        self, channel: str, *, reply_url: str | None = None, reply_ref: str | None = None
    ) -> InfoSnapshot:
        """Send Midjourney's `/info` as an account and return the answer."""
        body = {"channel": require_channel_id(channel), "replyUrl": reply_url, "replyRef": reply_ref}
        if any(len(text) > REPLY_LIMIT for text in (reply_url or "", reply_ref or "")):
            raise Rejected(ErrorCode.REPLY_TOO_LONG)
        begun = self._monotonic()
        report = await self._write(
            ApiRequest(Endpoint.INFO, channel),
            parsing.parse_report,
            body={name: text for name, text in body.items() if text},
        )
        measured = timedelta(seconds=self._monotonic() - begun)
        return InfoSnapshot(self._now(), measured if report.took is None else report.took, report.info)

    async def _read(self, request: ApiRequest, parse: Parser[T], *, secret: SecretStr | None = None) -> T:
        """Send a request that changes nothing, up to three times within one limit if the failure may pass."""
        deadline = self._monotonic() + self._limits.reading
        attempt = 1
        while True:
            left, silence = deadline - self._monotonic(), self._limits.silence
            try:
                response = await self._send(request, left, silence=silence, secret=secret)
                return parse_or_log(response, request, parse)
            except (Unreachable, RateLimited) as error:
                pause = self._pause(error, attempt, deadline)
                if pause is None:
                    raise
            await self._sleep(pause)
            attempt += 1

    async def _write(
        self,
        request: ApiRequest,
        parse: Parser[T],
        *,
        body: Mapping[str, object] | None = None,
        secret: SecretStr | None = None,
    ) -> T:
        """Send a command, once. After a failure only the list shows whether it was carried out."""
        limit = self._limits.info if request.endpoint is Endpoint.INFO else self._limits.writing
        response = await self._send(request, limit, body=body, secret=secret)
        return parse_or_log(response, request, parse)

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
        self,
        request: ApiRequest,
        limit: float,
        *,
        silence: float | None = None,
        body: Mapping[str, object] | None = None,
        secret: SecretStr | None = None,
    ) -> ApiResponse:
        """Send one request and return the response. Errors of aiohttp end here."""
        timeout = aiohttp.ClientTimeout(
            total=limit, connect=self._limits.connect, sock_read=silence, ceil_threshold=inf
        )
        try:
            async with self._session.request(
                request.endpoint.method,
                f"{self._url}/{request.path}",
                json=body,
                headers={
                    "Authorization": f"Bearer {self._token.get_secret_value()}",
                    "Accept": "application/json",
                },
                timeout=timeout,
                allow_redirects=False,
                middlewares=(send_once,),
            ) as response:
                return await self._receive(response, secret)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            failure = unreachable(error, request)
        # Raised out here, the error has no context: aiohttp's errors hold the request's headers.
        raise failure

    async def _receive(self, response: aiohttp.ClientResponse, secret: SecretStr | None) -> ApiResponse:
        """Read a response, and hide our own secrets in it before anything else sees it."""
        body = await read_body(response)
        for hidden in (self._token, secret):
            if body and hidden and hidden.get_secret_value():
                body = body.replace(hidden.get_secret_value().encode(), HIDDEN.encode())
        return ApiResponse(
            response.status,
            redact(response.content_type, limit=80),
            body,
            response.headers.get("Retry-After"),
            self._now(),
            "cf-mitigated" in response.headers,
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


async def read_body(response: aiohttp.ClientResponse) -> bytes | None:
    """Return a body of up to 8 MB after decompression; None for a longer one.

    A body that breaks off is empty if the status says enough without it. A 404 needs its body.
    """
    body = bytearray()
    try:
        if (response.content_length or 0) > BODY_LIMIT:
            return None
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > BODY_LIMIT:
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


def require_channel_id(channel: str) -> str:
    """Return a Discord channel id. Raise `Rejected` for any other text."""
    if not is_channel(channel):
        raise Rejected(ErrorCode.NO_CHANNEL_ID)
    return channel
