"""Failures are one plain sentence with the next step, and states are named in words beside their symbol."""

import pytest
from hypothesis import given

from bot.domain.accounts import FlagKind
from bot.render.phrases import failure, state_words, unexpected, unsaid
from bot.render.text import length
from tests.support.render_samples import account, assert_harmless, hostile


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        (None, "✅ ready"),
        ("moderation", "⚠️ moderation message pending"),
        ("captcha", "🧩 CAPTCHA pending"),
        ("blocked from accessing", "⛔ blocked"),
        ("anything", "⚠️ needs attention"),
    ],
)
def test_a_state_has_a_symbol_and_words(flag: str | None, words: str) -> None:
    assert state_words(account(flag=flag)) == words


def test_no_two_states_share_their_words() -> None:
    flags = [None, "moderation", "captcha", "blocked from accessing", "anything"]
    assert len({state_words(account(flag=flag)) for flag in flags}) == len(FlagKind) + 1


def test_a_failure_is_told_with_its_next_step() -> None:
    assert failure("useapi.net did not answer in time", "Try again in a minute.") == (
        "⚠️ useapi.net did not answer in time.\nTry again in a minute."
    )


def test_a_failure_quotes_the_api_in_a_block() -> None:
    assert failure(
        "The API refused that.", "Correct it and try again.", "maxJobs 20 can't be more that 15"
    ) == (
        "⚠️ The API refused that.\nCorrect it and try again.\n"
        "The API says:\n```\nmaxJobs 20 can't be more that 15\n```"
    )


@given(hostile)
def test_a_failure_fits_into_a_message_whatever_the_api_said(quote: str) -> None:
    told = failure("w" * 5_000, "n" * 5_000, quote)
    assert length(told) <= 2_000
    assert_harmless(told)


def test_an_answer_that_was_refused_says_nothing_of_what_was_asked_for() -> None:
    told = unsaid("7F3A")
    assert "may have been done: check with /mjaccounts" in told
    assert told.endswith("at `7F3A`.")


def test_a_fault_of_the_bot_gives_a_reference() -> None:
    told = unexpected("7F3A")
    assert told.startswith("⚠️ Sorry")
    assert told.endswith("look in the bot's log for `7F3A`.")
