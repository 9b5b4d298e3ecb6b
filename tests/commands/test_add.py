"""`/mjadd`: a form for the account's token, what came of it, and everything up to date at once."""

import pytest

from tests.simulators.discord import SANDBOX_BOT_TOKEN, FaultKind, Json
from tests.simulators.useapi import SANDBOX_USEAPI_TOKEN, Endpoint, Fault, Plan
from tests.support.forming import added, form_of, opened, sent
from tests.support.reading import button, buttons, text
from tests.support.running import SOON_GIVEN_UP, Bot, Visitor

HOUR = 3_600
ANSWER_LOST = "The connection to useapi.net broke off. So I read the list again"


def parts_of(modal: Json) -> list[Json]:
    return [part.get("component", part) for part in modal["components"]]


# ------------------------------------------------------------------- the form


async def test_the_form_asks_for_token_and_jobs_and_says_what_the_plan_allows(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    modal = (await opened(ada)).modal
    assert modal is not None
    wording = " ".join(part.get("content", "") for part in parts_of(modal))
    assert "3 for Basic and Standard plans, up to 15 for Pro and Mega" in wording
    assert "If it is more than the plan allows, useapi.net rejects its jobs." in wording
    token, jobs = (part for part in parts_of(modal) if "custom_id" in part)
    assert (token["custom_id"], token["required"], token.get("value")) == ("token", True, None)
    assert (jobs["custom_id"], jobs["required"], jobs["value"]) == ("jobs", False, "3")


async def test_nobody_but_an_owner_gets_the_form(bot: Bot, bea: Visitor) -> None:
    await bot.start()
    refused = await bea.use("mjadd")
    assert "Only this bot's owners can do that" in (await refused.answer())["content"]
    assert (refused.modal, refused.ephemeral) == (None, True)


async def test_who_is_no_owner_any_more_cannot_send_the_form(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    form = await opened(ada)
    bot.world.give_to_team((bot.world.second_owner, "admin"))
    refused = await (await sent(ada, form, bot.api.newcomer().discord)).answer()
    assert "Only this bot's owners" in refused["content"]
    assert bot.api.count(Endpoint.SAVE) == 0


async def test_discord_py_keeps_nothing_of_a_form_that_is_never_sent(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    first, second = await opened(ada), await opened(ada)
    assert first.modal == second.modal
    answer = await (await sent(ada, first, bot.api.newcomer().discord)).answer()
    assert "was created" in answer["content"]


# ------------------------------------------------------------------- created and updated


async def test_an_account_is_created_and_known_everywhere_at_once(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    login = bot.api.newcomer()
    form = await sent(ada, await opened(ada), login.discord, "12")
    answer = await form.answer()
    assert form.ephemeral
    label = f"…{login.channel[-4:]}"
    assert f"**{label}** was created, channel {login.channel}, 12 jobs at a time." in answer["content"]
    assert bot.api.accounts[login.channel].max_jobs == 12
    assert f"{label} · ✅ ready" in text(answer)
    assert f"<@{ada.person.id}> added it (12 jobs)" in text(answer)
    assert [choice.value for choice in await ada.complete("mjinfo", login.channel)] == [login.channel]
    polls = bot.api.count(Endpoint.LIST)
    assert login.channel in text(await ada.ask("mjaccounts"))
    assert bot.api.count(Endpoint.LIST) == polls + 1


async def test_an_account_is_updated_by_its_token(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add(max_jobs=3)
    await bot.start()
    answer = await added(ada, account.discord, "15")
    assert f"was updated, channel {account.channel}, 15 jobs at a time." in answer["content"]
    assert "updated it (15 jobs)" in text(answer)
    assert len(bot.api.accounts) == 1


async def test_no_number_of_jobs_is_three(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    answer = await added(ada, bot.api.newcomer().discord, "")
    assert "3 jobs at a time" in answer["content"]


async def test_what_is_saved_is_known_even_if_the_list_cannot_be_read(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    bot.api.fault(Fault.UNPAID, endpoint=Endpoint.LIST)
    login = bot.api.newcomer()
    answer = await added(ada, login.discord)
    assert "was created" in answer["content"]
    assert [choice.value for choice in await ada.complete("mjinfo", login.channel)] == [login.channel]


async def test_a_name_and_a_flag_stay_when_an_account_is_updated(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    bot.api.flag(account.channel, "You have a pending moderation message.")
    await bot.start()
    await ada.ask("mjname", account=account.channel, name="Borealis")
    bot.api.fault(Fault.UNPAID, endpoint=Endpoint.LIST)
    answer = await added(ada, account.discord)
    assert "**Borealis** was updated" in answer["content"]
    assert "moderation message pending" in text(answer)
    assert "Reset" in buttons(answer)


# ------------------------------------------------------------------- two at once, restarts, waiting


async def test_a_form_sent_after_a_restart_works(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    form = await opened(ada)
    await bot.restart()
    answer = await (await sent(ada, form, bot.api.newcomer().discord)).answer()
    assert "was created" in answer["content"]


async def test_a_form_left_open_for_an_hour_works(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    form = await opened(ada)
    bot.world.pass_time(HOUR)
    answer = await (await sent(ada, form, bot.api.newcomer().discord)).answer()
    assert "was created" in answer["content"]


async def test_a_form_that_was_sent_while_the_bot_was_away_can_be_sent_again(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    form, login = await opened(ada), bot.api.newcomer()
    await bot.stop()
    unanswered = await sent(ada, form, login.discord)
    assert unanswered.kind is None
    await bot.start()
    answer = await (await sent(ada, form, login.discord)).answer()
    assert "was created" in answer["content"]
    assert bot.api.count(Endpoint.SAVE) == 1


async def test_two_owners_who_send_the_same_token_at_once_are_answered_one_after_the_other(
    bot: Bot, ada: Visitor, bea: Visitor
) -> None:
    owners = f"{ada.person.id},{bea.person.id}"
    await bot.start(OWNER_IDS=owners)
    login = bot.api.newcomer()
    bot.api.slow = 0.1
    forms = await opened(ada), await opened(bea)
    first, second = await sent(ada, forms[0], login.discord), await sent(bea, forms[1], login.discord)
    wording = sorted([(await first.answer())["content"], (await second.answer())["content"]])
    assert "was created" in wording[0]
    assert "was updated" in wording[1]
    assert len(bot.api.accounts) == 1


async def test_two_forms_with_the_same_token_end_in_one_account(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    login = bot.api.newcomer()
    forms = await opened(ada), await opened(ada)
    answers = [await (await sent(ada, form, login.discord)).answer() for form in forms]
    assert ["created" in answers[0]["content"], "updated" in answers[1]["content"]] == [True, True]
    assert list(bot.api.accounts) == [login.channel]


# ------------------------------------------------------------------- an answer that leaves it open


@pytest.mark.parametrize(
    ("fault", "wording"),
    [
        (Fault.CUT_OFF, ANSWER_LOST),
        (Fault.HALF_JSON, "in a form that Midwatch does not know. So I read the list again"),
        (Fault.OVERSIZED, "in a form that Midwatch does not know. So I read the list again"),
    ],
    ids=["cut-off", "half-json", "oversized"],
)
async def test_when_the_answer_does_not_tell_although_the_api_acted_the_list_says_what_is_so(
    bot: Bot, ada: Visitor, fault: Fault, wording: str
) -> None:
    bot.api.add()
    await bot.start()
    login = bot.api.newcomer()
    bot.api.fault(fault, endpoint=Endpoint.SAVE)
    answer = await added(ada, login.discord, "5")
    assert f"{wording}: **…{login.channel[-4:]}** is configured" in answer["content"]
    assert bot.api.count(Endpoint.SAVE) == 1
    assert f"is configured, channel {login.channel}, 5 jobs at a time" in answer["content"]
    assert "added or updated it (5 jobs)" in text(answer)
    assert [choice.value for choice in await ada.complete("mjinfo", login.channel)] == [login.channel]


@pytest.mark.parametrize(
    ("fault", "wording"),
    [
        (Fault.RESET, ANSWER_LOST),
        (Fault.SERVER_ERROR, "useapi.net has a server error (500). So I read the list again"),
        (Fault.REDIRECT, "Midwatch follows no redirects (302). So I read the list again"),
        (Fault.HTML_200, "A web page answers instead of useapi.net. So I read the list again"),
    ],
    ids=["reset", "500", "302", "html-200"],
)
async def test_when_the_answer_does_not_tell_and_nothing_was_done_the_list_says_so(
    bot: Bot, ada: Visitor, fault: Fault, wording: str
) -> None:
    bot.api.add()
    await bot.start()
    bot.api.fault(fault, endpoint=Endpoint.SAVE)
    answer = await added(ada, bot.api.newcomer().discord, "5")
    assert (
        f"{wording}: it shows no account with this token, so most likely nothing was saved"
        in answer["content"]
    )
    assert list(buttons(answer)) == ["Enter it again"]
    assert bot.api.count(Endpoint.SAVE) == 1


async def test_the_list_decides_what_is_said_of_a_change_that_did_not_arrive(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add(max_jobs=3)
    await bot.start()
    bot.api.fault(Fault.RESET, endpoint=Endpoint.SAVE)
    answer = await added(ada, account.discord, "9")
    assert "is configured as before" in answer["content"]
    assert "3 jobs at a time, not 9 jobs" in answer["content"]
    assert "tried to add or update it, but nothing changed" in text(answer)


async def test_when_neither_the_answer_nor_the_list_can_be_read_it_says_that_it_may_be_done(
    bot: Bot, ada: Visitor
) -> None:
    bot.api.add()
    await bot.start()
    bot.api.fault(Fault.CUT_OFF, endpoint=Endpoint.SAVE)
    bot.api.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST)
    answer = await added(ada, bot.api.newcomer().discord)
    assert "The connection to useapi.net broke off." in answer["content"]
    assert "It may have been done: check with /mjaccounts" in answer["content"]
    assert list(buttons(answer)) == ["Enter it again"]


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.HALF_JSON], ids=["500", "half-json"])
async def test_an_answer_that_does_not_tell_and_a_list_that_cannot_be_read_may_have_been_done(
    bot: Bot, ada: Visitor, fault: Fault
) -> None:
    bot.api.add()
    await bot.start()
    bot.api.fault(fault, endpoint=Endpoint.SAVE)
    bot.api.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST)
    answer = await added(ada, bot.api.newcomer().discord)
    assert "It may have been done: check with /mjaccounts" in answer["content"]
    assert (await bot.actions())[-1] == (ada.person.id, "save", "", "outcome unknown")


async def test_where_no_connection_came_about_nothing_was_sent(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    form = await opened(ada)
    bot.api.fault(Fault.VANISHED)
    answer = await (await sent(ada, form, bot.api.newcomer().discord)).answer()
    assert "useapi.net refuses connections." in answer["content"]
    assert "Try again in a few minutes" in answer["content"]
    assert (await bot.actions())[-1] == (ada.person.id, "save", "", "not sent")


async def test_a_success_without_a_body_is_looked_up_in_the_list(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    login = bot.api.newcomer()
    bot.api.fault(Fault.EMPTY, endpoint=Endpoint.SAVE)
    answer = await added(ada, login.discord)
    assert f"channel {login.channel}, 3 jobs at a time" in answer["content"]
    assert (await bot.actions())[-1] == (ada.person.id, "save", login.channel, "updated:3")


async def test_a_success_that_says_nothing_and_a_list_that_cannot_be_read_is_reported(
    bot: Bot, ada: Visitor
) -> None:
    bot.api.add()
    await bot.start()
    bot.api.fault(Fault.EMPTY, endpoint=Endpoint.SAVE)
    bot.api.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST)
    answer = await added(ada, bot.api.newcomer().discord)
    assert "useapi.net accepted the account, but does not say which it is" in answer["content"]
    assert buttons(answer) == {}, "what is done needs not be entered again"
    assert (await bot.actions())[-1] == (ada.person.id, "save", "", "updated:3")


# ------------------------------------------------------------------- what cannot be written down


async def test_what_cannot_be_written_down_first_is_not_sent(bot: Bot, ada: Visitor) -> None:
    bot.database_waits = SOON_GIVEN_UP
    await bot.start()
    async with bot.held_database():
        form = await sent(ada, await opened(ada), bot.api.newcomer().discord)
        answer = await form.answer(timeout=30)
    assert "Nothing was sent, as it could not be written down first." in answer["content"]
    assert "Try again in a minute" in answer["content"]
    assert list(buttons(answer)) == ["Enter it again"]
    assert bot.api.count(Endpoint.SAVE) == 0


async def test_an_account_that_was_saved_is_shown_although_that_cannot_be_written_down(
    bot: Bot, ada: Visitor
) -> None:
    bot.database_waits = SOON_GIVEN_UP
    await bot.start()
    login = bot.api.newcomer()
    bot.api.fault(Fault.SLOW, endpoint=Endpoint.SAVE)
    bot.api.slow_seconds = 0.5
    form = await sent(ada, await opened(ada), login.discord)
    await bot.world.wait_for(lambda: bot.api.count(Endpoint.SAVE), 10)
    async with bot.held_database():
        answer = await form.answer(timeout=30)
    assert "was created" in answer["content"]


@pytest.mark.parametrize("kind", [FaultKind.ERROR, FaultKind.RESET])
async def test_nobody_reads_that_it_failed_where_only_the_answer_did(
    bot: Bot, ada: Visitor, kind: FaultKind
) -> None:
    await bot.start()
    login = bot.api.newcomer()
    bot.world.fault(kind, method="PATCH", path="/webhooks/*", status=400, code=50035, times=1)
    answer = await added(ada, login.discord)
    assert "Discord did not accept the answer" in answer["content"]
    assert "may have been done" in answer["content"]
    assert "did not work" not in answer["content"]
    assert login.channel in bot.api.accounts


# ------------------------------------------------------------------- entered again


async def test_what_was_refused_can_be_entered_again_with_one_press(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    login = bot.api.newcomer(plan=Plan.BASIC)
    refused = await added(ada, login.discord, "9")
    assert "at most 3 jobs" in refused["content"]
    form = await form_of(ada, refused, "Enter it again")
    assert button(refused, "Enter it again")["label"] == "Enter it again"
    answer = await (await sent(ada, form, login.discord, "3")).answer()
    assert "was created" in answer["content"]


@pytest.mark.parametrize(
    ("jobs", "offered"),
    [
        pytest.param("12", "12", id="a-number"),
        pytest.param(" 012", "12", id="in-other-words"),
        pytest.param("", "3", id="nothing"),
        pytest.param("99", "3", id="too-many"),
        pytest.param("0.1.", "3", id="no-number"),
    ],
)
async def test_who_enters_it_again_finds_the_number_of_jobs_there(
    bot: Bot, ada: Visitor, jobs: str, offered: str
) -> None:
    await bot.start()
    refused = await added(ada, "half-a-token", jobs)
    form = await form_of(ada, refused, "Enter it again")
    assert form.modal is not None
    token, number = (part for part in parts_of(form.modal) if "custom_id" in part)
    assert (number["value"], token.get("value")) == (offered, None)


async def test_who_enters_it_again_for_an_account_finds_its_form_as_it_was_sent(
    bot: Bot, ada: Visitor
) -> None:
    account = bot.api.add(max_jobs=9)
    await bot.start()
    card = await ada.picked(await ada.ask("mjaccounts", private=True), account.channel)
    for jobs, offered in (("12", "12"), ("many", "9")):
        refused = await (await sent(ada, await form_of(ada, card, "Update"), "half-a-token", jobs)).answer()
        form = await form_of(ada, refused, "Enter it again")
        assert form.modal is not None
        assert form.modal["title"] == f"Update …{account.channel[-4:]}"
        assert parts_of(form.modal)[2]["value"] == offered


@pytest.mark.parametrize("secret", [SANDBOX_BOT_TOKEN, SANDBOX_USEAPI_TOKEN], ids=["the-bot's", "useapi's"])
async def test_midwatchs_own_tokens_are_sent_nowhere(bot: Bot, ada: Visitor, secret: str) -> None:
    await bot.start()
    answer = await added(ada, secret)
    assert "token" in answer["content"]
    assert bot.api.count(Endpoint.SAVE) == 0
