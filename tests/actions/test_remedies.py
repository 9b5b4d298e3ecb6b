"""The remedies of midjourney-proxy, from the press to the verdict, on the clock of the simulated one."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.accounts import Flag, FlagKind
from bot.domain.actions import RemedyOutcome, RemedyStage
from bot.domain.incidents import Ending, RemedyVerdict, State
from bot.domain.providers import Remedy
from bot.providers.errors import Rejected
from bot.rules.decisions import FlagReported
from tests.simulators.faults import Fault
from tests.simulators.mjproxy import Endpoint, SimulatedProxyAccount
from tests.support.assembly import Assembly
from tests.support.clock import MINUTE
from tests.support.proxy_scene import ASKED, ProxyScene, flagged
from tests.support.samples import ADA, BEA


async def test_an_account_that_runs_after_it_was_enabled_is_back(scene: ProxyScene) -> None:
    account = await flagged(scene)
    scene.proxy.acknowledge(account.id)
    lists = scene.proxy.count(Endpoint.LIST)

    result = await scene.press(account)

    assert (result.outcome, result.verdict) == (RemedyOutcome.DONE, RemedyVerdict.BACK)
    assert scene.incident(account).ending is Ending.RESET
    assert scene.incident(account).remedy is Remedy.ENABLE
    assert scene.proxy.count(Endpoint.ENABLE) == 1
    assert scene.clock.naps in ([30], [30, 60])
    assert scene.proxy.count(Endpoint.LIST) == lists + 1 + len(scene.clock.naps)
    assert await scene.audit(account) == [ASKED, (ADA, "enable", "back in rotation")]
    searched = [each for each in scene.proxy.requests if each.endpoint is Endpoint.LIST][lists:]
    assert all(account.channel in repr(each.body) for each in searched)


async def test_an_account_that_is_not_started_in_time_keeps_its_incident(scene: ProxyScene) -> None:
    account = await flagged(scene)
    scene.proxy.acknowledge(account.id)
    scene.proxy.lose_discord()  # so that nothing is started

    result = await scene.press(account)

    assert (result.verdict, scene.clock.naps) == (RemedyVerdict.NOT_STARTED, [30, 60, 90])
    assert scene.incident(account).state is State.OPEN
    assert scene.incident(account).verdict is RemedyVerdict.NOT_STARTED
    assert await scene.audit(account) == [ASKED, (ADA, "enable", "not started yet")]


async def test_an_account_that_is_disabled_again_while_it_starts_is_flagged_again(scene: ProxyScene) -> None:
    account = await flagged(scene)  # and nobody acknowledged anything
    result = await scene.press(account)
    assert result.verdict in (RemedyVerdict.FLAGGED_AGAIN, RemedyVerdict.NOT_YET)
    assert result.flag == scene.incident(account).flag
    assert scene.proxy.count(Endpoint.ENABLE) == 1
    assert scene.incident(account).state is State.OPEN


async def test_another_flag_after_it_was_enabled_is_shown(scene: ProxyScene) -> None:
    account = await flagged(scene)
    scene.proxy.acknowledge(account.id)
    scene.meanwhile = lambda: scene.proxy.ask_captcha(account.id)
    result = await scene.press(account)
    assert result.verdict is RemedyVerdict.FLAGGED_AGAIN
    assert scene.incident(account).flag == result.flag


async def test_an_account_that_is_deleted_meanwhile_ends_its_incident(scene: ProxyScene) -> None:
    account = await flagged(scene)
    scene.meanwhile = lambda: scene.proxy.remove(account.id)
    assert (await scene.press(account)).verdict is RemedyVerdict.NOT_CONFIGURED
    assert scene.incident(account).ending is Ending.REMOVED


async def test_row_44_an_account_that_one_search_does_not_find_keeps_its_incident(scene: ProxyScene) -> None:
    account = await flagged(scene)
    scene.proxy.acknowledge(account.id)
    scene.proxy.lose_discord()  # so that nothing is started

    def vanish() -> None:
        scene.proxy.accounts.clear()
        scene.meanwhile = lambda: scene.proxy.accounts.update({account.id: account})

    scene.meanwhile = vanish

    result = await scene.press(account)

    assert (result.verdict, scene.clock.naps) == (RemedyVerdict.NOT_STARTED, [30, 60, 90])
    assert scene.incident(account).state is State.OPEN


async def test_row_44_two_readings_soon_after_each_other_count_as_one(scene: ProxyScene) -> None:
    account = scene.proxy.add()
    await scene.poll()
    scene.proxy.ask_captcha(account.id)
    await scene.poll()

    def disappear(endpoint: Endpoint) -> None:
        if endpoint is Endpoint.LIST:
            scene.proxy.remove(account.id)

    async def show(stage: RemedyStage, _: timedelta) -> None:
        if stage is RemedyStage.SENDING:
            scene.proxy.before_answer = disappear

    result = await scene.remedies.run(scene.of(account), ADA, scene.confirmed(account), show)
    assert (result.verdict, scene.clock.naps) == (RemedyVerdict.COULD_NOT_TELL, [15])
    assert scene.incident(account).state is State.OPEN


async def test_if_the_proxy_is_down_afterwards_nobody_can_tell(scene: ProxyScene) -> None:
    account = await flagged(scene)
    scene.meanwhile = lambda: scene.proxy.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST)
    assert (await scene.press(account)).verdict is RemedyVerdict.COULD_NOT_TELL
    assert scene.incident(account).state is State.OPEN


async def test_if_the_proxy_is_down_at_the_press_nothing_is_sent(scene: ProxyScene) -> None:
    account = await flagged(scene)
    scene.proxy.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST)
    assert (await scene.press(account)).outcome is RemedyOutcome.UNREADABLE
    assert (scene.proxy.count(Endpoint.ENABLE), await scene.audit(account)) == (0, [])


async def test_before_the_first_list_of_a_start_an_account_is_not_taken_for_gone(
    scene: ProxyScene, database: Path
) -> None:
    account = await flagged(scene)
    confirmed = scene.confirmed(account)
    scene.proxy.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST)
    await scene.watch.__aexit__()
    async with Assembly(database, scene.clock, (ADA,), proxy=scene.proxy) as later:
        again = ProxyScene(scene.proxy, later)
        assert (await again.press(account, confirmed=confirmed)).outcome is RemedyOutcome.UNREADABLE
        assert again.incident(account).state is State.OPEN


async def test_another_flag_at_the_press_asks_again_with_its_own_remedy(scene: ProxyScene) -> None:
    account = await flagged(scene)
    confirmed = scene.confirmed(account)
    scene.proxy.ask_captcha(account.id)
    result = await scene.press(account, confirmed=confirmed)
    assert result.outcome is RemedyOutcome.CHANGED
    assert result.flag is not None
    assert scene.remedies.remedy_of(scene.of(account), result.flag) is Remedy.CAPTCHA_SOLVED
    assert scene.proxy.count(Endpoint.ENABLE) == 0


async def test_of_two_owners_who_press_at_once_one_enables(scene: ProxyScene) -> None:
    account = await flagged(scene)
    scene.proxy.acknowledge(account.id)
    ada, bea = await asyncio.gather(scene.press(account, ADA), scene.press(account, BEA))
    assert sorted((ada.outcome, bea.outcome)) == [RemedyOutcome.DONE, RemedyOutcome.TAKEN]
    assert scene.proxy.count(Endpoint.ENABLE) == 1


async def test_an_older_proxy_ends_in_its_sentence_and_the_account_can_be_tried_again(
    scene: ProxyScene,
) -> None:
    account = await flagged(scene)
    scene.proxy.version = "v11.9.0.0"
    with pytest.raises(Rejected):
        await scene.press(account)
    assert (scene.incident(account).state, scene.clock.naps) == (State.OPEN, [])
    assert await scene.audit(account) == [ASKED, (ADA, "enable", "not yet cleared")]


async def test_a_kill_between_request_and_verdict_leaves_an_unknown_outcome(
    scene: ProxyScene, database: Path
) -> None:
    account = await flagged(scene)

    def die() -> None:
        raise asyncio.CancelledError

    scene.meanwhile = die
    with pytest.raises(asyncio.CancelledError):
        await scene.press(account)
    await scene.watch.__aexit__()
    async with Assembly(database, scene.clock, (ADA,), proxy=scene.proxy) as later:
        again = ProxyScene(scene.proxy, later)
        assert again.incident(account).state is State.RESETTING
        scene.clock.advance(6 * MINUTE)
        await later.incident_service.tick()
        assert again.incident(account).state is State.OPEN
        assert await again.audit(account) == [ASKED, (ADA, "enable", "outcome unknown")]


async def locked(scene: ProxyScene, *, disabled: bool = False) -> SimulatedProxyAccount:
    """Return an account that is locked for a CAPTCHA."""
    account = scene.proxy.add()
    await scene.poll()
    scene.proxy.ask_captcha(account.id, disabled=disabled)
    await scene.poll()
    return account


async def test_a_captcha_that_was_solved_unlocks_the_account_at_once(scene: ProxyScene) -> None:
    account = await locked(scene)
    flag = scene.incident(account).flag
    assert flag is not None
    link = await scene.remedies.link(scene.of(account), flag)
    assert link == account.captcha_link

    assert (await scene.press(account)).verdict is RemedyVerdict.BACK

    assert (scene.proxy.count(Endpoint.SOLVED), scene.clock.naps) == (1, [])
    assert await scene.audit(account) == [(ADA, "captcha", "asked"), (ADA, "captcha", "back in rotation")]


async def test_row_66_a_solved_captcha_of_a_disabled_account_leads_to_enabling_it(scene: ProxyScene) -> None:
    account = await locked(scene, disabled=True)

    result = await scene.press(account)

    assert result.verdict is RemedyVerdict.STILL_DISABLED
    assert scene.incident(account).state is State.OPEN
    flag = scene.incident(account).flag
    assert flag is not None
    assert scene.remedies.remedy_of(scene.of(account), flag) is Remedy.ENABLE
    assert await scene.remedies.link(scene.of(account), flag) is None
    assert (await scene.press(account)).verdict is RemedyVerdict.BACK
    assert (await scene.audit(account))[2:] == [ASKED, (ADA, "enable", "back in rotation")]


async def test_row_66_or_it_is_left_disabled_which_ends_its_incident(scene: ProxyScene) -> None:
    account = await locked(scene, disabled=True)
    await scene.press(account)
    left = await scene.watch.incident_service.leave_paused(scene.incident(account).key, ADA)
    assert left is not None
    await scene.poll()
    assert scene.incident(account).ending is Ending.LEFT_PAUSED
    assert (await scene.audit(account))[-1] == (ADA, "leave", "done")
    assert await scene.watch.incident_service.leave_paused(left.key, ADA) is None


async def test_nothing_is_sent_for_an_account_that_only_a_person_can_look_at(scene: ProxyScene) -> None:
    account = scene.proxy.add(running=False)
    await scene.poll()
    offline = FlagReported(scene.clock.now(), scene.of(account), Flag("", FlagKind.OFFLINE), in_list=True)
    await scene.watch.incident_service.apply(offline)

    result = await scene.press(account)

    assert result.outcome is RemedyOutcome.CHANGED
    assert scene.incident(account).state is State.OPEN
    assert scene.proxy.count(Endpoint.ENABLE) == 0
    assert await scene.audit(account) == []


async def test_a_fault_of_ours_keeps_no_lease(scene: ProxyScene, monkeypatch: pytest.MonkeyPatch) -> None:
    account = await flagged(scene)

    async def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(scene.watch.proxy_poller.provider, "apply", fail)
    with pytest.raises(ZeroDivisionError):
        await scene.press(account)
    assert scene.incident(account).state is State.OPEN
