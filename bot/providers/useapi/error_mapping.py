"""Every way of not answering, put into a member of the error family.

The statuses, codes and messages are those of the useapi.net docs (API v2) and of the vendor's OpenAPI file.
"""

import os
import re
import ssl
from http import HTTPStatus
from typing import Final

import aiohttp

from bot.domain.accounts import Flag, is_channel
from bot.domain.causes import Cause
from bot.domain.errors import ErrorCode
from bot.providers.errors import (
    AnswerLost,
    Gone,
    NotAsked,
    NotConfigured,
    PendingModeration,
    RateLimited,
    Rejected,
    Unauthorized,
    Unpaid,
    Unreachable,
    UseapiError,
)
from bot.providers.useapi.http_response import ApiRequest, ApiResponse, Endpoint

# 596 is the code; one sentence of the docs of POST jobs/info writes 569.
MODERATION: Final = frozenset({596, 569})
CHANNEL_IN_PATH: Final = re.compile(r"/([0-9]{17,20})(?![0-9])")
CHANNEL_IN_JOBID: Final = re.compile(r"-channel:([0-9]{17,20})(?![0-9])")
NO_WORDS: Final = "useapi.net reports a pending moderation message or CAPTCHA, without details."

READS: Final = frozenset({Endpoint.LIST, Endpoint.ACCOUNT, Endpoint.SUBSCRIPTION})
"""What is asked without any work for Midjourney."""
REFUSED_IN_JSON: Final = frozenset({401, 402, 403})
"""What the API documents with a body that says so."""
PROXIES: Final = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})

COMPLAINTS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), code)
    for pattern, code in (
        (r"param discord is missing or empty", ErrorCode.NO_TOKEN),
        (
            r"param maxJobs (?P<jobs>[0-9]{1,6}) can't be more tha[tn] (?P<most>[0-9]{1,6})",
            ErrorCode.JOBS_OVER_PLAN,
        ),
        (r"param maxJobs is missing or empty", ErrorCode.JOBS_MISSING),
        (r"Channel (?P<channel>[0-9]{17,20}) configuration has same discord", ErrorCode.TOKEN_TAKEN_BY),
        (r"configuration has same discord value", ErrorCode.TOKEN_TAKEN),
        (r"Channel (?P<channel>[0-9]{17,20}) configuration has same server", ErrorCode.SERVER_TAKEN_BY),
        (r"configuration has same server value", ErrorCode.SERVER_TAKEN),
        (r"Midjourney bot not configured", ErrorCode.NO_MIDJOURNEY),
        (r"param server is missing or empty", ErrorCode.SERVER_MISSING),
        (r"not valid Discord server id", ErrorCode.SERVER_NO_ID),
        (r"not valid Discord channel id", ErrorCode.NO_CHANNEL_ID),
        (r"not matching to /midjourney/channel", ErrorCode.TWO_CHANNELS),
        (r"discord, server or channel value is missing", ErrorCode.UNNAMED_ACCOUNT),
        (r"reply(?:Ref or reply)?Url is too long", ErrorCode.REPLY_TOO_LONG),
    )
)
"""What the API says against what a person gave, in the words of its docs; the groups are digits alone."""


def proxies_unused() -> str:
    """Return the names of the proxies in the environment, which Midwatch does not use."""
    names = sorted(name for name, value in os.environ.items() if value and name.upper() in PROXIES)
    return " and ".join(names)


def unreachable(error: Exception, request: ApiRequest) -> Unreachable:  # noqa: PLR0911 - a table
    """Return the error for a failure of the network. The error of aiohttp may hold headers."""
    may_be_done = request.endpoint not in READS
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


def refusal(response: ApiResponse, request: ApiRequest) -> UseapiError:
    """Put an answer that is not a success, and no flag, into the error it stands for."""
    # The API says in JSON what it refuses: anything else says nothing of the token or the subscription.
    is_page = response.page and response.body is not None
    is_other = not response.fields and response.status in REFUSED_IN_JSON
    if response.is_turned_away or is_other or (is_page and response.status == HTTPStatus.TOO_MANY_REQUESTS):
        return turned_away(response)
    if response.edge_code is not None:
        return failing(response)  # what stands in front says that the API's server is down
    return refusal_of_api(response, request)


def refusal_of_api(response: ApiResponse, request: ApiRequest) -> UseapiError:  # noqa: PLR0911 - a table
    """Put an answer of the API itself into the error it stands for."""
    quote = response.error_text
    match response.status:
        case 401 | 403:
            return Unauthorized(ErrorCode.TOKEN_REFUSED, quote=quote)
        case 402:
            is_full = "exceeded" in response.all_error_texts.casefold()
            return Unpaid(Cause.QUOTA if is_full else Cause.SUBSCRIPTION, quote=quote)
        case 404 | 410 if response.page:
            return Gone(Cause.WEB_PAGE)
        case 404 if request.channel:
            return NotConfigured(ErrorCode.NO_SUCH_ACCOUNT, quote=quote)
        case 404 | 410:
            return Gone(ErrorCode.SERVICE_GONE, quote=quote)
        case 504 if request.endpoint is Endpoint.INFO:
            return Unreachable(ErrorCode.TRACK_LOST, quote=quote)
        case 429:
            code = Cause.LIMITED if request.endpoint in READS else ErrorCode.SLOTS_BUSY
            return RateLimited(code, retry_after=response.retry_after, quote=quote)
        case status if status == 408 or status >= 500:  # noqa: PLR2004 - RFC 9110, 15.5.9 and 15.6
            return failing(response)
        case status if status < 400:  # noqa: PLR2004 - RFC 9110, 15.4
            return Unreachable(Cause.REDIRECT, status=status)
        case _:
            return rejected(response)


def turned_away(response: ApiResponse) -> UseapiError:
    """Return the error for an answer of something in front of the API."""
    if response.retry_after is not None:
        return RateLimited(Cause.CHALLENGE, retry_after=response.retry_after, status=response.status)
    return Unreachable(Cause.CHALLENGE, status=response.status)


def pending(response: ApiResponse, request: ApiRequest) -> PendingModeration:
    """Return the error for a 596: Midjourney's text, its kind, and the account it is about."""
    return PendingModeration(Flag.of(response.error_text or NO_WORDS), channel_of(response, request))


def channel_of(response: ApiResponse, request: ApiRequest) -> str | None:
    """Find the account of a 596: named in the body, else asked for, else in its words, else in its job id."""
    named = str(response.fields.get("channel"))
    if is_channel(named):
        return named
    if request.channel:
        return request.channel
    jobid = response.fields.get("jobid")
    found = CHANNEL_IN_PATH.search(response.all_error_texts) or CHANNEL_IN_JOBID.search(str(jobid))
    return found[1] if found else None


def failing(response: ApiResponse) -> UseapiError:
    """Return the error for a failure on the other side; one that says when to come back limits the rate."""
    if response.retry_after is not None:
        return RateLimited(
            Cause.SERVER_ERROR,
            retry_after=response.retry_after,
            status=response.status,
            quote=response.error_text,
        )
    return Unreachable(Cause.SERVER_ERROR, status=response.status, quote=response.error_text)


def rejected(response: ApiResponse) -> Rejected:
    """Return the error for the API's refusal of what a person gave."""
    for pattern, code in COMPLAINTS:
        if found := pattern.search(response.all_error_texts):
            return Rejected(code, quote=response.error_text, **found.groupdict())
    if response.status == 422:  # noqa: PLR2004 - RFC 9110, 15.5.21
        return Rejected(ErrorCode.REFUSED_ONCE, quote=response.error_text)
    code = ErrorCode.REJECTED if response.error_text else ErrorCode.UNEXPLAINED
    return Rejected(code, status=response.status, quote=response.error_text)
