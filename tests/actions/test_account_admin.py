"""Saving and removing accounts without Discord: answers that never come, lists that lag, resets under way."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from bot.actions.account_admin import AccountAdmin
from bot.domain.accounts import Flag
from bot.domain.actions import ChangeOutcome
from bot.domain.incidents import Ending, State
from bot.domain.secret import SecretStr
from bot.incidents.service import IncidentService
from bot.providers.api_client import Limits
from bot.providers.errors import AnswerLost, PendingModeration
from bot.providers.useapi.client import UseapiClient
from bot.render.error_messages import next_step
from bot.rules import owner_actions
from tests.simulators.useapi import MODERATION, Endpoint, Fault, SimulatedUseapi
from tests.support.assembly import Assembly
from tests.support.clock import Clock
from tests.support.leases import give_verdict, take_lease
from tests.support.samples import CHANNEL, OTHER
from tests.support.waiting import until

ADA = 7
BRIEF = Limits(writing=0.2)


@dataclass(frozen=True, slots=True)
class Scene:
    """An owner's way to the accounts, and what is known of them."""

    api: SimulatedUseapi
    known: Assembly
    incident_service: IncidentService
    configuring: AccountAdmin

    @property
    def channels(self) -> list[str]:
        return [known.reference for known in self.known.poller.cache.accounts]


@pytest.fixture
async def scene(api: SimulatedUseapi, tmp_path: Path) -> AsyncIterator[Scene]:
    database = tmp_path / "midwatch.sqlite3"
    async with Assembly(database, Clock(), (), api=api, limits=BRIEF) as known:
        service = known.incident_service
        yield Scene(api, known, service, AccountAdmin(known.useapi, known.pollers, service, known.store))


async def test_when_the_answer_never_comes_the_list_says_that_it_was_saved(scene: Scene) -> None:
    scene.api.fault(Fault.LOST_ANSWER, endpoint=Endpoint.SAVE)
    login = scene.api.newcomer()
    saved = await scene.configuring.save(SecretStr(login.discord), 5, ADA)
    assert (saved.outcome, saved.created) == (ChangeOutcome.DONE, None)
    assert saved.fault is not None
    assert saved.account is not None
    assert (saved.account.reference, saved.account.max_jobs) == (login.channel, 5)
    assert scene.channels == [login.channel]
    assert scene.api.count(Endpoint.SAVE) == 1


async def test_an_empty_list_says_that_nothing_was_saved(scene: Scene) -> None:
    scene.api.fault(Fault.HANG, endpoint=Endpoint.SAVE)
    saved = await scene.configuring.save(SecretStr(scene.api.newcomer().discord), 5, ADA)
    assert (saved.outcome, saved.account) == (ChangeOutcome.NOT_DONE, None)


async def test_a_list_without_tokens_cannot_say_that_nothing_was_saved(scene: Scene) -> None:
    scene.api.shows_tokens = False
    scene.api.fault(Fault.LOST_ANSWER, endpoint=Endpoint.SAVE)
    login = scene.api.newcomer()
    with pytest.raises(AnswerLost, match="silent") as raised:
        await scene.configuring.save(SecretStr(login.discord), 5, ADA)
    assert "It may have been done" in next_step(raised.value)
    assert scene.channels == [login.channel]


async def test_an_account_that_the_api_took_without_a_word_is_known_at_once(scene: Scene) -> None:
    scene.api.shows_tokens = False
    scene.api.fault(Fault.EMPTY, endpoint=Endpoint.SAVE)
    login = scene.api.newcomer()
    saved = await scene.configuring.save(SecretStr(login.discord), 3, ADA)
    assert saved.account is None
    assert scene.channels == [login.channel]


async def test_an_account_is_known_although_the_list_lags_behind(scene: Scene) -> None:
    scene.api.fault(Fault.NOTHING_CONFIGURED, endpoint=Endpoint.LIST, times=1)
    login = scene.api.newcomer()
    saved = await scene.configuring.save(SecretStr(login.discord), 3, ADA)
    assert (saved.outcome, saved.created) == (ChangeOutcome.DONE, True)
    assert scene.channels == [login.channel]


async def test_an_update_is_known_although_a_poll_that_began_before_it_was_the_last_that_worked(
    scene: Scene,
) -> None:
    account = scene.api.add(max_jobs=3)
    await scene.known.poller.poll()
    scene.api.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST)
    scene.api.fault(Fault.SLOW, endpoint=Endpoint.LIST, times=1)
    scene.api.slow_seconds = 0.2
    before = scene.known.poller.start_poll()
    await until(lambda: scene.api.count(Endpoint.LIST) == 2)
    await scene.configuring.save(SecretStr(account.discord), 9, ADA)
    await before
    assert scene.known.known(account.channel).account.max_jobs == 9


async def test_a_removal_that_is_carried_out_late_alarms_nobody(scene: Scene) -> None:
    scene.api.add(channel=CHANNEL)
    await scene.known.poller.poll()
    scene.api.fault(Fault.HANG, endpoint=Endpoint.REMOVE)
    assert (await scene.configuring.remove(CHANNEL, ADA)).outcome is ChangeOutcome.NOT_DONE
    scene.api.remove(CHANNEL)
    await scene.known.poller.poll()
    assert scene.channels == []


async def test_a_flag_that_names_no_account_is_raised_and_belongs_to_none(scene: Scene) -> None:
    account = scene.api.add()
    await scene.known.poller.poll()
    scene.api.fault(Fault.CODE_596_UNNAMED, endpoint=Endpoint.SAVE)
    with pytest.raises(PendingModeration):
        await scene.configuring.save(SecretStr(account.discord), 3, ADA)
    assert scene.known.known(account.channel).account.flag is None


async def test_when_the_answer_to_a_removal_never_comes_the_list_says_that_it_is_gone(scene: Scene) -> None:
    scene.api.add(channel=CHANNEL)
    await scene.known.poller.poll()
    scene.api.fault(Fault.LOST_ANSWER, endpoint=Endpoint.REMOVE)
    assert (await scene.configuring.remove(CHANNEL, ADA)).outcome is ChangeOutcome.DONE
    assert scene.channels == []


@pytest.mark.parametrize("verb", ["save", "remove"])
async def test_what_is_cut_off_has_an_unknown_outcome_at_once(scene: Scene, verb: str) -> None:
    login = scene.api.add(channel=CHANNEL)
    await scene.known.poller.poll()
    scene.api.fault(Fault.LOST_ANSWER)
    async with aiohttp.ClientSession() as session:
        useapi = UseapiClient(
            session, scene.api.url, SecretStr(scene.api.token)
        )  # waits longer than this test
        configuring = AccountAdmin(useapi, scene.known.pollers, scene.incident_service, scene.known.store)
        acted = asyncio.Event()
        scene.api.changed.append(acted.set)
        if verb == "save":
            task = asyncio.ensure_future(configuring.save(SecretStr(login.discord), 3, ADA))
        else:
            task = asyncio.ensure_future(configuring.remove(CHANNEL, ADA))
        await acted.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    last = await scene.known.store.last_action([verb])
    assert last is not None
    assert (last.actor_id, last.outcome) == (ADA, "outcome unknown")


async def flagged(scene: Scene) -> str:
    """Configure two accounts, flag one, and give the key of its incident."""
    scene.api.add(channel=CHANNEL)
    scene.api.add(channel=OTHER)
    scene.api.flag(CHANNEL, MODERATION)
    await scene.known.poller.poll()
    (key,) = scene.incident_service.watch_state.incidents
    return key


@pytest.mark.parametrize("fault", [None, Fault.UNAUTHORIZED], ids=["list-read", "list-not-read"])
async def test_the_incident_of_a_removed_account_ends_as_removed(scene: Scene, fault: Fault | None) -> None:
    key = await flagged(scene)
    if fault is not None:
        scene.api.fault(fault, endpoint=Endpoint.LIST)
    assert (await scene.configuring.remove(CHANNEL, ADA)).outcome is ChangeOutcome.DONE
    incident = scene.incident_service.watch_state.incidents[key]
    assert (incident.state, incident.ending) == (State.ENDED, Ending.REMOVED)


async def test_a_reset_under_way_keeps_its_incident_and_its_verdict(scene: Scene) -> None:
    key = await flagged(scene)
    lease = await take_lease(scene.incident_service, key, ADA)
    assert lease is not None
    assert (await scene.configuring.remove(CHANNEL, ADA)).outcome is ChangeOutcome.DONE
    assert scene.incident_service.watch_state.incidents[key].state is State.RESETTING
    await give_verdict(scene.incident_service, lease, owner_actions.RemedyVerdict.NOT_CONFIGURED, None)
    assert scene.incident_service.watch_state.incidents[key].ending is Ending.REMOVED


async def test_another_accounts_incident_goes_on(scene: Scene) -> None:
    key = await flagged(scene)
    await scene.configuring.remove(OTHER, ADA)
    assert scene.incident_service.watch_state.incidents[key].flag == Flag.of(MODERATION)
    assert scene.incident_service.watch_state.incidents[key].state is State.OPEN
