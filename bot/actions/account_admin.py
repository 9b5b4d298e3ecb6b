"""Adding, updating and removing accounts at the API for owners.

The Discord token of an account passes through as a `SecretStr` and is kept nowhere.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Final

from pydantic import SecretStr

from bot.actions.saving import is_unclear, save, unsure
from bot.domain.accounts import Action, ChangeOutcome, Observation, RemovalResult, SaveResult
from bot.domain.errors import ErrorCode, UserError
from bot.domain.incidents import Ending, State
from bot.domain.providers import key_of
from bot.incidents.service import IncidentService
from bot.incidents.transaction import Transaction
from bot.polling.pollers import AccountPollers
from bot.providers.errors import Gone, NotAsked, NotConfigured, PendingModeration, ProviderError
from bot.providers.useapi.client import UseapiClient
from bot.rules import account_incidents
from bot.storage import Store, StoreError

log = logging.getLogger(__name__)

SAVE: Final = "save"
REMOVE: Final = "remove"
VERBS: Final = (SAVE, REMOVE)
BEGUN: Final = "asked"
REFUSED: Final = "refused"
NOT_SENT: Final = "not sent"
REMOVED: Final = frozenset({ChangeOutcome.DONE, "not configured any more"})
"""The outcome of a removal that was done; the other one is that of earlier versions."""


def shows(seen: Observation, channel: str) -> bool:
    """Return whether an account is in the list."""
    return any(account.channel == channel for account in seen.accounts)


def code_of(saved: SaveResult) -> str:
    """Return the audit's outcome of a save: its code and, if it was done, the number of jobs."""
    if saved.outcome is not ChangeOutcome.DONE:
        return saved.outcome
    code = {True: "created", False: "updated", None: saved.outcome}[saved.created]
    listed = saved.account.max_jobs if saved.account else None
    return f"{code}:{saved.jobs if listed is None else listed}"


def code_of_error(error: ProviderError) -> str:
    """Return the audit's code for a request that ended in an error."""
    if isinstance(error, NotAsked):
        return NOT_SENT
    return ChangeOutcome.UNCLEAR if is_unclear(error) else REFUSED


class AccountAdmin:
    """Adds, updates and removes accounts, one request at a time.

    The audit gets an entry before a request is sent, so that a stop in between leaves a trace.
    """

    def __init__(
        self,
        useapi: UseapiClient | None,
        pollers: AccountPollers,
        incident_service: IncidentService,
        store: Store,
    ) -> None:
        self._useapi = useapi
        self._pollers = pollers
        self._incident_service = incident_service
        self._store = store
        self._alone = asyncio.Lock()

    async def look_back(self) -> None:
        """Settle a request that a stop cut off. If the audit cannot be written, the next request does it."""
        async with self._alone:
            with suppress(StoreError):
                await self.settle()

    async def settle(self) -> None:
        """Note an unknown outcome for the last request if the audit does not say how it ended.

        Requests are sent one after the other, so only the last one can lack its outcome.

        Raises:
            StoreError: the audit cannot be used.
        """
        last = await self._store.last_action(VERBS)
        if last is not None and last.outcome == BEGUN:
            log.warning("the outcome of the last request (%s) is unknown: check with /mjaccounts", last.verb)
            now = self._incident_service.watch_state.now()
            await self._store.record_action(replace(last, at=now, outcome=ChangeOutcome.UNCLEAR))

    @asynccontextmanager
    async def _request(
        self, owner: int, verb: str, channel: str | None, sending: Callable[[], None]
    ) -> AsyncGenerator[None]:
        """Note the request that the block sends. If the block is cut off, its outcome is unknown.

        Raises:
            StoreError: the request could not be noted, so nothing was sent.
        """
        try:
            await self.settle()
            async with self._incident_service.transaction() as transaction:
                if verb == REMOVE and channel is not None:
                    # A poll that begins right after the request must not report the account as missing.
                    transaction.expect_removal(channel)
                transaction.note(owner, verb, channel, BEGUN)
        except StoreError as error:
            log.exception("nothing was asked of the API, as that could not be written down first")
            raise StoreError(ErrorCode.NOT_NOTED, reason=error) from error
        sending()
        try:
            yield
        except BaseException:  # a stop, or a fault of our own; a refusal of the API is noted by then
            with suppress(StoreError):  # else the next request or the next start does it
                await self.settle()
            raise

    def require_adding(self) -> UseapiClient:
        """Return the API that adds accounts.

        Raises:
            UserError: accounts are added at the provider itself.
        """
        if self._useapi is None:
            raise UserError(ErrorCode.ADDED_ELSEWHERE)
        return self._useapi

    async def save(
        self, discord: SecretStr, jobs: int, owner: int, sending: Callable[[], None] = lambda: None
    ) -> SaveResult:
        """Create or update the account of a Discord token for an owner.

        `sending` is called right before the request is sent.

        Raises:
            UserError: accounts are added at the provider itself.
            ProviderError: the API refused, or neither its answer nor the list says what was done.
            StoreError: the request could not be noted, so nothing was sent.
        """
        useapi = self.require_adding()
        # The API knows whose token it is.
        async with self._alone, self._request(owner, SAVE, None, sending):
            try:
                saved = await save(useapi, discord, jobs)
            except ProviderError as error:
                await self._note_failed_save(error, owner)
                raise
            await self._note_saved(saved, owner)
            return saved

    async def _note_failed_save(self, error: ProviderError, owner: int) -> None:
        """Note that the API refused, or that the outcome is unknown."""
        channel = None
        if isinstance(error, PendingModeration) and error.channel:
            channel = error.channel
            await self._pollers.note_flag(channel, error.flag)
        code = code_of_error(error)
        async with self._writing() as transaction:
            transaction.note(owner, SAVE, channel, code)
        if code == ChangeOutcome.UNCLEAR:
            await self._poll()  # if it was done, the account is known at once

    async def _note_saved(self, saved: SaveResult, owner: int) -> None:
        """Note the outcome of a save. A saved account is known at once, whatever the list shows."""
        account = saved.account if saved.account and saved.account.is_addressable else None
        if account is not None:
            self._pollers.cache.put_account(account)
            if account.flag is not None:
                await self._pollers.note_flag(account.channel, account.flag)
        async with self._writing() as transaction:
            if account is not None:
                transaction.expect_account(account.channel)
            transaction.note(owner, SAVE, saved.account and saved.account.channel, code_of(saved))
        seen = await self._poll()
        if account is not None and (seen is None or not shows(seen, account.channel)):
            self._pollers.cache.put_account(account)  # the list lags behind, or is one from before

    async def remove(
        self, channel: str, owner: int, sending: Callable[[], None] = lambda: None
    ) -> RemovalResult:
        """Remove an account for an owner who confirmed it, and end its incident.

        `sending` is called right before the request is sent.

        Raises:
            ProviderError: the API refused, or neither its answer nor the list says what was done.
            StoreError: the request could not be noted, so nothing was sent.
        """
        async with self._alone:
            if await self._is_gone(channel):
                before = await self._removal_of(channel)
                return RemovalResult(ChangeOutcome.DONE, is_gone_before=True, before=before)
            async with self._request(owner, REMOVE, channel, sending):
                return await self._send_removal(channel, owner)

    async def _is_gone(self, channel: str) -> bool:
        """Return whether an account is neither known nor in the list."""
        if self._pollers.cache.get(channel) is not None:
            return False
        seen = await self._poll(channel)  # it may have been configured again elsewhere
        return seen is not None and not shows(seen, channel)

    async def _removal_of(self, channel: str) -> Action | None:
        """Return the removal of an account from here; None if its last change was another."""
        try:
            last = await self._store.last_action(VERBS, channel)
        except StoreError:
            return None
        return last if last is not None and last.outcome in REMOVED else None

    async def _send_removal(self, channel: str, owner: int) -> RemovalResult:
        unclear = None
        try:
            await self._pollers.of(channel).provider.remove_account(key_of(channel))
        except ProviderError as error:
            if not isinstance(error, Gone) and not is_unclear(error):
                await self._note_refused_removal(error, channel, owner)
                raise
            log.warning("removing an account got no clear answer: %s", error)
            unclear = error
        seen = await self._poll(channel)
        # The API's word that it has no such account is enough where the list cannot be read.
        if seen is None and unclear is not None and not isinstance(unclear, NotConfigured):
            async with self._writing() as transaction:
                transaction.note(owner, REMOVE, channel, ChangeOutcome.UNCLEAR)
            raise unsure(unclear)
        if seen is not None and shows(seen, channel):
            outcome = ChangeOutcome.NOT_DONE if unclear else ChangeOutcome.UNCLEAR
            # The account is still expected to go: the API may carry the removal out late.
            async with self._writing() as transaction:
                transaction.note(owner, REMOVE, channel, outcome)
            return RemovalResult(outcome, unclear)
        await self._note_removed(channel, owner)
        return RemovalResult(ChangeOutcome.DONE)

    async def _note_refused_removal(self, error: ProviderError, channel: str, owner: int) -> None:
        """Expect an account to stay after all."""
        if isinstance(error, PendingModeration):
            await self._pollers.note_flag(error.channel or channel, error.flag)
        async with self._writing() as transaction:
            transaction.expect_account(channel)
            transaction.note(owner, REMOVE, channel, code_of_error(error))

    async def _note_removed(self, channel: str, owner: int) -> None:
        """Forget an account and end its incident, even if the list could not be read."""
        self._pollers.cache.unlist(channel)
        async with self._writing() as transaction:
            for incident in list(transaction.incidents.values()):
                # A reset under way finds out by itself, and says so to who asked for it.
                over = incident.ended or incident.state is State.RESETTING
                if incident.channel == channel and not over:
                    transaction.change(account_incidents.ended(incident, Ending.REMOVED, transaction.at))
            transaction.note(owner, REMOVE, channel, ChangeOutcome.DONE)

    async def _poll(self, account: str = "") -> Observation | None:
        """Return the list of an account's provider as it is now, useapi.net's for no account.

        None if it cannot be read, which the watch reports by itself.
        """
        try:
            return await self._pollers.of(account).poll_anew()
        except ProviderError:
            return None

    @asynccontextmanager
    async def _writing(self) -> AsyncGenerator[Transaction]:
        """Write down what has happened. A failure is logged, as the person who asked needs the outcome."""
        try:
            async with self._incident_service.transaction() as transaction:
                yield transaction
        except StoreError:
            log.exception("what became of an account could not be written down")
