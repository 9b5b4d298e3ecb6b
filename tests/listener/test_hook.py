"""What a call of the hook does: polls now, seldom enough, and a note of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.domain.secret import SecretStr
from bot.listener.hook import HOOK_CALLED, Hook
from bot.loops import WatchLoops
from tests.simulators.useapi import Endpoint, Fault, SimulatedUseapi
from tests.support.assembly import Assembly
from tests.support.clock import AT, MINUTE, SECOND, Clock
from tests.support.database import locked
from tests.support.waiting import until

SECRET = SecretStr("hook-secret-of-the-tests")


class Polls:
    """Counts polls, and lets the time after each pass when a test says so."""

    def __init__(self) -> None:
        self.count = 0
        self.waits: list[tuple[float, Callable[[], None]]] = []

    def poll(self) -> None:
        self.count += 1

    def later(self, seconds: float, then: Callable[[], None]) -> None:
        self.waits.append((seconds, then))

    def pass_time(self) -> None:
        ((seconds, then),) = self.waits
        assert seconds == 5
        self.waits.clear()
        then()


@pytest.fixture
async def watch(api: SimulatedUseapi, database: Path) -> AsyncIterator[Assembly]:
    api.add()
    async with Assembly(database, Clock(), api=api) as watched:
        yield watched


def hook_of(watch: Assembly, polls: Polls) -> Hook:
    return Hook(SECRET, polls.poll, watch.store, now=watch.clock.now, later=polls.later)


async def test_a_call_polls_at_once(watch: Assembly) -> None:
    polls = Polls()
    await hook_of(watch, polls).called()
    assert polls.count == 1


async def test_calls_within_five_seconds_are_one_more_poll_after_them(watch: Assembly) -> None:
    polls = Polls()
    hook = hook_of(watch, polls)
    for _ in range(10):
        await hook.called()
    assert polls.count == 1
    polls.pass_time()
    assert polls.count == 2
    polls.pass_time()
    assert (polls.count, polls.waits) == (2, [])
    await hook.called()
    assert polls.count == 3


async def test_calls_without_end_poll_every_five_seconds(watch: Assembly) -> None:
    polls = Polls()
    hook = hook_of(watch, polls)
    for count in range(1, 6):
        await hook.called()
        await hook.called()
        assert polls.count == count
        polls.pass_time()


async def test_the_last_call_is_noted_to_a_minute(watch: Assembly) -> None:
    hook = hook_of(watch, Polls())
    noted: list[str | None] = []
    for _ in range(4):
        await hook.called()
        noted.append(await watch.store.meta(HOOK_CALLED))
        watch.clock.advance(20 * SECOND)
    assert noted == [AT.isoformat()] * 3 + [(AT + MINUTE).isoformat()]


async def test_a_database_that_cannot_be_written_keeps_no_hint_away(watch: Assembly, database: Path) -> None:
    polls = Polls()
    with locked(database):
        await hook_of(watch, polls).called()
    assert polls.count == 1


# What it means for the loops


def lists(api: SimulatedUseapi) -> int:
    return sum(one.endpoint is Endpoint.LIST for one in api.requests)


async def until_resting(loops: WatchLoops, watch: Assembly) -> None:
    await until(lambda: watch.poller.next_poll is not None and not watch.poller.is_hinted)
    assert loops.health_of(watch.poller).failures_in_a_row == 0


async def test_a_hint_ends_the_rest_of_the_loop(api: SimulatedUseapi, watch: Assembly) -> None:
    loops = watch.make_loops()
    async with loops.running():
        await until_resting(loops, watch)
        loops.poll_now()
        await until(lambda: lists(api) == 2)
        await until_resting(loops, watch)
        assert watch.poller.next_poll == watch.clock.now() + MINUTE


async def test_a_hint_during_a_poll_leads_to_another_one(api: SimulatedUseapi, watch: Assembly) -> None:
    loops = watch.make_loops()
    api.held[Endpoint.LIST] = answers = asyncio.Event()
    async with loops.running():
        await until(lambda: lists(api) == 1)
        loops.poll_now()
        answers.set()
        await until_resting(loops, watch)
        assert [one.status for one in api.requests] == [200, 200]


async def test_a_hint_polls_a_provider_that_failed_and_that_is_polled_slowly(
    api: SimulatedUseapi, watch: Assembly
) -> None:
    loops = watch.make_loops()
    api.fault(Fault.UNAUTHORIZED)
    async with loops.running():
        await until_resting(loops, watch)
        api.mend()
        before = lists(api)
        loops.poll_now()
        await until(lambda: lists(api) == before + 1)
        await until(lambda: watch.poller.failure is None)


async def test_a_provider_that_asks_to_be_left_alone_is(api: SimulatedUseapi, watch: Assembly) -> None:
    loops = watch.make_loops()
    api.fault(Fault.RATE_LIMITED)
    async with loops.running():
        await until_resting(loops, watch)
        before = lists(api)
        loops.poll_now()
        assert not watch.poller.is_hinted
        assert not watch.poller.recovered.is_set()
        await asyncio.sleep(0)
        assert lists(api) == before
