"""Whatever goes wrong, the person who asked reads one plain sentence and the next step, alone."""

import logging
import re
import sqlite3
from contextlib import closing

import pytest

from bot.interactions import responses
from tests.simulators.discord import Interaction
from tests.simulators.useapi import MODERATION, Endpoint, Fault
from tests.support.faulty_cog import DETAILS, fail
from tests.support.reading import text
from tests.support.running import Bot, Visitor

FAILURES = [
    (Fault.UNAUTHORIZED, ("refused the API token", "USEAPI_TOKEN")),
    (Fault.FORBIDDEN, ("refused the API token", "USEAPI_TOKEN")),
    (Fault.UNPAID, ("no subscription", "Renew the subscription")),
    (Fault.QUOTA, ("does not cover", "extend the subscription")),
    (Fault.GONE, ("no longer offers this", "still offers its Midjourney API")),
    (Fault.HTML_404, ("A web page answers instead", "still offers its Midjourney API")),
    (Fault.HTML_200, ("A web page answers instead", "Check USEAPI_URL")),
    (Fault.CHALLENGE, ("turns this machine away (403)", "The token is fine")),
    (Fault.EDGE_LIMIT, ("turns this machine away (429)", "Try again in 30 s")),
    (Fault.REDIRECT, ("redirects to another address", "Check USEAPI_URL")),
    (Fault.HALF_JSON, ("in a form that Midwatch does not know", "needs an update")),
    (Fault.OVERSIZED, ("in a form that Midwatch does not know", "needs an update")),
]
FAILED_COMMANDS = [
    (Fault.NOTHING_CONFIGURED, ("no such account configured", "/mjaccounts")),
    (Fault.UNPROCESSABLE, ("Midjourney refused this one request", "Change what you asked for")),
    (Fault.RATE_LIMITED, ("All job slots are busy", "Try again in a few minutes")),
    (Fault.RATE_LIMITED_RETRY_AFTER, ("All job slots are busy", "Try again in 30 s")),
    (Fault.SERVER_ERROR, ("has a server error (500)", "Try again in a few minutes")),
    (Fault.GATEWAY_TIMEOUT, ("Midjourney queued the command", "Try again in a few minutes")),
    (Fault.HTML_503, ("has a server error (503)", "Try again in a few minutes")),
    (Fault.RESET, ("The connection to useapi.net broke off", "check with /mjaccounts before you try again")),
    (
        Fault.CUT_OFF,
        ("The connection to useapi.net broke off", "check with /mjaccounts before you try again"),
    ),
    (Fault.EMPTY, ("in a form that Midwatch does not know", "needs an update")),
    (Fault.ARRAY, ("in a form that Midwatch does not know", "needs an update")),
    (Fault.NOT_UTF8, ("in a form that Midwatch does not know", "needs an update")),
    (Fault.CODE_500_IN_200, ("in a form that Midwatch does not know", "needs an update")),
]


def assert_private(asked: Interaction, sam: Visitor) -> None:
    """Check that the error is private and that nothing of the attempt is left for others to see."""
    assert asked.ephemeral
    assert not asked.deferred
    assert sam.sees() == []


def reference_in(shown: str, log: str) -> str:
    """Return the reference that a person reads, which must lead to the traceback in the log."""
    found = re.search(r"`?\b([0-9a-f]{6})\b`?", shown)
    assert found is not None
    _, _, below = log.partition(f"unexpected error, reference {found[1]}")
    assert f"RuntimeError: {DETAILS}" in below
    return found[1]


# ------------------------------------------------------------ what the API does


@pytest.mark.parametrize(
    ("fault", "sentences"),
    FAILURES + FAILED_COMMANDS,
    ids=[row[0] for row in FAILURES + FAILED_COMMANDS],
)
async def test_a_command_that_failed_is_explained(
    bot: Bot, ada: Visitor, sam: Visitor, fault: Fault, sentences: tuple[str, str]
) -> None:
    bot.api.add()
    await bot.start()
    bot.api.fault(fault, endpoint=Endpoint.INFO)

    asked = await ada.use("mjinfo")
    shown = text(await asked.answer())

    assert all(sentence in shown for sentence in sentences)
    assert_private(asked, sam)


@pytest.mark.parametrize(("fault", "sentences"), FAILURES, ids=[row[0] for row in FAILURES])
async def test_a_list_that_could_not_be_read_is_explained(
    bot: Bot, ada: Visitor, sam: Visitor, fault: Fault, sentences: tuple[str, str]
) -> None:
    bot.api.add()
    await bot.start()
    bot.api.fault(fault)

    asked = await ada.use("mjaccounts")
    shown = text(await asked.answer())

    assert all(sentence in shown for sentence in sentences)
    assert_private(asked, sam)


async def test_an_api_that_is_away_is_explained(bot: Bot, ada: Visitor, sam: Visitor) -> None:
    bot.api.add()
    await bot.start()
    bot.api.fault(Fault.VANISHED)
    asked = await ada.use("mjinfo")
    assert "useapi.net refuses connections" in text(await asked.answer())
    assert_private(asked, sam)


@pytest.mark.parametrize("label", ["Refresh", "card", "Info", "choice", "Ask again"])
async def test_buttons_and_selects_explain_failures_too(bot: Bot, ada: Visitor, label: str) -> None:
    accounts = [bot.api.add().channel for _ in range(2)]
    await bot.start()
    shown = await ada.ask("mjaccounts", private=True)
    card = await ada.picked(shown, accounts[0])
    question = await ada.ask("mjinfo")
    info = await ada.ask("mjinfo", account=accounts[1], private=True)
    await bot.stop()
    await bot.change_database("DELETE FROM meta WHERE key LIKE 'asked:%'")
    await bot.start()
    bot.api.fault(Fault.UNAUTHORIZED)
    await bot.change_database("DROP TABLE audit")

    match label:
        case "card":
            asked, what = await ada.pick(shown, accounts[0]), "The database"
        case "choice":
            asked, what = await ada.pick(question, accounts[0]), "refused the API token"
        case _:
            on = {"Refresh": shown, "Info": card, "Ask again": info}[label]
            asked, what = await ada.press(on, label), "refused the API token"

    assert what in text(await asked.answer())
    assert asked.ephemeral


async def test_discord_hears_something_while_the_api_hangs(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    bot.api.fault(Fault.HANG)
    asked = [
        await ada.use("mjaccounts"),
        await ada.use("mjinfo"),
        await ada.use("mjname", account="new", name="name"),
    ]
    for each in asked:
        await each.acknowledged()
        assert each.deferred


# --------------------------------------------------------------- the database


async def test_a_change_that_could_not_be_kept_is_not_made(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    await bot.start()
    await bot.change_database("DROP TABLE audit")
    asked = await ada.use("mjname", account=account.channel, name="Studio B")
    assert "The database" in text(await asked.answer())
    assert asked.ephemeral
    assert "Studio B" not in text(await ada.ask("mjaccounts"))


def written_infos(bot: Bot) -> int:
    """Count the answers of Midjourney in the database."""
    with closing(sqlite3.connect(bot.database)) as other:
        return int(other.execute("SELECT count(*) FROM info_snapshot").fetchone()[0])


async def test_a_change_waits_for_another_program_that_writes(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    await bot.start()
    async with bot.held_database():
        asked = await (await ada.use("mjname", account=account.channel, name="Studio B")).acknowledged()
        assert asked.deferred
    assert "is now called" in text(await asked.answer())


async def test_people_are_answered_while_another_program_locks_the_database(bot: Bot, ada: Visitor) -> None:
    account, *_ = [bot.api.add(discord_name="aurora") for _ in range(11)]
    await bot.start()
    shown = await ada.ask("mjaccounts")
    async with bot.held_database():
        asked = await (await ada.use("mjinfo", account=account.channel)).acknowledged()
        assert "Page 2" in text(await ada.pressed(shown, "Next"))
        assert len(await ada.complete("mjinfo", account.channel)) == 1
        assert asked.deferred
        assert "aurora · account info" in text(await asked.answer(timeout=20))
    # The answer did not wait until the writing was given up: that is done once the other lets go.
    await bot.world.wait_for(lambda: written_infos(bot) == 1)


async def test_an_answer_is_shown_even_if_it_cannot_be_written_down(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    await bot.change_database("ALTER TABLE info_snapshot RENAME TO elsewhere")
    assert "account info" in text(await ada.ask("mjinfo"))


async def test_a_flag_is_shown_even_if_it_cannot_be_written_down(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    await bot.start()
    bot.api.flag(account.channel, MODERATION, unseen=True)
    await bot.change_database("ALTER TABLE account RENAME TO elsewhere")
    assert MODERATION in text(await ada.ask("mjinfo"))
    assert "1 flagged" in text(await ada.ask("mjaccounts"))


# ---------------------------------------------------------------- faults of ours


@pytest.fixture
def faulty(bot: Bot) -> Bot:
    bot.extensions = (*bot.extensions, "tests.support.faulty_cog")
    return bot


@pytest.mark.parametrize("where", ["at once", "after thinking", "after thinking privately"])
async def test_a_fault_in_a_command_gives_a_reference(
    faulty: Bot, ada: Visitor, sam: Visitor, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    await faulty.start()
    asked = await ada.use("faulty", where=where)
    shown = text(await asked.answer())
    assert reference_in(shown, caplog.text)
    assert DETAILS not in shown
    assert_private(asked, sam)


@pytest.mark.parametrize("what", ["Press", "Update", "select"])
async def test_a_fault_behind_a_button_or_select_gives_a_reference(
    faulty: Bot, ada: Visitor, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    await faulty.start()
    offered = await ada.ask("faulty", where="nowhere")
    asked = await (ada.pick(offered, "one") if what == "select" else ada.press(offered, what))
    assert reference_in(text(await asked.answer()), caplog.text)
    assert asked.ephemeral


async def test_a_fault_in_autocompletion_stands_among_the_suggestions(
    bot: Bot, ada: Visitor, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responses, "choices", fail)
    await bot.start()
    (only,) = await ada.complete("mjinfo", "a")
    assert "Suggestions do not work now" in only.name
    assert reference_in(only.name, caplog.text)


async def test_two_faults_have_two_references(
    faulty: Bot, ada: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    await faulty.start()
    shown = [text(await ada.ask("faulty", where="at once")) for _ in range(2)]
    assert len({reference_in(each, caplog.text) for each in shown}) == 2


async def test_what_was_foreseen_is_no_traceback(
    bot: Bot, ada: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    bot.api.add()
    await bot.start()
    bot.api.fault(Fault.UNAUTHORIZED)
    await ada.ask("mjaccounts")
    await ada.ask("mjinfo", account="nobody")
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
