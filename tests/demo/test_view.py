"""What the demo's page brings into view, and what it remembers, in a real browser."""

from playwright.async_api import Browser, Locator, expect

from tests.demo.visitor import Visitor
from tests.support.browsing import UNHURRIED, in_a_browser, visiting

SEEN = 0.25
"""The least part of a message in view; the list of all accounts is taller than its pane."""


async def filled(visitor: Visitor) -> Locator:
    """Ask for the list more often than the pane can show, scroll up to the first answer, and return it."""
    for asked in (1, 2, 3):
        await visitor.use("mjaccounts")
        await expect(visitor.messages()).to_have_count(asked)
        await expect(visitor.messages().last).to_contain_text("6 accounts, none flagged")
    await visitor.page.locator("#server .messages").hover()
    await visitor.page.mouse.wheel(0, -5000)
    first = visitor.messages().first
    await expect(first).to_be_in_viewport(ratio=SEEN)
    await expect(visitor.messages().last).not_to_be_in_viewport()
    return first


@in_a_browser
async def test_the_answer_to_a_command_is_in_view_in_a_pane_that_was_scrolled_up(browser: Browser) -> None:
    async with visiting(browser) as visitor:
        await filled(visitor)
        await visitor.use("mjstatus")
        await expect(visitor.messages()).to_have_count(4)
        await expect(visitor.messages().last).to_be_in_viewport(ratio=SEEN)


@in_a_browser
async def test_what_a_pressed_button_opens_is_in_view_in_a_pane_that_was_scrolled_up(
    browser: Browser,
) -> None:
    async with visiting(browser) as visitor:
        first = await filled(visitor)
        await first.get_by_role("combobox").press("ArrowDown")
        await visitor.page.keyboard.press("Enter")
        card = visitor.messages().last
        await expect(card).to_contain_text("Only you can see this")
        await expect(card).to_be_in_viewport(ratio=SEEN)


@in_a_browser
async def test_a_pane_that_was_scrolled_up_stays_so_when_the_bot_edits_a_message(browser: Browser) -> None:
    async with visiting(browser) as visitor:
        first = await filled(visitor)
        await first.get_by_role("button", name="Refresh").click()
        await expect(first).to_contain_text("(edited)")
        await expect(first).to_be_in_viewport(ratio=SEEN)


@in_a_browser
async def test_a_flag_pressed_on_a_phone_leads_to_the_message_it_makes(browser: Browser) -> None:
    async with visiting(browser, 390, 844, hurry=UNHURRIED) as visitor:
        alert = await visitor.alert("ember", "Moderation")
        await expect(alert).not_to_be_in_viewport()
        await visitor.push("ember needs you").click()
        await expect(alert).to_be_in_viewport(ratio=SEEN)
        await expect(visitor.page.locator("#news")).to_be_hidden()
        await visitor.account("ember").get_by_role("button", name="Clear").click()
        await visitor.button("Changed message in @ Midwatch").click()
        await expect(alert).to_contain_text("looks clear")
        await expect(alert).to_be_in_viewport(ratio=SEEN)


@in_a_browser
async def test_a_message_that_is_in_view_is_not_announced(browser: Browser) -> None:
    async with visiting(browser) as visitor:
        await expect(await visitor.alert("ember", "Moderation")).to_be_in_viewport(ratio=SEEN)
        await expect(visitor.page.locator("#news")).to_be_hidden()


@in_a_browser
async def test_a_reload_keeps_the_chosen_person_and_what_was_dismissed(browser: Browser) -> None:
    async with visiting(browser) as visitor:
        await visitor.use("mjstatus", private=True)
        await expect(visitor.messages()).to_have_count(1)
        await visitor.button("Dismiss message").click()
        await visitor.use("mjaccounts")
        await expect(visitor.messages()).to_have_count(1)
        await visitor.page.reload()
        await expect(visitor.messages()).to_have_count(1)
        await expect(visitor.messages()).to_contain_text("none flagged")
        await visitor.page.get_by_label("Sam").check()
        await visitor.page.reload()
        await expect(visitor.page.get_by_role("radio", name="Sam")).to_be_checked()
        await expect(visitor.page.get_by_text("Sam's direct messages")).to_be_visible()


@in_a_browser
async def test_a_switch_keeps_the_keyboard_s_place_when_it_is_pressed(browser: Browser) -> None:
    async with visiting(browser) as visitor:
        await visitor.button("Block the bot's DMs").press("Enter")
        await expect(visitor.button("DMs are blocked")).to_be_focused()
        failing = visitor.button("Fail to send (503)")
        await failing.press("Enter")
        await expect(failing).to_have_attribute("aria-pressed", "true")
        await expect(failing).to_be_focused()
