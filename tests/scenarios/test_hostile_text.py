"""What others wrote is shown, and does nothing: no mention, link, command or markdown, at any length."""

import json
import re

import pytest

from tests.simulators.discord import Json
from tests.simulators.useapi import Endpoint
from tests.support.reading import buttons, options, text
from tests.support.running import Bot, Visitor

CODE = re.compile(r"```\n.*?\n```|`[^`\n]*`", re.DOTALL)
ESCAPED = re.compile(r"\\.")
MENTION = r"@everyone|@here|<@&?\d>|<#|</|<:|<t:1:"  # of the bot's own, ids are longer
LIVE = re.compile(MENTION + r"|https?://evil|evil\.example/|\*\*bold|\|\|hidden|^# big", re.MULTILINE)
TURNING = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
HOSTILE = {
    "mentions": "@everyone @here <@1> <@&2> <#3> </mjname:4> <t:1:R> <:x:5>",
    "links": "[click](https://evil.example/a) https://evil.example/b <https://evil.example/c> evil.example/d",
    "markdown": "# big\n**bold** ||hidden|| > quoted\n- list ~~gone~~ __under__",
    "closing the code block": "```\n@everyone\n```\n**bold** ``@here`` `<@1>`",
    "direction": "\u202e@everyone\u202c\u2066**bold**\u2069\u200b\u200f",
    "4,000 back-ticks": "`" * 4_000 + "@everyone",
    "4,000 characters": "@everyone **bold** " * 211,
    "4,000 wide characters": "\N{FACE WITH TEARS OF JOY}" * 4_000,
    "nothing to see": "\u200b\u2060\u3164",
}


def live(shown: str) -> str:
    """Return what Discord would act upon: all but code and what is escaped."""
    return ESCAPED.sub("", CODE.sub("", shown))


def assert_inert(messages: list[Json]) -> None:
    """Check that messages mention nobody and hold nothing that others wrote and that seems to be ours."""
    assert messages
    for message in messages:
        assert not message["mention_everyone"]
        assert message["mentions"] == []
        assert not LIVE.search(live(text(message)))


def assert_clean_bodies(bot: Bot) -> None:
    """Check that no body allows mentions or carries characters that turn text around."""
    assert not TURNING.search(json.dumps(bot.world.bodies, ensure_ascii=False))
    allowed = [body["allowed_mentions"] for body in bot.world.bodies if "allowed_mentions" in body]
    assert allowed
    assert all(each == {"parse": []} for each in allowed)


hostile = pytest.mark.parametrize("hostile_text", HOSTILE.values(), ids=HOSTILE)


@hostile
async def test_a_flag_is_quoted_whatever_it_says(bot: Bot, ada: Visitor, hostile_text: str) -> None:
    accounts = [bot.api.add() for _ in range(10)]
    for account in accounts:
        bot.api.flag(account.channel, hostile_text)
    await bot.start()

    shown = await ada.ask("mjaccounts")
    assert "10 flagged" in text(shown)
    assert len(options(shown)) == 10
    await ada.picked(shown, accounts[0].channel)
    flagged = await ada.ask("mjinfo", account=accounts[0].channel)
    assert "Ask anyway" in buttons(flagged)

    assert_inert(ada.sees())
    assert_clean_bodies(bot)


@hostile
async def test_a_596_is_quoted_whatever_it_says(bot: Bot, ada: Visitor, hostile_text: str) -> None:
    account = bot.api.add()
    await bot.start()
    bot.api.flag(account.channel, hostile_text, unseen=True)
    met = await ada.ask("mjinfo")
    assert "needs you" in text(met)
    assert_inert(ada.sees())
    assert_clean_bodies(bot)


@hostile
async def test_account_information_is_shown_whatever_it_says(
    bot: Bot, ada: Visitor, hostile_text: str
) -> None:
    line = " ".join(hostile_text.split())
    labelled = f"**Subscription**: {line} (Active {line})\n**Visibility Mode**: {line}\n**{line}**: {line}\n"
    account = bot.api.add(discord_name=line, info_text=f"{labelled}**Running Jobs**: {line}\n{hostile_text}")
    bot.api.add()
    await bot.start()

    assert "account info" in text(await ada.ask("mjinfo", account=account.channel))
    shown = await ada.ask("mjaccounts")
    await ada.picked(shown, account.channel)
    await ada.ask("mjinfo")
    assert len(await ada.complete("mjinfo", "")) == 2

    assert_inert(ada.sees())
    assert_clean_bodies(bot)


@pytest.mark.parametrize(
    "name", ["@everyone a", "[a](https://evil.example/b)", "<@1> **bold** ||hidden||", "`a` ```b", "# big a"]
)
async def test_a_name_that_an_owner_gave_does_nothing_either(bot: Bot, ada: Visitor, name: str) -> None:
    account = bot.api.add()
    bot.api.flag(account.channel, "a flag")
    await bot.start()
    assert "is now called" in text(await ada.ask("mjname", account=account.channel, name=name))
    await ada.picked(await ada.ask("mjaccounts"), account.channel)
    await ada.ask("mjinfo")
    assert_inert(ada.sees())
    assert_clean_bodies(bot)


@pytest.mark.parametrize(
    "channel", ["../../jobs/cancel", "@everyone", "12345", "[a](https://evil.example/b)"]
)
async def test_an_id_that_is_none_is_shown_without_link_or_actions(
    bot: Bot, ada: Visitor, channel: str
) -> None:
    bot.api.add(channel=channel)
    good = bot.api.add()
    await bot.start()
    before = len(bot.api.requests)

    shown = await ada.ask("mjaccounts")

    assert "2 accounts" in text(shown)
    assert f"`{channel}`" in text(shown)
    assert options(shown) == [f"…{good.channel[-4:]}"]
    assert [choice.value for choice in await ada.complete("mjinfo", "")] == [good.channel]
    assert "not a Discord channel id" in text(await ada.ask("mjinfo", account=channel))
    assert bot.api.midjourney_commands == 0
    assert {request.endpoint for request in bot.api.requests[before:]} == {Endpoint.LIST}
    assert_inert(ada.sees())
