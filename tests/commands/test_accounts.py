"""`/mjaccounts`, the card and `/mjname`, used as a person uses them."""

import pytest

from tests.simulators.useapi import BLOCK, CAPTCHA, MODERATION, Endpoint, Fault
from tests.support.reading import button, buttons, options, text
from tests.support.running import Bot, Visitor


def add(bot: Bot, number: int) -> list[str]:
    return [bot.api.add(max_jobs=3).channel for _ in range(number)]


async def test_the_list_shows_each_account_with_its_state_flagged_first(bot: Bot, ada: Visitor) -> None:
    quiet = bot.api.add(max_jobs=5)
    flagged = bot.api.add(max_jobs=3)
    bot.api.flag(flagged.channel, MODERATION)
    await bot.start()

    shown = text(await ada.ask("mjaccounts"))

    assert "2 accounts, 1 flagged" in shown
    assert "8 job slots in all, 5 usable" in shown
    assert shown.index(flagged.channel) < shown.index(quiet.channel)
    assert f"…{flagged.channel[-4:]}** · ⚠️ moderation message pending" in shown
    assert f"[{flagged.channel}](https://discord.com/channels/@me/{flagged.channel}) · 3 job slots" in shown
    assert "Flagged since <t:" in shown
    assert f"```\n{MODERATION}\n```" in shown
    assert f"…{quiet.channel[-4:]}** · ✅ ready" in shown


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        (MODERATION, "⚠️ moderation message pending"),
        (CAPTCHA, "🧩 CAPTCHA pending"),
        (BLOCK, "⛔ blocked"),
        ("Come back another day.", "⚠️ needs attention"),
    ],
    ids=["moderation", "captcha", "block", "other"],
)
async def test_a_flag_is_called_by_its_kind(bot: Bot, ada: Visitor, flag: str, words: str) -> None:
    bot.api.flag(bot.api.add().channel, flag)
    await bot.start()
    assert words in text(await ada.ask("mjaccounts"))


async def test_one_list_costs_one_request_and_no_midjourney_command(bot: Bot, ada: Visitor) -> None:
    add(bot, 30)
    await bot.start()
    before = len(bot.api.requests)

    await ada.ask("mjaccounts")

    assert [one.endpoint for one in bot.api.requests[before:]] == [Endpoint.LIST]
    assert bot.api.midjourney_commands == 0


async def test_a_plan_and_its_fast_time_are_shown_once_midjourney_was_asked(bot: Bot, ada: Visitor) -> None:
    info = "**Subscription**: Pro (Active monthly)\n**Fast Time Remaining**: 7.5/30 hours (25%)"
    account = bot.api.add(discord_name="aurora", info_text=info)
    await bot.start()
    assert "Pro" not in text(await ada.ask("mjaccounts"))

    await ada.ask("mjinfo", account=account.channel)
    shown = text(await ada.ask("mjaccounts"))

    assert "**aurora** · ✅ ready" in shown
    assert "`Pro` · 7.5 of 30 fast hours left · as of <t:" in shown


async def test_the_answer_is_public_or_for_the_asker_alone(bot: Bot, ada: Visitor, sam: Visitor) -> None:
    add(bot, 1)
    await bot.start()
    await ada.ask("mjaccounts")
    assert len(sam.sees()) == 1

    asked = await ada.use("mjaccounts", private=True)
    await asked.answer()

    assert asked.ephemeral
    assert (len(ada.sees()), len(sam.sees())) == (2, 1)


async def test_with_nothing_configured_it_says_how_to_configure_an_account(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    empty = await ada.ask("mjaccounts")
    assert "No account is configured" in text(empty)
    assert "https://useapi.net/docs/start-here/setup-midjourney" in text(empty)

    (channel,) = add(bot, 1)

    assert channel in text(await ada.pressed(empty, "Refresh"))


# ---------------------------------------------------------------------- pages


@pytest.mark.parametrize(
    ("accounts", "pages"), [(1, 1), (10, 1), (11, 2), (1_000, 100), (10_000, 1_000)], ids=str
)
async def test_any_number_of_accounts_is_shown_ten_to_a_page(
    bot: Bot, ada: Visitor, accounts: int, pages: int
) -> None:
    add(bot, accounts)
    await bot.start()

    first = await ada.ask("mjaccounts")

    assert f"{accounts:,} account" in text(first)
    assert len(options(first)) == min(accounts, 10)
    if pages == 1:
        assert list(buttons(first)) == ["Refresh"]
        return
    assert f"Page 1 of {pages:,}" in text(first)
    last = await ada.pressed(first, "Last")
    assert f"Page {pages:,} of {pages:,}" in text(last)
    assert len(options(last)) == (accounts - 1) % 10 + 1


async def test_the_pages_show_every_account_once(bot: Bot, ada: Visitor) -> None:
    channels = add(bot, 23)
    await bot.start()
    page = await ada.ask("mjaccounts")
    seen = list(options(page))
    while not button(page, "Next")["disabled"]:
        page = await ada.pressed(page, "Next")
        seen += options(page)
    assert sorted(seen) == sorted(f"…{channel[-4:]}" for channel in channels)


async def test_turning_there_and_back_shows_the_same_page(bot: Bot, ada: Visitor) -> None:
    add(bot, 30)
    await bot.start()
    first = await ada.ask("mjaccounts")
    assert [label for label, one in buttons(first).items() if one.get("disabled")] == ["First", "Back"]

    last = await ada.pressed(first, "Last")
    assert [label for label, one in buttons(last).items() if one.get("disabled")] == ["Next", "Last"]

    middle = await ada.pressed(last, "Back")
    assert "Page 2 of 3" in text(middle)
    assert text(await ada.pressed(middle, "First")) == text(first)


async def test_turning_a_page_asks_nobody(bot: Bot, ada: Visitor) -> None:
    add(bot, 11)
    await bot.start()
    first = await ada.ask("mjaccounts")
    before = len(bot.api.requests)
    await ada.pressed(first, "Next")
    assert len(bot.api.requests) == before


async def test_refresh_reads_the_list_again_and_stays_on_the_page(bot: Bot, ada: Visitor) -> None:
    *_, gone = add(bot, 12)
    await bot.start()
    second = await ada.pressed(await ada.ask("mjaccounts"), "Next")
    bot.api.remove(gone)

    refreshed = await ada.pressed(second, "Refresh")

    assert refreshed["id"] == second["id"]
    assert "11 accounts" in text(refreshed)
    assert "Page 2 of 2" in text(refreshed)


async def test_refresh_on_a_page_that_is_no_more_shows_the_last_one(bot: Bot, ada: Visitor) -> None:
    channels = add(bot, 21)
    await bot.start()
    third = await ada.pressed(await ada.ask("mjaccounts"), "Last")
    for channel in channels[11:]:
        bot.api.remove(channel)
    refreshed = text(await ada.pressed(third, "Refresh"))
    assert "11 accounts" in refreshed
    assert "Page 2 of 2" in refreshed


async def test_a_list_that_cannot_be_read_leaves_the_shown_one_alone(bot: Bot, ada: Visitor) -> None:
    add(bot, 1)
    await bot.start()
    before = await ada.ask("mjaccounts")
    bot.api.fault(Fault.UNAUTHORIZED)

    refused = await ada.press(before, "Refresh")

    assert "refused the API token" in text(await refused.answer())
    assert refused.ephemeral
    assert text(ada.sees()[0]) == text(before)


async def test_a_list_that_cannot_be_read_is_shown_as_last_known_below_the_reason(
    bot: Bot, ada: Visitor
) -> None:
    add(bot, 12)
    await bot.start()
    bot.api.fault(Fault.UNAUTHORIZED)

    refused = await ada.ask("mjaccounts")

    reply = text(refused)
    assert refused["flags"] & 64
    assert reply.index("refused the API token") < reply.index("when I last read the list:")
    assert reply.index("when I last read the list:") < reply.index("12 accounts, none flagged")
    assert "refused the API token" in text(await ada.pressed(refused, "Next"))


# ---------------------------------------------------------------------- cards


async def test_the_select_opens_a_card_for_the_person_alone(bot: Bot, ada: Visitor) -> None:
    first, second = add(bot, 2)
    bot.api.flag(second, CAPTCHA)
    await bot.start()

    opened = await ada.pick(await ada.ask("mjaccounts"), second)
    card = await opened.answer()

    assert opened.ephemeral
    assert "CAPTCHA pending" in text(card)
    assert f"```\n{CAPTCHA}\n```" in text(card)
    assert first not in text(card)
    assert button(card, "Open in Discord")["url"] == f"https://discord.com/channels/@me/{second}"


async def test_the_info_button_of_a_card_asks_midjourney(bot: Bot, ada: Visitor) -> None:
    channel, _ = add(bot, 2)
    await bot.start()
    card = await ada.picked(await ada.ask("mjaccounts"), channel)

    asked = await ada.press(card, "Info")

    assert "account info" in text(await asked.answer())
    assert asked.ephemeral
    assert bot.api.midjourney_commands == 1


# -------------------------------------------------------------------- /mjname


async def test_a_name_is_used_everywhere_and_survives_a_restart(bot: Bot, ada: Visitor) -> None:
    (channel,) = add(bot, 1)
    await bot.start()

    named = await ada.use("mjname", account=channel, name="Studio B")

    assert "is now called **Studio B**" in text(await named.answer())
    assert named.ephemeral
    assert "**Studio B** · ✅ ready" in text(await ada.ask("mjaccounts"))
    await bot.restart()
    assert "**Studio B** · ✅ ready" in text(await ada.ask("mjaccounts"))


async def test_a_card_says_who_named_the_account(bot: Bot, ada: Visitor) -> None:
    (channel,) = add(bot, 1)
    await bot.start()
    await ada.ask("mjname", account=channel, name="Studio B")
    card = await ada.picked(await ada.ask("mjaccounts"), channel)
    assert f"<@{ada.person.id}>" in text(card)
    assert "renamed it to Studio B" in text(card)


async def test_without_a_name_the_discord_name_comes_back(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add(discord_name="aurora")
    await bot.start()
    await ada.ask("mjinfo")
    await ada.ask("mjname", account="aurora", name="Studio B")
    assert "is now called **aurora**" in text(await ada.ask("mjname", account="Studio B"))
    assert f"**aurora** · ✅ ready\n[{account.channel}]" in text(await ada.ask("mjaccounts"))


@pytest.mark.parametrize(
    "name",
    [
        "123456789012345678",
        "   ",
        "\u200b\u200b",
        "…2027",
        "... 2027",
        "‥2027",
        "⋯2027",
        "…\uff12\uff10\uff12\uff17",
        "\uff0e\uff0e2027",
    ],
)
async def test_a_name_that_shows_nothing_or_looks_like_an_id_is_refused(
    bot: Bot, ada: Visitor, name: str
) -> None:
    (channel,) = add(bot, 1)
    await bot.start()
    assert "Choose another name" in text(await ada.ask("mjname", account=channel, name=name))
    assert f"**…{channel[-4:]}**" in text(await ada.ask("mjaccounts"))


@pytest.mark.parametrize(
    ("given", "typed"), [("\u202eabc", "abc"), ("👍", "👍"), ("Studio\u200b  B", "studio b")], ids=ascii
)
async def test_an_account_is_found_by_the_name_that_is_seen(
    bot: Bot, ada: Visitor, given: str, typed: str
) -> None:
    (channel,) = add(bot, 1)
    await bot.start()
    await ada.ask("mjname", account=channel, name=given)
    assert "is now called **Found**" in text(await ada.ask("mjname", account=typed, name="Found"))


async def test_an_account_added_a_moment_ago_can_be_named(bot: Bot, ada: Visitor) -> None:
    add(bot, 1)
    await bot.start()
    (channel,) = add(bot, 1)
    assert "is now called **New**" in text(await ada.ask("mjname", account=channel, name="New"))


async def test_a_name_that_another_account_has_is_refused(bot: Bot, ada: Visitor) -> None:
    bot.api.add(discord_name="aurora")
    await bot.start()
    await ada.ask("mjinfo")
    other = bot.api.add()
    answer = text(await ada.ask("mjname", account=other.channel, name="AURORA\u200b"))
    assert "aurora goes by that name already" in answer
    assert "Choose another name" in answer


async def test_a_renamed_account_is_still_found_and_suggested_by_its_discord_name(
    bot: Bot, ada: Visitor
) -> None:
    account = bot.api.add(discord_name="aurora")
    await bot.start()
    await ada.ask("mjinfo")
    await ada.ask("mjname", account="aurora", name="Studio B")
    assert [each.value for each in await ada.complete("mjinfo", "auro")] == [account.channel]
    assert "is now called **Mine**" in text(await ada.ask("mjname", account="aurora", name="Mine"))
