"""`/mjaccounts` and `/mjname`, and the card of an account."""

import re
import unicodedata
from functools import partial
from typing import Final

from discord import app_commands
from discord.ext import commands

from bot.domain.clock import utc_now
from bot.domain.errors import ErrorCode, UserError
from bot.interactions.buttons import PAGE, Access, ButtonPress
from bot.interactions.client import Midwatch
from bot.interactions.responses import (
    AccountOption,
    Interaction,
    defer,
    defer_update,
    respond,
    respond_private,
    speak_to,
    update,
)
from bot.polling.account_cache import comparable
from bot.providers.errors import ProviderError
from bot.render.account_admin_replies import renamed
from bot.render.account_cards import account_card
from bot.render.account_history import ACTIONS_SHOWN
from bot.render.account_list import empty_list, list_content, unread
from bot.render.message_content import MessageContent
from bot.render.text import bare, escape
from bot.runtime.aside import aside

NAME_LIMIT: Final = 48
TAIL: Final = re.compile(r"(?:\N{MIDLINE HORIZONTAL ELLIPSIS}|\.{2,3})\s*[0-9]{4}")
"""The label of an account without a name, once NFKC has replaced look-alikes of its characters."""


class Accounts(commands.Cog):
    """Lists the accounts, shows their cards and names them."""

    def __init__(self, bot: Midwatch) -> None:
        self._bot = bot
        self._pollers = bot.services.pollers
        self._store = bot.services.store
        bot.controls.register("list.page", Access.ASKER, self.turn_page, PAGE)
        bot.controls.register("list.refresh", Access.ASKER, self.refresh, PAGE)
        bot.controls.register("board.accounts", Access.VIEWERS, self.show)
        bot.controls.register("list.open", Access.ASKER, self.open_card)

    @app_commands.command()
    @app_commands.describe(private="Show the answer to you alone")
    async def mjaccounts(self, interaction: Interaction, private: bool = False) -> None:  # noqa: FBT001, FBT002 - an option of the command
        """List the configured Midjourney accounts and how they are."""
        await self._answer(interaction, private=private)

    async def show(self, caller: Interaction, _press: ButtonPress) -> None:
        """Show the list to the person who pressed the button of the board."""
        await self._answer(caller, private=True)

    async def _answer(self, interaction: Interaction, *, private: bool) -> None:
        await defer(interaction, private=private)
        try:
            await self._pollers.poll()
        except ProviderError:
            if not self._pollers.cache.accounts:
                raise
            speak_to(interaction, private=True)
            await respond_private(interaction, await self._list(interaction.user.id, 0))
        else:
            await respond(interaction, await self._list(interaction.user.id, 0))

    @app_commands.command()
    @app_commands.describe(
        account="The account: pick one, or type its name or channel id",
        name="What to call it; leave it out to go back to its Discord name",
    )
    async def mjname(
        self,
        interaction: Interaction,
        account: AccountOption,
        name: app_commands.Range[str, 1, NAME_LIMIT] | None = None,
    ) -> None:
        """Give a Midjourney account a name of your own."""
        await self._bot.defer_for_owner(interaction)
        known = await self._pollers.find(account)
        name = checked_name(name)
        if name is not None and (other := self._pollers.cache.other_called(name, besides=known.reference)):
            raise UserError(ErrorCode.NAME_TAKEN, holder=escape(other.label))
        await self._store.rename(known.reference, name, actor_id=interaction.user.id, at=utc_now())
        called = self._pollers.cache.rename(known, name)
        await respond(interaction, MessageContent(renamed(known, called)))

    async def turn_page(self, caller: Interaction, press: ButtonPress) -> None:
        """Show another page of the list as it was last read."""
        await update(caller, await self._list(press.asker, int(press.parts["page"])))

    async def refresh(self, caller: Interaction, press: ButtonPress) -> None:
        """Read the list again, and show the same page."""
        await defer_update(caller)
        await self._pollers.poll_for_refresh()
        await respond(caller, await self._list(press.asker, int(press.parts["page"])))

    async def open_card(self, caller: Interaction, press: ButtonPress) -> None:
        """Show the card of the account that was picked."""
        await defer(caller, private=True)
        known = self._pollers.cache.find(press.chosen)
        actions = await self._store.actions(known.reference, ACTIONS_SHOWN)
        owner = self._bot.owners.may_act(caller.user.id)
        unseen = self._bot.services.remedies.is_unseen(known.reference)
        await respond(caller, account_card(known, actions, caller.user.id, owner=owner, unseen=unseen))

    async def _list(self, asker: int, page: int) -> MessageContent:
        cache = self._pollers.cache
        if not cache.accounts:
            return empty_list(asker, self._pollers.names)
        failures, names = self._pollers.failures, self._pollers.names
        read_at = {name: each or utc_now() for name, each in cache.observed_at.items()}
        stale = {name: read_at[name] for name in failures} if len(names) > 1 else {}
        at = min((each for name, each in read_at.items() if name not in stale), default=None)
        refusal = unread(failures, names) if failures else None
        content = partial(list_content, cache.accounts, page, asker, at=at, refusal=refusal, stale=stale)
        return await aside(len(cache.accounts), content)


def checked_name(name: str | None) -> str | None:
    """Return a name as it is stored.

    Raises:
        UserError: the name looks like a channel id or the end of one, or shows nothing.
    """
    if name is None:
        return None
    shown = bare(name, NAME_LIMIT)
    if not comparable(name):
        raise UserError(ErrorCode.NAME_EMPTY)
    if shown.isdigit():
        raise UserError(ErrorCode.NAME_OF_DIGITS)
    if TAIL.fullmatch(unicodedata.normalize("NFKC", shown)):
        raise UserError(ErrorCode.NAME_LIKE_ID)
    return shown


async def setup(bot: Midwatch) -> None:
    """Add the cog."""
    await bot.add_cog(Accounts(bot))
