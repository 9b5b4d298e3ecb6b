"""Answering an interaction: in time, in public or in private, and plainly when something went wrong."""

import logging
import secrets
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import discord
from discord import InteractionResponseType, app_commands
from discord.ui import LayoutView, View

from bot.errors import UserError
from bot.render import sentences
from bot.store import StoreError
from bot.useapi import UseapiError

log = logging.getLogger(__name__)

UNKNOWN_INTERACTION: Final = 10062
ALREADY_ACKNOWLEDGED: Final = 40060
LATE: Final = "late"
PRIVATE: Final = "private"

Caller: TypeAlias = "discord.Interaction[discord.Client]"


@dataclass(frozen=True, slots=True)
class Shown:
    """What one message shows; a `LayoutView` stands alone."""

    content: str | None = None
    embeds: tuple[discord.Embed, ...] = ()
    view: View | LayoutView | None = None


def parts(shown: Shown) -> dict[str, Any]:
    """Give what there is to see by discord.py's names for it."""
    if isinstance(shown.view, LayoutView):
        return {"view": shown.view}
    named = {"content": shown.content, "embeds": list(shown.embeds), "view": shown.view}
    return {name: part for name, part in named.items() if part}


async def defer(caller: Caller, *, private: bool) -> None:
    """Say "thinking" within Discord's three seconds; the answer will have the visibility chosen here.

    When Discord has given the interaction up already, the answer goes to the caller's direct messages.
    """
    caller.extras[PRIVATE] = private
    try:
        await caller.response.defer(ephemeral=private, thinking=True)
    except discord.NotFound as error:
        if error.code != UNKNOWN_INTERACTION:
            raise
        log.warning("Discord gave up waiting for an answer; it goes out as a direct message instead")
        caller.extras[LATE] = True


async def show(caller: Caller, shown: Shown) -> None:
    """Put the answer where "thinking" stands, or onto the message whose button was pressed."""
    if caller.extras.get(LATE):
        await caller.user.send(**parts(shown))
    elif isinstance(shown.view, LayoutView):
        await caller.edit_original_response(view=shown.view)
    else:
        await caller.edit_original_response(content=shown.content, embeds=shown.embeds, view=shown.view)


async def whisper(caller: Caller, shown: Shown) -> None:
    """Answer the caller alone, whatever was said before."""
    if caller.extras.get(LATE):
        await caller.user.send(**parts(shown))
    elif not caller.response.is_done():
        await caller.response.send_message(**parts(shown), ephemeral=True)
    else:
        await _clear_public_thinking(caller)
        await caller.followup.send(**parts(shown), ephemeral=True)


async def _clear_public_thinking(caller: Caller) -> None:
    """Take "thinking" away where everybody sees it: a deferred answer keeps the visibility of the defer."""
    thinking = caller.response.type is InteractionResponseType.deferred_channel_message
    if thinking and not caller.extras.get(PRIVATE):
        await caller.delete_original_response()


async def report(caller: Caller, error: Exception) -> None:
    """Tell the caller, privately, what went wrong and what to do; log what nobody foresaw."""
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    if isinstance(error, discord.HTTPException) and error.code in (UNKNOWN_INTERACTION, ALREADY_ACKNOWLEDGED):
        log.warning(
            "Discord did not take an answer (%d): too late, or another copy of this bot answered", error.code
        )
        return
    try:
        await whisper(caller, Shown(content=sentence(error)))
    except discord.HTTPException as unsaid:
        log.warning("could not tell a user about an error (%d): %s", unsaid.code, type(error).__name__)


def sentence(error: Exception) -> str:
    """Give the sentence to show for an error; an unforeseen one gets a reference that is in the log."""
    match error:
        case UserError():
            return sentences.failure(str(error), error.next_step)
        case UseapiError():
            return sentences.failure(str(error), error.next_step, error.quote)
        case StoreError():
            return sentences.failure(str(error), "Try again in a minute; an owner finds more in the log.")
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return sentences.failure(
                "This command has changed since Discord last learned of it.", "Try again in a minute."
            )
        case _:
            reference = secrets.token_hex(3)
            log.error("unexpected error, reference %s", reference, exc_info=error)
            return sentences.unexpected(reference)
