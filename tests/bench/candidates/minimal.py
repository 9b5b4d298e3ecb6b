"""The floor: a discord.py bot that answers the same two commands, remembers nothing and decides nothing."""

import json
import os
from typing import Any

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from tests.bench.candidates.sandboxed import end_with_parent, point_discord

MESSAGE_LIMIT = 2000


class Useapi:
    """The API, with nothing between it and the caller."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._url = os.environ["USEAPI_URL"]
        self._headers = {"Authorization": f"Bearer {os.environ['USEAPI_TOKEN']}"}

    async def accounts(self) -> dict[str, Any]:
        """Return the list of the accounts."""
        url = f"{self._url}/account/midjourney"
        async with self._session.get(url, headers=self._headers) as response:
            return json.loads(await response.read())

    async def info(self, channel: str) -> dict[str, Any]:
        """Ask Midjourney about an account."""
        url, body = f"{self._url}/jobs/info", {"channel": channel}
        async with self._session.post(url, json=body, headers=self._headers) as response:
            return json.loads(await response.read())


class TwoCommands(commands.Cog):
    """The same two commands."""

    def __init__(self, useapi: Useapi) -> None:
        self._useapi = useapi

    @app_commands.command()
    async def mjaccounts(self, interaction: discord.Interaction) -> None:
        """List the accounts."""
        await interaction.response.defer(thinking=True)
        accounts = await self._useapi.accounts()
        lines = (
            f"<#{channel}> {entry.get('pendingModMessage', 'fine')}" for channel, entry in accounts.items()
        )
        await interaction.edit_original_response(content="\n".join(lines)[:MESSAGE_LIMIT])

    @app_commands.command()
    async def mjinfo(self, interaction: discord.Interaction, account: str) -> None:
        """Ask Midjourney about an account."""
        await interaction.response.defer(thinking=True)
        answer = await self._useapi.info(account)
        await interaction.edit_original_response(content=answer.get("content", str(answer))[:MESSAGE_LIMIT])


class MinimalBot(commands.Bot):
    """Logs in, registers its commands, answers them."""

    def __init__(self) -> None:
        super().__init__("!", intents=discord.Intents.none(), max_messages=None)

    async def setup_hook(self) -> None:
        """Begin to be of use."""
        self.session = aiohttp.ClientSession()
        self.useapi = Useapi(self.session)
        await self.add_cog(TwoCommands(self.useapi))
        guild = discord.Object(int(os.environ["GUILD_IDS"]))
        self.tree.copy_global_to(guild=guild)
        await self.tree.sync(guild=guild)

    async def close(self) -> None:
        """End the connections."""
        await super().close()
        await self.session.close()


def run(bot: commands.Bot) -> None:
    """Run a bot as discord.py's own `run` does, without a log."""
    bot.run(os.environ["DISCORD_TOKEN"], log_handler=None)


if __name__ == "__main__":
    end_with_parent()
    point_discord()
    run(MinimalBot())
