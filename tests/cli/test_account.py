"""`python -m bot account`: the accounts without Discord, with a token that is typed unseen or piped."""

import asyncio
import io
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from bot.__main__ import main
from bot.providers import api_client
from bot.storage import Store
from bot.storage.database import lock_database
from tests.simulators.discord import SANDBOX_BOT_TOKEN
from tests.simulators.mjproxy import SANDBOX_MJPROXY_TOKEN
from tests.simulators.useapi import MODERATION, Endpoint, Fault, SimulatedUseapi
from tests.support.clock import AT
from tests.support.samples import answer

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Ended:
    code: int | None
    out: str
    err: str

    @property
    def output(self) -> str:
        return self.out + self.err

    @property
    def plain(self) -> bool:
        """Whether it ended in words, as far as Python is concerned."""
        return not any(word in self.output for word in ("Traceback", "Error", "Exception"))


def stream(content: bytes = b"") -> tuple[io.BytesIO, io.TextIOWrapper]:
    """Return bytes in memory, and the stream over them that a program has."""
    held = io.BytesIO(content)
    return held, io.TextIOWrapper(held, "utf-8", newline="")


def ended_with(words: Sequence[str], env_file: Path) -> int:
    try:
        return main([*words], env_file=env_file)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1


class Terminal:
    """Runs the command line against a simulated API, in this process or in one of its own."""

    def __init__(self, api: SimulatedUseapi, folder: Path) -> None:
        self.api = api
        self.folder = folder
        self.settings: dict[str, str] = {}

    async def run(self, *words: str, stdin: str = "") -> Ended:
        """Run it in a thread of this process, with streams and an environment of its own."""
        (out, stdout), (err, stderr) = stream(), stream()
        with (
            patch.dict(os.environ, self.environment(), clear=True),
            patch.object(sys, "stdin", stream(stdin.encode())[1]),
            redirect_stdout(stdout),
            redirect_stderr(stderr),
        ):
            code = await asyncio.to_thread(ended_with, words, self.folder / ".env")
        return Ended(code, out.getvalue().decode(), err.getvalue().decode())

    async def run_alone(self, *words: str, stdin: str = "") -> Ended:
        """Run it in a process of its own."""
        return await self.finish(await self.start(*words, stdin=asyncio.subprocess.PIPE), stdin)

    async def finish(self, process: asyncio.subprocess.Process, stdin: str | None = None) -> Ended:
        given = None if stdin is None else stdin.encode()
        out, err = await asyncio.wait_for(process.communicate(given), PATIENCE)
        return Ended(process.returncode, out.decode(), err.decode())

    async def given(self, *words: str, stdin: str) -> asyncio.subprocess.Process:
        """Start it, and give it its input."""
        process = await self.start(*words, stdin=asyncio.subprocess.PIPE)
        assert process.stdin is not None
        process.stdin.write(stdin.encode())
        process.stdin.close()
        return process

    async def in_shell(self, line: str) -> Ended:
        """Run a line of shell in which `midwatch` stands for the program."""
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", f'midwatch() {{ "$PYTHON" -m bot "$@"; }}\n{line}'),
            cwd=self.folder,
            env={**self.environment(is_measured=False), "PYTHON": sys.executable},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        return await self.finish(process)

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

    def environment(self, *, is_measured: bool = True) -> Mapping[str, str]:
        """Return the settings; coverage is measured only on request, as it doubles the time of a process."""
        prefixes = ("COV", "PATH") if is_measured else ("PATH",)
        kept = {name: value for name, value in os.environ.items() if name.startswith(prefixes)}
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
    assert login.discord not in ended.output


@pytest.mark.parametrize("action", ["set", "list"])
@pytest.mark.parametrize(
    "others",
    [{"MJPROXY_URL": "https://mj.example", "MJPROXY_TOKEN": SANDBOX_MJPROXY_TOKEN}, {}],
    ids=["a-proxy", "nothing"],
)
async def test_without_useapi_net_one_sentence_says_where_accounts_of_a_proxy_are(
    terminal: Terminal, action: str, others: dict[str, str]
) -> None:
    terminal.settings |= {"USEAPI_TOKEN": "", **others}
    ended = await terminal.run("account", action, stdin="")
    assert (ended.code, ended.out) == (78, "")
    assert ended.err.startswith("USEAPI_TOKEN is not set, and this is for accounts at useapi.net")
    assert terminal.api.requests == []


async def test_a_typed_token_is_not_shown(terminal: Terminal) -> None:
    login = terminal.api.newcomer()
    ended, shown = await terminal.typed("account", "set", keys=f"{login.discord}\n".encode())
    assert (ended.code, "was created" in ended.out) == (0, True)
    assert "it is not shown" in ended.err
    assert login.discord not in ended.output + shown


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
    ("sentence", "status", "code", "wording"),
    [
        ("`Midjourney bot not configured", 400, 65, "no conversation with the Midjourney Bot"),
        ("Required param maxJobs 3 can't be more that 2", 400, 65, "at most 2 jobs at a time"),
        ("Unauthorized", 401, 77, "refused the API token"),
        ("Subscription quantity exceeded", 402, 77, "does not cover this many accounts"),
        ("Internal error", 429, 69, "All job slots are busy"),
    ],
    ids=["no-midjourney", "jobs", "401", "402", "429"],
)
async def test_a_refusal_has_its_sentence_and_its_exit_code(
    terminal: Terminal, sentence: str, status: int, code: int, wording: str
) -> None:
    terminal.api.refuse(Endpoint.SAVE, sentence, status)
    login = terminal.api.newcomer()
    ended = await terminal.run("account", "set", stdin=login.discord)
    assert (ended.code, ended.out) == (code, "")
    assert wording in ended.err
    assert f"The API says: {sentence}" in ended.err
    assert login.discord not in ended.output


async def test_a_next_step_names_what_can_be_done_at_the_terminal(terminal: Terminal) -> None:
    terminal.api.fault(Fault.CUT_OFF, endpoint=Endpoint.SAVE)
    terminal.api.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST)
    ended = await terminal.run("account", "set", stdin=terminal.api.newcomer().discord)
    assert ended.code == 69
    assert "check with `python -m bot account list` before you try again" in ended.err
    assert "/mj" not in ended.err


async def test_a_lost_answer_is_looked_up(terminal: Terminal) -> None:
    terminal.api.fault(Fault.CUT_OFF, endpoint=Endpoint.SAVE)
    login = terminal.api.newcomer()
    ended = await terminal.run("account", "set", stdin=login.discord)
    assert ended.code == 0
    assert "read the list again: the account is configured" in ended.out
    assert ended.err == ""
    assert login.discord not in ended.output


async def test_a_request_that_did_not_arrive_is_reported_and_no_success(terminal: Terminal) -> None:
    terminal.api.add()
    terminal.api.fault(Fault.RESET, endpoint=Endpoint.SAVE)
    ended = await terminal.run("account", "set", stdin=terminal.api.newcomer().discord)
    assert ended.code == 69
    assert "shows no account with this token" in ended.out


@pytest.mark.parametrize("typed", [{"keys": b"\x04"}, {"interrupt": True}], ids=["end-of-input", "ctrl-c"])
async def test_who_stops_at_the_prompt_sends_nothing(terminal: Terminal, typed: dict[str, Any]) -> None:
    ended, _ = await terminal.typed("account", "set", **typed)
    assert (ended.code, ended.plain) == (130, True)
    assert ended.err.endswith("\nStopped. Nothing was changed.\n")
    assert terminal.api.count(Endpoint.SAVE) == 0


async def test_who_stops_it_while_the_api_is_at_work_learns_that_it_may_be_done(terminal: Terminal) -> None:
    terminal.api.fault(Fault.HANG, endpoint=Endpoint.SAVE)
    process = await terminal.given("account", "set", stdin=terminal.api.newcomer().discord)
    await until(lambda: terminal.api.count(Endpoint.SAVE) == 1)
    process.send_signal(signal.SIGINT)
    ended = await terminal.finish(process)
    assert (ended.code, ended.plain) == (130, True)
    assert "it may have saved the account" in ended.err
    assert "`python -m bot account list`" in ended.err


@pytest.mark.parametrize("words", [("account", "set"), ("account", "list")], ids=["set", "list"])
async def test_who_stops_it_while_it_connects_learns_that_nothing_was_changed(
    terminal: Terminal, words: tuple[str, ...]
) -> None:
    met = asyncio.Event()
    over = asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.set()
        await over.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    terminal.settings["USEAPI_URL"] = f"https://127.0.0.1:{port}/v2"  # nothing is sent before TLS stands
    process = await terminal.given(*words, stdin=terminal.api.newcomer().discord)
    await asyncio.wait_for(met.wait(), PATIENCE)
    process.send_signal(signal.SIGINT)
    ended = await terminal.finish(process)
    over.set()
    server.close()
    await server.wait_closed()
    assert (ended.code, ended.out, ended.err) == (130, "", "Stopped. Nothing was changed.\n")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - the simulation tells nobody of a request that arrives
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("words", [("a.b.c",), ("--token", "a.b.c"), ("--discord=a.b.c",)], ids=str)
async def test_a_token_is_never_an_argument(terminal: Terminal, words: tuple[str, ...]) -> None:
    ended = await terminal.run("account", "set", *words)
    assert ended.code == 2
    assert terminal.api.count(Endpoint.SAVE) == 0


# ------------------------------------------------------------------- what a terminal may lack


@pytest.mark.parametrize(
    "settings",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1:strict"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=["ascii", "latin-1", "no-locale"],
)
async def test_an_answer_is_given_on_a_terminal_that_knows_few_characters(
    terminal: Terminal, settings: Mapping[str, str]
) -> None:
    terminal.settings.update(settings)
    login = terminal.api.newcomer()
    ended = await terminal.run_alone("account", "set", stdin=login.discord)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Done: the account was created")
    terminal.api.flag(login.channel, "\u6709\u4e00\u6761 pending moderation message \U0001f6a8.")
    listed = await terminal.run_alone("account", "list")
    assert (listed.code, listed.err) == (0, "")
    assert "FLAGGED ??? pending moderation message ?." in listed.out
    programs = await terminal.run("account", "list", "--json")
    assert json.loads(programs.out)[0]["flag"]["text"].startswith("\u6709\u4e00\u6761 pending")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("midwatch account set <&-", "standard input is closed"),
        ("midwatch account set 0>empty", "Standard input cannot be read"),
        ("printf 'abc\\xff' | midwatch account set", "not UTF-8 text"),
        ("printf 'abc\\xff' | PYTHONIOENCODING=utf-8:strict midwatch account set", "not UTF-8 text"),
    ],
    ids=["closed", "only-to-write", "other-bytes-let-through", "other-bytes"],
)
async def test_input_that_cannot_be_read_is_one_sentence_and_what_to_do(
    terminal: Terminal, line: str, sentence: str
) -> None:
    ended = await terminal.in_shell(line)
    assert (ended.code, ended.out, ended.plain) == (65, "", True)
    what, next_step = ended.err.splitlines()
    assert sentence in what
    assert next_step.endswith("python -m bot account set < FILE")


@pytest.mark.parametrize(
    "words", ["account list", "account list --json", "account --help", "account set --help", "check"]
)
async def test_a_reader_who_leaves_is_no_error(terminal: Terminal, words: str) -> None:
    terminal.api.add()
    ended = await terminal.in_shell(f"{{ midwatch {words}; echo $? >code; }} | head -0")
    code = (terminal.folder / "code").read_text().strip()
    assert ended.out == ""
    assert ended.plain
    assert code == "0" or words == "check"


async def test_a_reader_of_complaints_who_leaves_is_no_error_either(terminal: Terminal) -> None:
    terminal.api.fault(Fault.UNAUTHORIZED)
    ended = await terminal.in_shell("{ midwatch account list; echo $? >code; } 2>&1 | head -0")
    assert (ended.output, (terminal.folder / "code").read_text()) == ("", "77\n")


async def test_a_refused_token_is_reported_without_a_bot_to_restart(terminal: Terminal) -> None:
    terminal.api.fault(Fault.UNAUTHORIZED)
    ended = await terminal.run("account", "list")
    assert "Put the whole token from useapi.net, with its `user:`, into USEAPI_TOKEN.\n" in ended.err


async def test_an_answer_that_cannot_be_written_stands_where_complaints_do(terminal: Terminal) -> None:
    account = terminal.api.add()
    ended = await terminal.in_shell("midwatch account list >/dev/full")
    assert (ended.code, ended.plain) == (74, True)
    assert "No space left on device" in ended.err
    assert account.channel in ended.err
    unheard = await terminal.in_shell("midwatch account list >/dev/full 2>/dev/full")
    assert unheard.code == 74


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"], ids=["output", "complaints", "both"])
async def test_a_closed_stream_is_no_error(terminal: Terminal, closed: str) -> None:
    account = terminal.api.add()
    ended = await terminal.in_shell(f"midwatch account list {closed}")
    assert (ended.code, ended.err) == (0, "")
    assert (account.channel in ended.out) == (closed == "2>&-")


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
            "name": None,
            "discord_name": None,
            "max_jobs": 12,
            "flag": {"kind": "moderation", "text": MODERATION},
            "link": f"https://discord.com/channels/@me/{account.channel}",
        }
    ]
    assert account.discord not in ended.output


async def test_the_accounts_are_listed_by_the_names_in_the_database_while_the_bot_has_it(
    terminal: Terminal,
) -> None:
    given, discord, nameless = (terminal.api.add() for _ in range(3))
    async with Store.open(terminal.folder / "midwatch.sqlite3") as store:
        await store.rename(given.channel, "aurora", actor_id=1, at=AT)
        await store.record_info(discord.channel, answer("ember#1"))
        ended = await terminal.run("account", "list")
        programs = await terminal.run("account", "list", "--json")
    assert [line.split()[:2] for line in ended.out.splitlines()] == [
        [given.channel, "aurora"],
        [discord.channel, "ember#1"],
        [nameless.channel, "3"],
    ]
    assert [(each["name"], each["discord_name"]) for each in json.loads(programs.out)] == [
        ("aurora", None),
        (None, "ember#1"),
        (None, None),
    ]


@pytest.mark.parametrize("text", [None, "", "no database at all"], ids=["missing", "empty", "another-file"])
async def test_a_database_without_names_is_not_spoken_of_and_left_as_it_is(
    terminal: Terminal, text: str | None
) -> None:
    account, file = terminal.api.add(), terminal.folder / "midwatch.sqlite3"
    if text is not None:
        file.write_text(text)
    ended = await terminal.run("account", "list")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.split() == [account.channel, "3", "jobs", "ready"]
    assert [path.read_text() for path in terminal.folder.iterdir()] == ([] if text is None else [text])


@pytest.mark.parametrize(
    ("token", "fault"),
    [
        ("", "is missing"),
        ("short", "is too short"),
        ("Bot x", "begins with"),
        ("two words", "is not one word"),
    ],
)
async def test_the_bot_s_own_token_is_not_needed(terminal: Terminal, token: str, fault: str) -> None:
    terminal.settings["DISCORD_TOKEN"] = token
    login = terminal.api.newcomer()
    assert (await terminal.run("account", "set", stdin=login.discord)).code == 0
    assert login.channel in (await terminal.run("account", "list")).out
    started = await terminal.run()
    assert (started.code, f"DISCORD_TOKEN {fault}" in started.err) == (78, True)


def test_the_commands_for_accounts_do_without_the_watch() -> None:
    print_loaded = "import sys, bot.cli.account; print(*sys.modules)"
    run = subprocess.run(  # noqa: S603 - this Python
        [sys.executable, "-c", print_loaded], cwd=ROOT, capture_output=True, text=True, check=True
    )
    watch = {
        "bot.polling.poller",
        "bot.incidents.service",
        "bot.actions.account_admin",
        "bot.incidents.transaction",
        "bot.polling.account_cache",
    }
    assert watch.isdisjoint(run.stdout.split())


@pytest.mark.parametrize(
    ("words", "out"),
    [((), "No account is configured. Add one with `python -m bot account set`.\n"), (("--json",), "[]\n")],
)
async def test_no_account_is_an_answer_too(terminal: Terminal, words: tuple[str, ...], out: str) -> None:
    ended = await terminal.run("account", "list", *words)
    assert (ended.code, ended.out) == (0, out)


async def test_an_api_that_is_away_is_reported(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_client, "FIRST_PAUSE", 0)
    terminal.api.fault(Fault.VANISHED)
    ended = await terminal.run("account", "list")
    assert (ended.code, ended.out) == (69, "")
    assert "useapi.net refuses connections." in ended.err


async def test_whose_answer_is_long_in_coming_is_reported_meanwhile(terminal: Terminal) -> None:
    terminal.api.fault(Fault.HANG)
    process = await terminal.start("account", "list", stdin=asyncio.subprocess.DEVNULL)
    assert process.stderr is not None
    expected = f"Waiting for an answer of {terminal.api.url} ...\n".encode()
    assert await asyncio.wait_for(process.stderr.readuntil(expected), PATIENCE)
    process.send_signal(signal.SIGINT)
    ended = await terminal.finish(process)
    assert (ended.code, ended.plain) == (130, True)


async def test_it_takes_no_lock(terminal: Terminal) -> None:
    terminal.api.add()
    with lock_database(terminal.folder / "midwatch.sqlite3"):
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
