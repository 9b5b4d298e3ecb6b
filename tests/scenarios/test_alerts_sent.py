"""What owners receive, when, how loudly and where: the watch from the API's list to Discord."""

import asyncio

import pytest

from tests.simulators.discord import FaultKind
from tests.simulators.useapi import CAPTCHA, MODERATION, Endpoint, Fault
from tests.support.reading import Json, buttons, menu, options, text
from tests.support.running import HELLO, PATIENCE, Bot, Visitor
from tests.support.watching import (
    MINE,
    RESET,
    SNOOZE,
    SOLVED,
    flagged,
    is_silent,
    later,
    newest,
    nothing_more,
    poll,
)

CHANNEL_ROUTE = "ALERT_CHANNEL_ID"


def both(ada: Visitor, bea: Visitor) -> str:
    return f"{ada.person.id},{bea.person.id}"


# -------------------------------------------------------------------------- one flag


async def test_a_flag_becomes_one_push_with_the_way_out(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    bot.api.add()
    await bot.start()

    account, alert = await flagged(bot, ada)

    assert not is_silent(alert)
    assert alert["content"].splitlines()[0].startswith(f"⚠️ …{account.channel[-4:]} needs you: ")
    for words in (
        MODERATION,
        "Discord login to use",
        "Flagged since <t:",
        "3 of 6 job slots are unavailable",
    ):
        assert words in text(alert)
    assert list(buttons(alert)) == [RESET, MINE, SNOOZE, "Open in Discord"]
    await nothing_more(ada, 1)


async def test_a_restart_sends_nothing_again(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    _, alert = await flagged(bot, ada)
    await bot.restart()
    await poll(ada)
    await nothing_more(ada, 1)
    assert ada.received()[0]["id"] == alert["id"]


async def test_accounts_flagged_before_the_first_poll_are_alerted_as_that(bot: Bot, ada: Visitor) -> None:
    for _ in range(3):
        bot.api.flag(bot.api.add().channel, MODERATION)
    await bot.start()
    await newest(ada, "3 accounts need you", "before I started watching")


async def test_a_second_account_joins_the_message_and_wakes_nobody(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    second = bot.api.add().channel
    await bot.start()
    first, alert = await flagged(bot, ada)
    bot.api.flag(second, CAPTCHA)
    await poll(ada)

    joined = await newest(ada, "2 accounts", MODERATION, CAPTCHA)

    assert joined["id"] == alert["id"]
    assert options(joined) == [f"…{channel[-4:]}" for channel in (first.channel, second)]
    await nothing_more(ada, 1)


@pytest.mark.parametrize("owners", [1, 2], ids=["one-owner", "two-owners"])
async def test_a_hello_comes_once_and_not_after_a_restart(
    bot: Bot, ada: Visitor, bea: Visitor, owners: int
) -> None:
    people = (ada, bea)[:owners]
    names = ",".join(str(each.person.id) for each in people)
    await bot.start(OWNER_IDS=names)
    for person in people:
        (hello,) = await bot.world.wait_for(lambda person=person: person.sees(person.dm))
        assert HELLO in text(hello)
        assert is_silent(hello)
    await bot.restart(OWNER_IDS=names)
    await ada.ask("mjtest")
    for person in people:
        assert sum(HELLO in text(each) for each in person.sees(person.dm)) == 1


async def test_each_owner_gets_a_message_and_nobody_else_does(
    bot: Bot, ada: Visitor, bea: Visitor, sam: Visitor
) -> None:
    bot.api.add()
    await bot.start(OWNER_IDS=both(ada, bea))
    await flagged(bot, ada)
    await newest(bea, "needs you", MODERATION)
    assert sam.received() == []


async def test_a_flag_that_only_a_command_meets_is_alerted_at_once(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    bot.api.fault(Fault.CODE_596_UNNAMED, endpoint=Endpoint.INFO)
    await ada.ask("mjinfo")
    alert = await newest(ada, "A command ran into this")
    assert not is_silent(alert)
    assert bot.api.midjourney_commands == 0


# ------------------------------------------------------------------------- many flags


async def test_two_hundred_at_once_are_one_message_with_pages(bot: Bot, ada: Visitor, bea: Visitor) -> None:
    channels = [bot.api.add().channel for _ in range(200)]
    await bot.start(OWNER_IDS=both(ada, bea))
    for channel in channels:
        bot.api.flag(channel, MODERATION)
    await poll(ada)

    page = await newest(ada, "200 accounts need you", "page 1 of 10")
    await newest(bea, "200 accounts need you")
    edits = len([one for one in bot.world.requests if one.method == "PATCH"])
    seen = options(page)
    while not buttons(page)["Next"].get("disabled"):
        page = await ada.pressed(page, "Next")
        seen += options(page)

    assert sorted(seen) == sorted(f"…{channel[-4:]}" for channel in channels)
    assert "page 10 of 10" in text(page)
    assert len([one for one in bot.world.requests if one.method == "PATCH"]) == edits
    await nothing_more(ada, 1)


async def test_an_account_of_a_digest_opens_for_the_person_alone(bot: Bot, ada: Visitor) -> None:
    first, second = bot.api.add(), bot.api.add()
    await bot.start()
    bot.api.flag(first.channel, MODERATION)
    bot.api.flag(second.channel, CAPTCHA)
    await poll(ada)
    digest = await newest(ada, "2 accounts need you")
    names = {option["label"]: option["value"] for option in menu(digest)["options"]}

    opened = await ada.pick(digest, names[f"…{second.channel[-4:]}"])

    card = await opened.answer()
    assert opened.ephemeral
    assert CAPTCHA in text(card)
    assert MODERATION not in text(card)
    assert list(buttons(card)) == [SOLVED, MINE, SNOOZE, "Open in Discord"]


# ---------------------------------------------------------------------------- routes


async def test_with_direct_messages_closed_it_comes_to_the_alert_channel(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    bot.world.close_dm(ada.person)
    place = bot.world.alerts_channel_id
    await bot.start(**{CHANNEL_ROUTE: str(place)})
    await newest(ada, HELLO, channel=place)
    account = next(iter(bot.api.accounts))
    bot.api.flag(account, MODERATION)
    await poll(ada)

    alert = await newest(ada, "needs you", f"<@{ada.person.id}>", channel=place, number=2)

    assert "Privacy Settings" in text(alert)
    assert [one["id"] for one in alert["mentions"]] == [str(ada.person.id)]
    assert ada.received() == []


async def test_what_no_route_takes_is_kept_and_sent_when_one_does(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    bot.world.close_dm(ada.person)
    bot.api.flag(next(iter(bot.api.accounts)), MODERATION)
    await poll(ada)
    await bot.world.wait_for(lambda: [one for one in bot.world.requests if one.status == 403])
    bot.world.open_dm(ada.person)
    await newest(ada, "needs you")


# ---------------------------------------------------------------- service problems


async def poll_until_alert(visitor: Visitor, words: str) -> Json:
    """Have the bot poll until it has failed for longer than OUTAGE_AFTER, and return the alert of it."""
    async with asyncio.timeout(PATIENCE):
        while not any(words in text(one) for one in visitor.received()):
            await poll(visitor)
    return await newest(visitor, words)


async def test_an_outage_is_alerted_once_and_turns_green_with_the_blind_window(
    bot: Bot, ada: Visitor
) -> None:
    account = bot.api.add()
    await bot.start(POLL_INTERVAL="5s", OUTAGE_AFTER="1s")
    bot.api.fault(Fault.VANISHED)
    alert = await poll_until_alert(ada, "I cannot see your accounts. useapi.net refuses connections")
    assert not is_silent(alert)

    bot.api.flag(account.channel, MODERATION)
    bot.api.mend()
    await poll(ada)

    await newest(ada, "needs you", number=2)
    green = await bot.world.wait_for(
        lambda: [one for one in ada.received() if "Watching again" in text(one)], 20
    )
    assert [one["id"] for one in green] == [alert["id"]]
    for words in ("I can see your accounts again. I was blind for", "Newly flagged: …"):
        assert words in text(green[0])
    await nothing_more(ada, 2)


async def test_the_alert_of_an_outage_says_what_is_wrong_now(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start(POLL_INTERVAL="5s", OUTAGE_AFTER="1s")
    bot.api.fault(Fault.SERVER_ERROR)
    alert = await poll_until_alert(ada, "I cannot see your accounts. useapi.net has a server error")
    bot.api.mend()
    bot.api.fault(Fault.HTML_200)
    await poll(ada)
    words = "I cannot see your accounts. A web page answers instead of useapi.net"
    changed = await bot.world.wait_for(lambda: [one for one in ada.received() if words in text(one)], 20)
    assert [one["id"] for one in changed] == [alert["id"]]


@pytest.mark.parametrize(
    ("fault", "headline"),
    [
        (Fault.UNAUTHORIZED, "useapi.net refused the API token"),
        (Fault.UNPAID, "Your useapi.net subscription is missing"),
        (Fault.GONE, "useapi.net has shut down its Midjourney service"),
        (Fault.NOTHING_CONFIGURED, "Accounts have vanished"),
        (Fault.PARTIAL_LIST, "Accounts have vanished"),
    ],
    ids=["token", "unpaid", "gone", "list-gone", "list-shrunk"],
)
async def test_a_service_that_refuses_is_alerted_once(
    bot: Bot, ada: Visitor, fault: Fault, headline: str
) -> None:
    for _ in range(4):
        bot.api.add()
    await bot.start()
    bot.api.fault(fault, endpoint=Endpoint.LIST)
    await poll(ada)
    await later(bot, 1)  # accounts that are missing once may be an accident
    alert = await newest(ada, headline)
    await poll(ada)
    await nothing_more(ada, 1)

    bot.api.mend()
    await poll(ada)
    green = await bot.world.wait_for(
        lambda: [one for one in ada.received() if "Watching again" in text(one)], 20
    )
    assert [one["id"] for one in green] == [alert["id"]]


# ---------------------------------------------------------------------------- owners


async def test_a_new_owner_gets_one_message_with_all_that_is_open(
    bot: Bot, ada: Visitor, bea: Visitor
) -> None:
    for _ in range(2):
        bot.api.flag(bot.api.add().channel, MODERATION)
    await bot.start()
    await newest(ada, "2 accounts need you")
    await bot.restart(OWNER_IDS=both(ada, bea))
    await newest(bea, "2 accounts need you")
    await nothing_more(bea, 1)


async def test_what_waits_for_who_is_no_owner_any_more_is_not_sent(
    bot: Bot, ada: Visitor, bea: Visitor
) -> None:
    bot.api.add()
    bot.world.fault(FaultKind.ERROR, method="POST", path="/channels/*/messages", status=503)
    await bot.start(OWNER_IDS=str(ada.person.id))
    bot.api.flag(next(iter(bot.api.accounts)), MODERATION)
    await poll(ada)
    await bot.restart(OWNER_IDS=str(bea.person.id))
    bot.world.mend()
    await newest(bea, "needs you")
    await nothing_more(bea, 1)
    assert ada.sees(ada.dm) == []
