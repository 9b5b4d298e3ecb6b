"""The board: one message that shows how the watch and all accounts are."""

from dataclasses import replace
from typing import Final

import discord

from bot.domain.watch_status import WatchStatus
from bot.render.message_content import Button, MessageContent
from bot.render.status_page import overview
from bot.render.text import when
from bot.runtime.language import Sentence, say

TITLE: Final[Sentence] = "Midwatch board"


def board_content(watch: WatchStatus) -> MessageContent:
    """Return the board, with the time that it is of. The next check is left out: it is soon over."""
    polls = [replace(each, next_poll=None) for each in watch.polls]
    text = "\n".join(
        [*overview(replace(watch, polls=polls)), say("-# As of {time}", time=when(watch.now, "f"))]
    )
    is_calm = not watch.problems and not any(each.reference for each in watch.incidents if not each.ended)
    colour = discord.Colour.green() if is_calm else discord.Colour.orange()
    buttons = (
        Button("board.refresh", say("Refresh"), emoji="🔄"),
        Button("board.accounts", say("Accounts")),
        Button("board.history", say("History")),
    )
    embed = discord.Embed(title=say(TITLE), description=text, colour=colour)
    return MessageContent(embeds=(embed,), components=buttons)


def board_mark(watch: WatchStatus) -> str:
    """Return a text that differs where the board tells something else than how late it is."""
    polls = [
        replace(each, last_success=None, next_poll=None, failures=min(each.failures, 1))
        for each in watch.polls
    ]
    (embed,) = board_content(replace(watch, polls=polls)).embeds
    text, _, _ = (embed.description or "").rpartition("\n")
    return f"{embed.colour}{text}"
