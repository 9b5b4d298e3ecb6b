"""Accounts whose keys and reasons are odd, used by every command and button over a simulated proxy."""

import pytest

from bot.domain.accounts import Account
from bot.domain.providers import MJPROXY, reference_to
from tests.simulators.mjproxy import Endpoint, SimulatedMjproxy
from tests.simulators.mjproxy.pool import SAVED_AFTER
from tests.support.clock import Clock
from tests.support.reading import buttons, menu, options, text
from tests.support.running import Bot, Visitor
from tests.support.watching import newest, poll

ODD_KEYS = {
    "100 characters": "k" * 100,
    "colons": "US:a@b.c:mjproxy:1",
    "a mention": "@everyone<@1>",
    "percent signs": "%2e%2e%00%",
    "a path": "a/../b?c#d",
    "a reference of useapi.net": "useapi:123456789012345678",
    "16 hex digits": "0123456789abcdef",
    "digits of a channel": "123456789012345678",
    "quotes": "\"'`\\;--",
}
ODD_REASONS = {
    "Chinese": "账号不可用",
    "a mention": "@everyone `<@1>`",
    "lines": "one\ntwo\r\nthree",
}


@pytest.fixture
def proxied(bot: Bot, proxy: SimulatedMjproxy) -> Bot:
    """The bot, with a midjourney-proxy."""
    bot.proxy = proxy
    return bot


def handle(key: str) -> str:
    return Account(reference_to(MJPROXY, key)).handle


@pytest.mark.parametrize("key", ODD_KEYS.values(), ids=ODD_KEYS)
async def test_any_key_works_in_every_command_and_button(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, clock: Clock, key: str
) -> None:
    account = proxy.add(key=key, remark="odd")
    other = proxy.add(remark="other")
    await proxied.start(USEAPI_TOKEN=None)

    (suggested,) = await ada.complete("mjname", "odd")
    assert len(str(suggested.value)) <= 100
    await ada.ask("mjname", account=suggested.value, name="Borealis")
    listed = await ada.ask("mjaccounts")
    assert {each["value"] for each in menu(listed)["options"]} == {handle(key), handle(other.id)}
    card = await ada.picked(listed, handle(key))
    assert "Borealis · ✅ ready" in text(card)
    await ada.pressed(card, "Info")
    assert account.syncs == 1

    assert "No alerts for" in text(await ada.ask("mjmute", account=suggested.value, duration="8h"))
    await ada.ask("mjmute", account=suggested.value, duration="off")
    proxy.strike(account.id, "Blocked, @everyone")
    clock.advance(SAVED_AFTER)
    await poll(ada)
    alert = await newest(ada, "Borealis", "blocked")
    question = await ada.pressed(alert, "The block is over - enable")
    assert "Borealis" in text(question)
    assert "midjourney-proxy" in text(await ada.ask("mjreset", account=suggested.value))

    await proxied.restart(USEAPI_TOKEN=None)
    asked = await ada.ask("mjremove", account=suggested.value)
    removed = await ada.pressed(asked, "Yes, remove Borealis")
    assert "is not configured any more" in text(removed)
    assert list(proxy.accounts) == [other.id]


@pytest.mark.parametrize("reason", ODD_REASONS.values(), ids=ODD_REASONS)
async def test_any_reason_makes_an_alert(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, clock: Clock, reason: str
) -> None:
    account = proxy.add(remark="odd")
    await proxied.start(USEAPI_TOKEN=None)
    proxy.strike(account.id, reason)
    clock.advance(SAVED_AFTER)
    await poll(ada)
    alert = await newest(ada, "odd")
    assert not alert["mention_everyone"]


async def test_keys_that_differ_in_case_alone_are_two_accounts(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, clock: Clock
) -> None:
    lower, upper = proxy.add(key="user@b.c", remark="lower"), proxy.add(key="USER@B.C", remark="upper")
    await proxied.start(USEAPI_TOKEN=None)
    await ada.ask("mjname", account=upper.id, name="Upper Case")
    assert set(options(await ada.ask("mjaccounts"))) == {"lower", "Upper Case"}
    proxy.strike(lower.id, "Blocked")
    clock.advance(SAVED_AFTER)
    await poll(ada)
    alert = await newest(ada, "lower", "blocked")
    assert "Upper Case" not in text(alert)
    question = await ada.ask("mjremove", account=lower.id)
    await ada.pressed(question, "Yes, remove lower")
    assert list(proxy.accounts) == [upper.id]
    assert proxy.count(Endpoint.REMOVE) == 1
    assert "Remove" in buttons(await ada.picked(await ada.ask("mjaccounts"), handle(upper.id)))


async def test_a_captcha_without_a_reason_and_an_id_of_two_lines_are_shown(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor
) -> None:
    locked = proxy.add(remark="locked")
    proxy.add(key="one\n@everyone", remark="two lines")
    proxy.ask_captcha(locked.id)
    locked.reason = ""
    await proxied.start(USEAPI_TOKEN=None)
    alert = await newest(ada, "locked", "CAPTCHA")
    assert "Show me the CAPTCHA" in buttons(alert)
    listed = await ada.ask("mjaccounts")
    assert "**two lines** · ❔ cannot be read" in text(listed)
    assert options(listed) == ["locked"]
    assert await ada.complete("mjremove", "two lines") == []
    assert not listed["mention_everyone"]
