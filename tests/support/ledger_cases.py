"""A clock and short words for the tests of the ledger."""

from datetime import datetime

from bot.domain.incidents import Incident
from bot.domain.messages import Message
from bot.incidents.state import Transaction, WatchState
from bot.rules.poll_state import PollState
from tests.storage.cases import AT, FIRST, SECOND

SOME_WATCH = PollState(listed=frozenset({FIRST.channel, SECOND.channel}), removed_at=AT, last_good=AT)


class Clock:
    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at


def content(ledger: WatchState) -> tuple[object, ...]:
    """Return all that a ledger holds."""
    return dict(ledger.incidents), dict(ledger.messages), dict(ledger.mutes), ledger.watch


async def put(ledger: WatchState, *values: Incident | Message) -> None:
    """Take a turn that puts incidents and messages."""
    async with ledger.transaction() as draft:
        put_in(draft, *values)


def put_in(draft: Transaction, *values: Incident | Message) -> None:
    for value in values:
        if isinstance(value, Incident):
            draft.put_incident(value)
        else:
            draft.put_message(value)
