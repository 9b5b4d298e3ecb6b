"""`/mjhistory`: how long accounts were out, how often, and who did what about it."""

from datetime import timedelta

from discord import app_commands
from discord.ext import commands

from bot.domain.accounts import KnownAccount
from bot.domain.clock import utc_now
from bot.domain.errors import ErrorCode, UserError
from bot.domain.history import Episode, figures_of, together
from bot.interactions.buttons import HANDLE, Access, ButtonPress
from bot.interactions.client import Midwatch
from bot.interactions.periods import OPTIONS, USUAL_DAYS, check_days, illustrate
from bot.interactions.responses import AccountOption, Interaction, defer, is_for_one, respond
from bot.render.history_chart import timeline, timeline_words
from bot.render.history_csv import history_csv
from bot.render.history_messages import Report, history_content, last, last_events
from bot.render.message_content import MessageContent
from bot.runtime.aside import aside


class History(commands.Cog):
    """Shows what was recorded of accounts over a period."""

    def __init__(self, bot: Midwatch) -> None:
        self._bot = bot
        self._pollers = bot.services.pollers
        self._store = bot.services.store.history
        bot.controls.register("history.show", Access.ASKER, self.show, f"(?:{HANDLE})?")
        bot.controls.register("board.history", Access.VIEWERS, self.show_all)
        bot.controls.register(
            "history.csv", Access.ASKER, self.send_csv, rf"(?:{HANDLE}\.)?(?P<days>[0-9]{{1,3}})"
        )

    @app_commands.command()
    @app_commands.describe(**OPTIONS)
    async def mjhistory(
        self,
        interaction: Interaction,
        account: AccountOption | None = None,
        days: int = USUAL_DAYS,
        private: bool = False,  # noqa: FBT001, FBT002 - Discord's option
    ) -> None:
        """Show how long accounts were out, how often, and who did what about it."""
        check_days(days)
        await defer(interaction, private=private)
        await self._answer(interaction, None if account is None else await self._pollers.find(account), days)

    async def show(self, caller: Interaction, press: ButtonPress) -> None:
        """Show the history of the account of a card, or of all accounts."""
        await self._answer(caller, await self._picked(caller, press), USUAL_DAYS)

    async def show_all(self, caller: Interaction, _press: ButtonPress) -> None:
        """Show the history of all accounts to the person who pressed the button of the board."""
        await defer(caller, private=True)
        await self._answer(caller, None, USUAL_DAYS)

    async def send_csv(self, caller: Interaction, press: ButtonPress) -> None:
        """Send the same as a table, to those who see the answer."""
        known = await self._picked(caller, press)
        report = await self._report(caller, known, int(press.parts["days"]))
        table = await aside(len(report.history.episodes), history_csv, report)
        await respond(caller, MessageContent(f"**{report.title}**\n{table.description}", files=(table,)))

    async def _picked(self, caller: Interaction, press: ButtonPress) -> KnownAccount | None:
        """Acknowledge a press, and return the account that it is about; None for all."""
        await defer(caller, private=caller.message is not None and caller.message.flags.ephemeral)
        handle = press.parts["handle"]
        return self._pollers.cache.find(handle) if handle else None

    async def _answer(self, caller: Interaction, known: KnownAccount | None, days: int) -> None:
        report = await self._report(caller, known, days)
        content, words = history_content(report, caller.user.id), timeline_words(report)
        chart = await aside(len(report.history.episodes), timeline, report)
        await illustrate(caller, content, chart, name="history.png", description=words)

    async def _report(self, caller: Interaction, known: KnownAccount | None, days: int) -> Report:
        """Return what was recorded.

        Raises:
            UserError: no account was seen in that time.
        """
        until = utc_now()
        reference = None if known is None else known.reference
        history = await self._store.history(
            until - timedelta(days=days), until, self._pollers.names, reference
        )
        figures = await aside(len(history.episodes), figures_of, history)
        if not together(figures.values()).watched:
            raise UserError(ErrorCode.NO_HISTORY, days=last(days))
        accounts = self._pollers.cache.with_unlisted
        reader = caller.user.id if is_for_one(caller) else None
        shown = [each.key for each in last_events(history) if isinstance(each, Episode)]
        places = await self._store.message_places(shown, reader)
        links = {key: link for key, place in places.items() if (link := self._bot.address(*place))}
        return Report(history, figures, accounts, days, reference, links)


async def setup(bot: Midwatch) -> None:
    """Add the cog."""
    await bot.add_cog(History(bot))
