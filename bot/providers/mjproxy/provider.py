"""midjourney-proxy as a provider of accounts."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final, assert_never

from pydantic import SecretStr

from bot.domain.account_info import InfoSnapshot
from bot.domain.accounts import NO_KEY, Account, EntryState, Flag, FlagKind, Observation
from bot.domain.errors import ErrorCode
from bot.domain.providers import MJPROXY, Remedy, reference_to
from bot.providers.errors import NotConfigured, Unreachable
from bot.providers.mjproxy.account import ProxyAccount
from bot.providers.mjproxy.client import MjproxyClient
from bot.providers.mjproxy.error_mapping import own
from bot.providers.mjproxy.reasons import kind_of
from bot.providers.mjproxy.standing import of_itself, of_token, standing
from bot.providers.provider import Listing, Statement

CHECKS: Final[Mapping[Remedy, tuple[timedelta, ...]]] = {
    Remedy.ENABLE: (timedelta(seconds=30), timedelta(seconds=90), timedelta(seconds=180)),
    Remedy.CAPTCHA_SOLVED: (timedelta(), timedelta(seconds=15)),
}
"""When an account is read again. The proxy looks once a minute, and starts accounts one after another."""
AT_ONCE: Final = 100
"""How many accounts are read in one turn of the event loop."""


class MjproxyProvider:
    """The accounts of one midjourney-proxy."""

    name = MJPROXY
    checks = CHECKS

    def __init__(self, client: MjproxyClient) -> None:
        self._client = client
        self.address = self.web_page = client.address
        self._known: dict[str, tuple[ProxyAccount, Account]] = {}
        """The entries as last read, and the accounts that they are."""

    async def standing(self) -> Sequence[Statement]:
        """Return what the proxy says of itself and of its accounts."""
        return await standing(self._client)

    async def warnings(self) -> Sequence[Statement]:
        """Return what the proxy says of itself, and that its token is public."""
        return [*await of_itself(self._client), *of_token(self._client)]

    async def read_list(self) -> Listing:
        """Return the accounts. An account without a change is the same object as before."""
        listing = await self._client.read_accounts()
        accounts: dict[str, Account] = {}  # of two without id and channel, one is enough to show that
        for number, entry in enumerate(listing.accounts, start=1):
            account = self._account(entry)
            accounts[account.channel] = account
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        return Listing(tuple(accounts.values()), listing.fault, listing.is_complete, listing.rest)

    async def read_account(self, channel: str, poll: Callable[[], Awaitable[Observation]]) -> Account | None:
        """Return one account as it is now; None if it is gone. Before the first list, all are read."""
        return await self._read(channel) if channel in self._known else (await poll()).find(channel)

    async def apply(self, remedy: Remedy, keys: Sequence[str]) -> None:
        """Carry out a remedy for accounts with one request."""
        match remedy:
            case Remedy.ENABLE:
                await self._client.enable(keys)
            case Remedy.CAPTCHA_SOLVED:
                (key,) = keys
                await self._client.captcha_solved(key)
            case Remedy.RESET | Remedy.GUIDE:
                raise ValueError(remedy)
            case _:
                assert_never(remedy)

    async def link_for(self, remedy: Remedy, key: str) -> SecretStr | None:
        """Return a new link to an account's CAPTCHA, which is a credential; None for other remedies."""
        return await self._client.captcha_link(key) if remedy is Remedy.CAPTCHA_SOLVED else None

    @property
    def longest_info(self) -> timedelta:
        """The longest wait for Midjourney's answer to `/info`."""
        return self._client.longest_info

    async def info(self, key: str) -> InfoSnapshot:
        """Have `/info` sent for an account, and return what the proxy keeps of the answer."""
        await self._client.sync(key)
        account = await self._read(reference_to(MJPROXY, key))
        if account is None:
            raise own(NotConfigured(ErrorCode.NO_SUCH_ACCOUNT))
        if account.info is None:
            raise own(Unreachable(ErrorCode.NOT_SYNCED))
        return account.info

    async def remove_account(self, key: str) -> None:
        """Delete an account at the proxy."""
        await self._client.remove_account(key)

    async def _read(self, reference: str) -> Account | None:
        if (known := self._known.get(reference)) is None:
            return None
        entry = await self._client.read_account(known[0].id, known[0].channel)
        return None if entry is None else self._account(entry)

    def _account(self, entry: ProxyAccount) -> Account:
        reference = reference_to(MJPROXY, entry.id or f"{NO_KEY}{entry.channel}")
        known = self._known.get(reference)
        if known is not None and (known[0] is entry or known[0] == entry):
            return known[1]
        account = account_of(reference, entry)
        self._known[reference] = entry, account
        return account


def account_of(reference: str, entry: ProxyAccount) -> Account:
    """Return the account of an entry."""
    flag = hint = None
    if entry.state is EntryState.FLAGGED:
        flag = Flag(entry.reason, entry.kind or FlagKind.OTHER, until=entry.blocked_until)
    elif entry.state is EntryState.STARTING and entry.reason:
        hint = Flag(entry.reason, kind_of(entry.reason))
    info = entry.info
    return Account(
        reference,
        flag=flag,
        server=entry.guild or None,
        entry=EntryState.UNKNOWN if entry.oddity else entry.state,
        title=entry.remark,
        discord_channel=entry.channel if entry.is_discord else "",
        hint=hint,
        hours=entry.hours,
        sort=entry.sort,
        is_enabled=entry.is_enabled,
        info=None if info is None or info.updated is None else InfoSnapshot(info.updated, None, info),
    )
