"""Adding, updating and removing accounts at the API for owners.

The Discord token of an account passes through as a `SecretStr` and is kept nowhere.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Final

from bot.actions.saving import is_unclear, save, unsure
from bot.domain.accounts import Observation
from bot.domain.actions import ChangeOutcome, RemovalResult, SaveResult
from bot.domain.errors import ErrorCode, UserError
from bot.domain.incidents import Ending, State
from bot.domain.providers import key_of
from bot.domain.secret import SecretStr
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


def code_of(saved: SaveResult) -> str:
    """Return the audit's outcome of a save: its code and, if it was done, the number of jobs."""
    if saved.outcome is not ChangeOutcome.DONE:
        return saved.outcome
    code = {True: "created", False: "updated", None: saved.outcome}[saved.created]
    listed = saved.account.max_jobs if saved.account else None
    return f"{code}:{saved.jobs if listed is None else listed}"


def end_removed(transaction: Transaction, reference: str) -> None:
    """End the incident of an account that was removed."""
    for incident in list(transaction.incidents.values()):
        # A reset under way finds out by itself, and says so to who asked for it.
        over = incident.ended or incident.state is State.RESETTING
        if incident.reference == reference and not over:
            transaction.change(account_incidents.ended(incident, Ending.REMOVED, transaction.at))


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
        self, owner: int, verb: str, reference: str | None, sending: Callable[[], None]
    ) -> AsyncGenerator[None]:
        """Note the request that the block sends. If the block is cut off, its outcome is unknown.

        Raises:
            StoreError: the request could not be noted, so nothing was sent.
        """
        try:
            await self.settle()
            async with self._incident_service.transaction() as transaction:
                if verb == REMOVE and reference is not None:
                    # A poll that begins right after the request must not report the account as missing.
                    transaction.expect_removal(reference)
                transaction.note(owner, verb, reference, BEGUN)
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

    async def save(
        self, discord: SecretStr, jobs: int, owner: int, sending: Callable[[], None] = lambda: None
    ) -> SaveResult:
        """Create or update the account of a Discord token for an owner.

        `sending` is called right before the request is sent. A saved account is known at once, whatever the
        list shows.

        Raises:
            UserError: accounts are added at the provider itself.
            ProviderError: the API refused, or neither its answer nor the list says what was done.
            StoreError: the request could not be noted, so nothing was sent.
        """
        if self._useapi is None:
            raise UserError(ErrorCode.ADDED_ELSEWHERE)
        # The API knows whose token it is.
        async with self._alone, self._request(owner, SAVE, None, sending):
            try:
                saved = await save(self._useapi, discord, jobs)
            except ProviderError as error:
                if await self._note_failed(error, owner, SAVE) is ChangeOutcome.UNCLEAR:
                    await self._poll()  # if it was done, the account is known at once
                raise
            account = saved.account if saved.account and saved.account.is_addressable else None
            if account is not None:
                self._pollers.cache.put_account(account)
                if account.flag is not None:
                    await self._pollers.of(account.reference).note_flag(account.reference, account.flag)
            async with self._writing() as transaction:
                if account is not None:
                    transaction.expect_account(account.reference)
                transaction.note(owner, SAVE, saved.account and saved.account.reference, code_of(saved))
            seen = await self._poll()
            if account is not None and (seen is None or seen.find(account.reference) is None):
                self._pollers.cache.put_account(account)  # the list lags behind, or is one from before
            return saved

    async def _note_failed(
        self, error: ProviderError, owner: int, verb: str, reference: str | None = None
    ) -> str:
        """Note how a request failed, and the flag that it met. An account that was to be removed stays."""
        code = NOT_SENT if isinstance(error, NotAsked) else REFUSED
        if is_unclear(error):
            code = ChangeOutcome.UNCLEAR
        if isinstance(error, PendingModeration):
            flagged = error.reference or reference
            reference = reference or flagged
            if flagged:
                await self._pollers.of(flagged).note_flag(flagged, error.flag)
        async with self._writing() as transaction:
            if reference is not None:
                transaction.expect_account(reference)
            transaction.note(owner, verb, reference, code)
        return code

    async def remove(
        self, reference: str, owner: int, sending: Callable[[], None] = lambda: None
    ) -> RemovalResult:
        """Remove an account for an owner who confirmed it, and end its incident.

        `sending` is called right before the request is sent.

        Raises:
            ProviderError: the API refused, or neither its answer nor the list says what was done.
            StoreError: the request could not be noted, so nothing was sent.
        """
        async with self._alone:
            if (gone := await self._gone_before(reference)) is not None:
                return gone
            async with self._request(owner, REMOVE, reference, sending):
                return await self._send_removal(reference, owner)

    async def _gone_before(self, reference: str) -> RemovalResult | None:
        """Return the removal of an account that is not there any more; None if it is known or listed."""
        if self._pollers.cache.get(reference) is not None:
            return None
        seen = await self._poll(reference)  # it may have been configured again elsewhere
        if seen is None or seen.find(reference) is not None:
            return None
        last = None
        with suppress(StoreError):
            last = await self._store.last_action(VERBS, reference)
        before = last if last is not None and last.outcome in REMOVED else None
        return RemovalResult(ChangeOutcome.DONE, is_gone_before=True, before=before)

    async def _send_removal(self, reference: str, owner: int) -> RemovalResult:
        unclear = None
        try:
            await self._pollers.of(reference).provider.remove_account(key_of(reference))
        except ProviderError as error:
            if not isinstance(error, Gone) and not is_unclear(error):
                await self._note_failed(error, owner, REMOVE, reference)
                raise
            log.warning("removing an account got no clear answer: %s", error)
            unclear = error
        seen = await self._poll(reference)
        outcome = ChangeOutcome.DONE
        if seen is None and unclear is not None and not isinstance(unclear, NotConfigured):
            outcome = ChangeOutcome.UNCLEAR  # else the API's word is enough where the list cannot be read
        elif seen is not None and seen.find(reference) is not None:
            # The account is still expected to go: the API may carry the removal out late.
            outcome = ChangeOutcome.NOT_DONE if unclear else ChangeOutcome.UNCLEAR
        if outcome is ChangeOutcome.DONE:
            self._pollers.cache.unlist(reference)
        async with self._writing() as transaction:
            if outcome is ChangeOutcome.DONE:
                end_removed(transaction, reference)
            transaction.note(owner, REMOVE, reference, outcome)
        if outcome is ChangeOutcome.UNCLEAR and unclear is not None:
            raise unsure(unclear)
        return RemovalResult(outcome, unclear)

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
