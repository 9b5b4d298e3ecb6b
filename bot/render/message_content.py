"""What a message looks like in Discord, as plain values: its text, embed and controls, or text alone."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Self, TypeAlias

import discord

from bot.domain.messages import reference
from bot.render.instructions import BUTTONS, COMMAND, OPEN_BELOW, OPEN_BY_COMMAND
from bot.render.text import clip, fitted, length

CONTENT_LIMIT: Final = 2_000
PART_LIMIT: Final = 1_500
"""What a list may take of a text alone, so that what to do still fits below it."""
LISTED: Final = re.compile(r"^\*\*\[(.*?)\]\(https://discord\.com/channels/[^)]*\)\*\*", re.MULTILINE)
SIGNATURE: Final = "Midwatch · "


@dataclass(frozen=True, slots=True)
class ButtonLook:
    """A button that does something: its verb and argument say what, to this process and to later ones."""

    verb: str
    label: str
    argument: str
    style: discord.ButtonStyle = discord.ButtonStyle.secondary
    emoji: str | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class SelectLook:
    """A list to choose one option from."""

    verb: str
    placeholder: str
    argument: str
    options: tuple[discord.SelectOption, ...]


@dataclass(frozen=True, slots=True)
class LinkLook:
    """A button that opens an address."""

    label: str
    url: str


Control: TypeAlias = ButtonLook | SelectLook | LinkLook


@dataclass(frozen=True, slots=True)
class Look:
    """All that one message shows; `key` is the message's own, if it must be found again in history."""

    content: str
    embed: discord.Embed | None = None
    controls: tuple[Control, ...] = ()
    key: str = ""

    @property
    def fingerprint(self) -> str:
        """Return the same text for the same look, in any process: only what changes it is worth an edit."""
        embed = self.embed.to_dict() if self.embed else None
        shown = [self.content, embed, [_spelled(control) for control in self.controls]]
        return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:32]

    @property
    def plain_text(self) -> str:
        """Say it all as content alone, for when Discord refuses the form: at most 2,000 characters."""
        closing = [f"-# {signature(self.key)}"] if self.key else []
        room = CONTENT_LIMIT - sum(map(length, closing)) - 1
        parts = [self.content, *map(_without_buttons, _embed_parts(self.embed))]
        return "\n".join([*_fitting(parts, room), *closing])

    def signed(self, key: str) -> Self:
        """Return the look with the message's key in it: in a control, else small in the embed's footer."""
        if self.embed is None or any(key in _argument(control) for control in self.controls):
            return replace(self, key=key)
        return replace(self, key=key, embed=self.embed.copy().set_footer(text=signature(key)))


def signature(key: str) -> str:
    """Return the small words by which a message without a control of its own is found again in history."""
    return f"{SIGNATURE}{reference(key)}"


def _spelled(control: Control) -> list[Any]:
    match control:
        case SelectLook():
            options = [option.to_dict() for option in control.options]
            return ["select", control.verb, control.placeholder, control.argument, options]
        case _:
            return [type(control).__name__, {name: str(value) for name, value in asdict(control).items()}]


def _argument(control: Control) -> str:
    return "" if isinstance(control, LinkLook) else control.argument


def _embed_parts(embed: discord.Embed | None) -> Iterator[str]:
    if embed is None:
        return
    yield embed.description or ""
    for field in embed.fields:
        yield f"**{field.name}**\n{field.value}"


def _without_buttons(text: str) -> str:
    """Name commands instead of controls; a list gives up its links, so that more of it fits."""
    said = LISTED.sub(r"**\1**", text).replace(OPEN_BELOW, OPEN_BY_COMMAND)
    for pressed in BUTTONS.values():
        said = said.replace(pressed, COMMAND)
    return said


def _fitting(parts: list[str], room: int) -> Iterator[str]:
    """Yield what fits, in its order. A part with a code block stays whole or goes: cut, it would act."""
    for part in filter(None, parts):
        lines = part.split("\n")
        cut = part if "```" in part else fitted(lines, len(lines), min(room - 1, PART_LIMIT))
        if length(cut) < room:
            room -= length(cut) + 1
            yield cut


def headed(*lines: str | None) -> str:
    """Join the lines of a content that there are; the first is all that a lock screen shows."""
    return clip("\n".join(line for line in lines if line), CONTENT_LIMIT)
