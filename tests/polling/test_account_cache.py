from datetime import timedelta

import pytest

from bot.domain.accounts import Account, KnownAccount, Observation, State
from bot.domain.errors import UserError
from bot.domain.incidents import Incident
from bot.polling.account_cache import AccountCache
from tests.support.parts import AT, CHANNEL, FLAG, OTHER, account, answer

LATER = AT + timedelta(hours=1)


def seen(*accounts: Account) -> AccountCache:
    roster = AccountCache()
    roster.observe(Observation(AT, accounts))
    return roster


def look(roster: AccountCache, *accounts: Account) -> tuple[KnownAccount, ...]:
    return roster.observe(Observation(LATER, accounts))


def of(roster: AccountCache, channel: str = CHANNEL) -> KnownAccount:
    known = roster.get(channel)
    assert known is not None
    return known


def test_a_look_gives_every_account_in_the_order_of_the_api() -> None:
    roster = seen(account(OTHER), account(CHANNEL))
    assert [known.channel for known in roster.accounts] == [OTHER, CHANNEL]
    assert len(roster) == 2
    assert roster.observed_at == AT


def test_a_look_tells_which_accounts_are_new_or_changed_and_keeps_silent_about_the_rest() -> None:
    roster = seen(account(CHANNEL), account(OTHER))
    assert look(roster, account(CHANNEL), account(OTHER)) == ()
    changed = look(roster, account(CHANNEL), account(OTHER, max_jobs=12))
    assert [known.account for known in changed] == [account(OTHER, max_jobs=12)]


def incident(channel: str = CHANNEL, state: State = State.OPEN) -> Incident:
    return Incident("", state, AT, LATER, channel=channel, flag=FLAG)


def test_what_is_flagged_is_what_the_open_incident_says_and_not_the_list() -> None:
    roster = seen(account(flag=FLAG), account(OTHER))
    assert of(roster).account.flag is None
    open_incidents = {OTHER: incident(OTHER)}
    roster.open_incidents = lambda: open_incidents
    shown = of(roster, OTHER)
    assert (shown.account.flag, shown.flagged_since, shown.state) == (FLAG, AT, State.OPEN)
    assert [known.channel for known in roster.accounts] == [CHANNEL, OTHER]
    assert of(roster).account.flag is None


def test_what_changes_about_an_account_shows_while_its_incident_stays_as_it_is() -> None:
    roster, open_incidents = seen(account()), {CHANNEL: incident()}
    roster.open_incidents = lambda: open_incidents
    assert of(roster).label == "…0001"
    roster.rename(of(roster), "Mine")
    assert of(roster).label == "Mine"
    roster.answered(CHANNEL, answer("aurora"))
    assert of(roster).discord_name == "aurora"
    look(roster, account(max_jobs=12))
    assert of(roster).account.max_jobs == 12
    roster.open_incidents = dict[str, Incident]
    assert of(roster) == KnownAccount(account(max_jobs=12), "Mine", "aurora", snapshot=answer("aurora"))


def test_an_account_with_an_open_incident_is_shown_also_when_the_last_look_did_not_list_it() -> None:
    roster, open_incidents = seen(account()), {CHANNEL: incident(), OTHER: incident(OTHER)}
    roster.rename(of(roster), "Mine")
    look(roster)
    roster.open_incidents = lambda: open_incidents
    assert [(known.label, known.account.flag) for known in roster.accounts] == [
        ("Mine", FLAG),
        ("…0002", FLAG),
    ]
    assert roster.find("mine").channel == CHANNEL
    assert (len(roster), roster.only()) == (0, None)


def test_names_and_answers_outlive_looks_and_come_back_with_an_account_that_had_left() -> None:
    roster = seen(account(), account(OTHER))
    roster.rename(of(roster), "Mine")
    roster.answered(CHANNEL, answer("aurora"))
    look(roster, account(OTHER))
    assert roster.get(CHANNEL) is None
    look(roster, account(OTHER), account(max_jobs=12))
    assert of(roster) == KnownAccount(account(max_jobs=12), "Mine", "aurora", snapshot=answer("aurora"))


def test_an_answer_without_a_discord_name_keeps_the_one_that_is_known() -> None:
    roster = seen(account())
    roster.answered(CHANNEL, answer("aurora"))
    roster.answered(CHANNEL, answer(None, at=LATER))
    assert of(roster).discord_name == "aurora"
    assert of(roster).snapshot == answer(None, at=LATER)


def test_an_answer_about_an_account_that_has_left_changes_nothing() -> None:
    roster = seen(account())
    roster.answered(OTHER, answer("aurora"))
    assert len(roster) == 1


def test_a_name_can_be_taken_away_again() -> None:
    roster = seen(account())
    roster.rename(of(roster), "Mine")
    assert roster.rename(of(roster), None).label == "…0001"


def test_a_name_given_while_the_account_leaves_does_not_bring_it_back_but_waits_for_it() -> None:
    roster = seen(account())
    known = of(roster)
    look(roster)
    assert roster.rename(known, "Mine").label == "Mine"
    assert roster.accounts == ()
    look(roster, account())
    assert of(roster).label == "Mine"


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param(CHANNEL, id="channel"),
        pytest.param(f"  {CHANNEL} ", id="channel-with-blanks"),
        pytest.param("Mine", id="label"),
        pytest.param(" mINE", id="label-in-another-case"),
    ],
)
def test_an_account_is_found_by_what_a_person_types(typed: str) -> None:
    roster = seen(account(), account(OTHER))
    roster.rename(of(roster), "Mine")
    assert roster.find(typed).channel == CHANNEL


def test_a_channel_id_means_that_account_even_if_another_goes_by_it() -> None:
    roster = seen(account(), account(OTHER))
    roster.rename(of(roster, OTHER), CHANNEL)
    assert roster.find(CHANNEL).channel == CHANNEL


def test_the_channel_id_of_an_account_that_is_gone_means_no_other_that_goes_by_it() -> None:
    roster = seen(account(OTHER))
    roster.rename(of(roster, OTHER), CHANNEL)
    with pytest.raises(UserError, match="No configured account"):
        roster.find(CHANNEL)


@pytest.mark.parametrize(
    ("typed", "what"),
    [
        pytest.param("Twin", "More than one account goes by that name.", id="two-of-that-name"),
        pytest.param("Nobody", "No configured account has that name or channel id.", id="none"),
        pytest.param("", "No configured account has that name or channel id.", id="nothing-typed"),
    ],
)
def test_a_name_that_does_not_tell_is_refused_with_the_next_step(typed: str, what: str) -> None:
    roster = seen(account(), account(OTHER))
    for known in roster.accounts:
        roster.rename(known, "twin")
    with pytest.raises(UserError) as refused:
        roster.find(typed)
    assert str(refused.value) == what
    assert refused.value.next_step


def test_a_label_means_its_account_even_if_another_has_it_as_its_discord_name() -> None:
    roster = seen(account(), account(OTHER))
    roster.answered(OTHER, answer("aurora"))
    roster.rename(of(roster, OTHER), "Studio")
    assert roster.find("aurora").channel == OTHER
    roster.rename(of(roster), "Aurora")
    assert roster.find("aurora").channel == CHANNEL
