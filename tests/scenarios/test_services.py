"""The living services of useapi.net: watched, told and seen to end, each on its own."""

import asyncio
import logging

import aiohttp
import pytest

from bot import app
from bot.cli import check
from bot.cli.exit_codes import Exit
from bot.domain.services import SERVICES
from tests.simulators.discord import point_at
from tests.simulators.useapi import Endpoint, Fault
from tests.support.reading import button, buttons, options, text
from tests.support.running import LISTS, PATIENCE, Bot, Visitor
from tests.support.watching import newest, nothing_more, poll

REFUSED = "Session refresh failed 2026-01-19T14:31:15.000Z, manual update required"
STUDIO = "studio@example.com"
EVERY = ",".join(each.name for each in SERVICES)
LONG = "b*a_d`x`@" + "e" * 291
PHONE = 60
"""The characters of a line on a phone, of what the bot words itself; longer lines wrap."""


def shown(name: str) -> str:
    """Return a name as messages show it."""
    return name.replace("@", "\uff20")


async def test_a_flagged_account_is_told_with_its_setup_page_and_clears(bot: Bot, ada: Visitor) -> None:
    bot.api.add_to("runwayml", STUDIO)
    bot.api.flag_in("runwayml", STUDIO, REFUSED)
    await bot.start(USEAPI_SERVICES="runwayml")
    alert = await newest(
        ada,
        f"{shown(STUDIO)} needs you: its Runway login has to be entered again",
        REFUSED,
        "Give useapi.net its e-mail address and password again",
    )
    assert "idjourney" not in text(alert)
    assert button(alert, "Setup Runway")["url"] == "https://useapi.net/docs/start-here/setup-runwayml"
    bot.api.flag_in("runwayml", STUDIO, None)
    await poll(ada)
    await newest(ada, shown(STUDIO), "looks clear")


async def test_only_lists_are_asked_for_whatever_people_press(bot: Bot, ada: Visitor) -> None:
    bot.api.add_to("dreamina", "US:a@b.example")
    await bot.start(USEAPI_SERVICES=EVERY)
    for command in ("mjinfo", "mjreset"):
        await ada.ask(command, account="US:a@b.example")
    question = await ada.ask("mjremove", account="US:a@b.example")
    assert "Remove it at useapi.net first" in text(question)
    answer = await ada.pressed(question, "Yes, remove dreamina@example.com")
    assert "Midwatch only reads which accounts Dreamina has." in text(answer)
    card = await ada.picked(await ada.ask("mjaccounts"), await handle_of(ada, "dreamina"))
    assert "Info" not in buttons(card)
    assert "Remove" in buttons(card)
    assert {one.endpoint for one in bot.api.requests} == LISTS - {Endpoint.LIST}


async def handle_of(visitor: Visitor, typed: str) -> str:
    """Return the value of the only suggestion."""
    (choice,) = await visitor.complete("mjname", typed)
    return str(choice.value)


async def test_an_account_that_was_removed_at_useapi_net_can_be_forgotten(bot: Bot, ada: Visitor) -> None:
    bot.api.add_to("kling", STUDIO)
    await bot.start(USEAPI_SERVICES="kling")
    del bot.api.services["kling"].entries[STUDIO]
    question = await ada.ask("mjremove", account=STUDIO)
    answer = await ada.pressed(question, f"Yes, remove {STUDIO}")
    assert "is not configured any more" in text(answer)
    assert "No account of these services is configured" in text(await ada.ask("mjaccounts"))


async def test_ten_services_read_well(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    for service in SERVICES:
        bot.api.add_to(service.name, f"{service.name}@example.com")
    bot.api.add_to("kling", LONG)
    bot.api.flag_in("pixverse", "pixverse@example.com", REFUSED)
    await bot.start(USEAPI_SERVICES=f"midjourney,{EVERY}")
    await newest(ada, "pixverse")
    listed = await ada.ask("mjaccounts")
    lines = text(listed).splitlines()
    headings = [line for line in lines if line.startswith("At ")]
    assert headings[0] == "At PixVerse:"
    assert len(headings) == len(set(headings)) > 7
    worded = [
        line for line in lines if not line.startswith(("Session", "Flagged", "List")) and "](" not in line
    ]
    assert max(map(len, worded)) <= PHONE
    assert len(options(listed)) == 10
    status = text(await ada.ask("mjstatus"))
    assert "Google Flow, Runway, MiniMax" in status
    assert (
        "Flags of Kling, PixVerse, TemPolor, FaceSwap are not documented: I watch the field `error`."
        in status
    )


async def test_two_services_may_have_the_same_account(bot: Bot, ada: Visitor) -> None:
    bot.api.add_to("kling", STUDIO)
    bot.api.add_to("runwayml", STUDIO)
    await bot.start(USEAPI_SERVICES="kling,runwayml")
    assert text(await ada.ask("mjaccounts")).count(f"**{shown(STUDIO)}**") == 2
    assert "More than one account goes by that name" in text(
        await ada.ask("mjname", account=STUDIO, name="Ember")
    )
    suggestions = [each.name for each in await ada.complete("mjname", STUDIO)]
    assert suggestions == [f"{STUDIO} · ✅ ready · Kling", f"{STUDIO} · ✅ ready · Runway"]
    for name in ("kling", "runwayml"):
        bot.api.flag_in(name, STUDIO, REFUSED)
    await poll(ada)
    await newest(ada, *(f"**{shown(STUDIO)}** · {title} · 🔑 cannot log in" for title in ("Kling", "Runway")))
    assert f"**{shown(STUDIO)}** is now called **Ember**" in text(
        await ada.ask("mjname", account=f"runway {STUDIO}", name="Ember")
    )


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.UNAUTHORIZED, "I cannot see your accounts. useapi.net refused the API token."),
        (Fault.UNPAID, "I cannot see your accounts. Your useapi.net subscription is missing or has expired."),
    ],
)
async def test_a_problem_of_the_subscription_is_one_incident(
    bot: Bot, ada: Visitor, fault: Fault, words: str
) -> None:
    for service in SERVICES:
        bot.api.add_to(service.name, f"{service.name}@example.com")
    await bot.start(USEAPI_SERVICES=f"midjourney,{EVERY}")
    bot.api.fault(fault)
    await poll(ada)
    await newest(ada, words, "10 accounts, none flagged.")
    failed = text(await ada.ask("mjaccounts"))
    assert failed.count("⚠️ Your useapi" if fault is Fault.UNPAID else "⚠️ useapi") == 1
    assert text(await ada.ask("mjstatus")).count("⚠️ **I cannot see your accounts") == 1
    with point_at(bot.world.api, bot.world.gateway):
        assert await check.report(bot.settings(USEAPI_SERVICES=EVERY), app.providers_of) == Exit.UNAVAILABLE
    bot.api.mend()
    await poll(ada)
    await newest(ada, "I can see your accounts again")
    await nothing_more(ada, 1)


async def poll_until(visitor: Visitor, words: str) -> None:
    """Have the bot poll until it has failed for longer than OUTAGE_AFTER and a message says so."""
    async with asyncio.timeout(PATIENCE):
        while not any(words in text(each) for each in visitor.received()):
            await poll(visitor)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.SERVER_ERROR, "I cannot see your accounts. useapi.net has a server error."),
        (Fault.VANISHED, "I cannot see your accounts. useapi.net refuses connections."),
    ],
)
async def test_an_outage_of_all_services_is_one_incident(
    bot: Bot, ada: Visitor, fault: Fault, words: str
) -> None:
    for service in SERVICES:
        bot.api.add_to(service.name, f"{service.name}@example.com")
    await bot.start(USEAPI_SERVICES=EVERY, POLL_INTERVAL="5s", OUTAGE_AFTER="1s")
    bot.api.fault(fault)
    await poll_until(ada, words)
    assert "10 accounts, none flagged." in text(await newest(ada, words))
    await poll(ada)
    assert text(await ada.ask("mjstatus")).count("⚠️ **I cannot see") == 1
    bot.api.flag_in("kling", "kling@example.com", REFUSED)
    bot.api.mend()
    await poll(ada)
    await newest(ada, "its Kling login has to be entered again", number=2)
    back = "I can see your accounts again. I was blind for"
    await bot.world.wait_for(lambda: any(back in text(each) for each in ada.received()), PATIENCE)
    await nothing_more(ada, 2)


@pytest.mark.parametrize(
    ("service", "words"),
    [
        (Endpoint.KLING, "I cannot see your accounts at Kling. Kling has a server error."),
        (Endpoint.LIST, "I cannot see your accounts at Midjourney. useapi.net has a server error."),
    ],
)
async def test_the_outage_of_one_service_is_told_by_its_name(
    bot: Bot, ada: Visitor, capsys: pytest.CaptureFixture[str], service: Endpoint, words: str
) -> None:
    bot.api.add()
    bot.api.add_to("kling", STUDIO)
    bot.api.add_to("runwayml", STUDIO)
    services = "midjourney,kling,runwayml"
    await bot.start(USEAPI_SERVICES=services, POLL_INTERVAL="5s", OUTAGE_AFTER="1s")
    assert text(await ada.ask("mjaccounts")).count("At Midjourney:") == 1
    assert "**Midjourney, Runway, Kling**" in text(await ada.ask("mjstatus"))
    with point_at(bot.world.api, bot.world.gateway):
        await check.report(bot.settings(USEAPI_SERVICES=services), app.providers_of)
    lines = capsys.readouterr().out
    assert "ok    useapi.net token: accepted" in lines
    assert "ok    Midjourney accounts: 1 account, 0 flagged" in lines
    bot.api.fault(Fault.SERVER_ERROR, endpoint=service)
    await poll_until(ada, words)
    await nothing_more(ada, 1)


async def test_the_end_of_one_service_touches_no_other(bot: Bot, ada: Visitor) -> None:
    bot.api.add_to("kling", STUDIO)
    bot.api.add_to("runwayml", STUDIO)
    await bot.start(USEAPI_SERVICES="kling,runwayml")
    bot.api.fault(Fault.HTML_404, endpoint=Endpoint.KLING)
    bot.api.flag_in("runwayml", STUDIO, REFUSED)
    await poll(ada)
    await newest(ada, "I cannot see your accounts at Kling.", number=2)
    assert any("its Runway login has to be entered again" in text(each) for each in ada.received())
    status = text(await ada.ask("mjstatus"))
    assert "At Runway: ⚠️ **1 account watched, 1 needs you**" in status


async def test_midjourney_left_out_is_not_asked_and_not_spoken_of(bot: Bot, ada: Visitor) -> None:
    bot.api.fault(Fault.GONE, endpoint=Endpoint.LIST)
    await bot.start(USEAPI_SERVICES="runwayml,google-flow")
    for command in ("mjaccounts", "mjadd", "mjstatus"):
        answer = text(await ada.ask(command))
        assert "idjourney" not in answer, command
        assert "Traceback" not in answer
    assert bot.api.count(Endpoint.LIST) == 0
    await nothing_more(ada, 0)


@pytest.mark.parametrize(
    ("configured", "asked", "said"),
    [
        (
            ["kling", "runwayml"],
            {Endpoint.KLING, Endpoint.RUNWAYML},
            "ok    Services: those with accounts are",
        ),
        ([], LISTS - {Endpoint.LIST}, "WARN  Services: none has an account at useapi.net yet"),
    ],
)
async def test_all_are_those_with_accounts(
    bot: Bot,
    ada: Visitor,
    capsys: pytest.CaptureFixture[str],
    configured: list[str],
    asked: set[Endpoint],
    said: str,
) -> None:
    for name in configured:
        bot.api.add_to(name, STUDIO)
    await bot.start(USEAPI_SERVICES="all")
    await poll(ada)
    assert {one.endpoint for one in bot.api.requests} == asked | {Endpoint.SUBSCRIPTION}
    with point_at(bot.world.api, bot.world.gateway):
        await check.report(bot.settings(USEAPI_SERVICES="all"), app.providers_of)
    assert said in capsys.readouterr().out


async def test_all_are_watched_while_useapi_net_does_not_say_which(
    bot: Bot, ada: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    bot.api.add()
    bot.api.fault(Fault.SERVER_ERROR, endpoint=Endpoint.SUBSCRIPTION)
    with caplog.at_level(logging.WARNING):
        await bot.start(USEAPI_SERVICES="all")
    await poll(ada)
    assert {one.endpoint for one in bot.api.requests} == LISTS | {Endpoint.SUBSCRIPTION}
    assert "Until the next start, all services are watched." in caplog.text


async def test_the_check_names_what_is_a_guess(bot: Bot, capsys: pytest.CaptureFixture[str]) -> None:
    bot.api.add_to("kling", STUDIO)
    bot.api.add_to("google-flow", STUDIO)
    async with aiohttp.ClientSession():
        with point_at(bot.world.api, bot.world.gateway):
            await check.report(bot.settings(USEAPI_SERVICES="kling,google-flow"), app.providers_of)
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "ok    Google Flow accounts: 1 account, 0 flagged",
        "ok    Kling accounts: 1 account, 0 flagged",
        "ok    Kling flags: not documented; Midwatch watches the field `error`",
    ]


async def test_a_list_that_becomes_an_array_is_one_sentence(bot: Bot, ada: Visitor) -> None:
    bot.api.add_to("google-flow", STUDIO)
    await bot.start(USEAPI_SERVICES="google-flow")
    bot.api.services["google-flow"].is_array = True
    await poll(ada)
    said = text(await ada.ask("mjaccounts"))
    assert said.count("Google Flow answered in a form that Midwatch does not know.") == 1
