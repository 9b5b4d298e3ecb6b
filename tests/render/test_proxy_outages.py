"""A problem of one provider's service names it, and speaks of its accounts alone."""

from dataclasses import replace

import pytest

from bot.domain.accounts import Account, Flag, FlagKind, KnownAccount
from bot.domain.errors import Cause
from bot.domain.incidents import Ending, Incident, ServiceProblem, State
from bot.domain.messages import Purpose
from bot.domain.providers import MJPROXY, USEAPI, reference_to
from bot.domain.watch_status import PollStatus, WatchStatus
from bot.domain.wellness import ProblemKind, WatchProblem
from bot.render.presence import presence_text
from bot.render.service_messages import service_content
from bot.render.status_page import status
from tests.support.render_samples import (
    ACCOUNTS,
    MINUTE,
    NOW,
    assert_sendable,
    incident,
    message,
    seen,
    service,
)

PROXIED = {
    reference_to(MJPROXY, name): KnownAccount(Account(reference_to(MJPROXY, name)), name)
    for name in ("Juniper", "Kestrel")
}
BOTH = {**ACCOUNTS, **PROXIED}
FLAGGED = incident(1)
LOST = replace(incident(2), reference=reference_to(MJPROXY, "Juniper"), provider=MJPROXY)
INCIDENTS = {each.key: each for each in (FLAGGED, LOST)}


def down(problem: ServiceProblem = ServiceProblem.UNREACHABLE, provider: str = MJPROXY) -> Incident:
    return service(problem, provider=provider)


@pytest.mark.parametrize("problem", ServiceProblem)
@pytest.mark.parametrize("cause", [None, *sorted(set(Cause) - {Cause.SUBSCRIPTION, Cause.QUOTA})])
def test_no_problem_of_midjourney_proxy_names_another_provider(
    problem: ServiceProblem, cause: Cause | None
) -> None:
    lasting = replace(down(problem), cause=cause)
    for posted in (
        service_content(lasting, INCIDENTS, PROXIED),
        service_content(replace(lasting, flag=FLAGGED.flag), INCIDENTS, PROXIED, reminds=True),
        service_content(replace(lasting, state=State.ENDED, ended_at=NOW), INCIDENTS, BOTH),
    ):
        assert_sendable(posted)
        assert not any(alien in seen(posted) for alien in ("useapi", "USEAPI", "the API", "The API", "596"))


@pytest.mark.parametrize(
    ("problem", "provider", "first"),
    [
        (
            ServiceProblem.UNREACHABLE,
            MJPROXY,
            "⚠️ I cannot see your accounts at midjourney-proxy. midjourney-proxy does not answer.",
        ),
        (
            ServiceProblem.UNREACHABLE,
            USEAPI,
            "⚠️ I cannot see your accounts at useapi.net. useapi.net does not answer.",
        ),
        (
            ServiceProblem.TOKEN,
            MJPROXY,
            (
                "⚠️ I cannot see your accounts at midjourney-proxy. "
                "midjourney-proxy refused the token, or it is no administrator's."
            ),
        ),
        (
            ServiceProblem.LIST_GONE,
            MJPROXY,
            "⚠️ Accounts have vanished: midjourney-proxy lists none of yours any more, or less than half.",
        ),
    ],
)
def test_row_59_the_first_line_names_the_provider(problem: ServiceProblem, provider: str, first: str) -> None:
    assert service_content(down(problem, provider), {}, BOTH).content == first


def test_row_59_an_outage_speaks_of_the_accounts_of_its_provider() -> None:
    words = seen(service_content(down(), INCIDENTS, BOTH))
    assert "[When last seen]\n2 accounts, 1 flagged: Juniper." in words
    assert service_content(down(), {}, PROXIED).content.startswith("⚠️ I cannot see your accounts. ")


def test_what_was_not_started_is_not_counted_as_flagged() -> None:
    calm = replace(LOST, flag=Flag("", FlagKind.OFFLINE))
    assert "2 accounts, none flagged." in seen(service_content(down(), {calm.key: calm}, BOTH))


@pytest.mark.parametrize(
    ("cause", "first"),
    [
        (Cause.CHALLENGE, "1. Check what stands in front of it, such as a login page"),
        (Cause.NEEDS_REDIS, "1. Check that its Redis runs"),
        (Cause.SERVER_ERROR, "1. Nothing yet: I keep trying"),
    ],
)
def test_a_step_for_a_person_comes_before_the_wait(cause: Cause, first: str) -> None:
    words = seen(service_content(replace(down(), cause=cause), {}, PROXIED))
    assert f"[What to do]\n{first}" in words
    is_last = "\n2. Then wait: this message turns green once midjourney-proxy answers." in words
    assert is_last is (cause is not Cause.SERVER_ERROR)


def test_row_59_a_recovery_names_the_provider_and_what_changed_there() -> None:
    over = replace(down(), state=State.ENDED, blind_from=NOW - 6 * MINUTE, blind_until=NOW, ended_at=NOW)
    touched = {
        each.key: replace(each, opened_at=NOW, blind_from=NOW - 6 * MINUTE, blind_until=NOW)
        for each in INCIDENTS.values()
    }
    words = seen(service_content(over, touched, BOTH))
    assert words.startswith("✅ I can see your accounts at midjourney-proxy again. I was blind for 6 min")
    assert "Newly flagged: Juniper." in words


def test_what_changed_meanwhile_words_apart_what_is_disabled_and_leaves_out_what_was_not_started() -> None:
    over = replace(down(), state=State.ENDED, blind_from=NOW - 6 * MINUTE, blind_until=NOW, ended_at=NOW)
    blind = replace(LOST, opened_at=NOW - 9 * MINUTE, blind_from=NOW - 6 * MINUTE, blind_until=NOW)
    waits = replace(blind, clear_since=NOW)
    paused = replace(blind, state=State.ENDED, ending=Ending.PAUSED, ended_at=NOW)
    for each in (waits, paused):
        words = seen(service_content(over, {each.key: each}, BOTH))
        assert "Disabled without a reason: Juniper." in words
        assert "Not flagged" not in words
    for each in (replace(waits, state=State.CLEARING), replace(paused, ending=Ending.CLEARED)):
        assert "Not flagged any more: Juniper." in seen(service_content(over, {each.key: each}, BOTH))
    seen_by_a_command = replace(FLAGGED, from_command=True, clear_since=NOW, blind_until=NOW)
    missed = {FLAGGED.key: replace(seen_by_a_command, opened_at=NOW - 9 * MINUTE)}
    own = replace(over, provider=USEAPI)
    assert "Not flagged any more: Borealis." in seen(service_content(own, missed, BOTH))
    calm = replace(blind, flag=Flag("", FlagKind.OFFLINE), opened_at=NOW)
    assert "Nothing changed." in seen(service_content(over, {calm.key: calm}, BOTH))


def test_row_59_mjstatus_names_the_provider_and_sums_up_the_other() -> None:
    late = message((down(), None), purpose=Purpose.SERVICE)
    watch = WatchStatus(
        now=NOW,
        accounts=BOTH,
        incidents=[down(), LOST],
        messages=[late],
        polls=[
            PollStatus(USEAPI, NOW),
            PollStatus(MJPROXY, NOW, failures=2, why="midjourney-proxy is silent."),
        ],
        problems=[WatchProblem(ProblemKind.SIGHT, providers=(MJPROXY,))],
    )
    words = "\n".join(status(watch))
    assert "⚠️ **I cannot see your accounts at midjourney-proxy. midjourney-proxy does not answer.**" in words
    assert "✅ **7 accounts watched, all ready**" in words
    assert "Alert about midjourney-proxy for <@111111111111111111>" in words
    begun = "\n".join(status(replace(watch, incidents=[])))
    assert "⚠️ **9 accounts, those at midjourney-proxy not checked successfully now**" in begun


def test_row_59_the_bots_status_shows_the_outage_beside_who_needs_whom() -> None:
    opened = [FLAGGED, LOST]
    assert presence_text(9, opened, service=down(), providers=(USEAPI, MJPROXY)) == (
        "1 needs you · midjourney-proxy does not answer"
    )
    assert presence_text(9, [], service=down(ServiceProblem.TOKEN), providers=(USEAPI, MJPROXY)) == (
        "cannot see your accounts at midjourney-proxy"
    )
    unseen = [WatchProblem(ProblemKind.SIGHT, providers=(MJPROXY,))]
    assert presence_text(9, [], problems=unseen) == "I cannot see your accounts at midjourney-proxy yet"


def test_an_account_that_starts_or_was_not_started_needs_nobody() -> None:
    assert presence_text(7, [replace(LOST, starting_since=NOW)]) == "7 accounts watched, 1 recovering"
