"""The client of midjourney-proxy's admin API; `parsing` reads the responses."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Final

from bot.domain.account_info import InfoSnapshot
from bot.domain.accounts import Account, Observation
from bot.domain.errors import Cause, ErrorCode
from bot.domain.providers import MJPROXY, Remedy, reference_to
from bot.domain.secret import SecretStr
from bot.providers.api_client import ApiClient, Parser, T
from bot.providers.errors import (
    MalformedResponse,
    NotConfigured,
    ProviderError,
    Rejected,
    Unauthorized,
    Unreachable,
)
from bot.providers.http_response import ApiRequest
from bot.providers.mjproxy import parsing
from bot.providers.mjproxy.entries import CREDENTIALS, key_in
from bot.providers.mjproxy.error_mapping import FAILED, Endpoint, own
from bot.providers.mjproxy.parsing import Home, Page, Reading, listing
from bot.providers.provider import Fact, Listing, Said, Statement, count_accounts
from bot.runtime.setting_values import PUBLIC_TOKEN

CHECKS: Final[Mapping[Remedy, tuple[timedelta, ...]]] = {
    Remedy.ENABLE: (timedelta(seconds=30), timedelta(seconds=90), timedelta(seconds=180)),
    Remedy.CAPTCHA_SOLVED: (timedelta(), timedelta(seconds=15)),
}
"""When an account is read again. The proxy starts accounts once a minute, one after another."""
PAGE_SIZE: Final = 100
MOST_PAGES: Final = 1_000
LONGEST_LIST: Final = 30.0
"""Seconds after which no further page is requested, so that a poll ends within its limit."""
REST: Final = 5
"""How many times the length of a list to leave the proxy alone after it: each page sorts its whole table."""
OFFSET_FOR: Final = timedelta(hours=1)
"""How long the offset of the proxy's clock counts as known."""
HOME_REST: Final = timedelta(minutes=3)
"""How long not to ask for the clock again after a failure: one that hangs delays a poll by seconds.

It is too short for an incident to end meanwhile, as a block of which only the local end is known seems to.
"""


class MjproxyClient(ApiClient):
    """The accounts of one midjourney-proxy. Every failure is a `ProviderError`.

    The session must not use proxies of the environment (`trust_env=False`). The token is an administrator's.
    The URL may end in /mj. Only `info` and `apply` make the proxy send anything to Midjourney.
    """

    name = MJPROXY
    checks = CHECKS
    body_limit = 8 * 1024 * 1024  # a page of 100 accounts was seen with 510 kB
    is_strict = True
    auth_header = "Mj-Api-Secret"
    credentials = CREDENTIALS
    optional_path = "/mj"

    _home: Home | None = None
    _home_until: datetime | None = None
    """How long not to ask for the offset again; None before the first time."""
    _channels: Mapping[str, str | None] = {}
    """The channel of each account of the last list, by which one of them is searched."""

    @cached_property
    def _pages(self) -> parsing.RememberedPages:
        return parsing.RememberedPages()

    @cached_property
    def _one_list(self) -> asyncio.Lock:
        return asyncio.Lock()

    @property
    def web_page(self) -> str:
        """The address of its own web page."""
        return self.address

    async def standing(self) -> Sequence[Statement]:
        """Return what the proxy says of itself and of its accounts."""
        try:
            listed = await self.read_list()
        except Unauthorized as error:
            return [*await self._of_itself(), Statement(Fact.TOKEN, error)]
        except ProviderError as error:
            return [Statement(Fact.API, error), *self._of_token()]
        token = self._of_token() or [Statement(Fact.TOKEN, Said.ADMINISTRATOR)]
        accounts = count_accounts((each.flag for each in listed.accounts), Said.NO_ACCOUNTS_THERE)
        if not listed.is_complete:
            accounts = Statement(Fact.ACCOUNTS, listed.fault or own(Unreachable(Cause.PARTIAL)))
        return [*await self._of_itself(), *token, accounts]

    async def warnings(self) -> Sequence[Statement]:
        """Return what the proxy says of itself, and that its token is public."""
        return [*await self._of_itself(), *self._of_token()]

    async def _of_itself(self) -> list[Statement]:
        """Return the version and the demo mode."""
        try:
            home = await self.home()
        except ProviderError as error:
            return [Statement(Fact.API, error)]
        version = ".".join(map(str, home.version[:3]))
        return [
            Statement(Fact.API, Said.ANSWERS if home.enables else Said.OLD, version),
            Statement(Fact.DEMO_MODE, Said.ON if home.is_demo else Said.OFF),
        ]

    def _of_token(self) -> list[Statement]:
        """Return that the token is the one of every new proxy, if it is."""
        is_public = self._token.get_secret_value() == PUBLIC_TOKEN
        return [Statement(Fact.TOKEN, Said.PUBLIC)] if is_public else []

    async def read_list(self) -> Listing:
        """Return all accounts. Pages that do not fit together are read a second time.

        The proxy sorts its whole table for each page, so two lists are never read at the same time.
        """
        async with self._one_list:
            offset = await self._offset()
            begun = self._monotonic()
            readings = [await self._read_pages(offset, begun)]
            if not readings[0].is_whole and readings[0].fault is None:
                try:
                    readings.append(await self._read_pages(offset, begun))
                except ProviderError as error:
                    readings[0].fault = error
            listed = listing(readings, REST * timedelta(seconds=self._monotonic() - begun))
            self._channels = {each.reference: each.discord_channel for each in listed.accounts}
            return listed

    async def read_account(
        self, reference: str, _poll: Callable[[], Awaitable[Observation]]
    ) -> Account | None:
        """Return one account as it is now; None if it is gone."""
        return await self._find(reference)

    async def _find(self, reference: str) -> Account | None:
        """Return one account, searched by its channel, else from the whole list.

        A search that does not show it proves nothing: the account may have another channel by now.
        """
        if channel := self._channels.get(reference):
            page = await self._read_page(1, await self._offset(), {"channelId": channel})
            if found := listing([Reading([page])], timedelta()).find(reference):
                return found
        whole = await self.read_list()
        found = whole.find(reference)
        if found is None and not whole.is_complete:
            raise whole.fault or own(MalformedResponse("pagination"))
        return found

    async def apply(self, remedy: Remedy, keys: Sequence[str]) -> None:
        """Carry out a remedy for accounts with one request. The proxy does not check a solved CAPTCHA."""
        if not keys:
            raise own(Rejected(ErrorCode.UNNAMED_ACCOUNT))
        if remedy is Remedy.ENABLE:
            body = [require_key(key) for key in keys]
            try:
                await self._write(ApiRequest(Endpoint.ENABLE, body=body), parsing.require_success)
            except Rejected as error:
                if error.code is ErrorCode.TOO_OLD_TO_ENABLE:
                    self._home = replace(self._home or Home((), is_demo=False, offset=None), version=())
                raise
        elif remedy is Remedy.CAPTCHA_SOLVED:
            (key,) = keys
            await self._command(Endpoint.SOLVED, key, parsing.require_success)
        else:
            raise ValueError(remedy)

    async def link_for(self, remedy: Remedy, key: str) -> SecretStr | None:
        """Return a new link to an account's CAPTCHA, which is a credential; None for other remedies."""
        if remedy is not Remedy.CAPTCHA_SOLVED:
            return None
        return await self._command(Endpoint.LINK, key, parsing.parse_link)

    async def info(self, key: str) -> InfoSnapshot:
        """Have `/info` sent for an account, and return what the proxy keeps of the answer.

        The proxy sends it each time: the caller must limit this.
        """
        await self._command(Endpoint.SYNC, key, parsing.require_success, self._limits.info)
        account = await self._find(reference_to(MJPROXY, key))
        if account is None:
            raise own(NotConfigured(ErrorCode.NO_SUCH_ACCOUNT))
        if account.info is None:
            raise own(Unreachable(ErrorCode.NOT_SYNCED))
        return account.info

    async def remove_account(self, key: str) -> None:
        """Delete an account at the proxy."""
        await self._command(Endpoint.REMOVE, key, parsing.require_success)

    async def _command(self, endpoint: Endpoint, key: str, parse: Parser[T], limit: float | None = None) -> T:
        return await self._write(ApiRequest(endpoint, require_key(key)), parse, limit)

    async def home(self) -> Home:
        """Return the version, the demo mode and the clock of the proxy, for which it asks no token.

        A clock that it says no more is as it last was.
        """
        silence = self._limits.silence
        home = await self._send(ApiRequest(Endpoint.HOME), parsing.parse_home, silence, silence)
        known = self._home.offset if self._home else None
        self._home = replace(home, offset=known) if home.offset is None else home
        self._home_until = self._now() + OFFSET_FOR
        return self._home

    async def is_healthy(self) -> bool:
        """Return whether the proxy calls itself healthy, which it does without Redis, too."""
        with suppress(ProviderError):
            return await self._send(ApiRequest(Endpoint.HEALTH), parsing.parse_health, self._limits.silence)
        return False

    async def _offset(self) -> timedelta | None:
        """Return how far the proxy's clock is ahead of UTC, as it last said; None if it never did."""
        if self._home_until is None or self._now() > self._home_until:
            try:
                await self.home()
            except ProviderError:  # reading the list shows what is wrong
                self._home_until = self._now() + HOME_REST
        return self._home.offset if self._home else None

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
        is_old = self._home is not None and not self._home.enables
        lacks = frozenset({Remedy.ENABLE}) if is_old else frozenset[Remedy]()
        parse = partial(parsing.parse_page, offset=offset, lacks=lacks)
        if not search:
            parse = partial(self._pages.parse, number=number, offset=offset, lacks=lacks)
        try:
            return await self._read(ApiRequest(Endpoint.LIST, body=body), parse)
        except Unreachable as error:
            if error.quote != FAILED or not await self.is_healthy():
                raise
        raise own(Unreachable(Cause.NEEDS_REDIS))


def require_key(key: str) -> str:
    """Return a key that may become a part of an address. Raise for any other text."""
    if not key_in(key):
        raise own(NotConfigured(ErrorCode.NO_SUCH_ACCOUNT))
    return key
