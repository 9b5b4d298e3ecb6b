"""The sentences for errors of midjourney-proxy that differ from those of other providers."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from bot.domain.errors import Cause, ErrorCode

ADMIN: Final = "Put the token of an administrator of the proxy into MJPROXY_TOKEN and restart Midwatch."
SOON: Final = "Try again in a few minutes."

MJPROXY_ERRORS: Final[Mapping[StrEnum, tuple[str, str]]] = {
    Cause.SERVER_ERROR: ("midjourney-proxy has a server error.", "If the problem lasts, look into its log."),
    Cause.CHALLENGE: (
        "Something in front of midjourney-proxy turns this machine away.",
        "Check what stands in front of it, such as a login page: it must let this machine pass.",
    ),
    Cause.GARBLED: (
        "midjourney-proxy answered in a form that Midwatch does not know.",
        "Check MJPROXY_URL. If midjourney-proxy is there, it has changed, and Midwatch needs an update.",
    ),
    ErrorCode.CAPTCHA_LINK_FAILED: ("midjourney-proxy could not get a CAPTCHA link.", SOON),
    ErrorCode.DEMO_MODE: (
        "midjourney-proxy is in demo mode and does not take the token for an administrator's.",
        ADMIN,
    ),
    ErrorCode.LIST_TOO_SLOW: (
        "midjourney-proxy takes too long to list all accounts.",
        "If the problem lasts, look at the load of the machine it runs on.",
    ),
    ErrorCode.NO_CAPTCHA_LINK: (
        "midjourney-proxy has no CAPTCHA link for this account.",
        "It may be solved already: /mjaccounts shows how the account stands.",
    ),
    ErrorCode.NOT_STARTED: (
        "midjourney-proxy has not started this account, so it cannot ask Midjourney.",
        "Enable the account first; one with working hours is asked within them.",
    ),
    ErrorCode.NOT_SYNCED: ("midjourney-proxy got no answer from Midjourney.", SOON),
    ErrorCode.ODD_CHANNEL: (
        "midjourney-proxy lists this account without an id, twice or in an unknown form.",
        "Look at it on midjourney-proxy's own web page; Midwatch does nothing with such an entry.",
    ),
    ErrorCode.REJECTED: (
        "midjourney-proxy refused the request.",
        "Read what it says. If the problem lasts, use midjourney-proxy's own web page.",
    ),
    ErrorCode.SERVICE_GONE: ("What answers at MJPROXY_URL is not midjourney-proxy.", "{address}"),
    ErrorCode.TOKEN_REFUSED: ("midjourney-proxy refused the token, or it is no administrator's.", ADMIN),
    ErrorCode.TOO_OLD_TO_ENABLE: (
        "This midjourney-proxy is older than 11.9.1 and lets no other program enable accounts.",
        "Update midjourney-proxy, or enable the account on midjourney-proxy's own web page.",
    ),
}
