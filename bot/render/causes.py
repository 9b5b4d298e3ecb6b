"""Words for why the API gives no list: what happens, and what to do if it lasts."""

from collections.abc import Mapping
from typing import Final

from bot.domain.causes import Cause

WORDS: Final[Mapping[Cause | None, str]] = {
    None: "useapi.net does not answer",
    Cause.SILENT: "useapi.net does not answer in time",
    Cause.REFUSED: "useapi.net refuses connections",
    Cause.BROKEN_OFF: "the connection to useapi.net breaks off",
    Cause.NO_ADDRESS: "useapi.net's address cannot be looked up",
    Cause.CERTIFICATE: "useapi.net's certificate is not accepted",
    Cause.SERVER_ERROR: "useapi.net has a server error",
    Cause.LIMITED: "useapi.net limits how often it may be asked",
    Cause.CHALLENGE: "something in front of useapi.net turns this machine away",
    Cause.WEB_PAGE: "a web page answers instead of useapi.net",
    Cause.REDIRECT: "useapi.net redirects to another address, and I follow no redirects",
    Cause.NO_API: "what answers at USEAPI_URL is not an API",
    Cause.ENCODING: "useapi.net compresses its answer in a way I cannot read",
    Cause.GARBLED: "useapi.net answers in a form I do not know",
    Cause.REJECTED: "useapi.net refuses what I ask",
    Cause.SUBSCRIPTION: "your useapi.net subscription is missing or has expired",
    Cause.QUOTA: "your useapi.net subscription does not cover all accounts",
    Cause.FAULT: "something broke inside me while I read the list",
}
"""What happens, after "I cannot see your accounts:"; None stands for what nobody knows."""

NETWORK: Final = "If it lasts, check that useapi.net is up and that this machine has a network."
ADDRESS: Final = "Check USEAPI_URL, and whether useapi.net still offers its Midjourney API."
CHANGED: Final = "If it lasts, the API has changed, and I need an update."

IF_IT_LASTS: Final[Mapping[Cause | None, str]] = {
    None: NETWORK,
    Cause.SILENT: NETWORK,
    Cause.REFUSED: "If it lasts, check that useapi.net is up, and check USEAPI_URL.",
    Cause.BROKEN_OFF: NETWORK,
    Cause.NO_ADDRESS: "If it lasts, check this machine's network and name server, and USEAPI_URL.",
    Cause.CERTIFICATE: (
        "Check this machine's clock and root certificates (SSL_CERT_FILE), whether a program on the way "
        "opens TLS, and USEAPI_URL."
    ),
    Cause.SERVER_ERROR: "If it lasts, ask useapi.net: this machine and its network are not the reason.",
    Cause.LIMITED: "If it lasts, check whether another program uses the same token.",
    Cause.CHALLENGE: (
        "If it lasts, ask useapi.net whether it blocks this machine's address: the token is not the reason."
    ),
    Cause.WEB_PAGE: ADDRESS,
    Cause.REDIRECT: ADDRESS,
    Cause.NO_API: ADDRESS,
    Cause.ENCODING: "Check what stands between this machine and useapi.net: it must not change answers.",
    Cause.GARBLED: CHANGED,
    Cause.REJECTED: CHANGED,
    Cause.FAULT: "My log says what went wrong.",
}
"""What a person can do about an API that cannot be asked."""
