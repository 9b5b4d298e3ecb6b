"""How the demo's page draws what Discord would: markdown, modals, its layout, and its own screenshot."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.demo.page.server import FOLDER
from tests.demo.png import shrink
from tests.demo.visitor import Visitor
from tests.support.browsing import LOOP, in_a_browser, visiting


@pytest_asyncio.fixture(scope="module", loop_scope=LOOP)
async def page_alone(browser: Browser) -> AsyncIterator[Page]:
    """The demo's page, for its scripts and its layout; no test here acts on the bot."""
    async with visiting(browser) as visitor:
        yield visitor.page


TO = 'target="_blank" rel="noopener noreferrer"'
MARKDOWN = {
    "**bold** *it* _it_": "<strong>bold</strong> <em>it</em> <em>it</em>",
    "__under__ ~~gone~~": "<u>under</u> <s>gone</s>",
    "***both***": "<strong><em>both</em></strong>",
    "**a *b* c**": "<strong>a <em>b</em> c</strong>",
    r"\*no\* \_no\_ snake_case_name 2*3*": "*no* _no_ snake_case_name 2<em>3</em>",
    "`a **b**`": "<code>a **b**</code>",
    "<img src=x onerror=alert(1)>": "&lt;img src=x onerror=alert(1)&gt;",
    "<@1> <@2> </mjinfo:5> @everyone": (
        '<span class="mention">@Ada</span> <span class="mention">@unknown-user</span> '
        '<span class="mention">/mjinfo</span> <span class="mention">@everyone</span>'
    ),
    "[see](https://a.example/x) [no](javascript:alert(1))": (
        f'<a href="https://a.example/x" {TO}>see</a> [no](javascript:alert(1))'
    ),
    "https://a.example/x.": (f'<a href="https://a.example/x" {TO}>https://a.example/x</a>.'),
}
BLOCKS = {
    "# One\n## Two": '<h4 class="md-h1">One</h4><h5 class="md-h2">Two</h5>',
    "-# small": '<p class="subtext">small</p>',
    "> a\n> b\nc": '<blockquote><div class="text">a<br>b</div></blockquote><div class="text">c</div>',
    ">>> a\nb": '<blockquote><div class="text">a<br>b</div></blockquote>',
    "```py\n<b>**x**\n```after": '<pre><code>&lt;b&gt;**x**</code></pre><div class="text">after</div>',
    "- a\n1. b": (
        '<div class="item"><span aria-hidden="true">•</span><div>a</div></div>'
        '<div class="item"><span>1.</span><div>b</div></div>'
    ),
}


@in_a_browser
async def test_markdown_reads_as_in_discord_and_never_as_html(page_alone: Page) -> None:
    wanted = {text: f'<div class="text">{html}</div>' for text, html in MARKDOWN.items()} | BLOCKS
    drawn = await page_alone.evaluate(
        """async (texts) => {
            const { markdown } = await import("./markdown.js");
            const html = (text) => {
                const box = document.createElement("div");
                box.append(...markdown(text, { 1: "Ada" }));
                return box.innerHTML;
            };
            return Object.fromEntries(texts.map((text) => [text, html(text)]));
        }""",
        list(wanted),
    )
    assert drawn == wanted


RELATIVE = {
    0: "now",
    -1: "1 second ago",
    59: "in 59 seconds",
    -119: "2 minutes ago",
    3_569: "in 59 minutes",
    3_599: "in 1 hour",
    2 * 3_600 - 5: "in 2 hours",
    4 * 3_600 - 90: "in 4 hours",
    -4 * 3_600 - 1_700: "4 hours ago",
    24 * 3_600 - 5: "in 1 day",
    7 * 86_400 - 60: "in 7 days",
}


@in_a_browser
async def test_relative_times_are_rounded_to_the_nearest_unit(page_alone: Page) -> None:
    drawn = await page_alone.evaluate(
        """async (offsets) => {
            const { relative } = await import("./time.js");
            return offsets.map((offset) => relative(1_800_000_000 + offset, 1_800_000_000_000));
        }""",
        list(RELATIVE),
    )
    assert drawn == list(RELATIVE.values())


MESSAGE = {
    "id": "5",
    "author": {"id": "9", "username": "Midwatch", "bot": True},
    "timestamp": "2026-01-02T03:04:05+00:00",
    "content": "hello",
    "flags": 0,
}
TEXT = {"type": 10, "content": "# Big"}
BUTTON = {"type": 2, "label": "Go", "custom_id": "go", "style": 3}


def row(*components: object) -> dict[str, object]:
    return {"components": [{"type": 1, "components": components}]}


OPEN = {"type": 2, "style": 5, "label": "Open"}
DRAWINGS: dict[str, tuple[dict[str, object], str, str]] = {
    "content": ({}, ".message .content", "hello"),
    "private": ({"flags": 1 << 6}, ".message.ephemeral .only-you button", "Dismiss message"),
    "thinking": ({"flags": 1 << 7}, ".thinking", "Midwatch is thinking…"),
    "silent": ({"flags": 1 << 12}, ".silent", "silent"),
    "edited": ({"edited_timestamp": "2026-01-02T03:05:05+00:00"}, ".edited", "(edited)"),
    "a ping": ({"pings": ["1"]}, ".message.pings", "hello"),
    "someone else's ping": ({"mentions": [{"id": "1"}], "pings": ["2"]}, ".message:not(.pings)", "hello"),
    "who asked": (
        {"interaction_metadata": {"name": "mjinfo", "user": {"id": "1"}}},
        ".asked",
        "Ada used /mjinfo",
    ),
    "an embed's colour": ({"embeds": [{"color": 0x1F0A0B}]}, ".embed[style*='rgb(31, 10, 11)']", ""),
    "an embed's footer": ({"embeds": [{"title": "T", "footer": {"text": "F"}}]}, ".embed footer", "F"),
    "an embed's field": (
        {"embeds": [{"fields": [{"name": "N", "value": "**V**", "inline": True}]}]},
        ".field.inline dd strong",
        "V",
    ),
    "a button": (row(BUTTON), "button.success:enabled", "Go"),
    "a disabled button": (row(BUTTON | {"disabled": True}), "button.success:disabled", "Go"),
    "a link button": (
        row(OPEN | {"url": "https://discord.com/x"}),
        "a.button[target=_blank][rel~=noopener][href='https://discord.com/x']",
        "Open",
    ),
    "a link that is a script": (
        row(OPEN | {"url": "javascript:alert(1)"}),
        "span.button:not([href])",
        "Open",
    ),
    "a container": (
        {"components": [{"type": 17, "accent_color": 0x010203, "components": [TEXT]}]},
        ".container[style*='rgb(1, 2, 3)'] .md-h1",
        "Big",
    ),
    "a section": (
        {"components": [{"type": 9, "components": [TEXT], "accessory": BUTTON}]},
        ".section .accessory button",
        "Go",
    ),
    "a separator": ({"components": [{"type": 14, "spacing": 2}]}, "hr.spacing-2", ""),
    "an unknown component": ({"components": [{"type": 99}]}, ".subtext", "type 99"),
}


@in_a_browser
async def test_messages_show_what_discord_would(page_alone: Page) -> None:
    missing = await page_alone.evaluate(
        """async ([message, drawings]) => {
            const { messageItem } = await import("./message.js");
            const context = { names: { 1: "Ada" }, viewer: { id: "1" } };
            return Object.entries(drawings).filter(([, [changed, selector, text]]) => {
                const box = document.createElement("div");
                box.append(messageItem({ ...message, ...changed }, context));
                return !box.querySelector(selector)?.textContent.includes(text);
            }).map(([name]) => name);
        }""",
        [MESSAGE, DRAWINGS],
    )
    assert missing == []


MODAL = {
    "title": "Add an account",
    "custom_id": "add",
    "components": [
        {
            "type": 1,
            "components": [{"type": 4, "custom_id": "token", "label": "Token", "style": 1, "max_length": 5}],
        },
        {
            "type": 18,
            "label": "Jobs",
            "description": "1 to 15",
            "component": {"type": 4, "custom_id": "jobs", "style": 1, "required": False, "value": "3"},
        },
        {
            "type": 18,
            "label": "Plan",
            "component": {"type": 3, "custom_id": "plan", "options": [{"label": "Pro", "value": "pro"}]},
        },
    ],
}


@in_a_browser
async def test_a_modal_takes_its_fields_and_stays_open_when_it_fails(page_alone: Page) -> None:
    await page_alone.evaluate(
        """async (modal) => {
            const { openModal } = await import("./modal.js");
            window.sent = [];
            openModal(modal, { names: {} }, async (values) => {
                window.sent.push(values);
                return { outcome: window.sent.length > 1 ? "done" : "failed" };
            });
        }""",
        MODAL,
    )
    dialog = page_alone.get_by_role("dialog", name="Add an account")
    await dialog.get_by_role("button", name="Submit").click()
    assert await page_alone.evaluate("window.sent") == [], "a required field was empty"
    await dialog.get_by_label("Token").press_sequentially("1234567")
    await dialog.get_by_role("button", name="Submit").click()
    await expect(dialog.get_by_role("alert")).to_have_text("Something went wrong. Try again.")
    await dialog.get_by_role("button", name="Submit").click()
    await expect(dialog).to_have_count(0)
    assert await page_alone.evaluate("window.sent[1]") == {"token": "12345", "jobs": "3", "plan": ["pro"]}


@in_a_browser
async def test_the_buttons_of_an_account_stand_in_one_line_beside_the_panes(page_alone: Page) -> None:
    for label in ("aurora", "fjord"):
        buttons = Visitor(page_alone).account(label).get_by_role("group")
        tops = await buttons.evaluate("group => [...group.children].map((one) => one.offsetTop)")
        assert len(tops) == 4
        assert len(set(tops)) == 1, f"the buttons of {label} wrap"


@in_a_browser
async def test_the_panes_stay_where_they_are_whatever_the_bot_s_status_says(page_alone: Page) -> None:
    tops = await page_alone.evaluate(
        """() => ["", "Midwatch is online - 6 accounts watched, all ready - muted"].map((status) => {
            document.getElementById("bot").textContent = status;
            return document.querySelector("main").offsetTop;
        })"""
    )
    assert len(set(tops)) == 1


@pytest.mark.parametrize("sheet", sorted(FOLDER.glob("*.css")), ids=lambda sheet: sheet.name)
def test_a_font_of_the_system_draws_the_digits_before_an_emoji_font_could(sheet: Path) -> None:
    fonts = re.findall(r"font(?:-family)?:([^;]*,[^;]*);", sheet.read_text())
    named = [[name.strip(' "') for name in font.split(",")] for font in fonts]
    emoji = [font for font in named if any("Emoji" in name for name in font)]
    assert [font for font in emoji if "system-ui" not in font[: font.index("Noto Color Emoji")]] == []
    assert [font for font in emoji if font.index("Noto Color Emoji") != len(font) - 1] == []


@in_a_browser
async def test_a_smaller_picture_is_the_same_picture(page_alone: Page) -> None:
    before = await page_alone.screenshot(clip={"x": 0, "y": 0, "width": 320, "height": 200})
    after = shrink(before)
    assert len(after) < len(before)
    size = await page_alone.evaluate(
        """async (bytes) => {
            const picture = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: "image/png" }));
            return [picture.width, picture.height];
        }""",
        list(after),
    )
    assert size == [320, 200]
