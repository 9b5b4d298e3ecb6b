"""Answering an interaction: in time, in public or in private, and plainly when something went wrong."""

import asyncio
import logging
import re
import secrets
from collections.abc import Coroutine, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import aiohttp
import discord
from discord import InteractionResponseType, app_commands

from bot.domain.errors import CodedError, UserError
from bot.render import phrases
from bot.render.error_messages import message
from bot.render.message_content import MessageContent
from bot.runtime.supervisor import describe, is_surprise

if TYPE_CHECKING:
    from bot.interactions.client import Midwatch

log = logging.getLogger(__name__)

UNKNOWN_INTERACTION: Final = 10062
ALREADY_ACKNOWLEDGED: Final = 40060
LATE: Final = "late"
BROKEN_OFF: Final = "broken off"
PRIVATE: Final = "private"
SENT: Final = "sent"
LINKED: Final = re.compile(r"discord\.com/channels/[^/]+/([0-9]{17,20})")
SILENT_SECONDS: Final = 5.0
"""For so long an answer may be no more than "thinking"."""

T = TypeVar("T")

Interaction: TypeAlias = "discord.Interaction[Midwatch]"


@contextmanager
def first_answer(caller: Interaction) -> Generator[None]:
    """Notice when Discord has given the interaction up: the answer then goes out as a direct message.

    And when nobody knows whether Discord took the answer, as the connection broke off.
    """
    try:
        yield
    except aiohttp.ClientError:
        caller.extras[BROKEN_OFF] = True
        raise
    except discord.NotFound as error:
        if error.code != UNKNOWN_INTERACTION:
            raise
        log.warning("Discord gave up waiting for an answer; it goes out as a direct message instead")
        caller.extras[LATE] = True


async def defer(caller: Interaction, *, private: bool) -> None:
    """Say "thinking" within Discord's three seconds; the answer will have the visibility chosen here."""
    caller.extras[PRIVATE] = private
    with first_answer(caller):
        await caller.response.defer(ephemeral=private, thinking=True)


async def defer_update(caller: Interaction) -> None:
    """Acknowledge a press whose message will change, and show nothing yet."""
    with first_answer(caller):
        await caller.response.defer()


async def update(caller: Interaction, content: MessageContent) -> None:
    """Change the message whose button was pressed, at once."""
    with first_answer(caller):
        await caller.response.edit_message(**content.edit_kwargs())
    if caller.extras.get(LATE):
        await _send_late(caller, content)


async def _send_late(caller: Interaction, content: MessageContent) -> None:
    """Answer by a direct message. What is said after one that may have arrived, or not, takes its place."""
    number = caller.extras.get(SENT, 0)
    await caller.user.send(**content.send_kwargs(), nonce=f"{caller.id}.{number}")
    caller.extras[SENT] = number + 1


def is_late(caller: Interaction) -> bool:
    """Whether Discord has given the interaction up, so that each answer is a direct message."""
    return bool(caller.extras.get(LATE))


async def respond(caller: Interaction, content: MessageContent) -> None:
    """Put the answer where "thinking" stands, or onto the message whose button was pressed."""
    if caller.extras.get(LATE):
        await _send_late(caller, content)
    else:
        await caller.edit_original_response(**content.edit_kwargs())


async def awaited(caller: Interaction, work: Coroutine[Any, Any, T], waiting: str) -> T:
    """Return what some work comes to; if it takes long, say meanwhile what is waited for.

    Raises:
        Exception: what the work raised; what was said is taken back before.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=SILENT_SECONDS)
        is_said = not task.done() and await _say_meanwhile(caller, waiting)
        try:
            return await task
        except Exception:  # whatever it is, what was said must not stand beside the error
            if is_said:
                await _take_back(caller)
            raise
    finally:
        task.cancel()


async def _say_meanwhile(caller: Interaction, waiting: str) -> bool:
    """Say what is waited for, and tell whether Discord took it; it must not keep the answer waiting."""
    if caller.extras.get(LATE):
        return False
    with suppress(discord.HTTPException, aiohttp.ClientError, TimeoutError):
        async with asyncio.timeout(SILENT_SECONDS):
            await caller.edit_original_response(content=waiting)
            return True
    return False


async def _take_back(caller: Interaction) -> None:
    """Take back what was said meanwhile, as an error is told in a message of its own."""
    with suppress(discord.HTTPException, aiohttp.ClientError):
        if caller.response.type is not InteractionResponseType.deferred_channel_message:
            said_before = caller.message.content if caller.message else None
            await caller.edit_original_response(content=said_before or None)
        elif caller.extras.get(PRIVATE):
            await caller.delete_original_response()  # in public, it goes when the error is told


async def respond_private(caller: Interaction, content: MessageContent) -> None:
    """Answer the caller alone, whatever was said before."""
    if caller.response.is_done():
        await _clear_public_thinking(caller)
        await caller.followup.send(**content.send_kwargs(), ephemeral=True)
        return
    if not caller.extras.get(LATE):
        try:
            with first_answer(caller):
                await caller.response.send_message(**content.send_kwargs(), ephemeral=True)
        except discord.HTTPException as error:
            if error.code != ALREADY_ACKNOWLEDGED or not caller.extras.get(BROKEN_OFF):
                raise
            await _whisper_after_all(caller, content)
    if caller.extras.get(LATE):
        await _send_late(caller, content)


async def _whisper_after_all(caller: Interaction, content: MessageContent) -> None:
    """Answer the caller alone where Discord took a first answer and could not say so."""
    if caller.extras.get(PRIVATE) is False:
        await caller.delete_original_response()  # "thinking", where everybody sees it
    await caller.followup.send(**content.send_kwargs(), ephemeral=True)


async def _clear_public_thinking(caller: Interaction) -> None:
    """Take "thinking" away where everybody sees it: a deferred answer keeps the visibility of the defer."""
    thinking = caller.response.type is InteractionResponseType.deferred_channel_message
    if thinking and not caller.extras.get(PRIVATE):
        await caller.delete_original_response()


async def report(caller: Interaction, error: Exception) -> None:
    """Tell the caller, privately, what went wrong and what to do; log what nobody foresaw."""
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    if isinstance(error, discord.HTTPException) and error.code in (UNKNOWN_INTERACTION, ALREADY_ACKNOWLEDGED):
        if error.code == ALREADY_ACKNOWLEDGED and not caller.response.is_done():
            caller.client.other_copy_at = datetime.now(UTC)
        log.warning(
            "Discord did not take an answer (%d): too late, or another copy of this bot answered", error.code
        )
        return
    try:
        await respond_private(caller, MessageContent(sentence(error)))
    except (discord.HTTPException, aiohttp.ClientError) as unsaid:
        why = unsaid.code if isinstance(unsaid, discord.HTTPException) else type(unsaid).__name__
        log.warning("could not tell a user about an error (%s): %s", why, type(error).__name__)


def sentence(error: Exception) -> str:
    """Return the sentence to show for an error; an unforeseen one gets a reference that is in the log."""
    match error:
        case UserError():
            return phrases.failure(str(error), error.next_step)
        case CodedError():
            return message(error)
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return phrases.failure(
                "This command has changed since Discord last learned of it.", "Try again in a minute."
            )
        case discord.HTTPException() | aiohttp.ClientError():
            return phrases.unsaid(logged(error))
        case _:
            return phrases.unexpected(logged(error))


def logged(error: Exception) -> str:
    """Log what nobody foresaw, with its traceback, under a short reference that is given back."""
    reference = secrets.token_hex(3)
    log.error(
        "unexpected error, reference %s: %s",
        reference,
        describe(error),
        exc_info=error if is_surprise(error) else None,
    )
    return reference


def channels_in(message: discord.Message) -> set[str]:
    """Return the Discord channels to which a message's buttons and embeds link."""
    rows = (row for row in message.components if isinstance(row, discord.ActionRow))
    links = [each.url or "" for row in rows for each in row.children if isinstance(each, discord.Button)]
    links += [str(embed.to_dict()) for embed in message.embeds]
    return {channel for link in links for channel in LINKED.findall(link)}
