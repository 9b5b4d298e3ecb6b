"""Error 596 in place of the whole list: told at once, quoted, and shown the way out of."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.incidents import Ending, ResetVerdict, State
from bot.outbox import Step
from bot.reset import Outcome
from bot.useapi import PendingModeration
from tests.reading import text
from tests.resetting import Scene, on_scene
from tests.running import Bot, Visitor
from tests.sandbox.useapi import Endpoint, Fault, SimulatedUseapi
from tests.watching import is_silent, look, newest, nothing_more


@pytest.fixture
async def alone(api: SimulatedUseapi, tmp_path: Path) -> AsyncIterator[Scene]:
    """An account that is the only one, flagged, and whose flag the API answers the list itself with."""
    async with on_scene(api, tmp_path / "midwatch.sqlite3", other=False) as scene:
        api.fault(Fault.CODE_596_UNNAMED, endpoint=Endpoint.LIST)
        with pytest.raises(PendingModeration):
            await scene.watch.monitor.check()
        scene.confirm_anew()
        yield scene


async def test_it_is_told_at_once_and_turns_green_with_the_list(bot: Bot, ada: Visitor) -> None:
    first, second = bot.api.add(), bot.api.add()
    await bot.start()
    bot.api.fault(Fault.CODE_596_UNNAMED, endpoint=Endpoint.LIST)
    await look(ada)
    told = await newest(ada, "An account needs you, and I cannot tell which")
    assert not is_silent(told)
    for words in ("moderation", first.channel, second.channel, "Only then reset that account"):
        assert words in text(told)
    assert "I cannot see now" in text(await ada.ask("mjreset", account=first.channel))
    assert "An account needs you" in text(await ada.ask("mjstatus"))

    bot.api.mend()
    await look(ada)
    await newest(ada, "I can see your accounts again")
    await nothing_more(ada, 1)


async def test_of_the_only_account_it_is_told_and_over_like_a_flag_that_the_list_shows(
    bot: Bot, ada: Visitor
) -> None:
    bot.api.add()
    await bot.start()
    bot.api.fault(Fault.CODE_596_UNNAMED, endpoint=Endpoint.LIST)
    await look(ada)
    told = await newest(ada, "needs you")
    assert "A command met this" not in text(told)
    bot.api.mend()
    await look(ada)
    await newest(ada, "was not flagged at the last look")


async def test_the_only_account_can_be_reset_though_the_list_is_refused_because_of_it(alone: Scene) -> None:
    alone.steps[Step.RESET] = alone.api.mend
    attempt = await alone.press()
    assert (attempt.outcome, attempt.verdict) == (Outcome.DONE, ResetVerdict.BACK)
    assert alone.watch.incident().ending is Ending.RESET
    assert alone.posts == 1


async def test_a_list_that_is_still_refused_after_the_reset_is_not_yet_clear(alone: Scene) -> None:
    attempt = await alone.press()
    assert attempt.verdict is ResetVerdict.NOT_YET
    assert alone.watch.incident().state is State.OPEN
    assert alone.posts == 1


async def test_a_list_refused_because_of_nobody_knows_whom_stops_a_reset(
    api: SimulatedUseapi, tmp_path: Path
) -> None:
    async with on_scene(api, tmp_path / "midwatch.sqlite3") as scene:
        api.fault(Fault.CODE_596_UNNAMED, endpoint=Endpoint.LIST)
        attempt = await scene.press()
        assert attempt.outcome is Outcome.UNREADABLE
        assert await scene.is_untouched()
