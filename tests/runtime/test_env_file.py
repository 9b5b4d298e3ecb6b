"""The file of settings as `setup` writes it."""

import os
import stat
from pathlib import Path

import pytest

from bot.runtime.env_file import ConfigurationError, example_text, filled_in, values_in, write_privately

TEXT = "# About tokens.\nDISCORD_TOKEN=old # mine\n\n# Where.\n#MJPROXY_URL=\n\nexport LOG_LEVEL='INFO'\n"


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


@pytest.mark.parametrize(
    ("text", "values", "after"),
    [
        pytest.param(TEXT, {}, TEXT, id="nothing-new"),
        pytest.param(
            TEXT, {"discord_token": "new"}, TEXT.replace("=old # mine", "=new"), id="what-is-set-already"
        ),
        pytest.param(
            TEXT,
            {"mjproxy_url": "http://a\\1"},
            TEXT.replace("#MJPROXY_URL=", "MJPROXY_URL=http://a\\1"),
            id="a-comment",
        ),
        pytest.param(
            TEXT,
            {"discord_token": ""},
            TEXT.replace("DISCORD_TOKEN=old # mine", "#DISCORD_TOKEN="),
            id="taken-out",
        ),
        pytest.param(TEXT, {"guild_ids": ""}, TEXT, id="nothing-to-take-out"),
        pytest.param(TEXT, {"guild_ids": "1"}, f"{TEXT}\nGUILD_IDS=1\n", id="at-the-end"),
        pytest.param("", {"guild_ids": "1"}, "GUILD_IDS=1\n", id="alone"),
        pytest.param("A=1\nguild_ids=2", {"guild_ids": "3"}, "A=1\nGUILD_IDS=3\n", id="small-letters"),
        pytest.param(
            "X_A='\nA=1\n'\n\nA=2\nA=3\n",
            {"a": "4"},
            "X_A='\nA=1\n'\n\nA=4\nA=4\n",
            id="twice-and-within-another",
        ),
    ],
)
def test_a_value_takes_its_place_and_all_else_stays(text: str, values: dict[str, str], after: str) -> None:
    assert filled_in(text, values) == after


def test_the_example_filled_in_reads_as_it_was_written() -> None:
    values = {"discord_token": "a.b.c", "useapi_token": "user:1-x#y", "alert_channel_id": "1"}
    filled = filled_in(example_text(), values)
    assert values_in(filled) == values
    assert [line for line in filled.splitlines() if line.startswith("# ")] == [
        line for line in example_text().splitlines() if line.startswith("# ")
    ]


@pytest.mark.parametrize("before", [None, 0o644, 0o400], ids=["new", "readable-by-all", "not-writable"])
def test_only_its_owner_may_read_the_file(tmp_path: Path, before: int | None) -> None:
    file = tmp_path / ".env"
    if before is not None:
        file.touch(before)
    write_privately(file, "A=ü\n")
    assert (file.read_text("utf-8"), stat.S_IMODE(file.stat().st_mode)) == ("A=ü\n", 0o600)
    assert names(tmp_path) == [".env"]


def test_a_link_to_the_file_stays_one(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / ".env").symlink_to(tmp_path / "there" / "settings")
    write_privately(tmp_path / ".env", "A=1\n")
    assert (tmp_path / ".env").is_symlink()
    assert (tmp_path / "there" / "settings").read_text() == "A=1\n"


def test_a_trial_leaves_nothing(tmp_path: Path) -> None:
    write_privately(tmp_path / ".env", None)
    assert names(tmp_path) == []


@pytest.mark.parametrize("text", [None, "A=1\n"], ids=["trial", "text"])
@pytest.mark.parametrize(
    ("place", "words"),
    [
        pytest.param("folder", "is a folder, not a file", id="a-folder"),
        pytest.param("pipe", "is no regular file: move it away", id="a-pipe"),
        pytest.param("gone/.env", "cannot be written (No such file or directory)", id="no-folder"),
    ],
)
def test_a_file_that_cannot_be_written_is_named(
    tmp_path: Path, place: str, words: str, text: str | None
) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigurationError) as refused:
        write_privately(tmp_path / place, text)
    assert words in str(refused.value)
    assert names(tmp_path) == ["folder", "pipe"]


def test_a_file_whose_writing_breaks_off_is_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\n")

    def interrupted(_handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_privately(file, "A=2\n")
    assert (names(tmp_path), file.read_text()) == ([".env"], "A=1\n")
