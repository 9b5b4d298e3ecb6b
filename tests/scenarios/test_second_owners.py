"""The second line of owners: told of an alert that nobody acts on, once, and heard when they press."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.accounts import Account, Flag
from bot.domain.incidents import RemedyVerdict, ServiceProblem
from bot.domain.messages import Purpose
from bot.domain.providers import Remedy
from bot.notifications.apprise_transport import Address
from bot.rules.audiences import Audience
from bot.rules.policy import Policy
from tests.support.clock import AT, DAY, HOUR, MINUTE, Clock
from tests.support.night import Night
from tests.support.samples import ADA, BEA, CHANNEL, FLAG

OTHER = "1000000000000000002"
WAIT = 30 * MINUTE
WORSE = Flag.of("You have been temporarily blocked from accessing Midjourney")


class Escalating(Night):
    """A watch with one owner, and another in the second line."""

    policy = replace(Policy(), escalate_after=WAIT)


@pytest.fixture
async def night(tmp_path: Path) -> AsyncIterator[Night]:
    async with Escalating(tmp_path / "midwatch.sqlite3", Clock(AT), {BEA: Audience.ESCALATED}) as night:
        await night.see(Account(CHANNEL, 3), Account(OTHER, 3))
        await night.settle()
        yield night


def told(night: Night, person: int = BEA) -> list[str]:
    """Return the first lines of the pushes to a person."""
    return [
        each.content.content.partition("\n")[0]
        for each in night.discord.created
        if each.channel_id == person and not each.silent
    ]


async def flag(night: Night, *others: Account, flagged: Flag = FLAG) -> None:
    await night.see(Account(CHANNEL, 3, flagged), *(others or (Account(OTHER, 3),)))


async def test_an_alert_nobody_acts_on_is_told_to_the_second_line_once(night: Night) -> None:
    await flag(night)
    await night.pass_time(WAIT - MINUTE)
    assert told(night) == []
    await night.pass_time(2 * MINUTE)
    assert told(night) == told(night, ADA)[:1]
    await night.pass_time(DAY)
    assert len(told(night)) == 1
    assert len(told(night, ADA)) > 2


async def test_the_second_line_is_greeted_and_sees_the_end_by_an_edit(night: Night) -> None:
    assert [each.recipient for each in night.planned(Purpose.HELLO)] in ([], [ADA, BEA])
    await flag(night)
    await night.pass_time(WAIT + MINUTE)
    both = Account(CHANNEL, 3), Account(OTHER, 3)
    await night.see(*both)
    await night.pass_time(20 * MINUTE, *both)
    (shown,) = (each for each in night.discord.created if each.channel_id == BEA and not each.silent)
    assert "is back" in shown.content.content


@pytest.mark.parametrize("press", ["assign", "snooze"])
async def test_a_press_holds_it_until_what_it_holds_is_over(night: Night, press: str) -> None:
    await flag(night)
    await night.pass_time(20 * MINUTE)
    keys = [night.incident().key]
    if press == "assign":
        await night.incident_service.assign(keys, ADA)
    else:
        await night.incident_service.snooze(keys, ADA, HOUR)
    await night.pass_time(HOUR)
    assert told(night) == []
    await night.pass_time(6 * HOUR)
    assert len(told(night)) == 1


async def test_a_second_owner_who_is_on_it_stays_so_and_is_asked_whether_it_is_still_so(night: Night) -> None:
    await flag(night)
    await night.pass_time(WAIT + MINUTE)
    await night.incident_service.assign([night.incident().key], BEA)
    await night.pass_time(3 * HOUR)
    assert night.incident().assigned_to == BEA
    assert len(told(night)) == 1
    await night.pass_time(2 * HOUR)
    assert told(night)[1].startswith("⏰ You took")


async def test_a_reset_that_did_not_help_counts_from_its_verdict(night: Night) -> None:
    await flag(night)
    await night.pass_time(20 * MINUTE)
    incident = night.incident()
    leases = await night.incident_service.take_leases({incident.key: incident.flag}, ADA, Remedy.RESET)
    await night.incident_service.give_verdicts([(each, RemedyVerdict.NOT_YET, FLAG) for each in leases])
    await night.pass_time(WAIT - 2 * MINUTE)
    assert told(night) == []
    await night.pass_time(4 * MINUTE)
    assert len(told(night)) == 1


async def test_what_ends_before_its_time_is_not_told(night: Night) -> None:
    await flag(night)
    await night.pass_time(20 * MINUTE)
    both = Account(CHANNEL, 3), Account(OTHER, 3)
    await night.see(*both)
    await night.pass_time(2 * HOUR, *both)
    assert told(night) == []


async def test_forty_alerts_wake_the_second_line_no_more_often_than_one(night: Night) -> None:
    names = [str(1000000000000000003 + number) for number in range(40)]
    flagged: list[Account] = []
    for name in names:
        flagged.append(Account(name, 3, FLAG))
        await night.see(Account(CHANNEL, 3), Account(OTHER, 3), *flagged)
        await night.pass_time(MINUTE)
    await night.pass_time(2 * HOUR)
    assert 1 <= len(told(night)) <= 10


async def test_an_outage_nobody_acts_on_is_told_too(night: Night) -> None:
    await night.fail(ServiceProblem.TOKEN)
    await night.pass_time(WAIT + MINUTE)
    assert len(told(night)) == 1
    await night.pass_time(DAY)
    assert len(told(night)) == 1


async def test_a_mute_of_all_holds_it_and_its_time_counts_from_the_end(night: Night) -> None:
    await flag(night)
    await night.pass_time(5 * MINUTE)
    await night.incident_service.mute(None, ADA, night.clock.now() + HOUR)
    await night.pass_time(HOUR + WAIT - 2 * MINUTE)
    assert told(night) == []
    await night.pass_time(4 * MINUTE)
    assert len(told(night)) == 1


async def test_a_restart_repeats_nothing(night: Night) -> None:
    await flag(night)
    await night.pass_time(WAIT + MINUTE)
    assert len(told(night)) == 1
    await night.close()
    async with Escalating(night.database, night.clock, {BEA: Audience.ESCALATED}) as again:
        await again.pass_time(timedelta(hours=8))
        assert told(again) == []


async def test_an_owner_of_both_lines_is_an_owner(tmp_path: Path) -> None:
    async with Escalating(tmp_path / "midwatch.sqlite3", Clock(AT), {ADA: Audience.ESCALATED}) as night:
        await night.see(Account(CHANNEL, 3), Account(OTHER, 3))
        await flag(night)
        await night.pass_time(MINUTE)
        assert len(told(night, ADA)) == 1


async def test_what_discord_does_not_accept_for_the_second_line_goes_outside_of_it(tmp_path: Path) -> None:
    texts: list[str] = []
    address = Address(-7, "json", lambda title, _text: not texts.append(title))
    audiences = {BEA: Audience.ESCALATED, -7: Audience.UNACCEPTED}
    async with Escalating(tmp_path / "midwatch.sqlite3", Clock(AT), audiences, [address]) as night:
        await night.see(Account(CHANNEL, 3), Account(OTHER, 3))
        await flag(night)
        await night.pass_time(WAIT - MINUTE)
        night.discord.is_down = True
        assert texts == []
        await night.pass_time(5 * MINUTE)
        assert len(texts) == 1
