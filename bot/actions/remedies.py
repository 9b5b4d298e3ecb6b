"""The guarded way of every remedy: read, take the lease, ask the provider once, and read until it is clear.

A remedy acknowledges nothing at Midjourney. It is sent only for a person who confirmed the text shown now.
"""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from bot.actions.remedy_case import PASSING, Case
from bot.domain.accounts import Account, EntryState, Flag
from bot.domain.actions import RemedyOutcome, RemedyResult, RemedyStage
from bot.domain.capabilities import remedy_for
from bot.domain.incidents import (
    Incident,
    RemedyVerdict,
    State,
    connection_group,
    enabled_together,
    lost_connection,
    refused_list,
)
from bot.domain.providers import Remedy, key_of, provider_of, reference_to
from bot.incidents.service import IncidentService
from bot.polling.pollers import AccountPollers
from bot.providers.errors import (
    Gone,
    MalformedResponse,
    NotConfigured,
    PendingModeration,
    ProviderError,
    Unreachable,
)
from bot.rules.flags import folded
from bot.runtime.supervisor import describe, is_surprise
from bot.storage import StoreError

log = logging.getLogger(__name__)

DIGEST_LENGTH: Final = 8
SHOWN_WITHIN: Final = timedelta(seconds=5)
"""The limit for showing the progress."""
NEEDLESS: Final[Mapping[EntryState, RemedyOutcome]] = {
    EntryState.STARTING: RemedyOutcome.STARTING,
    EntryState.OK: RemedyOutcome.RUNNING,
}
"""How a remedy other than a reset ends for accounts that need none."""

Progress = Callable[[RemedyStage, timedelta], Awaitable[None]]
"""Called with the stage of a remedy and, while it is checked, the time until the next check."""


def flag_digest(
    flag: Flag, incident: Incident | None, *, remedy: Remedy = Remedy.RESET, unseen: bool = False
) -> str:
    """Return a short hash of what a person confirms.

    It covers the incident, so that an old question cannot confirm a new incident with the same words. It
    covers the text, with blanks and numbers folded except for the length and the end of a block. It covers
    the remedy, and whether the person confirmed that the account's state is unknown.
    """
    since = (incident.key, incident.reset_at) if incident else None
    ends = (flag.block_length, flag.named_end, flag.worded_end)
    shown = f"{since} {folded(flag.text)} {ends} {remedy}{' unseen' if unseen else ''}"
    return hashlib.sha256(shown.encode()).hexdigest()[:DIGEST_LENGTH]


def group_digest(group: Iterable[Incident]) -> str:
    """Return a short hash of the accounts that a person confirms to enable together."""
    keys = sorted(each.key for each in group)
    return hashlib.sha256(" ".join(keys).encode()).hexdigest()[:DIGEST_LENGTH]


class Remedies:
    """Applies remedies for owners, one at a time for each account."""

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

    def incident_of(self, reference: str) -> Incident | None:
        """Return the open incident of an account."""
        return self._incident_service.watch_state.open_incidents.get(reference)

    def is_unseen(self, reference: str) -> bool:
        """Return whether the list is refused with an error 596 that names no account."""
        return self._refused_list(reference) is not None

    def _refused_list(self, reference: str) -> Incident | None:
        return refused_list(self._incident_service.watch_state.incidents.values(), provider_of(reference))

    def confirmable(self, reference: str) -> Incident | None:
        """Return what an owner may confirm about an account.

        That is its own incident, else an error 596 in place of the list that names no account.
        """
        return self.incident_of(reference) or self._refused_list(reference)

    def remedy_of(self, reference: str, flag: Flag) -> Remedy:
        """Return the remedy for a flag of an account as it was last listed."""
        known = self._pollers.cache.get(reference)
        return remedy_for(known.account if known else Account(reference), flag.kind)

    async def link(self, reference: str, flag: Flag) -> str | None:
        """Return the link that a person needs for the remedy, which is a credential; None without one.

        Raises:
            ProviderError: the provider has none, or did not answer.
        """
        provider, remedy = self._pollers.of(reference).provider, self.remedy_of(reference, flag)
        link = await provider.link_for(remedy, key_of(reference))
        return None if link is None else link.get_secret_value()

    def digest(self, reference: str, flag: Flag, incident: Incident | None) -> str:
        """Return a short hash of what a person confirms now."""
        return flag_digest(
            flag, incident, remedy=self.remedy_of(reference, flag), unseen=self.is_unseen(reference)
        )

    def _refused(self, reference: str, incident: Incident, confirmed: str) -> RemedyOutcome | None:
        """Return why the confirmation does not allow a remedy now; None if it does."""
        if incident.state is State.RESETTING:
            return RemedyOutcome.TAKEN
        if incident.flag is None or self.digest(reference, incident.flag, incident) != confirmed:
            return RemedyOutcome.CHANGED
        remedy, known = self.remedy_of(reference, incident.flag), self._pollers.cache.get(reference)
        if remedy is Remedy.GUIDE:
            return RemedyOutcome.CHANGED  # nothing can be sent for it, so nothing was asked of anybody
        # A list of useapi.net does not tell whether an account runs: see `EntryState`.
        return NEEDLESS.get(known.account.entry) if known and remedy is not Remedy.RESET else None

    async def run(self, reference: str, owner: int, confirmed: str, progress: Progress) -> RemedyResult:
        """Apply the remedy for an account for an owner who confirmed the flag with this digest.

        Raises:
            ProviderError: the API refused; nothing was done, and the account can be tried again.
            StoreError: the attempt could not be written down, so nothing was sent.
        """
        await self._show(progress, RemedyStage.READING)
        try:
            await self._pollers.of(reference).read_account(reference)
        except ProviderError as error:
            # A list that is refused because of this account shows its flag all the same. One that is refused
            # because of an unknown account may be about it: the owner confirmed that.
            is_pending = isinstance(error, PendingModeration)
            if not is_pending or self._pollers.of(reference).reference_of(error) not in (reference, None):
                return RemedyResult(RemedyOutcome.UNREADABLE, self.incident_of(reference))
        incident = self.confirmable(reference)
        if incident is None or incident.flag is None:
            return RemedyResult(RemedyOutcome.CLEAR)
        if (refusal := self._refused(reference, incident, confirmed)) is not None:
            return RemedyResult(refusal, incident, incident.flag)
        remedy = self.remedy_of(reference, incident.flag)
        leases = await self._incident_service.take_leases(
            {incident.key: incident.flag}, owner, remedy, reference
        )
        if not leases:  # something else was written down first
            now = self.confirmable(reference)
            refusal = now and self._refused(reference, now, confirmed)
            return RemedyResult(refusal or RemedyOutcome.TAKEN, now, now and now.flag)
        case = Case(leases[0], reference, incident.flag)
        if not await self._send([case], remedy, progress):
            return RemedyResult(RemedyOutcome.RAN_OUT, self.confirmable(reference), case.flag)
        judged = self._incident_service.watch_state.incidents.get(case.lease.key)
        return RemedyResult(RemedyOutcome.DONE, judged, case.shown, case.verdict)

    def group(self, provider: str) -> tuple[Sequence[Incident], Sequence[Incident]]:
        """Return what one press enables at a provider, and what is flagged there for something else."""
        incidents = self._incident_service.watch_state.open_incidents.values()
        others = [each for each in incidents if each.provider == provider and not lost_connection(each)]
        return enabled_together(incidents, provider), others

    async def run_all(self, provider: str, owner: int, confirmed: str, progress: Progress) -> RemedyResult:
        """Enable, with one request, what lost its connection together, for an owner who confirmed that.

        Raises:
            ProviderError: the API refused; nothing was done, and it can be tried again.
            StoreError: the attempt could not be written down, so nothing was sent.
        """
        await self._show(progress, RemedyStage.READING)
        try:
            await self._pollers.of(reference_to(provider, "")).poll_anew()
        except ProviderError:
            return RemedyResult(RemedyOutcome.UNREADABLE)
        group, _ = self.group(provider)
        if not group:
            incidents = self._incident_service.watch_state.open_incidents.values()
            lost = connection_group(incidents, provider)
            is_taken = any(each.state is State.RESETTING for each in lost)
            return RemedyResult(RemedyOutcome.TAKEN if is_taken else RemedyOutcome.CLEAR)
        if group_digest(group) != confirmed:
            return RemedyResult(RemedyOutcome.CHANGED)
        leases = await self._incident_service.take_leases(
            {each.key: each.flag for each in group}, owner, Remedy.ENABLE
        )
        if not leases:
            return RemedyResult(RemedyOutcome.TAKEN)
        cases = [Case(each, each.reference, each.flag) for each in leases if each.reference and each.flag]
        if not await self._send(cases, Remedy.ENABLE, progress):
            return RemedyResult(RemedyOutcome.RAN_OUT)
        return RemedyResult(RemedyOutcome.DONE, verdicts=Counter(case.verdict for case in cases))

    async def _show(self, progress: Progress, stage: RemedyStage, wait: timedelta = timedelta(0)) -> None:
        """Show the progress. A failure to show it does not stop the remedy."""
        try:
            async with asyncio.timeout(self._shown_within.total_seconds()):
                await progress(stage, wait)
        except Exception as error:  # whatever it is, a remedy that was begun must come to its verdict
            log.warning(
                "the progress of a request cannot be shown: %s", describe(error), exc_info=is_surprise(error)
            )

    async def _send(self, cases: Sequence[Case], remedy: Remedy, progress: Progress) -> bool:
        """Ask the provider once, for all accounts. Return whether that was done: the leases still held."""
        await self._show(progress, RemedyStage.SENDING)
        if not all(self._incident_service.has_lease(case.lease) for case in cases):
            return False
        try:
            await self._ask(cases, remedy, progress)
        except Exception:  # a fault of ours must not hold the leases either
            await self._conclude(cases)
            raise
        await self._conclude(cases)
        return True

    async def _ask(self, cases: Sequence[Case], remedy: Remedy, progress: Progress) -> None:
        poller = self._pollers.of(cases[0].reference)
        try:
            await poller.provider.apply(remedy, [key_of(case.reference) for case in cases])
        except PendingModeration as error:
            for case in cases:
                if case.lease.reference is None:  # now it is known whose it is
                    await poller.note_flag(case.reference, error.flag)
                case.shown, case.verdict = error.flag, RemedyVerdict.FLAGGED_AGAIN
            return
        except (Gone, Unreachable, MalformedResponse) as error:
            # It may have been done, or the account be gone. It is not sent again: the list decides.
            log.warning("the %s request got no clear answer: %s", remedy, error)
            for case in cases:
                case.is_denied = isinstance(error, NotConfigured)
        except ProviderError:
            for case in cases:
                case.verdict = RemedyVerdict.NOT_YET
            raise
        await self._watch(cases, poller.provider.checks[remedy], progress)

    async def _watch(self, cases: Sequence[Case], checks: Collection[timedelta], progress: Progress) -> None:
        """Read the accounts until each is clear, another flag is there, or the last check is done."""
        passed = timedelta(0)
        for after in checks:
            if after > passed:
                await self._show(progress, RemedyStage.CHECKING, after - passed)
                await self._sleep((after - passed).total_seconds())
            passed = after
            await self._check([case for case in cases if case.verdict in PASSING])
            if not any(case.verdict in PASSING for case in cases):
                break

    async def _check(self, cases: Sequence[Case]) -> None:
        poller = self._pollers.of(cases[0].reference)
        try:
            if len(cases) == 1:
                found = {cases[0].reference: await poller.read_account(cases[0].reference)}
            else:
                found = {each.reference: each for each in (await poller.poll_anew()).accounts}
        except ProviderError as error:
            for case in cases:
                case.verdict, case.shown = RemedyVerdict.COULD_NOT_TELL, None
                if isinstance(error, PendingModeration) and poller.reference_of(error) == case.reference:
                    case.judge_flag(error.flag)
        else:
            now, gap = self._incident_service.watch_state.now(), self._incident_service.policy.shortest_gap
            for case in cases:
                case.judge(found.get(case.reference), now, gap)

    async def _conclude(self, cases: Sequence[Case]) -> None:
        try:
            await self._incident_service.give_verdicts(
                [(case.lease, case.verdict, case.shown) for case in cases]
            )
        except StoreError:
            # The person who asked still gets the verdict, and the lease expires.
            log.exception("what a request came to could not be written down")
