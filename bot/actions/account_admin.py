"""Saving and removing accounts at the API for owners, with all that is known brought in line at once.

The Discord token of an account passes through here hidden in a `SecretStr`, and is kept nowhere.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import Final

from pydantic import SecretStr

from bot.actions.saving import UNCLEAR, save, sentence_of, unsure
from bot.domain.accounts import Account, Action, Observation, Removal, Removed, SaveOutcome, SaveResult
from bot.domain.clock import utc_now
from bot.domain.incidents import Ending, State
from bot.incidents.service import IncidentService
from bot.incidents.turn import UNKNOWN_OUTCOME, Turn
from bot.polling.poller import AccountPoller
from bot.providers.useapi import Gone, NotAsked, NotConfigured, PendingModeration, UseapiClient, UseapiError
from bot.rules import account_incidents, poll_state
from bot.storage import Store, StoreError

log = logging.getLogger(__name__)

SAVE: Final = "save"
REMOVE: Final = "remove"
VERBS: Final = (SAVE, REMOVE)
BEGUN: Final = "asked"
REFUSED: Final = "refused"
NOT_SENT: Final = "not sent"


def shows(seen: Observation, channel: str) -> bool:
    """Whether an account is in the list."""
    return any(account.channel == channel for account in seen.accounts)


def words_of(saved: SaveResult) -> str:
    """Put into words for the audit how saving an account ended."""
    if saved.outcome is SaveOutcome.ABSENT:
        return saved.outcome
    told = saved.account.max_jobs if saved.account else None
    jobs = saved.jobs if told is None else told
    return f"{saved.outcome}, {jobs} job{'' if jobs == 1 else 's'}"


def outcome_of(error: UseapiError) -> str:
    """Put into words for the audit what an error says of what was asked."""
    if isinstance(error, NotAsked):
        return NOT_SENT
    return UNKNOWN_OUTCOME if isinstance(error, UNCLEAR) else REFUSED


def unnoticed() -> None:
    """Stand in for somebody who wants to know that something is being sent."""


class AccountAdmin:
    """Saves and removes accounts, one after the other, and brings account cache, incidents and audit in line.

    Each is written into the audit before it is sent, so that a stop in between leaves a trace.
    """

    def __init__(
        self,
        useapi: UseapiClient,
        poller: AccountPoller,
        incident_service: IncidentService,
        store: Store,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._useapi = useapi
        self._poller = poller
        self._incident_service = incident_service
        self._store = store
        self._now = now
        self._alone = asyncio.Lock()

    async def look_back(self) -> None:
        """Settle what a stop cut off. If that cannot be written down now, the next request does it first."""
        async with self._alone:
            with suppress(StoreError):
                await self.settle()

    async def settle(self) -> None:
        """Note that nobody knows what came of what was asked last, if the audit does not say how it ended.

        A stop came in between then, or its end could not be written down. As one comes after the other, only
        the last can lack its end.

        Raises:
            StoreError: the audit cannot be used.
        """
        last = await self._store.last_action(VERBS)
        if last is not None and last.outcome == BEGUN:
            log.warning("nobody knows whether an account was %sd: check with /mjaccounts", last.verb)
            await self._store.record_action(replace(last, at=self._now(), outcome=UNKNOWN_OUTCOME))

    @asynccontextmanager
    async def _asking(
        self, begin: Callable[[Turn], None], sending: Callable[[], None]
    ) -> AsyncGenerator[None]:
        """Write down what the block asks of the API; if it is cut off, that nobody knows what came of it.

        Raises:
            StoreError: it could not be written down, so nothing was sent.
        """
        try:
            await self.settle()
            async with self._incident_service.transaction() as turn:
                begin(turn)
        except StoreError as error:
            log.exception("nothing was asked of the API, as that could not be written down first")
            raise StoreError(f"Nothing was sent, as it could not be written down first. {error}") from error
        sending()
        try:
            yield
        except BaseException:  # a stop, or a fault of our own; what the API refused is written down by then
            with suppress(StoreError):  # else it is done when something is asked again, or at the next start
                await self.settle()
            raise

    async def save(
        self, discord: SecretStr, jobs: int, owner: int, sending: Callable[[], None] = unnoticed
    ) -> SaveResult:
        """Create the account of a Discord token for an owner, or update it.

        `sending` is called right before it is sent.

        Raises:
            UseapiError: the API refused, or what it did cannot be seen.
            StoreError: it could not be written down beforehand, so nothing was sent.
        """

        def begin(turn: Turn) -> None:
            turn.note(owner, SAVE, None, BEGUN)  # whose token it is, the API says

        async with self._alone, self._asking(begin, sending):
            try:
                saved = await save(self._useapi, discord, jobs)
            except UseapiError as error:
                await self._not_saved(error, owner)
                raise
            await self._note_saved(saved, owner)
            return saved

    async def _not_saved(self, error: UseapiError, owner: int) -> None:
        """Write down that the API refused, or that what it did cannot be seen."""
        channel = None
        if isinstance(error, PendingModeration) and error.channel:
            channel = error.channel
            await self._poller.note_flag(channel, error.flag)
        outcome = outcome_of(error)
        await self._written(lambda turn: turn.note(owner, SAVE, channel, outcome))
        if outcome == UNKNOWN_OUTCOME:
            await self._look()  # if it was done all the same, the account is known at once

    async def _note_saved(self, saved: SaveResult, owner: int) -> None:
        """Let everything know what came of saving an account, as far as it is known which."""
        account = saved.account
        if account is not None and account.has_channel_id:
            await self._take_in(account, saved, owner)
            return
        channel = account.channel if account else None
        await self._written(lambda turn: turn.note(owner, SAVE, channel, words_of(saved)))
        await self._look()

    async def _take_in(self, account: Account, saved: SaveResult, owner: int) -> None:
        """Let everything know an account that was saved, whatever the list says this moment."""
        cache, channel = self._poller.cache, account.channel
        cache.saved(account)
        if account.flag is not None:
            await self._poller.note_flag(channel, account.flag)

        def change(turn: Turn) -> None:
            turn.transaction.put_watch(poll_state.adding(turn.transaction.watch, channel))
            turn.note(owner, SAVE, channel, words_of(saved))

        await self._written(change)
        seen = await self._look()
        if seen is None or not shows(seen, channel):
            cache.saved(account)  # the list lags behind, or is one from before

    async def remove(self, channel: str, owner: int, sending: Callable[[], None] = unnoticed) -> Removed:
        """Remove an account for an owner who confirmed it, and end the trouble it was in.

        `sending` is called right before it is sent.

        Raises:
            UseapiError: the API refused, or what it did cannot be seen.
            StoreError: it could not be written down beforehand, so nothing was sent.
        """

        def begin(turn: Turn) -> None:
            # Before it is sent: a look that begins right after must not be alarmed that the account is gone.
            turn.transaction.put_watch(poll_state.expect_removal(turn.transaction.watch, channel, turn.at))
            turn.note(owner, REMOVE, channel, BEGUN)

        async with self._alone:
            if await self._is_gone(channel):
                return Removed(Removal.GONE_BEFORE, before=await self._removal_of(channel))
            async with self._asking(begin, sending):
                return await self._send_removal(channel, owner)

    async def _is_gone(self, channel: str) -> bool:
        """Whether an account that memory does not know is missing from the list, too."""
        if self._poller.cache.get(channel) is not None:
            return False
        seen = await self._look()  # it may have been configured again elsewhere
        return seen is not None and not shows(seen, channel)

    async def _removal_of(self, channel: str) -> Action | None:
        """Return when and by whom an account that is gone was removed from here; None if it was not."""
        try:
            last = await self._store.last_action(VERBS, channel)
        except StoreError:
            return None
        return last if last is not None and last.outcome == Removal.REMOVED else None

    async def _send_removal(self, channel: str, owner: int) -> Removed:
        unclear: UseapiError | None = None
        try:
            await self._useapi.remove_account(channel)
        except NotAsked as error:
            await self._keep(channel, owner, outcome_of(error))
            raise
        except (Gone, *UNCLEAR) as error:
            # It may be gone, by this or before: the list tells.
            log.warning("removing an account got no clear answer: %s", error)
            unclear = error
        except UseapiError as error:
            if isinstance(error, PendingModeration):
                await self._poller.note_flag(error.channel or channel, error.flag)
            await self._keep(channel, owner, outcome_of(error))
            raise
        seen = await self._look()
        # That it is not there says enough even where the list cannot be read.
        if seen is None and unclear is not None and not isinstance(unclear, NotConfigured):
            await self._written(lambda turn: turn.note(owner, REMOVE, channel, UNKNOWN_OUTCOME))
            raise unsure(unclear)
        if seen is not None and shows(seen, channel):
            return await self._still_there(channel, owner, unclear)
        await self._let_go(channel, owner)
        return Removed(Removal.REMOVED)

    async def _still_there(self, channel: str, owner: int, unclear: UseapiError | None) -> Removed:
        """Write down that the list shows an account after its removal."""
        # It may still be carried out, so nobody is to be alarmed if the account goes in the next minutes.
        outcome = Removal.STILL_LISTED if unclear is None else Removal.NOT_REMOVED
        await self._written(lambda turn: turn.note(owner, REMOVE, channel, outcome))
        return Removed(outcome, sentence_of(unclear) if unclear else None)

    async def _keep(self, channel: str, owner: int, outcome: str) -> None:
        """Expect an account to stay after all."""

        def change(turn: Turn) -> None:
            turn.transaction.put_watch(poll_state.adding(turn.transaction.watch, channel))
            turn.note(owner, REMOVE, channel, outcome)

        await self._written(change)

    async def _let_go(self, channel: str, owner: int) -> None:
        """Let nothing know an account any more, even if the list could not be read."""
        self._poller.cache.removed(channel)

        def change(turn: Turn) -> None:
            for incident in list(turn.transaction.incidents.values()):
                # A reset under way finds out by itself, and says so to who asked for it.
                over = incident.ended or incident.state is State.RESETTING
                if incident.channel == channel and not over:
                    turn.change(account_incidents.ended(incident, Ending.REMOVED, turn.at))
            turn.note(owner, REMOVE, channel, Removal.REMOVED)

        await self._written(change)

    async def _look(self) -> Observation | None:
        """Read the list anew; None if that does not work, which the watch tells by itself."""
        try:
            return await self._poller.poll_anew()
        except UseapiError:
            return None

    async def _written(self, change: Callable[[Turn], None]) -> None:
        """Write down what has happened already: who asked must learn of it even where that fails."""
        try:
            async with self._incident_service.transaction() as turn:
                change(turn)
        except StoreError:
            log.exception("what became of an account could not be written down")
