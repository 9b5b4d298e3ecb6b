"""Which check meets which body."""

import re
from collections.abc import Iterator
from typing import Final

from .call import Call
from .limits import choices_errors, commands_errors, message_errors
from .schema import schema_errors
from .world import Json, parts

COMMANDS: Final = re.compile(r"/applications/\d+(/guilds/\d+)?/commands")
MESSAGE: Final = re.compile(r"/channels/\d+/messages(/\d+)?|/webhooks/\d+/[^/]+(/messages/(@original|\d+))?")
CALLBACK: Final = re.compile(r"/interactions/\d+/[^/]+/callback")
AUTOCOMPLETION: Final = 8
WITH_MESSAGE: Final = (4, 7)


class Checks:
    """Everything that is wrong with a body, before simcord reads it."""

    def __init__(self, *, with_schema: bool) -> None:
        self.with_schema = with_schema

    def wrong_with(self, call: Call) -> list[str]:
        """One sentence for each; empty when Discord would take it."""
        by_schema = schema_errors(call) if self.with_schema else []
        return [*by_schema, *_limit_errors(call)]


def _limit_errors(call: Call) -> Iterator[str]:
    if call.json is None:
        return
    if COMMANDS.fullmatch(call.path):
        yield from commands_errors(call.json)
    elif MESSAGE.fullmatch(call.path):
        yield from message_errors(call.json)
    elif CALLBACK.fullmatch(call.path):
        yield from _callback_errors(call.json)


def _callback_errors(body: Json) -> Iterator[str]:
    data: Json = body.get("data") or {}
    if body["type"] == AUTOCOMPLETION:
        yield from choices_errors(parts(data, "choices"))
    elif body["type"] in WITH_MESSAGE:
        yield from message_errors(data)
