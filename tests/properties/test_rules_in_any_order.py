"""No order of polls, failures, commands, clicks, clock steps and restarts loses an alert or repeats one."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.domain.accounts import Account, EntryState, FlagKind
from bot.domain.incidents import Ending, Incident, Reason, RemedyVerdict, ServiceProblem, State
from bot.domain.messages import Delivery, Purpose
from bot.domain.providers import MJPROXY, USEAPI, Remedy
from bot.rules import owner_actions
from bot.rules.policy import PUSH_EVERY
from bot.rules.recipient import is_waiting_alert, open_incidents
from tests.rules.proxy_cases import (
    LOST,
    ONE,
    PAUSED,
    REJECTED,
    STARTING,
    THREE,
    TWO,
    UNKNOWN,
    entry,
    flagged_entry,
)
from tests.rules.world import (
    ANNE,
    BEN,
    BLOCK,
    CAPTCHA,
    DAY,
    HOUR,
    MINUTE,
    MODERATION,
    OTHER,
    SECOND,
    A,
    B,
    C,
    D,
    World,
)

CHANNELS = st.sampled_from((A, B, C, D))
PROXIED = st.sampled_from((ONE, TWO, THREE))
ANY_CHANNEL = CHANNELS | PROXIED
ENTRIES = st.one_of(
    st.builds(
        entry, PROXIED, st.sampled_from([each for each in EntryState if each is not EntryState.FLAGGED])
    ),
    st.builds(entry, PROXIED, st.just(STARTING), st.just(REJECTED)),
    st.builds(flagged_entry, st.sampled_from((CAPTCHA, MODERATION, LOST)), PROXIED),
)
TEXTS = st.sampled_from((OTHER, CAPTCHA, MODERATION, BLOCK))
WHO = st.sampled_from((ANNE, BEN))
LENGTHS = st.sampled_from((SECOND, 20 * SECOND, MINUTE, 3 * MINUTE, 6 * MINUTE, 16 * MINUTE, 2 * HOUR))
BIRTHS = frozenset({Reason.OPENED, Reason.RECURRING})


@dataclass(frozen=True)
class Woken:
    """A push as a person's own watch times it, which no clock steps in."""

    at: timedelta
    owner: int
    could_join: bool
    """Whether a message was in Discord already that the incident could join by an edit."""


class AnyOrder(RuleBasedStateMachine):
    """Ben comes and goes as an owner; Anne stays."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(owners=[ANNE, BEN])
        self.passed = timedelta()
        self.steps: list[timedelta] = []
        self.woken: list[Woken] = []
        self.quiet: set[str] = set()
        """Incidents that ended in a mute: those need no message."""
        self.seen: dict[str, Incident] = {}
        self.ends = Counter[str]()
        """How often each incident ended; one that came back after a reset ends again."""
        self.shown: set[str] = set()
        """Incidents that stood in a message to Anne, be it by an edit."""
        self.deleted: set[str] = set()
        """Incidents whose message somebody deleted."""

    @initialize(flags=st.dictionaries(CHANNELS, TEXTS))
    def first_poll(self, flags: dict[str, str]) -> None:
        self.world.flags.update(flags)
        self.world.poll()
        self.world.poll_proxy(*map(entry, (ONE, TWO, THREE)))

    # The accounts, and whether they can be seen

    @rule(channel=CHANNELS, text=TEXTS)
    def flag(self, channel: str, text: str) -> None:
        self.world.flags[channel] = text
        self.world.poll()

    @rule(channel=CHANNELS)
    def clear(self, channel: str) -> None:
        self.world.flags[channel] = None
        self.world.poll()

    @rule(account=ENTRIES, is_complete=st.booleans())
    def proxy_shows(self, account: Account, is_complete: bool) -> None:  # noqa: FBT001 - drawn
        self.world.poll_proxy(account, is_complete=is_complete)

    @rule()
    def proxy_drops_its_reasons(self) -> None:
        flagged = [key for key, each in self.world.proxy.items() if each.entry is EntryState.FLAGGED]
        self.world.poll_proxy(*(entry(key, PAUSED) for key in flagged))

    @rule()
    def poll(self) -> None:
        self.world.poll()
        self.world.poll_proxy()

    @rule(channel=CHANNELS)
    def poll_misses_one(self, channel: str) -> None:
        self.world.poll({other: text for other, text in self.world.flags.items() if other != channel})

    @rule(kept=st.sampled_from(((), (A,))))
    def poll_misses_most(self, kept: tuple[str, ...]) -> None:
        self.world.poll({channel: self.world.flags[channel] for channel in kept})

    @rule(problem=st.sampled_from(list(ServiceProblem)[:4]), provider=st.sampled_from((USEAPI, MJPROXY)))
    def fail(self, problem: ServiceProblem, provider: str) -> None:
        self.world.fail_poll(problem, provider=provider)

    @rule(channel=CHANNELS, text=TEXTS)
    def command_meets(self, channel: str, text: str) -> None:
        self.world.report_flag(channel, text)

    # Time

    @rule(length=LENGTHS)
    def wait(self, length: timedelta) -> None:
        self.world.now += length
        self.passed += length
        self.world.tick()

    @rule(length=st.sampled_from((5 * MINUTE, 30 * MINUTE)))
    def watch(self, length: timedelta) -> None:
        end = self.passed + length
        while self.passed < end:
            self.world.now += MINUTE
            self.passed += MINUTE
            self.world.poll()
            self.world.poll_proxy()
            self.world.tick()
            self.notice()

    @rule(step=st.sampled_from((HOUR, -HOUR, DAY, -DAY)))
    def clock_steps(self, step: timedelta) -> None:
        self.world.now += step
        self.steps.append(self.passed)
        self.world.tick()

    @rule()
    def restart(self) -> None:
        self.world.restart()

    # Discord

    @rule()
    def killed_after_the_claim(self) -> None:
        for key in list(self.world.messages):
            self.world.claim(key)
        self.world.restart()

    @rule()
    def deliver(self) -> None:
        self.world.deliver()

    @rule(edits=st.booleans())
    def edits_come_through_or_do_not(self, edits: bool) -> None:  # noqa: FBT001 - drawn
        self.world.edits = edits

    @rule(up=st.booleans())
    def discord_comes_or_goes(self, up: bool) -> None:  # noqa: FBT001 - drawn
        self.world.discord_is_up = up

    @precondition(lambda self: any(each.delivery is Delivery.SENT for each in self.world.messages.values()))
    @rule(data=st.data())
    def owner_deletes(self, data: st.DataObject) -> None:
        sent = [each for each in self.world.messages.values() if each.delivery is Delivery.SENT]
        message = data.draw(st.sampled_from(sent))
        self.deleted |= {each.incident for each in message.entries}
        self.world.delete(message)

    # Owners

    @rule(owner=WHO, channel=ANY_CHANNEL)
    def on_it(self, owner: int, channel: str) -> None:
        if incident := self.going_on(channel):
            self.world.change(owner_actions.assign(incident, owner, self.world.now))

    @rule(channel=ANY_CHANNEL, length=st.sampled_from((HOUR, 24 * HOUR)))
    def snooze(self, channel: str, length: timedelta) -> None:
        if incident := self.going_on(channel):
            self.world.change(owner_actions.snooze(incident, self.world.now + length, self.world.now))

    @rule(channel=ANY_CHANNEL, verdict=st.sampled_from([None, *RemedyVerdict]), text=TEXTS)
    def reset(self, channel: str, verdict: RemedyVerdict | None, text: str) -> None:
        incident = self.going_on(channel)
        lease = incident and owner_actions.take_lease(incident, ANNE, self.world.now, None, Remedy.RESET)
        if lease is None:
            return
        self.world.change(lease)
        self.poll()
        if verdict is not None:
            self.world.verdict(lease, verdict, text)

    @rule(channel=st.one_of(st.none(), ANY_CHANNEL), length=st.sampled_from((timedelta(), HOUR, 8 * HOUR)))
    def mute(self, channel: str | None, length: timedelta) -> None:
        self.world.mute(length, channel)

    @rule()
    def ben_comes_or_goes(self) -> None:
        if BEN in self.world.owners:
            self.world.dismiss(BEN)
        else:
            self.world.owners.append(BEN)
            self.world.plan()

    def going_on(self, channel: str) -> Incident | None:
        return next((each for each in self.world.of(channel) if not each.ended), None)

    # What holds at any time

    @invariant()
    def notice(self) -> None:
        pushes = [sent for sent in self.world.sent if sent.notifies and sent.purpose is Purpose.ALERT]
        self.woken += [Woken(self.passed, sent.owner, sent.could_join) for sent in pushes[len(self.woken) :]]
        for key, incident in self.world.incidents.items():
            before = self.seen.get(key)
            if incident.ended and (before is None or not before.ended):
                self.ends[key] += 1
                listed = self.world.proxy.get(incident.reference or "")
                is_clear = incident.ending is Ending.CLEARED
                assert not is_clear or listed is None or listed.entry is EntryState.OK, "it does not run"
                self.quiet |= {key} if self.is_muted(incident) else set()
        self.seen = dict(self.world.incidents)
        self.shown |= {
            each.incident
            for message in self.world.messages.values()
            if message.recipient == ANNE and message.delivery in {Delivery.SENT, Delivery.DONE}
            for each in message.entries
        }

    def is_muted(self, incident: Incident) -> bool:
        until = (self.world.mutes.get(name) for name in (None, incident.reference))
        return any(time is not None and time > self.world.now for time in until)

    @invariant()
    def an_account_has_one_incident(self) -> None:
        running_in = Counter(
            (each.reference, each.reference or each.provider)
            for each in self.world.incidents.values()
            if not each.ended
        )
        assert max(running_in.values(), default=1) == 1

    @invariant()
    def an_owner_has_one_draft(self) -> None:
        drafts = Counter(
            each.recipient
            for each in self.world.messages.values()
            if is_waiting_alert(each, self.world.incidents) and each.recipient in self.world.owners
        )
        assert max(drafts.values(), default=1) == 1

    @invariant()
    def an_incident_goes_on_in_one_message(self) -> None:
        shown = Counter(
            (message.recipient, incident.key)
            for message in self.world.messages.values()
            if message.delivery is Delivery.SENT
            for incident in open_incidents(message, self.world.incidents)
        )
        assert max(shown.values(), default=1) == 1

    @invariant()
    def nobody_is_woken_more_than_once_in_five_minutes_for_what_an_edit_shows(self) -> None:
        self.notice()
        for owner in (ANNE, BEN):
            pushes = [woken for woken in self.woken if woken.owner == owner]
            for earlier, later in pairwise(pushes):
                excused = any(earlier.at <= step <= later.at for step in self.steps)
                assert excused or not later.could_join or later.at - earlier.at >= PUSH_EVERY

    @invariant()
    def a_step_of_the_clock_wakes_at_most_once(self) -> None:
        times = [woken.at for woken in self.woken if woken.owner == ANNE and woken.could_join]
        for time in times:
            near = [other for other in times if time <= other < time + PUSH_EVERY]
            steps = [step for step in self.steps if time <= step < time + PUSH_EVERY]
            assert len(near) <= 1 + len(steps)

    @invariant()
    def nothing_is_sent_twice(self) -> None:
        self.notice()
        sent = [each for message in self.world.sent if message.owner == ANNE for each in message.about]
        births = Counter(each.incident for each in sent if each.reason in BIRTHS)
        assert max(births.values(), default=0) <= 1
        worse = Counter(each.incident for each in sent if each.reason is Reason.WORSE)
        assert max(worse.values(), default=0) < len(FlagKind)
        over = Counter(each.incident for each in sent if each.reason is Reason.RESOLVED)
        assert all(times <= self.ends[key] for key, times in over.items())

    # What holds in the end

    def teardown(self) -> None:
        """Let everything work again for half an hour."""
        world = self.world
        world.discord_is_up = True
        for name in world.mutes:
            world.mutes[name] = min(world.mutes[name], world.now)
        world.plan()
        world.deliver()
        self.notice()
        for _ in range(30):
            self.passed += MINUTE
            world.now += MINUTE
            world.poll()
            world.poll_proxy()
            world.tick()
            self.notice()
        self.incidents_are_what_is_true()
        self.all_was_sent()
        self.all_that_goes_on_is_shown()
        self.nobody_is_woken_more_than_once_in_five_minutes_for_what_an_edit_shows()
        self.nothing_is_sent_twice()

    def incidents_are_what_is_true(self) -> None:
        flagged = {channel for channel, text in self.world.flags.items() if text}
        wrong = {
            key for key, each in self.world.proxy.items() if each.entry in {EntryState.FLAGGED, STARTING}
        }
        # A CAPTCHA may hide behind a pause, and what cannot be read is as it was.
        unclear = {key for key, each in self.world.proxy.items() if each.entry in {PAUSED, UNKNOWN}}
        going_on = [each for each in self.world.incidents.values() if not each.ended]
        channels = {each.reference for each in going_on}
        assert channels - unclear == flagged | wrong
        assert {each.state for each in going_on if each.reference not in unclear} <= {State.OPEN}

    def all_that_goes_on_is_shown(self) -> None:
        shown = {each.incident for message in self.world.editable() for each in message.entries}
        for incident in self.world.incidents.values():
            assert incident.ended or incident.recurring or incident.key in self.deleted | shown, incident

    def all_was_sent(self) -> None:
        for incident in self.world.incidents.values():
            is_held = incident.recurring or incident.is_soft or incident.key in self.quiet
            assert incident.key in self.shown or (incident.ended and is_held), incident
        for owner in self.world.owners:
            waiting = [
                each for each in self.world.waiting(owner) if each.due_at <= self.world.now - PUSH_EVERY
            ]
            assert waiting == []


TestAnyOrder = AnyOrder.TestCase
