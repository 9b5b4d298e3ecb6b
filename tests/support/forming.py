"""Common steps of the tests of the form for an account's token: open it, fill it in, send it."""

from tests.simulators.discord import Interaction, Json
from tests.support.reading import button
from tests.support.running import Visitor

DEFAULT = "3"


async def opened(visitor: Visitor) -> Interaction:
    """Use /mjadd and wait for its form."""
    return await (await visitor.use("mjadd")).acknowledged()


async def sent(visitor: Visitor, form: Interaction, token: str, jobs: str = DEFAULT) -> Interaction:
    """Send a form without waiting for the answer."""
    return await visitor.world.submit(visitor.person, form, {"token": token, "jobs": jobs})


async def added(visitor: Visitor, token: str, jobs: str = DEFAULT) -> Json:
    """Send a token by /mjadd and return the answer."""
    return await (await sent(visitor, await opened(visitor), token, jobs)).answer()


async def form_of(visitor: Visitor, message: Json, label: str) -> Interaction:
    """Press a button that opens a form."""
    pressed = await visitor.world.click(visitor.person, message["id"], button(message, label)["custom_id"])
    return await pressed.acknowledged()
