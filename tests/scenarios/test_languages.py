"""Whose language: people read their own, a channel that of LANGUAGE, and a message keeps the one it has."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from bot.domain.errors import ErrorCode
from bot.render.account_admin_replies import PRIVACY
from bot.render.error_messages import USER_ERRORS
from bot.runtime.language import FORMS
from tests.simulators.discord import FaultKind
from tests.simulators.discord.world import Json
from tests.simulators.useapi import MODERATION, Fault
from tests.support.catalogues import AddCatalogue
from tests.support.forming import opened
from tests.support.reading import menu, text
from tests.support.running import Bot, Visitor
from tests.support.watching import newest, poll

WORDS: Final = {"zh-CN": "需要", "de": "braucht", "fr": "attend"}
LISTS: Final = "List the configured Midjourney accounts and how they are."


@pytest.fixture(autouse=True)
def languages(catalogue: AddCatalogue) -> None:
    """Chinese, German and French, each with a word of its own."""
    for code, word in WORDS.items():
        catalogue(
            code,
            {
                "{mark} {name} needs you: {demand}": f"{{mark}} {{name}} {word}: {{demand}}",
                "👀 {name} looks clear. Checking for a few minutes to be sure.": f"👀 {{name}} {word}!",
                LISTS: f"{word} mjaccounts",
            },
        )


async def start(bot: Bot, sam: Visitor, **settings: str) -> None:
    """Start the bot with one account. Whenever Sam, who is no owner, asks for the list, the bot polls."""
    bot.api.add()
    await bot.start(**settings)
    bot.world.permit(sam.person, "mjaccounts")


async def flag(bot: Bot, by: Visitor) -> None:
    """Flag every account, and let the bot see it."""
    for channel in bot.api.accounts:
        bot.api.flag(channel, MODERATION)
    await poll(by)


async def clear(bot: Bot, by: Visitor) -> None:
    """Take the flag away again, and let the bot see it."""
    (channel,) = bot.api.accounts
    bot.api.clear(channel)
    await poll(by)


async def changed(bot: Bot, who: Visitor, word: str) -> None:
    """Wait until a person's last message has a word."""
    await bot.world.wait_for(lambda: word in text(who.received()[-1]) or None)


async def until(bot: Bot, holds: Callable[[], bool]) -> None:
    await bot.world.wait_for(lambda: holds() or None)


def words_in(*messages: Json) -> set[str]:
    """Return which languages messages have."""
    shown = "".join(map(text, messages))
    return {code for code, word in WORDS.items() if word in shown}


async def test_two_owners_and_a_channel_read_three_languages_about_one_incident(
    bot: Bot, ada: Visitor, bea: Visitor, sam: Visitor
) -> None:
    place, owners = bot.world.alerts_channel_id, f"{ada.person.id},{bea.person.id},{sam.person.id}"
    bot.world.close_dm(sam.person)
    await start(bot, sam, LANGUAGE="fr", OWNER_IDS=owners, ALERT_CHANNEL_ID=str(place))
    for who, locale in ((ada, "zh-CN"), (bea, "de")):
        bot.world.set_locale(who.person, locale)
        await poll(who)
    await flag(bot, sam)
    for who, language in ((ada, "zh-CN"), (bea, "de")):
        assert words_in(await newest(who, WORDS[language])) == {language}
    await until(bot, lambda: words_in(*ada.sees(place)) == {"fr"})
    await clear(bot, sam)
    for who, language in ((ada, "zh-CN"), (bea, "de")):
        await changed(bot, who, "!")
        assert words_in(*who.received()) == {language}


async def test_an_owner_who_was_never_seen_reads_the_language_of_channels(
    bot: Bot, ada: Visitor, sam: Visitor
) -> None:
    await start(bot, sam, LANGUAGE="zh-CN")
    await flag(bot, sam)
    await newest(ada, "需要")


async def test_the_language_of_an_owner_outlasts_a_restart(bot: Bot, ada: Visitor, sam: Visitor) -> None:
    await start(bot, sam)
    bot.world.set_locale(ada.person, "de")
    await poll(ada)
    await bot.restart()
    await flag(bot, sam)
    await newest(ada, "braucht")


async def test_a_message_keeps_its_language_until_something_changes(
    bot: Bot, ada: Visitor, sam: Visitor
) -> None:
    await start(bot, sam, LANGUAGE="zh-CN")
    await flag(bot, sam)
    await newest(ada, "需要")
    bot.world.set_locale(ada.person, "de")
    await poll(ada)
    await poll(sam)
    assert words_in(*ada.received()) == {"zh-CN"}
    await clear(bot, sam)
    await until(bot, lambda: words_in(*ada.received()) == {"de"})
    bot.world.set_locale(ada.person, "zh-CN")
    await poll(ada)
    await poll(sam)
    assert words_in(*ada.received()) == {"de"}


def marks_in(*messages: Json) -> set[str]:
    """Return the languages that a made-up translation names."""
    return set(re.findall("⟦(.*?)⟧", json.dumps(messages, ensure_ascii=False)))


def mark(catalogue: AddCatalogue, *sentences: str) -> None:
    """Have German and French, in which these sentences, or their forms for numbers, name the language."""
    for code in ("de", "fr"):
        made_up = f"⟦{code}⟧"
        catalogue(code, {each: (made_up,) * 3 if FORMS.search(each) else made_up for each in sentences})


async def test_others_see_the_language_of_channels_and_who_asks_alone_their_own(
    bot: Bot, ada: Visitor, sam: Visitor, catalogue: AddCatalogue
) -> None:
    mark(catalogue, "✅ ready", "Refresh", "-# As of {time}", "{n} account[|s] watched, all ready", PRIVACY)
    bot.api.add()
    await start(bot, sam, LANGUAGE="fr", STATUS_CHANNEL_ID=str(bot.world.alerts_channel_id))
    bot.world.set_locale(ada.person, "de")
    public = await ada.ask("mjaccounts")
    assert marks_in(public) == {"fr"}
    assert marks_in(await ada.ask("mjaccounts", private=True)) == {"de"}
    assert marks_in(await ada.ask("mjaccounts", channel=ada.dm)) == {"de"}
    assert ["⟦de⟧" in each.name for each in await ada.complete("mjinfo", "")] == [True, True]
    assert marks_in((await opened(ada)).modal or {}) == {"de"}
    await (await ada.press(public, "⟦fr⟧")).answer()
    assert marks_in(next(each for each in ada.sees() if each["id"] == public["id"])) == {"fr"}
    await until(bot, lambda: marks_in(*ada.sees(bot.world.alerts_channel_id)) == {"fr"})
    await until(bot, lambda: marks_in(bot.world.presence or {}) == {"fr"})


async def test_a_public_command_answers_the_asker_alone_in_their_language(
    bot: Bot, ada: Visitor, catalogue: AddCatalogue
) -> None:
    mark(
        catalogue, "✅ ready", "Which account do you want to look up?", USER_ERRORS[ErrorCode.ACCOUNT_UNKNOWN]
    )
    for _ in range(2):
        bot.api.add()
    bot.api.fault(Fault.UNPAID)
    await bot.start(LANGUAGE="fr")
    bot.world.set_locale(ada.person, "de")
    bot.api.mend()
    assert marks_in(await ada.ask("mjinfo")) == {"de"}, "which account, as the list was unknown"
    assert marks_in(await ada.ask("mjinfo", account="nobody")) == {"de"}, "an error"
    bot.api.fault(Fault.UNPAID)
    assert marks_in(await ada.ask("mjaccounts")) == {"de"}, "the list as it was"


@pytest.mark.parametrize(
    ("kind", "read"),
    [
        pytest.param(FaultKind.RESET_AFTER, "fr", id="sent-and-not-recorded"),
        pytest.param(FaultKind.RESET, "de", id="sent-at-the-second-try"),
    ],
)
async def test_a_page_is_turned_in_the_language_of_the_message(
    bot: Bot, ada: Visitor, catalogue: AddCatalogue, kind: FaultKind, read: str
) -> None:
    mark(catalogue, "{mark} {n} account[|s] need[s|] you: {names}{news}")
    for _ in range(21):
        bot.api.flag(bot.api.add().channel, MODERATION)
    bot.world.fault(kind, method="POST", path=f"/channels/{ada.dm}/messages")
    await bot.start(LANGUAGE="fr")
    await until(bot, lambda: any(marks_in(one.json or {}) == {"fr"} for one in bot.world.requests))
    if kind is FaultKind.RESET:
        bot.world.set_locale(ada.person, "de")
        await poll(ada)
        bot.world.mend()
    digest = await newest(ada, f"⟦{read}⟧")
    bot.world.set_locale(ada.person, "zh-CN")
    turned = await ada.pressed(digest, "Next")
    assert text(turned) != text(digest)
    assert marks_in(turned) == {read}


async def test_a_page_of_what_nobody_remembers_is_answered_in_the_language_of_who_pressed(
    bot: Bot, ada: Visitor, catalogue: AddCatalogue, tmp_path: Path
) -> None:
    mark(
        catalogue, "{mark} {n} account[|s] need[s|] you: {names}{news}", "Now: {n} account[|s], none flagged."
    )
    for _ in range(21):
        bot.api.flag(bot.api.add().channel, MODERATION)
    bot.world.close_dm(ada.person)
    place = bot.world.alerts_channel_id
    await bot.start(LANGUAGE="fr", ALERT_CHANNEL_ID=str(place))
    digest = await newest(ada, "⟦fr⟧", channel=place, number=2)
    for channel in bot.api.accounts:
        bot.api.clear(channel)
    await bot.restart(LANGUAGE="fr", ALERT_CHANNEL_ID=str(place), DATABASE_PATH=tmp_path / "another.sqlite3")
    bot.world.set_locale(ada.person, "de")
    assert marks_in(await ada.pressed(digest, "Next")) == {"de"}


async def test_the_languages_of_owners_of_both_lines_are_remembered_and_nobody_elses(
    bot: Bot, ada: Visitor, bea: Visitor, sam: Visitor, catalogue: AddCatalogue
) -> None:
    mark(catalogue, "🧪 Test: this is how an alert looks. Nothing is wrong.")
    owner, second, stranger = (str(each.person.id) for each in (ada, bea, sam))
    await start(bot, sam, LANGUAGE="fr", OWNER_IDS=owner, SECOND_OWNERS=second, ESCALATE_AFTER="30m")
    for each in (bea, sam):
        bot.world.set_locale(each.person, "de")
        await poll(each)
    await bot.restart(LANGUAGE="fr", OWNER_IDS=f"{owner},{second},{stranger}")
    await ada.ask("mjtest")
    assert [marks_in(*each.received()) for each in (bea, sam)] == [{"de"}, {"fr"}]


async def test_who_presses_reads_the_private_answer_in_their_own_language(
    bot: Bot, ada: Visitor, bea: Visitor, sam: Visitor
) -> None:
    bot.api.add()
    bot.world.close_dm(ada.person)
    place, owners = bot.world.alerts_channel_id, f"{ada.person.id},{bea.person.id}"
    await start(bot, sam, LANGUAGE="fr", OWNER_IDS=owners, ALERT_CHANNEL_ID=str(place))
    await flag(bot, sam)
    digest = await newest(ada, "2 accounts", channel=place, number=2)
    for who, locale in ((ada, "zh-CN"), (bea, "de")):
        bot.world.set_locale(who.person, locale)
        card = await who.picked(digest, menu(digest)["options"][0]["value"])
        assert words_in(card) == {locale}


async def test_a_language_without_a_catalogue_is_english(bot: Bot, ada: Visitor, sam: Visitor) -> None:
    await start(bot, sam, LANGUAGE="fr")
    bot.world.set_locale(ada.person, "nl")
    await poll(ada)
    await flag(bot, sam)
    await newest(ada, "needs you")


async def test_descriptions_of_commands_come_in_every_language(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    (command,) = (each for each in bot.world.commands(ada.person, ada.dm) if each["name"] == "mjaccounts")
    assert command["description"] == LISTS
    assert command["description_localizations"]["zh-CN"] == "需要 mjaccounts"
    assert "name_localizations" not in command or not command["name_localizations"]


async def test_a_press_shows_the_message_in_the_language_that_the_client_has_now(
    bot: Bot, ada: Visitor, sam: Visitor
) -> None:
    await start(bot, sam, LANGUAGE="zh-CN")
    await flag(bot, sam)
    alert = await newest(ada, "需要")
    bot.world.set_locale(ada.person, "de")
    await ada.press(alert, "I'm on it")
    await until(bot, lambda: text(ada.received()[-1]) != text(alert))
    assert words_in(ada.received()[-1]) == {"de"}
