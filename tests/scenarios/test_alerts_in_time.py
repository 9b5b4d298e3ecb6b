"""What owners receive as time passes: pushes that waited, reminders, the end, an owner who is on it."""

from tests.simulators.useapi import CAPTCHA, MODERATION, TIMED_BLOCK
from tests.support.reading import buttons, text
from tests.support.running import Bot, Visitor
from tests.support.watching import (
    MINE,
    PATIENCE,
    RESET,
    SNOOZE,
    flagged,
    is_silent,
    later,
    newest,
    nothing_more,
    poll,
)


async def test_what_joined_without_a_sound_is_pushed_five_minutes_later(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    second = bot.api.add().channel
    await bot.start()
    _, alert = await flagged(bot, ada)
    bot.api.flag(second, CAPTCHA)
    await poll(ada)
    await newest(ada, "2 accounts", CAPTCHA)

    await later(bot, 6)

    await bot.world.wait_for(lambda: alert["id"] not in [each["id"] for each in ada.received()], PATIENCE)
    push = await newest(ada, "2 accounts need you", MODERATION, CAPTCHA)
    assert not is_silent(push)
    await nothing_more(ada, 1)


async def test_a_reminder_takes_the_place_of_the_message_before_it(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    _, alert = await flagged(bot, ada)
    await later(bot, 16)
    await bot.world.wait_for(lambda: alert["id"] not in [each["id"] for each in ada.received()], PATIENCE)
    reminder = await newest(ada, "still needs you", MODERATION)
    assert not is_silent(reminder)
    await later(bot, 16)
    await nothing_more(ada, 1)
    assert ada.received()[0]["id"] == reminder["id"]


async def test_a_flag_that_goes_away_is_watched_before_it_is_called_over(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    account, alert = await flagged(bot, ada)
    bot.api.clear(account.channel)
    await poll(ada)
    seen = await newest(ada, "looks clear")
    assert RESET in buttons(seen)
    await later(bot, 10)
    over = await newest(ada, "is back. It was out for", "It ended by itself")
    assert over["id"] == alert["id"]
    assert buttons(over) == {}


async def test_who_is_on_it_is_asked_after_four_hours_and_then_reminded(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    _, alert = await flagged(bot, ada)
    await ada.pressed(alert, MINE)
    await later(bot, 200)
    await nothing_more(ada, 1)
    await later(bot, 45)
    await newest(ada, "4 hours ago. It is still flagged", number=2)
    await later(bot, 31)
    await newest(ada, "still needs you", number=2)
    assert "is on it" not in text(await ada.ask("mjstatus"))


async def test_a_snooze_keeps_reminders_back_until_it_ends(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    _, alert = await flagged(bot, ada)
    await ada.pressed(await ada.pressed(alert, SNOOZE), "1 h")
    await later(bot, 50)
    await nothing_more(ada, 1)
    await later(bot, 11)
    await newest(ada, "still needs you", number=2)


async def test_a_timed_block_is_reminded_of_when_it_is_over(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    await flagged(bot, ada, TIMED_BLOCK)
    await later(bot, 23 * 60)
    await nothing_more(ada, 1)
    await later(bot, 61)
    await newest(ada, "Its block should be over now", number=2)


async def test_a_worse_flag_is_pushed_and_a_lighter_one_shown_without_a_sound(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    account, alert = await flagged(bot, ada, CAPTCHA)
    await later(bot, 6)
    bot.api.flag(account.channel, MODERATION)
    await poll(ada)
    await bot.world.wait_for(lambda: alert["id"] not in [each["id"] for each in ada.received()], PATIENCE)
    worse = await newest(ada, "got worse", MODERATION)
    bot.api.flag(account.channel, CAPTCHA)
    await poll(ada)
    assert (await newest(ada, "got worse", CAPTCHA))["id"] == worse["id"]
