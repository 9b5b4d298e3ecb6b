import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.errors import ErrorCode
from bot.domain.incidents import ServiceProblem, State
from bot.incidents.service import IncidentService
from bot.loops import WatchLoops
from bot.notifications import MemoryNotice
from bot.notifications.transport import Transports
from bot.polling.account_cache import AccountCache
from bot.polling.heartbeat import Heartbeat
from bot.polling.poller import AccountPoller
from bot.polling.pollers import AccountPollers
from bot.providers.errors import ProviderError
from bot.rules.policy import LEASE
from bot.storage import StoreError
from tests.simulators.useapi import MODERATION, Endpoint, Fault, SimulatedUseapi
from tests.support.assembly import Assembly, NoTransport
from tests.support.clock import HOUR, MINUTE, Clock
from tests.support.leases import take_lease
from tests.support.samples import ADA, CHANNEL, FLAG, OTHER
from tests.support.waiting import PATIENCE, until

LOOPS = 5
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
QUARTER = 15 * MINUTE


@pytest.fixture
async def watch(api: SimulatedUseapi, tmp_path: Path, clock: Clock) -> AsyncIterator[Assembly]:
    async with Assembly(tmp_path / "midwatch.sqlite3", clock, api=api) as watched:
        yield watched


async def resting(clock: Clock) -> None:
    """Wait till every loop sleeps."""
    await until(lambda: clock.sleeping == LOOPS)


def polls(api: SimulatedUseapi) -> int:
    return api.count(Endpoint.LIST)


# The pace


@pytest.mark.parametrize("accounts", [0, 1, 20])
async def test_the_list_is_asked_for_once_in_an_interval_however_many_accounts_there_are(
    api: SimulatedUseapi, watch: Assembly, clock: Clock, accounts: int
) -> None:
    for _ in range(accounts):
        api.flag(api.add().channel, MODERATION)
    async with watch.make_loops().running():
        for count in range(1, 5):
            await until(lambda: clock.sleeping == LOOPS and clock.sleeps_for(60))
            assert polls(api) == count
            clock.advance(MINUTE - SECOND)
            await resting(clock)
            assert polls(api) == count
            clock.advance(SECOND)
            await until(lambda past=count: polls(api) > past)
    assert {request.endpoint for request in api.requests} == {Endpoint.LIST}
    assert api.midjourney_commands == 0


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 54), (0.5, 60), (1.0, 66)])
def test_the_pace_varies_by_a_tenth_at_most(watch: Assembly, chance: float, seconds: int) -> None:
    assert watch.make_loops(chance=lambda: chance).rest(watch.poller) == timedelta(seconds=seconds)


def test_the_pace_varies_by_default(watch: Assembly, clock: Clock) -> None:
    usual = watch.make_loops()
    loops = WatchLoops(
        watch.pollers,
        watch.incident_service,
        usual.outbox,
        MemoryNotice(Transports(NoTransport()), lambda: watch.owners),
        Heartbeat(watch.session, None),
        MINUTE,
        now=clock.now,
    )
    rests = [loops.rest(watch.poller) for _ in range(100)]
    assert len(set(rests)) > 50
    assert all(timedelta(seconds=54) <= rest <= timedelta(seconds=66) for rest in rests)


Break = Callable[[SimulatedUseapi], object]


def take_all(api: SimulatedUseapi) -> None:
    api.remove(CHANNEL)
    api.remove(OTHER)


def bring_all(api: SimulatedUseapi) -> None:
    api.mend()
    for channel in (CHANNEL, OTHER):
        if channel not in api.accounts:
            api.add(channel=channel)


BREAKS: dict[ServiceProblem, Break] = {
    ServiceProblem.TOKEN: lambda api: api.fault(Fault.UNAUTHORIZED),
    ServiceProblem.UNPAID: lambda api: api.fault(Fault.UNPAID),
    ServiceProblem.GONE: lambda api: api.fault(Fault.GONE),
    ServiceProblem.LIST_GONE: take_all,
}


@pytest.mark.parametrize("problem", BREAKS)
async def test_where_only_a_person_can_help_the_pace_is_slow_till_a_good_poll_of_anybody(
    api: SimulatedUseapi, watch: Assembly, clock: Clock, problem: ServiceProblem
) -> None:
    bring_all(api)
    await watch.poller.poll()
    BREAKS[problem](api)
    loops = watch.make_loops()
    async with loops.running():
        await resting(clock)
        if problem is ServiceProblem.LIST_GONE:  # once may be an accident
            clock.advance(MINUTE)
            await until(lambda: polls(api) == 3)
            await resting(clock)
        assert watch.incident(None).problem is problem
        assert (loops.rest(watch.poller), watch.poller.next_poll) == (
            QUARTER,
            clock.now() + QUARTER,
        )
        before = polls(api)
        clock.advance(QUARTER - SECOND)
        await resting(clock)
        assert polls(api) == before
        clock.advance(SECOND)
        await until(lambda: polls(api) > before)
        await resting(clock)

        bring_all(api)
        await watch.poller.poll()  # as a command does
        await until(lambda: watch.poller.next_poll == clock.now() + MINUTE)
        await resting(clock)
        before = polls(api)
        clock.advance(MINUTE)
        await until(lambda: polls(api) > before)


async def test_a_list_that_still_shows_some_accounts_is_watched_at_the_usual_pace(
    api: SimulatedUseapi, watch: Assembly, clock: Clock
) -> None:
    for _ in range(5):
        api.add()
    await watch.poller.poll()
    api.fault(Fault.PARTIAL_LIST)
    loops = watch.make_loops()
    await loops.poll(watch.poller)
    clock.advance(MINUTE)
    await loops.poll(watch.poller)
    assert watch.incident(None).problem is ServiceProblem.LIST_GONE
    assert loops.rest(watch.poller) == MINUTE


async def test_an_interval_that_is_longer_than_the_slow_pace_stays(
    api: SimulatedUseapi, watch: Assembly
) -> None:
    api.fault(Fault.UNAUTHORIZED)
    loops = watch.make_loops(interval=HOUR)
    await loops.poll(watch.poller)
    assert loops.rest(watch.poller) == HOUR


async def test_a_good_poll_of_its_own_after_a_failure_is_not_followed_by_another_at_once(
    api: SimulatedUseapi, watch: Assembly, clock: Clock
) -> None:
    api.fault(Fault.REDIRECT, times=1)
    loops = watch.make_loops()
    async with loops.running():
        for count in range(1, 4):
            await until(
                lambda now=count: watch.poller.next_poll == clock.now() + MINUTE and polls(api) >= now
            )
            await resting(clock)
            clock.advance(MINUTE - SECOND)
            await resting(clock)
            assert polls(api) == count
            clock.advance(SECOND)


async def test_an_api_out_of_reach_is_asked_at_the_usual_pace(
    api: SimulatedUseapi, watch: Assembly, clock: Clock
) -> None:
    api.fault(Fault.REDIRECT)
    loops = watch.make_loops()
    async with loops.running():
        for count in range(1, 11):
            await until(lambda now=count: polls(api) == now)
            await resting(clock)
            clock.advance(MINUTE)
        assert watch.incident(None).problem is ServiceProblem.UNREACHABLE


@pytest.mark.parametrize(
    ("asked", "rest"),
    [
        pytest.param(None, 60, id="nothing-named"),
        pytest.param(30, 60, id="less-than-the-pace"),
        pytest.param(90, 90, id="more"),
        pytest.param(3_600, 120, id="much-more"),
    ],
)
async def test_the_api_may_ask_for_a_longer_pause_but_for_no_more_than_twice_the_pace(
    api: SimulatedUseapi, watch: Assembly, asked: int | None, rest: int
) -> None:
    api.retry_after = asked or 0
    api.fault(Fault.RATE_LIMITED if asked is None else Fault.RATE_LIMITED_RETRY_AFTER)
    loops = watch.make_loops()
    await loops.poll(watch.poller)
    assert loops.rest(watch.poller) == timedelta(seconds=rest)
    api.mend()
    await loops.poll(watch.poller)
    assert loops.rest(watch.poller) == MINUTE


# Nothing but the stop ends it

ERRORS = [
    pytest.param(ValueError("odd"), id="a-bug"),
    pytest.param(ConnectionResetError(), id="the-network"),
    pytest.param(TimeoutError(), id="a-time-limit"),
    pytest.param(sqlite3.OperationalError("locked"), id="the-database"),
    pytest.param(StoreError(ErrorCode.DATABASE_LOCKED), id="the-store"),
    pytest.param(StopAsyncIteration(), id="an-iterator-s-end"),
    pytest.param(asyncio.CancelledError(), id="something-it-waited-for-was-cancelled"),
]


class FailingMonitor(AccountPoller):
    """A monitor whose first poll fails as never before."""

    error: BaseException | None = None

    async def poll(self) -> None:
        if (error := self.error) is not None:
            self.error = None
            raise error
        await super().poll()


class FailingIncidentService(IncidentService):
    """An incident service whose first tick fails with an unforeseen error."""

    error: BaseException | None = None

    async def tick(self) -> None:
        if (error := self.error) is not None:
            self.error = None
            raise error
        await super().tick()


async def test_a_poll_that_the_stop_ends_says_nothing_about_the_watch(
    api: SimulatedUseapi, watch: Assembly, caplog: pytest.LogCaptureFixture
) -> None:
    watch.owners.clear()
    api.fault(Fault.HANG)
    loops = watch.make_loops()
    async with loops.running():
        await until(lambda: polls(api) == 1)
    assert watch.poller.failed_polls == 0
    assert "no owner is known" not in caplog.text


@pytest.mark.parametrize("error", ERRORS)
async def test_no_error_ends_the_polls(
    api: SimulatedUseapi, watch: Assembly, clock: Clock, error: BaseException
) -> None:
    failing = FailingMonitor(watch.useapi, watch.store, AccountCache(), watch.incident_service)
    failing.error = error
    watch.pollers = AccountPollers([failing], watch.store, failing.cache, watch.incident_service)
    loops = watch.make_loops()
    async with loops.running():
        await until(lambda: watch.poller.failed_polls == 1)
        await until(lambda: loops.health_of(watch.poller).failures_in_a_row == 1)
        await resting(clock)
        clock.advance(SECOND)
        await until(lambda: polls(api) == 1)
        await resting(clock)
        assert watch.poller.failed_polls == 0
        clock.advance(MINUTE)
        await until(lambda: polls(api) == 2)
        assert loops.health_of(watch.poller).failures_in_a_row == 0
    await failing.close()


async def test_after_an_error_it_says_when_it_polls_again(watch: Assembly, clock: Clock) -> None:
    failing = FailingMonitor(watch.useapi, watch.store, AccountCache(), watch.incident_service)
    failing.error = ValueError("odd")
    watch.pollers = AccountPollers([failing], watch.store, failing.cache, watch.incident_service)
    loops = watch.make_loops()
    async with loops.running():
        await until(lambda: loops.health_of(watch.poller).failures_in_a_row == 1)
        assert watch.poller.next_poll is not None
        assert SECOND / 2 <= watch.poller.next_poll - clock.now() <= SECOND  # its pause is half by chance
    await failing.close()


async def test_no_error_ends_the_minding_of_the_clock(watch: Assembly, clock: Clock) -> None:
    greeted = await watch.store.watch.greeted()
    failing = FailingIncidentService(watch.watch_state, watch.planner, greeted, monotonic=clock.monotonic)
    failing.error = ValueError("odd")
    await watch.flag()
    await take_lease(watch.incident_service, watch.incident().key, ADA)
    watch.incident_service = failing
    async with watch.make_loops(interval=DAY).running():
        await until(lambda: failing.error is None)
        await resting(clock)
        clock.advance(SECOND)
        await until(lambda: clock.sleeps_for((LEASE - SECOND).total_seconds()))
        clock.advance(LEASE)
        await until(lambda: watch.incident().state is State.OPEN)


@pytest.mark.parametrize(
    "fault",
    [
        Fault.UNAUTHORIZED,
        Fault.REDIRECT,
        Fault.CHALLENGE,
        Fault.EDGE_LIMIT,
        Fault.HALF_JSON,
        Fault.QUOTA,
        Fault.UNPROCESSABLE,
        Fault.CODE_596_UNNAMED,
    ],
)
async def test_whatever_the_api_says_is_counted_till_the_next_good_poll(
    api: SimulatedUseapi, watch: Assembly, fault: Fault
) -> None:
    api.add()
    api.fault(fault)
    loops = watch.make_loops()
    for count in range(1, 4):
        await loops.poll(watch.poller)
        assert watch.poller.failed_polls == count
    with pytest.raises(ProviderError):
        await watch.poller.poll()
    assert watch.poller.failed_polls == 3
    api.mend()
    await loops.poll(watch.poller)
    assert watch.poller.failed_polls == 0


def ours() -> set[asyncio.Task[object]]:
    """Return all tasks but those of the simulated API."""
    return {task for task in asyncio.all_tasks() if "RequestHandler" not in repr(task.get_coro())}


@pytest.mark.parametrize("fault", [None, Fault.HANG], ids=["between-polls", "in-the-middle-of-one"])
async def test_the_stop_ends_everything(
    api: SimulatedUseapi, watch: Assembly, clock: Clock, fault: Fault | None
) -> None:
    if fault is not None:
        api.fault(fault)
    before = ours()
    async with asyncio.timeout(PATIENCE):
        async with watch.make_loops().running():
            await until(lambda: polls(api) == 1)
            if fault is None:
                await resting(clock)
        await watch.poller.close()
    assert ours() == before
    assert clock.sleeping == 0


# What it says of itself, and the clock


async def test_it_polls_at_once_and_says_when_it_polls_again(
    api: SimulatedUseapi, watch: Assembly, clock: Clock
) -> None:
    loops = watch.make_loops()
    assert watch.poller.next_poll is None
    async with loops.running():
        await resting(clock)
        assert (polls(api), watch.poller.next_poll) == (1, clock.now() + MINUTE)
        clock.advance(MINUTE)
        await until(lambda: polls(api) == 2)
        await resting(clock)
        assert watch.poller.next_poll == clock.now() + MINUTE


async def test_what_the_clock_brings_does_not_wait_for_a_poll(
    api: SimulatedUseapi, watch: Assembly, clock: Clock
) -> None:
    async with watch.make_loops(interval=DAY).running():
        await resting(clock)
        await watch.flag()
        await take_lease(watch.incident_service, watch.incident().key, ADA)
        await until(lambda: LEASE.total_seconds() in clock.naps)
        await resting(clock)
        clock.advance(LEASE)
        await until(lambda: watch.incident().state is State.OPEN)
    assert polls(api) == 1


async def test_owners_who_became_known_are_notified_within_the_hour_without_a_poll(
    watch: Assembly, clock: Clock
) -> None:
    watch.owners.clear()
    await watch.flag()
    async with watch.make_loops(interval=DAY).running():
        await resting(clock)
        watch.owners.add(ADA)
        clock.advance(HOUR)
        await until(lambda: bool(watch.planned()))


async def test_a_flag_of_the_list_is_kept_by_the_watch(api: SimulatedUseapi, watch: Assembly) -> None:
    api.add(channel=CHANNEL)
    api.flag(CHANNEL, MODERATION)
    await watch.make_loops().poll(watch.poller)
    assert watch.incident().flag == FLAG
