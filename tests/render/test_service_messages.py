"""A service problem is shown in plain words with a next step, and its end with what changed."""

from dataclasses import replace

import discord
import pytest

from bot.domain.accounts import Account, Flag, FlagKind, KnownAccount
from bot.domain.errors import Cause
from bot.domain.incidents import Ending, Incident, Reason, ServiceProblem, State
from bot.domain.messages import Purpose, reference
from bot.render.alert_messages import content_of
from bot.render.message_content import MessageContent
from tests.support.render_samples import (
    ACCOUNTS,
    MESSAGE,
    MINUTE,
    NOW,
    assert_sendable,
    incident,
    message,
    seen,
    service,
)


def shown(
    problem: Incident,
    *others: Incident,
    purpose: Purpose = Purpose.SERVICE,
    reason: Reason = Reason.OPENED,
) -> MessageContent:
    incidents = {each.key: each for each in (problem, *others)}
    return content_of(message((problem, reason), purpose=purpose), incidents, ACCOUNTS)


def over(problem: ServiceProblem) -> Incident:
    end = NOW + 20 * MINUTE
    return service(
        problem,
        state=State.ENDED,
        ended_at=end,
        ending=Ending.RECOVERED,
        blind_from=NOW - 6 * MINUTE,
        blind_until=end,
    )


def test_an_outage_reads_from_what_happened_to_what_to_do() -> None:
    assert (
        seen(shown(service(ServiceProblem.UNREACHABLE), incident(0), incident(1)))
        == f"""\
⚠️ I cannot see your accounts. useapi.net does not answer.
⚠️ Not watching now
No successful check since <t:1768355640:f> (<t:1768355640:R>).
Meanwhile I cannot see new flags. Alerts about accounts stay as they are, without reminders.
[When last seen]
7 accounts, 2 flagged: Aurora and Borealis.
[What to do]
1. Nothing yet: I keep trying, and this message turns green once it answers.
2. If the problem lasts, check that useapi.net is up and that this machine has a network.
Midwatch · {reference(MESSAGE)}"""
    )


@pytest.mark.parametrize("cause", Cause)
def test_each_cause_of_an_outage_has_its_first_line_its_step_and_its_place_in_the_recovery(
    cause: Cause,
) -> None:
    unknown = seen(shown(service(ServiceProblem.UNREACHABLE)))
    problem = service(ServiceProblem.UNREACHABLE, cause=cause)
    posted = shown(problem)
    assert posted.content.startswith("⚠️ I cannot see your accounts. ")
    assert (posted.content.splitlines()[0] in unknown) is (cause is Cause.SILENT)
    assert ("1. Nothing yet: I keep trying" in seen(posted)) is (cause is not Cause.NEEDS_REDIS)
    assert_sendable(posted)
    cause_text = posted.content.removeprefix("⚠️ I cannot see your accounts. ")
    assert f"Cause: {cause_text}" in seen(shown(replace(over(ServiceProblem.UNREACHABLE), cause=cause)))


@pytest.mark.parametrize(
    ("problem", "cause", "content", "step"),
    [
        (
            ServiceProblem.UNREACHABLE,
            Cause.SERVER_ERROR,
            "useapi.net has a server error.",
            "2. If the problem lasts, ask useapi.net: this machine and its network are not the reason.",
        ),
        (
            ServiceProblem.UNREACHABLE,
            Cause.REFUSED,
            "useapi.net refuses connections.",
            "2. If the problem lasts, check that useapi.net is up, and check USEAPI_URL.",
        ),
        (
            ServiceProblem.UNREACHABLE,
            Cause.WEB_PAGE,
            "A web page answers instead of useapi.net.",
            "2. Check USEAPI_URL, and whether useapi.net still offers its Midjourney API.",
        ),
        (
            ServiceProblem.GONE,
            Cause.WEB_PAGE,
            "A web page answers instead of useapi.net.",
            "1. Check USEAPI_URL, and whether useapi.net still offers its Midjourney API.",
        ),
        (
            ServiceProblem.UNPAID,
            Cause.QUOTA,
            "Your useapi.net subscription does not cover this many accounts.",
            "1. Renew or extend the subscription at useapi.net.",
        ),
    ],
)
def test_an_outage_names_its_cause_and_what_fits_it(
    problem: ServiceProblem, cause: Cause, content: str, step: str
) -> None:
    posted = shown(service(problem, cause=cause))
    assert posted.content == f"⚠️ I cannot see your accounts. {content}"
    assert step in seen(posted).splitlines()


@pytest.mark.parametrize(
    ("problem", "content", "step"),
    [
        (
            ServiceProblem.TOKEN,
            "⚠️ I cannot see your accounts. useapi.net refused the API token.",
            "2. Put it into USEAPI_TOKEN and restart me.",
        ),
        (
            ServiceProblem.UNPAID,
            (
                "⚠️ I cannot see your accounts. "
                "Your useapi.net subscription has expired or does not cover all accounts."
            ),
            "1. Renew or extend the subscription at useapi.net.",
        ),
        (
            ServiceProblem.GONE,
            "⚠️ I cannot see your accounts. useapi.net has shut down its Midjourney service.",
            "2. If another server offers you the same API, put its address into USEAPI_URL and restart me.",
        ),
        (
            ServiceProblem.LIST_GONE,
            "⚠️ Accounts have vanished: useapi.net lists none of yours any more, or less than half.",
            "1. Check at useapi.net that your accounts are still configured, and add what is missing.",
        ),
        (
            ServiceProblem.PENDING,
            "⚠️ I cannot see your accounts. useapi.net answers with error 596 instead of the list.",
            "1. Do what the message about the account says.",
        ),
        (
            ServiceProblem.AWAY,
            "⚠️ I cannot see your accounts. I was not running, or an older database was put back.",
            "1. Nothing: I am running again.",
        ),
    ],
)
def test_each_problem_has_its_first_line_and_its_next_step(
    problem: ServiceProblem, content: str, step: str
) -> None:
    posted = shown(service(problem))
    assert posted.content == content
    assert step in seen(posted).splitlines()
    assert "7 accounts, none flagged." in seen(posted)
    assert_sendable(posted)


def test_a_596_in_place_of_the_list_quotes_it_and_links_every_account() -> None:
    cause_text = "You have a pending moderation message. Please acknowledge it before using the bot further."
    posted = shown(service(ServiceProblem.PENDING, flag=Flag.of(cause_text)))
    assert posted.content == ("⚠️ One of your accounts needs you: useapi.net does not say which (error 596).")
    words = seen(posted)
    assert cause_text in words
    (linked,) = [field.value or "" for field in posted.embeds[0].fields if field.name == "Your accounts"]
    links = [known.account.link for known in ACCOUNTS.values() if known.account.link]
    assert links
    assert all(f"]({link})" in linked for link in links)
    assert "3. Only then use /mjreset and pick that account" in words
    assert_sendable(posted)


def test_a_596_without_a_text_quotes_nobody() -> None:
    words = seen(shown(service(ServiceProblem.PENDING, flag=Flag("", FlagKind.MODERATION))))
    assert "\nuseapi.net reports a pending moderation message or CAPTCHA, without details.\n" in words
    assert "```" not in words
    assert "says]" not in words


def test_a_596_in_place_of_the_list_stays_sendable_with_many_accounts_and_a_long_message() -> None:
    many = {f"{10**17 + number}": KnownAccount(Account(f"{10**17 + number}")) for number in range(500)}
    problem = service(ServiceProblem.PENDING, flag=Flag.of("```" + "moderation " * 300))
    assert_sendable(
        content_of(message((problem, Reason.OPENED), purpose=Purpose.SERVICE), {problem.key: problem}, many)
    )


def test_the_start_of_an_outage_is_the_last_successful_poll() -> None:
    problem = service(ServiceProblem.UNREACHABLE, blind_from=NOW - 7 * MINUTE)
    assert "No successful check since <t:1768355580:f>" in seen(shown(problem))


def test_a_recovery_names_the_blind_window_and_what_changed_in_it() -> None:
    problem = over(ServiceProblem.UNREACHABLE)
    start, end = problem.blind_from, problem.blind_until
    gone = incident(0, state=State.CLEARING, clear_since=end, blind_from=start, blind_until=end)
    found = incident(1, opened_at=end, blind_from=start, blind_until=end)
    before = incident(2, blind_from=NOW - 90 * MINUTE, blind_until=NOW - 80 * MINUTE)
    posted = shown(problem, gone, found, before, incident(3))
    assert posted.embeds[0].colour == discord.Colour.green()
    assert (
        seen(posted)
        == f"""\
✅ I can see your accounts again. I was blind for 26 min (<t:1768355640:t> - <t:1768357200:t>).
✅ Watching again
Cause: useapi.net does not answer.
[What changed meanwhile]
Newly flagged: Borealis.
Not flagged any more: Aurora.
Midwatch · {reference(MESSAGE)}"""
    )


def test_a_recovery_that_found_nothing_new_says_so() -> None:
    words = seen(shown(over(ServiceProblem.TOKEN), incident(0)))
    assert "Nothing changed." in words


def test_a_note_reports_an_absence_of_the_bot() -> None:
    assert seen(shown(over(ServiceProblem.AWAY), purpose=Purpose.NOTE)) == (
        "👀 I have no record of 26 min (<t:1768355640:t> - <t:1768357200:t>). "
        "I was not running, or an older database was put back. I am watching again.\n"
        "Nothing changed.\n"
        f"Midwatch · {reference(MESSAGE)}"
    )


def test_of_two_problems_the_open_one_is_shown() -> None:
    ended, open_one = over(ServiceProblem.TOKEN), service(ServiceProblem.UNREACHABLE, key="d" * 32)
    sent = message((ended, Reason.OPENED), (open_one, Reason.OPENED), purpose=Purpose.SERVICE)
    posted = content_of(sent, {ended.key: ended, open_one.key: open_one}, ACCOUNTS)
    assert posted.content == "⚠️ I cannot see your accounts. useapi.net does not answer."


@pytest.mark.parametrize(
    ("problem", "content"),
    [
        (
            service(ServiceProblem.UNREACHABLE),
            "⏰ I still cannot see your accounts. useapi.net does not answer.",
        ),
        (
            service(ServiceProblem.LIST_GONE),
            "⏰ Accounts are still missing: useapi.net lists none of yours any more, or less than half.",
        ),
        (
            service(ServiceProblem.PENDING, flag=Flag.of("blocked"), cause=Cause.REJECTED),
            "⏰ One of your accounts still needs you: useapi.net does not say which (error 596).",
        ),
    ],
)
def test_a_reminder_of_an_outage_says_on_the_lock_screen_that_it_is_one(
    problem: Incident, content: str
) -> None:
    assert shown(problem, reason=Reason.REMINDER).content == content
    over = replace(problem, state=State.ENDED, ended_at=NOW, blind_until=NOW)
    assert "still" not in str(shown(over, reason=Reason.REMINDER).content)
