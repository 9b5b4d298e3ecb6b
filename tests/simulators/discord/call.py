"""A request as it came in and an answer as it goes out."""

import io
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import BodyPartReader, MultipartReader, hdrs, web

PREFIX: Final = "/api/v10"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a multipart body, in the shape simcord's routes read."""

    filename: str
    fp: io.BytesIO
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One REST request; `json` is None when there was no body."""

    method: str
    path: str
    params: dict[str, str]
    authorization: str
    arrived: float
    """When its head was there, by `time.monotonic`."""
    json: Any = None
    files: list[Upload] = field(default_factory=list[Upload])

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back; a `body` of None is 204's empty one, and a text is a page."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict[str, str])

    def response(self, extra: dict[str, str]) -> web.Response:
        """With a Content-Type of exactly `application/json`: discord.py compares the whole header."""
        headers = {"Via": "1.1 sandbox", **extra, **self.headers}
        headers = {name: value for name, value in headers.items() if value}
        if self.body is None:
            return web.Response(status=self.status, headers=headers)
        if isinstance(self.body, str):
            return web.Response(status=self.status, text=self.body, headers=headers, content_type="text/html")
        body = json.dumps(self.body).encode()
        return web.Response(status=self.status, body=body, headers=headers, content_type="application/json")


def refusal(status: int, code: int, message: str, **more: Any) -> Answer:
    """An error as Discord words it."""
    return Answer(status, {"code": code, "message": message, **more})


async def read_call(request: web.Request, read: Callable[[Any], Any]) -> Call:
    """The request, its body read whole, and each value of it by a function."""
    arrived = time.monotonic()
    body, files = await _read_body(request, read)
    return Call(
        request.method,
        request.path.removeprefix(PREFIX),
        dict(request.query),
        request.headers.get(hdrs.AUTHORIZATION, ""),
        arrived,
        body,
        files,
    )


async def _read_body(request: web.Request, read: Callable[[Any], Any]) -> tuple[Any, list[Upload]]:
    if request.content_type == "multipart/form-data":
        return await _read_form(await request.multipart(), read)
    text = await request.text()
    return (read(json.loads(text)) if text else None), []


async def _read_form(reader: MultipartReader, read: Callable[[Any], Any]) -> tuple[Any, list[Upload]]:
    body: Any = None
    files: dict[str, tuple[str, bytes]] = {}
    while isinstance(part := await reader.next(), BodyPartReader):
        content = bytes(await part.read(decode=True))
        if part.name == "payload_json":
            body = read(json.loads(content))
        else:
            files[part.name or ""] = part.filename or "file", content
    entries: list[dict[str, Any]] = message_of(body).get("attachments") or []
    said = {f"files[{each.get('id')}]": each for each in entries}
    return body, [_upload(*file, said.get(field, {})) for field, file in files.items()]


def _upload(name: str, content: bytes, said: dict[str, Any]) -> Upload:
    """A file with what the body says of it, and only characters that Discord leaves in a name."""
    name = re.sub(r"[^\w.-]+", "_", said.get("filename") or name, flags=re.ASCII)
    return Upload(name, io.BytesIO(content), said.get("description"))


def message_of(body: dict[str, Any] | None) -> dict[str, Any]:
    """The part of a body that describes a message: all of it but in the first answer to an interaction."""
    fields = body or {}
    return fields.get("data") or {} if {"type", "data"} <= fields.keys() else fields
