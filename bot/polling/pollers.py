"""The pollers of all providers, and what is asked of all of them together."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from bot.domain.accounts import KnownAccount
from bot.domain.errors import ErrorCode, UserError
from bot.domain.incidents import Incident
from bot.domain.providers import provider_of
from bot.incidents.service import IncidentService
from bot.polling.account_cache import AccountCache
from bot.polling.poller import REFRESH_SHARES, AccountPoller
from bot.providers.errors import ProviderError
from bot.render.provider_words import service_name
from bot.storage import Store, StoreError


class AccountPollers:
    """One poller for each provider, over one cache."""

    def __init__(
        self,
        pollers: Iterable[AccountPoller],
        store: Store,
        cache: AccountCache,
        incident_service: IncidentService,
    ) -> None:
        self._pollers = {each.provider.name: each for each in pollers}
        for each in self._pollers.values() if len(self._pollers) > 1 else ():
            each.outages.place = f" of {service_name(each.provider.name, self._pollers)}"
        self._store = store
        self._watch_state = incident_service.watch_state
        self._watch_state.log.label_of = cache.label_of
        self._refreshed_at: datetime | None = None
        """When Refresh last read the lists."""
        self.cache = cache
        cache.open_incidents = self.open_incidents
        cache.web_pages = self.web_pages
        self._watch_state.prepare = cache.prepare

    def __iter__(self) -> Iterator[AccountPoller]:
        return iter(self._pollers.values())

    def of(self, reference: str) -> AccountPoller:
        """Return the poller of an account's provider.

        Raises:
            UserError: that provider is not set up any more.
        """
        if (poller := self._pollers.get(provider_of(reference))) is None:
            raise UserError(ErrorCode.ACCOUNT_UNKNOWN)
        return poller

    @property
    def names(self) -> tuple[str, ...]:
        """The providers."""
        return tuple(self._pollers)

    @property
    def web_pages(self) -> Mapping[str, str]:
        """The web page of each provider that has one, for what it offers programs no request for."""
        return {each.provider.name: each.provider.web_page for each in self if each.provider.web_page}

    @property
    def failures(self) -> Mapping[str, ProviderError]:
        """Why the last poll of each provider failed that could not be read."""
        return {each.provider.name: each.failure for each in self if each.failure is not None}

    @property
    def unwritten(self) -> StoreError | None:
        """Why the last transaction was not written; None if it was."""
        return self._store.failure

    def open_incidents(self) -> Mapping[str, Incident]:
        """Return the open incident of each account that has one, by reference, also those not written yet."""
        incidents = self._watch_state.open_incidents
        for each in self:
            if each.unwritten_incidents:
                incidents = {**incidents, **each.unwritten_incidents}
        return incidents

    async def poll(self) -> None:
        """Poll every provider.

        Raises:
            ProviderError: none could be read.
        """
        results = await asyncio.gather(*(each.poll() for each in self), return_exceptions=True)
        errors = [each for each in results if isinstance(each, BaseException)]
        others = [each for each in errors if not isinstance(each, ProviderError)]
        if others or len(errors) == len(results):
            raise (others or errors)[0]

    async def poll_for_refresh(self) -> None:
        """Poll every provider for Refresh, unless another press did within the last seconds.

        Raises:
            ProviderError: none could be read.
        """
        last, now = self._refreshed_at, self._watch_state.now
        if last is None or not timedelta() <= now() - last < REFRESH_SHARES:
            try:
                await self.poll()
            finally:
                self._refreshed_at = now()
        elif len(self.failures) == len(self._pollers):
            raise next(iter(self.failures.values()))

    def start_polls(self) -> None:
        """Start a poll of every provider that has none under way and does not rest."""
        for each in self:
            if not each.rest:
                each.start_poll()

    async def find(self, typed: str) -> KnownAccount:
        """Return the account that a person typed. Poll if the cache does not have it.

        Raises:
            UserError: there is none, or more than one.
            ProviderError: the cache does not have it, and a provider could not be read.
        """
        try:
            return self.cache.find(typed)
        except UserError:
            await self.poll()
        try:
            return self.cache.find(typed)
        except UserError:
            for failure in self.failures.values():
                raise failure from None
            raise

    async def close(self) -> None:
        """Cancel the polls that are under way."""
        await asyncio.gather(*(each.close() for each in self))
