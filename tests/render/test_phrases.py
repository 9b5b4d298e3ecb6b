"""States are named in words beside their symbol, and an unexpected error gives its reference."""

from dataclasses import replace

import pytest

from bot.domain.accounts import Flag, FlagKind
from bot.render.account_cards import account_embed
from bot.render.phrases import flag_text, state_words, unexpected, unsaid
from tests.support.render_samples import account


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
    known = account()
    flags = (Flag("anything", kind) for kind in FlagKind)
    flagged = (replace(known, account=replace(known.account, flag=flag)) for flag in flags)
    assert len({state_words(each) for each in (known, *flagged)}) == len(FlagKind) + 1


def test_an_answer_that_was_refused_says_nothing_of_what_was_asked_for() -> None:
    answer = unsaid("7F3A")
    assert "may have been done: check with /mjaccounts" in answer
    assert answer.endswith("at `7F3A`.")


def test_a_fault_of_the_bot_gives_a_reference() -> None:
    answer = unexpected("7F3A")
    assert answer.startswith("⚠️ Sorry")
    assert answer.endswith("look in the bot's log for `7F3A`.")


@pytest.mark.parametrize(
    ("flag", "text"),
    [
        (Flag("Read it.", FlagKind.OTHER), "Read it."),
        (Flag("", FlagKind.OTHER), "The API flags the account, and says no more."),
        (
            Flag("", FlagKind.MODERATION),
            "useapi.net reports a pending moderation message or CAPTCHA, without details.",
        ),
        (Flag("", FlagKind.CAPTCHA), "The account waits for a CAPTCHA, and no more is said."),
    ],
)
def test_a_flag_without_a_text_is_worded_where_it_is_shown(flag: Flag, text: str) -> None:
    assert flag_text(flag) == text
    known = account()
    card = account_embed(replace(known, account=replace(known.account, flag=flag)))
    assert any(text in (field.value or "") for field in card.fields)
