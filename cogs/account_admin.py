"""`/mjadd` and `/mjremove`, and the buttons of an account's card that do the same."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

from discord import app_commands
from discord.app_commands import Command
from discord.ext import commands

from bot.actions.account_info import refusal
from bot.actions.account_token import DEFAULT_JOBS, MOST_JOBS, account_token, jobs_number
from bot.domain.accounts import KnownAccount
from bot.domain.actions import ChangeOutcome, SaveResult
from bot.domain.capabilities import CAPABILITIES, LISTED_ONLY
from bot.domain.errors import ErrorCode, UserError
from bot.domain.secret import SecretStr
from bot.interactions.account_form import JOBS, TOKEN, account_form, take_values
from bot.interactions.buttons import HANDLE, Access, ButtonPress
from bot.interactions.client import Midwatch
from bot.interactions.responses import (
    AccountOption,
    Interaction,
    defer,
    respond,
    respond_private,
    sentence,
    update,
)
from bot.providers.errors import Gone, ProviderError, Unauthorized, Unpaid
from bot.render.account_admin_replies import (
    KEPT,
    added_elsewhere,
    another_account,
    form_title,
    removal_question,
    removed_words,
    saved_words,
)
from bot.render.account_cards import account_card
from bot.render.account_history import ACTIONS_SHOWN
from bot.render.alert_items import known_account
from bot.render.message_content import Button, MessageContent
from bot.render.provider_words import services
from bot.render.text import escape
from bot.runtime.language import Sentence, say
from bot.storage import StoreError

FORM: Final = rf"{HANDLE}?(?:\.(?P<jobs>[0-9]{{1,2}}))?"
"""The account for which the form opens, and the number of jobs that was entered before."""

ADD_HERE: Final[Sentence] = "Add an account at {services}, or see where that is done."
ADD_THERE: Final[Sentence] = "See where accounts are added to {services}."
NO_INPUT_HELPS: Final = (Unauthorized, Unpaid, Gone)
"""Errors that no other input avoids."""


class AccountAdmin(commands.Cog):
    """Adds, updates and removes accounts for owners."""

    def __init__(self, bot: Midwatch) -> None:
        self._bot = bot
        self._admin = bot.services.account_admin
        self._pollers = bot.services.pollers
        self._store = bot.services.store
        names = self._pollers.names
        self._adds_here = any(CAPABILITIES.get(name, LISTED_ONLY).adds_accounts for name in names)
        if self._pollers.web_pages:
            name_providers(self.mjadd, ADD_HERE if self._adds_here else ADD_THERE, names)
            name_providers(self.mjremove, "Remove an account from {services}, after a confirmation.", names)
        bot.controls.register("account.edit", Access.OWNERS, self.edit, FORM)
        bot.controls.register("account.save", Access.OWNERS, self.save, f"{HANDLE}?")
        bot.controls.register("account.remove", Access.OWNERS, self.ask_removal, HANDLE)
        bot.controls.register("account.drop", Access.OWNERS, self.remove, HANDLE)
        bot.controls.register("account.keep", Access.OWNERS, self.keep)

    @app_commands.command()
    async def mjadd(self, interaction: Interaction) -> None:
        """Configure a Midjourney account at useapi.net by its Discord token, or update it."""
        if not self._bot.owners.may_act(interaction.user.id):
            raise UserError(ErrorCode.NOT_AN_OWNER)
        if pages := self._pollers.web_pages:
            content = added_elsewhere(pages, interaction.user.id, adds_here=self._adds_here)
            await respond_private(interaction, content)
        else:
            await self._open_form(interaction, None)

    @app_commands.command()
    @app_commands.describe(account="The account: pick one, or type its name or channel id")
    async def mjremove(self, interaction: Interaction, account: AccountOption) -> None:
        """Remove a Midjourney account from useapi.net, after a confirmation."""
        await self._bot.defer_for_owner(interaction)
        await self._ask_removal(interaction, await self._pollers.find(account))

    async def edit(self, caller: Interaction, press: ButtonPress) -> None:
        """Open the form, for the account of a card or for any."""
        known = self._pollers.cache.get(self._pollers.cache.reference(press.parts["handle"]))
        await self._open_form(caller, known, press.parts["jobs"])

    async def _open_form(self, caller: Interaction, known: KnownAccount | None, typed: str = "") -> None:
        # The API may list any number. Discord refuses a form with a value that is too long for its field.
        listed = min((known.account.max_jobs if known else None) or DEFAULT_JOBS, MOST_JOBS)
        jobs = entered_jobs(typed) or listed
        handle = known.account.handle if known else ""
        # Discord takes a form only as the first answer.
        title = form_title(known, is_mixed=bool(self._pollers.web_pages))
        await caller.response.send_modal(account_form(title, caller.user.id, handle, jobs))

    async def save(self, caller: Interaction, press: ButtonPress) -> None:
        """Save the account of the form, and show the result. After an error, offer the form again."""
        fields = take_values(caller)
        await self._bot.defer_for_owner(caller)
        typed = fields.get(JOBS, SecretStr("")).get_secret_value()
        try:
            entered = fields.get(TOKEN, SecretStr(""))
            token = account_token(entered, self._bot.own_tokens, self._bot.application_id)
            jobs = jobs_number(typed)
            saved = await self._admin.save(token, jobs, caller.user.id, self._bot.in_flight.sent)
        except (UserError, ProviderError, StoreError) as error:
            helps = not isinstance(error, NO_INPUT_HELPS)
            buttons = (again(caller.user.id, press.parts["handle"], typed),) if helps else ()
            await respond(caller, MessageContent(sentence(error), components=buttons))
            return
        await self._show_saved(caller, saved, press.parts["handle"])

    async def _show_saved(self, caller: Interaction, saved: SaveResult, expected: str) -> None:
        """Show the saved account, with a note if the form was opened for another one, of that handle."""
        known = self._pollers.cache.get(saved.account.reference) if saved.account else None
        if known is None:
            not_done = saved.outcome is ChangeOutcome.NOT_DONE
            buttons = (again(caller.user.id, expected, str(saved.jobs)),) if not_done else ()
            await respond(caller, MessageContent(saved_words(saved), components=buttons))
            return
        words = saved_words(saved, f"**{escape(known.label)}**")
        if expected and expected != known.account.handle:
            other = known_account(self._pollers.cache.reference(expected), self._pollers.cache.by_reference)
            words += f"\n{another_account(other)}"
        actions = ()
        with suppress(StoreError):  # the account is saved all the same
            actions = await self._store.actions(known.reference, ACTIONS_SHOWN)
        unseen = self._bot.services.remedies.is_unseen(known.reference)
        await respond(
            caller, account_card(known, actions, caller.user.id, owner=True, unseen=unseen, content=words)
        )

    async def ask_removal(self, caller: Interaction, press: ButtonPress) -> None:
        """Ask for a confirmation of a removal, from an account's card."""
        await defer(caller, private=True)
        await self._ask_removal(caller, await self._pollers.find(press.parts["handle"]))

    async def _ask_removal(self, caller: Interaction, known: KnownAccount) -> None:
        if not known.account.is_addressable:
            raise refusal(known, ErrorCode.ODD_CHANNEL)
        await respond(caller, removal_question(known))

    async def keep(self, caller: Interaction, _press: ButtonPress) -> None:
        """Answer that nothing was removed."""
        await update(caller, MessageContent(say(KEPT)))

    async def remove(self, caller: Interaction, press: ButtonPress) -> None:
        """Remove the account that was confirmed, and show the result."""
        await self._bot.defer_for_owner(caller, is_update=True)
        reference = self._pollers.cache.reference(press.parts["handle"])
        known = known_account(reference, self._pollers.cache.by_reference)
        try:
            removed = await self._admin.remove(reference, caller.user.id, self._bot.in_flight.sent)
        except (ProviderError, StoreError) as error:
            await respond(caller, MessageContent(sentence(error)))
            return
        await respond(caller, MessageContent(removed_words(removed, known)))


def again(asker: int, handle: str, typed: str) -> Button:
    """Return the button that opens the form again, with the number of jobs if one was entered."""
    jobs = entered_jobs(typed)
    argument = handle if jobs is None else f"{handle}.{jobs}"
    return Button("account.edit", say("Enter it again"), argument, asker=asker)


class Description(app_commands.locale_str):
    """The description of a command that names the providers, in the language of the task that reads it."""

    @property
    def message(self) -> str:
        """Return it with the names of the providers."""
        return say(str(self), services=services(self.extras["providers"]))


def name_providers(command: Command[Any, ..., Any], sentence: Sentence, providers: Iterable[str]) -> None:
    """Describe a command by a sentence about providers."""
    described = Description(sentence, providers=providers)
    command.description = described.message
    command._locale_description = described  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - else it stays that of the docstring


def entered_jobs(typed: str) -> int | None:
    """Return the number of jobs that was entered; None if it was none."""
    try:
        return jobs_number(typed) if typed else None
    except UserError:
        return None


async def setup(bot: Midwatch) -> None:
    """Add the cog."""
    await bot.add_cog(AccountAdmin(bot))
