"""The buttons below an account's card: what owners may do there, what others see, and the last actions."""

import pytest

from tests.simulators.discord import Json
from tests.simulators.useapi import MODERATION, Endpoint, SimulatedAccount
from tests.support.forming import form_of, sent
from tests.support.reading import button, buttons, text
from tests.support.running import Bot, Visitor


async def card(visitor: Visitor, account: SimulatedAccount) -> Json:
    """Open an account's card from the list."""
    return await visitor.picked(await visitor.ask("mjaccounts", private=True), account.channel)


async def test_an_owner_can_ask_update_and_remove(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    await bot.start()
    assert list(buttons(await card(ada, account))) == [
        "Info",
        "History",
        "Update",
        "Remove",
        "Open in Discord",
    ]


async def test_a_flagged_account_can_be_reset_too(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    bot.api.flag(account.channel, MODERATION)
    await bot.start()
    shown = list(buttons(await card(ada, account)))
    assert shown == ["Info", "History", "Reset", "Update", "Remove", "Open in Discord"]


async def test_a_viewer_gets_no_button_that_acts(bot: Bot, bea: Visitor) -> None:
    account = bot.api.add()
    bot.api.flag(account.channel, MODERATION)
    await bot.start()
    assert list(buttons(await card(bea, account))) == ["Info", "History", "Open in Discord"]


@pytest.mark.parametrize("label", ["Reset", "Update", "Remove"])
async def test_a_button_of_before_serves_owners_alone(
    bot: Bot, ada: Visitor, bea: Visitor, label: str
) -> None:
    account = bot.api.add()
    bot.api.flag(account.channel, MODERATION)
    await bot.start()
    shown = await card(ada, account)
    await bot.restart(OWNER_IDS=str(bea.person.id))
    refused = await ada.press(shown, label)
    await bot.world.wait_for(lambda: refused.message or refused.followups)
    reply = refused.message or refused.followups[0]
    assert "Only this bot's owners" in reply["content"]
    assert refused.modal is None


async def test_reset_asks_for_a_confirmation_and_resets(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    bot.api.flag(account.channel, MODERATION)
    await bot.start()
    question = await ada.pressed(await card(ada, account), "Reset")
    assert "Did you acknowledge Midjourney's message" in question["content"]
    assert bot.api.count(Endpoint.RESET) == 0
    (yes, *_) = buttons(question)
    pressed = await ada.press(question, yes)
    await bot.world.wait_for(lambda: "back in rotation" in (pressed.message or {"content": ""})["content"])
    assert "reset it: it is back in rotation" in text(await card(ada, account))


async def test_reset_of_what_is_clear_by_now_sends_nothing(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    bot.api.flag(account.channel, MODERATION)
    await bot.start()
    shown = await card(ada, account)
    question = await ada.pressed(shown, "Reset")
    (yes, *_) = buttons(question)
    pressed = await ada.press(question, yes)
    await bot.world.wait_for(lambda: "back in rotation" in (pressed.message or {"content": ""})["content"])
    assert "is not flagged, so I sent nothing" in (await ada.pressed(shown, "Reset"))["content"]
    assert bot.api.count(Endpoint.RESET) == 1


async def test_update_opens_the_form_with_what_is_set_now(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add(max_jobs=12)
    await bot.start()
    form = await form_of(ada, await card(ada, account), "Update")
    assert form.modal is not None
    assert form.modal["title"] == f"Update …{account.channel[-4:]}"
    jobs = form.modal["components"][2]["component"]
    assert jobs["value"] == "12"
    answer = await (await sent(ada, form, account.discord, "4")).answer()
    assert "was updated" in answer["content"]
    assert "belongs to another account" not in answer["content"]
    assert bot.api.accounts[account.channel].max_jobs == 4


@pytest.mark.parametrize(("listed", "offered"), [(0, "3"), (1, "1"), (16, "15"), (100_000, "15")])
async def test_update_offers_a_number_of_jobs_that_can_be_sent(
    bot: Bot, ada: Visitor, listed: int, offered: str
) -> None:
    account = bot.api.add(max_jobs=listed)
    await bot.start()
    form = await form_of(ada, await card(ada, account), "Update")
    assert form.modal is not None
    assert form.modal["components"][2]["component"]["value"] == offered


async def test_a_token_of_another_account_is_reported(bot: Bot, ada: Visitor) -> None:
    account, other = bot.api.add(), bot.api.add()
    await bot.start()
    form = await form_of(ada, await card(ada, account), "Update")
    answer = await (await sent(ada, form, other.discord)).answer()
    assert f"**…{other.channel[-4:]}** was updated" in answer["content"]
    assert "belongs to a different account" in answer["content"]
    assert f"**…{account.channel[-4:]}** was not changed" in answer["content"]


async def test_remove_asks_and_removes(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    bot.api.add()
    await bot.start()
    shown = await card(ada, account)
    question = await ada.pressed(shown, "Remove")
    assert "Do you want to remove" in question["content"]
    yes, _ = buttons(question)
    assert "is not configured any more" in (await ada.pressed(question, yes))["content"]
    over = await ada.pressed(shown, "Remove")
    assert "No configured account" in over["content"]
    form = await form_of(ada, shown, "Update")
    assert form.modal is not None
    assert form.modal["title"] == "Add or update an account"


async def test_what_was_configured_again_elsewhere_can_be_removed_from_its_card(
    bot: Bot, ada: Visitor
) -> None:
    account, _ = bot.api.add(), bot.api.add()
    await bot.start()
    shown = await card(ada, account)
    bot.api.remove(account.channel)
    await ada.ask("mjaccounts")
    bot.api.configure(account)
    assert "Do you want to remove" in (await ada.pressed(shown, "Remove"))["content"]


async def test_the_card_of_a_removed_account_never_means_another_that_is_called_by_its_id(
    bot: Bot, ada: Visitor
) -> None:
    account = bot.api.add()
    other = bot.api.add(discord_name=account.channel)
    await bot.start()
    await ada.ask("mjinfo", account=other.channel)
    shown = await card(ada, account)
    bot.api.remove(account.channel)
    await ada.ask("mjaccounts")
    assert "No configured account" in (await ada.pressed(shown, "Remove"))["content"]


async def test_the_card_shows_what_was_done_last(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    await bot.start()
    await ada.ask("mjname", account=account.channel, name="Aurora")
    form = await form_of(ada, await card(ada, account), "Update")
    await (await sent(ada, form, account.discord, "4")).answer()
    reply = text(await card(ada, account))
    owner = f"<@{ada.person.id}>"
    assert reply.index(f"{owner} updated it (4 jobs)") < reply.index(f"{owner} renamed it to Aurora")


async def test_the_buttons_work_after_a_restart(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    await bot.start()
    shown = await card(ada, account)
    await bot.restart()
    assert "Do you want to remove" in (await ada.pressed(shown, "Remove"))["content"]
    assert button(shown, "Update")["custom_id"].endswith(account.channel)
    assert (await form_of(ada, shown, "Update")).modal is not None
