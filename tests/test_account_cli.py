"""`python -m bot account`: the accounts without Discord, with a token that is typed unseen or piped."""

import asyncio
import json
import os
import pty
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.store.database import held
from tests.sandbox.discord import SANDBOX_BOT_TOKEN
from tests.sandbox.useapi import MODERATION, Endpoint, Fault, SimulatedUseapi

ROOT = Path(__file__).parents[1]
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Ended:
    code: int | None
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


class Terminal:
    """Runs the command line in a process of its own, against a simulated API."""

    def __init__(self, api: SimulatedUseapi, folder: Path) -> None:
        self.api = api
        self.folder = folder
        self.settings: dict[str, str] = {}

    async def run(self, *words: str, stdin: str = "") -> Ended:
        process = await self.start(*words, stdin=asyncio.subprocess.PIPE)
        out, err = await asyncio.wait_for(process.communicate(stdin.encode()), PATIENCE)
        return Ended(process.returncode, out.decode(), err.decode())

    async def typed(self, *words: str, keys: bytes = b"", interrupt: bool = False) -> tuple[Ended, str]:
        """Run it at a terminal, type or press Ctrl-C, and give what the terminal showed besides."""
        master, slave = pty.openpty()
        try:
            process = await self.start(*words, stdin=slave, start_new_session=True)
            os.close(slave)
            assert process.stderr is not None
            asked = await asyncio.wait_for(process.stderr.readuntil(b": "), PATIENCE)
            os.write(master, keys)
            if interrupt:
                process.send_signal(signal.SIGINT)
            out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
            os.set_blocking(master, False)
            try:
                shown = os.read(master, 1_000).decode()
            except OSError:
                shown = ""
        finally:
            os.close(master)
        return Ended(process.returncode, out.decode(), (asked + err).decode()), shown

    async def start(
        self, *words: str, stdin: int, start_new_session: bool = False
    ) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", *words),
            cwd=self.folder,
            env=self.environment(),
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=start_new_session,
        )

    def environment(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if name.startswith(("COV", "PATH"))}
        return {
            **kept,
            "PYTHONPATH": str(ROOT),
            "DISCORD_TOKEN": SANDBOX_BOT_TOKEN,
            "USEAPI_TOKEN": self.api.token,
            "USEAPI_URL": self.api.url,
            "DATABASE_PATH": str(self.folder / "midwatch.sqlite3"),
            "LOG_LEVEL": "DEBUG",
            **self.settings,
        }


@pytest.fixture
def terminal(api: SimulatedUseapi, tmp_path: Path) -> Terminal:
    return Terminal(api, tmp_path)


# ------------------------------------------------------------------- set


@pytest.mark.parametrize(
    "around", ["{}", "{}\n", 'Bearer "{}"\r\n'], ids=["alone", "a-line", "with-words-around"]
)
async def test_a_piped_token_creates_an_account(terminal: Terminal, around: str) -> None:
    login = terminal.api.newcomer()
    ended = await terminal.run("account", "set", stdin=around.format(login.discord))
    assert ended.code == 0
    assert ended.out == f"✅ Done: the account was created, channel {login.channel}, 3 jobs at a time.\n"
    assert ended.err == ""
    assert login.discord not in ended.said


async def test_a_typed_token_is_not_shown(terminal: Terminal) -> None:
    login = terminal.api.newcomer()
    ended, shown = await terminal.typed("account", "set", keys=f"{login.discord}\n".encode())
    assert (ended.code, "was created" in ended.out) == (0, True)
    assert "it is not shown" in ended.err
    assert login.discord not in ended.said + shown


async def test_an_account_is_updated_with_another_number_of_jobs(terminal: Terminal) -> None:
    account = terminal.api.add()
    ended = await terminal.run("account", "set", "--max-jobs", "12", stdin=account.discord)
    assert (ended.code, account.max_jobs) == (0, 12)
    assert "was updated" in ended.out


@pytest.mark.parametrize(
    ("stdin", "words", "sentence"),
    [
        ("", (), "There is no Discord token."),
        ("hunter2", (), "does not look like a Discord token"),
        (SANDBOX_BOT_TOKEN, (), "a bot's token"),
        ("", ("--max-jobs", "16"), "a number from 1 to 15"),
    ],
    ids=["empty", "no-token", "the-bot's", "too-many-jobs"],
)
async def test_what_cannot_be_sent_is_refused(
    terminal: Terminal, stdin: str, words: tuple[str, ...], sentence: str
) -> None:
    ended = await terminal.run("account", "set", *words, stdin=stdin)
    assert (ended.code, ended.out) == (65, "")
    assert sentence in ended.err
    assert terminal.api.count(Endpoint.SAVE) == 0


@pytest.mark.parametrize(
    ("sentence", "status", "code", "said"),
    [
        ("`Midjourney bot not configured", 400, 65, "no conversation with the Midjourney Bot"),
        ("Required param maxJobs 3 can't be more that 2", 400, 65, "at most 2 jobs at a time"),
        ("Unauthorized", 401, 77, "does not accept the useapi token"),
        ("Subscription quantity exceeded", 402, 77, "does not cover another account"),
        ("Internal error", 429, 69, "All job slots are busy"),
    ],
    ids=["no-midjourney", "jobs", "401", "402", "429"],
)
async def test_a_refusal_has_its_sentence_and_its_exit_code(
    terminal: Terminal, sentence: str, status: int, code: int, said: str
) -> None:
    terminal.api.refuse(Endpoint.SAVE, sentence, status)
    login = terminal.api.newcomer()
    ended = await terminal.run("account", "set", stdin=login.discord)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err
    assert f"The API says: {sentence}" in ended.err
    assert login.discord not in ended.said


async def test_a_lost_answer_is_looked_up(terminal: Terminal) -> None:
    terminal.api.fault(Fault.CUT_OFF, endpoint=Endpoint.SAVE)
    login = terminal.api.newcomer()
    ended = await terminal.run("account", "set", stdin=login.discord)
    assert ended.code == 0
    assert "read the list again: the account is configured" in ended.out
    assert login.discord not in ended.said


async def test_a_request_that_did_not_arrive_is_told_and_no_success(terminal: Terminal) -> None:
    terminal.api.add()
    terminal.api.fault(Fault.RESET, endpoint=Endpoint.SAVE)
    ended = await terminal.run("account", "set", stdin=terminal.api.newcomer().discord)
    assert ended.code == 69
    assert "shows no account with this token" in ended.out


@pytest.mark.parametrize("typed", [{"keys": b"\x04"}, {"interrupt": True}], ids=["end-of-input", "ctrl-c"])
async def test_who_stops_at_the_prompt_sends_nothing(terminal: Terminal, typed: dict[str, Any]) -> None:
    ended, _ = await terminal.typed("account", "set", **typed)
    assert (ended.code, "Traceback" in ended.said) == (130, False)
    assert "Stopped." in ended.err
    assert terminal.api.count(Endpoint.SAVE) == 0


@pytest.mark.parametrize("words", [("a.b.c",), ("--token", "a.b.c"), ("--discord=a.b.c",)], ids=str)
async def test_a_token_is_never_an_argument(terminal: Terminal, words: tuple[str, ...]) -> None:
    ended = await terminal.run("account", "set", *words)
    assert ended.code == 2
    assert terminal.api.count(Endpoint.SAVE) == 0


# ------------------------------------------------------------------- list


async def test_the_accounts_are_listed_one_a_line(terminal: Terminal) -> None:
    first, second = terminal.api.add(max_jobs=1), terminal.api.add(max_jobs=12)
    terminal.api.flag(second.channel, MODERATION)
    ended = await terminal.run("account", "list")
    assert ended.code == 0
    lines = [line.split(maxsplit=1) for line in ended.out.splitlines()]
    assert [line[0] for line in lines] == [first.channel, second.channel]
    assert lines[0][1].split() == ["1", "job", "ready"]
    assert "12 jobs" in lines[1][1]
    assert f"FLAGGED {MODERATION}" in lines[1][1]


async def test_the_accounts_are_listed_for_programs(terminal: Terminal) -> None:
    account = terminal.api.add(max_jobs=12)
    terminal.api.flag(account.channel, MODERATION)
    ended = await terminal.run("account", "list", "--json")
    assert json.loads(ended.out) == [
        {
            "channel": account.channel,
            "max_jobs": 12,
            "flag": {"kind": "moderation", "text": MODERATION},
            "link": f"https://discord.com/channels/@me/{account.channel}",
        }
    ]
    assert account.discord not in ended.said


@pytest.mark.parametrize(("words", "out"), [((), "No account is configured.\n"), (("--json",), "[]\n")])
async def test_no_account_is_an_answer_too(terminal: Terminal, words: tuple[str, ...], out: str) -> None:
    ended = await terminal.run("account", "list", *words)
    assert (ended.code, ended.out) == (0, out)


async def test_an_api_that_is_away_is_told(terminal: Terminal) -> None:
    terminal.api.fault(Fault.VANISHED)
    ended = await terminal.run("account", "list")
    assert (ended.code, ended.out) == (69, "")
    assert "The API takes no connection." in ended.err


async def test_it_takes_no_lock(terminal: Terminal) -> None:
    terminal.api.add()
    with held(terminal.folder / "midwatch.sqlite3"):
        assert (await terminal.run("account", "list")).code == 0


# ------------------------------------------------------------------- help


@pytest.mark.parametrize(
    ("words", "taught"),
    [
        ((), ("account", "without Discord")),
        (("account",), ("set", "list", "Exit codes", "same settings as the bot")),
        (("account", "set"), ("standard input", "never an argument", "3 for Basic", "Exit codes")),
        (("account", "list"), ("--json", "Exit codes")),
    ],
    ids=["the-bot", "account", "set", "list"],
)
async def test_help_teaches(terminal: Terminal, words: tuple[str, ...], taught: tuple[str, ...]) -> None:
    ended = await terminal.run(*words, "--help")
    assert ended.code == 0
    assert all(word in " ".join(ended.out.split()) for word in taught)


async def test_wrong_settings_are_named(terminal: Terminal) -> None:
    terminal.settings["POLL_INTERVAL"] = "1s"
    ended = await terminal.run("account", "list")
    assert ended.code == 78
    assert "POLL_INTERVAL" in ended.err
