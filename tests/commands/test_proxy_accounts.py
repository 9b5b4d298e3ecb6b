"""The accounts of a midjourney-proxy, alone or beside those of useapi.net, as a person sees them."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from tests.simulators.discord import Json
from tests.simulators.mjproxy import Endpoint, SimulatedMjproxy
from tests.simulators.mjproxy.pool import MODERATION
from tests.support.reading import buttons, text
from tests.support.running import Bot, Visitor

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
    assert "midjourney-proxy" not in shown


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

    told = [
        line for line in lines if line in {"At useapi.net:", "At midjourney-proxy:"} or line.startswith("**")
    ]
    assert told[1:] == [
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
