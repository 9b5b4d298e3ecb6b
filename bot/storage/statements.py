"""The statements that more than one part of the store makes."""

from datetime import timedelta
from typing import Final

from bot.domain.accounts import Action
from bot.storage.rows import storable, to_epoch

KEPT: Final = timedelta(days=400)
"""How long the database keeps what is over."""

ACTION: Final = "INSERT INTO audit (at, actor_id, verb, channel, outcome) VALUES (?, ?, ?, ?, ?)"
GET_META: Final = "SELECT value FROM meta WHERE key = ?"
SET_META: Final = (
    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)


def action_row(action: Action) -> tuple[int | str | None, ...]:
    """Return the parameters of ACTION."""
    channel, outcome = storable(action.channel), storable(action.outcome)
    return to_epoch(action.at), action.actor_id, action.verb, channel, outcome
