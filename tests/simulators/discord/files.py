"""Files of messages: what Discord refuses, and where embeds show them (docs: Uploading Files)."""

import re
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from simcord.backend.errors import BackendError, invalid_form_body
from simcord.backend.models import Message

from .call import Call, message_of
from .world import Json, parts

MAX_FILES: Final = 10
MAX_BYTES: Final = 10 * 2**20
"""Of one file, without boosts."""
TOO_LARGE: Final = 40005
REFERENCE: Final = "attachment://"
IMAGES: Final = ("image", "thumbnail")
PNG: Final = re.compile(rb"\x89PNG\r\n\x1a\n.{4}IHDR(.{8})", re.DOTALL)


def refuse_files(call: Call, edited: Message | None) -> None:
    """Raise what Discord answers to files that it does not take, or to an image that no file is."""
    if any(file.fp.getbuffer().nbytes > MAX_BYTES for file in call.files):
        raise BackendError(413, TOO_LARGE, "Request entity too large")
    body = message_of(call.json)
    kept = list(_kept(body, edited.attachments if edited is not None else []))
    if len(kept) + len(call.files) > MAX_FILES:
        raise invalid_form_body(f"attachments: Must be {MAX_FILES} or fewer in length.")
    known = {str(number) for number in range(len(call.files))} | {each["id"] for each in kept}
    for each in parts(body, "attachments"):
        if str(each.get("id")) not in known:
            raise invalid_form_body(f"attachments: no file has the id {each.get('id')}")
    names = {file.filename for file in call.files} | {each["filename"] for each in kept}
    for image in _images(parts(body, "embeds")):
        if image["url"].startswith(REFERENCE) and image["url"].removeprefix(REFERENCE) not in names:
            raise invalid_form_body(f"embeds: no file has the name in {image['url']}")


def show_files(message: Message, read: Callable[[str], bytes | None]) -> None:
    """Add the sizes of pictures, and the addresses of files to the embeds that name them as images."""
    for file in message.attachments:
        if size := PNG.match(read(file["url"]) or b""):
            file["width"], file["height"] = struct.unpack(">II", size[1])
    urls = {REFERENCE + file["filename"]: file["url"] for file in message.attachments}
    message.embeds = [_resolved(embed, urls) for embed in message.embeds]


def _kept(body: Json, attachments: Iterable[Json]) -> Iterator[Json]:
    wanted = {str(each.get("id")) for each in parts(body, "attachments")}
    return (each for each in attachments if "attachments" not in body or each["id"] in wanted)


def _images(embeds: Iterable[Json]) -> Iterator[Json]:
    return (embed[key] for embed in embeds for key in IMAGES if embed.get(key))


def _resolved(embed: Json, urls: dict[str, str]) -> Json:
    images = {key: embed[key] for key in IMAGES if embed.get(key)}
    return embed | {
        key: {**image, "url": urls.get(image["url"], image["url"])} for key, image in images.items()
    }
