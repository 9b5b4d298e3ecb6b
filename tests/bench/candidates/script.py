"""The script people write today: a `tasks.loop` asking Midjourney about each account, and a DM on a 596."""

import logging
import os

import aiohttp
import discord
from discord.ext import tasks

from tests.bench.candidates.minimal import MESSAGE_LIMIT, MinimalBot, run
from tests.bench.candidates.sandboxed import end_with_parent, point_discord

log = logging.getLogger("script")
FLAGGED = 596


class Script(MinimalBot):
    """Answers the two commands as well. What it has sent is known in memory alone."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: set[str] = set()

    async def setup_hook(self) -> None:
        """Begin to be of use, and to watch."""
        await super().setup_hook()
        self.watch.start()

    @tasks.loop(seconds=float(os.environ.get("BENCH_SCRIPT_INTERVAL", "60")))
    async def watch(self) -> None:
        """Ask about each account, one after the other; what fails is tried again next time."""
        try:
            for channel in await self.useapi.accounts():
                await self._poll_at(channel)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            log.exception("the list could not be read")

    async def _poll_at(self, channel: str) -> None:
        try:
            answer = await self.useapi.info(channel)
            if answer.get("code") != FLAGGED:
                self.sent.discard(channel)
            elif channel not in self.sent:
                owner = await self.fetch_user(int(os.environ["OWNER_IDS"]))
                text = f"<#{channel}>: {answer.get('errorDetails') or answer.get('error')}"
                await owner.send(text[:MESSAGE_LIMIT])
                self.sent.add(channel)
        except (aiohttp.ClientError, discord.HTTPException, TimeoutError, ValueError):
            log.exception("an account could not be checked")


if __name__ == "__main__":
    end_with_parent()
    point_discord()
    run(Script())
