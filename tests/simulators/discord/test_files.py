"""Files of messages in the simulated Discord: how they are shown, replaced and refused."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import discord
import pytest
from discord import ui

from tests.simulators.discord import FaultKind, Json, SimulatedDiscord
from tests.simulators.discord.files import MAX_BYTES, MAX_FILES
from tests.simulators.discord.small_bot import SmallBot
from tests.support.pictures import png


def file(name: str = "a.png", content: bytes | None = None, description: str | None = None) -> discord.File:
    return discord.File(BytesIO(png(8, 4, 0) if content is None else content), name, description=description)


def channel(bot: SmallBot, sim: SimulatedDiscord) -> discord.PartialMessageable:
    return bot.get_partial_messageable(sim.channel_id)


def shown(sim: SimulatedDiscord) -> Json:
    return sim.messages(sim.channel_id, sim.owner)[-1]


def names(sim: SimulatedDiscord) -> list[str]:
    return [each["filename"] for each in shown(sim)["attachments"]]


async def test_files_are_shown_with_all_that_is_known_of_them(bot: SmallBot, sim: SimulatedDiscord) -> None:
    await channel(bot, sim).send(files=[file(description="All quiet"), file("a.csv", b"x,y")])
    picture, table = shown(sim)["attachments"]
    assert (picture["filename"], picture["description"], picture["content_type"]) == (
        "a.png",
        "All quiet",
        "image/png",
    )
    assert (picture["width"], picture["height"], sim.file(picture["url"])) == (8, 4, png(8, 4, 0))
    assert (table["size"], table["content_type"], sim.file(table["url"])) == (3, "text/csv", b"x,y")


async def test_an_embed_and_a_gallery_show_the_file_that_they_name(
    bot: SmallBot, sim: SimulatedDiscord
) -> None:
    await channel(bot, sim).send(embed=discord.Embed().set_image(url="attachment://a.png"), file=file())
    assert shown(sim)["embeds"][0]["image"]["url"] == shown(sim)["attachments"][0]["url"]
    view = ui.LayoutView().add_item(ui.MediaGallery(discord.MediaGalleryItem("attachment://a.png")))
    await channel(bot, sim).send(view=view, file=file())
    (item,) = shown(sim)["components"][0]["items"]
    assert item["media"]["url"] == shown(sim)["attachments"][0]["url"]


async def test_an_edit_keeps_the_files_unless_it_names_those_to_keep(
    bot: SmallBot, sim: SimulatedDiscord
) -> None:
    message = await channel(bot, sim).send("x", files=[file("a.png"), file("b.png")])
    await message.edit(content="y")
    assert names(sim) == ["a.png", "b.png"]
    await message.edit(attachments=[message.attachments[1], file("c.png")])
    assert names(sim) == ["b.png", "c.png"]
    await message.edit(attachments=[])
    assert names(sim) == []


async def test_a_name_has_only_characters_that_discord_leaves_in_it(
    bot: SmallBot, sim: SimulatedDiscord
) -> None:
    await channel(bot, sim).send(file=file("the week ü.png"))
    assert names(sim) == ["the_week_.png"]


async def test_a_file_survives_a_second_try(bot: SmallBot, sim: SimulatedDiscord) -> None:
    sim.fault(FaultKind.ERROR, method="POST", path="/channels/*/messages", times=1, status=502)
    await channel(bot, sim).send(file=file())
    assert sim.file(shown(sim)["attachments"][0]["url"]) == png(8, 4, 0)


REFUSED: dict[str, tuple[Sequence[discord.File], dict[str, Any], tuple[int, int]]] = {
    "too many": ([file(f"{n}.png") for n in range(MAX_FILES + 1)], {}, (400, 50035)),
    "too large": ([file(content=b"x" * (MAX_BYTES + 1))], {}, (413, 40005)),
    "an embed without its file": (
        [file()],
        {"embed": discord.Embed().set_image(url="attachment://b.png")},
        (400, 50035),
    ),
    "a gallery without its file": (
        [file()],
        {"view": ui.LayoutView().add_item(ui.MediaGallery(discord.MediaGalleryItem("attachment://b.png")))},
        (400, 50035),
    ),
}


@pytest.mark.parametrize(("files", "more", "refused"), REFUSED.values(), ids=REFUSED)
async def test_files_that_discord_does_not_take_are_refused(
    bot: SmallBot,
    sim: SimulatedDiscord,
    *,
    files: Sequence[discord.File],
    more: dict[str, Any],
    refused: tuple[int, int],
) -> None:
    with pytest.raises(discord.HTTPException) as error:
        await channel(bot, sim).send(files=files, **more)
    assert (error.value.status, error.value.code) == refused
    assert sim.messages(sim.channel_id, sim.owner) == []
    sim.problems.clear()


async def test_an_edit_is_refused_an_image_whose_file_it_drops(bot: SmallBot, sim: SimulatedDiscord) -> None:
    embed = discord.Embed().set_image(url="attachment://a.png")
    message = await channel(bot, sim).send(embed=embed, file=file())
    await message.edit(embed=embed)
    with pytest.raises(discord.HTTPException, match=r"attachment://a\.png"):
        await message.edit(embed=embed, attachments=[])
    assert len(sim.problems) == 1
    sim.problems.clear()


async def test_files_need_the_right_to_attach_them(bot: SmallBot, sim: SimulatedDiscord) -> None:
    sim.deny_bot(sim.channel_id, attach_files=True)
    with pytest.raises(discord.Forbidden):
        await channel(bot, sim).send(file=file())
    await channel(bot, sim).send("words alone")
