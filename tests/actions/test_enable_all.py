"""Enabling all accounts that lost their connection together, from the press to the verdict."""

import asyncio
from pathlib import Path

import pytest

from bot.actions.remedies import group_digest
from bot.domain.actions import RemedyOutcome, RemedyResult
from bot.domain.incidents import Ending, RemedyVerdict, State
from bot.domain.providers import MJPROXY
from bot.providers.errors import Rejected
from tests.simulators.faults import Fault
from tests.simulators.mjproxy import Endpoint, SimulatedMjproxy
from tests.simulators.mjproxy.pool import MODERATION
from tests.simulators.useapi import CAPTCHA, SimulatedUseapi
from tests.support.assembly import Assembly
from tests.support.clock import MINUTE, SECOND, Clock
from tests.support.proxy_scene import ASKED, ProxyScene, lost, press_all
from tests.support.samples import ADA, BEA


async def test_row_69_one_press_enables_all_with_one_request(scene: ProxyScene) -> None:
    accounts = await lost(scene)

    result = await press_all(scene)

    assert result == RemedyResult(RemedyOutcome.DONE, verdicts={RemedyVerdict.BACK: 3})
    (asked,) = [each for each in scene.proxy.requests if each.endpoint is Endpoint.ENABLE]
    assert all(account.id.encode() in asked.body for account in accounts)
    for account in accounts:
        assert scene.incident(account).ending is Ending.RESET
        assert await scene.audit(account) == [ASKED, (ADA, "enable", "back in rotation")]


async def test_row_69_the_verdict_is_in_numbers_where_some_are_not_started_in_time(scene: ProxyScene) -> None:
    accounts = await lost(scene, 25)  # some ten seconds each
    result = await press_all(scene)
    assert set(result.verdicts) == {RemedyVerdict.BACK, RemedyVerdict.NOT_STARTED}
    assert sum(result.verdicts.values()) == len(accounts)
    assert scene.incident(accounts[-1]).verdict is RemedyVerdict.NOT_STARTED
    assert scene.incident(accounts[-1]).state is State.OPEN


async def test_row_70_what_is_flagged_for_moderation_is_left_out(scene: ProxyScene) -> None:
    other = scene.proxy.add()
    await scene.poll()
    scene.proxy.strike(other.id, MODERATION)
    scene.clock.advance(10 * SECOND)
    await lost(scene)
    group, others = scene.remedies.group(MJPROXY)
    assert len(group) == 3
    assert [each.reference for each in others] == [scene.of(other)]
    await press_all(scene)
    assert await scene.audit(other) == []
    assert not other.enable


async def test_an_entry_without_an_id_is_left_out(scene: ProxyScene) -> None:
    scene.proxy.add().id = ""
    accounts = await lost(scene)
    assert len(scene.watch.watch_state.open_incidents) == len(accounts) + 1
    assert await press_all(scene) == RemedyResult(RemedyOutcome.DONE, verdicts={RemedyVerdict.BACK: 3})


async def test_what_another_provider_flags_is_no_matter_of_it(
    api: SimulatedUseapi, proxy: SimulatedMjproxy, clock: Clock, database: Path
) -> None:
    api.flag(api.add().channel, CAPTCHA)
    async with Assembly(database, clock, api=api, proxy=proxy) as watch:
        await watch.poller.poll()
        scene = ProxyScene(proxy, watch)
        await lost(scene)
        group, others = scene.remedies.group(MJPROXY)
        assert (len(group), others) == (3, [])


async def test_a_group_that_changed_asks_again(scene: ProxyScene) -> None:
    accounts = await lost(scene)
    confirmed = group_digest(scene.remedies.group(MJPROXY)[0])
    scene.proxy.remove(accounts[0].id)
    for _ in range(2):
        scene.clock.advance(MINUTE)
        await scene.poll()
    assert (await press_all(scene, confirmed)).outcome is RemedyOutcome.CHANGED
    assert scene.proxy.count(Endpoint.ENABLE) == 0


async def test_of_two_owners_who_enable_all_at_once_one_does(scene: ProxyScene) -> None:
    await lost(scene)
    ada, bea = await asyncio.gather(press_all(scene), press_all(scene, owner=BEA))
    assert ada.outcome is RemedyOutcome.DONE
    assert bea.outcome in (RemedyOutcome.CLEAR, RemedyOutcome.TAKEN)
    assert scene.proxy.count(Endpoint.ENABLE) == 1


async def test_an_older_proxy_enables_none_of_them(scene: ProxyScene) -> None:
    accounts = await lost(scene)
    scene.proxy.version = "v11.9.0.0"
    with pytest.raises(Rejected):
        await press_all(scene)
    for account in accounts:
        assert scene.incident(account).state is State.OPEN
        assert await scene.audit(account) == [ASKED, (ADA, "enable", "not yet cleared")]


async def test_a_list_that_cannot_be_read_stops_it(scene: ProxyScene) -> None:
    accounts = await lost(scene)
    scene.proxy.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST)
    assert (await press_all(scene)).outcome is RemedyOutcome.UNREADABLE
    assert await scene.audit(accounts[0]) == []


async def test_a_kill_between_request_and_verdict_leaves_the_outcome_of_each_unknown(
    scene: ProxyScene, database: Path
) -> None:
    accounts = await lost(scene)

    def die() -> None:
        raise asyncio.CancelledError

    scene.meanwhile = die
    with pytest.raises(asyncio.CancelledError):
        await press_all(scene)
    await scene.watch.__aexit__()
    async with Assembly(database, scene.clock, (ADA,), proxy=scene.proxy) as later:
        again = ProxyScene(scene.proxy, later)
        assert [again.incident(each).state for each in accounts] == [State.RESETTING] * 3
        assert (await press_all(again, "any")).outcome is RemedyOutcome.TAKEN
        scene.clock.advance(6 * MINUTE)
        await later.incident_service.tick()
        for account in accounts:
            assert again.incident(account).state is State.OPEN
            assert await again.audit(account) == [ASKED, (ADA, "enable", "outcome unknown")]
    assert scene.proxy.count(Endpoint.ENABLE) == 1
