"""What is about to stop an account is a warning once in a period, and one message that is not repeated."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from bot.domain.account_info import InfoSnapshot
from bot.domain.accounts import Account, KnownAccount
from bot.domain.messages import Delivery, Message
from bot.domain.usage import RecentUsage, UsageSample
from bot.domain.warnings import AccountWarning, Concern, WarningKind
from bot.rules.message_lifecycle import cancel_for
from bot.rules.warnings import changed_warnings, notices_of, warning_messages
from tests.rules.listings import START
from tests.rules.world import ANNE, BEN, DAY, HOUR, A, B, C, key_maker

RENEWAL = START + 10 * DAY
SECOND = timedelta(seconds=1)
LOW = "2.0/30.0 hours (6.67%)"
NONE = "0.0/30.0 hours (0%)"
FULL = "30.0/30.0 hours (100%)"


def stamp(at: datetime) -> str:
    return f"<t:{int(at.timestamp())}>"


def info(
    status: str = "Active monthly",
    *,
    renews: datetime | None = RENEWAL,
    fast: str = FULL,
    at: datetime | None = START,
) -> InfoSnapshot:
    """Build Midjourney's answer, as a provider keeps its text."""
    renewal = f", renews next on {stamp(renews)}" if renews else ""
    return InfoSnapshot(
        at, None, f"Subscription: Pro ({status}{renewal})\nFast Time Remaining: {fast}\nJob Mode: Fast"
    )


def known(
    snapshot: InfoSnapshot | None = None, *, name: str = A, expires: datetime | None = None
) -> KnownAccount:
    return KnownAccount(Account(name, expires_at=expires), snapshot=snapshot)


@dataclass
class Watch:
    """Warnings and messages, as the state of the watch keeps them. Discord takes what is sent if it is up."""

    owners: list[int] = field(default_factory=lambda: [ANNE])
    low: float | None = 10.0
    now: datetime = START
    is_up: bool = True
    warnings: dict[str, AccountWarning] = field(default_factory=dict[str, AccountWarning])
    messages: dict[str, Message] = field(default_factory=dict[str, Message])
    new_key: Callable[[], str] = field(default_factory=key_maker)

    def see(self, *accounts: KnownAccount, after: timedelta = HOUR) -> None:
        """Evaluate accounts, and again: that changes nothing."""
        self.now += after
        assert self.evaluated(accounts) == 0 or self.evaluated(accounts) == 0
        self.plan()

    def evaluated(self, accounts: Collection[KnownAccount]) -> int:
        before = dict(self.warnings)
        for each in accounts:
            noted = replace(each, warnings=notices_of(each, self.low, self.now))
            own = [one for one in self.warnings.values() if one.reference == each.reference]
            kinds = set(WarningKind) - ({WarningKind.FAST_TIME} if self.low is None else set())
            found = changed_warnings(noted, own, of=kinds, now=self.now, new_key=self.new_key)
            self.warnings |= {one.key: one for one in list(found)}
        return sum(each != before.get(key) for key, each in self.warnings.items())

    def plan(self) -> None:
        for owner in self.owners:
            changed = warning_messages(
                owner, self.messages.values(), self.warnings, now=self.now, new_key=self.new_key
            )
            self.messages |= {each.key: each for each in changed}
        for key, each in self.messages.items():
            if self.is_up and each.on_its_way:
                self.messages[key] = replace(each, delivery=Delivery.SENT, sent_at=self.now)

    def sent(self, owner: int = ANNE) -> list[set[tuple[str, Concern]]]:
        """Return what each message to an owner is about now, the oldest first."""
        own = [each for each in self.messages.values() if each.recipient == owner]
        assert not any(each.notify for each in own)
        there = [each for each in own if each.delivery is not Delivery.CANCELLED]
        about = [[self.warnings[entry.incident] for entry in each.entries] for each in there]
        return [{(one.reference, one.concern) for one in each} for each in about]

    def standing(self) -> set[tuple[str, Concern]]:
        return {(each.reference, each.concern) for each in self.warnings.values() if not each.ended}


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.mark.parametrize(
    ("snapshot", "low", "expected"),
    [
        (info(), 10.0, []),
        (info(fast="3.0/30.0 hours (10%)"), 10.0, [Concern.LOW]),
        (info(fast="3.1/30.0 hours (10.33%)"), 10.0, []),
        (info(fast="1.0/30.0 hours"), 10.0, [Concern.LOW]),
        (info(fast="1.00 minutes"), 10.0, []),
        (info(fast=LOW), None, []),
        (info(fast=NONE), None, [Concern.EMPTY]),
        (info(fast="-0.4/30.0 hours (-1.3%)"), 10.0, [Concern.EMPTY]),
        (info(fast=NONE, renews=START), 10.0, []),
        (info("Cancelled", fast=NONE, renews=START), 10.0, [Concern.EMPTY, Concern.CANCELLED]),
        (info("Cancelled", renews=None), 10.0, [Concern.CANCELLED]),
        (info("Canceled monthly"), 10.0, [Concern.CANCELLED]),
        (info("Paused"), 10.0, [Concern.PAUSED]),
        (info(f"Active monthly, ends on {stamp(START + 3 * DAY)}", renews=None), 10.0, [Concern.ENDING]),
        (info(f"Active monthly, ends on {stamp(START + 4 * DAY)}", renews=None), 10.0, []),
        (info(renews=START + DAY), 10.0, []),
        (info("Trial", renews=None), 10.0, []),
        (InfoSnapshot(START, None, "nothing that is known"), 10.0, []),
        (None, 10.0, []),
    ],
)
def test_what_an_answer_shows(
    snapshot: InfoSnapshot | None, low: float | None, expected: list[Concern]
) -> None:
    assert [each.concern for each in notices_of(known(snapshot), low, START)] == expected


@pytest.mark.parametrize(("left", "warned"), [(3 * DAY, True), (3 * DAY + SECOND, False), (-DAY, True)])
def test_a_session_is_warned_of_three_days_before(left: timedelta, *, warned: bool) -> None:
    assert bool(notices_of(known(expires=START + left), None, START)) is warned


def test_an_account_that_is_not_configured_any_more_has_no_warnings() -> None:
    account = replace(known(info("Paused"), expires=START), is_listed=False)
    assert notices_of(account, 10.0, START) == ()


def test_what_holds_is_one_message_and_grows_worse_by_an_edit(watch: Watch) -> None:
    watch.see(known(info(fast=LOW)))
    watch.see(known(info(fast=LOW)), after=5 * DAY)
    assert watch.sent() == [{(A, Concern.LOW)}]
    watch.see(known(info(fast=NONE)))
    assert watch.sent() == [{(A, Concern.EMPTY)}]


def test_several_that_come_together_are_one_message(watch: Watch) -> None:
    watch.see(known(info("Paused", fast=LOW), expires=START + DAY), known(info("Cancelled"), name=B))
    (message,) = watch.sent()
    assert message == {(A, Concern.LOW), (A, Concern.PAUSED), (A, Concern.EXPIRING), (B, Concern.CANCELLED)}


def test_what_comes_while_discord_is_down_joins_what_waits(watch: Watch) -> None:
    watch.is_up = False
    watch.see(known(info(fast=LOW)))
    watch.see(known(info("Paused"), name=B))
    watch.see(known(info(fast=FULL)))  # before anybody was told
    watch.is_up = True
    watch.see()
    assert watch.sent() == [{(B, Concern.PAUSED)}]


def test_what_was_put_right_before_it_was_sent_is_not_sent(watch: Watch) -> None:
    watch.is_up = False
    watch.see(known(info(fast=LOW)))
    watch.see(known(info()))
    watch.is_up = True
    watch.see()
    assert watch.sent() == []


def test_the_same_period_warns_once_and_the_next_again(watch: Watch) -> None:
    watch.see(known(info(fast=LOW)))
    watch.see(known(info(fast=FULL)))
    assert watch.standing() == set()
    watch.see(known(info(fast=LOW)))
    assert watch.sent() == [{(A, Concern.LOW)}]
    watch.see(known(info(fast=LOW, renews=RENEWAL + 30 * DAY)), after=11 * DAY)
    assert watch.sent() == [{(A, Concern.LOW)}] * 2


def test_a_renewal_ends_it_though_nobody_asks_midjourney(watch: Watch) -> None:
    watch.see(known(info(fast=LOW)))
    watch.see(known(info(fast=LOW)), after=10 * DAY - HOUR)
    (warning,) = watch.warnings.values()
    assert warning.ended_at == watch.now == RENEWAL


def test_a_new_answer_of_the_next_period_begins_another_at_once(watch: Watch) -> None:
    watch.see(known(info(fast=LOW)))
    watch.see(known(info(fast=LOW, renews=RENEWAL + 30 * DAY)))
    assert len(watch.sent()) == 2
    assert watch.standing() == {(A, Concern.LOW)}


def test_a_plan_without_a_date_is_warned_of_once_for_as_long_as_it_lasts(watch: Watch) -> None:
    for days in range(100):
        at = START + days * DAY
        watch.see(known(info("Cancelled", renews=None, at=at)), after=DAY)
    assert watch.sent() == [{(A, Concern.CANCELLED)}]
    assert watch.standing() == {(A, Concern.CANCELLED)}


def test_fast_time_that_has_no_renewal_is_warned_of_once_for_as_long_as_it_is_gone(watch: Watch) -> None:
    for days in range(0, 100, 40):
        watch.see(known(info("Trial", renews=None, fast=NONE, at=START + days * DAY)))
        watch.see(known(info("Trial", renews=None, fast=NONE, at=START + days * DAY)), after=40 * DAY - HOUR)
    assert watch.sent() == [{(A, Concern.EMPTY)}]
    assert watch.standing() == {(A, Concern.EMPTY)}


def test_each_login_has_a_period_of_its_own(watch: Watch) -> None:
    watch.see(known(expires=START + DAY))
    watch.see(known(expires=START + 30 * DAY))
    assert watch.standing() == set()
    watch.see(known(expires=START + 30 * DAY), after=28 * DAY)
    assert watch.sent() == [{(A, Concern.EXPIRING)}] * 2


@pytest.mark.parametrize("account", [known(info("Cancelled", renews=START)), known(expires=START)])
def test_what_has_ended_before_it_was_ever_seen_is_not_warned_of(watch: Watch, account: KnownAccount) -> None:
    watch.see(account)
    assert watch.sent() == []
    assert notices_of(account, None, watch.now)


def test_a_removed_account_ends_its_warnings(watch: Watch) -> None:
    watch.see(known(info("Paused", fast=LOW)))
    watch.see(replace(known(info("Paused", fast=LOW)), is_listed=False))
    assert watch.standing() == set()


def test_the_setting_off_sends_nothing_of_fast_time_and_ends_nothing_before_its_time(watch: Watch) -> None:
    watch.see(known(info(fast=LOW)))
    watch.low = None
    watch.see(known(info(fast=LOW)), known(info(fast=NONE), name=B))
    assert watch.standing() == {(A, Concern.LOW)}
    watch.see(known(info(fast=LOW)), after=10 * DAY)
    assert watch.standing() == set()


def test_a_new_owner_gets_what_stands_in_one_message(watch: Watch) -> None:
    watch.see(known(info(fast=LOW)))
    watch.see(known(info("Paused"), name=B))
    watch.see(known(info("Cancelled"), name=C))
    watch.see(known(info(), name=C))
    watch.owners.append(BEN)
    watch.see()
    assert watch.sent(BEN) == [{(A, Concern.LOW), (B, Concern.PAUSED)}]
    assert len(watch.sent(ANNE)) == 3


def test_nobody_is_told_twice_who_deleted_the_message(watch: Watch) -> None:
    watch.see(known(info(fast=LOW)))
    (key,) = watch.messages
    watch.messages[key] = replace(watch.messages[key], delivery=Delivery.DONE)
    watch.see(known(info(fast=NONE)))
    assert len(watch.messages) == 1


def test_who_is_no_owner_any_more_gets_none(watch: Watch) -> None:
    watch.is_up = False
    watch.see(known(info(fast=LOW)))
    (cancelled,) = cancel_for(ANNE, watch.messages.values(), {})
    assert cancelled.delivery is Delivery.CANCELLED


def test_a_thousand_plans_are_one_message(watch: Watch) -> None:
    watch.see(*(known(info("Cancelled"), name=str(number)) for number in range(1_000)))
    (message,) = watch.sent()
    assert len(message) == 1_000


def used(hours: float, *, left: float = 12.0) -> RecentUsage:
    """Build the usage of a week that ends at the start."""
    return RecentUsage(A, UsageSample(START, left, 30.0, RENEWAL), hours, START - 7 * DAY)


def paced(
    recent: RecentUsage, told: Collection[AccountWarning] = (), *, fast: str = FULL, now: datetime = START
) -> list[AccountWarning]:
    """Return what changes of the warnings of an account with this usage."""
    account = known(info(fast=fast))
    noted = replace(account, warnings=notices_of(account, 10.0, now, recent))
    return list(changed_warnings(noted, told, of=set(WarningKind), now=now, new_key=key_maker()))


def test_a_pace_that_empties_fast_time_before_the_renewal_is_warned_of_once_in_a_period() -> None:
    assert paced(used(7.0)) == []  # one hour a day lasts 12 days, and the renewal is in 10
    (warning,) = paced(used(14.0))
    assert (warning.concern, warning.period) == (Concern.FAST, RENEWAL)
    assert paced(used(14.0), [warning]) == []
    (over,) = paced(used(7.0), [warning])
    assert over.ended
    assert paced(used(14.0), [over]) == []


def test_a_pace_goes_on_while_little_is_left_and_ends_with_the_renewal() -> None:
    (pace,) = paced(used(14.0))
    (low,) = paced(used(14.0), [pace], fast=LOW)
    assert low.concern is Concern.LOW
    changed = paced(used(14.0), [pace, low], fast=FULL, now=RENEWAL)
    assert {each.concern for each in changed if each.ended} == {Concern.FAST, Concern.LOW}


def test_a_pace_is_not_told_beside_or_after_little_fast_time() -> None:
    (low,) = paced(used(14.0), fast=LOW)
    assert low.concern is Concern.LOW
    (over,) = paced(used(14.0), [low], fast=FULL)
    assert (over.concern, over.ended) == (Concern.LOW, True)
    assert paced(used(14.0), [over], fast=FULL) == []
