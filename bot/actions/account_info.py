"""Asking Midjourney for an account's information: the one thing here that sends a Midjourney command.

One command at a time and account (who asks meanwhile gets the same answer), and at most one in 30 seconds.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final

from bot.domain.account_info import InfoSnapshot
from bot.domain.accounts import KnownAccount
from bot.domain.clock import utc_now
from bot.domain.errors import ErrorCode, UserError
from bot.domain.providers import key_of
from bot.polling.pollers import AccountPollers
from bot.providers.useapi import MalformedResponse, PendingModeration, UseapiError
from bot.storage import Store

log = logging.getLogger(__name__)

COOLDOWN: Final = timedelta(seconds=30)
ASKED: Final = "asked:"
NOTE_LIMIT_SECONDS: Final = 0.5


class InfoOutcome(StrEnum):
    """How a request for account information ended."""

    ANSWERED = "answered"
    TOO_SOON = "too soon"
    FLAGGED = "flagged"


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
    """Asks for account information, at most once in 30 seconds an account, and stores the answers."""

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
        self._under_way: dict[str, asyncio.Task[InfoResult]] = {}

    def longest(self, account: KnownAccount) -> timedelta:
        """Return the longest wait for Midjourney's answer."""
        return self._pollers.of(account.channel).provider.longest_info

    async def ask(self, account: KnownAccount, *, even_if_flagged: bool = False) -> InfoResult:
        """Ask Midjourney about an account, unless it is flagged or was asked a moment ago.

        Args:
            account: the account, which must have an addressable channel.
            even_if_flagged: send the command although a person has something to acknowledge there first.

        Raises:
            UserError: it was asked a moment ago and there is nothing to show, it is not configured any more,
                or its channel is no Discord channel id.
            UseapiError: the API or Midjourney could not answer.
        """
        channel = account.channel
        if not account.account.is_addressable:
            raise UserError(ErrorCode.ODD_CHANNEL)
        await self._recall(channel)
        if not even_if_flagged:
            account = await self._still_flagged(account)
        if (under_way := self._under_way.get(channel)) is not None:
            return await asyncio.shield(under_way)
        wait = self._wait(account)
        if account.needs_somebody and not even_if_flagged:
            return InfoResult(InfoOutcome.FLAGGED, account, wait)
        if wait > timedelta(0):
            if account.snapshot is None or account.needs_somebody:
                raise UserError(ErrorCode.ASKED_JUST_NOW, wait=wait)
            return InfoResult(InfoOutcome.TOO_SOON, account, wait)
        task = asyncio.create_task(self._ask(account), name=f"account info {channel}")
        self._under_way[channel] = task
        task.add_done_callback(lambda done: self._answered(channel, done))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Cancel the requests under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *self._writing, return_exceptions=True)

    async def _still_flagged(self, account: KnownAccount) -> KnownAccount:
        """Read the list again before an account is called flagged: its flag may be gone.

        A flag that a command reported is believed for as long as the account may not be asked again.
        """
        if not account.needs_somebody or self._wait(account) > timedelta(0):
            return account
        try:
            await self._pollers.of(account.channel).poll()
        except UseapiError:
            return account
        return self._pollers.cache.find(account.channel)

    def _answered(self, channel: str, task: asyncio.Task[InfoResult]) -> None:
        self._under_way.pop(channel, None)
        if not task.cancelled():
            task.exception()  # an asker that is gone must not leave an error unread

    def _wait(self, account: KnownAccount) -> timedelta:
        """Return the time until the account may be asked again; a restart does not shorten it."""
        waits = [timedelta(0)]
        if (asked := self._asked.get(account.channel)) is not None:
            waits.append(COOLDOWN - timedelta(seconds=self._monotonic() - asked))
        elif (before := self._asked_before.get(account.channel)) is not None and before <= self._now():
            waits.append(before + COOLDOWN - self._now())
        return max(waits)

    async def _recall(self, channel: str) -> None:
        """Load once when an account was last asked."""
        if channel not in self._asked_before:
            kept = await self._store.meta(f"{ASKED}{channel}")
            self._asked_before[channel] = datetime.fromisoformat(kept) if kept else None

    async def _ask(self, account: KnownAccount) -> InfoResult:
        channel = account.channel
        self._asked[channel] = self._monotonic()
        # Stored before Midjourney is asked, so that a restart does not shorten the wait.
        noting = self._store.set_meta(f"{ASKED}{channel}", self._now().isoformat())
        await self._write(noting, "when an account was asked")
        try:
            snapshot = await self._pollers.of(channel).provider.info(key_of(channel))
        except PendingModeration as error:
            return await self._record_flag(error, account)
        self._pollers.cache.put_info(channel, snapshot)
        await self._write(self._store.record_info(channel, snapshot), "an /info answer")
        return InfoResult(InfoOutcome.ANSWERED, self._now_known(account), COOLDOWN)

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
        await self._pollers.note_flag(error.channel or account.channel, error.flag)
        if error.channel not in (None, account.channel):
            raise MalformedResponse(code=ErrorCode.WRONG_ACCOUNT, quote=error.quote)
        return InfoResult(InfoOutcome.FLAGGED, self._now_known(account), COOLDOWN)

    def _now_known(self, account: KnownAccount) -> KnownAccount:
        return self._pollers.cache.get(account.channel) or account
