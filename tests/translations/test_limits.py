"""In every language each kind of message keeps Discord's limits, with the longest labels and texts.

In a made-up one each word of it comes from a catalogue.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest

from bot.domain.accounts import Account, Flag, FlagKind, KnownAccount
from bot.domain.actions import Action
from bot.domain.errors import Cause, CodedError
from bot.domain.incidents import Ending, Incident, Reason, ServiceProblem, State
from bot.domain.messages import MessageItem, Purpose, Route, RouteState
from bot.domain.providers import MJPROXY, USEAPI, reference_to
from bot.domain.usage import RecentUsage, UsageSample
from bot.domain.warnings import AccountWarning, Concern
from bot.domain.watch_status import PollStatus, WatchStatus
from bot.domain.wellness import ProblemKind, WatchProblem
from bot.interactions.account_form import account_form
from bot.interactions.permissions import NAMES
from bot.render.account_admin_replies import form_title
from bot.render.account_list import PAGE_LIMIT
from bot.render.alert_messages import EXAMPLE_TEXT, content_of
from bot.render.board import board_content
from bot.render.error_messages import CAUSES, DATABASE, ERRORS, USER_ERRORS
from bot.render.error_messages import message as error_message
from bot.render.history_messages import history_content
from bot.render.message_content import MessageContent, Select
from bot.render.outside_text import outside_text
from bot.render.provider_words import WORDS
from bot.render.status_page import STATUS_LIMIT, status
from bot.render.text import length
from bot.render.usage_messages import AccountUsage, fleet_content, ranked, usage_content
from bot.runtime.language import current_language, languages, say, spoken
from tests.render.test_history_chart import AT, blank, episode, report
from tests.support.catalogues import read_from
from tests.support.disguise import LANGUAGE, untold
from tests.support.list_pages import list_page
from tests.support.render_samples import (
    ACCOUNTS,
    NOW,
    assert_pressable,
    assert_sendable,
    assert_within_limits,
    incident,
    message,
    service,
)
from tests.translations.fields import MEANINGS
from tests.translations.test_extraction import the_commands

DAY: Final = timedelta(days=1)
LONGEST: Final = "W" * 100
TEXT: Final = "PENDING " * 500
QUOTED: Final = re.compile(rf"{re.escape(EXAMPLE_TEXT)}|\bexample\b")
"""What Midjourney says in the test alert, and the login that it names, which are not translated."""
HELD: Final[Mapping[str, Any]] = {
    "assigned_to": 2**63,
    "assigned_at": NOW,
    "snoozed_until": NOW + timedelta(hours=1),
}


@pytest.fixture(params=[*languages(), LANGUAGE], autouse=True)
def language(request: pytest.FixtureRequest, disguise: Path) -> Iterator[str]:
    """Have a test speak a language."""
    with read_from(disguise) if request.param == LANGUAGE else nullcontext(), spoken(request.param):
        yield request.param


def assert_told(*texts: str) -> None:
    """Check that all words of texts are from the catalogue, if that is the one of the made-up language."""
    if current_language() == LANGUAGE:
        assert [words for text in texts if (words := untold(text))] == []


def assert_taken(content: MessageContent) -> None:
    """Check a message of the watch, within Discord and outside of it."""
    assert_sendable(content)
    assert_told(*(QUOTED.sub("", each) for each in outside_text(content)))
    assert_all_told(content)


def assert_all_told(content: MessageContent) -> None:
    """Check the words of a message and of its controls."""
    assert_told(content.plain_text)
    for each in content.components:
        options = each.options if isinstance(each, Select) else ()
        assert_told(each.label, *(f"{option.label} {option.description}" for option in options))


def assert_answer(content: MessageContent) -> None:
    """Check an answer to a command."""
    for embed in content.embeds:
        assert_within_limits(embed)
    for each in content.components:
        assert_pressable(each)
    assert_all_told(content)


def flagged(provider: str, number: int, kind: FlagKind, **changes: Any) -> Incident:
    """Return an incident of an account whose flag has a long text."""
    reference = reference_to(provider, f"12{number:017}")
    own = {"reference": reference, "provider": provider, "flag": Flag(TEXT, kind), "worst_kind": kind}
    return incident(number, **own, **changes)


@pytest.mark.parametrize("provider", [USEAPI, MJPROXY])
@pytest.mark.parametrize("state", State)
def test_alerts_of_one_account_and_of_many(provider: str, state: State) -> None:
    ends = {"ended_at": NOW, "ending": Ending.CLEARED} if state is State.ENDED else {}
    for kind, number in [*((each, 1) for each in FlagKind), (FlagKind.CONNECTION, 21), (FlagKind.BLOCK, 21)]:
        known = [flagged(provider, each, kind, state=state, **HELD, **ends) for each in range(number)]
        accounts = {
            each.reference: KnownAccount(Account(each.reference, 99), LONGEST)
            for each in known
            if each.reference
        }
        for reason, route in ((Reason.RECURRING, Route.CHANNEL), (Reason.ASSIGNEE_CHECK, Route.ADDRESS)):
            rows = ((each, reason) for each in known)
            sent = message(*rows, route=route, failure="50007")
            assert_taken(content_of(sent, {each.key: each for each in known}, accounts))


@pytest.mark.parametrize("purpose", [Purpose.HELLO, Purpose.TEST, Purpose.NOTE, Purpose.SERVICE])
def test_messages_about_the_service(purpose: Purpose) -> None:
    cases: list[tuple[ServiceProblem, Cause | None]] = [(problem, None) for problem in ServiceProblem]
    if purpose is Purpose.SERVICE:  # the problems whose message names the cause
        cases += product((ServiceProblem.UNREACHABLE, ServiceProblem.GONE), Cause)
    for provider, (problem, cause) in product((USEAPI, MJPROXY), cases):
        about = service(problem, provider=provider, cause=cause)
        for shown in (about, replace(about, state=State.ENDED, ended_at=NOW, ending=Ending.CLEARED)):
            for route in Route:
                sent = message((shown, Reason.OPENED), purpose=purpose, route=route, failure="50007")
                assert_taken(content_of(sent, {shown.key: shown}, {}))


def test_errors() -> None:
    for provider, code in product((USEAPI, MJPROXY), (*CAUSES, *ERRORS, *DATABASE, *USER_ERRORS)):
        fields: dict[str, object] = dict.fromkeys(
            MEANINGS.keys() - {"program", *vars(WORDS[provider])}, LONGEST
        )
        error = CodedError(code)
        error.provider = provider
        error.fields = fields | {"path": Path(LONGEST), "folder": Path(LONGEST)}
        assert 1 <= length(error_message(error)) <= 2_000
        assert_told(error_message(error))


@pytest.mark.parametrize("concern", Concern)
def test_warnings(concern: Concern) -> None:
    for number, ended in product((1, 3, 30), (None, NOW)):
        known = {
            str(each): AccountWarning(
                concern=concern,
                period=NOW + DAY,
                key=str(each),
                reference=reference_to(USEAPI, f"12{each:017}"),
                since=NOW,
                ended_at=ended,
            )
            for each in range(number)
        }
        accounts = {each.reference: KnownAccount(Account(each.reference), LONGEST) for each in known.values()}
        sent = message(purpose=Purpose.WARNING, route=Route.CHANNEL, failure="50007")
        sent = replace(sent, entries=tuple(MessageItem(each, None) for each in known))
        assert_taken(content_of(sent, {}, accounts, warnings=known))


def test_a_history() -> None:
    kinds = [episode(n, n + 0.5, of=n + 1, kind=kind) for n, kind in enumerate([*FlagKind] * 4)]
    blanks = tuple(blank(n, n + 1, problem) for n, problem in enumerate(ServiceProblem))
    done = tuple(Action(AT, 2**63, "reset", each.reference, "reset") for each in kinds[:3])
    many = report(*kinds, accounts=70, since=1, blanks=blanks, actions=done, label=LONGEST)
    for about in (many, replace(many, account=kinds[0].reference)):
        assert_answer(history_content(about, 2**63))


@pytest.mark.parametrize("left", [None, 0.0, 1_123.25])
def test_the_use_of_fast_time(left: float | None) -> None:
    known = [KnownAccount(Account(f"12{each:017}"), LONGEST) for each in range(40)]
    for used, renews in product((0.0, 2.0, 1_000.0), (None, NOW - DAY, NOW + DAY)):
        last = UsageSample(NOW - 2 * DAY, left, 1_200.55, renews, 10**9)
        samples = (replace(last, taken_at=NOW - 3 * DAY, images=0), last)
        found = {
            each.reference: RecentUsage(each.reference, last, used, NOW - 7 * DAY) for each in known[:35]
        }
        one = AccountUsage(known[0], found[known[0].reference], samples, 30, NOW, stopped=NOW)
        assert_answer(usage_content(one, 2**63))
        assert_answer(fleet_content(known, ranked(known, found), NOW))


def test_the_status_and_the_board() -> None:
    known = [flagged(USEAPI, each, kind, **HELD) for each, kind in enumerate(FlagKind)]
    ends = [
        replace(each, state=State.ENDED, ended_at=NOW, ending=ending)
        for each, ending in zip(known, Ending, strict=False)
    ]
    error = CodedError(next(iter(DATABASE)))
    error.fields = dict[str, object](path=Path(LONGEST), folder=Path(LONGEST))
    waiting = message(*((each, Reason.OPENED) for each in known), failing_since=NOW, failure="50007")
    for kind, number in product(ProblemKind, (1, 12)):
        watch = WatchStatus(
            NOW,
            {each: replace(account, name=LONGEST) for each, account in ACCOUNTS.items()},
            incidents=[*known, *ends, *(service(each) for each in ServiceProblem)],
            messages=[waiting] * number,
            mutes={None: NOW + DAY, **dict.fromkeys(ACCOUNTS, NOW + DAY)},
            routes=[RouteState(2**63 + each, Route.DM, NOW, "50007") for each in range(number)],
            polls=[PollStatus(each, NOW, NOW, 12, "W" * 500) for each in (USEAPI, MJPROXY)],
            problems=[WatchProblem(kind, NOW, LONGEST, error, (USEAPI, MJPROXY))],
            lacking=[say(each) for each in NAMES.values()],
            other_copy_at=NOW,
            last_backup=NOW,
            no_backup="W" * 500,
        )
        texts = status(watch)
        assert all(texts)
        assert sum(map(length, texts)) <= STATUS_LIMIT
        assert_told(*texts)
        assert_answer(board_content(watch))


@pytest.mark.parametrize("provider", [USEAPI, MJPROXY])
def test_a_page_of_the_list(provider: str) -> None:
    for kind in FlagKind:
        flag = Flag(TEXT, kind)
        listed = [
            KnownAccount(Account(reference_to(provider, f"12{each:017}"), 99, flag), LONGEST, is_taken=True)
            for each in range(25)
        ]
        page = list_page(listed, 1, refusal="W" * 500)
        assert len(page.entries) == 10
        assert sum(map(length, page.texts)) <= PAGE_LIMIT
        assert_told(*page.texts)


@pytest.mark.parametrize("is_mixed", [True, False])
def test_the_form_of_an_account(*, is_mixed: bool) -> None:
    named, title = (
        form_title(each, is_mixed=is_mixed) for each in (KnownAccount(Account("1"), LONGEST), None)
    )
    form = account_form(title, 2**63, "f" * 16, 15).to_dict()
    assert length(named) <= 45
    assert "W" * 30 in named
    assert "…" not in title
    labels = [each["label"] for each in form["components"] if "label" in each]
    assert len(labels) == 2
    assert all(1 <= length(each) <= 45 for each in [*labels, form["title"]])
    assert_told(*labels, title)


def test_descriptions_of_commands_and_options_and_choices() -> None:
    options = [option for command in the_commands() for option in command.parameters]
    described = {str(each.description) for each in [*the_commands(), *options]}
    described |= {choice.name for option in options for choice in option.choices}
    shown = {say(each) for each in described}
    assert not {each for each in shown if not 1 <= len(each) <= 100}
    assert_told(*shown)
