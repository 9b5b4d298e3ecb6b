"""Text that others wrote does nothing, whatever it is; times, lengths and numbers read well."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.text import (
    FENCES,
    bare,
    clip,
    code_block,
    code_span,
    count,
    decimal,
    escape,
    fitted,
    length,
    passage,
    span,
    when,
)
from bot.runtime.language import spoken
from tests.support.render_samples import FRAGMENTS, assert_harmless, assert_inert, hostile

limits = st.integers(1, 1200)


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        pytest.param("Aurora", "Aurora", id="an ordinary name is left alone"),
        pytest.param(
            "Studio: north-2 (EU/US) #1", "Studio: north-2 (EU/US) #1", id="so is harmless punctuation"
        ),
        pytest.param("snake_case*", r"snake\_case\*", id="markdown is escaped"),
        pytest.param("a\\", r"a\\", id="a backslash cannot escape what follows"),
        pytest.param("  two \t\n words ", "two words", id="blanks are folded"),
        pytest.param("# big", r"\# big", id="no heading"),
        pytest.param("-# small", r"\-# small", id="no subtext"),
        pytest.param("1. first", r"1\. first", id="no numbered list"),
        pytest.param("@everyone", "\N{FULLWIDTH COMMERCIAL AT}everyone", id="no mention of all"),
        pytest.param("https://x.example/y", r"https\://x.example\/y", id="no link"),
        pytest.param("discord.gg/abc", r"discord.gg\/abc", id="no invitation"),
        pytest.param(":smile:", r"\:smile:", id="no emoji"),
        pytest.param("a\u202eb\u200bc\x00d", "abcd", id="nothing unseen"),
        pytest.param("\u3164\u200b", "(no name)", id="never empty"),
        pytest.param("\u0301", "(no name)", id="a mark on nothing is nothing"),
        pytest.param("x" * 60, "x" * 47 + "…", id="clipped"),
    ],
)
def test_a_label_looks_right_and_does_nothing(label: str, shown: str) -> None:
    assert escape(label) == shown


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_no_known_trick_acts_in_a_label(fragment: str) -> None:
    assert_harmless(escape(f"x {fragment} y", 400))
    assert_harmless(escape(fragment, 400))


@given(hostile, limits)
def test_a_label_is_inert_whatever_it_is(text: str, limit: int) -> None:
    label = escape(text, limit)
    assert 1 <= length(label) <= 2 * limit
    assert "\n" not in label
    assert_inert(label)
    assert_harmless(label)
    assert_harmless(f"**{label}** `code`")


@given(hostile, limits)
def test_a_quote_never_leaves_its_block(text: str, limit: int) -> None:
    quoted = code_block(text, limit)
    assert quoted.startswith("```\n")
    assert quoted.endswith("\n```")
    assert "`" not in quoted[3:-3]
    assert quoted[3:-3].strip()
    assert length(quoted) <= limit + FENCES
    assert_harmless(quoted)


@given(hostile, limits)
def test_a_word_never_leaves_its_span(text: str, limit: int) -> None:
    word = code_span(text, limit)
    assert "`" not in word[1:-1]
    assert word[1:-1].strip()
    assert "\n" not in word
    assert length(word) <= limit + 2
    assert_harmless(word)


@given(hostile, limits)
def test_a_bare_text_is_one_short_line(text: str, limit: int) -> None:
    shown = bare(text, limit)
    assert 1 <= length(shown) <= limit
    assert "\n" not in shown
    assert shown == shown.strip()


def test_a_quote_keeps_its_lines_and_loses_its_fence() -> None:
    assert code_block("one\r\n  two\n\n\n\n```three\x1b") == "```\none\ntwo\n\nˋˋˋthree\n```"  # noqa: RUF001 - the look-alike


def test_an_empty_quote_says_so() -> None:
    assert code_block(" \n\u200b") == "```\n(no text)\n```"
    assert code_span("") == "`(no text)`"


def test_a_text_of_megabytes_is_not_read_through() -> None:
    assert length(code_block("x" * 8_000_000, 100)) == 100 + FENCES


@given(st.text(alphabet="a🧩é", max_size=50), st.integers(1, 40))
def test_a_clipped_text_holds_as_much_as_fits(text: str, limit: int) -> None:
    clipped = clip(text, limit)
    assert length(clipped) <= limit
    assert clipped == text or (clipped.endswith("…") and length(clipped) >= limit - 1)


@given(st.text())
def test_length_counts_as_utf_16_does(text: str) -> None:
    assert length(text) == len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "under 1 s"),
        (0.2, "under 1 s"),
        (8.2, "8 s"),
        (59.7, "1 min"),
        (180, "3 min"),
        (185, "3 min 5 s"),
        (7_500, "2 h 5 min"),
        (7_501, "2 h 5 min"),
        (86_400, "1 day"),
        (259_200, "3 days"),
        (259_200 + 3_600, "3 days 1 h"),
        (259_200 + 60, "3 days"),
    ],
)
def test_a_length_of_time_has_at_most_two_units(seconds: float, words: str) -> None:
    assert span(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 accounts"), (1, "1 account"), (1_000, "1,000 accounts"), (10**40, "1,000,000,000 accounts")],
)
def test_a_number_agrees_with_its_noun(number: int, words: str) -> None:
    assert count(number, "{n} account[|s]") == words


def test_a_word_may_have_a_plural_of_its_own() -> None:
    assert count(2, "{n} [is|are] seen") == "2 are seen"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(29.57, "29.57"), (60.0, "60"), (0.5, "0.5"), (11_170.0, "11,170"), (-0.001, "0"), (1e300, "1e+300")],
)
def test_a_measure_has_no_needless_digits(value: float, shown: str) -> None:
    assert decimal(value) == shown


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_measure_that_is_no_number_is_unknown(value: float) -> None:
    assert decimal(value) == "unknown"


def test_a_moment_is_shown_in_the_readers_zone() -> None:
    at = datetime(2024, 1, 13, 21, 13, 43, 900_000, tzinfo=UTC)
    assert when(at) == "<t:1705180423:R>"
    assert when(at, "f") == "<t:1705180423:f>"


@pytest.mark.parametrize(
    ("language", "said"), [("en", "One. Two. Three."), ("fr", "One. Two. Three."), ("ja", "One.Two.Three.")]
)
def test_sentences_follow_each_other_as_the_language_sets_them(language: str, said: str) -> None:
    with spoken(language):
        assert passage("One.", "Two.", "Three.") == said
        assert (passage("", "One.", ""), passage()) == ("One.", "")


def test_lines_that_do_not_fit_are_counted() -> None:
    lines = ["x" * 20] * 30
    shown = fitted(lines, len(lines), 200)
    assert length(shown) <= 200
    kept = shown.count("x" * 20)
    assert shown.endswith(f"\nand {30 - kept} more lines")
    assert fitted(["a", "b"], 2, 200) == "a\nb"
    assert fitted([], 0, 200) == ""
