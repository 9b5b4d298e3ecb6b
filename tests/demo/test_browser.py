"""The demo as a visitor uses it, in a real browser."""

import re
from typing import Final

from playwright.async_api import Browser, Locator, expect

from tests.demo.demo import demo
from tests.demo.visitor import WAIT_MS, Visitor
from tests.support.browsing import UNHURRIED, in_a_browser, visiting
from tests.support.forking import forked

RESET: Final = re.compile("- reset$")
"""The button that resets, whatever the kind of the flag."""


async def ask_to_reset(visitor: Visitor, alert: Locator) -> Locator:
    """Press the alert's button, and return the confirmation."""
    await alert.get_by_role("button", name=RESET).click()
    asked = visitor.messages("dm").last
    await expect(asked).to_contain_text("Resetting does not acknowledge anything at Midjourney.")
    await expect(asked).to_contain_text("Only you can see this")
    return asked


@in_a_browser
async def test_from_a_flag_to_one_alert_to_a_reset_to_green(browser: Browser) -> None:
    async with visiting(browser) as visitor:
        alert = await visitor.alert("aurora", "Moderation")
        await expect(alert).to_contain_text("Please acknowledge it before using the bot further.")
        asked = await ask_to_reset(visitor, alert)
        await asked.get_by_role("button", name="Yes, reset aurora").click()
        await expect(asked).to_contain_text("aurora is back in rotation")
        await expect(visitor.account("aurora")).to_contain_text("fine")
        await expect(alert).to_contain_text("✅ back")
        await expect(alert.get_by_role("button")).to_have_count(0)
        await expect(visitor.messages("dm")).to_have_count(3)
        await expect(visitor.page.locator("#strip .counts")).to_contain_text("commands to Midjourney0")


@in_a_browser
async def test_a_reset_that_does_not_help_is_reported_and_clearing_turns_the_alert_green(
    browser: Browser,
) -> None:
    async with visiting(browser, hurry=UNHURRIED) as visitor:
        alert = await visitor.alert("basalt", "CAPTCHA")
        basalt = visitor.account("basalt")
        await basalt.get_by_role("button", name="A reset does not help").click()
        asked = await ask_to_reset(visitor, alert)
        await asked.get_by_role("button", name="Yes, reset basalt").click()
        await expect(asked).to_contain_text("is still flagged. Checking again")
        await basalt.get_by_role("button", name="Clear").click()
        await expect(asked).to_contain_text("basalt is back in rotation")
        await expect(alert).to_contain_text("✅ back")


@in_a_browser
async def test_a_stranger_who_presses_an_alert_s_button_is_refused_in_private(browser: Browser) -> None:
    async with visiting(browser) as visitor:
        await expect(visitor.messages("dm")).to_have_count(1)
        await visitor.button("Block the bot's DMs").click()
        await expect(visitor.button("DMs are blocked")).to_have_attribute("aria-pressed", "true")
        await visitor.flag("ember", "Moderation")
        alert = visitor.messages().first
        await expect(alert).to_contain_text("ember needs you")
        await expect(alert).to_contain_text("Discord does not let me send you direct messages")
        await visitor.page.get_by_label("Sam").check()
        await expect(visitor.page.get_by_text("Sam's direct messages")).to_be_visible()
        await alert.get_by_role("button", name=RESET).click()
        refusal = visitor.messages().last
        await expect(refusal).to_contain_text("owner")
        await expect(refusal).to_contain_text("Only you can see this")
        await expect(visitor.account("ember")).to_contain_text("moderation message")
        await visitor.page.get_by_label("Ada").check()
        await expect(visitor.page.get_by_text("Ada's direct messages")).to_be_visible()
        await expect(visitor.messages()).to_have_count(1)


@in_a_browser
async def test_several_flags_become_one_digest_that_opens_each_account(browser: Browser) -> None:
    async with visiting(browser) as visitor:
        digest = await visitor.alert("ember", "Moderation")
        await visitor.flag("cinder", "Timed block")
        await visitor.flag("fjord", "CAPTCHA")
        await expect(digest).to_contain_text("3 accounts need you")
        await digest.get_by_role("combobox").click()
        await digest.get_by_role("option").filter(has_text="cinder").click()
        card = visitor.messages("dm").last
        await expect(card).to_contain_text("The block ends")
        await expect(card.get_by_role("button", name=RESET)).to_be_enabled()
        await expect(visitor.messages("dm")).to_have_count(3)


@in_a_browser
async def test_a_visitor_runs_both_commands_and_sees_the_answers(browser: Browser) -> None:
    async with visiting(browser) as visitor:
        await visitor.use("mjaccounts")
        await expect(visitor.messages().last).to_contain_text("6 accounts, none flagged", timeout=WAIT_MS)
        await visitor.use("mjinfo", account="aurora")
        answer = visitor.messages().last
        await expect(answer).to_contain_text("aurora · account info", timeout=WAIT_MS)
        await expect(answer).to_contain_text("Fast time")
        await expect(answer.locator("time[data-relative]").first).to_have_text(re.compile(r"ago|in \d|now"))
        counts = visitor.page.locator("#strip .counts")
        await expect(counts).to_contain_text("commands to Midjourney1")


@in_a_browser
async def test_a_flag_set_in_the_control_strip_shows_in_the_list_and_goes_again(browser: Browser) -> None:
    async with visiting(browser) as visitor:
        aurora = visitor.account("aurora")
        await aurora.get_by_role("button", name="CAPTCHA").click()
        await expect(aurora.get_by_role("button", name="CAPTCHA")).to_have_attribute("aria-pressed", "true")
        await visitor.use("mjaccounts")
        await expect(visitor.messages().last).to_contain_text("verify you're human", timeout=WAIT_MS)
        await aurora.get_by_role("button", name="Clear").click()
        await visitor.messages().last.get_by_role("button", name="Refresh").click()
        await expect(visitor.messages().last).to_contain_text("none flagged", timeout=WAIT_MS)


@in_a_browser
async def test_a_private_answer_is_the_asker_s_alone_and_can_be_dismissed(browser: Browser) -> None:
    async with visiting(browser) as visitor:
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
async def test_a_stranger_is_offered_no_commands_in_the_channel(browser: Browser) -> None:
    async with visiting(browser) as visitor:
        await visitor.page.get_by_label("Sam").check()
        await expect(visitor.page.get_by_text("Sam's direct messages")).to_be_visible()
        await visitor.page.locator("#server").get_by_role("combobox", name="Message").fill("/mj")
        await expect(visitor.page.locator("#server .choices")).to_contain_text(
            "Discord offers you no commands here"
        )


@in_a_browser
async def test_an_api_that_refuses_the_token_is_alerted_and_fix_it_fixes_it(browser: Browser) -> None:
    async with visiting(browser) as visitor:
        await visitor.button("Refuse the token").click()
        await expect(visitor.page.get_by_text("Now: The API refuses the token.")).to_be_visible()
        message = visitor.messages("dm").nth(1)  # by the bot's own poll, after which it waits for 15 minutes
        await expect(message).to_contain_text("USEAPI_TOKEN")
        await visitor.use("mjaccounts")
        await expect(visitor.messages().last).to_contain_text("USEAPI_TOKEN", timeout=WAIT_MS)
        await visitor.button("Error 500").click()  # which alone would be noticed within seconds
        await expect(visitor.messages("dm").last).to_contain_text("server error (500)")
        await visitor.button("Fix it").click()
        await expect(visitor.messages("dm").last).to_contain_text("none flagged")
        await expect(message).to_contain_text("✅")


@in_a_browser
async def test_a_challenge_page_before_the_api_is_not_taken_for_a_refused_token(browser: Browser) -> None:
    async with visiting(browser) as visitor:
        await visitor.button("Challenge page").click()
        await visitor.use("mjaccounts")
        answer = visitor.messages().last
        await expect(answer).to_contain_text("in front of useapi.net")
        await expect(answer).not_to_contain_text("USEAPI_TOKEN")
        await visitor.button("Fix it").click()
        await visitor.use("mjaccounts")
        await expect(visitor.messages().last).to_contain_text("none flagged", timeout=WAIT_MS)


@in_a_browser
async def test_a_select_opens_a_card_by_keyboard_alone(browser: Browser) -> None:
    async with visiting(browser) as visitor:
        await visitor.use("mjaccounts")
        menu = visitor.messages().last.get_by_role("combobox")
        await menu.press("ArrowDown")
        await visitor.page.keyboard.press("Enter")
        await expect(visitor.messages()).to_have_count(2, timeout=WAIT_MS)
        await expect(visitor.messages().last).to_contain_text("Only you can see this")


@in_a_browser
async def test_a_bot_that_is_away_does_not_respond_and_comes_back(browser: Browser) -> None:
    async with demo(spawn=forked) as (server, bot), await browser.new_page() as page:
        visitor = Visitor(page)
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
async def test_a_phone_s_width_holds_it_all_without_scrolling_sideways(browser: Browser) -> None:
    async with visiting(browser, 390, 844) as visitor:
        await visitor.account("basalt").get_by_role("button", name="Timed block").click()
        await visitor.use("mjaccounts")
        await expect(visitor.messages().last).to_contain_text("blocked", timeout=WAIT_MS)
        await expect(visitor.messages("dm").last).to_contain_text("basalt must wait", timeout=WAIT_MS)
        await visitor.use("mjinfo", pane="dm", account="aurora")
        await expect(visitor.messages("dm").last).to_contain_text("Fast time", timeout=WAIT_MS)
        assert await visitor.sideways() == []
        await visitor.open("status")
        await expect(visitor.messages("status").first).to_contain_text("blocked", timeout=WAIT_MS)
        await expect(visitor.messages("status").first.locator("a img")).to_be_visible()
        assert await visitor.sideways() == []
