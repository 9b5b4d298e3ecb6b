"""Asking Midjourney for an account's information: the one thing here that sends a Midjourney command.

One command at a time and account (who asks meanwhile gets the same answer), and no more of them than the
capabilities of the account's provider say.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from bot.domain.account_info import InfoOutcome, InfoSnapshot
from bot.domain.accounts import EntryState, KnownAccount
from bot.domain.capabilities import capabilities_of
from bot.domain.clock import utc_now
from bot.domain.errors import ErrorCode, UserError
from bot.domain.providers import key_of, provider_of
from bot.polling.pollers import AccountPollers
from bot.providers.errors import MalformedResponse, PendingModeration, ProviderError
from bot.storage import Store

log = logging.getLogger(__name__)

DAY: Final = timedelta(days=1)
ASKED: Final = "asked:"
ASKED_OF: Final = "asked of:"
NOTE_LIMIT_SECONDS: Final = 0.5
REFUSALS: Final = {
    InfoOutcome.TOO_SOON: ErrorCode.ASKED_JUST_NOW,
    InfoOutcome.USED_UP: ErrorCode.INFOS_USED_UP,
    InfoOutcome.NOT_RUNNING: ErrorCode.NOT_STARTED,
}
"""The errors where an account is not asked and there is nothing to show."""


@dataclass(frozen=True, slots=True)
class InfoResult:
    """An account after a request for its information, and how the request ended.

    `snapshot` is the answer, or the last one on record where Midjourney was not asked (None without one).
    """

    outcome: InfoOutcome
    account: KnownAccount
    wait: timedelta = timedelta(0)
    """The time until Midjourney may be asked again."""

    @property
    def snapshot(self) -> InfoSnapshot | None:
        """Return the answer to show."""
        return self.account.snapshot


class AccountInfoService:
    """Asks for account information, as often as each provider allows it, and stores the answers."""

    def __init__(
        self,
        store: Store,
        pollers: AccountPollers,
        *,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._pollers = pollers
        self._now = now
        self._monotonic = monotonic
        self._asked: dict[str, float] = {}
        self._writing: set[asyncio.Task[None]] = set()
        self._asked_before: dict[str, datetime | None] = {}
        """When each account was last asked before this start, as far as that was looked up."""
        self._rations: dict[str, list[datetime]] = {}
        """When accounts of each provider were asked, if it limits how many are within a day."""
        self._under_way: dict[str, asyncio.Task[InfoResult]] = {}

    async def last_asked(self, reference: str) -> datetime | None:
        """Return when an account was last asked, also before this start; None if it never was."""
        await self._recall(reference)
        if (asked := self._asked.get(reference)) is not None:
            return self._now() - timedelta(seconds=self._monotonic() - asked)
        return self._asked_before[reference]

    async def ask(
        self, account: KnownAccount, *, even_if_flagged: bool = False, by_order: bool = False
    ) -> InfoResult:
        """Ask Midjourney about an account, unless it does not run, is flagged or was asked too recently.

        Args:
            account: the account, which must be addressable.
            even_if_flagged: send the command although a person has something to acknowledge there first.
            by_order: whether INFO_EVERY asks, and no person.

        Raises:
            UserError: it cannot be asked now and there is nothing to show, it is not configured any more, or
                no request may name it.
            ProviderError: the API or Midjourney could not answer.
        """
        reference = account.reference
        if not account.account.is_addressable:
            raise refusal(account, ErrorCode.ODD_CHANNEL)
        await self._recall(reference)
        if not (even_if_flagged and runs(account)):
            account = await self._as_now(account)
        if (under_way := self._under_way.get(reference)) is not None:
            return await asyncio.shield(under_way)
        outcome, wait = self._limit(account)
        if account.needs_somebody and not (even_if_flagged and runs(account)):
            return InfoResult(InfoOutcome.FLAGGED, account, wait)
        if not runs(account):
            outcome = InfoOutcome.NOT_RUNNING
        if outcome is not InfoOutcome.ANSWERED:
            if account.snapshot is None or account.needs_somebody:
                fields = {} if outcome is InfoOutcome.NOT_RUNNING else {"wait": wait}
                raise refusal(account, REFUSALS[outcome], **fields)
            return InfoResult(outcome, account, wait)
        self._asked[reference] = self._monotonic()
        self._recent(provider_of(reference)).append(self._now())
        task = asyncio.create_task(self._ask(account, by_order=by_order), name=f"account info {reference}")
        self._under_way[reference] = task
        task.add_done_callback(lambda done: self._answered(reference, done))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Cancel the requests under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *self._writing, return_exceptions=True)

    async def _as_now(self, account: KnownAccount) -> KnownAccount:
        """Read the list again before an account is called flagged or stopped: it may run again.

        A flag that a command reported is believed for as long as the account may not be asked again.
        """
        if (runs(account) and not account.needs_somebody) or self._wait(account) > timedelta(0):
            return account
        try:
            await self._pollers.of(account.reference).poll()
        except ProviderError:
            return account
        return self._pollers.cache.find(account.reference)

    def _answered(self, reference: str, task: asyncio.Task[InfoResult]) -> None:
        self._under_way.pop(reference, None)
        if not task.cancelled():
            task.exception()  # an asker that is gone must not leave an error unread

    def _wait(self, account: KnownAccount) -> timedelta:
        """Return the time until the account may be asked again; a restart does not shorten it."""
        waits, least = [timedelta(0)], capabilities_of(account.reference).info_wait
        if (asked := self._asked.get(account.reference)) is not None:
            waits.append(least - timedelta(seconds=self._monotonic() - asked))
        elif (before := self._asked_before.get(account.reference)) is not None and before <= self._now():
            waits.append(before + least - self._now())
        return max(waits)

    def _limit(self, account: KnownAccount) -> tuple[InfoOutcome, timedelta]:
        """Return what keeps an account from being asked, ANSWERED for nothing, and for how long."""
        wait, most = self._wait(account), capabilities_of(account.reference).infos_a_day
        recent = self._recent(provider_of(account.reference))
        if most is not None and len(recent) >= most:
            used_up = min(recent[-most] + DAY - self._now(), DAY)
            if used_up > wait:
                return InfoOutcome.USED_UP, used_up
        return (InfoOutcome.TOO_SOON if wait > timedelta(0) else InfoOutcome.ANSWERED), wait

    def _recent(self, provider: str) -> list[datetime]:
        """Return when accounts of a provider were asked within a day, the oldest first."""
        now = self._now()
        self._rations[provider] = [each for each in self._rations[provider] if abs(now - each) < DAY]
        return self._rations[provider]

    async def _recall(self, reference: str) -> None:
        """Load once when an account was last asked, and when accounts of its provider were."""
        if reference not in self._asked_before:
            kept = await self._store.meta(f"{ASKED}{reference}")
            self._asked_before[reference] = datetime.fromisoformat(kept) if kept else None
        if (provider := provider_of(reference)) not in self._rations:
            kept = await self._store.meta(f"{ASKED_OF}{provider}") or ""
            self._rations.setdefault(provider, [datetime.fromisoformat(each) for each in kept.split()])

    async def _ask(self, account: KnownAccount, *, by_order: bool) -> InfoResult:
        reference = account.reference
        # Stored before Midjourney is asked, so that a restart does not shorten the wait.
        noting = self._note_asking(account)
        if capabilities_of(account.reference).infos_a_day is None:
            await self._write(noting, "when an account was asked")
        else:
            await noting  # a ration that a restart forgets would be none
        try:
            snapshot = await self._pollers.of(reference).provider.info(key_of(reference))
        except PendingModeration as error:
            return await self._record_flag(error, account)
        wait = capabilities_of(account.reference).info_wait
        if account.snapshot is not None and is_same(account.snapshot, snapshot):
            return InfoResult(InfoOutcome.NOTHING_NEW, self._now_known(account), wait)
        self._pollers.cache.put_info(reference, snapshot)
        if snapshot.taken_at is not None:  # the database keeps none without a time
            recording = self._store.record_info(reference, snapshot, by_order=by_order)
            await self._write(recording, "an /info answer")
        return InfoResult(InfoOutcome.ANSWERED, self._now_known(account), wait)

    async def _note_asking(self, account: KnownAccount) -> None:
        reference = account.reference
        await self._store.set_meta(f"{ASKED}{reference}", self._now().isoformat())
        if capabilities_of(account.reference).infos_a_day is not None:
            times = " ".join(each.isoformat() for each in self._rations[provider_of(reference)])
            await self._store.set_meta(f"{ASKED_OF}{provider_of(reference)}", times)

    async def _write(self, work: Coroutine[None, None, None], what: str) -> None:
        """Store something, without a long wait for a locked database."""
        writing = asyncio.create_task(work)
        self._writing.add(writing)
        writing.add_done_callback(partial(self._written, what))
        await asyncio.wait({writing}, timeout=NOTE_LIMIT_SECONDS)

    def _written(self, what: str, writing: asyncio.Task[None]) -> None:
        self._writing.discard(writing)
        if not writing.cancelled() and (error := writing.exception()) is not None:
            log.warning("%s could not be written down; this start knows it", what, exc_info=error)

    async def _record_flag(self, error: PendingModeration, account: KnownAccount) -> InfoResult:
        """Record the flag of a 596, which is about the account asked for unless the API names another."""
        flagged = error.reference or account.reference
        await self._pollers.of(flagged).note_flag(flagged, error.flag)
        if error.reference not in (None, account.reference):
            raise MalformedResponse(code=ErrorCode.WRONG_ACCOUNT, quote=error.quote)
        return InfoResult(
            InfoOutcome.FLAGGED, self._now_known(account), capabilities_of(account.reference).info_wait
        )

    def _now_known(self, account: KnownAccount) -> KnownAccount:
        return self._pollers.cache.get(account.reference) or account


def is_same(before: InfoSnapshot, snapshot: InfoSnapshot) -> bool:
    """Return whether an answer is no other than the one before."""
    return before.taken_at == snapshot.taken_at and before.info.text == snapshot.info.text


def runs(account: KnownAccount) -> bool:
    """Return whether its provider lets an account do anything, so that it can be asked."""
    return account.account.entry is EntryState.OK


def refusal(account: KnownAccount, code: ErrorCode, **fields: object) -> UserError:
    """Return the error for an account that is not asked and of which there is nothing to show."""
    error = UserError(code, **fields)
    error.provider = provider_of(account.reference)
    return error
