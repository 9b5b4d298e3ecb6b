"""Buttons and selects that outlive a restart: what they do stands in their `custom_id`, not in memory.

A control is `mw:<verb>:<asker>:<argument>`. A cog registers a handler for its verb; one place checks who may
press, runs the handler and reports its errors, since discord.py calls no `View.on_error` for dynamic items.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

import discord
from discord import ui

from bot.domain.errors import UserError
from bot.interactions.in_flight import InFlight
from bot.interactions.permissions import NotAnOwnerError, Owners
from bot.interactions.responses import Interaction, report
from bot.render.message_content import PREFIX

PATTERN: Final = (
    rf"{PREFIX}:(?P<verb>[a-z.]{{1,24}}):(?P<asker>[0-9]{{1,20}}):(?P<argument>[0-9a-z.]{{0,70}})"
)
LONGEST_NUMBER: Final = 6
BETWEEN_PARTS: Final = re.compile(r"(?<!^2)(?<!\.2)\.|\.(?![0-9a-f]{32}(?:\.|$))")
"""A dot; but the key of a message's copy is one part, although it holds one: "2." and 32 hex digits."""

Handler = Callable[[Interaction, "ButtonPress"], Awaitable[None]]


class Access(Enum):
    """Who may use a control. Discord's command permissions do not cover components, so Midwatch checks."""

    OWNERS = auto()
    ASKER = auto()
    """Owners, and the person whose question the message answers."""


class OutdatedError(UserError):
    """Somebody used a control of a version that is not this one."""

    def __init__(self) -> None:
        super().__init__(
            "This is from another version of Midwatch.", "Use the command again to get a fresh one."
        )


@dataclass(frozen=True, slots=True)
class ButtonPress:
    """What was pressed: the asker of the message, what the control is about, and a select's choice."""

    asker: int
    argument: str
    chosen: str | None = None

    @property
    def page(self) -> int:
        """Return the page that the argument begins with.

        Raises:
            OutdatedError: it begins with something else, as another version's may.
        """
        return self.number(0)

    @property
    def length(self) -> int:
        """How many parts the argument has, between dots."""
        return len(self._parts)

    @property
    def _parts(self) -> list[str]:
        return BETWEEN_PARTS.split(self.argument)

    def part(self, place: int) -> str:
        """Return a part of the argument, the first one at 0.

        Raises:
            OutdatedError: it has nothing there, as another version's may.
        """
        part = dict(enumerate(self._parts)).get(place)
        if not part:
            raise OutdatedError
        return part

    def number(self, place: int) -> int:
        """Return a part of the argument that is a number.

        Raises:
            OutdatedError: it has none there, or one beyond measure.
        """
        part = self.part(place)
        if not part.isdecimal() or len(part) > LONGEST_NUMBER:
            raise OutdatedError
        return int(part)


class ButtonRouter:
    """The verbs of all controls, each with who may use it and what it does."""

    def __init__(self, owners: Owners, in_flight: InFlight) -> None:
        self._owners = owners
        self._in_flight = in_flight
        self._verbs: dict[str, tuple[Access, Handler]] = {}

    def register(self, verb: str, who: Access, act: Handler) -> None:
        """Register what a verb does."""
        self._verbs[verb] = (who, act)

    async def run(self, caller: Interaction, verb: str, press: ButtonPress) -> None:
        """Do what was pressed, or tell the person privately why not."""
        self._in_flight.add(caller)
        try:
            who, act = self._verbs.get(verb, (Access.ASKER, outdated))
            self._check(caller, who, press)
            await act(caller, press)
        except Exception as error:  # noqa: BLE001 - whatever it is, the person gets an answer
            await report(caller, error)

    def _check(self, caller: Interaction, who: Access, press: ButtonPress) -> None:
        if self._owners.may_act(caller.user.id):
            return
        if who is Access.OWNERS:
            raise NotAnOwnerError
        if caller.user.id != press.asker or not self._owners.may_view(caller.user.id, caller.guild_id):
            raise UserError(
                "Only the person who asked can use these buttons.",
                "Ask them, or an owner of the bot, to press it.",
            )


async def outdated(_caller: Interaction, _press: ButtonPress) -> None:
    """Answer a control that this version does not have."""
    raise OutdatedError


class Control(ui.DynamicItem[ui.Item[ui.View]], template=PATTERN):
    """Any button or select of ours. One class, since discord.py keeps one for each pattern."""

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], item: ui.Item[ui.View], _match: re.Match[str], /
    ) -> "Control":
        """Make the control that was used from the message it stands on."""
        return cls(item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the press to the verb's handler."""
        chosen = next(iter(self.item.values), None) if isinstance(self.item, ui.Select) else None
        await dispatch(interaction, self.custom_id, chosen)


async def dispatch(caller: Interaction, custom_id: str, chosen: str | None) -> None:
    """Take a `custom_id` apart and run its verb."""
    found = re.fullmatch(PATTERN, custom_id)
    assert found is not None  # noqa: S101 - discord.py matched the same pattern
    press = ButtonPress(int(found["asker"]), found["argument"], chosen)
    await caller.client.controls.run(caller, found["verb"], press)
