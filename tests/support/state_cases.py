"""Short helpers for the tests of the watch state."""

from bot.domain.incidents import Incident
from bot.domain.messages import Message
from bot.incidents.state import WatchState
from bot.incidents.transaction import Transaction
from bot.rules.poll_state import PollState
from tests.storage.cases import AT, FIRST, SECOND

SOME_POLL_STATE = PollState(
    listed=frozenset({FIRST.reference, SECOND.reference}), removed_at=AT, last_good=AT
)


def content(watch_state: WatchState) -> tuple[object, ...]:
    """Return all that a state holds."""
    return (
        dict(watch_state.incidents),
        dict(watch_state.messages),
        dict(watch_state.mutes),
        dict(watch_state.poll_states),
    )


async def put(watch_state: WatchState, *values: Incident | Message) -> None:
    """Put incidents and messages in one transaction."""
    async with watch_state.transaction() as transaction:
        put_in(transaction, *values)


def put_in(transaction: Transaction, *values: Incident | Message) -> None:
    for value in values:
        if isinstance(value, Incident):
            transaction.put_incident(value)
        else:
            transaction.put_message(value)
