"""INFO_EVERY in the running bot, and the promise without it: no command that no person asked for."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.actions.info_order import ASKING, InfoOrder
from bot.domain.wellness import ProblemKind
from bot.loops import Job
from tests.simulators.useapi import Endpoint, SimulatedUseapi
from tests.support.assembly import Assembly
from tests.support.clock import HOUR, Clock
from tests.support.reading import text
from tests.support.running import Bot, Visitor
from tests.support.waiting import until

LOOPS = 5
EVERY = 6 * HOUR
LOOKING = ("mjaccounts", "mjstatus", "mjhistory", "mjusage")


@pytest.fixture
async def watch(api: SimulatedUseapi, tmp_path: Path, clock: Clock) -> AsyncIterator[Assembly]:
    for _ in range(2):
        api.add()
    async with Assembly(tmp_path / "midwatch.sqlite3", clock, api=api) as watched:
        yield watched


async def live(watch: Assembly, jobs: dict[str, Job], hours: int) -> None:
    """Let all loops run, which wake once an hour."""
    async with watch.make_loops(jobs=jobs).running():
        for _ in range(hours):
            await until(lambda: watch.clock.sleeping == LOOPS + len(jobs))
            watch.clock.advance(HOUR)
        await until(lambda: watch.clock.sleeping == LOOPS + len(jobs))


async def test_without_it_two_days_of_watching_send_no_command(api: SimulatedUseapi, watch: Assembly) -> None:
    await live(watch, {}, 48)
    assert {request.endpoint for request in api.requests} == {Endpoint.LIST}
    assert api.midjourney_commands == 0


async def test_with_it_each_account_is_asked_once_in_the_interval(
    api: SimulatedUseapi, watch: Assembly
) -> None:
    await watch.poller.poll()
    order = InfoOrder(watch.account_info, watch.pollers, watch.store, EVERY, now=watch.clock.now)
    await live(watch, {ASKING: order.ask_next}, 47)
    asked = [each for each in api.requests if each.endpoint is Endpoint.INFO]
    assert len(asked) == 16
    assert len({each.channel for each in asked}) == 2
    assert api.midjourney_commands == 16


async def test_a_job_that_fails_is_a_problem_of_the_watch_until_it_works(watch: Assembly) -> None:
    broken = True

    async def job() -> timedelta:
        if broken:
            raise RuntimeError
        return HOUR

    loops = watch.make_loops(jobs={"a job": job})
    async with loops.running():
        await until(lambda: any(each.detail == "a job" for each in loops.problems()))
        assert [each.kind for each in loops.problems() if each.detail == "a job"] == [ProblemKind.LOOP]
        await until(lambda: watch.clock.sleeping == LOOPS + 1)
        broken = False
        watch.clock.advance(HOUR)
        await until(lambda: not any(each.detail == "a job" for each in loops.problems()))


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the order look every moment whether somebody may be asked."""
    monkeypatch.setattr("bot.actions.info_order.LONGEST_REST", timedelta(milliseconds=20))


@pytest.mark.usefixtures("soon")
async def test_with_it_the_hello_says_what_is_sent_and_the_accounts_are_asked(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    await bot.start(INFO_EVERY="6h")
    await bot.world.wait_for(lambda: bot.api.count(Endpoint.INFO) == 1)
    (hello,) = ada.sees(ada.dm)
    assert "Every 6 h I send Midjourney's /info for each account at useapi.net by myself" in text(hello)
    await bot.world.wait_for(lambda: bot.api.midjourney_commands == 1)
    shown = text(await ada.ask("mjusage", account=account.channel))
    assert "I ask every 6 h by myself; /mjinfo asks now." in shown


async def test_without_it_nobody_who_looks_sends_a_command(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    assert "/info" not in text(ada.sees(ada.dm)[0])
    for command in LOOKING:
        await ada.ask(command)
    assert bot.api.count(Endpoint.INFO) == 0
    assert bot.api.midjourney_commands == 0


@pytest.mark.usefixtures("soon")
async def test_an_error_stops_it_for_an_account_which_says_so(
    bot: Bot, ada: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    account = bot.api.add()
    bot.api.refuse(Endpoint.INFO, "Nonsense")
    await bot.start(INFO_EVERY="6h")
    await until(lambda: "is not asked by INFO_EVERY until it is clear" in caplog.text)
    bot.api.accept(Endpoint.INFO)
    shown = text(await ada.ask("mjusage", account=account.channel))
    assert "I asked by myself on <t:" in shown
    assert "which failed, and go on once /mjinfo gets an answer." in shown
