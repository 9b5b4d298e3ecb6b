"""A visitor of the demo's page in a real browser, for tests and screenshots."""

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from playwright.async_api import Browser, Locator, Page, async_playwright, expect

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
QUIET: Final = (
    "--no-sandbox",  # it runs as root in containers, and opens nothing but this page
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WAIT_MS: Final = 10_000


def installed_browser() -> str | None:
    """Return the path of a Chromium on this machine, if there is one."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


@asynccontextmanager
async def browsing(executable: str) -> AsyncGenerator[Browser]:
    """Run a browser without a window."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=QUIET)
        try:
            yield browser
        finally:
            await browser.close()


class Visitor:
    """Acts on the page as a person does, by labels and roles."""

    def __init__(self, page: Page) -> None:
        page.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        self.page = page

    async def arrive(self, address: str) -> None:
        """Open the page and wait until the bot is there and its commands are known."""
        await self.page.goto(address)
        await expect(self.page.get_by_text("Midwatch is online")).to_be_visible(timeout=WAIT_MS)
        await self._type("server", "/")
        await expect(self.page.locator("#server [role=option]").first).to_be_visible(timeout=WAIT_MS)
        await self._type("server", "")

    def messages(self, pane: str = "server") -> Locator:
        """The messages of a pane, `server`, `status` or `dm`, oldest first."""
        return self.page.locator(f"#{pane} .message")

    async def open(self, channel: str) -> None:
        """Bring a channel of the server into view."""
        await self.page.get_by_role("tab", name=f"# {channel}", exact=True).click()

    def button(self, name: str, within: str = "body") -> Locator:
        """A button by its exact name."""
        return self.page.locator(within).get_by_role("button", name=name, exact=True)

    def push(self, text: str) -> Locator:
        """The notification on the phone's lock screen that says this."""
        return self.page.locator("#phone").get_by_role("button").filter(has_text=text)

    def account(self, label: str) -> Locator:
        """An account's lines in the control strip."""
        return self.page.locator("#strip .account").filter(has_text=label)

    async def flag(self, label: str, kind: str) -> None:
        """Let Midjourney flag an account: Moderation, CAPTCHA or Timed block."""
        await self.account(label).get_by_role("button", name=kind).click()

    async def alert(self, label: str, kind: str) -> Locator:
        """Flag an account, wait for the owner's alert, and return it."""
        # Only then is it the hello that is there already, and not the alert.
        await expect(self.messages("dm")).to_have_count(1)
        await self.flag(label, kind)
        alert = self.messages("dm").nth(1)
        await expect(alert).to_contain_text(f"{label} needs you")
        return alert

    async def sideways(self) -> list[str]:
        """Return what reaches beyond the right edge of the window."""
        return await self.page.evaluate(
            "[...document.querySelectorAll('body *')].filter((one) => one.checkVisibility()"
            " && one.getBoundingClientRect().right > innerWidth + 0.5)"
            ".map((one) => one.outerHTML.slice(0, 80))"
        )

    async def use(
        self, command: str, *, pane: str = "server", account: str | None = None, private: bool = False
    ) -> None:
        """Type a command, pick it from the list, fill in its options, and send it."""
        await self._type(pane, f"/{command}")
        await expect(self.page.locator(f"#{pane} [role=option]").first).to_contain_text(f"/{command}")
        await self.page.keyboard.press("Enter")
        form = self.page.get_by_role("form", name=f"Options of /{command}")
        if account is not None:
            await form.get_by_role("combobox", name="account").fill(account)
            await form.get_by_role("option").filter(has_text=account).first.click()
        if private:
            await form.get_by_role("combobox", name="private").select_option("True")
        await form.get_by_role("button", name="Send").click()

    async def _type(self, pane: str, text: str) -> None:
        await self.page.locator(f"#{pane}").get_by_role("combobox", name="Message").fill(text)
