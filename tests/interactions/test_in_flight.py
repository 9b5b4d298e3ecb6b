"""A stop while people wait: who can be answered is answered, the others get a notice, and it ends in time."""

import asyncio
from datetime import timedelta

import pytest

from bot.app import DEFAULT_TIMINGS
from bot.interactions.responses import REPORT_LIMIT
from tests.simulators.discord import FaultKind, Interaction, Json
from tests.simulators.useapi import Endpoint, Fault
from tests.support.reading import text
from tests.support.running import Bot, Visitor

PATIENCE = 5.0
LONG = timedelta(hours=1)
"""More than `Bot.stop` has patience for: who waits so long fails the test."""
RESTARTING = "Midwatch is being restarted"


async def waiting(bot: Bot, person: Visitor, **options: bool) -> Interaction:
    """Use /mjinfo, and come back once Midjourney is asked."""
    asked = bot.api.count(Endpoint.INFO)
    interaction = await person.use("mjinfo", **options)
    await bot.world.wait_for(lambda: bot.api.count(Endpoint.INFO) > asked, PATIENCE)
    return interaction


def private_answer(interaction: Interaction) -> Json:
    """Return the private word that the person was left with."""
    assert interaction.message is not None
    assert interaction.ephemeral
    return interaction.message


def test_people_and_the_program_that_stops_it_wait_for_less_than_two_seconds() -> None:
    assert DEFAULT_TIMINGS.answer_patience + REPORT_LIMIT < timedelta(seconds=2)


async def test_an_answer_that_comes_in_time_is_given_before_the_end(bot: Bot, ada: Visitor) -> None:
    bot.grace = LONG
    bot.api.add(discord_name="aurora").info_seconds = 0.3
    await bot.start()
    interaction = await waiting(bot, ada)
    await bot.stop()
    assert interaction.message is not None
    assert "aurora" in text(interaction.message)


@pytest.mark.parametrize("private", [False, True])
async def test_who_would_wait_in_vain_is_answered_privately(bot: Bot, ada: Visitor, *, private: bool) -> None:
    bot.api.add().info_seconds = LONG.total_seconds()
    await bot.start()
    interaction = await waiting(bot, ada, private=private)
    await bot.stop()
    assert RESTARTING in private_answer(interaction)["content"]
    assert not any(message["thinking"] for message in ada.sees())


async def test_who_pressed_a_button_is_answered_too(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    shown = await ada.ask("mjaccounts")
    bot.api.fault(Fault.HANG)
    interaction = await ada.press(shown, "Refresh")
    await interaction.acknowledged()
    await bot.stop()
    assert [RESTARTING in word["content"] for word in interaction.followups] == [True]


async def test_everybody_who_waits_is_answered(bot: Bot, ada: Visitor, bea: Visitor) -> None:
    bot.api.add().info_seconds = LONG.total_seconds()
    await bot.start()
    first = await waiting(bot, ada)
    second = await bea.use("mjinfo")
    await second.acknowledged()
    await bot.stop()
    assert all(RESTARTING in private_answer(interaction)["content"] for interaction in (first, second))


async def test_who_comes_while_it_is_ending_is_answered_as_well(bot: Bot, ada: Visitor, bea: Visitor) -> None:
    bot.grace = DEFAULT_TIMINGS.answer_patience
    bot.api.add(discord_name="aurora").info_seconds = LONG.total_seconds()
    await bot.start()
    await waiting(bot, ada)
    ending = asyncio.create_task(bot.stop())
    await asyncio.sleep(0)
    listed = await bea.use("mjaccounts")
    late = await bea.use("mjinfo")
    await ending
    assert listed.message is not None
    assert "1 account" in text(listed.message)
    assert RESTARTING in private_answer(late)["content"]


async def test_who_comes_while_it_is_ending_has_the_rest_of_the_time(
    bot: Bot, ada: Visitor, bea: Visitor
) -> None:
    bot.grace = LONG
    quick, slower = bot.api.add(discord_name="aurora"), bot.api.add(discord_name="basalt")
    quick.info_seconds, slower.info_seconds = 0.1, 0.4
    await bot.start()
    first = await ada.use("mjinfo", account=quick.channel)
    await bot.world.wait_for(lambda: bot.api.count(Endpoint.INFO), PATIENCE)
    ending = asyncio.create_task(bot.stop())
    await asyncio.sleep(0)
    second = await bea.use("mjinfo", account=slower.channel)
    await ending
    assert "aurora" in text(await first.answer())
    assert "basalt" in text(await second.answer())


async def test_a_discord_that_does_not_answer_does_not_delay_the_end(bot: Bot, ada: Visitor) -> None:
    bot.api.add().info_seconds = LONG.total_seconds()
    await bot.start()
    await waiting(bot, ada)
    bot.world.fault(FaultKind.SLOW, path="/webhooks/*", seconds=LONG.total_seconds())
    await bot.stop()
    bot.world.mend()


async def test_with_nobody_waiting_it_ends_at_once(bot: Bot, ada: Visitor) -> None:
    bot.grace = LONG
    bot.api.add()
    await bot.start()
    await ada.ask("mjaccounts")
    await bot.stop()
