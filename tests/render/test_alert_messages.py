"""Alerts say on a lock screen which account needs whom and why, and below that what to do, in every state."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.accounts import Account, Flag, KnownAccount
from bot.domain.actions import Action
from bot.domain.incidents import Ending, Incident, Reason, ServiceProblem, State
from bot.domain.messages import Purpose, Route, reference
from bot.render.alert_messages import DMS_CLOSED, OUTDATED, content_of, opened_card
from bot.render.message_content import Button, Link, MessageContent, Select
from bot.runtime.language import spoken
from tests.support.catalogues import AddCatalogue
from tests.support.in_any_language import in_any_language
from tests.support.render_samples import (
    ACCOUNTS,
    BLOCKED,
    LINK,
    MESSAGE,
    MINUTE,
    MODERATION,
    NAMES,
    NOW,
    OTHER,
    OWNER,
    account,
    accounts,
    assert_sendable,
    channel,
    ended,
    entries,
    hostile,
    incident,
    message,
    moments,
    seen,
    service,
)

Row = tuple[Incident, Reason | None]
CLEARING = incident(state=State.CLEARING, clear_since=NOW)
RESETTING = incident(state=State.RESETTING, leased_by=OTHER)


def shown(
    *rows: Row,
    also: Iterable[Incident] = (),
    page: int = 0,
    next_at: datetime | None = None,
    **changes: object,
) -> MessageContent:
    """Show a message whose reader is next notified at this time of what is held."""
    sent = replace(message(*rows), **changes)  # pyright: ignore[reportArgumentType] - the tests name the fields
    next_times = {row[0].key: next_at for row in rows} if next_at else {}
    return content_of(sent, by_key([*(row[0] for row in rows), *also]), ACCOUNTS, next_times, page=page)


def by_key(incidents: Iterable[Incident]) -> dict[str, Incident]:
    return {each.key: each for each in incidents}


def several(reasons: Iterable[Reason | None]) -> list[Row]:
    return [(incident(number), reason) for number, reason in enumerate(reasons)]


# One account


def test_an_alert_about_one_account_reads_from_the_problem_to_the_way_out() -> None:
    posted = shown((incident(), Reason.OPENED))
    assert posted.embeds[0].url == LINK
    assert (
        seen(posted)
        == f"""\
⚠️ Aurora needs you: Midjourney wants a moderation message acknowledged
Aurora · ⚠️ moderation message pending
Flagged since <t:1768355400:f> (<t:1768355400:R>).
3 of 21 job slots are unavailable.
[Midjourney says]
```
{MODERATION}
```
[Discord login to use]
`studio.north`
Link won't open? You are logged in to Discord as someone else.
[What to do]
1. Log in to Discord as `studio.north`.
2. Open (the Midjourney channel), read the message and acknowledge it there.
3. Only then press **I acknowledged it - reset**. Resetting does not acknowledge it for you.
<I acknowledged it - reset> <I'm on it> <Snooze> <Open in Discord>"""
    )


def test_the_buttons_name_incident_and_message() -> None:
    both = f"{incident().key}.{MESSAGE}"
    assert shown((incident(), Reason.OPENED)).components == (
        Button("watch.reset", "I acknowledged it - reset", both, discord.ButtonStyle.primary),
        Button("watch.mine", "I'm on it", both),
        Button("watch.snooze", "Snooze", both),
        Link("Open in Discord", LINK),
    )


@pytest.mark.parametrize(
    ("problem", "reason", "content"),
    [
        pytest.param(
            incident(text="verify you're human"),
            Reason.OPENED,
            "🧩 Aurora needs you: Midjourney wants a CAPTCHA solved",
            id="captcha",
        ),
        pytest.param(
            incident(text=BLOCKED),
            Reason.OPENED,
            "⛔ Aurora must wait: Midjourney has blocked it for 3 days. Do not reset yet",
            id="timed block",
        ),
        pytest.param(
            incident(text="Subscription paused"),
            None,
            "⚠️ Aurora needs you: Midjourney stopped it with a message",
            id="carried along",
        ),
        pytest.param(
            incident(text="You have been blocked from accessing Midjourney"),
            Reason.WORSE,
            "⛔ Aurora got worse: Midjourney has blocked it",
            id="worse",
        ),
        pytest.param(
            incident(recurring=True),
            Reason.RECURRING,
            "⚠️ Aurora needs you for the third time in 6 hours: "
            "Midjourney wants a moderation message acknowledged\nFrom now on I only remind you of it.",
            id="recurring",
        ),
        pytest.param(
            incident(),
            Reason.RETURNED,
            "⚠️ Aurora is flagged again after the reset: Midjourney wants a moderation message acknowledged",
            id="returned",
        ),
        pytest.param(
            incident(),
            Reason.REMINDER,
            "⏰ Aurora still needs you: Midjourney wants a moderation message acknowledged",
            id="reminder",
        ),
        pytest.param(
            incident(text=BLOCKED, block_ends=NOW),
            Reason.REMINDER,
            "⏰ Aurora still needs you: Its block should be over now",
            id="block over",
        ),
        pytest.param(
            incident(assigned_to=OWNER, assigned_at=NOW - 241 * MINUTE, asked_at=NOW),
            Reason.ASSIGNEE_CHECK,
            "⏰ You took Aurora 4 hours ago. It is still flagged\n"
            "Press **I'm on it** again to keep it. Otherwise reminders start again <t:1768357800:R>.",
            id="still on it",
        ),
        pytest.param(
            incident(assigned_to=OWNER, assigned_at=NOW + MINUTE),
            Reason.ASSIGNEE_CHECK,
            "⏰ You took Aurora 4 hours ago. It is still flagged",
            id="pressed again since",
        ),
        pytest.param(
            CLEARING,
            Reason.OPENED,
            "👀 Aurora looks clear. Checking for a few minutes to be sure.",
            id="clearing",
        ),
        pytest.param(
            RESETTING, Reason.OPENED, "🔄 Aurora is being reset. The result will appear here.", id="resetting"
        ),
        pytest.param(
            ended(),
            Reason.OPENED,
            "✅ Aurora is back. It was out for 25 min (<t:1768355400:t> - <t:1768356900:t>)",
            id="ended",
        ),
        pytest.param(
            ended(opened_at=NOW - timedelta(days=3)),
            Reason.OPENED,
            "✅ Aurora is back. It was out for 3 days (<t:1768096800:f> - <t:1768356900:f>)",
            id="ended after days",
        ),
        pytest.param(
            ended(ending=Ending.REMOVED),
            Reason.OPENED,
            "⚪ Aurora is not configured any more. It had been flagged for 25 min "
            "(<t:1768355400:t> - <t:1768356900:t>)",
            id="removed",
        ),
    ],
)
def test_the_first_line_says_it_all(problem: Incident, reason: Reason | None, content: str) -> None:
    assert shown((problem, reason), next_at=NOW + 30 * MINUTE).content == content


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        pytest.param(
            incident(before_watch=True),
            "Flagged before I started watching; first seen <t:1768355400:f> (<t:1768355400:R>).",
            id="before the watch",
        ),
        pytest.param(
            incident(text=BLOCKED),
            "**The block ends <t:1768614600:F>** (<t:1768614600:R>). "
            "A reset before then risks the account. I'll remind you when it ends.",
            id="timed block",
        ),
        pytest.param(
            incident(text=BLOCKED, block_ends=NOW),
            "**The block should have ended <t:1768356000:F>** (<t:1768356000:R>).",
            id="block over",
        ),
        pytest.param(
            incident(assigned_to=OTHER, assigned_at=NOW),
            f"**<@{OTHER}> is on it since <t:1768356000:t>.**",
            id="claimed",
        ),
        pytest.param(
            incident(assigned_to=OTHER, assigned_at=NOW),
            "**No reminders until <t:1768357800:f>.**",
            id="held",
        ),
        pytest.param(
            incident(snoozed_until=NOW + MINUTE), "**No reminders until <t:1768357800:f>.**", id="snoozed"
        ),
        pytest.param(
            incident(text=BLOCKED, block_ends=NOW + MINUTE),
            "**The block ends <t:1768356060:F>** (<t:1768356060:R>). "
            "A reset before then risks the account. I'll remind you at <t:1768357800:f>.",
            id="reminders held beyond the block",
        ),
        pytest.param(
            incident(recurring=True),
            "It is the third time in 6 hours. From now on I only remind you of it.",
            id="recurring",
        ),
        pytest.param(
            incident(from_command=True),
            "A command ran into this; the account list does not show it.",
            id="from a command",
        ),
        pytest.param(
            incident(reset_at=NOW),
            "It was reset <t:1768356000:f> and was flagged again.",
            id="returned",
        ),
        pytest.param(
            incident(blind_from=NOW - 40 * MINUTE, blind_until=NOW - 10 * MINUTE),
            "I could not see it <t:1768353600:t> - <t:1768355400:t>; it may have begun earlier.",
            id="found after an outage",
        ),
        pytest.param(
            CLEARING,
            "**Nothing to do right now:** it has not been flagged since <t:1768356000:t>.",
            id="clear",
        ),
        pytest.param(RESETTING, f"**<@{OTHER}> is resetting it.**", id="resetting"),
        pytest.param(ended(), "It ended by itself: nobody reset it from here.", id="by itself"),
        pytest.param(
            ended(ending=Ending.RESET, leased_by=OTHER),
            f"It ended with <@{OTHER}>'s reset, and the account list confirms it.",
            id="by a reset",
        ),
        pytest.param(
            ended(ending=Ending.REMOVED),
            "The API does not list the account any more, so there is nothing left to do.",
            id="removed",
        ),
        pytest.param(
            ended(blind_from=NOW, blind_until=NOW + MINUTE),
            (
                "I could not see it <t:1768356000:t> - <t:1768356060:t>; "
                "it may have ended at any time in between."
            ),
            id="ended in an outage",
        ),
    ],
)
def test_the_card_shows_how_it_stands(problem: Incident, line: str) -> None:
    assert line in seen(shown((problem, None), next_at=NOW + 30 * MINUTE)).splitlines()


def test_no_time_is_said_of_what_nothing_holds() -> None:
    assert "No reminders" not in seen(shown((incident(), Reason.REMINDER), next_at=NOW + 30 * MINUTE))


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (ServiceProblem.UNREACHABLE, "**I cannot see it now.** Last seen flagged <t:1768356000:f>."),
        (ServiceProblem.TOKEN, "**I cannot see it now.** Last seen flagged <t:1768356000:f>."),
        (ServiceProblem.LIST_GONE, "**The API's list has gaps now**, so this may not be up to date."),
    ],
)
def test_a_card_says_that_nobody_can_see_the_account_now(problem: ServiceProblem, line: str) -> None:
    assert line in seen(shown((incident(), None), also=[service(problem)]))
    over = service(problem, state=State.ENDED, ended_at=NOW)
    assert line not in seen(shown((incident(), None), also=[over]))


def test_row_53_a_card_says_that_a_reset_is_possible_while_the_list_is_refused() -> None:
    refused = service(ServiceProblem.PENDING, flag=Flag.of("Somebody's message."))
    words = "It can still be reset; the next list that I can read shows whether that worked."
    assert words in seen(shown((incident(), None), also=[refused]))
    assert words not in seen(shown((incident(), None), also=[replace(refused, flag=None)]))


@pytest.mark.parametrize(
    ("problem", "waits"),
    [(incident(), False), (incident(text=BLOCKED), True), (incident(text=BLOCKED, block_ends=NOW), False)],
    ids=["moderation", "blocked", "block over"],
)
def test_resetting_is_not_put_forward_before_a_block_is_over(problem: Incident, *, waits: bool) -> None:
    reset = shown((problem, None)).components[0]
    assert isinstance(reset, Button)
    assert (reset.style is discord.ButtonStyle.secondary) is waits


@pytest.mark.parametrize(
    ("text", "label"),
    [
        (MODERATION, "I acknowledged it - reset"),
        ("verify you're human", "I solved it - reset"),
        (BLOCKED, "The block is over - reset"),
        ("Something else is pending.", "I did what it says - reset"),
    ],
)
def test_the_reset_button_fits_the_kind_and_the_steps_name_it(text: str, label: str) -> None:
    posted = shown((incident(0, text), Reason.OPENED))
    assert next(each.label for each in posted.components if isinstance(each, Button)) == label
    assert f"press **{label}**" in seen(posted)
    assert "press **" not in posted.plain_text
    assert "/mjreset" in posted.plain_text


def test_clearing_keeps_the_buttons_and_asks_for_nothing() -> None:
    posted = shown((CLEARING, Reason.OPENED))
    assert posted.components == shown((incident(), Reason.OPENED)).components
    assert "What to do" not in seen(posted)
    assert "job slots" not in seen(posted)


def test_what_is_over_has_no_buttons_and_keeps_the_key_in_the_footer() -> None:
    posted = shown((ended(ending=Ending.RESET), Reason.OPENED))
    assert (posted.components, posted.embeds[0].colour) == ((), discord.Colour.green())
    assert seen(posted).endswith(f"Midwatch · {reference(MESSAGE)}")


def test_an_account_that_is_no_id_gets_neither_reset_nor_link() -> None:
    odd = incident(reference="a/../b")
    labels = [each.label for each in shown((odd, None)).components if isinstance(each, Button)]
    assert labels == ["I'm on it", "Snooze"]
    assert LINK not in seen(shown((odd, None)))


def test_an_account_that_is_forgotten_is_called_by_its_channel() -> None:
    posted = content_of(message((incident(), Reason.OPENED)), by_key([incident()]), {})
    assert posted.content.startswith("⚠️ …2494 needs you: ")
    assert "job slots" not in seen(posted)


# Several accounts


def test_a_digest_lists_accounts_quotes_each_text_once_and_opens_each() -> None:
    on_it = f" · <@{OTHER}> is on it since <t:1768356000:t> · No reminders until <t:1768357800:f>"
    rows = [
        (incident(0, assigned_to=OTHER, assigned_at=NOW), Reason.OPENED),
        (incident(1, "verify you're human", before_watch=True), Reason.OPENED),
        (incident(2), Reason.OPENED),
        (incident(3, BLOCKED), Reason.OPENED),
        (ended(4), Reason.OPENED),
    ]
    assert (
        seen(shown(*rows, next_at=NOW + 30 * MINUTE))
        == f"""\
⚠️ 4 accounts need you: Cirrus, Borealis and 2 more
5 accounts, 1 resolved
**(Cirrus)** · ⚠️ moderation message pending · flagged <t:1768355400:R>
**(Borealis)** · 🧩 CAPTCHA pending · flagged before I started watching
**(Aurora)** · ⚠️ moderation message pending · flagged <t:1768355400:R>{on_it}
**(Dusk)** · ⛔ blocked · flagged <t:1768355400:R> · ends <t:1768614600:f> (<t:1768614600:R>)
**Ember** · ✅ back · after 25 min (<t:1768355400:t> - <t:1768356900:t>)
[Midjourney says]
Cirrus and Aurora:
```
{MODERATION}
```
Borealis:
```
verify you're human
```
Dusk:
```
{BLOCKED}
```
[What to do]
Open an account below: that shows which login to use, what to do, and the buttons.
12 of 21 job slots are unavailable.
<Open an account to act> <I'm on all 4> <Snooze all 4>"""
    )


def test_the_select_of_a_digest_gives_incidents_and_carries_the_message() -> None:
    (select, *_) = shown(*several([Reason.OPENED] * 2)).components
    assert isinstance(select, Select)
    assert (select.verb, select.argument) == ("watch.open", MESSAGE)
    assert [option.to_dict() for option in select.options] == [
        {
            "label": name,
            "value": incident(number).key,
            "description": f"⚠️ moderation message pending · …{2494 + number}",
            "default": False,
        }
        for number, name in enumerate(NAMES[:2])
    ]


@pytest.mark.parametrize(
    ("rows", "content"),
    [
        pytest.param(
            several([Reason.OPENED] * 3), "⚠️ 3 accounts need you: Aurora, Borealis and Cirrus", id="all new"
        ),
        pytest.param(
            several([Reason.REMINDER] * 7),
            "⏰ 7 accounts still need you: Aurora, Borealis and 5 more",
            id="reminder",
        ),
        pytest.param(
            several([None, Reason.OPENED]),
            "⚠️ Borealis needs you: Midjourney wants a moderation message acknowledged "
            "(2 accounts need you in all)",
            id="one is new",
        ),
        pytest.param(
            several([Reason.REMINDER, Reason.OPENED, Reason.OPENED]),
            "⚠️ 3 accounts need you: Borealis, Cirrus and Aurora (new: 2)",
            id="new and known",
        ),
        pytest.param(
            several([Reason.OPENED, Reason.WORSE, Reason.RETURNED]),
            "⚠️ 3 accounts need you: Aurora, Borealis and Cirrus (new: 1, worse: 1, flagged again: 1)",
            id="all sorts",
        ),
        pytest.param(several([None, None]), "⚠️ 2 accounts need you: Aurora and Borealis", id="carried along"),
        pytest.param(
            [
                (
                    incident(number, assigned_at=NOW - timedelta(hours=4), asked_at=NOW),
                    Reason.ASSIGNEE_CHECK,
                )
                for number in range(2)
            ],
            "⏰ You took 2 accounts 4 hours ago. They are still flagged\n"
            "Press **I'm on it** again to keep it. Otherwise reminders start again <t:1768357800:R>.",
            id="still on it",
        ),
        pytest.param(
            [(incident(), Reason.REMINDER), (ended(1), Reason.OPENED)],
            "⏰ Aurora still needs you: Midjourney wants a moderation message acknowledged",
            id="one is left",
        ),
        pytest.param(
            [(CLEARING, None), (ended(1), Reason.OPENED)],
            "👀 1 account looks clear: Aurora. Checking for a few minutes to be sure.",
            id="clearing",
        ),
        pytest.param(
            [(ended(0), None), (ended(1), None)], "✅ 2 accounts are back: Aurora and Borealis", id="over"
        ),
        pytest.param(
            [(ended(0), None), (ended(1, Ending.REMOVED), None)],
            "✅ 1 account is back: Aurora (not configured any more: 1)",
            id="one removed",
        ),
        pytest.param(
            [(ended(0, Ending.REMOVED), None), (ended(1, Ending.REMOVED), None)],
            "⚪ 2 accounts are not configured any more: Aurora and Borealis",
            id="all removed",
        ),
    ],
)
def test_the_first_line_of_a_digest_names_the_news(rows: list[Row], content: str) -> None:
    assert shown(*rows, next_at=NOW + 30 * MINUTE).content == content


def test_a_digest_begins_with_what_is_to_do_and_ends_with_blocks() -> None:
    rows = [
        (incident(0, BLOCKED), Reason.OPENED),
        (incident(1, "You have been blocked."), Reason.OPENED),
        (incident(2, state=State.CLEARING, clear_since=NOW), None),
        (incident(3, state=State.RESETTING, leased_by=OTHER), None),
        (incident(4, snoozed_until=NOW + MINUTE), None),
        (incident(5, assigned_to=OTHER, assigned_at=NOW), None),
        (incident(6), None),
        (incident(7, BLOCKED, block_ends=NOW - MINUTE), Reason.REMINDER),
    ]
    posted = shown(*rows)
    opener = posted.components[0]
    assert isinstance(opener, Select)
    by_key_of = {incident(number).key: number for number in range(8)}
    assert [by_key_of[option.value] for option in opener.options] == [7, 6, 4, 5, 3, 2, 0, 1]
    listed = (posted.embeds[0].description or "").splitlines()
    assert [opener.options[0].label in listed[0], opener.options[-1].label in listed[-1]] == [True, True]


@pytest.mark.parametrize(
    ("rows", "labels"),
    [
        ([*several([None] * 41)], ["I'm on all 41", "Snooze all 41"]),
        ([(incident(), None), (ended(1), None)], ["I'm on it", "Snooze"]),
        ([(ended(0), None), (ended(1), None)], []),
    ],
)
def test_all_that_are_open_in_a_digest_are_taken_or_snoozed_by_one_button(
    rows: list[Row], labels: list[str]
) -> None:
    posted = shown(*rows, page=1)
    acting = [each for each in posted.components if isinstance(each, Button) and each.verb != "watch.page"]
    assert [each.label for each in acting] == labels
    assert {each.argument for each in acting} <= {MESSAGE}
    kinds = [[kind["type"] for kind in row["components"]] for row in rows_of(posted)]
    assert kinds == [[3], [2, 2], [2] * 4][: len(kinds)]


def rows_of(posted: MessageContent) -> list[dict[str, Any]]:
    """Return the rows of components as Discord gets them."""
    view = posted.send_kwargs().get("view")
    return view.to_components() if view else []


def test_a_digest_in_an_outage_says_so() -> None:
    posted = shown(*several([None, None]), also=[service(ServiceProblem.UNREACHABLE)])
    assert "I cannot see your accounts now: this is how they were at the last check." in seen(posted)


def test_a_digest_that_is_all_over_is_green_and_has_nothing_to_press() -> None:
    posted = shown((ended(0), None), (ended(1), None))
    assert (posted.components, posted.embeds[0].colour) == ((), discord.Colour.green())
    assert "2 accounts, all resolved" in seen(posted)
    assert seen(posted).endswith(f"Midwatch · {reference(MESSAGE)}")


def test_four_texts_are_quoted_three_times() -> None:
    rows = [(incident(number, f"text {letter}"), None) for number, letter in enumerate("abcd")]
    words = seen(shown(*rows))
    assert "```\ntext c\n```\nand 1 more text\n" in words
    assert "text d" not in words


@pytest.mark.parametrize(("number", "pages"), [(2, 1), (20, 1), (21, 2), (200, 10), (1_000, 50)])
def test_a_page_lists_twenty_and_all_pages_list_all(number: int, pages: int) -> None:
    rows = several([Reason.OPENED] * number)
    pages_shown = [shown(*rows, page=page) for page in range(pages)]
    listed = [line for posted in pages_shown for line in (posted.embeds[0].description or "").splitlines()]
    assert len(set(listed)) == len(listed) == number
    turns = [each for each in pages_shown[0].components if isinstance(each, Button) and each.row == 2]
    assert len(turns) == (4 if pages > 1 else 0)
    for posted in pages_shown:
        assert_sendable(posted)
        assert posted.content == pages_shown[0].content


def test_pages_are_turned_by_four_buttons_with_ids_of_their_own() -> None:
    posted = shown(*several([None] * 41), page=1)
    turns = [
        (each.label, each.argument, each.disabled)
        for each in posted.components
        if isinstance(each, Button) and each.verb == "watch.page"
    ]
    assert turns == [
        ("First", f"{MESSAGE}.0.first", False),
        ("Back", f"{MESSAGE}.0.back", False),
        ("Next", f"{MESSAGE}.2.next", False),
        ("Last", f"{MESSAGE}.2.last", False),
    ]
    assert "41 accounts · page 2 of 3" in seen(posted)


@pytest.mark.parametrize(("asked", "given"), [(-1, 0), (7, 1)])
def test_a_page_that_is_not_there_gives_the_nearest(asked: int, given: int) -> None:
    rows = several([None] * 30)
    assert shown(*rows, page=asked).embeds == shown(*rows, page=given).embeds


def test_an_account_opened_from_a_digest_is_its_card_with_its_history() -> None:
    done = [Action(NOW, OTHER, "snooze", channel(0), "hours:4")]
    posted = opened_card(incident(), MESSAGE, by_key([incident()]), ACCOUNTS, now=NOW, actions=done)
    assert posted.components == shown((incident(), Reason.OPENED)).components
    assert f"[Last actions]\n<t:1768356000:R> <@{OTHER}> snoozed its reminders for 4 h" in seen(posted)


# By route and purpose


def test_in_the_channel_a_message_says_whom_it_is_for_and_how_to_open_direct_messages() -> None:
    sent = message((incident(), Reason.OPENED), route=Route.CHANNEL)
    posted = content_of(replace(sent, failure="50007"), by_key([incident()]), ACCOUNTS)
    assert posted.content.splitlines()[1:] == [f"for <@{OWNER}>"]
    assert f"[About this message]\n{DMS_CLOSED}" in seen(posted)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        pytest.param(
            [(ended(), Reason.OPENED)],
            (
                "✅ Aurora was flagged for 25 min (<t:1768355400:t> - <t:1768356900:t>) and is back.\n"
                "Nothing to do."
            ),
            id="over before it was sent",
        ),
        pytest.param(
            [(ended(ending=Ending.REMOVED), Reason.RESOLVED)],
            "⚪ Aurora is not configured any more.\nNothing to do.",
            id="removed",
        ),
        pytest.param(
            [(ended(0), None), (ended(1), None)],
            "✅ 2 accounts were flagged and are back: Aurora and Borealis.\n"
            "✅ Aurora was flagged for 25 min (<t:1768355400:t> - <t:1768356900:t>) and is back.\n"
            "✅ Borealis was flagged for 25 min (<t:1768355400:t> - <t:1768356900:t>) and is back.",
            id="two",
        ),
        pytest.param(
            [(ended(0), None), (ended(1, Ending.REMOVED), None)],
            "✅ 1 account is back: Aurora (not configured any more: 1).\n"
            "✅ Aurora was flagged for 25 min (<t:1768355400:t> - <t:1768356900:t>) and is back.\n"
            "⚪ Borealis is not configured any more.",
            id="one of two removed",
        ),
        pytest.param(
            [(ended(0, Ending.REMOVED), None), (ended(1, Ending.REMOVED), None)],
            "⚪ 2 accounts are not configured any more: Aurora and Borealis.\n"
            "⚪ Aurora is not configured any more.\n⚪ Borealis is not configured any more.",
            id="two removed",
        ),
        pytest.param([], f"{OUTDATED}\nNothing here needs you any more.", id="forgotten"),
    ],
)
def test_a_note_reports_what_is_over(rows: list[Row], words: str) -> None:
    posted = content_of(message(*rows, purpose=Purpose.NOTE), by_key(row[0] for row in rows), ACCOUNTS)
    assert seen(posted) == f"{words}\nMidwatch · {reference(MESSAGE)}"


def test_a_long_note_counts_what_it_does_not_list() -> None:
    rows = [(ended(number), None) for number in range(25)]
    posted = content_of(message(*rows, purpose=Purpose.NOTE), by_key(row[0] for row in rows), ACCOUNTS)
    assert "is back.\nand 5 more accounts\n" in seen(posted)


def test_an_alert_of_which_nothing_is_known_any_more_says_so() -> None:
    posted = content_of(message((incident(), Reason.OPENED)), {}, ACCOUNTS)
    assert posted.content == OUTDATED


def test_the_hello_is_short() -> None:
    assert seen(content_of(message(purpose=Purpose.HELLO), {}, {})) == (
        "👋 Alerts will arrive here\nI write when an account needs you, and stay quiet otherwise.\n"
        f"/mjstatus shows how things are, /mjtest sends a test.\nMidwatch · {reference(MESSAGE)}"
    )


def test_a_test_is_marked_looks_real_and_has_nothing_that_works() -> None:
    posted = content_of(message(purpose=Purpose.TEST), {}, ACCOUNTS)
    assert posted.content == "🧪 Test: this is how an alert looks. Nothing is wrong."
    assert "🧪 TEST · Example · ⚠️ moderation message pending" in seen(posted)
    assert "discord.com" not in str(posted.embeds[0].to_dict())
    assert "not known yet" not in seen(posted)
    assert [(each.label, each.disabled) for each in posted.components if isinstance(each, Button)] == [
        ("I acknowledged it - reset", True),
        ("I'm on it", True),
        ("Snooze", True),
    ]
    assert len(posted.components) == 3
    assert_sendable(posted)


# The message as a whole


def test_the_content_is_the_same_for_the_same_state_whenever_it_is_made() -> None:
    rows = [(incident(text=BLOCKED, assigned_to=OTHER, assigned_at=NOW), Reason.OPENED), (ended(1), None)]
    assert shown(*rows).fingerprint == shown(*rows).fingerprint
    # It is kept in the database, so it must not depend on the process either.
    assert MessageContent("a").fingerprint == "7486bad0cb1b6a695605dcbfa75b9393"


@pytest.mark.parametrize(
    "other",
    [
        incident(text="captcha"),
        incident(assigned_to=OTHER, assigned_at=NOW),
        CLEARING,
        RESETTING,
        ended(),
        incident(key="1" * 32),
    ],
    ids=["text", "claim", "clearing", "resetting", "ended", "buttons alone"],
)
def test_what_changes_the_content_changes_its_fingerprint(other: Incident) -> None:
    assert shown((other, Reason.OPENED)).fingerprint != shown((incident(), Reason.OPENED)).fingerprint


@pytest.mark.parametrize("rows", [[(incident(), None)], several([None, None]), [(ended(), None)]])
def test_the_key_of_the_message_can_be_found_in_history(rows: list[Row]) -> None:
    posted = shown(*rows)
    in_controls = [
        each for each in posted.components if not isinstance(each, Link) and MESSAGE in each.argument
    ]
    in_footer = (posted.embeds[0].footer.text or "").endswith(f" {reference(MESSAGE)}")
    assert bool(in_controls) != in_footer
    assert posted.plain_text.endswith(f" {reference(MESSAGE)}")


def test_as_text_alone_it_says_what_to_do_without_buttons() -> None:
    words = shown((incident(), Reason.OPENED)).plain_text
    assert words.startswith(
        "⚠️ Aurora needs you: Midjourney wants a moderation message acknowledged\nFlagged since"
    )
    assert "3. Only then use /mjreset. Resetting does not acknowledge it for you." in words
    assert "press" not in words
    assert f"```\n{MODERATION}\n```" in words
    assert words.endswith(f"\n-# Midwatch · {reference(MESSAGE)}")


def test_as_text_alone_it_names_no_button_in_another_language(catalogue: AddCatalogue) -> None:
    press, use = "Only then press **{button}**.", "Only then use /mjreset."
    catalogue("de", {press: "Drücke erst dann **{button}**.", use: "Nimm erst dann /mjreset."})
    with spoken("de"):
        posted = shown((incident(), Reason.OPENED))
    assert "Nimm erst dann /mjreset." in posted.plain_text
    assert "Drücke" not in posted.plain_text


def test_as_text_alone_a_digest_names_commands_instead_of_the_select() -> None:
    words = shown(*several([None] * 20)).plain_text
    assert "/mjaccounts opens each account; /mjreset resets one." in words
    assert words.count("moderation message pending") == 20


@given(
    rows=entries,
    listed=st.lists(accounts, max_size=6),
    purpose=st.sampled_from(Purpose),
    route=st.sampled_from(Route),
    due=moments,
    page=st.integers(-1, 3),
)
@in_any_language
def test_no_message_breaks_a_limit_or_does_anything(
    *,
    rows: list[Row],
    listed: list[KnownAccount],
    purpose: Purpose,
    route: Route,
    due: object,
    page: int,
) -> None:
    sent = message(*rows, purpose=purpose, route=route, due_at=due, failure="50007")
    incidents = by_key(row[0] for row in rows)
    mapped = {row[0].reference: each for row, each in zip(rows, listed, strict=False) if row[0].reference}
    posted = content_of(sent, incidents, mapped, page=page)
    assert_sendable(posted)
    assert posted.fingerprint == content_of(sent, incidents, mapped, page=page).fingerprint


@given(hostile, hostile, st.sampled_from([2, 20, 21]))
@in_any_language
def test_a_full_digest_of_hostile_accounts_keeps_the_limits_and_lists_each(
    label: str, text: str, number: int
) -> None:
    rows = [
        (
            incident(
                n,
                f"{n}{text}",
                assigned_to=2**63,
                assigned_at=NOW,
                snoozed_until=NOW + MINUTE,
                before_watch=True,
            ),
            Reason.OPENED,
        )
        for n in range(number)
    ]
    mapped = {channel(n): KnownAccount(Account(channel(n), 3, None, "9" * 20), label) for n in range(number)}
    posted = content_of(message(*rows), by_key(row[0] for row in rows), mapped)
    assert_sendable(posted)
    assert len((posted.embeds[0].description or "").splitlines()) == min(number, 20)


def test_a_list_too_long_without_links_gives_up_all_but_names_and_states() -> None:
    owner = {"assigned_to": 2**63, "assigned_at": NOW, "snoozed_until": NOW + MINUTE, "before_watch": True}
    rows = [(incident(n, BLOCKED, **owner), None) for n in range(20)]
    mapped = {channel(n): account("*" * 20, reference=channel(n)) for n in range(20)}
    posted = content_of(message(*rows), by_key(row[0] for row in rows), mapped)
    assert_sendable(posted)
    lines = (posted.embeds[0].description or "").splitlines()
    name = r"\*" * 20
    assert lines == [f"**{name}** · ⛔ blocked"] * 20


def test_a_long_list_gives_up_links_before_accounts() -> None:
    rows = [
        (incident(n, assigned_to=2**63, assigned_at=NOW, snoozed_until=NOW + MINUTE), None) for n in range(20)
    ]
    mapped = {channel(n): account("L_" * 40, reference=channel(n), server="9" * 20) for n in range(20)}
    posted = content_of(message(*rows), by_key(row[0] for row in rows), mapped)
    assert "](" not in (posted.embeds[0].description or "")
    assert len((posted.embeds[0].description or "").splitlines()) == 20
