"""Failures of the simulated accounts show and end at the seconds at which they did with the real one."""

from datetime import timedelta

import pytest

from bot.domain.accounts import Account, EntryState, FlagKind
from bot.domain.providers import Remedy
from bot.providers.mjproxy.client import MjproxyClient
from tests.simulators.mjproxy import SimulatedMjproxy
from tests.simulators.mjproxy.cases import Clock
from tests.simulators.mjproxy.pool import (
    BLOCKED,
    MODERATION,
    NOT_RECONNECTED,
    PLAN_CANCELLED,
    REJECTED,
    SOCKET_BROKEN,
    TOO_MANY_FAILURES,
)


async def only(client: MjproxyClient) -> Account:
    (account,) = (await client.read_list()).accounts
    return account


def reason_of(account: Account) -> str:
    said = account.flag or account.hint
    return said.text if said else ""


def kind_of(account: Account) -> FlagKind | None:
    return account.flag.kind if account.flag else None


@pytest.mark.parametrize(
    ("reason", "kind"),
    [(MODERATION, FlagKind.MODERATION), (BLOCKED, FlagKind.BLOCK), (PLAN_CANCELLED, FlagKind.PLAN)],
)
async def test_a_message_of_midjourney_disables_an_account_five_seconds_later(
    proxy: SimulatedMjproxy, client: MjproxyClient, clock: Clock, reason: str, kind: FlagKind
) -> None:
    proxy.strike(proxy.add().id, reason)
    clock.passes(4)
    assert (await only(client)).entry is EntryState.OK
    clock.passes(1)
    account = await only(client)
    assert (account.entry, kind_of(account), reason_of(account)) == (EntryState.FLAGGED, kind, reason)


async def test_a_leap_of_the_clock_starts_nothing_early_and_takes_no_account_through_the_time(
    proxy: SimulatedMjproxy, client: MjproxyClient, clock: Clock
) -> None:
    proxy.strike(proxy.add().id, MODERATION)
    clock.passes(4)
    proxy.leap(timedelta(days=30))
    clock.passes(timedelta(days=30).total_seconds())
    assert (await only(client)).entry is EntryState.OK
    clock.passes(1)
    assert (await only(client)).entry is EntryState.FLAGGED


async def test_used_up_credits_are_shown(
    proxy: SimulatedMjproxy, client: MjproxyClient, clock: Clock
) -> None:
    proxy.exhaust(proxy.add().id)
    clock.passes(5)
    assert kind_of(await only(client)) is FlagKind.CREDITS


async def test_an_enabled_account_keeps_its_reason_until_its_socket_is_up_and_then_starts(
    proxy: SimulatedMjproxy, client: MjproxyClient, clock: Clock
) -> None:
    account = proxy.add()
    proxy.strike(account.id, MODERATION)
    clock.passes(10)
    proxy.acknowledge(account.id)
    await client.apply(Remedy.ENABLE, [account.id])
    seen = await only(client)
    assert (seen.entry, reason_of(seen)) == (EntryState.STARTING, MODERATION)
    clock.passes(51)
    assert reason_of(await only(client)) == ""
    clock.passes(9)
    assert (await only(client)).entry is EntryState.STARTING
    clock.passes(1)
    assert (await only(client)).entry is EntryState.OK


async def test_an_account_that_nobody_dealt_with_is_disabled_again(
    proxy: SimulatedMjproxy, client: MjproxyClient, clock: Clock
) -> None:
    account = proxy.add()
    proxy.strike(account.id, MODERATION)
    clock.passes(10)
    await client.apply(Remedy.ENABLE, [account.id])
    clock.passes(55)
    assert ((seen := await only(client)).entry, reason_of(seen)) == (EntryState.STARTING, "")
    clock.passes(10)
    assert reason_of(await only(client)) == MODERATION


async def test_accounts_start_one_after_another_in_their_order(
    proxy: SimulatedMjproxy, client: MjproxyClient, clock: Clock
) -> None:
    for sort in (3, 1, 2):
        proxy.pause(proxy.add(sort=sort).id)
    await client.apply(Remedy.ENABLE, list(proxy.accounts))
    clock.passes(60)
    running: list[list[int]] = []
    for _ in range(4):
        accounts = (await client.read_list()).accounts
        running.append(sorted(account.sort for account in accounts if account.entry is EntryState.OK))
        clock.passes(11)
    assert running == [[], [1], [1, 2], [1, 2, 3]]


async def test_a_proxy_with_a_pace_does_all_that_much_faster() -> None:
    clock = Clock()
    async with SimulatedMjproxy(now=clock.now, pace=6) as proxy:
        for sort in (2, 1):
            proxy.pause(proxy.add(sort=sort).id)
        second, first = proxy.accounts.values()
        proxy.enable(list(proxy.accounts))
        clock.passes(10 + 1.75)
        proxy.settle()
        assert (first.running, second.running) == (True, False)
        clock.passes(1.75)
        proxy.settle()
        assert second.running
        proxy.lose_discord()
        assert proxy.is_cut_off
        clock.passes(45 / 6 + 15 / 6)
        proxy.settle()
        assert (first.reason, second.reason) == (NOT_RECONNECTED, SOCKET_BROKEN)


async def test_a_rejected_token_is_named_for_four_seconds(
    proxy: SimulatedMjproxy, client: MjproxyClient, clock: Clock
) -> None:
    proxy.reject_token(proxy.add().id)
    clock.passes(1)
    seen = await only(client)
    assert (seen.entry, reason_of(seen)) == (EntryState.STARTING, REJECTED)
    clock.passes(4)
    seen = await only(client)
    assert (kind_of(seen), reason_of(seen)) == (FlagKind.SESSION, TOO_MANY_FAILURES)


async def test_a_lost_network_disables_accounts_one_after_another_and_for_good(
    proxy: SimulatedMjproxy, client: MjproxyClient, clock: Clock
) -> None:
    first, spared = proxy.add(), proxy.add()
    proxy.lose_discord(spared=[spared.id])
    clock.passes(45)
    newest, oldest = (await client.read_list()).accounts
    assert (oldest.entry, reason_of(oldest)) == (EntryState.STARTING, SOCKET_BROKEN)
    clock.passes(20)
    newest, oldest = (await client.read_list()).accounts
    assert (kind_of(oldest), reason_of(oldest)) == (FlagKind.CONNECTION, NOT_RECONNECTED)
    assert (newest.entry, reason_of(newest)) == (EntryState.STARTING, "")
    proxy.find_discord()
    clock.passes(600)
    newest, oldest = (await client.read_list()).accounts
    assert (newest.entry, oldest.entry) == (EntryState.OK, EntryState.FLAGGED)
    await client.apply(Remedy.ENABLE, [first.id])
    clock.passes(75)
    assert {account.entry for account in (await client.read_list()).accounts} == {EntryState.OK}


async def test_a_captcha_locks_at_once_and_is_unlocked_whether_solved_or_not(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    account = proxy.add()
    proxy.ask_captcha(account.id, link=False)
    assert kind_of(await only(client)) is FlagKind.CAPTCHA
    link = await client.link_for(Remedy.CAPTCHA_SOLVED, account.id)
    assert link is not None
    assert link.get_secret_value() == account.captcha_link
    await client.apply(Remedy.CAPTCHA_SOLVED, [account.id])
    assert (await only(client)).entry is EntryState.OK


async def test_an_account_that_was_disabled_too_stands_there_as_if_paused_once_unlocked(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    account = proxy.add()
    proxy.ask_captcha(account.id, disabled=True)
    await client.apply(Remedy.CAPTCHA_SOLVED, [account.id])
    seen = await only(client)
    assert (seen.entry, reason_of(seen)) == (EntryState.PAUSED, "")


async def test_after_a_restart_accounts_come_up_one_by_one_and_flagged_ones_do_not(
    proxy: SimulatedMjproxy, client: MjproxyClient, clock: Clock
) -> None:
    for _ in range(3):
        proxy.add()
    flagged = proxy.add()
    proxy.strike(flagged.id, MODERATION)
    clock.passes(5)
    proxy.restart()
    states = [account.entry for account in (await client.read_list()).accounts]
    assert states == [EntryState.FLAGGED, *[EntryState.STARTING] * 3]
    clock.passes(5)
    states = [account.entry for account in (await client.read_list()).accounts]
    assert states == [EntryState.FLAGGED, EntryState.STARTING, EntryState.OK, EntryState.OK]


async def test_a_sync_is_sent_each_time_and_brings_new_values_or_none(
    proxy: SimulatedMjproxy, client: MjproxyClient, clock: Clock
) -> None:
    account = proxy.add()
    before = (await only(client)).info
    clock.passes(60)
    await client.info(account.id)
    after = (await only(client)).info
    assert before is not None
    assert after is not None
    assert (after.taken_at, after.info) == (clock.now(), before.info)
    proxy.syncs_bring_news = False
    clock.passes(60)
    await client.info(account.id)
    assert (await only(client)).info == after
    assert proxy.midjourney_commands == 2
