"""The error for each failure of a request.

Statuses, codes and messages are those of the useapi.net docs (API v2) and of the vendor's OpenAPI file.
"""

import json
import re
from contextlib import suppress
from enum import StrEnum
from http import HTTPStatus
from typing import Final, cast

from bot.domain.accounts import Flag, FlagKind, is_channel
from bot.domain.errors import Cause, ErrorCode
from bot.providers.errors import (
    Gone,
    NotConfigured,
    PendingModeration,
    ProviderError,
    RateLimited,
    Rejected,
    Unauthorized,
    Unpaid,
    Unreachable,
)
from bot.providers.failures import failing, turned_away
from bot.providers.http_response import ApiRequest, ApiResponse, fields_of


class Endpoint(StrEnum):
    """The endpoints of the API that Midwatch uses."""

    LIST = "GET account/midjourney"
    ACCOUNT = "GET account/midjourney/{key}"
    SAVE = "POST account/midjourney"
    REMOVE = "DELETE account/midjourney/{key}"
    RESET = "POST account/midjourney/{key}/reset"
    INFO = "POST jobs/info"
    SUBSCRIPTION = "GET account"


TEXTS: Final = ("title", "message", "content", "text", "description", "value", "reason", "error")
"""The fields of an object that hold text for people, in the order in which they are read."""
NESTED: Final = "(an object nested beyond measure)"
# The code is 596. One sentence in the docs of POST jobs/info has 569.
MODERATION: Final = frozenset({596, 569})
CHANNEL_IN_PATH: Final = re.compile(r"/([0-9]{17,20})(?![0-9])")
CHANNEL_IN_JOBID: Final = re.compile(r"-channel:([0-9]{17,20})(?![0-9])")

REFUSED_IN_JSON: Final = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN}
)
"""Statuses with which the API always sends JSON."""


COMPLAINTS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), code)
    for pattern, code in (
        (r"param discord is missing or empty", ErrorCode.NO_TOKEN),
        (
            r"param maxJobs (?P<jobs>[0-9]{1,6}) can't be more tha[tn] (?P<most>[0-9]{1,6})",
            ErrorCode.JOBS_OVER_PLAN,
        ),
        (r"Channel (?P<channel>[0-9]{17,20}) configuration has same discord", ErrorCode.TOKEN_TAKEN_BY),
        (r"configuration has same discord value", ErrorCode.TOKEN_TAKEN),
        (r"Midjourney bot not configured", ErrorCode.NO_MIDJOURNEY),
        (r"discord, server or channel value is missing", ErrorCode.UNNAMED_ACCOUNT),
        (r"reply(?:Ref or reply)?Url is too long", ErrorCode.REPLY_TOO_LONG),
    )
)
"""The API's complaints about what a person entered, in the words of its docs. Groups match digits only."""


def refusal(response: ApiResponse, request: ApiRequest) -> ProviderError:
    """Return the error for a response that is neither a success nor a flag."""
    # The API refuses in JSON. Any other body says nothing about the token or the subscription.
    is_page = response.page and response.body is not None
    is_other = not response.fields and response.status in REFUSED_IN_JSON
    if response.is_turned_away or is_other or (is_page and response.status == HTTPStatus.TOO_MANY_REQUESTS):
        return turned_away(response)
    if response.edge_code is not None:
        return failing(response)  # a server in front of the API reports that the API is down
    return refusal_of_api(response, request)


def refusal_of_api(response: ApiResponse, request: ApiRequest) -> ProviderError:  # noqa: PLR0911 - a table
    """Return the error for a response of the API itself."""
    quote = response.error_text
    match response.status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return Unauthorized(ErrorCode.TOKEN_REFUSED, quote=quote)
        case HTTPStatus.PAYMENT_REQUIRED:
            is_full = "exceeded" in response.all_error_texts.casefold()
            return Unpaid(Cause.QUOTA if is_full else Cause.SUBSCRIPTION, quote=quote)
        case HTTPStatus.NOT_FOUND | HTTPStatus.GONE if response.page:
            return Gone(Cause.WEB_PAGE)
        case HTTPStatus.NOT_FOUND if request.key:
            return NotConfigured(ErrorCode.NO_SUCH_ACCOUNT, quote=quote)
        case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
            return Gone(ErrorCode.SERVICE_GONE, quote=quote)
        case HTTPStatus.GATEWAY_TIMEOUT if request.endpoint is Endpoint.INFO:
            return Unreachable(ErrorCode.TRACK_LOST, quote=quote)
        case HTTPStatus.TOO_MANY_REQUESTS:
            code = Cause.LIMITED if request.endpoint.startswith("GET ") else ErrorCode.SLOTS_BUSY
            return RateLimited(code, wait=response.retry_after, quote=quote)
        case status if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return failing(response)
        case status if status < HTTPStatus.BAD_REQUEST:
            return Unreachable(Cause.REDIRECT, status=status)
        case _:
            return rejected(response)


def pending(response: ApiResponse, request: ApiRequest) -> PendingModeration:
    """Return the error for a 596, with its flag and its account."""
    text = response.error_text
    flag = Flag.of(text) if text else Flag("", FlagKind.MODERATION)
    return PendingModeration(flag, channel_of(response, request))


def channel_of(response: ApiResponse, request: ApiRequest) -> str | None:
    """Return the account of a 596: that in the body, the request, the texts or the job id, in this order."""
    named = str(response.fields.get("channel"))
    if is_channel(named):
        return named
    if request.key:
        return request.key
    jobid = response.fields.get("jobid")
    found = CHANNEL_IN_PATH.search(response.all_error_texts) or CHANNEL_IN_JOBID.search(str(jobid))
    return found[1] if found else None


def rejected(response: ApiResponse) -> Rejected:
    """Return the error for input that the API refuses."""
    for pattern, code in COMPLAINTS:
        if found := pattern.search(response.all_error_texts):
            return Rejected(code, quote=response.error_text, **found.groupdict())
    if response.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        return Rejected(ErrorCode.REFUSED_ONCE, quote=response.error_text)
    code = ErrorCode.REJECTED if response.error_text else ErrorCode.UNEXPLAINED
    return Rejected(code, status=response.status, quote=response.error_text)


def pending_text(pending: object) -> object:
    """Return the texts of an object or a list, its JSON if it has none, and any other value as it is."""
    if not pending or not isinstance(pending, dict | list):
        return pending
    found: list[str] = []
    rest: list[tuple[object, bool]] = [(pending, True)]
    while rest:
        value, is_text = rest.pop()
        if isinstance(value, str) and is_text:
            found.append(value.strip())
        elif isinstance(value, list):
            rest += [(item, is_text) for item in reversed(cast("list[object]", value))]
        fields = fields_of(cast("object", value))
        others = [name for name in fields if name not in TEXTS]
        names = [*(name for name in TEXTS if name in fields), *others]
        rest += [(fields[name], name in TEXTS) for name in reversed(names)]
    with suppress(RecursionError):
        return "\n".join(dict.fromkeys(filter(None, found))) or json.dumps(pending, ensure_ascii=False)
    return NESTED
