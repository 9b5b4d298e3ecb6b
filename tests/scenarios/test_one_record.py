"""The open incident of an account is the only record of its flag: every view shows what it says."""

import re

import pytest

from tests.simulators.discord import Json
from tests.simulators.useapi import CAPTCHA, MODERATION, Endpoint, Fault
from tests.simulators.useapi.faults import PENDING
from tests.support.reading import buttons, text
from tests.support.running import Bot, Visitor
from tests.support.watching import RESET, later, newest, poll

STAMP = re.compile(r"<t:(\d+):f>")
GONE = "recovering"


async def card(visitor: Visitor, channel: str) -> Json:
    """Open an account's card from the list."""
    return await visitor.picked(await visitor.ask("mjaccounts", private=True), channel)


async def named(visitor: Visitor, channel: str) -> str:
    """Return how an account is suggested."""
    return next(each.name for each in await visitor.complete("mjreset", channel) if each.value == channel)


async def test_row_45_every_view_shows_what_a_command_met_until_its_incident_ends(
    bot: Bot, ada: Visitor
) -> None:
    account, other = bot.api.add(), bot.api.add()
    await bot.start()
    bot.api.fault(Fault.CODE_596_UNNAMED, endpoint=Endpoint.INFO, times=1)
    await ada.ask("mjinfo", account=account.channel)
    await newest(ada, "needs you", "the account list does not show it")

    await later(bot, 5)
    listed = text(await ada.ask("mjaccounts"))
    assert "2 accounts, 1 flagged" in listed
    assert PENDING in listed
    shown = await card(ada, account.channel)
    assert "moderation message pending" in text(shown)
    assert "Reset" in buttons(shown)
    assert "moderation message pending" in await named(ada, account.channel)
    assert "ready" in await named(ada, other.channel)
    assert "Did you acknowledge" in text(await ada.ask("mjreset", account=account.channel))
    assert "1 needs you" in text(await ada.ask("mjstatus"))
    await bot.world.wait_for(lambda: "1 needs you" in str(bot.world.presence))
    asked = bot.api.count(Endpoint.INFO)
    assert PENDING in text(await ada.ask("mjinfo", account=account.channel))
    assert bot.api.count(Endpoint.INFO) == asked

    await later(bot, 16)
    await poll(ada)
    await newest(ada, "is back")
    assert "2 accounts, none flagged" in text(await ada.ask("mjaccounts"))
    assert "Reset" not in buttons(await card(ada, account.channel))


@pytest.mark.parametrize("is_known", [True, False], ids=["of-a-known-account", "of-one-never-listed"])
async def test_row_46_every_view_shows_a_flag_in_a_list_that_is_not_believed(
    bot: Bot,
    ada: Visitor,
    is_known: bool,  # noqa: FBT001 - drawn
) -> None:
    before = [bot.api.add().channel for _ in range(4)]
    await bot.start()
    for channel in before[is_known:]:
        bot.api.remove(channel)
    flagged = before[0] if is_known else bot.api.add().channel
    bot.api.flag(flagged, MODERATION)

    assert "keeps watching the old list" in text(await ada.ask("mjaccounts", private=True))
    await newest(ada, "needs you")

    shown = await ada.ask("mjinfo", account=flagged)
    assert MODERATION in text(shown)
    assert bot.api.count(Endpoint.INFO) == 0
    assert "moderation message pending" in await named(ada, flagged)
    assert "Did you acknowledge" in text(await ada.ask("mjreset", account=flagged))
    assert flagged[-4:] in text(await ada.ask("mjstatus"))
    await bot.world.wait_for(lambda: "1 needs you" in str(bot.world.presence))


async def test_an_account_that_is_clearing_does_not_read_ready_and_keeps_its_buttons(
    bot: Bot, ada: Visitor
) -> None:
    account = bot.api.add()
    bot.api.flag(account.channel, MODERATION)
    await bot.start()
    alert = await newest(ada, "needs you")
    bot.api.clear(account.channel)
    await poll(ada)
    await newest(ada, GONE)

    listed = await ada.ask("mjaccounts")
    assert "1 account, none flagged, 1 recovering" in text(listed)
    assert "✅" not in text(listed)
    assert GONE in text(listed)
    shown = await ada.picked(listed, account.channel)
    assert GONE in text(shown)
    assert "Midjourney said" in text(shown)
    assert "Reset" in buttons(shown)
    assert RESET in buttons(alert)
    assert GONE in await named(ada, account.channel)


async def test_a_flag_that_was_gone_for_a_poll_is_since_the_same_time_on_card_and_alert(
    bot: Bot, ada: Visitor
) -> None:
    account = bot.api.add()
    bot.api.flag(account.channel, MODERATION)
    await bot.start()
    await newest(ada, "needs you")
    await later(bot, 2)
    bot.api.clear(account.channel)
    await poll(ada)
    await newest(ada, GONE)
    bot.api.flag(account.channel, CAPTCHA)
    await poll(ada)
    alert = await newest(ada, "CAPTCHA pending")
    since = STAMP.search(text(alert))
    assert since is not None
    assert since[0] in text(await card(ada, account.channel))
