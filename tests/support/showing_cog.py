"""An extension whose answers have a picture and a table, in every way in which an answer is sent."""

from discord import Embed, app_commands
from discord.ext import commands

from bot.interactions.buttons import Access, ButtonPress, ButtonRouter
from bot.interactions.client import Midwatch
from bot.interactions.responses import Interaction, defer, defer_update, respond, respond_private, update
from bot.render.attachments import address
from bot.render.message_content import Button, MessageContent
from tests.support.pictures import TABLE, picture

FIRST, SECOND = picture("first.png"), picture("second.png", shade=0xAA)


class Showing(commands.Cog):
    """Shows a picture at once, after "thinking", or beside an answer; buttons replace it."""

    def __init__(self, controls: ButtonRouter) -> None:
        controls.register("show.now", Access.ASKER, self.replace_now)
        controls.register("show.soon", Access.ASKER, self.replace_soon)
        controls.register("show.none", Access.ASKER, self.remove)

    @app_commands.command()
    async def show(self, interaction: Interaction, how: str) -> None:
        """Show a picture in the way that is named."""
        content = shown(interaction.user.id)
        match how:
            case "at once":
                await respond_private(interaction, content)
            case "thinking":
                await defer(interaction, private=False)
                await respond(interaction, content)
            case "beside":
                await defer(interaction, private=True)
                await respond_private(interaction, content)
            case _:
                await defer(interaction, private=False)
                layout = ("# A layout", FIRST, TABLE, _buttons(interaction.user.id))
                await respond(interaction, MessageContent(layout=layout))

    async def replace_now(self, caller: Interaction, _press: ButtonPress) -> None:
        """Replace the picture as the first answer."""
        await update(caller, MessageContent("replaced", pictures=(SECOND,)))

    async def replace_soon(self, caller: Interaction, _press: ButtonPress) -> None:
        """Replace the picture after the press was acknowledged."""
        await defer_update(caller)
        embed = Embed(title="week").set_image(url=address(SECOND))
        await respond(caller, MessageContent("replaced", (embed,), pictures=(SECOND,)))

    async def remove(self, caller: Interaction, _press: ButtonPress) -> None:
        """Leave words alone."""
        await update(caller, MessageContent("removed"))


def shown(asker: int) -> MessageContent:
    """Return words, a picture in an embed, and a table."""
    embed = Embed(title="week").set_image(url=address(FIRST))
    return MessageContent("shown", (embed,), _buttons(asker), pictures=(FIRST,), files=(TABLE,))


def _buttons(asker: int) -> tuple[Button, ...]:
    return tuple(Button(f"show.{verb}", verb.capitalize(), asker=asker) for verb in ("now", "soon", "none"))


async def setup(bot: Midwatch) -> None:
    """Add the cog to the bot."""
    await bot.add_cog(Showing(bot.controls))
