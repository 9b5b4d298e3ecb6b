"""The bot as a process of its own, between a simulated Discord and a simulated useapi.net."""

import signal
import sqlite3
from contextlib import closing

import pytest

from bot.runtime.log_setup import MASK
from tests.conftest import Leaks
from tests.simulators.discord import FaultKind
from tests.simulators.mjproxy import SimulatedMjproxy
from tests.simulators.useapi import CAPTCHA, Endpoint, Fault
from tests.support.forking import forked
from tests.support.forming import opened, sent
from tests.support.reading import text
from tests.support.running import Visitor
from tests.support.sandbox import PATIENCE, Sandbox

RESTARTING = "Midwatch is being restarted"


async def test_both_commands_are_answered(sandbox: Sandbox, ada: Visitor) -> None:
    sandbox.spawn = forked
    account = sandbox.api.add(discord_name="aurora")
    async with sandbox.process() as process:
        await sandbox.up()
        assert account.channel in text(await ada.ask("mjaccounts"))
        assert "aurora" in text(await ada.ask("mjinfo"))
        assert "aurora" in text(await ada.ask("mjaccounts"))
        await process.stopped()
    assert sandbox.api.midjourney_commands == 1


async def test_what_was_sent_before_a_kill_works_after_it(sandbox: Sandbox, ada: Visitor) -> None:
    sandbox.spawn = forked
    for _ in range(30):
        sandbox.api.add()
    first, *_, last = sandbox.api.accounts
    async with sandbox.process() as process:
        await sandbox.up()
        listed = await ada.ask("mjaccounts")
        await ada.ask("mjname", account=first, name="Flagship")
        informed = await ada.ask("mjinfo", account=first)
        await process.stopped(signal.SIGKILL)
    await sandbox.down()
    async with sandbox.process() as process:
        await sandbox.up()
        assert last in text(await ada.pressed(listed, "Last"))
        assert "Flagship" in text(await ada.pressed(listed, "First"))
        again = await ada.pressed(informed, "Ask again")
        assert "Flagship" in text(again)
        assert "moment ago" in text(again)
        await process.stopped()
    assert sandbox.api.midjourney_commands == 1
    assert [one.method for one in sandbox.world.requests].count("PUT") == 2  # the first start alone


async def test_what_a_kill_cut_off_has_an_unknown_outcome(sandbox: Sandbox, ada: Visitor) -> None:
    sandbox.spawn = forked
    login = sandbox.api.newcomer()
    sandbox.api.fault(Fault.LOST_ANSWER, endpoint=Endpoint.SAVE)
    async with sandbox.process() as process:
        await sandbox.up()
        await sent(ada, await opened(ada), login.discord)
        await sandbox.world.wait_for(lambda: login.channel in sandbox.api.accounts, PATIENCE)
        await process.stopped(signal.SIGKILL)
    await sandbox.down()
    assert sandbox.outcomes("save") == ["asked"]
    async with sandbox.process() as process:
        await sandbox.up()
        settled = ["asked", "outcome unknown"]  # beside the start, which does not wait for it
        await sandbox.world.wait_for(lambda: sandbox.outcomes("save") == settled, PATIENCE)
        assert login.channel in text(await ada.ask("mjaccounts"))
        await process.stopped()
    assert sandbox.api.count(Endpoint.SAVE) == 1


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
async def test_an_idle_bot_ends_at_a_signal_with_code_0(sandbox: Sandbox, signum: signal.Signals) -> None:
    async with sandbox.process() as process:
        await sandbox.up()
        assert await process.stopped(signum) == 0
    assert "Traceback" not in sandbox.output()


async def test_a_busy_bot_answers_who_waits_and_ends_with_code_0(sandbox: Sandbox, ada: Visitor) -> None:
    sandbox.api.add().info_seconds = 3_600.0
    async with sandbox.process() as process:
        await sandbox.up()
        waiting = await ada.use("mjinfo")
        await sandbox.world.wait_for(lambda: sandbox.api.count(Endpoint.INFO), PATIENCE)
        assert await process.stopped() == 0
    assert waiting.message is not None
    assert waiting.ephemeral
    assert RESTARTING in text(waiting.message)
    assert "Traceback" not in sandbox.output()


async def test_a_bot_whose_database_another_program_has_ends_and_loses_nothing(
    sandbox: Sandbox, ada: Visitor
) -> None:
    account = sandbox.api.add()
    database = sandbox.folder / "midwatch.sqlite3"
    async with sandbox.process(POLL_INTERVAL="5s") as process:
        await sandbox.up()
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            sandbox.api.flag(account.channel, CAPTCHA)
            asked = sandbox.api.count(Endpoint.LIST)
            for _ in range(3):
                await ada.use("mjname", account=account.channel, name="Aurora")
                await ada.use("mjaccounts")
            await sandbox.world.wait_for(lambda: sandbox.api.count(Endpoint.LIST) > asked, PATIENCE)
            assert await process.stopped() == 0
    assert not [one for one in ada.received() if "needs you" in text(one)]
    async with sandbox.process():
        await sandbox.world.wait_for(
            lambda: [one for one in ada.received() if "needs you" in text(one)], PATIENCE
        )
        await ada.ask("mjaccounts")
    assert len([one for one in ada.received() if "needs you" in text(one)]) == 1


async def test_a_bot_that_waits_for_discord_ends_with_code_0(sandbox: Sandbox) -> None:
    await sandbox.world.vanish()
    async with sandbox.process() as process:
        await sandbox.world.wait_for(lambda: sandbox.api.count(Endpoint.LIST), PATIENCE)
        assert await process.stopped() == 0


async def test_a_refused_token_ends_it_with_code_77_and_what_to_do(sandbox: Sandbox) -> None:
    sandbox.world.fault(FaultKind.TOKEN_REFUSED)
    async with sandbox.process() as process:
        assert await process.ended() == 77
    assert sandbox.output().splitlines()[-1].startswith("Discord refuses the bot's token. Make a new one")
    assert "Traceback" not in sandbox.output()


async def test_a_token_taken_back_while_it_runs_ends_it_with_code_77(sandbox: Sandbox) -> None:
    async with sandbox.process() as process:
        await sandbox.up()
        sandbox.world.drop_gateway(4004)
        assert await process.ended() == 77
    assert "Traceback" not in sandbox.output()


async def test_a_second_bot_ends_with_code_69_and_the_first_goes_on(sandbox: Sandbox, ada: Visitor) -> None:
    async with sandbox.process() as first:
        await sandbox.up()
        async with sandbox.process() as second:
            assert await second.ended() == 69
        assert sandbox.output().splitlines()[-1].startswith("Another Midwatch is using")
        assert await ada.ask("mjaccounts")
        await first.stopped()


async def test_wrong_settings_end_it_with_code_78_before_anyone_is_asked(sandbox: Sandbox) -> None:
    async with sandbox.process(OWNER_IDS="ada", POLL_INTERVAL="often") as process:
        assert await process.ended() == 78
    assert "OWNER_IDS" in sandbox.output()
    assert "POLL_INTERVAL" in sandbox.output()
    assert sandbox.world.requests == []
    assert sandbox.api.requests == []


async def test_the_check_works_while_the_bot_runs(sandbox: Sandbox, ada: Visitor) -> None:
    sandbox.spawn = forked
    async with sandbox.process() as process:
        await sandbox.up()
        async with sandbox.process("check") as check:
            assert await check.ended() == 0
        assert "is in use by a running Midwatch" in sandbox.output()
        assert sandbox.output().splitlines()[-1] == "Everything is right."
        assert await ada.ask("mjaccounts")
        await process.stopped()


async def test_the_check_fails_with_code_69(sandbox: Sandbox) -> None:
    sandbox.api.fault(Fault.UNAUTHORIZED)
    async with sandbox.process("check") as check:
        assert await check.ended() == 69
    assert "FAIL  API token" in sandbox.output()


async def test_no_secret_is_in_the_log_at_debug_whatever_goes_wrong(
    sandbox: Sandbox, proxy: SimulatedMjproxy, ada: Visitor, leaks: Leaks
) -> None:
    sandbox.spawn = forked
    accounts = [sandbox.api.add() for _ in range(3)]
    sandbox.api.flag(accounts[2].channel, CAPTCHA)
    proxy.ask_captcha(proxy.add().id)
    sandbox.world.fault(FaultKind.ERROR, status=503, path="/users/@me", times=1)
    sandbox.world.fault(FaultKind.RESET, path="/applications/*", times=1)
    sandbox.world.fault(FaultKind.GATEWAY_REFUSED, times=1)
    async with sandbox.process(
        LOG_LEVEL="DEBUG", MJPROXY_URL=proxy.url, MJPROXY_TOKEN=proxy.token
    ) as process:
        await sandbox.up()
        for account in accounts:
            await ada.ask("mjinfo", account=account.channel)
        for fault in (Fault.UNAUTHORIZED, Fault.WRONG_TYPES, Fault.RESET):
            sandbox.api.fault(fault, endpoint=Endpoint.LIST, times=3)
            proxy.fault(fault, times=3)
            await ada.ask("mjaccounts")
            sandbox.api.mend()
            proxy.mend()
        sandbox.world.drop_gateway(4000)
        await sandbox.down()
        await sandbox.up()
        sandbox.world.drop_gateway(4004)
        await process.ended()
    output = sandbox.output()
    assert MASK not in output  # nothing had to be taken out
    assert [
        secret for secret in leaks.secrets | sandbox.api.secrets | proxy.secrets if secret in output
    ] == []
