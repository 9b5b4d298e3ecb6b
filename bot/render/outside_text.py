"""The text of a message outside of Discord: without markdown, mentions and what only Discord shows."""

import re
from collections.abc import Sequence
from datetime import UTC
from typing import Final

from bot.domain.blocks import TIMESTAMP, moment
from bot.render.message_content import MessageContent, headed
from bot.runtime.language import say, spoken

FENCE: Final = "```"
LINK: Final = re.compile(r"\[([^\]]+)\]\((\S+?)\)")
PERSON: Final = re.compile(r"<@!?(\d+)>")
CHANNEL: Final = re.compile(r"<#(\d+)>")
AGO: Final = re.compile(r" \(<t:\d+:R>\)")
"""A time told again as what Discord keeps up to date, like "2 hours ago"."""
COMMAND: Final = re.compile(r"</([^:>]+):\d+>")
ESCAPED: Final = re.compile(r"\\([^\w\s]|_)")
MARKUP: Final = re.compile(r"\*\*|__|~~|`|(?m:^(?:-# |#{1,3} |> ))")
INVISIBLE: Final = re.compile("[\u200b\u2060\u2066-\u2069]")
KEPT: Final = "\ue000"
"""Stands for an escaped character while the markup is removed."""


def outside_text(content: MessageContent) -> tuple[str, str]:
    """Return the first line of a message, and the rest."""
    with spoken(content.language):
        parts = MessageContent(content.content, content.embeds).plain_text.split(FENCE)
        shown = (part.strip("\n") if index % 2 else unmarked(part) for index, part in enumerate(parts))
        first, _, rest = "".join(shown).strip().partition("\n")
    return first, rest.strip()


def stopped_by_token(untold: Sequence[str]) -> MessageContent:
    """Return what is sent as Discord refuses the bot's token, with what nobody was told."""
    end = say("🛑 Midwatch has stopped: Discord refuses its token. Nothing is watched.")
    todo = say("Put a new token into DISCORD_TOKEN and start it again.")
    return MessageContent(headed(end, todo, *untold))


def unmarked(text: str) -> str:
    """Return a text without Discord's markdown."""
    escaped: list[str] = []

    def keep(found: re.Match[str]) -> str:
        escaped.append(found[1])
        return KEPT

    words = TIMESTAMP.sub(written, ESCAPED.sub(keep, INVISIBLE.sub("", AGO.sub("", text.replace(KEPT, "")))))
    words = LINK.sub(r"\1 (\2)", words)
    words = COMMAND.sub(r"/\1", CHANNEL.sub(r"#\1", PERSON.sub(r"@\1", words)))
    words = MARKUP.sub("", words)
    kept = iter(escaped)
    return re.sub(KEPT, lambda _: next(kept), words)


def written(found: re.Match[str]) -> str:
    """Return the time of a timestamp in UTC."""
    at = moment(found)
    return say("(a time)") if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
