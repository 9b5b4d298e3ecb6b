"""The failures that any provider may have: of the network, of what stands in front of it, of its server."""

import os
import ssl
from typing import Final

import aiohttp

from bot.domain.errors import Cause
from bot.providers.errors import (
    AnswerLost,
    MalformedResponse,
    NotAsked,
    ProviderError,
    RateLimited,
    Unreachable,
)
from bot.providers.http_response import ApiResponse

PROXIES: Final = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})


def proxies_unused() -> str:
    """Return the names of the proxies in the environment, which Midwatch does not use."""
    names = sorted(name for name, value in os.environ.items() if value and name.upper() in PROXIES)
    return " and ".join(names)


def unreachable(error: Exception, *, may_be_done: bool) -> Unreachable:  # noqa: PLR0911 - a table
    """Return the error for a failure of the network. The error of aiohttp may hold headers."""
    match error:
        case ssl.CertificateError() | aiohttp.ClientSSLError():
            return NotAsked(Cause.CERTIFICATE)
        case aiohttp.ClientConnectorDNSError():
            return NotAsked(Cause.NO_ADDRESS, proxies=proxies_unused())
        case aiohttp.ClientConnectorError():
            return NotAsked(Cause.REFUSED, proxies=proxies_unused())
        case aiohttp.ConnectionTimeoutError():
            return NotAsked(Cause.SILENT, proxies=proxies_unused())
        case TimeoutError():
            return AnswerLost(Cause.SILENT, may_be_done=may_be_done)
        case aiohttp.ClientResponseError() if "content-encoding" in error.message:
            return Unreachable(Cause.ENCODING)
        case aiohttp.ClientResponseError():
            return Unreachable(Cause.NO_API)
        case _:
            return AnswerLost(Cause.BROKEN_OFF, may_be_done=may_be_done)


def turned_away(response: ApiResponse) -> ProviderError:
    """Return the error for a refusal by a server in front of the API."""
    return failing(response, Cause.CHALLENGE)


def failing(response: ApiResponse, cause: Cause = Cause.SERVER_ERROR) -> ProviderError:
    """Return the error for a server error. One that names a wait is a limit on the rate."""
    quote = response.error_text if cause is Cause.SERVER_ERROR else None
    if response.retry_after is not None:
        return RateLimited(cause, wait=response.retry_after, status=response.status, quote=quote)
    return Unreachable(cause, status=response.status, quote=quote)


def require_body(response: ApiResponse) -> None:
    """Raise for the body of a success that no API sends: a web page, or one that is too long to read."""
    if response.length is None:
        raise MalformedResponse(response.parsed.fault or "")
    if response.is_turned_away:
        raise turned_away(response)
    if response.page:
        raise Unreachable(Cause.WEB_PAGE)
