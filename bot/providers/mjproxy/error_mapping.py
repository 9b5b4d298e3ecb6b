"""Every way of not answering, put into a member of the error family.

The answers are those that version 11.10.3 of trueai-org/midjourney-proxy gave.
"""

import re
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from bot.domain.errors import Cause, ErrorCode
from bot.domain.providers import MJPROXY
from bot.providers.errors import (
    Gone,
    NotConfigured,
    ProviderError,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from bot.providers.failures import failing, turned_away
from bot.providers.http_response import ApiRequest, ApiResponse
from bot.providers.redaction import HIDDEN


class Endpoint(StrEnum):
    """The endpoints of the proxy that Midwatch uses."""

    LIST = "POST mj/admin/accounts"
    ENABLE = "POST mj/admin/accounts-enable"
    LINK = "GET mj/admin/account-cf/{key}?refresh=true"
    SOLVED = "POST mj/admin/account-cf/{key}"
    SYNC = "POST mj/admin/account-sync/{key}"
    REMOVE = "DELETE mj/admin/account/{key}"
    HOME = "GET mj/home"
    HEALTH = "GET health"


IN_LINK: Final = r"[!#-&(-;=?-~]"
"""A character of an address, or of what encloses it."""
LINK: Final = re.compile(
    rf"(?<!{IN_LINK})(?={IN_LINK}*(?:captcha|discordsays))"
    rf"(?={IN_LINK}*(?:://|\.[a-z0-9]{{1,24}}(?::[0-9]+)?/)){IN_LINK}+",
    re.ASCII | re.IGNORECASE,
)
"""A link to a CAPTCHA, which is as good as a credential wherever the proxy repeats it."""
FAILED: Final = "操作失败"
"""All that the proxy says of a failure of its own."""
DEMO: Final = "演示模式"
"""How each refusal of the demo mode begins."""
COMPLAINTS: Final[dict[str, tuple[type[ProviderError], ErrorCode]]] = {
    "账号不存在": (NotConfigured, ErrorCode.NO_SUCH_ACCOUNT),
    "未找到账号实例": (NotConfigured, ErrorCode.NO_SUCH_ACCOUNT),
    "无可用的账号实例": (Rejected, ErrorCode.NOT_STARTED),
    "CF 验证链接不存在": (Rejected, ErrorCode.NO_CAPTCHA_LINK),
    "同步失败，请稍后重试": (Unreachable, ErrorCode.NOT_SYNCED),
}
"""What the proxy says in a 200 of which `success` is false."""
OFTEN_OF_OTHERS: Final = frozenset({401, 403, 429})
"""Statuses that are the proxy's own only with words of its own, and not with a page or an empty body."""


def refusal(response: ApiResponse, request: ApiRequest) -> ProviderError:
    """Return the error for a response that is not a success."""
    is_of_other = response.status in OFTEN_OF_OTHERS and (response.page or not response.length)
    if response.is_turned_away or is_of_other:
        return turned_away(response)
    if response.edge_code is not None:
        return failing(response)  # what stands in front says that the proxy is down
    return refusal_of_proxy(response, request)


def refusal_of_proxy(response: ApiResponse, request: ApiRequest) -> ProviderError:  # noqa: PLR0911 - a table
    """Return the error for a refusal of the proxy itself."""
    quote = response.error_text
    match response.status:
        case 401 | 403:
            return Unauthorized(ErrorCode.TOKEN_REFUSED, quote=quote)
        case 404 | 405 | 410 if response.page:
            return Gone(Cause.WEB_PAGE)
        case 404 | 405 | 410 if request.endpoint is Endpoint.ENABLE:
            return Rejected(ErrorCode.TOO_OLD_TO_ENABLE)
        case 404 | 405 | 410:
            return Gone(ErrorCode.SERVICE_GONE)
        case 429:
            return RateLimited(Cause.LIMITED, wait=response.retry_after, quote=quote)
        case 500 if request.endpoint is Endpoint.LINK:
            return Unreachable(ErrorCode.CAPTCHA_LINK_FAILED)
        case status if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return failing(response)
        case status if status < HTTPStatus.BAD_REQUEST:
            return Unreachable(Cause.REDIRECT, status=status)
        case status:
            return Rejected(Cause.REJECTED, status=status, quote=quote)


def complaint(response: ApiResponse) -> ProviderError:
    """Return the error for a 200 by which the proxy refuses what it was asked."""
    said = response.error_text or ""
    if said.startswith(DEMO):
        return Unauthorized(ErrorCode.DEMO_MODE, quote=said)
    kind, code = COMPLAINTS.get(said, (Rejected, ErrorCode.REJECTED))
    return kind(code, quote=response.error_text)


def without_links(text: str) -> str:
    """Return a text of the proxy with the links to CAPTCHAs in it hidden."""
    return LINK.sub(HIDDEN, text) if "/" in text else text


def own(error: ProviderError) -> ProviderError:
    """Return an error that no response stands for, with its provider."""
    error.provider = MJPROXY
    return error
