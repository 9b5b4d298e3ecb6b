"""Limits that neither the OpenAPI file nor simcord holds a body to (Discord docs, Application Commands)."""

import re
from collections.abc import Iterator
from typing import Any, Final

from simcord.backend.models import Message
from simcord.components import walk_components

from .world import Json, parts

CHAT_INPUT: Final = 1
BUTTON: Final = 2
SUBCOMMANDS: Final = (1, 2)
MAX_CHOICES: Final = 25
MAX_OPTIONS: Final = 25
MAX_COMMANDS: Final = 100
MAX_COMMAND_CHARACTERS: Final = 8_000
NAME: Final = re.compile(r"[-_'\w]{1,32}")
"""Docs: `^[-_'\\p{L}\\p{N}\\p{sc=Deva}\\p{sc=Thai}]{1,32}$`."""


def message_errors(body: Json) -> Iterator[str]:
    """Empty pieces that Discord refuses; lengths and nesting are simcord's part."""
    for index, embed in enumerate(parts(body, "embeds")):
        for place, field in enumerate(parts(embed, "fields")):
            for key in ("name", "value"):
                if not str(field.get(key) or "").strip():
                    yield f"embeds[{index}].fields[{place}].{key}: this field is required"
    for component in walk_components(parts(body, "components")):
        if component.get("type") == BUTTON and not (component.get("label") or component.get("emoji")):
            yield f"a button needs a label or an emoji ({component.get('custom_id') or component.get('url')})"


def leaves_nothing(edit: Json, message: Message) -> bool:
    """Whether an edit would empty the message, which simcord lets pass."""
    parts = (message.content, message.embeds, message.components, message.attachments)
    names = ("content", "embeds", "components", "attachments")
    return not any(edit.get(name, part) for name, part in zip(names, parts, strict=True))


def choices_errors(choices: list[Json]) -> Iterator[str]:
    """Choices of an option, or of an autocompletion."""
    if len(choices) > MAX_CHOICES:
        yield f"{len(choices)} choices; {MAX_CHOICES} at most"
    for choice in choices:
        yield from _length("choice name", choice.get("name"), 100)
        if isinstance(choice.get("value"), str):
            yield from _length("choice value", choice["value"], 100)


def commands_errors(commands: list[Json]) -> Iterator[str]:
    """A whole scope of application commands, as the bulk upsert sends it."""
    if len([one for one in commands if one.get("type", CHAT_INPUT) == CHAT_INPUT]) > MAX_COMMANDS:
        yield f"more than {MAX_COMMANDS} slash commands"
    names = [(one.get("name"), one.get("type", CHAT_INPUT)) for one in commands]
    if len(set(names)) < len(names):
        yield "two commands of one name"
    for command in commands:
        for error in _command(command):
            yield f"command {command.get('name')!r}: {error}"


def _command(command: Json) -> Iterator[str]:
    if command.get("type", CHAT_INPUT) != CHAT_INPUT:
        yield from _length("name", command.get("name"), 32)
        return
    yield from _node(command)
    if (characters := _characters(command)) > MAX_COMMAND_CHARACTERS:
        yield f"{characters} characters in all; {MAX_COMMAND_CHARACTERS} at most"


def _node(node: Json) -> Iterator[str]:
    """A command, subcommand or option: they share names, descriptions and options."""
    yield from _name(str(node.get("name")))
    yield from _length("description", node.get("description"), 100)
    options = parts(node, "options")
    if len(options) > MAX_OPTIONS:
        yield f"{len(options)} options; {MAX_OPTIONS} at most"
    if len({option.get("name") for option in options}) < len(options):
        yield "two options of one name"
    required = [bool(option.get("required")) for option in options if option.get("type") not in SUBCOMMANDS]
    if required != sorted(required, reverse=True):
        yield "a required option after one that is not"
    if node.get("autocomplete") and node.get("choices"):
        yield "autocomplete beside choices"
    yield from choices_errors(parts(node, "choices"))
    for option in options:
        for error in _node(option):
            yield f"{option.get('name')!r}: {error}"


def _name(name: str) -> Iterator[str]:
    if not NAME.fullmatch(name):
        yield f"the name {name!r} has a character or a length that is not allowed"
    if name != name.lower():
        yield f"the name {name!r} is not lower case"


def _length(what: str, text: Any, most: int) -> Iterator[str]:
    if not isinstance(text, str) or not 1 <= len(text) <= most:
        size = len(text) if isinstance(text, str) else 0
        yield f"{what} has {size} characters; 1 to {most}"


def _characters(node: Json) -> int:
    own = len(str(node.get("name", ""))) + len(str(node.get("description", "")))
    choices = sum(len(str(one.get("name"))) + len(str(one.get("value"))) for one in parts(node, "choices"))
    return own + choices + sum(_characters(option) for option in parts(node, "options"))
