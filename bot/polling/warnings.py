"""Brings the warnings of all accounts up to date, in the cache and in the state of the watch."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.accounts import KnownAccount
from bot.domain.incidents import new_key
from bot.domain.providers import provider_of
from bot.domain.usage import RecentUsage
from bot.domain.warnings import AccountWarning, WarningKind
from bot.incidents.service import IncidentService
from bot.polling.pollers import AccountPollers
from bot.render.usage_messages import latest
from bot.rules.policy import near
from bot.rules.warnings import changed_warnings, notices_of
from bot.runtime.aside import aside

CHECK_EVERY: Final = timedelta(hours=1)
"""How often all accounts are gone through, as time passes. Those that changed are at once."""
UNASKED_EVERY: Final = timedelta(seconds=1)
"""How often to look, after the start, whether every provider was asked."""
UNSEEN_EVERY: Final = timedelta(minutes=1)
"""How often to look whether a provider had its first good poll since the start."""


class AccountWarnings:
    """Evaluates the warnings of accounts. `low` is LOW_FAST_TIME; None: owners are not warned of fast time.

    `read_usage` returns the recent usage of all accounts; it is called once an hour.
    """

    def __init__(
        self,
        pollers: AccountPollers,
        incident_service: IncidentService,
        low: float | None,
        read_usage: Callable[[datetime], Awaitable[Iterable[RecentUsage]]],
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._pollers = pollers
        self._cache = pollers.cache
        self._incident_service = incident_service
        self._low = low
        self._read_usage = read_usage
        self._usage: Mapping[str, RecentUsage] = {}
        self._kinds = set(WarningKind) - ({WarningKind.FAST_TIME, WarningKind.PACE} if low is None else set())
        self._now = now
        self._seen: Mapping[str, KnownAccount] = {}
        """The accounts at the last check."""
        self._checked_at: datetime | None = None
        """When all accounts were last gone through."""
        self._cache.with_warnings = self._with_warnings

    async def check(self) -> timedelta:
        """Evaluate the accounts that changed, once an hour all. Return the time until the next check.

        Accounts of a provider without a good poll since the start are left as they are. The first check waits
        until all were asked, so that what holds then is one message.

        Raises:
            StoreError: the changes could not be written; the next check makes them.
        """
        unseen = {each.provider.name: each for each in self._pollers if each.poll_state.resumed}
        if any(each.failure is None for each in unseen.values()):
            return UNASKED_EVERY
        now, seen = self._now(), self._seen
        known = {key: each for key, each in self._cache.known.items() if provider_of(key) not in unseen}
        is_due = self._checked_at is None or not near(self._checked_at, now, CHECK_EVERY)
        if is_due and self._low is not None:
            self._usage = {each.reference: each for each in await self._read_usage(now)}
        accounts = [each for key, each in known.items() if is_due or seen.get(key) is not each]
        evaluated = await aside(len(accounts), lambda: [self._with_warnings(each) for each in accounts])
        self._cache.put_warnings(evaluated)
        service = self._incident_service
        size = len(evaluated)
        if await aside(size, self._changes, evaluated, service.watch_state.warnings, now):
            async with service.transaction() as transaction:
                for each in await aside(size, self._changes, evaluated, transaction.warnings, now):
                    transaction.put_warning(each)
        self._seen, self._checked_at = known, now if is_due else self._checked_at
        return UNSEEN_EVERY if unseen else CHECK_EVERY

    def _with_warnings(self, account: KnownAccount) -> KnownAccount:
        """Return an account with what holds of it now."""
        known = self._usage.get(account.reference)
        recent = latest(account, known) if known else None
        return replace(account, warnings=notices_of(account, self._low, self._now(), recent))

    def _changes(
        self, accounts: Iterable[KnownAccount], warnings: Mapping[str, AccountWarning], now: datetime
    ) -> list[AccountWarning]:
        """Return the warnings of these accounts that are new or changed."""
        known: dict[str, list[AccountWarning]] = defaultdict(list)
        for each in warnings.values():
            known[each.reference].append(each)
        return [
            changed
            for account in accounts
            for changed in changed_warnings(
                account, known[account.reference], of=self._kinds, now=now, new_key=new_key
            )
        ]
