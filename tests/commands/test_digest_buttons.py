"""One press takes or snoozes all accounts of a digest, and says until when the bot keeps silent."""

import re
from datetime import timedelta

from bot.domain.clock import utc_now
from tests.simulators.discord import FaultKind
from tests.simulators.discord.world import Json
from tests.simulators.useapi import MODERATION
from tests.support.reading import buttons, menu, text
from tests.support.running import Bot, Visitor
from tests.support.watching import MINE, RESET, newest

NOTHING_OPEN = "Nothing in this message is open any more"


async def digest_of(bot: Bot, ada: Visitor, number: int, **settings: str) -> Json:
    """Flag accounts before the bot starts, and return the digest about them."""
    for _ in range(number):
        bot.api.flag(bot.api.add().channel, MODERATION)
    await bot.start(**settings)
    return await newest(ada, f"{number} accounts need you")


async def reset(ada: Visitor, digest: Json, number: int) -> None:
    """Reset an account of a digest, through to its end."""
    card = await ada.picked(digest, menu(digest)["options"][number]["value"])
    question = await ada.pressed(card, RESET)
    done = await ada.press(question, next(iter(buttons(question))))
    await ada.world.wait_for(lambda: "is back in rotation" in text(done.message or question))


def times(shown: str) -> set[int]:
    return set(map(int, re.findall(r"<t:(\d+):f>", shown)))


async def test_one_press_takes_the_accounts_of_all_pages_for_everyone(
    bot: Bot, ada: Visitor, bea: Visitor
) -> None:
    digest = await digest_of(bot, ada, 21, OWNER_IDS=f"{ada.person.id},{bea.person.id}")
    turned = await ada.pressed(digest, "Next")
    pressed = await ada.press(turned, "I'm on all 21")
    answer = text(await pressed.answer())
    assert pressed.ephemeral
    assert "You're on **21 accounts**" in answer
    (asked_at,) = times(answer)
    assert abs(asked_at - (utc_now() + timedelta(hours=4)).timestamp()) < 60
    for owner in (ada, bea):
        shown = await newest(owner, f"<@{ada.person.id}> is on it since <t:")
        assert text(shown).count("is on it") == 20
    for option in menu(digest)["options"][:2]:
        card = text(await ada.picked(digest, option["value"]))
        assert card.count(f"<@{ada.person.id}> is on it") == 2, "its state, and its last action"
        assert f"<t:{asked_at}:f>" in card
    status = text(await ada.ask("mjstatus"))
    assert f"is on it · no reminders until <t:{asked_at}:f>" in status
    assert times(text(await bea.picked(shown, menu(shown)["options"][0]["value"]))) >= {asked_at + 30 * 60}


async def test_a_second_press_and_one_after_a_restart_change_nothing_more(bot: Bot, ada: Visitor) -> None:
    digest = await digest_of(bot, ada, 2)
    for _ in range(2):
        assert "You're on **2 accounts**" in text(await ada.pressed(digest, "I'm on all 2"))
    await bot.restart()
    assert "You're on **2 accounts**" in text(await ada.pressed(digest, "I'm on all 2"))
    choice = await ada.pressed(digest, "Snooze all 2")
    assert "No reminders about **2 accounts** for how long?" in text(choice)
    assert "This replaces **I'm on it**" in text(choice)
    await bot.restart()
    for _ in range(2):
        assert "No reminders about **2 accounts** until <t:" in text(await ada.pressed(choice, "1 h"))
    shown = text(await newest(ada, "No reminders until <t:"))
    assert (shown.count("No reminders until"), shown.count("is on it")) == (2, 0)


async def test_a_snooze_that_ends_within_a_mute_says_when_the_mute_ends(bot: Bot, ada: Visitor) -> None:
    digest = await digest_of(bot, ada, 2)
    (muted_until,) = times(text(await ada.ask("mjmute", duration="8h")))
    choice = await ada.pressed(digest, "Snooze all 2")
    assert times(text(await ada.pressed(choice, "1 h"))) == {muted_until}
    assert times(text(await newest(ada, "No reminders until <t:"))) == {muted_until}
    status = text(await ada.ask("mjstatus"))
    assert status.count(f"no reminders until <t:{muted_until}:f>") == 2


async def test_accounts_that_are_over_meanwhile_are_counted_and_left_alone(bot: Bot, ada: Visitor) -> None:
    digest = await digest_of(bot, ada, 2)
    bot.world.fault(FaultKind.ERROR, method="PATCH", path="/channels/*", status=503)
    await reset(ada, digest, 0)
    answer = text(await ada.pressed(digest, "I'm on all 2"))
    assert "👀 You're on **" in answer
    assert "1 more is over." in answer
    choice = await ada.pressed(digest, "Snooze all 2")
    assert "accounts**" not in text(choice)
    await reset(ada, digest, 1)
    for label in ("I'm on all 2", "Snooze all 2"):
        assert NOTHING_OPEN in text(await ada.pressed(digest, label))
    assert NOTHING_OPEN in text(await ada.pressed(choice, "1 h"))


async def test_an_account_in_a_digest_is_acted_on_from_its_card(bot: Bot, ada: Visitor) -> None:
    for _ in range(2):
        bot.api.flag(bot.api.add().channel, MODERATION)
    await bot.start()
    digest = await newest(ada, "2 accounts need you")
    card = await ada.picked(digest, menu(digest)["options"][1]["value"])
    assert "You're on" in text(await ada.pressed(card, MINE))
    shown = await newest(ada, f"<@{ada.person.id}> is on it")
    assert text(shown).count("is on it") == 1


async def test_pages_turn_after_a_restart(bot: Bot, ada: Visitor) -> None:
    for _ in range(21):
        bot.api.flag(bot.api.add().channel, MODERATION)
    await bot.start()
    digest = await newest(ada, "page 1 of 2")
    await bot.restart()
    assert "page 2 of 2" in text(await ada.pressed(digest, "Next"))
