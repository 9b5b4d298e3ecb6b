import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.accounts import Account, Flag
from bot.domain.errors import UserError
from bot.domain.incidents import ServiceProblem, State
from bot.domain.providers import USEAPI
from bot.polling.poller import REFRESH_SHARES
from bot.providers.errors import PendingModeration, ProviderError, Unauthorized, Unreachable
from bot.providers.useapi.client import UseapiClient
from bot.rules.policy import LEASE
from tests.simulators.useapi import CAPTCHA, MODERATION, Endpoint, Fault, SimulatedUseapi
from tests.support.assembly import Assembly
from tests.support.clock import AT, Clock
from tests.support.database import locked
from tests.support.leases import take_lease
from tests.support.samples import ADA, CHANNEL, FLAG, OTHER, answer

HOUR = timedelta(hours=1)


@pytest.fixture
async def here(api: SimulatedUseapi, database: Path, clock: Clock) -> AsyncIterator[Assembly]:
    async with Assembly(database, clock, (), api=api) as opened:
        yield opened


async def test_a_poll_takes_in_what_the_api_lists(api: SimulatedUseapi, here: Assembly) -> None:
    api.add(channel=CHANNEL, max_jobs=7)
    api.add(channel=OTHER)
    api.flag(OTHER, MODERATION)

    observation = await here.poller.poll_anew()

    assert observation.at == AT
    assert {known.account for known in here.poller.cache.accounts} == set(observation.accounts)
    assert here.known(CHANNEL).account.max_jobs == 7
    assert here.known(OTHER).account.flag == FLAG
    assert here.known(OTHER).flagged_since == AT


async def test_callers_share_the_one_poll_under_way(api: SimulatedUseapi, here: Assembly) -> None:
    await asyncio.gather(*(here.poller.poll() for _ in range(5)))
    assert api.count(Endpoint.LIST) == 1


async def test_the_next_caller_gets_a_new_poll(api: SimulatedUseapi, here: Assembly) -> None:
    await here.poller.poll()
    await here.poller.poll()
    assert api.count(Endpoint.LIST) == 2


async def test_a_caller_that_goes_away_does_not_take_the_poll_from_the_others(
    api: SimulatedUseapi, here: Assembly
) -> None:
    api.add(channel=CHANNEL)
    gone, waiting = (asyncio.create_task(here.poller.poll()) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    await waiting
    assert gone.cancelled()
    assert [known.reference for known in here.poller.cache.accounts] == [CHANNEL]
    assert api.count(Endpoint.LIST) == 1


async def test_a_failure_reaches_every_caller_and_leaves_what_is_known(
    api: SimulatedUseapi, here: Assembly, clock: Clock
) -> None:
    api.add(channel=CHANNEL)
    await here.poller.poll()
    before = here.poller.cache.accounts
    clock.advance(HOUR)
    api.fault(Fault.UNAUTHORIZED)

    failures = await asyncio.gather(*(here.poller.poll() for _ in range(2)), return_exceptions=True)

    assert [type(failure) for failure in failures] == [Unauthorized, Unauthorized]
    assert isinstance(here.poller.failure, Unauthorized)
    assert here.poller.cache.accounts == before
    assert here.poller.cache.observed_at == {USEAPI: AT}


async def test_a_good_poll_ends_the_failure(api: SimulatedUseapi, here: Assembly) -> None:
    api.fault(Fault.UNAUTHORIZED, times=1)
    with pytest.raises(ProviderError):
        await here.poller.poll()
    await here.poller.poll()
    assert here.poller.failure is None


async def test_a_failure_that_nobody_waits_for_any_more_is_not_an_unread_error(
    api: SimulatedUseapi, here: Assembly
) -> None:
    unread: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unread.append(context["message"]))
    api.fault(Fault.UNAUTHORIZED)
    polling = here.poller.start_poll()
    await asyncio.wait({polling})
    del polling
    await asyncio.sleep(0)
    assert unread == []


async def test_a_list_that_cannot_be_written_down_is_answered_and_written_with_the_next_poll(
    api: SimulatedUseapi, here: Assembly, database: Path, clock: Clock
) -> None:
    api.add(channel=CHANNEL)
    with locked(database):
        await here.poller.poll()
    assert here.known(CHANNEL)
    assert await here.store.accounts() == ()

    clock.advance(timedelta(seconds=1))
    await here.poller.poll()
    assert [stored.account.reference for stored in await here.store.accounts()] == [CHANNEL]


async def test_a_list_that_lost_too_much_is_not_believed_either_when_nothing_can_be_written_down(
    api: SimulatedUseapi, here: Assembly, database: Path
) -> None:
    api.add(channel=CHANNEL)
    await here.poller.poll()
    api.remove(CHANNEL)
    with locked(database), pytest.raises(ProviderError, match="list empty"):
        await here.poller.poll()
    assert here.known(CHANNEL)


async def test_a_flag_met_by_a_command_is_known_and_written_down_at_once(
    api: SimulatedUseapi, here: Assembly
) -> None:
    api.add(channel=CHANNEL)
    await here.poller.poll()
    await here.poller.note_flag(CHANNEL, FLAG)
    assert here.known(CHANNEL).account.flag == FLAG
    (written,) = await here.store.watch.load_incidents(AT)
    assert (written.reference, written.flag, written.opened_at) == (CHANNEL, FLAG, AT)


async def test_a_flag_that_cannot_be_written_down_is_known_all_the_same(
    api: SimulatedUseapi, here: Assembly, database: Path
) -> None:
    api.add(channel=CHANNEL)
    await here.poller.poll()
    with locked(database):
        await here.poller.note_flag(CHANNEL, FLAG)
    assert here.known(CHANNEL).account.flag == FLAG


async def test_a_flag_that_could_not_be_written_down_is_with_the_next_poll(
    api: SimulatedUseapi, here: Assembly, database: Path, clock: Clock
) -> None:
    api.add(channel=CHANNEL)
    await here.poller.poll()
    with locked(database):
        for _ in range(2):
            await here.poller.note_flag(CHANNEL, FLAG)
            clock.advance(timedelta(minutes=1))
    await here.poller.poll()  # which shows no flag: only the command met it
    written = await here.store.watch.load_incidents(clock.now())
    shown = [(incident.reference, incident.flag, incident.opened_at) for incident in written]
    assert shown == [(CHANNEL, FLAG, AT)]


async def test_a_flag_that_cannot_be_written_down_is_the_one_of_now_once_a_lease_ran_out(
    api: SimulatedUseapi, here: Assembly, database: Path, clock: Clock
) -> None:
    api.add(channel=CHANNEL)
    api.flag(CHANNEL, MODERATION)
    await here.poller.poll()
    assert await take_lease(here.incident_service, here.incident().key, ADA) is not None
    clock.advance(LEASE + timedelta(seconds=1))
    api.flag(CHANNEL, CAPTCHA)
    with locked(database):
        await here.poller.poll()
        await here.poller.poll()
    unwritten = here.poller.unwritten_incidents[CHANNEL]
    assert (unwritten.state, unwritten.flag) == (State.OPEN, Flag.of(CAPTCHA))
    api.clear(CHANNEL)
    await here.poller.poll()  # which writes that flag down before its end
    assert here.incident().flag == Flag.of(CAPTCHA)


async def test_a_flag_of_an_unknown_account_is_not_written_down(here: Assembly) -> None:
    await here.poller.note_flag(CHANNEL, FLAG)
    assert await here.store.watch.load_incidents(AT) == ()


async def test_a_restart_remembers_the_list_with_names_flags_and_answers(
    api: SimulatedUseapi, database: Path, clock: Clock
) -> None:
    api.add(channel=CHANNEL)
    api.add(channel=OTHER)
    api.flag(CHANNEL, MODERATION)
    async with Assembly(database, clock, (), api=api) as before:
        await before.poller.poll()
        await before.store.rename(CHANNEL, "Mine", actor_id=1, at=AT)
        await before.store.record_info(CHANNEL, answer("aurora"))
        api.remove(OTHER)
        clock.advance(HOUR)
        await before.poller.poll()
    api.fault(Fault.VANISHED)

    async with Assembly(database, clock, (), api=api) as after:
        (known,) = after.poller.cache.accounts
        assert (known.label, known.discord_name, known.flagged_since) == ("Mine", "aurora", AT)
        assert known.account.flag == Flag.of(MODERATION)
        assert known.snapshot is not None
        assert known.snapshot.taken_at == AT
        assert after.poller.cache.observed_at == {USEAPI: AT + HOUR}


async def test_an_account_that_memory_does_not_know_is_looked_up_in_the_list(
    api: SimulatedUseapi, here: Assembly
) -> None:
    await here.poller.poll()
    api.add(channel=CHANNEL)
    assert (await here.pollers.find(CHANNEL)).reference == CHANNEL
    await here.pollers.find(CHANNEL)
    assert api.count(Endpoint.LIST) == 2


async def test_an_account_that_the_list_does_not_know_either_is_refused(here: Assembly) -> None:
    with pytest.raises(UserError):
        await here.pollers.find(CHANNEL)


async def test_closing_ends_a_poll_that_is_under_way(api: SimulatedUseapi, here: Assembly) -> None:
    api.fault(Fault.HANG)
    polling = here.poller.start_poll()
    await here.poller.close()
    assert polling.cancelled()


async def service_problems(here: Assembly) -> list[tuple[ServiceProblem | None, Flag | None]]:
    incidents = await here.store.watch.load_incidents(AT)
    return [(incident.problem, incident.flag) for incident in incidents if incident.reference is None]


@pytest.mark.parametrize("known", [0, 2], ids=["before-the-first-list", "with-accounts-known"])
async def test_a_596_in_place_of_the_list_that_names_nobody_is_a_service_problem_at_once(
    api: SimulatedUseapi, here: Assembly, known: int
) -> None:
    for channel in (CHANNEL, OTHER)[:known]:
        api.add(channel=channel)
    if known:
        await here.poller.poll()
    api.fault(Fault.CODE_596_UNNAMED)
    with pytest.raises(PendingModeration) as caught:
        await here.poller.poll()
    assert await service_problems(here) == [(ServiceProblem.PENDING, caught.value.flag)]
    assert not any(account.account.flag for account in here.poller.cache.accounts)


async def test_a_596_in_place_of_the_list_is_the_flag_of_the_only_account(
    api: SimulatedUseapi, here: Assembly
) -> None:
    api.add(channel=CHANNEL)
    await here.poller.poll()
    api.fault(Fault.CODE_596_UNNAMED)
    with pytest.raises(PendingModeration) as caught:
        await here.poller.poll()
    assert here.known(CHANNEL).account.flag == caught.value.flag
    assert await service_problems(here) == []
    assert [each.reference for each in await here.store.watch.load_incidents(AT)] == [CHANNEL]


async def test_a_596_in_place_of_the_list_that_names_an_unknown_account_is_alerted_too(
    here: Assembly, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(_client: UseapiClient) -> tuple[Account, ...]:
        raise PendingModeration(FLAG, CHANNEL)

    monkeypatch.setattr(UseapiClient, "accounts", refused)
    with pytest.raises(PendingModeration):
        await here.poller.poll()
    assert await service_problems(here) == [(ServiceProblem.PENDING, FLAG)]


async def test_a_poll_that_fails_in_a_way_nobody_foresaw_counts_as_one_that_failed(
    here: Assembly, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_client: UseapiClient) -> tuple[Account, ...]:
        raise ValueError("nobody foresaw this")

    monkeypatch.setattr(UseapiClient, "accounts", broken)
    with pytest.raises(ValueError, match="nobody foresaw"):
        await here.poller.poll()
    assert isinstance(here.poller.failure, Unreachable)


async def test_row_46_a_flag_in_a_list_that_is_not_believed_is_shown(
    api: SimulatedUseapi, here: Assembly
) -> None:
    channels = (CHANNEL, OTHER, OTHER[:-1] + "7", OTHER[:-1] + "8")
    for channel in channels:
        api.add(channel=channel)
    await here.poller.poll()
    for channel in channels[1:]:
        api.remove(channel)
    api.flag(CHANNEL, MODERATION)

    with pytest.raises(ProviderError, match="list short"):
        await here.poller.poll()

    assert here.known(CHANNEL).account.flag == FLAG


async def test_row_45_a_flag_that_only_a_command_met_is_shown_until_its_incident_ends(
    api: SimulatedUseapi, here: Assembly, clock: Clock
) -> None:
    api.add(channel=CHANNEL)
    await here.poller.poll()
    await here.poller.note_flag(CHANNEL, FLAG)

    clock.advance(timedelta(minutes=1))
    await here.poller.poll()
    assert (here.known(CHANNEL).account.flag, here.known(CHANNEL).flagged_since) == (FLAG, AT)

    clock.advance(timedelta(minutes=16))
    await here.poller.poll()
    clock.advance(timedelta(minutes=16))
    await here.poller.poll()
    assert here.known(CHANNEL).account.flag is None


async def test_presses_within_a_few_seconds_share_one_poll(api: SimulatedUseapi, tmp_path: Path) -> None:
    clock = Clock()
    async with Assembly(tmp_path / "midwatch.sqlite3", clock, api=api) as watch:
        api.add()
        await asyncio.gather(*(watch.pollers.poll_for_refresh() for _ in range(10)))
        for _ in range(10):
            await watch.pollers.poll_for_refresh()
        assert api.count(Endpoint.LIST) == 1
        clock.advance(REFRESH_SHARES)
        await watch.pollers.poll_for_refresh()
        assert api.count(Endpoint.LIST) == 2
        api.fault(Fault.SERVER_ERROR)
        clock.advance(REFRESH_SHARES)
        before = api.count(Endpoint.LIST)
        for _ in range(5):
            with pytest.raises(ProviderError):
                await watch.pollers.poll_for_refresh()
        assert api.count(Endpoint.LIST) == before + 3  # the tries of one question
        api.mend()
        clock.advance(REFRESH_SHARES)
        await watch.pollers.poll_for_refresh()
        assert watch.poller.failure is None
