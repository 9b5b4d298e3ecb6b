"""A reset that something comes in between: a stop of the bot, a Discord that gave up waiting."""

import asyncio

import pytest

from tests.simulators.useapi import BLOCK, MODERATION, Endpoint
from tests.support.reading import buttons, text
from tests.support.running import Bot, Visitor
from tests.support.watching import MINE, PATIENCE, RESET, SNOOZE, flagged, later, newest, poll


async def for_ever(_seconds: float) -> None:
    """Wait until the bot is stopped."""
    await asyncio.Event().wait()


async def interrupted(bot: Bot, ada: Visitor) -> str:
    """Stop the bot between the reset and its verdict, start it again, and return the account."""
    bot.api.add()
    bot.sleep = for_ever
    await bot.start()
    account, alert = await flagged(bot, ada)
    account.lingers = 99
    question = await ada.pressed(alert, RESET)
    pressed = await ada.press(question, next(iter(buttons(question))))
    await bot.world.wait_for(lambda: pressed.message and "Checking again in 15 s" in text(pressed.message))
    bot.sleep = asyncio.sleep
    await bot.stop()
    followup = text(pressed.followups[-1])
    assert "is being restarted" in followup
    assert "It may have been done" in followup
    await bot.start()
    return account.channel


async def test_a_reset_cut_off_by_a_stop_is_not_sent_again_by_itself(bot: Bot, ada: Visitor) -> None:
    channel = await interrupted(bot, ada)
    await poll(ada)
    question = await ada.ask("mjreset", account=channel)
    pressed = await ada.press(question, next(iter(buttons(question))))
    await bot.world.wait_for(lambda: pressed.message and "is already resetting" in text(pressed.message))
    assert bot.api.count(Endpoint.RESET) == 1


async def test_it_can_be_sent_again_when_its_lease_is_over_and_the_history_says_so(
    bot: Bot, ada: Visitor
) -> None:
    channel = await interrupted(bot, ada)
    await later(bot, 4)
    await poll(ada)
    card = text(await ada.picked(await ada.ask("mjaccounts"), channel))
    assert "tried to reset it; the outcome is unknown" in card
    bot.api.accounts[channel].lingers = 0
    bot.api.flag(channel, MODERATION)
    question = await ada.ask("mjreset", account=channel)
    pressed = await ada.press(question, next(iter(buttons(question))))
    await bot.world.wait_for(lambda: pressed.message and "is back in rotation" in text(pressed.message))
    assert bot.api.count(Endpoint.RESET) == 2


async def test_an_outcome_discord_no_longer_takes_goes_out_as_one_direct_message(
    bot: Bot, ada: Visitor
) -> None:
    bot.api.add()
    await bot.start()
    _, alert = await flagged(bot, ada)
    question = await ada.pressed(alert, RESET)
    await ada.press(question, next(iter(buttons(question))))
    bot.world.pass_time(4)
    await newest(ada, "is back in rotation", number=2)


@pytest.mark.parametrize(
    ("label", "answer"),
    [(RESET, "Did you acknowledge"), (MINE, "You're on"), (SNOOZE, "for how long?")],
    ids=[RESET, MINE, SNOOZE],
)
async def test_so_do_the_answers_of_buttons(bot: Bot, ada: Visitor, label: str, answer: str) -> None:
    bot.api.add()
    await bot.start()
    _, alert = await flagged(bot, ada)
    await ada.press(alert, label)
    bot.world.pass_time(4)
    await newest(ada, answer, number=2)


async def test_an_account_without_a_channel_id_can_be_assigned_but_not_reset(bot: Bot, ada: Visitor) -> None:
    bot.api.add(channel="studio-*b*")
    await bot.start()
    _, alert = await flagged(bot, ada, BLOCK)
    assert list(buttons(alert)) == [MINE, SNOOZE]
    assert "You're on" in text(await ada.pressed(alert, MINE))
    await bot.world.wait_for(lambda: "is on it since" in text(ada.received()[0]), PATIENCE)
