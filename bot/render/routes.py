"""The words for a route to an owner: when it last worked, and why it does not."""

from collections.abc import Iterable, Mapping
from typing import Final

from bot.domain.messages import Route, RouteState
from bot.render.text import code_span, count, when
from bot.runtime.language import Sentence, say
from bot.runtime.program import PROGRAM

WAYS: Final[Mapping[Route, Sentence]] = {
    Route.DM: "direct message",
    Route.CHANNEL: "alert channel",
    Route.ADDRESS: "outside of Discord",
}
FAILURES: Final[Mapping[str, Sentence]] = {
    "50007": "Their direct messages are closed. They must allow them from my server.",
    "50278": "They share no server with me. Invite me to one they are in.",
    "50001": "I may not see the channel. Give my role View Channel there.",
    "50013": "I may not write in the channel. Give my role Send Messages there.",
    "10003": "The channel does not exist. Correct ALERT_CHANNEL_ID.",
    "10013": "Discord does not know this person.",
    "50083": "The thread is archived. Open it again.",
    "20026": "Discord restricts the bot. You can appeal it in the Developer Portal.",
    "40333": "Discord's edge refuses me.",
    "403": "Discord refuses me without a reason.",
    "50035": "Discord refuses the form of the message.",
    "40005": "Discord says that the message is too large.",
    "50006": "Discord says that the message is empty.",
    "50008": "Discord accepts no messages in this kind of channel.",
    "20009": "Discord calls what the message quotes explicit.",
    "200000": "AutoMod of the server blocks the message.",
    "200001": "AutoMod of the server blocks the message.",
    "240000": "Discord calls a link in the message harmful.",
    "401": "Discord refuses DISCORD_TOKEN. Put a new one into .env and restart me.",
    "30046": "Discord limits edits of old messages.",
    "40003": "Discord asks me to slow down.",
    "429": "Discord asks me to slow down.",
    "not accepted": "The service does not take it. `{program} check` tries it again.",
    "no alert channel": "ALERT_CHANNEL_ID is not set. Set it and restart me.",
}
"""Why a message is not delivered, by Discord's code (Discord's documentation, "Opcodes and Status Codes")."""


def failure_sentence(failure: str | None) -> str:
    """Return why a message does not arrive."""
    if failure is None:
        return say("No reason was given.")
    sentence: Sentence = FAILURES.get(failure, "Discord or the network fails ({reason}).")
    return say(sentence, program=PROGRAM, reason=code_span(failure, 30))


def recipient_name(recipient: int, routes: Iterable[RouteState]) -> str:
    """Return a mention of a person, or the name of an address."""
    return next(
        (each.address for each in routes if each.recipient == recipient and each.address), f"<@{recipient}>"
    )


def route_line(route: RouteState) -> str:
    """Return the state of one route to one owner."""
    way = say(WAYS[route.route])
    whom = route.address or f"<@{route.recipient}>"
    worked = say("never worked yet" if route.failure else "not used so far")
    if route.worked_at:
        worked = say("last worked {time}", time=when(route.worked_at, "f"))
    if route.failure is not None:
        broken, reason = say("**does not work**"), failure_sentence(route.failure)
        return f"⚠️ {whom} · {way} · {broken} · {worked} · {reason}"
    return f"{'✅' if route.worked_at else '⚪'} {whom} · {way} · {worked}"


def test_result(routes: Iterable[RouteState], late: int) -> str:
    """Return how each route is after a test; `late` tests were neither accepted nor refused yet."""
    lines = [say("🧪 **Test delivery**"), *map(route_line, routes)]
    if late:
        lines.append(count(late, "⏳ {n} test[|s] not accepted yet: check /mjstatus in a minute."))
    return "\n".join(lines)[:2_000]
