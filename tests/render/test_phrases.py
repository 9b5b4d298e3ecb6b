"""States are named in words beside their symbol, and an unexpected error gives its reference."""

from dataclasses import replace

import pytest

from bot.domain.accounts import Flag, FlagKind
from bot.domain.incidents import RemedyVerdict
from bot.domain.providers import Remedy
from bot.render.account_cards import account_embed
from bot.render.account_list import list_content
from bot.render.action_replies import confirmation, verdict_sentence
from bot.render.incident_card import info_refused
from bot.render.phrases import state_words, unexpected, unsaid
from tests.support.render_samples import NOW, account, read, seen


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
        (Flag("", FlagKind.OTHER), "The API flags the account, and says no more."),
        (
            Flag("", FlagKind.MODERATION),
            "useapi.net reports a pending moderation message or CAPTCHA, without details.",
        ),
        (Flag("", FlagKind.CAPTCHA), "No text is given with the CAPTCHA."),
        (Flag("", FlagKind.BLOCK), "No reason is given for the block."),
    ],
)
def test_our_sentence_for_a_flag_without_a_text_is_quoted_as_nobodys(flag: Flag, text: str) -> None:
    known = account()
    known = replace(known, account=replace(known.account, flag=flag))
    accounts = {known.reference: known}
    views = [
        read(account_embed(known)),
        seen(info_refused(known, 1, NOW)),
        seen(confirmation(known, flag, None, "", now=NOW)),
        str(list_content([known], 0, 1, at=NOW).layout),
        verdict_sentence(RemedyVerdict.NOT_YET, known, flag, Remedy.RESET, accounts),
    ]
    for view in views:
        assert text in view
        assert not any(alien in view for alien in ("```", "ourney says", "The message names no end"))
