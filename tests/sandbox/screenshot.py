"""`python -m tests.sandbox.screenshot [file]`: draws the demo for the README, and with `--phone FILE` at a phone's width."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, ViewportSize, expect

from tests.sandbox.demo import demo
from tests.sandbox.png import shrink
from tests.sandbox.visitor import Visitor, browsing, installed_browser

DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 840}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
SIZE_LIMIT: Final = 200_000
ANSWER_MS: Final = 15_000


async def draw(browser: Browser, address: str, size: ViewportSize, file: Path) -> None:
    """Open the page at this size, let a small story happen, and keep what it looks like."""
    page = await browser.new_page(viewport=size)
    visitor = Visitor(page)
    await visitor.arrive(address)
    await tell(visitor)
    file.write_bytes(shrink(await page.screenshot()))
    await page.close()
    print(file, file.stat().st_size, "bytes")
    if file.stat().st_size > SIZE_LIMIT:
        sys.exit(f"{file} is larger than {SIZE_LIMIT} bytes.")


async def tell(visitor: Visitor) -> None:
    """Look up two accounts in the direct messages, flag a third, and list them all in the channel."""
    shown = await visitor.messages("dm").count()
    for number, label in enumerate(("5333", "2027"), start=shown + 1):
        await visitor.use("mjinfo", pane="dm", account=label)
        await expect(visitor.messages("dm")).to_have_count(number)
        await expect(visitor.messages("dm").last).to_contain_text("Fast time", timeout=ANSWER_MS)
    await visitor.account("ember").get_by_role("button", name="Moderation").click()
    await visitor.use("mjaccounts")
    await expect(visitor.messages().last).to_contain_text("1 flagged", timeout=ANSWER_MS)
    await visitor.messages().last.evaluate("message => { message.scrollIntoView(); document.activeElement.blur(); }")


async def main() -> None:
    """Draw what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox.screenshot", description="Draw the demo.")
    parser.add_argument("file", nargs="?", type=Path, default=Path("assets/demo.png"))
    parser.add_argument("--phone", type=Path, metavar="FILE", help="draw it at a phone's width, too")
    wanted = parser.parse_args()
    executable = installed_browser() or sys.exit("No Chromium is installed here. On Debian: apt-get install chromium")
    wanted.file.parent.mkdir(parents=True, exist_ok=True)
    async with browsing(executable) as browser:
        async with demo() as (page, _):
            await draw(browser, page.address, DESKTOP, wanted.file)
        if wanted.phone is not None:
            async with demo() as (page, _):
                await draw(browser, page.address, PHONE, wanted.phone)


if __name__ == "__main__":
    asyncio.run(main())
