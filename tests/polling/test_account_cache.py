from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.accounts import Account, KnownAccount, Observation, State
from bot.domain.errors import UserError
from bot.domain.incidents import Incident
from bot.domain.providers import MJPROXY, USEAPI
from bot.polling.account_cache import AccountCache
from bot.render.error_messages import message, next_step
from tests.support.clock import AT
from tests.support.samples import CHANNEL, FLAG, OTHER, account, answer

LATER = AT + timedelta(hours=1)


def seen(*accounts: Account) -> AccountCache:
    cache = AccountCache()
    cache.observe(Observation(AT, accounts))
    return cache


def poll(cache: AccountCache, *accounts: Account) -> None:
    cache.observe(Observation(LATER, accounts))


def of(cache: AccountCache, channel: str = CHANNEL) -> KnownAccount:
    known = cache.get(channel)
    assert known is not None
    return known


def test_a_poll_gives_every_account_in_the_order_of_the_api() -> None:
    cache = seen(account(OTHER), account(CHANNEL))
    assert [known.reference for known in cache.accounts] == [OTHER, CHANNEL]
    assert len(cache) == 2
    assert cache.observed_at == {USEAPI: AT}


def test_a_poll_makes_accounts_anew_that_are_new_or_changed_and_leaves_the_rest() -> None:
    cache = seen(account(CHANNEL), account(OTHER))
    before = cache.accounts
    poll(cache, account(CHANNEL), account(OTHER))
    assert [known is was for known, was in zip(cache.accounts, before, strict=True)] == [True, True]
    poll(cache, account(CHANNEL), account(OTHER, max_jobs=12))
    assert [known is was for known, was in zip(cache.accounts, before, strict=True)] == [True, False]
    assert of(cache, OTHER).account == account(OTHER, max_jobs=12)


def incident(channel: str = CHANNEL, state: State = State.OPEN) -> Incident:
    return Incident("", state, AT, LATER, reference=channel, flag=FLAG)


def test_what_is_flagged_is_what_the_open_incident_says_and_not_the_list() -> None:
    cache = seen(account(flag=FLAG), account(OTHER))
    assert of(cache).account.flag is None
    open_incidents = {OTHER: incident(OTHER)}
    cache.open_incidents = lambda: open_incidents
    shown = of(cache, OTHER)
    assert (shown.account.flag, shown.flagged_since, shown.state) == (FLAG, AT, State.OPEN)
    assert [known.reference for known in cache.accounts] == [CHANNEL, OTHER]
    assert of(cache).account.flag is None


def test_what_changes_about_an_account_shows_while_its_incident_stays_as_it_is() -> None:
    cache, open_incidents = seen(account()), {CHANNEL: incident()}
    cache.open_incidents = lambda: open_incidents
    assert of(cache).label == "…0001"
    cache.rename(of(cache), "Mine")
    assert of(cache).label == "Mine"
    cache.put_info(CHANNEL, answer("aurora"))
    assert of(cache).discord_name == "aurora"
    poll(cache, account(max_jobs=12))
    assert of(cache).account.max_jobs == 12
    cache.open_incidents = dict[str, Incident]
    assert of(cache) == KnownAccount(account(max_jobs=12), "Mine", "aurora", snapshot=answer("aurora"))


def test_an_account_with_an_open_incident_is_shown_also_when_the_last_poll_did_not_list_it() -> None:
    cache, open_incidents = seen(account()), {CHANNEL: incident(), OTHER: incident(OTHER)}
    cache.rename(of(cache), "Mine")
    poll(cache)
    cache.open_incidents = lambda: open_incidents
    assert [(known.label, known.account.flag) for known in cache.accounts] == [
        ("Mine", FLAG),
        ("…0002", FLAG),
    ]
    assert cache.find("mine").reference == CHANNEL
    assert (len(cache), list(cache.listed_by(USEAPI))) == (0, [])


def test_names_and_answers_outlive_polls_and_come_back_with_an_account_that_had_left() -> None:
    cache = seen(account(), account(OTHER))
    cache.rename(of(cache), "Mine")
    cache.put_info(CHANNEL, answer("aurora"))
    poll(cache, account(OTHER))
    assert cache.get(CHANNEL) is None
    poll(cache, account(OTHER), account(max_jobs=12))
    assert of(cache) == KnownAccount(account(max_jobs=12), "Mine", "aurora", snapshot=answer("aurora"))


def test_an_answer_without_a_discord_name_keeps_the_one_that_is_known() -> None:
    cache = seen(account())
    cache.put_info(CHANNEL, answer("aurora"))
    cache.put_info(CHANNEL, answer(None, at=LATER))
    assert of(cache).discord_name == "aurora"
    assert of(cache).snapshot == answer(None, at=LATER)


def test_an_answer_of_unknown_age_does_not_replace_another() -> None:
    undated = replace(answer(None), taken_at=None)
    cache = AccountCache()
    cache.put_account(replace(account(), info=undated))
    assert of(cache).snapshot == undated
    for listed in (answer(None), undated):
        cache.put_account(replace(account(), info=listed))
        assert of(cache).snapshot == answer(None)


def test_an_answer_about_an_account_that_has_left_changes_nothing() -> None:
    cache = seen(account())
    cache.put_info(OTHER, answer("aurora"))
    assert len(cache) == 1


def test_a_name_can_be_taken_away_again() -> None:
    cache = seen(account())
    cache.rename(of(cache), "Mine")
    assert cache.rename(of(cache), None).label == "…0001"


def test_a_name_given_while_the_account_leaves_does_not_bring_it_back_but_waits_for_it() -> None:
    cache = seen(account())
    known = of(cache)
    poll(cache)
    assert cache.rename(known, "Mine").label == "Mine"
    assert cache.accounts == ()
    poll(cache, account())
    assert of(cache).label == "Mine"


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
    cache = seen(account(), account(OTHER))
    cache.rename(of(cache), "Mine")
    assert cache.find(typed).reference == CHANNEL


def test_a_channel_id_means_that_account_even_if_another_goes_by_it() -> None:
    cache = seen(account(), account(OTHER))
    cache.rename(of(cache, OTHER), CHANNEL)
    assert cache.find(CHANNEL).reference == CHANNEL


def test_the_channel_id_of_an_account_that_is_gone_means_no_other_that_goes_by_it() -> None:
    cache = seen(account(OTHER))
    cache.rename(of(cache, OTHER), CHANNEL)
    with pytest.raises(UserError, match="account unknown"):
        cache.find(CHANNEL)


@pytest.mark.parametrize(
    ("typed", "what"),
    [
        pytest.param("Twin", "More than one account goes by that name.", id="two-of-that-name"),
        pytest.param("Nobody", "No configured account has that name or channel id.", id="none"),
        pytest.param("", "No configured account has that name or channel id.", id="nothing-typed"),
    ],
)
def test_a_name_that_does_not_tell_is_refused_with_the_next_step(typed: str, what: str) -> None:
    cache = seen(account(), account(OTHER))
    for known in cache.accounts:
        cache.rename(known, "twin")
    with pytest.raises(UserError) as refused:
        cache.find(typed)
    assert message(refused.value).splitlines()[0] == f"⚠️ {what}"
    assert next_step(refused.value)


def test_a_label_means_its_account_even_if_another_has_it_as_its_discord_name() -> None:
    cache = seen(account(), account(OTHER))
    cache.put_info(OTHER, answer("aurora"))
    cache.rename(of(cache, OTHER), "Studio")
    assert cache.find("aurora").reference == OTHER
    cache.rename(of(cache), "Aurora")
    assert cache.find("aurora").reference == CHANNEL


def test_what_was_picked_is_that_account_whatever_another_is_called() -> None:
    picked, other = Account("mjproxy:US:a@b.c"), Account("mjproxy:2")
    cache = AccountCache()
    cache.observe(Observation(AT, (picked, replace(other, title=picked.handle)), MJPROXY))
    assert cache.find(picked.handle).reference == picked.reference
    assert cache.find(other.handle).reference == other.reference
