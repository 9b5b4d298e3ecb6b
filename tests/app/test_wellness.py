"""The watch reports itself well only while it sees, remembers and sends."""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.errors import ErrorCode
from bot.domain.incidents import Ending, RemedyVerdict, ServiceProblem
from bot.domain.messages import Delivery, Purpose, Route
from bot.domain.watch_status import PollStatus, WatchStatus
from bot.domain.wellness import OVERDUE_AFTER, ProblemKind, WatchProblem
from bot.incidents.languages import Languages
from bot.loops import CLOCK, FORGETTING, NOTICE, OUTBOX, POLLING, WatchLoops
from bot.notifications.apprise_transport import Address, AppriseTransport
from bot.notifications.memory_notice import MemoryNotice
from bot.notifications.transport import DeliveryError, FailureKind, MessageRef, Transports
from bot.polling.heartbeat import Heartbeat
from bot.render.message_content import MessageContent
from bot.render.presence import presence_text
from bot.render.status_page import status
from bot.storage import StoreError
from tests.simulators.useapi import MODERATION, Fault, SimulatedUseapi
from tests.support.assembly import Assembly, NoTransport
from tests.support.clock import AT, HOUR, MINUTE, Clock
from tests.support.database import locked
from tests.support.leases import give_verdict, take_lease
from tests.support.samples import ADA, BEA
from tests.support.waiting import until

LOOPS = 5
SECOND = timedelta(seconds=1)
FULL = StoreError(ErrorCode.DATABASE_FULL, path=Path("midwatch.sqlite3"))
Refusing = Callable[[Assembly, Path], AbstractAsyncContextManager[None]]


class Beats(Heartbeat):
    """Counts the calls to the monitoring service."""

    def __init__(self, watch: Assembly) -> None:
        super().__init__(watch.session, None)
        self.count = 0

    async def beat(self) -> None:
        self.count += 1


class RecordingTransport(NoTransport):
    """A Discord that accepts everything, unless a test sets an error."""

    ready = True

    def __init__(self) -> None:
        self.shown: dict[MessageRef, str] = {}
        self.times_sent = 0
        self.refused: dict[Route, FailureKind] = {}
        self.unchangeable: FailureKind | None = None
        self.unchangeable_in = {ADA, BEA, 7}
        self.hanging: set[int] = set()
        """Who cannot be reached for as long as the test lasts."""
        self.nonces: list[str] = []

    def has(self, route: Route) -> bool:  # noqa: ARG002 - the protocol's
        return True

    async def open(self, recipient: int, route: Route) -> int:
        if (obstacle := self.refused.get(route)) is not None:
            raise DeliveryError(obstacle, "refused")
        if recipient in self.hanging and route is Route.DM:
            await asyncio.Event().wait()
        return recipient if route is Route.DM else 7

    async def send(
        self,
        channel_id: int,
        content: MessageContent,
        *,
        nonce: str,
        silent: bool,  # noqa: ARG002 - the protocol's
    ) -> MessageRef:
        self.times_sent += 1
        self.nonces.append(nonce)
        place = MessageRef(channel_id, self.times_sent)
        self.shown[place] = content.content
        return place

    async def edit(self, place: MessageRef, content: MessageContent) -> None:
        if self.unchangeable is not None and place.channel_id in self.unchangeable_in:
            raise DeliveryError(self.unchangeable, "refused")
        self.shown[place] = content.content

    async def find(self, channel_id: int, key: str, since: object) -> MessageRef | None:  # noqa: ARG002 - the protocol's
        return None

    def saying(self, words: str) -> list[MessageRef]:
        """Return where a message says this."""
        return [place for place, content in self.shown.items() if words in content]


@pytest.fixture
async def watch(api: SimulatedUseapi, database: Path) -> AsyncIterator[Assembly]:
    async with Assembly(database, Clock(), (ADA, BEA), api=api) as watched:
        yield watched


def kinds(loops: WatchLoops) -> list[ProblemKind]:
    return [each.kind for each in loops.problems()]


# What is wrong


async def test_a_message_is_overdue_only_after_five_minutes(
    watch: Assembly, monkeypatch: pytest.MonkeyPatch
) -> None:
    loops = watch.make_loops()
    await loops.poll(watch.poller)
    now = watch.clock.now()
    monkeypatch.setattr(loops.outbox, "overdue_since", lambda: now - OVERDUE_AFTER)
    assert loops.problems() == ()
    monkeypatch.setattr(loops.outbox, "overdue_since", lambda: now - OVERDUE_AFTER - SECOND)
    assert loops.problems() == (WatchProblem(ProblemKind.DELIVERY, now - OVERDUE_AFTER - SECOND),)


@pytest.mark.parametrize("kind", ProblemKind)
def test_each_problem_shows_in_the_bots_own_status_and_keeps_the_tick_out_of_mjstatus(
    kind: ProblemKind,
) -> None:
    assert "all ready" not in presence_text(3, [], problems=[WatchProblem(kind)])
    calm = WatchStatus(now=AT, accounts={}, polls=[PollStatus(last_success=AT)])
    assert "✅ **" in "\n".join(status(calm))
    assert "✅ **" not in "\n".join(status(replace(calm, problems=[WatchProblem(kind)])))


@pytest.mark.parametrize(
    "kind", [ProblemKind.MEMORY, ProblemKind.OWNERS, ProblemKind.LOOP, ProblemKind.DELIVERY]
)
def test_mjstatus_opens_with_what_keeps_alerts_from_people(kind: ProblemKind) -> None:
    first = status(WatchStatus(now=AT, accounts={}, problems=[WatchProblem(kind, AT, "the detail", FULL)]))[0]
    assert not first.startswith("## Midwatch")
    if kind is ProblemKind.LOOP:
        assert "the detail" in first
    if kind is ProblemKind.MEMORY:
        assert "There is no room left for the database midwatch.sqlite3" in first


# Memory


@asynccontextmanager
async def held(_watch: Assembly, database: Path) -> AsyncGenerator[None]:
    lock: AbstractContextManager[None] = locked(database)
    with lock:
        yield


def refusing(before: str, after: str) -> Refusing:
    """Return how a database refuses to be written between two statements."""

    @asynccontextmanager
    async def refused(watch: Assembly, _database: Path) -> AsyncGenerator[None]:
        writer = watch.store._database.writer  # pyright: ignore[reportPrivateUsage] - a test may look inside
        await writer.execute(before)
        yield
        await writer.execute(after)

    return refused


REFUSALS = {
    "held": held,
    "read-only": refusing("PRAGMA query_only = 1", "PRAGMA query_only = 0"),
}


async def minutes(loops: WatchLoops, clock: Clock, number: int) -> None:
    """Let minutes pass, with a poll in each."""
    (poller,) = loops.pollers
    for _ in range(number):
        await until(lambda: clock.sleeping == LOOPS and poller.next_poll is not None)
        before = poller.next_poll
        clock.advance(MINUTE)
        await until(lambda past=before: poller.next_poll not in (None, past))
    await until(lambda: clock.sleeping == LOOPS)


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_row_42_a_database_that_cannot_be_written_is_reported_without_it_and_the_alert_comes_later(
    api: SimulatedUseapi, watch: Assembly, database: Path, refusal: str, caplog: pytest.LogCaptureFixture
) -> None:
    account, post, beats, clock = api.add(), RecordingTransport(), Beats(watch), watch.clock
    loops = watch.make_loops(heartbeat=beats, transport=post)
    async with loops.running():
        await minutes(loops, clock, 2)
        assert loops.problems() == ()
        good, sent = beats.count, post.times_sent
        caplog.clear()
        async with REFUSALS[refusal](watch, database):
            api.flag(account.channel, MODERATION)
            await minutes(loops, clock, 1)
            first_seen = clock.now()
            await minutes(loops, clock, 3)
            (problem,) = loops.problems()
            assert (problem.since, problem.error) == (first_seen, watch.store.failure)
            # It counts as a failed poll for all who ask how the watch is; the account is shown as flagged.
            assert (beats.count, watch.poller.failed_polls, ProblemKind.MEMORY in kinds(loops)) == (
                good,
                4,
                True,
            )
            assert watch.poller.cache.by_reference[account.channel].account.flag is not None
            assert post.times_sent == sent
            await minutes(loops, clock, 6)
            # Each owner by each route, once.
            notices = post.saying("cannot write down what I see")
            assert sorted(place.channel_id for place in notices) == [7, 7, ADA, BEA]
            assert post.times_sent == sent + 4
        await minutes(loops, clock, 2)
        await until(lambda: len(post.saying("needs you")) == 2)
        assert post.saying("I can write down what I see again") == notices
        assert (loops.problems(), watch.poller.failed_polls) == ((), 0)
        assert beats.count > good
        (incident,) = watch.watch_state.incidents.values()
        assert incident.opened_at == first_seen
        await minutes(loops, clock, 3)
        assert post.times_sent == sent + 6
    ours = [record for record in caplog.records if record.name.startswith("bot.")]
    levels = [record.levelno for record in ours if record.name != "bot.incidents.change_log"]
    assert levels == [logging.ERROR, logging.INFO]


async def test_a_database_that_is_locked_for_a_moment_is_reported_to_nobody(
    api: SimulatedUseapi, watch: Assembly, database: Path
) -> None:
    api.add()
    post = RecordingTransport()
    loops = watch.make_loops(transport=post)
    async with loops.running():
        await minutes(loops, watch.clock, 2)
        sent = post.times_sent
        async with held(watch, database):
            await minutes(loops, watch.clock, 4)
        await minutes(loops, watch.clock, 4)
        assert post.times_sent == sent


@pytest.mark.parametrize(("obstacle", "notices"), [(FailureKind.WAIT, 4), (FailureKind.CLOSED, 2)])
async def test_a_route_that_fails_for_now_takes_the_notice_later_and_one_that_is_closed_never(
    api: SimulatedUseapi, watch: Assembly, database: Path, obstacle: FailureKind, notices: int
) -> None:
    api.add()
    post = RecordingTransport()
    loops = watch.make_loops(transport=post)
    async with loops.running():
        await minutes(loops, watch.clock, 2)
        async with held(watch, database):
            post.refused = {Route.DM: obstacle}
            await minutes(loops, watch.clock, 8)
            assert len(post.saying("cannot write down")) == 2
            post.refused = {}
            await minutes(loops, watch.clock, 3)
            assert len(post.saying("cannot write down")) == notices


async def test_the_end_is_said_once_discord_can_be_reached_again(
    api: SimulatedUseapi, watch: Assembly, database: Path
) -> None:
    api.add()
    post = RecordingTransport()
    loops = watch.make_loops(transport=post)
    async with loops.running():
        await minutes(loops, watch.clock, 2)
        async with held(watch, database):
            await minutes(loops, watch.clock, 8)
        post.unchangeable = FailureKind.WAIT
        over = watch.clock.now()
        await minutes(loops, watch.clock, 5)
        assert len(post.saying("cannot write down")) == 4
        post.unchangeable = None
        await minutes(loops, watch.clock, 2)
        ended = post.saying("can write down what I see again")
        assert len(ended) == 4
        (until,) = re.findall(r"- <t:([0-9]+):t>", post.shown[ended[0]])
        assert int(until) <= (over + 2 * MINUTE).timestamp()  # not the time at which Discord was back


async def test_row_42_the_notice_waits_for_no_owner_who_cannot_be_reached() -> None:
    post = RecordingTransport()
    post.hanging = {ADA}
    showing = asyncio.create_task(MemoryNotice(Transports(post), lambda: {ADA, BEA}).show(AT))
    await until(lambda: post.times_sent == 3)
    showing.cancel()
    assert sorted(place.channel_id for place in post.shown) == [7, 7, BEA]


async def test_row_42_each_owner_reads_the_notice_and_its_end_in_their_language() -> None:
    post, languages = RecordingTransport(), Languages(shared="fr")
    languages.learn(ADA, "de")
    notice = MemoryNotice(Transports(post), lambda: {ADA, BEA}, languages=languages)
    await notice.show(AT)
    shown = {place.channel_id: text for place, text in post.shown.items()}
    assert "Datenbank" in shown[ADA]
    assert "base de données" in shown[BEA]
    assert "base de données" in shown[7]
    await notice.end(AT + MINUTE)
    ended = {place.channel_id: text for place, text in post.shown.items()}
    assert "wieder" in ended[ADA]
    assert "de nouveau" in ended[BEA]


async def test_row_42_what_cannot_be_written_again_is_reported_anew_where_its_end_was_shown() -> None:
    post = RecordingTransport()
    notice = MemoryNotice(Transports(post), lambda: {ADA})
    await notice.show(AT)
    post.unchangeable, post.unchangeable_in = FailureKind.WAIT, {7}
    await notice.end(AT + MINUTE)
    await notice.show(AT + 2 * MINUTE)
    assert len(post.nonces) == len(set(post.nonces)) == 3


async def test_row_42_a_notice_reaches_each_address_though_another_one_is_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post, taken, down = RecordingTransport(), list[str](), {-2}
    post.refused = dict.fromkeys((Route.DM, Route.CHANNEL), FailureKind.WAIT)

    def has(route: Route) -> bool:
        return route is not Route.ADDRESS

    monkeypatch.setattr(post, "has", has)

    def address(number: int) -> Address:
        return Address(
            number, str(number), lambda _title, _text: number not in down and not taken.append(str(number))
        )

    outside = AppriseTransport(map(address, (-1, -2)))
    notice = MemoryNotice(Transports(post, outside), lambda: {ADA}, (-1, -2))
    for _ in range(3):
        await notice.show(AT)
    down.clear()
    for _ in range(2):
        await notice.show(AT)
    assert taken == ["-1", "-2"]
    await notice.end(AT + MINUTE)
    assert sorted(taken[2:]) == ["-1", "-2"]


async def test_a_notice_that_its_owner_deleted_is_done_with(
    api: SimulatedUseapi, watch: Assembly, database: Path
) -> None:
    api.add()
    post = RecordingTransport()
    loops = watch.make_loops(transport=post)
    async with loops.running():
        await minutes(loops, watch.clock, 2)
        for _ in range(2):
            async with held(watch, database):
                await minutes(loops, watch.clock, 8)
            post.unchangeable = FailureKind.GONE
            await minutes(loops, watch.clock, 3)
        assert len(post.saying("cannot write down")) == 8


@pytest.mark.parametrize("comes_back", [False, True], ids=["gone", "back"])
async def test_row_42_a_flag_that_went_while_nothing_could_be_written_is_reported_with_its_time(
    api: SimulatedUseapi, watch: Assembly, database: Path, *, comes_back: bool
) -> None:
    account = api.add()
    await watch.poller.poll()
    seen = watch.clock.now()
    async with held(watch, database):
        api.flag(account.channel, MODERATION)
        await watch.poller.poll()
        watch.clock.advance(MINUTE)
        api.clear(account.channel)
        await watch.poller.poll()
        watch.clock.advance(MINUTE)
    if comes_back:
        api.flag(account.channel, MODERATION)
    await watch.poller.poll()
    incident = watch.incident(account.channel)
    assert (incident.opened_at, incident.clear_since is None) == (seen, comes_back)
    assert [
        entry.incident for message in watch.watch_state.messages.values() for entry in message.entries
    ] == [incident.key] * 2  # one message to each owner


async def test_row_42_a_flag_that_was_seen_again_only_while_nothing_could_be_written_keeps_its_incident_open(
    api: SimulatedUseapi, watch: Assembly, database: Path
) -> None:
    account = api.add()
    api.flag(account.channel, MODERATION)
    await watch.poller.poll()
    api.clear(account.channel)
    watch.clock.advance(MINUTE)
    await watch.poller.poll()
    watch.clock.advance(HOUR)
    async with held(watch, database):
        api.flag(account.channel, MODERATION)
        await watch.poller.poll()
    api.clear(account.channel)
    await watch.poller.poll()
    incident = watch.incident(account.channel)
    assert (incident.ended, incident.clear_since) == (False, watch.clock.now())


async def test_row_42_what_could_not_be_written_before_a_reset_brings_nothing_back_after_it(
    api: SimulatedUseapi, watch: Assembly, database: Path
) -> None:
    account = api.add()
    api.flag(account.channel, MODERATION)
    await watch.poller.poll()
    async with held(watch, database):
        api.flag(account.channel, "Something else is pending.")
        await watch.poller.poll()
    lease = await take_lease(watch.incident_service, watch.incident(account.channel).key, ADA)
    assert lease is not None
    await give_verdict(watch.incident_service, lease, RemedyVerdict.BACK, None)
    api.clear(account.channel)
    await watch.poller.poll()
    assert [(each.ended, each.ending) for each in watch.watch_state.incidents.values()] == [
        (True, Ending.RESET)
    ]


async def test_a_failed_transaction_is_forgotten_by_the_next_good_one(
    watch: Assembly, database: Path
) -> None:
    assert watch.store.failure is None
    async with held(watch, database):
        with pytest.raises(StoreError):
            await watch.store.set_meta("one", "two")
        assert watch.store.failure is not None
    await watch.store.set_meta("one", "two")
    assert watch.store.failure is None


# Owners


async def test_row_43_without_an_owner_the_watch_is_not_well_and_alerts_are_sent_once_one_is_known(
    api: SimulatedUseapi, database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Assembly(database, Clock(), (), api=api) as watch:
        account, post, beats = api.add(), RecordingTransport(), Beats(watch)
        loops = watch.make_loops(heartbeat=beats, transport=post)
        async with loops.running():
            await minutes(loops, watch.clock, 1)
            api.flag(account.channel, MODERATION)
            await minutes(loops, watch.clock, 3)
            assert (kinds(loops), beats.count, post.times_sent) == ([ProblemKind.OWNERS], 0, 0)
            assert [r.levelno for r in caplog.records if "no owner" in r.getMessage()] == [logging.WARNING]
            watch.owners.add(ADA)
            await watch.incident_service.tick()
            await minutes(loops, watch.clock, 1)
            assert len(post.saying("needs you")) == 1
            assert (loops.problems(), beats.count) == ((), 1)


async def test_an_absence_that_is_found_before_the_owners_are_known_is_reported_afterwards(
    api: SimulatedUseapi, database: Path
) -> None:
    clock = Clock()
    api.add()
    async with Assembly(database, clock, api=api) as watch:
        await watch.poller.poll()
    clock.advance(5 * HOUR)
    async with Assembly(database, clock, (), api=api) as watch:
        await watch.poller.poll()
        assert not watch.planned(Purpose.NOTE)
        watch.owners.add(ADA)
        await watch.incident_service.tick()
        (away,) = watch.planned(Purpose.NOTE)
        incident = watch.incident(None)
        assert (incident.problem, incident.ending) == (ServiceProblem.AWAY, Ending.RECOVERED)
        assert [entry.incident for entry in away.entries] == [incident.key]
        await watch.incident_service.tick()
        assert watch.planned(Purpose.NOTE) == [away]


# Loops


async def test_a_clock_loop_that_fails_for_ever_keeps_the_heartbeat_back(
    api: SimulatedUseapi, watch: Assembly, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.add()
    beats, post = Beats(watch), RecordingTransport()
    loops = watch.make_loops(heartbeat=beats, transport=post)

    async def broken() -> None:
        raise RuntimeError

    async with loops.running():
        await minutes(loops, watch.clock, 1)
        good = beats.count
        with monkeypatch.context() as broken_clock:
            broken_clock.setattr(watch.incident_service, "tick", broken)
            watch.watch_state.changed.fire()
            await until(lambda: bool(loops.problems()))
            await loops.poll(watch.poller)
            assert [(each.kind, each.detail) for each in loops.problems()] == [(ProblemKind.LOOP, CLOCK)]
            assert beats.count == good
        watch.clock.advance(MINUTE)
        await until(lambda: not loops.problems())


async def test_a_loop_that_has_ended_is_a_problem(api: SimulatedUseapi, watch: Assembly) -> None:
    api.add()
    loops = watch.make_loops(transport=RecordingTransport())
    async with loops.running():
        await minutes(loops, watch.clock, 1)
        assert loops.problems() == ()
    assert {each.detail for each in loops.problems()} == {POLLING, CLOCK, OUTBOX, FORGETTING, NOTICE}


async def test_a_message_that_cannot_be_worked_on_is_overdue_after_five_minutes(
    api: SimulatedUseapi, watch: Assembly
) -> None:
    api.add()

    class Broken(RecordingTransport):
        async def edit(self, place: MessageRef, content: MessageContent) -> None:  # noqa: ARG002 - the protocol's
            raise RuntimeError

    account, post = api.add(), Broken()
    loops = watch.make_loops(transport=post)
    async with loops.running():
        await minutes(loops, watch.clock, 1)
        api.flag(account.channel, MODERATION)
        await minutes(loops, watch.clock, 2)
        assert loops.problems() == ()
        api.clear(account.channel)
        await minutes(loops, watch.clock, 8)
        assert kinds(loops) == [ProblemKind.DELIVERY]


async def test_a_poll_that_fails_is_a_problem_until_the_next_good_one(
    api: SimulatedUseapi, watch: Assembly
) -> None:
    loops = watch.make_loops()
    assert kinds(loops) == [ProblemKind.SIGHT]
    await loops.poll(watch.poller)
    assert loops.problems() == ()
    api.fault(Fault.UNAUTHORIZED)
    await loops.poll(watch.poller)
    assert kinds(loops) == [ProblemKind.SIGHT]
    api.mend()
    await loops.poll(watch.poller)
    assert loops.problems() == ()


async def test_a_copy_that_waits_although_the_original_arrived_is_not_overdue(watch: Assembly) -> None:
    loops = watch.make_loops()
    await loops.poll(watch.poller)
    hello = watch.planned(Purpose.HELLO)[0]
    arrived = replace(
        hello, delivery=Delivery.DONE, channel_id=1, message_id=2, sent_at=watch.clock.now(), notify=True
    )
    copy = replace(hello, key=f"2.{hello.key}", delivery=Delivery.CLAIMED, claimed_at=watch.clock.now())
    other = replace(watch.planned(Purpose.HELLO)[1], delivery=Delivery.CANCELLED)
    async with watch.watch_state.transaction() as transaction:
        for message in (arrived, copy, other):
            transaction.put_message(message)
    watch.clock.advance(HOUR)
    await loops.poll(watch.poller)
    assert loops.problems() == ()
