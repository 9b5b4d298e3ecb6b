"""The demo as a visitor uses it, in a real browser."""

import re

from playwright.async_api import expect

from tests.browsing import BROWSER, in_a_browser, visiting
from tests.sandbox.demo import demo
from tests.sandbox.visitor import WAIT_MS, Visitor, browsing


@in_a_browser
async def test_a_visitor_runs_both_commands_and_sees_the_answers() -> None:
    async with visiting() as visitor:
        await visitor.use("mjaccounts")
        await expect(visitor.messages().last).to_contain_text("6 accounts, none flagged", timeout=WAIT_MS)
        await visitor.use("mjinfo", account="5333")
        answer = visitor.messages().last
        await expect(answer).to_contain_text("aurora · account info", timeout=WAIT_MS)
        await expect(answer).to_contain_text("Fast time")
        await expect(answer.locator("time[data-relative]").first).to_have_text(re.compile(r"ago|in \d|now"))
        counts = visitor.page.locator("#strip .counts")
        await expect(counts).to_contain_text("commands to Midjourney1")


@in_a_browser
async def test_a_flag_set_in_the_control_strip_shows_in_the_list_and_goes_again() -> None:
    async with visiting() as visitor:
        aurora = visitor.account("aurora")
        await aurora.get_by_role("button", name="CAPTCHA").click()
        await expect(aurora.get_by_role("button", name="CAPTCHA")).to_have_attribute("aria-pressed", "true")
        await visitor.use("mjaccounts")
        await expect(visitor.messages().last).to_contain_text("verify you're human", timeout=WAIT_MS)
        await aurora.get_by_role("button", name="Clear").click()
        await visitor.messages().last.get_by_role("button", name="Refresh").click()
        await expect(visitor.messages().last).to_contain_text("none flagged", timeout=WAIT_MS)


@in_a_browser
async def test_a_private_answer_is_the_asker_s_alone_and_can_be_dismissed() -> None:
    async with visiting() as visitor:
        await visitor.use("mjaccounts", private=True)
        await expect(visitor.messages().last).to_contain_text("Only you can see this", timeout=WAIT_MS)
        await visitor.page.get_by_label("Sam").check()
        await expect(visitor.page.get_by_text("Sam's direct messages")).to_be_visible()
        await expect(visitor.messages()).to_have_count(0)
        await visitor.page.get_by_label("Ada").check()
        await expect(visitor.messages()).to_have_count(1)
        await visitor.button("Dismiss message").click()
        await expect(visitor.messages()).to_have_count(0)


@in_a_browser
async def test_a_stranger_is_offered_no_commands_in_the_channel() -> None:
    async with visiting() as visitor:
        await visitor.page.get_by_label("Sam").check()
        await expect(visitor.page.get_by_text("Sam's direct messages")).to_be_visible()
        await visitor.page.locator("#server").get_by_role("combobox", name="Message").fill("/mj")
        await expect(visitor.page.locator("#server .choices")).to_contain_text(
            "Discord offers you no commands here"
        )


@in_a_browser
async def test_an_api_that_refuses_the_token_is_told_and_back_to_normal_mends_it() -> None:
    async with visiting() as visitor:
        await visitor.button("Refuse the token").click()
        await expect(visitor.page.get_by_text("Now: The API refuses the token.")).to_be_visible()
        await visitor.use("mjaccounts")
        await expect(visitor.messages().last).to_contain_text("USEAPI_TOKEN", timeout=WAIT_MS)
        await visitor.button("Back to normal").click()
        await visitor.use("mjaccounts")
        await expect(visitor.messages().last).to_contain_text("none flagged", timeout=WAIT_MS)


@in_a_browser
async def test_a_select_opens_a_card_by_keyboard_alone() -> None:
    async with visiting() as visitor:
        await visitor.use("mjaccounts")
        menu = visitor.messages().last.get_by_role("combobox")
        await menu.press("ArrowDown")
        await visitor.page.keyboard.press("Enter")
        await expect(visitor.messages()).to_have_count(2, timeout=WAIT_MS)
        await expect(visitor.messages().last).to_contain_text("Only you can see this")


@in_a_browser
async def test_a_bot_that_is_away_does_not_respond_and_comes_back() -> None:
    assert BROWSER is not None
    async with demo() as (server, bot), browsing(BROWSER) as browser:
        visitor = Visitor(await browser.new_page())
        await visitor.arrive(server.address)
        await bot.stop()
        await expect(visitor.page.get_by_text("Midwatch has stopped")).to_be_visible()
        await visitor.use("mjaccounts")
        await expect(visitor.messages().last).to_contain_text(
            "The application did not respond", timeout=WAIT_MS
        )
        await visitor.button("Restart the bot").click()
        await expect(visitor.page.get_by_text("Midwatch is online")).to_be_visible(timeout=WAIT_MS)


@in_a_browser
async def test_a_phone_s_width_holds_it_all_without_scrolling_sideways() -> None:
    async with visiting(390, 844) as visitor:
        await visitor.account("basalt").get_by_role("button", name="Timed block").click()
        await visitor.use("mjaccounts")
        await expect(visitor.messages().last).to_contain_text("blocked", timeout=WAIT_MS)
        await visitor.use("mjinfo", pane="dm", account="5333")
        await expect(visitor.messages("dm").last).to_contain_text("Fast time", timeout=WAIT_MS)
        too_wide = await visitor.page.evaluate(
            "[...document.querySelectorAll('body *')].filter((one) => one.checkVisibility()"
            " && one.getBoundingClientRect().right > 390.5).map((one) => one.outerHTML.slice(0, 80))"
        )
        assert too_wide == []
