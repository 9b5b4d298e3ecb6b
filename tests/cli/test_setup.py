"""`python -m bot setup`: the questions at a terminal and from a pipe, and the file that comes of them."""

import asyncio
import io
import os
import pty
import signal
import stat
import sys
import termios
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from bot.__main__ import main
from bot.cli import setup
from bot.runtime.env_file import example_text, values_in
from tests.simulators.discord import SANDBOX_BOT_TOKEN, FaultKind, SimulatedDiscord, point_at
from tests.simulators.mjproxy import SimulatedMjproxy
from tests.simulators.useapi import Fault, SimulatedUseapi

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
PERSON_S_TOKEN = "OTk5OTk5OTk5OTk5OTk5OTk5.GaBcDe.of-a-person-not-of-a-service"


@dataclass(frozen=True, slots=True)
class Ended:
    """What a person sees after it ended."""

    code: int
    out: str
    err: str


@dataclass
class Scene:
    """The services, and the folder with the file."""

    world: SimulatedDiscord
    proxy: SimulatedMjproxy
    api: SimulatedUseapi
    file: Path

    @property
    def proxy_answers(self) -> tuple[str, ...]:
        return "1", self.proxy.url, self.proxy.token

    @property
    def api_answers(self) -> tuple[str, ...]:
        return "2", self.api.url, "", self.api.token

    @property
    def values(self) -> dict[str, str]:
        return values_in(self.file.read_text("utf-8"))

    async def pipe(self, *answers: str, environment: dict[str, str] | None = None) -> Ended:
        """Run it in a thread of this process with its input in a pipe."""
        held = [io.BytesIO(), io.BytesIO()]
        out, err = (io.TextIOWrapper(each, "utf-8", newline="") for each in held)
        stdin = io.TextIOWrapper(io.BytesIO("".join(f"{each}\n" for each in answers).encode()), "utf-8")
        kept = {name: value for name, value in os.environ.items() if name.startswith(("COV", "PATH"))}
        with (
            point_at(self.world.api, self.world.gateway),
            patch.dict(os.environ, kept | (environment or {}), clear=True),
            patch.object(sys, "stdin", stdin),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = await asyncio.to_thread(main, ["setup"], env_file=self.file)
        ended = Ended(code, held[0].getvalue().decode(), held[1].getvalue().decode())
        assert not any(secret in ended.out + ended.err for secret in self.secrets)
        return ended

    @property
    def secrets(self) -> Sequence[str]:
        return SANDBOX_BOT_TOKEN, self.proxy.token, self.api.token, PERSON_S_TOKEN, "s3cret"


@pytest.fixture
def scene(world: SimulatedDiscord, proxy: SimulatedMjproxy, api: SimulatedUseapi, tmp_path: Path) -> Scene:
    (tmp_path / "empty").mkdir()
    return Scene(world, proxy, api, tmp_path / "empty" / ".env")


async def test_from_an_empty_folder_to_a_bot_that_can_run(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(scene.file.parent)
    ended = await scene.pipe(SANDBOX_BOT_TOKEN, "1", "#alerts", *scene.proxy_answers)
    assert (ended.code, ended.err) == (0, "Everything is right.\n")
    assert scene.values == {
        "discord_token": SANDBOX_BOT_TOKEN,
        "mjproxy_url": scene.proxy.url,
        "mjproxy_token": scene.proxy.token,
        "guild_ids": str(scene.world.guild_id),
        "alert_channel_id": str(scene.world.alerts_channel_id),
    }
    assert stat.S_IMODE(scene.file.stat().st_mode) == 0o600
    comments = [line for line in example_text().splitlines() if line.startswith("# ")]
    assert [line for line in scene.file.read_text().splitlines() if line.startswith("# ")] == comments
    link = f"https://discord.com/oauth2/authorize?client_id={scene.world.application_id}&scope=bot+applications.commands&permissions=84992&"
    assert link in ended.out
    assert "ok    Settings: complete and well-formed" in ended.out
    assert ended.out.endswith("\nNext, in this folder: python -m bot run\n")
    asked = ended.out.partition("ok    Settings")[0].replace(str(scene.file), "FILE")
    assert [line[:26] for line in asked.splitlines() if len(line) > 79] == ["https://discord.com/oauth2"]


async def test_useapi_net_alone_is_enough_and_what_is_usual_is_not_written(scene: Scene) -> None:
    ended = await scene.pipe(SANDBOX_BOT_TOKEN, "", "", *scene.api_answers)
    assert ended.code == 0
    assert scene.values == {
        "discord_token": SANDBOX_BOT_TOKEN,
        "useapi_token": scene.api.token,
        "useapi_url": scene.api.url,
    }


async def test_both_are_asked_for_and_lists_are_chosen_from_by_id_or_name(scene: Scene) -> None:
    scene.world.make_channel("watch")
    answers = ("3", *scene.proxy_answers[1:], *scene.api_answers[1:])
    ended = await scene.pipe(SANDBOX_BOT_TOKEN, str(scene.world.guild_id), "Watch", *answers)
    assert ended.code == 0
    assert scene.values["guild_ids"] == str(scene.world.guild_id)
    assert {"mjproxy_token", "useapi_token", "alert_channel_id"} <= scene.values.keys()


async def test_at_useapi_net_itself_all_services_are_usual(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "USEAPI_URL", scene.api.url)
    scene.file.write_text(f"USEAPI_URL={scene.api.url}\n")
    scene.api.add()
    await scene.pipe(SANDBOX_BOT_TOKEN, "", "", *scene.api_answers, "yes")
    assert scene.values["useapi_services"] == "all"


# ------------------------------------------------------------------------------------- wrong answers


TO_PROXY = "{bot}", "1", "1", "1"
TO_API = "{bot}", "1", "1", "2", "{api}", ""


@pytest.mark.parametrize(
    ("answers", "code", "sentence"),
    [
        pytest.param([], 65, "The input ended before everything was answered.", id="nothing"),
        pytest.param([""], 65, "DISCORD_TOKEN is needed.", id="an-empty-line"),
        pytest.param(["s3cret"], 65, "DISCORD_TOKEN is too short to be a token", id="short"),
        pytest.param(["user:1-s3cret-value"], 65, "DISCORD_TOKEN does not look like a bot's", id="useapi-s"),
        pytest.param(["Bot {bot}"], 65, 'DISCORD_TOKEN begins with "Bot"', id="with-its-scheme"),
        pytest.param(["s3cret-tökén-🦊"], 65, "DISCORD_TOKEN is not one word of printable", id="unicode"),
        pytest.param(["{person}"], 69, "Discord token: Discord refuses it.", id="refused"),
        pytest.param(["{bot}"], 65, "The input ended before everything was answered.", id="end"),
        pytest.param(["{bot}", "2"], 65, "GUILD_IDS is not in the list: write a number", id="server"),
        pytest.param(["{bot}", "1" * 18], 69, f"Server {'1' * 18}: the bot is not in it.", id="other-server"),
        pytest.param(["{bot}", "1", "s3cret"], 65, "ALERT_CHANNEL_ID is not in the list", id="channel"),
        pytest.param(["{bot}", "1", "1", "4"], 65, "What is watched is answered with 1, 2 or 3.", id="way"),
        pytest.param([*TO_PROXY, "s3cret"], 65, "MJPROXY_URL is not a web address", id="address"),
        pytest.param([*TO_PROXY, "http://127.0.0.1:9"], 69, "Proxy: midjourney-proxy refuses", id="closed"),
        pytest.param([*TO_PROXY, "{proxy}", "{bot}"], 65, "MJPROXY_TOKEN is another token", id="bot-s"),
        pytest.param([*TO_PROXY, "{proxy}", "{person}"], 65, "MJPROXY_TOKEN is another", id="a-person-s"),
        pytest.param([*TO_PROXY, "{proxy}", "s3cret-value"], 69, "Proxy token: midjourney-", id="no-admin"),
        pytest.param([*TO_API, "${s3cret}-value"], 65, "USEAPI_TOKEN holds characters", id="unwritable"),
        pytest.param([*TO_API, "s3cret-value"], 69, "API token: useapi.net refused", id="api-token"),
    ],
)
async def test_from_a_pipe_a_wrong_answer_ends_it_with_one_sentence(
    scene: Scene, answers: list[str], code: int, sentence: str
) -> None:
    given = {
        "bot": SANDBOX_BOT_TOKEN,
        "person": PERSON_S_TOKEN,
        "proxy": scene.proxy.url,
        "api": scene.api.url,
    }
    for word, value in given.items():
        answers = [each.replace(f"{{{word}}}", value) for each in answers]
    ended = await scene.pipe(*answers)
    (said,) = [each for each in ended.err.splitlines() if not each.startswith("Waiting for an answer of")]
    assert (ended.code, said.startswith(sentence), said.endswith(" Nothing was written.")) == (
        code,
        True,
        True,
    )
    assert list(scene.file.parent.iterdir()) == []


async def test_a_token_of_discord_is_not_sent_to_another_service(scene: Scene) -> None:
    asked = SANDBOX_BOT_TOKEN, "", "", "2", scene.api.url, ""
    await scene.pipe(*asked)
    without = len(scene.api.requests)
    await scene.pipe(*asked, PERSON_S_TOKEN)
    assert len(scene.api.requests) == 2 * without


async def test_a_bot_in_no_server_ends_it_with_the_link_at_hand(scene: Scene) -> None:
    scene.world.remove_bot()
    ended = await scene.pipe(SANDBOX_BOT_TOKEN, "")
    assert ended.code == 65
    assert "There is none yet. Add one" in ended.out
    assert "https://discord.com/oauth2/authorize?" in ended.out
    scene.world.invite_bot()


async def test_a_channel_where_the_bot_may_not_write_is_marked_and_refused(scene: Scene) -> None:
    scene.world.deny_bot(scene.world.channel_id, send_messages=True)
    ended = await scene.pipe(SANDBOX_BOT_TOKEN, "1", "#midjourney")
    assert "  1  #alerts\n" in ended.out
    assert "#midjourney (lacks a permission)\nChannel, " in ended.out
    assert ended.err.startswith("Alert channel: in #midjourney the bot lacks Send Messages.")


@pytest.mark.parametrize(
    ("chosen", "listed"),
    [
        pytest.param("2", "  1  #elsewhere\nChannel,", id="of-the-chosen-server"),
        pytest.param("", "#status in Midwatch sandbox\n  4  #elsewhere in Another\nChannel,", id="of-all"),
    ],
)
async def test_channels_of_the_chosen_servers_are_listed_else_those_of_all(
    scene: Scene, chosen: str, listed: str
) -> None:
    scene.world.make_channel("elsewhere", scene.world.make_server("Another"))
    ended = await scene.pipe(SANDBOX_BOT_TOKEN, chosen)
    assert listed in ended.out


async def test_a_discord_that_fails_at_the_list_says_so(scene: Scene) -> None:
    scene.world.fault(FaultKind.ERROR, status=503, path="/users/@me/guilds")
    ended = await scene.pipe(SANDBOX_BOT_TOKEN, "none", "none", *scene.proxy_answers)
    assert "FAIL  Discord: Discord has a server error (HTTP 503)." in ended.out
    assert ended.code == 0


async def test_a_subscription_that_is_over_ends_it(scene: Scene) -> None:
    scene.api.fault(Fault.UNPAID)
    ended = await scene.pipe(SANDBOX_BOT_TOKEN, "", "", *scene.api_answers)
    assert (ended.code, ended.err.startswith("Subscription: ")) == (69, True)


async def test_input_that_is_no_text_is_a_wrong_answer(scene: Scene) -> None:
    broken = io.TextIOWrapper(io.BytesIO(b"\xff\xfes3cret\n"), "utf-8")
    with patch.object(sys, "stdin", broken), redirect_stderr(io.StringIO()) as err:
        assert main(["setup"], env_file=scene.file) == 65
    assert "is not one word of printable ASCII" in err.getvalue()
    assert "Traceback" not in err.getvalue()


async def test_without_any_input_it_ends_in_a_sentence(scene: Scene) -> None:
    with patch.object(sys, "stdin", None), redirect_stderr(io.StringIO()) as err:
        assert main(["setup"], env_file=scene.file) == 65
    assert err.getvalue() == "The input ended before everything was answered. Nothing was written.\n"


async def test_what_nobody_foresaw_is_no_traceback(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_text: str) -> None:
        raise RuntimeError(SANDBOX_BOT_TOKEN)

    monkeypatch.setitem(setup.READERS, "discord_token", fail)
    ended = await scene.pipe(SANDBOX_BOT_TOKEN)
    assert (ended.code, ended.err) == (1, "Nobody foresaw this error: RuntimeError. Nothing was written.\n")


# --------------------------------------------------------------------------- a file that is there already

MINE = """\
# Mine.
DISCORD_TOKEN={bot}
LOG_LEVEL=ERROR  # quiet
USEAPI_TOKEN={token}
USEAPI_URL={url}
OTHER='a
b'
"""


@pytest.fixture
def mine(scene: Scene) -> str:
    """A file that is complete and holds more than is asked for."""
    text = MINE.format(bot=SANDBOX_BOT_TOKEN, token=scene.api.token, url=scene.api.url)
    scene.file.write_text(text)
    scene.file.chmod(0o644)
    return text


async def test_enter_keeps_what_is_set_and_other_settings_stay(scene: Scene, mine: str) -> None:
    ended = await scene.pipe("", "", "alerts", "", "", "", "", "yes")
    assert ended.code == 0
    assert ".env changes in ALERT_CHANNEL_ID; all else stays." in " ".join(ended.out.split())
    assert scene.file.read_text() == f"{mine}\nALERT_CHANNEL_ID={scene.world.alerts_channel_id}\n"
    assert stat.S_IMODE(scene.file.stat().st_mode) == 0o600


@pytest.mark.parametrize("answer", ["no", "", "perhaps"])
async def test_nothing_is_changed_without_a_yes(scene: Scene, mine: str, answer: str) -> None:
    ended = await scene.pipe("", "", "alerts", "", "", "", "", answer)
    assert (ended.code, ended.err) == (1, "Nothing was written.\n")
    assert scene.file.read_text() == mine


async def test_where_nothing_differs_nothing_is_asked_or_written(scene: Scene, mine: str) -> None:
    ended = await scene.pipe("", "", "", "", "", "", "")
    assert ended.code == 0
    assert "is as it was." in ended.out
    assert (scene.file.read_text(), stat.S_IMODE(scene.file.stat().st_mode)) == (mine, 0o644)


async def test_what_is_not_watched_any_more_is_taken_out(scene: Scene, mine: str) -> None:
    await scene.pipe("", "", "", *scene.proxy_answers, "yes")
    assert "useapi_token" not in scene.values
    assert scene.values["mjproxy_token"] == scene.proxy.token
    await scene.pipe("", "", "", *scene.api_answers, "yes")
    assert {"mjproxy_url", "mjproxy_token"} & scene.values.keys() == set()
    assert scene.values["useapi_token"] == scene.api.token
    assert "LOG_LEVEL=ERROR  # quiet" in scene.file.read_text()
    assert mine.splitlines()[0] == scene.file.read_text().splitlines()[0]


async def test_a_choice_is_taken_back_with_none(scene: Scene, mine: str) -> None:
    scene.file.write_text(f"{mine}ALERT_CHANNEL_ID={scene.world.alerts_channel_id}\n")
    await scene.pipe("", "", "none", "", "", "", "", "yes")
    assert "alert_channel_id" not in scene.values


async def test_the_environment_that_comes_first_is_named(scene: Scene) -> None:
    environment = {"ALERT_CHANNEL_ID": "1", "LOG_LEVEL": "ERROR"}
    ended = await scene.pipe(SANDBOX_BOT_TOKEN, environment=environment)
    assert "The environment sets ALERT_CHANNEL_ID, LOG_LEVEL, and comes before the file." in ended.out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(b"DISCORD_TOKEN='open\n", "Line 1 of {file} cannot be read", id="an-open-quotation"),
        pytest.param(b"\xff\xfeA", "{file} is not UTF-8 text", id="no-text"),
    ],
)
async def test_a_file_that_cannot_be_read_is_left_alone(scene: Scene, text: bytes, words: str) -> None:
    scene.file.write_bytes(text)
    ended = await scene.pipe()
    assert (ended.code, ended.out) == (78, "")
    assert ended.err.startswith(words.format(file=scene.file))
    assert scene.file.read_bytes() == text


async def test_a_folder_in_its_place_is_named_before_anything_is_asked(scene: Scene) -> None:
    scene.file.mkdir()
    ended = await scene.pipe()
    assert (ended.code, ended.out) == (78, "")
    assert "is a folder, not a file" in ended.err


async def test_a_place_where_nothing_can_be_written_is_named_before_anything_is_asked(scene: Scene) -> None:
    scene.file = Path("/proc/.env")
    ended = await scene.pipe()
    assert (ended.code, ended.out) == (78, "")
    assert ended.err.startswith("/proc/.env cannot be written (")


async def test_a_file_with_other_mistakes_is_written_and_the_check_names_them(
    scene: Scene, mine: str
) -> None:
    scene.file.write_text(f"{mine}POLL_INTERVAL=1s\n")
    ended = await scene.pipe("", "", "alerts", "", "", "", "", "yes")
    assert ended.code == 78
    assert "FAIL  Settings: POLL_INTERVAL is too short" in ended.out
    assert ended.out.endswith("\nThen, in this folder: make run\n")


# ----------------------------------------------------------------------------------------- at a terminal


AT_THE_SANDBOX = """
import fcntl, runpy, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from discord.http import Route
Route.BASE = sys.argv[1]
sys.argv[:] = ["bot/__main__.py", "setup"]
runpy.run_module("bot", run_name="__main__")
"""
"""Runs the program itself, at the terminal that it reads from; only Discord's address is the sandbox's."""


class Screen:
    """A terminal of 80 columns with the program in it."""

    def __init__(self, handle: int, process: asyncio.subprocess.Process) -> None:
        self._handle, self.process = handle, process
        self.text = ""
        self._seen = 0

    async def sees(self, words: str) -> str:
        """Wait until words appear after those that were waited for before, and return what stood between."""
        while words not in self.text[self._seen :]:
            self.text += (await asyncio.wait_for(asyncio.to_thread(self._read), PATIENCE)).decode()
        begun, self._seen = self._seen, self.text.index(words, self._seen) + len(words)
        return self.text[begun : self._seen]

    def _read(self) -> bytes:
        try:
            read = os.read(self._handle, 4_096)
        except OSError:  # the program has ended
            read = b""
        assert read, f"the program ended after {self.text[-200:]!r}"
        return read

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._handle, keys.encode())

    async def answers(self, question: str, answer: str, *, enter: str = "\n") -> str:
        """Wait for a question and answer it. Return what stood before it."""
        before = await self.sees(question)
        while not self.text[self._seen :].rstrip(" ").endswith(":"):
            self.text += (await asyncio.to_thread(self._read)).decode()
        self._seen = len(self.text)
        while self._state() != "S":  # noqa: ASYNC110 - a signal just before it sleeps would not wake it
            await asyncio.sleep(0.01)
        self.type(answer + enter)
        return before

    def _state(self) -> str:
        """Return the state of the process, as Linux names it: S while it waits for input."""
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0]

    @property
    def echoes(self) -> bool:
        """Whether the terminal shows what is typed."""
        return bool(termios.tcgetattr(self._handle)[3] & termios.ECHO)


@asynccontextmanager
async def terminal(scene: Scene) -> AsyncGenerator[Screen]:
    """Start it at a terminal."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    kept = {name: value for name, value in os.environ.items() if name.startswith(("COV", "PATH"))}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", AT_THE_SANDBOX, scene.world.api),
        cwd=scene.file.parent,
        env=kept | {"PYTHONPATH": str(ROOT), "TERM": "xterm"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield Screen(master, process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(master)


async def test_at_a_terminal_tokens_are_hidden_and_wrong_answers_asked_again(scene: Scene) -> None:
    scene.world.remove_bot()
    async with terminal(scene) as screen:
        await screen.sees("Bot token (not shown): ")
        assert not screen.echoes
        screen.type(f"  {PERSON_S_TOKEN} \n")
        await screen.answers("Take it anyway?", "是")
        await screen.answers("Take it anyway?", "no")
        assert "Discord refuses it" in screen.text
        await screen.answers("Bot token", SANDBOX_BOT_TOKEN)
        assert "There is none yet." in await screen.answers("Servers, numbers", "1")
        assert screen.echoes
        scene.world.invite_bot()
        assert "not in the list" in await screen.answers("Servers, numbers", "")
        assert "1  Midwatch sandbox" in await screen.answers("Servers, numbers", "1")
        scene.world.deny_bot(scene.world.alerts_channel_id, embed_links=True)
        await screen.answers("Channel", "alerts")
        await screen.answers("Take it anyway?", "")
        assert "the bot lacks Embed Links" in screen.text
        assert "lacks a permission" in await screen.answers("Channel", "again") + await screen.answers(
            "Channel", "1"
        )
        await screen.answers("1, 2 or 3", "both")
        await screen.answers("1, 2 or 3", "1")
        await screen.answers("Proxy's address", "http://127.0.0.1:9")
        await screen.answers("Take it anyway?", "no")
        await screen.answers("Proxy's address (Enter: http://127.0.0.1:9)", scene.proxy.url)
        await screen.answers("Proxy's token", "s3cret-value")
        await screen.answers("Take it anyway?", "no")
        await screen.answers("Proxy's address", "")
        await screen.answers("Proxy's token", scene.proxy.token)
        await screen.sees("Next, in this folder: python -m bot run")
        assert await asyncio.wait_for(screen.process.wait(), PATIENCE) == 0
    assert not any(secret in screen.text for secret in scene.secrets)
    lines = screen.text.replace(str(scene.file), "FILE").splitlines()
    assert {line[:26] for line in lines if len(line) > 80} == {"https://discord.com/oauth2"}
    assert scene.values["mjproxy_token"] == scene.proxy.token
    assert scene.values["alert_channel_id"] == str(scene.world.channel_id)


async def test_what_cannot_be_checked_now_is_taken_if_the_person_says_so(scene: Scene) -> None:
    scene.api.subscribed = False
    async with terminal(scene) as screen:
        for question, answer in (("Bot token", SANDBOX_BOT_TOKEN), ("Servers,", ""), ("Channel", "")):
            await screen.answers(question, answer)
        for question, answer in zip(
            ("1, 2", "API's address", "Services", "API token"), scene.api_answers, strict=True
        ):
            await screen.answers(question, answer)
        await screen.answers("Take it anyway?", "yes")
        await screen.sees("Then, in this folder: python -m bot run")
        assert await asyncio.wait_for(screen.process.wait(), PATIENCE) == 69
    assert scene.values["useapi_token"] == scene.api.token


async def test_a_choice_is_not_taken_unasked_while_discord_is_gone(scene: Scene) -> None:
    async with terminal(scene) as screen:
        await screen.answers("Bot token", SANDBOX_BOT_TOKEN)
        await screen.sees("Servers, numbers")
        gone = scene.world.fault(FaultKind.RESET)
        await screen.answers(" with commas", "1")
        await screen.answers("Take it anyway?", "no")
        assert "FAIL  Discord token: The connection to Discord broke off." in screen.text
        scene.world.mend(gone)
        await screen.answers("Servers, numbers", "")
        await screen.sees("the bot is in Midwatch sandbox")


ANSWERS = {"Bot token": SANDBOX_BOT_TOKEN, "Servers,": "1", "Channel,": "1", "1, 2 or 3": "1"}


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["ctrl-c", "ctrl-d"])
@pytest.mark.parametrize("last", ["Bot token", "Channel,", "Proxy's address"])
async def test_a_stop_leaves_nothing_and_a_terminal_that_shows_what_is_typed(
    scene: Scene, last: str, key: str
) -> None:
    async with terminal(scene) as screen:
        for question, answer in ANSWERS.items():
            if question == last:
                break
            await screen.answers(question, answer)
        await screen.answers(last, key, enter="")
        await screen.sees("Stopped. Nothing was written.")
        assert await asyncio.wait_for(screen.process.wait(), PATIENCE) == 130
        assert screen.echoes
    assert list(scene.file.parent.iterdir()) == []


async def test_a_request_to_end_leaves_a_terminal_that_shows_what_is_typed(scene: Scene) -> None:
    async with terminal(scene) as screen:
        await screen.answers("Bot token", "half-a-tok", enter="")
        screen.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(screen.process.wait(), PATIENCE) == 130
        assert screen.echoes
    assert list(scene.file.parent.iterdir()) == []


async def test_a_stop_while_discord_is_asked_leaves_nothing(scene: Scene) -> None:
    scene.world.fault(FaultKind.SLOW, seconds=600, path="/users/@me")
    async with terminal(scene) as screen:
        await screen.answers("Bot token", SANDBOX_BOT_TOKEN)
        await screen.sees("Waiting for an answer of Discord")
        screen.type("\x03")
        await screen.sees("Stopped. Nothing was written.")
        assert await asyncio.wait_for(screen.process.wait(), PATIENCE) == 130
    assert list(scene.file.parent.iterdir()) == []


async def test_a_file_that_another_program_changes_meanwhile_stays(scene: Scene, mine: str) -> None:
    async with terminal(scene) as screen:
        for question in (
            "Bot token",
            "Servers,",
            "Channel,",
            "1, 2 or 3",
            "API's address",
            "Services",
            "API token",
        ):
            await screen.answers(
                question, "none" if question == "Servers," else "1" if question == "Channel," else ""
            )
        scene.file.write_text(f"{mine}MORE=1\n")
        await screen.answers("Change it?", "yes")
        await screen.sees("was changed meanwhile: start again. Nothing was written.")
        assert await asyncio.wait_for(screen.process.wait(), PATIENCE) == 1
    assert scene.file.read_text() == f"{mine}MORE=1\n"
