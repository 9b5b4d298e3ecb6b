import asyncio
import fcntl
import gc
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.domain.account_info import Info, InfoSnapshot
from bot.domain.accounts import KnownAccount
from bot.render.error_messages import what
from bot.storage import Store, StoreError, names_in
from bot.storage.database import BUSY_STEP
from bot.storage.errors import store_error
from bot.storage.schema_steps import STEPS
from tests.storage.cases import AT, FIRST, QUICKLY, ask, cancelled_at, connections, observed


async def test_the_files_and_their_folder_are_for_this_user_alone(path: Path) -> None:
    async with Store.open(path) as store:
        await store.set_meta("key", "value")
        modes = {
            file.name: stat.S_IMODE(file.stat().st_mode) for file in (path.parent, *path.parent.iterdir())
        }
    names = [path.name, f"{path.name}-shm", f"{path.name}-wal", f"{path.name}.lock"]
    assert modes == {path.parent.name: 0o700} | dict.fromkeys(names, 0o600)


async def test_an_sqlite_that_is_too_old_is_reported_with_both_versions_before_a_file_is_touched(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Store.open(path) as store:
        await store.set_meta("key", "value")
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    for file in (path, path.with_name("new.sqlite3")):
        with pytest.raises(StoreError, match=r"sqlite too old \(found: 3\.34\.1, needed: 3\.37\.0\)"):
            async with Store.open(file):
                pass
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


def test_an_error_that_nobody_foresaw_promises_no_words_in_the_log(path: Path) -> None:
    assert what(store_error(sqlite3.OperationalError("near STRICT"), path)) == (
        f"The database {path} could not be used (near STRICT): check its disk, or bring a backup back."
    )


async def test_the_database_is_durable_and_keeps_its_references(path: Path) -> None:
    async with Store.open(path) as store:
        writer, _ = connections(store)
        values = [
            list(await writer.execute_fetchall(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
        assert values == [[("wal",)], [(2,)], [(1,)], [(1000 * BUSY_STEP.total_seconds(),)]]


async def test_the_reading_connection_cannot_write(path: Path) -> None:
    async with Store.open(path) as store:
        _, reader = connections(store)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await reader.execute("INSERT INTO meta VALUES ('a', 'b')")


async def test_no_table_takes_a_value_of_another_type(path: Path) -> None:
    async with Store.open(path):
        pass
    tables = ask(
        path, "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite%'"
    )
    names = (
        *("account", "audit", "incident", "info_snapshot", "message", "message_entry", "meta", "mute"),
        *("usage_sample", "warning"),
    )
    assert dict(tables) == dict.fromkeys(names, 1)


async def test_a_second_bot_is_refused_with_one_sentence(path: Path) -> None:
    async with Store.open(path) as store:
        with pytest.raises(StoreError, match=r"database in use \(path: .*midwatch\.sqlite3\)"):
            async with Store.open(path):
                pytest.fail("two at a time")
        await store.set_meta("the first", "goes on")
    async with Store.open(path) as store:
        assert await store.meta("the first") == "goes on"


async def test_a_bot_of_midwatch_0_1_is_seen_and_sees_this_one(path: Path) -> None:
    async with Store.open(path):
        pass
    with path.with_name(f"{path.name}.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # all that 0.1 did
        with pytest.raises(StoreError, match="database in use"):
            async with Store.open(path):
                pytest.fail("two at a time")
        fcntl.flock(lock, fcntl.LOCK_UN)
        async with Store.open(path):
            with pytest.raises(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


async def test_another_name_of_the_same_file_is_the_same_file(path: Path) -> None:
    async with Store.open(path):
        link = path.parent.parent / "link.sqlite3"
        link.symlink_to(path)
        with pytest.raises(StoreError, match="database in use"):
            async with Store.open(link):
                pytest.fail("two at a time")


def content(*files: Path) -> list[bytes]:
    return [file.read_bytes() for file in files]


def copy_as_a_crash_would(path: Path, copy: Path, end: str) -> None:
    """Copy a database in the middle of its life, with the file of what is not in it yet."""
    for one in ("", end):
        Path(f"{copy}{one}").write_bytes(Path(f"{path}{one}").read_bytes())


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
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
        pytest.param(
            damage,
            "is damaged or no database: bring a backup back with `python -m bot restore FILE`, or move it",
            id="damaged",
        ),
        pytest.param(
            make_text,
            "is damaged or no database: bring a backup back with `python -m bot restore FILE`, or move it",
            id="not-a-database",
        ),
        pytest.param(make_newer, "a newer Midwatch: install that version again", id="newer"),
        pytest.param(make_foreign, "belongs to another program: set DATABASE_PATH", id="somebody-else's"),
    ],
)
async def test_a_database_that_cannot_be_trusted_is_refused_and_left_as_it_is(
    path: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST))
    spoil(path)
    before = content(path)
    with pytest.raises(StoreError) as caught:
        async with Store.open(path):
            pytest.fail("opened")
    assert reason in what(caught.value)
    assert what(caught.value).count(str(path)) == 1
    assert content(path) == before


async def test_a_newer_database_left_by_a_crash_is_not_tidied_up(path: Path) -> None:
    async with Store.open(path):
        make_newer(path)
        copy = path.with_name("copy.sqlite3")
        copy_as_a_crash_would(path, copy, "-wal")
    files = copy, path.with_name("copy.sqlite3-wal")
    before = content(*files)
    with pytest.raises(StoreError, match="database newer"):
        async with Store.open(copy):
            pytest.fail("opened")
    assert content(*files) == before


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
        copy_as_a_crash_would(other, path, "-journal")
    async with Store.open(path) as store:
        assert await store.accounts() == ()
    assert ask(path, "SELECT name FROM sqlite_schema WHERE name = 'half'") == []


async def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "midwatch.sqlite3", tmp_path):
        with pytest.raises(StoreError, match=r"not writable \(path: .*, reason: .*\)"):
            async with Store.open(path):
                pytest.fail("opened")


async def test_a_database_locked_by_another_program_is_one_sentence_and_then_works_again(path: Path) -> None:
    async with Store.open(path, busy_timeout=QUICKLY) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="database locked"):
                await store.record_observation(observed(FIRST))
            assert await store.accounts() == ()
        await store.record_observation(observed(FIRST))
        assert await store.accounts() == (KnownAccount(FIRST),)


async def test_a_database_locked_at_the_start_is_one_sentence(path: Path) -> None:
    async with Store.open(path):
        pass
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("INSERT INTO meta VALUES ('a', 'b')")
        with pytest.raises(StoreError, match="database locked"):
            async with Store.open(path, busy_timeout=QUICKLY):
                pytest.fail("opened")


async def test_a_full_disk_is_one_sentence(path: Path) -> None:
    async with Store.open(path) as store:
        writer, _ = connections(store)
        await writer.execute("PRAGMA max_page_count = 1")
        with pytest.raises(StoreError, match="database full"):
            await store.record_info(FIRST.reference, InfoSnapshot(AT, None, Info("x" * 1_000_000)))
        await store.set_meta("short", "fits")


async def test_a_database_that_turns_read_only_is_one_sentence(path: Path) -> None:
    async with Store.open(path) as store:
        writer, _ = connections(store)
        await writer.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreError, match="database read only"):
            await store.set_meta("key", "value")


async def test_any_other_error_is_a_sentence_that_keeps_its_cause_for_the_log(path: Path) -> None:
    async with Store.open(path) as store:
        ask(path, "DROP TABLE meta")
        with pytest.raises(StoreError, match="database unusable") as caught:
            await store.meta("key")
        assert isinstance(caught.value.__cause__, sqlite3.OperationalError)


async def test_an_error_within_closes_everything(path: Path) -> None:
    with pytest.raises(RuntimeError, match="within"):
        async with Store.open(path):
            raise RuntimeError("within")
    async with Store.open(path):
        pass


async def use(path: Path) -> None:
    async with Store.open(path) as store:
        await store.set_meta("key", "value")


def is_open(connection: sqlite3.Connection) -> bool:
    try:
        return connection.total_changes >= 0
    except sqlite3.ProgrammingError:
        return False


@pytest.mark.parametrize("point", range(40))
async def test_a_start_or_stop_cancelled_anywhere_leaves_nothing_open(path: Path, point: int) -> None:
    await cancelled_at(point, use(path))
    connections = [found for found in gc.get_objects() if type(found) is sqlite3.Connection]
    assert [found for found in connections if is_open(found)] == []
    async with Store.open(path) as store:
        assert await store.accounts() == ()


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_no_thread_outlives_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    for _ in range(50):
        assert asyncio.run(names_in(tmp_path / "nowhere" / "midwatch.sqlite3")) == {}
