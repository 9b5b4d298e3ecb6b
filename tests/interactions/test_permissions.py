import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import discord
import pytest

from bot.domain.errors import ErrorCode, UserError
from bot.interactions import permissions
from bot.interactions.permissions import META_KEY, Owners, owners_of
from bot.storage import StoreError
from tests.simulators.discord import SANDBOX_BOT_TOKEN, FaultKind, SimulatedDiscord, point_at
from tests.support.database import MemoryStore

SERVER = 300000000000000001
ELSEWHERE = 300000000000000002


@asynccontextmanager
async def logged_in(world: SimulatedDiscord) -> AsyncGenerator[discord.Client]:
    with point_at(world.api, world.gateway):
        async with discord.Client(intents=discord.Intents.none(), max_ratelimit_timeout=30) as client:
            await client.login(SANDBOX_BOT_TOKEN)
            yield client


@pytest.fixture
async def client(world: SimulatedDiscord) -> AsyncIterator[discord.Client]:
    async with logged_in(world) as opened:
        yield opened


async def never() -> discord.AppInfo:
    raise AssertionError("Discord need not be asked")


async def test_the_application_s_owner_may_act(world: SimulatedDiscord, client: discord.Client) -> None:
    assert owners_of(await client.application_info()) == {world.owner.id}


@pytest.mark.parametrize(
    ("role", "pending", "may"),
    [
        pytest.param("admin", False, True, id="admin"),
        pytest.param("developer", False, True, id="developer"),
        pytest.param("read_only", False, False, id="who-may-only-read"),
        pytest.param("admin", True, False, id="who-has-not-accepted"),
    ],
)
async def test_of_a_team_its_owner_and_accepted_admins_and_developers_may_act(
    world: SimulatedDiscord, client: discord.Client, *, role: str, pending: bool, may: bool
) -> None:
    waiting = (world.second_owner,) if pending else ()
    world.give_to_team((world.owner, "admin"), (world.second_owner, role), pending=waiting)
    expected = {world.owner.id, world.second_owner.id} if may else {world.owner.id}
    assert owners_of(await client.application_info()) == expected


async def test_owners_in_the_settings_are_the_only_ones_from_the_first_moment_on(
    client: discord.Client,
) -> None:
    owners = Owners({7}, (), MemoryStore({META_KEY: "1"}))
    assert owners.ids == {7}
    await owners.load()
    await owners.require(7, never)
    await owners.refresh(client.application_info)
    assert owners.ids == {7}


async def test_after_the_settings_name_owners_no_more_those_of_discord_count_at_once_and_no_other(
    world: SimulatedDiscord, client: discord.Client
) -> None:
    memory = MemoryStore()
    await Owners({7}, (), memory).refresh(client.application_info)
    owners = Owners((), (), memory)
    await owners.load()
    assert owners.ids == {world.owner.id}


async def test_who_is_taken_out_of_the_settings_stops_at_once() -> None:
    owners = Owners({7}, (), MemoryStore({META_KEY: "8"}))
    await owners.load()
    with pytest.raises(UserError, match="not an owner"):
        await owners.require(8, never)


async def test_nobody_may_act_until_somebody_is_known() -> None:
    owners = Owners((), (), MemoryStore())
    await owners.load()
    assert not owners.may_act(7)


async def test_owners_are_remembered_across_a_restart(
    world: SimulatedDiscord, client: discord.Client
) -> None:
    memory = MemoryStore()
    world.give_to_team((world.owner, "admin"), (world.second_owner, "developer"))
    await Owners((), (), memory).refresh(client.application_info)

    restarted = Owners((), (), memory)
    await restarted.load()

    assert restarted.ids == {world.owner.id, world.second_owner.id}


async def test_asking_again_without_news_writes_nothing(client: discord.Client) -> None:
    memory = MemoryStore()
    owners = Owners((), (), memory)
    for _ in range(3):
        await owners.refresh(client.application_info)
    assert memory.writes == 1


async def test_owners_that_could_not_be_written_down_are_written_the_next_time(
    world: SimulatedDiscord, client: discord.Client
) -> None:
    class Broken(MemoryStore):
        async def set_meta(self, key: str, value: str) -> None:
            self.writes += 1
            if self.writes == 1:
                raise OSError
            await super().set_meta(key, value)

    memory = Broken()
    owners = Owners((), (), memory)
    with pytest.raises(OSError):  # noqa: PT011 - the one above
        await owners.refresh(client.application_info)
    await owners.refresh(client.application_info)
    assert memory.kept == {META_KEY: str(world.owner.id)}


async def test_owners_that_cannot_be_written_down_count_and_the_log_names_the_database(
    world: SimulatedDiscord, client: discord.Client, caplog: pytest.LogCaptureFixture
) -> None:
    class Full(MemoryStore):
        async def set_meta(self, key: str, value: str) -> None:
            raise StoreError(ErrorCode.DATABASE_FULL, key=key, value=value)

    at_login, at_a_press = Owners((), (), Full()), Owners((), (), Full())
    await at_login.refresh(client.application_info)
    await at_a_press.require(world.owner.id, client.application_info)
    assert at_login.may_act(world.owner.id)
    assert at_a_press.may_act(world.owner.id)
    assert "database full" in caplog.text
    assert "could not ask Discord" not in caplog.text


async def test_who_is_an_owner_no_more_is_refused_at_the_next_change(
    world: SimulatedDiscord, client: discord.Client
) -> None:
    owners = Owners((), (), MemoryStore())
    world.give_to_team((world.owner, "admin"), (world.second_owner, "admin"))
    await owners.require(world.second_owner.id, client.application_info)
    world.give_to_team((world.owner, "admin"))
    with pytest.raises(UserError, match="not an owner"):
        await owners.require(world.second_owner.id, client.application_info)


async def test_who_has_just_become_an_owner_may_act_at_once(
    world: SimulatedDiscord, client: discord.Client
) -> None:
    owners = Owners((), (), MemoryStore({META_KEY: str(world.owner.id)}))
    await owners.load()
    world.give_to_team((world.owner, "admin"), (world.second_owner, "developer"))
    await owners.require(world.second_owner.id, client.application_info)


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        pytest.param(FaultKind.ERROR, {"status": 503}, id="an-error"),
        pytest.param(FaultKind.RESET, {}, id="a-broken-connection"),
        pytest.param(FaultKind.RATE_LIMITED, {"seconds": 60.0}, id="a-rate-limit"),
        pytest.param(FaultKind.SLOW, {"seconds": 60.0}, id="no-answer"),
    ],
)
async def test_the_last_known_owners_stay_while_discord_cannot_be_asked(
    world: SimulatedDiscord,
    client: discord.Client,
    kind: FaultKind,
    details: dict[str, float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(permissions, "ASK_LIMIT_SECONDS", 0.2)
    owners = Owners((), (), MemoryStore({META_KEY: "7"}))
    await owners.load()
    world.fault(kind, path="/oauth2/applications/@me", **details)
    with pytest.raises(UserError, match="not an owner"):
        await owners.require(world.owner.id, client.application_info)
    assert owners.ids == {7}


@pytest.mark.parametrize(
    ("user", "server", "may"),
    [
        pytest.param(7, None, True, id="an-owner-in-direct-messages"),
        pytest.param(7, ELSEWHERE, True, id="an-owner-in-any-server"),
        pytest.param(8, SERVER, True, id="anybody-in-a-configured-server"),
        pytest.param(8, ELSEWHERE, False, id="a-stranger-in-another-server"),
        pytest.param(8, None, False, id="a-stranger-in-direct-messages"),
    ],
)
def test_owners_may_look_anywhere_and_others_in_the_configured_servers(
    *, user: int, server: int | None, may: bool
) -> None:
    assert Owners({7}, {SERVER}, MemoryStore()).may_view(user, server) is may


def test_without_configured_servers_only_owners_may_look() -> None:
    owners = Owners({7}, (), MemoryStore())
    assert not owners.may_view(8, SERVER)
    assert owners.may_view(7, SERVER)


async def test_an_owner_may_act_on_what_was_last_known_when_the_connection_breaks(
    world: SimulatedDiscord,
) -> None:
    async def cut() -> discord.AppInfo:
        await asyncio.sleep(0)
        raise aiohttp.ServerDisconnectedError

    owners = Owners((), (), MemoryStore({META_KEY: str(world.owner.id)}))
    await owners.load()
    await owners.require(world.owner.id, cut)
    assert owners.may_act(world.owner.id)
