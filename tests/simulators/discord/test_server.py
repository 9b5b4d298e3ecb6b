"""The simulated Discord, used by a small real bot over the sockets it will really use."""

import asyncio

import aiohttp
import discord
import pytest

from tests.simulators.discord import (
    SANDBOX_BOT_TOKEN,
    CannotDo,
    Choice,
    FaultKind,
    Person,
    SimulatedDiscord,
    point_at,
)
from tests.simulators.discord.small_bot import SmallBot, dm, post, running

# ------------------------------------------------------------------- interactions


@pytest.mark.usefixtures("bot")
async def test_a_command_is_answered_in_the_channel_for_everybody(sim: SimulatedDiscord) -> None:
    interaction = await sim.slash(sim.owner, "echo", {"word": "hello"})
    answer = await interaction.answer()
    assert (answer["content"], interaction.kind, interaction.ephemeral) == ("echo hello", "message", False)
    assert interaction.acknowledged_after is not None
    assert interaction.acknowledged_after < 3
    assert [one["content"] for one in sim.messages(sim.channel_id, sim.stranger)] == ["echo hello"]


@pytest.mark.usefixtures("bot")
async def test_a_private_answer_is_seen_by_the_asker_alone(sim: SimulatedDiscord) -> None:
    interaction = await sim.slash(sim.owner, "repeat", {"word": "psst"})
    await interaction.answer()
    assert interaction.ephemeral
    assert [one["content"] for one in sim.messages(sim.channel_id, sim.owner)] == ["psst"]
    assert sim.messages(sim.channel_id, sim.stranger) == []


async def test_a_deferred_answer_is_thinking_until_its_follow_up(
    bot: SmallBot, sim: SimulatedDiscord
) -> None:
    interaction = await (await sim.slash(sim.owner, "think")).acknowledged()
    assert interaction.deferred
    assert interaction.message is None
    assert [one["thinking"] for one in sim.messages(sim.channel_id, sim.owner)] == [True]
    bot.go.set()
    answer = await interaction.answer()
    await sim.wait_for(lambda: interaction.followups)
    assert answer["content"] == "thought"
    assert [one["thinking"] for one in sim.messages(sim.channel_id, sim.owner)] == [False, False]
    assert [one["content"] for one in interaction.followups] == ["and more"]


async def test_a_deferred_answer_keeps_the_visibility_of_the_defer(
    bot: SmallBot, sim: SimulatedDiscord
) -> None:
    bot.go.set()
    interaction = await sim.slash(sim.owner, "think", {"aloud": False})
    await interaction.answer()
    assert interaction.ephemeral


@pytest.mark.usefixtures("bot")
async def test_after_the_original_is_deleted_the_first_follow_up_is_the_answer(sim: SimulatedDiscord) -> None:
    interaction = await sim.slash(sim.owner, "retreat")
    answer = await interaction.answer()
    assert (answer["content"], interaction.ephemeral) == ("only you", True)
    assert sim.messages(sim.channel_id, sim.stranger) == []


@pytest.mark.usefixtures("bot")
async def test_autocompletion_offers_what_fits(sim: SimulatedDiscord) -> None:
    offered = await sim.autocomplete(sim.owner, "pick", "fruit", "ap")
    assert offered == [Choice("apple", "ap"), Choice("apricot", "ap")]


async def test_a_button_works_after_the_bot_was_replaced(sim: SimulatedDiscord) -> None:
    async with running(sim):
        message = await (await sim.slash(sim.owner, "count")).answer()
    assert not sim.connected
    async with running(sim):
        pressed = await sim.click(sim.stranger, message["id"], "count:0")
        answer = await pressed.answer()
        assert (answer["id"], answer["content"], pressed.kind) == (message["id"], "counted 1", "update")
        again = await sim.click(sim.stranger, message["id"], "count:1")
        assert (await again.answer())["content"] == "counted 2"
        assert (await pressed.edited())["content"] == "counted 2"


@pytest.mark.usefixtures("bot")
async def test_a_selection_reaches_the_bot(sim: SimulatedDiscord) -> None:
    message = await (await sim.slash(sim.owner, "colours")).answer()
    chosen = await sim.select(sim.owner, message["id"], "colour", ["Blue"])
    assert (await chosen.answer())["content"] == "picked Blue"
    with pytest.raises(CannotDo, match="colour"):
        await sim.select(sim.owner, message["id"], "colour", ["Green"])


@pytest.mark.usefixtures("bot")
async def test_a_modal_is_opened_and_submitted_once(sim: SimulatedDiscord) -> None:
    opened = await sim.slash(sim.owner, "name")
    submitted = await sim.submit(sim.owner, opened, {"name": "Ada"})
    assert opened.modal is not None
    assert opened.modal["title"] == "Name it"
    assert (await submitted.answer())["content"] == "named Ada"
    with pytest.raises(CannotDo):
        await sim.submit(sim.owner, opened, {"name": "Ada"})


@pytest.mark.usefixtures("bot")
async def test_a_layout_of_components_is_shown(sim: SimulatedDiscord) -> None:
    answer = await (await sim.slash(sim.owner, "panel")).answer()
    assert answer["flags"] & 1 << 15
    assert answer["components"][0]["components"][0]["content"] == "# Accounts"


async def test_an_answer_after_three_seconds_is_refused_as_unknown(
    bot: SmallBot, sim: SimulatedDiscord
) -> None:
    interaction = await sim.slash(sim.owner, "late")
    sim.pass_time(3)
    bot.go.set()
    assert await sim.wait_for(lambda: bot.codes) == [10062]
    assert interaction.kind is None


async def test_the_time_to_answer_may_be_longer() -> None:
    async with SimulatedDiscord(answer_within=60) as sim:
        with point_at(sim.api, sim.gateway):
            async with running(sim) as bot:
                interaction = await sim.slash(sim.owner, "late")
                sim.pass_time(30)
                bot.go.set()
                assert (await interaction.answer())["content"] == "too late"


async def test_a_second_answer_and_one_after_fifteen_minutes_are_refused(sim: SimulatedDiscord) -> None:
    async with running(sim):
        interaction = await sim.slash(sim.owner, "echo")
        await interaction.answer()
        second = await post(sim, f"/interactions/{interaction.id}/{interaction.token}/callback", {"type": 5})
        sim.pass_time(15 * 60)
        late = await post(sim, f"/webhooks/{sim.application_id}/{interaction.token}", {"content": "late"})
    assert second == (400, 40060)
    assert late == (401, 50027)


# -------------------------------------------------------------------- permissions


async def test_people_are_offered_what_they_may_use_where_they_are(
    bot: SmallBot, sim: SimulatedDiscord
) -> None:
    def offered(person: Person, channel_id: int) -> set[str]:
        return {command["name"] for command in sim.commands(person, channel_id)}

    everyone = {command.name for command in bot.tree.get_commands()} - {"manage", "direct"}
    assert offered(sim.owner, sim.channel_id) == everyone | {"manage"}
    assert offered(sim.second_owner, sim.channel_id) == everyone | {"manage"}
    assert offered(sim.stranger, sim.channel_id) == everyone
    assert offered(sim.stranger, sim.dm_channel_id(sim.stranger)) == everyone | {"manage", "direct"}
    assert offered(sim.stranger, sim.dm_channel_id(sim.owner)) == set()


@pytest.mark.usefixtures("bot")
async def test_an_admin_may_offer_a_command_to_a_stranger(sim: SimulatedDiscord) -> None:
    with pytest.raises(CannotDo):
        await sim.slash(sim.stranger, "manage")
    sim.permit(sim.stranger, "manage")
    assert (await (await sim.slash(sim.stranger, "manage")).answer())["content"] == "managed"


@pytest.mark.usefixtures("bot")
async def test_a_command_in_the_direct_messages_is_answered_there(sim: SimulatedDiscord) -> None:
    where = sim.dm_channel_id(sim.owner)
    answer = await (await sim.slash(sim.owner, "direct", channel_id=where)).answer()
    assert answer["channel_id"] == str(where)


async def test_the_application_belongs_to_the_owner_or_to_a_team(
    bot: SmallBot, sim: SimulatedDiscord
) -> None:
    assert (await bot.application_info()).owner.id == sim.owner.id
    sim.give_to_team((sim.owner, "admin"), (sim.second_owner, "developer"), pending=(sim.second_owner,))
    team = (await bot.application_info()).team
    assert team is not None
    assert [(one.id, one.membership_state.name) for one in team.members] == [
        (sim.owner.id, "accepted"),
        (sim.second_owner.id, "invited"),
    ]


async def test_a_server_has_its_own_commands_and_they_hide_global_namesakes(
    bot: SmallBot, sim: SimulatedDiscord
) -> None:
    guild = await bot.fetch_guild(sim.guild_id)
    bot.tree.copy_global_to(guild=guild)
    synced = await bot.tree.sync(guild=guild)
    assert await bot.tree.fetch_commands(guild=guild) == synced
    offered = sim.commands(sim.owner, sim.channel_id)
    assert {int(command["id"]) for command in offered} == {command.id for command in synced} - {
        command.id for command in synced if command.name == "direct"
    }
    with pytest.raises(discord.Forbidden) as refused:
        await bot.tree.sync(guild=discord.Object(sim.guild_id + 1))
    assert refused.value.code == 50001


# ------------------------------------------------------------------------- sending


async def test_a_direct_message_arrives_and_is_edited_and_deleted(
    bot: SmallBot, sim: SimulatedDiscord
) -> None:
    channel = await dm(bot, sim)
    message = await channel.send("knock")
    await message.edit(content="knock knock")
    assert [one["content"] for one in sim.messages(channel.id, sim.owner)] == ["knock knock"]
    assert sim.messages(channel.id, sim.stranger) == []
    await message.delete()
    assert sim.messages(channel.id, sim.owner) == []


async def test_the_same_nonce_gives_back_the_first_message_within_the_window(
    bot: SmallBot, sim: SimulatedDiscord
) -> None:
    channel = await dm(bot, sim)
    first = await channel.send("one", nonce="k1")
    again = await channel.send("two", nonce="k1")
    assert (again.id, again.content, again.nonce) == (first.id, "one", "k1")
    sim.pass_time(3 * 60)
    assert (await channel.send("three", nonce="k1")).id != first.id


async def test_no_history_shows_a_nonce(bot: SmallBot, sim: SimulatedDiscord) -> None:
    channel = await dm(bot, sim)
    sent = await channel.send("one", nonce="k1")
    assert [one.nonce async for one in channel.history()] == [None]
    assert (await channel.fetch_message(sent.id)).nonce is None
    assert (await sent.edit(content="two")).nonce is None


async def test_the_event_of_a_creation_carries_its_nonce(sim: SimulatedDiscord) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(sim.gateway) as socket:
        assert (await socket.receive_json())["op"] == 10
        intents = discord.Intents(dm_messages=True).value
        await socket.send_json({"op": 2, "d": {"token": SANDBOX_BOT_TOKEN, "intents": intents}})
        assert (await socket.receive_json())["t"] == "READY"
        path = f"/channels/{sim.dm_channel_id(sim.owner)}/messages"
        await post(sim, path, {"content": "hello", "nonce": "k2"})
        event = await socket.receive_json()
        await post(sim, path, {"content": "hello"})
        plain = await socket.receive_json()
    assert (event["t"], event["d"]["nonce"]) == ("MESSAGE_CREATE", "k2")
    assert plain["d"]["nonce"] is None


async def test_a_closed_dm_is_50007_until_it_is_opened(bot: SmallBot, sim: SimulatedDiscord) -> None:
    channel = await dm(bot, sim)
    sim.close_dm(sim.owner, status=400)
    with pytest.raises(discord.HTTPException) as refused:
        await channel.send("knock")
    assert (refused.value.status, refused.value.code) == (400, 50007)
    sim.close_dm(sim.owner, at_opening=True)
    with pytest.raises(discord.Forbidden):
        await bot.http.start_private_message(sim.owner.id)
    sim.open_dm(sim.owner)
    await channel.send("knock")


# --------------------------------------------------------------------------- rest


async def test_closing_ends_everything_although_a_bot_is_connected() -> None:
    before = asyncio.all_tasks()
    async with aiohttp.ClientSession() as session:
        async with SimulatedDiscord() as sim:
            sim.fault(FaultKind.SLOW_AFTER, seconds=3_600)  # more than a test may take
            socket = await session.ws_connect(sim.gateway)
            path = f"/channels/{sim.channel_id}/messages"
            hanging = asyncio.create_task(post(sim, path, {"content": "x"}))
            await sim.wait_for(lambda: sim.messages(sim.channel_id, sim.owner))
        assert (await socket.receive()).type is aiohttp.WSMsgType.TEXT  # HELLO
        assert (await socket.receive()).type is not aiohttp.WSMsgType.TEXT
        await asyncio.wait([hanging])
    assert asyncio.all_tasks() == before


async def test_a_wait_that_times_out_shows_the_recent_traffic(sim: SimulatedDiscord) -> None:
    await post(sim, f"/channels/{sim.channel_id}/messages", {"content": "hello there"})
    with pytest.raises(AssertionError, match=r"200 POST .*hello there"):
        await sim.wait_for(lambda: False, timeout=0.01)


@pytest.mark.usefixtures("bot")
async def test_every_body_of_the_bot_is_kept_and_listeners_are_notified(sim: SimulatedDiscord) -> None:
    heard: list[int] = []
    sim.on_change.append(lambda: heard.append(len(sim.requests)))
    await (await sim.slash(sim.owner, "repeat", {"word": "needle"})).answer()
    assert any("needle" in str(body) for body in sim.bodies)
    assert heard


def test_only_loopback_addresses_are_pointed_at() -> None:
    with pytest.raises(ValueError, match="loopback"), point_at("https://example.org/api", "ws://127.0.0.1:1"):
        pass
