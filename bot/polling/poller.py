"""One poll of a provider: read its list, update the incidents, the cache and the database."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from bot.domain.accounts import Account, Flag, Observation
from bot.domain.clock import utc_now
from bot.domain.errors import Cause, ErrorCode
from bot.domain.incidents import Incident, ServiceProblem, open_services, service_of
from bot.domain.measures import OK, UNCOUNTED, Measures
from bot.incidents.service import IncidentService
from bot.polling.account_cache import AccountCache
from bot.polling.outage_log import OutageLog
from bot.providers.errors import Gone, PendingModeration, ProviderError, Unauthorized, Unpaid, Unreachable
from bot.providers.provider import Provider
from bot.rules.decisions import FlagReported, PollFailed
from bot.rules.poll_state import PollState, is_believed
from bot.storage import Store, StoreError

REFRESH_SHARES: Final = timedelta(seconds=3)


def problem_of(error: ProviderError) -> ServiceProblem:
    """Return the service problem that a failed poll means."""
    match error:
        case Unauthorized():
            return ServiceProblem.TOKEN
        case Unpaid():
            return ServiceProblem.UNPAID
        case Gone():
            return ServiceProblem.GONE
        case PendingModeration():
            return ServiceProblem.PENDING
        case _:
            return ServiceProblem.UNREACHABLE


class AccountPoller:
    """Polls the list of a provider, and keeps its accounts in the cache."""

    def __init__(
        self,
        provider: Provider,
        store: Store,
        cache: AccountCache,
        incident_service: IncidentService,
        *,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        measures: Measures = UNCOUNTED,
    ) -> None:
        self.provider = provider
        self._measures = measures
        self._sleep = sleep
        self._incident_service = incident_service
        self._store = store
        self._now = now
        self._poll: asyncio.Task[Observation] | None = None
        self._reported: dict[str, FlagReported] = {}
        """The flags of errors, by reference, that are not written yet."""
        self._unwritten: dict[str, Incident] = {}
        """The incidents of all flags that are not written yet, by reference."""
        self.cache = cache
        self.outages = OutageLog(provider.name)
        self.failure: ProviderError | None = None
        """Why the last poll failed; None after a good one."""
        self.failed_polls = 0
        """How many polls of the loop failed in a row."""
        self.next_poll: datetime | None = None
        """When the loop's next poll begins; None during a poll."""
        self.is_hinted = False
        """Whether the provider may have news since the loop's last poll began."""
        self._rest = timedelta()
        self._rests_until = now()
        self.recovered = asyncio.Event()
        """Set by a hint, and by the first good poll after a failed one; the task that waits clears it."""

    @property
    def unwritten_incidents(self) -> Mapping[str, Incident]:
        """The incidents of the flags that are not written yet, by reference."""
        return self._unwritten

    @property
    def open_service(self) -> Incident | None:
        """The open incident of the service, or that of the subscription if it is why the last poll failed."""
        services = open_services(self._incident_service.watch_state.incidents.values())
        own = services.get(self.provider.name)
        return own if self.failure is None else service_of(services, self.provider.name)

    @property
    def poll_state(self) -> PollState:
        """What the rules remember from poll to poll."""
        return self._incident_service.watch_state.poll_states[self.provider.name]

    @property
    def is_blind(self) -> bool:
        """Whether the last poll failed, or there was no good one since the start."""
        return self.failure is not None or self.poll_state.resumed

    @property
    def rest(self) -> timedelta:
        """How much longer to leave the provider alone after its last list. A clock set back ends it."""
        left = self._rests_until - self._now()
        return left if timedelta() < left <= self._rest else timedelta()

    async def poll(self) -> None:
        """Poll the list, or join the poll under way. The last poll counts if the provider rests for long.

        Raises:
            ProviderError: the list could not be read. The cache stays as it was.
        """
        if self._poll is None and self.rest > REFRESH_SHARES:
            if self.failure is not None:
                raise self.failure
            return
        if self._poll is None and self.rest:
            await self._sleep(self.rest.total_seconds())
        await asyncio.shield(self.start_poll())

    async def poll_anew(self) -> Observation:
        """Poll the list, with a poll that begins now or later: when the provider's rest is over.

        Raises:
            ProviderError: the list could not be read.
        """
        if self._poll is not None:
            await asyncio.wait({self._poll})
        if self.rest:
            await self._sleep(self.rest.total_seconds())
        return await asyncio.shield(self.start_poll())

    async def read_account(self, reference: str) -> Account | None:
        """Return an account as it is now, and record a flag that is new; None if it is gone.

        Raises:
            ProviderError: it could not be read.
        """
        account = await self.provider.read_account(reference, self.poll_anew)
        if account is not None:
            self.cache.put_account(account)
            known = self._incident_service.watch_state.open_incidents.get(reference)
            if account.flag is not None and (known is None or known.flag != account.flag):
                await self.note_flag(reference, account.flag, in_list=True)
        return account

    def start_poll(self) -> asyncio.Task[Observation]:
        """Start a poll and return its task, or that of the poll under way."""
        if self._poll is None:
            self._poll = asyncio.create_task(self._run_poll(), name="poll")
            self._poll.add_done_callback(partial(self._poll_done, time.monotonic()))
        return self._poll

    def _poll_done(self, began: float, poll: asyncio.Task[Observation]) -> None:
        self._poll = None
        if not poll.cancelled():
            error = poll.exception()  # asyncio logs an error that no caller is left to read
            outcome = OK if error is None else getattr(error, "code", Cause.FAULT)
            self._measures.polled(self.provider.name, outcome, time.monotonic() - began)

    async def _run_poll(self) -> Observation:
        self._forget_ended()
        await self._write_reported()
        try:
            listing = await self.provider.read_list()
        except ProviderError as error:
            await self._failed(error)
            raise
        except Exception:  # a fault of ours must not look like a list without flags
            await self._failed(Unreachable(Cause.FAULT))
            raise
        self._rest, self._rests_until = listing.rest, self._now() + listing.rest
        name, accounts = self.provider.name, listing.accounts
        observation = Observation(self._now(), accounts, name, is_complete=listing.is_complete)
        if not await self._is_believed(observation):
            self.failure = Gone(ErrorCode.LIST_EMPTY)  # never believed: a fault of the API looks the same
            if accounts:
                self.failure = Gone(
                    ErrorCode.LIST_SHORT, shown=len(accounts), known=len(self.cache.listed_by(name))
                )
            self.failure.provider = name
            self.outages.failed(ServiceProblem.LIST_GONE, None, observation.at)
            raise self.failure
        watch_state = self._incident_service.watch_state
        if self.cache.observe(observation) and watch_state.open_incidents:
            watch_state.changed.fire()  # a message may show what changed of an account
        await asyncio.sleep(0)  # both take a while with many accounts
        with suppress(StoreError):  # the next poll writes it
            await self._store.record_observation(observation)
        if not listing.is_complete:
            self.failure = listing.fault or Unreachable(Cause.PARTIAL)
            self.failure.provider = name
            self.outages.failed(ServiceProblem.UNREACHABLE, Cause.PARTIAL, observation.at)
            raise self.failure
        self.outages.worked(len(accounts), observation.at)
        if self.failure is not None:
            self.failure = None
            self.recovered.set()
        return observation

    async def _failed(self, error: ProviderError) -> None:
        """Record a failed poll. A 596 flags an account, or the service if its account is unknown."""
        self.failure = error
        self.outages.failed(problem_of(error), error.cause, self._now())
        flag = None
        if isinstance(error, PendingModeration):
            reference = self.reference_of(error)
            if reference is None or not await self.note_flag(reference, error.flag, in_list=True):
                flag = error.flag
        with suppress(StoreError):  # logged already; the next failed poll writes it
            problem, name = problem_of(error), self.provider.name
            await self._incident_service.apply(PollFailed(self._now(), problem, flag, error.cause, name))

    def reference_of(self, error: PendingModeration) -> str | None:
        """Return the account of a 596 in place of the list: the one it names, or that of the only account."""
        listed = self.cache.listed_by(self.provider.name)
        return error.reference or (next(iter(listed)) if len(listed) == 1 else None)

    async def _is_believed(self, observation: Observation) -> bool:
        """Apply a good poll to the incidents, and return whether its list is believed."""
        flags = {account.reference: account.flag for account in observation.accounts if account.flag}
        since = {
            reference: each.opened_at for reference, each in self._unwritten.items() if reference in flags
        }
        for reference, incident in self._unwritten.items():
            if reference not in flags and incident.flag is not None:  # it was never written, and is gone
                event = FlagReported(
                    observation.at, reference, incident.flag, incident.opened_at, in_list=True
                )
                self._reported.setdefault(reference, event)
        await self._write_reported()  # before a list without the flag can end its incident
        reported = {
            reference: each for reference, each in self._unwritten.items() if reference in self._reported
        }
        try:
            await self._incident_service.apply(replace(observation, flagged_since=since))
        except StoreError:
            # The next poll applies what this one showed.
            at = observation.at
            shown = {
                reference: self._incident_service.as_flagged(
                    FlagReported(at, reference, flag, since.get(reference, at), in_list=True)
                )
                for reference, flag in flags.items()
            }
            self._unwritten = reported | shown
            references = frozenset(account.reference for account in observation.accounts)
            return is_believed(self.poll_state, references, observation.at)
        self._unwritten = reported
        return self.poll_state.shrunk is None or not observation.is_complete

    async def note_flag(self, reference: str, flag: Flag, *, in_list: bool = False) -> bool:
        """Record a 596 about an account, and show it at once. Return whether the account is known.

        `in_list` says that the 596 came in place of the list, not as the response to a command.
        """
        if self.cache.get(reference) is None:
            return False
        self._forget_ended()
        unwritten = self._unwritten.get(reference)
        since = self._now() if unwritten is None else unwritten.opened_at
        self._reported[reference] = FlagReported(self._now(), reference, flag, since, in_list)
        self._unwritten[reference] = self._incident_service.as_flagged(self._reported[reference])
        await self._write_reported()
        return True

    def _forget_ended(self) -> None:
        """Drop unwritten flags whose incident has ended meanwhile, as after a reset."""
        written = self._incident_service.watch_state.open_incidents
        for reference, incident in list(self._unwritten.items()):
            known = written.get(reference)
            if incident.key and (known is None or known.key != incident.key):
                del self._unwritten[reference]
                self._reported.pop(reference, None)

    async def _write_reported(self) -> None:
        """Write the flags of errors. The next poll writes those that cannot be written now."""
        for reference, event in list(self._reported.items()):
            try:
                await self._incident_service.apply(event)
            except StoreError:
                return
            if self._reported.get(reference) is event:  # another may have come meanwhile
                del self._reported[reference]
                self._unwritten.pop(reference, None)

    async def close(self) -> None:
        """Cancel a poll that is under way."""
        if self._poll is not None:
            self._poll.cancel()
            await asyncio.gather(self._poll, return_exceptions=True)
