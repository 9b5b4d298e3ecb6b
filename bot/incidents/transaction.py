"""A transaction of the watch: what it changes, and the messages that it plans."""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from bot.domain.actions import Action
from bot.domain.incidents import Alert, Incident, Incidents, State, new_key
from bot.domain.messages import Delivery, Message
from bot.domain.providers import Remedy, provider_of
from bot.domain.warnings import AccountWarning
from bot.rules.account_incidents import Change
from bot.rules.audiences import Audience, Scene, known_to, next_due_for, plan_for_audience
from bot.rules.decisions import Decision
from bot.rules.forecast import next_notifications
from bot.rules.message_lifecycle import cancel_for
from bot.rules.notifications import next_due, plan_messages
from bot.rules.owner_actions import abandon
from bot.rules.policy import CLOCK_SLACK, RECUR_WINDOW, Policy
from bot.rules.poll_state import PollState, expect_account, expect_removal
from bot.rules.recipient import Mutes, RecipientView, incident_keys, open_incidents
from bot.rules.warnings import warning_messages
from bot.storage import StoredMute

UNKNOWN_OUTCOME: Final = "outcome unknown"
ENDED_STAYS: Final = RECUR_WINDOW
"""How long an ended incident stays in memory: the next incident of its account may be a recurring one."""
PUSHED_STAYS: Final = timedelta(days=7)
"""How long a finished message that notified stays in memory: reminders count from it."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of the watch at one time."""

    incidents: Mapping[str, Incident]
    messages: Mapping[str, Message]
    mutes: Mapping[str | None, StoredMute]
    poll_states: Mapping[str, PollState]
    warnings: Mapping[str, AccountWarning] = field(default_factory=dict[str, AccountWarning])

    def trimmed(self, now: datetime) -> Self:
        """Return the state that memory holds.

        Incidents that are open, ended less than 6 h ago, or are in a message that is not finished. Messages
        that are not finished, are about an open incident, or notified in the last 7 days. Warnings that hold,
        are of a period that is not over, or are in a message that is not finished.
        """
        messages = {key: each for key, each in self.messages.items() if self._wants_message(each, now)}
        held = incident_keys(each for each in messages.values() if each.delivery is not Delivery.DONE)
        incidents = {
            key: each
            for key, each in self.incidents.items()
            if key in held or each.ended_at is None or each.ended_at > now - ENDED_STAYS
        }
        warnings = {
            key: each
            for key, each in self.warnings.items()
            if key in held or not each.ended or each.period > now
        }
        return replace(self, incidents=incidents, messages=messages, warnings=warnings)

    def _wants_message(self, message: Message, now: datetime) -> bool:
        if message.delivery is not Delivery.DONE:
            return message.delivery is not Delivery.CANCELLED
        sent_at = message.sent_at
        is_recent_push = message.notify and sent_at is not None and sent_at > now - PUSHED_STAYS
        warnings = (self.warnings.get(entry.incident) for entry in message.entries)
        is_warning = any(each is not None and not each.ended for each in warnings)
        return is_recent_push or is_warning or any(open_incidents(message, self.incidents))


class Transaction:
    """The changes of one transaction. They show in it at once, and elsewhere once they are committed."""

    def __init__(self, before: Snapshot, at: datetime) -> None:
        self.at = at
        self.incidents = dict(before.incidents)
        self.messages = dict(before.messages)
        self.poll_states = dict(before.poll_states)
        """What the rules remember from poll to poll, by provider."""
        self.actions: list[Action] = []
        self.alerts: list[Alert] = []
        """The alerts about the changes, which owners are sent."""
        self._before = before
        self.warnings = dict(before.warnings)
        self._mutes = dict(before.mutes)

    @property
    def is_changed(self) -> bool:
        """Whether there is something to write or to tell, poll states left out."""
        before = self._before
        after = self.incidents, self.messages, self._mutes, self.warnings
        known = before.incidents, before.messages, before.mutes, before.warnings
        return bool(self.alerts or self.actions) or after != known

    @property
    def mutes(self) -> Mapping[str | None, datetime]:
        """Until when each account is muted; the key None stands for all of them."""
        return until_when(self._mutes)

    def apply(self, decision: Decision, provider: str) -> None:
        """Apply a decision of the rules about a provider."""
        self.poll_states[provider] = decision.poll_state
        for incident in decision.incidents:
            before = self.incidents.get(incident.key)
            if before is not None and before.state is State.RESETTING and incident.leased_by is None:
                # The lease expired without a verdict, as when the program was killed meanwhile.
                self.note_remedy(before, UNKNOWN_OUTCOME)
            self.put_incident(incident)
        self.alerts += decision.alerts

    def change(self, change: Change) -> None:
        """Apply a change of one incident."""
        incident, alert = change
        self.put_incident(incident)
        self.alerts += [alert] if alert else []

    def put_incident(self, incident: Incident) -> None:
        """Add an incident, or change it."""
        self.incidents[incident.key] = incident

    def put_warning(self, warning: AccountWarning) -> None:
        """Add a warning, or change it."""
        self.warnings[warning.key] = warning

    def put_message(self, message: Message) -> None:
        """Add a message, or change it. What it is about must be known, if only to the database."""
        self.messages[message.key] = message

    def put_mute(self, reference: str | None, until: datetime, by: int) -> None:
        """Mute an account, or all with None, until a time. A past time ends a mute."""
        length = max(until - self.at, timedelta())
        self._mutes[reference] = StoredMute(reference, until, by, math.ceil(length.total_seconds()))

    def keep_mutes_short(self, step: timedelta) -> None:
        """Let no mute last longer than asked for, as the clock was set back by a step, or earlier."""
        for reference, mute in self._mutes.items():
            latest = datetime.max.replace(tzinfo=UTC)
            if mute.lasts_seconds is not None:
                latest = self.at + timedelta(seconds=mute.lasts_seconds) + CLOCK_SLACK
            until = min(mute.until + step, latest)
            if until != mute.until:
                self._mutes[reference] = replace(mute, until=until)

    def expect_account(self, reference: str) -> None:
        """Expect an account to be listed, as it was added by Midwatch."""
        provider = provider_of(reference)
        self.poll_states[provider] = expect_account(self.poll_states[provider], reference)

    def expect_removal(self, reference: str) -> None:
        """Expect an account to be absent, as it was removed by Midwatch."""
        provider = provider_of(reference)
        self.poll_states[provider] = expect_removal(self.poll_states[provider], reference, self.at)

    def note(self, actor: int, verb: str, reference: str | None, outcome: str) -> None:
        """Add an action to the audit."""
        self.actions.append(Action(self.at, actor, verb, reference or "", outcome))

    def note_remedy(self, lease: Incident, outcome: str) -> None:
        """Add the outcome of a remedy to the audit, with the remedy as the verb."""
        verb = (lease.remedy or Remedy.RESET).value
        self.note(lease.leased_by or 0, verb, lease.reference or lease.lease_reference, outcome)

    def snapshot(self) -> Snapshot:
        """Return the state after this transaction."""
        return Snapshot(self.incidents, self.messages, self._mutes, self.poll_states, self.warnings)


@dataclass(frozen=True, slots=True)
class NotificationPlanner:
    """Plans the messages of each recipient; `owners` returns who the owners are at the moment."""

    owners: Callable[[], Collection[int]]
    policy: Policy
    new_key: Callable[[], str] = new_key
    audiences: Mapping[int, Audience] = field(default_factory=dict[int, Audience])
    """The other recipients: who of them is an owner, too, is one."""

    @property
    def people(self) -> frozenset[int]:
        """The owners, and the second line of owners."""
        second = (each for each, audience in self.audiences.items() if audience is Audience.ESCALATED)
        return frozenset((*self.owners(), *second))

    @property
    def others(self) -> dict[int, Audience]:
        """The recipients that are no owners."""
        owners = self.owners()
        return {each: audience for each, audience in self.audiences.items() if each not in owners}

    def plan_for(self, transaction: Transaction, recipient: int, alerts: Iterable[Alert] = ()) -> None:
        """Bring the messages of a recipient in line with a transaction. Others get none."""
        if (audience := self.others.get(recipient)) is not None:
            scene = self._scene(transaction)
            for message in plan_for_audience(audience, recipient, scene, alerts, self.new_key):
                transaction.put_message(message)
        elif recipient in self.owners():
            self._plan_for_owner(transaction, recipient, alerts)

    def shown_to(self, recipient: int, transaction: Transaction) -> Incidents:
        """Return the incidents that a message to a recipient may show: to an address, those it is told of."""
        if self.others.get(recipient) is not Audience.UNACCEPTED:
            return transaction.incidents
        return known_to(Audience.UNACCEPTED, recipient, self._scene(transaction))

    def _scene(self, transaction: Transaction) -> Scene:
        messages, mutes = transaction.messages.values(), transaction.mutes
        return self.scene(messages, transaction.incidents, mutes, transaction.at)

    def _plan_for_owner(self, transaction: Transaction, person: int, alerts: Iterable[Alert]) -> None:
        changed = plan_messages(
            person,
            transaction.messages.values(),
            transaction.incidents,
            alerts,
            mutes=transaction.mutes,
            now=transaction.at,
            policy=self.policy,
            new_key=self.new_key,
        )
        messages, at = transaction.messages.values(), transaction.at
        warned = warning_messages(person, messages, transaction.warnings, now=at, new_key=self.new_key)
        for message in (*changed, *warned):
            transaction.put_message(message)

    def next_due(
        self, messages: Iterable[Message], incidents: Incidents, mutes: Mutes, now: datetime
    ) -> Iterator[datetime]:
        """Yield when the messages of each recipient change if nothing happens until then."""
        scene = self.scene(messages, incidents, mutes, now)
        times = [next_due(scene.view(owner, incidents)) for owner in scene.owners]
        times += [next_due_for(audience, each, scene) for each, audience in self.others.items()]
        yield from (time for time in times if time is not None)

    def scene(self, messages: Iterable[Message], incidents: Incidents, mutes: Mutes, now: datetime) -> Scene:
        """Return the state of the watch as the rules need it for all recipients."""
        return Scene(self.owners(), tuple(messages), incidents, mutes, now, self.policy)

    def next_notifications(
        self, person: int, messages: Iterable[Message], incidents: Incidents, mutes: Mutes, now: datetime
    ) -> Mapping[str, datetime]:
        """Return when a person is next notified of each incident whose reminders are held."""
        if not any(each.is_taken or each.block_until() for each in incidents.values()):
            return {}  # no text names a time
        if person not in self.owners():
            return {}  # others are not reminded, or read no such text
        view = RecipientView.of(person, messages, incidents, mutes=mutes, now=now, policy=self.policy)
        return next_notifications(view)


@dataclass(frozen=True, slots=True)
class Quiet:
    """A state of the watch in which no message of its owners changes until a time."""

    owners: frozenset[int]
    version: int
    """The version of the state: see `Signal`."""
    until: datetime

    def holds(self, transaction: Transaction, owners: Collection[int], version: int) -> bool:
        """Whether a transaction leaves everything as it was, before anything is due."""
        is_as_before = version == self.version and frozenset(owners) == self.owners
        return is_as_before and transaction.at < self.until and not transaction.is_changed


def until_when(mutes: Mapping[str | None, StoredMute]) -> Mapping[str | None, datetime]:
    """Return the end of each mute."""
    return {reference: mute.until for reference, mute in mutes.items()}


def dismiss(transaction: Transaction, owners: frozenset[int], addresses: Iterable[int] = ()) -> None:
    """End the messages of recipients that are none any more, and the assignments of people who are no owners.

    The second line of owners counts as owners.
    """
    recipients = owners.union(addresses)
    for person in {message.recipient for message in transaction.messages.values()} - recipients:
        messages = transaction.messages.values()
        for message in cancel_for(person, messages, transaction.incidents):
            transaction.put_message(message)
    for incident in list(transaction.incidents.values()):
        owner = incident.assigned_to
        if owner is not None and owner not in owners and not incident.ended:
            transaction.put_incident(abandon(incident, owner, transaction.at))
