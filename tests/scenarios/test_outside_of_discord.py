"""What reaches the addresses of ALERT_URLS, and when: the third route."""

from collections import deque
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.accounts import Account, Flag
from bot.domain.incidents import ServiceProblem
from bot.domain.messages import Delivery, Route
from bot.notifications.apprise_transport import Address
from bot.rules.audiences import Audience
from tests.properties.any_order.fake_discord import Refusal
from tests.support.clock import AT, HOUR, MINUTE, SECOND, Clock
from tests.support.night import Night
from tests.support.samples import ADA, BEA, CHANNEL, FLAG

ADDRESS = -7
OTHER = "1000000000000000002"
WORSE = Flag.of("You have been temporarily blocked from accessing Midjourney")


class Inbox:
    """The service behind an address."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []
        self.is_down = False
        self.tries = 0

    def take(self, title: str, text: str) -> bool:
        self.tries += 1
        if not self.is_down:
            self.texts.append((title, text))
        return not self.is_down

    @property
    def titles(self) -> list[str]:
        return [title for title, _ in self.texts]


def watch(database: Path, clock: Clock, inbox: Inbox) -> Night:
    """Return a watch with one address, which gets what Discord does not accept."""
    address = Address(ADDRESS, "ntfy at ntfy.example.org", inbox.take)
    return Night(database, clock, {ADDRESS: Audience.UNACCEPTED}, [address])


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def night(tmp_path: Path, inbox: Inbox) -> AsyncIterator[Night]:
    async with watch(tmp_path / "midwatch.sqlite3", Clock(AT), inbox) as night:
        await night.see(Account(CHANNEL, 3), Account(OTHER, 3))
        await night.settle()
        yield night


async def flagged(night: Night, *others: Account) -> None:
    await night.see(Account(CHANNEL, 3, FLAG), *others)


async def test_what_discord_accepts_goes_nowhere_else(night: Night, inbox: Inbox) -> None:
    await flagged(night, Account(OTHER, 3))
    await night.pass_time(3 * HOUR)
    await night.see(Account(CHANNEL, 3), Account(OTHER, 3))
    await night.pass_time(HOUR, Account(CHANNEL, 3), Account(OTHER, 3))
    assert len(night.pushes) > 2
    assert inbox.tries == 0


async def test_what_discord_does_not_accept_within_two_minutes_goes_there_once_and_so_does_what_follows(
    night: Night, inbox: Inbox
) -> None:
    night.discord.is_down = True
    await flagged(night, Account(OTHER, 3))
    await night.pass_time(2 * MINUTE - 10 * SECOND)
    assert inbox.texts == []
    await night.pass_time(20 * SECOND)
    (opening,) = inbox.titles
    await night.pass_time(10 * MINUTE)
    assert inbox.titles == [opening]
    await night.pass_time(10 * MINUTE)
    assert len(inbox.texts) == 2, "the first reminder"
    night.discord.is_down = False
    await night.pass_time(10 * MINUTE)
    assert opening in night.pushes, "the same first line"
    await night.see(Account(CHANNEL, 3), Account(OTHER, 3))
    await night.pass_time(30 * MINUTE, Account(CHANNEL, 3), Account(OTHER, 3))
    assert len(inbox.texts) == 3
    assert "is back" in inbox.titles[2]
    await night.pass_time(24 * HOUR)
    assert len(inbox.texts) == 3


async def test_a_closed_direct_message_without_a_channel_is_such_a_case(night: Night, inbox: Inbox) -> None:
    night.discord.refusals = deque([Refusal.CLOSED] * 100)
    await flagged(night, Account(OTHER, 3))
    await night.pass_time(3 * MINUTE)
    assert len(inbox.texts) == 1


async def test_it_goes_there_once_for_two_owners(night: Night, inbox: Inbox) -> None:
    night.owners.add(BEA)
    night.discord.is_down = True
    await flagged(night, Account(OTHER, 3))
    await night.pass_time(10 * MINUTE)
    assert len(inbox.texts) == 1


async def test_what_opens_while_discord_is_down_is_told_too(night: Night, inbox: Inbox) -> None:
    night.discord.is_down = True
    await flagged(night, Account(OTHER, 3))
    await night.pass_time(3 * MINUTE)
    await night.see(Account(CHANNEL, 3, FLAG), Account(OTHER, 3, FLAG))
    await night.pass_time(8 * MINUTE)
    assert len(inbox.texts) == 2
    assert "2 accounts" in inbox.titles[1]


async def test_a_worse_flag_is_told_where_its_opening_was(night: Night, inbox: Inbox) -> None:
    night.discord.is_down = True
    await flagged(night, Account(OTHER, 3))
    await night.pass_time(3 * MINUTE)
    await night.see(Account(CHANNEL, 3, WORSE), Account(OTHER, 3))
    await night.pass_time(8 * MINUTE)
    assert len(inbox.texts) == 2
    assert "blocked" in inbox.titles[1]


async def test_an_outage_that_discord_does_not_accept_goes_there_and_so_does_its_end(
    night: Night, inbox: Inbox
) -> None:
    night.discord.is_down = True
    await night.fail(ServiceProblem.TOKEN)
    await night.pass_time(3 * MINUTE)
    assert len(inbox.texts) == 1
    night.discord.is_down = False
    await night.see(Account(CHANNEL, 3), Account(OTHER, 3))
    await night.pass_time(2 * MINUTE)
    assert len(inbox.texts) == 2
    assert "again" in inbox.titles[1]


async def test_a_service_that_fails_is_tried_again_until_it_takes_the_text(
    night: Night, inbox: Inbox
) -> None:
    night.discord.is_down = inbox.is_down = True
    await flagged(night, Account(OTHER, 3))
    await night.pass_time(10 * MINUTE)
    assert inbox.tries > 2
    assert night.outbox.overdue_since() is not None
    inbox.is_down = False
    await night.pass_time(16 * MINUTE)
    assert len(inbox.texts) == 1


async def test_a_mute_holds_it_there_as_well(night: Night, inbox: Inbox) -> None:
    await night.incident_service.mute(None, ADA, night.clock.now() + HOUR)
    night.discord.is_down = True
    await flagged(night, Account(OTHER, 3))
    await night.pass_time(30 * MINUTE)
    assert inbox.tries == 0
    await night.pass_time(35 * MINUTE)
    assert len(inbox.texts) == 1


async def test_a_restart_repeats_nothing_that_was_accepted(night: Night, inbox: Inbox) -> None:
    night.discord.is_down = True
    await flagged(night, Account(OTHER, 3))
    await night.pass_time(3 * MINUTE)
    await night.close()
    async with watch(night.database, night.clock, inbox) as again:
        again.discord.is_down = True
        await again.pass_time(5 * MINUTE)
        assert len(inbox.texts) == 1
        await again.pass_time(10 * MINUTE)
        assert len(inbox.texts) == 2, "the reminder"


async def test_without_a_known_owner_it_goes_there_after_the_same_time(tmp_path: Path, inbox: Inbox) -> None:
    async with watch(tmp_path / "midwatch.sqlite3", Clock(AT), inbox) as night:
        night.owners.clear()
        night.discord.is_down = True
        await night.see(Account(CHANNEL, 3), Account(OTHER, 3))
        await flagged(night, Account(OTHER, 3))
        await night.pass_time(3 * MINUTE)
        assert len(inbox.texts) == 1
        night.owners.add(ADA)
        await night.pass_time(5 * MINUTE)
        assert len(inbox.texts) == 1


async def test_an_address_that_gets_every_push_gets_each_once(tmp_path: Path, inbox: Inbox) -> None:
    night = watch(tmp_path / "midwatch.sqlite3", Clock(AT), inbox)
    night.audiences = {ADDRESS: Audience.ALL_PUSHES}
    async with night:
        await night.see(Account(CHANNEL, 3), Account(OTHER, 3))
        await flagged(night, Account(OTHER, 3))
        await night.pass_time(20 * MINUTE)
        await night.see(Account(CHANNEL, 3, FLAG), Account(OTHER, 3, FLAG))
        await night.pass_time(2 * HOUR)
        assert inbox.titles == night.pushes
        assert len(inbox.titles) > 3
        both = Account(CHANNEL, 3), Account(OTHER, 3)
        await night.see(*both)
        await night.pass_time(HOUR, *both)
        assert len(inbox.titles) == len(night.pushes) + 1, "the end"


async def test_an_address_that_is_not_set_any_more_is_sent_nothing(night: Night, inbox: Inbox) -> None:
    night.discord.is_down = True
    await flagged(night, Account(OTHER, 3))
    await night.pass_time(3 * MINUTE)
    await night.close()
    async with Night(night.database, night.clock, {}) as again:
        await again.see(Account(CHANNEL, 3), Account(OTHER, 3))
        await again.pass_time(30 * MINUTE, Account(CHANNEL, 3), Account(OTHER, 3))
        rows = [each for each in again.watch_state.messages.values() if each.route is Route.ADDRESS]
        assert all(each.delivery is Delivery.DONE for each in rows)
    assert len(inbox.texts) == 1


async def test_the_text_is_plain(night: Night, inbox: Inbox) -> None:
    night.discord.is_down = True
    await flagged(night, Account(OTHER, 3))
    await night.pass_time(3 * MINUTE)
    ((title, text),) = inbox.texts
    assert "Please complete the captcha" in text or FLAG.text in text
    for mark in ("**", "<t:", "<@", "```", "-#", "\u2068", "](", "\\"):
        assert mark not in title + text, mark


async def test_reminders_wait_there_too_while_nobody_can_see_the_account(night: Night, inbox: Inbox) -> None:
    night.discord.is_down = True
    await flagged(night, Account(OTHER, 3))
    await night.pass_time(3 * MINUTE)
    night.discord.is_down = False
    await night.fail(ServiceProblem.TOKEN)
    await night.pass_time(3 * HOUR)
    assert len(inbox.texts) == 1
    await flagged(night, Account(OTHER, 3))
    await night.pass_time(5 * MINUTE)
    assert len(inbox.texts) == 2, "the reminder"


async def test_of_several_it_tells_those_that_discord_does_not_accept(night: Night, inbox: Inbox) -> None:
    await flagged(night, Account(OTHER, 3))
    await night.pass_time(10 * MINUTE)
    night.discord.is_down = True
    await night.see(Account(CHANNEL, 3, FLAG), Account(OTHER, 3, FLAG))
    await night.pass_time(3 * MINUTE)
    ((title, text),) = inbox.texts
    assert OTHER[-4:] in title
    assert CHANNEL[-4:] not in title + text
    night.discord.is_down = False
    await night.pass_time(MINUTE)
    await night.see(Account(CHANNEL, 3, WORSE), Account(OTHER, 3, FLAG))
    await night.pass_time(MINUTE)
    assert len(inbox.texts) == 1
    await night.see(Account(CHANNEL, 3, WORSE), Account(OTHER, 3))
    await night.pass_time(10 * MINUTE, Account(CHANNEL, 3, WORSE), Account(OTHER, 3))
    assert ["is back" in title for title in inbox.titles] == [False, True], "its end waits for no other"


@pytest.mark.parametrize("step", [HOUR, 24 * HOUR])
async def test_a_clock_that_is_set_back_neither_holds_it_up_nor_repeats_it(
    night: Night, inbox: Inbox, step: timedelta
) -> None:
    night.discord.is_down = True
    await flagged(night, Account(OTHER, 3))
    await night.pass_time(MINUTE)
    night.clock.set(night.clock.now() - step)
    await night.pass_time(9 * MINUTE)
    assert len(inbox.texts) == 1
    await night.see(Account(CHANNEL, 3, WORSE), Account(OTHER, 3))
    await night.pass_time(9 * MINUTE)
    assert len(inbox.texts) == 2
    night.clock.set(night.clock.now() - step)
    await night.pass_time(9 * MINUTE)
    assert len(inbox.texts) == 2


async def test_what_is_over_before_the_service_takes_it_arrives_once(night: Night, inbox: Inbox) -> None:
    night.discord.is_down = inbox.is_down = True
    await flagged(night, Account(OTHER, 3))
    await night.pass_time(4 * MINUTE)
    both = Account(CHANNEL, 3), Account(OTHER, 3)
    await night.see(*both)
    await night.pass_time(10 * MINUTE, *both)
    inbox.is_down = False
    await night.pass_time(HOUR, *both)
    assert len(inbox.texts) == 1
    assert "is back" in inbox.titles[0]


async def test_what_discord_accepted_goes_nowhere_else_while_no_owner_is_known(
    night: Night, inbox: Inbox
) -> None:
    await flagged(night, Account(OTHER, 3))
    await night.settle()
    night.owners.clear()
    await night.pass_time(30 * MINUTE)
    assert inbox.tries == 0
