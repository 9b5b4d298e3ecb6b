"""The parser of Midjourney's `/info` text, on every published sample and on any text at all."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.account_info import (
    READERS,
    FastTime,
    Info,
    Subscription,
    Usage,
    folded,
    label_in_title,
    parse_info,
)

MEGA = (
    "**User ID**: 4a1b-01\n**Subscription**: Mega (Active monthly, renews next on <t:1705181223>)\n"
    "**Visibility Mode**: Public\n**Fast Time Remaining**: 60.0/60.0 hours (100%)\n"
    "**Lifetime Usage**: 11170 images (120.63 hours)\n**Relaxed Usage**: 344 images (3.47 hours)\n\n"
    "**Queued Jobs (fast)**: 0\n**Queued Jobs (relax)**: 0\n**Running Jobs**: None"
)
PADDED = (
    "**Subscription**:               Pro (Active yearly, renews next on <t:1715321361>)\n"
    "**Job Mode**:                   Fast\n**Visibility Mode**:            Stealth\n"
    "**Fast Time Remaining**:        29.57/30.0 hours (98.58%)\n"
    "**Lifetime Usage**:             102 images (1.77 hours)\n"
    "**Relaxed Usage**:              19 images (0.29 hours)\n\n**Queued Jobs (fast)**:         0\n"
    "**Queued Jobs (relax)**:        0\n**Running Jobs**:               None"
)
TRIAL = (
    "**Subscription**:               None (Trial)\n**Visibility Mode**:            Public\n"
    "**Fast Time Remaining**:        25.00 minutes\n**Lifetime Usage**:             43 images (0.67 hours)\n"
    "**Relaxed Usage**:              0 images (0.00 hours)\n\n**Queued Jobs (fast)**:         0\n"
    "**Queued Jobs (relax)**:        0\n**Running Jobs**:               None"
)
PASTED = (
    "Subscription: Basic (Active monthly, renews next on 2023年5月23日 11:54)\nJob Mode: Fast\n"
    "Visibility Mode: Public\nFast Time Remaining: 107.72/200.0 minutes (53.86%)\n"
    "Lifetime Usage: 158 images (3.81 hours)\nRelaxed Usage: 0 images (0.00 hours)\n\n"
    "Queued Jobs (fast): 0\nQueued Jobs (relax): 0\nRunning Jobs: None"
)

SAMPLES = {
    "as the useapi.net docs show it": (
        MEGA,
        Info(
            text=MEGA,
            user_id="4a1b-01",
            subscription=Subscription(
                "Mega", "Active monthly", datetime(2024, 1, 13, 21, 27, 3, tzinfo=UTC), None
            ),
            visibility="Public",
            fast_time=FastTime(60.0, 60.0, "hours", 100.0),
            lifetime=Usage(11170, 120.63, "hours"),
            relaxed=Usage(344, 3.47, "hours"),
            queued_fast=0,
            queued_relax=0,
        ),
    ),
    "padded, with a job mode": (
        PADDED,
        Info(
            text=PADDED,
            subscription=Subscription(
                "Pro", "Active yearly", datetime(2024, 5, 10, 6, 9, 21, tzinfo=UTC), None
            ),
            visibility="Stealth",
            job_mode="Fast",
            fast_time=FastTime(29.57, 30.0, "hours", 98.58),
            lifetime=Usage(102, 1.77, "hours"),
            relaxed=Usage(19, 0.29, "hours"),
            queued_fast=0,
            queued_relax=0,
        ),
    ),
    "a trial, in minutes without a total": (
        TRIAL,
        Info(
            text=TRIAL,
            subscription=Subscription("None", "Trial", None, None),
            visibility="Public",
            fast_time=FastTime(25.0, None, "minutes", None),
            lifetime=Usage(43, 0.67, "hours"),
            relaxed=Usage(0, 0.0, "hours"),
            queued_fast=0,
            queued_relax=0,
        ),
    ),
    "pasted from the Discord client, with a localized date": (
        PASTED,
        Info(
            text=PASTED,
            subscription=Subscription("Basic", "Active monthly", None, "2023年5月23日 11:54"),
            visibility="Public",
            job_mode="Fast",
            fast_time=FastTime(107.72, 200.0, "minutes", 53.86),
            lifetime=Usage(158, 3.81, "hours"),
            relaxed=Usage(0, 0.0, "hours"),
            queued_fast=0,
            queued_relax=0,
        ),
    ),
}


@pytest.mark.parametrize(("text", "expected"), SAMPLES.values(), ids=SAMPLES)
def test_a_published_sample_is_read_to_the_last_field(text: str, expected: Info) -> None:
    assert parse_info(text) == expected


@pytest.mark.parametrize(("text", "expected"), SAMPLES.values(), ids=SAMPLES)
def test_the_order_of_the_lines_does_not_matter(text: str, expected: Info) -> None:
    backwards = "\r\n".join(reversed(text.split("\n")))
    read = parse_info(backwards)
    assert (
        read.subscription,
        read.fast_time,
        read.lifetime,
        read.relaxed,
        read.queued_fast,
        read.others,
    ) == (
        expected.subscription,
        expected.fast_time,
        expected.lifetime,
        expected.relaxed,
        expected.queued_fast,
        (),
    )


LINES: dict[str, tuple[str, Info]] = {
    "fast time of another day": (
        "Fast Time Remaining: 106.90/200.0 minutes (53.45%)",
        Info("", fast_time=FastTime(106.9, 200.0, "minutes", 53.45)),
    ),
    "usage of another day": (
        "Lifetime Usage: 159 images (3.82 hours)",
        Info("", lifetime=Usage(159, 3.82, "hours")),
    ),
    "standard, renewing in 2024": (
        "**Subscription**: Standard (Active monthly, renews next on <t:1722649226>)",
        Info(
            "",
            subscription=Subscription(
                "Standard", "Active monthly", datetime(2024, 8, 3, 1, 40, 26, tzinfo=UTC), None
            ),
        ),
    ),
    "standard, renewing in 2023": (
        "**Subscription**: Standard (Active monthly, renews next on <t:1692258749>)",
        Info(
            "",
            subscription=Subscription(
                "Standard", "Active monthly", datetime(2023, 8, 17, 7, 52, 29, tzinfo=UTC), None
            ),
        ),
    ),
    "a timestamp with a style": (
        "**Subscription**: Pro (Active yearly, renews next on <t:1692258749:R>)",
        Info(
            "",
            subscription=Subscription(
                "Pro", "Active yearly", datetime(2023, 8, 17, 7, 52, 29, tzinfo=UTC), None
            ),
        ),
    ),
    "a timestamp beyond the calendar": (
        "**Subscription**: Pro (Active yearly, renews next on <t:99999999999999999999>)",
        Info("", subscription=Subscription("Pro", "Active yearly", None, "<t:99999999999999999999>")),
    ),
    "a timestamp beyond the clock": (
        "**Subscription**: Pro (renews next on <t:-9999999999999>)",
        Info("", subscription=Subscription("Pro", None, None, "<t:-9999999999999>")),
    ),
    "a subscription that ends": (
        "**Subscription**: Basic (Cancelled, expires on <t:1722649226>)",
        Info("", subscription=Subscription("Basic", "Cancelled, expires on <t:1722649226>", None, None)),
    ),
    "a plan and no more": (
        "**Subscription**: Mega",
        Info("", subscription=Subscription("Mega", None, None, None)),
    ),
    "a label, its value on the next line": (
        "Lifetime Usage\n12,345 images (421.3 hours)",
        Info("", lifetime=Usage(12345, 421.3, "hours")),
    ),
    "a label with a colon, its value on the next line": (
        "**Fast Time Remaining**:\n\n1.5/15 hours",
        Info("", fast_time=FastTime(1.5, 15.0, "hours", None)),
    ),
    "a subscription with a time of day on the next line": (
        "Subscription\nBasic (Active monthly, renews next on 23 May 2023 11:54)",
        Info("", subscription=Subscription("Basic", "Active monthly", None, "23 May 2023 11:54")),
    ),
    "the label behind": ("9,876 generations - Lifetime Usage", Info("", lifetime=Usage(9876, None, None))),
    "no colon": (
        "Fast Time Remaining 12.4 / 30 hours",
        Info("", fast_time=FastTime(12.4, 30.0, "hours", None)),
    ),
    "thousands in the fast time": (
        "Fast Time Remaining: 1,200.5/3,000 minutes (40.02%)",
        Info("", fast_time=FastTime(1200.5, 3000.0, "minutes", 40.02)),
    ),
    "whole numbers": (
        "Fast Time Remaining: 15/15 hours (100%)",
        Info("", fast_time=FastTime(15, 15, "hours", 100)),
    ),
    "more used than there was": (
        "Fast Time Remaining: -0.5/15 hours (-3.33%)",
        Info("", fast_time=FastTime(-0.5, 15.0, "hours", -3.33)),
    ),
    "no fast time left": (
        "Fast Time Remaining: 0.0/15 h (0%)",
        Info("", fast_time=FastTime(0, 15, "hours", 0)),
    ),
    "fast and turbo usage": (
        "**Fast Usage**: 12 images (0.2 hours)\n**Turbo Usage**: 1,234,567 images (3 minutes)",
        Info("", fast=Usage(12, 0.2, "hours"), turbo=Usage(1234567, 3.0, "minutes")),
    ),
    "the colon inside the asterisks": ("**User ID:** 4a1b", Info("", user_id="4a1b")),
    "other blanks and other cases": ("  queued  JOBS (Fast) :  1,024 ", Info("", queued_fast=1024)),
    "queues": (
        "**Queued Jobs (fast)**: 3\n**Queued Jobs (relax)**: 12",
        Info("", queued_fast=3, queued_relax=12),
    ),
    "an empty queue in words": ("**Queued Jobs (fast)**: None", Info("", queued_fast=0)),
    "running jobs": ("**Running Jobs**: 2 (1 fast, 1 relax)", Info("", running="2 (1 fast, 1 relax)")),
    "running jobs, one a line": (
        "**Running Jobs**:\n- a cat: 50%\n[a dog](https://example.org/1)\n**Queued Jobs (fast)**: 1",
        Info("", running="- a cat: 50%\n[a dog](https://example.org/1)", queued_fast=1),
    ),
    "running jobs in bold, one a line": (
        "**Running Jobs**: **a cat** (50%)\n**a dog: running** - <https://example.org/1>",
        Info("", running="a cat (50%)\n**a dog: running** - <https://example.org/1>"),
    ),
    "running jobs before a label nobody knows": (
        "**Running Jobs**: 2\n**Mood**: fine",
        Info("", running="2", others=(("Mood", "fine"),)),
    ),
    "running jobs, one a line, before a label nobody knows": (
        "**Running Jobs**:\n* a cat: 50%\n* a dog\n**Mood:** fine",
        Info("", running="* a cat: 50%\n* a dog", others=(("Mood", "fine"),)),
    ),
    "running jobs without a value before a label nobody knows": (
        "**Running Jobs**:\n**Mood** : fine",
        Info("", others=(("Running Jobs", ""), ("Mood", "fine"))),
    ),
    "no running jobs, and a list of something else": (
        "**Running Jobs**: None\n- remember the limits",
        Info("", others=(("Note", "- remember the limits"),)),
    ),
    "labels nobody knows": (
        "**Video Usage**: 3 videos\n**Mood**: fine: really",
        Info("", others=(("Video Usage", "3 videos"), ("Mood", "fine: really"))),
    ),
    "an unknown label without a value": (
        "Mood:\nPublic",
        Info("", others=(("Mood", ""), ("Note", "Public"))),
    ),
    "a known label without a value": (
        "Running Jobs:\nMood: fine",
        Info("", others=(("Running Jobs", ""), ("Mood", "fine"))),
    ),
    "fast time in an unknown form": (
        "Fast Time Remaining: 3:20:00",
        Info("", others=(("Fast Time Remaining", "3:20:00"),)),
    ),
    "fast time with something added": (
        "Fast Time Remaining: 3 hours (10%) + 2 hours",
        Info("", others=(("Fast Time Remaining", "3 hours (10%) + 2 hours"),)),
    ),
    "decimal commas": (
        "Lifetime Usage: 12,34 images",
        Info("", others=(("Lifetime Usage", "12,34 images"),)),
    ),
    "digits of another script": ("Queued Jobs (fast): ٣", Info("", others=(("Queued Jobs (fast)", "٣"),))),
    "a subscription with an open bracket": (
        "Subscription: Pro (Active",
        Info("", others=(("Subscription", "Pro (Active"),)),
    ),
    "a label said twice": (
        "Visibility Mode: Public\nVisibility Mode: Stealth",
        Info("", visibility="Public", others=(("Visibility Mode", "Stealth"),)),
    ),
    "prose and an address": (
        "Hello there\nhttps://example.org/a",
        Info("", others=(("Note", "Hello there"), ("Note", "https://example.org/a"))),
    ),
    "nothing": ("", Info("")),
}


@pytest.mark.parametrize(("text", "expected"), LINES.values(), ids=LINES)
def test_a_line_is_read_in_each_of_its_forms(text: str, expected: Info) -> None:
    read = parse_info(text)
    assert read == Info(
        **{name: getattr(expected, name) for name in Info.__dataclass_fields__ if name != "text"}, text=text
    )


@given(st.text())
def test_no_text_makes_it_raise(text: str) -> None:
    assert parse_info(text).text == text


LABELS = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1).filter(
    lambda label: folded(label) not in READERS
)
VALUES = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n*", exclude_categories=("C", "Z")), min_size=1
)


@given(st.lists(st.tuples(LABELS, VALUES.filter(lambda value: not value.startswith("//"))), max_size=20))
def test_every_unknown_label_survives_in_order_among_known_ones(pairs: list[tuple[str, str]]) -> None:
    lines = [f"**{label}**: {value}" for label, value in pairs]
    read = parse_info("\n".join(["Visibility Mode: Public", *lines, "Running Jobs: None"]))
    assert (read.visibility, read.others) == ("Public", tuple(pairs))


@given(st.sampled_from(sorted(READERS)), VALUES)
def test_a_known_label_is_read_or_kept(label: str, value: str) -> None:
    read = parse_info(f"{label}: {value}")
    filled = [
        name for name in Info.__dataclass_fields__ if name != "text" and getattr(read, name) not in {None, ()}
    ]
    assert filled or value.casefold() in {"none", "0"}


HOSTILE = {
    "blanks in the label": "fast" + " " * 200_000 + "time",
    "blanks in the value": "Lifetime Usage: 1" + " " * 200_000 + "x",
    "digits": "Fast Time Remaining: " + "1" * 200_000,
    "thousands": "Fast Time Remaining: " + "1,111" * 50_000,
    "brackets": "Subscription: " + "(" * 100_000 + ")" * 100_000,
    "renewals": "Subscription: Pro (" + ", " * 100_000 + ")",
    "labels behind": "- Lifetime Usage " * 20_000,
    "lines": "Running Jobs: x\n" + "- y\n" * 100_000,
    "an endless timestamp": "Subscription: Pro (renews next on <t:" + "9" * 200_000 + ">)",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_read_up_to_its_limit_alone(text: str) -> None:
    assert parse_info(text) == parse_info(text[:8_000])


TITLES = {
    "as documented": ("Your info - lantern.keeper", "lantern.keeper"),
    "with a dash in the name": ("Your info - one - two", "one - two"),
    "without a name": ("Your info - ", None),
    "without a dash": ("Your info", None),
    "another": ("Pending mod message", None),
    "too long": ("Your info - " + "x" * 500, "x" * 100),
    "empty": ("", None),
}


@pytest.mark.parametrize(("title", "name"), TITLES.values(), ids=TITLES)
def test_the_label_comes_from_the_title(title: str, name: str | None) -> None:
    assert label_in_title(title) == name


def test_the_label_is_passed_on() -> None:
    assert parse_info("", "lantern.keeper").discord_name == "lantern.keeper"
