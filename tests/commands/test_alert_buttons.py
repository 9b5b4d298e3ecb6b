"""The buttons of alerts: who may press them, what they do, and that they never stop working."""

from pathlib import Path

import pytest

from tests.simulators.discord import FaultKind
from tests.simulators.discord.world import Json
from tests.simulators.useapi import CAPTCHA, MODERATION, Endpoint, SimulatedAccount
from tests.support.reading import button, buttons, menu, text
from tests.support.running import Bot, Visitor
from tests.support.watching import MINE, RESET, SNOOZE, SOLVED, flagged, later, newest, nothing_more, poll

NOT_AN_OWNER = "Only this bot's owners"
ACTING = (RESET, MINE, SNOOZE)


async def in_channel(bot: Bot, ada: Visitor, accounts: int = 1) -> Json:
    """Flag accounts while the owner's DM is closed, and return the alert, which everybody can see."""
    for _ in range(accounts):
        bot.api.add()
    bot.world.close_dm(ada.person)
    place = bot.world.alerts_channel_id
    await bot.start(ALERT_CHANNEL_ID=str(place))
    await bot.world.wait_for(lambda: ada.sees(place))
    for channel in bot.api.accounts:
        bot.api.flag(channel, MODERATION)
    await poll(ada)
    return await newest(ada, "need", channel=place, number=2)


def unedited(bot: Bot) -> None:
    """Keep messages as they are: what turned green still has its buttons, as on a phone without network."""
    bot.world.fault(FaultKind.ERROR, method="PATCH", path="/channels/*", status=503)


async def ended(bot: Bot, ada: Visitor) -> tuple[SimulatedAccount, Json]:
    """Return an alert whose incident a reset has ended, with the buttons that it still shows."""
    bot.api.add()
    await bot.start()
    account, alert = await flagged(bot, ada)
    unedited(bot)
    question = await ada.pressed(alert, RESET)
    done = await ada.press(question, next(iter(buttons(question))))
    await bot.world.wait_for(lambda: "is back in rotation" in text(done.message or question))
    return account, alert


# ----------------------------------------------------------------------- who may press


@pytest.mark.parametrize("label", ACTING)
async def test_a_stranger_is_refused_in_private_and_nothing_happens(
    bot: Bot, ada: Visitor, sam: Visitor, bea: Visitor, label: str
) -> None:
    alert = await in_channel(bot, ada)
    for stranger in (sam, bea):
        refused = await stranger.press(alert, label)
        assert NOT_AN_OWNER in text(await refused.answer())
        assert refused.ephemeral
    assert bot.api.count(Endpoint.RESET) == 0
    shown = text(await ada.ask("mjstatus"))
    assert "is on it" not in shown
    assert "no reminders" not in shown


async def test_a_stranger_opens_no_account_turns_no_page_and_takes_nothing(
    bot: Bot, ada: Visitor, sam: Visitor
) -> None:
    digest = await in_channel(bot, ada, accounts=21)
    refused = [await sam.press(digest, each) for each in ("Next", "I'm on all 21", "Snooze all 21")]
    refused.append(await sam.pick(digest, menu(digest)["options"][0]["value"]))
    for one in refused:
        assert NOT_AN_OWNER in text(await one.answer())
        assert one.ephemeral
    assert "page 1 of 2" in text(ada.sees(bot.world.alerts_channel_id)[-1])


@pytest.mark.parametrize("label", ACTING)
async def test_who_is_no_owner_any_more_is_refused(bot: Bot, ada: Visitor, bea: Visitor, label: str) -> None:
    bot.api.add()
    await bot.start()
    _, alert = await flagged(bot, ada)
    await bot.restart(OWNER_IDS=str(bea.person.id))
    refused = await ada.press(alert, label)
    assert NOT_AN_OWNER in text(await refused.answer())
    assert refused.ephemeral
    assert bot.api.count(Endpoint.RESET) == 0


@pytest.mark.parametrize("label", ACTING)
async def test_who_has_left_the_team_is_refused_the_next_act(
    bot: Bot, ada: Visitor, bea: Visitor, label: str
) -> None:
    bot.api.add()
    bot.world.give_to_team((ada.person, "admin"), (bea.person, "admin"))
    await bot.start()
    await flagged(bot, ada)
    alert = await newest(bea, "needs you")
    bot.world.give_to_team((ada.person, "admin"))
    assert NOT_AN_OWNER in text(await bea.pressed(alert, label))
    assert "is on it" not in text(await ada.ask("mjstatus"))


async def test_who_has_left_the_team_is_refused_a_reset_that_they_were_asked_about(
    bot: Bot, ada: Visitor, bea: Visitor
) -> None:
    bot.api.add()
    bot.world.give_to_team((ada.person, "admin"), (bea.person, "admin"))
    await bot.start()
    await flagged(bot, ada)
    question = await bea.pressed(await newest(bea, "needs you"), RESET)
    bot.world.give_to_team((ada.person, "admin"))
    refused = await bea.press(question, next(iter(buttons(question))))
    assert NOT_AN_OWNER in text(await refused.answer())
    assert bot.api.count(Endpoint.RESET) == 0


# ------------------------------------------------------------------------ what they do


async def test_i_am_on_it_is_shown_on_everyones_message(bot: Bot, ada: Visitor, bea: Visitor) -> None:
    bot.api.add()
    await bot.start(OWNER_IDS=f"{ada.person.id},{bea.person.id}")
    _, alert = await flagged(bot, ada)

    pressed = await ada.press(alert, MINE)

    assert "You're on" in text(await pressed.answer())
    assert pressed.ephemeral
    for owner in (ada, bea):
        await newest(owner, f"<@{ada.person.id}> is on it since <t:")
    await nothing_more(bea, 1)


async def test_the_verdict_of_a_reset_opens_the_alert_in_the_channel(bot: Bot, ada: Visitor) -> None:
    alert = await in_channel(bot, ada)
    question = await ada.pressed(alert, RESET)
    done = await ada.press(question, next(iter(buttons(question))))
    await bot.world.wait_for(lambda: "is back in rotation" in text(done.message or question))
    (link,) = buttons(done.message or question).values()
    assert link["url"] == (
        f"https://discord.com/channels/{bot.world.guild_id}/{bot.world.alerts_channel_id}/{alert['id']}"
    )


async def test_a_snooze_asks_for_how_long_and_is_shown(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    _, alert = await flagged(bot, ada)

    asked = await ada.press(alert, SNOOZE)
    choice = await asked.answer()
    assert asked.ephemeral
    assert list(buttons(choice)) == ["1 h", "4 h", "24 h"]

    assert "No reminders about" in text(await ada.pressed(choice, "4 h"))
    await newest(ada, "No reminders until <t:")
    assert "no reminders until" in text(await ada.ask("mjstatus"))


async def copied(bot: Bot, ada: Visitor, accounts: int) -> Json:
    """Flag accounts while Discord fails at direct messages, and return the copy in the alert channel."""
    for _ in range(accounts):
        bot.api.flag(bot.api.add().channel, MODERATION)
    place = bot.world.alerts_channel_id
    bot.world.fault(FaultKind.ERROR, method="POST", path=f"/channels/{ada.dm}/messages", status=503)
    await bot.start(ALERT_CHANNEL_ID=str(place))

    def failed_again() -> bool:
        failed = [one.json for one in bot.world.requests if one.status == 503]
        return sum("need" in body["content"] for body in failed) == 2  # so that the first is written down

    await bot.world.wait_for(failed_again)
    await later(bot, 3, ALERT_CHANNEL_ID=str(place))
    return await newest(ada, "need", channel=place)


async def test_row_54_snooze_works_on_a_copy_in_the_alert_channel(bot: Bot, ada: Visitor) -> None:
    copy = await copied(bot, ada, accounts=1)
    choice = await ada.pressed(copy, SNOOZE)
    assert "No reminders about" in text(await ada.pressed(choice, "4 h"))
    await newest(ada, "No reminders until <t:", channel=bot.world.alerts_channel_id)


async def test_row_54_pages_turn_and_accounts_open_on_a_copy_in_the_alert_channel(
    bot: Bot, ada: Visitor
) -> None:
    copy = await copied(bot, ada, accounts=21)
    assert "page 1 of 2" in text(copy)
    turned = await ada.pressed(copy, "Next")
    assert "page 2 of 2" in text(turned)
    card = await ada.picked(turned, menu(turned)["options"][0]["value"])
    assert RESET in buttons(card)
    choice = await ada.pressed(copy, "Snooze all 21")
    assert "No reminders about **21 accounts** until" in text(await ada.pressed(choice, "4 h"))
    await newest(ada, "No reminders until <t:", channel=bot.world.alerts_channel_id)


@pytest.mark.parametrize(
    ("label", "answer"),
    [(RESET, "Did you acknowledge"), (MINE, "You're on"), (SNOOZE, "for how long?")],
    ids=ACTING,
)
async def test_buttons_work_after_a_restart(bot: Bot, ada: Visitor, label: str, answer: str) -> None:
    bot.api.add()
    await bot.start()
    _, alert = await flagged(bot, ada)
    await bot.restart()
    assert answer in text(await ada.pressed(alert, label))


async def test_pages_turn_when_all_has_been_over_for_long(bot: Bot, ada: Visitor) -> None:
    channels = [bot.api.add().channel for _ in range(21)]
    for channel in channels:
        bot.api.flag(channel, MODERATION)
    await bot.start()
    await newest(ada, "21 accounts need you")
    for channel in channels:
        bot.api.clear(channel)
    await poll(ada)
    await later(bot, 10)
    await poll(ada)
    over = await newest(ada, "21 accounts are back", "page 1 of 2")
    await later(bot, 7 * 60)
    assert "21 accounts, all resolved · page 2 of 2" in text(await ada.pressed(over, "Next"))


# --------------------------------------------------------------- what is over or unknown


@pytest.mark.parametrize("label", ACTING)
@pytest.mark.parametrize("restarted", [False, True], ids=["at-once", "after-a-restart"])
async def test_a_button_of_what_is_over_shows_how_things_are(
    bot: Bot, ada: Visitor, label: str, *, restarted: bool
) -> None:
    account, alert = await ended(bot, ada)
    if restarted:
        await bot.restart()
    pressed = await ada.press(alert, label)
    assert f"…{account.channel[-4:]} is back. It was out for" in text(await pressed.answer())
    assert pressed.ephemeral
    assert bot.api.count(Endpoint.RESET) == 1


@pytest.mark.parametrize("label", ACTING)
async def test_a_button_of_an_ended_incident_shows_the_open_one(bot: Bot, ada: Visitor, label: str) -> None:
    account, alert = await ended(bot, ada)
    await bot.stop()
    await bot.change_database(
        "UPDATE incident SET reset_at = reset_at - 7200000"
    )  # so it is another incident
    bot.api.flag(account.channel, CAPTCHA)
    await bot.start()
    pressed = await ada.press(alert, label)
    shown = await pressed.answer()
    assert CAPTCHA in text(shown)
    assert pressed.ephemeral
    assert list(buttons(shown)) == [SOLVED, MINE, SNOOZE, "Open in Discord"]
    assert bot.api.count(Endpoint.RESET) == 1


@pytest.mark.parametrize("label", ACTING)
async def test_row_32_a_button_of_what_nobody_remembers_says_how_its_account_is_now(
    bot: Bot, ada: Visitor, tmp_path: Path, label: str
) -> None:
    bot.api.add()
    await bot.start()
    account, alert = await flagged(bot, ada)
    bot.api.clear(account.channel)
    await bot.restart(DATABASE_PATH=tmp_path / "another.sqlite3")
    pressed = await ada.press(alert, label)
    reply = text(await pressed.answer())
    assert "I do not know this alert any more" in reply
    assert f"…{account.channel[-4:]}** now: ✅ ready" in reply
    assert pressed.ephemeral
    assert bot.api.count(Endpoint.RESET) == 0


async def test_row_32_a_page_of_what_nobody_remembers_says_how_all_are_now(
    bot: Bot, ada: Visitor, tmp_path: Path
) -> None:
    for _ in range(21):
        bot.api.flag(bot.api.add().channel, MODERATION)
    await bot.start()
    digest = await newest(ada, "page 1 of 2")
    for channel in bot.api.accounts:
        bot.api.clear(channel)
    await bot.restart(DATABASE_PATH=tmp_path / "another.sqlite3")
    pressed = await ada.press(digest, "Next")
    reply = text(await pressed.answer())
    assert "I do not know this alert any more" in reply
    assert "Now: 21 accounts, none flagged." in reply
    assert pressed.ephemeral
    assert button(digest, "Next") == button(ada.received()[0], "Next")
