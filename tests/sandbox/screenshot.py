"""`python -m tests.sandbox.screenshot [FILE]` draws the demo for the README, or also at a phone's width."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
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


async def draw(browser: Browser, size: ViewportSize) -> bytes:
    """Start a demo, open its page at this size, let a small story happen, and give what it looks like."""
    async with demo() as (server, _):
        page = await browser.new_page(viewport=size)
        visitor = Visitor(page)
        await visitor.arrive(server.address)
        await tell(visitor)
        picture = await page.screenshot()
        await page.close()
    return shrink(picture)


async def tell(visitor: Visitor) -> None:
    """Look up two accounts in the direct messages, flag a third, and list them all in the channel."""
    for number, label in enumerate(("5333", "2027"), start=1):
        await visitor.use("mjinfo", pane="dm", account=label)
        await expect(visitor.messages("dm")).to_have_count(number)
        await expect(visitor.messages("dm").last).to_contain_text("Fast time", timeout=ANSWER_MS)
    await visitor.account("ember").get_by_role("button", name="Moderation").click()
    await visitor.use("mjaccounts")
    await expect(visitor.messages().last).to_contain_text("1 flagged", timeout=ANSWER_MS)
    await visitor.messages().last.evaluate(
        "message => { message.scrollIntoView(); document.activeElement.blur(); }"
    )


async def drawn(executable: str, sizes: Sequence[ViewportSize]) -> list[bytes]:
    """Draw the demo at each size."""
    async with browsing(executable) as browser:
        return [await draw(browser, size) for size in sizes]


def main() -> None:
    """Draw what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox.screenshot", description="Draw the demo.")
    parser.add_argument("file", nargs="?", type=Path, default=Path("assets/demo.png"))
    parser.add_argument("--phone", type=Path, metavar="FILE", help="draw it at a phone's width, too")
    wanted = parser.parse_args()
    executable = installed_browser() or sys.exit(
        "No Chromium is installed here. Debian: apt-get install chromium"
    )
    files: dict[Path, ViewportSize] = {wanted.file: DESKTOP} | ({wanted.phone: PHONE} if wanted.phone else {})
    for file, picture in zip(files, asyncio.run(drawn(executable, list(files.values()))), strict=True):
        if len(picture) > SIZE_LIMIT:
            sys.exit(f"The picture for {file} would have {len(picture)} bytes, more than {SIZE_LIMIT}.")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture)


if __name__ == "__main__":
    main()
