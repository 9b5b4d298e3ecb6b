"""What one owner was sent and is being sent, seen at one time."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.domain.accounts import FlagKind
from bot.domain.incidents import (
    Incident,
    Reason,
    ServiceProblem,
    State,
    connection_group,
    lost_connection,
    open_services,
    service_of,
)
from bot.domain.messages import Delivery, Message, Purpose
from bot.rules.policy import ASSIGNED_FOR, ASSIGNED_GRACE, OFFLINE_AFTER, OFFLINE_REMINDER, PUSH_EVERY, Policy
from bot.rules.timers import clamp_future

ABOUT_ACCOUNTS: Final = frozenset({Purpose.ALERT, Purpose.NOTE})

Mutes = Mapping[str | None, datetime]
"""Until when each account is muted; the key None stands for all. A mute ended early keeps that time."""


@dataclass(frozen=True, slots=True)
class Pushes:
    """An owner's last push, and the reminders in a row up to it."""

    at: datetime | None
    reminders: int
    held_until: datetime | None
    """Until when the next push waits; None if it need not wait."""

    @classmethod
    def among(
        cls, messages: Collection[Message], incidents: Mapping[str, Incident], now: datetime
    ) -> "Pushes":
        """Build it from the messages of one owner."""
        pushes = [message for message in messages if is_push(message)]
        sent = [each for each in pushes if each.sent_at is not None]
        last = last_sent(sent)
        reminders = 0 if last is None else last.reminders
        if any(in_flight(each, sent, incidents) for each in pushes):
            return cls(now, reminders, now + PUSH_EVERY)
        if last is None:
            return cls(None, reminders, None)
        at = min(sent_time(last), now)
        # If no message in Discord can show the next incident by an edit, waiting would show it nowhere.
        waits = any(is_standing(each, incidents) for each in messages)
        return cls(at, reminders, at + PUSH_EVERY if waits else None)


@dataclass(frozen=True, slots=True)
class RecipientView:
    """An owner's messages, and all that decides what is sent next."""

    owner: int
    messages: tuple[Message, ...]
    """All but the cancelled ones."""
    incidents: Mapping[str, Incident]
    mutes: Mutes
    now: datetime
    policy: Policy
    pushes: Pushes
    notified: frozenset[str]
    """The incidents in messages that were sent or are being sent, even if the owner deleted them."""
    shown: frozenset[str]
    """The incidents in messages about accounts that are in Discord, or soon will be, and can be edited."""
    services: Mapping[str, Incident]
    """The open incident of each provider's service."""
    joining: frozenset[str]
    """The incidents that an edit of the last message shows, so that they need no message of their own."""

    @classmethod
    def of(
        cls,
        owner: int,
        messages: Iterable[Message],
        incidents: Mapping[str, Incident],
        *,
        mutes: Mutes,
        now: datetime,
        policy: Policy,
        services: Mapping[str, Incident] | None = None,
    ) -> "RecipientView":
        """Build the view of an owner from all messages. By default `services` are among the incidents."""
        own = tuple(
            clamp_future(each, now, ("sent_at",))
            for each in messages
            if each.recipient == owner and each.delivery is not Delivery.CANCELLED
        )
        out = [each for each in own if each.delivery is not Delivery.WAITING]
        live = [each for each in out if each.delivery is not Delivery.DONE and each.purpose in ABOUT_ACCOUNTS]
        pushes = Pushes.among(own, incidents, now)
        notified, shown = incident_keys(out), incident_keys(live)
        services = open_services(incidents.values()) if services is None else services
        joined = joining(own, incidents)
        return cls(owner, own, incidents, mutes, now, policy, pushes, notified, shown, services, joined)

    @property
    def waiting(self) -> Message | None:
        """The message about accounts that waits to be sent; there is one at most."""
        return next((each for each in self.messages if is_waiting_alert(each, self.incidents)), None)

    def last_showing(self, incidents: Iterable[Incident]) -> Message | None:
        """Return the last finished message in Discord about the accounts of these incidents."""
        references = {each.reference for each in incidents}
        related = {key for key, each in self.incidents.items() if each.reference in references}
        showing = [
            each
            for each in self.messages
            if each.delivery is Delivery.DONE
            and each.purpose is Purpose.ALERT
            and each.message_id is not None
            and each.traits.edits
            and not each.is_stuck
            and incident_keys([each]) & related
        ]
        return last_sent(showing)

    def may_be_over(self, incident: Incident) -> bool:
        """Whether the list of an incident's provider cannot be read. Owners are not reminded of it then.

        A list refused with error 596 does not count: it shows that an incident is not over.
        """
        service = service_of(self.services, incident.provider)
        return service is not None and service.problem is not ServiceProblem.PENDING

    @property
    def muted_until(self) -> datetime:
        """Until when all accounts are muted; now or earlier if they are not."""
        return self.mutes.get(None, self.now)

    def is_muted(self, incident: Incident) -> bool:
        """Whether a mute holds the pushes about an incident."""
        return any(until > self.now for until in mutes_of(incident, self.mutes))

    def can_be_reminded_of(self, incident: Incident) -> bool:
        """Whether an account's incident is open, and no poll has shown the account without its flag since.

        Of a soft one there are reminders only while nothing else stands in Discord.
        """
        if incident.state is not State.OPEN or incident.reference is None or incident.clear_since is not None:
            return False
        return not incident.is_soft or not any(is_standing(each, self.incidents) for each in self.messages)

    def needs_attention(self, incident: Incident) -> bool:
        """Whether the owner may be reminded of an incident now."""
        if not self.can_be_reminded_of(incident) or self.may_be_over(incident):
            return False
        until = quiet_until(incident, self.mutes)
        return until is None or until <= self.now

    def reminder_at(self, incident: Incident) -> datetime:
        """Return when the owner is reminded of an incident if it stays as it is."""
        pushed_at, until = self.pushes.at, quiet_until(incident, self.mutes)
        if incident.is_soft:
            sent = (each for each in self.messages if each.delivery is not Delivery.WAITING)
            sent_at = (sent_time(each) for each in sent if each.holds(incident.key))
            return max(max((incident.opened_at, *sent_at)) + OFFLINE_REMINDER, until or self.now)
        if until is not None and (pushed_at is None or until > pushed_at):
            # Held since the last push: due at the end of the mute, snooze, assignment or block.
            return until
        return self.now if pushed_at is None else pushed_at + self.policy.remind_in(self.pushes.reminders)


def breaks_mute(reason: Reason | None, incident: Incident) -> bool:
    """Whether an alert is sent in spite of a mute: it became a block."""
    return reason is Reason.WORSE and incident.flag is not None and incident.flag.kind is FlagKind.BLOCK


def quiet_until(incident: Incident, mutes: Mutes) -> datetime | None:
    """Return when all that holds the reminders of an incident has ended; None if nothing ever held them."""
    times = [incident.held_until, incident.snoozed_until, incident.block_until(), *mutes_of(incident, mutes)]
    if incident.starting_since is not None and incident.is_starting:
        times.append(incident.starting_since + OFFLINE_AFTER)
    if incident.assigned_at is not None:
        times.append(incident.assigned_at + ASSIGNED_FOR + ASSIGNED_GRACE)
    return max((each for each in times if each is not None), default=None)


def mutes_of(incident: Incident, mutes: Mutes) -> Iterator[datetime]:
    """Yield until when each mute holds the pushes about an incident."""
    names = () if incident.reference is None else (None, incident.reference)
    yield from (mutes[name] for name in names if name in mutes)


def incident_keys(messages: Iterable[Message]) -> frozenset[str]:
    """Return the incidents that messages are about."""
    return frozenset(entry.incident for message in messages for entry in message.entries)


def open_incidents(message: Message, incidents: Mapping[str, Incident]) -> Iterator[Incident]:
    """Yield the open incidents of a message. One that is not in memory any more has ended."""
    known = (incidents.get(entry.incident) for entry in message.entries)
    yield from (incident for incident in known if incident is not None and not incident.ended)


def sent_time(message: Message) -> datetime:
    """Return when a message was sent; when it was created, if it was not sent yet."""
    return message.sent_at or message.created_at


def last_sent(messages: Iterable[Message]) -> Message | None:
    """Return the message that was sent last."""
    return max(messages, key=lambda each: (sent_time(each), each.key), default=None)


def is_push(message: Message) -> bool:
    """Whether a message notifies its owner about accounts."""
    return message.purpose is Purpose.ALERT and message.notify


def in_flight(push: Message, sent: Iterable[Message], incidents: Mapping[str, Incident]) -> bool:
    """Whether a push is on its way, and nothing sent since shows the same, as a copy by another route."""
    if push.delivery is not Delivery.CLAIMED:
        return False
    since = push.claimed_at or push.created_at
    later = incident_keys(each for each in sent if sent_time(each) >= since)
    return not later or any(incident.key not in later for incident in open_incidents(push, incidents))


def last_joinable(messages: Iterable[Message], incidents: Mapping[str, Incident]) -> Message | None:
    """Return the last message that further incidents can join by an edit."""
    return last_sent(each for each in messages if is_joinable(each, incidents))


def joining(messages: Iterable[Message], incidents: Mapping[str, Incident]) -> frozenset[str]:
    """Return the incidents that join the last message by an edit, and need no message of their own.

    That are soft ones, and those of a lost connection that the message notified of already.
    """
    if (message := last_joinable(messages, incidents)) is None:
        return frozenset()
    reasons = {entry.incident for entry in message.entries if entry.reason is not None}
    lost = (incidents[key] for key in reasons if key in incidents and lost_connection(incidents[key]))
    found = {key for key, each in incidents.items() if each.is_soft and not each.ended}
    for provider in {each.provider for each in lost}:
        group = {each.key for each in connection_group(incidents.values(), provider)}
        found |= group if group & reasons else set()
    return frozenset(found)


def is_standing(message: Message, incidents: Mapping[str, Incident]) -> bool:
    """Whether a message in Discord is about an open incident that is not soft."""
    return is_joinable(message, incidents) and notifies(message, incidents)


def notifies(message: Message, incidents: Mapping[str, Incident]) -> bool:
    """Whether a message is about an open incident that owners are notified of."""
    return any(not each.is_soft for each in open_incidents(message, incidents))


def is_joinable(message: Message, incidents: Mapping[str, Incident]) -> bool:
    """Whether a message is in Discord, is about an open incident, and can be edited."""
    is_in_discord = message.delivery is Delivery.SENT and message.purpose is Purpose.ALERT
    return is_in_discord and any(open_incidents(message, incidents))


def is_waiting_alert(message: Message, incidents: Mapping[str, Incident]) -> bool:
    """Whether a message about accounts waits to be sent."""
    if message.delivery is not Delivery.WAITING or message.purpose not in ABOUT_ACCOUNTS:
        return False
    known = (incidents.get(entry.incident) for entry in message.entries)
    return not any(incident is not None and incident.problem for incident in known)
