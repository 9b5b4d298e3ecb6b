"""Incidents, warnings, the messages about them and mutes in the database."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from bot.domain.accounts import Flag, FlagKind
from bot.domain.actions import Action
from bot.domain.incidents import Incident, Reason
from bot.domain.messages import Message, MessageItem
from bot.domain.providers import key_of, reference_to
from bot.domain.warnings import AccountWarning
from bot.storage.database import Database
from bot.storage.rows import (
    ACTION,
    SET_META,
    RowShape,
    StoredMute,
    account_cells,
    action_row,
    from_epoch,
    meta_key,
)

INCIDENT: Final = RowShape(Incident, without="flag", reference="channel", lease_reference="lease_channel")
INCIDENT_COLUMNS: Final = (*INCIDENT.columns, "flag_text", "flag_kind")
WARNING: Final = RowShape(AccountWarning, without="reference")
WARNING_COLUMNS: Final = (*WARNING.columns, "provider", "channel")
MESSAGE: Final = RowShape(Message, without="entries")
POLL_STATE: Final = "watch"
NO_POLL_STATES: Final[Mapping[str, str]] = {}
ALL_ACCOUNTS: Final = ("", "")
"""The cells of a mute of all accounts: a key is never NULL."""


def upsert(table: str, columns: Iterable[str]) -> str:
    """Return the statement that inserts the row of a key, or updates it."""
    names = tuple(columns)
    marks, values = ", ".join("?" for _ in names), ", ".join(f"{name} = excluded.{name}" for name in names)
    insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - field names of ours
    return f"{insert} ON CONFLICT (key) DO UPDATE SET {values}"


SAVE_INCIDENT: Final = upsert("incident", INCIDENT_COLUMNS)
SAVE_WARNING: Final = upsert("warning", WARNING_COLUMNS)
SAVE_MESSAGE: Final = upsert("message", MESSAGE.columns)
SAVE_ENTRY: Final = """
    INSERT INTO message_entry (message, position, incident, reason) VALUES (?, ?, ?, ?)
    ON CONFLICT (message, position) DO UPDATE SET incident = excluded.incident, reason = excluded.reason
    WHERE incident != excluded.incident OR reason IS NOT excluded.reason
"""
"""Writes nothing if the entry is unchanged."""
CUT_ENTRIES: Final = "DELETE FROM message_entry WHERE message = ? AND position >= ?"
ALL_MUTES: Final = (
    "SELECT provider, channel, until, muted_by, lasts_seconds FROM mute ORDER BY provider, channel"
)
SAVE_MUTE: Final = """
    INSERT INTO mute (provider, channel, until, muted_by, lasts_seconds) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (provider, channel) DO UPDATE SET
        until = excluded.until, muted_by = excluded.muted_by, lasts_seconds = excluded.lasts_seconds
"""

INCIDENTS: Final = f"SELECT {', '.join(INCIDENT_COLUMNS)} FROM incident"  # noqa: S608 - field names of ours
MESSAGES: Final = f"""
    SELECT {", ".join(MESSAGE.columns)}, message_entry.incident, message_entry.reason
    FROM message LEFT JOIN message_entry ON message_entry.message = message.key
"""  # noqa: S608 - field names of ours
WARNINGS: Final = f"""
    SELECT {", ".join(WARNING_COLUMNS)} FROM warning
    WHERE ended_at IS NULL OR period > ? OR key IN (
        SELECT message_entry.incident FROM message
        JOIN message_entry ON message_entry.message = message.key
        WHERE delivery NOT IN ('done', 'cancelled')
    ) ORDER BY since, key
"""  # noqa: S608 - field names of ours
OF_KEY: Final = " WHERE key = ?"
IN_ORDER: Final = " ORDER BY message.created_at, message.key, message_entry.position"
PRESENT_INCIDENTS: Final = """ WHERE key IN (
        SELECT key FROM incident WHERE state != 'ended'
        UNION SELECT key FROM incident WHERE state = 'ended' AND ended_at > ?
        UNION SELECT message_entry.incident FROM message
            JOIN message_entry ON message_entry.message = message.key
            WHERE delivery NOT IN ('done', 'cancelled')
    ) ORDER BY opened_at, key
"""
PRESENT_MESSAGES: Final = """ WHERE key IN (
        SELECT key FROM message WHERE delivery NOT IN ('done', 'cancelled')
        UNION SELECT key FROM message WHERE delivery = 'done' AND sent_at > ? AND notify
        UNION SELECT message.key FROM incident
            JOIN message_entry ON message_entry.incident = incident.key
            JOIN message ON message.key = message_entry.message
            WHERE state != 'ended' AND delivery = 'done'
        UNION SELECT message_entry.message FROM warning
            JOIN message_entry ON message_entry.incident = warning.key
            JOIN message ON message.key = message_entry.message
            WHERE ended_at IS NULL AND delivery = 'done'
    )
"""
LAST_ENDED: Final = " WHERE state = 'ended' ORDER BY ended_at DESC, key LIMIT ?"

FORGET_WATCH: Final = (
    """
    DELETE FROM message WHERE delivery IN ('done', 'cancelled') AND purpose != 'hello'
    AND max(created_at, coalesce(sent_at, created_at)) < ? AND key NOT IN (
        SELECT message_entry.message FROM incident
        JOIN message_entry ON message_entry.incident = incident.key
        WHERE state != 'ended'
    ) AND key NOT IN (
        SELECT message_entry.message FROM warning
        JOIN message_entry ON message_entry.incident = warning.key
        WHERE ended_at IS NULL
    )
    """,
    """
    DELETE FROM warning WHERE max(ended_at, period) < ?
    AND key NOT IN (SELECT incident FROM message_entry)
    """,
    """
    DELETE FROM incident WHERE state = 'ended' AND ended_at < ?
    AND key NOT IN (SELECT incident FROM message_entry)
    """,
)
"""Deletes what is older than a time: first finished messages, then what has ended and is in no message.

A hello is never deleted: each owner gets only one.
"""


class WatchStore:
    """Incidents, messages, mutes, and the state of polling.

    Every method raises StoreError when the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load_incidents(self, since: datetime) -> tuple[Incident, ...]:
        """Return the incidents to hold in memory, the oldest first.

        They are open, ended after `since`, or are in a message that is not finished.
        """
        rows = await self._database.read(INCIDENTS + PRESENT_INCIDENTS, (since,))
        return tuple(map(incident_of, rows))

    async def load_warnings(self, now: datetime) -> tuple[AccountWarning, ...]:
        """Return the warnings to hold in memory: see `Snapshot.trimmed`."""
        return tuple(map(warning_of, await self._database.read(WARNINGS, (now,))))

    async def load_messages(self, since: datetime) -> tuple[Message, ...]:
        """Return the messages to hold in memory, the oldest first.

        They are not finished; or they are done and about an open incident; or they notified and were sent
        after `since`. Done messages about a warning that holds are there, too.
        """
        return messages_of(await self._database.read(MESSAGES + PRESENT_MESSAGES + IN_ORDER, (since,)))

    async def load_mutes(self) -> tuple[StoredMute, ...]:
        """Return the last mute of each account and that of all accounts, also those that are over."""
        rows = await self._database.read(ALL_MUTES)
        return tuple(map(mute_of, rows))

    async def greeted(self) -> frozenset[int]:
        """Return the people who have a hello, sent or not."""
        rows = await self._database.read("SELECT DISTINCT recipient FROM message WHERE purpose = 'hello'")
        return frozenset(recipient for (recipient,) in rows)

    async def incident(self, key: str) -> Incident | None:
        """Return an incident, however long ago it ended."""
        rows = await self._database.read(INCIDENTS + OF_KEY, (key,))
        return next(map(incident_of, rows), None)

    async def message(self, key: str) -> Message | None:
        """Return a message, however long ago it was sent."""
        rows = await self._database.read(MESSAGES + OF_KEY + IN_ORDER, (key,))
        return next(iter(messages_of(rows)), None)

    async def ended_incidents(self, limit: int) -> tuple[Incident, ...]:
        """Return the incidents that ended last, the latest first."""
        return tuple(map(incident_of, await self._database.read(INCIDENTS + LAST_ENDED, (limit,))))

    async def save(
        self,
        *,
        incidents: Collection[Incident] = (),
        warnings: Collection[AccountWarning] = (),
        messages: Collection[Message] = (),
        mutes: Collection[StoredMute] = (),
        poll_states: Mapping[str, str] = NO_POLL_STATES,
        actions: Collection[Action] = (),
    ) -> None:
        """Write everything in one transaction. `poll_states` are the states of polling, by provider."""
        rows = (
            (SAVE_INCIDENT, map(incident_row, incidents), incidents),
            (SAVE_WARNING, map(warning_row, warnings), warnings),
            (SAVE_MESSAGE, map(MESSAGE.row, messages), messages),
            (SAVE_ENTRY, entry_rows(messages), messages),
            (CUT_ENTRIES, ((each.key, len(each.entries)) for each in messages), messages),
            (SAVE_MUTE, map(mute_row, mutes), mutes),
            (
                SET_META,
                ((meta_key(POLL_STATE, name), text) for name, text in poll_states.items()),
                poll_states,
            ),
            (ACTION, map(action_row, actions), actions),
        )
        async with self._database.writing() as writer:
            for statement, parameters, values in rows:
                if values:
                    await writer.executemany(statement, parameters)


def entry_rows(messages: Iterable[Message]) -> Iterator[tuple[object, ...]]:
    """Yield the parameters of SAVE_ENTRY."""
    for message in messages:
        for position, entry in enumerate(message.entries):
            yield message.key, position, entry.incident, entry.reason


def incident_row(incident: Incident) -> tuple[object, ...]:
    """Return the cells of an incident, in the order of INCIDENT_COLUMNS."""
    flag = incident.flag
    keyed = replace(
        incident,
        reference=incident.reference and key_of(incident.reference),
        lease_reference=incident.lease_reference and key_of(incident.lease_reference),
    )
    return *INCIDENT.row(keyed), *((None, None) if flag is None else (flag.text, flag.kind))


def incident_of(row: Any) -> Incident:
    """Return the incident of a row. Read the end of a block from its text if the row has none."""
    *cells, text, kind = row
    keyed = INCIDENT.value(cells, flag=None if text is None else Flag(text, FlagKind(kind)))
    incident = replace(
        keyed,
        reference=keyed.reference and reference_to(keyed.provider, keyed.reference),
        lease_reference=keyed.lease_reference and reference_to(keyed.provider, keyed.lease_reference),
    )
    if incident.flag is None or incident.block_ends is not None or incident.problem is not None:
        return incident
    return replace(incident, block_ends=incident.flag.block_end(incident.seen_at))


def warning_row(warning: AccountWarning) -> tuple[object, ...]:
    """Return the cells of a warning, in the order of WARNING_COLUMNS."""
    return *WARNING.row(warning), *account_cells(warning.reference)


def warning_of(row: Any) -> AccountWarning:
    """Return the warning of a row."""
    *cells, provider, key = row
    return WARNING.value(cells, reference=reference_to(provider, key))


def messages_of(rows: Iterable[Any]) -> tuple[Message, ...]:
    """Return the messages of rows of MESSAGES: one for each entry, or one with NULL for no entry."""
    return tuple(
        MESSAGE.value(
            cells,
            entries=tuple(
                MessageItem(incident, reason and Reason(reason))
                for *_, incident, reason in same
                if incident is not None
            ),
        )
        for cells, same in groupby(rows, key=lambda row: row[: len(MESSAGE.columns)])
    )


def mute_row(stored: StoredMute) -> tuple[object, ...]:
    """Return the parameters of SAVE_MUTE."""
    cells = ALL_ACCOUNTS if stored.reference is None else account_cells(stored.reference)
    return *cells, stored.until, stored.by, stored.lasts_seconds


def mute_of(row: Any) -> StoredMute:
    """Return the mute of a row."""
    provider, key, until, by, lasts = row
    account = None if (provider, key) == ALL_ACCOUNTS else reference_to(provider, key)
    return StoredMute(account, from_epoch(until), by, lasts)
