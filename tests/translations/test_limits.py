"""In every language each kind of message keeps Discord's limits, with the longest labels and texts."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest

from bot.domain.accounts import Account, Flag, FlagKind, KnownAccount
from bot.domain.errors import Cause, CodedError
from bot.domain.incidents import Ending, Incident, Reason, ServiceProblem, State
from bot.domain.messages import Purpose, Route
from bot.domain.providers import MJPROXY, USEAPI, reference_to
from bot.render.alert_messages import content_of
from bot.render.error_messages import CAUSES, DATABASE, ERRORS, USER_ERRORS
from bot.render.error_messages import message as error_message
from bot.render.provider_words import WORDS
from bot.render.text import length
from bot.runtime.language import ENGLISH, languages, say, spoken
from tests.support.render_samples import NOW, assert_sendable, incident, message, service
from tests.translations.fields import MEANINGS
from tests.translations.test_extraction import the_commands

LONGEST: Final = "W" * 100
TEXT: Final = "Pending " * 500
HELD: Final[Mapping[str, Any]] = {
    "assigned_to": 2**63,
    "assigned_at": NOW,
    "snoozed_until": NOW + timedelta(hours=1),
}

each_language = pytest.mark.parametrize("language", languages())


def flagged(provider: str, number: int, kind: FlagKind, **changes: Any) -> Incident:
    """Return an incident of an account whose flag has a long text."""
    reference = reference_to(provider, f"12{number:017}")
    own = {"reference": reference, "provider": provider, "flag": Flag(TEXT, kind), "worst_kind": kind}
    return incident(number, **own, **changes)


@each_language
@pytest.mark.parametrize("provider", [USEAPI, MJPROXY])
@pytest.mark.parametrize("state", State)
def test_alerts_of_one_account_and_of_many(language: str, provider: str, state: State) -> None:
    ends = {"ended_at": NOW, "ending": Ending.CLEARED} if state is State.ENDED else {}
    for kind, number in [*((each, 1) for each in FlagKind), (FlagKind.CONNECTION, 21), (FlagKind.BLOCK, 21)]:
        known = [flagged(provider, each, kind, state=state, **HELD, **ends) for each in range(number)]
        accounts = {
            each.reference: KnownAccount(Account(each.reference, 99), LONGEST)
            for each in known
            if each.reference
        }
        for reason in (Reason.RECURRING, Reason.ASSIGNEE_CHECK):
            rows = ((each, reason) for each in known)
            sent = message(*rows, route=Route.CHANNEL, failure="50007")
            with spoken(language):
                assert_sendable(content_of(sent, {each.key: each for each in known}, accounts))


@each_language
@pytest.mark.parametrize("purpose", [Purpose.HELLO, Purpose.TEST, Purpose.NOTE, Purpose.SERVICE])
def test_messages_about_the_service(language: str, purpose: Purpose) -> None:
    causes = (None, *Cause) if purpose is Purpose.SERVICE else (None,)
    for provider, problem, cause in product((USEAPI, MJPROXY), ServiceProblem, causes):
        about = service(problem, provider=provider, cause=cause)
        for shown in (about, replace(about, state=State.ENDED, ended_at=NOW, ending=Ending.CLEARED)):
            sent = message((shown, Reason.OPENED), purpose=purpose, failure="50007")
            with spoken(language):
                assert_sendable(content_of(sent, {shown.key: shown}, {}))


@each_language
def test_errors(language: str) -> None:
    for provider, code in product((USEAPI, MJPROXY), (*CAUSES, *ERRORS, *DATABASE, *USER_ERRORS)):
        fields: dict[str, object] = dict.fromkeys(
            MEANINGS.keys() - {"program", *vars(WORDS[provider])}, LONGEST
        )
        error = CodedError(code)
        error.provider = provider
        error.fields = fields | {"path": Path(LONGEST), "folder": Path(LONGEST)}
        with spoken(language):
            assert 1 <= length(error_message(error)) <= 2_000


@pytest.mark.parametrize("language", [each for each in languages() if each != ENGLISH])
def test_descriptions_of_commands_and_options(language: str) -> None:
    options = [option for command in the_commands() for option in command.parameters]
    described = {str(each.description) for each in [*the_commands(), *options]}
    with spoken(language):
        shown = {say(each) for each in described}
    assert not {each for each in shown if not 1 <= len(each) <= 100}
