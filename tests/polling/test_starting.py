"""A proxy starts accounts, loses its connection and is restarted, as the watch sees it and writes it down."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.accounts import FlagKind
from bot.domain.incidents import Ending, Incident, ServiceProblem, State, connection_group
from bot.domain.messages import Purpose
from bot.domain.providers import MJPROXY, reference_to
from tests.simulators.mjproxy import SimulatedMjproxy
from tests.simulators.mjproxy.pool import MODERATION, NOT_RECONNECTED, REJECTED, TOO_MANY_FAILURES
from tests.simulators.useapi import SimulatedUseapi
from tests.support.assembly import Assembly
from tests.support.clock import MINUTE, Clock

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.fixture
async def watch(proxy: SimulatedMjproxy, database: Path, clock: Clock) -> AsyncIterator[Assembly]:
    async with Assembly(database, clock, proxy=proxy) as watched:
        yield watched


async def poll(watch: Assembly, clock: Clock, after: timedelta = MINUTE, times: int = 1) -> None:
    for _ in range(times):
        clock.advance(after)
        await watch.pollers.poll()


def open_ones(watch: Assembly) -> list[Incident]:
    return list(watch.watch_state.open_incidents.values())


async def test_row_61_the_incident_of_an_account_that_was_enabled_outlives_its_start_and_a_restart_of_the_bot(
    proxy: SimulatedMjproxy, database: Path, clock: Clock
) -> None:
    key = proxy.add().id
    async with Assembly(database, clock, proxy=proxy) as watch:
        await watch.pollers.poll()
        proxy.strike(key, MODERATION)
        await poll(watch, clock)
        proxy.acknowledge(key)
        proxy.enable([key])
        await poll(watch, clock, SECOND)
        (starting,) = open_ones(watch)
        assert (starting.state, starting.starting_since) == (State.OPEN, clock.now())
    async with Assembly(database, clock, proxy=proxy) as watch:
        assert open_ones(watch) == [starting]
        await poll(watch, clock, MINUTE, 3)
        (clearing,) = open_ones(watch)
        assert (clearing.key, clearing.state) == (starting.key, State.CLEARING)
        await poll(watch, clock, MINUTE, 6)
        assert watch.incident(clearing.reference).ending is Ending.CLEARED


async def test_row_65_what_was_said_before_the_flag_outlives_a_restart_of_the_bot(
    proxy: SimulatedMjproxy, database: Path, clock: Clock
) -> None:
    key = proxy.add().id
    async with Assembly(database, clock, proxy=proxy) as watch:
        await watch.pollers.poll()
        proxy.reject_token(key)
        await poll(watch, clock, SECOND)
        assert open_ones(watch) == []
    async with Assembly(database, clock, proxy=proxy) as watch:
        await poll(watch, clock)
        (incident,) = open_ones(watch)
        assert incident.flag is not None
        assert (incident.flag.text, incident.flag.kind) == (TOO_MANY_FAILURES, FlagKind.SESSION)
        assert incident.first_reason == REJECTED


async def test_row_69_a_pool_that_lost_discord_is_one_group_and_one_message(
    watch: Assembly, proxy: SimulatedMjproxy, clock: Clock
) -> None:
    keys = [proxy.add().id for _ in range(7)]
    await watch.pollers.poll()
    proxy.lose_discord(spared=keys[5:])
    await poll(watch, clock, timedelta(seconds=30), 8)
    group = connection_group(open_ones(watch), MJPROXY)
    assert {each.reference for each in group} == {reference_to(MJPROXY, key) for key in keys[:5]}
    assert {each.flag and each.flag.text for each in group} == {NOT_RECONNECTED}
    assert all(each.flag and each.flag.kind is FlagKind.CONNECTION for each in group)
    assert len(watch.planned(Purpose.ALERT)) == 1


async def test_row_64_accounts_that_the_proxy_never_starts_are_offline_and_notify_nobody(
    watch: Assembly, proxy: SimulatedMjproxy, clock: Clock
) -> None:
    keys = [proxy.add().id for _ in range(2)]
    await watch.pollers.poll()
    proxy.lose_discord(spared=keys)
    await poll(watch, clock, MINUTE, 15)
    assert open_ones(watch) == []
    await poll(watch, clock, MINUTE, 2)
    assert {each.flag and each.flag.kind for each in open_ones(watch)} == {FlagKind.OFFLINE}
    (message,) = watch.planned(Purpose.ALERT)
    assert not message.notify
    proxy.find_discord()
    await poll(watch, clock, MINUTE, 6)
    assert open_ones(watch) == []


async def test_row_59_an_absence_of_the_bot_is_reported_once_for_two_providers(
    api: SimulatedUseapi, proxy: SimulatedMjproxy, database: Path, clock: Clock
) -> None:
    api.add()
    proxy.add()
    async with Assembly(database, clock, api=api, proxy=proxy) as watch:
        await watch.pollers.poll()
    async with Assembly(database, clock, api=api, proxy=proxy) as watch:
        await poll(watch, clock, 5 * HOUR)
        problems = [each.problem for each in watch.watch_state.incidents.values()]
        assert problems == [ServiceProblem.AWAY]


async def test_polls_of_a_large_pool_that_does_not_start_write_nothing(
    watch: Assembly, proxy: SimulatedMjproxy, clock: Clock
) -> None:
    keys = [proxy.add().id for _ in range(200)]
    await watch.pollers.poll()
    proxy.lose_discord(spared=keys)
    await poll(watch, clock, MINUTE, 2)
    before = watch.watch_state.changed.version
    await poll(watch, clock, MINUTE, 3)
    assert watch.watch_state.changed.version == before
