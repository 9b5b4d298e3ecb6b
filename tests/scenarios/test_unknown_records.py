"""A sound database that holds what this version does not know, as a newer one may have written."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.render.error_messages import what
from bot.storage import StoreError
from tests.support.ending import ended
from tests.support.running import Bot, Visitor
from tests.support.watching import flagged


def changed(database: Path, statement: str) -> bytes:
    """Change a database that nobody uses, and return what the file holds then."""
    with closing(sqlite3.connect(database)) as connection, connection:
        assert connection.execute(statement).rowcount > 0
    return database.read_bytes()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE incident SET state = 'asleep'",
        "UPDATE incident SET flag_kind = 'poem'",
        "UPDATE message SET purpose = 'poem'",
        "UPDATE message_entry SET reason = 'boredom'",
        "UPDATE meta SET value = '[' WHERE key = 'watch'",
        "UPDATE meta SET value = '{\"listed\": 1}' WHERE key = 'watch'",
        "UPDATE meta SET value = 'today' WHERE key = 'last_success'",
        "UPDATE meta SET value = 'Ada' WHERE key = 'owners'",
    ],
)
async def test_it_is_refused_in_one_sentence_and_left_as_it_is(
    bot: Bot, ada: Visitor, statement: str
) -> None:
    bot.api.add()
    await bot.start()
    await flagged(bot, ada)
    await bot.stop()
    before = changed(bot.database, statement)
    bot.launch()
    with pytest.raises(StoreError) as refused:
        await ended(bot)
    assert what(refused.value) == (
        f"{bot.database} holds what this Midwatch does not understand: "
        "install the version that used it last, or bring a backup back with `python -m bot restore FILE`."
    )
    assert bot.database.read_bytes() == before
