"""INFO_EVERY: whom the bot asks by itself, how often, and when it stops."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from bot.actions.info_order import InfoOrder
from bot.domain.accounts import Account, Observation
from bot.providers.errors import ProviderError
from bot.storage import StoreError
from tests.simulators.mjproxy import SimulatedMjproxy
from tests.simulators.useapi import MODERATION, Endpoint, Fault, SimulatedUseapi
from tests.storage.cases import ask
from tests.support.assembly import Assembly
from tests.support.clock import DAY, HOUR, MINUTE, Clock
from tests.support.database import locked
from tests.support.samples import CHANNEL, OTHER

EVERY = 6 * HOUR


class Live:
    """Calls an order as its loop does, on a clock of its own, and notes who was asked when."""

    def __init__(self, api: SimulatedUseapi, watch: Assembly) -> None:
        self.api, self.watch, self.clock = api, watch, watch.clock
        self.order = self.make_order()
        self.asked: list[tuple[timedelta, str]] = []
        self.begun = self.clock.now()

    def make_order(self) -> InfoOrder:
        parts = self.watch.account_info, self.watch.pollers, self.watch.store
        return InfoOrder(*parts, EVERY, now=self.clock.now)

    async def through(self, duration: timedelta, *, polls: bool = False) -> None:
        end = self.clock.now() + duration
        while self.clock.now() < end:
            if polls:
                await self.watch.poller.poll()
            before = len(self.infos)
            rest = await self.order.ask_next()
            at = self.clock.now() - self.begun
            self.asked += [(at, channel) for channel in self.infos[before:]]
            assert timedelta(0) < rest <= MINUTE
            self.clock.advance(rest)

    @property
    def infos(self) -> list[str]:
        """The channels that were asked, by anybody."""
        return [str(each.channel) for each in self.api.requests if each.endpoint is Endpoint.INFO]

    def times(self, channel: str) -> list[timedelta]:
        return [at for at, asked in self.asked if asked == channel]


@pytest.fixture
async def watch(api: SimulatedUseapi, database: Path, clock: Clock) -> AsyncIterator[Assembly]:
    async with Assembly(database, clock, (), api=api) as opened:
        yield opened


@pytest.fixture
async def live(api: SimulatedUseapi, watch: Assembly) -> Live:
    """Two accounts, listed already."""
    api.add(channel=CHANNEL)
    api.add(channel=OTHER)
    await watch.poller.poll()
    return Live(api, watch)


async def test_each_account_is_asked_once_in_an_interval(live: Live) -> None:
    await live.through(2 * DAY)
    for channel in (CHANNEL, OTHER):
        times = live.times(channel)
        assert len(times) == 8
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert all(EVERY <= gap <= EVERY + MINUTE for gap in gaps)


async def test_accounts_are_spread_over_the_interval(api: SimulatedUseapi, live: Live) -> None:
    for _ in range(10):
        api.add()
    await live.watch.poller.poll()
    await live.through(DAY)
    times = [at for at, _ in live.asked]
    assert len(times) == 48
    assert all(later - earlier >= HOUR / 2 for earlier, later in pairwise(times))
    assert len({channel for _, channel in live.asked[:12]}) == 12


async def test_a_restart_asks_nobody_again_and_keeps_the_distance(
    api: SimulatedUseapi, database: Path, clock: Clock
) -> None:
    api.add(channel=CHANNEL)
    api.add(channel=OTHER)
    lives: list[Live] = []
    for duration in (HOUR, 2 * HOUR - MINUTE, 3 * MINUTE):
        async with Assembly(database, clock, (), api=api) as watch:
            await watch.poller.poll()
            lives.append(Live(api, watch))
            await lives[-1].through(duration)
    ((_, first),), between, ((_, second),) = (each.asked for each in lives)
    assert between == []
    assert {first, second} == {CHANNEL, OTHER}


async def test_an_answer_that_a_person_asked_for_begins_the_interval_anew(live: Live) -> None:
    await live.watch.account_info.ask(live.watch.known(CHANNEL))
    await live.through(EVERY - 2 * MINUTE)
    assert live.times(CHANNEL) == []
    assert len(live.times(OTHER)) == 1
    await live.through(5 * MINUTE)
    assert len(live.times(CHANNEL)) == 1


async def test_a_clock_that_is_set_back_does_not_shorten_the_interval(
    api: SimulatedUseapi, database: Path, clock: Clock
) -> None:
    api.add(channel=CHANNEL)
    async with Assembly(database, clock, (), api=api) as watch:
        await watch.poller.poll()
        await watch.account_info.ask(watch.known(CHANNEL))
    clock.advance(-HOUR)
    async with Assembly(database, clock, (), api=api) as watch:
        await watch.poller.poll()
        live = Live(api, watch)
        await live.through(EVERY)
        assert live.asked == []
        await live.through(HOUR + MINUTE)
        assert len(live.asked) == 1


async def test_a_flagged_account_is_not_asked_until_it_is_clear(api: SimulatedUseapi, live: Live) -> None:
    api.flag(CHANNEL, MODERATION)
    await live.watch.poller.poll()
    await live.through(DAY, polls=True)
    assert (live.times(CHANNEL), len(live.times(OTHER))) == ([], 4)
    api.clear(CHANNEL)
    await live.through(4 * HOUR, polls=True)
    assert len(live.times(CHANNEL)) == 1


async def test_the_first_596_stops_it_until_the_account_is_clear(api: SimulatedUseapi, live: Live) -> None:
    api.flag(CHANNEL, MODERATION, unseen=True)
    await live.through(HOUR, polls=True)
    assert len(live.infos) == 1
    api.flag(CHANNEL, MODERATION)  # the list shows it now
    await live.through(DAY, polls=True)
    assert len(live.times(CHANNEL)) == 1
    api.clear(CHANNEL)
    await live.through(4 * HOUR, polls=True)
    assert len(live.times(CHANNEL)) == 2


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.RATE_LIMITED])
async def test_the_first_error_stops_it_until_a_person_gets_an_answer(
    api: SimulatedUseapi, live: Live, fault: Fault
) -> None:
    api.remove(OTHER)
    await live.watch.poller.poll_anew()
    await live.watch.poller.poll_anew()
    api.fault(fault, endpoint=Endpoint.INFO, times=1)
    await live.through(DAY)
    assert live.times(CHANNEL) == [timedelta(0)]
    assert live.order.stopped_since(CHANNEL) == live.begun
    live.order = live.make_order()  # as after a restart
    await live.through(DAY)
    assert len(live.times(CHANNEL)) == 1
    await live.watch.account_info.ask(live.watch.known(CHANNEL))
    await live.through(EVERY + MINUTE)
    assert len(live.times(CHANNEL)) == 2
    assert live.order.stopped_since(CHANNEL) is None


async def test_an_error_is_over_with_a_flag_that_is_cleared(api: SimulatedUseapi, live: Live) -> None:
    api.fault(Fault.SERVER_ERROR, endpoint=Endpoint.INFO, times=2)
    await live.through(DAY, polls=True)
    assert (len(live.times(CHANNEL)), len(live.times(OTHER))) == (1, 1)
    api.flag(CHANNEL, MODERATION)
    await live.through(HOUR, polls=True)
    api.clear(CHANNEL)
    await live.through(HOUR, polls=True)
    assert (len(live.times(CHANNEL)), len(live.times(OTHER))) == (2, 1)


async def test_nobody_is_asked_while_the_list_cannot_be_read(api: SimulatedUseapi, live: Live) -> None:
    api.fault(Fault.SERVER_ERROR, endpoint=Endpoint.LIST)
    with pytest.raises(ProviderError):
        await live.watch.poller.poll_anew()
    await live.through(DAY)
    assert live.asked == []


async def test_nobody_is_asked_before_the_list_was_read(
    api: SimulatedUseapi, live: Live, database: Path, clock: Clock
) -> None:
    assert live.asked == []
    async with Assembly(database.with_name("other.sqlite3"), clock, (), api=api) as watch:
        await watch.store.record_observation(Observation(clock.now(), (Account(CHANNEL),)))
        early = Live(api, watch)
        await early.through(HOUR)
        assert early.asked == []


async def test_nobody_is_asked_while_it_could_not_be_remembered(live: Live, database: Path) -> None:
    with locked(database), pytest.raises(StoreError):
        await live.watch.store.set_meta("anything", "")
    await live.through(HOUR)
    assert live.asked == []
    await live.watch.store.set_meta("anything", "")
    await live.through(HOUR)
    assert len(live.asked) == 1


async def test_of_its_answers_the_numbers_stay_and_the_last_text(live: Live, database: Path) -> None:
    await live.watch.account_info.ask(live.watch.known(CHANNEL))
    await live.through(DAY)
    rows = ask(database, "SELECT channel, count(*), sum(by_order) FROM info_snapshot GROUP BY channel")
    assert {channel: (texts, ordered) for channel, texts, ordered in rows} == {CHANNEL: (2, 1), OTHER: (1, 1)}
    assert ask(database, "SELECT count(*) FROM usage_sample") == [(1 + len(live.asked),)]


async def test_a_proxy_is_never_asked(database: Path, clock: Clock) -> None:
    async with SimulatedMjproxy(now=clock.now) as proxy:
        proxy.add()
        async with Assembly(database, clock, (), proxy=proxy) as watch:
            await watch.proxy_poller.poll()
            order = InfoOrder(watch.account_info, watch.pollers, watch.store, EVERY, now=clock.now)
            for _ in range(10):
                await order.ask_next()
                clock.advance(HOUR)
            assert proxy.midjourney_commands == 0
