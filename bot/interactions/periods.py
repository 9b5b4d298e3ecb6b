"""What the commands about a period of time share: their options, and answers with a picture."""

from typing import Final

from bot.domain.charts import Chart
from bot.domain.errors import ErrorCode, UserError
from bot.domain.history import LONGEST_DAYS
from bot.interactions.responses import Interaction, await_with_notice, respond
from bot.render.message_content import MessageContent
from bot.render.text import whole
from bot.runtime.language import Sentence, say

USUAL_DAYS: Final = 30
OPTIONS: Final[dict[str, Sentence]] = {
    "account": "The account: pick one, or leave it out for all of them",
    "days": "How many days to look back, 1 to 400; 30 if you leave it out",
    "private": "Show the answer to you alone",
}
DRAWING: Final[Sentence] = "⏳ The figures are there; the picture is being drawn."


def check_days(days: int) -> None:
    """Raise a UserError if the database does not keep so many days."""
    if not 1 <= days <= LONGEST_DAYS:
        raise UserError(ErrorCode.DAYS_OUT_OF_RANGE, days=whole(days), most=LONGEST_DAYS)


async def illustrate(
    caller: Interaction, content: MessageContent, chart: Chart, *, name: str, description: str
) -> None:
    """Answer with a picture of a chart, or say that it could not be drawn."""
    drawing = caller.client.services.pictures.draw(chart, name=name, description=description)
    picture = await await_with_notice(caller, drawing, say(DRAWING))
    await respond(caller, content.illustrated(picture))
