"""What owners do to incidents: assign themselves, snooze, and apply a remedy under a lease."""

import math
from dataclasses import replace
from datetime import datetime

from bot.domain.accounts import Flag
from bot.domain.incidents import UNASSIGNED, UNSNOOZED, Ending, Incident, RemedyVerdict, State
from bot.domain.providers import Remedy
from bot.rules.account_incidents import Change, ended, with_alert_if_worse
from bot.rules.flags import block_end, worst_of
from bot.rules.policy import LONGEST_SNOOZE, lease_for
from bot.rules.timers import expire, release_lease


def assign(incident: Incident, owner: int, at: datetime) -> Incident:
    """Assign an owner from now on, also in place of another. It ends a snooze."""
    return replace(incident, assigned_to=owner, assigned_at=at, asked_at=None, **UNSNOOZED)


def snooze(incident: Incident, until: datetime, at: datetime) -> Incident:
    """Hold the reminders of an incident, for a day at most. It ends an assignment: the last press counts."""
    if until <= at:
        return incident
    length = min(until - at, LONGEST_SNOOZE)
    seconds = math.ceil(length.total_seconds())
    return replace(incident, snoozed_until=at + length, snoozed_seconds=seconds, **UNASSIGNED)


def take_lease(
    incident: Incident, owner: int, at: datetime, reference: str | None, remedy: Remedy
) -> Incident | None:
    """Return an incident leased to an owner for a remedy; None if it is leased already, or has ended.

    Commit it before the request. The returned incident is the lease, which the verdict needs.
    `reference` is the account to reset if the incident is the service's.
    """
    now = expire(incident, at)
    if now.ended or now.state is State.RESETTING:
        return None
    return replace(
        now,
        state=State.RESETTING,
        leased_by=owner,
        lease_until=at + lease_for(remedy),
        lease_reference=reference if now.problem else None,
        remedy=remedy,
        verdict=None,
        judged_at=None,
    )


def holds_lease(incident: Incident, lease: Incident) -> bool:
    """Whether a lease still holds: it may have expired, and another owner may have one by now."""
    return incident.state is State.RESETTING and incident.leased_by == lease.leased_by


def awaits_verdict(incident: Incident, lease: Incident) -> bool:
    """Whether a lease still holds, or a good list ended the service's incident meanwhile."""
    is_over = incident.problem is not None and incident.ended and incident.leased_by == lease.leased_by
    return is_over or holds_lease(incident, lease)


def give_verdict(
    incident: Incident, lease: Incident, verdict: RemedyVerdict, at: datetime, flag: Flag | None = None
) -> Change:
    """Record the verdict of a remedy and release the lease; `flag` is what the list shows after it, if any.

    An incident leased to another owner does not change.
    """
    if not holds_lease(incident, lease):
        return incident, None
    judged = replace(release_lease(incident), verdict=verdict, judged_at=at)
    if incident.problem is not None:
        return judged, None  # only a good list ends it: the verdict of a reset says nothing of the service
    if verdict is RemedyVerdict.NOT_STARTED:
        judged = replace(judged, starting_since=judged.starting_since or at)
    match verdict:
        case RemedyVerdict.BACK:
            return ended(replace(incident, reset_at=at), Ending.RESET, at)
        case RemedyVerdict.NOT_CONFIGURED:
            return ended(incident, Ending.REMOVED, at)
        case RemedyVerdict.FLAGGED_AGAIN:
            return flagged_again(judged, flag, at)
        case _:
            return judged, None


def flagged_again(incident: Incident, flag: Flag | None, at: datetime) -> Change:
    """Update an incident as the list shows another flag after a reset."""
    if flag is None:
        return incident, None
    now = replace(
        incident,
        flag=flag,
        worst_kind=worst_of(incident.worst_kind, flag.kind),
        block_ends=block_end(incident, flag, at),
        seen_at=at,
        from_command=False,
        starting_since=None,
    )
    return with_alert_if_worse(incident, now)


def abandon(incident: Incident, owner: int, at: datetime) -> Incident:
    """End the assignment of a person who is no owner any more. Reminders go on."""
    if incident.assigned_to != owner:
        return incident
    return replace(incident, held_until=at, **UNASSIGNED)


def leave_paused(incident: Incident, at: datetime) -> Change | None:
    """End the incident of an account that stays disabled; None if it has ended or a remedy is under way."""
    if incident.ended or incident.state is State.RESETTING:
        return None
    return ended(incident, Ending.LEFT_PAUSED, at)
