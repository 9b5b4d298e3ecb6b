"""The steps of sending and resetting at which tests kill or disturb the bot, trapped from outside of it."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import StrEnum
from functools import wraps
from typing import Any

import pytest

from bot.actions.remedies import Remedies
from bot.notifications.discord_transport import DiscordTransport
from bot.notifications.editor import Editor
from bot.notifications.sender import Sender
from bot.providers.mjproxy.client import MjproxyClient
from bot.providers.useapi.client import UseapiClient


class FailPoint(StrEnum):
    """The steps of a message's way, and of a reset's, at which a crash is tried out."""

    CLAIMING = "claiming"
    CLAIMED = "claimed"
    OPENED = "opened"
    SENT = "sent"
    RECORDED = "recorded"
    REFUSED = "refused"
    EDITING = "editing"
    EDITED = "edited"
    NOTED = "noted"
    LEFT = "left"
    """A message that cannot be edited any more is done, and its replacement is claimed."""
    DELETING = "deleting"
    DELETED = "deleted"
    LEASED = "leased"
    """The lease of a remedy is taken, its provider not asked yet."""
    RESET = "reset"
    """The provider was asked for a remedy; the verdict is not known yet."""
    JUDGED = "judged"


Reach = Callable[[FailPoint], None]

STEPS = (
    (Sender, "attempt", FailPoint.CLAIMING, None),
    (Sender, "_send", FailPoint.CLAIMED, None),
    (Sender, "_record", None, FailPoint.RECORDED),
    (Sender, "_record_failure", None, FailPoint.REFUSED),
    (Editor, "_edit", None, FailPoint.NOTED),
    (Editor, "_replace", None, FailPoint.LEFT),
    (UseapiClient, "apply", FailPoint.LEASED, None),
    (MjproxyClient, "apply", FailPoint.LEASED, None),
    (Remedies, "_watch", FailPoint.RESET, None),
    (Remedies, "_conclude", None, FailPoint.JUDGED),
)
REQUESTS = (
    ("open", None, FailPoint.OPENED),
    ("send", None, FailPoint.SENT),
    ("edit", FailPoint.EDITING, FailPoint.EDITED),
    ("delete", FailPoint.DELETING, FailPoint.DELETED),
)


@contextmanager
def trapped(reach: Reach, transport: type = DiscordTransport) -> Generator[None]:
    """Call `reach` at each step: before or after the method that it belongs to."""

    def reach_in_outbox(step: FailPoint) -> None:
        task = asyncio.current_task()
        if task is not None and task.get_name().startswith("message "):
            reach(step)

    with pytest.MonkeyPatch.context() as patch:
        for owner, name, before, after in STEPS:
            patch.setattr(owner, name, around(getattr(owner, name), before, after, reach))
        for name, before, after in REQUESTS:
            patch.setattr(transport, name, around(getattr(transport, name), before, after, reach_in_outbox))
        yield


def around(
    method: Callable[..., Any], before: FailPoint | None, after: FailPoint | None, reach: Reach
) -> Callable[..., Any]:
    """Return a method that reaches these steps, the second one only if nothing was raised."""

    @wraps(method)
    async def reaching(*args: object, **named: object) -> object:
        if before is not None:
            reach(before)
        result = await method(*args, **named)
        if after is not None:
            reach(after)
        return result

    return reaching
