"""The simulated accounts are listed, flagged and reset as useapi.net documents it."""

from datetime import timedelta

import pytest

from bot.domain.accounts import Flag, FlagKind
from tests.simulators.useapi import (
    BLOCK,
    CAPTCHA,
    MODERATION,
    SUSPICION,
    TIMED_BLOCK,
    Endpoint,
    SimulatedUseapi,
)
from tests.simulators.useapi.cases import CHANNEL, LIST, ONE, SERVER, Client


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        pytest.param(MODERATION, FlagKind.MODERATION, id="moderation"),
        pytest.param(SUSPICION, FlagKind.BLOCK, id="suspicion"),
        pytest.param(CAPTCHA, FlagKind.CAPTCHA, id="captcha"),
        pytest.param(BLOCK, FlagKind.BLOCK, id="block"),
        pytest.param(TIMED_BLOCK, FlagKind.BLOCK, id="timed block"),
    ],
)
def test_each_well_known_text_is_of_its_kind(text: str, kind: FlagKind) -> None:
    assert Flag.of(text).kind is kind


def test_the_timed_block_names_its_length() -> None:
    assert Flag.of(TIMED_BLOCK).block_length == timedelta(hours=24)


async def test_the_list_is_keyed_by_channel_and_shows_the_whole_token(
    client: Client, useapi: SimulatedUseapi
) -> None:
    account = useapi.add(channel=CHANNEL, max_jobs=12, server=SERVER)
    reply = await client.get()
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json; charset=utf-8"
    assert reply.json == {
        CHANNEL: {"channel": CHANNEL, "discord": account.discord, "server": SERVER, "maxJobs": 12}
    }


@pytest.mark.parametrize("path", [LIST, ONE])
async def test_nothing_configured_is_a_404_in_prose(client: Client, path: str) -> None:
    reply = await client.get(path)
    assert (reply.status, reply.headers["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert reply.body.startswith(b"Configuration not found.")


async def test_a_flag_is_listed_until_it_is_cleared(client: Client, useapi: SimulatedUseapi) -> None:
    useapi.add(channel=CHANNEL)
    assert await client.flag() is None
    useapi.flag(CHANNEL, CAPTCHA)
    assert await client.flag() == CAPTCHA
    assert (await client.get(ONE)).json["pendingModMessage"] == CAPTCHA
    useapi.clear(CHANNEL)
    assert await client.flag() is None


async def test_the_list_shows_a_change_made_directly_to_an_account(
    client: Client, useapi: SimulatedUseapi
) -> None:
    account = useapi.add(channel=CHANNEL)
    await client.get()
    account.max_jobs = 7
    assert (await client.get()).json[CHANNEL]["maxJobs"] == 7


@pytest.mark.parametrize("endpoint", [it for it in Endpoint if it is not Endpoint.OTHER])
async def test_every_endpoint_refuses_a_wrong_token(
    client: Client, useapi: SimulatedUseapi, endpoint: Endpoint
) -> None:
    useapi.add(channel=CHANNEL)
    path = f"..{endpoint.path}".format(channel=CHANNEL)
    reply = await client.ask(endpoint.method, path, token="user:1-wrong")
    assert (reply.status, reply.json) == (401, {"error": "Unauthorized", "code": 401})
    assert CHANNEL in useapi.accounts
    assert useapi.requests[-1].endpoint is endpoint


async def test_the_subscription_counts_accounts_in_error(client: Client, useapi: SimulatedUseapi) -> None:
    useapi.add()
    useapi.add(channel=CHANNEL)
    useapi.flag(CHANNEL, MODERATION)
    subscription = (await client.get("account")).json
    assert subscription["subscriptionIsActive"] is True
    assert subscription["accounts"] == {"Midjourney API": {"total": 2, "active": 1, "error": 1}}


async def test_a_reset_takes_the_flag_and_is_harmless_without_one(
    client: Client, useapi: SimulatedUseapi
) -> None:
    useapi.add(channel=CHANNEL)
    useapi.flag(CHANNEL, MODERATION)
    for _ in range(2):
        reply = await client.post(f"{ONE}/reset")
        assert (reply.status, reply.body) == (204, b"")
        assert await client.flag() is None


async def test_a_reset_of_an_unknown_channel_is_a_404(client: Client) -> None:
    assert (await client.post(f"{ONE}/reset")).status == 404


@pytest.mark.parametrize(
    ("lingers", "returns_after", "flags"),
    [
        pytest.param(2, None, "FF...", id="the list lags"),
        pytest.param(0, 2, "..FFF", id="back after a while"),
        pytest.param(0, 0, "FFFFF", id="no help at all"),
        pytest.param(1, 1, "F.FFF", id="lags, then back"),
    ],
)
async def test_polls_after_a_reset_show_the_flags_that_were_set(
    client: Client, useapi: SimulatedUseapi, lingers: int, returns_after: int | None, flags: str
) -> None:
    account = useapi.add(channel=CHANNEL)
    useapi.flag(CHANNEL, MODERATION)
    account.lingers, account.returns_after = lingers, returns_after
    await client.post(f"{ONE}/reset")
    seen = [await client.flag() for _ in flags]
    assert "".join("F" if flag else "." for flag in seen) == flags
