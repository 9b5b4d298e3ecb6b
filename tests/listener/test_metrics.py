"""The figures of `/metrics`: of the whole bot, and what they never hold."""

import asyncio
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot import listener
from bot.domain.accounts import Account, EntryState, Flag, FlagKind, KnownAccount, State
from bot.domain.incidents import ServiceProblem
from bot.listener.metrics import STATES, CountedMeasures, state_of
from bot.runtime.program import VERSION
from tests.simulators.discord import FaultKind
from tests.simulators.useapi import MODERATION, Fault
from tests.support.asking import asked, unused_port
from tests.support.assembly import Assembly
from tests.support.clock import MINUTE, Clock
from tests.support.running import PATIENCE, Bot, Visitor
from tests.support.samples import CHANNEL

PROMTOOL = shutil.which("promtool")
SECRET = "hook-secret-of-the-tests"
DM = {"route": "dm", "outcome": "ok"}
USEAPI = {"provider": "useapi"}


class Scrape:
    """A bot with a listener, and what Prometheus reads there."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.port = unused_port()
        self.text = ""

    async def start(self, **changed: object) -> None:
        await self.bot.start(LISTEN=self.port, HOOK_SECRET=SECRET, **changed)
        await self.read()

    async def read(self) -> None:
        status, self.text = await asked(self.port, "/metrics")
        assert status == 200

    async def poll(self) -> None:
        """Let the bot poll, and wait until it has."""
        before = self.polls()
        await asked(self.port, f"/hook/{SECRET}", "POST")
        await self.until(lambda: self.polls() > before)

    def polls(self) -> float:
        found = (s for f in text_string_to_metric_families(self.text) for s in f.samples)
        return sum(each.value for each in found if each.name == "midwatch_poll_seconds_count")

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await self.read()

    def __call__(self, name: str, **labels: str) -> float | None:
        """Return a figure; None if it is not there."""
        for family in text_string_to_metric_families(self.text):
            for sample in family.samples:
                if sample.name == f"midwatch_{name}" and sample.labels == labels:
                    return sample.value
        return None


@pytest.fixture
def scrape(bot: Bot) -> Scrape:
    return Scrape(bot)


async def test_a_flag_shows_in_every_figure_that_it_changes(scrape: Scrape, bot: Bot, ada: Visitor) -> None:
    account, _ = bot.api.add(), bot.api.add()
    await scrape.start(FLAP_WINDOW="1s", POLL_INTERVAL="5s")
    assert scrape("well") == 1
    assert scrape("info", version=VERSION) == 1
    assert scrape("accounts", **USEAPI, state="ok") == 2
    assert scrape("accounts", **USEAPI, state="flagged") == 0
    assert scrape("poll_seconds_count", **USEAPI, outcome="ok") == 1
    assert (scrape("requests_total", **USEAPI, outcome="ok") or 0) >= 1
    assert scrape("incidents_opened_total", **USEAPI, kind="moderation") == 0
    last = scrape("last_success_timestamp_seconds", **USEAPI)

    sent = scrape("messages_total", **DM) or 0
    bot.api.flag(account.channel, MODERATION)
    await scrape.poll()
    await bot.world.wait_for(ada.received, PATIENCE)
    await scrape.until(lambda: scrape("messages_total", **DM) == sent + 1)
    assert scrape("accounts", **USEAPI, state="ok") == 1
    assert scrape("accounts", **USEAPI, state="flagged") == 1
    assert scrape("incidents_opened_total", **USEAPI, kind="moderation") == 1
    assert scrape("alert_delay_seconds_count", route="dm") == 1
    assert (scrape("alert_delay_seconds_sum", route="dm") or 99) < PATIENCE
    assert scrape("queue_length") == 0
    assert (scrape("last_success_timestamp_seconds", **USEAPI) or 0) > (last or 0)


async def test_no_figure_names_an_account_a_person_or_a_secret(
    scrape: Scrape, bot: Bot, ada: Visitor
) -> None:
    account = bot.api.add(discord_name="aurora-borealis")
    bot.api.flag(account.channel, MODERATION)
    await scrape.start()
    await bot.world.wait_for(ada.received, PATIENCE)
    await scrape.read()
    for private in (account.channel, "aurora", str(ada.person.id), bot.api.token, SECRET, bot.api.url):
        assert private not in scrape.text


async def test_an_api_that_fails_shows_its_accounts_as_unseen_and_why(scrape: Scrape, bot: Bot) -> None:
    bot.api.add()
    await scrape.start()
    bot.api.fault(Fault.HTML_503)
    await scrape.poll()
    assert scrape("well") == 0
    assert scrape("problem", problem="sight") == 1
    assert scrape("problem", problem="memory") == 0
    assert scrape("accounts", **USEAPI, state="unseen") == 1
    assert scrape("accounts", **USEAPI, state="ok") == 0
    assert scrape("poll_seconds_count", **USEAPI, outcome="server error") == 1
    assert scrape("requests_total", **USEAPI, outcome="server error") == 3  # with its two further tries
    assert scrape("loop_up", loop="checking the accounts") == 1


async def test_a_message_that_discord_refuses_is_counted_as_failed_on_its_route(
    scrape: Scrape, bot: Bot
) -> None:
    bot.world.fault(FaultKind.ERROR, status=403, code=50007, path="/users/@me/channels")
    await scrape.start(ALERT_CHANNEL_ID=bot.world.channel_id)
    await scrape.until(lambda: scrape("messages_total", route="channel", outcome="ok") == 1)
    assert scrape("messages_total", route="dm", outcome="failed") == 1
    assert scrape("messages_total", **DM) == 0


async def test_an_incident_that_ends_is_counted_once(database: Path) -> None:
    async with Assembly(database, Clock()) as watch:
        counted = watch.watch_state.measures = CountedMeasures()
        await watch.flag()
        for _ in range(8):
            watch.clock.advance(MINUTE)
            await watch.see(Account(CHANNEL, 3))
        assert watch.incident().ended
        value = counted.registry.get_sample_value
        assert value("midwatch_incidents_opened_total", {**USEAPI, "kind": "moderation"}) == 1
        assert value("midwatch_incidents_ended_total", USEAPI) == 1
        await watch.fail(ServiceProblem.TOKEN)
        assert value("midwatch_incidents_opened_total", {**USEAPI, "kind": "token"}) == 1


FLAGGED = Flag("the words", FlagKind.MODERATION)


@pytest.mark.parametrize(
    ("known", "state"),
    [
        pytest.param(KnownAccount(Account("1")), "ok", id="well"),
        pytest.param(KnownAccount(Account("mjproxy:1")), "unseen", id="not-seen"),
        pytest.param(KnownAccount(Account("1", flag=FLAGGED), state=State.OPEN), "flagged", id="flagged"),
        pytest.param(
            KnownAccount(Account("mjproxy:1", flag=FLAGGED), state=State.OPEN), "flagged", id="when-last-seen"
        ),
        pytest.param(KnownAccount(Account("1", flag=FLAGGED), state=State.CLEARING), "clearing", id="clears"),
        pytest.param(
            KnownAccount(Account("1", flag=FLAGGED), state=State.RESETTING), "flagged", id="being-reset"
        ),
        pytest.param(
            KnownAccount(Account("1", flag=Flag("", FlagKind.OFFLINE)), state=State.OPEN),
            "offline",
            id="offline",
        ),
        pytest.param(KnownAccount(Account("1", entry=EntryState.PAUSED)), "paused", id="paused"),
        pytest.param(KnownAccount(Account("mjproxy:1", entry=EntryState.STARTING)), "starting", id="starts"),
    ],
)
def test_an_account_is_in_one_state_and_is_not_called_well_while_it_cannot_be_seen(
    known: KnownAccount, state: str
) -> None:
    assert state_of(known, {"mjproxy"}) == state
    assert state in STATES


async def test_without_the_library_metrics_are_501_and_all_else_works(
    scrape: Scrape, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "has_metrics", lambda: False)
    await bot.start(LISTEN=scrape.port)
    assert (await asked(scrape.port, "/metrics"))[0] == 501
    assert (await asked(scrape.port, "/healthz"))[0] == 200


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: apt-get install prometheus)")
async def test_promtool_finds_no_fault_in_the_figures(scrape: Scrape, bot: Bot) -> None:
    assert PROMTOOL is not None
    account = bot.api.add()
    bot.api.flag(account.channel, MODERATION)
    await scrape.start()
    await scrape.until(lambda: scrape("alert_delay_seconds_count", route="dm") == 1)
    checked = subprocess.run(  # noqa: ASYNC221, S603 - one short command
        [PROMTOOL, "check", "metrics"], input=scrape.text, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
