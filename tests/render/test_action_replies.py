"""The words of a reset: the risk before it, each step during it, its outcome after it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.accounts import Flag, KnownAccount
from bot.domain.actions import RemedyOutcome, RemedyStage
from bot.domain.incidents import RemedyVerdict
from bot.domain.providers import USEAPI, Remedy
from bot.render import action_replies, hold_replies
from bot.render.action_replies import confirmation, verdict_sentence
from bot.render.hold_replies import snooze_choice
from bot.render.message_content import Button, Link
from bot.render.remedy_words import RESET
from bot.render.text import length
from tests.support.in_any_language import in_any_language
from tests.support.render_samples import (
    BLOCKED,
    LINK,
    MESSAGE,
    MODERATION,
    NOW,
    OTHER,
    SNAPSHOT,
    account,
    accounts,
    assert_harmless,
    assert_sendable,
    hostile,
    incident,
    moments,
    seen,
)

AURORA = account(snapshot=SNAPSHOT)
DUSK = replace(AURORA, name="Dusk", account=replace(AURORA.account, flag=Flag.of(MODERATION)))


def test_the_confirmation_names_the_account_quotes_the_message_and_names_the_risk() -> None:
    problem = incident()
    posted = confirmation(AURORA, Flag.of(MODERATION), problem, "argument", now=NOW)
    assert posted.components == (
        Button("watch.confirm", "Yes, reset Aurora", "argument", discord.ButtonStyle.danger),
        Button("watch.notyet", "Not yet", "argument"),
        Link("Open in Discord", LINK),
    )
    assert (
        seen(posted)
        == f"""\
Did you acknowledge Midjourney's message in **Aurora**'s channel?
If not yet, nothing is sent and the alert stays.
Reset Aurora?
**Resetting does not acknowledge anything at Midjourney.** It only tells useapi.net to use the account again.
If the message is still waiting in the channel, a reset now **risks the account**.
[Midjourney says]
```
{MODERATION}
```
[Discord login to use]
`studio.north`
Link won't open? You are logged in to Discord as someone else.
<Yes, reset Aurora> <Not yet> <Open in Discord>"""
    )


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("verify you're human", "Did you solve the CAPTCHA in **Aurora**'s channel?"),
        (BLOCKED, "Did you see in **Aurora**'s channel that the block is over?"),
        ("Subscription paused", "Did you do what Midjourney's message in **Aurora**'s channel asks?"),
    ],
)
def test_the_confirmation_asks_for_what_its_kind_needs(text: str, question: str) -> None:
    posted = confirmation(AURORA, Flag.of(text), incident(text=text), "a", now=NOW)
    assert posted.content.splitlines()[0] == question


WARNING = "⛔ **The block is not over.** It ends <t:1768614600:F> (<t:1768614600:R>)."
AS_WORDED = "⛔ **Midjourney says below when the block ends.**"
OPEN_ENDED = "⛔ **Midjourney does not say when the block ends.**"


@pytest.mark.parametrize(
    ("text", "now", "warning"),
    [
        pytest.param(BLOCKED, NOW, WARNING, id="not over"),
        pytest.param(BLOCKED, NOW + timedelta(days=4), None, id="over"),
        pytest.param("blocked from accessing Midjourney", NOW, OPEN_ENDED, id="no length"),
        pytest.param("blocked until December 25", NOW, AS_WORDED, id="an end in words"),
        pytest.param(MODERATION, NOW, None, id="no block"),
    ],
)
def test_the_confirmation_warns_of_a_block_that_is_not_over(
    text: str, now: datetime, warning: str | None
) -> None:
    posted = confirmation(AURORA, Flag.of(text), incident(text=text), "a", now=now)
    assert ("⛔" in seen(posted)) == (warning is not None)
    assert (warning or "") in seen(posted)
    assert seen(posted).endswith(
        "<Reset Aurora anyway> <Not yet> <Open in Discord>"
        if warning
        else "<Yes, reset Aurora> <Not yet> <Open in Discord>"
    )


def test_without_an_incident_the_block_counts_from_when_the_account_was_flagged() -> None:
    known = account(flag=BLOCKED)
    assert WARNING in seen(confirmation(known, Flag.of(BLOCKED), None, "a", now=NOW))


@pytest.mark.parametrize(
    ("verdict", "wording"),
    [
        (
            RemedyVerdict.BACK,
            "✅ **Aurora** is back in rotation: the reset worked, and useapi.net no longer flags it.",
        ),
        (
            RemedyVerdict.NOT_YET,
            (
                "⏳ Reset sent, but **Aurora** is still flagged. I keep checking.\n"
                "Look in its channel again: something may be left to acknowledge.\n```\nx\n```"
            ),
        ),
        (
            RemedyVerdict.FLAGGED_AGAIN,
            (
                "⚠️ **Aurora** was clear after the reset and is flagged again.\n"
                "Open the channel to see what Midjourney wants now.\n```\nx\n```"
            ),
        ),
        (
            RemedyVerdict.NOT_CONFIGURED,
            "⚪ **Aurora** is not configured any more, so there is nothing to reset.",
        ),
        (
            RemedyVerdict.COULD_NOT_TELL,
            (
                "❔ I could not tell whether **Aurora** is back: useapi.net did not answer.\n"
                "The reset may have worked, so I do not send it again. "
                "Its message is updated after the next successful check."
            ),
        ),
    ],
)
def test_each_verdict_has_its_words(verdict: RemedyVerdict, wording: str) -> None:
    assert verdict_sentence(verdict, AURORA, Flag.of("x"), Remedy.RESET, {}) == wording
    assert "```" not in verdict_sentence(verdict, AURORA, None, Remedy.RESET, {})


@pytest.mark.parametrize(
    ("wording", "words"),
    [
        (
            action_replies.remedy_progress(RESET, RemedyStage.READING, USEAPI, "Aurora", timedelta()),
            "👀 Reading the list before I reset **Aurora** ...",
        ),
        (
            action_replies.remedy_progress(RESET, RemedyStage.SENDING, USEAPI, "Aurora", timedelta()),
            "🔄 Resetting **Aurora** ...",
        ),
        (
            action_replies.remedy_progress(
                RESET, RemedyStage.CHECKING, USEAPI, "Aurora", timedelta(seconds=15)
            ),
            "⏳ Reset accepted, **Aurora** is still flagged. Checking again in 15 s ...",
        ),
        (
            action_replies.already_under_way(AURORA, OTHER, NOW),
            (
                f"🔄 <@{OTHER}> is already resetting **Aurora**. The result will appear in its message.\n"
                "If it does not work, you can try again at <t:1768356000:T>."
            ),
        ),
        (
            action_replies.already_under_way(AURORA, None, None),
            "🔄 Somebody is already resetting **Aurora**. The result will appear in its message.",
        ),
        (
            action_replies.nothing_to_reset(AURORA),
            "✅ **Aurora** is not flagged, so I sent nothing.",
        ),
        (
            action_replies.FLAG_CHANGED,
            "⚠️ Midjourney now says something else, so I sent nothing. Read it, then confirm again.",
        ),
        (
            RESET.outcomes[RemedyOutcome.UNREADABLE],
            "⚠️ I could not read the list, so I sent no reset. /mjstatus says why and what to do.",
        ),
        (
            action_replies.about(AURORA, action_replies.CANNOT_SEE),
            (
                "⚠️ I cannot see whether **Aurora** is flagged; at the last check it was not. "
                "I sent nothing. /mjstatus says why and what to do."
            ),
        ),
        (
            action_replies.unknown(None, [AURORA, DUSK]),
            "⚪ I do not know this alert any more. Now: 2 accounts, 1 flagged: Dusk. /mjstatus shows more.",
        ),
        (
            hold_replies.assigned([AURORA], [NOW]),
            (
                "👀 You're on **Aurora**. Reminders are off for every owner; "
                "I'll check back with you on <t:1768356000:f>."
            ),
        ),
        (
            hold_replies.snoozed([AURORA], [NOW]),
            (
                "💤 No reminders about **Aurora** until <t:1768356000:f>.\n"
                "If it gets worse, I'll still tell you."
            ),
        ),
        (
            hold_replies.assigned([AURORA, DUSK, AURORA], [NOW, NOW + timedelta(hours=1), NOW], over=1),
            (
                "👀 You're on **3 accounts**. Reminders are off for every owner; "
                "I'll check back with you on <t:1768356000:f>.\n"
                "1 of them stays quiet for longer: its card says until when.\n1 more is over."
            ),
        ),
        (
            hold_replies.snoozed([AURORA, DUSK], [NOW, NOW], over=2),
            (
                "💤 No reminders about **2 accounts** until <t:1768356000:f>.\n2 more are over.\n"
                "If it gets worse, I'll still tell you."
            ),
        ),
        (
            hold_replies.muted(None, NOW),
            (
                "🔇 No alerts for **any account** until <t:1768356000:f>.\n"
                "If a flagged account gets blocked, I'll still tell you. "
                "The rest is kept: when the mute ends, you get one message with what is still open."
            ),
        ),
        (hold_replies.unmuted(AURORA), "🔔 Alerts for **Aurora** are on again."),
        (hold_replies.unmuted(None), "🔔 Alerts for **all accounts** are on again."),
    ],
)
def test_each_answer_says_what_happened_and_what_comes_next(wording: str, words: str) -> None:
    assert wording == words


def test_a_snooze_is_chosen_from_three() -> None:
    start = f"{incident().key}.{MESSAGE}"
    posted = snooze_choice([AURORA], "watch.snooze", start)
    assert seen(posted) == (
        "No reminders about **Aurora** for how long?\nIf it gets worse, I'll still tell you.\n"
        "<1 h> <4 h> <24 h>"
    )
    assert [each.argument for each in posted.components if isinstance(each, Button)] == [
        f"{start}.1",
        f"{start}.4",
        f"{start}.24",
    ]
    assert_sendable(posted)
    instead = snooze_choice([AURORA], "watch.snooze", start, is_assigned=True)
    assert "for how long?\nThis replaces **I'm on it**: the alert no longer names anyone." in seen(instead)


ANSWERS: tuple[Callable[[KnownAccount], str], ...] = (
    lambda known: action_replies.remedy_progress(
        RESET, RemedyStage.READING, USEAPI, known.label, timedelta()
    ),
    lambda known: action_replies.remedy_progress(
        RESET, RemedyStage.SENDING, USEAPI, known.label, timedelta()
    ),
    action_replies.nothing_to_reset,
    lambda known: action_replies.about(known, action_replies.CANNOT_SEE),
    lambda known: action_replies.about(known, action_replies.LEFT_PAUSED),
    hold_replies.unmuted,
    lambda known: action_replies.already_under_way(known, OTHER, NOW),
    lambda known: hold_replies.assigned([known], [NOW]),
    lambda known: hold_replies.snoozed([known], [NOW]),
    lambda known: hold_replies.muted(known, NOW),
    lambda known: action_replies.remedy_progress(
        RESET, RemedyStage.CHECKING, USEAPI, known.label, timedelta(days=3)
    ),
)


@given(accounts, hostile, moments, st.sampled_from(RemedyVerdict), st.sampled_from(ANSWERS))
@in_any_language
def test_nothing_said_breaks_a_limit_or_does_anything(
    known: KnownAccount,
    text: str,
    now: datetime,
    verdict: RemedyVerdict,
    answer: Callable[[KnownAccount], str],
) -> None:
    posted = confirmation(known, Flag.of(text), None, f"{'0' * 32}.{'0' * 16}", now=now)
    assert_sendable(posted)
    assert_sendable(snooze_choice([known], "watch.snooze", f"{'0' * 32}.{'0' * 32}"))
    for wording in (verdict_sentence(verdict, known, Flag.of(text), Remedy.RESET, {}), answer(known)):
        assert length(wording) <= 2000
        assert_harmless(wording)
