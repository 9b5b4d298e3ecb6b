import sqlite3
import stat
from pathlib import Path

import pytest

from bot.store import Store, StoredAccount, StoreError
from bot.store.database import connected
from bot.store.schema import STEPS, migrate
from tests.store.cases import FIRST, ask, look

ONE_MORE: tuple[tuple[str, ...], ...] = (*STEPS, ("ALTER TABLE account ADD COLUMN mood TEXT",))


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
