"""Buttons, selects and forms. What one does stands in its `custom_id`, so each works after a restart, too.

A `custom_id` is `mw:<verb>:<asker>:<argument>`. A cog registers a handler for a verb, with a template that
names the parts of its argument. One place checks who may press, runs the handler and reports its errors.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, cast

from bot.domain.errors import ErrorCode, UserError
from bot.interactions.permissions import Owners
from bot.interactions.responses import InFlight, Interaction, report, speak_to
from bot.render.message_content import PREFIX

CUSTOM_ID: Final = re.compile(
    rf"{PREFIX}:(?P<verb>[a-z.]{{1,24}}):(?P<asker>[0-9]{{1,20}}):(?P<argument>[0-9a-z.]{{0,70}})"
)
HANDLE: Final = "(?P<handle>[0-9]{17,20}|[0-9a-f]{16})"
KEY: Final = r"(?:2\.)?[0-9a-f]{32}"
"""The key of a message's copy by the second route begins with "2."; a test message is its own incident."""
INCIDENT: Final = f"(?P<incident>{KEY})"
MESSAGE: Final = f"(?P<message>{KEY})"
ALERT: Final = rf"{INCIDENT}\.{MESSAGE}"
PAGE: Final = r"(?P<page>[0-9]{1,6})(?:\.[a-z]+)?"
"""The number of a page. The name of its button follows, as no two buttons may have the same `custom_id`."""


class Access(Enum):
    """Who may use a control. Discord's command permissions do not cover components, so Midwatch checks."""

    OWNERS = auto()
    ASKER = auto()
    """Owners, and the person whose question the message answers."""
    VIEWERS = auto()
    """Whoever may use commands there: the message answers nobody's question."""


@dataclass(frozen=True, slots=True)
class ButtonPress:
    """The use of a control."""

    asker: int
    """The person whose question the message answers."""
    parts: Mapping[str, str]
    """The parts of the argument, by their names in the template; one that is left out is empty."""
    chosen: str
    """The option that was chosen in a select; empty if none was."""


Handler = Callable[[Interaction, ButtonPress], Awaitable[None]]


class ButtonRouter:
    """The verbs of all controls and forms, each with its template, who may use it and its handler."""

    def __init__(self, owners: Owners, in_flight: InFlight) -> None:
        self._owners = owners
        self._in_flight = in_flight
        self._verbs: dict[str, tuple[Access, Handler, re.Pattern[str]]] = {}

    def register(self, verb: str, access: Access, handler: Handler, template: str = ".*") -> None:
        """Register the handler of a verb; `template` is a regular expression of the argument."""
        self._verbs[verb] = access, handler, re.compile(template)

    async def run(self, caller: Interaction) -> None:
        """Run the handler of what was used. An error is answered privately."""
        self._in_flight.add(caller)
        is_private = caller.message is None or caller.message.flags.ephemeral
        speak_to(caller, private=is_private)  # an answer may replace the message
        try:
            data = cast(Mapping[str, Any], caller.data or {})
            chosen = next(iter(data.get("values", ())), "")
            access, handler, press = self.parse(str(data.get("custom_id")), chosen)
            self._check(caller, access, press)
            await handler(caller, press)
        except Exception as error:  # noqa: BLE001 - whatever it is, the person gets an answer
            await report(caller, error)

    def parse(self, custom_id: str, chosen: str = "") -> tuple[Access, Handler, ButtonPress]:
        """Return who may use a control, its handler and the press.

        Raises:
            UserError: this version has no such control.
        """
        found = CUSTOM_ID.fullmatch(custom_id)
        if found is None or found["verb"] not in self._verbs:
            raise UserError(ErrorCode.OUTDATED)
        access, handler, template = self._verbs[found["verb"]]
        argument = template.fullmatch(found["argument"])
        if argument is None:
            raise UserError(ErrorCode.OUTDATED)
        return access, handler, ButtonPress(int(found["asker"]), argument.groupdict(""), chosen)

    def _check(self, caller: Interaction, access: Access, press: ButtonPress) -> None:
        if self._owners.may_act(caller.user.id):
            return
        if access is Access.OWNERS:
            raise UserError(ErrorCode.NOT_AN_OWNER)
        if not self._owners.may_view(caller.user.id, caller.guild_id):
            raise UserError(ErrorCode.NOT_A_VIEWER if access is Access.VIEWERS else ErrorCode.NOT_THE_ASKER)
        if access is Access.ASKER and caller.user.id != press.asker:
            raise UserError(ErrorCode.NOT_THE_ASKER)
