"""`/mjstatus` begins with what is wrong, fits whatever there is to say, and presence sums it up."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.accounts import KnownAccount
from bot.domain.errors import Cause
from bot.domain.incidents import Ending, Incident, Reason, ServiceProblem, State
from bot.domain.messages import DM_REFUSED, Delivery, Message, MessageItem, Purpose, Route, RouteState
from bot.domain.providers import USEAPI
from bot.domain.watch_status import PollStatus, WatchStatus
from bot.domain.wellness import ProblemKind, WatchProblem
from bot.notifications.discord_transport import BODY_CODES, BROKEN_CODES
from bot.render.error_messages import cause_texts
from bot.render.presence import presence_text
from bot.render.routes import failure_sentence
from bot.render.status_page import STATUS_LIMIT, status
from bot.render.text import length
from tests.support.in_any_language import in_any_language
from tests.support.render_samples import (
    ACCOUNTS,
    BLOCKED,
    MINUTE,
    NOW,
    OTHER,
    OWNER,
    account,
    accounts,
    assert_harmless,
    channel,
    ended,
    entries,
    hostile,
    incident,
    message,
    moments,
    service,
)

HOUR = timedelta(hours=1)
CALM = WatchStatus(
    NOW,
    ACCOUNTS,
    routes=[RouteState(OWNER, Route.DM, NOW - HOUR)],
    polls=[PollStatus(last_success=NOW - MINUTE, next_poll=NOW + MINUTE)],
)
STUCK = message((incident(), Reason.OPENED), failing_since=NOW - MINUTE, failure="50007", attempts=3)


LEFT = replace(STUCK, delivery=Delivery.DONE, channel_id=7, message_id=8, failure="50083")


def words(watch: WatchStatus) -> str:
    return "\n".join(status(watch))


def test_when_all_is_well_it_is_short() -> None:
    assert (
        words(CALM)
        == f"""\
## Midwatch
✅ **7 accounts watched, all ready**
Last successful check at <t:1768355940:T>. Next check at <t:1768356060:T>.
### How I reach the owners
✅ <@{OWNER}> · direct message · last worked <t:1768352400:f>"""
    )


def test_it_says_how_old_the_last_backup_is_and_why_there_is_none_since() -> None:
    good = replace(CALM, last_backup=NOW - HOUR)
    assert words(good).endswith("### Backup of the database\nLast one <t:1768352400:R>.")
    assert words(replace(good, no_backup="The disk is *full*.")).endswith(
        "### Backup of the database\n⚠️ The disk is \\*full\\*. I keep trying.\nLast one <t:1768352400:R>."
    )


def test_it_reads_from_what_is_wrong_to_what_is_over() -> None:
    held = replace(
        message((incident(), Reason.OPENED), (incident(1), Reason.OPENED)),
        recipient=OTHER,
        due_at=NOW + MINUTE,
    )
    watch = replace(
        CALM,
        incidents=[
            incident(0, BLOCKED, snoozed_until=NOW + HOUR),
            incident(1, assigned_to=OTHER, assigned_at=NOW),
            incident(4, opened_at=NOW),
            ended(2),
            ended(3, Ending.REMOVED),
            service(
                ServiceProblem.UNREACHABLE,
                state=State.ENDED,
                ended_at=NOW - MINUTE,
                blind_from=NOW - 7 * MINUTE,
            ),
        ],
        messages=[STUCK, held, replace(STUCK, delivery=Delivery.SENT, recipient=7)],
        mutes={channel(2): NOW + HOUR, None: NOW + 8 * HOUR, channel(3): NOW - HOUR},
        routes=[
            RouteState(OWNER, Route.DM, NOW - HOUR, "50007"),
            RouteState(OWNER, Route.CHANNEL),
        ],
        other_copy_at=NOW,
        next_times={incident(0).key: NOW + 9 * HOUR, incident(1).key: NOW + 4 * HOUR},
    )
    assert (
        words(watch)
        == f"""\
📪 **1 message for <@{OWNER}> cannot be delivered**, first tried <t:1768355940:R>. \
Their direct messages are closed. They must allow them from my server. I keep trying.
🔇 **All accounts are muted** until <t:1768384800:f> (<t:1768384800:R>).
🔇 **Cirrus is muted** until <t:1768359600:f> (<t:1768359600:R>).
👥 **Another copy of this bot answers too**, last seen <t:1768356000:R>. \
Stop one of them, or reset the bot's token.
## Midwatch
⚠️ **7 accounts watched, 3 need you**
Last successful check at <t:1768355940:T>. Next check at <t:1768356060:T>.
### Open: 3
**Ember** · ⚠️ moderation message pending · flagged <t:1768356000:R>
**Borealis** · ⚠️ moderation message pending · flagged <t:1768355400:R> · <@{OTHER}> is on it · \
no reminders until <t:1768370400:f> (<t:1768370400:R>)
**Aurora** · ⛔ blocked · flagged <t:1768355400:R> · block ends <t:1768614600:f> (<t:1768614600:R>) · \
no reminders until <t:1768388400:f> (<t:1768388400:R>)
### Messages waiting: 2
Alert about 1 account for <@{OWNER}>: tried 3 times, next at <t:1768356000:T>. \
Their direct messages are closed. They must allow them from my server.
Alert about 2 accounts for <@{OTHER}>: waits until <t:1768356060:T>, \
because they were notified less than 5 min ago
### How I reach the owners
⚠️ <@{OWNER}> · direct message · **does not work** · last worked <t:1768352400:f> · \
Their direct messages are closed. They must allow them from my server.
⚪ <@{OWNER}> · alert channel · not used so far
### Recently resolved
**Cirrus** · back after 25 min (<t:1768355400:t> - <t:1768356900:t>) · <t:1768356900:R>
**Dusk** · not configured any more after 25 min (<t:1768355400:t> - <t:1768356900:t>) · <t:1768356900:R>
Could not see your accounts · 6 min · <t:1768355940:R> · useapi.net does not answer."""
    )


def test_a_watch_that_sees_nothing_says_why() -> None:
    watch = replace(
        CALM,
        incidents=[service(ServiceProblem.UNREACHABLE)],
        polls=[PollStatus(next_poll=NOW + MINUTE, failures=12, why="useapi.net did not answer in time.")],
    )
    assert status(watch)[0] == (
        "## Midwatch\n"
        "⚠️ **I cannot see your accounts. useapi.net does not answer.** This began <t:1768355640:f>.\n"
        "No successful check yet. Next check at <t:1768356060:T>.\n"
        "The last 12 checks failed. useapi.net did not answer in time."
    )


@pytest.mark.parametrize(
    ("purpose", "line"),
    [
        (Purpose.SERVICE, "Alert about the API"),
        (Purpose.NOTE, "Note"),
        (Purpose.HELLO, "Hello"),
        (Purpose.TEST, "Test"),
    ],
)
def test_each_kind_of_message_that_waits_is_named(purpose: Purpose, line: str) -> None:
    watch = replace(CALM, messages=[message(purpose=purpose)])
    assert f"### Messages waiting: 1\n{line} for <@{OWNER}>: going out now\n" in words(watch)


def test_a_reminder_that_waits_is_called_one() -> None:
    reminder = message(
        purpose=Purpose.ALERT, entries=(MessageItem("a", Reason.REMINDER), MessageItem("b", None))
    )
    assert "Reminder about 2 accounts for" in words(replace(CALM, messages=[reminder]))
    worse = replace(reminder, entries=(MessageItem("a", Reason.REMINDER), MessageItem("b", Reason.WORSE)))
    assert "Alert about 2 accounts for" in words(replace(CALM, messages=[worse]))


@pytest.mark.parametrize(
    ("failure", "wording"),
    [
        ("50013", "I may not write in the channel. Give my role Send Messages there."),
        ("20026", "Discord restricts the bot. You can appeal it in the Developer Portal."),
        ("40333", "Discord's edge refuses me."),
        ("ClientOSError", "Discord or the network fails (`ClientOSError`)."),
        (None, "No reason was given."),
    ],
)
def test_a_failure_is_put_into_words(failure: str | None, wording: str) -> None:
    assert failure_sentence(failure) == wording


def test_a_thousand_of_everything_is_counted_and_what_is_wrong_stays_first() -> None:
    watch = replace(
        CALM,
        incidents=[*(incident(n) for n in range(1000)), *(ended(n) for n in range(2000, 3000))],
        messages=[replace(STUCK, recipient=10**18 + n) for n in range(1000)],
        mutes={channel(n): NOW + HOUR for n in range(1000)},
        routes=[RouteState(10**18 + n, Route.DM) for n in range(1000)],
        polls=[PollStatus(why="w" * 900, failures=3)],
    )
    texts = status(watch)
    assert sum(map(length, texts)) <= STATUS_LIMIT
    assert texts[0].startswith("📪")
    assert "## Midwatch" in texts[1]
    assert "### Open: 1,000" in texts[2]
    assert "more lines" in texts[2]


@pytest.mark.parametrize(
    ("watched", "open_count", "problem", "muted", "wording"),
    [
        (7, 0, None, False, "7 accounts watched, all ready"),
        (1, 0, None, False, "1 account watched, all ready"),
        (7, 2, None, False, "2 need you"),
        (7, 1, None, True, "1 needs you · muted"),
        (7, 2, ServiceProblem.UNREACHABLE, False, "useapi.net does not answer"),
        (7, 2, ServiceProblem.TOKEN, True, "cannot see your accounts · muted"),
        (7, 2, ServiceProblem.PENDING, False, "error 596, an account needs you"),
        (0, 0, None, False, "no account to watch"),
    ],
)
def test_presence_sums_it_up(
    *, watched: int, open_count: int, problem: ServiceProblem | None, muted: bool, wording: str
) -> None:
    incidents = [*(incident(number) for number in range(open_count)), ended(9)]
    of_service = service(problem) if problem else None
    assert presence_text(watched, incidents, service=of_service, muted=muted) == wording
    assert length(presence_text(10**30, incidents, service=of_service, muted=muted)) <= 128


@pytest.mark.parametrize("cause", Cause)
def test_presence_says_of_an_outage_what_is_true_of_its_cause(cause: Cause) -> None:
    wording = presence_text(7, [], service=service(ServiceProblem.UNREACHABLE, cause=cause), muted=True)
    assert wording == f"{cause_texts(cause, USEAPI)[0]} · muted".replace(". ·", " ·")


@pytest.mark.parametrize("state", [State.CLEARING, State.RESETTING])
def test_presence_calls_nobody_for_what_is_settling_and_nothing_ready_that_is(state: State) -> None:
    assert presence_text(7, [incident(0, state=state)]) == "7 accounts watched, 1 recovering"
    assert presence_text(7, [incident(0, state=state), incident(1)]) == "1 needs you"


routes = st.builds(
    RouteState, st.integers(1, 2**60), st.sampled_from(Route), st.none() | moments, st.none() | hostile
)


@given(
    rows=entries,
    listed=st.lists(accounts, max_size=6),
    reached=st.lists(routes, max_size=5),
    failure=hostile,
    why=st.none() | hostile,
    failures=st.integers(0, 10**30),
)
@in_any_language
def test_no_status_breaks_the_limit_or_does_anything(
    *,
    rows: list[tuple[Incident, Reason | None]],
    listed: list[KnownAccount],
    reached: list[RouteState],
    failure: str,
    why: str | None,
    failures: int,
) -> None:
    waiting: list[Message] = [replace(STUCK, failure=failure), message(*rows)]
    watch = WatchStatus(
        NOW,
        {each.reference: each for each in listed},
        [row[0] for row in rows],
        waiting,
        {each.reference: NOW + HOUR for each in listed},
        reached,
        polls=[PollStatus(why=why, failures=failures)],
    )
    texts = status(watch)
    assert sum(map(length, texts)) <= STATUS_LIMIT
    for text in texts:
        assert_harmless(text)


def test_without_a_second_way_to_reach_anybody_it_says_so_and_which_setting_gives_one() -> None:
    without = "\n".join(status(WatchStatus(now=NOW, accounts={}, second_route=False)))
    assert "ALERT_CHANNEL_ID" in without
    assert "ALERT_CHANNEL_ID" not in "\n".join(status(WatchStatus(now=NOW, accounts={})))


def test_while_polls_fail_nothing_is_called_ready() -> None:
    texts = "\n".join(
        status(
            WatchStatus(
                now=NOW,
                accounts={channel(0): account()},
                polls=[PollStatus(failures=1)],
                problems=[WatchProblem(ProblemKind.SIGHT)],
            )
        )
    )
    assert "not checked successfully now" in texts
    assert "all ready" not in texts


@pytest.mark.parametrize("code", sorted({*map(str, BODY_CODES | BROKEN_CODES), *DM_REFUSED}))
def test_every_code_has_words_of_its_own(code: str) -> None:
    assert code not in failure_sentence(code)


def test_row_48_a_message_that_cannot_be_changed_any_more_is_named_with_the_reason() -> None:
    wording = words(replace(CALM, messages=[LEFT, replace(LEFT, key="another", route=Route.CHANNEL)]))
    assert "Messages that cannot be changed: 2" in wording
    assert "https://discord.com/channels/@me/7/8" in wording
    assert "in <#7>" in wording
    assert "The thread is archived" in wording
    assert "a newer message says" in wording
    assert "cannot be delivered" not in wording


def test_the_permissions_that_are_missing_in_the_alert_channel_are_named() -> None:
    wording = words(replace(CALM, lacking=("Embed Links", "Read Message History")))
    assert "In the alert channel I lack **Embed Links, Read Message History**" in wording
    assert "I lack" not in words(CALM)
