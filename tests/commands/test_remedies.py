"""The remedies of midjourney-proxy as owners use them: enable one, enable all, a CAPTCHA with its link."""

import asyncio

import pytest

from bot.domain.accounts import Account
from bot.domain.providers import MJPROXY, reference_to
from tests.conftest import Leaks
from tests.simulators.discord.world import Json
from tests.simulators.mjproxy import Endpoint, Fault, SimulatedMjproxy
from tests.simulators.mjproxy.accounts import SimulatedProxyAccount
from tests.simulators.mjproxy.pool import MODERATION, SAVED_AFTER
from tests.support.clock import MINUTE, Clock
from tests.support.reading import buttons, text
from tests.support.running import Bot, Visitor
from tests.support.watching import newest, poll

ENABLE = "I acknowledged it - enable"
SHOW = "Show me the CAPTCHA"
SOLVED = "I solved it"


@pytest.fixture
def proxied(bot: Bot, proxy: SimulatedMjproxy, clock: Clock) -> Bot:
    """The bot, with a midjourney-proxy whose clock each wait of a remedy moves on."""

    async def wait(seconds: float) -> None:
        await clock.nap(seconds)
        await asyncio.sleep(0)

    bot.proxy, bot.sleep = proxy, wait
    return bot


async def ends(ada: Visitor, question: Json, label: str, *words: str) -> Json:
    """Confirm, and wait for the answer that says this."""
    pressed = await ada.press(question, label)

    def answer() -> Json | None:
        shown = pressed.message
        return shown if shown and all(word in text(shown) for word in words) else None

    said = await ada.world.wait_for(answer)
    assert said is not None
    return said


async def locked(bot: Bot, proxy: SimulatedMjproxy, ada: Visitor) -> tuple[SimulatedProxyAccount, Json]:
    """Have an account locked for a CAPTCHA. Return it, and the alert about it."""
    account = proxy.add(remark="Borealis")
    await bot.start(USEAPI_TOKEN=None)
    proxy.ask_captcha(account.id)
    await poll(ada)
    return account, await newest(ada, "Borealis")


async def disabled(
    bot: Bot, proxy: SimulatedMjproxy, ada: Visitor, clock: Clock
) -> tuple[SimulatedProxyAccount, Json]:
    """Have an account disabled for a moderation message. Return it, and the alert about it."""
    account = proxy.add(remark="Borealis")
    await bot.start(USEAPI_TOKEN=None)
    proxy.strike(account.id, MODERATION)
    clock.advance(SAVED_AFTER)
    await poll(ada)
    return account, await newest(ada, "Borealis", "needs you")


async def test_an_account_is_enabled_after_a_confirmation_and_its_alert_turns_green(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, clock: Clock
) -> None:
    account, alert = await disabled(proxied, proxy, ada, clock)
    question = await ada.pressed(alert, ENABLE)
    assert "Enabling does not acknowledge" in text(question)
    assert proxy.count(Endpoint.ENABLE) == 0
    proxy.acknowledge(account.id)

    await ends(ada, question, "Yes, enable Borealis", "runs again: midjourney-proxy started it")

    await newest(ada, "runs again")
    outcomes = [(verb, outcome) for _, verb, _, outcome in await proxied.actions()]
    assert outcomes == [("enable", "asked"), ("enable", "back in rotation")]


async def test_who_left_the_team_a_moment_ago_is_shown_no_link(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, bea: Visitor
) -> None:
    account = proxy.add(remark="Borealis")
    proxied.world.give_to_team((ada.person, "admin"), (bea.person, "admin"))
    await proxied.start(USEAPI_TOKEN=None)
    proxy.ask_captcha(account.id)
    await poll(ada)
    alert, listed = await newest(bea, "Borealis"), await bea.ask("mjaccounts")
    card = await bea.picked(listed, Account(reference_to(MJPROXY, account.id)).handle)
    proxied.world.give_to_team((ada.person, "admin"))
    for message, label in ((alert, SHOW), (card, "CAPTCHA")):
        assert "Only this bot's owners" in text(await bea.pressed(message, label))
    assert proxy.count(Endpoint.LINK) == 0


async def test_the_link_of_a_captcha_is_shown_to_the_owner_who_asks_and_to_nobody_else(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, bea: Visitor, leaks: Leaks
) -> None:
    account = proxy.add(remark="Borealis")
    await proxied.start(USEAPI_TOKEN=None, OWNER_IDS=f"{ada.person.id},{bea.person.id}")
    proxy.ask_captcha(account.id)
    await poll(ada)
    alert = await newest(ada, "Borealis")

    asked = await ada.press(alert, SHOW)
    question = await asked.answer()

    assert asked.ephemeral
    link = account.captcha_link
    assert [embed.get("url") for embed in question["embeds"]] == [link]
    assert all(account.secret("captcha") not in str(each) for each in bea.received())
    leaks.allowed += 1  # the answer to the one who asked
    await ends(ada, question, SOLVED, "runs again")
    assert proxy.count(Endpoint.SOLVED) == 1


async def test_a_link_that_discord_takes_too_late_for_a_private_answer_is_shown_nowhere(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, leaks: Leaks
) -> None:
    _, alert = await locked(proxied, proxy, ada)
    await ada.press(alert, SHOW)
    proxied.world.pass_time(4)
    said = await newest(ada, "Press the button of the alert again", number=2)
    assert buttons(said) == {}
    await ada.pressed(alert, SHOW)
    leaks.allowed += 1  # that answer is private


async def test_a_link_does_not_take_the_place_of_a_question_that_came_as_a_direct_message(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, clock: Clock
) -> None:
    account, alert = await disabled(proxied, proxy, ada, clock)
    await ada.press(alert, ENABLE)
    proxied.world.pass_time(4)
    question = await newest(ada, "Enabling does not acknowledge", number=2)
    proxy.ask_captcha(account.id)
    await ends(ada, question, "Yes, enable Borealis", "Press the button of the alert again")


async def test_the_verdict_says_how_many_others_are_started_first(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, clock: Clock
) -> None:
    for _ in range(2):
        proxy.add(running=False)
    proxy.add(running=False, work_time="09:00-10:00")  # which is not started now
    account = proxy.add(remark="Borealis")
    proxy.add(running=False)
    await proxied.start(USEAPI_TOKEN=None)
    proxy.strike(account.id, MODERATION)
    clock.advance(SAVED_AFTER)
    proxy.lose_discord()  # so that nothing is started
    await poll(ada)
    question = await ada.pressed(await newest(ada, "Borealis", "needs you"), ENABLE)
    said = await ends(ada, question, "Yes, enable Borealis", "I keep checking")
    assert text(said) == "⏳ **Borealis** is enabled, not started yet, 2 others before it. I keep checking."


async def test_row_61_no_button_enables_an_account_that_its_provider_starts(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, clock: Clock
) -> None:
    others = [proxy.add() for _ in range(2)]
    account, _ = await disabled(proxied, proxy, ada, clock)
    for each in (account, *others):
        proxy.pause(each.id)
        proxy.enable([each.id])
    listed = await ada.ask("mjaccounts")
    card = await ada.picked(listed, Account(reference_to(MJPROXY, account.id)).handle)
    assert "Enable" not in buttons(card)
    said = text(await ada.ask("mjreset", account="Borealis"))
    assert said == "⏳ **Borealis** is enabled, not started yet, 2 others before it. I keep checking."
    assert ENABLE not in buttons(await newest(ada, "Borealis", "Nothing to do right now"))
    assert proxy.count(Endpoint.ENABLE) == 0


async def test_a_confirmation_for_an_account_that_somebody_else_enabled_sends_nothing(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, clock: Clock
) -> None:
    account, alert = await disabled(proxied, proxy, ada, clock)
    question = await ada.pressed(alert, ENABLE)
    proxy.enable([account.id])
    await ends(ada, question, "Yes, enable Borealis", "**Borealis** is enabled already", "so I sent nothing")
    assert proxy.count(Endpoint.ENABLE) == 0
    assert await proxied.actions() == []


async def test_a_confirmation_for_an_account_that_runs_again_by_then_sends_nothing(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, clock: Clock
) -> None:
    account, alert = await disabled(proxied, proxy, ada, clock)
    question = await ada.pressed(alert, ENABLE)
    proxy.acknowledge(account.id)
    proxy.enable([account.id])
    for _ in range(3):
        clock.advance(MINUTE)
        proxy.settle()
    await ends(ada, question, "Yes, enable Borealis", "**Borealis** runs already, so I sent nothing")
    assert proxy.count(Endpoint.ENABLE) == 0
    assert await proxied.actions() == []


async def test_a_captcha_that_somebody_else_solved_is_not_reported_as_solved(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, leaks: Leaks
) -> None:
    account, alert = await locked(proxied, proxy, ada)
    question = await ada.pressed(alert, SHOW)
    leaks.allowed += 1  # the answer to the one who asked
    proxy.unlock(account)
    await ends(ada, question, SOLVED, "**Borealis** runs already, so I sent nothing")
    assert proxy.count(Endpoint.SOLVED) == 0


@pytest.fixture
async def solved(proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, leaks: Leaks) -> Json:
    """The answer to an owner who solved the CAPTCHA of an account that is disabled besides."""
    account = proxy.add(remark="Borealis")
    await proxied.start(USEAPI_TOKEN=None)
    proxy.ask_captcha(account.id, disabled=True)
    await poll(ada)
    question = await ada.pressed(await newest(ada, "Borealis"), SHOW)
    leaks.allowed += 1
    assert "does not solve the CAPTCHA for you" in text(question)
    assert "Login unknown" not in text(question)
    return await ends(ada, question, SOLVED, "still disabled")


async def test_row_66_a_disabled_account_is_enabled_next(ada: Visitor, solved: Json) -> None:
    assert set(buttons(solved)) == {"Enable it", "Leave it paused", "Open its alert"}
    alert = await newest(ada, "CAPTCHA reported as solved", "still disabled")
    assert {"Enable it", "Leave it paused"} < set(buttons(alert))
    assert text(alert).startswith("⏸️ Borealis needs you: its CAPTCHA is solved, but it is still disabled")
    assert "CAPTCHA pending" not in text(alert)
    again = await ada.pressed(solved, "Enable it")
    await ends(ada, again, "Yes, enable Borealis", "runs again")


async def test_row_66_a_disabled_account_may_be_left_so(ada: Visitor, solved: Json) -> None:
    assert "its alert is over" in text(await ada.pressed(solved, "Leave it paused"))
    await newest(ada, "is left disabled", "It stays disabled, as a person decided.")


async def test_row_66_one_that_is_flagged_again_is_not_left_so(
    proxy: SimulatedMjproxy, ada: Visitor, solved: Json
) -> None:
    (account,) = proxy.accounts.values()
    account.reason = MODERATION
    await poll(ada)
    await newest(ada, "wants a moderation message acknowledged")
    assert "I do not know this alert any more" in text(await ada.pressed(solved, "Leave it paused"))
    await newest(ada, "wants a moderation message acknowledged")


async def test_row_68_an_account_whose_reason_is_dropped_may_be_left_so(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, clock: Clock
) -> None:
    account, _ = await disabled(proxied, proxy, ada, clock)
    proxy.drop_reason(account.id)
    await poll(ada)
    alert = await newest(ada, "Borealis needs you: midjourney-proxy lists no reason any more")
    assert "no reason listed, still disabled" in text(alert)
    assert "its alert is over" in text(await ada.pressed(alert, "Leave it paused"))
    await newest(ada, "Borealis is left disabled", "as a person decided")
    assert text(await ada.ask("mjreset", account="Borealis")) == (
        "**Borealis** is not flagged, so I sent nothing. It is listed as: ⏸️ paused. "
        "To use it again, enable it on midjourney-proxy's own web page."
    )


async def test_row_69_one_press_enables_all_that_lost_their_connection(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, clock: Clock
) -> None:
    for _ in range(3):
        proxy.add()
    await proxied.start(USEAPI_TOKEN=None)
    proxy.lose_discord()
    clock.advance(2 * MINUTE)
    proxy.find_discord()
    await poll(ada)
    alert = await newest(ada, "3 accounts")
    question = await ada.pressed(alert, "Enable all 3")
    assert "start these accounts again" in text(question)

    await ends(ada, question, "Yes, enable 3 accounts", "3 run")

    assert proxy.count(Endpoint.ENABLE) == 1
    await newest(ada, "are back")


async def test_an_older_proxy_offers_no_enable_but_its_web_page(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, clock: Clock
) -> None:
    proxy.version = "v11.9.0.0"
    _, alert = await disabled(proxied, proxy, ada, clock)
    page = f"midjourney-proxy's own web page: {proxy.url.removesuffix('/mj')}"
    for shown in (alert, await ada.ask("mjreset", account="Borealis")):
        assert ENABLE not in buttons(shown)
        assert "Only then enable the account on midjourney-proxy's own web page." in text(shown)
        assert page in text(shown)
    assert proxy.count(Endpoint.ENABLE) == 0


async def test_a_proxy_that_turns_out_to_be_older_says_so_and_offers_no_enable_from_then_on(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, clock: Clock
) -> None:
    proxy.version = "v11.9.0.0"
    proxy.fault(Fault.SERVER_ERROR, endpoint=Endpoint.HOME)
    account, alert = await disabled(proxied, proxy, ada, clock)
    question = await ada.pressed(alert, ENABLE)
    said = await ends(ada, question, "Yes, enable Borealis", "older than 11.9.1")
    assert f"midjourney-proxy's own web page: {proxy.url.removesuffix('/mj')}" in text(said)
    assert not account.enable
    await poll(ada)
    assert "I can send nothing for that" in text(await ada.ask("mjreset", account="Borealis"))


async def test_an_older_proxy_that_lost_its_connection_offers_no_enable_for_all(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, clock: Clock
) -> None:
    proxy.version = "v11.9.0.0"
    for _ in range(3):
        proxy.add()
    await proxied.start(USEAPI_TOKEN=None)
    proxy.lose_discord()
    clock.advance(2 * MINUTE)
    await poll(ada)
    alert = await newest(ada, "3 accounts")
    assert "Enable" not in text(alert) + str(buttons(alert))


async def test_row_66_at_an_older_proxy_a_disabled_account_is_enabled_on_its_web_page(
    proxied: Bot, proxy: SimulatedMjproxy, ada: Visitor, clock: Clock
) -> None:
    proxy.version = "v11.9.0.0"
    account = proxy.add(remark="Borealis")
    await proxied.start(USEAPI_TOKEN=None)
    proxy.ask_captcha(account.id, disabled=True)
    await poll(ada)
    await newest(ada, "Borealis", "CAPTCHA")
    proxy.unlock(account)
    clock.advance(MINUTE)
    await poll(ada)
    said = text(await ada.ask("mjreset", account="Borealis"))
    assert (
        "Enable it on midjourney-proxy's own web page to use it again, or press **Leave it paused**" in said
    )
