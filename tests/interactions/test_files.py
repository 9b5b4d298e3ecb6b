"""Pictures and tables in answers: shown however an answer is sent, and replaced by the next one."""

import pytest

from tests.simulators.discord import FaultKind, Json
from tests.support.pictures import TABLE
from tests.support.running import Bot, Visitor
from tests.support.showing_cog import FIRST, SECOND


@pytest.fixture
async def showing(bot: Bot) -> Bot:
    bot.extensions = (*bot.extensions, "tests.support.showing_cog")
    await bot.start()
    return bot


def files(bot: Bot, message: Json) -> list[tuple[str, str | None, bytes | None]]:
    return [
        (each["filename"], each["description"], bot.world.file(each["url"]))
        for each in message["attachments"]
    ]


BOTH = [(FIRST.name, FIRST.description, FIRST.png), (TABLE.name, TABLE.description, TABLE.content)]


@pytest.mark.parametrize("how", ["at once", "thinking", "beside", "layout"])
async def test_a_picture_and_a_table_are_shown(showing: Bot, ada: Visitor, how: str) -> None:
    message = await ada.ask("show", how=how)
    assert files(showing, message) == BOTH
    picture, table = message["attachments"]
    if how == "layout":
        _, gallery, file, _ = message["components"]
        assert (gallery["items"][0]["media"]["url"], gallery["items"][0]["description"]) == (
            picture["url"],
            FIRST.description,
        )
        assert file["file"]["url"] == table["url"]
    else:
        assert message["embeds"][0]["image"]["url"] == picture["url"]


async def test_a_late_answer_brings_them_as_a_direct_message(showing: Bot, ada: Visitor) -> None:
    await ada.use("show", how="at once")
    showing.world.pass_time(4)
    (message,) = await showing.world.wait_for(ada.received)
    assert files(showing, message) == BOTH


@pytest.mark.parametrize("label", ["Now", "Soon"])
async def test_the_next_picture_takes_the_place_of_the_one_before(
    showing: Bot, ada: Visitor, label: str
) -> None:
    message = await ada.ask("show", how="thinking")
    message = await ada.pressed(message, label)
    assert files(showing, message) == [(SECOND.name, SECOND.description, SECOND.png)]


async def test_an_answer_without_a_picture_removes_it(showing: Bot, ada: Visitor) -> None:
    message = await ada.ask("show", how="thinking")
    message = await ada.pressed(message, "None")
    assert (message["content"], files(showing, message)) == ("removed", [])


async def test_a_picture_survives_the_second_try_of_an_answer(showing: Bot, ada: Visitor) -> None:
    showing.world.fault(FaultKind.ERROR, method="PATCH", path="/webhooks/*", times=1, status=502)
    assert files(showing, await ada.ask("show", how="thinking")) == BOTH
