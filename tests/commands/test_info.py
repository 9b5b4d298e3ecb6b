"""`/mjinfo`, used as a person uses it: what it shows, which account it is about, and how seldom it asks."""

import asyncio
import re

import pytest

from bot.interactions import responses
from tests.simulators.useapi import MODERATION, Endpoint, Fault
from tests.support.reading import buttons, menu, options, text
from tests.support.running import Bot, Visitor

CAPTURED = (
    "**User ID**: 1234567890\n"
    "**Subscription**: Pro (Active monthly, renews next on <t:1765900800>)\n"
    "**Job Mode**: Fast\n"
    "**Shiny New Thing**: 42 sparkles\n"
    "**Visibility Mode**: Stealth\n"
    "**Fast Time Remaining**: 7.5/30 hours (25%)\n"
    "**Lifetime Usage**: 11170 images (120.63 hours)\n"
    "**Relaxed Usage**: 822 images (8.29 hours)\n\n"
    "**Queued Jobs (fast)**: 2\n"
    "**Queued Jobs (relax)**: 0\n"
    "**Running Jobs**: 1"
)
AS_IF_LONG_AGO = "DELETE FROM meta WHERE key LIKE 'asked:%'"


async def test_everything_midjourney_said_is_shown(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add(discord_name="aurora", info_text=CAPTURED)
    await bot.start()

    shown = text(await ada.ask("mjinfo"))

    for wording in (
        "aurora · account info",
        f"[{account.channel}](https://discord.com/channels/@me/{account.channel})",
        "(took under 1 s)",
        "`Pro`, `Active monthly`",
        "Renews <t:1765900800:f> (<t:1765900800:R>)",
        "`██░░░░░░░░` 25%",
        "7.5 of 30 fast hours left",
        "Visibility: `Stealth`",
        "Job mode: `Fast`",
        "Lifetime: 11,170 images in 120.63 hours",
        "Relaxed: 822 images in 8.29 hours",
        "Queued, fast: 2",
        "Queued, relaxed: 0",
        "Running: `1`",
        "`Shiny New Thing`: `42 sparkles`",
        "User id: `1234567890`",
    ):
        assert wording in shown


WAITING = re.compile(
    r"⏳ Midjourney was asked <t:\d+:R>, and has not answered yet. I wait until <t:\d+:T> at most."
)


def last(visitor: Visitor) -> str:
    """Return all that the last message says, if there is one."""
    seen = visitor.sees()
    return text(seen[-1]) if seen else ""


@pytest.fixture
def held(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Let Midjourney answer only when the event is set, and say soon that it is waited for."""
    monkeypatch.setattr(responses, "SILENT_SECONDS", 0.1)
    bot.api.held[Endpoint.INFO] = asyncio.Event()
    return bot.api.held[Endpoint.INFO]


@pytest.mark.parametrize("private", [True, False])
async def test_an_answer_that_takes_long_says_meanwhile_what_is_waited_for(
    bot: Bot,
    ada: Visitor,
    held: asyncio.Event,
    private: bool,  # noqa: FBT001 - drawn
) -> None:
    bot.api.add(info_text=CAPTURED)
    await bot.start()
    await ada.use("mjinfo", private=private)
    await bot.world.wait_for(lambda: WAITING.fullmatch(last(ada)))
    held.set()
    await bot.world.wait_for(lambda: "account info" in last(ada))
    assert not WAITING.search(last(ada))


@pytest.mark.parametrize("private", [True, False])
async def test_what_was_said_meanwhile_is_taken_back_when_it_fails(
    bot: Bot,
    ada: Visitor,
    held: asyncio.Event,
    private: bool,  # noqa: FBT001 - drawn
) -> None:
    bot.api.add()
    await bot.start()
    bot.api.fault(Fault.SERVER_ERROR, endpoint=Endpoint.INFO)
    await ada.use("mjinfo", private=private)
    await bot.world.wait_for(lambda: WAITING.fullmatch(last(ada)))
    held.set()
    await bot.world.wait_for(lambda: "has a server error" in last(ada))
    assert not any(WAITING.search(message["content"]) for message in ada.sees())


async def test_an_answer_that_is_brought_up_to_date_stays_there_meanwhile(
    bot: Bot, ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot.api.add(info_text=CAPTURED)
    await bot.start()
    shown = await ada.ask("mjinfo")
    await bot.restart()
    await bot.change_database(AS_IF_LONG_AGO)
    monkeypatch.setattr(responses, "SILENT_SECONDS", 0.1)
    held = bot.api.held[Endpoint.INFO] = asyncio.Event()
    bot.api.fault(Fault.SERVER_ERROR, endpoint=Endpoint.INFO)
    await ada.press(shown, "Ask again")
    await bot.world.wait_for(lambda: WAITING.fullmatch(ada.sees()[0]["content"]))
    assert "account info" in text(ada.sees()[0])
    held.set()
    await bot.world.wait_for(lambda: "has a server error" in last(ada))
    assert ada.sees()[0]["content"] == ""
    assert "account info" in text(ada.sees()[0])


async def test_the_answer_is_public_or_for_the_asker_alone(bot: Bot, ada: Visitor, sam: Visitor) -> None:
    bot.api.add()
    await bot.start()
    await ada.ask("mjinfo", private=True)
    assert sam.sees() == []
    await ada.ask("mjinfo")
    assert len(sam.sees()) == 1


# ------------------------------------------------------------- which account


async def test_an_account_may_be_named_by_id_or_label(bot: Bot, ada: Visitor) -> None:
    first, second = bot.api.add(discord_name="aurora"), bot.api.add(discord_name="basalt")
    await bot.start()
    assert "aurora · account info" in text(await ada.ask("mjinfo", account=first.channel))
    assert "basalt · account info" in text(await ada.ask("mjinfo", account=f" …{second.channel[-4:]} "))
    assert "aurora · account info" in text(await ada.ask("mjinfo", account="AURORA"))


async def test_an_account_added_a_moment_ago_is_found_by_its_id(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    new = bot.api.add(discord_name="newcomer")
    assert "newcomer · account info" in text(await ada.ask("mjinfo", account=new.channel))


async def test_an_unknown_account_is_answered_to_the_asker_alone(
    bot: Bot, ada: Visitor, sam: Visitor
) -> None:
    bot.api.add()
    await bot.start()
    asked = await ada.use("mjinfo", account="nobody")
    assert "No configured account has that name or channel id" in text(await asked.answer())
    assert asked.ephemeral
    assert sam.sees() == []


async def test_a_name_that_two_accounts_share_is_not_guessed_at(bot: Bot, ada: Visitor) -> None:
    accounts = [bot.api.add(discord_name="twin"), bot.api.add(discord_name="twin")]
    await bot.start()
    for account in accounts:
        await ada.ask("mjinfo", account=account.channel)
    asked = bot.api.midjourney_commands
    assert "More than one account goes by that name" in text(await ada.ask("mjinfo", account="twin"))
    assert bot.api.midjourney_commands == asked


async def test_with_no_account_it_says_so_and_where_to_read_on(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    asked = await ada.use("mjinfo")
    assert "No account" in text(await asked.answer())
    assert "/mjaccounts says how" in text(await asked.answer())
    assert asked.ephemeral


async def test_an_account_that_cannot_be_asked_is_no_choice(bot: Bot, ada: Visitor) -> None:
    bot.api.add(channel="not-an-id")
    bot.api.add(channel="neither")
    await bot.start()
    assert "No account that can be asked" in text(await ada.ask("mjinfo"))

    bot.api.add(discord_name="aurora")
    await ada.ask("mjaccounts")

    assert "aurora · account info" in text(await ada.ask("mjinfo"))


@pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
async def test_of_several_accounts_it_asks_which_and_answers_the_choice(
    bot: Bot, ada: Visitor, sam: Visitor, *, private: bool
) -> None:
    bot.api.add(discord_name="aurora")
    second = bot.api.add(discord_name="basalt")
    await bot.start()

    asked = await ada.use("mjinfo", private=private)
    question = await asked.answer()

    assert asked.ephemeral
    assert len(options(question)) == 2
    assert bot.api.midjourney_commands == 0
    chosen = await ada.pick(question, second.channel)
    assert "basalt · account info" in text(await chosen.answer())
    assert chosen.ephemeral is private
    assert len(sam.sees()) == (0 if private else 1)


async def test_of_more_than_25_accounts_25_are_offered_flagged_first(bot: Bot, ada: Visitor) -> None:
    channels = [bot.api.add().channel for _ in range(60)]
    bot.api.flag(channels[59], MODERATION)
    await bot.start()
    question = await ada.ask("mjinfo")
    assert len(options(question)) == 25
    assert menu(question)["options"][0]["value"] == channels[59]
    assert "25 of 60 are shown" in text(question)
    assert "type into the account option" in text(question)


async def test_accounts_unknown_while_the_api_was_down_are_asked_about_all_the_same(
    bot: Bot, ada: Visitor, sam: Visitor
) -> None:
    accounts = [bot.api.add(discord_name=name) for name in ("aurora", "basalt")]
    bot.api.fault(Fault.UNPAID)
    await bot.start()
    bot.api.mend()

    asked = await ada.use("mjinfo")
    question = await asked.answer()

    assert asked.ephemeral
    assert sam.sees() == []
    assert "basalt · account info" in text(await ada.picked(question, accounts[1].channel))


async def test_an_account_removed_meanwhile_is_reported_as_that(bot: Bot, ada: Visitor) -> None:
    gone = bot.api.add()
    bot.api.add()
    await bot.start()
    question = await ada.ask("mjinfo")
    bot.api.remove(gone.channel)
    refused = await ada.pick(question, gone.channel)
    assert "does not know which account" in text(await refused.answer())
    assert refused.ephemeral


# ----------------------------------------------------------------- seldom enough


async def test_within_half_a_minute_the_last_answer_is_shown_with_a_button(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    await ada.ask("mjinfo")

    again = await ada.ask("mjinfo")

    assert "this is its last answer. Ask again in" in text(again)
    assert "answered at <t:" in text(again)
    assert "Ask again" in buttons(again)
    assert bot.api.midjourney_commands == 1


async def test_the_button_asks_again_once_that_is_allowed(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add(info_text=CAPTURED)
    await bot.start()
    shown = await ada.ask("mjinfo")
    early = await ada.pressed(shown, "Ask again")
    assert "Ask again in" in text(early)
    assert bot.api.midjourney_commands == 1

    await bot.stop()
    await bot.change_database(AS_IF_LONG_AGO)
    account.info_text = CAPTURED.replace("7.5/30 hours (25%)", "6/30 hours (20%)")
    await bot.start()
    renewed = await ada.pressed(shown, "Ask again")

    assert renewed["id"] == shown["id"]
    assert "6 of 30 fast hours left" in text(renewed)
    assert "Ask again in" not in text(renewed)
    assert bot.api.midjourney_commands == 2


async def test_a_restart_does_not_shorten_the_half_minute(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    await ada.ask("mjinfo")
    await bot.restart()
    assert "Ask again in" in text(await ada.ask("mjinfo"))
    assert bot.api.midjourney_commands == 1


async def test_after_a_failure_the_last_answer_is_not_passed_off_as_new(bot: Bot, ada: Visitor) -> None:
    bot.api.add(info_text=CAPTURED)
    await bot.start()
    await ada.ask("mjinfo")
    await bot.stop()
    await bot.change_database(AS_IF_LONG_AGO)
    await bot.start()
    bot.api.fault(Fault.SERVER_ERROR, endpoint=Endpoint.INFO)
    assert "has a server error" in text(await ada.ask("mjinfo"))

    shown = text(await ada.ask("mjinfo"))

    assert "last answer" in shown
    assert "7.5 of 30 fast hours left" in shown


async def test_after_a_failure_without_any_answer_it_says_when_to_ask_again(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    bot.api.fault(Fault.SERVER_ERROR, endpoint=Endpoint.INFO)
    await ada.ask("mjinfo")
    assert "asked a moment ago" in text(await ada.ask("mjinfo"))
    assert bot.api.count(Endpoint.INFO) == 1


async def test_who_asks_while_midjourney_is_being_asked_gets_the_same_answer(
    bot: Bot, ada: Visitor, bea: Visitor
) -> None:
    account = bot.api.add(info_text=CAPTURED)
    account.info_seconds = 0.5
    await bot.start()

    asked = [await ada.use("mjinfo"), await bea.use("mjinfo"), await ada.use("mjinfo")]
    shown = {text(await one.answer()) for one in asked}

    assert len(shown) == 1
    assert "7.5 of 30 fast hours left" in shown.pop()
    assert bot.api.midjourney_commands == 1
