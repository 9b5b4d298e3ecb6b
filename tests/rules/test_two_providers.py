"""Rows 59, 60, 69 and 70: two providers under one watch, and one that loses its own connection."""

import pytest

from bot.domain.accounts import FlagKind
from bot.domain.incidents import Ending, Reason, ServiceProblem, State, connection_group
from bot.domain.messages import Purpose
from bot.domain.providers import MJPROXY, USEAPI
from tests.rules.proxy_cases import LOST, ONE, STARTING, TWO, entry, flagged_entry, watched
from tests.rules.world import ANNE, BEN, BLOCK, HOUR, MINUTE, MODERATION, A, World, started


def both() -> World:
    """A world whose two providers list an account that was flagged, of which the owner was notified."""
    world = started()
    world.poll_proxy(entry(ONE), entry(TWO))
    world.flags[A] = MODERATION
    world.poll()
    world.poll_proxy(flagged_entry())
    world.deliver()
    return world


def test_row_59_one_provider_out_of_reach_freezes_its_own_accounts_alone() -> None:
    world = both()
    world.flags[A] = None
    for _ in range(20):
        world.now += MINUTE
        world.poll()
        world.fail_poll(provider=MJPROXY)
        world.tick()
    (service,) = world.service()
    assert (service.provider, service.problem) == (MJPROXY, ServiceProblem.UNREACHABLE)
    assert (world.state(A), world.state(ONE)) == (State.ENDED, State.OPEN)
    sent = len(world.pushes())
    world.flags[A] = BLOCK
    world.now += MINUTE
    world.poll()
    world.deliver()
    assert [push.reasons[A] for push in world.pushes()[sent:]] == [Reason.OPENED]
    world.poll_proxy(entry(ONE))
    assert world.service()[0].ending is Ending.RECOVERED


@pytest.mark.parametrize(("down", "reminded"), [(MJPROXY, A), (USEAPI, ONE)])
def test_row_59_owners_are_reminded_of_what_can_be_read(down: str, reminded: str) -> None:
    world = both()
    for _ in range(30):
        world.now += MINUTE
        world.fail_poll(provider=down)
        if down == USEAPI:
            world.poll_proxy()
        else:
            world.poll()
        world.tick()
    about = [push.reasons for push in world.pushes() if push.purpose is Purpose.ALERT]
    assert about[-1][reminded] is Reason.REMINDER
    assert Reason.REMINDER not in [push.get(channel) for push in about for channel in {A, ONE} - {reminded}]


def test_row_59_an_absence_of_the_bot_is_reported_once_for_two_providers() -> None:
    world = both()
    world.restart()
    world.now += 5 * HOUR
    world.poll()
    world.poll_proxy()
    assert [service.problem for service in world.service()] == [ServiceProblem.AWAY]


@pytest.mark.parametrize("first", [USEAPI, MJPROXY])
def test_row_59_a_provider_that_is_put_back_has_an_absence_of_its_own(first: str) -> None:
    world = both()
    world.now += 100 * HOUR
    world.poll()
    world.restart()
    world.now += 5 * HOUR
    polls = [world.poll, world.poll_proxy]
    for poll in polls if first == USEAPI else reversed(polls):
        poll()
    lengths = {each.provider: each.seen_at - each.opened_at for each in world.service()}
    assert lengths[USEAPI] == 5 * HOUR
    assert lengths[MJPROXY] >= 105 * HOUR


def test_row_60_what_an_incomplete_list_shows_opens_and_changes_and_nothing_ends_by_it() -> None:
    world = both()
    for _ in range(20):
        world.now += MINUTE
        world.poll_proxy(flagged_entry(BLOCK, TWO), is_complete=False)
        world.tick()
    assert {
        each.reference: each.state for each in world.incidents.values() if each.reference
    } == dict.fromkeys((A, ONE, TWO), State.OPEN)
    assert world.incident(ONE).missing_polls == 0


def pool_lost(world: World, disabled: int) -> None:
    """Let the provider have disabled that many of its 40 accounts, after one another."""
    world.show(*(flagged_entry(LOST, f"mjproxy:{number}") for number in range(disabled)))


def lost_pool() -> World:
    """A world whose second provider lost its connection: it disabled 40 accounts, and 10 do not run."""
    names = [f"mjproxy:{number}" for number in range(50)]
    world = watched(*map(entry, names))
    world.owners.append(BEN)
    world.show(*(entry(name, STARTING) for name in names))
    for disabled in (10, 25, 40):
        pool_lost(world, disabled)
        world.run(MINUTE)
    return world


def test_row_69_a_pool_that_loses_its_connection_is_one_push_and_the_rest_are_edits() -> None:
    world = lost_pool()
    world.run(10 * MINUTE)
    for owner in (ANNE, BEN):
        (push,) = world.pushes(owner)
        assert len(push.entries) == 10
        (message,) = world.editable(owner)
        assert len(message.entries) == 40
    assert len(connection_group(world.incidents.values(), MJPROXY)) == 40


def test_row_69_those_that_do_not_run_join_the_message_after_fifteen_minutes() -> None:
    world = lost_pool()
    world.run(14 * MINUTE)
    (message,) = world.editable()
    kinds = [world.incidents[entry.incident].is_soft for entry in message.entries]
    assert (kinds.count(False), kinds.count(True)) == (40, 10)
    assert {sent.reasons.get("mjproxy:45") for sent in world.sent} == {None}


@pytest.mark.parametrize("is_up", [True, False])
def test_row_69_what_is_lost_while_the_first_push_is_on_its_way_joins_it(*, is_up: bool) -> None:
    world = watched(*(entry(f"mjproxy:{number}") for number in range(40)))
    pool_lost(world, 1)
    world.now += MINUTE
    world.poll_proxy()
    (waiting,) = world.waiting()
    if is_up:
        world.claim(waiting.key)
    pool_lost(world, 40)
    world.now += MINUTE
    world.poll_proxy()
    if is_up:
        world.send(waiting.key)
    world.run(10 * MINUTE)
    assert len(world.pushes()) == 1
    assert len(world.editable()[0].entries) == 40


def test_row_69_a_lost_connection_is_a_push_beside_another_alert() -> None:
    world = watched(*(entry(f"mjproxy:{number}") for number in range(40)))
    world.poll_proxy(flagged_entry(MODERATION, "mjproxy:39"))
    world.deliver()
    world.show(*(flagged_entry(LOST, f"mjproxy:{number}") for number in range(39)))
    world.run(10 * MINUTE)
    assert [len(push.reasons) for push in world.pushes()] == [1, 40]


def test_row_69_an_owner_who_deleted_the_message_is_notified_of_the_rest() -> None:
    world = watched(*(entry(f"mjproxy:{number}") for number in range(40)))
    pool_lost(world, 1)
    world.run(MINUTE)
    (message,) = world.editable()
    world.delete(message)
    pool_lost(world, 2)
    world.run(2 * MINUTE)
    assert [push.reasons.get("mjproxy:1") for push in world.pushes()] == [None, Reason.OPENED]


def test_row_69_a_connection_that_is_lost_again_is_a_group_of_its_own_and_a_push() -> None:
    world = lost_pool()
    world.run(6 * MINUTE)
    world.show(*(entry(f"mjproxy:{number}", STARTING) for number in range(40)))
    world.run(MINUTE)
    assert connection_group(world.incidents.values(), MJPROXY) == ()
    world.show(*(flagged_entry(LOST, f"mjproxy:{number}") for number in (1, 2, 45)))
    world.run(MINUTE)
    group = {each.reference for each in connection_group(world.incidents.values(), MJPROXY)}
    assert group == {"mjproxy:1", "mjproxy:2", "mjproxy:45"}
    assert len(world.pushes()) == 2


def test_row_70_one_of_them_that_is_flagged_for_moderation_keeps_its_kind_and_its_push() -> None:
    world = lost_pool()
    world.show(flagged_entry(MODERATION, "mjproxy:7"), flagged_entry(MODERATION, "mjproxy:45"))
    world.run(7 * MINUTE)
    assert world.pushes()[-1].reasons["mjproxy:7"] is Reason.WORSE
    assert world.pushes()[-1].reasons["mjproxy:45"] is Reason.OPENED
    for channel in ("mjproxy:7", "mjproxy:45"):
        flag = world.incident(channel).flag
        assert flag is not None
        assert flag.kind is FlagKind.MODERATION
    group = {each.reference for each in connection_group(world.incidents.values(), MJPROXY)}
    assert group == {f"mjproxy:{number}" for number in range(40) if number != 7}


@pytest.mark.parametrize("down", [{USEAPI}, {MJPROXY}, {USEAPI, MJPROXY}], ids=["useapi", "mjproxy", "both"])
def test_row_59_a_day_of_an_outage_ends_nothing_and_is_pushed_and_reminded_of_once(down: set[str]) -> None:
    world = both()
    before = len(world.pushes())
    for _ in range(24 * 12):
        world.now += 5 * MINUTE
        for provider, poll in ((USEAPI, world.poll), (MJPROXY, world.poll_proxy)):
            if provider in down:
                world.fail_poll(provider=provider)
            else:
                poll()
        world.tick()
    assert {each.provider: each.state for each in world.service()} == dict.fromkeys(down, State.OPEN)
    assert (world.state(A), world.state(ONE)) == (State.OPEN, State.OPEN)
    pushed = world.pushes()[before:]
    of_service = [push.entries[0][1] for push in pushed if push.purpose is Purpose.SERVICE]
    assert of_service == [Reason.OPENED] * len(down) + [Reason.REMINDER] * len(down)
    of_accounts = [push.reasons for push in pushed if push.purpose is Purpose.ALERT]
    reminded = {USEAPI: [ONE], MJPROXY: [A]}[min(down)] * 3 if len(down) == 1 else []
    assert [next(iter(reasons)) for reasons in of_accounts] == reminded
    world.poll()
    world.poll_proxy()
    world.tick()
    assert {each.ending for each in world.service()} == {Ending.RECOVERED}
    assert (world.state(A), world.state(ONE)) == (State.OPEN, State.OPEN)
    assert Reason.OPENED not in [push.entries[0][1] for push in world.pushes()[before + len(pushed) :]]
