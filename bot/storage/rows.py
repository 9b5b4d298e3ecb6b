"""The rows that more than one module reads and writes, and how values become cells."""

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final, Generic, TypeVar, get_type_hints

from bot.domain.account_info import InfoSnapshot, parse_info
from bot.domain.accounts import Account, EntryState, KnownAccount
from bot.domain.actions import Action
from bot.domain.plain import kind_of
from bot.domain.providers import USEAPI, key_of, provider_of, reference_to

Kind = TypeVar("Kind")

EPOCH: Final = datetime.fromtimestamp(0, UTC)
MILLISECOND: Final = timedelta(milliseconds=1)

ACTION: Final = "INSERT INTO audit (at, actor_id, verb, provider, channel, outcome) VALUES (?, ?, ?, ?, ?, ?)"
GET_META: Final = "SELECT value FROM meta WHERE key = ?"
SET_META: Final = (
    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)


@dataclass(frozen=True, slots=True)
class StoredMute:
    """A mute of one account, or of all if the reference is None. It may be over."""

    reference: str | None
    until: datetime
    by: int
    """The owner who set it last."""
    lasts_seconds: int | None = None
    """The length that was asked for."""


class RowShape(Generic[Kind]):
    """The columns of a dataclass: its fields, except one that may be stored in another way.

    `names` are those of columns that are called otherwise than their fields.
    """

    def __init__(self, kind: type[Kind], *, without: str | None = None, **names: str) -> None:
        hints = get_type_hints(kind)
        hints.pop(without or "", None)
        self._fields = tuple(hints)
        self.columns = tuple(names.get(field, field) for field in hints)
        self._readers = tuple(reader(kind_of(hint)) for hint in hints.values())
        self._kind = kind

    def row(self, value: Kind) -> tuple[object, ...]:
        """Return the cells of a value."""
        return tuple(getattr(value, name) for name in self._fields)

    def value(self, row: Iterable[Any], **left_out: object) -> Kind:
        """Return the value of some cells and of the field that is stored in another way."""
        cells = zip(self._fields, self._readers, row, strict=True)
        known = {name: cell if read is None or cell is None else read(cell) for name, read, cell in cells}
        return self._kind(**known, **left_out)


def reader(kind: Any) -> Callable[[Any], object] | None:
    """Return what makes a value of this type of a cell; None if the cell is that value."""
    if kind is datetime:
        return from_epoch
    return kind if kind is bool or issubclass(kind, Enum) else None


def to_epoch(at: datetime) -> int:
    """Return a time as the database has it: UTC, in milliseconds."""
    return (at - EPOCH) // MILLISECOND


def from_epoch(milliseconds: int) -> datetime:
    """Return a time of the database as an aware one."""
    return EPOCH + milliseconds * MILLISECOND


sqlite3.register_adapter(datetime, to_epoch)  # for every datetime that is a parameter of a statement


def action_row(action: Action) -> tuple[object, ...]:
    """Return the parameters of ACTION."""
    return action.at, action.actor_id, action.verb, *account_cells(action.reference), action.outcome


def action_of(row: Any) -> Action:
    """Return the entry of the audit of a row, with its columns in the order of ACTION."""
    at, actor_id, verb, provider, key, outcome = row
    return Action(from_epoch(at), actor_id, verb, reference_to(provider, key), outcome)


def meta_key(name: str, provider: str) -> str:
    """Return the key of something that is stored once for each provider."""
    return name if provider == USEAPI else f"{name}:{provider}"


def account_cells(account: str) -> tuple[str, str]:
    """Return the cells of a reference to an account: the columns `provider` and `channel`."""
    return provider_of(account), key_of(account)


def recorded_account(provider: str, row: Iterable[Any]) -> Account:
    """Return the account of a row of LISTED."""
    key, max_jobs, server, title, channel, entry = row
    state = EntryState(entry)
    return Account(
        reference_to(provider, key), max_jobs, None, server, state, title=title, discord_channel=channel
    )


def recorded_cells(account: Account) -> tuple[object, ...]:
    """Return the cells of an account that its provider may change."""
    return account.max_jobs, account.server, account.title, account.discord_channel, account.entry


def known_account(*row: Any) -> KnownAccount:
    """Return the account of a row of ACCOUNTS, with its last `/info` parsed."""
    provider, *cells, listed, name, discord_name, taken_at, took_ms, info_name, text = row
    snapshot = None
    if taken_at is not None:
        took = None if took_ms is None else took_ms * MILLISECOND
        snapshot = InfoSnapshot(from_epoch(taken_at), took, parse_info(text, info_name))
    account = recorded_account(provider, cells)
    return KnownAccount(account, name, discord_name, snapshot=snapshot, is_listed=bool(listed))
