"""Discord's REST, by the simulated one: what is sent, what is found again, and what each error means."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import aiohttp
import discord
import pytest

from bot.domain.charts import Picture
from bot.domain.incidents import new_key
from bot.domain.messages import Route
from bot.notifications.discord_transport import REQUEST_LIMIT, DiscordTransport, error_for, failure_kind
from bot.notifications.transport import DeliveryError, FailureKind, MessageRef
from bot.render.message_content import Button, MessageContent, signature
from tests.simulators.discord import SANDBOX_BOT_TOKEN, Fault, FaultKind, SimulatedDiscord
from tests.simulators.discord.files import MAX_BYTES
from tests.support.pictures import picture
from tests.support.running import Visitor


def outgoing(
    content: str = "hello", *, footer: str | None = None, button: str | None = None
) -> MessageContent:
    embeds = () if footer is None else (discord.Embed(title="x").set_footer(text=footer),)
    components = () if button is None else (Button("on.it", "Press", button),)
    return MessageContent(content, embeds, components)


async def send(
    post: DiscordTransport, what: MessageContent, *, route: Route = Route.DM, to: int, nonce: str = "n"
) -> MessageRef:
    return await post.send(await post.open(to, route), what, nonce=nonce, silent=False)


def created(world: SimulatedDiscord) -> list[dict[str, object]]:
    return [one.json for one in world.requests if one.method == "POST" and one.path.endswith("/messages")]


# Sending


async def test_a_direct_message_arrives_with_its_nonce_and_without_mentions(
    post: DiscordTransport, world: SimulatedDiscord, ada: Visitor
) -> None:
    place = await send(post, outgoing("@everyone look"), to=ada.person.id, nonce="abc")
    (message,) = ada.sees(ada.dm)
    assert (place.channel_id, str(place.message_id)) == (ada.dm, message["id"])
    (body,) = created(world)
    assert (body["nonce"], body["enforce_nonce"]) == ("abc", True)
    assert body["allowed_mentions"] == {"parse": []}
    assert not body.get("flags")


async def test_a_silent_message_notifies_nobody(
    post: DiscordTransport, world: SimulatedDiscord, ada: Visitor
) -> None:
    await post.send(ada.dm, outgoing(), nonce="n", silent=True)
    (body,) = created(world)
    assert body["flags"] == discord.MessageFlags(suppress_notifications=True).value


async def test_in_the_channel_only_the_recipient_can_be_mentioned(
    post: DiscordTransport, world: SimulatedDiscord, ada: Visitor
) -> None:
    what = MessageContent(f"<@{ada.person.id}> <@{world.stranger.id}>", mentioned=ada.person.id)
    place = await send(post, what, route=Route.CHANNEL, to=ada.person.id)
    assert place.channel_id == world.alerts_channel_id
    (body,) = created(world)
    assert body["allowed_mentions"] == {"parse": [], "users": [ada.person.id]}


async def test_the_same_nonce_within_minutes_is_the_same_message(
    post: DiscordTransport, ada: Visitor
) -> None:
    first = await send(post, outgoing(), to=ada.person.id, nonce="same")
    again = await send(post, outgoing(), to=ada.person.id, nonce="same")
    assert first == again
    assert len(ada.sees(ada.dm)) == 1


async def test_the_direct_messages_of_a_person_are_opened_once(
    post: DiscordTransport, world: SimulatedDiscord, ada: Visitor
) -> None:
    for nonce in "abc":
        await send(post, outgoing(), to=ada.person.id, nonce=nonce)
    assert sum(one.path == "/users/@me/channels" for one in world.requests) == 1


async def test_with_an_alert_channel_there_are_two_routes(post: DiscordTransport) -> None:
    assert [route for route in Route if post.has(route)] == [Route.DM, Route.CHANNEL]


async def test_without_an_alert_channel_there_is_one_route(client: discord.Client, ada: Visitor) -> None:
    post = DiscordTransport(client)
    assert post.has(Route.DM)
    assert not post.has(Route.CHANNEL)
    with pytest.raises(DeliveryError) as refused:
        await post.open(ada.person.id, Route.CHANNEL)
    assert refused.value.kind is FailureKind.BROKEN


async def test_nothing_is_ready_before_the_login_and_after_the_end(client: discord.Client) -> None:
    new = discord.Client(intents=discord.Intents.none())
    assert not DiscordTransport(new).ready
    assert DiscordTransport(client).ready
    await client.close()
    assert not DiscordTransport(client).ready


# Changing


async def test_an_edit_replaces_text_embed_and_buttons(post: DiscordTransport, ada: Visitor) -> None:
    place = await send(post, outgoing("before", footer="f", button="b"), to=ada.person.id)
    await post.edit(place, outgoing("after"))
    (message,) = ada.sees(ada.dm)
    assert (message["content"], message["embeds"], message["components"]) == ("after", [], [])


async def test_a_message_is_sent_with_a_picture_that_an_edit_replaces(
    post: DiscordTransport, world: SimulatedDiscord, ada: Visitor
) -> None:
    place = await send(post, MessageContent("before", pictures=(picture("a.png"),)), to=ada.person.id)
    (shown,) = ada.sees(ada.dm)
    assert [world.file(each["url"]) for each in shown["attachments"]] == [picture().png]
    await post.edit(place, MessageContent("after", pictures=(picture("b.png", shade=0),)))
    (shown,) = ada.sees(ada.dm)
    assert [each["filename"] for each in shown["attachments"]] == ["b.png"]
    await post.edit(place, outgoing("words alone"))
    assert ada.sees(ada.dm)[0]["attachments"] == []


async def test_a_picture_that_is_too_large_is_a_matter_of_the_form(
    post: DiscordTransport, ada: Visitor
) -> None:
    large = Picture("a.png", b"x" * (MAX_BYTES + 1), "Too large")
    with pytest.raises(DeliveryError) as refused:
        await send(post, MessageContent("before", pictures=(large,)), to=ada.person.id)
    assert refused.value.kind is FailureKind.FORM


async def test_a_deleted_message_is_gone_for_every_later_request(
    post: DiscordTransport, ada: Visitor
) -> None:
    place = await send(post, outgoing(), to=ada.person.id)
    await post.delete(place)
    assert ada.sees(ada.dm) == []
    for request in (post.edit(place, outgoing()), post.delete(place)):
        with pytest.raises(DeliveryError) as gone:
            await request
        assert gone.value.kind is FailureKind.GONE


# Finding


@pytest.mark.parametrize("where", ["footer", "button", "text", "long footer", "long text"])
@pytest.mark.parametrize("kind", [str, "2.{}".format], ids=["original", "copy"])
async def test_a_key_is_found_where_history_keeps_it(
    post: DiscordTransport, ada: Visitor, where: str, kind: Callable[[str], str]
) -> None:
    key = kind(new_key())
    sent = {
        "footer": outgoing(footer=signature(key)),
        "long footer": outgoing(footer=f"Midwatch · {key}"),
        "button": outgoing(button=key),
        "text": outgoing(f"plain\n-# {signature(key)}"),
        "long text": outgoing(f"plain\n-# Midwatch · {key}"),
    }[where]
    place = await send(post, sent, to=ada.person.id)
    await send(post, outgoing("a later one"), to=ada.person.id, nonce="later")
    assert await post.find(ada.dm, key, datetime.now(UTC)) == place


async def test_a_key_that_was_never_sent_is_not_found(post: DiscordTransport, ada: Visitor) -> None:
    await send(post, outgoing(footer=new_key()), to=ada.person.id)
    assert await post.find(ada.dm, new_key(), datetime.now(UTC)) is None


async def test_a_message_is_not_taken_for_its_copy_nor_for_one_that_only_names_its_key(
    post: DiscordTransport, ada: Visitor
) -> None:
    key = new_key()
    await send(post, outgoing(footer=signature(f"2.{key}")), to=ada.person.id)
    await send(post, outgoing(f"{signature(key)} is what it said"), to=ada.person.id, nonce="another")
    assert await post.find(ada.dm, key, datetime.now(UTC)) is None


async def test_the_search_ends_a_day_before_the_claim(
    post: DiscordTransport, world: SimulatedDiscord, ada: Visitor
) -> None:
    key = new_key()
    await send(post, outgoing(footer=key), to=ada.person.id)
    world.pass_time(2 * 86400)
    assert await post.find(ada.dm, key, datetime.now(UTC) + timedelta(hours=23)) is not None
    assert await post.find(ada.dm, key, datetime.now(UTC) + timedelta(hours=25)) is None


# What errors mean


@pytest.mark.parametrize(
    ("status", "code", "obstacle"),
    [
        pytest.param(403, 50007, FailureKind.CLOSED, id="closed"),
        pytest.param(400, 50007, FailureKind.CLOSED, id="closed-with-400"),
        pytest.param(403, 50278, FailureKind.CLOSED, id="no-server-in-common"),
        pytest.param(403, 50001, FailureKind.BROKEN, id="no-access"),
        pytest.param(403, 50013, FailureKind.BROKEN, id="no-permission"),
        pytest.param(404, 10003, FailureKind.BROKEN, id="no-channel"),
        pytest.param(404, 10013, FailureKind.BROKEN, id="no-person"),
        pytest.param(404, 10008, FailureKind.GONE, id="no-message"),
        pytest.param(400, 50035, FailureKind.FORM, id="form"),
        pytest.param(403, 20009, FailureKind.FORM, id="explicit"),
        pytest.param(403, 40333, FailureKind.WAIT, id="edge"),
        pytest.param(403, 0, FailureKind.WAIT, id="no-code"),
        pytest.param(400, 99999, FailureKind.WAIT, id="unknown-code"),
        pytest.param(403, 20026, FailureKind.BROKEN, id="quarantined"),
        pytest.param(400, 50083, FailureKind.BROKEN, id="archived-thread"),
        pytest.param(400, 40003, FailureKind.WAIT, id="opening-too-fast"),
        pytest.param(400, 30046, FailureKind.WAIT, id="too-many-edits"),
        pytest.param(408, 0, FailureKind.WAIT, id="timeout-there"),
        pytest.param(429, 0, FailureKind.WAIT, id="rate-limit"),
        pytest.param(500, 0, FailureKind.WAIT, id="server-error"),
        pytest.param(503, 0, FailureKind.WAIT, id="unavailable"),
        pytest.param(401, 0, FailureKind.TOKEN, id="token"),
    ],
)
def test_rows_49_and_50_an_answer_is_sorted_by_its_code_and_only_some_are_about_the_body(
    status: int, code: int, obstacle: FailureKind
) -> None:
    assert failure_kind(status, code) is obstacle


@pytest.mark.parametrize(
    ("error", "obstacle"),
    [
        (discord.RateLimited(40.0), FailureKind.WAIT),
        (discord.LoginFailure("no"), FailureKind.TOKEN),
        (aiohttp.ServerDisconnectedError(), FailureKind.WAIT),
        (ConnectionResetError(), FailureKind.WAIT),
        (TimeoutError(), FailureKind.WAIT),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_without_an_answer_is_sorted_by_its_kind(error: Exception, obstacle: FailureKind) -> None:
    assert error_for(error).kind is obstacle


FAULTS = [
    pytest.param(Fault(FaultKind.ERROR, status=503), FailureKind.WAIT, "503", id="unavailable"),
    pytest.param(Fault(FaultKind.ERROR, status=403, code=50013), FailureKind.BROKEN, "50013", id="forbidden"),
    pytest.param(Fault(FaultKind.RATE_LIMITED, seconds=600.0), FailureKind.WAIT, "429", id="long-rate-limit"),
    pytest.param(
        Fault(FaultKind.RATE_LIMITED, via=False), FailureKind.WAIT, "429", id="rate-limit-of-cloudflare"
    ),
    pytest.param(Fault(FaultKind.TOKEN_REFUSED), FailureKind.TOKEN, "401", id="token-refused"),
    pytest.param(Fault(FaultKind.RESET), FailureKind.WAIT, "ServerDisconnectedError", id="reset"),
    pytest.param(Fault(FaultKind.SLOW, seconds=60.0), FailureKind.WAIT, "TimeoutError", id="silence"),
]


async def failure(post: DiscordTransport, channel_id: int) -> DeliveryError:
    with pytest.raises(DeliveryError) as failed:
        await post.send(channel_id, outgoing(), nonce="n", silent=False)
    return failed.value


@pytest.mark.parametrize(("fault", "obstacle", "reason"), FAULTS)
async def test_a_request_that_fails_says_what_is_in_the_way(
    client: discord.Client, world: SimulatedDiscord, fault: Fault, obstacle: FailureKind, reason: str
) -> None:
    shortly = timedelta(milliseconds=200)
    post = DiscordTransport(client, limit=shortly if fault.kind is FaultKind.SLOW else REQUEST_LIMIT)
    details = {"status": fault.status, "code": fault.code, "seconds": fault.seconds, "via": fault.via}
    world.fault(fault.kind, **details)
    failed = await failure(post, world.channel_id)
    world.mend()
    assert (failed.kind, failed.reason) == (obstacle, reason)


async def test_an_error_contains_no_secret_and_nothing_that_does(
    post: DiscordTransport, world: SimulatedDiscord
) -> None:
    world.fault(FaultKind.RESET)
    failed = await failure(post, world.channel_id)
    assert SANDBOX_BOT_TOKEN not in repr(failed)
    assert failed.__cause__ is None
    assert failed.__suppress_context__


@pytest.mark.parametrize("kind", [FaultKind.RATE_LIMITED, FaultKind.EDGE_LIMITED])
async def test_a_long_rate_limit_says_how_long(
    post: DiscordTransport, world: SimulatedDiscord, ada: Visitor, kind: FaultKind
) -> None:
    world.fault(kind, seconds=600.0)
    assert (await failure(post, ada.dm)).wait == timedelta(minutes=10)


@pytest.mark.parametrize("at_opening", [False, True])
async def test_closed_direct_messages_are_a_failure_of_their_own(
    post: DiscordTransport, world: SimulatedDiscord, ada: Visitor, *, at_opening: bool
) -> None:
    world.close_dm(ada.person, at_opening=at_opening)
    with pytest.raises(DeliveryError) as failed:
        await send(post, outgoing(), to=ada.person.id)
    assert failed.value.kind is FailureKind.CLOSED


async def test_a_key_that_somebody_else_quotes_is_not_our_message(
    post: DiscordTransport, world: SimulatedDiscord, ada: Visitor
) -> None:
    key = new_key()
    place = await send(post, outgoing(f"quoted: {key}"), to=ada.person.id, route=Route.CHANNEL)
    sent = world._world.backend.messages[place.channel_id][place.message_id]  # pyright: ignore[reportPrivateUsage] - people here cannot write
    sent.author_id = world.stranger.id
    assert await post.find(place.channel_id, key, datetime.now(UTC)) is None
