"""The files of a message: pictures, and files to download."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final, TypeAlias

import discord
from discord import ui

from bot.domain.charts import Picture
from bot.render.text import clip
from bot.runtime.language import Sentence

DESCRIPTION_LIMIT: Final = 1_024
NO_PICTURE: Final[Sentence] = "-# The picture could not be drawn. The figures are all here."


@dataclass(frozen=True, slots=True)
class Download:
    """A file to download, such as a CSV: its name, its bytes, and a text that says what it is."""

    name: str
    content: bytes
    description: str


Attachment: TypeAlias = Picture | Download


def address(file: Attachment) -> str:
    """Return the address by which an embed or a component of the same message shows the file."""
    return f"attachment://{file.name}"


def stored(file: Attachment) -> bytes:
    """Return the bytes of the file."""
    return file.png if isinstance(file, Picture) else file.content


def upload(file: Attachment) -> discord.File:
    """Return the file as discord.py sends it, which it can do once."""
    return discord.File(BytesIO(stored(file)), file.name, description=_description(file))


def file_item(file: Attachment) -> ui.Item[Any]:
    """Return the component that shows the file in a layout."""
    if isinstance(file, Picture):
        return ui.MediaGallery(discord.MediaGalleryItem(address(file), description=_description(file)))
    return ui.File(address(file))


def _description(file: Attachment) -> str:
    return clip(file.description, DESCRIPTION_LIMIT)
