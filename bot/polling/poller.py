"""One look at the accounts: ask the API for its list, take it in, remember it. Knows nothing of Discord."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.account_info import InfoSnapshot
from bot.domain.accounts import Flag, KnownAccount, Observation
from bot.domain.causes import Cause
from bot.domain.clock import utc_now
from bot.domain.errors import UserError
from bot.domain.incidents import Incident, ServiceProblem
from bot.incidents.service import IncidentService
from bot.polling.account_cache import AccountCache
from bot.polling.outage_log import OutageLog
from bot.providers.midjourney_info import parse_info
from bot.providers.useapi import (
    Gone,
    PendingModeration,
    Unauthorized,
    Unpaid,
    Unreachable,
    UseapiClient,
    UseapiError,
)
from bot.rules.decisions import FlagReported, PollFailed
from bot.storage import Store, StoredAccount, StoreError

PRESSES_SHARE: Final = timedelta(seconds=3)


async def recall(store: Store) -> AccountCache:
    """Return the account cache as the last good poll was stored."""
    stored = await store.accounts()
    return AccountCache(
        (remembered(account) for account in stored if account.listed),
        left=(remembered(account) for account in stored if not account.listed),
        observed_at=await store.last_success(),
    )


def remembered(stored: StoredAccount) -> KnownAccount:
    """Return a stored account as the cache holds it; its last answer is parsed anew."""
    snapshot = None
    if (last := stored.info) is not None:
        snapshot = InfoSnapshot(last.taken_at, last.took, parse_info(last.text, last.discord_name))
    return KnownAccount(stored.account, stored.name, stored.discord_name, snapshot=snapshot)


def problem_of(error: UseapiError) -> ServiceProblem:
    """Say what a look that failed means for the service as a whole."""
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


def list_gone(shown: int, known: int) -> Gone:
    """Word a list that lost so many accounts at once that it is not believed."""
    what = "none of your accounts" if shown == 0 else f"only {shown} of your {known} accounts"
    removed = "Check at useapi.net. If you removed them there, use /mjremove for each, too"
    # An empty list is not believed however long it stays so: an API at fault looks no different.
    return Gone(
        f"useapi.net suddenly lists {what}, so Midwatch keeps watching the old list.",
        f"{removed}." if shown == 0 else f"{removed}, or wait: Midwatch accepts the new list after a day.",
    )


class AccountPoller:
    """Polls the account list, and keeps the account cache."""

    def __init__(
        self,
        useapi: UseapiClient,
        store: Store,
        cache: AccountCache,
        incident_service: IncidentService,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._useapi = useapi
        self._incident_service = incident_service
        self._store = store
        self._now = now
        self._look: asyncio.Task[Observation] | None = None
        self._met: dict[str, tuple[Flag, bool]] = {}
        """Flags that errors told of and that are not written down yet, and whether a look met the error."""
        self._unwritten: dict[str, Incident] = {}
        """The incidents, by channel, of flags that could not be written down yet."""
        self.cache = cache
        cache.open_incidents = self.open_incidents
        incident_service.watch_state.log.label_of = cache.label_of
        self._outages = OutageLog()
        self._pressed_at: datetime | None = None
        """When the list was last read for a press on Refresh."""
        self.failure: UseapiError | None = None
        """Why the last look failed; None after a good one."""
        self.recovered = asyncio.Event()
        """Set by the first good look after one that failed; whoever waits for it clears it."""

    @property
    def unwritten(self) -> StoreError | None:
        """Why the last transaction is not on disk; None if it is."""
        return self._store.failure

    def open_incidents(self) -> Mapping[str, Incident]:
        """Return the open incident of each account that has one, by channel.

        What cannot be written down is shown as it would be.
        """
        written = self._incident_service.watch_state.open_incidents
        return {**written, **self._unwritten} if self._unwritten else written

    async def poll(self) -> Observation:
        """Look at the list once; callers in the meantime share the one look.

        Raises:
            UseapiError: the list could not be read. What is known of the accounts stays as it was.
        """
        return await asyncio.shield(self.start_poll())

    async def poll_for_press(self) -> None:
        """Look at the list for who pressed Refresh; presses within a few seconds share one look.

        Raises:
            UseapiError: the list could not be read.
        """
        pressed = self._pressed_at
        if pressed is None or not timedelta() <= self._now() - pressed < PRESSES_SHARE:
            try:
                await self.poll()
            except UseapiError:
                self._pressed_at = self._now()
                raise
            self._pressed_at = self._now()
        elif self.failure is not None:
            raise self.failure

    async def poll_anew(self) -> Observation:
        """Look at the list, with a look that begins now or later.

        Raises:
            UseapiError: the list could not be read.
        """
        if self._look is not None:
            await asyncio.wait({self._look})
        return await self.poll()

    def start_poll(self) -> asyncio.Task[Observation]:
        """Start a look, or give the one under way; nobody needs to wait for it."""
        if self._look is None:
            self._look = asyncio.create_task(self._check(), name="look")
            self._look.add_done_callback(self._looked)
        return self._look

    async def find(self, typed: str) -> KnownAccount:
        """Return the account a person means; the list is read again when memory does not know it.

        Raises:
            UserError: no account, or more than one, goes by that.
            UseapiError: memory does not know it, and the list could not be read.
        """
        try:
            return self.cache.find(typed)
        except UserError:
            await self.poll()
            return self.cache.find(typed)

    def _looked(self, look: asyncio.Task[Observation]) -> None:
        self._look = None
        if not look.cancelled():
            look.exception()  # a caller that went away must not leave an error unread

    async def _check(self) -> Observation:
        self._forget_ended()
        await self._write_met()
        try:
            accounts = await self._useapi.accounts()
        except UseapiError as error:
            await self._failed(error)
            raise
        except Exception:  # a fault of our own must not pass for a watch that sees nothing wrong
            fault = Unreachable("Midwatch could not read the list.", "Look in the log.", cause=Cause.FAULT)
            await self._failed(fault)
            raise
        observation = Observation(self._now(), accounts)
        if not await self._is_believed(observation):
            self.failure = list_gone(len(accounts), len(self.cache))
            self._outages.failed(ServiceProblem.LIST_GONE, None, observation.at)
            raise self.failure
        self._outages.worked(len(accounts), observation.at)
        if self.failure is not None:
            self.failure = None
            self.recovered.set()
        self.cache.observe(observation)
        await self._remember(observation)
        return observation

    async def _failed(self, error: UseapiError) -> None:
        """Let the watch judge that it could not look; a 596 says something about one account all the same."""
        self.failure = error
        self._outages.failed(problem_of(error), error.cause, self._now())
        flag = await self._take_in(error) if isinstance(error, PendingModeration) else None
        with suppress(StoreError):  # the log says so already, and the next poll that fails writes it
            await self._incident_service.apply(PollFailed(self._now(), problem_of(error), flag, error.cause))

    async def _take_in(self, error: PendingModeration) -> Flag | None:
        """Put a 596 down to the account it is about; give its flag back if nobody can tell which that is."""
        channel = self.account_of(error)
        known = channel is not None and await self.note_flag(channel, error.flag, in_list=True)
        return None if known else error.flag

    def account_of(self, error: PendingModeration) -> str | None:
        """Return the account that a 596 in place of the list is about: the one it names, or the only one."""
        return error.channel or self.cache.only()

    async def _is_believed(self, observation: Observation) -> bool:
        flags = {account.channel: account.flag for account in observation.accounts if account.flag}
        since = {channel: each.opened_at for channel, each in self._unwritten.items() if channel in flags}
        for channel, incident in self._unwritten.items():
            if channel not in flags and incident.flag is not None:  # gone before it could be written down
                self._met.setdefault(channel, (incident.flag, True))
        await self._write_met()  # before the list that lacks it can end what it belongs to
        met = {channel: each for channel, each in self._unwritten.items() if channel in self._met}
        try:
            await self._incident_service.apply(replace(observation, flagged_since=since))
        except StoreError:
            # Nothing is lost: the next poll meets what this one showed, and the watch decides then.
            shown = {
                channel: self._incident_service.as_flagged(channel, flag, since.get(channel, observation.at))
                for channel, flag in flags.items()
            }
            self._unwritten = met | shown
            return self._incident_service.believes(observation)
        self._unwritten = met
        return self._incident_service.watch_state.watch.shrunk is None

    async def _remember(self, observation: Observation) -> None:
        with suppress(StoreError):  # the people who ask are answered all the same; the next poll writes it
            await self._store.record_observation(observation)

    async def note_flag(self, channel: str, flag: Flag, *, in_list: bool = False) -> bool:
        """Take in a 596 that a command met, or a look in place of the list, so that all show it at once.

        It tells whether the account is known; of one that is not, nothing is kept.
        """
        if self.cache.get(channel) is None:
            return False
        self._forget_ended()
        self._met[channel] = flag, in_list
        unwritten = self._unwritten.get(channel)
        since = self._now() if unwritten is None else unwritten.opened_at
        self._unwritten[channel] = self._incident_service.as_flagged(channel, flag, since, in_list=in_list)
        await self._write_met()
        return True

    def _forget_ended(self) -> None:
        """Let go of what could not be written of incidents that have ended since, as by a reset."""
        written = self._incident_service.watch_state.open_incidents
        for channel, incident in list(self._unwritten.items()):
            known = written.get(channel)
            if incident.key and (known is None or known.key != incident.key):
                del self._unwritten[channel]
                self._met.pop(channel, None)

    async def _write_met(self) -> None:
        """Write down the flags that errors told of; what cannot be written now is with the next look."""
        for channel, (flag, in_list) in list(self._met.items()):
            try:
                since = self._unwritten[channel].opened_at
                await self._incident_service.apply(FlagReported(self._now(), channel, flag, since, in_list))
            except StoreError:
                return  # the person who met it learns of it all the same
            if self._met.get(channel) == (flag, in_list):  # another may have come meanwhile
                del self._met[channel]
                self._unwritten.pop(channel, None)

    async def close(self) -> None:
        """End a look that is under way."""
        if self._look is not None:
            self._look.cancel()
            await asyncio.gather(self._look, return_exceptions=True)
