"""`/mjremove`: names what goes, asks, and then it is not configured any more, here as at the API."""

import pytest

from tests.simulators.discord import Json
from tests.simulators.useapi import MODERATION, Endpoint, Fault, SimulatedAccount
from tests.support.reading import buttons, text
from tests.support.running import SOON_GIVEN_UP, Bot, Visitor
from tests.support.watching import flagged, later, newest, nothing_more, poll

NOT_CONFIGURED = "is not configured any more."


def label(account: SimulatedAccount) -> str:
    return f"…{account.channel[-4:]}"


async def asked(visitor: Visitor, account: SimulatedAccount) -> Json:
    """Use /mjremove and return its question."""
    return await visitor.ask("mjremove", account=account.channel)


async def confirmed(visitor: Visitor, question: Json) -> Json:
    """Confirm, and return the question as it is shown after that."""
    yes, _ = buttons(question)
    return await visitor.pressed(question, yes)


# ------------------------------------------------------------------- the question


async def test_it_names_what_will_be_removed_and_asks_in_private(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add(max_jobs=12)
    await bot.start()
    await ada.ask("mjname", account=account.channel, name="Aurora")
    use = await ada.use("mjremove", account="Aurora")
    question = await use.answer()
    assert use.ephemeral
    assert "Do you want to remove **Aurora** from useapi.net?" in question["content"]
    assert account.channel in text(question)
    assert "you need its Discord token again" in text(question)
    assert list(buttons(question)) == ["Yes, remove Aurora", "Not now"]
    assert bot.api.count(Endpoint.REMOVE) == 0


async def test_it_completes_and_refuses_what_nobody_configured(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    await bot.start()
    assert [choice.value for choice in await ada.complete("mjremove", "")] == [account.channel]
    assert "No configured account" in (await ada.ask("mjremove", account="nobody"))["content"]


async def test_nobody_but_an_owner_may_ask_or_confirm(bot: Bot, ada: Visitor, bea: Visitor) -> None:
    account = bot.api.add()
    await bot.start()
    assert "Only this bot's owners" in (await asked(bea, account))["content"]
    question = await asked(ada, account)
    bot.world.give_to_team((bot.world.second_owner, "admin"))
    yes, _ = buttons(question)
    refused = await ada.press(question, yes)
    await bot.world.wait_for(lambda: refused.followups)
    assert "Only this bot's owners" in refused.followups[0]["content"]
    assert bot.api.count(Endpoint.REMOVE) == 0


async def test_not_now_removes_nothing(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    await bot.start()
    answer = await ada.pressed(await asked(ada, account), "Not now")
    assert "Nothing was removed." in answer["content"]
    assert buttons(answer) == {}
    assert bot.api.count(Endpoint.REMOVE) == 0


async def test_an_id_that_is_none_is_not_acted_on(bot: Bot, ada: Visitor) -> None:
    bot.api.add(channel="not-an-id")
    await bot.start()
    answer = await ada.ask("mjremove", account="not-an-id")
    assert "something that is not a Discord channel id" in answer["content"]


# ------------------------------------------------------------------- removed


async def test_a_removed_account_is_known_nowhere_at_once(bot: Bot, ada: Visitor) -> None:
    account, other = bot.api.add(), bot.api.add()
    await bot.start()
    answer = await confirmed(ada, await asked(ada, account))
    assert f"**{label(account)}** {NOT_CONFIGURED}" in answer["content"]
    assert buttons(answer) == {}
    assert answer["embeds"] == []
    assert list(bot.api.accounts) == [other.channel]
    assert [choice.value for choice in await ada.complete("mjinfo", "")] == [other.channel]
    assert account.channel not in text(await ada.ask("mjaccounts"))
    owner = ada.person.id
    assert await bot.actions() == [
        (owner, "remove", account.channel, "asked"),
        (owner, "remove", account.channel, "done"),
    ]


async def test_an_account_the_api_does_not_know_any_more_ends_the_same_way(bot: Bot, ada: Visitor) -> None:
    account, _ = bot.api.add(), bot.api.add()
    await bot.start()
    question = await asked(ada, account)
    bot.api.remove(account.channel)
    answer = await confirmed(ada, question)
    assert bot.api.requests[-2].status == 404
    assert NOT_CONFIGURED in answer["content"]


async def test_row_41_the_last_account_goes_without_an_alarm(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    await bot.start()
    answer = await confirmed(ada, await asked(ada, account))
    assert NOT_CONFIGURED in answer["content"]
    assert "No account is configured" in text(await ada.ask("mjaccounts"))
    await nothing_more(ada, 0)


async def test_accounts_that_were_removed_elsewhere_are_believed_gone_once_it_is_said_of_each(
    bot: Bot, ada: Visitor
) -> None:
    accounts = [bot.api.add(), bot.api.add()]
    await bot.start()
    for account in accounts:
        bot.api.remove(account.channel)
    await poll(ada)
    assert "If you removed them there, use /mjremove for each, too." in text(await ada.ask("mjaccounts"))
    await later(bot, 1)
    await newest(ada, "Accounts have vanished", "use /mjremove for each")
    for account in accounts:
        await confirmed(ada, await asked(ada, account))
    await newest(ada, "I can see your accounts again")
    assert "No account is configured" in text(await ada.ask("mjaccounts"))


async def test_its_open_incident_ends_as_removed(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    bot.api.add()
    await bot.start()
    account, _ = await flagged(bot, ada)
    await confirmed(ada, await asked(ada, account))
    over = await newest(ada, "not configured any more")
    assert "needs you" not in over["content"]


async def test_its_open_incident_ends_even_if_the_list_cannot_be_read(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    bot.api.add()
    await bot.start()
    account, _ = await flagged(bot, ada)
    question = await asked(ada, account)
    bot.api.fault(Fault.GATEWAY_TIMEOUT, endpoint=Endpoint.LIST)
    answer = await (await ada.press(question, next(iter(buttons(question))))).answer(timeout=20)
    assert NOT_CONFIGURED in answer["content"]
    await newest(ada, "not configured any more")
    assert account.channel not in [choice.value for choice in await ada.complete("mjinfo", "")]


async def test_a_name_comes_back_with_the_account(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    bot.api.add()
    await bot.start()
    await ada.ask("mjname", account=account.channel, name="Aurora")
    await confirmed(ada, await asked(ada, account))
    bot.api.configure(account)
    assert "**Aurora**" in text(await ada.ask("mjaccounts"))


# ------------------------------------------------------------------- two at once, restarts, waiting


async def test_two_presses_remove_once(bot: Bot, ada: Visitor) -> None:
    account, _ = bot.api.add(), bot.api.add()
    await bot.start()
    question = await asked(ada, account)
    bot.api.slow = 0.1
    yes, _ = buttons(question)
    first, second = await ada.press(question, yes), await ada.press(question, yes)
    assert NOT_CONFIGURED in (await first.answer())["content"]
    await bot.world.wait_for(lambda: "removed it <t:" in (second.message or {"content": ""})["content"])
    assert second.message is not None
    assert f"**{label(account)}** is not configured any more: <@{ada.person.id}>" in second.message["content"]
    assert bot.api.count(Endpoint.REMOVE) == 1


async def test_who_confirms_again_is_answered_the_same_although_the_list_cannot_be_read(
    bot: Bot, ada: Visitor
) -> None:
    account, _ = bot.api.add(), bot.api.add()
    await bot.start()
    questions = await asked(ada, account), await asked(ada, account)
    bot.api.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST)
    for question in questions:
        assert f"**{label(account)}** {NOT_CONFIGURED}" in (await confirmed(ada, question))["content"]


async def test_what_was_configured_again_elsewhere_is_removed_again(
    bot: Bot, ada: Visitor, bea: Visitor
) -> None:
    account, _ = bot.api.add(), bot.api.add()
    await bot.start(OWNER_IDS=f"{ada.person.id},{bea.person.id}")
    questions = await asked(ada, account), await asked(bea, account)
    await confirmed(ada, questions[0])
    bot.api.configure(account)
    answer = await confirmed(bea, questions[1])
    assert NOT_CONFIGURED in answer["content"]
    assert account.channel not in bot.api.accounts
    assert bot.api.count(Endpoint.REMOVE) == 2


async def test_what_went_elsewhere_was_gone_already(bot: Bot, ada: Visitor) -> None:
    account, _ = bot.api.add(), bot.api.add()
    await bot.start()
    question = await asked(ada, account)
    bot.api.remove(account.channel)
    await poll(ada)
    answer = await confirmed(ada, question)
    assert "is not configured any more: it was already gone when I checked" in answer["content"]
    assert bot.api.count(Endpoint.REMOVE) == 0


async def test_of_two_owners_the_second_reads_that_it_is_done(bot: Bot, ada: Visitor, bea: Visitor) -> None:
    account, _ = bot.api.add(), bot.api.add()
    await bot.start(OWNER_IDS=f"{ada.person.id},{bea.person.id}")
    questions = await asked(ada, account), await asked(bea, account)
    await confirmed(ada, questions[0])
    answer = await confirmed(bea, questions[1])
    assert f"is not configured any more: <@{ada.person.id}> removed it <t:" in answer["content"]
    assert bot.api.count(Endpoint.REMOVE) == 1


async def test_a_confirmation_pressed_after_a_restart_works(bot: Bot, ada: Visitor) -> None:
    account, _ = bot.api.add(), bot.api.add()
    await bot.start()
    question = await asked(ada, account)
    await bot.restart()
    assert NOT_CONFIGURED in (await confirmed(ada, question))["content"]


# ------------------------------------------------------------------- what goes wrong


async def test_when_the_answer_is_lost_after_the_api_acted_it_is_not_configured_any_more(
    bot: Bot, ada: Visitor
) -> None:
    account, _ = bot.api.add(), bot.api.add()
    await bot.start()
    question = await asked(ada, account)
    bot.api.fault(Fault.CUT_OFF, endpoint=Endpoint.REMOVE)
    assert NOT_CONFIGURED in (await confirmed(ada, question))["content"]
    assert bot.api.count(Endpoint.REMOVE) == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.RESET, "The connection to useapi.net broke off. So I read the list again"),
        (Fault.SERVER_ERROR, "useapi.net has a server error (500). So I read the list again"),
        (Fault.REDIRECT, "Midwatch follows no redirects (302). So I read the list again"),
        (Fault.HTML_404, "A web page answers instead of useapi.net. So I read the list again"),
    ],
    ids=["reset", "500", "302", "html-404"],
)
async def test_when_the_answer_does_not_tell_and_nothing_was_done_the_list_says_so(
    bot: Bot, ada: Visitor, fault: Fault, reason: str
) -> None:
    account, _ = bot.api.add(), bot.api.add()
    await bot.start()
    question = await asked(ada, account)
    bot.api.fault(fault, endpoint=Endpoint.REMOVE)
    answer = await confirmed(ada, question)
    assert bot.api.count(Endpoint.REMOVE) == 1
    assert f"{reason}: **{label(account)}** is still configured" in answer["content"]
    assert (await bot.actions())[-1][3] == "not done"
    assert account.channel in text(await ada.ask("mjaccounts"))


async def test_when_neither_can_be_read_it_says_so_and_nobody_is_alarmed_later(
    bot: Bot, ada: Visitor
) -> None:
    account = bot.api.add()
    await bot.start()
    question = await asked(ada, account)
    bot.api.fault(Fault.CUT_OFF, endpoint=Endpoint.REMOVE)
    bot.api.fault(Fault.HTML_200, endpoint=Endpoint.LIST)
    answer = await confirmed(ada, question)
    assert "It may have been done" in answer["content"]
    assert (await bot.actions())[-1][3] == "outcome unknown"
    bot.api.mend()
    await poll(ada)
    await nothing_more(ada, 0)


@pytest.mark.parametrize("words", [None, "Account not found"], ids=["prose", "json"])
async def test_what_the_api_does_not_know_is_not_configured_even_if_the_list_cannot_be_read(
    bot: Bot, ada: Visitor, words: str | None
) -> None:
    account, _ = bot.api.add(), bot.api.add()
    await bot.start()
    question = await asked(ada, account)
    if words is None:
        bot.api.remove(account.channel)
    else:
        bot.api.refuse(Endpoint.REMOVE, words, 404)
    bot.api.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST)
    answer = await confirmed(ada, question)
    assert f"**{label(account)}** {NOT_CONFIGURED}" in answer["content"]
    assert (await bot.actions())[-1][3] == "done"
    assert account.channel not in [choice.value for choice in await ada.complete("mjinfo", "")]


@pytest.mark.parametrize("fault", [Fault.HTML_404, Fault.GONE], ids=["html-404", "410"])
async def test_that_there_is_no_api_says_nothing_of_the_account(bot: Bot, ada: Visitor, fault: Fault) -> None:
    account = bot.api.add()
    await bot.start()
    question = await asked(ada, account)
    bot.api.fault(fault, endpoint=Endpoint.REMOVE)
    bot.api.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST)
    answer = await confirmed(ada, question)
    assert "Check USEAPI_URL" in answer["content"]
    assert (await bot.actions())[-1][3] == "outcome unknown"
    assert [choice.value for choice in await ada.complete("mjinfo", "")] == [account.channel]


async def test_where_no_connection_came_about_nothing_was_sent(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    await bot.start()
    question = await asked(ada, account)
    bot.api.fault(Fault.VANISHED)
    answer = await confirmed(ada, question)
    assert "useapi.net refuses connections." in answer["content"]
    assert (await bot.actions())[-1] == (ada.person.id, "remove", account.channel, "not sent")
    assert [choice.value for choice in await ada.complete("mjinfo", "")] == [account.channel]


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault.UNAUTHORIZED, "refused the API token"),
        (Fault.UNPAID, "subscription is missing or has expired"),
        (Fault.RATE_LIMITED, "All job slots are busy"),
    ],
    ids=["401", "402", "429"],
)
async def test_a_refused_removal_is_reported_and_the_account_stays(
    bot: Bot, ada: Visitor, fault: Fault, sentence: str
) -> None:
    account = bot.api.add()
    await bot.start()
    question = await asked(ada, account)
    bot.api.fault(fault, endpoint=Endpoint.REMOVE)
    answer = await confirmed(ada, question)
    assert sentence in answer["content"]
    assert (await bot.actions())[-1][3] == "refused"
    assert [choice.value for choice in await ada.complete("mjinfo", "")] == [account.channel]


async def test_an_account_that_is_still_listed_after_its_removal_is_reported(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    await bot.start()
    question = await asked(ada, account)
    bot.api.fault(Fault.EMPTY, endpoint=Endpoint.REMOVE)
    bot.api.changed.append(lambda: None if bot.api.accounts else bot.api.configure(account))
    answer = await confirmed(ada, question)
    assert "but still lists it" in answer["content"]
    assert (await bot.actions())[-1][3] == "outcome unknown"


async def test_what_cannot_be_written_down_first_is_not_sent(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    bot.database_waits = SOON_GIVEN_UP
    await bot.start()
    question = await asked(ada, account)
    yes, _ = buttons(question)
    async with bot.held_database():
        answer = await (await ada.press(question, yes)).answer(timeout=20)
    assert "Nothing was sent, as it could not be written down first." in answer["content"]
    assert "Try again in a minute" in answer["content"]
    assert bot.api.count(Endpoint.REMOVE) == 0


async def test_the_alert_and_the_history_of_a_removed_account_keep_its_name(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    bot.api.add()
    await bot.start()
    await ada.ask("mjname", account=account.channel, name="Aurora")
    bot.api.flag(account.channel, MODERATION)
    await poll(ada)
    await newest(ada, "Aurora needs you")
    await confirmed(ada, await asked(ada, account))
    await newest(ada, "Aurora is not configured any more")
    status = text(await ada.ask("mjstatus"))
    assert "**Aurora** · not configured any more" in status
    assert "1 account watched" in status
    await bot.restart()
    assert "**Aurora** · not configured any more" in text(await ada.ask("mjstatus"))


async def test_a_removal_by_an_earlier_version_is_recognised(bot: Bot, ada: Visitor) -> None:
    account, _ = bot.api.add(), bot.api.add()
    await bot.start()
    question = await asked(ada, account)
    bot.api.remove(account.channel)
    await poll(ada)
    row = f"(1, 7, 'remove', '{account.channel}', 'not configured any more')"
    await bot.change_database(f"INSERT INTO audit (at, actor_id, verb, channel, outcome) VALUES {row}")  # noqa: S608 - of this test
    assert "is not configured any more: <@7> removed it" in (await confirmed(ada, question))["content"]
