import contextlib
import logging
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import discord
import pytest
from discord import app_commands
from simcord.backend.serializers import guild_create_payload

from bot.interactions.command_sync import CommandSync, Descriptions
from tests.simulators.discord import SANDBOX_BOT_TOKEN, FaultKind, Json, SimulatedDiscord, point_at
from tests.support.catalogues import AddCatalogue
from tests.support.database import MemoryStore
from tests.support.running import Bot
from tests.support.waiting import until

ABSENT = 100000000000000001
"""A server the bot is not in; it sorts before the one it is in."""


def command(name: str, **more: Any) -> Mapping[str, Any]:
    return {"name": name, "description": "Does it.", "type": 1, "options": [], **more}


COMMANDS = [command("mjinfo"), command("mjaccounts", contexts=[0, 1, 2], dm_permission=True)]


@pytest.fixture
async def client(world: SimulatedDiscord) -> AsyncIterator[discord.Client]:
    with point_at(world.api, world.gateway):
        async with discord.Client(intents=discord.Intents.none()) as opened:
            await opened.login(SANDBOX_BOT_TOKEN)
            yield opened


@pytest.fixture
def memory() -> MemoryStore:
    return MemoryStore()


class Sync:
    """Brings commands in line as each start of the bot does, with the settings of that start."""

    def __init__(self, world: SimulatedDiscord, client: discord.Client, memory: MemoryStore) -> None:
        self.world, self.client, self.memory = world, client, memory

    async def __call__(self, *servers: int, commands: list[Mapping[str, Any]] = COMMANDS) -> dict[str, Any]:
        """Register the commands. Return what was sent to Discord, by the place it is for."""
        before = len(self.world.requests)
        await CommandSync(self.client.http, self.memory, servers).register(
            self.world.application_id, commands
        )
        sent = [one for one in self.world.requests[before:] if one.method != "GET" and one.status == 200]
        return {place(one.path): one.json for one in sent}


def place(path: str) -> str:
    """Return "global", or the id of the server that a path is about."""
    found = re.search("/guilds/([0-9]+)/", path)
    return found[1] if found else "global"


@pytest.fixture
def sync(world: SimulatedDiscord, client: discord.Client, memory: MemoryStore) -> Sync:
    return Sync(world, client, memory)


def names(sent: list[Json]) -> list[str]:
    return [each["name"] for each in sent]


async def test_without_servers_the_commands_are_global_in_servers_and_in_the_bot_s_direct_messages(
    sync: Sync,
) -> None:
    sent = await sync()
    assert list(sent) == ["global"]
    assert names(sent["global"]) == ["mjaccounts", "mjinfo"]
    assert all(each["contexts"] == [0, 1] for each in sent["global"])
    assert all(each["integration_types"] == [0] for each in sent["global"])
    assert all("dm_permission" not in each for each in sent["global"])


async def test_with_servers_they_are_there_and_globally_in_the_bot_s_direct_messages_alone(
    sync: Sync, world: SimulatedDiscord
) -> None:
    sent = await sync(world.guild_id)
    assert list(sent) == ["global", str(world.guild_id)]
    assert all(each["contexts"] == [1] for each in sent["global"])
    assert names(sent[str(world.guild_id)]) == ["mjaccounts", "mjinfo"]
    assert not any({"contexts", "integration_types"} & each.keys() for each in sent[str(world.guild_id)])


async def test_a_restart_sends_discord_no_commands(sync: Sync, world: SimulatedDiscord) -> None:
    await sync(world.guild_id)
    assert await sync(world.guild_id) == {}


async def test_a_restart_writes_nothing(sync: Sync, world: SimulatedDiscord, memory: MemoryStore) -> None:
    await sync(world.guild_id)
    writes = memory.writes
    await sync(world.guild_id)
    assert memory.writes == writes


@pytest.mark.parametrize(
    "commands",
    [
        pytest.param([*COMMANDS, command("mjname")], id="one-more"),
        pytest.param(COMMANDS[:1], id="one-less"),
        pytest.param([command("mjinfo", description="Otherwise."), COMMANDS[1]], id="another-description"),
        pytest.param([command("mjinfo", default_member_permissions=32), COMMANDS[1]], id="permissions"),
    ],
)
async def test_changed_commands_are_sent_everywhere(
    sync: Sync, world: SimulatedDiscord, commands: list[Mapping[str, Any]]
) -> None:
    await sync(world.guild_id)
    sent = await sync(world.guild_id, commands=commands)
    assert set(sent) == {"global", str(world.guild_id)}
    assert names(sent["global"]) == sorted(each["name"] for each in commands)


async def test_the_order_in_which_commands_are_given_does_not_matter(sync: Sync) -> None:
    await sync()
    assert await sync(commands=COMMANDS[::-1]) == {}


async def test_servers_that_are_set_take_the_commands_from_other_servers(
    sync: Sync, world: SimulatedDiscord
) -> None:
    await sync()
    sent = await sync(world.guild_id)
    assert all(each["contexts"] == [1] for each in sent["global"])
    assert set(sent) == {"global", str(world.guild_id)}


async def test_a_server_no_longer_set_is_emptied_once(sync: Sync, world: SimulatedDiscord) -> None:
    await sync(world.guild_id)
    sent = await sync()
    assert sent[str(world.guild_id)] == []
    assert all(each["contexts"] == [0, 1] for each in sent["global"])
    assert await sync() == {}


async def test_a_server_that_is_set_again_gets_its_commands_again(
    sync: Sync, world: SimulatedDiscord
) -> None:
    await sync(world.guild_id)
    await sync()
    assert names((await sync(world.guild_id))[str(world.guild_id)]) == ["mjaccounts", "mjinfo"]


async def test_a_server_the_bot_is_not_in_delays_no_other_and_is_tried_again(
    sync: Sync, world: SimulatedDiscord, caplog: pytest.LogCaptureFixture
) -> None:
    absent = world.fault(FaultKind.ERROR, status=403, code=50001, path=f"/applications/*/guilds/{ABSENT}/*")
    sent = await sync(ABSENT, world.guild_id)
    assert set(sent) == {"global", str(world.guild_id)}
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [str(ABSENT) in warning for warning in warnings] == [True]

    world.mend(absent)
    world.fault(FaultKind.ERROR, status=403, code=50001, path=f"/applications/*/guilds/{world.guild_id}/*")
    await sync(ABSENT, world.guild_id)
    tried = [place(one.path) for one in world.requests if one.method == "PUT"]
    assert tried == ["global", str(ABSENT), str(world.guild_id), str(ABSENT)]


async def test_a_server_the_bot_has_left_is_forgotten_when_it_is_not_set_any_more(
    sync: Sync, world: SimulatedDiscord, caplog: pytest.LogCaptureFixture
) -> None:
    await sync(world.guild_id)
    world.fault(FaultKind.ERROR, status=403, code=50001, path=f"/applications/*/guilds/{world.guild_id}/*")
    caplog.clear()
    await sync()
    world.mend()
    assert await sync() == {}
    assert [record for record in caplog.records if record.levelno == logging.WARNING] == []


async def test_a_failure_is_raised_and_what_is_missing_is_sent_the_next_time(
    sync: Sync, world: SimulatedDiscord
) -> None:
    await sync(world.guild_id)
    world.fault(FaultKind.ERROR, status=503, path="/applications/*/commands")
    with pytest.raises(discord.DiscordServerError):
        await sync()
    world.mend()
    sent = await sync()
    assert sent[str(world.guild_id)] == []
    assert "global" in sent


async def test_a_server_that_lost_its_commands_gets_them_again(
    sync: Sync, world: SimulatedDiscord, memory: MemoryStore
) -> None:
    await sync(world.guild_id)
    await CommandSync(sync.client.http, memory, [world.guild_id]).forget(world.guild_id)
    assert list(await sync(world.guild_id)) == [str(world.guild_id)]


async def test_a_server_that_is_not_ours_is_not_remembered(sync: Sync, memory: MemoryStore) -> None:
    await CommandSync(sync.client.http, memory, ()).forget(ABSENT)
    assert memory.kept == {}


async def test_a_restart_of_the_whole_bot_sends_discord_no_commands(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot.interactions.command_sync")
    await bot.start()
    # A stop before the registration is stored would cause it again.
    await until(lambda: sum("commands at Discord" in line for line in caplog.messages) == 2)
    await bot.restart()
    await bot.world.wait_for(lambda: counted(bot.world, "GET", "/oauth2/applications/@me") >= 4)
    assert counted(bot.world, "PUT", "/applications/*") == 2


async def test_descriptions_and_choices_come_in_every_language_and_names_in_none(
    client: discord.Client, catalogue: AddCatalogue
) -> None:
    catalogue("es-ES", dict.fromkeys(("mjmade", "Does it.", "way", "How.", "well"), "⟦es⟧"))
    tree = app_commands.CommandTree(client)

    @tree.command(name="mjmade", description="Does it.")
    @app_commands.describe(way="How.")
    @app_commands.choices(way=[app_commands.Choice(name="well", value="w")])
    async def made(_: discord.Interaction, way: str) -> None: ...

    (command,) = await Descriptions().payloads(tree)
    (option,) = command["options"]
    (choice,) = option["choices"]
    said = (
        command["description_localizations"],
        option["description_localizations"],
        choice["name_localizations"],
    )
    assert said == ({"es-ES": "⟦es⟧", "es-419": "⟦es⟧"},) * 3
    assert not any(each.get("name_localizations") for each in (command, option))


@pytest.mark.parametrize(
    "refused", ["⟦" * 101, "\N{ARTIST PALETTE}" * 51, " "], ids=["long", "long-in-utf-16", "blank"]
)
async def test_a_description_that_discord_would_refuse_is_left_out(
    client: discord.Client, catalogue: AddCatalogue, refused: str
) -> None:
    catalogue("de", {"Does it.": refused, "How.": "⟦" * 100})
    tree = app_commands.CommandTree(client)

    @tree.command(name="mjmade", description="Does it.")
    @app_commands.describe(way="How.")
    async def made(_: discord.Interaction, way: str) -> None: ...

    (command,) = await Descriptions().payloads(tree)
    assert command["description_localizations"] == {}
    assert command["options"][0]["description_localizations"] == {"de": "⟦" * 100}


def counted(world: SimulatedDiscord, method: str, path: str) -> int:
    begin = path.removesuffix("*")
    return sum(one.method == method and one.path.startswith(begin) for one in world.requests)


def removed_and_invited_again(world: SimulatedDiscord) -> None:
    """Let the server's owner remove the bot and invite it again; the sandbox's people cannot do that."""
    backend = world._world.backend  # pyright: ignore[reportPrivateUsage] - see above
    backend.emit("GUILD_DELETE", {"id": str(world.guild_id)})
    joined = dict(guild_create_payload(backend, backend.guilds[world.guild_id]))
    del joined["unavailable"]  # only a server that the bot was in before has it
    backend.emit("GUILD_CREATE", joined)


@pytest.mark.timeout(20)
async def test_a_server_that_invites_the_bot_back_gets_its_commands_at_once(bot: Bot) -> None:
    await bot.start()
    while counted(bot.world, "PUT", "/applications/*") == 2:
        # discord.py takes what comes within two seconds of the start for a part of the start.
        removed_and_invited_again(bot.world)
        with contextlib.suppress(AssertionError):
            await bot.world.wait_for(lambda: counted(bot.world, "PUT", "/applications/*") > 2, 2.2)
    sent = [place(one.path) for one in bot.world.requests if one.method == "PUT"]
    assert sent == ["global", str(bot.world.guild_id), str(bot.world.guild_id)]
