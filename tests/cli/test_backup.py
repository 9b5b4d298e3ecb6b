"""`midwatch backup` and `midwatch restore`, as a person at a terminal sees them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from bot.config import MEANINGS
from bot.storage import Store
from bot.storage.database import lock_database
from tests.simulators.useapi import SANDBOX_USEAPI_TOKEN
from tests.storage.cases import ask
from tests.storage.test_backup import KEPT, write
from tests.storage.test_file import make_foreign, make_newer, make_text


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Path) -> Path:
    """Settings without a token of Discord, in the folder in which the commands run."""
    for name in MEANINGS:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / ".env"
    file.write_text(f"USEAPI_TOKEN={SANDBOX_USEAPI_TOKEN}\nDATABASE_PATH={database.name}\n")
    return file


def in_database(database: Path, value: str) -> None:
    asyncio.run(write(database, value))


@pytest.fixture
def saved(env_file: Path, database: Path) -> Path:
    """A backup that says "yes", while the database says "no"."""
    in_database(database, "yes")
    assert main(["backup", "saved.sqlite3"], env_file=env_file) == 0
    in_database(database, "no")
    return Path("saved.sqlite3")


def restored(env_file: Path, file: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Return the exit code of a restore and what it said."""
    capsys.readouterr()
    code = main(["restore", file], env_file=env_file)
    said = capsys.readouterr()
    return code, said.out + said.err


async def test_a_backup_is_made_while_the_bot_runs_and_never_over_a_file(
    env_file: Path, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Store.open(database) as store:
        await store.set_meta("kept", "yes")
        codes = [main(["backup", "copy.sqlite3"], env_file=env_file) for _ in range(2)]
    said = capsys.readouterr()
    assert codes == [0, 69]
    assert said.out == "The backup is copy.sqlite3\n"
    assert said.err == "copy.sqlite3: File exists. Name another file.\n"
    assert ask(Path("copy.sqlite3"), KEPT) == [("yes",)]


def test_without_a_name_it_is_one_of_the_daily_ones(
    env_file: Path, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    in_database(database, "yes")
    assert main(["backup"], env_file=env_file) == 0
    (backup,) = database.parent.glob("midwatch.sqlite3.2*.backup")
    assert capsys.readouterr().out == f"The backup is {backup}\n"


def test_without_a_database_there_is_nothing_to_copy(
    env_file: Path, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backup", "copy.sqlite3"], env_file=env_file) == 69
    told = f"There is no database {database.name}: start Midwatch, which creates it.\n"
    assert capsys.readouterr().err == told
    assert not Path("copy.sqlite3").exists()


def test_a_restore_says_where_the_old_database_is(
    env_file: Path, database: Path, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = restored(env_file, "saved.sqlite3", capsys)
    (kept,) = database.parent.glob("*.replaced")
    assert (code, said) == (0, f"Restored from {saved}. The database until now is kept as {kept}\n")
    assert (ask(database, KEPT), ask(kept, KEPT)) == ([("yes",)], [("no",)])


def test_a_restore_is_refused_while_a_bot_runs(
    env_file: Path, database: Path, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with lock_database(database):
        code, said = restored(env_file, str(saved), capsys)
    assert (code, said.partition(":")[0]) == (69, f"Another Midwatch is using {database}")
    assert ask(database, KEPT) == [("no",)]


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        pytest.param(make_text, "{} is damaged or no database: take another backup.", id="text"),
        pytest.param(make_foreign, "{} is no database of Midwatch: take another backup.", id="foreign"),
        pytest.param(make_newer, "{} is of a newer Midwatch: take another backup.", id="newer"),
    ],
)
def test_a_file_that_cannot_be_restored_is_refused_with_one_sentence(
    env_file: Path, database: Path, saved: Path, capsys: pytest.CaptureFixture[str], spoil: Any, sentence: str
) -> None:
    spoil(saved)
    assert restored(env_file, str(saved), capsys) == (69, f"{sentence.format(saved)} Nothing is changed.\n")
    assert ask(database, KEPT) == [("no",)]


def test_a_backup_that_is_not_there_is_one_sentence(
    env_file: Path, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved.unlink()
    code, said = restored(env_file, str(saved), capsys)
    assert code == 69
    assert said.endswith("saved.sqlite3: No such file or directory. Name another file.\n")


def test_a_link_to_itself_is_one_sentence(env_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("loop").symlink_to("loop")
    assert main(["restore", "loop"], env_file=env_file) == 69
    assert capsys.readouterr().err.strip() == "loop: Too many levels of symbolic links. Name another file."


def test_a_name_that_is_not_utf8_is_one_sentence(
    saved: Path, env_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert saved.exists()
    assert main(["backup", "a\udcff.sqlite3"], env_file=env_file) == 69
    assert "is not UTF-8" in capsys.readouterr().err
    assert not [each for each in env_file.parent.iterdir() if "\udcff" in each.name]
