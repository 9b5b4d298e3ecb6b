"""Backups: one a day beside the database, whole or not at all, and what brings one back."""

import asyncio
import logging
import os
import resource
import shutil
import sqlite3
import stat
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.render.error_messages import what
from bot.runtime.supervisor import supervise
from bot.storage import Backups, Store, StoreError
from bot.storage import backup as module
from bot.storage.backup import back_up, dated, restore
from tests.storage.cases import AT, DAY, MINUTE, ask
from tests.storage.test_file import (
    content,
    copy_as_a_crash_would,
    damage,
    make_foreign,
    make_newer,
    make_text,
)
from tests.support.clock import Clock

KEPT = "SELECT value FROM meta WHERE key = 'kept'"


class Usage(NamedTuple):
    total: int
    used: int
    free: int


async def write(path: Path, value: str) -> None:
    async with Store.open(path) as store:
        await store.set_meta("kept", value)


@pytest.fixture
async def written(path: Path) -> Path:
    await write(path, "yes")
    return path


@pytest.fixture
def clock() -> Clock:
    return Clock(AT)


@pytest.fixture
def backups(written: Path, clock: Clock) -> Backups:
    return Backups(written, 2, now=clock.now)


def names(path: Path) -> list[str]:
    return sorted(
        file.name for file in path.parent.iterdir() if file.name not in {path.name, f"{path.name}.lock"}
    )


def found(path: Path) -> list[datetime]:
    names = (file.name.split(".")[-2] for file in path.parent.glob("*.backup"))
    return sorted(datetime.strptime(f"{each}+0000", "%Y-%m-%d-%H%M%S%z") for each in names)


# ---------------------------------------------------------------------------- one a day


async def test_a_backup_is_made_at_once_for_this_user_alone_and_opens(path: Path, backups: Backups) -> None:
    rest = await backups.run()
    (name,) = names(path)
    assert (name, rest) == ("midwatch.sqlite3.2026-03-01-120000.backup", timedelta(hours=1))
    assert stat.S_IMODE(path.with_name(name).stat().st_mode) == 0o600
    assert backups.last == AT
    async with Store.open(path.with_name(name)) as copy:
        assert await copy.meta("kept") == "yes"


async def test_the_next_one_is_made_a_day_later_also_by_a_bot_that_was_restarted(
    path: Path, backups: Backups, clock: Clock
) -> None:
    await backups.run()
    clock.advance(DAY - MINUTE)
    again = Backups(path, 2, now=clock.now)
    assert await again.run() <= MINUTE
    assert (len(names(path)), again.last) == (1, AT.replace(microsecond=0))
    clock.advance(MINUTE)
    await again.run()
    assert (len(names(path)), again.last) == (2, AT + DAY)


async def test_the_oldest_is_removed_and_nothing_that_is_no_daily_backup(
    path: Path, backups: Backups, clock: Clock
) -> None:
    others = [
        "midwatch.sqlite3.v5.backup",
        "midwatch.sqlite3.mine.backup",
        "midwatch.sqlite3.test.2026-02-01-000000.backup",  # of another database, midwatch.sqlite3.test
        "other.2026-02-01-000000.backup",
    ]
    for name in others:
        path.with_name(name).touch()
    for _ in range(4):
        await backups.run()
        clock.advance(DAY)
    days = ["midwatch.sqlite3.2026-03-03-120000.backup", "midwatch.sqlite3.2026-03-04-120000.backup"]
    assert names(path) == sorted(others + days)


async def test_a_clock_that_is_set_back_stops_no_backup_and_removes_the_ones_from_the_future_first(
    path: Path, backups: Backups, clock: Clock
) -> None:
    for _ in range(2):
        clock.advance(365 * DAY)
        await backups.run()
    clock.set(AT)
    await backups.run()
    assert backups.last == AT
    assert len(found(path)) == 2
    clock.advance(DAY)
    await backups.run()
    assert found(path) == [each.replace(microsecond=0) for each in (AT, AT + DAY)]


async def test_what_a_killed_process_left_is_removed_and_what_another_writes_now_stays(
    path: Path, backups: Backups, clock: Clock
) -> None:
    left = path.with_name("midwatch.sqlite3.2026-02-01-000000.backup.unfinished")
    fresh = path.with_name("midwatch.sqlite3.2026-03-01-115959.backup.unfinished")
    for file, age in ((left, DAY), (fresh, MINUTE)):
        file.touch()
        at = (clock.now() - age).timestamp()
        os.utime(file, (at, at))
    await backups.run()
    assert names(path) == ["midwatch.sqlite3.2026-03-01-115959.backup.unfinished", dated(path, AT).name]


async def test_the_event_loop_goes_on_meanwhile(
    path: Path, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop_was_here = threading.Event()

    def slow(source: Path, target: Path) -> None:
        assert loop_was_here.wait(10)
        back_up(source, target)

    monkeypatch.setattr(module, "back_up", slow)
    asyncio.get_running_loop().call_soon(loop_was_here.set)
    await backups.run()
    assert len(names(path)) == 1


async def test_a_writer_in_the_middle_of_a_change_neither_waits_nor_is_copied(
    path: Path, backups: Backups
) -> None:
    await backups.run()
    dated(path, AT).unlink()
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE meta SET value = 'half' WHERE key = 'kept'")
        await backups.run()
        writer.execute("COMMIT")
    assert ask(dated(path, AT), KEPT) == [("yes",)]
    assert ask(path, KEPT) == [("half",)]


async def test_while_the_disk_is_short_none_is_made_and_the_log_says_so_once(
    path: Path, backups: Backups, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    free = 2 * len(*content(path)) - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 0, free))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] - pytest's
    stop, naps = asyncio.Event(), list[float]()

    async def rest(_event: asyncio.Event, seconds: float) -> None:
        nonlocal free
        naps.append(seconds)
        if len(naps) == 3:
            assert (names(path), backups.last) == ([], None)
            assert backups.failure is not None
            assert "too full for a backup" in what(backups.failure)
            free += 1
        if len(naps) == 4:
            stop.set()

    await supervise(backups.run, name="backing up", stop=stop, rest=rest)
    assert [record.getMessage().partition(" (")[0] for record in caplog.records] == [
        "backing up failed, will try again: disk short",
        "backing up works again after 3 failures",
    ]
    assert (len(names(path)), backups.failure) == (1, None)


async def test_a_backup_that_cannot_be_written_leaves_nothing(
    path: Path, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="No space left on device"):
            await backups.run()
    with small_files(50_000), pytest.raises(StoreError):
        await backups.run()
    assert names(path) == []
    await backups.run()
    assert len(names(path)) == 1


def test_no_database_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no database"):
        back_up(tmp_path / "none.sqlite3", tmp_path / "copy.sqlite3")
    assert list(tmp_path.iterdir()) == []


def full(*_: object) -> None:
    raise OSError(28, "No space left on device")


@contextmanager
def small_files(limit: int) -> Generator[None]:
    """Let no file grow over a limit, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# ---------------------------------------------------------------------------- bringing one back


@pytest.fixture
async def saved(written: Path) -> Path:
    """A backup that says "yes", while the database says "no"."""
    copy = written.with_name("copy.sqlite3")
    back_up(written, copy)
    await write(written, "no")
    return copy


async def test_a_backup_takes_the_place_of_the_database_which_is_kept(path: Path, saved: Path) -> None:
    kept = path.with_name("midwatch.sqlite3.2026-03-01-120000.replaced")
    assert restore(saved, path, AT) == kept
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, kept)] == [0o600, 0o600]
    assert (ask(path, KEPT), ask(kept, KEPT), ask(saved, KEPT)) == ([("yes",)], [("no",)], [("yes",)])
    async with Store.open(path) as store:
        assert await store.meta("kept") == "yes"


async def test_two_restores_within_a_second_keep_both_databases(path: Path, saved: Path) -> None:
    first = restore(saved, path, AT)
    await write(path, "later")
    second = restore(saved, path, AT)
    assert first is not None
    assert second is not None
    assert (ask(first, KEPT), ask(second, KEPT)) == ([("no",)], [("later",)])


async def test_where_there_is_no_database_yet_nothing_is_kept(path: Path, saved: Path) -> None:
    new = path.parent / "new" / "midwatch.sqlite3"
    assert restore(saved, new, AT) is None
    assert ask(new, KEPT) == [("yes",)]


async def test_what_a_killed_bot_left_in_its_journal_is_in_the_old_one_and_not_in_the_new(
    path: Path, saved: Path
) -> None:
    crashed = path.parent / "crashed" / "midwatch.sqlite3"
    crashed.parent.mkdir()
    async with Store.open(path) as store:
        await store.set_meta("kept", "late")
        copy_as_a_crash_would(path, crashed, "-wal")
    kept = restore(saved, crashed, AT)
    assert kept is not None
    assert (ask(crashed, KEPT), ask(kept, KEPT)) == ([("yes",)], [("late",)])
    assert names(crashed) == [kept.name]


async def test_the_journal_of_a_damaged_database_is_kept_with_it(path: Path, saved: Path) -> None:
    crashed = path.parent / "crashed" / "midwatch.sqlite3"
    crashed.parent.mkdir()
    async with Store.open(path) as store:
        await store.set_meta("kept", "late")
        copy_as_a_crash_would(path, crashed, "-wal")
    make_text(crashed)
    journal = content(Path(f"{crashed}-wal"))
    kept = restore(saved, crashed, AT)
    assert ask(crashed, KEPT) == [("yes",)]
    assert content(Path(f"{kept}-wal")) == journal


async def test_the_database_of_a_newer_midwatch_can_be_replaced(path: Path, saved: Path) -> None:
    make_newer(path)
    assert restore(saved, path, AT)
    assert ask(path, KEPT) == [("yes",)]


def make_empty(path: Path) -> None:
    path.write_bytes(b"")


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def break_a_reference(path: Path) -> None:
    change(path, "INSERT INTO message_entry VALUES ('no such message', 0, 'none', NULL)")


def break_an_index(path: Path) -> None:
    """Let an index lack a row, which SQLite notices only when it looks for it."""
    change(
        path,
        "INSERT INTO audit (at, actor_id, verb, provider, channel, outcome) VALUES (1, 1, '', '', '', '')",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = 'CREATE INDEX audit_by_account ON audit (provider, channel, verb)' "
        "WHERE name = 'audit_by_account'",
    )


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        pytest.param(damage, "unreadable", id="damaged"),
        pytest.param(make_text, "unreadable", id="text"),
        pytest.param(make_foreign, "foreign", id="somebody-else's"),
        pytest.param(make_empty, "foreign", id="empty"),
        pytest.param(make_newer, "newer", id="newer"),
        pytest.param(break_a_reference, "damaged", id="reference"),
        pytest.param(break_an_index, "damaged", id="index"),
    ],
)
async def test_a_backup_that_is_not_sound_is_refused_and_changes_nothing(
    path: Path, saved: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    spoil(saved)
    before = content(path), names(path)
    with pytest.raises(StoreError, match=f"^backup {reason} "):
        restore(saved, path, AT)
    assert (content(path), names(path)) == before


async def test_nothing_is_restored_while_a_bot_runs_or_another_program_has_the_database(
    path: Path, saved: Path
) -> None:
    async with Store.open(path) as store:
        with pytest.raises(StoreError, match="in use"):
            restore(saved, path, AT)
        assert await store.meta("kept") == "no"
    with closing(sqlite3.connect(path)) as other:
        other.execute("SELECT * FROM meta").fetchone()
        with pytest.raises(StoreError, match="locked"):
            restore(saved, path, AT)
    assert (ask(path, KEPT), names(path)) == ([("no",)], [saved.name])


async def test_the_database_of_another_program_is_not_replaced(path: Path, saved: Path) -> None:
    make_foreign(path)
    with pytest.raises(StoreError, match="database foreign"):
        restore(saved, path, AT)
    assert (ask(path, KEPT), names(path)) == ([("no",)], [saved.name])


async def test_a_full_disk_changes_nothing(path: Path, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name in ((os, "fsync"), (shutil, "copyfile")):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, full)
            with pytest.raises(StoreError, match="No space left on device"):
                restore(saved, path, AT)
    with small_files(50_000), pytest.raises(StoreError):
        restore(saved, path, AT)
    assert (ask(path, KEPT), names(path)) == ([("no",)], [saved.name])


STEPS_TO_DIE_BEFORE = frozenset({"open", "os.remove", "os.rename", "shutil.copyfile", "sqlite3.connect"})


def restore_until(step: int, saved: Path, path: Path) -> bool:
    """Restore in a process that is killed right before a step. Return whether it was done before."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    left = step

    def die(event: str, _: object) -> None:
        nonlocal left
        if event in STEPS_TO_DIE_BEFORE:
            left -= 1
            if left < 0:
                os._exit(9)

    sys.addaudithook(die)
    try:
        restore(saved, path, AT)
    finally:
        os._exit(0)


async def test_killed_before_any_step_the_old_or_the_new_database_is_whole_in_its_place(
    path: Path, saved: Path
) -> None:
    seen: list[str] = []
    for step in range(200):
        folder = path.parent / str(step)
        folder.mkdir()
        place = folder / path.name
        async with Store.open(path) as store:
            await store.set_meta("kept", "late")
            copy_as_a_crash_would(path, place, "-wal")
        is_done = await asyncio.to_thread(restore_until, step, saved, place)
        async with Store.open(place) as store:
            seen.append(await store.meta("kept") or "")
        kept = [file for file in folder.iterdir() if file.name.endswith(".replaced")]
        assert kept or seen[-1] == "late"
        assert all(ask(file, KEPT) == [("late",)] for file in kept)
        if is_done:
            break
    assert len(seen) > 10
    assert seen == sorted(seen)
    assert seen[-1] == "yes"
