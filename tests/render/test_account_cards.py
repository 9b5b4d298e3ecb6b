"""The cards read well and keep Discord's limits, whatever the API put into them."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.account_info import FastTime, Info, InfoSnapshot, Subscription, Usage
from bot.domain.accounts import Flag, FlagKind, KnownAccount
from bot.domain.actions import Action
from bot.domain.providers import USEAPI
from bot.render.account_cards import account_embed, info_embed
from bot.render.incident_card import info_refused
from bot.render.instructions import press_reset, steps
from bot.render.text import length
from tests.support.in_any_language import in_any_language
from tests.support.render_samples import (
    CHANNEL,
    INFO,
    LINK,
    MODERATION,
    NOW,
    SNAPSHOT,
    account,
    accounts,
    actions,
    assert_embed_sendable,
    assert_harmless,
    hostile,
    read,
    snapshots,
)

BLOCKED = "You have been blocked from accessing Midjourney for 3 days"


def answered(info: Info) -> InfoSnapshot:
    return InfoSnapshot(NOW, timedelta(seconds=1), info)


def test_account_info_reads_from_plan_to_login() -> None:
    embed = info_embed(account(), SNAPSHOT, note="The last answer: it was asked for 12 s ago.")
    assert embed.url == LINK
    assert (
        read(embed)
        == f"""\
Aurora · account info
The last answer: it was asked for 12 s ago.
[{CHANNEL}]({LINK})
Midjourney answered at <t:1768348800:f> (took 8 s)
[Plan]
`Mega`, `Active monthly`
Renews <t:1768867200:f> (<t:1768867200:R>)
[Fast time]
`█████████░` 98.6%
29.57 of 30 fast hours left
[Mode]
Visibility: `Public`
Job mode: `Fast`
[Made so far]
Lifetime: 11,170 images in 120.63 hours
Relaxed: 344 images in 3.47 hours
[Jobs]
Queued, fast: 0
Queued, relaxed: 2
Running: none reported
[Discord account]
Name: `studio.north`
User id: `234567890123456789`"""
    )


@pytest.mark.parametrize(
    ("fast", "shown"),
    [
        (FastTime(60, 60, "hours", 100), "`██████████` 100%\n60 of 60 fast hours left"),
        (FastTime(107.72, 200, "minutes", 53.86), "`█████░░░░░` 53.9%\n107.72 of 200 fast minutes left"),
        (FastTime(15, 30, "hours", None), "`█████░░░░░` 50%\n15 of 30 fast hours left"),
        (FastTime(0.01, 30, "hours", None), "`█░░░░░░░░░` 0%\n0.01 of 30 fast hours left"),
        (FastTime(0, 30, "hours", 0), "`░░░░░░░░░░` 0%\n0 of 30 fast hours left"),
        (FastTime(40, 30, "hours", 133.3), "`██████████` 100%\n40 of 30 fast hours left"),
        (FastTime(-1, 30, "hours", None), "`░░░░░░░░░░` 0%\n-1 of 30 fast hours left"),
        (FastTime(25, None, "minutes", None), "25 fast minutes left"),
        (FastTime(0, 0, "hours", None), "0 of 0 fast hours left"),
        (FastTime(float("nan"), 30, "hours", None), "unknown of 30 fast hours left"),
        (FastTime(5, 10, "furlongs", None), "`█████░░░░░` 50%\n5 of 10 fast `furlongs` left"),
    ],
)
def test_fast_time_is_a_bar_with_numbers(fast: FastTime, shown: str) -> None:
    assert read(info_embed(account(), answered(Info("", fast_time=fast)))).endswith(f"[Fast time]\n{shown}")


def test_a_renewal_in_words_is_shown_in_code() -> None:
    plan = Subscription("Basic", "Active monthly", None, "2023年5月23日 11:54")
    assert "Renews `2023年5月23日 11:54`" in read(
        info_embed(account(), answered(Info("", subscription=plan)))
    )


def test_a_trial_has_one_word_and_no_renewal() -> None:
    trial = Info("", subscription=Subscription("None", "Trial", None, None))
    assert read(info_embed(account(), answered(trial))).endswith("[Plan]\n`Trial`")


def test_every_usage_and_what_runs_is_shown() -> None:
    info = Info("", fast=Usage(1, None, None), turbo=Usage(2, 0.5, "minutes"), running="/imagine a <@1> cat")
    words = read(info_embed(account(), answered(info)))
    assert "Fast: 1 image\nTurbo: 2 images in 0.5 minutes" in words
    assert words.endswith("[Jobs]\nRunning: `/imagine a <@1> cat`")


@pytest.mark.parametrize(
    "jobs", [pytest.param("one\ntwo", id="lines"), pytest.param("a long one " * 6 + "end", id="long")]
)
def test_running_jobs_of_more_than_a_few_words_stand_in_a_block(jobs: str) -> None:
    assert read(info_embed(account(), answered(Info("", running=jobs)))).endswith(
        f"[Jobs]\nRunning:\n```\n{jobs}\n```"
    )


def test_unknown_labels_are_kept_in_order() -> None:
    info = replace(INFO, others=(("Video Usage", "3 videos"), ("Mood", "blue")))
    assert "[Also said]\n`Video Usage`: `3 videos`\n`Mood`: `blue`" in read(
        info_embed(account(), answered(info))
    )


def test_two_hundred_endless_labels_are_counted() -> None:
    endless = tuple((f"{index} " + "L" * 4_000, "🧩" * 4_000) for index in range(200))
    embed = info_embed(account(), answered(replace(INFO, others=endless, running="r" * 4_000)))
    assert_embed_sendable(embed)
    jobs = next(field.value or "" for field in embed.fields if field.name == "Also said")
    assert re.search(r"\nand 19\d more lines$", jobs)


def test_an_answer_that_could_not_be_read_is_shown_as_it_is() -> None:
    words = read(
        info_embed(account(), answered(Info("Something else altogether", discord_name="studio.north")))
    )
    assert "[Midjourney's answer]\n```\nSomething else altogether\n```" in words


def test_a_flagged_account_is_shown_with_login_steps_link_and_last_answer() -> None:
    shown = info_refused(account(flag=MODERATION, snapshot=SNAPSHOT), 1, NOW)
    embed, last = shown.embeds
    assert embed.url == LINK
    assert (
        read(embed)
        == f"""\
Aurora · ⚠️ moderation message pending
Flagged since <t:1768355400:f> (<t:1768355400:R>).
[Midjourney says]
```
{MODERATION}
```
[Discord login to use]
`studio.north`
Link won't open? You are logged in to Discord as someone else.
[What to do]
1. Log in to Discord as `studio.north`.
2. Open [the Midjourney channel]({LINK}), read the message and acknowledge it there.
3. Only then use /mjreset. Resetting does not acknowledge it for you."""
    )
    assert "From an earlier answer; Midjourney was not asked again." in read(last)


@pytest.mark.parametrize(
    ("text", "headline", "step"),
    [
        (
            "verify you're human",
            "🧩 Aurora needs you: Midjourney wants a CAPTCHA solved",
            "No link? Run /imagine there",
        ),
        (
            BLOCKED,
            "⛔ Aurora must wait: Midjourney has blocked it for 3 days. Do not reset yet",
            "1. Wait until <t:1768614600:f> (<t:1768614600:R>). Do not reset before then.",
        ),
        (
            "You have been blocked from accessing Midjourney.",
            "⛔ Aurora needs you: Midjourney has blocked it",
            "1. The message names no end",
        ),
        (
            "You are blocked until tomorrow, 9 am. Be patient.",
            "⛔ Aurora needs you: Midjourney has blocked it",
            "1. Wait as long as the message says: `until tomorrow, 9 am`. Do not reset before then.",
        ),
        (
            "Subscription paused",
            "⚠️ Aurora needs you: Midjourney stopped it with a message",
            "and do what the message says.",
        ),
        (
            MODERATION,
            "⚠️ Aurora needs you: Midjourney wants a moderation message acknowledged",
            "Resetting does not acknowledge it for you.",
        ),
    ],
    ids=["captcha", "timed block", "block", "block in words", "other", "moderation"],
)
def test_each_kind_has_its_headline_and_its_steps(text: str, headline: str, step: str) -> None:
    shown = info_refused(account(flag=text), 1, NOW)
    words = read(shown.embeds[0])
    assert shown.content == headline
    assert step in words
    assert [line[:2] for line in words.splitlines() if re.match(r"\d\. ", line)] == ["1.", "2.", "3."]
    assert "Login unknown. " in words
    assert "with this account's login" in words


def test_a_block_seen_by_nobody_knows_when_is_waited_out_from_its_start() -> None:
    listed = steps(account(flag=BLOCKED), Flag.of(BLOCKED), until=None)
    assert "1. Wait 3 days from when the block began. Do not reset before then." in listed


def test_an_id_that_is_none_gets_neither_link_nor_path() -> None:
    (embed,) = info_refused(account(flag=MODERATION, reference="a/../b"), 1, NOW).embeds
    assert embed.url is None
    assert "reset the account in the API." in read(embed)
    assert "/reset" not in read(embed)


def test_the_card_of_a_ready_account_shows_what_is_known() -> None:
    embed = account_embed(account(snapshot=SNAPSHOT))
    assert (
        read(embed)
        == f"""\
Aurora · ✅ ready
[{CHANNEL}]({LINK})
3 job slots
[Plan]
`Mega`, `Active monthly`
Renews <t:1768867200:f> (<t:1768867200:R>)
[Fast time]
`█████████░` 98.6%
29.57 of 30 fast hours left
[Last account info]
Answered <t:1768348800:R>"""
    )


def test_an_answer_without_a_time_says_so() -> None:
    snapshot = InfoSnapshot(None, None, Info("Your info"))
    assert "Midjourney answered at an unknown time\n" in read(info_embed(account(), snapshot))
    assert read(account_embed(account(snapshot=snapshot))).endswith("Answered at an unknown time")


def test_the_card_of_a_flagged_account_quotes_the_flag_and_lists_the_last_five_actions() -> None:
    done = [Action(NOW, 234567890123456789, "rename", CHANNEL, f"named:Aurora {index}") for index in range(9)]
    words = read(account_embed(account(flag=MODERATION), actions=done))
    assert f"[Midjourney says]\n```\n{MODERATION}\n```\nFlagged since <t:1768355400:f>" in words
    assert "[Last actions]\n<t:1768356000:R> <@234567890123456789> renamed it to Aurora 0\n" in words
    assert words.count("renamed it") == 5


def test_a_flag_card_says_that_a_block_is_over() -> None:
    known = account(flag=BLOCKED)
    listed = steps(known, Flag.of(BLOCKED), until=NOW, over=True, reset=press_reset(FlagKind.BLOCK, USEAPI))
    assert listed.splitlines()[0] == "1. The block should be over now."
    assert "3. Only then press **The block is over - reset**." in listed


@given(accounts, snapshots, st.lists(actions, max_size=8))
@in_any_language
def test_no_card_breaks_a_limit_or_does_anything(
    known: KnownAccount, snapshot: InfoSnapshot, done: list[Action]
) -> None:
    assert_embed_sendable(info_embed(known, snapshot))
    assert_embed_sendable(account_embed(known, actions=done))
    if known.account.flag is not None:
        shown = info_refused(known, 1, NOW)
        assert_harmless(shown.content)
        for embed in shown.embeds:
            assert_embed_sendable(embed)


@given(hostile)
def test_a_headline_is_one_line_without_a_word_of_the_api(text: str) -> None:
    headline = info_refused(account("Aurora", flag=text), 1, NOW).content
    assert "\n" not in headline
    assert length(headline) <= 200
    assert headline.split(": ")[0].endswith(("Aurora needs you", "Aurora must wait"))
