import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import timedelta

import discord
import pytest

from bot.domain.errors import ErrorCode
from bot.runtime.supervisor import Health, backoff, beside, end, first_of, supervise
from bot.storage import StoreError

SOON = timedelta(milliseconds=1)
NEVER = timedelta(days=1)
PATIENCE = 5.0


class Times:
    """A run that ends in the given ways, one after the other, and then stops the loop."""

    def __init__(self, *endings: BaseException | None) -> None:
        self.stop, self.begun = asyncio.Event(), asyncio.Event()
        self.endings = list(endings)
        self.runs = 0

    async def once(self) -> None:
        self.runs += 1
        self.begun.set()
        if not self.endings:
            self.stop.set()
        elif (ending := self.endings.pop(0)) is not None:
            raise ending


async def until_stopped(times: Times, *, health: Health | None = None) -> None:
    async with asyncio.timeout(PATIENCE):
        await supervise(
            times.once,
            name="the test",
            stop=times.stop,
            every=SOON,
            limit=NEVER,
            longest_delay=SOON,
            health=health,
        )


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ValueError("odd"), id="a-bug"),
        pytest.param(KeyError("odd"), id="another-bug"),
        pytest.param(ConnectionResetError(), id="the-network"),
        pytest.param(TimeoutError(), id="a-time-limit-of-its-own"),
        pytest.param(sqlite3.OperationalError("locked"), id="the-database"),
        pytest.param(StoreError(ErrorCode.DATABASE_LOCKED), id="the-store"),
        pytest.param(discord.ClientException("odd"), id="the-library"),
        pytest.param(StopAsyncIteration(), id="an-iterator-s-end"),
        pytest.param(asyncio.CancelledError(), id="something-it-waited-for-was-cancelled"),
    ],
)
async def test_no_error_ends_the_loop(error: BaseException) -> None:
    times = Times(error, None, error, error)
    await until_stopped(times)
    assert times.runs == 5


async def test_a_run_that_takes_too_long_is_given_up_and_tried_again() -> None:
    times = Times()
    hung: list[bool] = []

    async def once() -> None:
        if len(hung) < 2:
            hung.append(True)
            await asyncio.Event().wait()
        times.stop.set()

    async with asyncio.timeout(PATIENCE):
        await supervise(once, name="the test", stop=times.stop, every=SOON, limit=SOON, longest_delay=SOON)
    assert len(hung) == 2


async def test_a_run_without_a_limit_may_last() -> None:
    stop = asyncio.Event()

    async def once() -> None:
        await stop.wait()

    running = asyncio.create_task(supervise(once, name="the test", stop=stop, every=None, limit=None))
    await asyncio.sleep(0)
    stop.set()
    await asyncio.wait_for(running, PATIENCE)


async def test_without_an_interval_the_first_good_run_is_the_last() -> None:
    times = Times(ValueError(), None)
    async with asyncio.timeout(PATIENCE):
        await supervise(
            times.once, name="the test", stop=times.stop, every=None, limit=NEVER, longest_delay=SOON
        )
    assert times.runs == 2
    assert not times.stop.is_set()


@pytest.mark.parametrize(
    ("ending", "every"),
    [
        pytest.param(None, NEVER, id="between-good-runs"),
        pytest.param(ValueError(), SOON, id="between-tries"),
    ],
)
async def test_the_stop_event_wakes_a_waiting_loop_at_once(
    ending: BaseException | None, every: timedelta
) -> None:
    times = Times(ending)
    loop = supervise(times.once, name="the test", stop=times.stop, every=every, limit=NEVER)
    running = asyncio.create_task(loop)
    await times.begun.wait()
    times.stop.set()
    await asyncio.wait_for(running, 0.3)  # the shortest delay after a failure is half a second
    assert times.runs == 1


async def test_a_loop_that_is_stopped_already_runs_nothing() -> None:
    times = Times()
    times.stop.set()
    await until_stopped(times)
    assert times.runs == 0


async def test_a_fatal_error_is_raised_and_nothing_else_is_tried() -> None:
    times = Times(KeyError("fatal"))
    with pytest.raises(KeyError, match="fatal"):
        await supervise(
            times.once, name="the test", stop=times.stop, every=SOON, limit=NEVER, fatal=(KeyError,)
        )
    assert times.runs == 1


async def hung(begun: asyncio.Event) -> None:
    """Hang, the first time."""
    if not begun.is_set():
        begun.set()
        await asyncio.Event().wait()


async def changes_its_mind(begun: asyncio.Event) -> None:
    """End with another error when cancelled, as some libraries do."""
    try:
        await hung(begun)
    except asyncio.CancelledError:
        raise ConnectionError from None


@pytest.mark.parametrize("work", [hung, changes_its_mind])
async def test_cancelling_the_loop_itself_ends_it(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    begun, stop = asyncio.Event(), asyncio.Event()
    loop = supervise(lambda: work(begun), name="the test", stop=stop, every=SOON, limit=NEVER)
    running = asyncio.create_task(loop)
    await begun.wait()
    running.cancel()
    ended, _ = await asyncio.wait({running}, timeout=PATIENCE)
    stop.set()  # a loop that goes on must not keep the test from ending
    await asyncio.wait({running}, timeout=PATIENCE)
    assert ended == {running}


@pytest.mark.parametrize(
    ("failures", "most"),
    [
        pytest.param(1, 1, id="first"),
        pytest.param(2, 2, id="second"),
        pytest.param(5, 16, id="fifth"),
        pytest.param(7, 60, id="capped"),
        pytest.param(10_000, 60, id="after-a-week"),
    ],
)
def test_the_delay_doubles_up_to_its_cap_and_half_of_it_is_random(failures: int, most: float) -> None:
    delays = {
        backoff(failures, timedelta(seconds=1), timedelta(minutes=1), step / 200).total_seconds()
        for step in range(200)
    }
    assert most / 2 <= min(delays) < 0.6 * most
    assert 0.9 * most < max(delays) <= most


async def test_a_pause_lasts_as_long_as_it_says_unless_it_is_stopped() -> None:
    stop = asyncio.Event()
    runs: list[float] = []

    async def once() -> None:
        runs.append(asyncio.get_running_loop().time())
        if len(runs) == 2:
            stop.set()

    every = timedelta(milliseconds=20)
    await asyncio.wait_for(supervise(once, name="the test", stop=stop, every=every), PATIENCE)
    assert runs[1] - runs[0] >= 0.015


async def test_the_record_shows_how_the_loop_is_doing() -> None:
    health = Health()
    times = Times(None, ValueError("a"), ValueError("b"))
    seen: list[tuple[int, str | None]] = []

    async def once() -> None:
        seen.append((health.failures_in_a_row, health.last_failure))
        await times.once()

    async with asyncio.timeout(PATIENCE):
        await supervise(
            once,
            name="the test",
            stop=times.stop,
            every=SOON,
            limit=NEVER,
            longest_delay=SOON,
            health=health,
        )
    assert seen == [(0, None), (0, None), (1, "ValueError"), (2, "ValueError")]
    assert (health.failures_in_a_row, health.last_failure) == (0, None)


async def test_an_outage_is_two_lines_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await until_stopped(Times(*(StoreError(ErrorCode.DATABASE_FULL) for _ in range(5))))
    assert [record.getMessage() for record in caplog.records] == [
        "the test failed, will try again: database full",
        "the test works again after 5 failures",
    ]


async def test_an_outage_that_changes_its_reason_is_logged_again(caplog: pytest.LogCaptureFixture) -> None:
    await until_stopped(
        Times(
            StoreError(ErrorCode.DATABASE_FULL),
            StoreError(ErrorCode.DATABASE_FULL),
            StoreError(ErrorCode.DATABASE_LOCKED),
        )
    )
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [warning.partition(": ")[2] for warning in warnings] == [
        "database full",
        "database locked",
    ]


@pytest.mark.parametrize(
    ("error", "traceback"),
    [
        pytest.param(StoreError(ErrorCode.DATABASE_FULL), False, id="our-own"),
        pytest.param(ConnectionResetError("peer"), False, id="the-network"),
        pytest.param(ValueError("Authorization: abc"), True, id="a-bug"),
    ],
)
async def test_only_what_nobody_foresaw_comes_with_a_traceback_and_others_words_are_not_repeated(
    caplog: pytest.LogCaptureFixture, error: Exception, traceback: object
) -> None:
    await until_stopped(Times(error))
    record = caplog.records[0]
    assert bool(record.exc_info) is traceback
    assert "Authorization" not in record.getMessage()
    assert "peer" not in record.getMessage()


async def test_a_loop_beside_a_block_runs_whatever_is_raised_and_ends_with_the_block() -> None:
    twice = asyncio.Event()
    runs: list[bool] = []

    async def once() -> None:
        runs.append(True)
        if len(runs) == 1:
            raise ValueError
        twice.set()
        await asyncio.Event().wait()

    looping = supervise(once, name="the test", stop=asyncio.Event(), every=timedelta(0))
    async with beside(looping) as task:
        await asyncio.wait_for(twice.wait(), PATIENCE)
    assert task.done()


async def test_a_task_that_swallows_a_cancellation_is_ended_all_the_same() -> None:
    swallowed = asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            swallowed.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await asyncio.wait_for(end(task), PATIENCE)
    assert swallowed.is_set()
    assert task.cancelled()


async def test_a_task_that_has_failed_already_is_ended_without_a_word() -> None:
    task = asyncio.create_task(Times(ValueError()).once())
    await asyncio.wait({task})
    await end(task)


async def test_of_several_waits_the_first_to_end_ends_the_others() -> None:
    cancelled = asyncio.Event()

    async def other() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    await asyncio.wait_for(first_of(other(), asyncio.sleep(0)), PATIENCE)
    assert cancelled.is_set()


async def test_what_the_first_of_several_waits_raises_is_raised() -> None:
    with pytest.raises(ValueError, match="odd"):
        await first_of(asyncio.Event().wait(), Times(ValueError("odd")).once())
