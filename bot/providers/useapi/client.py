"""The client of the useapi.net API (v2): one injected session, one method that sends, one error family.

Only this module touches the network. What comes back is read by `bot.providers.useapi.parsing`.
"""

import asyncio
import logging
import random as chance
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Final, TypeVar
from urllib.parse import quote

import aiohttp
from pydantic import SecretStr

from bot.domain.account_info import InfoSnapshot, SubscriptionStatus
from bot.domain.accounts import Account, SavedAccount, is_channel
from bot.domain.clock import utc_now
from bot.providers.errors import MalformedResponse, RateLimited, Rejected, Unreachable
from bot.providers.redaction import HIDDEN, redact
from bot.providers.useapi import parsing
from bot.providers.useapi.http_response import BODY_LIMIT, ApiRequest, ApiResponse, Endpoint
from bot.providers.useapi.network import unreachable
from bot.providers.useapi.token_lookup import parse_holder

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
    """How long the parts of a request may take, in seconds (the unit of aiohttp and of the event loop).

    `silence` ends a try of a GET in which nothing comes; `reading` is what all its tries may take together.
    """

    connect: float = 5
    silence: float = 5
    reading: float = 15
    writing: float = 30
    info: float = 90


def open_session(traces: Iterable[aiohttp.TraceConfig] = ()) -> aiohttp.ClientSession:
    """Return a session for the API; a header may have 64 kB, as what stands in front of it adds some."""
    return aiohttp.ClientSession(
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        max_line_size=HEADER_LIMIT,
        max_field_size=HEADER_LIMIT,
        trace_configs=[*traces],
    )


class UseapiClient:
    """Ask the useapi.net API, one method for each of its endpoints; every failure is a `UseapiError`.

    The session must not use proxies of the environment (`trust_env=False`). A channel that is not an id, and
    any other input that the API is documented to refuse, raises `Rejected` before anything is sent.
    """

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

    async def accounts(self) -> tuple[Account, ...]:
        """List the configured accounts in the API's order: all of them, or an error."""
        return await self._read(ApiRequest(Endpoint.LIST), "account/midjourney", self._list)

    async def account(self, channel: str) -> Account:
        """Look at one account."""
        return await self._read(
            ApiRequest(Endpoint.ACCOUNT, channel), account_path(channel), parsing.parse_account
        )

    async def standing(self) -> SubscriptionStatus:
        """Look at the subscription."""
        return await self._read(ApiRequest(Endpoint.STANDING), "account", parsing.parse_standing)

    async def save_account(self, discord: SecretStr, max_jobs: int = 3) -> SavedAccount:
        """Create the account of a Discord token, or update it."""
        if not discord.get_secret_value().strip():
            raise Rejected(
                "There is no Discord token.", "Enter the Discord token of the account and try again."
            )
        if not 1 <= max_jobs <= MAX_JOBS:
            raise Rejected("That number of jobs is not possible.", f"Choose a number from 1 to {MAX_JOBS}.")
        body = {"discord": discord.get_secret_value(), "maxJobs": max_jobs}
        return await self._write(
            ApiRequest(Endpoint.SAVE),
            "account/midjourney",
            parsing.parse_saved_account,
            body=body,
            secret=discord,
        )

    async def holder(self, discord: SecretStr) -> Account | None:
        """Look which account has this Discord token; None if the list shows none."""
        return await self._read(ApiRequest(Endpoint.LIST), "account/midjourney", parse_holder, secret=discord)

    async def remove_account(self, channel: str) -> None:
        """Remove an account from the API."""
        await self._write(
            ApiRequest(Endpoint.REMOVE, channel), account_path(channel), parsing.require_success
        )

    async def reset(self, channel: str) -> None:
        """Clear the flag of an account and return it to work; this acknowledges nothing at Midjourney."""
        await self._write(
            ApiRequest(Endpoint.RESET, channel), f"{account_path(channel)}/reset", parsing.require_success
        )

    @property
    def longest_info(self) -> timedelta:
        """How long `info` takes at most."""
        return timedelta(seconds=self._limits.info)

    async def info(
        self, channel: str, *, reply_url: str | None = None, reply_ref: str | None = None
    ) -> InfoSnapshot:
        """Send Midjourney's `/info` as an account, and give what it says."""
        body = {"channel": checked(channel), "replyUrl": reply_url, "replyRef": reply_ref}
        if any(len(text) > REPLY_LIMIT for text in (reply_url or "", reply_ref or "")):
            raise Rejected(
                "The callback address or reference is too long.", "Give no more than 1,024 characters."
            )
        begun = self._monotonic()
        report = await self._write(
            ApiRequest(Endpoint.INFO, channel),
            "jobs/info",
            parsing.parse_report,
            body={name: text for name, text in body.items() if text},
        )
        measured = timedelta(seconds=self._monotonic() - begun)
        return InfoSnapshot(self._now(), measured if report.took is None else report.took, report.info)

    async def _read(
        self, question: ApiRequest, path: str, parse: Parser[T], *, secret: SecretStr | None = None
    ) -> T:
        """Ask, and again while the trouble is transient: three tries, pauses of full jitter, one budget."""
        deadline = self._monotonic() + self._limits.reading
        attempt = 1
        while True:
            left = deadline - self._monotonic()
            try:
                answer = await self._exchange(question, path, self._reading(left), secret=secret)
                return understood(answer, question, parse)
            except (Unreachable, RateLimited) as error:
                pause = self._pause(error, attempt, deadline)
                if pause is None:
                    raise
            await self._sleep(pause)
            attempt += 1

    async def _write(
        self,
        question: ApiRequest,
        path: str,
        parse: Parser[T],
        *,
        body: Mapping[str, object] | None = None,
        secret: SecretStr | None = None,
    ) -> T:
        """Command, once: whether a command that failed was obeyed, only a look can tell."""
        total = self._limits.info if question.endpoint is Endpoint.INFO else self._limits.writing
        limits = aiohttp.ClientTimeout(total=total, connect=self._limits.connect, ceil_threshold=inf)
        return understood(
            await self._exchange(question, path, limits, body=body, secret=secret), question, parse
        )

    def _reading(self, left: float) -> aiohttp.ClientTimeout:
        """Return the limits of one try, which may use all that is left of the budget, but not in silence."""
        return aiohttp.ClientTimeout(
            total=left, connect=self._limits.connect, sock_read=self._limits.silence, ceil_threshold=inf
        )

    def _pause(self, error: Unreachable | RateLimited, attempt: int, deadline: float) -> float | None:
        """Return the seconds until the next try; None if there should be none."""
        pause = self._random() * FIRST_PAUSE * 2**attempt
        if isinstance(error, RateLimited):
            pause = max(pause, error.retry_after.total_seconds() if error.retry_after else 0)
        elif not error.transient:
            return None
        in_time = self._monotonic() + pause < deadline
        return pause if attempt < TRIES and in_time else None

    async def _exchange(
        self,
        question: ApiRequest,
        path: str,
        limits: aiohttp.ClientTimeout,
        *,
        body: Mapping[str, object] | None = None,
        secret: SecretStr | None = None,
    ) -> ApiResponse:
        """Send one request and read its answer; the only place where aiohttp is met, and its errors end."""
        try:
            async with self._session.request(
                question.endpoint.method,
                f"{self._url}/{path}",
                json=body,
                headers={
                    "Authorization": f"Bearer {self._token.get_secret_value()}",
                    "Accept": "application/json",
                },
                timeout=limits,
                allow_redirects=False,
                middlewares=(once,),
            ) as response:
                return await self._answer(response, secret)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            failure = unreachable(error, question)
        # Raised out here, the error has no context: aiohttp's errors hold the request's headers.
        raise failure

    async def _answer(self, response: aiohttp.ClientResponse, secret: SecretStr | None) -> ApiResponse:
        """Read a response; our own secrets, should it repeat them, are gone before anything looks at it."""
        body = await body_of(response)
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


async def once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a GET or DELETE again by itself when the connection breaks."""
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
        broken = aiohttp.ClientError("the connection broke off")
    raise broken


async def body_of(response: aiohttp.ClientResponse) -> bytes | None:
    """Read a body of up to 8 MB, counted after decompression; None for a longer one.

    A failing status says enough by itself, even if its body breaks off; a 404 is an answer only as a whole.
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
        if response.status < 400 or response.status == 404:  # noqa: PLR2004 - RFC 9110, 15.5
            raise
        return b""
    return bytes(body)


def understood(answer: ApiResponse, question: ApiRequest, parse: Parser[T]) -> T:
    """Parse an answer; of one that cannot be understood, log all but what it says."""
    try:
        return parse(answer, question)
    except MalformedResponse as error:
        log.warning(
            "%s: answer not understood: status %d, type %r, length %s, at %s",
            question.endpoint,
            answer.status,
            answer.media_type,
            answer.length,
            error.place,
        )
        raise


def checked(channel: str) -> str:
    """Let only a Discord channel id pass."""
    if not is_channel(channel):
        raise Rejected(
            "This is not the id of a channel.",
            "A channel id has 17 to 20 digits: choose an account of /mjaccounts.",
        )
    return channel


def account_path(channel: str) -> str:
    """Build the path of an account."""
    return f"account/midjourney/{quote(checked(channel), safe='')}"
