"""The demo in a real browser. Without a browser its tests are skipped."""

from collections.abc import AsyncGenerator, Callable, Collection, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import pytest
from playwright.async_api import Browser

from bot.domain.providers import USEAPI
from tests.demo.demo import demo
from tests.demo.visitor import Visitor, installed_browser
from tests.support.forking import forked

Test = TypeVar("Test", bound=Callable[..., Coroutine[Any, Any, None]])

BROWSER: Final = installed_browser()
HURRY: Final = 10
UNHURRIED: Final = 5
"""Leaves time to act between two checks after a remedy, and before a flag is over that is gone."""
LOOP: Final = "session"
"""All tests share one browser, and so its event loop."""
needs_chromium = pytest.mark.skipif(
    BROWSER is None,
    reason="no Chromium is installed here, so the page is not tried (Debian: apt-get install chromium)",
)


def in_a_browser(test: Test) -> Test:
    """Mark a test that needs the browser. Without one it is skipped."""
    return needs_chromium(pytest.mark.asyncio(loop_scope=LOOP)(test))


@asynccontextmanager
async def visiting(
    browser: Browser,
    width: int = 1280,
    height: int = 800,
    *,
    providers: Collection[str] = (USEAPI,),
    hurry: float = HURRY,
) -> AsyncGenerator[Visitor]:
    """Open the demo, by default of useapi.net alone, in a browser.

    An error of the page or a request to elsewhere fails the test.
    """
    errors: list[str] = []
    async with demo(providers, hurry=hurry, spawn=forked) as (server, _):
        page = await browser.new_page(viewport={"width": width, "height": height})
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: _note_outside(request.url, server.address, errors))
        visitor = Visitor(page)
        try:
            await visitor.arrive(server.address)
            yield visitor
        finally:
            await page.close()
    assert errors == []


def _note_outside(url: str, address: str, errors: list[str]) -> None:
    if not url.startswith(address):
        errors.append(f"loaded {url}")
