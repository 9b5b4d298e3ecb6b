"""Accounts that wait for a person: how `/mjinfo` shows the flag, and when it asks all the same."""

import pytest

from tests.simulators.useapi import CAPTCHA, MODERATION, SUSPICION, TIMED_BLOCK, Endpoint, Fault
from tests.support.reading import button, text
from tests.support.running import Bot, Visitor

STANDARD = "**Subscription**: Standard (Active monthly)\n**Fast Time Remaining**: 7.5/30 hours (25%)"
AS_IF_LONG_AGO = "DELETE FROM meta WHERE key LIKE 'asked:%'"


@pytest.mark.parametrize(
    ("flag", "headline"),
    [
        (MODERATION, "needs you: Midjourney wants a moderation message acknowledged"),
        (SUSPICION, "needs you: Midjourney has blocked it"),
        (CAPTCHA, "needs you: Midjourney wants a CAPTCHA solved"),
        (TIMED_BLOCK, "must wait: Midjourney has blocked it for 1 day"),
    ],
    ids=["moderation", "suspicion", "captcha", "block"],
)
async def test_a_flag_that_a_command_meets_is_shown_as_what_it_is(
    bot: Bot, ada: Visitor, flag: str, headline: str
) -> None:
    account = bot.api.add()
    await bot.start()
    bot.api.flag(account.channel, flag, unseen=True)

    met = await ada.ask("mjinfo")

    assert f"…{account.channel[-4:]} {headline}" in met["content"]
    for line in flag.splitlines():
        assert line in text(met)
    assert "Discord login to use" in text(met)
    assert all(f"\n{step}. " in text(met) for step in (1, 2, 3))
    assert button(met, "Open in Discord")["url"] == f"https://discord.com/channels/@me/{account.channel}"


async def test_a_flag_that_a_command_meets_is_known_everywhere_at_once(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    bot.api.add()
    await bot.start()
    shown = await ada.ask("mjaccounts")
    bot.api.flag(account.channel, MODERATION, unseen=True)
    bot.api.fault(Fault.UNPAID, endpoint=Endpoint.LIST)
    await ada.ask("mjinfo", account=account.channel)

    assert "moderation message pending" in (await ada.complete("mjinfo", account.channel))[0].name
    assert "moderation message pending" in text(await ada.picked(shown, account.channel))
    await bot.world.wait_for(lambda: not bot.polling)
    bot.api.mend()
    assert "2 accounts, 1 flagged" in text(await ada.ask("mjaccounts"))


async def test_a_flagged_account_is_not_asked_and_its_last_answer_is_shown(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add(info_text=STANDARD)
    await bot.start()
    await ada.ask("mjinfo")
    bot.api.flag(account.channel, MODERATION)
    await bot.stop()
    await bot.change_database(AS_IF_LONG_AGO)
    await bot.start()

    shown = text(await ada.ask("mjinfo"))

    assert MODERATION in shown
    assert "7.5 of 30 fast hours left" in shown
    assert "Midjourney was not asked again" in shown
    assert bot.api.midjourney_commands == 1


async def test_a_flag_that_was_dealt_with_is_not_shown_any_more(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add(info_text=STANDARD)
    bot.api.flag(account.channel, MODERATION)
    await bot.start()
    bot.api.clear(account.channel)
    assert "7.5 of 30 fast hours left" in text(await ada.ask("mjinfo"))


async def test_an_owner_may_ask_about_a_flagged_account_anyway(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    bot.api.flag(account.channel, MODERATION)
    await bot.start()
    shown = await ada.ask("mjinfo")
    assert bot.api.count(Endpoint.INFO) == 0

    await ada.pressed(shown, "Ask anyway")
    assert bot.api.count(Endpoint.INFO) == 1

    too_soon = await ada.press(shown, "Ask anyway")
    assert "asked a moment ago" in text(await too_soon.answer())
    assert too_soon.ephemeral
    assert bot.api.count(Endpoint.INFO) == 1


async def test_a_flag_of_another_account_is_not_pinned_on_the_one_asked(bot: Bot, ada: Visitor) -> None:
    asked, other = bot.api.add(), bot.api.add()
    await bot.start()
    bot.api.flag(asked.channel, MODERATION, unseen=True)
    asked.channel = other.channel  # the API answers under the wrong name from here on
    bot.api.fault(Fault.UNPAID, endpoint=Endpoint.LIST)
    (first, *_) = bot.api.accounts

    assert "about another account than the one asked for" in text(await ada.ask("mjinfo", account=first))

    named = {choice.value: choice.name for choice in await ada.complete("mjinfo", "")}
    assert "ready" in named[first]
    assert "moderation message pending" in named[other.channel]


async def test_who_left_the_team_a_moment_ago_may_not_ask_anyway(
    bot: Bot, ada: Visitor, bea: Visitor
) -> None:
    bot.api.flag(bot.api.add().channel, MODERATION)
    bot.world.give_to_team((ada.person, "admin"), (bea.person, "admin"))
    await bot.start()
    shown = await bea.ask("mjinfo")
    bot.world.give_to_team((ada.person, "admin"))
    assert "Only this bot's owners" in text(await bea.pressed(shown, "Ask anyway"))
    assert bot.api.count(Endpoint.INFO) == 0


async def test_asking_anyway_is_for_owners_alone(bot: Bot, bea: Visitor) -> None:
    bot.api.flag(bot.api.add().channel, MODERATION)
    await bot.start()
    refused = await bea.press(await bea.ask("mjinfo"), "Ask anyway")
    assert "Only this bot's owners" in text(await refused.answer())
    assert refused.ephemeral
    assert bot.api.count(Endpoint.INFO) == 0
