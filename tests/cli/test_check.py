"""`python -m bot check`: each of its lines, good and bad."""

import errno
import fcntl
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite
import discord
import pytest
from aiohttp import web

from bot import app
from bot.cli import check
from bot.cli.exit_codes import Exit
from bot.storage import Store, StoreError
from bot.storage.migrations import migrate
from bot.storage.schema_steps import STEPS
from tests.simulators.discord import SANDBOX_BOT_TOKEN, FaultKind, point_at
from tests.simulators.useapi import MODERATION, Endpoint, Fault
from tests.support.running import Bot, Visitor
from tests.support.waiting import at_once

ELSEWHERE = 300000000000000001
FRESH = [
    "ok    Settings: complete and well-formed",
    "ok    Database: {database} does not exist yet; the bot creates it",
    "ok    Discord token: accepted, the bot is Midwatch",
    "ok    Intents: the bot needs none that must be switched on in the Developer Portal",
    "ok    Owners: 1 owner, the application's",
    "ok    Interactions: Discord brings them to the bot",
    "ok    Server {guild}: the bot is in Midwatch sandbox",
    "ok    Commands: not registered yet; the bot does that when it runs",
    "ok    API token: accepted by {api}",
    "ok    Subscription: active",
    "ok    Accounts: none yet. Add one with /mjadd in Discord or `python -m bot account set`.",
]

Prepare = Callable[[Bot], None]


@dataclass
class Report:
    """What a person at the terminal sees."""

    code: int
    lines: list[str]
    last: str

    def line(self, subject: str) -> str:
        (found,) = [line for line in self.lines if line[6:].startswith(f"{subject}:")]
        return found

    @property
    def failed(self) -> list[str]:
        return [line for line in self.lines if line.startswith("FAIL")]


class Checks:
    """Runs the check as the command line does, with the settings of the sandbox."""

    def __init__(self, bot: Bot, capsys: pytest.CaptureFixture[str]) -> None:
        self.bot, self._capsys = bot, capsys

    async def __call__(self, **changed: Any) -> Report:
        self._capsys.readouterr()
        with point_at(self.bot.world.api, self.bot.world.gateway):
            providers_of = partial(app.providers_of, sleep=at_once)
            code = await check.report(self.bot.settings(**changed), providers_of)
        output = self._capsys.readouterr()
        return Report(code, output.out.splitlines(), output.err.strip())


@pytest.fixture
def checked(bot: Bot, capsys: pytest.CaptureFixture[str]) -> Checks:
    return Checks(bot, capsys)


async def test_before_the_first_start_every_line_says_what_is_so(bot: Bot, checked: Checks) -> None:
    report = await checked()
    facts = {"database": bot.database, "guild": bot.world.guild_id, "api": bot.api.url}
    assert report.lines == [line.format(**facts) for line in FRESH]
    assert (report.code, report.last) == (0, "Everything is right.")


async def test_it_changes_nothing_anywhere(bot: Bot, checked: Checks) -> None:
    bot.api.add()
    await checked()
    assert {one.method for one in bot.world.requests} == {"GET"}
    assert {one.method for one in bot.api.requests} == {"GET"}
    assert not bot.world.connected
    assert list(bot.database.parent.iterdir()) == []


# ---------------------------------------------------------------------------------------- the database


async def test_while_the_bot_runs_it_says_so_and_the_bot_runs_on(
    bot: Bot, ada: Visitor, checked: Checks
) -> None:
    await bot.start()
    report = await checked()
    assert report.line("Database") == f"ok    Database: {bot.database} is in use by a running Midwatch"
    assert report.line("Commands") == "ok    Commands: up to date, all 11 are registered"
    assert report.code == 0
    assert await ada.ask("mjaccounts")


@pytest.mark.parametrize("is_there", [False, True], ids=["to-be-made", "healthy"])
async def test_an_sqlite_that_is_too_old_is_reported_with_both_versions(
    bot: Bot, checked: Checks, monkeypatch: pytest.MonkeyPatch, *, is_there: bool
) -> None:
    if is_there:
        await bot.start()
        await bot.stop()
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 9))
    report = await checked()
    assert report.line("Database").startswith("FAIL  Database: This Python brings SQLite 3.36.9,")
    assert "needs 3.37.0 or newer" in report.line("Database")
    assert report.code == 69


async def test_a_database_that_is_not_in_use_is_sound_and_stays_as_it_is(bot: Bot, checked: Checks) -> None:
    await bot.start()
    await bot.stop()
    before = bot.database.read_bytes()
    assert (await checked()).line("Database") == f"ok    Database: {bot.database} is sound"
    assert bot.database.read_bytes() == before


def damaged(database: Path) -> None:
    database.write_bytes(b"SQLite format 3\x00" + b"\xff" * 5_000)


def no_database(database: Path) -> None:
    database.write_text("A letter.\n" * 300)


def newer(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(f"PRAGMA application_id = {0x4D57_4348}")
        connection.execute("CREATE TABLE future (x)")
        connection.execute("PRAGMA user_version = 99")


def foreign(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE recipe (x)")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(damaged, "is damaged or no database", id="damaged"),
        pytest.param(no_database, "is damaged or no database", id="no-database"),
        pytest.param(newer, "was written by a newer Midwatch", id="newer"),
        pytest.param(foreign, "belongs to another program", id="another-program-s"),
    ],
)
async def test_a_database_that_cannot_be_used_is_named_and_left_alone(
    bot: Bot, checked: Checks, make: Callable[[Path], None], words: str
) -> None:
    make(bot.database)
    before = bot.database.read_bytes()
    report = await checked()
    assert words in report.line("Database")
    assert len(report.failed) == 1
    assert report.code == Exit.UNAVAILABLE
    assert bot.database.read_bytes() == before
    assert list(bot.database.parent.iterdir()) == [bot.database]


async def test_a_device_is_no_database_and_gets_no_file_beside_it(bot: Bot, checked: Checks) -> None:
    bot.database.symlink_to(os.devnull)
    report = await checked()
    assert report.failed == [
        f"FAIL  Database: {bot.database} is not a file: set DATABASE_PATH to a file of Midwatch's own."
    ]
    assert list(bot.database.parent.iterdir()) == [bot.database]


async def opened(path: Path) -> None:
    """Open a database as a start does."""
    async with Store.open(path):
        pass


def folder_of(bot: Bot) -> list[str]:
    """Name what stands where the database does."""
    return [file.name for file in bot.database.parent.iterdir()]


async def test_an_older_database_is_not_migrated(bot: Bot, checked: Checks) -> None:
    async with aiosqlite.connect(bot.database, isolation_level=None) as connection:
        await migrate(connection, bot.database, STEPS[:1])
    before = bot.database.read_bytes()
    assert (await checked()).line("Database").startswith("ok")
    assert bot.database.read_bytes() == before


async def test_a_database_that_no_start_understands_fails(bot: Bot, checked: Checks) -> None:
    await bot.start()
    await bot.stop()
    await bot.change_database("INSERT OR REPLACE INTO meta VALUES ('owners', 'ada')")
    before = bot.database.read_bytes()
    line = (await checked()).line("Database")
    assert line.startswith(f"FAIL  Database: {bot.database} holds what this Midwatch does not understand")
    assert bot.database.read_bytes() == before


@pytest.mark.parametrize("is_there", [False, True], ids=["to-be-made", "healthy"])
async def test_a_disk_without_locks_fails(
    bot: Bot, checked: Checks, monkeypatch: pytest.MonkeyPatch, *, is_there: bool
) -> None:
    if is_there:
        await bot.start()
        await bot.stop()

    def refuse(_handle: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    words = (
        f"The database {bot.database} cannot be locked (No locks available), as on some disks of a network: "
    )
    (failed,) = (await checked()).failed
    assert failed == f"FAIL  Database: {words}set DATABASE_PATH to a file on a disk of this machine."
    with pytest.raises(StoreError, match="no file locks"):
        await opened(bot.database)
    assert [file for file in folder_of(bot) if ".midwatch-check" in file] == []


async def test_a_name_with_which_sqlite_cannot_write_fails(bot: Bot, checked: Checks) -> None:
    path = bot.database.with_name("x" * 250)  # there is room for ".lock" after it, not for "-journal"
    report = await checked(DATABASE_PATH=path)
    assert report.line("Database").startswith(f"FAIL  Database: The database {path} ")
    assert folder_of(bot) == []
    with pytest.raises(StoreError):
        await opened(path)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        pytest.param("file/midwatch.sqlite3", "cannot be made", id="below-a-file"),
        pytest.param(
            f"{'x' * 300}/midwatch.sqlite3", "cannot be written (File name too long)", id="too-long"
        ),
    ],
)
async def test_a_database_that_cannot_be_made_says_what_to_do(
    checked: Checks, tmp_path: Path, path: str, words: str
) -> None:
    (tmp_path / "file").touch()
    report = await checked(DATABASE_PATH=str(tmp_path / path))
    assert words in report.line("Database")
    assert "DATABASE_PATH" in report.line("Database")
    assert report.code == Exit.UNAVAILABLE


async def test_a_database_in_a_folder_to_be_made_is_no_problem(checked: Checks, tmp_path: Path) -> None:
    report = await checked(DATABASE_PATH=tmp_path / "new" / "folder" / "midwatch.sqlite3")
    assert report.line("Database").startswith("ok")
    assert not (tmp_path / "new").exists()


# --------------------------------------------------------------------------------------------- Discord


def discord_gone(bot: Bot) -> None:
    bot.world.fault(FaultKind.RESET)


def discord_failing(bot: Bot) -> None:
    bot.world.fault(FaultKind.ERROR, status=503)


def token_refused(bot: Bot) -> None:
    bot.world.fault(FaultKind.TOKEN_REFUSED)


def no_access(bot: Bot) -> None:
    bot.world.fault(FaultKind.ERROR, status=403, code=50001, path="/guilds/*")


def guilds_failing(bot: Bot) -> None:
    bot.world.fault(FaultKind.RESET, path="/guilds/*")


def no_scope(bot: Bot) -> None:
    bot.world.fault(FaultKind.ERROR, status=403, code=50001, path="/applications/*/guilds/*/commands")


def commands_failing(bot: Bot) -> None:
    bot.world.fault(FaultKind.ERROR, status=503, path="/applications/*/commands")


@pytest.mark.parametrize(
    ("prepare", "failed"),
    [
        pytest.param(
            token_refused,
            "Discord token: Discord refuses it. Put a new one into DISCORD_TOKEN.",
            id="token-refused",
        ),
        pytest.param(
            discord_gone,
            "Discord token: The connection to Discord broke off.",
            id="discord-gone",
        ),
        pytest.param(
            discord_failing,
            "Discord token: Discord has a server error (HTTP 503).",
            id="discord-failing",
        ),
        pytest.param(
            no_access,
            "Server {guild}: the bot is not in it. Invite it, or take the id out of GUILD_IDS.",
            id="not-in-the-server",
        ),
        pytest.param(
            guilds_failing,
            "Server {guild}: The connection to Discord broke off.",
            id="discord-gone-meanwhile",
        ),
        pytest.param(
            no_scope,
            "Commands: the bot may not have any in a server. Invite it with the scope applications.commands.",
            id="invited-without-commands",
        ),
        pytest.param(
            commands_failing,
            "Commands: Discord has a server error (HTTP 503).",
            id="discord-failing-at-the-end",
        ),
    ],
)
async def test_what_is_wrong_at_discord_is_named_and_the_api_is_checked_all_the_same(
    bot: Bot, checked: Checks, prepare: Prepare, failed: str
) -> None:
    prepare(bot)
    report = await checked()
    assert report.failed == [f"FAIL  {failed.format(guild=bot.world.guild_id)}"]
    assert report.line("Accounts").startswith("ok")
    assert (report.code, report.last) == (Exit.UNAVAILABLE, "Fix the FAIL lines, then run the check again.")


async def test_a_discord_that_does_not_listen_is_no_traceback(bot: Bot, checked: Checks) -> None:
    await bot.world.vanish()
    report = await checked()
    assert report.line("Discord token").endswith("Discord cannot be reached. Check this machine's network.")


async def test_each_server_has_its_line(bot: Bot, checked: Checks) -> None:
    report = await checked(GUILD_IDS=f"{ELSEWHERE},{bot.world.guild_id}")
    assert [line[:4] for line in report.lines if " Server " in line] == ["FAIL", "ok  "]
    assert report.line("Commands").startswith("ok")


async def test_commands_that_are_not_the_bot_s_differ(bot: Bot, checked: Checks) -> None:
    await bot.start()
    await bot.stop()
    with point_at(bot.world.api, bot.world.gateway):
        async with discord.Client(intents=discord.Intents.none()) as client:
            await client.login(SANDBOX_BOT_TOKEN)
            former = {"name": "former", "description": "Of an older version", "type": 1}
            assert client.application_id is not None
            await client.http.bulk_upsert_guild_commands(client.application_id, bot.world.guild_id, [former])
    report = await checked()
    assert report.line("Commands") == (
        "ok    Commands: differ from the bot's; it brings them in line when it runs"
    )


async def test_commands_that_one_server_lacks_differ(bot: Bot, checked: Checks) -> None:
    await bot.start(GUILD_IDS=None)
    await bot.stop()
    assert "Commands: differ" in (await checked()).line("Commands")
    assert "Commands: up to date" in (await checked(GUILD_IDS=None)).line("Commands")


async def test_without_servers_it_says_who_is_answered(checked: Checks) -> None:
    report = await checked(GUILD_IDS=None)
    assert report.line("Servers") == "ok    Servers: GUILD_IDS is not set, so only owners are answered"
    assert report.code == 0


async def test_owners_in_the_settings_are_counted(checked: Checks) -> None:
    report = await checked(OWNER_IDS=f"{ELSEWHERE},{ELSEWHERE + 1}")
    assert report.line("Owners") == "ok    Owners: 2 owners, from OWNER_IDS"


async def test_interactions_that_go_to_a_web_server_are_named(bot: Bot) -> None:
    with point_at(bot.world.api, bot.world.gateway):
        async with discord.Client(intents=discord.Intents.none()) as client:
            await client.login(SANDBOX_BOT_TOKEN)
            application = await client.application_info()
    application.interactions_endpoint_url = "https://example.com/"
    finding = check.interactions(application)
    assert not finding.good
    assert "Interactions Endpoint URL" in finding.words


# ------------------------------------------------------------------------------------------- the API


def refused(bot: Bot) -> None:
    bot.api.fault(Fault.UNAUTHORIZED)


def unpaid(bot: Bot) -> None:
    bot.api.fault(Fault.UNPAID)


def no_subscription(bot: Bot) -> None:
    bot.api.fault(Fault.UNPAID, endpoint=Endpoint.SUBSCRIPTION)


def vanished(bot: Bot) -> None:
    bot.api.fault(Fault.VANISHED)


def web_page(bot: Bot) -> None:
    bot.api.fault(Fault.HTML_200)


def gone(bot: Bot) -> None:
    bot.api.fault(Fault.GONE)


@pytest.mark.parametrize(
    ("prepare", "subject"),
    [
        pytest.param(refused, "API token", id="token-refused"),
        pytest.param(unpaid, "Subscription", id="no-subscription"),
        pytest.param(no_subscription, "Subscription", id="no-subscription-by-its-own-answer"),
        pytest.param(vanished, "API", id="nothing-listens"),
        pytest.param(web_page, "API", id="a-web-page"),
        pytest.param(gone, "API", id="discontinued"),
    ],
)
async def test_what_is_wrong_with_the_api_is_named_with_the_next_step(
    bot: Bot, checked: Checks, prepare: Prepare, subject: str
) -> None:
    prepare(bot)
    report = await checked()
    assert report.failed == [report.line(subject)]
    assert report.line(subject).count(".") >= 2  # what happened, and what to do
    assert report.code == Exit.UNAVAILABLE


async def test_an_unpaid_subscription_does_not_make_the_token_wrong(bot: Bot, checked: Checks) -> None:
    bot.api.fault(Fault.UNPAID)
    assert (await checked()).line("API token").startswith("ok")


async def test_a_subscription_that_is_over_is_named(bot: Bot, checked: Checks) -> None:
    bot.api.subscribed = False
    report = await checked()
    assert report.line("Subscription").startswith("FAIL")


NOT_TOLD = [
    pytest.param(Fault.HTML_404, id="not-there"),
    pytest.param(Fault.GONE, id="discontinued"),
    pytest.param(Fault.EMPTY, id="nothing"),
]


@pytest.mark.parametrize("fault", NOT_TOLD)
async def test_a_server_that_lists_accounts_need_not_know_of_subscriptions(
    bot: Bot, checked: Checks, fault: Fault
) -> None:
    bot.api.add()
    bot.api.fault(fault, endpoint=Endpoint.SUBSCRIPTION)
    report = await checked()
    assert report.line("Subscription") == "ok    Subscription: the server does not report it, but it answers"
    assert report.line("API token").startswith("ok")
    assert report.code == 0


@pytest.mark.parametrize("fault", NOT_TOLD)
async def test_an_empty_list_without_a_word_of_the_subscription_proves_no_api(
    bot: Bot, checked: Checks, fault: Fault
) -> None:
    bot.api.fault(fault, endpoint=Endpoint.SUBSCRIPTION)
    report = await checked()
    assert report.failed == [report.line("API")]
    assert report.line("API") == (
        f"FAIL  API: nothing answers as the useapi API under {bot.api.url}. "
        "Check USEAPI_URL; a service that has shut down looks like this, too."
    )
    assert report.lines[-1] == report.line("API")
    assert "API token" not in "".join(report.lines)
    assert report.code == Exit.UNAVAILABLE


async def test_an_address_that_answers_404_to_everything_is_not_approved(checked: Checks) -> None:
    nothing = web.AppRunner(web.Application())
    await nothing.setup()
    site = web.TCPSite(nothing, "127.0.0.1", 0)
    await site.start()
    try:
        report = await checked(USEAPI_URL=f"http://127.0.0.1:{nothing.addresses[0][1]}/v2")
    finally:
        await nothing.cleanup()
    assert [line[6:30] for line in report.failed] == ["API: nothing answers as "]
    assert "API token" not in "".join(report.lines)


@pytest.mark.parametrize("accounts", [0, 1])
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault.SERVER_ERROR, id="out-of-order"),
        pytest.param(Fault.HTML_200, id="a-web-page"),
        pytest.param(Fault.RATE_LIMITED_RETRY_AFTER, id="asked-to-wait"),
    ],
)
async def test_a_subscription_that_cannot_be_asked_about_is_not_taken_for_granted(
    bot: Bot, checked: Checks, fault: Fault, accounts: int
) -> None:
    for _ in range(accounts):
        bot.api.add()
    bot.api.fault(fault, endpoint=Endpoint.SUBSCRIPTION)
    report = await checked()
    assert report.failed == [report.line("Subscription")]
    assert report.line("Subscription").count(".") >= 2
    assert any("API token: accepted" in line for line in report.lines) == bool(accounts)
    assert any("Accounts:" in line for line in report.lines) == bool(accounts)
    assert report.code == Exit.UNAVAILABLE


async def test_a_token_that_only_the_subscription_s_answer_refuses_is_not_accepted(
    bot: Bot, checked: Checks
) -> None:
    bot.api.add()
    bot.api.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.SUBSCRIPTION)
    report = await checked()
    assert report.failed == [report.line("API token")]
    assert report.line("Accounts").startswith("ok")


async def test_accounts_are_counted_and_midjourney_is_not_asked(bot: Bot, checked: Checks) -> None:
    bot.api.add()
    bot.api.flag(bot.api.add().channel, MODERATION)
    report = await checked()
    assert report.line("Accounts") == "ok    Accounts: 2 accounts, 1 flagged"
    assert report.code == 0
    assert bot.api.midjourney_commands == 0


async def test_info_every_says_that_it_sends_commands_nobody_asked_for(bot: Bot, checked: Checks) -> None:
    bot.api.add()
    assert not any("INFO_EVERY" in line for line in (await checked()).lines)
    report = await checked(INFO_EVERY="12h")
    assert report.line("INFO_EVERY").startswith("ok    INFO_EVERY: Every 12 h I send Midjourney's /info")
    assert report.line("INFO_EVERY").endswith("These are Midjourney commands that nobody asked for")
    assert bot.api.midjourney_commands == 0


async def test_low_fast_time_where_nothing_has_any_is_warned_of(bot: Bot, checked: Checks) -> None:
    bot.api.add()
    assert not any("LOW_FAST_TIME" in line for line in (await checked(LOW_FAST_TIME="10")).lines)
    report = await checked(LOW_FAST_TIME="10", USEAPI_SERVICES="runwayml")
    assert report.line("LOW_FAST_TIME") == (
        "WARN  LOW_FAST_TIME: nothing that is watched has fast time: unset it, or watch Midjourney accounts."
    )


async def test_an_alert_channel_the_bot_sees_is_named(checked: Checks, bot: Bot) -> None:
    report = await checked(ALERT_CHANNEL_ID=str(bot.world.alerts_channel_id))

    assert report.line("Alert channel") == "ok    Alert channel: the bot may do all that it needs in #alerts"
    assert report.failed == []


@pytest.mark.parametrize(
    ("denied", "names"),
    [
        ({"send_messages": True}, "Send Messages"),
        ({"embed_links": True}, "Embed Links"),
        ({"read_message_history": True}, "Read Message History"),
        ({"send_messages": True, "read_message_history": True}, "Send Messages, Read Message History"),
        ({"view_channel": True}, "View Channel"),
    ],
)
async def test_each_permission_that_the_bot_lacks_in_the_alert_channel_is_named(
    checked: Checks, bot: Bot, denied: dict[str, bool], names: str
) -> None:
    bot.world.deny_bot(bot.world.alerts_channel_id, **denied)
    report = await checked(ALERT_CHANNEL_ID=str(bot.world.alerts_channel_id))
    assert report.failed == [report.line("Alert channel")]
    assert re.search(f"the bot lacks {names}( there)?[.,]", report.line("Alert channel"))


async def test_the_channel_of_the_board_is_checked_with_files_and_the_pin(checked: Checks, bot: Bot) -> None:
    channel = bot.world.alerts_channel_id
    assert (await checked(STATUS_CHANNEL_ID=str(channel))).line("Board").startswith("ok    Board: ")

    bot.world.deny_bot(channel, pin_messages=True)
    report = await checked(STATUS_CHANNEL_ID=str(channel))
    assert report.failed == []
    assert report.line("Board").startswith(
        "WARN  Board: it will not be pinned: in #alerts the bot lacks Pin Messages"
    )

    bot.world.deny_bot(channel, attach_files=True)
    report = await checked(STATUS_CHANNEL_ID=str(channel))
    assert report.failed == [report.line("Board")]
    assert "lacks Attach Files. Give its role that permission there." in report.line("Board")

    assert "STATUS_CHANNEL_ID" in (await checked(STATUS_CHANNEL_ID=str(ELSEWHERE))).line("Board")


async def test_in_a_thread_the_permissions_of_its_channel_count(checked: Checks, bot: Bot) -> None:
    thread = bot.world.open_thread(bot.world.alerts_channel_id)
    bot.world.deny_bot(bot.world.alerts_channel_id, send_messages=True)
    assert (await checked(ALERT_CHANNEL_ID=str(thread))).failed == []
    bot.world.deny_bot(bot.world.alerts_channel_id, send_messages_in_threads=True)
    report = await checked(ALERT_CHANNEL_ID=str(thread))
    assert "the bot lacks Send Messages in Threads." in report.line("Alert channel")


async def test_an_alert_channel_that_is_not_there_is_a_failure_that_names_the_setting(
    checked: Checks,
) -> None:
    report = await checked(ALERT_CHANNEL_ID=str(ELSEWHERE))

    assert report.failed == [report.line("Alert channel")]
    assert "ALERT_CHANNEL_ID" in report.line("Alert channel")
