"""What owners do to incidents: "I'm on it", a snooze, a reset that is guarded by a lease."""

import math
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from bot.domain.accounts import Flag
from bot.domain.incidents import Alert, Ending, Incident, Reason, ResetVerdict, State
from bot.rules.account_incidents import Change, block_end, ended, worst_of
from bot.rules.policy import LEASE, LONGEST_SNOOZE
from bot.rules.timers import expire, release_lease


def assign(incident: Incident, owner: int, at: datetime) -> Incident:
    """Note that an owner is on it; said again, also by another, it counts from now. It ends a snooze."""
    if incident.ended:
        return incident
    return replace(
        incident, assigned_to=owner, assigned_at=at, asked_at=None, snoozed_until=None, snoozed_seconds=None
    )


def snooze(incident: Incident, until: datetime, at: datetime) -> Incident:
    """Hold the reminders of an incident, for a day at most. It ends a claim: the last press counts."""
    if incident.ended or until <= at:
        return incident
    length = min(until - at, LONGEST_SNOOZE)
    return replace(
        incident,
        snoozed_until=at + length,
        snoozed_seconds=math.ceil(length.total_seconds()),
        assigned_to=None,
        assigned_at=None,
        asked_at=None,
    )


def take_lease(incident: Incident, owner: int, at: datetime, channel: str | None = None) -> Incident | None:
    """Return an incident whose reset is an owner's for now; None if it is another's already, or it is over.

    To be written down before the API is asked to reset. The incident that comes out is the lease: the verdict
    is only taken from who holds it. `channel` is the account, where the incident is the service's.
    """
    now = expire(incident, at)
    if now.ended or now.state is State.RESETTING:
        return None
    return replace(
        now,
        state=State.RESETTING,
        leased_by=owner,
        lease_until=at + LEASE,
        lease_channel=channel if now.problem else None,
        verdict=None,
        judged_at=None,
    )


def holds_lease(incident: Incident, lease: Incident) -> bool:
    """Whether the lease of an incident is still its owner's: it may be over, and be another's by now."""
    return incident.state is State.RESETTING and incident.leased_by == lease.leased_by


def has_ended(incident: Incident, lease: Incident) -> bool:
    """Whether the trouble of the service ended while the lease of it was somebody's, by a good list."""
    return incident.problem is not None and incident.ended and incident.leased_by == lease.leased_by


def give_verdict(
    incident: Incident, lease: Incident, verdict: ResetVerdict, at: datetime, flag: Flag | None = None
) -> Change:
    """Say what a reset came to, and give the lease back; `flag` is what the list shows after it, if anything.

    An incident whose lease is another's is given as it is.
    """
    if not holds_lease(incident, lease):
        return incident, None
    if incident.problem is not None:
        # Only a good list ends it. What came of a reset says nothing of the trouble of the service.
        return replace(release_lease(incident), verdict=verdict, judged_at=at), None
    match verdict:
        case ResetVerdict.BACK:
            return ended(replace(incident, reset_at=at), Ending.RESET, at)
        case ResetVerdict.NOT_CONFIGURED:
            return ended(incident, Ending.REMOVED, at)
        case ResetVerdict.NOT_YET | ResetVerdict.COULD_NOT_TELL:
            return replace(release_lease(incident), verdict=verdict, judged_at=at), None
        case ResetVerdict.FLAGGED_AGAIN:
            judged = replace(release_lease(incident), verdict=verdict, judged_at=at)
            return flagged_again(judged, flag, at)
    assert_never(verdict)


def flagged_again(incident: Incident, flag: Flag | None, at: datetime) -> Change:
    """Take in another flag after a reset; who asked for the reset reads of it there and then."""
    if flag is None:
        return incident, None
    peak = worst_of(incident.worst_kind, flag.kind)
    ends = block_end(incident, flag, at)
    now = replace(incident, flag=flag, worst_kind=peak, block_ends=ends, seen_at=at, from_command=False)
    if peak is incident.worst_kind:
        return now, None
    return replace(now, snoozed_until=None, snoozed_seconds=None), Alert(now.key, Reason.WORSE, notify=True)


def abandon(incident: Incident, owner: int, at: datetime) -> Incident:
    """Take back the claim of somebody who is no owner any more; reminders go on."""
    if incident.assigned_to != owner:
        return incident
    return replace(incident, assigned_to=None, assigned_at=None, asked_at=None, held_until=at)
