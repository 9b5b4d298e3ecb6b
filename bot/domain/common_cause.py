"""The accounts of one provider that lost their connection together."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from bot.domain.accounts import Account, FlagKind, State
from bot.domain.incidents import Incident

CAUSE_WINDOW: Final = timedelta(minutes=5)
"""How long after one sign of trouble the next may have the same cause."""


def connection_group(incidents: Iterable[Incident], provider: str) -> tuple[Incident, ...]:
    """Return the incidents of accounts that a provider disabled with its last loss of connection.

    Each opened within 5 min of another. An account alone is no group while there is a larger one: trying one
    first must not hide the others. Accounts that start or run by now are left out.
    """
    lost = [each for each in incidents if each.provider == provider and lost_connection(each)]
    lost.sort(key=lambda each: each.opened_at)
    groups: list[list[Incident]] = []
    for each in lost:
        if not groups or each.opened_at - groups[-1][-1].opened_at > CAUSE_WINDOW:
            groups.append([])
        groups[-1].append(each)
    larger = [group for group in groups if len(group) > 1]
    group = (larger or groups or [[]])[-1]
    return tuple(each for each in group if each.starting_since is None and each.state is not State.CLEARING)


def lost_connection(incident: Incident) -> bool:
    """Whether an open incident is about an account whose provider lost its connection."""
    return not incident.ended and incident.flag is not None and incident.flag.kind is FlagKind.CONNECTION


def enabled_together(incidents: Iterable[Incident], provider: str) -> tuple[Incident, ...]:
    """Return those of the group that one press enables: nobody is enabling them yet."""
    group = connection_group(incidents, provider)
    return tuple(
        each for each in group if each.state is State.OPEN and Account(each.reference or "").is_addressable
    )
