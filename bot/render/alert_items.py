"""The incidents of a message with their accounts, ordered by urgency, and the phrases about one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, TypeAlias

from bot.domain.accounts import Account, Accounts, EntryState, Flag, FlagKind, KnownAccount
from bot.domain.incidents import DISABLED, NEWS, Ending, Incident, Incidents, Reason, State
from bot.domain.messages import Message
from bot.domain.providers import provider_of
from bot.render.phrases import is_paused, open_words, paused_words
from bot.render.provider_words import WORDS, service_name
from bot.render.text import count, escape, span, when, whole
from bot.runtime.language import Sentence, say

LABEL_LIMIT: Final = 30
NAMED: Final = 3
NO_WORDS: Final = Flag("", FlagKind.OTHER)
NextTimes: TypeAlias = Mapping[str, datetime]
"""When the reader is next notified of each incident whose reminders are held, by key."""
NO_TIMES: Final[NextTimes] = MappingProxyType({})
NEEDING: Final = frozenset({State.OPEN, State.RESETTING})
SAME_DAY: Final = timedelta(hours=20)
"""A longer period is shown with dates: times of day alone would mislead."""


@dataclass(frozen=True, slots=True)
class AlertItem:
    """An account's incident in a message, the reason for it, and when the message was due."""

    incident: Incident
    account: KnownAccount
    reason: Reason | None
    due_at: datetime
    next_at: datetime | None = None
    """When the reader is next notified of it, if its reminders are held."""

    @property
    def name(self) -> str:
        """The account's label, escaped."""
        return escape(self.account.label, LABEL_LIMIT)

    @property
    def provider(self) -> str:
        """The account's provider."""
        return self.incident.provider

    @property
    def flag(self) -> Flag:
        """The flag, or an empty one."""
        return self.incident.flag or NO_WORDS

    @property
    def needs_somebody(self) -> bool:
        """Whether the account is flagged."""
        return self.incident.state in NEEDING

    @property
    def is_starting(self) -> bool:
        """Whether the account is enabled again, and its provider has not started it yet."""
        return self.incident.is_starting

    @property
    def is_soft(self) -> bool:
        """Whether the account was not started, and that is all."""
        return self.flag.kind is FlagKind.OFFLINE

    @property
    def is_paused(self) -> bool:
        """Whether the account is still disabled, and no reason is listed any more."""
        return self.incident.state is State.OPEN and is_paused(self.account.account, self.flag)

    @property
    def state(self) -> str:
        """The state, as symbol and words."""
        if self.incident.ended:
            return ended_words(self.incident)
        words = open_words(self.incident.state, self.flag, self.provider, starting=self.is_starting)
        return paused_words(self.flag) if self.is_paused else words

    @property
    def is_fresh(self) -> bool:
        """Whether the message notifies because of this incident, and not as a reminder."""
        return self.needs_somebody and self.reason in (*NEWS, Reason.ASSIGNEE_CHECK)

    @property
    def is_block_over(self) -> bool:
        """Whether a timed block was over when the message was due."""
        until = self.incident.block_until()
        return until is not None and until <= self.due_at

    @property
    def only_waits(self) -> bool:
        """Whether a person can only wait for the end of a block."""
        return self.flag.kind is FlagKind.BLOCK and not self.is_block_over


def items_of(
    message: Message, incidents: Incidents, accounts: Accounts, next_times: NextTimes = NO_TIMES
) -> tuple[AlertItem, ...]:
    """Return the account incidents of a message: those with something to do first, then by kind and age."""
    found = [(incidents.get(entry.incident), entry.reason) for entry in message.entries]
    items = [
        AlertItem(
            incident,
            known_account(incident.reference, accounts),
            reason,
            message.due_at,
            next_times.get(incident.key),
        )
        for incident, reason in found
        if incident is not None and incident.reference is not None
    ]
    return tuple(sorted(items, key=urgency))


def known_account(reference: str, accounts: Accounts) -> KnownAccount:
    """Return an account, or one without a name if the reference is unknown."""
    return accounts.get(reference) or KnownAccount(Account(reference))


def names_of(items: Sequence[AlertItem]) -> str:
    """Return the names: "Aurora, Borealis and Cirrus", "Aurora, Borealis and 5 more"."""
    named = [item.name for item in items[:NAMED]]
    return naming([*named, *[""] * (len(items) - len(named))])


def naming(names: Sequence[str], most: int = NAMED) -> str:
    """Join names. Of more than `most`, the last ones are counted."""
    if len(names) == 1:
        return names[0]
    if len(names) <= most:
        return say("{names} and {last}", names=say(", ").join(names[:-1]), last=names[-1])
    return count(len(names) - most + 1, "{names} and {n} more", names=say(", ").join(names[: most - 1]))


def ended_words(incident: Incident) -> str:
    """Return the state of an ended incident."""
    words = WORDS[incident.provider]
    sentence: Sentence = "✅ back" if words.back == "is back" else "✅ {back}"
    if is_removed(incident):
        sentence = "⚪ not configured any more"
    elif incident.ending in DISABLED:
        is_left = incident.ending is Ending.LEFT_PAUSED
        sentence = "⏸️ left disabled" if is_left else "⏸️ disabled without a reason"
    return words.put_into(sentence)


def is_removed(incident: Incident) -> bool:
    """Return whether an incident ended because its account, or its provider, was removed."""
    return incident.ending in {Ending.REMOVED, Ending.UNWATCHED}


def is_back(incident: Incident) -> bool:
    """Return whether an incident ended as its account runs."""
    return not is_removed(incident) and incident.ending not in DISABLED


def duration(incident: Incident) -> str:
    """Return how long an account was flagged, and from when to when: "25 min (02:10 - 02:35)"."""
    start, end = incident.opened_at, incident.over_at
    return f"{span(end - start)} ({stretch(start, end)})"


def stretch(start: datetime, end: datetime) -> str:
    """Return a period in the reader's time zone: one time if both are the same, dates if it is long."""
    style = "t" if end - start < SAME_DAY else "f"
    if start.replace(second=0, microsecond=0) == end.replace(second=0, microsecond=0):
        return when(start, style)
    return f"{when(start, style)} - {when(end, style)}"


def coming_back(items: Iterable[AlertItem], accounts: Accounts) -> int:
    """Return how many more accounts start by themselves where a connection was lost."""
    lost = {item.provider for item in items if item.needs_somebody and item.flag.kind is FlagKind.CONNECTION}
    return sum(each.state is None for each in starting(accounts, lost))


def starting(accounts: Accounts, providers: Collection[str]) -> list[KnownAccount]:
    """Return the accounts that these providers start now."""
    due = [each for each in accounts.values() if each.account.entry is EntryState.STARTING]
    return [each for each in due if not each.account.hours and provider_of(each.reference) in providers]


def slots_out(incidents: Incidents, accounts: Accounts) -> str | None:
    """Return the sentence that says how many job slots are unavailable. None: no number is known of these."""
    open_references = {each.reference for each in incidents.values() if each.state in NEEDING}
    total = _slots(known for known in accounts.values() if known.is_listed)
    missing = [known for known in accounts.values() if known.reference in open_references]
    out = _slots(missing)
    if not total or (missing and all(known.account.max_jobs is None for known in missing)):
        return None
    counted = {provider_of(key) for key, each in accounts.items() if each.is_listed and each.account.max_jobs}
    providers = {provider_of(key) for key in accounts}
    return count(
        out,
        "{n} of {total} job slots at {service} [is|are] unavailable."
        if len(providers) > 1
        else "{n} of {total} job slots [is|are] unavailable.",
        total=whole(total),
        service=service_name(min(counted), providers),
    )


def _slots(accounts: Iterable[KnownAccount]) -> int:
    return sum(max(0, known.account.max_jobs or 0) for known in accounts)


def urgency(item: AlertItem) -> tuple[int, bool, int, datetime, str]:
    """Return the sort key of an item: what nobody is on, what somebody is, what changes by itself, blocks."""
    incident = item.incident
    match incident.state:
        case State.ENDED:
            stage = 5
        case State.OPEN if item.only_waits:
            stage = 4
        case State.CLEARING:
            stage = 3
        case State.RESETTING:
            stage = 2
        case State.OPEN:
            stage = 2 if item.is_starting else int(incident.is_taken)
    return stage, is_removed(incident), -item.flag.kind.rank, incident.opened_at, incident.key
