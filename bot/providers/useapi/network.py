"""The errors of the network as errors of the API client, without their own text."""

import os
import ssl
from typing import Final

import aiohttp

from bot.domain.causes import Cause
from bot.providers.errors import AnswerLost, NotAsked, Unreachable
from bot.providers.useapi.error_mapping import CHECK_FIRST, CHECK_URL, LATER, READS
from bot.providers.useapi.http_response import ApiRequest

PROXIES: Final = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})
UNTRUSTED: Final = (
    "Install the root certificates of this system (on Debian: ca-certificates), or name a file of them in "
    "SSL_CERT_FILE. A program that opens TLS, as in some companies, needs its own certificate there."
)


def proxy_unused() -> str:
    """Return a sentence about proxies in the environment, which Midwatch does not use; empty without any."""
    names = sorted(name for name, value in os.environ.items() if value and name.upper() in PROXIES)
    if not names:
        return ""
    return f" Midwatch does not use {' and '.join(names)}: let this machine connect by itself."


def unreachable(error: Exception, request: ApiRequest) -> Unreachable:  # noqa: PLR0911 - a table
    """Return the error for a failure of the network. The error of aiohttp may hold headers."""
    asking = request.endpoint in READS
    unsure = LATER if asking else CHECK_FIRST
    match error:
        case ssl.CertificateError() | aiohttp.ClientSSLError():
            return NotAsked(
                "This machine does not trust the API's certificate.",
                UNTRUSTED,
                cause=Cause.CERTIFICATE,
                transient=False,
            )
        case aiohttp.ClientConnectorDNSError():
            return NotAsked(
                "useapi.net's address could not be looked up.",
                f"Check the network, and USEAPI_URL.{proxy_unused()}",
                cause=Cause.NO_ADDRESS,
            )
        case aiohttp.ClientConnectorError():
            return NotAsked(
                "useapi.net refuses connections.", f"{LATER}{proxy_unused()}", cause=Cause.REFUSED
            )
        case aiohttp.ConnectionTimeoutError():
            return NotAsked(
                "useapi.net did not accept the connection in time.",
                f"{LATER}{proxy_unused()}",
                cause=Cause.SILENT,
            )
        case TimeoutError():
            return AnswerLost("useapi.net did not answer in time.", unsure, cause=Cause.SILENT)
        case aiohttp.ClientResponseError() if "content-encoding" in error.message:
            return Unreachable(
                "The API's answer is compressed in a way that Midwatch did not ask for.",
                "Check what stands between this machine and useapi.net: it must not change answers.",
                cause=Cause.ENCODING,
                transient=False,
            )
        case aiohttp.ClientResponseError():
            return Unreachable("What answered at USEAPI_URL is not an API.", CHECK_URL, cause=Cause.NO_API)
        case _:
            return AnswerLost("The connection to useapi.net broke off.", unsure, cause=Cause.BROKEN_OFF)
