"""What a sign of trouble, or its absence, does to the incident of one account."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.accounts import Flag, FlagKind
from bot.domain.incidents import Alert, Ending, Incident, Reason, State
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
"""An incident as it is now, changed or not, and what there is to tell about it."""


@dataclass(frozen=True, slots=True)
class Blind:
    """A stretch of time in which nobody looked."""

    start: datetime
    until: datetime


def same_text(one: str, other: str) -> bool:
    """Return whether two texts of the API differ in nothing but numbers, times and blanks."""
    return one == other or folded(one) == folded(other)


def folded(text: str) -> str:
    """Take out of a text what may change from look to look while it says the same."""
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
    """Begin an episode of an account that had none; `past` holds its recent ones, which are ended."""
    if (returning := returning_incident(past, at)) is not None:
        return reopen(returning, flag, at, from_command=from_command)
    reason, loud = opening_reason(past, at)
    incident = Incident(
        new_key(),
        State.OPEN,
        opened_at=at,
        seen_at=at,
        channel=channel,
        flag=flag,
        worst_kind=flag.kind,
        from_command=from_command,
        before_watch=before_watch,
        recurring=reason is Reason.RECURRING,
        blind_from=blind.start if blind else None,
        blind_until=blind.until if blind else None,
        block_ends=flag.block_end(at),
    )
    return incident, Alert(incident.key, reason, loud)


def returning_incident(past: Sequence[Incident], at: datetime) -> Incident | None:
    """Return the last incident if a reset ended it a short while ago: it is the same one again."""
    last = max(past, key=lambda incident: incident.ended_at or incident.opened_at, default=None)
    if last is None or last.ending is not Ending.RESET or last.reset_at is None:
        return None
    return last if near(at, last.reset_at, RETURN_WITHIN) else None


def reopen(incident: Incident, flag: Flag, at: datetime, *, from_command: bool) -> Change:
    """Go on with an episode that a reset had seemed to end; what owners said about it is of the past."""
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
    """Return how to tell of a new episode after the recent ones, and whether loudly."""
    recent = [each for each in past if is_recurrence(each) and near(at, each.opened_at, RECUR_WINDOW)]
    if len(recent) < RECUR_AFTER:
        return Reason.OPENED, True
    # Said once; from then on an owner who knows that it comes and goes is only reminded.
    return Reason.RECURRING, not any(each.recurring for each in recent)


def is_recurrence(incident: Incident) -> bool:
    """Whether an ended incident came and went by itself or by a reset, and not with its account."""
    return incident.ending is not Ending.REMOVED


def flag_seen(incident: Incident, flag: Flag, at: datetime, *, in_list: bool) -> Change:
    """Take in that the flag of an open episode was shown, by the list or by a command."""
    if incident.state is State.RESETTING:
        return incident, None  # what is seen during a reset belongs to the reset
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
    if now.worst_kind is incident.worst_kind:
        # Another text, a lighter kind, a flag that was gone for a look: an edit shows it, nobody is woken.
        return replace(now, seen_at=at), None
    # A snooze was about the lighter trouble.
    return replace(now, seen_at=at, snoozed_until=None, snoozed_seconds=None), Alert(
        now.key, Reason.WORSE, notify=True
    )


def update_text(incident: Incident, flag: Flag, at: datetime) -> Change:
    """Take in what the API says now of an episode of which nobody can tell whose it is."""
    peak = worst_of(incident.worst_kind, flag.kind)
    now = replace(incident, flag=flag_to_keep(incident.flag, flag), worst_kind=peak)
    if now == incident:
        return incident, None
    alert = None if peak is incident.worst_kind else Alert(now.key, Reason.WORSE, notify=True)
    return replace(now, seen_at=at), alert


def is_unchanged(incident: Incident, flag: Flag) -> bool:
    """Whether a flag is shown as it was last time, as by most looks: a short way for many accounts."""
    is_shown = incident.state is State.OPEN and incident.missing_polls == 0
    # What only a command met stays open while looks are clean; met again, it has to be clean anew.
    return is_shown and incident.clear_since is None and incident.flag == flag


def flag_to_keep(known: Flag | None, shown: Flag) -> Flag:
    """Keep the known flag if the shown one says the same, so that a changing number is no change."""
    if known is None or known.kind is not shown.kind or not same_text(known.text, shown.text):
        return shown
    # Of the numbers one matters: a block that became longer, or that may have.
    if shown.worded_end != known.worded_end:
        return shown
    return shown if is_longer(shown, known) else known


def is_longer(shown: Flag, known: Flag) -> bool:
    """Whether the block of one flag lasts longer than that of another."""
    if shown.named_end is not None and known.named_end is not None:
        return shown.named_end > known.named_end
    return (shown.block_length or timedelta()) > (known.block_length or timedelta())


def worst_of(peak: FlagKind | None, kind: FlagKind) -> FlagKind:
    """Return the heavier of two kinds."""
    return kind if peak is None or kind.rank > peak.rank else peak


def block_end(incident: Incident, shown: Flag, at: datetime) -> datetime | None:
    """Return when a block ends that is shown with another text than before."""
    named = shown.named_end
    if named is not None and (named > at or named == incident.block_ends):
        return named
    if shown.block_length is None:
        return None if shown.worded_end else incident.block_ends
    known = incident.flag.block_length if incident.flag else None
    longer = known is not None and shown.block_length > known
    if incident.block_ends is not None and incident.block_ends > at and not longer:
        return incident.block_ends  # the same block in other words; its length does not begin anew
    return shown.block_end(at)


def flag_absent(
    incident: Incident, at: datetime, last_good: datetime | None, blind: Blind | None, policy: Policy
) -> Change:
    """Take in that the list shows the account of an open episode without a flag.

    Two such looks far enough apart end it, whatever lay between: where looks fail time and again, each gap
    may be as long as an outage.
    """
    if incident.state is State.RESETTING:
        return incident, None
    is_new = incident.state is State.OPEN and not incident.from_command
    if is_new or incident.clear_since is None:
        return start_clearing(incident, at, last_good, blind), None
    polls = min(incident.clear_polls + 1, GOOD_POLLS)  # a count that went on would be a write at each look
    needed = COMMAND_CLEAR if incident.from_command else policy.end_after
    if polls >= GOOD_POLLS and at - incident.clear_since >= needed:
        return ended(incident, Ending.CLEARED, at)
    return replace(incident, clear_polls=polls, missing_polls=0), None


def start_clearing(
    incident: Incident, at: datetime, last_good: datetime | None, blind: Blind | None
) -> Incident:
    """Begin to believe that a flag is gone."""
    # The list never showed what only a command met, so that it shows nothing is no sign of an end yet.
    state = State.OPEN if incident.from_command else State.CLEARING
    return replace(
        stamp_last_seen(incident, last_good),
        state=state,
        clear_since=at,
        clear_polls=1,
        missing_polls=0,
        blind_from=blind and blind.start,
        blind_until=blind and blind.until,
    )


def account_absent(incident: Incident, at: datetime, *, removed: bool) -> Change:
    """Take in that a believed list does not hold the account; `removed` if Midwatch removed it itself."""
    if incident.state is State.RESETTING:
        return incident, None
    polls = incident.missing_polls + 1
    if removed or polls >= GOOD_POLLS:
        return ended(incident, Ending.REMOVED, at)
    return replace(incident, missing_polls=polls), None


def stamp_last_seen(incident: Incident, last_good: datetime | None) -> Incident:
    """Write down when an open flag was last shown: by the last good look, unless that missed it."""
    is_shown = incident.state is State.OPEN and incident.clear_since is None and not incident.missing_polls
    if last_good is None or not is_shown:
        return incident
    return replace(incident, seen_at=max(incident.seen_at, last_good))


def ended(incident: Incident, ending: Ending, at: datetime) -> Change:
    """End an incident. That is told by showing it, never by waking somebody."""
    over = replace(
        incident,
        state=State.ENDED,
        ended_at=at,
        ending=ending,
        lease_until=None,
        # A list that is there again, as a reset may bring about, has the verdict of that reset to come.
        leased_by=incident.leased_by if ending in (Ending.RESET, Ending.RECOVERED) else None,
        clear_since=incident.clear_since if ending is Ending.CLEARED else None,
        clear_polls=0,
        missing_polls=0,
    )
    return over, Alert(over.key, Reason.RESOLVED, notify=False)
