"""The client of midjourney-proxy's admin API; `parsing` reads the responses."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Final

from pydantic import SecretStr

from bot.domain.errors import Cause, ErrorCode
from bot.domain.providers import MJPROXY
from bot.providers.api_client import ApiClient
from bot.providers.errors import MalformedResponse, NotConfigured, ProviderError, Rejected, Unreachable
from bot.providers.http_response import ApiRequest
from bot.providers.mjproxy import parsing
from bot.providers.mjproxy.account import ProxyAccount
from bot.providers.mjproxy.endpoints import Endpoint
from bot.providers.mjproxy.error_mapping import FAILED, own
from bot.providers.mjproxy.listing import Listing, Reading, listing
from bot.providers.mjproxy.parsing import Home, Page
from bot.runtime.setting_values import PUBLIC_TOKEN

PAGE_SIZE: Final = 100
MOST_PAGES: Final = 1_000
LONGEST_LIST: Final = 35.0
"""Seconds after which no further page is requested, so that a poll ends within its limit."""
OFFSET_FOR: Final = timedelta(hours=1)
"""How long the offset of the proxy's clock counts as known."""


class MjproxyClient(ApiClient):
    """One method for each thing that midjourney-proxy can do. Every failure is a `ProviderError`.

    The session must not use proxies of the environment (`trust_env=False`). The token is an administrator's.
    The URL may end in /mj. No method but `sync` and `enable` makes the proxy send anything to Midjourney.
    """

    name = MJPROXY
    auth_header = "Mj-Api-Secret"
    optional_path = "/mj"

    _home: tuple[datetime, Home] | None = None

    @cached_property
    def _pages(self) -> parsing.RememberedPages:
        return parsing.RememberedPages()

    @cached_property
    def _one_list(self) -> asyncio.Lock:
        return asyncio.Lock()

    @property
    def has_public_token(self) -> bool:
        """Whether the token is the one of every new proxy."""
        return self._token.get_secret_value() == PUBLIC_TOKEN

    async def read_accounts(self) -> Listing:
        """Return all accounts. Pages that do not fit together are read a second time.

        The proxy sorts its whole table for each page, so two lists are never read at the same time.
        """
        async with self._one_list:
            begun = self._monotonic()
            offset = await self._offset()
            readings = [await self._read_pages(offset, begun)]
            if not readings[0].is_whole and readings[0].fault is None:
                try:
                    readings.append(await self._read_pages(offset, begun))
                except ProviderError as error:
                    readings[0].fault = error
            return listing(readings, timedelta(seconds=self._monotonic() - begun))

    async def read_account(self, key: str, channel: str) -> ProxyAccount | None:
        """Return one account as it is now, searched by its channel if it has one; None if it is gone."""
        if channel:
            page = await self._read_page(1, await self._offset(), {"channelId": channel})
            entries, are_all = page.entries, page.page_count <= 1
        else:
            whole = await self.read_accounts()
            entries, are_all = whole.accounts, whole.is_complete
        found = next((entry for entry in entries if entry.id == key), None)
        if found is None and not are_all:
            raise own(MalformedResponse("pagination"))
        return found

    async def enable(self, keys: Sequence[str]) -> int | None:
        """Enable accounts with one request. Return how many were disabled, if the proxy says so."""
        if not keys:
            raise own(Rejected(ErrorCode.UNNAMED_ACCOUNT))
        body = [require_key(key) for key in keys]
        return await self._write(ApiRequest(Endpoint.ENABLE, body=body), parsing.parse_count)

    async def captcha_link(self, key: str) -> SecretStr:
        """Return a new link to the CAPTCHA, which is as good as a credential."""
        return await self._write(ApiRequest(Endpoint.LINK, require_key(key)), parsing.parse_link)

    async def captcha_solved(self, key: str) -> None:
        """Unlock an account. The proxy does not check that the CAPTCHA was solved."""
        await self._write(ApiRequest(Endpoint.SOLVED, require_key(key)), parsing.require_success)

    async def sync(self, key: str) -> None:
        """Make the proxy send `/info` to Midjourney. It does so each time: the caller must limit this."""
        request = ApiRequest(Endpoint.SYNC, require_key(key))
        await self._write(request, parsing.require_success, self._limits.info)

    async def remove_account(self, key: str) -> None:
        """Delete an account."""
        await self._write(ApiRequest(Endpoint.REMOVE, require_key(key)), parsing.require_success)

    async def home(self) -> Home:
        """Return the version, the demo mode and the clock of the proxy, for which it asks no token."""
        silence = self._limits.silence
        home = await self._send(ApiRequest(Endpoint.HOME), parsing.parse_home, silence, silence)
        self._home = self._now(), home
        return home

    async def is_healthy(self) -> bool:
        """Return whether the proxy calls itself healthy, which it does without Redis, too."""
        with suppress(ProviderError):
            return await self._send(ApiRequest(Endpoint.HEALTH), parsing.parse_health, self._limits.silence)
        return False

    async def _offset(self) -> timedelta | None:
        """Return how far the proxy's clock is ahead of UTC; None if it does not say."""
        if self._home is None or self._now() - self._home[0] > OFFSET_FOR:
            with suppress(ProviderError):  # reading the list shows what is wrong
                await self.home()
        return self._home[1].offset if self._home else None

    async def _read_pages(self, offset: timedelta | None, begun: float) -> Reading:
        """Return all pages of one reading, or those before the first that fails. Raise if none was read."""
        reading = Reading()
        while not reading.is_at_end:
            late = self._monotonic() - begun > LONGEST_LIST
            if reading.pages and (late or len(reading.pages) == MOST_PAGES):
                reading.fault = own(Unreachable(ErrorCode.LIST_TOO_SLOW))
                break
            try:
                reading.pages.append(await self._read_page(len(reading.pages) + 1, offset, {}))
            except ProviderError as error:
                if not reading.pages:
                    raise
                reading.fault = error
                break
        return reading

    async def _read_page(self, number: int, offset: timedelta | None, search: dict[str, str]) -> Page:
        """Return one page. A proxy that fails and still calls itself healthy has no Redis."""
        body = {"pagination": {"current": number, "pageSize": PAGE_SIZE}, "search": search, "sort": {}}
        parse = partial(parsing.parse_page, offset=offset)
        if not search:
            parse = partial(self._pages.parse, number=number, offset=offset)
        try:
            return await self._read(ApiRequest(Endpoint.LIST, body=body), parse)
        except Unreachable as error:
            if error.quote != FAILED or not await self.is_healthy():
                raise
        raise own(Unreachable(Cause.NEEDS_REDIS))


def require_key(key: str) -> str:
    """Return a key that may become a part of an address. Raise for any other text."""
    if not parsing.key_of(key):
        raise own(NotConfigured(ErrorCode.NO_SUCH_ACCOUNT))
    return key
