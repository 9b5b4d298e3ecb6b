"""A database of Midwatch 0.1, which the bot of this version finds at its start."""

import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import aiohttp

from tests.simulators.discord import SANDBOX_BOT_TOKEN, SimulatedDiscord
from tests.simulators.useapi import CAPTCHA, MODERATION
from tests.support.reading import text
from tests.support.running import Bot, Visitor
from tests.support.watching import newest, nothing_more

RECORDED = Path(__file__).parents[1] / "recorded" / "midwatch-0.1.sql"
LAST_CHANGE = 1_795_879_864_391
"""When its bot was stopped."""
OWNER, DIRECT_MESSAGES, ALERT = "1576259138495709186", "1576259139447816192", "1576259139644948480"
FLAGSHIP, BOREALIS, MUTED = "746675314082485333", "1285615689306716256", "815992567122483269"


async def old_alert(world: SimulatedDiscord) -> tuple[str, str]:
    """Write a message as the bot of then, and return the ids of its channel and its own."""
    headers = {"Authorization": f"Bot {SANDBOX_BOT_TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        opened = {"recipient_id": str(world.owner.id)}
        async with session.post(f"{world.api}/users/@me/channels", json=opened) as answer:
            channel = (await answer.json())["id"]
        words = {"content": "borealis needs you"}
        async with session.post(f"{world.api}/channels/{channel}/messages", json=words) as answer:
            return channel, (await answer.json())["id"]


async def bring_back(bot: Bot) -> None:
    """Make the database that 0.1 left a moment ago, with the ids of this Discord."""
    channel, message = await old_alert(bot.world)
    script = RECORDED.read_text("utf-8")
    for then, now in {OWNER: str(bot.world.owner.id), DIRECT_MESSAGES: channel, ALERT: message}.items():
        script = script.replace(then, now)
    passed = int(time.time() * 1000) - LAST_CHANGE
    script = re.sub(r"\b179[56]\d{9}\b", lambda found: str(int(found[0]) + passed), script)
    with closing(sqlite3.connect(bot.database)) as connection:
        connection.executescript(script)


async def test_all_that_0_1_knew_is_there_and_its_alert_goes_on(bot: Bot, ada: Visitor) -> None:
    for channel in (FLAGSHIP, BOREALIS, MUTED):
        bot.api.add(channel=channel)
    bot.api.flag(BOREALIS, CAPTCHA)
    bot.api.flag(MUTED, MODERATION)
    await bring_back(bot)
    await bot.start()
    alert = text(await newest(ada, "borealis needs you", MUTED[-4:]))  # edited, and not sent again
    assert f"<@{ada.person.id}> is on it" in alert
    status = text(await ada.ask("mjstatus"))
    assert "3 accounts watched, 2 need you" in status
    assert f"…{MUTED[-4:]} is muted" in status
    accounts = text(await ada.ask("mjaccounts"))
    assert "**Flagship** · ✅ ready" in accounts
    assert "`Mega` · 59.15 of 60 fast hours left" in accounts
    assert "Flagship" in text(await ada.ask("mjusage"))
    done = [(verb, reference) for _, verb, reference, _ in await bot.actions()]
    assert done == [("rename", FLAGSHIP), ("mute", MUTED), ("assign", BOREALIS)]
    await nothing_more(ada, 1)
    await bot.restart()
    await nothing_more(ada, 2)  # with the test before
