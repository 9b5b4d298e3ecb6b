"""`/mjmute`: what it holds back, for how long, what comes through, and what follows when it ends."""

import re

import pytest

from tests.simulators.discord import Interaction
from tests.simulators.useapi import BLOCK, MODERATION
from tests.support.reading import text
from tests.support.running import Bot, Visitor
from tests.support.watching import PATIENCE, flagged, later, newest, nothing_more, poll


async def two(bot: Bot) -> list[str]:
    channels = [bot.api.add().channel for _ in range(2)]
    await bot.start()
    return channels


async def flag(bot: Bot, ada: Visitor, *channels: str, as_text: str = MODERATION) -> None:
    for channel in channels:
        bot.api.flag(channel, as_text)
    await poll(ada)


async def mute(visitor: Visitor, duration: str, account: str | None = None) -> Interaction:
    whom = {"account": account} if account else {}
    return await visitor.world.slash(visitor.person, "mjmute", {"duration": duration, **whom})


async def test_a_mute_of_all_keeps_alerts_back_and_ends_with_one_message(bot: Bot, ada: Visitor) -> None:
    first, second = await two(bot)
    asked = await ada.use("mjmute", duration="8h")
    assert "No alerts for **any account** until <t:" in text(await asked.answer())
    assert asked.ephemeral
    await flag(bot, ada, first)
    await flag(bot, ada, second)
    await nothing_more(ada, 0)

    await later(bot, 8 * 60)

    await newest(ada, "2 accounts need you", number=2)


async def test_a_mute_of_one_account_leaves_the_others_alone(bot: Bot, ada: Visitor) -> None:
    muted, other = await two(bot)
    answer = text(await ada.ask("mjmute", duration="30m", account=muted))
    assert f"No alerts for **…{muted[-4:]}** until <t:" in answer
    await flag(bot, ada, muted)
    await nothing_more(ada, 0)
    await flag(bot, ada, other)
    alert = await newest(ada, f"…{other[-4:]} needs you", number=2)
    assert alert["content"].startswith("⚠️")


async def test_a_block_comes_through(bot: Bot, ada: Visitor) -> None:
    first, _ = await two(bot)
    await ada.ask("mjmute", duration="8h")
    await flag(bot, ada, first)
    await nothing_more(ada, 0)
    await flag(bot, ada, first, as_text=BLOCK)
    await newest(ada, "got worse", BLOCK, number=2)


@pytest.mark.parametrize("named", [False, True], ids=["all", "one"])
async def test_off_ends_a_mute_and_sends_what_was_kept_back(bot: Bot, ada: Visitor, *, named: bool) -> None:
    first, _ = await two(bot)
    whom = first if named else None
    await (await mute(ada, "8h", whom)).answer()
    await flag(bot, ada, first)
    await nothing_more(ada, 0)
    answer = text(await (await mute(ada, "off", whom)).answer())
    assert f"Alerts for **{f'…{first[-4:]}' if named else 'all accounts'}** are on again" in answer
    await newest(ada, "needs you", number=2)


async def test_off_for_all_ends_the_mutes_of_single_accounts_too(bot: Bot, ada: Visitor) -> None:
    first, second = await two(bot)
    await ada.ask("mjmute", duration="8h", account=first)
    await ada.ask("mjmute", duration="8h")
    await flag(bot, ada, first, second)
    await nothing_more(ada, 0)
    await ada.ask("mjmute", duration="off")
    assert "muted" not in text(await ada.ask("mjstatus"))
    await newest(ada, "2 accounts need you", number=2)


async def test_off_for_one_says_when_all_are_muted_still(bot: Bot, ada: Visitor) -> None:
    first, _ = await two(bot)
    await ada.ask("mjmute", duration="8h")
    answer = text(await ada.ask("mjmute", duration="off", account=first))
    assert "All accounts are muted until <t:" in answer
    assert "are on again" not in answer


async def test_a_mute_of_one_within_that_of_all_says_when_that_of_all_ends(bot: Bot, ada: Visitor) -> None:
    first, _ = await two(bot)
    until = re.findall(r"<t:\d+:f>", text(await ada.ask("mjmute", duration="8h")))
    assert re.findall(r"<t:\d+:f>", text(await ada.ask("mjmute", duration="1h", account=first))) == until


async def test_a_mute_outlives_a_restart_and_keeps_reminders_back(bot: Bot, ada: Visitor) -> None:
    await two(bot)
    await flagged(bot, ada)
    await ada.ask("mjmute", duration="8h")
    await later(bot, 120)
    await nothing_more(ada, 1)
    await later(bot, 361)
    await newest(ada, "still needs you", number=2)


@pytest.mark.parametrize(
    "duration", ["", " ", "8", "soon", "0h", "-1h", "8d", "999999d", "1 hat", "h", "2w", "999999w" * 200]
)
async def test_what_is_no_length_of_time_mutes_nothing(bot: Bot, ada: Visitor, duration: str) -> None:
    await two(bot)
    asked = await ada.use("mjmute", duration=duration)
    answer = text(await asked.answer())
    assert "can't mute for" in answer
    assert "30m, 8h or 2d" in answer
    assert asked.ephemeral
    assert "muted" not in text(await ada.ask("mjstatus"))


@pytest.mark.parametrize("duration", ["30s", "7d", " 8h ", "8 hours", "1W"])
async def test_lengths_of_up_to_seven_days_are_taken(bot: Bot, ada: Visitor, duration: str) -> None:
    await two(bot)
    assert "No alerts for" in text(await ada.ask("mjmute", duration=duration))


async def test_an_account_nobody_knows_mutes_nothing(bot: Bot, ada: Visitor) -> None:
    await two(bot)
    assert "No configured account" in text(await ada.ask("mjmute", duration="8h", account="nobody"))
    assert "muted" not in text(await ada.ask("mjstatus"))


async def test_only_owners_mute(bot: Bot, ada: Visitor, bea: Visitor) -> None:
    first, _ = await two(bot)
    for whom in (None, first):
        refused = await mute(bea, "8h", whom)
        assert "Only this bot's owners" in text(await refused.answer())
        assert refused.ephemeral
    await flag(bot, ada, first)
    await newest(ada, "needs you")


async def test_lengths_and_accounts_are_suggested(bot: Bot, ada: Visitor) -> None:
    first, _ = await two(bot)
    lengths = await bot.world.autocomplete(ada.person, "mjmute", "duration", "")
    assert [one.value for one in lengths] == ["1h", "4h", "8h", "1d", "7d", "off"]
    accounts = await bot.world.autocomplete(ada.person, "mjmute", "account", first[-4:])
    assert [one.value for one in accounts] == [first]


async def test_the_bots_own_status_says_that_it_is_muted(bot: Bot, ada: Visitor) -> None:
    await two(bot)

    def status() -> str:
        shown = bot.world.presence or {}
        return shown["activities"][0]["state"] if shown.get("activities") else ""

    await ada.ask("mjmute", duration="8h")
    await bot.world.wait_for(lambda: "· muted" in status(), PATIENCE)
    await ada.ask("mjmute", duration="off")
    await bot.world.wait_for(lambda: status() == "2 accounts watched, all ready", PATIENCE)


async def test_a_number_is_suggested_with_its_units(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    offered = await ada.world.autocomplete(ada.person, "mjmute", "duration", "2")
    assert [each.value for each in offered] == ["2h", "2d", "2m"]
