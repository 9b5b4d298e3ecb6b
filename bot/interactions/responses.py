"""Answers to interactions: in time, public or private, after an error; and the accounts to suggest."""

import asyncio
import logging
import re
import secrets
from collections.abc import Coroutine, Generator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import aiohttp
import discord
from discord import InteractionResponseType, app_commands

from bot.domain.clock import utc_now
from bot.domain.errors import CodedError, ErrorCode, UserError
from bot.incidents.languages import of_locale
from bot.render import phrases
from bot.render.account_choices import choices, no_suggestions
from bot.render.error_messages import message
from bot.render.message_content import MessageContent
from bot.runtime.language import say, speak
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
REQUESTED: Final = "requested"
LINKED: Final = re.compile(r"discord\.com/channels/[^/]+/([0-9]{17,20})")
SILENT_SECONDS: Final = 5.0
"""How long an answer may be no more than "thinking"."""
PATIENCE: Final = timedelta(seconds=1)
REPORT_LIMIT: Final = timedelta(milliseconds=400)

T = TypeVar("T")

Interaction: TypeAlias = "discord.Interaction[Midwatch]"


@contextmanager
def first_answer(caller: Interaction) -> Generator[None]:
    """Record that Discord gave the interaction up, so that answers are sent as direct messages.

    Record also that the connection broke, so that it is not known whether Discord has the answer.
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


def speak_to(caller: Interaction, *, private: bool) -> None:
    """Use the caller's language for what the caller alone sees, else that of channels."""
    is_alone = private or caller.guild_id is None
    speak(of_locale(str(caller.locale)) if is_alone else caller.client.languages.shared)


async def defer(caller: Interaction, *, private: bool) -> None:
    """Acknowledge a command within Discord's three seconds. The answer has the visibility chosen here."""
    caller.extras[PRIVATE] = private
    speak_to(caller, private=private)
    with first_answer(caller):
        await caller.response.defer(ephemeral=private, thinking=True)


async def defer_update(caller: Interaction) -> None:
    """Acknowledge a press. The answer replaces the message of the button."""
    with first_answer(caller):
        await caller.response.defer()


async def update(caller: Interaction, content: MessageContent) -> None:
    """Replace the message of the button as the first answer."""
    with first_answer(caller):
        await caller.response.edit_message(**content.edit_kwargs())
    if is_late(caller):
        await _send_late(caller, content)


async def _send_late(caller: Interaction, content: MessageContent) -> None:
    """Answer by a direct message. After one that failed, the same nonce keeps Discord from showing both."""
    if content.is_secret:
        content = MessageContent(say(phrases.PRESS_AGAIN))
    number = caller.extras.get(SENT, 0)
    await caller.user.send(**content.send_kwargs(), nonce=f"{caller.id}.{number}")
    caller.extras[SENT] = number + 1


def is_late(caller: Interaction) -> bool:
    """Whether Discord gave the interaction up, so that each answer is a direct message."""
    return bool(caller.extras.get(LATE))


def is_for_one(caller: Interaction) -> bool:
    """Whether the caller alone sees the answer."""
    return caller.guild_id is None or bool(caller.extras.get(PRIVATE))


async def respond(caller: Interaction, content: MessageContent) -> None:
    """Show the answer in place of "thinking", or of the message of the button."""
    if is_late(caller):
        await _send_late(caller, content)
        return
    is_private = caller.extras.get(PRIVATE, caller.message and caller.message.flags.ephemeral)
    if content.is_secret and not is_private:
        content = MessageContent(say(phrases.PRESS_AGAIN))
    await caller.edit_original_response(**content.edit_kwargs())


async def await_with_notice(caller: Interaction, work: Coroutine[Any, Any, T], notice: str) -> T:
    """Return the result of some work. If it takes long, show a notice meanwhile.

    Raises:
        Exception: what the work raised. The notice is removed before.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=SILENT_SECONDS)
        is_shown = not task.done() and await _show_notice(caller, notice)
        try:
            return await task
        except Exception:  # whatever it is, the notice must not stand beside the error
            if is_shown:
                await _remove_notice(caller)
            raise
    finally:
        task.cancel()


async def _show_notice(caller: Interaction, notice: str) -> bool:
    """Show a notice, and return whether Discord took it. It must not delay the answer."""
    if is_late(caller):
        return False
    with suppress(discord.HTTPException, aiohttp.ClientError, TimeoutError):
        async with asyncio.timeout(SILENT_SECONDS):
            await caller.edit_original_response(content=notice)
            return True
    return False


async def _remove_notice(caller: Interaction) -> None:
    """Remove the notice, as an error is shown in a message of its own."""
    with suppress(discord.HTTPException, aiohttp.ClientError):
        if caller.response.type is not InteractionResponseType.deferred_channel_message:
            before = caller.message.content if caller.message else None
            await caller.edit_original_response(content=before or None)
        elif caller.extras.get(PRIVATE):
            await caller.delete_original_response()  # a public one is removed with the answer


async def respond_private(caller: Interaction, content: MessageContent) -> None:
    """Answer the caller alone, whatever was answered before."""
    is_acknowledged = caller.response.is_done()
    if not is_acknowledged and not is_late(caller):
        try:
            with first_answer(caller):
                await caller.response.send_message(**content.send_kwargs(), ephemeral=True)
        except discord.HTTPException as error:
            is_acknowledged = error.code == ALREADY_ACKNOWLEDGED and bool(caller.extras.get(BROKEN_OFF))
            if not is_acknowledged:
                raise
    if is_acknowledged:
        await _clear_public_thinking(caller)
        await caller.followup.send(**content.send_kwargs(), ephemeral=True)
    elif is_late(caller):
        await _send_late(caller, content)


async def _clear_public_thinking(caller: Interaction) -> None:
    """Remove a public "thinking": an answer in its place would be public, too."""
    # The type is unknown if Discord took the first answer, but the connection broke.
    is_thinking = caller.response.type in (None, InteractionResponseType.deferred_channel_message)
    if is_thinking and caller.extras.get(PRIVATE) is False:
        await caller.delete_original_response()


async def report(caller: Interaction, error: Exception) -> None:
    """Answer the caller privately what went wrong and what to do. Log an unexpected error."""
    speak_to(caller, private=True)
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    if isinstance(error, discord.HTTPException) and error.code in (UNKNOWN_INTERACTION, ALREADY_ACKNOWLEDGED):
        if error.code == ALREADY_ACKNOWLEDGED and not caller.response.is_done():
            caller.client.other_copy_at = utc_now()
        log.warning(
            "Discord did not take an answer (%d): too late, or another copy of this bot answered", error.code
        )
        return
    try:
        await respond_private(caller, MessageContent(sentence(error)))
    except (discord.HTTPException, aiohttp.ClientError) as failure:
        why = failure.code if isinstance(failure, discord.HTTPException) else type(failure).__name__
        log.warning("an error could not be shown to a user (%s): %s", why, type(error).__name__)


def sentence(error: Exception) -> str:
    """Return the text to show for an error. An unexpected one gets a reference to the log."""
    match error:
        case CodedError():
            return message(error)
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return message(UserError(ErrorCode.COMMAND_CHANGED))
        case discord.HTTPException() | aiohttp.ClientError():
            return phrases.unsaid(logged(error))
        case _:
            return phrases.unexpected(logged(error))


def logged(error: Exception) -> str:
    """Log an unexpected error with its traceback, and return the reference it has in the log."""
    reference = secrets.token_hex(3)
    log.error(
        "unexpected error, reference %s: %s",
        reference,
        describe(error),
        exc_info=error if is_surprise(error) else None,
    )
    return reference


def channels_in(message: discord.Message) -> set[str]:
    """Return the channels to which the buttons and embeds of a message link."""
    rows = (row for row in message.components if isinstance(row, discord.ActionRow))
    links = [each.url or "" for row in rows for each in row.children if isinstance(each, discord.Button)]
    links += [str(embed.to_dict()) for embed in message.embeds]
    return {channel for link in links for channel in LINKED.findall(link)}


class InFlight:
    """The tasks that answer interactions. discord.py neither waits for running commands nor cancels them."""

    def __init__(self) -> None:
        self._callers: dict[asyncio.Task[Any], Interaction] = {}

    def add(self, caller: Interaction) -> None:
        """Register the current task as the one that answers this caller."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - handlers run in tasks
        self._callers[task] = caller
        task.add_done_callback(self._callers.pop)

    def sent(self) -> None:
        """Record that the current task has sent a request to the API, which a stop does not undo."""
        for task, caller in self._callers.items():
            if task is asyncio.current_task():
                caller.extras[REQUESTED] = True

    async def finish(self, patience: timedelta = PATIENCE) -> None:
        """Wait for the running answers. Then cancel the tasks that are left, and tell their callers."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience.total_seconds()):
                while self._callers:  # others may start meanwhile
                    await asyncio.wait(self._callers)
        unfinished = dict(self._callers)
        if not unfinished:
            return
        for task in unfinished:
            task.cancel()
        codes = {True: ErrorCode.RESTARTING_SENT, False: ErrorCode.RESTARTING}
        errors = [(caller, UserError(codes[REQUESTED in caller.extras])) for caller in unfinished.values()]
        reports = [asyncio.create_task(report(caller, error)) for caller, error in errors]
        await asyncio.wait({*unfinished, *reports}, timeout=REPORT_LIMIT.total_seconds())
        for task in reports:
            task.cancel()
        await asyncio.gather(*reports, return_exceptions=True)


class AccountTransformer(app_commands.Transformer):
    """Suggests accounts. A command finds the account itself, once it has acknowledged: it may ask the API."""

    async def transform(self, _interaction: discord.Interaction[Any], value: str, /) -> str:
        """Return what was typed."""
        return value

    async def autocomplete(  # pyright: ignore[reportIncompatibleMethodOverride] - the value is a text
        self, interaction: discord.Interaction[Any], value: str, /
    ) -> list[app_commands.Choice[str]]:
        """Return the accounts that fit, from memory; one choice names an error, as no message can."""
        try:
            return choices(interaction.client.services.pollers.cache.accounts, value)
        except Exception as error:  # noqa: BLE001 - whatever it is, the person gets an answer
            return [app_commands.Choice(name=no_suggestions(logged(error)), value="no suggestion")]


AccountOption: TypeAlias = app_commands.Transform[str, AccountTransformer]
