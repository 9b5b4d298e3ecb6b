import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.domain.account_info import InfoOutcome
from bot.domain.accounts import Account, KnownAccount
from bot.domain.capabilities import CAPABILITIES
from bot.domain.errors import UserError
from bot.domain.providers import USEAPI
from bot.providers.errors import MalformedResponse, Unauthorized, Unreachable
from bot.render.error_messages import next_step
from tests.simulators.useapi import MODERATION, Endpoint, Fault, SimulatedUseapi
from tests.support.assembly import Assembly
from tests.support.clock import AT, Clock
from tests.support.database import locked
from tests.support.samples import CHANNEL, FLAG, OTHER

SECOND = timedelta(seconds=1)
COOLDOWN = CAPABILITIES[USEAPI].info_wait


@asynccontextmanager
async def started(api: SimulatedUseapi, database: Path, clock: Clock) -> AsyncGenerator[Assembly]:
    async with Assembly(database, clock, (), api=api) as opened:
        await opened.poller.poll()
        yield opened


@pytest.fixture
async def here(api: SimulatedUseapi, database: Path, clock: Clock) -> AsyncIterator[Assembly]:
    """Two accounts, listed already."""
    api.add(channel=CHANNEL, discord_name="aurora")
    api.add(channel=OTHER, discord_name="basalt")
    async with started(api, database, clock) as opened:
        yield opened


async def test_an_answer_is_given_remembered_and_written_down(api: SimulatedUseapi, here: Assembly) -> None:
    inquiry = await here.account_info.ask(here.known(CHANNEL))

    assert (inquiry.outcome, inquiry.wait) == (InfoOutcome.ANSWERED, COOLDOWN)
    assert inquiry.snapshot is not None
    assert inquiry.snapshot.info.discord_name == "aurora"
    assert here.known(CHANNEL) == inquiry.account
    stored = (await here.store.accounts())[0]
    assert stored.snapshot is not None
    assert stored.snapshot.info.text == inquiry.snapshot.info.text
    assert api.midjourney_commands == 1


async def test_a_second_asker_gets_the_answer_that_is_under_way(api: SimulatedUseapi, here: Assembly) -> None:
    api.slow = 0.05
    inquiries = await asyncio.gather(*(here.account_info.ask(here.known(CHANNEL)) for _ in range(3)))
    assert all(inquiry is inquiries[0] for inquiry in inquiries)
    assert api.midjourney_commands == 1


async def test_two_accounts_are_asked_at_the_same_time(api: SimulatedUseapi, here: Assembly) -> None:
    api.slow = 0.05
    await asyncio.gather(*(here.account_info.ask(here.known(channel)) for channel in (CHANNEL, OTHER)))
    assert api.midjourney_commands == 2


async def test_an_asker_that_goes_away_does_not_take_the_answer_from_the_others(
    api: SimulatedUseapi, here: Assembly
) -> None:
    api.slow = 0.05
    gone, waiting = (asyncio.create_task(here.account_info.ask(here.known(CHANNEL))) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await waiting).outcome is InfoOutcome.ANSWERED
    assert api.midjourney_commands == 1


async def test_who_asks_again_too_soon_gets_the_last_answer_and_how_long_to_wait(
    api: SimulatedUseapi, here: Assembly, clock: Clock
) -> None:
    first = await here.account_info.ask(here.known(CHANNEL))
    clock.advance(COOLDOWN - SECOND)
    again = await here.account_info.ask(here.known(CHANNEL))
    assert (again.outcome, again.wait, again.snapshot) == (InfoOutcome.TOO_SOON, SECOND, first.snapshot)
    assert api.midjourney_commands == 1


async def test_another_account_need_not_wait(api: SimulatedUseapi, here: Assembly) -> None:
    await here.account_info.ask(here.known(CHANNEL))
    assert (await here.account_info.ask(here.known(OTHER))).outcome is InfoOutcome.ANSWERED
    assert api.midjourney_commands == 2


async def test_after_the_wait_midjourney_is_asked_again(
    api: SimulatedUseapi, here: Assembly, clock: Clock
) -> None:
    await here.account_info.ask(here.known(CHANNEL))
    clock.advance(COOLDOWN)
    assert (await here.account_info.ask(here.known(CHANNEL))).outcome is InfoOutcome.ANSWERED
    assert api.midjourney_commands == 2


@pytest.mark.parametrize(
    ("passed", "outcome"),
    [
        pytest.param(COOLDOWN - SECOND, InfoOutcome.TOO_SOON, id="too-soon"),
        pytest.param(COOLDOWN, InfoOutcome.ANSWERED, id="after-the-wait"),
        pytest.param(-timedelta(days=1), InfoOutcome.ANSWERED, id="the-clock-was-put-back"),
    ],
)
async def test_a_restart_does_not_shorten_the_wait(
    api: SimulatedUseapi, database: Path, clock: Clock, passed: timedelta, outcome: InfoOutcome
) -> None:
    api.add(channel=CHANNEL)
    async with started(api, database, clock) as before:
        await before.account_info.ask(before.known(CHANNEL))
    later = Clock(clock.now() + passed, seconds=5.0)
    async with started(api, database, later) as after:
        assert (await after.account_info.ask(after.known(CHANNEL))).outcome is outcome


async def test_killed_before_the_answer_it_does_not_ask_again_at_once(
    api: SimulatedUseapi, database: Path, clock: Clock
) -> None:
    api.add(channel=CHANNEL)
    async with started(api, database, clock) as before:
        api.fault(Fault.RESET, endpoint=Endpoint.INFO)
        with pytest.raises(Unreachable):
            await before.account_info.ask(before.known(CHANNEL))
    api.mend()
    async with started(api, database, clock) as after:
        with pytest.raises(UserError, match="asked just now"):
            await after.account_info.ask(after.known(CHANNEL))
    assert api.midjourney_commands == 0


async def test_a_clock_put_back_does_not_lengthen_the_wait(
    api: SimulatedUseapi, here: Assembly, clock: Clock
) -> None:
    await here.account_info.ask(here.known(CHANNEL))
    clock.advance(COOLDOWN)
    clock.set(AT - timedelta(hours=1))
    await here.account_info.ask(here.known(CHANNEL))
    assert api.midjourney_commands == 2


async def test_a_failure_reaches_the_asker_and_the_wait_applies_all_the_same(
    api: SimulatedUseapi, here: Assembly
) -> None:
    api.fault(Fault.GATEWAY_TIMEOUT, endpoint=Endpoint.INFO)
    with pytest.raises(Unreachable):
        await here.account_info.ask(here.known(CHANNEL))
    with pytest.raises(UserError) as refused:
        await here.account_info.ask(here.known(CHANNEL))
    assert next_step(refused.value) == "Try again in 30 s."
    assert api.count(Endpoint.INFO) == 1


async def inquiry_under_way() -> asyncio.Task[object]:
    """Return the inquiry as soon as it has begun."""
    async with asyncio.timeout(30):
        while True:
            for task in asyncio.all_tasks():
                if task.get_name() == f"account info {CHANNEL}":
                    return task
            await asyncio.sleep(0)


async def test_a_failure_that_nobody_waits_for_any_more_is_not_an_unread_error(
    api: SimulatedUseapi, here: Assembly
) -> None:
    unread: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unread.append(context["message"]))
    api.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.INFO)
    api.slow = 0.02
    asker = asyncio.create_task(here.account_info.ask(here.known(CHANNEL)))
    under_way = await inquiry_under_way()
    asker.cancel()
    await asyncio.wait({under_way})
    assert isinstance(under_way.exception(), Unauthorized)
    del under_way
    await asyncio.sleep(0)
    assert unread == []


async def test_a_flagged_account_is_not_asked_and_its_last_answer_is_kept(
    api: SimulatedUseapi, here: Assembly, clock: Clock
) -> None:
    first = await here.account_info.ask(here.known(CHANNEL))
    clock.advance(COOLDOWN)
    api.flag(CHANNEL, MODERATION)
    await here.poller.poll()

    inquiry = await here.account_info.ask(here.known(CHANNEL))

    assert (inquiry.outcome, inquiry.snapshot) == (InfoOutcome.FLAGGED, first.snapshot)
    assert inquiry.account.account.flag == FLAG
    assert api.midjourney_commands == 1


async def test_a_flag_that_a_person_has_dealt_with_meanwhile_keeps_nobody_from_asking(
    api: SimulatedUseapi, here: Assembly
) -> None:
    api.flag(CHANNEL, MODERATION)
    await here.poller.poll()
    api.clear(CHANNEL)
    assert (await here.account_info.ask(here.known(CHANNEL))).outcome is InfoOutcome.ANSWERED


async def test_a_flag_stays_while_the_list_cannot_be_read(api: SimulatedUseapi, here: Assembly) -> None:
    api.flag(CHANNEL, MODERATION)
    await here.poller.poll()
    api.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST)
    assert (await here.account_info.ask(here.known(CHANNEL))).outcome is InfoOutcome.FLAGGED
    assert api.count(Endpoint.INFO) == 0


async def test_an_owner_may_have_a_flagged_account_asked_anyway(api: SimulatedUseapi, here: Assembly) -> None:
    await here.poller.note_flag(CHANNEL, FLAG)
    inquiry = await here.account_info.ask(here.known(CHANNEL), even_if_flagged=True)
    assert inquiry.outcome is InfoOutcome.ANSWERED
    assert api.midjourney_commands == 1


async def test_asking_anyway_waits_its_time_too_and_shows_no_old_answer_as_a_new_one(
    api: SimulatedUseapi, here: Assembly
) -> None:
    await here.account_info.ask(here.known(CHANNEL))
    await here.poller.note_flag(CHANNEL, FLAG)
    with pytest.raises(UserError) as refused:
        await here.account_info.ask(here.known(CHANNEL), even_if_flagged=True)
    assert next_step(refused.value) == "Try again in 30 s."
    assert api.midjourney_commands == 1


async def test_a_596_is_the_account_s_flag_from_then_on(api: SimulatedUseapi, here: Assembly) -> None:
    api.flag(CHANNEL, MODERATION, unseen=True)
    inquiry = await here.account_info.ask(here.known(CHANNEL))
    assert inquiry.outcome is InfoOutcome.FLAGGED
    assert here.known(CHANNEL).account.flag == FLAG
    assert [incident.flag for incident in await here.store.watch.load_incidents(AT)] == [FLAG]


async def test_a_596_that_names_no_account_is_about_the_one_that_was_asked(
    api: SimulatedUseapi, here: Assembly
) -> None:
    api.fault(Fault.CODE_596_UNNAMED, endpoint=Endpoint.INFO)
    inquiry = await here.account_info.ask(here.known(CHANNEL))
    assert (inquiry.outcome, inquiry.account.reference) == (InfoOutcome.FLAGGED, CHANNEL)
    assert here.known(OTHER).account.flag is None


async def mixed_up(_request: web.Request) -> web.Response:
    """Answer about another account than the one asked for, which the simulated useapi.net never does."""
    return web.json_response({"code": 596, "errorDetails": MODERATION, "channel": OTHER}, status=596)


async def test_a_596_about_another_account_flags_that_one_and_says_so(
    api: SimulatedUseapi, database: Path, clock: Clock
) -> None:
    api.add(channel=CHANNEL)
    api.add(channel=OTHER)
    async with started(api, database, clock):
        pass  # both are known from here on
    app = web.Application()
    app.router.add_post("/jobs/info", mixed_up)
    async with (
        TestServer(app) as server,
        Assembly(database, clock, (), api=api, url=str(server.make_url(""))) as here,
    ):
        with pytest.raises(MalformedResponse) as raised:
            await here.account_info.ask(here.known(CHANNEL))
        assert "/mjaccounts" in next_step(raised.value)
        assert here.known(OTHER).account.flag == FLAG
        assert here.known(CHANNEL).account.flag is None


async def test_an_answer_that_cannot_be_written_down_is_shown_all_the_same(
    here: Assembly, database: Path
) -> None:
    with locked(database):
        inquiry = await here.account_info.ask(here.known(CHANNEL))
    assert inquiry.outcome is InfoOutcome.ANSWERED
    assert here.known(CHANNEL).snapshot == inquiry.snapshot
    assert (await here.store.accounts())[0].snapshot is None


async def test_a_flag_that_cannot_be_written_down_is_shown_all_the_same(
    api: SimulatedUseapi, here: Assembly, database: Path
) -> None:
    api.flag(CHANNEL, MODERATION, unseen=True)
    with locked(database):
        inquiry = await here.account_info.ask(here.known(CHANNEL))
    assert inquiry.outcome is InfoOutcome.FLAGGED


async def test_an_account_under_an_id_that_is_no_channel_is_never_asked(
    api: SimulatedUseapi, here: Assembly
) -> None:
    with pytest.raises(UserError):
        await here.account_info.ask(KnownAccount(Account("../reset")))
    assert api.count(Endpoint.INFO) == 0


async def test_closing_ends_an_inquiry_that_is_under_way(api: SimulatedUseapi, here: Assembly) -> None:
    api.fault(Fault.HANG, endpoint=Endpoint.INFO)
    arrived = asyncio.Event()
    api.changed.append(arrived.set)
    asker = asyncio.create_task(here.account_info.ask(here.known(CHANNEL)))
    await asyncio.wait_for(arrived.wait(), 5)
    await here.account_info.close()
    await asyncio.wait({asker}, timeout=5)
    assert asker.cancelled()
