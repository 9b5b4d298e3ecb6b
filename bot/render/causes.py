"""Words for why the API gives no list: what happens, and what to do if it lasts."""

from collections.abc import Mapping
from typing import Final

from bot.domain.causes import Cause

WORDS: Final[Mapping[Cause | None, str]] = {
    None: "the API does not answer",
    Cause.SILENT: "the API does not answer in time",
    Cause.REFUSED: "the API takes no connection",
    Cause.BROKEN_OFF: "the connection to the API breaks off",
    Cause.NO_ADDRESS: "the API's address cannot be looked up",
    Cause.CERTIFICATE: "the API's certificate is not accepted",
    Cause.SERVER_ERROR: "the API is out of order",
    Cause.LIMITED: "the API wants to be asked less often",
    Cause.CHALLENGE: "something in front of the API turns this machine away",
    Cause.WEB_PAGE: "a web page answers instead of the API",
    Cause.REDIRECT: "the API sends me to another address, and I follow none",
    Cause.NO_API: "what answers does not speak as an API does",
    Cause.ENCODING: "the API packs its answer in a way I cannot read",
    Cause.GARBLED: "the API answers in a form I do not know",
    Cause.REJECTED: "the API refuses what I ask",
    Cause.SUBSCRIPTION: "the useapi account has no subscription, or it is over",
    Cause.QUOTA: "the useapi subscription is too small",
    Cause.FAULT: "I could not read the list, by a fault of my own",
}
"""What happens, after "I cannot see your accounts:"; None stands for what nobody knows."""

NETWORK: Final = "If it lasts, look whether useapi.net is up, and whether this machine has a network."
ADDRESS: Final = "Check USEAPI_URL, and whether useapi.net still offers its Midjourney API."
CHANGED: Final = "If it lasts, the API has changed, and I need an update."

IF_IT_LASTS: Final[Mapping[Cause | None, str]] = {
    None: NETWORK,
    Cause.SILENT: NETWORK,
    Cause.REFUSED: "If it lasts, look whether useapi.net is up, and check USEAPI_URL.",
    Cause.BROKEN_OFF: NETWORK,
    Cause.NO_ADDRESS: "If it lasts, check this machine's network and name server, and USEAPI_URL.",
    Cause.CERTIFICATE: (
        "Check this machine's clock and root certificates (SSL_CERT_FILE), whether a program on the way "
        "opens TLS, and USEAPI_URL."
    ),
    Cause.SERVER_ERROR: "If it lasts, ask useapi.net: this machine and its network are not the reason.",
    Cause.LIMITED: "If it lasts, see whether another program asks with the same token.",
    Cause.CHALLENGE: (
        "If it lasts, ask useapi.net whether it blocks this machine's address: the token is not the reason."
    ),
    Cause.WEB_PAGE: ADDRESS,
    Cause.REDIRECT: ADDRESS,
    Cause.NO_API: ADDRESS,
    Cause.ENCODING: "See what stands between this machine and the API: it should leave answers as they are.",
    Cause.GARBLED: CHANGED,
    Cause.REJECTED: CHANGED,
    Cause.FAULT: "Look in my log for what went wrong.",
}
"""What a person can do about an API that cannot be asked."""
