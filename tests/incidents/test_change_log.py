"""One line of the log for each change that was committed, in words and as fields."""

import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.accounts import Flag
from bot.domain.messages import Delivery, Message, Route, reference
from bot.providers.errors import ProviderError
from bot.runtime.language import spoken
from bot.runtime.log_setup import LineFormatter, LogFormat, Redactor
from tests.simulators.useapi import BLOCK, CAPTCHA, MODERATION, Fault, SimulatedUseapi
from tests.support.assembly import Assembly
from tests.support.catalogues import AddCatalogue
from tests.support.clock import MINUTE, Clock
from tests.support.database import locked
from tests.support.resetting import Scene, on_scene
from tests.support.samples import ADA, BEA, CHANNEL, account

OURS = ("bot.incidents.change_log", "bot.polling.outage_log")


class Log:
    """What was logged since it was read last."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog
        caplog.set_level(logging.INFO)

    def _taken(self) -> list[logging.LogRecord]:
        records = [each for each in self._caplog.records if each.name in OURS]
        self._caplog.clear()
        return records

    def lines(self) -> list[str]:
        return [each.getMessage() for each in self._taken()]

    def entries(self) -> list[dict[str, object]]:
        """Return the lines as JSON, without what every line has."""
        shown = [
            json.loads(LineFormatter(LogFormat.JSON, Redactor(())).format(each)) for each in self._taken()
        ]
        general = ("time", "level", "logger", "message")
        return [{name: fact for name, fact in each.items() if name not in general} for each in shown]


def sent_as(message: Message, delivery: Delivery, route: Route, at: datetime) -> Message:
    """Return a message as it stands once it was tried, or is in Discord."""
    tried = replace(message, delivery=delivery, route=route, claimed_at=at)
    return tried if delivery is Delivery.CLAIMED else replace(tried, sent_at=at, channel_id=1, message_id=2)


async def clear(watch: Assembly) -> None:
    """Poll an account that is flagged no more until that is believed."""
    while not watch.incident().ended:
        watch.clock.advance(MINUTE)
        await watch.see(account())


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Log:
    return Log(caplog)


@pytest.fixture
async def watch(tmp_path: Path) -> AsyncIterator[Assembly]:
    async with Assembly(tmp_path / "midwatch.sqlite3", Clock()) as opened:
        yield opened


@pytest.fixture
async def scene(api: SimulatedUseapi, tmp_path: Path) -> AsyncIterator[Scene]:
    async with on_scene(api, tmp_path / "midwatch.sqlite3") as staged:
        yield staged


async def test_a_flag_that_comes_gets_worse_and_goes_is_three_lines(watch: Assembly, log: Log) -> None:
    await watch.see(account())
    assert log.lines() == []
    await watch.see(account(flag=Flag.of(CAPTCHA)))
    assert log.lines() == ["account …0001 is flagged: captcha"]
    watch.clock.advance(MINUTE)
    await watch.see(account(flag=Flag.of(BLOCK)))
    assert log.lines() == ["account …0001 is worse: block"]
    await clear(watch)
    assert log.lines() == ["account …0001 is clear (cleared), 2 min after it was flagged"]


async def test_a_flag_of_a_lighter_kind_is_a_line_and_another_text_is_none(watch: Assembly, log: Log) -> None:
    await watch.flag()
    log.lines()
    await watch.see(account(flag=Flag.of(f"{MODERATION} Anew.")))
    assert log.lines() == []
    await watch.see(account(flag=Flag.of(CAPTCHA)))
    assert log.lines() == ["account …0001 is flagged differently: captcha"]


async def test_the_facts_of_a_flag_are_fields(watch: Assembly, log: Log) -> None:
    watch.watch_state.log.label_of = lambda _channel: "Aurora\nforged line"
    await watch.flag()
    account = "Aurora forged line (…0001)"
    assert log.entries() == [{"event": "account_flagged", "account": account, "kind": "moderation"}]
    await clear(watch)
    assert log.entries() == [
        {
            "event": "account_clear",
            "account": account,
            "kind": "moderation",
            "ending": "cleared",
            "lasted": "1 min",
            "seconds": 60,
        }
    ]


async def test_what_could_not_be_committed_is_no_line(watch: Assembly, log: Log, tmp_path: Path) -> None:
    await watch.see(account())
    with locked(tmp_path / "midwatch.sqlite3"), pytest.raises(Exception, match="locked"):
        await watch.see(account(flag=Flag.of(MODERATION)))
    assert log.lines() == []


async def test_ten_polls_that_show_nothing_new_log_nothing(scene: Scene, log: Log) -> None:
    await scene.watch.poller.poll()
    log.lines()
    for _ in range(10):
        scene.clock.advance(MINUTE)
        await scene.watch.poller.poll()
    assert log.lines() == []


async def test_a_reset_is_logged_as_asked_with_its_verdict_and_the_end(scene: Scene, log: Log) -> None:
    scene.api.accounts[CHANNEL].lingers = 0
    log.lines()
    await scene.press()
    assert log.lines() == [
        f"reset of …0001 by {ADA}: asked",
        "account …0001 is clear (reset), under 1 s after it was flagged",
        f"reset of …0001 by {ADA}: back in rotation",
    ]


async def test_the_facts_of_a_reset_are_fields(scene: Scene, log: Log) -> None:
    log.entries()
    await scene.press(BEA)
    assert log.entries()[0] == {
        "event": "action",
        "verb": "reset",
        "account": "…0001",
        "person": BEA,
        "outcome": "asked",
    }


async def test_what_else_owners_do_is_logged(watch: Assembly, log: Log) -> None:
    incident = await watch.flag()
    log.lines()
    await watch.incident_service.assign([incident.key], ADA)
    await watch.incident_service.snooze([incident.key], ADA, timedelta(hours=8))
    await watch.incident_service.mute(None, ADA, watch.clock.now() + timedelta(hours=1))
    await watch.incident_service.mute(None, ADA, watch.clock.now())
    async with watch.incident_service.transaction() as turn:
        turn.note(ADA, "save", None, "asked")
        turn.note(ADA, "remove", CHANNEL, "done")
        turn.note(ADA, "a verb of later", CHANNEL, "done")
    assert log.lines() == [
        f"assignment of …0001 to {ADA}: done",
        f"snooze of …0001 by {ADA}: hours:8",
        f"mute of all accounts by {ADA}: until:2026-03-01T13:00Z",
        f"end of the mute of all accounts by {ADA}: done",
        f"adding or updating an account, by {ADA}: asked",
        f"removal of …0001 by {ADA}: done",
        f"a verb of later of …0001 by {ADA}: done",
    ]


@pytest.mark.parametrize("route", Route)
async def test_a_message_is_logged_once_it_is_written_down_as_sent(
    watch: Assembly, log: Log, route: Route
) -> None:
    await watch.flag()
    (alert,) = watch.planned()
    log.lines()
    at = watch.clock.now()
    for delivery in (Delivery.CLAIMED, Delivery.SENT, Delivery.DONE):
        async with watch.watch_state.transaction() as transaction:
            transaction.put_message(sent_as(transaction.messages[alert.key], delivery, route, at))
    assert log.lines() == [f"alert {reference(alert.key)} sent to {ADA} by {route}"]


async def test_the_facts_of_a_message_that_was_late_are_fields(watch: Assembly, log: Log) -> None:
    await watch.flag()
    (alert,) = watch.planned()
    log.entries()
    at = watch.clock.now()
    async with watch.watch_state.transaction() as transaction:
        transaction.put_message(replace(alert, failing_since=at, failure="500"))
    async with watch.watch_state.transaction() as transaction:
        transaction.put_message(
            sent_as(transaction.messages[alert.key], Delivery.SENT, Route.DM, at + 3 * MINUTE)
        )
    assert log.entries() == [
        {
            "event": "message_sent",
            "purpose": "alert",
            "reference": reference(alert.key),
            "person": ADA,
            "route": "dm",
            "lasted": "3 min",
            "seconds": 180,
        }
    ]


async def test_an_outage_is_a_warning_with_its_cause_and_a_line_when_it_is_over(
    scene: Scene, log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    log.lines()
    scene.api.fault(Fault.UNAUTHORIZED)
    for _ in range(3):
        scene.clock.advance(MINUTE)
        with pytest.raises(ProviderError):
            await scene.watch.poller.poll()
    assert [each.levelname for each in caplog.records if each.name in OURS] == ["WARNING"]
    assert log.lines() == [
        "the accounts cannot be read: useapi.net refused the API token. Trying again until it works"
    ]
    scene.api.mend()
    scene.clock.advance(MINUTE)
    await scene.watch.poller.poll()
    assert log.lines() == ["the accounts can be read again after 3 min; watching 2 accounts"]


async def test_a_newcomer_whose_api_takes_no_connection_reads_one_line_that_says_so(
    watch: Assembly, log: Log
) -> None:
    for _ in range(3):
        with pytest.raises(ProviderError):
            await watch.poller.poll()
    assert log.entries() == [
        {
            "event": "api_lost",
            "place": "",
            "reason": "useapi.net refuses connections.",
            "problem": "unreachable",
            "cause": "refused",
        }
    ]


async def test_how_many_accounts_are_watched_is_a_line_when_that_changes(scene: Scene, log: Log) -> None:
    log.lines()
    scene.api.add()
    await scene.watch.poller.poll()
    assert log.entries() == [{"event": "watching", "listed": "3 accounts", "place": "", "accounts": 3}]


async def test_the_lines_are_english_whatever_the_person_who_asked_reads(
    scene: Scene, log: Log, catalogue: AddCatalogue
) -> None:
    said = dict.fromkeys(("under 1 s", "useapi.net refused the API token."), "⟦de⟧")
    catalogue("de", {**said, "{n} account[|s]": ("⟦de⟧", "⟦de⟧")})
    scene.api.accounts[CHANNEL].lingers = 0
    log.lines()
    with spoken("de"):
        await scene.press()
        scene.api.fault(Fault.UNAUTHORIZED)
        with pytest.raises(ProviderError):
            await scene.watch.poller.poll()
        scene.api.mend()
        await scene.watch.poller.poll()
    lines = " ".join(log.lines())
    assert "⟦de⟧" not in lines
    assert all(each in lines for each in ("under 1 s", "refused the API token", "watching 2 accounts"))


async def test_no_line_contains_midjourneys_text_or_a_whole_channel(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await scene.press()
    scene.api.flag(CHANNEL, BLOCK)
    await scene.watch.poller.poll()
    scene.api.fault(Fault.HTML_503)
    with pytest.raises(ProviderError):
        await scene.watch.poller.poll()
    records = [each for each in caplog.records if each.name in OURS]
    lines = "\n".join(LineFormatter(LogFormat.JSON, Redactor(())).format(each) for each in records)
    assert "account_flagged" in lines
    assert "api_lost" in lines
    for hidden in (MODERATION, BLOCK, CHANNEL, scene.api.token):
        assert hidden not in lines
