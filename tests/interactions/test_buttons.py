"""Buttons and selects that outlive a restart, and those that no version of ours knows."""

import re
from itertools import product
from pathlib import Path

import aiohttp
import pytest

import cogs
from tests.simulators.discord import SANDBOX_BOT_TOKEN, Json
from tests.simulators.useapi import MODERATION, Endpoint, Fault
from tests.support.reading import button, buttons, menu, text
from tests.support.running import Bot, Visitor
from tests.support.watching import MINE, flagged

ANOTHER_VERSION = "from another version of Midwatch"
FAULT = "something broke inside Midwatch"


async def left_behind(bot: Bot, custom_id: str, menu_id: str | None = None, value: str = "1") -> Json:
    """Post a message with a button and a select as another version of the bot might have."""
    one = {"label": "one", "value": value}
    rows = [
        {"type": 1, "components": [{"type": 2, "style": 2, "label": "Old", "custom_id": custom_id}]},
        {
            "type": 1,
            "components": [
                {"type": 3, "custom_id": menu_id or f"{custom_id}2", "options": [one], "min_values": 0}
            ],
        },
    ]
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {SANDBOX_BOT_TOKEN}"}) as session:
        address = f"{bot.world.api}/channels/{bot.world.channel_id}/messages"
        async with session.post(address, json={"content": "old", "components": rows}) as answer:
            return dict(await answer.json())


def registered() -> list[str]:
    """Return every verb that a cog answers to."""
    sources = (source.read_text() for source in Path(cogs.__file__).parent.glob("*.py"))
    return [verb for source in sources for verb in re.findall(r'controls\.register\("([a-z.]+)"', source)]


@pytest.fixture
async def restarted(bot: Bot, ada: Visitor) -> dict[str, Json]:
    """Every kind of message with a control, sent by a bot that was restarted since; the API is down now."""
    account, *_ = [bot.api.add(discord_name="aurora") for _ in range(11)]
    flagged = bot.api.add()
    bot.api.flag(flagged.channel, MODERATION)
    await bot.start()
    shown = {
        "list": await ada.ask("mjaccounts"),
        "question": await ada.ask("mjinfo"),
        "flag": await ada.ask("mjinfo", account=flagged.channel),
        "answer": await ada.ask("mjinfo", account=account.channel),
    }
    shown["card"] = await ada.picked(shown["list"], account.channel)
    await bot.stop()
    bot.api.fault(Fault.UNPAID)
    await bot.start()
    return shown


# ------------------------------------------------------------------- after a restart


async def test_pages_turn_after_a_restart(ada: Visitor, restarted: dict[str, Json]) -> None:
    turned = await ada.pressed(restarted["list"], "Next")
    assert turned["id"] == restarted["list"]["id"]
    assert "Page 2 of 2" in text(turned)


async def test_refresh_works_after_a_restart(bot: Bot, ada: Visitor, restarted: dict[str, Json]) -> None:
    bot.api.mend()
    bot.api.add()
    assert "13 accounts" in text(await ada.pressed(restarted["list"], "Refresh"))


async def test_cards_open_after_a_restart(ada: Visitor, restarted: dict[str, Json]) -> None:
    picked = menu(restarted["list"])["options"][0]
    assert picked["label"] in text(await ada.picked(restarted["list"], picked["value"]))


@pytest.mark.parametrize("message", ["card", "question"])
async def test_info_is_asked_for_after_a_restart(
    bot: Bot, ada: Visitor, restarted: dict[str, Json], message: str
) -> None:
    bot.api.mend()
    on = restarted[message]
    if message == "card":
        answer = await ada.pressed(on, "Info")
    else:
        answer = await ada.picked(on, menu(on)["options"][-1]["value"])
    assert "account info" in text(answer)


async def test_ask_again_works_after_a_restart(ada: Visitor, restarted: dict[str, Json]) -> None:
    assert "Ask again in" in text(await ada.pressed(restarted["answer"], "Ask again"))


async def test_ask_anyway_works_after_a_restart(bot: Bot, ada: Visitor, restarted: dict[str, Json]) -> None:
    bot.api.mend()
    asked = bot.api.count(Endpoint.INFO)
    assert "needs you" in text(await ada.pressed(restarted["flag"], "Ask anyway"))
    assert bot.api.count(Endpoint.INFO) == asked + 1


async def test_buttons_work_many_times(bot: Bot, ada: Visitor) -> None:
    for _ in range(11):
        bot.api.add()
    await bot.start()
    shown = await ada.ask("mjaccounts")
    for label, page in [("Next", 2), ("Back", 1), ("Last", 2), ("Refresh", 2), ("First", 1)] * 3:
        shown = await ada.pressed(shown, label)
        assert f"Page {page} of 2" in text(shown)


# -------------------------------------------------------------------- not ours any more


@pytest.mark.parametrize(
    "custom_id", ["mw:list.fly:0:", "mw:list.page:not-a-number:1", "another-bot", "mw2:list.page:0:1"]
)
async def test_a_control_of_another_version_says_so(bot: Bot, ada: Visitor, custom_id: str) -> None:
    await bot.start()
    old = await left_behind(bot, custom_id)
    for asked in (await ada.press(old, "Old"), await ada.pick(old, "1")):
        assert ANOTHER_VERSION in text(await asked.answer())
        assert asked.ephemeral


async def test_a_control_with_a_garbled_argument_is_answered(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    old = await left_behind(bot, f"mw:list.page:{ada.person.id}:x")
    asked = await ada.press(old, "Old")
    assert ANOTHER_VERSION in text(await asked.answer())
    assert asked.ephemeral


@pytest.mark.no_cover  # of what a handler does with an id, the others cover more
async def test_whatever_an_id_of_ours_holds_it_never_meets_a_fault_of_the_bot(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    account, alert = await flagged(bot, ada)
    incident, message = button(alert, MINE)["custom_id"].rpartition(":")[2].split(".")
    arguments = [
        *("", "x", "0", "0.", ".", "..", ".x", "9" * 70, account.channel, f"{account.channel}."),
        *(incident, f"{incident}.", f"{incident}.{message}", f"{incident}.{message}.x"),
        *(f"{incident}.{message}.", f"{incident}.{message}.9999", f"{message}.{'9' * 30}", f"{message}.1"),
    ]
    verbs = registered()
    assert {"watch.snooze", "watch.page", "list.page", "account.drop"} <= set(verbs)
    wrong: list[str] = []
    for verb, argument in product((*verbs, "watch.fly", "x"), arguments):
        old = await left_behind(bot, custom_id := f"mw:{verb}:{ada.person.id}:{argument}"[:99])
        for asked in (await ada.press(old, "Old"), await ada.pick(old, "1")):
            await bot.world.wait_for(lambda asked=asked: asked.modal or asked.message)
            if asked.message and FAULT in text(asked.message):
                wrong.append(custom_id)
    assert wrong == []


@pytest.mark.parametrize(
    "rest",
    [
        *("watch.snooze:0:x", "watch.snooze:0:", "watch.snooze:0:a.b.c", "watch.snooze:0:a.b.9999999999"),
        *("watch.page:0:", "watch.page:0:a", "watch.page:0:a.b", "watch.mine:0:", "watch.reset:0:"),
        *("watch.confirm:0:", "watch.confirm:0:a.b"),
    ],
)
async def test_a_garbled_control_of_an_alert_is_of_another_version(bot: Bot, ada: Visitor, rest: str) -> None:
    bot.api.add()
    await bot.start()
    asked = await ada.press(await left_behind(bot, f"mw:{rest}"), "Old")
    assert ANOTHER_VERSION in text(await asked.answer())
    assert bot.api.count(Endpoint.RESET) == 0


async def test_a_select_of_another_version_from_which_nothing_is_chosen_is_answered(
    bot: Bot, ada: Visitor
) -> None:
    await bot.start()
    old = await left_behind(bot, "mw:list.open:0:")
    asked = await bot.world.select(ada.person, old["id"], menu(old)["custom_id"], [])
    assert "No configured account has that name" in text(await asked.answer())


async def test_a_modal_that_was_open_during_a_restart_is_answered(bot: Bot, ada: Visitor) -> None:
    bot.extensions = (*bot.extensions, "tests.support.faulty_cog")
    await bot.start()
    shown = await (await ada.use("faulty", where="modal")).acknowledged()
    await bot.restart()
    sent = await bot.world.submit(ada.person, shown, {"answer": "yes"})
    assert ANOTHER_VERSION in text(await sent.answer())
    assert sent.ephemeral


async def test_what_a_control_is_about_fits_into_its_id(bot: Bot, ada: Visitor) -> None:
    for _ in range(11):
        bot.api.add()
    await bot.start()
    shown = await ada.pressed(await ada.ask("mjaccounts"), "Next")
    ids = [one["custom_id"] for one in buttons(shown).values()]
    assert len(set(ids)) == len(ids) == 5
    assert all(re.fullmatch(r"mw:list\.\w+:[0-9]+:[0-9a-z.]*", each) for each in ids)


@pytest.fixture
async def old_ids(bot: Bot, ada: Visitor) -> dict[str, str]:
    """The ids of an open alert's incident and message, and of its account, as version 0.1 wrote them."""
    bot.api.add()
    await bot.start()
    account, alert = await flagged(bot, ada)
    incident, message = button(alert, MINE)["custom_id"].rpartition(":")[2].split(".")
    return {"incident": incident, "message": message, "channel": account.channel, "me": str(ada.person.id)}


@pytest.mark.parametrize(
    ("custom_id", "says"),
    [
        ("watch.reset:0:{incident}.{message}", "Did you acknowledge Midjourney's message"),
        ("watch.confirm:0:{channel}.0123abcd", "Did you acknowledge Midjourney's message"),
        ("watch.mine:0:{incident}.{message}", "You're on"),
        ("watch.snooze:0:{incident}.{message}", "for how long?"),
        ("watch.snooze:0:{incident}.{message}.4", "No reminders"),
        ("watch.page:0:{message}.0.first", "needs you"),
        ("watch.notyet:0:{channel}.0123abcd", "Nothing was sent"),
        ("list.page:{me}:0.next", "1 account"),
        ("list.refresh:{me}:0", "1 account"),
        ("info.ask:{me}:{channel}", "needs you"),
        ("info.again:{me}:{channel}", "needs you"),
        ("info.anyway:{me}:{channel}", "needs you"),
        ("account.reset:{me}:{channel}", "Did you acknowledge Midjourney's message"),
        ("account.remove:{me}:{channel}", "Remove"),
        ("account.keep:0:{channel}", "Nothing was removed"),
        ("status.refresh:{me}:", "1 account"),
    ],
)
async def test_what_version_0_1_left_in_discord_still_works(
    bot: Bot, ada: Visitor, old_ids: dict[str, str], custom_id: str, says: str
) -> None:
    old = await left_behind(bot, f"mw:{custom_id.format(**old_ids)}")
    asked = await ada.press(old, "Old")
    await bot.world.wait_for(lambda: asked.message is not None and says in text(asked.message))
    assert bot.api.count(Endpoint.RESET) == 0


@pytest.mark.parametrize(
    ("custom_id", "value", "says"),
    [
        ("list.open:{me}:", "{channel}", "moderation message pending"),
        ("info.choose:{me}:", "{channel}", "needs you"),
        ("info.choose:{me}:private", "{channel}", "needs you"),
        ("watch.open:0:{message}", "{incident}", "moderation message pending"),
    ],
)
async def test_what_is_picked_from_a_menu_of_version_0_1_is_found(
    bot: Bot, ada: Visitor, old_ids: dict[str, str], custom_id: str, value: str, says: str
) -> None:
    value = value.format(**old_ids)
    old = await left_behind(bot, "mw:x:0:", f"mw:{custom_id.format(**old_ids)}", value)
    assert says in text(await ada.picked(old, value))


async def test_the_form_opens_from_a_card_of_version_0_1(
    bot: Bot, ada: Visitor, old_ids: dict[str, str]
) -> None:
    form = await ada.press(await left_behind(bot, "mw:account.edit:{me}:{channel}".format(**old_ids)), "Old")
    await bot.world.wait_for(lambda: form.modal)
