"""The command line: what it refuses, what it says, and the exit code it leaves."""

import asyncio
import io
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.config import MEANINGS
from bot.runtime.program import VERSION
from bot.storage.database import lock_database
from tests.simulators.discord import SANDBOX_BOT_TOKEN
from tests.simulators.mjproxy import SANDBOX_MJPROXY_TOKEN, SimulatedMjproxy
from tests.simulators.useapi import SANDBOX_USEAPI_TOKEN, SimulatedUseapi

ROOT = Path(__file__).parents[2]
VARIABLES = [name.upper() for name in MEANINGS]
MISTAKES = {
    "DISCORD_TOKEN": "Bot s3cret-value",
    "USEAPI_TOKEN": "s3cret value",
    "USEAPI_URL": "http://s3cret.example.com",
    "OWNER_IDS": "123456789012345678,s3cret",
    "POLL_INTERVAL": "1s",
    "REMIND_AFTER": "4h,1h",
    "LOG_LEVEL": "s3cret",
    "HEARTBEAT_URL": "s3cret",
}


@pytest.fixture(autouse=True)
def _only_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] - pytest calls it
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def written(env_file: Path, **settings: object) -> Path:
    """Write settings that would start the bot, changed by these; nothing listens at their addresses."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    values: dict[str, object] = {
        "DISCORD_TOKEN": SANDBOX_BOT_TOKEN,
        "USEAPI_TOKEN": SANDBOX_USEAPI_TOKEN,
        "USEAPI_URL": f"http://127.0.0.1:{port}/v2",
        "DATABASE_PATH": env_file.with_name("midwatch.sqlite3"),
    }
    lines = [f"{name}={value}" for name, value in (values | settings).items()]
    env_file.write_text("\n".join(lines))
    return env_file


@pytest.mark.parametrize("words", [[], ["run"]])
def test_wrong_settings_are_all_named_at_once_without_their_values(
    env_file: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    code = main(words, env_file=written(env_file, **MISTAKES))
    output = capsys.readouterr()
    named = [line.split()[0] for line in output.err.splitlines() if line.startswith("  ")]
    assert (code, named, output.out) == (78, [name for name in VARIABLES if name in MISTAKES], "")
    assert "s3cret" not in output.err


def test_wrong_settings_are_lines_of_the_check_that_failed(
    env_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["check"], env_file=written(env_file, **MISTAKES))
    output = capsys.readouterr()
    named = [re.findall(r"FAIL  Settings: (\w+) .+", line) for line in output.out.splitlines()]
    assert (code, named) == (78, [[name] for name in VARIABLES if name in MISTAKES])
    assert output.err == "Fix the FAIL lines, then run the check again.\n"
    assert "s3cret" not in output.out


def test_missing_settings_are_named_with_what_they_are(
    env_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([], env_file=env_file) == 78
    output = capsys.readouterr().err
    assert "DISCORD_TOKEN is missing" in output
    assert "write MJPROXY_URL and MJPROXY_TOKEN (a midjourney-proxy), USEAPI_TOKEN (useapi.net)" in output
    assert "run `python -m bot setup`" in output


@pytest.mark.parametrize("words", [["run"], ["check"]])
def test_a_misspelled_variable_is_warned_of_before_what_is_missing_and_without_its_value(
    env_file: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    env_file.write_text("DISCORD_TOKN=s3cret-value\n")
    assert main(words, env_file=env_file) == 78
    output = capsys.readouterr()
    first, *others = (output.err + output.out).splitlines()
    assert first == (f"WARNING: Unknown setting DISCORD_TOKN in {env_file}. Did you mean DISCORD_TOKEN?")
    assert "DISCORD_TOKEN is missing" in "".join(others)
    assert "s3cret" not in "".join(others)


def test_the_environment_may_hold_what_looks_like_ours(
    env_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUILD_ID", "1")
    main([], env_file=env_file)
    assert "GUILD_ID " not in capsys.readouterr().err


CLOSED_TO_DISCORD = """
import runpy, sys
from discord.http import Route
Route.BASE = "http://127.0.0.1:1"
sys.argv = ["bot", "check"]
runpy.run_module("bot", run_name="__main__")
"""
"""Runs the program itself; only Discord's address is one at which nothing listens."""


@pytest.mark.parametrize(("watched", "found"), [("useapi", 3), ("mjproxy", 4), ("both", 7)])
async def test_a_check_in_its_own_process_writes_nothing_but_findings(
    env_file: Path, api: SimulatedUseapi, proxy: SimulatedMjproxy, watched: str, found: int
) -> None:
    useapi = {} if watched == "mjproxy" else {"USEAPI_TOKEN": api.token, "USEAPI_URL": api.url}
    mjproxy = {} if watched == "useapi" else {"MJPROXY_TOKEN": proxy.token, "MJPROXY_URL": proxy.url}
    written(env_file, **{"USEAPI_TOKEN": ""} | useapi | mjproxy)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CLOSED_TO_DISCORD,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=env_file.parent,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    out, err = await process.communicate()
    assert [line[:4] for line in out.decode().splitlines()] == ["ok  ", "ok  ", "FAIL", *["ok  "] * found]
    assert err.decode() == "Fix the FAIL lines, then run the check again.\n"
    assert process.returncode == 69


@pytest.mark.parametrize("words", [[], ["check"]])
def test_a_python_without_the_libraries_names_what_to_do(words: list[str], tmp_path: Path) -> None:
    without_libraries = "-S"
    ended = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, without_libraries, "-m", "bot", *words],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (78, "")
    (sentence,) = ended.stderr.splitlines()
    assert "run `make install`" in sentence


def test_the_environment_wins_over_the_file(
    env_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_FORMAT", "poem")
    assert main([], env_file=written(env_file, LOG_FORMAT="json")) == 78
    assert "LOG_FORMAT" in capsys.readouterr().err


def test_a_database_in_use_by_another_midwatch_is_said_in_one_sentence(
    env_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = env_file.with_name("midwatch.sqlite3")
    with lock_database(database):
        assert main([], env_file=written(env_file)) == 69
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith(f"Another Midwatch is using {database}")


def test_a_port_in_use_is_said_in_one_sentence(env_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main([], env_file=written(env_file, LISTEN=port, LOG_LEVEL="ERROR")) == 69
    sentence = capsys.readouterr().err.splitlines()[-1]
    assert sentence == f"Midwatch cannot listen at 127.0.0.1:{port}: Address already in use. Change LISTEN."


def test_a_damaged_database_is_said_in_one_sentence(
    env_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    env_file.with_name("midwatch.sqlite3").write_text("A letter.\n" * 300)
    assert main([], env_file=written(env_file)) == 69
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "is damaged or no database" in sentence


def test_what_nobody_foresaw_goes_through_the_log(env_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = written(env_file)
    settings.write_bytes(settings.read_bytes() + b"\nDATABASE_PATH=a\0b\n")
    assert main([], env_file=settings) == 1
    output = capsys.readouterr().err
    assert "CRITICAL bot.main: Midwatch ended because of an error nobody foresaw" in output
    assert "Traceback" in output


class FaultyInput(io.StringIO):
    """An input that fails as nobody foresaw, with a secret in what it says."""

    def read(self, _size: int | None = -1, /) -> str:
        raise RuntimeError(SANDBOX_USEAPI_TOKEN, SANDBOX_MJPROXY_TOKEN, "admin")


@pytest.mark.parametrize("token", [SANDBOX_MJPROXY_TOKEN, "admin"])
def test_what_nobody_foresaw_of_an_account_goes_through_the_log_too(
    env_file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    token: str,
) -> None:
    monkeypatch.setattr(sys, "stdin", FaultyInput())
    settings = written(env_file, MJPROXY_URL="https://mj.example", MJPROXY_TOKEN=token)
    assert main(["account", "set"], env_file=settings) == 1
    output = capsys.readouterr().err
    assert "RuntimeError: ('[secret]', " in output
    assert "'admin'" in output  # no secret, and a part of many words
    assert (SANDBOX_MJPROXY_TOKEN in output) is (token == "admin")
    assert SANDBOX_USEAPI_TOKEN not in output


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the program prints for options that end it well."""
    with pytest.raises(SystemExit) as ended:
        main([*words], env_file=None)
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_each_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    usage = re.search(r"\[--version\]\s+(\S+) \.\.\.", printed(capsys, "--help"))
    assert usage is not None
    names = usage[1].split("|")
    assert {"run", "check", "account"} <= {*names}
    for name in names:
        usage, about, *_ = printed(capsys, name, "--help").split("\n\n")
        assert usage.startswith(f"usage: python -m bot {name} [-h]")
        assert about.endswith(".")


def test_the_version_is_told_without_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "--version") == f"Midwatch {VERSION}\n"


def test_an_unknown_word_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["dance"], env_file=None)
    assert refused.value.code == 2
    output = capsys.readouterr().err
    assert "check" in output
    assert 'unknown word "dance"' in output


@pytest.mark.parametrize("words", [["Dance"], ["dance7"], ["choreography" + "s"], ["check", "a", "b"]])
def test_only_one_short_word_of_small_letters_is_repeated(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(words, env_file=None)
    assert "python -m bot: unknown command or option (never put a token here)." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        (["account"], "account: the following arguments are required: set|list"),
        (["account", "set", "--max-jobs"], "set: argument --max-jobs: expected one argument"),
    ],
    ids=["what-to-do", "a-number"],
)
def test_a_word_that_is_missing_is_named(
    words: list[str], missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(words, env_file=None)
    assert missing in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["account", "set", "{}"], ["account", "set", "--token={}"], ["account", "{}"], ["{}"]]
)
def test_a_token_typed_where_none_belongs_is_not_repeated(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    token = "OTk5OTk5OTk5OTk5OTk5OTk5.GaBcDe.typed-in-the-wrong-place"
    with pytest.raises(SystemExit) as ended:
        main([word.format(token) for word in words])
    printed = capsys.readouterr()
    assert token not in printed.err + printed.out
    assert "--help" in printed.err
    assert ended.value.code == 2
