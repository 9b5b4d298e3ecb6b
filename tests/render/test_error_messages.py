"""Every error has a sentence of its own, and each names its fields."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import pytest
from hypothesis import given

from bot.domain.errors import Cause, CodedError, ErrorCode
from bot.domain.providers import MJPROXY
from bot.render.error_messages import ERRORS, message, next_step, what
from bot.render.mjproxy_words import MJPROXY_WORDS
from bot.render.text import length
from tests.support.in_any_language import in_any_language
from tests.support.render_samples import assert_harmless, hostile

FILE = Path("/data/midwatch.sqlite3")
FIELDS = {
    "path": FILE,
    "reason": "No locks available",
    "services": "useapi.net",
    "folder": FILE.parent,
    "found": "3.34.1",
    "needed": "3.37.0",
    "jobs": 9,
    "most": 3,
    "shown": 1,
    "known": 5,
    "holder": "Aurora",
    "typed": "banana",
    "days": "last 7 days",
    "channel": "100000000000000002",
}


@pytest.mark.parametrize("code", [*ErrorCode, *Cause])
def test_each_error_has_a_sentence_and_a_next_step(code: ErrorCode | Cause) -> None:
    inner = {"reason": CodedError(ErrorCode.DATABASE_FULL, path=FILE)} if code is ErrorCode.NOT_NOTED else {}
    error = CodedError(code, **FIELDS | inner)
    if code in set(MJPROXY_WORDS.errors) - set(ERRORS):
        error.provider = MJPROXY
    assert what(error).endswith(".")
    assert next_step(error).endswith((".", "< FILE"))


ALIEN = {Cause.SUBSCRIPTION, Cause.QUOTA, Cause.FAULT}


@pytest.mark.parametrize("code", sorted({*Cause, *MJPROXY_WORDS.errors, ErrorCode.UNNAMED_ACCOUNT} - ALIEN))
def test_an_error_of_midjourney_proxy_names_no_other_provider(code: StrEnum) -> None:
    error = CodedError(code)
    error.provider = MJPROXY
    assert "useapi" not in (what(error) + next_step(error)).casefold()


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (
            ErrorCode.DATABASE_LOCKED,
            (
                "The database /data/midwatch.sqlite3 is locked by another program: "
                "close what has it open, then try again."
            ),
        ),
        (
            ErrorCode.DATABASE_FULL,
            "There is no room left for the database /data/midwatch.sqlite3: free some space on its disk.",
        ),
        (
            ErrorCode.DATABASE_NEWER,
            (
                "/data/midwatch.sqlite3 was written by a newer Midwatch: install that version again, "
                "or bring a backup back with `python -m bot restore FILE`."
            ),
        ),
        (
            ErrorCode.NOT_WRITABLE,
            (
                "The database /data/midwatch.sqlite3 cannot be written (No locks available): "
                "let this user write there, or set DATABASE_PATH to another file."
            ),
        ),
    ],
)
def test_an_error_of_the_database_says_what_to_do(code: ErrorCode, sentence: str) -> None:
    assert what(CodedError(code, **FIELDS)) == sentence


def test_an_error_may_name_another_one() -> None:
    inner = CodedError(ErrorCode.DATABASE_FULL, path=FILE)
    assert what(CodedError(ErrorCode.NOT_NOTED, reason=inner)) == (
        f"Nothing was sent, as it could not be written down first. {what(inner)}"
    )


def test_the_log_gets_the_code_and_the_fields() -> None:
    assert str(CodedError(ErrorCode.DATABASE_FULL, path=FILE)) == f"database full (path: {FILE})"


@pytest.mark.parametrize(
    ("fields", "step"),
    [
        ({}, "Try again in a few minutes. If the problem lasts, "),
        ({"wait": timedelta(seconds=90)}, "Try again in 1 min 30 s. If the problem lasts, "),
        (
            {"may_be_done": True},
            "It may have been done: check with /mjaccounts before you try again. If the problem lasts, ",
        ),
    ],
)
def test_when_to_try_again_depends_on_the_request(fields: dict[str, object], step: str) -> None:
    assert next_step(CodedError(Cause.SILENT, **fields)).startswith(step)


def test_a_failure_is_shown_with_its_next_step() -> None:
    assert message(CodedError(ErrorCode.RESTARTING)) == (
        "⚠️ Midwatch is being restarted and could not finish this.\nAsk again in a minute."
    )


def test_a_failure_quotes_the_api_in_a_block() -> None:
    error = CodedError(ErrorCode.REJECTED)
    error.quote = "maxJobs 20 can't be more that 15"
    assert message(error) == (
        "⚠️ useapi.net refused the request.\nRead what it says, correct what you entered, and try again.\n"
        "The API says:\n```\nmaxJobs 20 can't be more that 15\n```"
    )


@given(hostile)
@in_any_language
def test_a_failure_fits_into_a_message_whatever_the_api_said(quote: str) -> None:
    error = CodedError(Cause.REFUSED, status="w" * 5_000, proxies="n" * 5_000)
    error.quote = quote
    assert length(message(error)) <= 2_000
    assert_harmless(message(error))
