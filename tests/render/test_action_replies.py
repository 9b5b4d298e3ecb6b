"""Before a reset the risk is said plainly, during it each step, after it which of five things it came to."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.accounts import Flag, KnownAccount
from bot.domain.incidents import ResetVerdict
from bot.render import action_replies
from bot.render.action_replies import confirmation, snooze_choice, verdict_sentence
from bot.render.message_content import ButtonLook, LinkLook
from bot.render.text import length
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


def test_the_confirmation_names_the_account_quotes_the_message_and_tells_the_risk() -> None:
    trouble = incident()
    look = confirmation(AURORA, Flag.of(MODERATION), trouble, "argument", now=NOW)
    assert look.controls == (
        ButtonLook("watch.confirm", "Yes, reset Aurora", "argument", discord.ButtonStyle.danger),
        ButtonLook("watch.notyet", "Not yet", "argument"),
        LinkLook("Open in Discord", LINK),
    )
    assert (
        seen(look)
        == f"""\
Have you acknowledged the moderation message to **Aurora** in its channel?
Not yet? Then nothing is sent, and the alert stays.
Reset Aurora?
**A reset acknowledges nothing at Midjourney.** It only tells the API to use the account again.
If the message still waits in the channel, a reset now **risks the account**.
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
        ("verify you're human", "Have you solved the CAPTCHA of **Aurora** in its channel?"),
        (BLOCKED, "Have you seen in the channel of **Aurora** that the block is over?"),
        ("Subscription paused", "Have you done what the message to **Aurora** asks for?"),
    ],
)
def test_the_confirmation_asks_for_what_its_kind_needs(text: str, question: str) -> None:
    look = confirmation(AURORA, Flag.of(text), incident(text=text), "a", now=NOW)
    assert look.content.splitlines()[0] == question


WARNING = "⛔ **The block is not over.** It ends <t:1768614600:F> (<t:1768614600:R>)."
AS_WORDED = "⛔ **Midjourney says below in words when the block ends.**"
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
    look = confirmation(AURORA, Flag.of(text), incident(text=text), "a", now=now)
    assert ("⛔" in seen(look)) == (warning is not None)
    assert (warning or "") in seen(look)
    assert seen(look).endswith(
        "<Reset Aurora all the same> <Not yet> <Open in Discord>"
        if warning
        else "<Yes, reset Aurora> <Not yet> <Open in Discord>"
    )


def test_without_an_incident_the_block_counts_from_when_the_account_was_flagged() -> None:
    known = account(flag=BLOCKED)
    assert WARNING in seen(confirmation(known, Flag.of(BLOCKED), None, "a", now=NOW))


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (
            ResetVerdict.BACK,
            "✅ **Aurora** is back in rotation: the API took the reset and does not flag it any more.",
        ),
        (
            ResetVerdict.NOT_YET,
            (
                "⏳ The API took the reset, but still shows **Aurora** flagged. "
                "I keep looking: its message turns green when it clears.\n"
                "See in the channel whether something is left to acknowledge.\n```\nx\n```"
            ),
        ),
        (
            ResetVerdict.FLAGGED_AGAIN,
            (
                "⚠️ **Aurora** was clear after the reset and is flagged again.\n"
                "Open the channel and see what Midjourney wants now.\n```\nx\n```"
            ),
        ),
        (
            ResetVerdict.NOT_CONFIGURED,
            "⚪ **Aurora** is not configured any more, so there is nothing to reset.",
        ),
        (
            ResetVerdict.COULD_NOT_TELL,
            (
                "❔ I could not tell whether **Aurora** is back: the API did not answer.\n"
                "The reset may have worked, so I do not send it again. "
                "Its message shows how it is after the next good look."
            ),
        ),
    ],
)
def test_each_verdict_has_its_words(verdict: ResetVerdict, said: str) -> None:
    assert verdict_sentence(verdict, AURORA, Flag.of("x")) == said
    assert "```" not in verdict_sentence(verdict, AURORA)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (action_replies.reading_first(AURORA), "👀 Reading the list before I reset **Aurora** ..."),
        (action_replies.sending(AURORA), "🔄 Resetting **Aurora** ..."),
        (
            action_replies.looking_again(AURORA, timedelta(seconds=15)),
            "⏳ Reset accepted, **Aurora** not yet cleared; looking again in 15 s ...",
        ),
        (
            action_replies.already_resetting(AURORA, OTHER, NOW),
            (
                f"🔄 <@{OTHER}> is already resetting **Aurora**. The outcome will stand on its message.\n"
                "If nothing comes of it, you can try again <t:1768356000:t> (<t:1768356000:R>)."
            ),
        ),
        (
            action_replies.already_resetting(AURORA, None, None),
            "🔄 Somebody is already resetting **Aurora**. The outcome will stand on its message.",
        ),
        (
            action_replies.nothing_to_reset(AURORA),
            "✅ **Aurora** is not flagged. There is nothing to reset, and nothing was sent.",
        ),
        (
            action_replies.flag_changed(),
            "⚠️ Midjourney says something else now. Nothing was sent: read it, then confirm again.",
        ),
        (
            action_replies.cannot_read_first(),
            "⚠️ The list could not be read, so I sent no reset. /mjstatus says why, and what to do.",
        ),
        (
            action_replies.cannot_see(AURORA),
            (
                "⚠️ I cannot see now whether **Aurora** is flagged; when last seen, it was not. "
                "Nothing was sent. /mjstatus says why, and what to do."
            ),
        ),
        (
            action_replies.unknown(None, [AURORA, DUSK]),
            "⚪ I do not know this alert any more. Now: 2 accounts, 1 flagged: Dusk. /mjstatus shows more.",
        ),
        (
            action_replies.claimed(AURORA, NOW),
            (
                "👀 You are on it: every owner's message about **Aurora** says so, and nobody is reminded. "
                "I ask you again at <t:1768356000:t> (<t:1768356000:R>)."
            ),
        ),
        (
            action_replies.snoozed(AURORA, NOW),
            (
                "💤 No reminders about **Aurora** until <t:1768356000:f> (<t:1768356000:R>).\n"
                "If it gets worse, I tell you all the same."
            ),
        ),
        (
            action_replies.muted(None, NOW),
            (
                "🔇 No alerts about **any account** until <t:1768356000:f> (<t:1768356000:R>).\n"
                "If a flagged account gets blocked, I tell you all the same. "
                "The rest is kept: when the mute ends, you get one message with what is still open."
            ),
        ),
        (action_replies.unmuted(AURORA), "🔔 Alerts about **Aurora** come again."),
        (action_replies.unmuted(None), "🔔 Alerts about **all accounts** come again."),
    ],
)
def test_each_answer_says_what_happened_and_what_comes_next(said: str, words: str) -> None:
    assert said == words


def test_a_snooze_is_chosen_from_three() -> None:
    look = snooze_choice(AURORA, incident().key, MESSAGE)
    assert seen(look) == (
        "No reminders about **Aurora** for how long?\nIf it gets worse, I tell you all the same.\n"
        "<1 h> <4 h> <24 h>"
    )
    start = f"{incident().key}.{MESSAGE}"
    assert [each.argument for each in look.controls if isinstance(each, ButtonLook)] == [
        f"{start}.1",
        f"{start}.4",
        f"{start}.24",
    ]
    assert_sendable(look)
    instead = snooze_choice(AURORA, incident().key, MESSAGE, is_claimed=True)
    assert "for how long?\nThis takes the place of **I'm on it**: the alert names nobody any more." in seen(
        instead
    )


ANSWERS: tuple[Callable[[KnownAccount], str], ...] = (
    action_replies.reading_first,
    action_replies.sending,
    action_replies.nothing_to_reset,
    action_replies.cannot_see,
    action_replies.unmuted,
    lambda known: action_replies.already_resetting(known, OTHER, NOW),
    lambda known: action_replies.claimed(known, NOW),
    lambda known: action_replies.snoozed(known, NOW),
    lambda known: action_replies.muted(known, NOW),
    lambda known: action_replies.looking_again(known, timedelta(days=3)),
)


@given(accounts, hostile, moments, st.sampled_from(ResetVerdict), st.sampled_from(ANSWERS))
def test_nothing_said_breaks_a_limit_or_does_anything(
    known: KnownAccount,
    text: str,
    now: datetime,
    verdict: ResetVerdict,
    answer: Callable[[KnownAccount], str],
) -> None:
    look = confirmation(known, Flag.of(text), None, f"{'0' * 32}.{'0' * 16}", now=now)
    assert_sendable(look)
    assert_sendable(snooze_choice(known, "0" * 32, "0" * 32))
    for said in (verdict_sentence(verdict, known, Flag.of(text)), answer(known)):
        assert length(said) <= 2000
        assert_harmless(said)
