"""The board of STATUS_CHANNEL_ID, and its button Refresh."""

import asyncio
from contextlib import AsyncExitStack, suppress

from discord.ext import commands

from bot.interactions.board import Board
from bot.interactions.buttons import Access, ButtonPress
from bot.interactions.client import Midwatch
from bot.interactions.responses import Interaction, defer_update
from bot.providers.errors import ProviderError
from bot.runtime.supervisor import beside, supervise


class BoardCog(commands.Cog, name="Board"):
    """Keeps the board up to date while the bot runs."""

    def __init__(self, bot: Midwatch, channel_id: int) -> None:
        self._pollers = bot.services.pollers
        self._board = Board(bot, channel_id)
        self._wake = bot.services.incident_service.watch_state.changed.alarm(
            self._pollers.cache.changed.alarm()
        )
        self._running = AsyncExitStack()
        bot.controls.register("board.refresh", Access.VIEWERS, self.refresh)

    async def cog_load(self) -> None:
        """Start keeping the board."""
        keeping = supervise(self._board.keep, name="the board", stop=asyncio.Event(), wake=self._wake)
        await self._running.enter_async_context(beside(keeping))

    async def cog_unload(self) -> None:
        """Stop keeping the board."""
        await self._running.aclose()

    async def refresh(self, caller: Interaction, _press: ButtonPress) -> None:
        """Read the lists again, and show the present state."""
        await defer_update(caller)
        with suppress(ProviderError):  # the board shows it
            await self._pollers.poll_for_refresh()
        self._board.refresh()
        self._wake.set()


async def setup(bot: Midwatch) -> None:
    """Add the cog, if there is a channel for the board."""
    if bot.status_channel_id is not None:
        await bot.add_cog(BoardCog(bot, bot.status_channel_id))
