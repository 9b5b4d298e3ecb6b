"""What the passing of time changes about incidents, also after the clock was set."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from bot.domain.incidents import UNASSIGNED, UNSNOOZED, Alert, Incident, Reason, State
from bot.domain.messages import Message
from bot.rules.account_incidents import Change
from bot.rules.policy import ASSIGNED_FOR, ASSIGNED_GRACE, CLOCK_SLACK, LONGEST_SNOOZE, lease_for
from bot.rules.poll_state import PollState

Timed = TypeVar("Timed", Incident, Message, PollState)

PAST: Final = (
    "opened_at",
    "seen_at",
    "clear_since",
    "reset_at",
    "assigned_at",
    "asked_at",
    "held_until",
    "starting_since",
    "returned_at",
)
"""The times of an incident that cannot be later than now."""


def tick(incident: Incident, at: datetime) -> Change:
    """Return what time alone changes: leases, snoozes and assignments end, and owners are asked."""
    now = expire(incident, at)
    if now.assigned_at is None:
        return now, None
    if at >= now.assigned_at + ASSIGNED_FOR + ASSIGNED_GRACE:
        held_until = now.assigned_at + ASSIGNED_FOR + ASSIGNED_GRACE
        return replace(now, held_until=held_until, **UNASSIGNED), None
    # An owner whose account was just seen without its flag need not be asked.
    if now.state is State.OPEN and now.asked_at is None and at >= now.assigned_at + ASSIGNED_FOR:
        return replace(now, asked_at=at), Alert(now.key, Reason.ASSIGNEE_CHECK, notify=True)
    return now, None


def expire(incident: Incident, at: datetime) -> Incident:
    """Return an open incident without a lease or a snooze that has ended."""
    asked = incident.snoozed_seconds
    snooze = LONGEST_SNOOZE if asked is None else timedelta(seconds=asked)
    now = clamp_future(incident, at, PAST, lease_until=lease_for(incident.remedy), snoozed_until=snooze)
    if now.state is State.RESETTING and (now.lease_until is None or now.lease_until <= at):
        # The reset was cut off before its verdict: the next polls show what it did.
        now = release_lease(now)
    if now.snoozed_until is not None and now.snoozed_until <= at:
        now = replace(now, held_until=now.snoozed_until, **UNSNOOZED)
    return now


def release_lease(incident: Incident) -> Incident:
    """Return an incident after a reset that did not end it."""
    return replace(
        incident,
        state=State.OPEN,
        lease_until=None,
        leased_by=None,
        lease_reference=None,
        clear_since=None,
        clear_polls=0,
    )


def clamp_future(value: Timed, at: datetime, past: Iterable[str], **ahead: timedelta) -> Timed:
    """Return a value without times that only a clock set back can explain; nothing may wait for those.

    The times named in `past` may not be later than `at`, and each of `ahead` by so much at most.
    """
    latest = at + CLOCK_SLACK
    wrong = {name: at for name in past if (time := getattr(value, name)) is not None and time > latest}
    for name, length in ahead.items():
        if (time := getattr(value, name)) is not None and time > latest + length:
            wrong[name] = at + length
    return replace(value, **wrong) if wrong else value


def shifted(incident: Incident, step: timedelta) -> Incident:
    """Return an incident with its end times moved by a step of the clock.

    A step forward moves only the lease, as a reset may be under way: snoozes and assignments end early.
    """
    names = ["lease_until"]
    if step < timedelta():
        names += ["snoozed_until", "assigned_at", "asked_at"]
        if incident.flag is not None and not incident.flag.names_moment:
            names.append("block_ends")  # counted from when the flag was seen
    times = {name: getattr(incident, name) for name in names}
    return replace(incident, **{name: time + step for name, time in times.items() if time is not None})


def next_tick(incidents: Iterable[Incident]) -> datetime | None:
    """Return when time alone will next change an incident."""
    return min((time for each in incidents for time in turning_points(each)), default=None)


def turning_points(incident: Incident) -> Iterable[datetime]:
    """Yield the times at which time alone changes an incident."""
    if incident.ended:
        return
    if incident.lease_until is not None:
        yield incident.lease_until
    if incident.snoozed_until is not None:
        yield incident.snoozed_until
    if incident.assigned_at is not None:
        asked = incident.asked_at is not None or incident.state is not State.OPEN
        yield incident.assigned_at + ASSIGNED_FOR + (ASSIGNED_GRACE if asked else timedelta())
