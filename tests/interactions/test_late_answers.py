"""Answers that Discord does not take, or that a stop of the bot would cut off."""

from datetime import timedelta

import pytest

from tests.simulators.discord import FaultKind, Interaction
from tests.simulators.useapi import Endpoint
from tests.support.forming import opened, sent
from tests.support.reading import buttons, text
from tests.support.running import Bot, Visitor, is_private


async def test_an_answer_discord_no_longer_takes_goes_out_as_a_direct_message(
    bot: Bot, ada: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    account = bot.api.add()
    await bot.start()
    await ada.use("mjaccounts")
    bot.world.pass_time(4)
    (message,) = await bot.world.wait_for(ada.received)
    assert account.channel in text(message)
    assert "gave up waiting" in caplog.text


HELLO = 1


async def test_a_late_answer_whose_arrival_nobody_knows_of_is_followed_by_no_second_one(
    bot: Bot, ada: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    account = bot.api.add()
    await bot.start()
    direct = f"/channels/{bot.world.dm_channel_id(ada.person)}/messages"
    bot.world.fault(FaultKind.RESET_AFTER, method="POST", path=direct, times=1)
    await ada.use("mjaccounts")
    bot.world.pass_time(4)
    await bot.world.wait_for(
        lambda: sum(each.path == direct and each.method == "POST" for each in bot.world.requests) == HELLO + 2
    )
    (message,) = ada.received()
    assert account.channel in text(message)
    assert "gave up waiting" in caplog.text


@pytest.mark.parametrize("what", ["error", "question", "Refresh", "Next"])
async def test_so_do_errors_questions_and_what_buttons_show(bot: Bot, ada: Visitor, what: str) -> None:
    for _ in range(11):
        bot.api.add()
    await bot.start()
    shown = await ada.ask("mjaccounts")
    match what:
        case "error":
            await ada.use("mjinfo", account="nobody")
        case "question":
            await ada.use("mjinfo")
        case _:
            await ada.press(shown, what)
    bot.world.pass_time(4)

    (message,) = await bot.world.wait_for(ada.received)

    assert {
        "error": "No configured account",
        "question": "Which account",
        "Refresh": "Page 1 of 2",
        "Next": "Page 2 of 2",
    }[what] in text(message)


async def test_with_direct_messages_closed_a_late_answer_is_given_up_and_logged(
    bot: Bot, ada: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    bot.api.add()
    await bot.start()
    bot.world.close_dm(ada.person)
    await ada.use("mjaccounts")
    bot.world.pass_time(4)
    await bot.world.wait_for(lambda: "an error could not be shown" in caplog.text)
    assert "account" in text(await ada.ask("mjaccounts"))


async def test_row_38_an_interaction_that_another_copy_answered_is_logged(
    bot: Bot, ada: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    bot.api.add()
    await bot.start()
    bot.world.fault(FaultKind.ERROR, path="/interactions/*/callback", status=400, code=40060, times=1)
    await ada.use("mjaccounts")
    await bot.world.wait_for(lambda: "another copy of this bot answered" in caplog.text)
    assert ada.received() == []


async def test_an_answer_discord_fails_to_take_is_not_lost_in_silence(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    bot.world.fault(FaultKind.ERROR, method="PATCH", path="/webhooks/*", status=403, code=50013, times=1)
    asked = await ada.use("mjaccounts")
    assert "Discord did not accept the answer" in text(await asked.answer())
    assert asked.ephemeral


async def broken_off(bot: Bot, ada: Visitor, what: str) -> Interaction:
    """Ask for something, and let Discord take the first answer without ever saying so."""
    account, _ = bot.api.add(), bot.api.add()
    await bot.start()
    form = await opened(ada)
    question = await ada.ask("mjremove", account=account.channel)
    bot.world.fault(FaultKind.RESET_AFTER, path="/interactions/*/callback", times=1)
    match what:
        case "form":
            return await sent(ada, form, bot.api.newcomer().discord)
        case "button":
            return await ada.press(question, next(iter(buttons(question))))
        case _:
            return await ada.use("mjaccounts", private=what == "private command")


@pytest.mark.parametrize("what", ["form", "button", "command", "private command"])
async def test_who_waits_behind_a_first_answer_that_broke_off_is_answered_in_private(
    bot: Bot, ada: Visitor, sam: Visitor, what: str
) -> None:
    asked = await broken_off(bot, ada, what)
    await bot.world.wait_for(lambda: asked.followups or (asked.message and not asked.deferred))
    shown = asked.followups[0] if asked.followups else asked.message
    assert shown is not None
    assert "Discord did not accept the answer" in text(shown)
    assert is_private(shown)
    assert sam.sees() == []
    assert bot.api.count(Endpoint.SAVE) + bot.api.count(Endpoint.REMOVE) == 0


@pytest.mark.parametrize("kind", [FaultKind.ERROR, FaultKind.RESET])
async def test_where_discord_takes_nothing_it_is_logged_in_a_line(
    bot: Bot, ada: Visitor, caplog: pytest.LogCaptureFixture, kind: FaultKind
) -> None:
    bot.api.add()
    await bot.start()
    fault = bot.world.fault(kind, path="/webhooks/*", status=400, code=50035)
    await ada.use("mjaccounts")
    await bot.world.wait_for(lambda: "an error could not be shown" in caplog.text)
    bot.world.mend(fault)
    assert "1 account" in text(await ada.ask("mjaccounts"))


# ------------------------------------------------------------------------- a stop


async def test_a_stop_answers_who_still_waits(bot: Bot, ada: Visitor, sam: Visitor) -> None:
    bot.api.add().info_seconds = 60
    await bot.start()
    asked = await ada.use("mjinfo")
    await bot.world.wait_for(lambda: bot.api.midjourney_commands)

    await bot.stop()

    assert "is being restarted" in text(await asked.answer())
    assert asked.ephemeral
    assert sam.sees() == []


async def test_a_stop_lets_an_answer_on_its_way_arrive(bot: Bot, ada: Visitor) -> None:
    bot.grace = timedelta(hours=1)
    bot.api.add().info_seconds = 0.3
    await bot.start()
    asked = await ada.use("mjinfo")
    await bot.world.wait_for(lambda: bot.api.midjourney_commands)
    await bot.stop()
    assert "account info" in text(await asked.answer())
