"""The bot's database, read from outside while the bot runs, dies and is down."""

import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.domain.incidents import Reason, RemedyVerdict, State
from bot.domain.messages import Delivery, Purpose
from bot.domain.providers import USEAPI, Remedy, reference_to
from bot.incidents.transaction import UNKNOWN_OUTCOME
from bot.storage.rows import from_epoch
from bot.storage.schema_steps import STEPS

ASKED = "asked"
NOT_MADE = ("SQLITE_CANTOPEN", "SQLITE_ERROR")
"""No file, or no such table."""
ENDINGS = (UNKNOWN_OUTCOME, *RemedyVerdict)


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """A row of the table of incidents."""

    key: str
    state: State
    channel: str | None
    """The reference to the account; None for an incident of a provider or of the bot."""
    problem: str | None
    recurring: bool
    opened_at: datetime
    provider: str = USEAPI

    @property
    def ended(self) -> bool:
        return self.state is State.ENDED


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A row of the outbox."""

    key: str
    recipient: int
    purpose: Purpose
    notify: bool
    delivery: Delivery
    failing_since: datetime | None
    message_id: int | None
    entries: tuple[tuple[str, Reason | None], ...]

    @property
    def finished(self) -> bool:
        return self.delivery in (Delivery.DONE, Delivery.CANCELLED)

    @property
    def is_stuck(self) -> bool:
        """Whether Discord refused for good to change it."""
        return self.delivery is Delivery.DONE and self.failing_since is not None

    @property
    def is_anew(self) -> bool:
        """Whether the message replaces one that cannot be edited. Such a message is silent."""
        return not self.notify and self.purpose in (Purpose.ALERT, Purpose.SERVICE)

    def holds(self, incident: str) -> bool:
        return any(key == incident for key, _ in self.entries)


@dataclass(frozen=True, slots=True)
class Records:
    """The database. It is empty until the bot has created it."""

    path: Path

    def incidents(self) -> list[IncidentRow]:
        rows = self._read(
            "SELECT key, state, provider, channel, problem, recurring, opened_at FROM incident"
            " ORDER BY opened_at"
        )
        return [
            IncidentRow(
                key,
                State(state),
                channel and reference_to(provider, channel),
                problem,
                bool(again),
                from_epoch(at),
                provider,
            )
            for key, state, provider, channel, problem, again, at in rows
        ]

    def messages(self) -> list[MessageRow]:
        rows = self._read(
            "SELECT key, recipient, purpose, notify, delivery, failing_since, message_id FROM message"
        )
        entries: dict[str, list[tuple[str, Reason | None]]] = defaultdict(list)
        for of, about, reason in self._read(
            "SELECT message, incident, reason FROM message_entry ORDER BY position"
        ):
            entries[of].append((about, reason and Reason(reason)))
        return [
            MessageRow(
                key,
                recipient,
                Purpose(purpose),
                bool(notify),
                Delivery(delivery),
                failing and from_epoch(failing),
                message_id,
                tuple(entries[key]),
            )
            for key, recipient, purpose, notify, delivery, failing, message_id in rows
        ]

    def remedies(self, account: str) -> list[str]:
        """Return what the audit says of the remedies for an account, in order."""
        rows = self._read("SELECT verb, provider, channel, outcome FROM audit ORDER BY at, id")
        return [
            outcome
            for verb, provider, key, outcome in rows
            if verb in tuple(Remedy) and reference_to(provider, key) == account
        ]

    def _read(self, query: str) -> list[tuple[Any, ...]]:
        try:
            with closing(sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True)) as connection:
                (version,) = connection.execute("PRAGMA user_version").fetchone()
                return connection.execute(query).fetchall() if version == len(STEPS) else []
        except sqlite3.OperationalError as error:
            # Any other error must not pass for a database in which nothing is left to do.
            if error.sqlite_errorname in NOT_MADE:
                return []
            raise
