"""A reset as an owner does it: read, confirm, see how it goes, and what each outcome says and leaves."""

import asyncio
from collections.abc import Callable

import pytest

from tests.simulators.discord.world import Json
from tests.simulators.useapi import BLOCK, CAPTCHA, MODERATION, TIMED_BLOCK, Endpoint, Fault, SimulatedAccount
from tests.support.reading import button, buttons, text
from tests.support.running import Bot, Visitor
from tests.support.watching import (
    BLOCK_OVER,
    RESET,
    SOLVED,
    flagged,
    is_silent,
    later,
    newest,
    nothing_more,
    poll,
)

RISK = "risks the account"


class Pauses:
    """Waits for nothing between the polls after a reset; each wait may let something happen."""

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.waited: list[float] = []
        self._meanwhile = meanwhile

    async def __call__(self, seconds: float) -> None:
        self.waited.append(seconds)
        self._meanwhile()
        await asyncio.sleep(0)


async def ready(bot: Bot, ada: Visitor, flag: str = MODERATION) -> tuple[SimulatedAccount, Json]:
    """Return a flagged account among three, and its alert."""
    for _ in range(3):
        bot.api.add()
    await bot.start()
    return await flagged(bot, ada, flag)


async def confirmed(ada: Visitor, question: Json, *words: str) -> Json:
    """Confirm, and wait for the answer that says this."""
    pressed = await ada.press(question, next(iter(buttons(question))))

    def answer() -> Json | None:
        shown = pressed.message
        return shown if shown and all(word in text(shown) for word in words) else None

    result = await ada.world.wait_for(answer)
    assert result is not None
    return result


def at_reset(bot: Bot, happen: Callable[[], object]) -> None:
    """Let something happen once the API was asked to reset."""

    def hook() -> None:
        if bot.api.count(Endpoint.RESET) and hook in bot.api.changed:
            bot.api.changed.remove(hook)
            happen()

    bot.api.changed.append(hook)


# ------------------------------------------------------------------------ confirmation


async def test_the_button_asks_first_and_quotes_what_midjourney_says(bot: Bot, ada: Visitor) -> None:
    account, alert = await ready(bot, ada)

    asked = await ada.press(alert, RESET)

    question = await asked.answer()
    assert asked.ephemeral
    for words in (f"…{account.channel[-4:]}", MODERATION, "Resetting does not acknowledge anything", RISK):
        assert words in text(question)
    assert bot.api.count(Endpoint.RESET) == 0


@pytest.mark.parametrize(
    ("flag", "warning"),
    [
        (TIMED_BLOCK, "The block is not over"),
        (BLOCK, "Midjourney does not say when the block ends"),
        (CAPTCHA, None),
    ],
    ids=["timed-block", "open-block", "captcha"],
)
async def test_a_block_that_is_not_over_is_warned_of(
    bot: Bot, ada: Visitor, flag: str, warning: str | None
) -> None:
    account, alert = await ready(bot, ada, flag)
    question = await ada.pressed(alert, SOLVED if flag == CAPTCHA else BLOCK_OVER)
    label = f"Reset …{account.channel[-4:]} anyway"
    assert (label in buttons(question)) is (warning is not None)
    assert warning is None or warning in text(question)


async def test_who_does_not_confirm_sends_nothing(bot: Bot, ada: Visitor) -> None:
    _, alert = await ready(bot, ada)
    question = await ada.pressed(alert, RESET)
    answered = await ada.pressed(question, "Not yet")
    assert "Nothing was sent" in text(answered)
    assert buttons(answered) == {}
    assert bot.api.count(Endpoint.RESET) == 0


async def test_a_flag_that_changed_meanwhile_asks_again(bot: Bot, ada: Visitor) -> None:
    account, alert = await ready(bot, ada)
    question = await ada.pressed(alert, RESET)
    bot.api.flag(account.channel, CAPTCHA)

    again = await confirmed(ada, question, "Midjourney now says something else", CAPTCHA)

    assert bot.api.count(Endpoint.RESET) == 0
    await confirmed(ada, again, "is back in rotation")
    assert bot.api.count(Endpoint.RESET) == 1


async def test_an_account_that_is_clear_by_now_is_not_reset(bot: Bot, ada: Visitor) -> None:
    account, alert = await ready(bot, ada)
    question = await ada.pressed(alert, RESET)
    bot.api.clear(account.channel)
    await poll(ada)
    await later(bot, 10)
    await newest(ada, "It ended by itself")
    await confirmed(ada, question, "is not flagged, so I sent nothing")
    assert bot.api.count(Endpoint.RESET) == 0


# ---------------------------------------------------------------------------- verdicts


async def test_a_reset_that_works_is_verified_and_turns_everyones_message_green(
    bot: Bot, ada: Visitor, bea: Visitor
) -> None:
    bot.api.add()
    await bot.start(OWNER_IDS=f"{ada.person.id},{bea.person.id}")
    account, alert = await flagged(bot, ada)

    done = await confirmed(ada, await ada.pressed(alert, RESET), "is back in rotation")

    assert [each["url"] for each in buttons(done).values()] == [
        f"https://discord.com/channels/@me/{ada.dm}/{alert['id']}"
    ]
    for owner in (ada, bea):
        green = await newest(owner, "is back. It was out for", f"It ended with <@{ada.person.id}>'s reset")
        assert buttons(green) == {}
    await nothing_more(ada, 1)
    await nothing_more_for(bea)
    card = text(await ada.picked(await ada.ask("mjaccounts"), account.channel))
    assert "back in rotation" in card


async def nothing_more_for(other: Visitor) -> None:
    """Make sure that another owner got the alert and the test of the first, and nothing else."""
    assert len(other.received()) == 2


async def test_a_list_that_lags_is_read_again_until_it_is_clear(bot: Bot, ada: Visitor) -> None:
    bot.sleep = pauses = Pauses()
    account, alert = await ready(bot, ada)
    account.lingers = 1
    await confirmed(ada, await ada.pressed(alert, RESET), "is back in rotation")
    assert pauses.waited == [15]


async def test_a_flag_that_stays_is_called_not_yet_cleared(bot: Bot, ada: Visitor) -> None:
    bot.sleep = pauses = Pauses()
    account, alert = await ready(bot, ada)
    account.lingers = 99
    await confirmed(ada, await ada.pressed(alert, RESET), "is still flagged", MODERATION)
    assert pauses.waited == [15, 45]
    assert bot.api.count(Endpoint.RESET) == 1
    card = text(await ada.picked(await ada.ask("mjaccounts"), account.channel))
    assert "tried to reset it, but it was still flagged" in card
    assert "moderation message pending" in text(await ada.ask("mjstatus"))


async def test_a_flag_that_comes_back_is_pushed_at_once_where_all_else_is_over(
    bot: Bot, ada: Visitor
) -> None:
    account, alert = await ready(bot, ada)
    await confirmed(ada, await ada.pressed(alert, RESET), "is back in rotation")
    await newest(ada, "It ended with")
    bot.api.flag(account.channel, MODERATION)
    await poll(ada)
    shown = await newest(ada, "is flagged again after the reset", "It was reset", number=2)
    assert not is_silent(shown)
    assert RESET in buttons(shown)
    await nothing_more(ada, 2)


async def test_another_flag_after_the_reset_is_called_flagged_again(bot: Bot, ada: Visitor) -> None:
    account, alert = await ready(bot, ada)
    bot.sleep = Pauses()
    account.lingers = 0
    at_reset(bot, lambda: bot.api.flag(account.channel, CAPTCHA))
    await confirmed(ada, await ada.pressed(alert, RESET), "is flagged again", CAPTCHA)
    await newest(ada, "needs you", CAPTCHA)


async def test_an_account_that_is_not_configured_any_more_is_called_that(bot: Bot, ada: Visitor) -> None:
    account, alert = await ready(bot, ada)
    question = await ada.pressed(alert, RESET)
    bot.api.remove(account.channel)
    await confirmed(ada, question, "is not configured any more")
    await newest(ada, "is not configured any more. It had been flagged for")


@pytest.mark.parametrize("then", [Fault.VANISHED, Fault.UNAUTHORIZED], ids=["outage", "refusal"])
async def test_a_reset_nobody_can_see_the_end_of_is_not_sent_again(
    bot: Bot, ada: Visitor, then: Fault
) -> None:
    bot.sleep = Pauses()
    _, alert = await ready(bot, ada)
    question = await ada.pressed(alert, RESET)
    bot.api.fault(Fault.CUT_OFF, endpoint=Endpoint.RESET)
    at_reset(bot, lambda: bot.api.fault(then))

    pressed = await ada.press(question, next(iter(buttons(question))))
    await bot.world.wait_for(
        lambda: pressed.message and "I could not tell whether" in text(pressed.message), 30
    )

    assert bot.api.count(Endpoint.RESET) == 1
    bot.api.mend()
    await poll(ada)
    assert "recovering" in text(await ada.ask("mjstatus"))


async def test_a_list_that_cannot_be_read_first_lets_nothing_be_sent(bot: Bot, ada: Visitor) -> None:
    _, alert = await ready(bot, ada)
    question = await ada.pressed(alert, RESET)
    bot.api.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST)
    await confirmed(ada, question, "could not read the list, so I sent no reset")
    assert bot.api.count(Endpoint.RESET) == 0


async def test_a_refused_reset_says_why_where_the_question_stood(bot: Bot, ada: Visitor) -> None:
    _, alert = await ready(bot, ada)
    question = await ada.pressed(alert, RESET)
    bot.api.fault(Fault.UNPAID, endpoint=Endpoint.RESET)
    result = await confirmed(ada, question, "subscription is missing")
    assert buttons(result) == {}
    bot.api.mend()
    await confirmed(ada, await ada.pressed(alert, RESET), "is back in rotation")


# ------------------------------------------------------------------------------- people


async def test_two_owners_at_once_send_one_reset(bot: Bot, ada: Visitor, bea: Visitor) -> None:
    bot.api.add()
    await bot.start(OWNER_IDS=f"{ada.person.id},{bea.person.id}")
    _, alert = await flagged(bot, ada)
    other = await newest(bea, "needs you")
    questions = [await ada.pressed(alert, RESET), await bea.pressed(other, RESET)]
    bot.api.slow = 0.3

    pressed = [
        await person.press(question, next(iter(buttons(question))))
        for person, question in zip((ada, bea), questions, strict=True)
    ]

    def outcomes() -> set[str]:
        result = [text(each.message) if each.message else "" for each in pressed]
        words = ("is back in rotation", "is already resetting")
        return {word for word in words if any(word in one for one in result)}

    await bot.world.wait_for(lambda: len(outcomes()) == 2, 10)
    assert bot.api.count(Endpoint.RESET) == 1


async def test_the_command_resets_by_name(bot: Bot, ada: Visitor) -> None:
    account, _ = await ready(bot, ada)
    await ada.ask("mjname", account=account.channel, name="Studio B")
    question = await ada.ask("mjreset", account="studio b")
    assert MODERATION in text(question)
    assert button(question, "Yes, reset Studio B")
    await confirmed(ada, question, "is back in rotation")
    assert "is not flagged, so I sent nothing" in text(await ada.ask("mjreset", account="Studio B"))


async def test_the_command_is_for_owners_alone(bot: Bot, ada: Visitor, bea: Visitor) -> None:
    account, _ = await ready(bot, ada)
    refused = await bea.use("mjreset", account=account.channel)
    assert "Only this bot's owners" in text(await refused.answer())
    assert refused.ephemeral
    assert bot.api.count(Endpoint.RESET) == 0


async def test_a_reset_that_did_not_last_is_reported_as_that(bot: Bot, ada: Visitor) -> None:
    account, alert = await ready(bot, ada)
    await confirmed(ada, await ada.pressed(alert, RESET), "is back in rotation")
    await later(bot, 6)
    await newest(ada, "is back. It was out for")
    bot.api.flag(account.channel, MODERATION)
    await poll(ada)
    again = await newest(ada, "is flagged again after the reset", "It was reset <t:", number=2)
    assert not is_silent(again)
    assert RESET in buttons(again)
