"""`python -m tests.demo.screenshot [FOLDER]` draws the README's pictures: the demo, an alert, and answers."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, ViewportSize, expect

from tests.demo.demo import demo
from tests.demo.png import shrink
from tests.demo.visitor import Visitor, browsing, installed_browser

DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 840}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
SIZE_LIMIT: Final = 200_000
ANSWER_MS: Final = 15_000
UNROLL: Final = "list => { list.style.overflow = 'visible'; list.closest('main > *').style.height = 'auto'; }"
"""A pane on a phone scrolls; a picture of one message needs it whole."""


async def draw_demo(browser: Browser) -> bytes:
    """Draw the whole page: an alert in the direct messages, beside the list of accounts in the channel."""
    async with demo() as (server, _):
        page = await browser.new_page(viewport=DESKTOP)
        visitor = Visitor(page)
        await visitor.arrive(server.address)
        await visitor.alert("jasper", "Moderation")
        await visitor.use("mjaccounts")
        await expect(visitor.messages().last).to_contain_text("1 flagged", timeout=ANSWER_MS)
        await visitor.messages().last.evaluate(
            "message => { message.scrollIntoView(); document.activeElement.blur(); }"
        )
        return await page.screenshot()


async def draw_alert(browser: Browser) -> bytes:
    """Draw one alert as a phone shows it."""
    async with demo() as (server, _):
        page = await browser.new_page(viewport=PHONE)
        visitor = Visitor(page)
        await visitor.arrive(server.address)
        await page.locator("#dm .messages").evaluate(UNROLL)
        alert = await visitor.alert("jasper", "Moderation")
        await alert.scroll_into_view_if_needed()
        await page.locator("#phone").evaluate("phone => { phone.style.position = 'static'; }")
        await expect(page.locator("#news")).to_be_hidden()  # either would lie over the alert
        return await alert.screenshot()


async def draw_answer(browser: Browser, command: str, account: str | None = None) -> bytes:
    """Draw the answer to a command as a phone shows it, as sharp as most phones do."""
    async with demo() as (server, _):
        page = await browser.new_page(viewport=PHONE, device_scale_factor=2)
        visitor = Visitor(page)
        await visitor.arrive(server.address)
        await page.locator("#server .messages").evaluate(UNROLL)
        await page.locator("#phone").evaluate("phone => { phone.style.display = 'none'; }")
        await visitor.use(command, account=account)
        answer = visitor.messages().last
        await expect(answer.locator("a img")).to_have_js_property("complete", True, timeout=ANSWER_MS)  # noqa: FBT003 - a value of the page
        await page.evaluate("document.activeElement.blur()")
        await answer.scroll_into_view_if_needed()
        return await answer.screenshot()


async def draw_board(browser: Browser) -> bytes:
    """Draw the board with a flagged account, as a phone shows it."""
    async with demo() as (server, _):
        page = await browser.new_page(viewport=PHONE, device_scale_factor=2)
        visitor = Visitor(page)
        await visitor.arrive(server.address)
        await page.locator("#phone").evaluate("phone => { phone.style.display = 'none'; }")
        await visitor.alert("jasper", "Moderation")
        await visitor.open("status")
        await page.locator("#status .messages").evaluate(UNROLL)
        board = visitor.messages("status").filter(has_text="Midwatch board")
        await expect(board).to_contain_text("1 needs you", timeout=ANSWER_MS)
        await expect(board.locator("a img")).to_have_js_property("complete", True, timeout=ANSWER_MS)  # noqa: FBT003 - a value of the page
        return await board.screenshot()


async def drawn(executable: str) -> dict[str, bytes]:
    """Draw every picture, by the name of its file."""
    async with browsing(executable) as browser:
        return {
            "demo.png": await draw_demo(browser),
            "alert.png": await draw_alert(browser),
            "history.png": await draw_answer(browser, "mjhistory"),
            "board.png": await draw_board(browser),
            "usage.png": await draw_answer(browser, "mjusage", "basalt"),
        }


def main() -> None:
    """Draw the pictures into the folder of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo.screenshot", description="Draw the demo.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("assets"))
    folder: Path = parser.parse_args().folder
    executable = installed_browser() or sys.exit(
        "No Chromium is installed here. Debian: apt-get install chromium"
    )
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in asyncio.run(drawn(executable)).items():
        smaller = shrink(picture)
        if len(smaller) > SIZE_LIMIT:
            sys.exit(f"{name} would have {len(smaller)} bytes, more than {SIZE_LIMIT}.")
        (folder / name).write_bytes(smaller)


if __name__ == "__main__":
    main()
