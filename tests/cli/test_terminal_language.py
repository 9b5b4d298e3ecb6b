"""The command line speaks the language of its reader; what programs read stays as it is."""

import io
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot import app
from bot.__main__ import main
from bot.config import MEANINGS
from bot.runtime.errors import UnavailableError
from bot.runtime.language import current_language
from tests.support.catalogues import AddCatalogue

STARTS = "Midwatch cannot start, because of its settings:"
GERMAN = "Midwatch kann so nicht starten, wegen der Einstellungen für den Dienst:"
SLOW = "Discord asks to slow down."
CHINESE = "Midwatch 因设置有误而无法启动"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, catalogue: AddCatalogue) -> pytest.MonkeyPatch:
    for name in (*MEANINGS, "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name.upper(), raising=False)
    catalogue(
        "de", {STARTS: GERMAN, "usage: ": "Aufruf: ", 'unknown word "{word}"': "Wort „{word}“ unbekannt"}
    )
    catalogue("zh-CN", {STARTS: CHINESE, SLOW: "Discord 要求放慢速度。"})
    return monkeypatch


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, STARTS),
        ({"LANG": "de_DE.UTF-8"}, GERMAN),
        ({"LANG": "nl_NL.UTF-8"}, STARTS),
        ({"LC_MESSAGES": "zh_CN.UTF-8", "LANG": "de_DE.UTF-8"}, CHINESE),
        ({"LC_ALL": "C", "LC_MESSAGES": "zh_CN.UTF-8"}, STARTS),
        ({"LANGUAGE": "zh-CN", "LANG": "de_DE.UTF-8"}, CHINESE),
        ({"LANGUAGE": "de_DE:de", "LANG": "en_US.UTF-8"}, GERMAN),
        ({"LANGUAGE": "en", "LANG": "de_DE.UTF-8"}, STARTS),
        ({"LANGUAGE": "chinese", "LANG": "de_DE.UTF-8"}, GERMAN),
    ],
)
def test_it_speaks_as_language_says_else_as_the_terminal_does(
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
    said: str,
) -> None:
    for name, value in variables.items():
        environment.setenv(name, value)
    assert main([], env_file=None) == 78
    assert capsys.readouterr().err.splitlines()[0] == said
    assert current_language() == "en"


def test_the_file_names_the_language_also_of_its_own_mistakes(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_text("LANGUAGE=zh-CN\nLOG_LEVEL=chatty\n")
    environment.setenv("LANGUAGE", "de_DE:de")
    assert main([], env_file=file) == 78
    assert capsys.readouterr().err.splitlines()[0] == CHINESE


def test_the_bot_itself_runs_in_english_and_answers_ctrl_c_and_says_why_it_ended_in_that_language(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    spoken: list[str] = []

    @contextmanager
    def signals(_: object) -> Generator[None]:
        spoken.append(current_language())
        yield

    async def chosen_services(*_: object) -> None:
        spoken.append(current_language())
        raise UnavailableError(SLOW)

    environment.setattr(app, "signals", signals)
    environment.setattr(app, "chosen_services", chosen_services)
    environment.setenv("DATABASE_PATH", str(tmp_path / "midwatch.sqlite3"))
    for name, value in {"DISCORD_TOKEN": "a" * 10, "USEAPI_TOKEN": "b" * 10, "LANGUAGE": "zh-CN"}.items():
        environment.setenv(name, value)
    assert main([], env_file=None) == 69
    assert (spoken, capsys.readouterr().err) == (["zh-CN", "en"], "Discord 要求放慢速度。\n")


@pytest.mark.parametrize(
    ("encoding", "locale", "said"),
    [
        ("ascii", "de_DE", STARTS),
        ("latin-1", "de_DE", GERMAN),
        ("latin-1", "zh_CN", STARTS),
        ("gbk", "zh_CN.GBK", CHINESE),
    ],
)
def test_it_is_english_where_the_terminal_lacks_the_letters(
    environment: pytest.MonkeyPatch, encoding: str, locale: str, said: str
) -> None:
    written = io.BytesIO()
    environment.setenv("LANG", locale)
    environment.setattr(sys, "stderr", io.TextIOWrapper(written, encoding))
    assert main([], env_file=None) == 78
    assert written.getvalue().decode(encoding).splitlines()[0] == said


def test_the_usage_and_what_is_wrong_with_a_word_are_in_that_language(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("LANG", "de_DE")
    with pytest.raises(SystemExit):
        main(["cheque"], env_file=None)
    said = capsys.readouterr().err
    assert said.startswith("Aufruf: ")
    assert "Wort „cheque“ unbekannt" in said
