"""The guarded reset: read, take the lease, ask the API once, and read again until it is clear.

A reset acknowledges nothing at Midjourney. It is sent only for a person who confirmed the text shown now.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from bot.domain.accounts import Flag
from bot.domain.incidents import (
    Incident,
    ResetOutcome,
    ResetResult,
    ResetStage,
    ResetVerdict,
    State,
    refused_list,
)
from bot.domain.providers import Remedy, key_of, provider_of
from bot.incidents.service import IncidentService
from bot.polling.pollers import AccountPollers
from bot.providers.useapi import (
    Gone,
    MalformedResponse,
    PendingModeration,
    Unreachable,
    UseapiError,
)
from bot.rules.flags import folded, same_text
from bot.runtime.supervisor import describe, is_surprise
from bot.storage import StoreError

log = logging.getLogger(__name__)

DIGEST_LENGTH: Final = 8
SHOWN_WITHIN: Final = timedelta(seconds=5)
"""The limit for showing the progress."""


Progress = Callable[[ResetStage, timedelta], Awaitable[None]]
"""Called with the stage of a reset and, while it is checked, the time until the next check."""


def flag_digest(flag: Flag, incident: Incident | None, *, unseen: bool = False) -> str:
    """Return a short hash of what a person confirms.

    It covers the incident, so that an old question cannot confirm a new incident with the same words. It
    covers the text, with blanks and numbers folded except for the length and the end of a block. It covers
    whether the person confirmed that the account's state is unknown.
    """
    since = (incident.key, incident.reset_at) if incident else None
    ends = (flag.block_length, flag.named_end, flag.worded_end)
    shown = f"{since} {folded(flag.text)} {ends}{' unseen' if unseen else ''}"
    return hashlib.sha256(shown.encode()).hexdigest()[:DIGEST_LENGTH]


def refused(incident: Incident, confirmed: str, *, unseen: bool) -> ResetOutcome | None:
    """Return why the confirmation does not allow a reset now; None if it does."""
    if incident.state is State.RESETTING:
        return ResetOutcome.TAKEN
    if incident.flag is None or flag_digest(incident.flag, incident, unseen=unseen) != confirmed:
        return ResetOutcome.CHANGED
    return None


def still_flagged(shown: Flag, before: Flag) -> tuple[ResetVerdict, Flag]:
    """Return the verdict for a flag that the list shows after a reset."""
    same = same_text(shown.text, before.text)
    return (ResetVerdict.NOT_YET if same else ResetVerdict.FLAGGED_AGAIN), shown


class Resets:
    """Resets accounts for owners, one at a time for each account."""

    def __init__(
        self,
        pollers: AccountPollers,
        incident_service: IncidentService,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        shown_within: timedelta = SHOWN_WITHIN,
    ) -> None:
        self._shown_within = shown_within
        self._pollers = pollers
        self._incident_service = incident_service
        self._sleep = sleep

    def incident_of(self, channel: str) -> Incident | None:
        """Return the open incident of an account."""
        return self._incident_service.watch_state.open_incidents.get(channel)

    def is_unseen(self, channel: str) -> bool:
        """Return whether the list is refused with an error 596 that names no account."""
        return self._refused_list(channel) is not None

    def _refused_list(self, channel: str) -> Incident | None:
        return refused_list(self._incident_service.watch_state.incidents.values(), provider_of(channel))

    def confirmable(self, channel: str) -> Incident | None:
        """Return what an owner may confirm to reset an account.

        That is its own incident, else an error 596 in place of the list that names no account.
        """
        return self.incident_of(channel) or self._refused_list(channel)

    async def run(self, channel: str, owner: int, confirmed: str, progress: Progress) -> ResetResult:
        """Reset an account for an owner who confirmed the flag with this digest.

        Raises:
            UseapiError: the API refused; it was not reset, and the account can be tried again.
            StoreError: the attempt could not be written down, so nothing was sent.
        """
        await self._show(progress, ResetStage.READING)
        try:
            await self._pollers.of(channel).poll_anew()
        except UseapiError as error:
            # A list that is refused because of this account shows its flag all the same. One that is refused
            # because of an unknown account may be about it: the owner confirmed that.
            is_pending = isinstance(error, PendingModeration)
            if not is_pending or self._pollers.of(channel).channel_of(error) not in (channel, None):
                return ResetResult(ResetOutcome.UNREADABLE, self.incident_of(channel))
        incident = self.confirmable(channel)
        if incident is None or incident.flag is None:
            return ResetResult(ResetOutcome.CLEAR, None)
        if (refusal := refused(incident, confirmed, unseen=self.is_unseen(channel))) is not None:
            return ResetResult(refusal, incident, incident.flag)
        lease = await self._incident_service.take_lease(incident.key, owner, incident.flag, channel)
        if lease is None:  # something else was written down first
            now = self.confirmable(channel)
            refusal = now and refused(now, confirmed, unseen=self.is_unseen(channel))
            return ResetResult(refusal or ResetOutcome.TAKEN, now, now and now.flag)
        return await self._send(lease, channel, incident.flag, progress)

    async def _show(self, progress: Progress, stage: ResetStage, wait: timedelta = timedelta(0)) -> None:
        """Show the progress. A failure to show it does not stop the reset."""
        try:
            async with asyncio.timeout(self._shown_within.total_seconds()):
                await progress(stage, wait)
        except Exception as error:  # whatever it is, a reset that was begun must come to its verdict
            log.warning(
                "how far a reset is cannot be shown: %s", describe(error), exc_info=is_surprise(error)
            )

    async def _send(self, lease: Incident, channel: str, flag: Flag, progress: Progress) -> ResetResult:
        await self._show(progress, ResetStage.SENDING)
        if not self._incident_service.has_lease(lease):
            return ResetResult(ResetOutcome.RAN_OUT, self.confirmable(channel), flag)
        try:
            await self._pollers.of(channel).provider.apply(Remedy.RESET, [key_of(channel)])
        except PendingModeration as error:
            if lease.channel is None:  # now it is known whose it is
                await self._pollers.note_flag(channel, error.flag)
            return await self._conclude(lease, ResetVerdict.FLAGGED_AGAIN, error.flag)
        except (Gone, Unreachable, MalformedResponse) as error:
            # The reset may have been done, or the account be gone. It is not sent again: the list decides.
            log.warning("a reset got no clear answer: %s", error)
        except UseapiError:
            await self._record_verdict(lease, ResetVerdict.NOT_YET, None)
            raise
        return await self._watch(lease, channel, flag, progress)

    async def _watch(self, lease: Incident, channel: str, flag: Flag, progress: Progress) -> ResetResult:
        """Read the list until the flag is gone, another one is there, or the last check is done."""
        verdict, shown = ResetVerdict.COULD_NOT_TELL, None
        passed = timedelta(0)
        for after in self._pollers.of(channel).provider.checks[Remedy.RESET]:
            if after > passed:
                await self._show(progress, ResetStage.CHECKING, after - passed)
                await self._sleep((after - passed).total_seconds())
            passed = after
            verdict, shown = await self._verdict(channel, flag)
            if verdict not in (ResetVerdict.NOT_YET, ResetVerdict.COULD_NOT_TELL):
                break
        return await self._conclude(lease, verdict, shown)

    async def _verdict(self, channel: str, flag: Flag) -> tuple[ResetVerdict, Flag | None]:
        try:
            observation = await self._pollers.of(channel).poll_anew()
        except PendingModeration as error:
            if self._pollers.of(channel).channel_of(error) != channel:
                return ResetVerdict.COULD_NOT_TELL, None
            return still_flagged(error.flag, flag)
        except UseapiError:
            return ResetVerdict.COULD_NOT_TELL, None
        account = next((each for each in observation.accounts if each.channel == channel), None)
        if account is None:
            return ResetVerdict.NOT_CONFIGURED, None
        if account.flag is None:
            return ResetVerdict.BACK, None
        return still_flagged(account.flag, flag)

    async def _conclude(self, lease: Incident, verdict: ResetVerdict, flag: Flag | None) -> ResetResult:
        await self._record_verdict(lease, verdict, flag)
        return ResetResult(
            ResetOutcome.DONE, self._incident_service.watch_state.incidents.get(lease.key), flag, verdict
        )

    async def _record_verdict(self, lease: Incident, verdict: ResetVerdict, flag: Flag | None) -> None:
        try:
            await self._incident_service.give_verdict(lease, verdict, flag)
        except StoreError:
            # The person who asked still gets the verdict, and the lease expires.
            log.exception("what a reset came to could not be written down")
