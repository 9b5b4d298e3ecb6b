"""Warnings, end to end: one silent message to each owner, which an edit ends."""

from datetime import UTC, datetime, timedelta

from tests.simulators.discord.world import Json
from tests.simulators.useapi import MODERATION
from tests.support.reading import text
from tests.support.running import Bot, Visitor
from tests.support.watching import is_silent, newest, nothing_more, poll

STUDIO = "studio@example.com"
DAY = timedelta(days=1)
RENEWS = int((datetime.now(UTC) + 20 * DAY).timestamp())
NEXT = RENEWS + 30 * 86_400


def info(*, status: str = "Active monthly", renews: int = RENEWS, left: str = "20.00") -> str:
    """Return Midjourney's answer to `/info`."""
    return (
        f"**Subscription**: Standard ({status}, renews next on <t:{renews}>)\n"
        f"**Fast Time Remaining**: {left}/30.0 hours ({float(left) / 0.3:.2f}%)"
    )


async def asked(bot: Bot, visitor: Visitor, answer: str) -> Json:
    """Let Midjourney answer so to `/mjinfo`, which may be asked again at once."""
    (account,) = bot.api.accounts.values()
    account.info_text = answer
    await bot.stop()
    await bot.change_database("DELETE FROM meta WHERE key LIKE 'asked%'")
    await bot.start(LOW_FAST_TIME="10")
    return await visitor.ask("mjinfo")


async def test_little_fast_time_is_one_silent_message_that_ends_by_an_edit(bot: Bot, ada: Visitor) -> None:
    bot.api.add(discord_name="aurora")
    await bot.start(LOW_FAST_TIME="10")
    assert "Warnings" not in text(await asked(bot, ada, info()))
    assert "⚠️ little fast time left until" in text(await asked(bot, ada, info(left="2.00")))
    warning = await newest(ada, "⚠️ aurora: little fast time left", number=1)
    assert is_silent(warning)
    await asked(bot, ada, info(left="0.00"))
    await newest(ada, "⚠️ aurora: no fast time left", number=1)
    await asked(bot, ada, info(left="29.00"))
    await newest(ada, "✅ aurora: fast time is back", number=1)
    await asked(bot, ada, info(left="1.00"))  # the same period
    await nothing_more(ada, 1)
    assert "✅ ready · ⚠️ little fast time left" in text(await ada.ask("mjaccounts"))
    await asked(bot, ada, info(left="1.00", renews=NEXT))
    await newest(ada, "⚠️ aurora: little fast time left", number=3)


async def test_without_the_setting_no_fast_time_is_only_shown(bot: Bot, ada: Visitor) -> None:
    bot.api.add(discord_name="aurora", info_text=info(left="0.00"))
    await bot.start()
    assert "⚠️ no fast time left until" in text(await ada.ask("mjinfo"))
    assert "**aurora** · ✅ ready · ⚠️ no fast time left" in text(await ada.ask("mjaccounts"))
    await nothing_more(ada, 0)


async def test_a_cancelled_plan_is_no_trouble_and_said_once(bot: Bot, ada: Visitor) -> None:
    bot.api.add(discord_name="aurora", info_text=info(status="Cancelled"))
    await bot.start()
    await ada.ask("mjinfo")
    warning = await newest(ada, "⚠️ aurora: plan cancelled, ends", "⚠️ plan cancelled, ends <t:", number=1)
    assert is_silent(warning)
    assert "✅ 1 account, none flagged" in text(await ada.ask("mjaccounts"))
    assert "✅ **1 account watched, all ready**" in text(await ada.ask("mjstatus"))
    await bot.restart()
    bot.api.flag(next(iter(bot.api.accounts)), MODERATION)
    await poll(ada)
    await newest(ada, "aurora needs you", number=2)


async def test_sessions_that_expire_are_one_message_that_a_restart_does_not_repeat(
    bot: Bot, ada: Visitor, bea: Visitor
) -> None:
    at = datetime.now(UTC) + 2 * DAY
    for service in ("dreamina", "kling"):
        bot.api.add_to(service, STUDIO)
        expire(bot, service, at)
    owners = str(ada.person.id)
    await bot.start(USEAPI_SERVICES="dreamina,kling", OWNER_IDS=owners)
    warning = await newest(
        ada, "⚠️ 2 warnings: ", f"⚠️ session expires {at:%a} {at.day} {at:%b}", "Kling", number=1
    )
    assert is_silent(warning)
    await bot.restart(USEAPI_SERVICES="dreamina,kling", OWNER_IDS=f"{owners},{bea.person.id}")
    await newest(bea, "⚠️ 2 warnings: ", number=1)
    expire(bot, "kling", at + 30 * DAY)
    await poll(ada)
    await newest(ada, "⚠️ 1 warning: ", "logged in again", number=1)
    del bot.api.services["dreamina"].entries[STUDIO]
    bot.api.add_to("dreamina", "other@example.com")
    await poll(ada)
    await poll(ada)
    await newest(ada, "✅ All 2 warnings are over", "not configured any more", number=1)
    await nothing_more(ada, 1)


def expire(bot: Bot, service: str, at: datetime) -> None:
    """Let the session of the studio's account end at a time."""
    entry = bot.api.services[service].entries[STUDIO]
    written = at.isoformat().replace("+00:00", "Z")
    if service == "kling":
        entry["session"] = {"ExpireTimeUTC": written}
    else:
        entry["sessionExpires"] = written
