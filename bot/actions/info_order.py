"""Asking for account information by itself, as an owner orders it with INFO_EVERY."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.actions.account_info import AccountInfoService, runs
from bot.domain.accounts import KnownAccount
from bot.domain.capabilities import capabilities_of
from bot.domain.errors import UserError
from bot.polling.pollers import AccountPollers
from bot.providers.errors import ProviderError
from bot.runtime.language import Sentence
from bot.storage import Store

log = logging.getLogger(__name__)

ASKING: Final[Sentence] = "asking accounts by INFO_EVERY"
STOPPED: Final = "info_order_stopped"
LONGEST_REST: Final = timedelta(minutes=1)
NEVER: Final = datetime.min.replace(tzinfo=UTC)


class InfoOrder:
    """Asks one account after another, each once in an interval, spread over it.

    The interval of an account begins anew when a person asks it. A flagged account is not asked. One of which
    asking failed is asked again once a person got an answer, or once a flag of it is over.
    """

    def __init__(
        self,
        account_info: AccountInfoService,
        pollers: AccountPollers,
        store: Store,
        every: timedelta,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self.every = every
        self._account_info = account_info
        self._pollers = pollers
        self._store = store
        self._now = now
        self._stopped: dict[str, datetime] | None = None
        """When asking an account failed, by reference; None before it was loaded."""

    def stopped_since(self, reference: str) -> datetime | None:
        """Return since when an account is not asked because of an error."""
        return (self._stopped or {}).get(reference)

    async def ask_next(self) -> timedelta:
        """Ask the account that has been due longest, if one is, and return how long to rest.

        Nobody is asked while that could not be remembered: a restart would ask again.
        """
        if self._pollers.unwritten is not None:
            return LONGEST_REST
        await self._resume()
        accounts, now = self._pollers.cache.accounts, self._now()
        ordered = [each for each in accounts if capabilities_of(each.reference).takes_orders]
        asked = {each.reference: await self._last_asked(each, now) for each in ordered}
        askable = [each for each in ordered if self._may_be_asked(each)]
        if not askable:
            return LONGEST_REST
        first, gap = min(askable, key=lambda each: asked[each.reference]), self.every / len(ordered)
        wait = max(asked[first.reference] + self.every, max(asked.values()) + gap) - now
        if wait > timedelta(0):
            return min(wait, LONGEST_REST)
        await self._ask(first)
        return min(gap, LONGEST_REST)

    def _may_be_asked(self, known: KnownAccount) -> bool:
        """Return whether an account runs and is clear, by a list that is up to date."""
        is_clear = known.account.flag is None and self.stopped_since(known.reference) is None
        if not (is_clear and runs(known) and known.account.is_addressable):
            return False
        poller = self._pollers.of(known.reference)
        return poller.failure is None and not poller.poll_state.resumed

    async def _last_asked(self, known: KnownAccount, now: datetime) -> datetime:
        """Return when an account was last asked or answered. One far ahead of now says nothing."""
        answered = known.snapshot.taken_at if known.snapshot else None
        times = (await self._account_info.last_asked(known.reference), answered)
        return max((each for each in times if each is not None and each <= now + self.every), default=NEVER)

    async def _ask(self, known: KnownAccount) -> None:
        try:
            await self._account_info.ask(known, by_order=True)
        except UserError:
            return  # it changed meanwhile: nothing was sent
        except ProviderError as error:
            log.warning("%s is not asked by INFO_EVERY until it is clear: %s", known.reference, error)
            self._stopped = {**(self._stopped or {}), known.reference: self._now()}
            await self._write_stopped()

    async def _resume(self) -> None:
        """Ask accounts again that got an answer since. Where one is flagged, the end of that is awaited."""
        if self._stopped is None:
            kept = json.loads(await self._store.meta(STOPPED) or "{}")
            self._stopped = {reference: datetime.fromisoformat(at) for reference, at in kept.items()}
        over = {reference for reference, since in self._stopped.items() if self._is_over(reference, since)}
        if over:
            self._stopped = {each: at for each, at in self._stopped.items() if each not in over}
            await self._write_stopped()

    def _is_over(self, reference: str, since: datetime) -> bool:
        known = self._pollers.cache.get(reference)
        if known is None:
            return False
        answered = known.snapshot.taken_at if known.snapshot else None
        return known.account.flag is not None or (answered is not None and answered > since)

    async def _write_stopped(self) -> None:
        kept = {reference: at.isoformat() for reference, at in (self._stopped or {}).items()}
        await self._store.set_meta(STOPPED, json.dumps(kept))
