"""The time that is said of an incident is that at which the next push about it comes, if nothing happens."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules import owner_actions
from bot.rules.forecast import next_notifications
from bot.rules.notifications import next_due
from bot.rules.recipient import RecipientView
from bot.rules.timers import next_tick
from tests.rules.proxy_cases import ONE, STARTING, entry, watched
from tests.rules.world import ANNE, BEN, BLOCK, DAY, HOUR, MINUTE, MODERATION, A, B, C, World, started

Press = Callable[[World], None]
LENGTHS = st.sampled_from([1, 4, 24]).map(lambda hours: hours * HOUR)
CHANNELS = st.sampled_from([A, B, C])


def view(world: World, owner: int) -> RecipientView:
    return RecipientView.of(
        owner,
        world.messages.values(),
        world.incidents,
        mutes=world.mutes,
        now=world.now,
        policy=world.policy,
    )


def said(world: World, owner: int = ANNE, channel: str = A) -> datetime:
    """Return the time that an owner reads about an account."""
    return next_notifications(view(world, owner))[world.incident(channel).key]


def flag(channel: str, text: str | None) -> Press:
    def press(world: World) -> None:
        world.flags[channel] = text
        world.poll()

    return press


def assign(channel: str, owner: int) -> Press:
    def press(world: World) -> None:
        for incident in [each for each in world.of(channel) if not each.ended]:
            world.change(owner_actions.assign(incident, owner, world.now))

    return press


def snooze(channel: str, length: timedelta) -> Press:
    def press(world: World) -> None:
        for incident in [each for each in world.of(channel) if not each.ended]:
            world.change(owner_actions.snooze(incident, world.now + length, world.now))

    return press


def mute(channel: str | None, length: timedelta) -> Press:
    return lambda world: world.mute(length, channel)


PRESSES = st.one_of(
    st.builds(flag, CHANNELS, st.sampled_from([MODERATION, BLOCK, "You have been blocked.", None])),
    st.builds(assign, CHANNELS, st.sampled_from([ANNE, BEN])),
    st.builds(snooze, CHANNELS, LENGTHS),
    st.builds(mute, st.none() | CHANNELS, st.sampled_from([30 * MINUTE, HOUR, 8 * HOUR, timedelta()])),
)
GAPS = st.sampled_from(
    [timedelta(), MINUTE, 3 * MINUTE, 14 * MINUTE, 50 * MINUTE, 4 * HOUR - MINUTE, 5 * HOUR]
)


def pass_on(world: World, end: datetime) -> None:
    """Let time pass without a poll, from one time at which something is due to the next."""
    while world.now < end:
        due = [next_tick(world.incidents.values()), *(next_due(view(world, each)) for each in world.owners)]
        due += [each.due_at for owner in world.owners for each in world.waiting(owner)]
        world.now = min(max(min((each for each in due if each), default=end), world.now + MINUTE / 60), end)
        world.tick()


@given(st.lists(st.tuples(PRESSES, GAPS), min_size=1, max_size=8))
def test_the_time_that_each_owner_reads_is_that_of_the_next_push(
    presses: list[tuple[Press, timedelta]],
) -> None:
    world = started(owners=[ANNE, BEN])
    for text, channel in ((MODERATION, A), (MODERATION, B), (BLOCK, C)):
        flag(channel, text)(world)
    world.deliver()
    for press, gap in presses:
        pass_on(world, world.now + gap)
        press(world)
        world.deliver()
    words = {owner: next_notifications(view(world, owner)) for owner in world.owners}
    open_keys = {each.key for each in world.incidents.values() if each.clear_since is None and not each.ended}
    begin = len(world.sent)
    pass_on(world, max([world.now, *(at for each in words.values() for at in each.values())]) + MINUTE)
    for owner, times in words.items():
        for key in times.keys() & open_keys:
            told = [
                sent.at
                for sent in world.sent[begin:]
                if sent.owner == owner and any(each.incident == key and each.reason for each in sent.about)
            ]
            assert told[0] == times[key], (owner, key)


def presses_on_a(owners: tuple[int, ...], *presses: Press) -> World:
    world = started(owners=owners)
    for press in (flag(A, MODERATION), *presses):
        press(world)
        world.deliver()
    return world


def test_row_29_who_is_on_it_is_asked_after_four_hours_and_the_others_reminded_once_that_lapsed() -> None:
    world = presses_on_a((ANNE, BEN), assign(A, ANNE))
    assert said(world, ANNE) == world.now + 4 * HOUR
    assert said(world, BEN) == world.now + 4 * HOUR + 30 * MINUTE
    since = world.now
    pass_on(world, since + 4 * HOUR)
    assert said(world, ANNE) == said(world, BEN) == since + 4 * HOUR + 30 * MINUTE


@pytest.mark.parametrize("channel", [None, A])
def test_row_37_a_snooze_or_an_assignment_within_a_mute_says_when_the_mute_ends(channel: str | None) -> None:
    for press in (snooze(A, HOUR), assign(A, ANNE)):
        world = presses_on_a((ANNE,), mute(channel, 6 * HOUR), press)
        assert said(world) == world.now + 6 * HOUR


def test_the_last_press_says_the_time() -> None:
    world = presses_on_a((ANNE,), snooze(A, DAY), assign(A, ANNE))
    assert said(world) == world.now + 4 * HOUR
    assert said(presses_on_a((ANNE,), assign(A, ANNE), snooze(A, HOUR))) == world.now + HOUR
    assert said(presses_on_a((ANNE,), snooze(A, DAY), snooze(A, HOUR))) == world.now + HOUR


def test_row_36_a_snooze_within_a_block_says_when_the_block_ends() -> None:
    world = presses_on_a((ANNE,), flag(A, BLOCK))
    pass_on(world, world.now + 5 * MINUTE)  # until then the push about the block is held
    end = said(world)
    snooze(A, HOUR)(world)
    assert said(world) == end == world.incident(A).block_until()


def test_a_push_that_another_one_holds_for_five_minutes_is_said_to_come_then() -> None:
    world = started()
    for channel in (A, B):
        flag(channel, MODERATION)(world)
    world.deliver()
    snooze(A, HOUR)(world)
    world.now += 3 * MINUTE
    snooze(B, HOUR)(world)
    assert said(world, channel=B) == said(world) + 5 * MINUTE


def test_what_only_a_poll_could_bring_up_again_is_held_until_its_hold_ends() -> None:
    world = presses_on_a((ANNE,), snooze(A, HOUR))
    until = said(world)
    world.poll(dict.fromkeys(world.flags))
    assert (world.incident(A).clear_since, said(world)) == (world.now, until)


def test_a_silent_reminder_is_said_to_come_after_a_day() -> None:
    world = watched()
    world.show(entry(ONE, STARTING))
    world.run(20 * MINUTE)
    (incident,) = world.of(ONE)
    world.change(owner_actions.snooze(incident, world.now + HOUR, world.now))
    at = next_notifications(view(world, ANNE))[incident.key]
    before = len(world.sent)
    pass_on(world, at)
    assert at > world.now - MINUTE
    assert [each.notifies for each in world.sent[before:]] == [False]
    assert world.sent[-1].at == at
