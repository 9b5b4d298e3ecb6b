"""The demo of both services, and of midjourney-proxy alone, in a real browser."""

from typing import Final

from playwright.async_api import Browser, Locator, expect

from tests.demo.demo import PROVIDERS
from tests.demo.visitor import WAIT_MS, Visitor
from tests.support.browsing import in_a_browser, visiting

PROXY: Final = "#mjproxy"
USEAPI: Final = "#useapi"


async def cut_off(visitor: Visitor) -> Locator:
    """Cut the proxy off from Discord until all accounts but one are disabled, and give the alert."""
    await expect(visitor.messages("dm")).to_have_count(1)
    await visitor.button("Cut it off from Discord", PROXY).click()
    await expect(visitor.page.locator(PROXY).get_by_text("lost Discord")).to_have_count(5)
    return visitor.messages("dm").nth(1)


@in_a_browser
async def test_the_accounts_of_both_services_stand_in_one_list(browser: Browser) -> None:
    async with visiting(browser, providers=PROVIDERS) as visitor:
        await visitor.use("mjaccounts")
        answer = visitor.messages().last
        await expect(answer).to_contain_text("13 accounts", timeout=WAIT_MS)
        await expect(answer).to_contain_text("aurora")
        await expect(answer).to_contain_text("jasper")


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
async def test_the_proxy_alone_is_watched(browser: Browser) -> None:
    async with visiting(browser, providers=["mjproxy"]) as visitor:
        await visitor.use("mjaccounts")
        await expect(visitor.messages().last).to_contain_text("7 accounts", timeout=WAIT_MS)
        await visitor.button("Refuse the token").click()
        await expect(visitor.messages("dm")).to_have_count(2)
        await visitor.button("Fix it").click()
        await expect(visitor.messages("dm").nth(1)).to_contain_text("✅")


@in_a_browser
async def test_a_pool_that_lost_discord_is_one_message(browser: Browser) -> None:
    async with visiting(browser, providers=["mjproxy"]) as visitor:
        alert = await cut_off(visitor)
        await expect(alert).to_contain_text("5 accounts")
        await expect(visitor.messages("dm")).to_have_count(2)


@in_a_browser
async def test_a_phone_s_width_holds_both_services(browser: Browser) -> None:
    async with visiting(browser, 390, 844, providers=PROVIDERS) as visitor:
        await visitor.flag("jasper", "CAPTCHA")
        await visitor.use("mjaccounts")
        await expect(visitor.messages().last).to_contain_text("CAPTCHA", timeout=WAIT_MS)
        assert await visitor.sideways() == []
