"""Every answer of the API has one meaning: literal bytes in, facts or one member of the error family out."""

import inspect
import json
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.accounts import Account, Flag, FlagKind
from bot.domain.actions import ChangeOutcome, SaveResult
from bot.domain.errors import Cause, CodedError
from bot.providers import errors
from bot.providers.errors import (
    AnswerLost,
    Gone,
    MalformedResponse,
    NotAsked,
    NotConfigured,
    PendingModeration,
    ProviderError,
    RateLimited,
    Rejected,
    Unauthorized,
    Unpaid,
    Unreachable,
)
from bot.providers.failures import unreachable
from bot.providers.http_response import ApiRequest, ApiResponse
from bot.providers.redaction import HIDDEN, redact
from bot.providers.useapi.error_mapping import Endpoint, pending_text
from bot.providers.useapi.parsing import (
    parse_account,
    parse_report,
    parse_saved_account,
    parse_subscription_active,
    raise_for_error,
)
from bot.providers.useapi.remembered_list import RememberedList
from bot.render.error_messages import next_step, what
from tests.support.samples import parse_accounts

FIXTURES = Path(__file__).parents[2] / "recorded" / "useapi"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIRST, SECOND = "1170809721663422494", "1170809721663422495"
TOKEN = "MTE3MDgwOTcyMTY2MzQyMjQ5.Gfixt1.never-to-surface-aaaaaaaaaaaaaaaaaaaaaa"
DETAILS = "You have a pending moderation message. Please acknowledge it before using the bot further."
LIST, INFO = ApiRequest(Endpoint.LIST), ApiRequest(Endpoint.INFO, FIRST)
ONE, SAVE, RESET = (
    ApiRequest(Endpoint.ACCOUNT, FIRST),
    ApiRequest(Endpoint.SAVE),
    ApiRequest(Endpoint.RESET, FIRST),
)


def fixture(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def answer(status: int, body: object = b"", *, retry_after: str | None = None) -> ApiResponse:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ApiResponse(status, "application/json", raw, retry_after, NOW)


def error_of(status: int, body: object = b"", question: ApiRequest = INFO, **more: str) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        raise_for_error(answer(status, body, **more), question)
    return caught.value


def malformed_place(
    parse: Callable[[ApiResponse, ApiRequest], object], body: object, question: ApiRequest = LIST
) -> str:
    with pytest.raises(MalformedResponse) as caught:
        parse(answer(200, body), question)
    assert caught.value.__context__ is None, "json's errors hold the body"
    assert caught.value.__cause__ is None
    return caught.value.place


# The list


def test_the_list_of_the_older_docs_is_read_with_its_servers() -> None:
    assert parse_accounts(answer(200, fixture("list_with_servers.json")), LIST) == (
        Account(FIRST, 3, None, "1170809721663422400"),
        Account(SECOND, 12, None, "1170809721663422401"),
    )


def test_the_list_of_the_newer_docs_is_read_with_its_flags_and_without_any_token() -> None:
    accounts = parse_accounts(answer(200, fixture("list_flagged.json")), LIST)
    assert accounts == (Account(FIRST, 3), Account(SECOND, 12, Flag(DETAILS, FlagKind.MODERATION)))
    assert "never-to-surface" not in repr(accounts)


@pytest.mark.parametrize(
    "body",
    [b"", fixture("not_found.txt"), b'{"error":"Not Found","code":404}', b"null", b" \r\n"],
    ids=["nothing", "prose", "json", "null", "blanks"],
)
def test_a_404_of_the_list_means_that_nothing_is_configured(body: bytes) -> None:
    assert parse_accounts(answer(404, body), LIST) == ()


@pytest.mark.parametrize("body", [fixture("page.html"), b"\n <html>", b"\xef\xbb\xbf<!doctype html>"])
def test_a_404_of_the_list_with_a_web_page_means_that_the_service_is_gone(body: bytes) -> None:
    with pytest.raises(Gone, match="web page") as caught:
        parse_accounts(answer(404, body), LIST)
    assert caught.value.quote is None


def test_a_404_too_long_to_be_read_is_not_an_empty_list() -> None:
    with pytest.raises(Gone):
        parse_accounts(ApiResponse(404, "text/plain", None, None, NOW), LIST)


@pytest.mark.parametrize("body", [{}, []], ids=["object", "array"])
def test_an_empty_list_is_empty(body: object) -> None:
    assert parse_accounts(answer(200, body), LIST) == ()


SHAPES: dict[str, tuple[object, tuple[Account, ...]]] = {
    "an array": (
        [{"channel": FIRST, "maxJobs": 1}, {"channel": SECOND}],
        (Account(FIRST, 1), Account(SECOND)),
    ),
    "ids as numbers": ([{"channel": int(FIRST), "server": int(SECOND)}], (Account(FIRST, server=SECOND),)),
    "numbers as strings": ({FIRST: {"maxJobs": "12"}}, (Account(FIRST, 12),)),
    "the channel rather than the key": ({FIRST: {"channel": SECOND}}, (Account(SECOND),)),
    "the key for want of a channel": ({FIRST: {"maxJobs": 3}}, (Account(FIRST, 3),)),
    "the key for an empty channel": ({FIRST: {"channel": "", "maxJobs": 3}}, (Account(FIRST, 3),)),
    "a known field that says nothing": ({FIRST: {"pendingModMessage": None}}, (Account(FIRST),)),
    "nulls": (
        {FIRST: {"channel": None, "maxJobs": None, "server": None, "pendingModMessage": None}},
        (Account(FIRST),),
    ),
    "unknown fields": ({FIRST: {"maxJobs": 3, "maxImageJobs": 3, "x": {"y": []}}}, (Account(FIRST, 3),)),
    "a channel that is no id": (
        {"Discord channel A": {"channel": "Discord channel A"}},
        (Account("Discord channel A"),),
    ),
    "a server that is no id": ({FIRST: {"server": "../evil"}}, (Account(FIRST),)),
    "broken characters in a channel": ([{"channel": "\ud800x"}], (Account("?x"),)),
}


@pytest.mark.parametrize(("body", "accounts"), SHAPES.values(), ids=SHAPES)
def test_a_list_is_read_in_each_of_its_shapes(body: object, accounts: tuple[Account, ...]) -> None:
    assert parse_accounts(answer(200, body), LIST) == accounts


def test_an_account_without_an_id_is_shown_and_not_addressed() -> None:
    (account,) = parse_accounts(answer(200, [{"channel": "12"}]), LIST)
    assert not account.is_addressable
    assert account.link is None


NO_LISTS: dict[str, tuple[object, str]] = {
    "an entry that is a number": ({FIRST: 5}, f'accounts["{FIRST}"]'),
    "an entry that is null": ([{"channel": FIRST}, None], "accounts[1]"),
    "an entry that is a string, under a name": ({"data": "x"}, "accounts[…]"),
    "an entry with nothing but its key": ({FIRST: {}}, f'accounts["{FIRST}"]: no known field'),
    "one such entry among others": (
        {FIRST: {"maxJobs": 3}, SECOND: {}},
        f'accounts["{SECOND}"]: no known field',
    ),
    "an entry with unknown fields alone": (
        {FIRST: {"maxImageJobs": 3, "x": {"y": []}}},
        f'accounts["{FIRST}"]: no known field',
    ),
    "an entry of an array without fields": ([{}], "accounts[0]: no known field"),
    "an empty envelope": ({"data": {}}, "accounts[…]: no known field"),
    "a list in an envelope": ({"data": {FIRST: {"maxJobs": 3}}}, "accounts[…]: no known field"),
    "an error in an envelope": ({"answer": {"error": "x"}}, "accounts[…].channel"),
    "an entry of an array without a channel": ([{"maxJobs": 3}], "accounts[…].channel"),
    "jobs that are a word": ({FIRST: {"maxJobs": "three"}}, f'accounts["{FIRST}"].maxJobs'),
    "jobs that are true": ({FIRST: {"maxJobs": True}}, f'accounts["{FIRST}"].maxJobs'),
    "jobs beyond measure": ({FIRST: {"maxJobs": 10**30}}, f'accounts["{FIRST}"].maxJobs'),
    "jobs below nothing": ([{"channel": FIRST, "maxJobs": -1}], "accounts[0].maxJobs"),
    "a channel that is an object": ([{"channel": {"secret": 1}}], "accounts[0].channel"),
    "a channel that is true": ([{"channel": True}], "accounts[0].channel"),
    "a server that is an array": ({FIRST: {"server": []}}, f'accounts["{FIRST}"].server'),
    "a channel twice in an array": (
        [{"channel": FIRST}, {"channel": int(FIRST)}],
        "accounts: a channel twice",
    ),
    "a channel under two keys": (
        {FIRST: {"maxJobs": 3}, SECOND: {"channel": FIRST}},
        "accounts: a channel twice",
    ),
    "a key twice": (
        f'{{"{FIRST}":{{"maxJobs":1}},"{FIRST}":{{"maxJobs":1}}}}'.encode(),
        f'repeated "{FIRST}"',
    ),
    "a field twice": (
        f'{{"{FIRST}":{{"pendingModMessage":"x","pendingModMessage":null}}}}'.encode(),
        "repeated …",
    ),
    "null": (b"null", "accounts"),
    "a number": (b"12", "accounts"),
    "a string": (b'"accounts"', "accounts"),
    "nothing": (b"", "line 1 column 1"),
    "prose": (b"all is well", "line 1 column 1"),
    "cut off": (fixture("list_flagged.json")[:-9], "line 1 column 326"),
    "not UTF-8": (b'{"a":"\xff"}', "byte 6"),
    "UTF-16": ('{"a":1}'.encode("utf-16"), "byte 0"),
    "not a number": (b'{"a":NaN}', "a number or a nesting beyond measure"),
    "a number of ten thousand digits": (b"1" * 10_000, "a number or a nesting beyond measure"),
    "a nesting beyond measure": (b"[" * 100_000, "a number or a nesting beyond measure"),
    "the code of another error": ({"error": "slow down", "code": 429}, "code"),
    "the code of another error as a string": ({"error": "slow down", "code": "429"}, "code"),
}


@pytest.mark.parametrize(("body", "place"), NO_LISTS.values(), ids=NO_LISTS)
def test_row_39_a_list_that_is_garbled_partial_or_doubled_is_not_believed(body: object, place: str) -> None:
    assert malformed_place(parse_accounts, body) == place


@pytest.mark.parametrize("status", [200, 201, 204])
def test_an_empty_success_is_not_an_empty_list(status: int) -> None:
    with pytest.raises(MalformedResponse):
        parse_accounts(answer(status), LIST)


FLAGS: dict[str, tuple[dict[str, object], Flag | None]] = {
    "a moderation message": ({"pendingModMessage": DETAILS}, Flag(DETAILS, FlagKind.MODERATION)),
    "a CAPTCHA": (
        {"pendingModMessage": "Action required: verify you're human"},
        Flag("Action required: verify you're human", FlagKind.CAPTCHA),
    ),
    "the error of the later version": (
        {"error": "Pending mod message"},
        Flag("Pending mod message", FlagKind.OTHER),
    ),
    "a word": ({"pendingModMessage": True}, Flag("True", FlagKind.OTHER)),
    "an object": ({"pendingModMessage": {"captcha": 1}}, Flag('{"captcha": 1}', FlagKind.CAPTCHA)),
    "blanks": (
        {"pendingModMessage": "  "},
        Flag("", FlagKind.OTHER),
    ),
    "its own token": (
        {"pendingModMessage": "bad token abc", "discord": "abc"},
        Flag("bad token [hidden]", FlagKind.OTHER),
    ),
    "an empty string": ({"pendingModMessage": ""}, None),
    "null": ({"pendingModMessage": None}, None),
    "false": ({"pendingModMessage": False}, None),
    "zero": ({"pendingModMessage": 0}, None),
    "an empty object": ({"pendingModMessage": {}}, None),
    "no error": ({"error": ""}, None),
}


@pytest.mark.parametrize(("fields", "flag"), FLAGS.values(), ids=FLAGS)
def test_an_account_is_flagged_by_whatever_is_not_nothing(
    fields: dict[str, object], flag: Flag | None
) -> None:
    (account,) = parse_accounts(answer(200, {FIRST: fields}), LIST)
    assert account.flag == flag


def test_an_unchanged_list_is_remembered_and_a_changed_one_read() -> None:
    read = RememberedList()
    first = read(answer(200, {FIRST: {"maxJobs": 3}}), LIST)
    assert read(answer(200, {FIRST: {"maxJobs": 3}}), LIST) is first
    assert read(answer(200, {FIRST: {"pendingModMessage": "x"}}), LIST)[0].flag is not None
    assert read(answer(404), LIST) == ()
    with pytest.raises(MalformedResponse):
        read(answer(200, b"{"), LIST)
    assert read(answer(200, {FIRST: {"pendingModMessage": "x"}}), LIST)[0].flag is not None


ENTRIES: tuple[dict[str, object], ...] = (
    {"maxJobs": 3},
    {"maxJobs": "3"},
    {"maxJobs": 4},
    {"maxJobs": None},
    {"maxJobs": 3, "server": SECOND},
    {"maxJobs": 3, "server": int(SECOND)},
    {"maxJobs": 3, "server": "none"},
    {"maxJobs": 3, "server": ""},
    {"maxJobs": 3, "pendingModMessage": "x"},
    {"maxJobs": 3, "pendingModMessage": ""},
    {"maxJobs": 3, "error": "captcha"},
    {"maxJobs": 3, "error": "}"},
    {"maxJobs": 3, "error": "},{"},
    {"maxJobs": 3, "error": {"text": "x"}},
    {"maxJobs": 3, "error": {"text": "y"}},
)


@pytest.mark.parametrize("before", ENTRIES, ids=str)
@pytest.mark.parametrize("after", ENTRIES, ids=str)
def test_a_changed_list_reads_as_if_it_were_the_first(
    before: dict[str, object], after: dict[str, object]
) -> None:
    read = RememberedList()
    read(answer(200, {FIRST: before, SECOND: {"maxJobs": 1}}), LIST)
    body = {SECOND: {"maxJobs": 1}, FIRST: after}
    assert read(answer(200, body), LIST) == parse_accounts(answer(200, body), LIST)


@pytest.mark.parametrize(("before", "after"), [(1, True), (3, 3.0), (3, "3"), (0, "")], ids=str)
def test_values_of_other_types_that_python_takes_for_equal_are_a_change(
    before: object, after: object
) -> None:
    read = RememberedList()
    (first,) = read(answer(200, {FIRST: {"maxJobs": before}}), LIST)
    body = answer(200, {FIRST: {"maxJobs": after}})
    try:
        fresh = parse_accounts(body, LIST)
    except MalformedResponse:
        with pytest.raises(MalformedResponse):
            read(body, LIST)
    else:
        assert read(body, LIST) == fresh
        assert read(body, LIST)[0] is not first


def test_what_did_not_change_in_a_list_is_not_made_anew() -> None:
    read = RememberedList()
    first, _ = read(answer(200, {FIRST: {"maxJobs": 3}, SECOND: {"maxJobs": 3}}), LIST)
    assert read(answer(200, {FIRST: {"maxJobs": 3}, SECOND: {"maxJobs": 4}}), LIST)[0] is first


@pytest.mark.parametrize("stranger", ["x", None, [], {}, {FIRST: {"maxJobs": 3}}], ids=str)
def test_an_entry_that_is_no_account_makes_a_changed_list_malformed(stranger: object) -> None:
    read = RememberedList()
    read(answer(200, {FIRST: {"maxJobs": 3}, SECOND: {"maxJobs": 3}}), LIST)
    nested: object = {"maxJobs": 3, "error": {}}
    for body in ({FIRST: stranger}, {"1": nested, SECOND: {"maxJobs": 3}, FIRST: stranger}):
        with pytest.raises(MalformedResponse):
            read(answer(200, body), LIST)


@pytest.mark.parametrize("end", ["]", "}}", "", "},", '},"code":596}', "}\x0c", "} x"])
def test_a_list_whose_end_alone_changed_is_read_whole(end: str) -> None:
    read, whole = RememberedList(), json.dumps({FIRST: {"maxJobs": 3}, SECOND: {"maxJobs": 3}})
    read(answer(200, whole.encode()), LIST)
    with pytest.raises(ProviderError):
        read(answer(200, (whole[:-1] + end).encode()), LIST)


# One account, and the commands


def test_one_account_is_read_with_its_flag() -> None:
    text = "Action required to continue: please verify you're human"
    assert parse_account(answer(200, fixture("account.json")), ONE) == Account(
        FIRST, 3, Flag(text, FlagKind.CAPTCHA)
    )


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "account: no known field"),
        ({"error": "no"}, "account: no known field"),
        ({FIRST: {"maxJobs": 3}}, "account: no known field"),
        ([], "account"),
        ({"channel": SECOND, "maxJobs": 3}, "account.channel"),
        ({"channel": FIRST, "maxJobs": []}, "account.maxJobs"),
        (b"", "line 1 column 1"),
    ],
    ids=[
        "nothing known",
        "an error",
        "a list",
        "an array",
        "another account",
        "jobs that are an array",
        "empty",
    ],
)
def test_no_account_is_healthy_by_an_answer_that_is_not_about_it(body: object, place: str) -> None:
    assert malformed_place(parse_account, body, ONE) == place


@pytest.mark.parametrize(
    ("status", "body", "saved"),
    [
        (200, fixture("saved.json"), SaveResult(ChangeOutcome.DONE, Account(FIRST, 3), 3, created=False)),
        (201, fixture("saved.json"), SaveResult(ChangeOutcome.DONE, Account(FIRST, 3), 3, created=True)),
        (204, b"", SaveResult(ChangeOutcome.DONE, None, 3, created=None)),
        (202, fixture("saved.json"), SaveResult(ChangeOutcome.DONE, Account(FIRST, 3), 3, created=None)),
        (200, b"", SaveResult(ChangeOutcome.DONE, None, 3, created=False)),
        (201, b"", SaveResult(ChangeOutcome.DONE, None, 3, created=True)),
        (200, {"maxJobs": 3}, SaveResult(ChangeOutcome.DONE, None, 3, created=False)),
    ],
    ids=[
        "updated",
        "created",
        "old form",
        "another success",
        "updated, empty",
        "created, empty",
        "no channel",
    ],
)
def test_saving_distinguishes_created_from_updated(status: int, body: object, saved: SaveResult) -> None:
    assert parse_saved_account(answer(status, body), SAVE, 3) == saved


@pytest.mark.parametrize(
    "body", [{"error": "no"}, [], b"{", b"ok"], ids=["another object", "array", "cut off", "prose"]
)
def test_saving_is_not_believed_from_a_body_about_something_else(body: object) -> None:
    with pytest.raises(MalformedResponse):
        parse_saved_account(answer(200, body), SAVE, 3)


@pytest.mark.parametrize("status", [200, 201, 204])
@pytest.mark.parametrize(
    "body", [b"", b"OK", b"{}", b'{"code":200}'], ids=["empty", "prose", "object", "code"]
)
def test_a_command_is_done_by_any_success(status: int, body: bytes) -> None:
    raise_for_error(answer(status, body), RESET)


@pytest.mark.parametrize(
    ("body", "error"),
    [(fixture("page.html"), Unreachable), ({"code": 500}, MalformedResponse), (None, MalformedResponse)],
    ids=["a web page", "the code of an error", "more than may be read"],
)
def test_a_command_is_not_done_by_a_success_that_is_none(body: object, error: type[ProviderError]) -> None:
    raw = ApiResponse(200, "text/html", None, None, NOW) if body is None else answer(200, body)
    with pytest.raises(error):
        raise_for_error(raw, RESET)


# The subscription


@pytest.mark.parametrize(
    ("body", "is_active"),
    [
        (fixture("standing.json"), True),
        ({"subscriptionIsActive": False, "accounts": {}}, False),
        ({"id": 1}, None),
        ({"subscriptionIsActive": "yes", "accounts": []}, None),
    ],
    ids=["recorded", "inactive", "missing", "wrong type"],
)
def test_whether_the_subscription_is_active_is_read(body: object, *, is_active: bool | None) -> None:
    assert parse_subscription_active(answer(200, body), ApiRequest(Endpoint.SUBSCRIPTION)) is is_active


@pytest.mark.parametrize("body", [[], {}, b"", b"x"], ids=["array", "empty object", "empty", "prose"])
def test_a_standing_that_is_no_object_is_not_believed(body: object) -> None:
    assert malformed_place(parse_subscription_active, body, ApiRequest(Endpoint.SUBSCRIPTION))


# /info


def test_a_finished_info_job_is_read_though_it_says_its_timestamp_twice() -> None:
    report = parse_report(answer(200, fixture("info_completed.json")), INFO)
    assert report.took == timedelta(milliseconds=823)
    assert report.info.discord_name == "lantern.keeper"
    assert report.info.subscription is not None
    assert report.info.subscription.plan == "Mega"
    assert report.info.others == ()


def job(**fields: object) -> dict[str, object]:
    return {"status": "completed", "channel": FIRST, "content": "Job Mode: Fast", **fields}


EMBED = {"title": "Your info - it", "description": "Job Mode: Relax"}
REPORTS: dict[str, tuple[dict[str, object], str | None, str | None]] = {
    "the content first": (job(embeds=[EMBED]), "Fast", "it"),
    "the embed for an empty content": (job(content="", embeds=[EMBED]), "Relax", "it"),
    "the embed for a null content": (job(content=None, embeds=[EMBED]), "Relax", "it"),
    "the titled embed": (job(content=" ", embeds=[{"description": "x"}, EMBED]), "Relax", "it"),
    "an embed without a title": (
        job(content=None, embeds=[{"title": None}, {"description": "Job Mode: A"}]),
        "A",
        None,
    ),
    "no status, no channel": ({"content": "Job Mode: Fast"}, "Fast", None),
    "a channel in words": (job(channel="<Discord channel id>"), "Fast", None),
    "unknown fields": (job(components=[], embeds=[]), "Fast", None),
}


@pytest.mark.parametrize(("body", "mode", "name"), REPORTS.values(), ids=REPORTS)
def test_info_is_read_from_content_or_embed(body: object, mode: str | None, name: str | None) -> None:
    info = parse_report(answer(200, body), INFO).info
    assert (info.job_mode, info.discord_name) == (mode, name)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (job(content=5), "job.content"),
        (job(content=None), "job.content"),
        (job(content="", embeds=[{"description": ""}]), "job.content"),
        (job(embeds={}), "job.embeds"),
        (job(embeds=[{"title": 1}]), "job.embeds[0].title"),
        (job(channel=SECOND), "job.channel"),
        ([], "job"),
        (b"", "line 1 column 1"),
        (fixture("info_completed.json")[:600], "line 1 column 451"),
    ],
    ids=["number", "null", "no text", "embeds", "title", "another account", "array", "empty", "cut off"],
)
def test_an_info_answer_of_another_form_is_not_believed(body: object, place: str) -> None:
    assert malformed_place(parse_report, body, INFO) == place


@pytest.mark.parametrize("status", ["failed", "cancelled", "created", "progress", "moderated", 5])
def test_an_info_job_that_did_not_finish_is_no_information(status: object) -> None:
    with pytest.raises(Unreachable, match="unfinished") as caught:
        parse_report(answer(200, job(status=status, error="Queue full")), INFO)
    assert caught.value.quote == "Queue full"
    assert not caught.value.transient


@pytest.mark.parametrize(
    ("created", "updated", "took"),
    [
        ("2023-09-09T02:04:52Z", "2023-09-09T02:05:02Z", timedelta(seconds=10)),
        ("2023-09-09T02:04:52Z", "2023-09-09T02:04:51Z", None),
        ("2023-09-09T02:04:52Z", "2024-09-09T02:04:52Z", None),
        ("2023-09-09T02:04:52", "2023-09-09T02:04:53", None),
        ("yesterday", "today", None),
        (1694225092, 1694225093, None),
        (None, None, None),
    ],
    ids=["sane", "backwards", "a year", "without a zone", "words", "numbers", "null"],
)
def test_the_time_a_job_took_is_shown_only_if_it_makes_sense(
    created: object, updated: object, took: timedelta | None
) -> None:
    assert parse_report(answer(200, job(created=created, updated=updated)), INFO).took == took


def test_broken_characters_in_info_can_be_encoded_afterwards() -> None:
    titled = job(content="Mood: \ud83d", embeds=[{"title": "Your info - a\ud83d"}])
    info = parse_report(answer(200, titled), INFO).info
    assert (info.text, info.discord_name) == ("Mood: ?", "a?")


def test_broken_characters_in_a_flag_can_be_encoded_afterwards() -> None:
    (account,) = parse_accounts(answer(200, {FIRST: {"maxJobs": 3, "error": "Wait \ud83d"}}), LIST)
    assert account.flag == Flag.of("Wait ?")
    error = error_of(596, {"errorDetails": "Wait \ud83d"})
    assert isinstance(error, PendingModeration)
    assert error.flag == Flag.of("Wait ?")


# 596


@pytest.mark.parametrize("status", [596, 569, 200, 201, 400, 401, 402, 404, 429, 500])
@pytest.mark.parametrize("code", [596, 569, "596", 596.0])
def test_a_code_of_596_or_569_wins_over_any_status(status: int, code: object) -> None:
    error = error_of(status, {"error": "Pending mod message", "errorDetails": DETAILS, "code": code})
    assert isinstance(error, PendingModeration)
    assert error.flag == Flag(DETAILS, FlagKind.MODERATION)


def test_the_list_too_reports_a_596_before_its_404() -> None:
    with pytest.raises(PendingModeration):
        parse_accounts(answer(404, {"error": "x", "code": 596}), LIST)


@pytest.mark.parametrize("status", [596, 569])
@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{", {"code": 200}, []], ids=["empty", "page", "cut", "code", "array"]
)
def test_a_status_of_596_is_a_flag_whatever_the_body(status: int, body: object) -> None:
    error = error_of(status, body)
    assert isinstance(error, PendingModeration)
    assert error.flag.kind is FlagKind.MODERATION or body == b"{"
    assert error.quote == (error.flag.text or None)
    assert bool(error.flag.text) is (body == b"{")
    assert error.reference == FIRST


def test_the_596_of_a_job_carries_its_channel_text_and_kind() -> None:
    error = error_of(596, fixture("pending_job.json"))
    assert isinstance(error, PendingModeration)
    assert (error.reference, error.flag) == (FIRST, Flag(DETAILS, FlagKind.MODERATION))
    assert error.quote == DETAILS


def short(text: str = "A pending moderation message", **fields: object) -> dict[str, object]:
    return {"error": text, "code": 596, **fields}


JOBID = f"job:20240106053233367-user:791-channel:{SECOND}"
CHANNELS: dict[str, tuple[object, str | None, str | None]] = {
    "the one asked for": (short(), FIRST, FIRST),
    "the one asked for rather than one in the text": (fixture("pending_short.json"), SECOND, SECOND),
    "the one named rather than the one asked for": (short(channel=SECOND), FIRST, SECOND),
    "the one named as a number": (short(channel=int(SECOND)), None, SECOND),
    "one in the path in the text": (fixture("pending_short.json"), None, FIRST),
    "one in the path in the text beside the details": (
        short(f"POST account/midjourney/{SECOND}/reset", errorDetails=DETAILS),
        None,
        SECOND,
    ),
    "one in the job id": (short(jobid=JOBID), None, SECOND),
    "none in a text with other digits": (short("since 17051812230000000000"), None, None),
    "none in a path with too many digits": (short("midjourney/123456789012345678901234/reset"), None, None),
    "none in a name that is no id": (short(channel="../x"), None, None),
    "none in a template": (short("POST account/midjourney/<channel>/reset"), None, None),
}


@pytest.mark.parametrize(("body", "asked", "channel"), CHANNELS.values(), ids=CHANNELS)
def test_a_596_is_about_an_account(body: object, asked: str | None, channel: str | None) -> None:
    error = error_of(596, body, ApiRequest(Endpoint.INFO, asked))
    assert isinstance(error, PendingModeration)
    assert error.reference == channel
    assert ("an account that useapi.net does not name" in what(error)) is (channel is None)


# Everything else that is no success

STATUSES: dict[str, tuple[int, object, type[ProviderError], str]] = {
    "401": (401, fixture("unauthorized.json"), Unauthorized, "refused the API token"),
    "401, empty": (401, b"", Unreachable, "in front of useapi.net turns this machine away"),
    "403": (403, {"error": "Forbidden"}, Unauthorized, "refused the API token"),
    "404, JSON": (404, {"error": "x"}, NotConfigured, "no such account configured"),
    "404, nothing": (404, b"", NotConfigured, "no such account configured"),
    "404, a page": (404, fixture("page.html"), Gone, "A web page answers instead of useapi.net"),
    "410": (410, {"error": "retired"}, Gone, "no longer offers this"),
    "410, a page": (410, fixture("page.html"), Gone, "A web page answers instead of useapi.net"),
    "422": (422, {"error": "Banned prompt detected"}, Rejected, "Midjourney refused this one request"),
    "409": (409, {"error": "Job already executed"}, Rejected, "refused the request (409)"),
    "418": (418, b"", Rejected, "refused the request (418)"),
    "408": (408, b"", Unreachable, "has a server error (408)"),
    "500": (500, {"error": "x"}, Unreachable, "has a server error (500)"),
    "502, a page": (502, fixture("page.html"), Unreachable, "has a server error (502)"),
    "522": (522, b"", Unreachable, "has a server error (522)"),
    "999": (999, b"", Unreachable, "has a server error (999)"),
    "504 of /info": (504, b"", Unreachable, "Midjourney queued the command"),
    "301": (301, b"", Unreachable, "follows no redirects (301)"),
    "308": (308, b"", Unreachable, "follows no redirects (308)"),
    "304": (304, b"", Unreachable, "follows no redirects (304)"),
    "200, a page": (200, fixture("page.html"), Unreachable, "A web page answers instead of useapi.net"),
    "429": (429, {"error": "busy", "code": 429}, RateLimited, "All job slots are busy, or Discord asks"),
    "401, its code 500": (401, {"error": "x", "code": 500}, Unauthorized, "refused the API token"),
    "500, its code 401": (500, {"error": "x", "code": 401}, Unreachable, "has a server error (500)"),
    "400, its code 412": (400, {"error": "x", "code": 412}, Rejected, "refused the request (400)"),
    "200, its code 401": (
        200,
        {"error": "x", "code": 401},
        MalformedResponse,
        "in a form that Midwatch does not know",
    ),
}


@pytest.mark.parametrize(("status", "body", "kind", "sentence"), STATUSES.values(), ids=STATUSES)
def test_an_answer_that_is_no_success_has_its_error_and_sentence(
    status: int, body: object, kind: type[ProviderError], sentence: str
) -> None:
    error = error_of(status, body)
    assert type(error) is kind
    assert sentence in what(error)
    assert what(error).endswith(".")
    assert next_step(error).endswith(".")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Account has no subscription or subscription expired", Cause.SUBSCRIPTION),
        ("Subscription quantity exceeded, see https://useapi.net/docs/subscription", Cause.QUOTA),
        ("", Cause.SUBSCRIPTION),
    ],
)
def test_a_402_distinguishes_a_missing_subscription_from_a_small_one(text: str, cause: Cause) -> None:
    error = error_of(402, {"error": text, "code": 402})
    assert isinstance(error, Unpaid)
    assert error.cause is cause
    assert error.quote == (text or None)


COMPLAINTS = {
    "Required param discord is missing or empty": "There is no Discord token.",
    "Required param maxJobs 12 can't be more that 3": (
        "useapi.net allows at most 3 jobs at a time for this account, not 12."
    ),
    f"Channel {SECOND} configuration has same discord value": (
        f"This Discord token is already configured, for channel {SECOND}."
    ),
    "Channel <channel> configuration has same discord value": (
        "This Discord token is already configured for another channel."
    ),
    "`Midjourney bot not configured ": (
        "useapi.net found no conversation with the Midjourney Bot in this Discord account."
    ),
    "discord, server or channel value is missing": "useapi.net does not know which account to ask.",
    "replyRef or replyUrl is too long": "The callback address or reference is too long.",
    "replyUrl is too long": "The callback address or reference is too long.",
}


@pytest.mark.parametrize("status", [400, 412, 413])
@pytest.mark.parametrize(("text", "sentence"), COMPLAINTS.items(), ids=COMPLAINTS)
def test_each_documented_complaint_has_its_own_plain_sentence(status: int, text: str, sentence: str) -> None:
    error = error_of(status, {"error": text, "code": status}, SAVE)
    assert type(error) is Rejected
    assert what(error) == sentence
    assert error.quote == text.strip()


@pytest.mark.parametrize(("text", "sentence"), COMPLAINTS.items(), ids=COMPLAINTS)
def test_a_complaint_is_known_whatever_the_details_beside_it(text: str, sentence: str) -> None:
    error = error_of(400, {"error": text, "errorDetails": "See the docs.", "code": 400}, SAVE)
    assert what(error) == sentence
    assert error.quote == "See the docs."


def test_a_402_gets_its_cause_whatever_details_stand_beside_it() -> None:
    body = {"error": "Subscription quantity exceeded", "errorDetails": "See the docs.", "code": 402}
    error = error_of(402, body, SAVE)
    assert isinstance(error, Unpaid)
    assert error.cause is Cause.QUOTA


@pytest.mark.parametrize("body", [b"", fixture("page.html"), {"code": 400}], ids=["empty", "page", "code"])
def test_nobody_is_asked_to_read_what_the_api_does_not_say(body: object) -> None:
    error = error_of(400, body, SAVE)
    assert error.quote is None
    assert next_step(error) == "It does not say why: check and correct what you entered, and try again."


def test_prose_is_quoted_and_a_page_is_not() -> None:
    assert error_of(400, b"  something is odd \n").quote == "something is odd"
    assert error_of(500, fixture("page.html")).quote is None
    assert error_of(400, b"\xff\xfe").quote is not None


WAITS: dict[str, tuple[str | None, object, timedelta | None]] = {
    "seconds": ("30", b"", timedelta(seconds=30)),
    "a fraction": ("1.5", b"", timedelta(seconds=1.5)),
    "a date": ("Thu, 01 Jan 2026 00:02:00 GMT", b"", timedelta(minutes=2)),
    "a date gone by": ("Wed, 31 Dec 2025 00:00:00 GMT", b"", timedelta()),
    "a date without a zone": ("Thu, 01 Jan 2026 00:02:00 -0000", b"", None),
    "beyond a day": ("99999999", b"", timedelta(days=1)),
    "beyond measure": ("9" * 400, b"", None),
    "the year 9999": ("Fri, 31 Dec 9999 23:59:59 GMT", b"", timedelta(days=1)),
    "words": ("soon", b"", None),
    "below nothing": ("-5", b"", None),
    "in the body": (None, {"retryAfter": 7}, timedelta(seconds=7)),
    "in the body as a string": (None, {"retryAfter": "7"}, timedelta(seconds=7)),
    "the header first": ("0", {"retryAfter": 7}, timedelta()),
    "the body for want of sense in the header": ("soon", {"retryAfter": 7}, timedelta(seconds=7)),
    "true": (None, {"retryAfter": True}, None),
    "none": (None, b"", None),
}


@pytest.mark.parametrize(("header", "body", "wait"), WAITS.values(), ids=WAITS)
def test_a_429_says_how_long_to_wait_if_the_api_does(
    header: str | None, body: object, wait: timedelta | None
) -> None:
    with pytest.raises(RateLimited) as caught:
        raise_for_error(answer(429, body, retry_after=header), INFO)
    assert caught.value.retry_after == wait


def test_a_failure_that_says_when_to_come_back_is_a_limit() -> None:
    error = error_of(503, b"", retry_after="600")
    assert isinstance(error, RateLimited)
    assert next_step(error).startswith("Try again in 10 min.")


def test_a_504_of_anything_but_info_is_a_plain_failure() -> None:
    assert "has a server error (504)" in what(error_of(504, b"", LIST))


def test_a_404_without_an_account_asked_for_is_about_the_service() -> None:
    assert what(error_of(404, b"", ApiRequest(Endpoint.SUBSCRIPTION))) == "useapi.net no longer offers this."


# The network


class Connection:
    ssl, host, port, is_ssl = True, "api.example", 443, True


def connector(kind: type[Exception]) -> Exception:
    return kind(Connection(), OSError(TOKEN))


FAILURES: dict[str, tuple[Exception, str]] = {
    "certificate": (
        aiohttp.ClientConnectorCertificateError(Connection(), ssl.CertificateError()),  # pyright: ignore[reportArgumentType] - of the key, only the host is read
        "certificate",
    ),
    "tls": (connector(aiohttp.ClientConnectorSSLError), "certificate"),
    "dns": (connector(aiohttp.ClientConnectorDNSError), "looked up"),
    "refused": (connector(aiohttp.ClientConnectorError), "refuses connections"),
    "no connection in time": (aiohttp.ConnectionTimeoutError(TOKEN), "does not answer"),
    "no answer in time": (TimeoutError(TOKEN), "does not answer"),
    "silence": (aiohttp.SocketTimeoutError(TOKEN), "does not answer"),
    "broken off": (aiohttp.ClientPayloadError(TOKEN), "broke off"),
    "reset": (ConnectionResetError(TOKEN), "broke off"),
    "disconnected": (aiohttp.ServerDisconnectedError(TOKEN), "broke off"),
}


@pytest.mark.parametrize(("cause", "sentence"), FAILURES.values(), ids=FAILURES)
def test_a_failure_of_the_network_has_its_sentence_and_nothing_of_the_cause(
    cause: Exception, sentence: str
) -> None:
    error = unreachable(cause, may_be_done=False)
    assert sentence in what(error)
    assert TOKEN not in f"{error!r}{error.__dict__}"


def test_an_answer_is_lost_only_where_the_question_may_have_arrived() -> None:
    found = {name: type(unreachable(cause, may_be_done=True)) for name, (cause, _) in FAILURES.items()}
    assert found == {
        **dict.fromkeys(("certificate", "tls", "dns", "refused", "no connection in time"), NotAsked),
        **dict.fromkeys(("no answer in time", "silence", "broken off", "reset", "disconnected"), AnswerLost),
    }


def test_each_failure_of_the_network_has_its_cause() -> None:
    assert {name: unreachable(error, may_be_done=False).cause for name, (error, _) in FAILURES.items()} == {
        **dict.fromkeys(("certificate", "tls"), Cause.CERTIFICATE),
        "dns": Cause.NO_ADDRESS,
        "refused": Cause.REFUSED,
        **dict.fromkeys(("no connection in time", "no answer in time", "silence"), Cause.SILENT),
        **dict.fromkeys(("broken off", "reset", "disconnected"), Cause.BROKEN_OFF),
    }


@pytest.mark.parametrize(
    ("status", "body", "cause"),
    [
        (500, b"", Cause.SERVER_ERROR),
        (408, b"", Cause.SERVER_ERROR),
        (429, b"", Cause.LIMITED),
        (301, b"", Cause.REDIRECT),
        (200, fixture("page.html"), Cause.WEB_PAGE),
        (400, b"", Cause.REJECTED),
        (200, {"error": "x", "code": 401}, Cause.GARBLED),
        (401, {"error": "x"}, None),
        (402, {"error": "x"}, Cause.SUBSCRIPTION),
        (410, b"", None),
    ],
)
def test_each_answer_that_is_none_of_the_list_has_its_cause(
    status: int, body: object, cause: Cause | None
) -> None:
    assert error_of(status, body).cause is cause


def test_a_command_that_got_no_answer_may_have_been_obeyed() -> None:
    assert "may have been done" in next_step(unreachable(TimeoutError(), may_be_done=True))
    assert "may have been done" not in next_step(unreachable(TimeoutError(), may_be_done=False))


# Words and secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"token {TOKEN} is bad", f"token {HIDDEN} is bad"),
        (f'"{TOKEN}"', f'"{HIDDEN}"'),
        ("mfa.aaaaaaaaaaaaaaaaaaaaaaaaa", HIDDEN),
        ("Bearer user:791-aBcDeF0123 refused", f"Bearer {HIDDEN} refused"),
        (JOBID, JOBID),
        ("see https://useapi.net/docs/subscription", "see https://useapi.net/docs/subscription"),
        ("half a \ud800 character", "half a ? character"),
        ("x" * 3_000, "x" * 1_999 + "…"),
        (f"{'y ' * 980}{TOKEN}", f"{'y ' * 980}{HIDDEN}"),
    ],
    ids=["token", "quoted", "mfa", "bearer", "job id", "address", "surrogate", "long", "token at the cut"],
)
def test_the_words_of_the_api_are_made_fit_to_be_quoted(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_no_token_passes_from_an_error_into_its_quote_or_text() -> None:
    for status in (200, 400, 401, 402, 403, 404, 410, 412, 422, 429, 500, 596):
        error = error_of(
            status,
            {"error": f"odd {TOKEN}", "errorDetails": f"{TOKEN}", "code": status if status > 200 else 500},
        )
        assert "never-to-surface" not in f"{error!r} {error} {error.__dict__}"


def test_an_answer_does_not_show_its_body() -> None:
    assert "never-to-surface" not in repr(answer(200, fixture("account.json")))


def test_every_error_of_the_family_is_one_of_its_base() -> None:
    members = [
        member
        for _, member in inspect.getmembers(errors, inspect.isclass)
        if issubclass(member, Exception) and member is not CodedError
    ]
    assert len(members) == 12
    assert all(issubclass(member, ProviderError) for member in members)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [FIRST, "channel", "maxJobs", "pendingModMessage", "error", "code", "content", "embeds"]
            )
            | st.text(),
            inner,
            max_size=5,
        )
    ),
)


@given(
    st.sampled_from([200, 201, 204, 301, 400, 401, 402, 404, 410, 422, 429, 500, 504, 569, 596]),
    JSON | st.binary(),
)
def test_any_answer_at_all_becomes_facts_or_a_member_of_the_family(status: int, body: object) -> None:
    for parse, question in (
        (parse_accounts, LIST),
        (parse_account, ONE),
        (partial(parse_saved_account, jobs=3), SAVE),
        (raise_for_error, RESET),
        (parse_report, INFO),
        (parse_subscription_active, ApiRequest(Endpoint.SUBSCRIPTION)),
    ):
        try:
            parse(answer(status, body), question)
        except ProviderError as error:
            assert str(error)  # noqa: PT017 - that it raises nothing else is the point


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ({"message": "Acknowledge it.", "id": 7}, "Acknowledge it."),
        ({"content": "", "description": "Read it."}, "Read it."),
        ({"id": 7, "type": "mod"}, '{"id": 7, "type": "mod"}'),
        ({"id": 7, "typ": "für 你"}, '{"id": 7, "typ": "für 你"}'),
        (["one", "two"], "one\ntwo"),
        ({"description": "Read it.", "title": "Für dich: 阻止"}, "Für dich: 阻止\nRead it."),
        (
            {"id": 7, "embeds": [{"type": "rich", "title": "Blocked", "fields": [{"value": "for 3 days"}]}]},
            "Blocked\nfor 3 days",
        ),
        ({"error": {"message": "Acknowledge it.", "ids": ["1", "2"]}, "title": None}, "Acknowledge it."),
        ([{"content": "One"}, {"content": "One"}, {"content": " "}], "One"),
    ],
)
def test_what_is_pending_as_an_object_is_quoted_by_its_texts_at_any_depth_or_as_json(
    written: object, text: str
) -> None:
    body = {"1" * 18: {"channel": "1" * 18, "maxJobs": 3, "pendingModMessage": written}}
    (account,) = parse_accounts(answer(200, body), ApiRequest(Endpoint.LIST))
    assert account.flag is not None
    assert account.flag.text == text


def test_an_object_nested_too_deep_to_be_quoted_is_still_something_that_is_pending() -> None:
    nested: object = []
    for _ in range(10_000):
        nested = [nested]
    assert pending_text(nested) == "(an object nested beyond measure)"
