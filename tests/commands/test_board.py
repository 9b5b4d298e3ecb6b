"""The board of STATUS_CHANNEL_ID, as those see it who look at its channel."""

import asyncio
import json
import sqlite3
import time
from contextlib import closing
from datetime import timedelta

import pytest

from bot.domain.charts import Chart, Picture
from bot.domain.errors import ErrorCode
from bot.domain.history import History
from bot.pictures.process import Pictures
from bot.storage import StoreError
from bot.storage.history_repository import HistoryStore
from tests.simulators.discord import FaultKind, Json
from tests.simulators.useapi import MODERATION
from tests.support.pictures import png
from tests.support.reading import text
from tests.support.running import Bot, Visitor, is_private

SILENT = 1 << 12


@pytest.fixture(autouse=True)
def _drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    async def draw(_: Pictures, _chart: Chart, *, name: str, description: str) -> Picture:
        return Picture(name, png(8, 4, 0x55), description)

    monkeypatch.setattr(Pictures, "draw", draw)


class Ahead:
    """How far the clock of the board is ahead, in seconds."""

    seconds = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.seconds


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> Ahead:
    ahead = Ahead()
    monkeypatch.setattr("bot.interactions.board.monotonic", ahead.monotonic)
    monkeypatch.setattr("bot.interactions.board.CHECK_EVERY", timedelta(milliseconds=10))
    return ahead


def boards(bot: Bot, ada: Visitor) -> list[Json]:
    shown = ada.sees(bot.world.alerts_channel_id)
    return [each for each in shown if any(e.get("title") == "Midwatch board" for e in each["embeds"])]


def edits_of(bot: Bot, board: Json) -> int:
    return sum(each.method == "PATCH" and board["id"] in each.path for each in bot.world.requests)


def tries(bot: Bot, path: str) -> int:
    return sum(each.method == "POST" and each.path == path for each in bot.world.requests)


def record(bot: Bot, **changed: object) -> None:
    """Change what the database has of the place of the board."""
    with closing(sqlite3.connect(bot.database)) as database, database:
        ((kept,),) = database.execute("SELECT value FROM meta WHERE key = 'board'").fetchall()
        place = json.dumps({**json.loads(kept), **changed})
        database.execute("UPDATE meta SET value = ? WHERE key = 'board'", (place,))


async def begin(bot: Bot, ada: Visitor) -> Json:
    await bot.start(STATUS_CHANNEL_ID=str(bot.world.alerts_channel_id))
    return await the_board(bot, ada, "watched, all ready")


async def the_board(bot: Bot, ada: Visitor, words: str) -> Json:
    """Wait until the only board says something, and return it."""

    def says() -> Json | None:
        found = boards(bot, ada)
        return found[0] if len(found) == 1 and words in text(found[0]) else None

    found = await bot.world.wait_for(says)
    assert found is not None
    return found


async def test_one_silent_pinned_message_is_kept_true(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add(discord_name="aurora")
    before = await begin(bot, ada)

    bot.api.flag(account.channel, MODERATION)
    await ada.ask("mjaccounts")
    after = await the_board(bot, ada, "1 needs you")

    assert after["id"] == before["id"]
    assert before["flags"] & SILENT
    assert not after["mentions"]
    assert f"…{account.channel[-4:]}" in text(after)
    assert "As of <t:" in text(after)
    assert "Next check" not in text(after)
    assert [each["filename"] for each in after["attachments"]] == ["week.png"]
    assert any("/messages/pins/" in each.path and each.status == 204 for each in bot.world.requests)


async def test_a_restart_finds_it_and_makes_no_other(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    before = await begin(bot, ada)

    edits = edits_of(bot, before)

    await bot.restart(STATUS_CHANNEL_ID=str(bot.world.alerts_channel_id))

    await bot.world.wait_for(lambda: edits_of(bot, before) > edits)
    assert [each["id"] for each in boards(bot, ada)] == [before["id"]]


async def test_one_that_was_sent_before_a_crash_is_found_by_its_key(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    before = await begin(bot, ada)
    await bot.stop()
    record(bot, message=None)
    edits = edits_of(bot, before)

    await bot.start(STATUS_CHANNEL_ID=str(bot.world.alerts_channel_id))

    await bot.world.wait_for(lambda: edits_of(bot, before) > edits)
    assert [each["id"] for each in boards(bot, ada)] == [before["id"]]


async def test_one_that_was_deleted_is_made_anew(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    before = await begin(bot, ada)
    path = f"/channels/{bot.world.alerts_channel_id}/messages/{before['id']}"
    bot.world.fault(FaultKind.ERROR, path=path, method="PATCH", status=404, code=10008)

    await ada.press(before, "Refresh")

    await bot.world.wait_for(lambda: [each for each in boards(bot, ada) if each["id"] != before["id"]])
    assert len(boards(bot, ada)) == 1


async def test_its_buttons_answer_those_who_may_look_privately(bot: Bot, ada: Visitor) -> None:
    bot.api.add(discord_name="aurora")
    board = await begin(bot, ada)

    listed, history = await ada.pressed(board, "Accounts"), await ada.pressed(board, "History")

    assert is_private(listed)
    assert is_private(history)
    assert "1 account" in text(listed)
    assert "last 30 days" in text(history)


async def test_whoever_may_use_commands_there_may_use_its_buttons(
    bot: Bot, ada: Visitor, sam: Visitor
) -> None:
    bot.api.add()
    board = await begin(bot, ada)

    answer = await sam.pressed(board, "Accounts")

    assert is_private(answer)
    assert "1 account" in text(answer)


async def test_without_the_setting_there_is_none(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    await ada.ask("mjaccounts")
    assert boards(bot, ada) == []


async def test_where_it_may_not_be_sent_the_log_says_so_once_and_alerts_arrive(
    bot: Bot, ada: Visitor, ahead: Ahead, caplog: pytest.LogCaptureFixture
) -> None:
    account = bot.api.add()
    path = f"/channels/{bot.world.alerts_channel_id}/messages"
    bot.world.fault(FaultKind.ERROR, path=path, method="POST", status=403, code=50013)
    await bot.start(STATUS_CHANNEL_ID=str(bot.world.alerts_channel_id))
    await bot.world.wait_for(lambda: tries(bot, path) == 1)

    ahead.seconds = 601
    bot.api.flag(account.channel, MODERATION)
    await ada.ask("mjaccounts", private=True)

    await bot.world.wait_for(lambda: [each for each in ada.received() if "moderation message" in text(each)])
    await bot.world.wait_for(lambda: tries(bot, path) == 2)
    said = [each for each in caplog.messages if "STATUS_CHANNEL_ID" in each]
    assert said == ["the board in STATUS_CHANNEL_ID cannot be shown (50013); tried again"]


async def test_it_is_edited_after_ten_minutes_though_nothing_changed(
    bot: Bot, ada: Visitor, ahead: Ahead
) -> None:
    bot.api.add()
    board = await begin(bot, ada)
    await bot.world.wait_for(lambda: any("/messages/pins/" in each.path for each in bot.world.requests))
    await ada.ask("mjaccounts", private=True)  # by then the bot knows that the board is there
    edits = edits_of(bot, board)

    ahead.seconds = 590
    await ada.ask("mjaccounts", private=True)  # a poll, after which the board is still as it was
    assert edits_of(bot, board) == edits

    ahead.seconds = 601
    await bot.world.wait_for(lambda: edits_of(bot, board) == edits + 1)


async def test_it_is_shown_without_its_picture_while_the_database_cannot_be_read(
    bot: Bot, ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def history(*_: object) -> History:
        raise StoreError(ErrorCode.DATABASE_UNUSABLE, path=bot.database)

    monkeypatch.setattr(HistoryStore, "history", history)
    bot.api.add()

    assert not (await begin(bot, ada))["attachments"]


async def test_its_words_do_not_wait_for_a_picture_that_takes_long(
    bot: Bot, ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_drawn = asyncio.Event()

    async def draw(_: Pictures, _chart: Chart, *, name: str, description: str) -> Picture:
        await is_drawn.wait()
        return Picture(name, png(8, 4, 0x55), description)

    monkeypatch.setattr(Pictures, "draw", draw)
    monkeypatch.setattr("bot.interactions.board.PATIENCE_SECONDS", 0.01, raising=False)
    account = bot.api.add()
    await begin(bot, ada)
    bot.api.flag(account.channel, MODERATION)
    await ada.ask("mjaccounts")
    before = await the_board(bot, ada, "1 needs you")
    assert not before["attachments"]

    is_drawn.set()

    await bot.world.wait_for(lambda: boards(bot, ada)[0]["attachments"])
    assert [each["id"] for each in boards(bot, ada)] == [before["id"]]


async def test_one_that_is_too_old_to_be_edited_is_made_anew(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    before = await begin(bot, ada)
    await bot.stop()
    record(bot, begun="2026-01-01T00:00:00+00:00")
    path = f"/channels/{bot.world.alerts_channel_id}/messages/{before['id']}"
    bot.world.fault(FaultKind.RATE_LIMITED, path=path, method="PATCH", seconds=600, code=30046)

    await bot.start(STATUS_CHANNEL_ID=str(bot.world.alerts_channel_id))

    await bot.world.wait_for(lambda: {each["id"] for each in boards(bot, ada)} - {before["id"]})
    assert len(boards(bot, ada)) == 1
