"""Which texts mean a block, and until when: what people reported, and what only resembles it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import process_time

import pytest

from bot.domain.accounts import Flag, FlagKind
from bot.domain.blocks import end_in, end_in_words, length_in, names_block
from bot.render.text import code_block, code_span

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
PENDING_AND_BLOCKED = (
    "You have a pending moderation message. Please acknowledge it.\n"
    "Your account has been temporarily blocked due to suspicious activity. Using scripts is strictly "
    "forbidden and is grounds for a permanent ban.."
)
CHRISTMAS = datetime(2026, 12, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "You have been blocked from accessing Midjourney. This happens on repeated or serious violations.",
        "blocked from accessing Midjourney for 1 hour",
        "Your account has been temporarily blocked due to suspicious activity.",
        PENDING_AND_BLOCKED,
        "Please verify that you are human. You are temporarily blocked.",
        "Banned for 14 days. A moderation message is pending: please acknowledge it.",
        "You've been banned from Midjourney",
        "You were banned for using banned words",
        "Blocked",
        "**Suspended**",
        "Account suspended: contact support",
        "Your account was suspended until <t:1798200000>",
        "You have violated our terms and been banned",
        "In response to repeated requests, your account was banned",
        "Your account, which broke the rules, has been permanently suspended.",
        "YOUR ACCOUNT IS BANNED",
        "We have suspended your account for 14 days",
        "We banned you",
        "A moderator has blocked your access; please acknowledge the moderation message",
        "You have received a ban for 14 days",
        "You have been given a 24-hour ban",
        "You are under a temporary suspension until tomorrow",
        "You have received a permanent ban",
        "Account suspension: 14 days",
        "Your ban ends <t:1798200000:R>",
        "Your ban is lifted in 3 days",
        "Suspension until 2026-12-25",
        "A 14-day ban has been placed on your account",
        "You were previously banned for 3 days and are now banned for 14 days",
    ],
)
def test_row_57_what_people_reported_of_blocks_is_one_also_beside_other_words(text: str) -> None:
    assert Flag.of(text).kind is FlagKind.BLOCK


@pytest.mark.parametrize(
    "text",
    [
        "Banned prompt detected",
        "Your prompt was blocked",
        "Your prompt has been blocked by our AI moderators",
        "Subscription suspended",
        "Your subscription has been suspended",
        "This is grounds for a permanent ban",
        "This word is banned",
        "The word x is banned",
        "You used a blocked word",
        "Your request was blocked by the filter",
        "Sorry, the image was blocked",
        "You will be banned if you go on",
        "You may be temporarily blocked",
        "Repeated violations can get you banned",
        "Your account is not suspended",
        "Your account wasn't blocked",
        "You are no longer blocked",
        "You have not been blocked",
        "Your account has never been suspended",
        "You haven't been banned",
        "Your account has not yet been banned",
        "Sharing accounts is banned",
        "You were previously banned",
        "You were previously banned, please acknowledge the moderation message",
        "You were banned before, please be careful",
        "Your account was banned in the past",
        "We have not suspended your account",
        "We have blocked your prompt",
        "We have banned the word",
        "You may get a ban for 14 days",
        "If you go on you have a ban for 14 days",
        "The penalty is a ban for 14 days",
        "A ban for 14 days follows",
        "Your next ban lasts 14 days",
        "Your ban of 14 days is over",
        "Your 14-day ban has been lifted",
        "You had received a ban for 14 days",
        "You have a ban",
        "",
    ],
)
def test_what_only_looks_like_a_block_is_none(text: str) -> None:
    assert not names_block(text)
    assert Flag.of(f"{text}. A moderation message is pending.").kind is FlagKind.MODERATION


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("Banned for 14 days.", 14 * DAY),
        ("blocked for 24 hours", DAY),
        ("blocked for 24h", DAY),
        ("suspended for 3d", 3 * DAY),
        ("banned for twelve hours", DAY / 2),
        ("banned for fourteen days", 14 * DAY),
        ("blocked for 30 minutes", HOUR / 2),
        ("banned for a week", 7 * DAY),
        ("banned for an hour", HOUR),
        ("banned for one month", 30 * DAY),
        ("suspended for 1 hour and 30 minutes", HOUR * 1.5),
        ("suspended for the next 2 days, 3 hours", 2 * DAY + 3 * HOUR),
        ("Access blocked. Try again in 3 days", 3 * DAY),
        ("You are blocked. The block ends in two weeks", 14 * DAY),
        ("You are blocked: a 24-hour ban", DAY),
        ("banned for 9999 years", 36_500 * DAY),
        ("blocked for 0 hours", None),
        ("blocked for 12345 hours", None),
        ("blocked for good", None),
        ("blocked for 1.5 hours", HOUR * 1.5),
        ("a 1.5 hour ban", HOUR * 1.5),
        ("blocked for an hour and a half", HOUR * 1.5),
        ("blocked for one and a half hours", HOUR * 1.5),
        ("blocked for 1 day and 2 and a half hours", DAY + HOUR * 2.5),
        ("blocked for a day or two", None),
        ("blocked for an hour and a quarter", None),
        ("blocked for at least 3 days", None),
        ("You are temporarily blocked; 24 hours remaining", DAY),
        ("You are blocked. 1 day and 2 hours left.", DAY + 2 * HOUR),
        ("You are blocked. It is a 1 day, 12 hour ban", DAY * 1.5),
        ("You are blocked. Time left: 1 day and 2 hours", DAY + 2 * HOUR),
        ("You have been temporarily blocked. Duration: 3 days", 3 * DAY),
        ("You are blocked. The length is about 3 days", 3 * DAY),
        ("Account suspension: 14 days", 14 * DAY),
        ("You have received a ban of 14 days", 14 * DAY),
        ("You have received a ban lasting 14 days", 14 * DAY),
        ("You are blocked. You have 2 days left to appeal", None),
        ("You are blocked for 14 days. You have 2 days left", 14 * DAY),
        ("blocked. You broke the rules 3 times within 2 days", None),
    ],
)
def test_a_block_says_how_long_it_lasts_in_figures_or_words(text: str, length: timedelta | None) -> None:
    assert length_in(text) == length


@pytest.mark.parametrize("style", ["", *(f":{letter}" for letter in "tTdDfFRsS")])
def test_row_56_a_timestamp_of_any_style_is_the_end_of_a_block(style: str) -> None:
    flag = Flag.of(f"You are temporarily blocked. Access comes back <t:{CHRISTMAS.timestamp():.0f}{style}>.")
    assert flag.block_end(None) == flag.block_end(CHRISTMAS - DAY) == CHRISTMAS


def test_a_timestamp_wins_over_a_length_and_of_several_the_last_one_counts() -> None:
    text = (
        f"Banned for 14 days, since <t:1893456000>, till <t:1000000000:f> or <t:{CHRISTMAS.timestamp():.0f}>"
    )
    assert Flag.of(text).block_end(CHRISTMAS - DAY) == CHRISTMAS


SEEN = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "ago", "length"),
    [
        ("Your account was temporarily blocked on {} for 14 days.", HOUR, 14 * DAY),
        ("You were banned {} for 14 days", HOUR, 14 * DAY),
        ("You have been blocked from accessing Midjourney for 3 days (issued {})", HOUR, 3 * DAY),
        ("Blocked by a moderator at {}, for 3 days", HOUR, 3 * DAY),
        ("Banned for 3 days. Issued on: {}", HOUR, 3 * DAY),
        ("{} - banned for 3 days", HOUR, 3 * DAY),
        ("You were banned {} for 14 days", 15 * DAY, 14 * DAY),
    ],
)
def test_row_56_a_timestamp_of_the_start_of_a_block_is_where_its_length_counts_from(
    text: str, ago: timedelta, length: timedelta
) -> None:
    flag = Flag.of(text.format(f"<t:{(SEEN - ago).timestamp():.0f}:f>"))
    assert flag.block_end(SEEN) == SEEN - ago + length


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("You broke the rules {past}. You are blocked for 3 days", SEEN + 3 * DAY),
        ("You are blocked for 3 days. You broke the rules {past} and {past}", SEEN + 3 * DAY),
        ("You are blocked for 3 days since {past}, until {future}", CHRISTMAS),
        ("You were banned {future} for 3 days", SEEN + 3 * DAY),
        ("You are blocked. You broke the rules {past}", None),
        ("You were banned on {future}", None),
        ("You are blocked until {past}", None),
        ("You were blocked {past}. 24 hours remaining", SEEN + DAY),
        ("You were blocked {past}. Try again in 24 hours", SEEN + DAY),
        ("You are blocked until 2026-01-01", None),
        ("You are blocked. Access comes back on {future}", CHRISTMAS),
        ("You are blocked, and can use Midjourney again at {future}", CHRISTMAS),
        ("You are blocked and will be unblocked on {future}", CHRISTMAS),
        ("You are blocked ({future})", CHRISTMAS),
    ],
)
def test_row_56_a_moment_that_had_passed_when_a_block_was_first_seen_is_no_end(
    text: str, ends: datetime | None
) -> None:
    past, future = (f"<t:{at.timestamp():.0f}:R>" for at in (SEEN - 5 * DAY, CHRISTMAS))
    assert Flag.of(text.format(past=past, future=future)).block_end(SEEN) == ends


@pytest.mark.parametrize(
    ("words", "end"),
    [
        ("until 25 December 2026, 14:00 UTC", CHRISTMAS + 2 * HOUR),
        ("until 25th of Dec. 2026 at 2:00 pm GMT", CHRISTMAS + 2 * HOUR),
        ("until 2026-12-25T14:00:30Z", CHRISTMAS + 2 * HOUR + timedelta(seconds=30)),
        ("until 2026-12-25 14:00:00.000", CHRISTMAS + 14 * HOUR),
        ("until 25 December 2026, 14:00 EST", CHRISTMAS + 14 * HOUR),
        ("until 25 December 2026, 14:00 UTC-5", CHRISTMAS + 14 * HOUR),
        ("until 25 December 2026, 12:30 am UTC", CHRISTMAS - 11.5 * HOUR),
        ("until 2026-12-25", CHRISTMAS + DAY),
        ("until Friday, December 25th, 2026", CHRISTMAS + DAY),
        ("until the end of 25 December 2026, 2 pm UTC", CHRISTMAS + DAY),
        ("and access comes back on December 25, 2026", CHRISTMAS + DAY),
        ("until 2026-02-30", None),
        ("since 2026-12-25", None),
        ("for what you did on 2026-12-25", None),
        ("until 0001-01-01", datetime(1, 1, 2, 12, tzinfo=UTC)),
        ("until 9999-12-31", None),
    ],
)
def test_row_56_a_date_with_its_year_is_the_end_of_a_block_and_never_too_early(
    words: str, end: datetime | None
) -> None:
    assert Flag.of(f"You are blocked {words}.").named_end == end


@pytest.mark.parametrize(
    ("phrase", "quoted"),
    [
        ("until December 25", "until December 25"),
        ("until Dec. 25, 14:00 UTC", "until Dec. 25, 14:00 UTC"),
        ("until 25/12/2026", "until 25/12/2026"),
        ("until 25.12", "until 25.12"),
        ("Until Tomorrow", "Until Tomorrow"),
        ("until next week", "until next week"),
        ("until 14:00 UTC on 25 December 2026", "until 14:00 UTC on 25 December 2026"),
        ("until 3pm", "until 3pm"),
        ("until January", "until January"),
        ("for a few more days", "for a few more days"),
        ("for a day or two", "for a day or two"),
        ("for half an hour", "for half an hour"),
        ("for at least 3 days", "for at least 3 days"),
        ("; try again on Monday", "again on Monday"),
        ("; come back tomorrow", "back tomorrow"),
        ("(3 days)", "3 days"),
        ("24h", "24h"),
        ("(3d)", "3d"),
        (", a week and two days", "a week and two days"),
        ("for a fortnight", "for a fortnight"),
        (": one fortnight", "one fortnight"),
        ("; you have 2 days left to appeal", "2 days"),
        ("; at least three days", "three days"),
        ("as of 3 days ago", None),
        ("; 5 images a day are the limit", None),
        ("; 0 hours remaining", None),
        ("; no 3D models", None),
        ("for good", None),
        ("until further notice", None),
        ("until you acknowledge the message", None),
        ("until we have reviewed it", None),
        ("for breaking the rules 3 times within 2 days", None),
        ("for 3 days", None),
        ("until 2026-12-25", None),
        ("", None),
    ],
)
def test_row_56_an_end_that_only_people_read_is_quoted(phrase: str, quoted: str | None) -> None:
    assert end_in_words(f"You are blocked {phrase}. Be patient.") == quoted


@pytest.mark.parametrize(
    "written", ["<t:99999999999999>", "<t:999999999999>", "<t:x>", "t:1798200000", "<t:253402300799>"]
)
def test_what_is_no_moment_is_no_end(written: str) -> None:
    assert end_in(f"You are blocked until {written}") is None


@pytest.mark.parametrize("part", ["a ban ", "3 days, ", " ", "\n", "in the past "])
def test_a_text_that_repeats_itself_is_read_at_once(part: str) -> None:
    started = process_time()
    flag = Flag.of(f"You are blocked; 3 days {part * 2_000}")
    assert (flag.kind, flag.block_end(SEEN), bool(flag.worded_end)) == (FlagKind.BLOCK, None, True)
    assert process_time() - started < 1


def test_only_a_block_has_an_end() -> None:
    assert Flag.of("Try again in 3 days, <t:1798200000:R>").block_end(CHRISTMAS) is None


@pytest.mark.parametrize("quoted", [code_block, code_span])
def test_row_56_a_timestamp_is_quoted_as_a_date(quoted: Callable[[str], str]) -> None:
    shown = quoted("Access comes back <t:1798200000:R>, or <t:1798203600>.")
    assert "Access comes back 2026-12-25 12:00 UTC, or 2026-12-25 13:00 UTC." in shown
    assert "<t:" not in shown


@pytest.mark.parametrize("quoted", [code_block, code_span])
@pytest.mark.parametrize("number", ["1800000000000", "999999999999", "-999999999999999", "9" * 60])
def test_row_56_a_timestamp_that_is_no_moment_is_quoted_as_a_time(
    quoted: Callable[[str], str], number: str
) -> None:
    assert "Access comes back (a time)." in quoted(f"Access comes back <t:{number}:R>.")
