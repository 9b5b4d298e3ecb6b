"""The demo in a real browser, for tests: where there is none, they say so and are skipped."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import pytest

from tests.sandbox.demo import demo
from tests.sandbox.visitor import Visitor, browsing, installed_browser

BROWSER: Final = installed_browser()
HURRY: Final = 5
"""Still leaves time to do something between two looks after a reset."""
in_a_browser = pytest.mark.skipif(
    BROWSER is None,
    reason="no Chromium is installed here, so the page is not tried (Debian: apt-get install chromium)",
)


@asynccontextmanager
async def visiting(width: int = 1280, height: int = 800) -> AsyncGenerator[Visitor]:
    """Open the demo in a browser; the test fails on any error of the page, and on a request to elsewhere."""
    assert BROWSER is not None
    trouble: list[str] = []
    async with demo(hurry=HURRY) as (server, _), browsing(BROWSER) as browser:
        page = await browser.new_page(viewport={"width": width, "height": height})
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: _note_outside(request.url, server.address, trouble))
        visitor = Visitor(page)
        await visitor.arrive(server.address)
        yield visitor
        await page.close()
    assert trouble == []


def _note_outside(url: str, address: str, trouble: list[str]) -> None:
    if not url.startswith(address):
        trouble.append(f"loaded {url}")
