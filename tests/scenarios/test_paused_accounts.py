"""Accounts of a proxy that are disabled and do not say why: their alerts never say that they run."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from bot.actions.remedies import Remedies
from bot.domain.accounts import EntryState, Flag, FlagKind
from bot.domain.actions import RemedyStage
from bot.domain.incidents import Ending, RemedyVerdict, State
from bot.domain.providers import MJPROXY, reference_to
from bot.domain.watch_status import WatchStatus
from bot.render.alert_messages import content_of
from bot.render.status_page import status
from tests.simulators.mjproxy import Endpoint, SimulatedMjproxy, SimulatedProxyAccount
from tests.simulators.mjproxy.pool import BLOCKED, MODERATION, SAVED_AFTER
from tests.simulators.useapi import Fault
from tests.support.assembly import Assembly
from tests.support.clock import HOUR, MINUTE, Clock

RUNS = ("runs again", "is back", "are back", "ready", "Nothing to do")


async def show(_: RemedyStage, __: timedelta) -> None:
    """Show nobody how far a remedy is."""


class Watched:
    """A watched proxy with one account, and the bot, which may be started anew."""

    def __init__(self, proxy: SimulatedMjproxy, clock: Clock, start: Callable[[], Assembly]) -> None:
        self.proxy, self.clock, self._start = proxy, clock, start
        proxy.local = timedelta(hours=8)
        self.account: SimulatedProxyAccount = proxy.add(remark="Borealis")
        self.reference = reference_to(MJPROXY, self.account.id)
        self._life = AsyncExitStack()

    async def start(self) -> None:
        await self._life.aclose()
        self.watch = await self._life.enter_async_context(self._start())
        await self.poll()

    async def stop(self) -> None:
        await self._life.aclose()

    async def poll(self, length: timedelta = timedelta()) -> None:
        """Poll once a minute for so long, and once at least."""
        end = self.clock.now() + length
        await self.watch.proxy_poller.poll_anew()
        while self.clock.now() < end:
            self.clock.advance(MINUTE)
            await self.watch.proxy_poller.poll_anew()
            await self.watch.incident_service.tick()

    async def strike(self, reason: str) -> None:
        self.proxy.strike(self.account.id, reason)
        self.clock.advance(SAVED_AFTER)
        await self.poll()

    async def enable(self) -> None:
        """Enable the account with the remedy. The proxy is off Discord, and does not start it."""
        self.proxy.acknowledge(self.account.id)
        self.proxy.lose_discord()
        remedies = Remedies(self.watch.pollers, self.watch.incident_service, sleep=self.clock.nap)
        incident = self.watch.incident(self.reference)
        assert incident.flag is not None
        digest = remedies.digest(self.reference, incident.flag, incident)
        result = await remedies.run(self.reference, 1, digest, show)
        assert result.verdict is RemedyVerdict.NOT_STARTED

    @property
    def state(self) -> State:
        return self.watch.incident(self.reference).state

    def shown(self) -> str:
        """Return all that is said of the account: in its message, and in /mjstatus."""
        incidents, accounts = self.watch.watch_state.incidents, self.watch.accounts()
        about = [
            content_of(message, incidents, accounts).plain_text
            for message in self.watch.watch_state.messages.values()
            if message.entries
        ]
        recent = status(WatchStatus(self.clock.now(), accounts, tuple(incidents.values())))
        return "\n".join([*about, *recent])


@pytest.fixture
async def watched(proxy: SimulatedMjproxy, clock: Clock, database: Path) -> AsyncIterator[Watched]:
    one = Watched(proxy, clock, lambda: Assembly(database, clock, proxy=proxy))
    await one.start()
    yield one
    await one.stop()


@pytest.mark.parametrize("reason", [MODERATION, BLOCKED])
async def test_row_68_a_reason_that_is_dropped_is_no_all_clear(
    watched: Watched, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await watched.strike(reason)
    watched.proxy.drop_reason(watched.account.id)
    await watched.poll(4 * MINUTE)
    assert watched.state is State.OPEN
    assert "midjourney-proxy lists no reason any more, but it is still disabled" in watched.shown()
    assert "**Borealis** · ⏸️ no reason listed, still disabled · flagged" in watched.shown()
    await watched.poll(3 * MINUTE)
    assert watched.watch.incident(watched.reference).ending is Ending.PAUSED
    await watched.start()
    words = watched.shown()
    assert [word for word in RUNS if word in words.replace("0 ready", "")] == []
    assert "Borealis is disabled and does not run." in words
    assert "**Borealis** · disabled without a reason after " in words
    assert "To use it again, enable it on midjourney-proxy's own web page." in words
    assert "stays disabled (paused)" in caplog.text
    assert "is clear" not in caplog.text


async def test_row_68_it_is_enabled_and_runs_and_only_then_is_that_said(watched: Watched) -> None:
    await watched.strike(MODERATION)
    watched.proxy.drop_reason(watched.account.id)
    await watched.poll(3 * MINUTE)
    watched.proxy.acknowledge(watched.account.id)
    watched.proxy.enable([watched.account.id])
    await watched.poll(2 * MINUTE)
    assert watched.account.running
    await watched.poll(4 * MINUTE)
    assert watched.state is State.CLEARING
    await watched.poll(3 * MINUTE)
    assert "Borealis was flagged for" in watched.shown()
    assert "and runs again." in watched.shown()


async def test_row_68_one_that_is_paused_as_it_recovers_does_not_look_clear(watched: Watched) -> None:
    await watched.strike(MODERATION)
    watched.proxy.acknowledge(watched.account.id)
    watched.proxy.enable([watched.account.id])
    await watched.poll(3 * MINUTE)
    assert "looks clear" in watched.shown()
    watched.proxy.pause(watched.account.id)
    await watched.poll(MINUTE)
    words = watched.shown()
    assert [word for word in (*RUNS, "looks clear", "recovering") if word in words] == []
    assert "midjourney-proxy lists no reason any more, but it is still disabled" in words
    assert "**Borealis** · ⏸️ no reason listed, still disabled · flagged" in words


async def test_row_62_one_that_is_paused_as_it_starts_is_not_called_enabled(watched: Watched) -> None:
    await watched.strike(MODERATION)
    await watched.enable()
    assert "is enabled, midjourney-proxy has not started it yet" in watched.shown()
    watched.proxy.pause(watched.account.id)
    watched.proxy.drop_reason(watched.account.id)
    await watched.poll(MINUTE)
    assert "not started yet" not in watched.shown()
    watched.account.reason = MODERATION
    await watched.poll(MINUTE)
    assert "not started yet" not in watched.shown()
    assert "Borealis needs you: Midjourney wants a moderation message acknowledged" in watched.shown()


async def test_row_36_a_block_whose_time_is_over_stays_open_until_the_account_runs(watched: Watched) -> None:
    watched.proxy.block_until(watched.account.id, watched.clock.now() + HOUR)
    await watched.poll(HOUR - MINUTE)
    assert "The block ends" in watched.shown()
    await watched.poll(8 * MINUTE)
    assert watched.watch.known(watched.reference).account.entry is EntryState.PAUSED
    assert watched.state is State.OPEN
    assert [word for word in RUNS if word in watched.shown()] == []
    watched.proxy.enable([watched.account.id])
    await watched.poll(9 * MINUTE)
    assert watched.watch.incident(watched.reference).ending is Ending.CLEARED


async def test_row_36_a_start_that_does_not_learn_the_proxys_clock_ends_no_block(watched: Watched) -> None:
    end = watched.clock.now() + HOUR
    watched.proxy.block_until(watched.account.id, end)
    await watched.poll(MINUTE)
    watched.proxy.fault(Fault.SERVER_ERROR, endpoint=Endpoint.HOME)
    await watched.start()
    await watched.poll(10 * MINUTE)
    incident = watched.watch.incident(watched.reference)
    assert (incident.state, incident.flag) == (State.OPEN, Flag("", FlagKind.BLOCK))
    assert incident.block_until() == end
    assert watched.watch.known(watched.reference).account.entry is EntryState.FLAGGED
    watched.proxy.mend()
    await watched.poll(2 * MINUTE)
    assert watched.state is State.OPEN
