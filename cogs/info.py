"""`/mjinfo`, and the buttons that ask Midjourney for an account's information."""

from discord import app_commands
from discord.ext import commands

from bot.domain.account_info import InfoOutcome
from bot.domain.accounts import KnownAccount
from bot.domain.capabilities import capabilities_of
from bot.domain.clock import utc_now
from bot.domain.errors import ErrorCode, UserError
from bot.interactions.buttons import HANDLE, Access, ButtonPress
from bot.interactions.client import Midwatch
from bot.interactions.responses import (
    AccountOption,
    Interaction,
    await_with_notice,
    defer,
    defer_update,
    respond,
    respond_private,
    speak_to,
)
from bot.render.account_cards import info_content
from bot.render.account_choices import account_question
from bot.render.incident_card import info_refused
from bot.render.phrases import waiting
from bot.render.provider_words import services


class Info(commands.Cog):
    """Asks Midjourney for an account's information, and shows the answer."""

    def __init__(self, bot: Midwatch) -> None:
        self._bot = bot
        self._pollers = bot.services.pollers
        self._account_info = bot.services.account_info
        bot.controls.register("info.ask", Access.ASKER, self.ask, HANDLE)
        bot.controls.register("info.again", Access.ASKER, self.ask_again, HANDLE)
        bot.controls.register("info.anyway", Access.OWNERS, self.ask_anyway, HANDLE)
        bot.controls.register("info.choose", Access.ASKER, self.choose, "(?P<private>private)?")

    @app_commands.command()
    @app_commands.describe(
        account="The account: pick one, or type its name or channel id",
        private="Show the answer to you alone",
    )
    async def mjinfo(
        self,
        interaction: Interaction,
        account: AccountOption | None = None,
        private: bool = False,  # noqa: FBT001, FBT002 - Discord's option
    ) -> None:
        """Ask Midjourney for an account's plan, fast time and usage."""
        if account is None and len(self._askable()) > 1:
            await self._ask_which(interaction, private=private)
            return
        await defer(interaction, private=private)
        known = await (self._only() if account is None else self._pollers.find(account))
        if known is None:
            await self._ask_which(interaction, private=private)
        else:
            await self._answer(interaction, known, interaction.user.id)

    async def ask(self, caller: Interaction, press: ButtonPress) -> None:
        """Ask about the account of a card. Those who see the card see the answer."""
        await defer(caller, private=caller.message is not None and caller.message.flags.ephemeral)
        await self._answer(caller, self._pollers.cache.find(press.parts["handle"]), caller.user.id)

    async def ask_again(self, caller: Interaction, press: ButtonPress) -> None:
        """Ask again, and replace the answer that is shown."""
        await defer_update(caller)
        await self._answer(caller, self._pollers.cache.find(press.parts["handle"]), press.asker)

    async def ask_anyway(self, caller: Interaction, press: ButtonPress) -> None:
        """Ask about a flagged account, as an owner wants it."""
        await self._bot.defer_for_owner(caller, is_update=True)
        known = self._pollers.cache.find(press.parts["handle"])
        await self._answer(caller, known, press.asker, even_if_flagged=True)

    async def choose(self, caller: Interaction, press: ButtonPress) -> None:
        """Ask about the account that was picked, as the command named none."""
        await defer(caller, private=bool(press.parts["private"]))
        await self._answer(caller, self._pollers.cache.find(press.chosen), caller.user.id)

    async def _answer(
        self, caller: Interaction, known: KnownAccount, asker: int, *, even_if_flagged: bool = False
    ) -> None:
        asking = self._account_info.ask(known, even_if_flagged=even_if_flagged)
        longest = self._pollers.of(known.reference).provider.longest_info
        result = await await_with_notice(caller, asking, waiting(utc_now(), longest))
        if result.outcome is InfoOutcome.FLAGGED:
            content = info_refused(result.account, asker, utc_now())
        else:
            assert result.snapshot is not None  # noqa: S101 - all other outcomes have one
            content = info_content(
                result.account, result.snapshot, asker, result.wait, outcome=result.outcome
            )
        await respond(caller, content)
        self._pollers.start_polls()  # so that the next suggestions are up to date

    async def _ask_which(self, caller: Interaction, *, private: bool) -> None:
        speak_to(caller, private=True)
        await respond_private(caller, account_question(self._askable(), caller.user.id, private=private))

    def _askable(self) -> list[KnownAccount]:
        return [known for known in self._pollers.cache.accounts if can_be_asked(known)]

    async def _only(self) -> KnownAccount | None:
        """Return the only account that can be asked; None if there are several. Read an empty list again."""
        if not self._askable():
            await self._pollers.poll()
        match self._askable():
            case []:
                raise UserError(ErrorCode.NO_ACCOUNT_TO_ASK, services=services(self._pollers.names))
            case [only]:
                return only
            case _:
                return None


def can_be_asked(known: KnownAccount) -> bool:
    """Return whether Midjourney can be asked about an account."""
    return known.account.is_addressable and capabilities_of(known.reference).answers_info


async def setup(bot: Midwatch) -> None:
    """Add the cog."""
    await bot.add_cog(Info(bot))
