import asyncio
import sqlite3
import stat
import threading
import types
from collections.abc import Coroutine, Generator, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.models import Account, Action, Flag, FlagKind, Info, InfoSnapshot, Observation
from bot.store import DatabaseInUse, Store, StoredAccount, StoredInfo, StoreError
from bot.store.database import connected
from bot.store.schema import STEPS, migrate

AT = datetime(2026, 3, 1, 12, 0, 0, 5_000, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
OWNER = 123456789012345678
FIRST = Account("111111111111111111", max_jobs=3, server="222222222222222222")
SECOND = Account("333333333333333333", max_jobs=12)
CAPTCHA = Flag("Please verify you are human.", FlagKind.CAPTCHA)
MODERATION = Flag("Pending moderation message.", FlagKind.MODERATION)
QUICKLY = timedelta(milliseconds=50)
ONE_MORE: tuple[tuple[str, ...], ...] = (*STEPS, ("ALTER TABLE account ADD COLUMN mood TEXT",))


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction] - pytest calls it
    """A connection that stays open keeps its thread, and that would keep the process from ending."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:
        thread.join(1)
    assert [thread.name for thread in left if thread.is_alive()] == []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "midwatch.sqlite3"


def look(*accounts: Account, at: datetime = AT) -> Observation:
    return Observation(at, accounts)


def answer(text: str = "Your info", name: str | None = None, at: datetime = AT) -> InfoSnapshot:
    return InfoSnapshot(at, timedelta(seconds=2.5), Info(text, discord_name=name))


def ask(path: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


class Watcher:
    """Another connection, which can tell whether the database was written to."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._version = self._read()

    def _read(self) -> int:
        return self._connection.execute("PRAGMA data_version").fetchone()[0]

    def sees_a_write(self) -> bool:
        before, self._version = self._version, self._read()
        return before != self._version


@types.coroutine
def cancelled_at(point: int, work: Coroutine[Any, Any, None]) -> Generator[Any, Any, bool]:
    """Run some work and cancel it where it waits for the time that is named; False if it was done before."""
    try:
        for _ in range(point):
            yield work.send(None)
        work.send(None)
    except StopIteration:
        return False
    try:
        waiting = work.throw(asyncio.CancelledError)
        while True:
            yield waiting
            waiting = work.send(None)
    except asyncio.CancelledError:
        return True


# What is remembered


async def test_a_new_database_remembers_nothing(path: Path) -> None:
    async with Store.open(path) as store:
        assert await store.accounts() == ()
        assert await store.last_success() is None
        assert await store.meta("anything") is None
        assert await store.actions(FIRST.channel) == ()


async def test_what_was_observed_is_remembered_across_a_restart(path: Path) -> None:
    flagged = replace(SECOND, flag=CAPTCHA)
    async with Store.open(path) as store:
        await store.record_observation(look(FIRST, flagged))
    async with Store.open(path) as store:
        assert await store.accounts() == (
            StoredAccount(FIRST, listed=True),
            StoredAccount(flagged, listed=True, flagged_since=AT),
        )
        assert await store.last_success() == AT


async def test_an_account_that_left_the_list_is_remembered_as_not_listed(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(look(FIRST, SECOND))
        await store.record_observation(look(SECOND, at=AT + 3 * MINUTE))
        assert [known.listed for known in await store.accounts()] == [False, True]
        await store.record_observation(look(FIRST, SECOND, at=AT + 4 * MINUTE))
        assert [known.listed for known in await store.accounts()] == [True, True]


async def test_an_account_that_left_keeps_the_time_it_was_last_listed(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(look(FIRST))
        await store.record_observation(look(FIRST, at=AT + 30 * MINUTE))
        await store.record_observation(look(at=AT + 31 * MINUTE))
    ((seen_at,),) = ask(path, "SELECT seen_at FROM account")
    assert seen_at == (AT + 30 * MINUTE).timestamp() * 1000


async def test_a_flag_is_dated_from_when_it_was_first_known_until_it_is_gone(path: Path) -> None:
    looks = [
        (None, None),
        (CAPTCHA, AT + MINUTE),
        (CAPTCHA, AT + MINUTE),
        (MODERATION, AT + MINUTE),
        (None, None),
        (MODERATION, AT + 5 * MINUTE),
    ]
    async with Store.open(path) as store:
        for minute, (flag, since) in enumerate(looks):
            await store.record_observation(look(replace(FIRST, flag=flag), at=AT + minute * MINUTE))
            (known,) = await store.accounts()
            assert (known.account.flag, known.flagged_since) == (flag, since)


async def test_a_flag_met_by_a_command_is_kept_until_a_look_decides(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(look(FIRST))
        await store.record_flag(FIRST.channel, CAPTCHA, AT + MINUTE)
        await store.record_flag(FIRST.channel, MODERATION, AT + 2 * MINUTE)
        (known,) = await store.accounts()
        assert known == StoredAccount(replace(FIRST, flag=MODERATION), listed=True, flagged_since=AT + MINUTE)
        await store.record_observation(look(FIRST, at=AT + 3 * MINUTE))
        assert await store.accounts() == (StoredAccount(FIRST, listed=True),)


async def test_a_flag_of_an_account_that_was_never_listed_is_kept(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_flag("444444444444444444", CAPTCHA, AT)
        flagged = Account("444444444444444444", flag=CAPTCHA)
        assert await store.accounts() == (StoredAccount(flagged, listed=False, flagged_since=AT),)


async def test_the_latest_info_answer_comes_with_the_account(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(look(FIRST, SECOND))
        await store.record_info(FIRST.channel, answer("newer", "Blue", AT + MINUTE))
        await store.record_info(FIRST.channel, answer("older", "Green", AT))
        first, second = await store.accounts()
        assert first.info == StoredInfo(AT + MINUTE, timedelta(seconds=2.5), "Blue", "newer")
        assert second.info is None


async def test_the_discord_name_stays_when_an_answer_gives_none(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_info(FIRST.channel, answer(name="Blue"))
        await store.record_info(FIRST.channel, answer(name=None, at=AT + MINUTE))
        (known,) = await store.accounts()
        assert known.discord_name == "Blue"
        assert known.info is not None
        assert known.info.discord_name is None


async def test_a_look_takes_no_name_and_no_answer_away(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_info(FIRST.channel, answer(name="Blue"))
        await store.rename(FIRST.channel, "The first", actor_id=OWNER, at=AT)
        await store.record_observation(look(FIRST))
        (known,) = await store.accounts()
        assert (known.account, known.name, known.discord_name) == (FIRST, "The first", "Blue")
        assert known.info is not None


async def test_a_name_is_given_and_taken_away_with_its_entry_in_the_audit(path: Path) -> None:
    async with Store.open(path) as store:
        await store.rename(FIRST.channel, "Blue", actor_id=OWNER, at=AT)
        (named,) = await store.accounts()
        await store.rename(FIRST.channel, None, actor_id=OWNER, at=AT + MINUTE)
        (unnamed,) = await store.accounts()
        assert (named.name, unnamed.name) == ("Blue", None)
        assert await store.actions(FIRST.channel) == (
            Action(AT + MINUTE, OWNER, "rename", FIRST.channel, "name removed"),
            Action(AT, OWNER, "rename", FIRST.channel, "named Blue"),
        )


async def test_the_last_actions_come_latest_first_and_only_of_that_account(path: Path) -> None:
    def action(minute: int, channel: str) -> Action:
        return Action(AT + minute * MINUTE, OWNER, "reset", channel, f"outcome {minute}")

    async with Store.open(path) as store:
        for minute in range(7):
            await store.record_action(action(minute, FIRST.channel))
        await store.record_action(action(8, SECOND.channel))
        expected = tuple(action(minute, FIRST.channel) for minute in (6, 5, 4, 3, 2))
        assert await store.actions(FIRST.channel) == expected
        assert await store.actions(FIRST.channel, limit=1) == expected[:1]


async def test_a_value_is_kept_under_its_key(path: Path) -> None:
    async with Store.open(path) as store:
        await store.set_meta("key", "one")
        await store.set_meta("key", "two")
    async with Store.open(path) as store:
        assert await store.meta("key") == "two"


async def test_answers_and_actions_are_forgotten_after_400_days(path: Path) -> None:
    async with Store.open(path) as store:
        for days in (0, 1):
            await store.record_info(FIRST.channel, answer(f"day {days}", at=AT + days * DAY))
            await store.record_action(Action(AT + days * DAY, OWNER, "reset", FIRST.channel, f"day {days}"))
        await store.prune(AT + 401 * DAY)
        assert [action.outcome for action in await store.actions(FIRST.channel)] == ["day 1"]
    assert ask(path, "SELECT text FROM info_snapshot") == [("day 1",)]


async def test_half_a_character_does_not_keep_a_look_from_being_written(path: Path) -> None:
    odd = Account("\ud83d", flag=Flag("Half: \ud83d", FlagKind.OTHER))
    async with Store.open(path) as store:
        await store.record_observation(look(odd))
    async with Store.open(path) as store:
        await store.record_observation(look(odd, at=AT + MINUTE))
        (known,) = await store.accounts()
        assert known == StoredAccount(
            Account("?", flag=Flag("Half: ?", FlagKind.OTHER)), True, flagged_since=AT
        )


async def test_ten_thousand_accounts_are_written_and_read(path: Path) -> None:
    many = tuple(Account(str(10**17 + number), max_jobs=3) for number in range(10_000))
    async with Store.open(path) as store, asyncio.timeout(20):
        await store.record_observation(look(*many))
        assert [known.account for known in await store.accounts()] == list(many)


# What is written


async def test_a_look_that_shows_nothing_new_writes_a_stamp_once_a_minute(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(look(FIRST))
        with closing(sqlite3.connect(path)) as connection:
            watcher = Watcher(connection)
            writes: list[bool] = []
            for seconds in (20, 40, 59, 60, 80, 121):
                await store.record_observation(look(FIRST, at=AT + timedelta(seconds=seconds)))
                writes.append(watcher.sees_a_write())
        assert writes == [False, False, False, True, False, True]
        assert await store.last_success() == AT + timedelta(seconds=121)


async def test_a_restart_does_not_write_what_is_known(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(look(FIRST, replace(SECOND, flag=CAPTCHA)))
    async with Store.open(path) as store:
        with closing(sqlite3.connect(path)) as connection:
            watcher = Watcher(connection)
            await store.record_observation(
                look(FIRST, replace(SECOND, flag=CAPTCHA), at=AT + timedelta(seconds=30))
            )
            assert not watcher.sees_a_write()


async def test_a_clock_that_was_put_back_does_not_stop_the_stamp(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(look(FIRST))
        await store.record_observation(look(FIRST, at=AT - DAY))
        assert await store.last_success() == AT - DAY


async def test_writers_at_the_same_time_take_turns(path: Path) -> None:
    async with Store.open(path) as store:
        await asyncio.gather(
            *(store.rename(FIRST.channel, f"name {n}", actor_id=n, at=AT) for n in range(20)),
            *(store.record_observation(look(FIRST, at=AT + n * MINUTE)) for n in range(20)),
        )
        assert len(await store.actions(FIRST.channel, limit=100)) == 20


@pytest.mark.parametrize("point", range(12))
async def test_a_rename_cancelled_anywhere_is_done_wholly_or_not_at_all(path: Path, point: int) -> None:
    async with Store.open(path) as store:
        await store.record_observation(look(FIRST))
        was_cancelled = await cancelled_at(point, store.rename(FIRST.channel, "Blue", actor_id=OWNER, at=AT))
        await store.set_meta("written", "afterwards")
        (known,) = await store.accounts()
        assert (known.name == "Blue") is bool(await store.actions(FIRST.channel))
        assert was_cancelled or known.name == "Blue"
        assert await store.meta("written") == "afterwards"


@pytest.mark.parametrize("point", range(12))
async def test_after_a_cancelled_look_the_next_one_is_written_all_the_same(path: Path, point: int) -> None:
    async with Store.open(path) as store:
        await store.record_observation(look(FIRST))
        await cancelled_at(point, store.record_observation(look(SECOND, at=AT + MINUTE)))
        await store.record_observation(look(FIRST, at=AT + MINUTE))
        assert [known.account for known in await store.accounts() if known.listed] == [FIRST]


async def test_both_ends_of_a_rename_are_reached_by_the_cancellations(path: Path) -> None:
    """Shows that the two tests above cancel before, within and after a transaction."""
    ends: set[tuple[bool, bool]] = set()
    async with Store.open(path) as store:
        for point in range(12):
            name = f"name {point}"
            cancelled = await cancelled_at(point, store.rename(FIRST.channel, name, actor_id=OWNER, at=AT))
            await store.set_meta("written", name)
            ends.add((cancelled, any(known.name == name for known in await store.accounts())))
    assert ends == {(True, False), (True, True), (False, True)}


# The file


async def test_the_files_and_their_folder_are_for_this_user_alone(path: Path) -> None:
    async with Store.open(path) as store:
        await store.set_meta("key", "value")
        modes = {
            file.name: stat.S_IMODE(file.stat().st_mode) for file in (path.parent, *path.parent.iterdir())
        }
    names = [path.name, f"{path.name}-shm", f"{path.name}-wal", f"{path.name}.lock"]
    assert modes == {path.parent.name: 0o700} | dict.fromkeys(names, 0o600)


async def test_the_database_is_durable_and_holds_to_its_references(path: Path) -> None:
    async with Store.open(path) as store:
        values = [
            list(await store._writer.execute_fetchall(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
        assert values == [[("wal",)], [(2,)], [(1,)], [(5000,)]]


async def test_the_reading_connection_cannot_write(path: Path) -> None:
    async with Store.open(path) as store:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await store._reader.execute("INSERT INTO meta VALUES ('a', 'b')")


async def test_no_table_takes_a_value_of_another_type(path: Path) -> None:
    async with Store.open(path):
        pass
    tables = ask(
        path, "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite%'"
    )
    assert dict(tables) == dict.fromkeys(("account", "info_snapshot", "audit", "meta"), 1)


async def test_a_second_bot_is_refused_with_one_sentence(path: Path) -> None:
    async with Store.open(path) as store:
        with pytest.raises(
            DatabaseInUse, match=r"Another Midwatch is using .*midwatch\.sqlite3: stop that one"
        ):
            async with Store.open(path):
                pytest.fail("two at a time")
        await store.set_meta("the first", "goes on")
    async with Store.open(path) as store:
        assert await store.meta("the first") == "goes on"


async def test_another_name_of_the_same_file_is_the_same_file(path: Path) -> None:
    async with Store.open(path):
        link = path.parent.parent / "link.sqlite3"
        link.symlink_to(path)
        with pytest.raises(DatabaseInUse):
            async with Store.open(link):
                pytest.fail("two at a time")


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\xa5" * 4096
    path.write_bytes(content)


def make_newer(path: Path) -> None:
    ask(path, f"PRAGMA user_version = {len(STEPS) + 1}")


def make_foreign(path: Path) -> None:
    ask(path, "PRAGMA application_id = 1")


def make_text(path: Path) -> None:
    path.write_text("This is not a database. " * 100)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        pytest.param(damage, "is damaged or no database: put a backup in its place", id="damaged"),
        pytest.param(make_text, "is damaged or no database: put a backup in its place", id="not-a-database"),
        pytest.param(make_newer, "a newer Midwatch: install that version again", id="newer"),
        pytest.param(make_foreign, "belongs to another program: set DATABASE_PATH", id="somebody-else's"),
    ],
)
async def test_a_database_that_cannot_be_trusted_is_refused_and_left_as_it_is(
    path: Path, spoil: Any, reason: str
) -> None:
    async with Store.open(path) as store:
        await store.record_observation(look(FIRST))
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=reason) as caught:
        async with Store.open(path):
            pytest.fail("opened")
    assert str(caught.value).count(str(path)) == 1
    assert path.read_bytes() == before


async def test_a_newer_database_left_by_a_crash_is_not_tidied_up(path: Path) -> None:
    async with Store.open(path):
        make_newer(path)
        copy = path.with_name("copy.sqlite3")
        for end in ("", "-wal"):
            Path(f"{copy}{end}").write_bytes(Path(f"{path}{end}").read_bytes())
    before = copy.read_bytes(), Path(f"{copy}-wal").read_bytes()
    with pytest.raises(StoreError, match="newer Midwatch"):
        async with Store.open(copy):
            pytest.fail("opened")
    assert (copy.read_bytes(), Path(f"{copy}-wal").read_bytes()) == before


async def test_a_first_start_that_was_killed_half_way_is_undone(path: Path) -> None:
    path.parent.mkdir()
    other = path.with_name("other.sqlite3")
    with closing(sqlite3.connect(other, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("CREATE TABLE half (done TEXT)")
        connection.execute("DROP TABLE half")
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE half (done TEXT)")
        connection.executemany("INSERT INTO half VALUES (?)", [("x" * 1000,)] * 500)
        path.write_bytes(other.read_bytes())
        Path(f"{path}-journal").write_bytes(Path(f"{other}-journal").read_bytes())
    async with Store.open(path) as store:
        assert await store.accounts() == ()
    assert ask(path, "SELECT name FROM sqlite_schema WHERE name = 'half'") == []


async def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "midwatch.sqlite3", tmp_path):
        with pytest.raises(StoreError, match=r"cannot be written \(.*\): let this user write there"):
            async with Store.open(path):
                pytest.fail("opened")


async def test_a_database_locked_by_another_program_is_one_sentence_and_then_works_again(path: Path) -> None:
    async with Store.open(path, busy_timeout=QUICKLY) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="is locked by another program: close what has it open"):
                await store.record_observation(look(FIRST))
            assert await store.accounts() == ()
        await store.record_observation(look(FIRST))
        assert await store.accounts() == (StoredAccount(FIRST, listed=True),)


async def test_a_database_locked_at_the_start_is_one_sentence(path: Path) -> None:
    async with Store.open(path):
        pass
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("INSERT INTO meta VALUES ('a', 'b')")
        with pytest.raises(StoreError, match="is locked by another program"):
            async with Store.open(path, busy_timeout=QUICKLY):
                pytest.fail("opened")


async def test_a_full_disk_is_one_sentence(path: Path) -> None:
    async with Store.open(path) as store:
        await store._writer.execute("PRAGMA max_page_count = 1")
        with pytest.raises(StoreError, match="no room left"):
            await store.record_info(FIRST.channel, answer("x" * 1_000_000))
        await store.set_meta("short", "fits")


async def test_an_error_within_closes_everything(path: Path) -> None:
    with pytest.raises(RuntimeError, match="within"):
        async with Store.open(path):
            raise RuntimeError("within")
    async with Store.open(path):
        pass


async def use(path: Path) -> None:
    async with Store.open(path) as store:
        await store.set_meta("key", "value")


@pytest.mark.parametrize("point", range(0, 60, 3))
async def test_a_start_or_stop_cancelled_anywhere_leaves_nothing_open(path: Path, point: int) -> None:
    await cancelled_at(point, use(path))
    async with Store.open(path) as store:
        assert await store.accounts() == ()


# The steps of the schema


async def upgrade(path: Path, steps: tuple[tuple[str, ...], ...]) -> None:
    async with connected(path, read_only=False) as connection:
        await migrate(connection, path, steps)


async def test_a_new_step_is_taken_after_a_backup(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(look(FIRST))
    await upgrade(path, ONE_MORE)
    backup = path.with_name(f"{path.name}.v1.backup")
    assert ask(path, "PRAGMA user_version") == [(2,)]
    assert ask(path, "SELECT channel, mood FROM account") == [(FIRST.channel, None)]
    assert ask(backup, "PRAGMA user_version") == [(1,)]
    assert ask(backup, "SELECT channel FROM account") == [(FIRST.channel,)]
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


async def test_a_backup_can_be_put_in_the_place_of_the_database(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(look(FIRST))
    await upgrade(path, ONE_MORE)
    path.with_name(f"{path.name}.v1.backup").replace(path)
    async with Store.open(path) as store:
        assert await store.accounts() == (StoredAccount(FIRST, listed=True),)


async def test_a_step_that_fails_is_undone_and_can_be_taken_again(path: Path) -> None:
    async with Store.open(path):
        pass
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await upgrade(path, (*STEPS, (*ONE_MORE[-1], "DROP TABLE missing")))
    assert ask(path, "PRAGMA user_version") == [(1,)]
    await upgrade(path, ONE_MORE)
    assert ask(path, "PRAGMA user_version") == [(2,)]


async def test_a_half_written_backup_of_an_earlier_try_is_replaced(path: Path) -> None:
    async with Store.open(path):
        pass
    unfinished = path.with_name(f"{path.name}.v1.backup.unfinished")
    unfinished.write_text("half")
    await upgrade(path, ONE_MORE)
    assert not unfinished.exists()
    assert ask(path.with_name(f"{path.name}.v1.backup"), "PRAGMA quick_check") == [("ok",)]


async def test_no_step_is_taken_when_the_backup_cannot_be_written(path: Path) -> None:
    async with Store.open(path):
        pass
    path.with_name(f"{path.name}.v1.backup").mkdir()
    with pytest.raises(StoreError, match="backup cannot be written"):
        await upgrade(path, ONE_MORE)
    assert ask(path, "PRAGMA user_version") == [(1,)]


async def test_a_new_or_current_database_needs_no_backup(path: Path) -> None:
    for _ in range(2):
        async with Store.open(path):
            pass
    assert list(path.parent.glob("*.backup*")) == []
