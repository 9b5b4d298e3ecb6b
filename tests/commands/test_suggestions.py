"""What is suggested while somebody types an account."""

import pytest

from tests.simulators.useapi import CAPTCHA, Endpoint, Fault
from tests.support.running import Bot, Visitor

PRO = "**Subscription**: Pro (Active monthly)\n**Fast Time Remaining**: 7.5/30 hours (25%)"


@pytest.mark.english
@pytest.mark.parametrize("command", ["mjinfo", "mjname"])
@pytest.mark.parametrize(
    "typed",
    ["Studio", "sTUDIo b", "7000000000000000", "…0017", "pro", "captcha", "PENDING studio", " pro captcha "],
)
async def test_an_account_is_found_by_label_id_plan_and_state(
    bot: Bot, ada: Visitor, command: str, typed: str
) -> None:
    wanted = bot.api.add(channel="700000000000000017", info_text=PRO)
    bot.api.add(channel="811111111111111111")
    await bot.start()
    await ada.ask("mjinfo", account=wanted.channel)
    await ada.ask("mjname", account=wanted.channel, name="Studio B")
    bot.api.flag(wanted.channel, CAPTCHA)
    await ada.ask("mjaccounts")

    (only,) = await ada.complete(command, typed)

    assert only.value == wanted.channel
    assert only.name == "Studio B · 🧩 CAPTCHA pending · Pro · …0017"


@pytest.mark.english
async def test_suggestions_come_from_memory_alone(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    before = len(bot.api.requests)
    bot.api.fault(Fault.VANISHED)

    suggested = [await ada.complete("mjinfo", typed) for typed in ("", "r", "re", "ready")]

    assert [len(each) for each in suggested] == [1, 1, 1, 1]
    assert len(bot.api.requests) == before


async def test_the_list_is_read_again_after_each_use(bot: Bot, ada: Visitor) -> None:
    bot.api.add(discord_name="aurora")
    await bot.start()
    new = bot.api.add()
    reads = bot.api.count(Endpoint.LIST)

    await ada.ask("mjinfo")
    await bot.world.wait_for(lambda: bot.api.count(Endpoint.LIST) > reads)
    await bot.world.wait_for(lambda: not bot.polling)

    assert new.channel in {choice.value for choice in await ada.complete("mjinfo", "")}


async def test_memory_outlives_the_process(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    await bot.start()
    await bot.stop()
    bot.api.fault(Fault.UNPAID)
    await bot.start()
    assert [choice.value for choice in await ada.complete("mjinfo", "")] == [account.channel]


async def test_at_most_25_are_suggested_the_flagged_first(bot: Bot, ada: Visitor) -> None:
    channels = [bot.api.add().channel for _ in range(1_000)]
    bot.api.flag(channels[777], CAPTCHA)
    await bot.start()
    suggested = await ada.complete("mjinfo", "")
    assert len(suggested) == 25
    assert suggested[0].value == channels[777]


async def test_nothing_fitting_suggests_nothing(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    assert await ada.complete("mjinfo", "zebra") == []


async def test_a_stranger_is_suggested_nothing(bot: Bot, sam: Visitor) -> None:
    bot.api.add()
    await bot.start()
    assert await sam.complete("mjinfo", "", channel=sam.dm) == []
