"""`/mjhistory`, used as a person uses it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.accounts import Account, Flag, Observation, State
from bot.domain.actions import Action
from bot.domain.charts import Chart, Picture, Timeline
from bot.domain.clock import utc_now
from bot.domain.incidents import Ending, Incident, Reason, ServiceProblem
from bot.domain.messages import Delivery, Message, MessageItem, Purpose, Route
from bot.pictures.process import Pictures
from bot.storage import Store
from tests.simulators.useapi import CAPTCHA, MODERATION
from tests.support.pictures import png
from tests.support.reading import text
from tests.support.running import Bot, Visitor

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def flagged(number: int, channel: str, start: datetime, lasted: timedelta) -> Incident:
    flag = Flag.of(MODERATION)
    return Incident(
        f"{number:032x}",
        State.ENDED,
        start,
        start,
        channel,
        flag,
        flag.kind,
        clear_since=start + lasted,
        ended_at=start + lasted + timedelta(minutes=5),
        ending=Ending.CLEARED,
    )


def outage(start: datetime, lasted: timedelta) -> Incident:
    return Incident(
        f"{999:032x}",
        State.ENDED,
        start,
        start,
        problem=ServiceProblem.UNREACHABLE,
        ended_at=start + lasted,
        blind_from=start,
        blind_until=start + lasted,
        ending=Ending.RECOVERED,
    )


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Chart, str]]:
    """Note the charts and what is said of them instead of drawing them, which takes seconds."""
    charts: list[tuple[Chart, str]] = []

    async def draw(_: Pictures, chart: Chart, *, name: str, description: str) -> Picture:
        charts.append((chart, description))
        return Picture(name, png(8, 4, 0x55), description)

    monkeypatch.setattr(Pictures, "draw", draw)
    return charts


async def remember(
    bot: Bot,
    since: datetime,
    *incidents: Incident,
    actions: tuple[Action, ...] = (),
    messages: tuple[Message, ...] = (),
) -> None:
    """Write what an earlier run, which ended a moment ago, would have written of the accounts."""
    accounts = tuple(Account(each.channel, each.max_jobs) for each in bot.api.accounts.values())
    async with Store.open(bot.database) as store:
        for at in (since, utc_now()):
            await store.record_observation(Observation(at, accounts))
        await store.watch.save(incidents=incidents, actions=actions, messages=messages)


def about(incident: Incident, recipient: int, route: Route, channel: int) -> Message:
    at = incident.opened_at
    return Message(
        f"{channel:032x}",
        recipient,
        Purpose.ALERT,
        notify=True,
        created_at=at,
        due_at=at,
        entries=(MessageItem(incident.key, Reason.OPENED),),
        delivery=Delivery.DONE,
        route=route,
        channel_id=channel,
        message_id=channel + 1,
        sent_at=at,
    )


async def test_it_tells_how_long_an_account_was_out_and_who_did_what(bot: Bot, ada: Visitor) -> None:
    account, now = bot.api.add(discord_name="aurora"), utc_now()
    await remember(
        bot,
        now - 20 * DAY,
        flagged(1, account.channel, now - 10 * DAY, 2 * DAY),
        flagged(2, account.channel, now - 5 * DAY, 2 * HOUR),
        outage(now - 3 * DAY, HOUR),
        actions=(
            Action(now - 5 * DAY + HOUR / 2, ada.person.id, "assign", account.channel, "done"),
            Action(now - 5 * DAY + HOUR, ada.person.id, "reset", account.channel, "asked"),
            Action(now - 5 * DAY + HOUR, ada.person.id, "reset", account.channel, "not yet cleared"),
        ),
    )
    await bot.start()

    shown = text(await ada.ask("mjhistory", account=account.channel))

    assert f"…{account.channel[-4:]} · last 30 days" in shown
    assert "**89.5% of the time in service**" in shown  # 50 h of 479 h
    assert "2 incidents" in shown
    assert "Time out: 1 day 1 h (median), 2 days (longest)" in shown
    assert "A person acted after 30 min" in shown
    assert "-# Not counted: 1 h that I could not see" in shown
    assert f"-# Counted since <t:{int((now - 20 * DAY).timestamp())}:f>: I knew nothing of it before" in shown
    outage_line, reset, assigned, second, first = shown.partition("**What happened last**\n")[2].split("\n")
    assert [line[:2] for line in (outage_line, reset, assigned, second)] == ["📡 ", "-#", "-#", "⚠️"]
    assert outage_line.endswith("> useapi.net could not be read · 1 h")
    assert reset.endswith(f"> <@{ada.person.id}> tried to reset it, but it was still flagged")
    assert assigned.endswith(f"> <@{ada.person.id}> is on it")
    assert second.endswith("> moderation message pending · 2 h")
    assert first.endswith("> moderation message pending · 2 days")


async def test_what_is_open_counts_up_to_now(bot: Bot, ada: Visitor) -> None:
    account, now = bot.api.add(), utc_now()
    bot.api.flag(account.channel, CAPTCHA)
    flag = Flag.of(CAPTCHA)
    begun = now - 12 * HOUR
    await remember(
        bot, now - DAY, Incident(f"{1:032x}", State.OPEN, begun, begun, account.channel, flag, flag.kind)
    )
    await bot.start()

    shown = text(await ada.ask("mjhistory", days=7))

    assert "1 incident, 1 still open" in shown
    assert "Time out: 12 h" in shown
    assert "Nobody acted on it" in shown
    assert "🧩 <t:" in shown
    assert "> CAPTCHA pending" in shown
    assert "% · 12 h · still out" in shown


async def test_of_many_accounts_those_with_trouble_come_first_and_the_rest_is_counted(
    bot: Bot, ada: Visitor
) -> None:
    accounts = [bot.api.add() for _ in range(50)]
    now = utc_now()
    incidents = [
        flagged(number, each.channel, now - 2 * DAY, number * HOUR)
        for number, each in enumerate(accounts[:12], start=1)
    ]
    await remember(bot, now - 60 * DAY, *incidents)
    await bot.start()

    shown = text(await ada.ask("mjhistory"))

    assert "50 accounts · last 30 days" in shown
    assert "12 incidents" in shown
    longest = shown.partition("**Longest out**\n")[2].partition("\n\n")[0].split("\n")
    assert len(longest) == 11
    assert f"…{accounts[11].channel[-4:]}](" in longest[0]
    assert longest[0].endswith(" 98.3% · 12 h")
    assert longest[-1] == "-# 2 more had incidents, 38 had none"
    assert "Not counted" not in shown
    assert "ounted" not in shown


@pytest.mark.parametrize("private", [True, False])
async def test_an_event_leads_to_its_message_if_those_who_read_can_open_it(
    bot: Bot, ada: Visitor, *, private: bool
) -> None:
    account, now = bot.api.add(), utc_now()
    first, second, third = (
        flagged(number, account.channel, now - number * DAY, HOUR) for number in (1, 2, 3)
    )
    place = bot.world.channel_id
    messages = (
        about(first, ada.person.id, Route.DM, ada.dm),
        about(second, ada.person.id + 1, Route.DM, 77),
        about(third, ada.person.id + 1, Route.CHANNEL, place),
    )
    await remember(bot, now - 60 * DAY, first, second, third, messages=messages)
    await bot.start()

    asked = await ada.use("mjhistory", private=private)
    shown = text(await asked.answer())

    assert (f"[message](https://discord.com/channels/@me/{ada.dm}/{ada.dm + 1})" in shown) == private
    assert f"[message](https://discord.com/channels/{bot.world.guild_id}/{place}/{place + 1})" in shown
    assert shown.count("[message]") == 1 + private
    assert asked.ephemeral == private


@pytest.mark.parametrize("days", [0, -1, 401, 9_999])
async def test_a_number_of_days_that_is_not_kept_is_refused_with_the_next_step(
    bot: Bot, ada: Visitor, sam: Visitor, days: int
) -> None:
    bot.api.add()
    await bot.start()

    shown = text(await ada.ask("mjhistory", days=days))

    assert shown == f"⚠️ I can look back 1 to 400 days, not {days:,}.\nLeave the days out for the last 30."
    assert sam.sees() == []


async def test_an_account_that_is_gone_is_named_as_such(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    shown = text(await ada.ask("mjhistory", account="100000000000000009"))
    assert "No configured account has that name" in shown


async def test_without_any_account_there_is_a_next_step(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    shown = text(await ada.ask("mjhistory", days=7))
    assert shown == (
        "⚠️ I saw no account in the last 7 days.\n"
        "Ask for more days, or look at /mjaccounts: it reads the list now."
    )


async def test_an_account_that_was_removed_lately_counts_until_then(bot: Bot, ada: Visitor) -> None:
    kept, removed, now = bot.api.add(), bot.api.add(), utc_now()
    over = replace(flagged(1, removed.channel, now - 10 * DAY, DAY), ending=Ending.REMOVED)
    await remember(bot, now - 20 * DAY, over)
    bot.api.remove(removed.channel)
    async with Store.open(bot.database) as store:
        await store.record_observation(Observation(utc_now(), (Account(kept.channel, kept.max_jobs),)))
    await bot.start()

    shown = text(await ada.ask("mjhistory"))

    assert "2 accounts · last 30 days" in shown
    assert f"…{removed.channel[-4:]}" in shown
    assert "95% · 1 day" in shown


async def test_the_card_of_an_account_leads_to_its_history_also_for_viewers(bot: Bot, bea: Visitor) -> None:
    account, now = bot.api.add(), utc_now()
    await remember(bot, now - 60 * DAY, flagged(1, account.channel, now - 3 * DAY, HOUR))
    await bot.start()
    card = await bea.picked(await bea.ask("mjaccounts", private=True), account.channel)
    await bot.restart()

    pressed = await bea.press(card, "History")

    shown = text(await pressed.answer())
    assert f"…{account.channel[-4:]} · last 30 days" in shown
    assert "1 incident" in shown
    assert pressed.ephemeral


@pytest.mark.english
async def test_the_picture_shows_the_same_and_says_it_in_words(
    bot: Bot, ada: Visitor, drawn: list[tuple[Chart, str]]
) -> None:
    account, now = bot.api.add(), utc_now()
    await remember(bot, now - 60 * DAY, flagged(1, account.channel, now - 3 * DAY, HOUR))
    await bot.start()

    message = await ada.ask("mjhistory", account=account.channel, days=7)

    ((chart, words),) = drawn
    assert isinstance(chart, Timeline)
    assert chart.until - chart.since == 7 * DAY
    ((span,),) = (row.spans for row in chart.rows)
    assert (span.start, span.end) == (now - 3 * DAY, now - 3 * DAY + HOUR)
    assert f"Timeline of …{account.channel[-4:]}, last 7 days" in words
    (picture,) = message["attachments"]
    assert picture["description"] == words
    assert message["embeds"][0]["image"]["url"].startswith("http")


async def test_without_a_picture_the_figures_are_sent_and_say_so(
    bot: Bot, ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def draw(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr(Pictures, "draw", draw)
    bot.api.add()
    await bot.start()

    message = await ada.ask("mjhistory")

    assert "in service" in text(message)
    assert "The picture could not be drawn. The figures are all here." in text(message)
    assert message["attachments"] == []


@pytest.mark.parametrize("of_one", [True, False])
async def test_the_same_comes_as_a_table_also_after_a_restart(
    bot: Bot, ada: Visitor, *, of_one: bool
) -> None:
    account, now = bot.api.add(), utc_now().replace(microsecond=0)
    begun = now - 3 * DAY
    await remember(
        bot,
        now - 60 * DAY,
        flagged(1, account.channel, begun, HOUR),
        actions=(Action(begun + HOUR / 2, ada.person.id, "assign", account.channel, "done"),),
    )
    await bot.start()
    asking = ada.ask("mjhistory", days=7, account=account.channel) if of_one else ada.ask("mjhistory", days=7)
    shown = await asking
    await bot.restart()

    pressed = await ada.press(shown, "CSV")

    message = await pressed.answer()
    (file,) = message["attachments"]
    assert file["filename"] == "history.csv"
    assert "last 7 days" in text(message)
    content = bot.world.file(file["url"])
    assert content is not None
    lines = content.decode("utf-8-sig").splitlines()
    assert lines[0] == "event,start,end,seconds,account,id,service,what,acted_after_seconds,person"
    named = f"…{account.channel[-4:]},{account.channel},useapi.net"
    start = f"{begun:%Y-%m-%dT%H:%M:%SZ},{begun + HOUR:%Y-%m-%dT%H:%M:%SZ}"
    assert f"incident,{start},3600,{named},moderation,1800," in lines
    assert f"action,{begun + HOUR / 2:%Y-%m-%dT%H:%M:%SZ},,,{named},assign: done,,{ada.person.id}" in lines
