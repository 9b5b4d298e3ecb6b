"""What a flag, or its absence, changes about the incident of an account."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.accounts import Flag, FlagKind
from bot.domain.incidents import Alert, Ending, Incident, Reason, State
from bot.domain.providers import provider_of
from bot.rules.policy import (
    COMMAND_CLEAR,
    GOOD_POLLS,
    RECUR_AFTER,
    RECUR_WINDOW,
    RETURN_WITHIN,
    Policy,
    near,
)

NUMBER: Final = re.compile(r"\d+(?:[.,:]\d+)*")
BLANKS: Final = re.compile(r"\s+")

NewKey = Callable[[], str]
Change = tuple[Incident, Alert | None]
"""An incident as it is now, changed or not, and the alert about the change, if any."""


@dataclass(frozen=True, slots=True)
class Blind:
    """A time without a good poll."""

    start: datetime
    until: datetime


def same_text(one: str, other: str) -> bool:
    """Whether two texts of the API differ only in numbers, times and blanks."""
    return one == other or folded(one) == folded(other)


def folded(text: str) -> str:
    """Return a text without blanks and with each number as 0, as these may change from poll to poll."""
    return BLANKS.sub("", NUMBER.sub("0", text))


def open_incident(
    channel: str,
    flag: Flag,
    at: datetime,
    past: Sequence[Incident],
    new_key: NewKey,
    *,
    from_command: bool = False,
    before_watch: bool = False,
    blind: Blind | None = None,
) -> Change:
    """Open an incident of an account that has no open one; `past` holds its recent ended ones."""
    if (returning := returning_incident(past, at)) is not None:
        return reopen(returning, flag, at, from_command=from_command)
    reason, notify = opening_reason(past, at)
    incident = Incident(
        new_key(),
        State.OPEN,
        opened_at=at,
        seen_at=at,
        channel=channel,
        provider=provider_of(channel),
        flag=flag,
        worst_kind=flag.kind,
        from_command=from_command,
        before_watch=before_watch,
        recurring=reason is Reason.RECURRING,
        blind_from=blind.start if blind else None,
        blind_until=blind.until if blind else None,
        block_ends=flag.block_end(at),
    )
    return incident, Alert(incident.key, reason, notify)


def returning_incident(past: Sequence[Incident], at: datetime) -> Incident | None:
    """Return the last incident if a reset ended it a short while ago: then its flag came back."""
    last = max(past, key=lambda incident: incident.ended_at or incident.opened_at, default=None)
    if last is None or last.ending is not Ending.RESET or last.reset_at is None:
        return None
    return last if near(at, last.reset_at, RETURN_WITHIN) else None


def reopen(incident: Incident, flag: Flag, at: datetime, *, from_command: bool) -> Change:
    """Reopen an incident that came back after a reset. Assignments and snoozes are cleared."""
    again = replace(
        incident,
        state=State.OPEN,
        opened_at=min(incident.opened_at, at),  # the clock may have been set back since
        seen_at=at,
        flag=flag,
        worst_kind=worst_of(incident.worst_kind, flag.kind),
        from_command=from_command,
        block_ends=block_end(incident, flag, at),
        ended_at=None,
        ending=None,
        reset_at=min(incident.reset_at or at, at),
        leased_by=None,
        assigned_to=None,
        assigned_at=None,
        asked_at=None,
        snoozed_until=None,
        snoozed_seconds=None,
        held_until=None,
        blind_from=None,
        blind_until=None,
    )
    return again, Alert(again.key, Reason.RETURNED, notify=True)


def opening_reason(past: Sequence[Incident], at: datetime) -> tuple[Reason, bool]:
    """Return the reason for the alert about a new incident after the recent ones, and whether it notifies."""
    # The end of an incident by the removal of its account says nothing about its flag.
    ended_by_itself = [each for each in past if each.ending is not Ending.REMOVED]
    recent = [each for each in ended_by_itself if near(at, each.opened_at, RECUR_WINDOW)]
    if len(recent) < RECUR_AFTER:
        return Reason.OPENED, True
    # This notifies once; later recurring incidents have reminders only.
    return Reason.RECURRING, not any(each.recurring for each in recent)


def flag_seen(incident: Incident, flag: Flag, at: datetime, *, in_list: bool) -> Change:
    """Update an open incident as its flag was seen, in the list or by a command."""
    if incident.state is State.RESETTING:
        return incident, None  # what is seen during a reset is part of the reset
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
    )
    if now == incident:
        return incident, None
    return with_alert_if_worse(incident, replace(now, seen_at=at))


def with_alert_if_worse(before: Incident, after: Incident) -> Change:
    """Return a changed incident, with an alert if its kind is worse than any so far."""
    if after.worst_kind is before.worst_kind:
        return after, None  # an edit shows it
    # A snooze was about the less severe kind.
    after = replace(after, snoozed_until=None, snoozed_seconds=None)
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
    return is_shown and incident.clear_since is None and incident.flag == flag


def flag_to_keep(known: Flag | None, shown: Flag) -> Flag:
    """Return the known flag if the shown one says the same, so that a changing number is no change."""
    if known is None or known.kind is not shown.kind or not same_text(known.text, shown.text):
        return shown
    # One number matters: that of a block that became longer, or may have.
    if shown.worded_end != known.worded_end:
        return shown
    return shown if is_longer(shown, known) else known


def is_longer(shown: Flag, known: Flag) -> bool:
    """Whether the block of one flag lasts longer than that of another."""
    if shown.named_end is not None and known.named_end is not None:
        return shown.named_end > known.named_end
    return (shown.block_length or timedelta()) > (known.block_length or timedelta())


def worst_of(worst: FlagKind | None, kind: FlagKind) -> FlagKind:
    """Return the worse of two kinds."""
    return kind if worst is None or kind.rank > worst.rank else worst


def block_end(incident: Incident, shown: Flag, at: datetime) -> datetime | None:
    """Return when a block ends, as its text changed."""
    named = shown.named_end
    if named is not None and (named > at or named == incident.block_ends):
        return named
    if shown.block_length is None:
        return None if shown.worded_end else incident.block_ends
    known = incident.flag.block_length if incident.flag else None
    longer = known is not None and shown.block_length > known
    if incident.block_ends is not None and incident.block_ends > at and not longer:
        return incident.block_ends  # the same block in other words; its length does not start over
    return shown.block_end(at)


def flag_absent(
    incident: Incident, at: datetime, last_good: datetime | None, blind: Blind | None, policy: Policy
) -> Change:
    """Update an open incident as the list shows its account without a flag.

    Two such polls far enough apart end it, whatever happened in between: where polls keep failing, each gap
    may be as long as an outage.
    """
    if incident.state is State.RESETTING:
        return incident, None
    is_new = incident.state is State.OPEN and not incident.from_command
    if is_new or incident.clear_since is None:
        clearing = replace(
            stamp_last_seen(incident, last_good),
            # The list never showed a flag that only a command reported: its absence is no sign of an end yet.
            state=State.OPEN if incident.from_command else State.CLEARING,
            clear_since=at,
            clear_polls=1,
            missing_polls=0,
            blind_from=blind and blind.start,
            blind_until=blind and blind.until,
        )
        return clearing, None
    polls = min(incident.clear_polls + 1, GOOD_POLLS)  # counting on would write at each poll
    needed = COMMAND_CLEAR if incident.from_command else policy.end_after
    if polls >= GOOD_POLLS and at - incident.clear_since >= needed:
        return ended(incident, Ending.CLEARED, at)
    return replace(incident, clear_polls=polls, missing_polls=0), None


def account_absent(incident: Incident, at: datetime, *, removed: bool) -> Change:
    """Update an open incident as its account is not listed; `removed` if Midwatch removed it."""
    if incident.state is State.RESETTING:
        return incident, None
    polls = incident.missing_polls + 1
    if removed or polls >= GOOD_POLLS:
        return ended(incident, Ending.REMOVED, at)
    return replace(incident, missing_polls=polls), None


def stamp_last_seen(incident: Incident, last_good: datetime | None) -> Incident:
    """Set when an open flag was last seen: at the last good poll, unless that lacked it."""
    is_shown = incident.state is State.OPEN and incident.clear_since is None and not incident.missing_polls
    if last_good is None or not is_shown:
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
        clear_since=incident.clear_since if ending is Ending.CLEARED else None,
        clear_polls=0,
        missing_polls=0,
    )
    return over, Alert(over.key, Reason.RESOLVED, notify=False)
