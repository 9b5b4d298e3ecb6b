"""Saving and removing accounts at the API for owners, with all that is known brought in line at once.

The Discord token of an account passes through here hidden in a `SecretStr`, and is kept nowhere.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from pydantic import SecretStr

from bot.incidents import Ending, State
from bot.models import Account, Observation, Removal, Removed, Saved, Saving
from bot.monitor import Monitor, utc_now
from bot.rules import episodes, watching
from bot.store import StoreError
from bot.useapi import (
    AnswerLost,
    Gone,
    MalformedResponse,
    NotConfigured,
    PendingModeration,
    Unreachable,
    UseapiClient,
    UseapiError,
)
from bot.watchkeeper import Turn, Watchkeeper

log = logging.getLogger(__name__)

SAVE: Final = "save"
REMOVE: Final = "remove"
BEGUN: Final = "asked"
REFUSED: Final = "refused"
UNKNOWN: Final = "outcome unknown"
SAID: Final = {True: Saving.CREATED, False: Saving.UPDATED, None: Saving.SAVED}


async def save(useapi: UseapiClient, discord: SecretStr, jobs: int) -> Saved:
    """Create the account of a Discord token or update it, once; where the answer does not tell, look.

    Raises:
        UseapiError: the API refused, or what it did cannot be seen.
    """
    try:
        answer = await useapi.save_account(discord, jobs)
    except (Unreachable, MalformedResponse) as error:
        log.warning("saving an account got no clear answer: %s", str(error))  # it would hold its frames
        unclear = error
    else:
        return Saved(SAID[answer.created], answer.account or await holder(useapi, discord), jobs)
    try:
        account = await useapi.holder(discord)
    except UseapiError:
        raise unclear from None
    return Saved(as_seen(account, jobs), account, jobs, sentence_of(unclear))


async def holder(useapi: UseapiClient, discord: SecretStr) -> Account | None:
    """Look which account was saved, where the API took it and did not say; None if that cannot be seen."""
    try:
        return await useapi.holder(discord)
    except UseapiError as error:
        log.warning("which account was saved cannot be seen: %s", str(error))  # the same
        return None


def as_seen(account: Account | None, jobs: int) -> Saving:
    """Judge by the list alone what came of saving an account."""
    if account is None:
        return Saving.ABSENT
    return Saving.FOUND if account.max_jobs in {None, jobs} else Saving.DIFFERENT


def sentence_of(unclear: UseapiError) -> str | None:
    """Give the sentence of an answer that does not say what was done; None where no answer came."""
    return None if isinstance(unclear, AnswerLost) else str(unclear)


class Configuring:
    """Saves and removes accounts, one after the other, and brings roster, watch and audit in line."""

    def __init__(
        self,
        useapi: UseapiClient,
        monitor: Monitor,
        keeper: Watchkeeper,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._useapi = useapi
        self._monitor = monitor
        self._keeper = keeper
        self._now = now
        self._alone = asyncio.Lock()

    async def save(self, discord: SecretStr, jobs: int, owner: int) -> Saved:
        """Create the account of a Discord token for an owner, or update it.

        Raises:
            UseapiError: the API refused, or what it did cannot be seen.
        """
        async with self._alone:
            try:
                saved = await save(self._useapi, discord, jobs)
            except PendingModeration as error:
                if error.channel:
                    await self._monitor.note_flag(error.channel, error.flag)
                raise
            if saved.account is not None and saved.account.addressable:
                await self._take_in(saved.account, saved, owner)
            return saved

    async def _take_in(self, account: Account, saved: Saved, owner: int) -> None:
        """Let everything know an account that was saved, whatever the list says this moment."""
        roster, channel = self._monitor.roster, account.channel
        roster.saved(account, self._now())
        words = f"{saved.outcome}, {saved.jobs} job{'' if saved.jobs == 1 else 's'}"

        def change(turn: Turn) -> None:
            turn.draft.put_watch(watching.adding(turn.draft.watch, channel))
            turn.note(owner, SAVE, channel, words)

        await self._written(change)
        await self._look()
        if roster.get(channel) is None:
            roster.saved(account, self._now())  # the list lags behind

    async def remove(self, channel: str, owner: int) -> Removed:
        """Remove an account for an owner who confirmed it, and end the trouble it was in.

        Raises:
            UseapiError: the API refused, or what it did cannot be seen.
            StoreError: it could not be written down beforehand, so nothing was sent.
        """
        async with self._alone:
            if self._monitor.roster.get(channel) is None:
                return Removed(Removal.GONE_BEFORE)
            # Before it is sent: a look that begins right after must not be alarmed that the account is gone.
            async with self._keeper.turn() as turn:
                turn.draft.put_watch(watching.removing(turn.draft.watch, channel, turn.at))
                turn.note(owner, REMOVE, channel, BEGUN)
            return await self._send_removal(channel, owner)

    async def _send_removal(self, channel: str, owner: int) -> Removed:
        unclear: UseapiError | None = None
        try:
            await self._useapi.remove_account(channel)
        except (Gone, Unreachable, MalformedResponse) as error:
            # It may be gone, by this or before: the list tells.
            log.warning("removing an account got no clear answer: %s", error)
            unclear = error
        except UseapiError as error:
            if isinstance(error, PendingModeration):
                await self._monitor.note_flag(error.channel or channel, error.flag)
            await self._keep(channel, owner, REFUSED)
            raise
        seen = await self._look()
        # That it is not there says enough even where the list cannot be read.
        if seen is None and unclear is not None and not isinstance(unclear, NotConfigured):
            await self._written(lambda turn: turn.note(owner, REMOVE, channel, UNKNOWN))
            raise unclear
        if seen is not None and any(account.channel == channel for account in seen.accounts):
            return await self._still_there(channel, owner, unclear)
        await self._let_go(channel, owner)
        return Removed(Removal.REMOVED)

    async def _still_there(self, channel: str, owner: int, unclear: UseapiError | None) -> Removed:
        """Write down that the list shows an account after its removal."""
        if unclear is not None:
            await self._keep(channel, owner, Removal.NOT_REMOVED)
            return Removed(Removal.NOT_REMOVED, sentence_of(unclear))
        await self._written(lambda turn: turn.note(owner, REMOVE, channel, Removal.STILL_LISTED))
        return Removed(Removal.STILL_LISTED)

    async def _keep(self, channel: str, owner: int, outcome: str) -> None:
        """Expect an account to stay after all."""

        def change(turn: Turn) -> None:
            turn.draft.put_watch(watching.adding(turn.draft.watch, channel))
            turn.note(owner, REMOVE, channel, outcome)

        await self._written(change)

    async def _let_go(self, channel: str, owner: int) -> None:
        """Let nothing know an account any more, even if the list could not be read."""
        self._monitor.roster.removed(channel)

        def change(turn: Turn) -> None:
            for incident in list(turn.draft.incidents.values()):
                # A reset under way finds out by itself, and says so to who asked for it.
                over = incident.ended or incident.state is State.RESETTING
                if incident.channel == channel and not over:
                    turn.change(episodes.ended(incident, Ending.REMOVED, turn.at))
            turn.note(owner, REMOVE, channel, Removal.REMOVED)

        await self._written(change)

    async def _look(self) -> Observation | None:
        """Read the list anew; None if that does not work, which the watch tells by itself."""
        try:
            return await self._monitor.check_anew()
        except UseapiError:
            return None

    async def _written(self, change: Callable[[Turn], None]) -> None:
        """Write down what has happened already: who asked must learn of it even where that fails."""
        try:
            async with self._keeper.turn() as turn:
                change(turn)
        except StoreError:
            log.exception("what became of an account could not be written down")
