"""`/mjhistory`: how long accounts were out, how often, and who did what about it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.accounts import KnownAccount
from bot.domain.clock import utc_now
from bot.domain.errors import ErrorCode, UserError
from bot.domain.history import LONGEST_DAYS, Episode, figures_of, together
from bot.domain.messages import Route
from bot.interactions.buttons import HANDLE, Access, ButtonPress
from bot.interactions.client import Midwatch
from bot.interactions.responses import (
    AccountOption,
    Interaction,
    await_with_notice,
    defer,
    is_for_one,
    respond,
)
from bot.render.history_chart import timeline, timeline_words
from bot.render.history_csv import history_csv
from bot.render.history_messages import Report, history_content, last, last_events
from bot.render.message_content import MessageContent
from bot.render.text import whole
from bot.runtime.aside import aside
from bot.storage.history_repository import MessagePlace

USUAL_DAYS: Final = 30
PICTURE: Final = "history.png"
DRAWING: Final = "⏳ The figures are there; the picture is being drawn."


class History(commands.Cog):
    """Shows what was recorded of accounts over a period."""

    def __init__(self, bot: Midwatch) -> None:
        self._bot = bot
        self._pollers = bot.services.pollers
        self._store = bot.services.store.history
        self._pictures = bot.services.pictures
        bot.controls.register("history.show", Access.ASKER, self.show, f"(?:{HANDLE})?")
        bot.controls.register("board.history", Access.VIEWERS, self.show_all)
        bot.controls.register(
            "history.csv", Access.ASKER, self.send_csv, rf"(?:{HANDLE}\.)?(?P<days>[0-9]{{1,3}})"
        )

    @app_commands.command()
    @app_commands.describe(
        account="The account: pick one, or leave it out for all of them",
        days="How many days to look back, 1 to 400; 30 if you leave it out",
        private="Show the answer to you alone",
    )
    async def mjhistory(
        self,
        interaction: Interaction,
        account: AccountOption | None = None,
        days: int = USUAL_DAYS,
        private: bool = False,  # noqa: FBT001, FBT002 - Discord's option
    ) -> None:
        """Show how long accounts were out, how often, and who did what about it."""
        if not 1 <= days <= LONGEST_DAYS:
            raise UserError(ErrorCode.DAYS_OUT_OF_RANGE, days=whole(days), most=LONGEST_DAYS)
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
        content, size = history_content(report, caller.user.id), len(report.history.episodes)
        chart = await aside(size, timeline, report)
        drawing = self._pictures.draw(chart, name=PICTURE, description=timeline_words(report))
        picture = await await_with_notice(caller, drawing, DRAWING)
        await respond(caller, content.illustrated(picture))

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
        links = await self._links(caller, [e for e in last_events(history) if isinstance(e, Episode)])
        return Report(history, figures, accounts, days, reference, links)

    async def _links(self, caller: Interaction, episodes: list[Episode]) -> Mapping[str, str]:
        """Return the addresses of the messages about incidents that those who see the answer can open."""
        reader = caller.user.id if is_for_one(caller) else None
        places = await self._store.message_places([each.key for each in episodes], reader)
        found = {key: (self._server(place), place) for key, place in places.items()}
        return {
            key: f"https://discord.com/channels/{server}/{place.channel_id}/{place.message_id}"
            for key, (server, place) in found.items()
            if server
        }

    def _server(self, place: MessagePlace) -> str | None:
        """Return the server of a message as in its address; None if it is not known."""
        if place.route is Route.DM:
            return "@me"
        channel = self._bot.get_channel(place.channel_id)
        is_there = isinstance(channel, discord.abc.GuildChannel | discord.Thread)
        return str(channel.guild.id) if is_there else None


async def setup(bot: Midwatch) -> None:
    """Add the cog."""
    await bot.add_cog(History(bot))
