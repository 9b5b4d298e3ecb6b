"""Adding, updating and removing an account in the demo, in a real browser."""

import re

from playwright.async_api import Browser, Locator, expect

from tests.demo.visitor import Visitor
from tests.support.browsing import in_a_browser, visiting


def form(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("dialog")


async def send(visitor: Visitor, token: str, jobs: str) -> None:
    """Fill in the form and send it."""
    await form(visitor).get_by_label(re.compile("Discord token")).fill(token)
    await form(visitor).get_by_label(re.compile("Jobs")).fill(jobs)
    await form(visitor).get_by_role("button", name="Submit").click()
    await expect(form(visitor)).to_have_count(0)


async def add(visitor: Visitor, token: str, jobs: str) -> Locator:
    """Use /mjadd, and return its answer."""
    await visitor.use("mjadd")
    await expect(form(visitor)).to_contain_text("3 for Basic and Standard plans, up to 15 for Pro and Mega")
    await send(visitor, token, jobs)
    return visitor.messages().last


@in_a_browser
async def test_an_account_is_refused_entered_again_updated_and_removed(browser: Browser) -> None:
    async with visiting(browser) as visitor:
        token = await visitor.page.get_by_label("heron · Basic").input_value()
        refused = await add(visitor, token, "9")
        await expect(refused).to_contain_text("useapi.net allows at most 3 jobs at a time")
        await refused.get_by_role("button", name="Enter it again").click()
        await send(visitor, f"Bearer {token}", "3")
        card = visitor.messages().last
        await expect(card).to_contain_text("was created")
        await expect(visitor.account("heron")).to_contain_text("fine")
        await expect(visitor.page.get_by_label("heron · Basic")).to_have_count(0)
        await card.get_by_role("button", name="Update", exact=True).click()
        await send(visitor, token, "2")
        await expect(visitor.messages().last).to_contain_text("2 jobs at a time")
        await visitor.messages().last.get_by_role("button", name="Remove", exact=True).click()
        question = visitor.messages().last
        await question.get_by_role("button", name=re.compile("Yes, remove")).click()
        await expect(question).to_contain_text("is not configured any more")
        await expect(visitor.account("heron")).to_have_count(0)


@in_a_browser
async def test_every_refusal_can_be_chosen_and_an_account_removed_by_command(browser: Browser) -> None:
    async with visiting(browser) as visitor:
        token = await visitor.page.get_by_label("garnet · Mega").input_value()
        menu = visitor.page.get_by_label("When I add an account, useapi.net answers:")
        for refusal, sentence in {
            "missing": "There is no Discord token",
            "jobs": "at most 3 jobs at a time for this account, not 15",
            "twin": "This Discord token is already configured, for channel",
            "no_midjourney": "no conversation with the Midjourney Bot",
            "unauthorized": "useapi.net refused the API token",
            "unsubscribed": "subscription is missing or has expired",
            "quota": "does not cover this many accounts",
        }.items():
            await menu.select_option(refusal)
            await expect(await add(visitor, token, "15")).to_contain_text(sentence)
        await menu.select_option("")
        await expect(await add(visitor, token, "15")).to_contain_text("was created")
        await visitor.use("mjremove", account="aurora")
        question = visitor.messages().last
        await question.get_by_role("button", name="Yes, remove aurora").click()
        await expect(question).to_contain_text("is not configured any more")
        await expect(visitor.account("aurora")).to_have_count(0)


@in_a_browser
async def test_an_account_without_midjourney_is_refused_in_words(browser: Browser) -> None:
    async with visiting(browser) as visitor:
        token = await visitor.page.get_by_label("iris · Pro").input_value()
        refused = await add(visitor, token, "3")
        await expect(refused).to_contain_text("no conversation with the Midjourney Bot")
        await expect(refused).to_contain_text("Only you can see this")
