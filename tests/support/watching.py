"""Common steps of the tests of the watch: let the bot poll, and wait for what owners are shown."""

from tests.simulators.discord.world import Json
from tests.simulators.useapi import MODERATION, TIMED_BLOCK, SimulatedAccount
from tests.support.reading import text
from tests.support.running import Bot, Visitor, is_private

RESET = "I acknowledged it - reset"
SOLVED = "I solved it - reset"
BLOCK_OVER = "The block is over - reset"
MINE = "I'm on it"
SNOOZE = "Snooze"
PATIENCE = 20.0
"""Longer than the ten seconds between two edits of a message."""
SILENT = 1 << 12
TIMES = {
    "incident": (
        *("opened_at", "seen_at", "clear_since", "ended_at", "reset_at", "lease_until", "assigned_at"),
        *("asked_at", "snoozed_until", "held_until", "block_ends"),
    ),
    "message": ("created_at", "due_at", "claimed_at", "failing_since", "sent_at", "edited_at"),
    "mute": ("until",),
}
"""The columns that hold times."""
LIST_SHRANK = """
    UPDATE meta SET value = json_set(
        value,
        '$.shrunk_since',
        strftime('%Y-%m-%dT%H:%M:%SZ', json_extract(value, '$.shrunk_since'), '-{} minutes')
    )
    WHERE key = 'watch' AND json_extract(value, '$.shrunk_since') IS NOT NULL
"""


async def poll(visitor: Visitor) -> None:
    """Let the bot poll the list now, by a command that does so."""
    await visitor.ask("mjaccounts", private=True)


async def newest(visitor: Visitor, *words: str, channel: int | None = None, number: int = 1) -> Json:
    """Wait until the last of so many messages holds all the words, and return it."""

    def found() -> Json | None:
        public = [each for each in visitor.sees(channel) if not is_private(each)]
        seen = visitor.received() if channel is None else public
        return seen[-1] if len(seen) == number and all(word in text(seen[-1]) for word in words) else None

    message = await visitor.world.wait_for(found, PATIENCE)
    assert message is not None
    return message


async def nothing_more(visitor: Visitor, number: int) -> None:
    """Assert that a person has so many messages: a test message comes right after them."""
    before = visitor.received()
    await visitor.ask("mjtest")
    (test,) = visitor.received()[len(before) :]
    assert "Test: this is how an alert looks" in text(test)
    assert len(before) == number


async def flagged(bot: Bot, visitor: Visitor, flag: str = MODERATION) -> tuple[SimulatedAccount, Json]:
    """Flag the first account, and return it with the alert that the person gets."""
    account = next(iter(bot.api.accounts.values()))
    bot.api.flag(account.channel, flag)
    await poll(visitor)
    return account, await newest(visitor, "must wait" if flag == TIMED_BLOCK else "needs you")


async def later(bot: Bot, minutes: int, **changed: str) -> None:
    """Move all stored times into the past, as if the bot had polled all the while."""
    await bot.stop()
    for table, columns in TIMES.items():
        moved = ", ".join(f"{column} = {column} - {minutes * 60_000}" for column in columns)
        await bot.change_database(f"UPDATE {table} SET {moved}")  # noqa: S608 - made of the names above
    await bot.change_database(LIST_SHRANK.format(minutes))
    await bot.start(**changed)


def is_silent(message: Json) -> bool:
    """Whether a message notified nobody."""
    return bool(message.get("flags", 0) & SILENT)
