"""What a flag, or its absence, changes about the incident of an account."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.accounts import Flag, FlagKind
from bot.domain.incidents import UNASSIGNED, UNSNOOZED, Alert, Ending, Incident, Reason, RemedyVerdict, State
from bot.domain.providers import provider_of
from bot.rules.flags import block_end, first_reason, flag_to_keep, same_text, with_cause, worst_of
from bot.rules.policy import COMMAND_CLEAR, GOOD_POLLS, RECUR_AFTER, RECUR_WINDOW, RETURN_WITHIN, near
from bot.rules.poll_state import Situation

Change = tuple[Incident, Alert | None]
"""An incident as it is now, changed or not, and the alert about the change, if any."""

MESSAGE_KINDS: Final = frozenset({FlagKind.OTHER, FlagKind.CAPTCHA, FlagKind.MODERATION, FlagKind.BLOCK})
"""The kinds that Midjourney's own messages ask for: one may follow the other in the same trouble."""


def open_incident(
    now: Situation,
    reference: str,
    flag: Flag,
    at: datetime,
    *,
    from_command: bool = False,
    before_watch: bool = False,
    cause: Flag | None = None,
) -> Change:
    """Open an incident of an account that has no open one. `cause` is what the account said before."""
    flag, is_soft = with_cause(flag, cause), flag.kind is FlagKind.OFFLINE
    past = [each for each in now.past.get(reference, ()) if each.is_soft is is_soft]
    if (returning := returning_incident(past, flag.kind, at)) is not None:
        again, alert = reopen(returning, flag, at, from_command=from_command)
        return replace(again, first_reason=first_reason(flag, cause)), alert
    reason, notify = opening_reason(past, at)
    incident = Incident(
        now.new_key(),
        State.OPEN,
        opened_at=at,
        seen_at=at,
        reference=reference,
        provider=provider_of(reference),
        flag=flag,
        worst_kind=flag.kind,
        from_command=from_command,
        before_watch=before_watch,
        recurring=reason is Reason.RECURRING,
        blind_from=now.blind and now.blind.start,
        blind_until=now.blind and now.blind.until,
        block_ends=flag.block_end(at),
        first_reason=first_reason(flag, cause),
    )
    return incident, Alert(incident.key, reason, notify and not is_soft)


def returning_incident(past: Sequence[Incident], kind: FlagKind, at: datetime) -> Incident | None:
    """Return the last incident if a remedy ended it a short while ago: then its flag came back.

    A flag of another kind is a new one, with a time of its own. Messages of Midjourney count as of one kind.
    """
    last = max(past, key=lambda incident: incident.ended_at or incident.opened_at, default=None)
    if last is None or last.ending is not Ending.RESET or last.reset_at is None:
        return None
    if last.flag is None or (last.flag.kind is not kind and not {last.flag.kind, kind} <= MESSAGE_KINDS):
        return None
    return last if near(at, last.reset_at, RETURN_WITHIN) else None


def reopen(incident: Incident, flag: Flag, at: datetime, *, from_command: bool) -> Change:
    """Reopen an incident that came back after a reset."""
    again = replace(
        incident,
        state=State.OPEN,
        seen_at=at,
        flag=flag,
        worst_kind=worst_of(incident.worst_kind, flag.kind),
        from_command=from_command,
        block_ends=block_end(incident, flag, at),
        ended_at=None,
        ending=None,
        reset_at=min(incident.reset_at or at, at),
        leased_by=None,
        held_until=None,
        blind_from=None,
        blind_until=None,
    )
    return returned(again, at)


def returned(incident: Incident, at: datetime) -> Change:
    """Return an incident whose flag came back. Assignments and snoozes are cleared."""
    again = replace(lost_anew(incident, at), **UNASSIGNED, **UNSNOOZED)
    return again, Alert(again.key, Reason.RETURNED, notify=True)


def lost_anew(incident: Incident, at: datetime) -> Incident:
    """Return an incident that came back. One of a connection opens anew, perhaps with those of others."""
    is_lost = incident.flag is not None and incident.flag.kind is FlagKind.CONNECTION
    # The clock may have been set back since.
    return replace(incident, opened_at=at if is_lost else min(incident.opened_at, at))


def opening_reason(past: Sequence[Incident], at: datetime) -> tuple[Reason, bool]:
    """Return the reason for the alert about a new incident after the recent ones, and whether it notifies."""
    # The end of an incident by the removal of its account says nothing about its flag.
    ended_by_itself = [each for each in past if each.ending is not Ending.REMOVED]
    recent = [each for each in ended_by_itself if near(at, each.opened_at, RECUR_WINDOW)]
    if len(recent) < RECUR_AFTER:
        return Reason.OPENED, True
    # This notifies once; later recurring incidents have reminders only.
    return Reason.RECURRING, not any(each.recurring for each in recent)


def flag_seen(
    incident: Incident, flag: Flag, at: datetime, *, in_list: bool, cause: Flag | None = None
) -> Change:
    """Update an open incident as its flag was seen, in the list or by a command.

    `cause` is what the account said before.
    """
    if incident.state is State.RESETTING:
        return incident, None  # what is seen during a reset is part of the reset
    reason = first_reason(flag, cause)
    if cause is None and incident.first_reason and incident.flag and same_text(incident.flag.text, flag.text):
        flag, reason = replace(flag, kind=incident.flag.kind), incident.first_reason
    flag = with_cause(flag, cause)
    if is_unchanged(incident, flag) and not (in_list and incident.from_command):
        return incident, None
    kept = flag_to_keep(incident.flag, flag)
    now = replace(
        incident,
        state=State.OPEN,
        flag=kept,
        worst_kind=worst_of(incident.worst_kind, flag.kind),
        block_ends=incident.block_ends if kept is incident.flag else block_end(incident, flag, at),
        from_command=not in_list and (incident.from_command or incident.state is State.CLEARING),
        clear_since=None,
        clear_polls=0,
        missing_polls=0,
        starting_since=None,
        first_reason=reason,
    )
    if now == incident:
        return incident, None
    now = replace(now, seen_at=at)
    if incident.starting_since is None or incident.is_soft:
        return with_alert_if_worse(incident, now)
    return came_back(incident, now, at)


def came_back(before: Incident, after: Incident, at: datetime) -> Change:
    """Return a changed incident whose account was being started, and is flagged again."""
    if before.verdict is RemedyVerdict.NOT_STARTED:
        # Otherwise a later poll that shows it running would take that for the work of the remedy.
        return returned(replace(after, verdict=RemedyVerdict.FLAGGED_AGAIN), at)
    again = replace(after, returned_at=at)
    if before.returned_at is None or not near(at, before.returned_at, RECUR_WINDOW):
        return returned(again, at)
    # That something starts it again and again is no news. Reminders go on.
    return with_alert_if_worse(before, lost_anew(again, at))


def with_alert_if_worse(before: Incident, after: Incident) -> Change:
    """Return a changed incident, with an alert if its kind is worse than any so far."""
    if after.worst_kind is before.worst_kind:
        return after, None  # an edit shows it
    # A snooze was about the less severe kind.
    after = replace(after, **UNSNOOZED)
    return after, Alert(after.key, Reason.WORSE, notify=True)


def update_text(incident: Incident, flag: Flag, at: datetime) -> Change:
    """Update the flag of an incident whose account is unknown."""
    worst = worst_of(incident.worst_kind, flag.kind)
    now = replace(incident, flag=flag_to_keep(incident.flag, flag), worst_kind=worst)
    return (incident, None) if now == incident else with_alert_if_worse(incident, replace(now, seen_at=at))


def is_unchanged(incident: Incident, flag: Flag) -> bool:
    """Whether a flag was seen as last time. Most polls show just that, so this saves time."""
    is_shown = incident.state is State.OPEN and incident.missing_polls == 0
    # An incident that only a command reported stays open while the list shows no flag. Seen again, it starts
    # over.
    is_there = incident.clear_since is None and incident.starting_since is None
    return is_shown and is_there and incident.flag == flag


def flag_absent(now: Situation, incident: Incident, ending: Ending = Ending.CLEARED) -> Change:
    """Update an open incident as the list shows its account without a flag.

    Two such polls far enough apart end it, whatever happened in between: where polls keep failing, each gap
    may be as long as an outage. It ends as the last of them shows; that of a paused account is open until
    then, and keeps that the account was being started: flagged again, it came back.
    """
    if incident.state is State.RESETTING:
        return incident, None
    is_paused = ending is Ending.PAUSED
    stays_open = incident.from_command or is_paused
    if incident.clear_since is None or (incident.state is State.OPEN and not stays_open):
        clearing = replace(
            stamp_last_seen(now, incident),
            # The list never showed a flag that only a command reported: its absence is no sign of an end yet.
            state=State.OPEN if stays_open else State.CLEARING,
            clear_since=now.at,
            clear_polls=1,
            missing_polls=0,
            starting_since=incident.starting_since if is_paused else None,
            blind_from=now.blind and now.blind.start,
            blind_until=now.blind and now.blind.until,
        )
        return clearing, None
    polls = min(incident.clear_polls + 1, GOOD_POLLS)  # counting on would write at each poll
    needed = COMMAND_CLEAR if incident.from_command else now.policy.end_after
    if polls >= GOOD_POLLS and now.at - incident.clear_since >= needed:
        return ended(incident, ending, now.at)
    state = State.OPEN if is_paused else incident.state
    return replace(incident, state=state, clear_polls=polls, missing_polls=0), None


def account_absent(incident: Incident, at: datetime, *, removed: bool) -> Change:
    """Update an open incident as its account is not listed; `removed` if Midwatch removed it."""
    if incident.state is State.RESETTING:
        return incident, None
    polls = incident.missing_polls + 1
    if removed or polls >= GOOD_POLLS:
        return ended(incident, Ending.REMOVED, at)
    return replace(incident, missing_polls=polls), None


def stamp_last_seen(now: Situation, incident: Incident) -> Incident:
    """Set when an open flag was last seen: at the last good poll, unless that lacked it."""
    last_good = now.poll_state.last_good
    is_shown = incident.state is State.OPEN and incident.clear_since is None and not incident.missing_polls
    if last_good is None or not is_shown or incident.starting_since is not None:
        return incident
    return replace(incident, seen_at=max(incident.seen_at, last_good))


def ended(incident: Incident, ending: Ending, at: datetime) -> Change:
    """End an incident. Its alert notifies nobody."""
    over = replace(
        incident,
        state=State.ENDED,
        ended_at=at,
        ending=ending,
        lease_until=None,
        # A reset may have brought the list back: then its verdict is still to come.
        leased_by=incident.leased_by if ending in (Ending.RESET, Ending.RECOVERED) else None,
        clear_since=incident.clear_since if ending in (Ending.CLEARED, Ending.PAUSED) else None,
        clear_polls=0,
        missing_polls=0,
        starting_since=None,
    )
    return over, Alert(over.key, Reason.RESOLVED, notify=False)
