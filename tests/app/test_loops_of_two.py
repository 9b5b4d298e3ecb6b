"""The loops over two providers: neither waits for the other, and the watch is well if both are."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.incidents import ServiceProblem
from bot.domain.providers import MJPROXY, USEAPI, reference_to
from bot.loops import WatchLoops
from bot.polling.heartbeat import Heartbeat
from bot.rules.policy import AWAY_AFTER
from tests.simulators.mjproxy import Endpoint as ProxyEndpoint
from tests.simulators.mjproxy import Fault, SimulatedMjproxy
from tests.simulators.mjproxy.pool import MODERATION
from tests.simulators.useapi import Endpoint, SimulatedUseapi
from tests.support.assembly import Assembly
from tests.support.clock import MINUTE, SECOND, Clock
from tests.support.waiting import until

LOOPS = 6


class Beats(Heartbeat):
    """Counts the calls to the monitoring service."""

    count = 0

    async def beat(self) -> None:
        self.count += 1


@pytest.fixture
async def watch(
    api: SimulatedUseapi, proxy: SimulatedMjproxy, database: Path, clock: Clock
) -> AsyncIterator[Assembly]:
    async with Assembly(database, clock, api=api, proxy=proxy) as watched:
        yield watched


def polls(server: SimulatedUseapi | SimulatedMjproxy) -> int:
    if isinstance(server, SimulatedUseapi):
        return server.count(Endpoint.LIST)
    return server.count(ProxyEndpoint.LIST)


async def test_each_provider_has_a_loop_of_its_own(
    watch: Assembly, api: SimulatedUseapi, proxy: SimulatedMjproxy, clock: Clock
) -> None:
    proxy.fault(Fault.HANG, endpoint=ProxyEndpoint.LIST)
    loops = watch.make_loops()
    async with loops.running():
        for count in range(1, 4):
            await until(lambda now=count: polls(api) == now and clock.sleeping == LOOPS - 1)
            clock.advance(MINUTE)
        assert polls(proxy) == 1
        assert not loops.health_of(watch.proxy_poller).failures_in_a_row


async def test_the_next_poll_waits_until_the_provider_has_rested(
    watch: Assembly, api: SimulatedUseapi, proxy: SimulatedMjproxy, clock: Clock
) -> None:
    def takes(endpoint: ProxyEndpoint) -> None:
        clock.advance((endpoint is ProxyEndpoint.LIST) * timedelta(seconds=20))

    proxy.before_answer = takes
    loops = watch.make_loops()
    await loops.poll(watch.proxy_poller)
    await loops.poll(watch.poller)
    assert (loops.rest(watch.proxy_poller), loops.rest(watch.poller)) == (100 * SECOND, MINUTE)
    proxy.before_answer = lambda _: None
    clock.advance(30 * SECOND)
    async with loops.running():  # the loop begins while the provider rests after another's poll
        await until(lambda: clock.sleeping == LOOPS)
        assert (polls(proxy), polls(api)) == (1, 2)
        assert watch.proxy_poller.next_poll == clock.now() + 70 * SECOND
        clock.advance(69 * SECOND)
        await until(lambda: clock.sleeping == LOOPS)
        assert polls(proxy) == 1
        clock.advance(SECOND)
        await until(lambda: polls(proxy) == 2)


async def test_a_heartbeat_needs_a_good_poll_of_each_provider(
    watch: Assembly, api: SimulatedUseapi, proxy: SimulatedMjproxy
) -> None:
    beats = Beats(watch.session, None)
    loops = watch.make_loops(heartbeat=beats)

    async def both(count: int) -> None:
        await loops.poll(watch.poller)
        await loops.poll(watch.proxy_poller)
        assert beats.count == count

    await loops.poll(watch.poller)
    assert beats.count == 0  # nothing is known of the proxy yet
    await both(1)
    proxy.fault(Fault.UNAUTHORIZED)
    await both(1)
    await both(1)
    proxy.mend()
    await loops.poll(watch.proxy_poller)  # useapi.net's part was collected meanwhile
    assert beats.count == 2
    api.fault(Fault.UNAUTHORIZED)
    await both(2)
    api.mend()
    await loops.poll(watch.poller)
    assert beats.count == 3
    await both(4)


async def test_a_fault_of_ours_with_one_provider_does_not_end_the_loop_of_the_other(
    watch: Assembly, api: SimulatedUseapi, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def faulty() -> None:
        raise KeyError("odd")

    monkeypatch.setattr(watch.proxy_poller.provider, "read_list", faulty)
    loops = watch.make_loops()
    async with loops.running():
        for count in range(1, 9):
            await until(lambda now=count: polls(api) >= now and clock.sleeping == LOOPS)
            clock.advance(MINUTE)
        service = watch.incident(None)
        assert (service.provider, service.problem) == (MJPROXY, ServiceProblem.UNREACHABLE)
        assert loops.health_of(watch.proxy_poller).failures_in_a_row
        assert not loops.health_of(watch.poller).failures_in_a_row


async def test_one_that_only_a_person_can_help_slows_its_own_polls(
    watch: Assembly, api: SimulatedUseapi, proxy: SimulatedMjproxy
) -> None:
    proxy.fault(Fault.UNAUTHORIZED)
    loops = watch.make_loops()
    for poller in watch.pollers:
        await loops.poll(poller)
    assert [loops.rest(each) for each in watch.pollers] == [MINUTE, 15 * MINUTE]
    assert (watch.poller.failed_polls, watch.proxy_poller.failed_polls) == (0, 1)
    assert polls(api) == 1


async def test_an_absence_is_reported_once_however_many_providers_there_are(
    api: SimulatedUseapi, proxy: SimulatedMjproxy, database: Path, clock: Clock
) -> None:
    key = proxy.add().id
    api.add()
    away, flagged = list[str](), set[str]()
    for _ in range(2):
        async with Assembly(database, clock, api=api, proxy=proxy) as watch:
            await watch.pollers.poll()
            away = [
                each.provider
                for each in watch.watch_state.incidents.values()
                if each.problem is ServiceProblem.AWAY
            ]
            flagged = set(watch.watch_state.open_incidents)
        clock.advance(2 * AWAY_AFTER)
        proxy.strike(key, MODERATION)
        clock.advance(5 * SECOND)
    assert len(away) == 1
    assert flagged == {reference_to(MJPROXY, key)}


async def test_a_poll_of_the_proxy_alone_makes_its_heartbeat(
    proxy: SimulatedMjproxy, database: Path, clock: Clock
) -> None:
    proxy.add()
    async with Assembly(database, clock, proxy=proxy) as watch:
        beats = Beats(watch.session, None)
        loops: WatchLoops = watch.make_loops(heartbeat=beats)
        await loops.poll(watch.poller)
        assert (beats.count, watch.pollers.names, USEAPI in watch.pollers.names) == (1, (MJPROXY,), False)
