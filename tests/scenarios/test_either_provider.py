"""The bot with a midjourney-proxy alone, and with both providers: from a flag to the owner's message."""

from typing import Any

import pytest

from bot.domain.providers import MJPROXY, reference_to
from tests.simulators.mjproxy import Endpoint as ProxyEndpoint
from tests.simulators.mjproxy import SimulatedMjproxy
from tests.simulators.mjproxy.pool import MODERATION, SAVED_AFTER
from tests.simulators.useapi import CAPTCHA, Endpoint, Fault
from tests.support.clock import Clock
from tests.support.reading import buttons, text
from tests.support.running import Bot, Visitor
from tests.support.watching import is_silent, newest, poll

COMMANDS: dict[str, dict[str, Any]] = {
    "mjstatus": {},
    "mjinfo": {"account": "Borealis"},
    "mjname": {"account": "Borealis", "name": "Aurora"},
    "mjreset": {"account": "Borealis"},
    "mjmute": {"duration": "8h", "account": "Borealis"},
    "mjremove": {"account": "Borealis"},
    "mjtest": {},
}
WORDS = MODERATION.partition(", ")[2]


@pytest.fixture
def proxied(bot: Bot, proxy: SimulatedMjproxy) -> Bot:
    """The bot, with a midjourney-proxy."""
    bot.proxy = proxy
    return bot


def struck(proxy: SimulatedMjproxy, clock: Clock) -> str:
    """Let Midjourney stop an account of the proxy, and return what its owner calls it."""
    account = proxy.add(remark="Borealis")
    proxy.strike(account.id, MODERATION)
    clock.advance(SAVED_AFTER)
    return "Borealis"


async def test_a_proxy_alone_alerts_its_owner(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, clock: Clock
) -> None:
    name = struck(proxy, clock)
    await proxied.start(USEAPI_TOKEN=None)
    await newest(ada, name, WORDS)
    assert name in text(await ada.ask("mjaccounts"))
    assert proxied.api.requests == []


async def test_both_alert_in_one_message(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, clock: Clock
) -> None:
    name, account = struck(proxy, clock), proxied.api.add()
    proxied.api.flag(account.channel, CAPTCHA)
    await proxied.start()
    await newest(ada, "2 accounts", name, WORDS, CAPTCHA)
    shown = text(await ada.ask("mjaccounts"))
    assert name in shown
    assert account.channel in shown


async def test_with_a_proxy_alone_every_command_answers(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor
) -> None:
    proxy.add(remark="Borealis")
    await proxied.start(USEAPI_TOKEN=None)
    await poll(ada)
    assert "on midjourney-proxy's own web page" in text(await ada.ask("mjadd"))
    for command, options in COMMANDS.items():
        assert "something broke" not in text(await ada.ask(command, **options))
    assert proxied.api.requests == []


async def test_an_account_of_a_proxy_is_removed_there_after_a_confirmation(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor
) -> None:
    proxy.add(remark="Borealis")
    proxy.add()
    await proxied.start(USEAPI_TOKEN=None)
    question = await ada.ask("mjremove", account="Borealis")
    assert "from midjourney-proxy?" in text(question)
    assert "useapi.net" not in text(question)
    removed = text(await ada.pressed(question, "Yes, remove Borealis"))
    assert "Borealis** is not configured any more" in removed
    assert "added again on midjourney-proxy's own web page" in removed
    assert "Borealis" not in [account.remark for account in proxy.accounts.values()]


async def test_empty_lists_say_where_accounts_are_added(proxied: Bot, ada: Visitor) -> None:
    await proxied.start()
    both = text(await ada.ask("mjaccounts"))
    await proxied.restart(USEAPI_TOKEN=None)
    alone = text(await ada.ask("mjaccounts"))
    assert "Add one on midjourney-proxy's own web page" in alone
    assert "useapi.net" not in alone
    assert alone.partition("accounts\n")[2] in both
    assert "with /mjadd" in both


async def test_what_useapi_net_had_open_is_over_without_its_token(proxied: Bot, ada: Visitor) -> None:
    account = proxied.api.add()
    proxied.api.flag(account.channel, CAPTCHA)
    await proxied.start()
    alert = await newest(ada, "needs you")
    proxied.api.fault(Fault.GONE, endpoint=Endpoint.LIST)
    await poll(ada)
    gone = await newest(ada, "has shut down", number=2)
    await proxied.restart(USEAPI_TOKEN=None)
    over = await newest(ada, "I do not watch this any more", "has shut down", number=2)
    assert over["id"] == gone["id"]
    first = ada.received()[0]
    assert first["id"] == alert["id"]
    assert "is not configured any more" in text(first)
    assert "do not name its provider any more" in text(first)


NOT_STARTED = """
    UPDATE meta SET value = json_set(
        value, '$.starting."{}"', strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-16 minutes')
    )
    WHERE key = 'watch:mjproxy'
"""


async def test_row_64_an_account_that_is_not_started_is_reported_silently_until_it_runs(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor
) -> None:
    account = proxy.add(remark="Borealis", running=False)
    await proxied.start(USEAPI_TOKEN=None)
    await proxied.stop()
    await proxied.change_database(NOT_STARTED.format(reference_to(MJPROXY, account.id)))
    await proxied.start(USEAPI_TOKEN=None)
    shown = await newest(ada, "Borealis", "moderation message can hide")
    assert is_silent(shown)
    assert {"I'm on it", "Snooze"} <= set(buttons(shown))
    assert not any("nable" in label for label in buttons(shown))
    assert "1 account, none flagged, 1 not started" in text(await ada.ask("mjaccounts"))
    account.running = True
    await poll(ada)
    await newest(ada, "Borealis runs")
    assert proxy.count(ProxyEndpoint.ENABLE) == 0


async def test_row_59_the_status_names_the_provider_that_is_down_and_what_the_other_has(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor
) -> None:
    proxied.api.add()
    proxy.add(remark="Borealis")
    await proxied.start()
    assert "2 accounts watched, all ready" in text(await ada.ask("mjstatus"))
    proxy.fault(Fault.UNAUTHORIZED, endpoint=ProxyEndpoint.LIST)
    await poll(ada)
    await newest(ada, "I cannot see your accounts at midjourney-proxy")
    shown = text(await ada.ask("mjstatus"))
    assert "I cannot see your accounts at midjourney-proxy" in shown
    assert "1 account watched, all ready" in shown
    assert "The last check failed." in shown
    proxy.mend()
    await poll(ada)
    assert "2 accounts watched, all ready" in text(await ada.ask("mjstatus"))
