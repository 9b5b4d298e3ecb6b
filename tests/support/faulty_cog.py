"""An extension with a fault in every place that a person reaches."""

from typing import Final

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.interactions.buttons import Access, ButtonPress, ButtonRouter
from bot.interactions.client import Midwatch
from bot.interactions.responses import Interaction, defer, defer_update, respond, respond_private
from bot.render.message_content import Button, MessageContent, Select

DETAILS: Final = "details that are for the log alone"


def fail(*_about: object) -> None:
    """Raise an unexpected error."""
    raise RuntimeError(DETAILS)


class Faulty(commands.Cog):
    """Fails at once, after "thinking", when pressed and when chosen from."""

    def __init__(self, bot: Midwatch, controls: ButtonRouter) -> None:
        self._bot = bot
        controls.register("faulty.press", Access.ASKER, self.press)
        controls.register("faulty.pick", Access.ASKER, self.press)
        controls.register("faulty.update", Access.ASKER, self.update)

    @app_commands.command()
    async def faulty(self, interaction: Interaction, where: str) -> None:
        """Fail at the place that is named, or offer controls that fail."""
        match where:
            case "at once":
                fail()
            case "after thinking" | "after thinking privately":
                await defer(interaction, private=where.endswith("privately"))
                fail()
            case "as the connection ends":
                await defer(interaction, private=True)
                await self._bot.ws.socket.close()
                await self._bot.set_status("unheard", force=True)
                await respond(interaction, MessageContent("set"))
            case "modal":
                await interaction.response.send_modal(Question(timeout=60, custom_id="faulty:question"))
            case _:
                await respond_private(interaction, offer(interaction.user.id))

    async def press(self, _caller: Interaction, _press: ButtonPress) -> None:
        """Fail at once."""
        fail()

    async def update(self, caller: Interaction, _press: ButtonPress) -> None:
        """Fail after the press was acknowledged."""
        await defer_update(caller)
        fail()


class Question(ui.Modal, title="A question"):
    """A modal that is open while the bot restarts."""

    answer: ui.TextInput["Question"] = ui.TextInput(label="Answer", custom_id="answer", required=False)


def offer(asker: int) -> MessageContent:
    """Offer two buttons and a select."""
    components = (
        Button("faulty.press", "Press", asker=asker),
        Button("faulty.update", "Update", asker=asker),
        Select("faulty.pick", "Pick", asker=asker, options=(discord.SelectOption(label="one"),)),
    )
    return MessageContent("Choose how to fail", components=components)


async def setup(bot: Midwatch) -> None:
    """Add the cog to the bot."""
    await bot.add_cog(Faulty(bot, bot.controls))
