"""A world for the rules: accounts, owners, a Discord, and the least of a state and an outbox."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from bot.domain.accounts import Account, Flag, Observation
from bot.domain.errors import Cause
from bot.domain.incidents import Alert, Incident, Reason, RemedyVerdict, ServiceProblem, State, open_services
from bot.domain.messages import Delivery, Message, MessageItem, Purpose
from bot.domain.providers import MJPROXY, Remedy
from bot.rules import owner_actions
from bot.rules.account_incidents import Change
from bot.rules.decisions import Decision, Event, FlagReported, PollFailed, Tick, decide
from bot.rules.message_lifecycle import cancel_for, deleted, earliest_send, supersede, with_open_incidents
from bot.rules.notifications import next_due, plan_messages
from bot.rules.policy import LONGEST_BACKOFF, Policy
from bot.rules.poll_state import PollState, resume
from bot.rules.recipient import RecipientView, notifies
from bot.rules.service_incidents import next_poll_in
from tests.rules.listings import START, Listing

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MODERATION = "You have a pending moderation message."
CAPTCHA = "Please verify that you are human."
BLOCK = "You have been blocked from accessing Midjourney for 3 days."
OTHER = "Something else is pending."
ANNE, BEN = 1001, 1002
A, B, C, D = (f"11708097216634224{number}" for number in range(10, 14))

of_days = pytest.mark.no_cover
"""Of thousands of polls, through lines that shorter tests cover: measured, they take five times as long."""


def key_maker() -> Callable[[], str]:
    """Make keys that can be read: k1, k2, ..."""
    count = 0

    def new_key() -> str:
        nonlocal count
        count += 1
        return f"k{count}"

    return new_key


@dataclass(frozen=True)
class Sent:
    """A message as it arrived."""

    at: datetime
    owner: int
    notifies: bool
    purpose: Purpose
    entries: tuple[tuple[str, Reason | None], ...]
    """Names of accounts, or service problems, each with the reason for it."""
    about: tuple[MessageItem, ...]
    could_join: bool
    """Whether its incidents could have joined a message in Discord as it was claimed."""

    @property
    def reasons(self) -> dict[str, Reason | None]:
        return dict(self.entries)


@dataclass
class World:
    owners: list[int] = field(default_factory=lambda: [ANNE])
    flags: dict[str, str | None] = field(default_factory=lambda: {A: None, B: None, C: None, D: None})
    """The accounts by name, each with Midjourney's text about it, if any."""
    listing: Listing = field(default_factory=Listing)
    """How their provider lists them."""
    now: datetime = START
    policy: Policy = field(default_factory=Policy)
    poll_state: PollState = field(default_factory=PollState)
    proxy: dict[str, Account] = field(default_factory=dict[str, Account])
    """The accounts that a second provider lists, a midjourney-proxy beside useapi.net."""
    proxy_state: PollState = field(default_factory=PollState)
    incidents: dict[str, Incident] = field(default_factory=dict[str, Incident])
    messages: dict[str, Message] = field(default_factory=dict[str, Message])
    mutes: dict[str | None, datetime] = field(default_factory=dict[str | None, datetime])
    sent: list[Sent] = field(default_factory=list[Sent])
    joinable: dict[str, bool] = field(default_factory=dict[str, bool])
    discord_is_up: bool = True
    edits: bool = True
    new_key: Callable[[], str] = field(default_factory=key_maker)

    # What happens to the watch

    def observation(self, flags: dict[str, str | None] | None = None) -> Observation:
        shown = self.flags if flags is None else flags
        accounts = tuple(self.listing.account(name, text) for name, text in shown.items())
        return Observation(self.now, accounts, self.listing.provider)

    def poll(self, flags: dict[str, str | None] | None = None) -> Decision:
        """Poll, and assert that a second poll of the same list changes nothing."""
        observation = self.observation(flags)
        return self.decide_twice(observation)

    def show(self, *accounts: Account) -> None:
        """Have the second provider list accounts from now on."""
        self.proxy.update((each.reference, each) for each in accounts)

    def poll_proxy(self, *accounts: Account, is_complete: bool = True) -> Decision:
        """Poll the second provider, which lists these accounts as they are now."""
        self.show(*accounts)
        listed = tuple(self.proxy.values()) if is_complete else accounts
        return self.decide_twice(Observation(self.now, listed, MJPROXY, is_complete=is_complete))

    def decide_twice(self, observation: Observation) -> Decision:
        decision = self.decide(observation)
        again = self.decided(observation)
        settled = [each for each in again.incidents if each.missing_polls == each.clear_polls == 0]
        assert [each for each in settled if not each.ended] == []
        assert [each for each in again.alerts if each.reason is not Reason.RESOLVED] == []
        return decision

    def fail_poll(
        self,
        problem: ServiceProblem = ServiceProblem.UNREACHABLE,
        flag: Flag | None = None,
        cause: Cause | None = None,
        provider: str | None = None,
    ) -> Decision:
        return self.decide(PollFailed(self.now, problem, flag, cause, provider or self.listing.provider))

    def report_flag(self, channel: str, text: str) -> Decision:
        return self.decide(FlagReported(self.now, self.listing.reference(channel), Flag.of(text)))

    def decide(self, event: Event) -> Decision:
        decision = self.decided(event)
        if event.provider == self.listing.provider:
            self.poll_state = decision.poll_state
        else:
            self.proxy_state = decision.poll_state
        self.incidents.update((each.key, each) for each in decision.incidents)
        self.plan(decision.alerts)
        return decision

    def decided(self, event: Event) -> Decision:
        known = self.poll_state if event.provider == self.listing.provider else self.proxy_state
        own = {
            key: each
            for key, each in self.incidents.items()
            if each.provider == event.provider or each.problem is ServiceProblem.AWAY
        }
        return decide(known, own, event, self.policy, self.new_key)

    def change(self, change: Change | Incident) -> None:
        incident, alert = change if isinstance(change, tuple) else (change, None)
        self.incidents[incident.key] = incident
        self.plan([alert] if alert else [])

    # What follows

    def plan(self, alerts: Iterable[Alert] = (), owners: Iterable[int] | None = None) -> None:
        """Plan the messages of every owner, and assert that planning again changes nothing."""
        alerts = tuple(alerts)
        for owner in self.owners if owners is None else owners:
            planned = self._plan(owner, alerts)
            if not planned and not alerts:
                continue  # planning again would ask the same question
            for message in planned:
                assert message.key in self.messages or message.delivery is Delivery.WAITING, "born in vain"
                self.messages[message.key] = message
            again = self._plan(owner, ())
            assert again == (), [(self.messages.get(each.key), each) for each in again]

    def _plan(self, owner: int, alerts: tuple[Alert, ...]) -> tuple[Message, ...]:
        return plan_messages(
            owner,
            self.messages.values(),
            self.incidents,
            alerts,
            mutes=self.mutes,
            now=self.now,
            policy=self.policy,
            new_key=self.new_key,
        )

    def tick(self) -> None:
        self.decide(Tick(self.now, self.listing.provider))
        if self.proxy:
            self.decide(Tick(self.now, MJPROXY))
        self.deliver()

    def deliver(self) -> None:
        """Send what is due, as the outbox does."""
        if self.discord_is_up:
            for key in list(self.messages):
                if self.claim(key):
                    self.send(key)
            if self.edits:
                self.edit()

    def claim(self, key: str) -> bool:
        message = self.messages[key]
        if message.delivery is Delivery.CLAIMED:
            return True
        waits = message.due_at - self.now
        if message.delivery is not Delivery.WAITING or timedelta() < waits <= LONGEST_BACKOFF:
            return False
        if earliest_send(message, self.messages.values(), self.incidents, self.now) > self.now:
            return False
        claimed = with_open_incidents(message, self.incidents)
        self.messages[key] = replace(claimed, delivery=Delivery.CLAIMED, claimed_at=self.now)
        self.joinable[key] = any(notifies(each, self.incidents) for each in self.editable(message.recipient))
        return True

    def send(self, key: str) -> None:
        message = self.messages[key]
        notify = message.notify and notifies(message, self.incidents)
        entries = tuple((self.name(entry), entry.reason) for entry in message.entries)
        could_join = self.joinable.get(key, False)
        self.sent.append(
            Sent(self.now, message.recipient, notify, message.purpose, entries, message.entries, could_join)
        )
        sent = replace(message, delivery=Delivery.SENT, sent_at=self.now, message_id=len(self.sent))
        self.messages[key] = sent
        for changed in supersede(sent, self.messages.values(), self.incidents):
            self.messages[changed.key] = changed
        self.plan()

    def edit(self) -> None:
        """Bring what was sent in line, as the outbox does, and be done with what is empty or over."""
        for message in [each for each in self.messages.values() if each.delivery is Delivery.SENT]:
            is_over = all(self.incidents[entry.incident].ended for entry in message.entries)
            delivery = Delivery.DONE if is_over else Delivery.SENT
            self.messages[message.key] = replace(message, delivery=delivery, edited_at=self.now)

    def name(self, entry: MessageItem) -> str:
        incident = self.incidents[entry.incident]
        return self.listing.name(incident.reference) if incident.reference else str(incident.problem)

    def shown_in(self, message: Message) -> set[str]:
        """Return the names of what a message is about."""
        return {self.name(entry) for entry in message.entries}

    # What people do

    def delete(self, message: Message) -> None:
        """An owner deletes a message, which shows when it is edited."""
        done, alerts = deleted(message, self.incidents)
        self.messages[done.key] = done
        self.plan(alerts, [message.recipient])

    def dismiss(self, owner: int) -> None:
        self.owners.remove(owner)
        for message in cancel_for(owner, self.messages.values(), self.incidents):
            self.messages[message.key] = message
        for incident in list(self.incidents.values()):
            self.change(owner_actions.abandon(incident, owner, self.now))

    def mute(self, length: timedelta, channel: str | None = None) -> None:
        self.mutes[channel and self.listing.reference(channel)] = self.now + length
        self.plan()

    def lease(self, channel: str, owner: int = ANNE) -> Incident:
        lease = owner_actions.take_lease(self.incident(channel), owner, self.now, None, Remedy.RESET)
        assert lease is not None
        self.change(lease)
        return lease

    def verdict(self, lease: Incident, verdict: RemedyVerdict, text: str | None = None) -> None:
        flag = Flag.of(text) if text else None
        self.change(owner_actions.give_verdict(self.incidents[lease.key], lease, verdict, self.now, flag))
        self.deliver()

    # Time

    @property
    def open_service(self) -> Incident | None:
        """The open incident of the service."""
        return open_services(self.incidents.values()).get(self.listing.provider)

    def wait(self, length: timedelta) -> None:
        """Let time pass, the clock ticking every ten seconds, without a poll."""
        end = self.now + length
        while self.now < end:
            self.now = min(self.now + 10 * SECOND, end)
            self.tick()

    def run(
        self,
        length: timedelta,
        flags: Callable[[datetime], dict[str, str | None]] | None = None,
        *,
        every: timedelta | None = None,
    ) -> None:
        """Poll at the pace of the watch, or at another through days in which nothing changes, and deliver."""
        end = self.now + length
        while self.now < end:
            self.now += every or next_poll_in(self.poll_state, self.open_service, self.policy)
            self.poll(flags(self.now) if flags else None)
            if self.proxy:
                self.poll_proxy()
            self.tick()

    def run_without_api(
        self, length: timedelta, problem: ServiceProblem = ServiceProblem.UNREACHABLE
    ) -> None:
        end = self.now + length
        while self.now < end:
            self.now += next_poll_in(self.poll_state, self.open_service, self.policy)
            self.fail_poll(problem)
            self.tick()

    def restart(self) -> None:
        self.poll_state = resume(self.poll_state, self.poll_state.last_good)
        self.proxy_state = resume(self.proxy_state, self.proxy_state.last_good)

    # What is there to see

    def of(self, channel: str) -> list[Incident]:
        reference = self.listing.reference(channel)
        return [each for each in self.incidents.values() if each.reference == reference]

    def incident(self, channel: str) -> Incident:
        return max(self.of(channel), key=lambda incident: incident.opened_at)

    def state(self, channel: str) -> State:
        return self.incident(channel).state

    def service(self) -> list[Incident]:
        return [each for each in self.incidents.values() if each.problem]

    def pushes(self, owner: int = ANNE) -> list[Sent]:
        return [each for each in self.sent if each.notifies and each.owner == owner]

    def editable(self, owner: int = ANNE) -> list[Message]:
        """Return the messages that show something that goes on."""
        return [
            each
            for each in self.messages.values()
            if each.recipient == owner
            and each.delivery is Delivery.SENT
            and each.purpose is Purpose.ALERT
            and any(not self.incidents[entry.incident].ended for entry in each.entries)
        ]

    def waiting(self, owner: int = ANNE) -> list[Message]:
        return [
            each
            for each in self.messages.values()
            if each.recipient == owner and each.delivery is Delivery.WAITING
        ]

    def due(self, owner: int = ANNE) -> datetime | None:
        messages = self.messages.values()
        return next_due(
            RecipientView.of(
                owner, messages, self.incidents, mutes=self.mutes, now=self.now, policy=self.policy
            )
        )


@dataclass(frozen=True)
class Worlds:
    """Worlds whose accounts are listed by one provider."""

    listing: Listing = field(default_factory=Listing)

    def new(self, flags: dict[str, str | None] | None = None, owners: Iterable[int] = (ANNE,)) -> World:
        """A world that was not polled yet."""
        accounts = dict.fromkeys((A, B, C, D)) if flags is None else flags
        return World(owners=list(owners), flags=accounts, listing=self.listing)

    def started(self, flags: dict[str, str | None] | None = None, owners: Iterable[int] = (ANNE,)) -> World:
        """A world that was polled once, with healthy accounts."""
        world = self.new(flags, owners)
        world.poll(dict.fromkeys(world.flags))
        world.now += MINUTE
        return world

    def flagged(self, text: str = MODERATION, owners: Iterable[int] = (ANNE,)) -> World:
        """A world in which account A was flagged, and every owner notified."""
        world = self.started(owners=owners)
        world.flags[A] = text
        world.poll()
        world.deliver()
        return world


started, flagged = Worlds().started, Worlds().flagged
