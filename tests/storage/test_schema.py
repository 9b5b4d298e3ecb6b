import hashlib
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.accounts import Flag, FlagKind, KnownAccount, Observation
from bot.domain.incidents import Incident, ServiceProblem, State, new_key
from bot.domain.providers import MJPROXY, USEAPI, reference_to
from bot.storage import Store, StoreError
from bot.storage.database import connect, create
from bot.storage.migrations import migrate
from bot.storage.rows import from_epoch
from bot.storage.schema_steps import STEPS
from tests.storage.cases import AT, FIRST, SECOND, ask, observed
from tests.storage.watch_cases import KEYS, alert, incident

NEWEST = len(STEPS)
WITHOUT_FLAGS = next(
    at for at, step in enumerate(STEPS) if any("account_without_flag" in each for each in step)
)
FLAGGED_IN_COLUMNS = range(1, WITHOUT_FLAGS + 1)
"""The versions that remember in an account's own columns what is flagged."""
SINCE = 1_700_000_000_000
FLAG = """
    INSERT INTO account (channel, flag_text, flag_kind, flagged_since, seen_at, listed)
    VALUES (?, 'Wait', 'captcha', ?, 0, ?)
    ON CONFLICT DO UPDATE SET flag_text = excluded.flag_text, flag_kind = excluded.flag_kind,
        flagged_since = excluded.flagged_since
"""
INCIDENT = """
    INSERT INTO incident (
        key, state, opened_at, ended_at, channel, seen_at, flag_text, flag_kind,
        from_command, before_watch, recurring, clear_looks, missing_looks
    ) VALUES ('1', ?, ?, ?, ?, 0, 'Wait', 'captcha', 0, 0, 0, 0, 0)
"""
DIGESTS = (
    "55ecbb684a12554a",
    "69f01ee6786a4802",
    "0a69e4f2c493d6c2",
    "cf73b4504a6f2a0c",
    "44878c9e0504342a",
    "f2063d2daebf8abd",
    "7352fd0be9701907",
    "46551b2713deb2aa",
    "3a2429ec93c38003",
    "05ae44b8eb14ac5a",
    "ab42cdb2704da68f",
    "be720bbd4400b414",
    "d148676ddf43bb9a",
    "29afb21dab7b76af",
    "469c950eda9784c0",
    "bd5a4c4fb750f27a",
)
"""Of each step that a database may have taken. A step is appended, and never edited."""
ONE_MORE: tuple[tuple[str, ...], ...] = (*STEPS, ("ALTER TABLE account ADD COLUMN mood TEXT",))


def test_no_step_that_was_taken_is_edited() -> None:
    digests = tuple(hashlib.sha256("\n".join(step).encode()).hexdigest()[:16] for step in STEPS)
    assert digests == DIGESTS


async def upgrade(path: Path, steps: tuple[tuple[str, ...], ...]) -> None:
    async with connect(path, read_only=False) as connection:
        await migrate(connection, path, steps)


def backup_of(path: Path, version: int) -> Path:
    return path.with_name(f"{path.name}.v{version}.backup")


def shape(path: Path) -> list[str]:
    return ask(path, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")


def remember_something(path: Path) -> None:
    """Write into a database of any version, in words that each of them takes."""
    with closing(sqlite3.connect(path)) as connection, connection:
        account: dict[str, object] = {
            "channel": FIRST.reference,
            "max_jobs": FIRST.max_jobs,
            "server": FIRST.server,
            "listed": 1,
            "seen_at": 0,
        }
        if any(name == "provider" for _, name, *_ in connection.execute("PRAGMA table_info (account)")):
            account["provider"] = USEAPI
        connection.execute(
            f"INSERT INTO account ({', '.join(account)}) VALUES ({', '.join('?' for _ in account)})",  # noqa: S608 - the names above
            tuple(account.values()),
        )
        connection.execute(
            "INSERT INTO audit (id, at, actor_id, verb, channel, outcome) VALUES (1, 0, 1, 'reset', ?, 'ok')",
            (FIRST.reference,),
        )
        connection.execute("INSERT INTO meta VALUES ('key', 'value')")


def write(path: Path, statement: str, *parameters: object) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, parameters)


async def make(path: Path, version: int) -> None:
    """Make a database as a Midwatch of that version leaves it."""
    create(path)
    await upgrade(path, STEPS[:version])
    remember_something(path)


@pytest.mark.parametrize("version", range(1, NEWEST))
async def test_a_database_of_every_earlier_version_is_brought_up_to_date_after_a_backup(
    path: Path, version: int
) -> None:
    await make(path, version)
    before = shape(path)
    async with Store.open(path) as store:
        (known,) = await store.accounts()
        assert known == KnownAccount(FIRST)
        assert [action.outcome for action in await store.actions(FIRST.reference)] == ["ok"]
        assert await store.meta("key") == "value"
        await store.watch.save(incidents=[incident(0)], messages=[alert(1, incident(0))])
        assert await store.watch.message(KEYS[1]) == alert(1, incident(0))
    backup = backup_of(path, version)
    assert ask(path, "PRAGMA user_version") == [(NEWEST,)]
    assert ask(backup, "PRAGMA user_version") == [(version,)]
    assert ask(backup, "SELECT channel FROM account") == [(FIRST.reference,)]
    assert shape(backup) == before


@pytest.mark.parametrize("version", FLAGGED_IN_COLUMNS)
async def test_what_the_columns_of_an_earlier_version_have_flagged_is_an_open_incident(
    path: Path, version: int
) -> None:
    await make(path, version)
    write(path, FLAG, FIRST.reference, SINCE, 1)
    write(path, FLAG, SECOND.reference, SINCE, 0)
    write(path, "UPDATE account SET name = 'Mine' WHERE listed")
    write(path, "INSERT INTO info_snapshot SELECT channel, 7, 8, 'aurora', 'Plan' FROM account WHERE listed")
    async with Store.open(path) as store:
        first, second = await store.accounts()
        assert (first.account, first.name, first.snapshot and first.snapshot.info.text) == (
            FIRST,
            "Mine",
            "Plan",
        )
        assert (second.account.reference, second.is_listed) == (SECOND.reference, False)
        # What was removed while it was flagged is nobody's problem any more.
        (kept,) = await store.watch.load_incidents(AT)
        assert kept == Incident(
            kept.key,
            State.OPEN,
            opened_at=from_epoch(SINCE),
            seen_at=from_epoch(SINCE),
            reference=FIRST.reference,
            flag=Flag("Wait", FlagKind.CAPTCHA),
            worst_kind=FlagKind.CAPTCHA,
            before_watch=True,
        )
        assert len(kept.key) == len(new_key())
    assert ask(path, "PRAGMA foreign_key_check") == []


@pytest.mark.parametrize("version", FLAGGED_IN_COLUMNS)
async def test_a_timed_block_from_the_columns_of_an_earlier_version_ends_its_length_after_it_was_known(
    path: Path, version: int
) -> None:
    await make(path, version)
    write(path, FLAG, FIRST.reference, SINCE, 1)
    write(path, "UPDATE account SET flag_text = 'Banned for 3 days', flag_kind = 'block'")
    async with Store.open(path) as store:
        (kept,) = await store.watch.load_incidents(AT)
        assert kept.block_ends == kept.block_until() == from_epoch(SINCE) + timedelta(days=3)
        await store.watch.save(incidents=[kept])
        assert await store.watch.incident(kept.key) == kept


@pytest.mark.parametrize("version", FLAGGED_IN_COLUMNS[1:])
@pytest.mark.parametrize("ended_at", [None, SINCE + 1])
async def test_what_has_an_incident_gets_no_other_when_its_columns_go(
    path: Path, version: int, ended_at: int | None
) -> None:
    await make(path, version)
    write(path, FLAG, FIRST.reference, SINCE, 1)
    write(path, INCIDENT, "ended" if ended_at else "open", SINCE, ended_at, FIRST.reference)
    async with Store.open(path):
        pass
    assert ask(path, "SELECT key FROM incident") == [("1",)]


BEFORE_PROVIDERS = next(at for at, step in enumerate(STEPS) if any("_by_provider" in each for each in step))
"""The last version that knows one provider, which is that of Midwatch 0.1."""
OPEN = """
    INSERT INTO incident (
        key, state, opened_at, channel, seen_at, flag_text, flag_kind, lease_channel,
        from_command, before_watch, recurring, clear_polls, missing_polls
    ) VALUES (?, 'open', ?, ?, ?, 'Wait', 'captcha', ?, 0, 0, 0, 0, 0)
"""
OUTAGE = """
    INSERT INTO incident (
        key, state, opened_at, problem, seen_at,
        from_command, before_watch, recurring, clear_polls, missing_polls
    ) VALUES (?, 'open', ?, 'unreachable', ?, 0, 0, 0, 0, 0)
"""


async def test_all_that_midwatch_0_1_knew_is_known_as_useapi_s(path: Path) -> None:
    await make(path, BEFORE_PROVIDERS)
    write(path, "UPDATE account SET name = 'Mine', discord_name = 'aurora'")
    write(path, "INSERT INTO info_snapshot VALUES (?, 7, 8, 'aurora', 'Plan')", FIRST.reference)
    write(path, OPEN, KEYS[0], SINCE, FIRST.reference, SINCE, FIRST.reference)
    write(path, OUTAGE, KEYS[1], SINCE, SINCE)
    for channel, until in ((FIRST.reference, SINCE), ("", SINCE + 1)):
        write(path, "INSERT INTO mute (channel, until, muted_by) VALUES (?, ?, 5)", channel, until)
    for key in ("last_success", "watch"):
        write(path, "INSERT INTO meta VALUES (?, ?)", key, str(SINCE))
    async with Store.open(path) as store:
        (known,) = await store.accounts()
        assert (known.account, known.name, known.discord_name) == (FIRST, "Mine", "aurora")
        assert known.snapshot is not None
        assert (known.snapshot.taken_at, known.snapshot.info.text) == (from_epoch(7), "Plan")
        (action,) = await store.actions(FIRST.reference)
        assert (action.reference, action.outcome) == (FIRST.reference, "ok")
        flagged, down = await store.watch.load_incidents(AT)
        assert (flagged.provider, flagged.reference, flagged.lease_reference) == (
            USEAPI,
            *[FIRST.reference] * 2,
        )
        assert (down.provider, down.reference, down.problem) == (USEAPI, None, ServiceProblem.UNREACHABLE)
        mutes = {each.reference: each.until for each in await store.watch.load_mutes()}
        assert mutes == {FIRST.reference: from_epoch(SINCE), None: from_epoch(SINCE + 1)}
        assert await store.last_success(USEAPI) == from_epoch(SINCE)
        assert await store.poll_state(USEAPI) == str(SINCE)
        twin = replace(FIRST, reference=reference_to(MJPROXY, FIRST.reference))
        await store.record_observation(Observation(AT, (twin,), MJPROXY))
        assert [each.is_listed for each in await store.accounts()] == [True, True]
    assert ask(path, "PRAGMA foreign_key_check") == []


async def test_a_database_brought_up_to_date_has_the_shape_of_a_new_one(path: Path) -> None:
    await make(path, 1)
    new = path.with_name("new.sqlite3")
    for each in (path, new):
        async with Store.open(each):
            pass
    assert shape(path) == shape(new)


async def test_a_new_step_is_taken_after_a_backup(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST))
    await upgrade(path, ONE_MORE)
    backup = backup_of(path, NEWEST)
    assert ask(path, "PRAGMA user_version") == [(NEWEST + 1,)]
    assert ask(path, "SELECT channel, mood FROM account") == [(FIRST.reference, None)]
    assert ask(backup, "PRAGMA user_version") == [(NEWEST,)]
    assert ask(backup, "SELECT channel FROM account") == [(FIRST.reference,)]
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


async def test_a_backup_can_be_put_in_the_place_of_the_database(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST))
    await upgrade(path, ONE_MORE)
    backup_of(path, NEWEST).replace(path)
    async with Store.open(path) as store:
        assert await store.accounts() == (KnownAccount(FIRST),)


async def test_a_step_that_fails_is_undone_and_can_be_taken_again(path: Path) -> None:
    async with Store.open(path):
        pass
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await upgrade(path, (*STEPS, (*ONE_MORE[-1], "DROP TABLE missing")))
    assert ask(path, "PRAGMA user_version") == [(NEWEST,)]
    await upgrade(path, ONE_MORE)
    assert ask(path, "PRAGMA user_version") == [(NEWEST + 1,)]


async def test_a_half_written_backup_of_an_earlier_try_is_replaced(path: Path) -> None:
    async with Store.open(path):
        pass
    unfinished = path.with_name(f"{path.name}.v{NEWEST}.backup.unfinished")
    unfinished.write_text("half")
    await upgrade(path, ONE_MORE)
    assert not unfinished.exists()
    assert ask(backup_of(path, NEWEST), "PRAGMA quick_check") == [("ok",)]


async def test_no_step_is_taken_when_the_backup_cannot_be_written(path: Path) -> None:
    async with Store.open(path):
        pass
    obstacle = backup_of(path, NEWEST)
    obstacle.mkdir()
    with pytest.raises(StoreError, match="no backup"):
        await upgrade(path, ONE_MORE)
    assert ask(path, "PRAGMA user_version") == [(NEWEST,)]
    obstacle.rmdir()
    await upgrade(path, ONE_MORE)
    assert ask(path, "PRAGMA user_version") == [(NEWEST + 1,)]


async def test_a_new_or_current_database_needs_no_backup(path: Path) -> None:
    for _ in range(2):
        async with Store.open(path):
            pass
    assert list(path.parent.glob("*.backup*")) == []
