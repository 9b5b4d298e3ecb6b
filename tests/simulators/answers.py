"""The answers of the simulated useapi.net: status, body, type and headers."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self, TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Pairs: TypeAlias = tuple[tuple[str, Json], ...]

JSON_TYPE: Final = "application/json; charset=utf-8"
PROSE_TYPE: Final = "text/plain; charset=utf-8"
HTML_TYPE: Final = "text/html; charset=utf-8"


def encode(value: Json) -> bytes:
    """Write a value as compact JSON, with its letters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def encode_pairs(pairs: Iterable[tuple[str, Json]]) -> bytes:
    """Write an object from its pairs; a key given twice stands in the JSON twice."""
    return b"{" + b",".join(encode(key) + b":" + encode(value) for key, value in pairs) + b"}"


def decode(body: bytes) -> Json:
    """Read JSON. Any other body reads as an empty object."""
    try:
        return json.loads(body)
    except ValueError:
        return {}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer."""

    status: int
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def json(cls, value: Json, status: int = 200) -> Self:
        """Answer with a value as JSON."""
        return cls(status, encode(value))

    @classmethod
    def error(cls, text: str, code: int, *, status: int | None = None) -> Self:
        """Answer in the API's form of an error; the status is the code unless it is given."""
        return cls.json({"error": text, "code": code}, status or code)

    @classmethod
    def page(cls, title: str, status: int) -> Self:
        """Answer as a web server or proxy in front of the API does: with a page for people."""
        html = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
        return cls(status, html.encode(), HTML_TYPE)


NO_CONTENT: Final = Answer(204)
