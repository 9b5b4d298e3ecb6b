"""What one owner has been told and is being told, as seen at one moment."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.domain.accounts import FlagKind
from bot.domain.incidents import Incident, Reason, ServiceProblem, State, open_service
from bot.domain.messages import Delivery, Message, Purpose
from bot.rules.policy import ASSIGNED_FOR, ASSIGNED_GRACE, PUSH_EVERY, Policy
from bot.rules.timers import clamp_future

ABOUT_ACCOUNTS: Final = frozenset({Purpose.ALERT, Purpose.NOTE})

Mutes = Mapping[str | None, datetime]
"""Until when each account is muted, all of them under None. One lifted early stays, with that moment."""


@dataclass(frozen=True, slots=True)
class Pushes:
    """When an owner was woken last, and how many reminders in a row that made."""

    at: datetime | None
    reminders: int
    held_until: datetime | None
    """Until when the next one waits; None if it need not."""

    @classmethod
    def among(
        cls, messages: Collection[Message], incidents: Mapping[str, Incident], now: datetime
    ) -> "Pushes":
        """Look through the messages of one owner."""
        pushes = [message for message in messages if is_push(message)]
        sent = [each for each in pushes if each.sent_at is not None]
        last = max(sent, key=lambda each: (sent_time(each), each.key), default=None)
        reminders = 0 if last is None else last.reminders
        if any(in_flight(each, sent, incidents) for each in pushes):
            return cls(now, reminders, now + PUSH_EVERY)
        if last is None:
            return cls(None, reminders, None)
        at = min(sent_time(last), now)
        # Where nothing stands that it could join by an edit, trouble would be shown nowhere until then.
        waits = any(is_joinable(each, incidents) for each in messages)
        return cls(at, reminders, at + PUSH_EVERY if waits else None)


@dataclass(frozen=True, slots=True)
class RecipientView:
    """An owner's messages, and all that decides about them."""

    owner: int
    messages: tuple[Message, ...]
    """Without those that were cancelled."""
    incidents: Mapping[str, Incident]
    mutes: Mutes
    now: datetime
    policy: Policy
    pushes: Pushes
    notified: frozenset[str]
    """The incidents of each message that was sent or is being sent, also if the owner deleted it."""
    shown: frozenset[str]
    """The incidents in messages about accounts that stand in Discord, or will, and can be edited."""

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
    ) -> "RecipientView":
        """Pick what is the owner's, and sum it up."""
        own = tuple(
            clamp_future(each, now, ("sent_at",))
            for each in messages
            if each.recipient == owner and each.delivery is not Delivery.CANCELLED
        )
        out = [each for each in own if each.delivery is not Delivery.WAITING]
        live = [each for each in out if each.delivery is not Delivery.DONE and each.purpose in ABOUT_ACCOUNTS]
        pushes = Pushes.among(own, incidents, now)
        return cls(owner, own, incidents, mutes, now, policy, pushes, incident_keys(out), incident_keys(live))

    @property
    def waiting(self) -> Message | None:
        """The message about accounts that is still being put together; there is one at most."""
        return next((each for each in self.messages if is_waiting_alert(each, self.incidents)), None)

    @property
    def editable_message(self) -> Message | None:
        """The message that trouble joins by an edit: the last one about trouble that goes on."""
        alerts = [each for each in self.messages if is_joinable(each, self.incidents)]
        return max(alerts, key=lambda each: (sent_time(each), each.key), default=None)

    def last_showing(self, incidents: Collection[str]) -> Message | None:
        """Return the last message that stands in Discord, finished, about one of these or their accounts."""
        channels = {each.channel for key in incidents if (each := self.incidents.get(key)) is not None}
        showing = [
            each
            for each in self.messages
            if each.delivery is Delivery.DONE
            and each.purpose is Purpose.ALERT
            and each.message_id is not None
            and not each.is_stuck
            and any(self._is_about(entry.incident, incidents, channels) for entry in each.entries)
        ]
        return max(showing, key=lambda each: (sent_time(each), each.key), default=None)

    def _is_about(self, key: str, incidents: Collection[str], channels: Collection[str | None]) -> bool:
        known = self.incidents.get(key)
        return key in incidents or (known is not None and known.channel in channels)

    @property
    def next_push_at(self) -> datetime:
        """When the owner may be woken again."""
        return max(self.now, self.pushes.held_until or self.now)

    @property
    def is_blind(self) -> bool:
        """Whether nobody can see the accounts: then owners are not reminded of what may be over.

        A list that is refused with error 596 says that something is not over.
        """
        service = open_service(self.incidents.values())
        return service is not None and service.problem is not ServiceProblem.PENDING

    @property
    def muted_until(self) -> datetime:
        """Until when the pushes of all accounts are held; now, or earlier, if they are not."""
        return self.mutes.get(None, self.now)

    def is_muted(self, incident: Incident) -> bool:
        """Whether a mute holds the pushes of an incident."""
        return any(until > self.now for until in self._mutes_of(incident))

    def needs_attention(self, incident: Incident) -> bool:
        """Whether an incident is one to remind of, now."""
        if not can_be_reminded_of(incident):
            return False
        free_at = self._free_at(incident)
        return free_at is None or free_at <= self.now

    def reminder_at(self, incident: Incident) -> datetime:
        """When the owner is to be reminded of an incident, if it stays as it is."""
        pushed_at, free_at = self.pushes.at, self._free_at(incident)
        if free_at is not None and (pushed_at is None or free_at > pushed_at):
            # Held since the last push: due with the end of the mute, the snooze, the claim or the block.
            return free_at
        return self.now if pushed_at is None else pushed_at + self.policy.remind_in(self.pushes.reminders)

    def _free_at(self, incident: Incident) -> datetime | None:
        """When the last of what holds the reminders of an incident ends, or ended."""
        return quiet_until(incident, self.mutes)

    def _mutes_of(self, incident: Incident) -> Iterator[datetime]:
        return mutes_of(incident, self.mutes)


def can_be_reminded_of(incident: Incident) -> bool:
    """Whether an account is in trouble that no look has shown to be gone since."""
    return incident.state is State.OPEN and incident.channel is not None and incident.clear_since is None


def breaks_mute(reason: Reason | None, incident: Incident) -> bool:
    """Whether news is told in spite of a mute: that it became a block."""
    return reason is Reason.WORSE and incident.flag is not None and incident.flag.kind is FlagKind.BLOCK


def quiet_until(incident: Incident, mutes: Mutes) -> datetime | None:
    """Return when the last of what holds the reminders of an incident ends, or ended."""
    return max((*mutes_of(incident, mutes), *quiet_times(incident)), default=None)


def mutes_of(incident: Incident, mutes: Mutes) -> Iterator[datetime]:
    """Yield until when each mute holds the pushes of an incident."""
    names = () if incident.channel is None else (None, incident.channel)
    yield from (mutes[name] for name in names if name in mutes)


def quiet_times(incident: Incident) -> Iterator[datetime]:
    """Yield until when each thing but a mute holds, or held, the reminders of an incident."""
    for until in (incident.held_until, incident.snoozed_until, incident.block_until()):
        if until is not None:
            yield until
    if incident.assigned_at is not None:
        yield incident.assigned_at + ASSIGNED_FOR + ASSIGNED_GRACE


def incident_keys(messages: Iterable[Message]) -> frozenset[str]:
    """Return the incidents that messages are about."""
    return frozenset(entry.incident for message in messages for entry in message.entries)


def open_incidents(message: Message, incidents: Mapping[str, Incident]) -> Iterator[Incident]:
    """Yield those incidents of a message that are not over; one that nobody knows any more is."""
    known = (incidents.get(entry.incident) for entry in message.entries)
    yield from (incident for incident in known if incident is not None and not incident.ended)


def sent_time(message: Message) -> datetime:
    """Return when a message was sent, or was to be."""
    return message.sent_at or message.created_at


def is_push(message: Message) -> bool:
    """Whether a message is to wake somebody because of accounts."""
    return message.purpose is Purpose.ALERT and message.notify


def in_flight(push: Message, sent: Iterable[Message], incidents: Mapping[str, Incident]) -> bool:
    """Whether a push is on its way and nothing that was sent since says the same, as by another route."""
    if push.delivery is not Delivery.CLAIMED:
        return False
    since = push.claimed_at or push.created_at
    later = incident_keys(each for each in sent if sent_time(each) >= since)
    return not later or any(incident.key not in later for incident in open_incidents(push, incidents))


def is_joinable(message: Message, incidents: Mapping[str, Incident]) -> bool:
    """Whether a message stands in Discord that is about trouble that goes on, and can be edited."""
    stands = message.delivery is Delivery.SENT and message.purpose is Purpose.ALERT
    return stands and any(open_incidents(message, incidents))


def is_waiting_alert(message: Message, incidents: Mapping[str, Incident]) -> bool:
    """Whether a message about accounts is still being put together."""
    if message.delivery is not Delivery.WAITING or message.purpose not in ABOUT_ACCOUNTS:
        return False
    known = (incidents.get(entry.incident) for entry in message.entries)
    return not any(incident is not None and incident.problem for incident in known)
