"""How the demo's page shows pictures and files of messages, and what reaches the phone's lock screen."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import discord
from playwright.async_api import Browser, expect

from bot.notifications.discord_transport import DiscordTransport
from bot.notifications.transport import MessageRef
from bot.render.attachments import address
from bot.render.message_content import Button, MessageContent
from tests.demo.page import PageServer, Stage
from tests.demo.visitor import Visitor
from tests.simulators.discord import SANDBOX_BOT_TOKEN, SimulatedDiscord, point_at
from tests.support.browsing import in_a_browser
from tests.support.pictures import TABLE, picture

WIDE = picture(width=1_200, height=400)


class NoBot:
    """Stands where the bot's process would: the test itself sends its messages."""

    running = True
    exit_code: int | None = None

    async def restart(self) -> None:
        """Do nothing."""


class NoLanguage:
    language = "en-US"

    async def speak(self, language: str) -> None: ...


class NoMonths:
    """Stands where months would pass."""

    ahead = timedelta()

    async def let_pass(self) -> None:
        """Do nothing."""


@dataclass(slots=True)
class Scene:
    """A page before an empty world, and the bot's way to send messages to it."""

    visitor: Visitor
    world: SimulatedDiscord
    post: DiscordTransport
    numbers: Callable[[], int] = field(default_factory=lambda: count().__next__)

    async def send(
        self, content: MessageContent, *, silent: bool = False, public: bool = False
    ) -> MessageRef:
        channel = self.world.channel_id if public else self.world.dm_channel_id(self.world.owner)
        return await self.post.send(channel, content, nonce=str(self.numbers()), silent=silent)


@asynccontextmanager
async def scene(browser: Browser, width: int = 1280, **context: Any) -> AsyncGenerator[Scene]:
    """Open the page of a world in which nothing runs. An error of the page fails the test."""
    errors: list[str] = []
    async with (
        SimulatedDiscord() as world,
        PageServer(Stage(world, NoBot(), [], NoMonths(), NoLanguage())) as server,
        discord.Client(intents=discord.Intents.none()) as client,
        await browser.new_page(viewport={"width": width, "height": 800}, **context) as page,
    ):
        world.on_change.append(server.changed)
        with point_at(world.api, world.gateway):
            await client.login(SANDBOX_BOT_TOKEN)
            visitor = Visitor(page)
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("console", lambda note: errors.append(note.text) if note.type == "error" else None)
            await page.clock.install()
            await page.goto(server.address)
            await expect(page.get_by_text("Ada's direct messages")).to_be_visible()
            yield Scene(visitor, world, DiscordTransport(client))
    assert errors == []


@in_a_browser
async def test_a_picture_fills_a_phone_s_width_has_its_alternative_text_and_opens(browser: Browser) -> None:
    async with scene(browser, 390) as there:
        await there.send(MessageContent("The week", pictures=(WIDE,)))
        message = there.visitor.messages("dm").last
        image = message.get_by_role("img", name=WIDE.description)
        await expect(image).to_have_js_property("naturalWidth", 1_200)
        assert await image.evaluate("image => image.width / image.closest('.body').clientWidth") == 1
        assert await there.visitor.sideways() == []
        async with there.visitor.page.expect_popup() as opened:
            await image.click()
        picture_alone = (await opened.value).locator("img")
        await expect(picture_alone).to_have_js_property("naturalWidth", 1_200)


@in_a_browser
async def test_a_picture_in_an_embed_or_a_layout_is_shown_once(browser: Browser) -> None:
    async with scene(browser) as there:
        embed = discord.Embed(title="aurora").set_image(url=address(WIDE))
        await there.send(MessageContent(embeds=(embed,), pictures=(WIDE,)))
        layout = ("# The week", WIDE, TABLE, (Button("x", "Refresh"),))
        await there.send(MessageContent(layout=layout))
        for number, kind in enumerate((".embed", ".gallery")):
            images = there.visitor.messages("dm").nth(number).get_by_role("img")
            await expect(images).to_have_count(1)
            await expect(
                there.visitor.messages("dm").nth(number).locator(kind).get_by_role("img")
            ).to_have_js_property("naturalWidth", 1_200)
        await expect(there.visitor.messages("dm").last.locator(".file")).to_contain_text("events.csv29 bytes")


@in_a_browser
async def test_a_table_is_a_box_with_its_name_and_size_that_can_be_saved(browser: Browser) -> None:
    async with scene(browser) as there:
        await there.send(MessageContent("All events", files=(TABLE,)))
        box = there.visitor.messages("dm").last.locator(".file")
        await expect(box).to_contain_text("events.csv29 bytes")
        async with there.visitor.page.expect_download() as saved:
            await box.get_by_role("link", name="Download events.csv").click()
        download = await saved.value
        assert download.suggested_filename == "events.csv"
        assert (await download.path()).read_bytes() == TABLE.content


@in_a_browser
async def test_an_edit_shows_the_new_picture_alone(browser: Browser) -> None:
    async with scene(browser) as there:
        place = await there.send(MessageContent("The week", pictures=(WIDE,)))
        await there.post.edit(place, MessageContent("Later", pictures=(picture(width=600, height=300),)))
        await expect(there.visitor.messages("dm").last).to_contain_text("Later")
        image = there.visitor.messages("dm").last.get_by_role("img")
        await expect(image).to_have_js_property("naturalWidth", 600)


# The lock screen


@in_a_browser
async def test_a_message_that_notifies_reaches_the_lock_screen_and_the_title(browser: Browser) -> None:
    async with scene(browser) as there:
        await there.send(MessageContent("⚠️ **aurora** needs you\nFlagged since today"))
        banner = there.visitor.push("aurora needs you")
        await expect(banner).to_have_text("DDiscord Midwatch⚠️ aurora needs you")
        await expect(there.visitor.page).to_have_title("(1) Midwatch demo")
        await there.send(MessageContent("⛔ basalt must wait"))
        await expect(there.visitor.push("basalt must wait")).to_contain_text("1 more")
        await expect(there.visitor.page).to_have_title("(2) Midwatch demo")
        await there.visitor.button("Clear the notifications").press("Enter")
        await expect(there.visitor.page.get_by_text("Your phone is quiet")).to_be_visible()
        await expect(there.visitor.page).to_have_title("Midwatch demo")


@in_a_browser
async def test_silent_messages_edits_and_what_pings_nobody_leave_the_phone_quiet(browser: Browser) -> None:
    async with scene(browser) as there:
        place = await there.send(MessageContent("hello"), silent=True)
        await there.send(MessageContent("a message of the channel"), public=True)
        await there.post.edit(place, MessageContent("changed"))
        await expect(there.visitor.messages("dm").last).to_contain_text("changed")
        await expect(there.visitor.messages().last).to_contain_text("a message of the channel")
        assert await there.visitor.page.get_by_text("Your phone is quiet").is_visible()
        assert await there.visitor.page.title() == "Midwatch demo"


@in_a_browser
async def test_a_mention_in_the_channel_names_the_channel_on_the_lock_screen(browser: Browser) -> None:
    async with scene(browser) as there:
        owner = there.world.owner.id
        await there.send(MessageContent(f"<@{owner}> your DMs are closed", mentioned=owner), public=True)
        await expect(there.visitor.push("@Ada your DMs are closed")).to_contain_text("# midjourney")


@in_a_browser
async def test_a_notification_leads_to_a_channel_that_is_not_in_view(browser: Browser) -> None:
    async with scene(browser) as there:
        owner = there.world.owner.id
        await there.visitor.open("status")
        await there.send(MessageContent(f"<@{owner}> elsewhere", mentioned=owner), public=True)
        await expect(there.visitor.messages()).to_be_hidden()
        await there.visitor.push("@Ada elsewhere").click()
        await expect(there.visitor.messages()).to_be_in_viewport()
        await there.visitor.page.get_by_role("tab", selected=True).press("ArrowRight")
        await expect(there.visitor.page.get_by_role("tab", selected=True)).to_have_text("# status")
        await expect(there.visitor.messages()).to_be_hidden()


@in_a_browser
async def test_what_the_board_says_is_no_news(browser: Browser) -> None:
    async with scene(browser) as there:
        await there.post.send(there.world.status_channel_id, MessageContent("board"), nonce="1", silent=True)
        await expect(there.visitor.messages("status")).to_have_count(1)
        await there.visitor.page.evaluate(DRAWN)
        await expect(there.visitor.page.locator("#news")).to_be_hidden()


@in_a_browser
async def test_a_notification_of_a_message_in_view_goes_by_itself(browser: Browser) -> None:
    async with scene(browser) as there:
        await there.send(MessageContent("in view"))
        await expect(there.visitor.push("in view")).to_be_visible()
        await there.visitor.page.clock.run_for(8_000)
        await expect(there.visitor.page).to_have_title("Midwatch demo")


@in_a_browser
async def test_on_a_phone_a_notification_stays_until_it_leads_to_its_message(browser: Browser) -> None:
    async with scene(browser, 390) as there:
        await there.send(MessageContent("out of view"))
        await expect(there.visitor.push("out of view")).to_be_visible()
        await there.visitor.page.clock.run_for(8_000)
        await there.visitor.push("out of view").click()
        await expect(there.visitor.messages("dm").last).to_be_in_viewport()
        await expect(there.visitor.page).to_have_title("Midwatch demo")


@in_a_browser
async def test_the_lock_screen_covers_nothing_and_stays_in_view_on_a_phone(browser: Browser) -> None:
    async with scene(browser, 390) as there:
        await there.send(MessageContent("⚠️ aurora needs you"))
        await expect(there.visitor.push("aurora")).to_be_visible()
        assert await there.visitor.page.evaluate(COVERED) == []
        await there.visitor.page.mouse.wheel(0, 5_000)
        await expect(there.visitor.push("aurora")).to_be_in_viewport(ratio=1)
        await there.visitor.page.locator("#dm").get_by_role("combobox").focus()
        assert await there.visitor.page.evaluate(FOCUSED_IN_VIEW)


@in_a_browser
async def test_who_wants_no_motion_sees_the_notification_without_it(browser: Browser) -> None:
    async with scene(browser, reduced_motion="reduce") as there:
        await there.send(MessageContent("still"))
        await expect(there.visitor.push("still")).to_be_visible()
        assert await there.visitor.page.evaluate("document.getAnimations().length") == 0


COVERED = """[...document.querySelectorAll("button, input, a")].filter((one) => {
    const box = one.getBoundingClientRect();
    const middle = [box.left + box.width / 2, box.top + box.height / 2];
    if (middle[1] > innerHeight || !box.width) return false;
    const top = document.elementFromPoint(...middle);
    return top?.closest("#phone") && !one.closest("#phone");
}).map((one) => one.outerHTML)"""
FOCUSED_IN_VIEW = """document.activeElement.getBoundingClientRect().top
    >= document.getElementById("phone").getBoundingClientRect().bottom"""
DRAWN = "new Promise((drawn) => new IntersectionObserver(() => drawn()).observe(document.body))"
