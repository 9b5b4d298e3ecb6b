"""Checks of a midjourney-proxy: what it says of itself, the token and the list of accounts."""

import logging
from typing import Final

import aiohttp
from pydantic import SecretStr

from bot.cli.findings import WARN, Finding, failed, passed, sentences, warned
from bot.domain.errors import Cause, ErrorCode
from bot.providers.errors import Gone, ProviderError, Unauthorized, Unreachable
from bot.providers.mjproxy.client import MjproxyClient
from bot.providers.mjproxy.error_mapping import own
from bot.providers.mjproxy.listing import Listing
from bot.render.text import count
from bot.runtime.setting_values import PUBLIC_TOKEN

log = logging.getLogger(__name__)

TITLE: Final = "midjourney-proxy"
TOKEN: Final = "Proxy token"  # noqa: S105 - the subject of a line
IS_PUBLIC: Final = (
    f'is "{PUBLIC_TOKEN}", as in every new midjourney-proxy: whoever knows that can read the tokens of all '
    "accounts. Change it there, then in MJPROXY_TOKEN."
)
IS_DEMO: Final = (
    "on: anybody may read the list of accounts, though not their tokens, and a token that is no "
    "administrator's shows only with the first press. Switch the demo mode off in midjourney-proxy."
)
NO_ACCOUNTS: Final = "none yet. Add them on midjourney-proxy's own web page."


async def check_mjproxy(session: aiohttp.ClientSession, url: str, token: SecretStr) -> list[Finding]:
    """Read what the proxy says of itself, and its list. Nothing is sent to Midjourney."""
    proxy = MjproxyClient(session, url, token)
    try:
        listed = accounts(await proxy.read_accounts())
    except Unauthorized as error:
        return [*await standing(proxy, url), failed(TOKEN, sentences(error))]
    except ProviderError as error:
        return [failed(TITLE, sentences(error))]
    return [*await standing(proxy, url), of_token(token), listed]


def of_token(token: SecretStr) -> Finding:
    """Return the finding of a token that was accepted."""
    is_public = token.get_secret_value() == PUBLIC_TOKEN
    return warned(TOKEN, IS_PUBLIC) if is_public else passed(TOKEN, "an administrator's")


async def standing(proxy: MjproxyClient, url: str) -> list[Finding]:
    """Return what the proxy says of itself."""
    try:
        home = await proxy.home()
    except ProviderError as error:
        return [failed(TITLE, sentences(error))]
    version = ".".join(map(str, home.version[:3]))
    way = "encrypted" if url.startswith("https") else "on this machine"
    return [
        passed(TITLE, f"version {version} answers at {url}, {way}")
        if home.enables
        else warned(TITLE, f"version {version}. {sentences(own(Gone(ErrorCode.TOO_OLD_TO_ENABLE)))}"),
        warned("Demo mode", IS_DEMO) if home.is_demo else passed("Demo mode", "off"),
    ]


def accounts(listing: Listing) -> Finding:
    """Count the accounts, and say if the list is not whole."""
    flagged = sum(each.kind is not None for each in listing.accounts)
    words = f"{count(len(listing.accounts), 'account')}, {flagged} flagged"
    if listing.is_complete:
        return passed("Proxy accounts", words if listing.accounts else NO_ACCOUNTS)
    return failed("Proxy accounts", sentences(listing.fault or own(Unreachable(Cause.PARTIAL))))


async def warn(session: aiohttp.ClientSession, url: str, token: SecretStr) -> None:
    """Log what stops nothing and is better changed. What stops the watch is said by the watch."""
    for finding in (*await standing(MjproxyClient(session, url, token), url), of_token(token)):
        if finding.mark == WARN:
            log.warning("%s: %s", finding.subject, finding.words)
