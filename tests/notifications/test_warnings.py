"""Killed at any step, a warning is one message to each owner, and its end is one edit."""

from datetime import timedelta
from unittest.mock import AsyncMock

import pytest

from bot.domain.accounts import Account, KnownAccount
from bot.domain.errors import ErrorCode
from bot.domain.messages import Delivery, Purpose
from bot.notifications.transport import MessageRef
from bot.storage import StoreError
from tests.notifications.outbox_driver import CHANNEL, Crash, OutboxDriver, created, die_at, edited
from tests.simulators.discord import SimulatedDiscord
from tests.support.clock import DAY
from tests.support.failpoints import FailPoint
from tests.support.reading import text
from tests.support.running import Visitor
from tests.support.watching import is_silent

UNWRITABLE = StoreError(ErrorCode.DATABASE_FULL)
SENDING = [FailPoint.CLAIMING, FailPoint.CLAIMED, FailPoint.OPENED, FailPoint.SENT, FailPoint.RECORDED]
EDITING = [FailPoint.EDITING, FailPoint.EDITED, FailPoint.NOTED]
LATER = [timedelta(seconds=30), timedelta(minutes=50)]


def listed(driver: OutboxDriver, days: int) -> Account:
    """Return the account as its list shows it: its session ends in so many days."""
    return Account(CHANNEL, 3, expires_at=driver.clock.now().replace(microsecond=0) + days * DAY)


async def check(driver: OutboxDriver, account: Account) -> None:
    """Let a poll show the account, and evaluate its warnings."""
    driver.known_accounts = {CHANNEL: KnownAccount(account, "Aurora")}
    await driver.see(account)
    driver.pollers.cache.put_account(account)
    await driver.make_warnings().check()


@pytest.mark.parametrize("away", LATER, ids=str)
@pytest.mark.parametrize("step", SENDING)
async def test_killed_as_it_is_sent_it_is_sent_exactly_once(
    driver: OutboxDriver, ada: Visitor, step: FailPoint, away: timedelta
) -> None:
    driver.owners.add(ada.person.id)
    account = listed(driver, 2)
    async with driver.process():
        await check(driver, listed(driver, 30))
        await driver.work()  # the hello
        await check(driver, account)
        driver.at = die_at(step)
        with pytest.raises(Crash):
            await driver.work()
    driver.at = lambda _step: None
    driver.pass_time(away)
    async with driver.process():
        await check(driver, account)
        await driver.work()
        _, warning = ada.sees(ada.dm)
        assert "⚠️ Aurora: session expires" in text(warning)
        assert is_silent(warning)
        (row,) = driver.planned(Purpose.WARNING)
        assert (row.delivery, str(row.message_id)) == (Delivery.SENT, warning["id"])


@pytest.mark.parametrize("step", EDITING)
async def test_killed_as_its_end_is_shown_it_is_shown(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, step: FailPoint
) -> None:
    driver.owners.add(ada.person.id)
    again = listed(driver, 30)
    async with driver.process():
        await check(driver, listed(driver, 2))
        await driver.work()
        await check(driver, again)
        driver.at = die_at(step)
        with pytest.raises(Crash):
            await driver.work()
    driver.at = lambda _step: None
    driver.pass_time(timedelta(minutes=10))
    async with driver.process():
        await check(driver, again)
        await driver.work()
        _, warning = ada.sees(ada.dm)
        assert "✅ Aurora: logged in again" in text(warning)
        assert driver.unfinished() == set()
    assert len(created(world)) == 2
    assert {body["content"] for body in edited(world)} == {"✅ Aurora: logged in again"}


async def test_killed_between_the_poll_and_the_check_nothing_is_lost(
    driver: OutboxDriver, ada: Visitor
) -> None:
    driver.owners.add(ada.person.id)
    account = listed(driver, 2)
    async with driver.process():
        await driver.see(account)
        await driver.work()
    async with driver.process():
        await check(driver, account)
        await driver.work()
        assert len(ada.sees(ada.dm)) == 2


async def test_a_database_that_cannot_be_written_delays_it(
    driver: OutboxDriver, ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.owners.add(ada.person.id)
    async with driver.process():
        await check(driver, listed(driver, 30))
        driver.pollers.cache.put_account(listed(driver, 2))
        with monkeypatch.context() as patch:
            patch.setattr(driver.store.watch, "save", AsyncMock(side_effect=UNWRITABLE))
            with pytest.raises(StoreError):
                await driver.make_warnings().check()
        assert driver.watch_state.warnings == {}
        await driver.make_warnings().check()
        await driver.work()
        assert len(ada.sees(ada.dm)) == 2


async def test_closed_direct_messages_send_it_to_the_channel_without_a_sound(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    driver.owners.add(ada.person.id)
    world.close_dm(ada.person)
    async with driver.process():
        await check(driver, listed(driver, 2))
        await driver.work()
    (message,) = (each for each in ada.sees(world.alerts_channel_id) if "session" in text(each))
    assert is_silent(message)
    assert "Privacy Settings" in text(message)


async def test_who_deletes_it_is_not_sent_it_again(driver: OutboxDriver, ada: Visitor) -> None:
    driver.owners.add(ada.person.id)
    account = listed(driver, 2)
    async with driver.process():
        await check(driver, account)
        await driver.work()
        await driver.transport.delete(MessageRef(ada.dm, int(ada.sees(ada.dm)[-1]["id"])))
        driver.known_accounts = {CHANNEL: KnownAccount(account, "Ember")}
        driver.pass_time(timedelta(minutes=1))
        await driver.work()  # the edit finds nothing
        (row,) = driver.planned(Purpose.WARNING)
        assert row.delivery is Delivery.DONE
    async with driver.process():
        await check(driver, account)
        await driver.work()
        assert len(ada.sees(ada.dm)) == 1
