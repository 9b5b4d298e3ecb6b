"""Accounts, their information and the audit in the database."""

import json
import logging
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, Self

from bot.domain.account_info import InfoSnapshot
from bot.domain.accounts import Account, KnownAccount, Observation
from bot.domain.actions import Action
from bot.domain.errors import ErrorCode
from bot.domain.usage import UsageSample
from bot.storage import usage_repository as usage
from bot.storage.database import (
    BUSY_STEP,
    BUSY_TIMEOUT,
    Database,
    connect,
    lock_database,
    require_sqlite,
    retry_while_locked,
)
from bot.storage.errors import StoreError, as_store_errors
from bot.storage.history_repository import HistoryStore
from bot.storage.incident_repository import FORGET_WATCH, POLL_STATE, WatchStore
from bot.storage.migrations import prepare
from bot.storage.rows import (
    ACTION,
    GET_META,
    MILLISECOND,
    SET_META,
    account_cells,
    action_of,
    action_row,
    from_epoch,
    known_account,
    meta_key,
    recorded_account,
    recorded_cells,
    to_epoch,
)

log = logging.getLogger(__name__)

STAMP_EVERY: Final = timedelta(minutes=1)
LAST_SUCCESS: Final = "last_success"
KEPT: Final = timedelta(days=400)
"""How long the database keeps answers, actions, and what is finished."""

ACCOUNTS: Final = """
    SELECT account.provider, account.channel, max_jobs, server, title, discord_channel,
           entry, listed, name, account.discord_name, taken_at, took_ms, info_snapshot.discord_name, text
    FROM account LEFT JOIN info_snapshot ON info_snapshot.rowid = (
        SELECT last.rowid FROM info_snapshot AS last
        WHERE last.provider = account.provider AND last.channel = account.channel
        ORDER BY taken_at DESC LIMIT 1
    )
    ORDER BY account.rowid
"""
LISTED: Final = """
    SELECT channel, max_jobs, server, title, discord_channel, entry FROM account
    WHERE listed AND provider = ?
"""
LIST: Final = """
    INSERT INTO account (
        provider, channel, max_jobs, server, title, discord_channel, entry, seen_at, first_seen_at, listed
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?8, ?8, 1)
    ON CONFLICT (provider, channel) DO UPDATE SET
        max_jobs = excluded.max_jobs, server = excluded.server, title = excluded.title,
        discord_channel = excluded.discord_channel, entry = excluded.entry,
        first_seen_at = coalesce(first_seen_at, excluded.seen_at), seen_at = excluded.seen_at, listed = 1
"""
UNLIST: Final = """
    UPDATE account SET listed = 0, seen_at = max(seen_at, coalesce(
        (SELECT CAST(value AS INTEGER) FROM meta WHERE key = ?), seen_at))
    WHERE provider = ? AND channel = ?
"""
NAME: Final = """
    INSERT INTO account (provider, channel, name, seen_at, listed) VALUES (?, ?, ?, ?, 0)
    ON CONFLICT (provider, channel) DO UPDATE SET name = excluded.name
"""
DISCORD_NAME: Final = """
    INSERT INTO account (provider, channel, discord_name, seen_at, listed) VALUES (?, ?, ?, ?, 0)
    ON CONFLICT (provider, channel) DO UPDATE SET discord_name = coalesce(excluded.discord_name, discord_name)
"""
INFO: Final = """
    INSERT OR REPLACE INTO info_snapshot (provider, channel, taken_at, took_ms, discord_name, text, by_order)
    VALUES (?, ?, ?, ?, ?, ?, ?)
"""
FORGET_ORDERED: Final = "DELETE FROM info_snapshot WHERE provider = ? AND channel = ? AND by_order"
ACTIONS: Final = """
    SELECT at, actor_id, verb, provider, channel, outcome FROM audit
    WHERE provider = ? AND channel = ? ORDER BY at DESC, id DESC LIMIT ?
"""
LAST_ACTION: Final = """
    SELECT at, actor_id, verb, provider, channel, outcome FROM audit
    WHERE verb IN (SELECT value FROM json_each(?))
    AND provider = coalesce(?, provider) AND channel = coalesce(?, channel) ORDER BY id DESC LIMIT 1
"""
FORGET: Final = ("DELETE FROM info_snapshot WHERE taken_at < ?", "DELETE FROM audit WHERE at < ?")


class Store:
    """The accounts and the audit. Incidents and messages are in `watch`, numbers of answers in `usage`.

    `history` reads what was recorded over time.

    Every method raises StoreError when the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.watch = WatchStore(database)
        self.usage = usage.UsageStore(database)
        self.history = HistoryStore(database)
        self._recorded: dict[str, dict[str, Account]] = {}
        """Each provider's listed accounts as last written, so that a poll without changes writes nothing."""
        self._stamped: dict[str, datetime | None] = {}

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        path: Path,
        *,
        busy_timeout: timedelta = BUSY_TIMEOUT,
        give_up: Callable[[], bool] = lambda: False,
    ) -> AsyncGenerator[Self]:
        """Open a database, created or brought up to date as needed, and close it in any case.

        Once `give_up` returns True, the start waits no more for a program that locks the database.

        Raises:
            StoreError: it is in use, damaged, another program's, a newer Midwatch's or not writable, or
                SQLite is too old. It is not changed.
        """
        require_sqlite()
        with lock_database(path) as file:
            await retry_while_locked(partial(prepare, file), busy_timeout, give_up)
            async with connect(file, read_only=False, busy_timeout=busy_timeout) as writer:
                with as_store_errors(file):
                    await writer.execute("PRAGMA synchronous = FULL")
                    await writer.execute("PRAGMA foreign_keys = ON")
                    # SQLite itself waits only briefly: each transaction decides how often it tries again.
                    step = min(BUSY_STEP, busy_timeout) // MILLISECOND
                    await writer.execute(f"PRAGMA busy_timeout = {step}")
                    await usage.add_info_figure(writer)
                async with connect(file, read_only=True, busy_timeout=busy_timeout) as reader:
                    yield cls(Database(writer, reader, file, busy_timeout))

    @contextmanager
    def refuse_unknown_content(self) -> Generator[None]:
        """Log values within that only another version understands, and raise a StoreError."""
        try:
            yield
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            log.exception("the database holds something that is not understood")
            raise StoreError(ErrorCode.DATABASE_NOT_UNDERSTOOD, path=self._database.path) from error

    @property
    def failure(self) -> StoreError | None:
        """Why the last transaction is not on disk; None if it is."""
        return self._database.failure

    def shorten_waits(self) -> None:
        """Stop waiting for other programs a moment from now: Midwatch is about to end."""
        self._database.shorten_waits()

    async def accounts(self) -> tuple[KnownAccount, ...]:
        """Return every account on record, the longest known first."""
        return tuple(known_account(*row) for row in await self._database.read(ACCOUNTS))

    async def record_observation(self, observation: Observation) -> None:
        """Write the changes that a good poll shows. Accounts that it does not list are marked so."""
        async with self._database.write_lock:
            provider = observation.provider
            recorded = await self._load_recorded(provider)
            seen = {account.reference: account for account in observation.accounts}
            # The same object needs no comparison: 10,000 of them take a while.
            new = [each for reference, each in seen.items() if recorded.get(reference) is not each]
            changed = [
                account
                for account in new
                if (known := recorded.get(account.reference)) is None
                or recorded_cells(known) != recorded_cells(account)
            ]
            sampled = [each for each in new if each.info and is_news(recorded.get(each.reference), each.info)]
            gone = recorded.keys() - seen.keys() if observation.is_complete else ()
            stamp = meta_key(LAST_SUCCESS, provider)
            success = stamp, str(to_epoch(observation.at))
            if changed or sampled or gone:
                del self._recorded[provider]  # until the transaction is known to have succeeded
                async with self._database.transaction() as writer:
                    if gone:
                        await writer.executemany(UNLIST, [(stamp, *account_cells(each)) for each in gone])
                    if changed:
                        at = observation.at
                        rows = (
                            (*account_cells(each.reference), *recorded_cells(each), at) for each in changed
                        )
                        await writer.executemany(LIST, rows)
                    if sampled:
                        await usage.write_listed(writer, sampled)
                    await writer.execute(SET_META, success)
            elif self._stamp_is_due(provider, observation.at):
                await self._database.write(SET_META, success)
            else:
                return
            self._recorded[provider] = seen if observation.is_complete else recorded | seen
            self._stamped[provider] = observation.at

    async def record_info(self, reference: str, snapshot: InfoSnapshot, *, by_order: bool = False) -> None:
        """Write an answer to `/info`, and the Discord name if it has one.

        Of an answer by order the numbers stay, and the text until the account's next answer.
        """
        info, at = snapshot.info, snapshot.taken_at
        took_ms = None if snapshot.took is None else snapshot.took // MILLISECOND
        async with self._database.writing() as writer:
            await writer.execute(DISCORD_NAME, (*account_cells(reference), info.discord_name, at))
            await writer.execute(FORGET_ORDERED, account_cells(reference))
            cells = (*account_cells(reference), at, took_ms, info.discord_name, info.text, by_order)
            await writer.execute(INFO, cells)
            if at is not None:
                await usage.write_sample(writer, reference, UsageSample.of(info, at))

    async def rename(self, reference: str, name: str | None, *, actor_id: int, at: datetime) -> None:
        """Name an account, or take its name away with None, and write down who did it."""
        outcome = "unnamed" if name is None else f"named:{name}"
        async with self._database.writing() as writer:
            await writer.execute(NAME, (*account_cells(reference), name, at))
            await writer.execute(ACTION, action_row(Action(at, actor_id, "rename", reference, outcome)))

    async def record_action(self, action: Action) -> None:
        """Write an entry of the audit."""
        async with self._database.writing() as writer:
            await writer.execute(ACTION, action_row(action))

    async def actions(self, reference: str, limit: int = 5) -> tuple[Action, ...]:
        """Return the last actions on an account, the latest first."""
        return tuple(map(action_of, await self._database.read(ACTIONS, (*account_cells(reference), limit))))

    async def last_action(self, verbs: Iterable[str], reference: str | None = None) -> Action | None:
        """Return the last action with one of these verbs, on one account or on any."""
        cells = (None, None) if reference is None else account_cells(reference)
        rows = await self._database.read(LAST_ACTION, (json.dumps(list(verbs)), *cells))
        return next(map(action_of, rows), None)

    async def meta(self, key: str) -> str | None:
        """Return the value of a key."""
        for (value,) in await self._database.read(GET_META, (key,)):
            return str(value)
        return None

    async def set_meta(self, key: str, value: str) -> None:
        """Write the value of a key."""
        async with self._database.writing() as writer:
            await writer.execute(SET_META, (key, value))

    async def last_success(self, provider: str) -> datetime | None:
        """Return the time of the last good poll of a provider, to a minute."""
        value = await self.meta(meta_key(LAST_SUCCESS, provider))
        return None if value is None else from_epoch(int(value))

    async def poll_state(self, provider: str) -> str | None:
        """Return the state of polling a provider as it was saved."""
        return await self.meta(meta_key(POLL_STATE, provider))

    async def prune(self, now: datetime) -> None:
        """Delete answers, their numbers, actions, and finished messages and incidents older than 400 days."""
        oldest = (now - KEPT,)
        async with self._database.writing() as writer:
            for statement in (*FORGET, usage.FORGET, *FORGET_WATCH):
                await writer.execute(statement, oldest)

    async def _load_recorded(self, provider: str) -> dict[str, Account]:
        if provider not in self._recorded:
            # The writer answers after all that it was given before. The reader could miss a late commit.
            with as_store_errors(self._database.path):
                rows = await self._database.writer.execute_fetchall(LISTED, (provider,))
            accounts = (recorded_account(provider, row) for row in rows)
            self._recorded[provider] = {account.reference: account for account in accounts}
            self._stamped[provider] = await self.last_success(provider)
        return self._recorded[provider]

    def _stamp_is_due(self, provider: str, at: datetime) -> bool:
        """Return whether to write the time of this good poll, also if the clock was set back."""
        stamped = self._stamped[provider]
        return stamped is None or abs(at - stamped) >= STAMP_EVERY


def is_news(known: Account | None, info: InfoSnapshot) -> bool:
    """Return whether a list shows a dated answer to `/info` that is not the one written before."""
    return info.taken_at is not None and (known is None or known.info != info)
