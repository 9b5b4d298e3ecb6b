"""Alerts about midjourney-proxy's accounts say what it did, what to do there, and how many are concerned."""

from collections.abc import Iterable
from dataclasses import replace

import discord
import pytest

from bot.domain.accounts import Account, EntryState, Flag, FlagKind, KnownAccount
from bot.domain.incidents import Ending, Incident, Reason, RemedyVerdict, ServiceProblem, State
from bot.domain.messages import Purpose
from bot.domain.providers import MJPROXY, USEAPI, Remedy, reference_to
from bot.render.alert_messages import content_of
from bot.render.message_content import MessageContent
from tests.simulators.mjproxy.pool import TOO_MANY_FAILURES
from tests.support.render_samples import (
    ACCOUNTS,
    CHANNEL,
    MINUTE,
    NOW,
    OTHER,
    assert_sendable,
    incident,
    message,
    seen,
    service,
)

Row = tuple[Incident, Reason | None]
LOST = "由于无法重新连接，自动禁用账号"


def proxied(number: int, entry: EntryState = EntryState.FLAGGED) -> KnownAccount:
    return KnownAccount(
        Account(reference_to(MJPROXY, f"{number}"), discord_channel=CHANNEL, server=CHANNEL, entry=entry),
        f"P{number}",
    )


def flagged(number: int = 0, kind: FlagKind = FlagKind.CONNECTION, **changes: object) -> Incident:
    """Make an incident of an account of midjourney-proxy."""
    text = {FlagKind.CONNECTION: LOST, FlagKind.OFFLINE: ""}.get(kind, "Plan Cancelled, renew it")
    since = NOW - 20 * MINUTE if kind is FlagKind.OFFLINE else None
    return replace(
        incident(100 + number, starting_since=since),
        reference=reference_to(MJPROXY, f"{number}"),
        provider=MJPROXY,
        flag=Flag(text, kind),
        worst_kind=kind,
        **changes,  # pyright: ignore[reportArgumentType] - the tests name the fields
    )


def shown(
    *rows: Row,
    also: Iterable[Incident] = (),
    starting: int = 0,
    page: int = 0,
    purpose: Purpose = Purpose.ALERT,
    entry: EntryState = EntryState.FLAGGED,
) -> MessageContent:
    accounts = {each.reference: each for each in (proxied(n, entry) for n in range(1000))}
    more = {
        each.reference: each
        for each in (proxied(n, EntryState.STARTING) for n in range(1000, 1000 + starting))
    }
    incidents = {each.key: each for each in (*(row[0] for row in rows), *also)}
    posted = content_of(
        message(*rows, purpose=purpose), incidents, {**ACCOUNTS, **accounts, **more}, page=page
    )
    assert_sendable(posted)
    if all(row[0].provider == MJPROXY for row in rows):
        assert not any(alien in posted.plain_text for alien in ("useapi", "the API", "596", "is back"))
    return posted


def lost(number: int, reason: Reason | None = Reason.OPENED, *, starting: bool = False) -> list[Row]:
    since = NOW if starting else None
    return [(flagged(n, starting_since=since), reason) for n in range(number)]


def test_an_alert_shows_our_sentence_above_the_words_of_the_proxy_and_the_cause() -> None:
    posted = shown((flagged(first_reason="用户 WebSocket 连接异常"), Reason.OPENED))
    assert (
        seen(posted)
        == f"""\
📡 P0 needs you: midjourney-proxy lost its connection to Discord and disabled it
P0 · 📡 disconnected
Flagged since <t:1768355400:f> (<t:1768355400:R>).
It means: midjourney-proxy lost its connection to Discord and disabled it.
[midjourney-proxy says]
```
{LOST}
```
[Before that, it said]
It means: its connection to Discord broke off.
```
用户 WebSocket 连接异常
```
[What to do]
1. Check that the machine of midjourney-proxy can reach Discord.
2. If it cannot, get its network working first.
3. Only then press **Enable**. midjourney-proxy does not enable it by itself.
<Enable> <I'm on it> <Snooze> <Open in Discord>"""
    )


@pytest.mark.parametrize(
    ("problem", "reason", "content"),
    [
        (
            flagged(kind=FlagKind.SESSION),
            Reason.OPENED,
            "🔑 P0 needs you: Discord rejects its login or token",
        ),
        (
            flagged(kind=FlagKind.PLAN),
            Reason.REMINDER,
            "⏰ P0 still needs you: the account's Midjourney plan is cancelled, paused or missing",
        ),
        (
            flagged(kind=FlagKind.CREDITS),
            Reason.OPENED,
            "🪫 P0 needs you: the credits of the account are used up",
        ),
        (
            flagged(),
            Reason.RETURNED,
            (
                "📡 P0 is flagged again after it was enabled: "
                "midjourney-proxy lost its connection to Discord and disabled it"
            ),
        ),
        (
            flagged(kind=FlagKind.OFFLINE),
            Reason.OPENED,
            (
                "💤 P0 is not running: midjourney-proxy has not started it\n"
                "A moderation message can hide here: open Discord and send /info."
            ),
        ),
        (
            flagged(kind=FlagKind.OFFLINE),
            Reason.REMINDER,
            (
                "⏰ P0 is still not running: midjourney-proxy has not started it\n"
                "A moderation message can hide here: open Discord and send /info."
            ),
        ),
        (
            flagged(starting_since=NOW),
            Reason.OPENED,
            "⏳ P0 is enabled, midjourney-proxy has not started it yet",
        ),
        (
            flagged(state=State.RESETTING, leased_by=OTHER),
            Reason.OPENED,
            "🔄 P0 is being enabled. The result will appear here.",
        ),
        (
            flagged(state=State.ENDED, ending=Ending.PAUSED, ended_at=NOW),
            None,
            (
                "⏸️ P0 is disabled and does not run. "
                "It had been flagged for 10 min (<t:1768355400:t> - <t:1768356000:t>)"
            ),
        ),
        (
            flagged(kind=FlagKind.OFFLINE, state=State.ENDED, ending=Ending.PAUSED, ended_at=NOW),
            None,
            (
                "⏸️ P0 is disabled and does not run. "
                "It had not run for 10 min (<t:1768355400:t> - <t:1768356000:t>)"
            ),
        ),
        (
            flagged(kind=FlagKind.OFFLINE, state=State.ENDED, ending=Ending.LEFT_PAUSED, ended_at=NOW),
            None,
            "⏸️ P0 is left disabled. It had not run for 10 min (<t:1768355400:t> - <t:1768356000:t>)",
        ),
        (
            flagged(state=State.ENDED, ending=Ending.CLEARED, ended_at=NOW),
            None,
            "✅ P0 runs again. It was out for 10 min (<t:1768355400:t> - <t:1768356000:t>)",
        ),
    ],
)
def test_the_first_line_says_it_in_the_words_of_the_provider(
    problem: Incident, reason: Reason | None, content: str
) -> None:
    assert shown((problem, reason)).content == content


def test_a_card_says_that_the_account_is_enabled_and_not_started() -> None:
    words = seen(
        shown(
            (
                flagged(
                    starting_since=NOW,
                    remedy=Remedy.ENABLE,
                    verdict=RemedyVerdict.NOT_STARTED,
                    judged_at=NOW,
                ),
                None,
            )
        )
    )
    assert "P0 · ⏳ enabled, not started yet" in words
    assert "**Nothing to do right now:** enabled since <t:1768356000:t>, midjourney-proxy has not" in words
    assert "**Enabled <t:1768356000:R>: not started yet.**" in words
    assert "[What to do]" not in words


@pytest.mark.parametrize("number", [2, 40, 1000])
def test_row_69_many_that_lost_their_connection_are_one_cause(number: int) -> None:
    posted = shown(*lost(number), starting=2)
    assert posted.content == (
        f"📡 midjourney-proxy lost its connection to Discord: {number:,} accounts are disabled\n"
        "2 more should come back by themselves within 5 minutes."
    )
    assert seen(posted).count(LOST) == 1


def test_row_69_the_first_alert_counts_those_that_come_back_by_themselves() -> None:
    assert shown(*lost(1), starting=1).content == (
        "📡 P0 needs you: midjourney-proxy lost its connection to Discord and disabled it\n"
        "1 more should come back by itself within 5 minutes."
    )


def test_an_account_that_rests_or_has_an_incident_does_not_come_back_by_itself() -> None:
    row = lost(1)[0]
    resting = KnownAccount(
        Account(reference_to(MJPROXY, "r"), entry=EntryState.STARTING, hours="09:00-17:00"), "R"
    )
    opened = KnownAccount(
        Account(reference_to(MJPROXY, "o"), entry=EntryState.STARTING), "O", state=State.OPEN
    )
    elsewhere = KnownAccount(Account("1" * 18, entry=EntryState.STARTING), "E")
    accounts = {each.reference: each for each in (resting, opened, elsewhere)}
    assert "by itself" not in content_of(message(row), {row[0].key: row[0]}, accounts).content


def test_row_70_another_kind_is_named_beside_the_common_cause() -> None:
    other = flagged(99, FlagKind.MODERATION)
    wording = (
        "📡 midjourney-proxy lost its connection to Discord: 39 accounts are disabled. 1 more needs you: P99"
    )
    posted = shown(*lost(39), (other, Reason.OPENED))
    assert posted.content == wording
    assert (posted.embeds[0].description or "").startswith("**[P99]")
    assert shown(*lost(39, None), (other, Reason.OPENED)).content == (
        "⚠️ P99 needs you: Midjourney wants a moderation message acknowledged (40 accounts need you in all)"
    )


def test_slots_are_counted_of_the_provider_that_reports_them_and_name_it() -> None:
    assert "3 of 21 job slots at useapi.net are unavailable." in seen(shown((incident(), Reason.OPENED)))


def test_a_block_of_which_the_proxy_keeps_the_end_is_ended_by_the_proxy() -> None:
    until = NOW + 90 * MINUTE
    timed = replace(flagged(kind=FlagKind.BLOCK), flag=Flag("x", FlagKind.BLOCK, until), block_ends=until)
    sentence = "midjourney-proxy should enable it by itself then."
    assert sentence in seen(shown((timed, Reason.OPENED)))
    worded = replace(timed, flag=Flag("x", FlagKind.BLOCK))
    assert sentence not in seen(shown((worded, Reason.OPENED)))


def test_a_note_of_what_was_not_started_does_not_call_it_flagged() -> None:
    over = flagged(kind=FlagKind.OFFLINE, state=State.ENDED, ending=Ending.CLEARED, ended_at=NOW)
    assert shown((over, None), purpose=Purpose.NOTE).content == (
        "✅ P0 did not run for 10 min (<t:1768355400:t> - <t:1768356000:t>) and runs again."
    )


def test_a_reminder_of_a_common_cause_says_that_it_is_one() -> None:
    assert shown(*lost(3, Reason.REMINDER)).content == (
        "⏰ midjourney-proxy lost its connection to Discord: 3 accounts are still disabled"
    )


def test_what_is_enabled_and_what_is_calm_does_not_need_anybody() -> None:
    started = lost(2, starting=True)
    calm = [(flagged(n, FlagKind.OFFLINE), Reason.OPENED) for n in (5, 6)]
    assert shown(*started).content == "⏳ 2 accounts are enabled and not started yet: P0 and P1"
    assert shown(*started, *calm).content == "💤 2 accounts are not running: P5 and P6"
    assert shown(*started, *calm, (flagged(9), Reason.OPENED)).content.startswith("📡 P9 needs you")
    listed = shown(*started, *calm).embeds[0].description or ""
    assert "· 💤 not started · noticed <t:1768355400:R>" in listed
    assert "· ⏳ enabled, not started yet ·" in listed


def test_the_legend_of_a_digest_names_no_cause_of_what_is_being_enabled() -> None:
    meaning = "midjourney-proxy lost its connection to Discord and disabled it."
    enabling = [(flagged(n, state=State.RESETTING, leased_by=OTHER), None) for n in range(2)]
    assert meaning not in seen(shown(*enabling))
    assert seen(shown(*enabling, *lost(2, starting=True))).count(meaning) == 0
    assert seen(shown((flagged(9), None), *enabling)).count(f"📡 disconnected: {meaning}") == 1


def test_a_digest_of_both_names_who_says_what() -> None:
    posted = shown((incident(1), Reason.OPENED), (flagged(1), Reason.OPENED))
    assert "[Midjourney and midjourney-proxy say]" in seen(posted)
    assert posted.content == "⚠️ 2 accounts need you: Borealis and P1"


def test_row_59_what_cannot_be_seen_is_named_where_two_are_watched() -> None:
    blind = replace(service(ServiceProblem.UNREACHABLE), provider=MJPROXY)
    assert "I cannot see it at midjourney-proxy now." in seen(shown((flagged(), None), also=[blind]))
    assert "I cannot see your accounts at midjourney-proxy now:" in seen(shown(*lost(2), also=[blind]))
    alone = replace(message((flagged(), None)))
    incidents = {each.key: each for each in (flagged(), blind)}
    assert "**I cannot see it now.**" in seen(
        content_of(alone, incidents, {proxied(0).reference: proxied(0)})
    )
    assert "I cannot see" not in seen(shown((incident(1), None), also=[blind]))
    gaps = replace(blind, problem=ServiceProblem.LIST_GONE)
    assert "**midjourney-proxy's list has gaps now**" in seen(shown((flagged(), None), also=[gaps]))


def test_how_it_ended_names_no_reset() -> None:
    by = flagged(state=State.ENDED, ending=Ending.RESET, ended_at=NOW + MINUTE, leased_by=OTHER)
    enabled = seen(shown((replace(by, remedy=Remedy.ENABLE), None)))
    assert f"It ended after <@{OTHER}> enabled it, and the account list confirms it." in enabled
    solved = seen(shown((replace(by, remedy=Remedy.CAPTCHA_SOLVED), None)))
    assert f"It ended after <@{OTHER}> solved its CAPTCHA, and" in solved
    left = flagged(state=State.ENDED, ending=Ending.LEFT_PAUSED, ended_at=NOW)
    assert "⏸️ P0 is left disabled." in seen(shown((left, None), purpose=Purpose.NOTE))
    gone = flagged(state=State.ENDED, ending=Ending.REMOVED, ended_at=NOW)
    assert "midjourney-proxy does not list the account any more" in seen(shown((gone, None)))


def over(number: int, ending: Ending) -> Row:
    return flagged(number, state=State.ENDED, ending=ending, ended_at=NOW), None


RUNS_NOT = "P0 is disabled and does not run. It had been flagged for 10 min"
ENABLE_IT = "To use it again, enable it on midjourney-proxy's own web page."


@pytest.mark.parametrize("purpose", [Purpose.ALERT, Purpose.NOTE])
def test_row_68_a_disabled_account_is_not_said_to_run_and_what_to_do_is_said(purpose: Purpose) -> None:
    posted = shown(over(0, Ending.PAUSED), purpose=purpose)
    assert f"⏸️ {RUNS_NOT}" in seen(posted)
    assert f"midjourney-proxy lists it as disabled, without a reason. {ENABLE_IT}" in seen(posted)
    assert "Nothing to do" not in seen(posted)
    assert posted.embeds[0].colour == discord.Colour.light_grey()
    left = shown(over(0, Ending.LEFT_PAUSED))
    assert left.embeds[0].colour == discord.Colour.light_grey()
    assert shown(over(0, Ending.CLEARED)).embeds[0].colour == discord.Colour.green()


@pytest.mark.parametrize(
    ("endings", "first"),
    [
        ([Ending.CLEARED, Ending.RESET], "✅ 2 accounts are back: P0 and P1"),
        ([Ending.CLEARED, Ending.PAUSED], "✅ 1 account runs again: P0 (disabled: 1)"),
        (
            [Ending.RESET, Ending.LEFT_PAUSED, Ending.PAUSED, Ending.REMOVED],
            "✅ 1 account runs again: P0 (disabled: 2, not configured any more: 1)",
        ),
        ([Ending.PAUSED, Ending.LEFT_PAUSED], "⏸️ 2 accounts are disabled and do not run: P0 and P1"),
        (
            [Ending.PAUSED, Ending.REMOVED],
            "⏸️ 1 account is disabled and does not run: P0 (not configured any more: 1)",
        ),
    ],
)
def test_row_68_of_several_only_those_that_run_are_counted_as_back(endings: list[Ending], first: str) -> None:
    rows = [over(number, ending) for number, ending in enumerate(endings)]
    assert shown(*rows).content == first
    words = shown(*rows, purpose=Purpose.NOTE).content
    all_run = "✅ 2 accounts were flagged and are back: P0 and P1."
    assert words == (all_run if first.endswith("back: P0 and P1") else f"{first}.")
    listed = seen(shown(*rows))
    assert ("⏸️ disabled without a reason · after 10 min" in listed) is (Ending.PAUSED in endings)


def test_row_68_an_open_alert_of_a_disabled_account_says_that_no_reason_is_listed_any_more() -> None:
    plan = flagged(kind=FlagKind.PLAN)
    words = seen(shown((plan, Reason.OPENED), entry=EntryState.PAUSED))
    assert words.startswith(
        "⏸️ P0 needs you: midjourney-proxy lists no reason any more, but it is still disabled\n"
        "P0 · ⏸️ no reason listed, still disabled\n"
    )
    assert "[midjourney-proxy said]\n```\nPlan Cancelled" in words
    assert "3. Only then press **I renewed it - enable**." in words
    assert "Is it meant to stay disabled? Then press **Leave it paused**, which ends this alert." in words
    assert "<I renewed it - enable> <I'm on it> <Snooze> <Leave it paused>" in words
    calm = replace(plan, flag=Flag("", FlagKind.OFFLINE))
    assert "<Leave it paused>" not in seen(shown((calm, Reason.OPENED), entry=EntryState.PAUSED))


def test_row_36_a_block_that_should_be_over_is_not_to_be_waited_for() -> None:
    timed = replace(flagged(kind=FlagKind.BLOCK), flag=Flag("", FlagKind.BLOCK), block_ends=NOW - MINUTE)
    assert shown((timed, Reason.REMINDER), entry=EntryState.PAUSED).content == (
        "⏰ P0 still needs you: Its block should be over now"
    )
    waits = replace(timed, block_ends=NOW + 90 * MINUTE)
    assert shown((waits, Reason.OPENED), entry=EntryState.PAUSED).content.startswith("⏸️ P0 needs you:")
    assert shown((waits, Reason.OPENED)).content.startswith("⛔ P0 must wait:")


def test_an_incident_without_a_provider_is_useapis() -> None:
    assert incident().provider == USEAPI


def test_a_digest_sends_a_person_to_the_button_for_all_only_if_it_is_there() -> None:
    sentence = (
        "1. Check that the machine of midjourney-proxy can reach Discord.\n"
        "2. Then press **Enable all 2** below: midjourney-proxy does not enable them by itself."
    )
    assert sentence in seen(shown(*lost(2)))
    assert "\n📡 disconnected: midjourney-proxy lost its connection" in seen(shown(*lost(2)))
    assert "3. Only then press **Enable all 2**." in seen(shown(lost(1)[0], also=[flagged(1)]))
    others = [(flagged(n, kind=FlagKind.PLAN), Reason.OPENED) for n in (1, 2)]
    assert sentence not in seen(shown(*lost(1), *others))


def test_each_quoted_text_that_few_can_read_has_its_sentence() -> None:
    others = [(flagged(n, kind=FlagKind.PLAN), Reason.OPENED) for n in (1, 2)]
    unsure = replace(flagged(3, kind=FlagKind.SESSION), flag=Flag(TOO_MANY_FAILURES, FlagKind.SESSION))
    captcha = replace(flagged(4, kind=FlagKind.CAPTCHA), flag=Flag("CF 人工验证...", FlagKind.CAPTCHA))
    used_up = replace(flagged(5, kind=FlagKind.CREDITS), flag=Flag("账号用量已经用完", FlagKind.CREDITS))
    rows = [(each, Reason.OPENED) for each in (unsure, captcha, used_up, flagged(6))]
    listed = (shown(*rows, *others).embeds[0].description or "").splitlines()[-3:]
    assert [line.partition(":")[0] for line in listed] == [
        "🧩 CAPTCHA pending",
        "🔑 cannot log in",
        "🪫 credits used up",
    ]


def test_a_digest_quotes_nobody_for_a_flag_without_a_text() -> None:
    silent = replace(flagged(1, FlagKind.BLOCK), flag=Flag("", FlagKind.BLOCK))
    sentence = "\nNo reason is given for the block.\n"
    both = seen(shown((flagged(0), Reason.OPENED), (silent, Reason.OPENED)))
    assert f"P1:{sentence}" in both
    assert "[midjourney-proxy says]" in both
    also = replace(flagged(2, FlagKind.BLOCK), flag=Flag("", FlagKind.BLOCK))
    alone = seen(shown((silent, Reason.OPENED), (also, Reason.OPENED)))
    assert f"[Reason]{sentence}" in alone
    assert "says" not in alone


def test_an_account_that_starts_has_no_button_to_enable_it() -> None:
    assert "<Enable>" in seen(shown((flagged(), Reason.OPENED)))
    assert "<Enable>" not in seen(shown((flagged(starting_since=NOW), Reason.OPENED)))


def test_a_failing_connection_of_one_account_is_probably_its_token() -> None:
    unsure = flagged(kind=FlagKind.SESSION)
    posted = shown((replace(unsure, flag=Flag(TOO_MANY_FAILURES, FlagKind.SESSION)), Reason.OPENED))
    assert posted.content == (
        "🔑 P0 needs you: midjourney-proxy could not connect it, "
        "most likely because Discord rejects its token"
    )
    assert "1. Do other accounts fail, too? Then check the network of" in seen(posted)
