"""Accounts that are enabled and that their provider has not started, and what they say meanwhile."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.accounts import Account, EntryState, Flag, FlagKind, Observation, State
from bot.domain.incidents import CAUSE_WINDOW, Ending, Incident, RemedyVerdict
from bot.rules.account_incidents import Change, ended, flag_absent, open_incident, stamp_last_seen
from bot.rules.policy import LONGEST_START, OFFLINE_AFTER
from bot.rules.poll_state import Hint, PollState, Situation

OFFLINE = Flag("", FlagKind.OFFLINE)


def unflagged(now: Situation, incident: Incident, account: Account) -> Change:
    """Update an open incident as the list shows its account without a flag."""
    if incident.state is State.RESETTING or account.entry is EntryState.UNKNOWN:
        return incident, None
    if account.entry is EntryState.STARTING:
        return begins_to_start(now, incident), None
    if account.entry is EntryState.PAUSED:
        if incident.verdict is RemedyVerdict.NOT_STARTED:
            incident = replace(incident, verdict=None)  # what starts it from now on is no work of the remedy
        if outlives_pause(incident):
            # Flagged again, it came back.
            return replace(incident, clear_polls=int(incident.starting_since is not None)), None
    ending = Ending.CLEARED if account.entry is EntryState.OK else Ending.PAUSED
    if incident.is_soft:
        return ended(incident, ending, now.at)
    if incident.verdict is RemedyVerdict.NOT_STARTED:
        return ended(replace(incident, reset_at=now.at, verdict=None), Ending.RESET, now.at)
    return flag_absent(now, incident, ending)


def outlives_pause(incident: Incident) -> bool:
    """Whether an incident stays open although its account is listed as disabled and without a reason.

    A solved CAPTCHA leaves an account so that was disabled besides, and the end of a block one that should
    be enabled by then, if the list had no other sign of the block.
    """
    flag = incident.flag
    if flag is None or incident.clear_since is not None:
        return False
    return flag.kind is FlagKind.CAPTCHA or (flag.kind is FlagKind.BLOCK and not flag.text)


def begins_to_start(now: Situation, incident: Incident) -> Incident:
    """Return an incident whose account starts, which is no sign that its flag is gone."""
    return replace(
        stamp_last_seen(now, incident),
        state=State.OPEN,
        starting_since=now.at if incident.clear_polls else incident.starting_since or now.at,
        clear_since=None,
        clear_polls=0,
        missing_polls=0,
    )


def cause_of(now: Situation, reference: str) -> Flag | None:
    """Return what an account said before it was flagged, if it did so recently."""
    hint = now.poll_state.hints.get(reference)
    said_at = hint and (hint.gone_at or now.poll_state.last_good)
    return hint.flag if hint and said_at and now.at - said_at <= CAUSE_WINDOW else None


def remembered(now: Situation, observation: Observation) -> PollState:
    """Return the poll state with what a complete list shows of the accounts that start."""
    known, at = now.poll_state, now.at
    gap = timedelta() if known.last_good is None else at - known.last_good
    unseen = gap if gap > now.policy.longest_gap else timedelta()  # an account may have run meanwhile
    starting: dict[str, datetime] = {}
    hints: dict[str, Hint] = {}
    is_progress = False
    notable = known.starting.keys() | known.hints.keys() | now.opened.keys()
    for account in observation.accounts:
        if account.entry is EntryState.OK and account.hint is None and account.reference not in notable:
            continue  # as nearly all of 10,000
        reference, since = account.reference, known.starting.get(account.reference)
        if account.entry is EntryState.STARTING or (since and account.entry is EntryState.UNKNOWN):
            starting[reference] = min(at, (since or at) + unseen)
        elif account.entry is EntryState.OK:
            is_progress = is_progress or since is not None or is_flagged(now.opened.get(reference))
        if hint := hint_of(now, account):
            hints[reference] = hint
    came_up_at = at if is_progress else known.came_up_at
    return replace(known, starting=starting, came_up_at=came_up_at if starting else None, hints=hints)


def is_flagged(incident: Incident | None) -> bool:
    """Whether the last list showed the flag of an incident."""
    return incident is not None and incident.state is State.OPEN and incident.clear_since is None


def hint_of(now: Situation, account: Account) -> Hint | None:
    """Return what is to be remembered of what an account that starts said."""
    known, incident = now.poll_state, now.opened.get(account.reference)
    before, said = known.hints.get(account.reference), account.hint
    if said is not None and not (incident and incident.flag and incident.flag.text == said.text):
        return Hint(said)
    if before is None or account.flag is not None:
        return None  # a flag has it as its cause from now on
    gone_at = before.gone_at or known.last_good or now.at
    return Hint(before.flag, gone_at) if now.at - gone_at < CAUSE_WINDOW else None


def offline(now: Situation, observation: Observation) -> Iterator[Change]:
    """Yield the incidents of accounts that are not started for too long. They notify nobody.

    While other accounts come up, the provider is still busy starting them one after another.
    """
    state, at = now.poll_state, now.at
    is_idle = state.came_up_at is None or at - state.came_up_at >= OFFLINE_AFTER
    longest = OFFLINE_AFTER if is_idle else LONGEST_START
    late = {reference for reference, since in state.starting.items() if at - since >= longest}
    if not late:
        return
    for account in observation.accounts:
        is_late = account.reference in late and account.entry is EntryState.STARTING
        if is_late and not account.hours and account.reference not in now.opened:
            incident, alert = open_incident(now, account.reference, OFFLINE, at)
            yield replace(incident, starting_since=state.starting[account.reference]), alert
