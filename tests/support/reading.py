"""The texts and the controls of a message, read from its JSON."""

from collections.abc import Iterator
from typing import Final

from tests.simulators.discord.world import Json, parts

BUTTON: Final = 2
SELECT: Final = 3
TEXT: Final = 10


def text(message: Json) -> str:
    """Return all texts of a message: content, embeds and text displays, top to bottom."""
    written = [one["content"] for one in components(message) if one["type"] == TEXT]
    embedded = [line for embed in message["embeds"] for line in embed_lines(embed)]
    return "\n".join([message["content"], *embedded, *written])


def embed_lines(embed: Json) -> Iterator[str]:
    """Yield the texts of an embed."""
    yield embed.get("title") or ""
    yield embed.get("description") or ""
    for field in parts(embed, "fields"):
        yield f"{field['name']}\n{field['value']}"


def components(node: Json) -> Iterator[Json]:
    """Yield every component of a message, at any depth."""
    for component in parts(node, "components"):
        yield component
        yield from components(component)


def buttons(message: Json) -> dict[str, Json]:
    """Return the buttons of a message by their labels."""
    return {one["label"]: one for one in components(message) if one["type"] == BUTTON}


def button(message: Json, label: str) -> Json:
    """Return the button with this label."""
    return buttons(message)[label]


def menu(message: Json) -> Json:
    """Return the only select of a message."""
    (only,) = (one for one in components(message) if one["type"] == SELECT)
    return only


def options(message: Json) -> list[str]:
    """Return the labels that the select of a message offers."""
    return [option["label"] for option in menu(message)["options"]]
