"""The demo of both services, and of midjourney-proxy alone, in a real browser."""

import re
from typing import Final

from playwright.async_api import Browser, Locator, expect

from tests.demo.demo import PROVIDERS
from tests.demo.visitor import WAIT_MS, Visitor
from tests.support.browsing import UNHURRIED, in_a_browser, visiting

PROXY: Final = "#mjproxy"
USEAPI: Final = "#useapi"
ENABLE: Final = re.compile("nable$")
"""The button that enables, whatever the kind of the flag."""


async def cut_off(visitor: Visitor) -> Locator:
    """Cut the proxy off from Discord until all accounts but one are disabled, and return the alert."""
    await expect(visitor.messages("dm")).to_have_count(1)
    await visitor.button("Cut it off from Discord", PROXY).click()
    await expect(visitor.page.locator(PROXY).get_by_text("lost Discord")).to_have_count(5)
    await expect(visitor.page.locator(PROXY).get_by_text("works normally")).to_be_hidden()
    return visitor.messages("dm").nth(1)


@in_a_browser
async def test_the_accounts_of_both_services_stand_in_one_list(browser: Browser) -> None:
    async with visiting(browser, providers=PROVIDERS) as visitor:
        await visitor.use("mjaccounts")
        answer = visitor.messages().last
        await expect(answer).to_contain_text("13 accounts", timeout=WAIT_MS)
        await expect(answer).to_contain_text("onyx · ⏸️ paused")
        await expect(answer).to_contain_text("jasper · ✅ ready")
        await expect(answer).to_contain_text("aurora · ✅ ready")


@in_a_browser
async def test_one_service_alerts_while_the_other_is_out_of_reach(browser: Browser) -> None:
    async with visiting(browser, providers=PROVIDERS) as visitor:
        await expect(visitor.messages("dm")).to_have_count(1)
        await visitor.button("Unreachable", USEAPI).click()
        outage = visitor.messages("dm").nth(1)
        await expect(outage).to_contain_text("useapi.net")
        await visitor.flag("jasper", "Plan")
        alert = visitor.messages("dm").nth(2)
        await expect(alert).to_contain_text("jasper needs you")
        await expect(alert).to_contain_text("Your plan was cancelled")
        await visitor.button("Fix it", USEAPI).click()
        await expect(outage).to_contain_text("✅")


@in_a_browser
async def test_a_service_of_useapi_net_is_flagged_and_set_up_again(browser: Browser) -> None:
    async with visiting(browser, providers=["useapi", "services"]) as visitor:
        await expect(visitor.messages("dm")).to_have_count(1)
        await visitor.flag("studio@example.com", "Session")
        alert = visitor.messages("dm").nth(1)
        await expect(alert).to_contain_text("needs you: its Runway login has to be entered again")
        await expect(alert).to_contain_text("Setup Runway")
        await visitor.account("studio@example.com").get_by_role("button", name="Clear").click()
        await expect(alert).to_contain_text("looks clear", timeout=WAIT_MS)
        await visitor.use("mjaccounts")
        await expect(visitor.messages().last).to_contain_text("At Kling:", timeout=WAIT_MS)


@in_a_browser
async def test_the_proxy_alone_is_watched_and_useapi_net_is_named_nowhere(browser: Browser) -> None:
    async with visiting(browser, providers=["mjproxy"]) as visitor:
        await visitor.use("mjaccounts")
        await expect(visitor.messages().last).to_contain_text("7 accounts", timeout=WAIT_MS)
        await visitor.button("Refuse the token").click()
        await expect(visitor.messages("dm").nth(1)).to_contain_text("MJPROXY_TOKEN")
        await visitor.button("Fix it").click()
        await expect(visitor.messages("dm").nth(1)).to_contain_text("✅")
        for pane in ("#server", "#dm"):
            await expect(visitor.page.locator(pane)).not_to_contain_text("useapi")


@in_a_browser
async def test_an_account_of_the_proxy_is_enabled_and_its_alert_turns_green_once_it_runs(
    browser: Browser,
) -> None:
    async with visiting(browser, providers=["mjproxy"]) as visitor:
        alert = await visitor.alert("jasper", "Moderation")
        await alert.get_by_role("button", name=ENABLE).click()
        asked = visitor.messages("dm").last
        await expect(asked).to_contain_text("Enabling does not acknowledge anything at Midjourney.")
        await expect(asked).to_contain_text("Only you can see this")
        await asked.get_by_role("button", name="Yes, enable jasper").click()
        await expect(asked).to_contain_text("jasper runs again")
        await expect(visitor.account("jasper")).to_contain_text("fine")
        await expect(alert).to_contain_text("✅ runs again")
        await expect(alert.get_by_role("button")).to_have_count(0)
        await expect(visitor.messages("dm")).to_have_count(3)


@in_a_browser
async def test_enabling_that_does_not_help_is_reported(browser: Browser) -> None:
    async with visiting(browser, providers=["mjproxy"], hurry=UNHURRIED) as visitor:
        alert = await visitor.alert("kelpie", "Plan")
        await visitor.account("kelpie").get_by_role("button", name="Enabling does not help").click()
        await alert.get_by_role("button", name=ENABLE).click()
        asked = visitor.messages("dm").last
        await asked.get_by_role("button", name="Yes, enable kelpie").click()
        await expect(asked).to_contain_text(
            "midjourney-proxy has enabled kelpie, and starts one account after another"
        )
        await expect(visitor.account("kelpie")).to_contain_text("starting")
        await expect(visitor.account("kelpie")).to_contain_text("plan cancelled")
        await expect(alert.get_by_role("button", name=ENABLE)).to_be_enabled()


@in_a_browser
async def test_the_link_to_a_captcha_is_shown_to_the_owner_alone(browser: Browser) -> None:
    async with visiting(browser, providers=["mjproxy"]) as visitor:
        alert = await visitor.alert("lagoon", "CAPTCHA")
        await expect(alert).not_to_contain_text("captcha.example")
        await alert.get_by_role("button", name="Show me the CAPTCHA").click()
        shown = visitor.messages("dm").last
        await expect(shown).to_contain_text("Only you can see this")
        await expect(shown.locator("a[href^='https://captcha.example/']").first).to_be_visible()
        await shown.get_by_role("button", name="I solved it").click()
        await expect(visitor.messages("dm").last).to_contain_text("lagoon runs again")
        await expect(alert).to_contain_text("✅ runs again")
        await expect(visitor.page.locator("a[href*='captcha.example']")).to_have_count(0)


@in_a_browser
async def test_a_pool_that_lost_discord_is_one_message_and_enabled_by_one_press(browser: Browser) -> None:
    async with visiting(browser, providers=["mjproxy"]) as visitor:
        alert = await cut_off(visitor)
        await expect(alert).to_contain_text("lost its connection to Discord: 5 accounts are disabled")
        await visitor.button("Cut it off from Discord", PROXY).click()
        await alert.get_by_role("button", name="Enable all 5").click()
        asked = visitor.messages("dm").last
        await asked.get_by_role("button", name="Yes, enable 5 accounts").click()
        await expect(asked).to_contain_text("5 run")
        await expect(visitor.page.locator(PROXY).get_by_text("lost Discord")).to_have_count(0)
        await expect(alert).to_contain_text("✅")
        await expect(visitor.messages("dm")).to_have_count(3)


@in_a_browser
async def test_a_phone_s_width_holds_both_services(browser: Browser) -> None:
    async with visiting(browser, 390, 844, providers=PROVIDERS) as visitor:
        await visitor.alert("jasper", "CAPTCHA")
        await visitor.use("mjaccounts")
        await expect(visitor.messages().last).to_contain_text("CAPTCHA", timeout=WAIT_MS)
        assert await visitor.sideways() == []
