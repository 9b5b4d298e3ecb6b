"""What a message shows in Discord, as plain values: its text, embeds and components."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, Final, Self, TypeAlias, TypeVar

import discord
from discord import ui

from bot.domain.accounts import Account, FlagKind
from bot.domain.charts import Picture
from bot.domain.messages import reference
from bot.render.attachments import NO_PICTURE, Attachment, Download, address, file_item, stored, upload
from bot.render.instructions import OPEN_BELOW, OPEN_BY_COMMAND, USE_COMMAND, press_reset
from bot.render.provider_words import WORDS
from bot.render.text import clip, fitted, length
from bot.runtime.language import Sentence, current_language, say, spoken

T = TypeVar("T")

PREFIX: Final = "mw"
"""What every `custom_id` of Midwatch begins with."""
NOBODY: Final = 0
CONTENT_LIMIT: Final = 2_000
PART_LIMIT: Final = 1_500
"""The length of one part of a text alone, so that the parts below it fit."""
LISTED: Final = re.compile(r"^\*\*\[(.*?)\]\(https://discord\.com/channels/[^)]*\)\*\*", re.MULTILINE)
SIGNATURE: Final = "Midwatch · "
FILES_LEFT_OUT: Final[Sentence] = "-# Pictures and files are left out here."


@dataclass(frozen=True, slots=True)
class Control:
    """What a person can use: its verb and argument say what it does, to this process and to later ones."""

    verb: str
    label: str
    argument: str = ""
    asker: int = field(default=NOBODY, kw_only=True)
    """The person who may use it beside owners."""

    @property
    def custom_id(self) -> str:
        """Return what Discord hands back when the control is used."""
        return f"{PREFIX}:{self.verb}:{self.asker}:{self.argument}"


@dataclass(frozen=True, slots=True)
class Button(Control):
    """A button that does something."""

    style: discord.ButtonStyle = discord.ButtonStyle.secondary
    emoji: str | None = None
    disabled: bool = False
    row: int | None = None  # by default the first one with room

    def item(self) -> ui.Button[Any]:
        """Return the button as discord.py sends it."""
        return ui.Button(
            label=self.label,
            custom_id=self.custom_id,
            style=self.style,
            emoji=self.emoji,
            disabled=self.disabled,
            row=self.row,
        )


@dataclass(frozen=True, slots=True)
class Select(Control):
    """A list to choose one of at most 25 options from; before that, its label stands in it."""

    options: tuple[discord.SelectOption, ...] = field(kw_only=True)

    def item(self) -> ui.Select[Any]:
        """Return the select as discord.py sends it."""
        return ui.Select(custom_id=self.custom_id, options=list(self.options), placeholder=self.label)


@dataclass(frozen=True, slots=True)
class Link:
    """A button that opens an address."""

    label: str
    url: str

    def item(self) -> ui.Button[Any]:
        """Return the button as discord.py sends it."""
        return ui.Button(label=self.label, url=self.url)


def channel_buttons(account: Account) -> tuple[Link, ...]:
    """Return the button that opens an account's channel; none if its id is no channel id."""
    return (Link(say("Open in Discord"), account.link),) if account.link else ()


@dataclass(frozen=True, slots=True)
class Box:
    """Texts in a frame, with a line between each two."""

    texts: Sequence[str]
    colour: discord.Colour

    def item(self) -> ui.Container[Any]:
        """Return the box as discord.py sends it."""
        box: ui.Container[Any] = ui.Container(accent_colour=self.colour)
        for number, text in enumerate(self.texts):
            if number:
                box.add_item(ui.Separator())
            box.add_item(ui.TextDisplay(text))
        return box


Component: TypeAlias = Button | Select | Link
Part: TypeAlias = str | Box | Attachment | Sequence[Component]


@dataclass(frozen=True, slots=True)
class MessageContent:
    """All that one message shows."""

    content: str = ""
    embeds: tuple[discord.Embed, ...] = ()
    components: tuple[Component, ...] = ()
    layout: tuple[Part, ...] = ()
    """Texts, boxes, files and rows of components; they stand in place of all the rest."""
    key: str = ""
    """The message's own key, if it must be found again in history."""
    mentioned: int | None = None
    """The only person whom a mention in the content may reach."""
    is_secret: bool = False
    """Whether it holds a credential, which only an answer that one person alone sees may show."""
    pictures: tuple[Picture, ...] = ()
    """Shown below the text, or by the embed that has its address as the image."""
    files: tuple[Download, ...] = ()
    language: str = field(default_factory=current_language)
    """The language of its texts."""

    def send_kwargs(self) -> dict[str, Any]:
        """Return the arguments of discord.py's methods that send a message once."""
        arguments = self.edit_kwargs()
        arguments["files"] = arguments.pop("attachments")
        return {name: value for name, value in arguments.items() if value}

    def edit_kwargs(self) -> dict[str, Any]:
        """Return the arguments of discord.py's methods that replace all that a message shows, once."""
        return {
            "content": self.content or None,
            "embeds": list(self.embeds),
            "attachments": [upload(file) for file in self._attached],
            "view": self._view(),
            "allowed_mentions": self._mentions(),
        }

    @property
    def _attached(self) -> list[Attachment]:
        if self.layout:
            return [part for part in self.layout if isinstance(part, Attachment)]
        return [*self.pictures, *self.files]

    def illustrated(self, picture: Picture | None) -> Self:
        """Return the content with a picture in its embed, or with a note that there is none."""
        shown = self.embeds[0].copy().set_image(url=address(picture) if picture else None)
        if picture is None:
            shown.description = f"{shown.description}\n{say(NO_PICTURE)}"
        return replace(self, embeds=(shown,), pictures=(picture,) if picture else ())

    def _view(self) -> ui.View | ui.LayoutView | None:
        if self.layout:
            view = ui.LayoutView(timeout=None)
            for part in self.layout:
                view.add_item(_layout_item(part))
        elif self.components:
            view = ui.View(timeout=None)
            for component in self.components:
                view.add_item(component.item())
        else:
            return None
        view.stop()  # so that discord.py keeps it nowhere: the `custom_id` alone says what a press does
        return view

    def _mentions(self) -> discord.AllowedMentions:
        """Return what Discord may make of mentions: nothing that somebody else's text could use."""
        if self.mentioned is None:
            return discord.AllowedMentions.none()
        person = discord.Object(self.mentioned)
        return discord.AllowedMentions(everyone=False, roles=False, users=[person], replied_user=False)

    @property
    def fingerprint(self) -> str:
        """Return a text that differs where the content does; it is the same in every process."""
        embed = self.embeds[0].to_dict() if self.embeds else None
        shown: list[Any] = [self.content, embed, [_spelled(component) for component in self.components]]
        if self._attached:  # stored fingerprints of messages without files stay valid
            shown.append([hashlib.sha256(stored(file)).hexdigest() for file in self._attached])
        return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:32]

    @property
    def plain_text(self) -> str:
        """Return all of it as text alone, for when Discord refuses the form: at most 2,000 characters."""
        with spoken(self.language):
            closing = [say(FILES_LEFT_OUT)] if self._attached else []
            closing += [f"-# {signature(self.key)}"] if self.key else []
            room = CONTENT_LIMIT - sum(map(length, closing)) - 1
            parts = [self.content, *map(_without_buttons, _embed_parts(self.embeds))]
            return "\n".join([*_fitting(parts, room), *closing])

    def signed(self, key: str) -> Self:
        """Return the content with the message's key in it: in a control, else small in the embed's footer."""
        if any(isinstance(each, Control) and key in each.argument for each in self.components):
            return replace(self, key=key)
        embeds = tuple(embed.copy().set_footer(text=signature(key)) for embed in self.embeds)
        return replace(self, key=key, embeds=embeds)


def _spelled(component: Component) -> list[Any]:
    """Return what a fingerprint is made of. Stored ones stay valid only while this stays as it is."""
    if isinstance(component, Select):
        options = [option.to_dict() for option in component.options]
        return ["select", component.verb, component.label, component.argument, options]
    kind, names = "LinkLook", ("label", "url")
    if isinstance(component, Button):
        kind, names = "ButtonLook", ("verb", "label", "argument", "style", "emoji", "disabled")
    return [kind, {name: str(getattr(component, name)) for name in names}]


def _layout_item(part: Part) -> ui.Item[Any]:
    match part:
        case str():
            return ui.TextDisplay(part)
        case Box():
            return part.item()
        case Picture() | Download():
            return file_item(part)
        case _:
            return ui.ActionRow(*(component.item() for component in part))


def signature(key: str) -> str:
    """Return the line by which a message without controls is found again in history."""
    return f"{SIGNATURE}{reference(key)}"


def _embed_parts(embeds: Iterable[discord.Embed]) -> Iterator[str]:
    for embed in embeds:
        yield embed.description or ""
        for part in embed.fields:
            yield f"**{part.name}**\n{part.value}"


def _without_buttons(text: str) -> str:
    """Replace buttons by commands, and drop the links of a list so that more of it fits."""
    words = LISTED.sub(r"**\1**", text).replace(say(OPEN_BELOW), say(OPEN_BY_COMMAND))
    for kind, provider in product(FlagKind, WORDS):
        words = words.replace(press_reset(kind, provider), say(USE_COMMAND))
    return words


def _fitting(parts: list[str], room: int) -> Iterator[str]:
    """Yield the parts that fit. A part with a code block is kept whole or dropped."""
    for part in filter(None, parts):
        lines = part.split("\n")
        cut = part if "```" in part else fitted(lines, len(lines), min(room - 1, PART_LIMIT))
        if length(cut) < room:
            room -= length(cut) + 1
            yield cut


def page_of(items: Sequence[T], page: int, size: int) -> tuple[Sequence[T], int, int]:
    """Return the items of a page, its number and how many pages there are.

    The first page is 0. A number beyond either end gives the page at that end. No items are one empty page.
    """
    pages = max(1, -(-len(items) // size))
    page = min(max(page, 0), pages - 1)
    return items[page * size : (page + 1) * size], page, pages


def page_buttons(
    verb: str, argument: str, page: int, pages: int, *, asker: int = NOBODY
) -> tuple[Button, ...]:
    """Return the buttons that turn to other pages, if there are any; `argument` stands before the page."""
    if pages == 1:
        return ()
    labels: tuple[Sentence, ...] = ("First", "Back", "Next", "Last")
    targets = (0, max(page - 1, 0), min(page + 1, pages - 1), pages - 1)
    # Two buttons of a message may lead to the same page, but never have the same id.
    return tuple(
        Button(verb, say(label), f"{argument}{to}.{label.lower()}", asker=asker, disabled=to == page)
        for label, to in zip(labels, targets, strict=True)
    )


def headed(*lines: str | None) -> str:
    """Join the lines that are not empty. A lock screen shows the first alone."""
    return clip("\n".join(line for line in lines if line), CONTENT_LIMIT)
