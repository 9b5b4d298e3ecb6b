"""The simulated Discord, used by a small real bot over the sockets it will really use."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from re import Match
from typing import Any, Self

import aiohttp
import discord
import pytest
from discord import app_commands, ui
from discord.ext import commands

from tests.sandbox.discord import (
    SANDBOX_BOT_TOKEN,
    CannotDo,
    Choice,
    Json,
    SimulatedDiscord,
    Trouble,
    point_at,
)
from tests.sandbox.discord.ratelimits import Pace

Context = discord.Interaction["SmallBot"]


class Counter(ui.DynamicItem[ui.Button[ui.View]], template=r"count:(?P<number>\d+)"):
    """A button whose state is in its id."""

    def __init__(self, number: int) -> None:
        super().__init__(ui.Button(label=str(number), custom_id=f"count:{number}"))
        self.number = number

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: ui.Item[Any], match: Match[str], /
    ) -> Self:
        assert isinstance(item, ui.Button)
        return cls(int(match["number"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        view = ui.View(timeout=None)
        view.add_item(Counter(self.number + 1))
        await interaction.response.edit_message(content=f"counted {self.number + 1}", view=view)


class Colours(ui.View):
    @ui.select(
        custom_id="colour", options=[discord.SelectOption(label="Red"), discord.SelectOption(label="Blue")]
    )
    async def pick(self, interaction: discord.Interaction, select: ui.Select[Self]) -> None:
        await interaction.response.send_message(f"picked {select.values[0]}", ephemeral=True)


class Naming(ui.Modal, title="Name it"):
    label: ui.Label[Self] = ui.Label(text="Name", component=ui.TextInput[Self](custom_id="name"))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert isinstance(self.label.component, ui.TextInput)
        await interaction.response.send_message(f"named {self.label.component.value}")


class Panel(ui.LayoutView):
    box: ui.Container[Self] = ui.Container(
        ui.TextDisplay("# Accounts"), ui.Section("one", accessory=ui.Button(label="Open", custom_id="open"))
    )


@app_commands.command(description="Says it back")
async def echo(interaction: Context, word: str = "nothing") -> None:
    await interaction.response.send_message(f"echo {word}")


@app_commands.command(description="Whispers it back")
async def whisper(interaction: Context, word: str) -> None:
    await interaction.response.send_message(word, ephemeral=True)


@app_commands.command(description="Thinks first")
async def think(interaction: Context, aloud: bool = True) -> None:  # noqa: FBT001, FBT002 - an option of a command
    await interaction.response.defer(thinking=True, ephemeral=not aloud)
    await interaction.client.go.wait()
    await interaction.followup.send("thought")
    await interaction.followup.send("and more")


@app_commands.command(description="Thinks aloud, answers in private")
async def retreat(interaction: Context) -> None:
    await interaction.response.defer(thinking=True)
    await interaction.delete_original_response()
    await interaction.followup.send("only you", ephemeral=True)


@app_commands.command(description="Answers late")
async def late(interaction: Context) -> None:
    await interaction.client.go.wait()
    with_code: int | None = None
    try:
        await interaction.response.send_message("too late")
    except discord.HTTPException as error:
        with_code = error.code
    interaction.client.codes.append(with_code)


@app_commands.command(description="Completes")
async def pick(interaction: Context, fruit: str) -> None:
    await interaction.response.send_message(fruit)


@pick.autocomplete("fruit")
async def fruits(_: Context, current: str) -> list[app_commands.Choice[str]]:
    known = ("apple", "apricot", "pear")
    return [app_commands.Choice(name=one, value=one[:2]) for one in known if one.startswith(current)]


@app_commands.command(description="Counts")
async def count(interaction: Context) -> None:
    view = ui.View(timeout=None)
    view.add_item(Counter(0))
    await interaction.response.send_message("counted 0", view=view)


@app_commands.command(description="Offers colours")
async def colours(interaction: Context) -> None:
    await interaction.response.send_message("choose", view=Colours())


@app_commands.command(description="Asks for a name")
async def name(interaction: Context) -> None:
    await interaction.response.send_modal(Naming())


@app_commands.command(description="Shows a panel")
async def panel(interaction: Context) -> None:
    await interaction.response.send_message(view=Panel())


@app_commands.command(description="For managers")
@app_commands.default_permissions(manage_guild=True)
async def manage(interaction: Context) -> None:
    await interaction.response.send_message("managed")


@app_commands.command(description="Only in the direct messages")
@app_commands.allowed_contexts(guilds=False, dms=True, private_channels=False)
async def direct(interaction: Context) -> None:
    await interaction.response.send_message("directly")


COMMANDS = (echo, whisper, think, retreat, late, pick, count, colours, name, panel, manage, direct)


class SmallBot(commands.Bot):
    def __init__(self) -> None:
        super().__init__("!", intents=discord.Intents.none(), max_messages=None)
        self.go = asyncio.Event()
        self.codes: list[int | None] = []
        self.seen: list[str] = []

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Counter)
        for command in COMMANDS:
            self.tree.add_command(command)
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Without the five seconds that discord.py waits before a second IDENTIFY."""

    async def on_connect(self) -> None:
        self.seen.append("identified")

    async def on_resumed(self) -> None:
        self.seen.append("resumed")


@asynccontextmanager
async def running(sim: SimulatedDiscord) -> AsyncIterator[SmallBot]:
    bot = SmallBot()
    async with bot:
        task = asyncio.create_task(bot.start(SANDBOX_BOT_TOKEN))
        await sim.wait_for(lambda: sim.connected or task.done())
        yield bot
    await task


@pytest.fixture
async def sim() -> AsyncIterator[SimulatedDiscord]:
    async with SimulatedDiscord() as simulated:
        with point_at(simulated.api, simulated.gateway):
            yield simulated
        assert simulated.problems == []


@pytest.fixture
async def bot(sim: SimulatedDiscord) -> AsyncIterator[SmallBot]:
    async with running(sim) as small:
        yield small


async def dm(bot: SmallBot, sim: SimulatedDiscord) -> discord.DMChannel:
    return await bot.create_dm(discord.Object(sim.owner.id))


# ------------------------------------------------------------------- interactions


async def test_a_command_is_answered_in_the_channel_for_everybody(
    bot: SmallBot, sim: SimulatedDiscord
) -> None:
    interaction = await sim.slash(sim.owner, "echo", {"word": "hello"})
    answer = await interaction.answer()
    assert (answer["content"], interaction.kind, interaction.ephemeral) == ("echo hello", "message", False)
    assert interaction.acknowledged_after is not None
    assert interaction.acknowledged_after < 3
    assert [one["content"] for one in sim.messages(sim.channel_id, sim.stranger)] == ["echo hello"]


async def test_a_private_answer_is_seen_by_the_asker_alone(bot: SmallBot, sim: SimulatedDiscord) -> None:
    interaction = await sim.slash(sim.owner, "whisper", {"word": "psst"})
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


async def test_after_the_original_is_deleted_the_first_follow_up_is_the_answer(
    bot: SmallBot, sim: SimulatedDiscord
) -> None:
    interaction = await sim.slash(sim.owner, "retreat")
    answer = await interaction.answer()
    assert (answer["content"], interaction.ephemeral) == ("only you", True)
    assert sim.messages(sim.channel_id, sim.stranger) == []


async def test_autocompletion_offers_what_fits(bot: SmallBot, sim: SimulatedDiscord) -> None:
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


async def test_a_selection_reaches_the_bot(bot: SmallBot, sim: SimulatedDiscord) -> None:
    message = await (await sim.slash(sim.owner, "colours")).answer()
    chosen = await sim.select(sim.owner, message["id"], "colour", ["Blue"])
    assert (await chosen.answer())["content"] == "picked Blue"
    with pytest.raises(CannotDo, match="colour"):
        await sim.select(sim.owner, message["id"], "colour", ["Green"])


async def test_a_modal_is_opened_and_submitted_once(bot: SmallBot, sim: SimulatedDiscord) -> None:
    opened = await sim.slash(sim.owner, "name")
    submitted = await sim.submit(sim.owner, opened, {"name": "Ada"})
    assert opened.modal is not None
    assert opened.modal["title"] == "Name it"
    assert (await submitted.answer())["content"] == "named Ada"
    with pytest.raises(CannotDo):
        await sim.submit(sim.owner, opened, {"name": "Ada"})


async def test_a_layout_of_components_is_shown(bot: SmallBot, sim: SimulatedDiscord) -> None:
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
    def offered(person: Any, channel_id: int) -> set[str]:
        return {command["name"] for command in sim.commands(person, channel_id)}

    everyone = {command.name for command in COMMANDS} - {"manage", "direct"}
    assert offered(sim.owner, sim.channel_id) == everyone | {"manage"}
    assert offered(sim.second_owner, sim.channel_id) == everyone | {"manage"}
    assert offered(sim.stranger, sim.channel_id) == everyone
    assert offered(sim.stranger, sim.dm_channel_id(sim.stranger)) == everyone | {"manage", "direct"}
    assert offered(sim.stranger, sim.dm_channel_id(sim.owner)) == set()


async def test_an_admin_may_offer_a_command_to_a_stranger(bot: SmallBot, sim: SimulatedDiscord) -> None:
    with pytest.raises(CannotDo):
        await sim.slash(sim.stranger, "manage")
    sim.permit(sim.stranger, "manage")
    assert (await (await sim.slash(sim.stranger, "manage")).answer())["content"] == "managed"


async def test_a_command_in_the_direct_messages_is_answered_there(
    bot: SmallBot, sim: SimulatedDiscord
) -> None:
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
    assert "nonce" not in plain["d"]


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


# ------------------------------------------------------------------------- gateway


async def test_what_was_missed_while_the_gateway_was_gone_is_replayed(
    bot: SmallBot, sim: SimulatedDiscord
) -> None:
    sim.drop_gateway()
    interaction = await sim.slash(sim.owner, "echo", {"word": "again"})
    assert (await interaction.answer())["content"] == "echo again"
    await sim.wait_for(lambda: "resumed" in bot.seen)
    assert bot.seen == ["identified", "resumed"]


async def test_a_forgotten_session_makes_the_bot_identify_again(bot: SmallBot, sim: SimulatedDiscord) -> None:
    sim.forget_sessions()
    sim.drop_gateway(4000)
    await sim.wait_for(lambda: bot.seen == ["identified"] * 2)
    assert (await (await sim.slash(sim.owner, "echo")).answer())["content"] == "echo nothing"


async def test_the_last_presence_is_known(bot: SmallBot, sim: SimulatedDiscord) -> None:
    assert sim.presence is None
    await bot.change_presence(activity=discord.CustomActivity("3 accounts"))
    presence = await sim.wait_for(lambda: sim.presence)
    assert presence is not None
    assert presence["activities"][0]["state"] == "3 accounts"


@pytest.mark.parametrize("refused", [True, False], ids=["token refused", "another token"])
async def test_a_token_that_is_not_the_sandbox_one_is_refused(
    sim: SimulatedDiscord, *, refused: bool
) -> None:
    if refused:
        sim.fault(Trouble.TOKEN_REFUSED)
    async with SmallBot() as bot:
        with pytest.raises(discord.LoginFailure):
            await bot.login(SANDBOX_BOT_TOKEN if refused else "another")


# ------------------------------------------------------------------------- trouble


async def test_a_429_is_waited_out_by_the_bot(bot: SmallBot, sim: SimulatedDiscord) -> None:
    channel = await dm(bot, sim)
    sim.fault(Trouble.RATE_LIMITED, method="POST", path="/channels/*/messages", seconds=0.05, times=1)
    await channel.send("through")
    assert [one.status for one in sim.requests[-2:]] == [429, 200]


async def test_a_429_without_via_is_an_error_at_once(bot: SmallBot, sim: SimulatedDiscord) -> None:
    channel = await dm(bot, sim)
    sim.fault(Trouble.RATE_LIMITED, path="/channels/*/messages", via=False)
    with pytest.raises(discord.HTTPException) as refused:
        await channel.send("through")
    assert refused.value.status == 429


async def test_a_pace_is_announced_in_headers_and_enforced() -> None:
    async with SimulatedDiscord(pace=Pace(2, 60)) as sim:
        path = f"/channels/{sim.channel_id}/messages"
        answers = [await answer(sim, "POST", path, {"content": "x"}) for _ in range(3)]
        elsewhere, _, _ = await answer(
            sim, "POST", f"/channels/{sim.alerts_channel_id}/messages", {"content": "x"}
        )
    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert [headers["X-RateLimit-Remaining"] for _, headers, _ in answers] == ["1", "0", "0"]
    _, headers, body = answers[-1]
    assert headers["Via"]
    assert headers["Content-Type"] == "application/json"
    assert 0 < body["retry_after"] <= 60
    assert elsewhere == 200


@pytest.mark.parametrize("status", [400, 503], ids=str)
async def test_a_route_fails_as_told_until_it_is_mended(
    bot: SmallBot, sim: SimulatedDiscord, status: int
) -> None:
    channel = await dm(bot, sim)
    sim.fault(Trouble.ERROR, path="/channels/*/messages", status=status, code=40003)
    with pytest.raises(discord.HTTPException) as refused:
        await channel.send("x")
    assert (refused.value.status, refused.value.code) == (status, 40003)
    sim.mend()
    await channel.send("x")


@pytest.mark.parametrize(("trouble", "created"), [(Trouble.RESET, []), (Trouble.RESET_AFTER, ["x"])], ids=str)
async def test_a_connection_breaks_before_or_after_the_message_was_made(
    bot: SmallBot, sim: SimulatedDiscord, trouble: Trouble, created: list[str]
) -> None:
    channel = await dm(bot, sim)
    sim.fault(trouble, path="/channels/*/messages", times=1)
    with pytest.raises((aiohttp.ClientError, OSError)):
        await channel.send("x")
    assert [one["content"] for one in sim.messages(channel.id, sim.owner)] == created


async def test_a_slow_answer_goes_on_when_it_is_mended(bot: SmallBot, sim: SimulatedDiscord) -> None:
    channel = await dm(bot, sim)
    sim.fault(Trouble.SLOW_AFTER, path="/channels/*/messages", seconds=60)
    sending = asyncio.create_task(channel.send("x"))
    await sim.wait_for(lambda: sim.messages(channel.id, sim.owner))
    assert not sending.done()
    sim.mend()
    await sending


async def test_it_vanishes_and_comes_back_on_the_same_port(bot: SmallBot, sim: SimulatedDiscord) -> None:
    channel, before = await dm(bot, sim), sim.api
    await sim.vanish()
    with pytest.raises((aiohttp.ClientError, OSError)):
        await channel.send("x")
    assert not sim.connected
    await sim.come_back()
    assert sim.api == before
    await channel.send("x")


async def test_the_gateway_may_be_refused_for_a_while(sim: SimulatedDiscord) -> None:
    sim.fault(Trouble.GATEWAY_REFUSED)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(sim.gateway)
        sim.mend()
        async with session.ws_connect(sim.gateway) as socket:
            assert (await socket.receive_json())["op"] == 10


BOT_PROCESS = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.sandbox.discord import SANDBOX_BOT_TOKEN, point_at
from tests.test_sandbox_discord import SmallBot
with point_at(sys.argv[2], sys.argv[3]):
    SmallBot().run(SANDBOX_BOT_TOKEN, log_handler=None)
"""


@asynccontextmanager
async def bot_process(sim: SimulatedDiscord) -> AsyncIterator[Callable[[], None]]:
    arguments = (str(Path(__file__).parents[1]), sim.api, sim.gateway)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", BOT_PROCESS, *arguments)
    try:
        await sim.wait_for(lambda: sim.connected, timeout=15)
        yield lambda: os.kill(process.pid, signal.SIGKILL)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def test_a_killed_bot_is_noticed_and_its_successor_answers_old_buttons(sim: SimulatedDiscord) -> None:
    async with bot_process(sim) as kill:
        message = await (await sim.slash(sim.owner, "count")).answer()
        kill()
        await sim.wait_for(lambda: not sim.connected)
    async with bot_process(sim):
        answer = await (await sim.click(sim.owner, message["id"], "count:0")).answer()
    assert answer["content"] == "counted 1"


# -------------------------------------------------------------------------- limits


async def answer(sim: SimulatedDiscord, method: str, path: str, body: Any) -> tuple[int, Any, Any]:
    headers = {"Authorization": f"Bot {SANDBOX_BOT_TOKEN}"}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, sim.api + path, json=body, headers=headers) as response,
    ):
        return response.status, response.headers, await response.json() if response.status != 204 else {}


async def post(sim: SimulatedDiscord, path: str, body: Any) -> tuple[int, int | None]:
    status, _, content = await answer(sim, "POST", path, body)
    return status, content.get("code")


def button(number: int = 0, **more: Any) -> Json:
    return {"type": 2, "style": 1, "label": "b", "custom_id": f"b{number}", **more}


def row(*children: Json) -> Json:
    return {"type": 1, "components": list(children)}


def menu(options: int) -> Json:
    return {"type": 3, "custom_id": "m", "options": [{"label": "o", "value": str(n)} for n in range(options)]}


def text(length: int, **more: Any) -> Json:
    return {"type": 10, "content": "x" * length, **more}


def layout(*components: Json, **more: Any) -> Json:
    return {"flags": 1 << 15, "components": list(components), **more}


def embed(**parts: Any) -> Json:
    return {"embeds": [{"description": "d", **parts}]}


def fields(count: int, name: int = 1, value: int = 1) -> Json:
    return embed(fields=[{"name": "n" * name, "value": "v" * value}] * count)


TOO_MUCH: dict[str, Json] = {
    "content of 2,001": {"content": "x" * 2001},
    "nothing": {},
    "blank content": {"content": " "},
    "11 embeds": {"embeds": [{"description": "d"}] * 11},
    "embed title of 257": embed(title="x" * 257),
    "embed description of 4,097": embed(description="x" * 4097),
    "26 fields": fields(26),
    "field name of 257": fields(1, name=257),
    "field value of 1,025": fields(1, value=1025),
    "field without a value": fields(1, value=0),
    "footer of 2,049": embed(footer={"text": "x" * 2049}),
    "author of 257": embed(author={"name": "x" * 257}),
    "6,001 characters in embeds": {"embeds": [{"description": "x" * 4000}, {"description": "x" * 2001}]},
    "6 rows": {"components": [row(button(n)) for n in range(6)]},
    "6 buttons in a row": {"components": [row(*map(button, range(6)))]},
    "an empty row": {"components": [row()]},
    "26 options": {"components": [row(menu(26))]},
    "a select beside a button": {"components": [row(menu(1), button())]},
    "a button without a row": {"components": [button()]},
    "custom_id of 101": {"components": [row(button(custom_id="x" * 101))]},
    "a custom_id twice": {"components": [row(button(), button())]},
    "label of 81": {"components": [row(button(label="x" * 81))]},
    "a button without a label": {"components": [row(button(label=None))]},
    "41 components": layout(*[{"type": 17, "components": [text(1)] * 20}] * 2),
    "4,001 characters in a layout": layout(text(3000), text(1001)),
    "content beside a layout": layout(text(1), content="x"),
    "embeds beside a layout": layout(text(1), **embed()),
    "an id twice": layout(text(1, id=7), text(1, id=7)),
    "a section without an accessory": layout({"type": 9, "components": [text(1)]}),
    "a container in a container": layout({"type": 17, "components": [{"type": 17, "components": [text(1)]}]}),
    "a layout without its flag": {"components": [text(1)]},
}
JUST_RIGHT: dict[str, Json] = {
    "content of 2,000": {"content": "x" * 2000},
    "6,000 characters in embeds": {"embeds": [{"description": "x" * 4000}, {"description": "x" * 2000}]},
    "25 fields": fields(25),
    "5 rows of 5 buttons": {"components": [row(*(button(5 * r + b) for b in range(5))) for r in range(5)]},
    "25 options": {"components": [row(menu(25))]},
    "40 components": layout({"type": 17, "components": [text(1)] * 19}, *[text(1)] * 20),
    "4,000 characters in a layout": layout(text(3000), text(1000)),
}


@pytest.fixture
async def strict() -> AsyncIterator[SimulatedDiscord]:
    """Without Discord's own description, which a clone does not have."""
    async with SimulatedDiscord(with_schema=False) as simulated:
        yield simulated


@pytest.mark.parametrize("body", TOO_MUCH.values(), ids=TOO_MUCH)
async def test_a_message_over_a_limit_is_refused_and_recorded(strict: SimulatedDiscord, body: Json) -> None:
    status, code = await post(strict, f"/channels/{strict.channel_id}/messages", body)
    assert (status, code) == (400, 50006 if body in ({}, {"content": " "}) else 50035)
    assert len(strict.problems) == 1
    assert strict.messages(strict.channel_id, strict.owner) == []


@pytest.mark.parametrize("body", JUST_RIGHT.values(), ids=JUST_RIGHT)
async def test_a_message_at_a_limit_is_taken(body: Json) -> None:
    async with SimulatedDiscord() as sim:
        assert (await post(sim, f"/channels/{sim.channel_id}/messages", body))[0] == 200
        assert sim.problems == []


@pytest.mark.parametrize(
    ("edit", "code"),
    [({"content": "x" * 2001}, 50035), (embed(title="x" * 257), 50035), ({"content": ""}, 50006)],
    ids=["content of 2,001", "embed title of 257", "nothing left"],
)
async def test_an_edit_over_a_limit_is_refused_and_recorded(
    strict: SimulatedDiscord, edit: Json, code: int
) -> None:
    path = f"/channels/{strict.channel_id}/messages"
    _, _, message = await answer(strict, "POST", path, {"content": "short"})
    status, _, refused = await answer(strict, "PATCH", f"{path}/{message['id']}", edit)
    assert (status, refused["code"]) == (400, code)
    assert len(strict.problems) == 1
    assert strict.messages(strict.channel_id, strict.owner)[0]["content"] == "short"


def command(**parts: Any) -> Json:
    return {"name": "look", "description": "d", **parts}


def option(name: str = "o", **parts: Any) -> Json:
    return {"type": 3, "name": name, "description": "d", **parts}


BAD_COMMANDS: dict[str, list[Json]] = {
    "upper case": [command(name="Look")],
    "a blank in the name": [command(name="look up")],
    "a name of 33": [command(name="x" * 33)],
    "no description": [command(description="")],
    "a description of 101": [command(description="x" * 101)],
    "26 options": [command(options=[option(f"o{n}") for n in range(26)])],
    "an option twice": [command(options=[option(), option()])],
    "required after optional": [command(options=[option("a"), option("b", required=True)])],
    "26 choices": [command(options=[option(choices=[{"name": str(n), "value": str(n)} for n in range(26)])])],
    "a choice name of 101": [command(options=[option(choices=[{"name": "x" * 101, "value": "x"}])])],
    "a name twice": [command(), command()],
    "101 commands": [command(name=f"c{n}") for n in range(101)],
    "8,001 characters": [command(options=[option(f"o{n}", choices=BIG) for n in range(2)])]
    if (BIG := [{"name": f"{n:>0100}", "value": f"{n:>0100}"} for n in range(25)])
    else [],
}


@pytest.mark.parametrize("scope", ["", "/guilds/{guild}"], ids=["global", "guild"])
@pytest.mark.parametrize("definitions", BAD_COMMANDS.values(), ids=BAD_COMMANDS)
async def test_a_command_over_a_limit_is_refused_and_recorded(
    strict: SimulatedDiscord, definitions: list[Json], scope: str
) -> None:
    path = f"/applications/{strict.application_id}{scope.format(guild=strict.guild_id)}/commands"
    status, _, body = await answer(strict, "PUT", path, definitions)
    assert (status, body["code"]) == (400, 50035)
    assert strict.problems
    assert strict.commands(strict.owner, strict.channel_id) == []


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (8, {"choices": [{"name": "x" * 101, "value": "x"}]}),
        (8, {"choices": [{"name": "x", "value": "x"}] * 26}),
        (4, {"content": "x" * 2001}),
        (4, {"components": [row(button(label=None))]}),
        (9, {"custom_id": "m", "title": "x" * 46, "components": []}),
    ],
    ids=["choice name of 101", "26 choices", "content of 2,001", "button without label", "modal title of 46"],
)
async def test_an_answer_over_a_limit_is_refused_and_recorded(
    strict: SimulatedDiscord, kind: int, data: Json
) -> None:
    await answer(strict, "PUT", f"/applications/{strict.application_id}/commands", [command()])
    interaction = await strict.slash(strict.owner, "look")
    path = f"/interactions/{interaction.id}/{interaction.token}/callback"
    assert await post(strict, path, {"type": kind, "data": data}) == (400, 50035)
    assert strict.problems
    assert interaction.kind is None


async def test_what_only_the_description_of_discord_knows_is_refused_and_recorded() -> None:
    async with SimulatedDiscord() as sim:
        if not sim.schema_available:
            pytest.skip("Discord's own description is not beside this repository")
        path = f"/channels/{sim.channel_id}/messages"
        assert await post(sim, path, embed(color=0x1000000)) == (400, 50035)
        assert len(sim.problems) == 1


async def test_an_unknown_route_is_a_problem_and_no_crash() -> None:
    async with SimulatedDiscord() as sim:
        assert (await post(sim, "/channels/1/horses", {}))[0] == 400
        assert "horses" in sim.problems[0]


# --------------------------------------------------------------------------- rest


async def test_waiting_in_vain_shows_the_recent_traffic(sim: SimulatedDiscord) -> None:
    await post(sim, f"/channels/{sim.channel_id}/messages", {"content": "hello there"})
    with pytest.raises(AssertionError, match="200 POST .*hello there"):
        await sim.wait_for(lambda: False, timeout=0.01)


async def test_every_body_of_the_bot_is_kept_and_listeners_hear_of_changes(
    bot: SmallBot, sim: SimulatedDiscord
) -> None:
    heard: list[int] = []
    sim.on_change.append(lambda: heard.append(len(sim.requests)))
    await (await sim.slash(sim.owner, "whisper", {"word": "needle"})).answer()
    assert any("needle" in str(body) for body in sim.bodies)
    assert heard


def test_only_loopback_addresses_are_pointed_at() -> None:
    with pytest.raises(ValueError, match="loopback"), point_at("https://example.org/api", "ws://127.0.0.1:1"):
        pass
