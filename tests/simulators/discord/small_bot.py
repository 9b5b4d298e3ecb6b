"""A small real bot with one command of each kind, and the ways tests start and reach it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from re import Match
from typing import Any, Self

import aiohttp
import discord
from discord import app_commands, ui
from discord.ext import commands

from tests.simulators.discord import SANDBOX_BOT_TOKEN, SimulatedDiscord

Context = discord.Interaction["SmallBot"]


class Counter(ui.DynamicItem[ui.Button[ui.View]], template=r"count:(?P<number>\d+)"):
    """A button whose id holds its state."""

    def __init__(self, number: int) -> None:
        super().__init__(ui.Button(label=str(number), custom_id=f"count:{number}"))
        self.number = number

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: ui.Item[Any], match: Match[str], /
    ) -> Self:
        assert isinstance(item, ui.Button)
        return cls(int(match["number"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        view = ui.View(timeout=None)
        view.add_item(Counter(self.number + 1))
        await interaction.response.edit_message(content=f"counted {self.number + 1}", view=view)


class Colours(ui.View):
    @ui.select(
        custom_id="colour", options=[discord.SelectOption(label="Red"), discord.SelectOption(label="Blue")]
    )
    async def pick(self, interaction: discord.Interaction, select: ui.Select[Self]) -> None:
        await interaction.response.send_message(f"picked {select.values[0]}", ephemeral=True)


class Naming(ui.Modal, title="Name it"):
    label: ui.Label[Self] = ui.Label(text="Name", component=ui.TextInput[Self](custom_id="name"))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert isinstance(self.label.component, ui.TextInput)
        await interaction.response.send_message(f"named {self.label.component.value}")


class Panel(ui.LayoutView):
    box: ui.Container[Self] = ui.Container(
        ui.TextDisplay[Self]("# Accounts"),
        ui.Section[Self]("one", accessory=ui.Button[Self](label="Open", custom_id="open")),
    )


class Samples(commands.Cog):
    """One command of each kind."""

    @app_commands.command(description="Says it back")
    async def echo(self, interaction: Context, word: str = "nothing") -> None:
        await interaction.response.send_message(f"echo {word}")

    @app_commands.command(description="Says it back to the asker alone")
    async def repeat(self, interaction: Context, word: str) -> None:
        await interaction.response.send_message(word, ephemeral=True)

    @app_commands.command(description="Thinks first")
    async def think(self, interaction: Context, aloud: bool = True) -> None:  # noqa: FBT001, FBT002 - an option of a command
        await interaction.response.defer(thinking=True, ephemeral=not aloud)
        await interaction.client.go.wait()
        await interaction.followup.send("thought")
        await interaction.followup.send("and more")

    @app_commands.command(description="Thinks aloud, answers in private")
    async def retreat(self, interaction: Context) -> None:
        await interaction.response.defer(thinking=True)
        await interaction.delete_original_response()
        await interaction.followup.send("only you", ephemeral=True)

    @app_commands.command(description="Answers late")
    async def late(self, interaction: Context) -> None:
        await interaction.client.go.wait()
        with_code: int | None = None
        try:
            await interaction.response.send_message("too late")
        except discord.HTTPException as error:
            with_code = error.code
        interaction.client.codes.append(with_code)

    @app_commands.command(description="Completes")
    async def pick(self, interaction: Context, fruit: str) -> None:
        await interaction.response.send_message(fruit)

    @pick.autocomplete("fruit")
    async def fruits(self, _: Context, current: str) -> list[app_commands.Choice[str]]:
        known = ("apple", "apricot", "pear")
        return [app_commands.Choice(name=one, value=one[:2]) for one in known if one.startswith(current)]

    @app_commands.command(description="Counts")
    async def count(self, interaction: Context) -> None:
        view = ui.View(timeout=None)
        view.add_item(Counter(0))
        await interaction.response.send_message("counted 0", view=view)

    @app_commands.command(description="Offers colours")
    async def colours(self, interaction: Context) -> None:
        await interaction.response.send_message("choose", view=Colours())

    @app_commands.command(description="Asks for a name")
    async def name(self, interaction: Context) -> None:
        await interaction.response.send_modal(Naming())

    @app_commands.command(description="Shows a panel")
    async def panel(self, interaction: Context) -> None:
        await interaction.response.send_message(view=Panel())

    @app_commands.command(description="For managers")
    @app_commands.default_permissions(manage_guild=True)
    async def manage(self, interaction: Context) -> None:
        await interaction.response.send_message("managed")

    @app_commands.command(description="Only in the direct messages")
    @app_commands.allowed_contexts(guilds=False, dms=True, private_channels=False)
    async def direct(self, interaction: Context) -> None:
        await interaction.response.send_message("directly")


class SmallBot(commands.Bot):
    def __init__(self) -> None:
        super().__init__("!", intents=discord.Intents.none(), max_messages=None)
        self.go = asyncio.Event()
        self.codes: list[int | None] = []
        self.seen: list[str] = []

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Counter)
        await self.add_cog(Samples())
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Without the five seconds that discord.py waits before a second IDENTIFY."""

    async def on_connect(self) -> None:
        self.seen.append("identified")

    async def on_resumed(self) -> None:
        self.seen.append("resumed")


@asynccontextmanager
async def running(sim: SimulatedDiscord) -> AsyncGenerator[SmallBot]:
    bot = SmallBot()
    async with bot:
        task = asyncio.create_task(bot.start(SANDBOX_BOT_TOKEN))
        await sim.wait_for(lambda: sim.connected or task.done())
        yield bot
    await task


async def dm(bot: SmallBot, sim: SimulatedDiscord) -> discord.DMChannel:
    return await bot.create_dm(discord.Object(sim.owner.id))


async def ask(sim: SimulatedDiscord, method: str, path: str, body: Any) -> tuple[int, Any, Any]:
    headers = {"Authorization": f"Bot {SANDBOX_BOT_TOKEN}"}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, sim.api + path, json=body, headers=headers) as response,
    ):
        return response.status, response.headers, await response.json() if response.status != 204 else {}


async def post(sim: SimulatedDiscord, path: str, body: Any) -> tuple[int, int | None]:
    status, _, content = await ask(sim, "POST", path, body)
    return status, content.get("code")
