"""Who else is told, and of what: addresses outside of Discord, and the second line of owners.

The owners are told of everything. The others are told of some incidents only. For them the same rules plan
the messages, from these incidents and the alerts about them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from bot.domain.incidents import NEWS, Alert, Incident, Incidents, Reason, State, open_services
from bot.domain.messages import Delivery, Message, Purpose, Route
from bot.rules.notifications import next_due, plan_messages
from bot.rules.policy import LONGEST_BACKOFF, Policy
from bot.rules.poll_state import NewKey
from bot.rules.recipient import Mutes, RecipientView, incident_keys

ACCEPTED_WITHIN: Final = timedelta(minutes=2)
"""How long Discord may take to accept a push before it is sent outside of Discord."""
PUSHED: Final = frozenset({Purpose.ALERT, Purpose.SERVICE})
OPENINGS: Final = frozenset({Reason.OPENED, Reason.RECURRING})
REPEATS: Final = frozenset({Reason.REMINDER})


class Audience(Enum):
    """What a recipient is told of, besides the owners."""

    ALL_PUSHES = auto()
    """An address that gets every push."""
    UNACCEPTED = auto()
    """An address that gets the pushes that Discord does not accept, and what follows them."""
    ESCALATED = auto()
    """A second owner, who gets the alerts that nobody acts on, once."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The state of the watch for those who are told of some incidents only."""

    owners: Collection[int]
    messages: Sequence[Message]
    incidents: Incidents
    mutes: Mutes
    now: datetime
    policy: Policy

    def own(self, recipient: int) -> list[Message]:
        """Return the messages of a recipient, all but the cancelled ones."""
        return [
            each
            for each in self.messages
            if each.recipient == recipient and each.delivery is not Delivery.CANCELLED
        ]

    def view(self, recipient: int, incidents: Incidents) -> RecipientView:
        """Return how a recipient is seen, for whom there are only these incidents."""
        return RecipientView.of(
            recipient,
            self.messages,
            incidents,
            mutes=self.mutes,
            now=self.now,
            policy=self.policy,
            services=self.services,
        )

    @property
    def services(self) -> Mapping[str, Incident]:
        """The open incident of each provider's service, be it unknown to a recipient."""
        return open_services(self.incidents.values())


def plan_for_audience(
    audience: Audience, recipient: int, scene: Scene, alerts: Iterable[Alert], new_key: NewKey
) -> tuple[Message, ...]:
    """Return the messages of a recipient that are new or changed: see `plan_messages`."""
    before = incident_keys(scene.own(recipient))
    # Openings from the time when no owner was known come again once one is.
    fresh = (each for each in alerts if each.reason not in OPENINGS or each.incident not in before)
    told = [*fresh, *news(audience, recipient, scene)]
    planned = plan_messages(
        recipient,
        scene.messages,
        known_to(audience, recipient, scene),
        told,
        mutes=scene.mutes,
        now=scene.now,
        policy=scene.policy,
        new_key=new_key,
        services=scene.services,
    )
    if audience is Audience.ESCALATED:
        waiting = {each.key for each in scene.own(recipient)}
        return tuple(
            replace(each, delivery=Delivery.CANCELLED) if only_repeats(each) else each
            for each in planned
            if each.key in waiting or not only_repeats(each)
        )
    return tuple(map(outside, planned))


def next_due_for(audience: Audience, recipient: int, scene: Scene) -> datetime | None:
    """Return when `plan_for_audience` will change a message if nothing happens until then."""
    times = {until for until in scene.mutes.values() if until > scene.now}
    if audience is Audience.ESCALATED:
        times |= {at for _, at in escalations(recipient, scene) if at > scene.now}
    else:
        due = next_due(scene.view(recipient, known_to(audience, recipient, scene)))
        times |= {due} if due is not None else set()
    if audience is Audience.UNACCEPTED:
        times |= {at for _, at in refusals(recipient, scene) if at > scene.now}
    return min(times, default=None)


def known_to(audience: Audience, recipient: int, scene: Scene) -> Incidents:
    """Return the incidents that exist for a recipient: those it was or is to be told of."""
    if audience is Audience.ALL_PUSHES:
        return scene.incidents
    keys = incident_keys(scene.own(recipient)) | {each.incident for each in news(audience, recipient, scene)}
    return {key: each for key, each in scene.incidents.items() if key in keys}


def news(audience: Audience, recipient: int, scene: Scene) -> list[Alert]:
    """Return what a recipient is told now, although nothing has just happened."""
    match audience:
        case Audience.ALL_PUSHES:
            return []
        case Audience.UNACCEPTED:
            found = refusals(recipient, scene)
        case Audience.ESCALATED:
            found = escalations(recipient, scene)
    return [alert for alert, at in found if at <= scene.now]


def refusals(address: int, scene: Scene) -> Iterator[tuple[Alert, datetime]]:
    """Yield what Discord has not accepted yet and an address was not sent, and when the address is."""
    told = incident_keys(scene.own(address))
    told |= {key for key, each in scene.incidents.items() if each.ended}
    for message in scene.messages:
        if message.route is not Route.ADDRESS and is_unaccepted(message, scene):
            for entry in message.entries:
                if entry.reason is not None and entry.reason in NEWS and entry.incident not in told:
                    yield Alert(entry.incident, entry.reason, notify=True), unaccepted_at(message, scene)
    if not scene.owners:
        told |= incident_keys(each for each in scene.messages if each.sent_at is not None)
        for incident in scene.incidents.values():
            if is_loud(incident) and incident.key not in told:
                yield opening(incident), incident.opened_at + ACCEPTED_WITHIN


def is_unaccepted(message: Message, scene: Scene) -> bool:
    """Whether a push is on its way, and no other message has told its recipient the same since."""
    if not (message.notify and message.on_its_way and message.purpose in PUSHED):
        return False
    news_in = {entry.incident for entry in message.entries if entry.reason in NEWS}
    return not any(
        each.recipient == message.recipient
        and each.sent_at is not None
        and each.created_at >= message.created_at
        and news_in <= incident_keys([each])
        for each in scene.messages
    )


def unaccepted_at(message: Message, scene: Scene) -> datetime:
    """Return when Discord has had the time to accept a push: now if the clock was set back meanwhile."""
    since = message.claimed_at or message.due_at
    return scene.now if since - scene.now > LONGEST_BACKOFF else since + ACCEPTED_WITHIN


def escalations(owner: int, scene: Scene) -> Iterator[tuple[Alert, datetime]]:
    """Yield what a second owner was not told, and when the owner is if nobody acts until then."""
    wait, told = scene.policy.escalate_after, incident_keys(scene.own(owner))
    if wait is None:
        return
    for incident in scene.incidents.values():
        is_settled = incident.is_taken or incident.clear_since is not None
        if is_loud(incident) and not is_settled and incident.key not in told:
            yield opening(incident), last_act(incident, scene.mutes) + wait


def last_act(incident: Incident, mutes: Mapping[str | None, datetime]) -> datetime:
    """Return when somebody last acted on an incident, or what held its alert ended; else its beginning."""
    muted = (mutes.get(None), mutes.get(incident.reference) if incident.reference else None)
    acts = (incident.held_until, incident.judged_at, incident.reset_at, incident.block_until(), *muted)
    return max((incident.opened_at, *(at for at in acts if at is not None)))


def is_loud(incident: Incident) -> bool:
    """Whether owners are notified of an open incident."""
    return incident.state is State.OPEN and not incident.is_soft


def opening(incident: Incident) -> Alert:
    """Return the alert of an incident that a recipient was not told of."""
    return Alert(incident.key, Reason.RECURRING if incident.recurring else Reason.OPENED, notify=True)


def only_repeats(message: Message) -> bool:
    """Whether a message that waits only reminds of what its recipient knows."""
    reasons = {entry.reason for entry in message.entries if entry.reason is not None}
    return message.delivery is Delivery.WAITING and bool(reasons) and reasons <= REPEATS


def outside(message: Message) -> Message:
    """Return a message for an address. What is silent in Discord is not sent there: it counts as sent."""
    if message.delivery is not Delivery.WAITING:
        return message
    delivery = Delivery.WAITING if message.notify else Delivery.DONE
    return replace(message, route=Route.ADDRESS, delivery=delivery)
