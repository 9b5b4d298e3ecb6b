"""The program, what happens around it, and what must hold: in a machine of which others draw the steps."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, ParamSpec, TypeVar

import discord
from hypothesis.stateful import RuleBasedStateMachine, invariant

from bot.domain.accounts import Flag, FlagKind
from bot.domain.incidents import Incident, ServiceProblem, State, open_services
from bot.domain.messages import Delivery, Message, Purpose
from bot.domain.providers import USEAPI
from bot.notifications.retry_policy import original_key
from bot.rules.recipient import is_joinable
from bot.storage import StoreError
from tests.properties.any_order.expectations import Expectations
from tests.properties.any_order.fake_discord import FakeDiscord, SentMessage, written
from tests.properties.any_order.others import ALWAYS, AUDIENCES, CARA, Others
from tests.properties.any_order.process import SECOND, Process, names_of
from tests.properties.any_order.truth import HOUR, MINUTE, Case, Shown, Truth
from tests.properties.any_order.unwritten import Unwritten

T = TypeVar("T")
P = ParamSpec("P")
ANNE, BEN = 1001, 1002
ENDED_STAYS: Final = 6 * HOUR
"""What is over so long is forgotten, also by a message that comes back to life."""

KINDS: Final = (FlagKind.OTHER, FlagKind.CAPTCHA, FlagKind.MODERATION, FlagKind.BLOCK)
"""The kinds that a text of Midjourney can name, from the lightest to the worst."""


class Watched(RuleBasedStateMachine):
    """Each deed is done to the program and to the model, and what comes of both is compared."""

    provider = USEAPI
    """The provider of all accounts."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.folder = TemporaryDirectory()
        self.flags: dict[str, str | None] = dict.fromkeys(names_of(self.provider))
        self.wrong: list[AssertionError] = []
        """What was wrong with a message that arrived: raised there, it would be taken for Discord's."""
        self.problem: ServiceProblem | None = None
        """The problem that polls meet while the list cannot be read."""
        self.refused_with: tuple[str | None, Flag | None] = None, None
        """What the list is refused with, and whose it is, if it says so."""
        self.owners = {ANNE, BEN}
        self.mutes: dict[str | None, datetime] = {}
        self.deaths = 0
        self.arrivals: set[str] = set()
        """The messages that arrived, by the key of the original."""
        self.arrived: dict[int, Message] = {}
        """What each message was as it arrived, by its number."""
        self.replaced: set[int] = set()
        """The messages that can be changed no more, in whose place another arrived."""
        self.left_alone: set[int | None] = set()
        """The messages to somebody who is no owner any more."""
        self.leases: dict[str, tuple[Case, Incident]] = {}
        self.truth = Truth()
        self.unwritten = Unwritten(self.truth)
        self.is_stale = False
        """Whether the database may know nothing of the last good polls."""
        self.expectations = Expectations(self.truth, self.owners, self.mutes, lambda: self.now)
        self.fake_discord = FakeDiscord(
            lambda: self.now, self.noting(self.check_new), self.noting(self.check_changed)
        )
        self.others = Others(self.rows, lambda: self.process.lives, self.owners)
        self.process = Process(
            Path(self.folder.name),
            self.fake_discord,
            self.owners,
            self.provider,
            self.noting(self.others.take),
        )
        self.loop.run(self.process.start())

    def run(self, work: Coroutine[None, None, T]) -> T:
        """Run the program; what is wrong with its messages is its errors' business only afterwards."""
        self.truth.remembered = self.process.watch_state.incidents.keys()
        result, deaths = self.loop.run(work), self.process.deaths
        if deaths != self.deaths:
            self.deaths = deaths
            self.resume()
        if self.wrong:
            raise self.wrong[0]
        return result

    @property
    def channels(self) -> list[str]:
        """The references to all accounts."""
        return sorted(self.flags)

    @property
    def now(self) -> datetime:
        return self.process.clock.now()

    @property
    def service(self) -> Incident | None:
        return open_services(self.process.watch_state.incidents.values()).get(self.provider)

    # What arrives

    def noting(self, check: Callable[P, None]) -> Callable[P, None]:
        def checked(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                check(*args, **kwargs)
            except AssertionError as error:
                self.wrong.append(error)

        return checked

    def rows(self) -> Collection[Message]:
        """Return the outbox as memory holds it."""
        return self.process.watch_state.messages.values()

    def row(self, message: SentMessage) -> Message:
        (row,) = (each for each in self.rows() if each.nonce == message.nonce)
        return row

    def check_new(self, message: SentMessage) -> None:
        row = self.row(message)
        twins = [each for each in self.fake_discord.created if each.nonce == message.nonce]
        assert len({each.channel_id for each in twins}) == len(twins), "the same message twice by one route"
        self.names_all(row, message)
        self.arrived[len(self.fake_discord.created)] = row
        if row.recipient == CARA:
            if not message.silent and original_key(row) not in self.arrivals and not self.is_anew(row):
                self.others.wake_second(row, self.truth.cases)
            self.arrivals.add(original_key(row))
        elif original_key(row) in self.arrivals or self.is_anew(row):
            # By the other route, as nobody knew whether it had arrived; or as the first is stuck.
            self.expectations.show(row.recipient, (entry.incident for entry in row.entries))
        else:
            self.arrivals.add(original_key(row))
            is_first = row.claimed_at == self.now
            could_join = is_first and self.could_join(row)
            self.expectations.arrive(row, is_first=is_first, silent=message.silent, could_join=could_join)

    def could_join(self, row: Message) -> bool:
        """Whether another message stands, as far as the program knows, that an incident could join."""
        watch_state = self.process.watch_state
        return any(
            is_joinable(each, watch_state.incidents)
            for each in watch_state.messages.values()
            if each.recipient == row.recipient and each.key != row.key
        )

    def is_anew(self, row: Message) -> bool:
        """Whether a message takes the place of one that can be changed no more, of which each has one."""
        if row.notify or row.purpose not in (Purpose.ALERT, Purpose.SERVICE):
            return False
        for number in sorted(self.fake_discord.archived - self.replaced):
            old = self.arrived.get(number)
            if (
                old
                and (old.recipient, old.created_at) == (row.recipient, row.created_at)
                and old.key != row.key
            ):
                self.replaced.add(number)
                return True
        return False

    def check_changed(self, message: SentMessage) -> None:
        row = self.row(message)
        self.names_all(row, message)
        if row.recipient != CARA:
            self.expectations.show(row.recipient, (entry.incident for entry in row.entries))

    def names_all(self, row: Message, message: SentMessage) -> None:
        words = written(message.content)
        for case in self.truth.cases:
            is_known = case.ended is None or self.now - case.ended < ENDED_STAYS
            if row.holds(case.key) and is_known:
                assert self.process.names[case.channel] in words, "a message that does not name its account"

    # What is to be seen

    def poll(self) -> None:
        if self.problem is None:
            self.read_list(self.flags)
        else:
            self.fail(self.problem)

    def read_list(self, shown: Shown) -> None:
        taken, beats = self.process.taken, self.process.beats.count
        taken.clear()
        believed = self.run(self.process.poll(shown))
        is_taken = bool(taken) and taken[-1].channel is None
        self.unwritten.take(taken, self.now)
        assert is_taken or self.process.refuses, "a poll that was lost"
        may_beat = is_taken and believed and self.owners
        assert may_beat or self.process.beats.count == beats, "all is well, though it is not"
        assert self.unwritten.read_list(shown, self.now, is_taken=is_taken) is believed
        self.is_stale = self.process.refuses
        assert (self.service is not None) is self.truth.has_problem
        self.compare()

    @property
    def only_channel(self) -> str | None:
        listed = list(self.process.poller.cache.listed_by(self.provider))
        return listed[0] if len(listed) == 1 else None

    def fail(self, problem: ServiceProblem) -> None:
        self.truth.pass_time(self.now)
        channel, flag = self.refused_with if problem is ServiceProblem.PENDING else (None, None)
        if flag is not None:
            channel = channel or self.only_channel
            channel = channel if channel in self.process.poller.cache.by_reference else None
        taken, beats = self.process.taken, self.process.beats.count
        taken.clear()
        self.run(self.process.fail_poll(problem, channel, flag))
        self.unwritten.take(taken, self.now)
        assert self.process.beats.count == beats, "all is well, though nothing can be seen"
        if taken and taken[-1].is_failure:
            of_nobody = flag.text if flag is not None and channel is None else None
            may_pass = problem is ServiceProblem.UNREACHABLE or channel is not None
            is_pending = problem is ServiceProblem.PENDING
            self.truth.fail(self.now, is_refused=is_pending, may_pass=may_pass, text=of_nobody)
        else:
            assert self.process.refuses, "a poll that was lost"
        is_shown = self.service is not None
        assert not is_shown or self.truth.may_show(self.now), "a short service problem is shown"
        assert is_shown or not self.truth.must_show(), "a service problem is not shown"
        self.truth.has_problem = is_shown
        self.compare()

    @contextmanager
    def nobody_known(self) -> Generator[None]:
        """Know no owner for a while in which the process lives on; who they are is learned afterwards."""
        owners = set(self.owners)
        self.owners.clear()
        self.process.dies_at = None
        yield
        self.owners |= owners
        self.run(self.process.incident_service.tick())
        self.compare()

    @contextmanager
    def unless_refused(self) -> Generator[None]:
        """Do what a person asks for; nothing has changed if it cannot be written down."""
        try:
            yield
        except StoreError:
            assert self.process.refuses

    def compare(self) -> None:
        """Name the cases as the program does, and see to what is owed."""
        for incident in self.process.watch_state.incidents.values():
            if incident.reference is not None and not incident.ended:
                case = self.truth.open_case(incident.reference)
                assert case is not None, "an incident where there is none"
                assert case.key in ("", incident.key), "another incident for the same flag"
                assert case.key or incident.key not in {each.key for each in self.truth.cases}
                case.key = incident.key
            if incident.problem is not None and incident.key not in self.expectations.service.known:
                self.expectations.service.go_on(incident, 0)
        if self.service is not None:
            self.expectations.service.go_on(self.service, self.truth.heavier)
        self.expectations.take_news()

    def pass_time(self, length: timedelta, every: timedelta = MINUTE) -> None:
        end = self.now + length
        while self.now < end:
            self.run(self.process.wait_until(min(self.now + every, end)))
            self.truth.pass_time(self.now)
            self.poll()
        self.run(self.process.work())

    def resume(self) -> None:
        """Take over what is known of the last good poll, which is written down to the minute."""
        self.truth.failures = 0
        self.leases.clear()  # nobody is left to say what became of a reset
        self.unwritten.forget()
        known = self.process.watch_state.poll_states[self.provider].last_good
        assert (known is None) is (self.truth.last_good is None)
        if known is not None and self.truth.last_good is not None:
            assert timedelta() <= self.truth.last_good - known
            assert self.is_stale or self.truth.last_good - known <= MINUTE
        self.is_stale = False
        if known is not None:
            self.truth.last_good = known
        self.truth.counted = self.process.watch_state.poll_states[self.provider].counted_at
        self.truth.pass_time(self.now)

    # What holds at any time

    @invariant()
    def incidents_are_what_is_true(self) -> None:
        watch_state = self.process.watch_state
        found = {
            each.reference: each
            for each in watch_state.incidents.values()
            if each.reference and not each.ended
        }
        assert found.keys() == {case.channel for case in self.truth.open_cases()}
        if self.service is not None:
            worst = self.service.worst_kind
            assert self.truth.heaviest == (None if worst is None else KINDS.index(worst))
        for case in self.truth.open_cases():
            incident = found[case.channel]
            assert incident.worst_kind is KINDS[case.worst]
            assert incident.recurring is case.is_recurring
            assert incident.opened_at == case.born, "not the time at which it was seen first"
            # One that is over is given up by the next tick.
            if case.lease_ends is not None and self.now < case.lease_ends:
                assert incident.state is State.RESETTING
        for case in self.truth.cases:
            known = watch_state.incidents.get(case.key)
            assert known is None or known.ended is (case.end is not None)

    @invariant()
    def one_message_about_open_incidents_stands(self) -> None:
        """Except for an incident that came back to an older one: the push about it takes all over."""
        open_keys = {case.key for case in self.truth.open_cases()}
        waiting = {push.owner for push in self.expectations.open}
        standing = Counter(
            message.recipient
            for message in self.process.watch_state.messages.values()
            if message.delivery is Delivery.SENT
            and message.purpose is Purpose.ALERT
            and message.recipient not in (*waiting, *AUDIENCES)
            and any(entry.incident in open_keys for entry in message.entries)
        )
        assert max(standing.values(), default=1) == 1

    @invariant()
    def a_second_passes(self) -> None:
        self.process.clock.advance(SECOND)

    # What holds in the end

    def teardown(self) -> None:
        try:
            if not self.wrong:
                self.come_to_rest()
                self.expectations.check()
                self.remind()
                self.expectations.service.check(self.service, self.expectations.seen)
                self.each_message_is_known()
                self.incidents_are_what_is_true()
        finally:
            self.loop.run(self.process.end())
            self.loop.close()
            self.folder.cleanup()

    def come_to_rest(self) -> None:
        """Let everything work again for a while, but that a list may go on being refused."""
        self.fake_discord.is_down = False
        self.process.down.clear()
        self.run(self.process.let_write(may=True))
        self.problem = self.problem if self.problem is ServiceProblem.PENDING else None
        self.fake_discord.refusals.clear()
        self.process.dies_at = None
        for channel in self.mutes:
            self.mutes[channel] = min(self.mutes[channel], self.now)
            self.run(self.process.incident_service.mute(channel, ANNE, self.now))
        self.pass_time(40 * MINUTE, every=4 * MINUTE)
        assert self.problem is not None or not self.process.loops.problems(), "not well, though all is"

    def remind(self) -> None:
        """Let a day pass: what nobody sees to is sent again, and nothing else."""
        self.pass_time(26 * HOUR, every=2 * HOUR)
        for case in self.truth.open_cases():
            for owner in self.owners:
                last = self.expectations.reminded.get((owner, case.key))
                is_reminded = last is not None and self.now - last <= 25 * HOUR
                assert is_reminded or case.is_quiet(self.now), (owner, last, case)
            for each in (CARA, ALWAYS):
                assert (each, case.key) in self.others.shown or case.is_quiet(self.now), (each, case)

    def each_message_is_known(self) -> None:
        """The messages in Discord are those of the state, and show what is true."""
        rows = {each.message_id: each for each in self.process.watch_state.messages.values()}
        for number, message in self.fake_discord.messages.items():
            row = rows.get(number)
            if row is None or (number in self.left_alone and row.delivery is Delivery.DONE):
                continue
            if row.is_stuck and number in self.fake_discord.archived:
                continue
            assert row.nonce == message.nonce
            assert row.delivery in (Delivery.SENT, Delivery.DONE)
            shown = [case for case in self.truth.cases if row.holds(case.key)]
            if shown and all(case.end is not None for case in shown):
                for embed in message.content.embeds:
                    assert embed.colour in (discord.Colour.green(), discord.Colour.light_grey())
