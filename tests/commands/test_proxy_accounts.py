"""The accounts of a midjourney-proxy, alone or beside those of useapi.net, as a person sees them."""

import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from bot.domain.accounts import Account
from bot.domain.clock import utc_now
from bot.domain.providers import MJPROXY, reference_to
from tests.simulators.discord import Json
from tests.simulators.mjproxy import Endpoint, Fault, SimulatedMjproxy
from tests.simulators.mjproxy.pool import MODERATION
from tests.support.catalogues import AddCatalogue
from tests.support.clock import DAY
from tests.support.reading import buttons, text
from tests.support.running import Bot, Visitor
from tests.support.watching import newest

if TYPE_CHECKING:
    from tests.conftest import Leaks


@pytest.fixture
async def proxy(leaks: "Leaks") -> AsyncIterator[SimulatedMjproxy]:
    """A simulated midjourney-proxy on the clock of the bot."""
    async with SimulatedMjproxy() as server:
        yield server
        leaks.secrets |= server.secrets


async def begin(bot: Bot, proxy: SimulatedMjproxy) -> None:
    await bot.start(MJPROXY_URL=proxy.url, MJPROXY_TOKEN=proxy.token)


async def listed(visitor: Visitor) -> Json:
    return await visitor.ask("mjaccounts")


async def test_each_state_has_its_words_and_only_what_runs_is_ready(
    bot: Bot, proxy: SimulatedMjproxy, ada: Visitor
) -> None:
    proxy.add(remark="runs")
    proxy.pause(proxy.add(remark="rests").id)
    proxy.add(remark="begins", running=False)
    proxy.add(remark="sleeps", work_time="09:00-17:00", running=False)
    flagged = proxy.add(remark="flagged")
    flagged.enable = flagged.running = False
    flagged.reason = MODERATION
    await begin(bot, proxy)

    shown = text(await listed(ada))

    assert "**⚠️ 5 accounts, 1 flagged, 2 not started, 1 paused**" in shown
    assert "job slot" not in shown
    for words in (
        "**flagged** · ⚠️ moderation message pending",
        "**begins** · ⏳ enabled, not started yet",
        "**sleeps** · 🕒 outside its hours, or not started yet",
        "**rests** · ⏸️ paused",
        "**runs** · ✅ ready",
    ):
        assert words in shown
    assert shown.count("✅ ready") == 1
    assert shown.index("**flagged**") < shown.index("**begins**") < shown.index("**runs**")
    assert "useapi.net" not in shown
    assert "At midjourney-proxy" not in shown


async def test_a_block_of_which_only_its_end_is_known_has_our_sentence_for_its_reason(
    bot: Bot, proxy: SimulatedMjproxy, ada: Visitor
) -> None:
    account = proxy.add(remark="Borealis")
    proxy.pause(account.id)
    account.unlocks_at = utc_now() + DAY
    await begin(bot, proxy)
    for shown in (text(await listed(ada)), text(await newest(ada, "Borealis", "The block ends"))):
        assert "No reason is given for the block." in shown
        assert "midjourney-proxy says" not in shown


async def test_the_status_counts_only_what_runs_as_ready(
    bot: Bot, proxy: SimulatedMjproxy, ada: Visitor
) -> None:
    proxy.add()
    proxy.pause(proxy.add().id)
    proxy.add(running=False)
    await begin(bot, proxy)
    assert "3 accounts watched, 1 ready" in text(await ada.ask("mjstatus"))
    await bot.world.wait_for(lambda: "3 accounts watched, 1 ready" in str(bot.world.presence))


async def test_accounts_of_two_providers_stand_below_their_names(
    bot: Bot, proxy: SimulatedMjproxy, ada: Visitor
) -> None:
    of_useapi, flagged = bot.api.add(), proxy.add(remark="flagged")
    proxy.add(remark="another")
    flagged.enable = flagged.running = False
    flagged.reason = MODERATION
    await begin(bot, proxy)

    lines = text(await listed(ada)).splitlines()

    shown = [
        line for line in lines if line in {"At useapi.net:", "At midjourney-proxy:"} or line.startswith("**")
    ]
    assert shown[1:] == [
        "At midjourney-proxy:",
        "**flagged** · ⚠️ moderation message pending",
        "**another** · ✅ ready",
        "At useapi.net:",
        f"**…{of_useapi.channel[-4:]}** · ✅ ready",
    ]


async def test_info_shows_what_the_proxy_keeps_and_when_to_ask_again(
    bot: Bot, proxy: SimulatedMjproxy, ada: Visitor
) -> None:
    account = proxy.add(remark="aurora")
    await begin(bot, proxy)
    assert "`Standard` · 14.28 of 15 fast hours left · as of <t:" in text(await listed(ada))

    answered, again = [text(await ada.ask("mjinfo", account="aurora")) for _ in range(2)]

    for shown in (answered, again):
        assert "aurora · account info" in shown
        assert "14.28 of 15 fast hours left" in shown
        assert "Midjourney answered at <t:" in shown
    assert "⏳" not in answered
    assert "⏳ Midjourney was asked less than 10 min ago; this is its last answer. Ask again in " in again
    assert account.syncs == 1


async def test_info_says_when_nothing_new_came(bot: Bot, proxy: SimulatedMjproxy, ada: Visitor) -> None:
    proxy.add(remark="aurora")
    proxy.syncs_bring_news = False
    await begin(bot, proxy)
    shown = text(await ada.ask("mjinfo"))
    assert "⏳ Midjourney was asked now, but midjourney-proxy has got nothing new" in shown


async def test_what_does_not_run_is_not_asked_and_why_is_said(
    bot: Bot, proxy: SimulatedMjproxy, ada: Visitor
) -> None:
    proxy.pause(proxy.add(remark="rests").id)
    proxy.ask_captcha(proxy.add(remark="locked").id)
    proxy.add(remark="begins", running=False)
    await begin(bot, proxy)

    rests, locked, begins = [await ada.ask("mjinfo", account=name) for name in ("rests", "locked", "begins")]

    assert "midjourney-proxy does not run this account now, so Midjourney was not asked" in text(rests)
    assert "14.28 of 15 fast hours left" in text(rests)
    assert "From an earlier answer; Midjourney was not asked again." in text(locked)
    assert "Ask anyway" not in buttons(locked)
    assert "midjourney-proxy has not started this account, so it cannot ask Midjourney." in text(begins)
    assert proxy.count(Endpoint.SYNC) == 0


async def test_add_names_the_web_page_and_beside_it_the_form_of_the_other_provider(
    bot: Bot, proxy: SimulatedMjproxy, ada: Visitor
) -> None:
    await begin(bot, proxy)
    shown = await ada.ask("mjadd")
    page = proxy.url.removesuffix("/mj")
    assert f"Add accounts on midjourney-proxy's own web page: <{page}>\n" in text(shown)
    form = await ada.press(shown, "Add or update an account")
    await bot.world.wait_for(lambda: form.modal)
    assert form.modal is not None
    assert form.modal["title"] == "Add an account at useapi.net"
    await bot.restart(MJPROXY_URL=proxy.url, MJPROXY_TOKEN=proxy.token, USEAPI_TOKEN=None)
    alone = await ada.ask("mjadd")
    assert f"<{page}>" in text(alone)
    assert buttons(alone) == {}


async def test_commands_say_which_providers_they_are_for(
    bot: Bot, proxy: SimulatedMjproxy, ada: Visitor
) -> None:
    await begin(bot, proxy)
    assert described(bot, ada)["mjremove"] == (
        "Remove an account from useapi.net or midjourney-proxy, after a confirmation."
    )
    assert described(bot, ada)["mjadd"].startswith("Add an account at useapi.net or midjourney-")
    await bot.restart(MJPROXY_URL=proxy.url, MJPROXY_TOKEN=proxy.token, USEAPI_TOKEN=None)
    where = "See where accounts are added to midjourney-proxy."
    await bot.world.wait_for(lambda: described(bot, ada)["mjadd"] == where)


@pytest.mark.english
async def test_a_command_names_its_providers_in_each_language(
    bot: Bot, proxy: SimulatedMjproxy, ada: Visitor, catalogue: AddCatalogue
) -> None:
    removes = "Remove an account from {services}, after a confirmation."
    catalogue("de", {removes: "Entfernt ein Konto von {services}."})
    await begin(bot, proxy)
    commands = bot.world.commands(ada.person, bot.world.channel_id)
    (german,) = [each["description_localizations"]["de"] for each in commands if each["name"] == "mjremove"]
    assert german.startswith("Entfernt ein Konto von useapi.net")


def described(bot: Bot, person: Visitor) -> dict[str, str]:
    """Return what Discord says of each command."""
    commands = bot.world.commands(person.person, bot.world.channel_id)
    return {each["name"]: each["description"] for each in commands}


async def test_a_card_offers_no_update_where_accounts_are_added_elsewhere(
    bot: Bot, proxy: SimulatedMjproxy, ada: Visitor
) -> None:
    account = proxy.add(remark="aurora")
    await begin(bot, proxy)
    card = await ada.picked(await listed(ada), Account(reference_to(MJPROXY, account.id)).handle)
    assert set(buttons(card)) == {"Info", "History", "Remove", "Open in Discord"}


async def test_a_name_of_our_own_stands_above_the_remark_which_still_finds_it(
    bot: Bot, proxy: SimulatedMjproxy, ada: Visitor
) -> None:
    proxy.add(remark="aurora")
    masked = proxy.add(remark="****")
    await begin(bot, proxy)
    assert f"**…{masked.channel[-4:]}** · ✅ ready" in text(await listed(ada))
    await ada.ask("mjname", account="aurora", name="Borealis")
    assert "**Borealis** · ✅ ready" in text(await listed(ada))
    assert [each.name[:8] for each in await ada.complete("mjinfo", "aurora")] == ["Borealis"]
    assert "No alerts for Borealis" in text(await ada.ask("mjmute", account="aurora", duration="8h")).replace(
        "*", ""
    )
    await ada.ask("mjname", account="aurora")
    assert "**aurora** · ✅ ready" in text(await listed(ada))


async def test_after_a_restart_a_paused_account_is_not_called_ready_before_the_list_is_read(
    bot: Bot, proxy: SimulatedMjproxy, ada: Visitor
) -> None:
    proxy.pause(proxy.add(remark="rests").id)
    await begin(bot, proxy)
    await bot.stop()
    proxy.fault(Fault.SERVER_ERROR, endpoint=Endpoint.LIST)
    await begin(bot, proxy)
    (suggested,) = await ada.complete("mjinfo", "rests")
    assert "⏸️ paused" in suggested.name


async def test_entries_without_name_or_key_are_marked_and_not_touched(
    bot: Bot, proxy: SimulatedMjproxy, ada: Visitor
) -> None:
    proxy.add(remark="aurora")
    proxy.add(remark="twin")
    proxy.add(remark="other")
    proxy.fault(Fault.MISSING_FIELDS)
    await begin(bot, proxy)
    shown = await listed(ada)
    assert "1 account, none flagged, 1 unreadable" in text(shown)
    assert "❔ cannot be read" in text(shown)
    assert "ready" not in text(shown)
    assert await ada.complete("mjinfo", "") == []
    proxy.mend()
    assert text(await listed(ada)).count("✅ ready") == 3
    assert {request.endpoint for request in proxy.requests} <= {Endpoint.LIST, Endpoint.HOME}


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.HTML_200, "web page"),
        (Fault.ARRAY, "midjourney-proxy answered in a form that Midwatch does not know."),
        (Fault.SERVER_ERROR, "it needs Redis"),
    ],
)
async def test_bad_input_ends_in_one_sentence(
    bot: Bot, proxy: SimulatedMjproxy, ada: Visitor, fault: Fault, words: str
) -> None:
    proxy.add(remark="aurora")
    await begin(bot, proxy)
    proxy.fault(fault, endpoint=Endpoint.LIST)
    shown = text(await listed(ada))
    assert words in shown
    assert re.search(
        r"At midjourney-proxy, as of <t:\d+:f>:\n\*\*aurora\*\* · ❔ ready when last seen", shown
    )
    assert "The rest was read at <t:" in shown
    assert "✅" not in shown


async def test_an_account_without_an_id_and_one_listed_twice_are_marked_entries(
    bot: Bot, proxy: SimulatedMjproxy, ada: Visitor
) -> None:
    proxy.add(remark="aurora")
    proxy.add(remark="nameless").id = ""
    proxy.add(remark="twin").id = proxy.add(remark="other twin").id
    await begin(bot, proxy)
    shown = text(await listed(ada))
    assert "3 accounts, none flagged, 2 unreadable" in shown
    assert "**nameless** · ❔ cannot be read" in shown
    assert shown.count("✅ ready") == 1
    assert [each.name[:6] for each in await ada.complete("mjremove", "")] == ["aurora"]
    refused = text(await ada.ask("mjremove", account="nameless"))
    assert "⚠️" in refused
    assert not proxy.count(Endpoint.REMOVE)
