"""What the passing of time does to incidents, also when the clock was set back meanwhile."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.incidents import Alert, Incident, Reason, State
from bot.rules.account_incidents import Change
from bot.rules.policy import ASSIGNED_FOR, ASSIGNED_GRACE, CLOCK_SLACK, LEASE, LONGEST_SNOOZE

AHEAD: Final[Mapping[str, timedelta]] = {
    **dict.fromkeys(
        ("opened_at", "seen_at", "clear_since", "reset_at", "assigned_at", "asked_at", "held_until"),
        timedelta(),
    ),
    "lease_until": LEASE,
}
"""How far ahead of now each time of an incident may lie."""


def tick(incidents: Mapping[str, Incident], at: datetime) -> tuple[Change, ...]:
    """Return what changes by the clock alone: leases, snoozes, assignments that end; owners to be asked."""
    changes = (tick_one(each, at) for each in incidents.values() if not each.ended)
    return tuple(change for change in changes if change[0] != incidents[change[0].key])


def tick_one(incident: Incident, at: datetime) -> Change:
    """Bring one incident up to the present."""
    now = expire(incident, at)
    if now.assigned_at is None:
        return now, None
    if at >= now.assigned_at + ASSIGNED_FOR + ASSIGNED_GRACE:
        held_until = now.assigned_at + ASSIGNED_FOR + ASSIGNED_GRACE
        return replace(now, assigned_to=None, assigned_at=None, asked_at=None, held_until=held_until), None
    # Somebody whose account just looks well need not be asked.
    if now.state is State.OPEN and now.asked_at is None and at >= now.assigned_at + ASSIGNED_FOR:
        return replace(now, asked_at=at), Alert(now.key, Reason.ASSIGNEE_CHECK, notify=True)
    return now, None


def expire(incident: Incident, at: datetime) -> Incident:
    """Return an incident that goes on without what is over: a lease that nobody gave back, a snooze."""
    now = clamp_future(incident, at)
    if now.state is State.RESETTING and (now.lease_until is None or now.lease_until <= at):
        # Killed between lease and verdict: what came of it is for the next looks to say.
        now = release_lease(now)
    if now.snoozed_until is not None and now.snoozed_until <= at:
        now = replace(now, snoozed_until=None, snoozed_seconds=None, held_until=now.snoozed_until)
    return now


def release_lease(incident: Incident) -> Incident:
    """Return an incident after a reset that did not end it."""
    return replace(
        incident,
        state=State.OPEN,
        lease_until=None,
        leased_by=None,
        lease_channel=None,
        clear_since=None,
        clear_polls=0,
    )


def clamp_future(incident: Incident, at: datetime) -> Incident:
    """Return an incident without times that only a clock set back can explain; nothing may wait for those."""
    asked = incident.snoozed_seconds
    snooze = LONGEST_SNOOZE if asked is None else timedelta(seconds=asked)
    latest = {name: at + ahead for name, ahead in (*AHEAD.items(), ("snoozed_until", snooze))}
    times: Iterable[tuple[str, datetime | None]] = ((name, getattr(incident, name)) for name in latest)
    wrong = {
        name: latest[name] for name, time in times if time is not None and time > latest[name] + CLOCK_SLACK
    }
    return replace(incident, **wrong) if wrong else incident


def moved(incident: Incident, step: timedelta) -> Incident:
    """Return an incident whose holds end when they would have, had the clock not been set by a step.

    Set forward it ends them early, but for the lease of a reset that goes on.
    """
    names = ["lease_until"]
    if step < timedelta():
        names += ["snoozed_until", "assigned_at", "asked_at"]
        if incident.flag is not None and not incident.flag.names_moment:
            names.append("block_ends")  # the end of a length counted from when it was seen
    times = {name: getattr(incident, name) for name in names}
    return replace(incident, **{name: time + step for name, time in times.items() if time is not None})


def not_after(time: datetime | None, at: datetime) -> datetime | None:
    """Return a time that has passed, as far as the clock can be trusted; now, if it was set back since."""
    return at if time is not None and time > at + CLOCK_SLACK else time


def next_tick(incidents: Iterable[Incident]) -> datetime | None:
    """Return when the clock will change something, unless something else does before."""
    return min((time for each in incidents for time in turning_points(each)), default=None)


def turning_points(incident: Incident) -> Iterable[datetime]:
    """Return the times at which the clock changes an incident."""
    if incident.ended:
        return
    if incident.lease_until is not None:
        yield incident.lease_until
    if incident.snoozed_until is not None:
        yield incident.snoozed_until
    if incident.assigned_at is not None:
        asked = incident.asked_at is not None or incident.state is not State.OPEN
        yield incident.assigned_at + ASSIGNED_FOR + (ASSIGNED_GRACE if asked else timedelta())
