"""Error 596 in place of the whole list: an alert at once that quotes it and shows the way out."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.actions.remedies import flag_digest
from bot.domain.actions import RemedyOutcome
from bot.domain.incidents import Ending, Incident, RemedyVerdict, ServiceProblem, State
from bot.incidents.transaction import UNKNOWN_OUTCOME
from bot.providers.errors import PendingModeration
from tests.commands.test_reset import at_reset, confirmed
from tests.simulators.useapi import Endpoint, Fault, SimulatedUseapi
from tests.support.failpoints import FailPoint
from tests.support.leases import take_lease
from tests.support.reading import buttons, text
from tests.support.resetting import ASKED, Scene, on_scene
from tests.support.running import Bot, Visitor
from tests.support.samples import ADA, BEA, CHANNEL, OTHER
from tests.support.watching import is_silent, newest, nothing_more, poll


@pytest.fixture
async def alone(api: SimulatedUseapi, tmp_path: Path) -> AsyncIterator[Scene]:
    """An account that is the only one, flagged, and whose flag the API answers the list itself with."""
    async with on_scene(api, tmp_path / "midwatch.sqlite3", other=False) as scene:
        api.fault(Fault.CODE_596_UNNAMED, endpoint=Endpoint.LIST)
        with pytest.raises(PendingModeration):
            await scene.watch.poller.poll()
        scene.confirm_anew()
        yield scene


async def test_it_is_alerted_at_once_and_turns_green_with_the_list(bot: Bot, ada: Visitor) -> None:
    first, second = bot.api.add(), bot.api.add()
    await bot.start()
    bot.api.fault(Fault.CODE_596_UNNAMED, endpoint=Endpoint.LIST)
    await poll(ada)
    alert = await newest(ada, "One of your accounts needs you")
    assert not is_silent(alert)
    for words in ("moderation", first.channel, second.channel, "Only then use /mjreset"):
        assert words in text(alert)
    assert "One of your accounts needs you" in text(await ada.ask("mjstatus"))

    bot.api.mend()
    await poll(ada)
    await newest(ada, "I can see your accounts again")
    await nothing_more(ada, 1)


async def test_of_the_only_account_it_is_alerted_and_over_like_a_flag_that_the_list_shows(
    bot: Bot, ada: Visitor
) -> None:
    bot.api.add()
    await bot.start()
    bot.api.fault(Fault.CODE_596_UNNAMED, endpoint=Endpoint.LIST)
    await poll(ada)
    alert = await newest(ada, "needs you")
    assert "A command ran into this" not in text(alert)
    bot.api.mend()
    await poll(ada)
    await newest(ada, "looks clear")


async def test_the_only_account_can_be_reset_though_the_list_is_refused_because_of_it(alone: Scene) -> None:
    alone.steps[FailPoint.RESET] = alone.api.mend
    attempt = await alone.press()
    assert (attempt.outcome, attempt.verdict) == (RemedyOutcome.DONE, RemedyVerdict.BACK)
    assert alone.watch.incident().ending is Ending.RESET
    assert alone.posts == 1


async def test_a_list_that_is_still_refused_after_the_reset_is_not_yet_clear(alone: Scene) -> None:
    attempt = await alone.press()
    assert attempt.verdict is RemedyVerdict.NOT_YET
    assert alone.watch.incident().state is State.OPEN
    assert alone.posts == 1


async def test_row_53_a_list_refused_because_of_nobody_knows_whom_asks_an_owner_again(
    api: SimulatedUseapi, tmp_path: Path
) -> None:
    async with on_scene(api, tmp_path / "midwatch.sqlite3") as scene:
        api.fault(Fault.CODE_596_UNNAMED, endpoint=Endpoint.LIST)
        attempt = await scene.press()
        assert attempt.outcome is RemedyOutcome.CHANGED
        assert await scene.is_untouched()
        incident = scene.watch.incident()
        assert incident.flag is not None
        confirmed = flag_digest(incident.flag, incident, unseen=True)
        assert (await scene.press(confirmed=confirmed)).verdict is RemedyVerdict.COULD_NOT_TELL
        assert scene.posts == 1


# Of nobody's account: the owner chooses which


@pytest.fixture
async def unseen(api: SimulatedUseapi, tmp_path: Path) -> AsyncIterator[Scene]:
    """Two accounts without a flag, a list that is refused, and an owner who confirms one of them."""
    async with on_scene(api, tmp_path / "midwatch.sqlite3") as scene:
        api.clear(CHANNEL)
        await scene.watch.poller.poll()
        scene.clock.advance(timedelta(minutes=6))
        await scene.watch.poller.poll()
        api.fault(Fault.CODE_596_UNNAMED, endpoint=Endpoint.LIST)
        with pytest.raises(PendingModeration):
            await scene.watch.poller.poll()
        confirm(scene)
        yield scene


def confirm(scene: Scene) -> None:
    service = refusal(scene)
    assert service.flag is not None
    scene.confirmed = flag_digest(service.flag, service, unseen=True)


def refusal(scene: Scene) -> Incident:
    """Return the service incident of the refused list."""
    incidents = scene.watch.incident_service.watch_state.incidents.values()
    return next(each for each in incidents if each.problem is ServiceProblem.PENDING)


async def test_row_53_the_account_an_owner_chooses_is_reset_and_the_next_good_list_is_the_verdict(
    unseen: Scene,
) -> None:
    unseen.steps[FailPoint.RESET] = unseen.api.mend
    attempt = await unseen.press()
    assert (attempt.outcome, attempt.verdict) == (RemedyOutcome.DONE, RemedyVerdict.BACK)
    assert unseen.posts == 1
    assert refusal(unseen).ending is Ending.RECOVERED
    assert await unseen.watch.audit() == [ASKED, (ADA, "reset", "back in rotation")]


async def test_row_53_while_the_list_stays_refused_nobody_can_tell_and_it_can_be_tried_again(
    unseen: Scene,
) -> None:
    attempt = await unseen.press()
    assert (attempt.outcome, attempt.verdict) == (RemedyOutcome.DONE, RemedyVerdict.COULD_NOT_TELL)
    service = refusal(unseen)
    assert (service.state, service.leased_by, service.lease_reference) == (State.OPEN, None, None)
    assert await unseen.watch.audit() == [ASKED, (ADA, "reset", "could not tell")]
    assert (await unseen.press()).outcome is RemedyOutcome.DONE
    assert unseen.posts == 2


async def test_row_53_another_owner_waits_for_the_one_who_is_at_it(unseen: Scene) -> None:
    lease = await take_lease(unseen.watch.incident_service, refusal(unseen).key, BEA, channel=OTHER)
    assert lease is not None
    attempt = await unseen.press()
    assert attempt.outcome is RemedyOutcome.TAKEN
    assert attempt.incident is not None
    assert (attempt.incident.leased_by, attempt.incident.lease_reference) == (BEA, OTHER)
    assert unseen.posts == 0


async def test_row_53_of_a_reset_that_something_killed_the_audit_says_of_which_account(unseen: Scene) -> None:
    await take_lease(unseen.watch.incident_service, refusal(unseen).key, ADA, channel=CHANNEL)
    unseen.clock.advance(timedelta(minutes=4))
    await unseen.watch.incident_service.tick()
    assert await unseen.watch.audit() == [ASKED, (ADA, "reset", UNKNOWN_OUTCOME)]
    assert (await unseen.press()).outcome is RemedyOutcome.DONE


async def test_row_53_a_list_that_is_there_again_has_nothing_to_reset(unseen: Scene) -> None:
    unseen.api.mend()
    assert (await unseen.press()).outcome is RemedyOutcome.CLEAR
    assert unseen.posts == 0


async def test_row_53_other_words_in_place_of_the_list_ask_again(unseen: Scene) -> None:
    attempt = await unseen.press(confirmed="00000000")
    assert (attempt.outcome, attempt.flag) == (RemedyOutcome.CHANGED, refusal(unseen).flag)
    assert unseen.posts == 0


async def test_row_53_a_list_that_nobody_can_reach_is_still_read_first(unseen: Scene) -> None:
    unseen.api.mend()
    unseen.api.fault(Fault.SERVER_ERROR, endpoint=Endpoint.LIST)
    assert (await unseen.press()).outcome is RemedyOutcome.UNREADABLE
    assert unseen.posts == 0


async def test_row_53_a_596_to_the_reset_itself_says_whose_it_is(unseen: Scene) -> None:
    unseen.api.fault(Fault.CODE_596_UNNAMED, endpoint=Endpoint.RESET)
    assert (await unseen.press()).verdict is RemedyVerdict.FLAGGED_AGAIN
    running = unseen.resets.incident_of(CHANNEL)
    assert running is not None
    assert running.flag is not None


async def test_row_53_on_a_phone_an_owner_resets_one_and_reads_what_came_of_it(
    bot: Bot, ada: Visitor
) -> None:
    bot.sleep = at_once
    account, _ = bot.api.add(), bot.api.add()
    await bot.start()
    bot.api.fault(Fault.CODE_596_UNNAMED, endpoint=Endpoint.LIST)
    await poll(ada)
    await newest(ada, "One of your accounts needs you")

    question = await ada.ask("mjreset", account=account.channel)
    for words in (
        "I cannot see the state of this account now",
        "Resetting does not acknowledge anything",
        "moderation",
    ):
        assert words in text(question)
    assert bot.api.count(Endpoint.RESET) == 0
    await confirmed(ada, question, "still answers with error 596")
    assert bot.api.count(Endpoint.RESET) == 1

    question = await ada.ask("mjreset", account=account.channel)
    at_reset(bot, bot.api.mend)
    await confirmed(ada, question, "is back in rotation")
    await newest(ada, "I can see your accounts again")


async def test_row_53_each_card_says_so_and_has_the_reset(bot: Bot, ada: Visitor) -> None:
    bot.sleep = at_once
    account, _ = bot.api.add(), bot.api.add()
    await bot.start()
    accounts = await ada.ask("mjaccounts")
    assert "Reset" not in buttons(await ada.picked(accounts, account.channel))
    bot.api.fault(Fault.CODE_596_UNNAMED, endpoint=Endpoint.LIST)
    await poll(ada)
    await newest(ada, "One of your accounts needs you")

    card = await ada.picked(accounts, account.channel)
    for words in ("state unknown", "I cannot see it now", "/mjreset"):
        assert words in text(card)
    question = await ada.pressed(card, "Reset")
    assert "I cannot see the state of this account now" in text(question)


async def at_once(_seconds: float) -> None:
    await asyncio.sleep(0)
