"""No order of polls, commands, clicks, refusals, crashes and restarts loses an alert, or repeats one."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from bot.domain.accounts import Flag
from bot.domain.incidents import RemedyVerdict, ServiceProblem
from bot.domain.providers import MJPROXY, USEAPI
from tests.properties.any_order.fake_discord import Refusal
from tests.properties.any_order.others import ALWAYS, SPARE
from tests.properties.any_order.truth import BLOCK, CAPTCHA, HOUR, MINUTE, MODERATION, OTHER, End
from tests.properties.any_order.watched import ANNE, BEN, Watched
from tests.support.failpoints import FailPoint
from tests.support.leases import give_verdict, take_lease

CHANNELS: st.SearchStrategy[str] = st.runner().flatmap(lambda machine: st.sampled_from(machine.channels))
TEXTS = st.sampled_from((OTHER, CAPTCHA, MODERATION, BLOCK))
PROBLEMS = st.sampled_from(
    [each for each in ServiceProblem if each not in (ServiceProblem.AWAY, ServiceProblem.PENDING)]
)
SENDING = st.sampled_from(
    [each for each in FailPoint if each not in (FailPoint.LEASED, FailPoint.RESET, FailPoint.JUDGED)]
)
ABSENCES = st.sampled_from((timedelta(seconds=20), 4 * MINUTE, 20 * MINUTE, 3 * HOUR))
ENDS = {RemedyVerdict.BACK: End.RESET, RemedyVerdict.NOT_CONFIGURED: End.REMOVED}


class AnyOrder(Watched):
    """Anne owns the bot, Ben comes and goes; four accounts, and a Discord that fails in every way."""

    @property
    def has_error_596(self) -> bool:
        """Whether a command, or the list itself, may be refused because an account is flagged."""
        return self.provider == USEAPI

    # The accounts, and whether they can be seen

    @initialize(flags=st.dictionaries(CHANNELS, TEXTS), has_channel=st.booleans(), knows=st.booleans())
    def first_poll(self, flags: dict[str, str], has_channel: bool, knows: bool) -> None:  # noqa: FBT001 - drawn
        self.fake_discord.has_channel = has_channel
        self.flags |= flags
        if knows:
            self.poll()
            return
        with self.nobody_known():
            self.pass_time(2 * MINUTE)

    @rule(channel=CHANNELS, text=TEXTS)
    def flag(self, channel: str, text: str) -> None:
        self.flags[channel] = text
        self.poll()

    @rule(channel=CHANNELS)
    def clear(self, channel: str) -> None:
        self.flags[channel] = None
        self.poll()

    @precondition(lambda self: self.problem is None)
    @rule(channel=CHANNELS)
    def poll_misses_one(self, channel: str) -> None:
        self.read_list({other: text for other, text in self.flags.items() if other != channel})

    @precondition(lambda self: self.problem is None)
    @rule(kept=st.sets(CHANNELS, max_size=1))
    def poll_misses_most(self, kept: set[str]) -> None:
        self.read_list({channel: self.flags[channel] for channel in kept})

    @precondition(lambda self: self.has_error_596)
    @rule(channel=CHANNELS, text=TEXTS)
    def command_meets(self, channel: str, text: str) -> None:
        self.truth.pass_time(self.now)
        self.process.taken.clear()
        self.run(self.process.poller.note_flag(channel, Flag.of(text)))
        self.unwritten.take(self.process.taken, self.now)
        self.compare()

    @rule(problem=st.none() | PROBLEMS)
    def list_cannot_be_read(self, problem: ServiceProblem | None) -> None:
        self.problem = problem
        self.poll()

    @precondition(lambda self: self.has_error_596)
    @rule(channel=st.none() | CHANNELS, text=TEXTS)
    def list_is_refused_because_of_an_account(self, channel: str | None, text: str) -> None:
        self.problem, self.refused_with = ServiceProblem.PENDING, (channel, Flag.of(text))
        self.poll()

    @rule(channel=CHANNELS, text=TEXTS, times=st.integers(1, 4))
    def comes_and_goes(self, channel: str, text: str, times: int) -> None:
        for shown in (text, None) * times:
            self.flags[channel] = shown
            self.poll()
            self.pass_time(12 * MINUTE, every=3 * MINUTE)

    # Time, and the process

    @rule(minutes=st.integers(1, 20))
    def minutes_pass(self, minutes: int) -> None:
        self.pass_time(minutes * MINUTE, every=2 * MINUTE)

    @rule(hours=st.integers(1, 5))
    def hours_pass(self, hours: int) -> None:
        self.pass_time(hours * HOUR, every=30 * MINUTE)
        is_told = self.fake_discord.is_down and not self.process.refuses and SPARE not in self.process.down
        if is_told and self.owners:
            self.others.check_late(self.truth.cases, self.expectations.is_muted)

    @rule(step=st.sampled_from((HOUR, 24 * HOUR)))
    def clock_is_set_ahead(self, step: timedelta) -> None:
        """To those who only read the clock it is time in which nothing was done."""
        self.process.clock.advance(step)
        self.truth.pass_time(self.now)
        with self.unless_refused():
            self.run(self.process.incident_service.tick())

    @rule()
    def outbox_works(self) -> None:
        self.run(self.process.work())

    @rule(away=ABSENCES)
    def restart(self, away: timedelta) -> None:
        self.run(self.process.end())
        self.process.clock.advance(away)
        self.run(self.process.start())
        self.resume()
        self.run(self.process.incident_service.tick())

    @rule(away=ABSENCES, channel=CHANNELS, text=TEXTS, minutes=st.integers(1, 20))
    def starts_while_no_owner_is_known(self, away: timedelta, channel: str, text: str, minutes: int) -> None:
        with self.nobody_known():
            self.restart(away)
            self.flag(channel, text)
            self.pass_time(minutes * MINUTE, every=4 * MINUTE)

    @rule(step=SENDING, away=ABSENCES)
    def dies_at(self, step: FailPoint, away: timedelta) -> None:
        self.process.dies_at, self.process.stays_down = step, away
        self.run(self.process.work())

    @rule(may=st.booleans())
    def database_can_be_written_or_not(self, may: bool) -> None:  # noqa: FBT001 - drawn
        self.run(self.process.let_write(may=may))

    @rule(channel=CHANNELS, text=TEXTS, minutes=st.integers(1, 20))
    def flagged_while_nothing_can_be_written(self, channel: str, text: str, minutes: int) -> None:
        self.database_can_be_written_or_not(may=False)
        self.flag(channel, text)
        self.pass_time(minutes * MINUTE, every=4 * MINUTE)
        self.database_can_be_written_or_not(may=True)
        self.poll()

    # Discord

    @rule(refusals=st.lists(st.sampled_from(Refusal), min_size=1, max_size=6))
    def discord_will_refuse(self, refusals: list[Refusal]) -> None:
        self.fake_discord.refusals.extend(refusals)

    @rule(is_down=st.booleans())
    def discord_comes_or_goes(self, is_down: bool) -> None:  # noqa: FBT001 - drawn
        self.fake_discord.is_down = is_down

    @rule(data=st.data())
    def owner_deletes(self, data: st.DataObject) -> None:
        known = {row.message_id for row in self.process.watch_state.messages.values()}
        numbers = [number for number in self.fake_discord.messages if number in known]
        if numbers:
            del self.fake_discord.messages[data.draw(st.sampled_from(numbers))]

    @rule(data=st.data())
    def message_can_be_changed_no_more(self, data: st.DataObject) -> None:
        if self.fake_discord.messages:
            self.fake_discord.archived.add(data.draw(st.sampled_from(sorted(self.fake_discord.messages))))

    @rule(down=st.sets(st.sampled_from((SPARE, ALWAYS))))
    def addresses_come_or_go(self, down: set[int]) -> None:
        self.process.down.clear()
        self.process.down.update(down)

    # Owners

    @rule(channel=CHANNELS, data=st.data())
    def on_it(self, channel: str, data: st.DataObject) -> None:
        owner = data.draw(st.sampled_from(sorted(self.owners)))
        if (case := self.truth.open_case(channel)) is None:
            return
        with self.unless_refused():
            assert self.run(self.process.incident_service.assign([case.key], owner))
            case.assigned_at, case.assignee, case.snooze_ends = self.now, owner, None
            self.expectations.assignments[owner, case.key] += 1
            self.expectations.see_to(case)

    @rule(channel=CHANNELS, hours=st.sampled_from((1, 4, 24)))
    def snooze(self, channel: str, hours: int) -> None:
        if (case := self.truth.open_case(channel)) is None:
            return
        with self.unless_refused():
            assert self.run(self.process.incident_service.snooze([case.key], ANNE, hours * HOUR))
            case.snooze_ends = self.now + hours * HOUR
            case.assigned_at = case.assignee = None
            self.expectations.see_to(case)

    @rule(channel=st.none() | CHANNELS, hours=st.sampled_from((0, 1, 8)))
    def mute(self, channel: str | None, hours: int) -> None:
        until = self.now + hours * HOUR
        with self.unless_refused():
            self.run(self.process.incident_service.mute(channel, ANNE, until))
            if hours or self.mutes.get(channel, self.now) > self.now:  # to end what is over is nothing
                self.mutes[channel] = until
            self.expectations.mute()

    @rule(channel=CHANNELS)
    def asks_to_reset(self, channel: str) -> None:
        self.truth.pass_time(self.now)
        case = self.truth.open_case(channel)
        if case is None:
            return
        with self.unless_refused():
            lease = self.run(take_lease(self.process.incident_service, case.key, ANNE))
            assert (lease is None) is (case.lease_ends is not None), "one reset at a time"
            if lease is not None:
                self.truth.lease(case, self.now)
                self.leases[channel] = case, lease

    @rule(channel=CHANNELS, text=TEXTS)
    def comes_back_after_a_reset(self, channel: str, text: str) -> None:
        self.asks_to_reset(channel)
        if channel in self.leases:
            self.judge(channel, RemedyVerdict.BACK, None)
            self.flag(channel, text)

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), verdict=st.sampled_from(RemedyVerdict), text=TEXTS)
    def reset_is_judged(self, data: st.DataObject, verdict: RemedyVerdict, text: str) -> None:
        channel = data.draw(st.sampled_from(sorted(self.leases)))
        self.judge(channel, verdict, text if verdict is RemedyVerdict.FLAGGED_AGAIN else None)

    def judge(self, channel: str, verdict: RemedyVerdict, again: str | None) -> None:
        """Say what a reset came to, unless its lease ran out before."""
        case, lease = self.leases.pop(channel)
        self.truth.pass_time(self.now)
        is_held = case.end is None and case.lease_ends is not None
        if is_held and verdict is not RemedyVerdict.NOT_YET:
            self.flags[channel] = again
        with self.unless_refused():
            self.run(
                give_verdict(self.process.incident_service, lease, verdict, Flag.of(again) if again else None)
            )
            if is_held:
                is_enabled = verdict is RemedyVerdict.NOT_STARTED
                self.truth.judge(case, ENDS.get(verdict), again, self.now, is_enabled=is_enabled)
        self.compare()

    @precondition(lambda self: not self.process.refuses)
    @rule()
    def ben_comes_or_goes(self) -> None:
        if BEN in self.owners:
            rows = [each for each in self.process.watch_state.messages.values() if each.recipient == BEN]
            self.left_alone |= {row.message_id for row in rows}
            self.owners.remove(BEN)
            self.expectations.leave(BEN, [row for row in rows if row.on_its_way])
            for case in self.truth.open_cases():
                if case.assignee == BEN:
                    case.let_go(self.now)
        else:
            self.owners.add(BEN)
            self.expectations.join(BEN)
        self.run(self.process.incident_service.tick())


class AnyOrderOfMjproxy(AnyOrder):
    """The same with accounts of a midjourney-proxy."""

    provider = MJPROXY


TestAnyOrderOfEvents = AnyOrder.TestCase
TestAnyOrderOfEventsOfMjproxy = AnyOrderOfMjproxy.TestCase
# Each of these finds as much as many of the others, and takes as long.
TestAnyOrderOfEvents.settings = settings(max_examples=settings().max_examples // 10)
TestAnyOrderOfEventsOfMjproxy.settings = settings(max_examples=settings().max_examples // 24)
