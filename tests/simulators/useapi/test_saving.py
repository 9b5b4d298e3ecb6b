"""The simulated useapi.net saves and removes accounts, and refuses both, in the words of the real one."""

import pytest

from tests.simulators.useapi import Plan, SimulatedUseapi
from tests.simulators.useapi.cases import CHANNEL, LIST, ONE, SERVER, Client

UNSUBSCRIBED = "Account has no subscription or subscription expired"


async def test_a_new_login_is_created_and_then_updated(client: Client, useapi: SimulatedUseapi) -> None:
    login = useapi.newcomer(channel=CHANNEL)
    created = await client.post(LIST, discord=login.discord)
    updated = await client.post(LIST, discord=login.discord, maxJobs=15)
    assert (created.status, created.json) == (
        201,
        {"discord": login.discord, "channel": CHANNEL, "maxJobs": 3},
    )
    assert (updated.status, updated.json["maxJobs"]) == (200, 15)
    assert list((await client.get()).json) == [CHANNEL]


async def test_a_well_formed_token_that_nobody_knows_is_a_new_persons(
    client: Client, useapi: SimulatedUseapi
) -> None:
    token = SimulatedUseapi(seed=9).newcomer().discord
    reply = await client.post(LIST, discord=token)
    assert reply.status == 201
    assert useapi.accounts[reply.json["channel"]].discord == token
    assert token in useapi.secrets


@pytest.mark.parametrize(
    ("plan", "jobs", "error"),
    [
        pytest.param(Plan.BASIC, 4, "Required param maxJobs 4 can't be more that 3", id="Basic"),
        pytest.param(Plan.STANDARD, 15, "Required param maxJobs 15 can't be more that 3", id="Standard"),
        pytest.param(Plan.PRO, 16, "Required param maxJobs 16 can't be more that 15", id="Pro"),
        pytest.param(Plan.MEGA, 0, "Required param maxJobs is missing or empty", id="none"),
        pytest.param(Plan.MEGA, "three", "Required param maxJobs is missing or empty", id="no number"),
    ],
)
async def test_a_number_of_jobs_that_the_plan_does_not_have_is_refused(
    client: Client, useapi: SimulatedUseapi, plan: Plan, jobs: object, error: str
) -> None:
    login = useapi.newcomer(plan=plan)
    reply = await client.post(LIST, discord=login.discord, maxJobs=jobs)
    assert (reply.status, reply.json) == (400, {"error": error, "code": 400})
    assert useapi.accounts == {}


@pytest.mark.parametrize(
    ("discord", "error"),
    [
        pytest.param("", "Required param discord is missing or empty", id="missing"),
        pytest.param("not a token", "`Midjourney bot not configured", id="no token"),
        pytest.param(None, "`Midjourney bot not configured", id="no Midjourney"),
    ],
)
async def test_a_login_that_cannot_be_used_is_refused(
    client: Client, useapi: SimulatedUseapi, discord: str | None, error: str
) -> None:
    without = useapi.newcomer(midjourney=False).discord
    reply = await client.post(LIST, discord=without if discord is None else discord, maxJobs=3)
    assert (reply.status, reply.json["error"]) == (400, error)


async def test_without_a_subscription_nothing_is_saved_and_nothing_sent(
    client: Client, useapi: SimulatedUseapi
) -> None:
    login = useapi.add(channel=CHANNEL)
    useapi.subscribed = False
    for path in (LIST, ONE, "jobs/info"):
        reply = await client.post(path, discord=login.discord)
        assert (reply.status, reply.json) == (402, {"error": UNSUBSCRIBED, "code": 402})
    assert useapi.midjourney_commands == 0
    assert (await client.get()).status == 200


async def test_the_quota_stops_a_new_account_and_not_an_update(
    client: Client, useapi: SimulatedUseapi
) -> None:
    known, new = useapi.add(), useapi.newcomer()
    useapi.quota = 1
    refused = await client.post(LIST, discord=new.discord)
    assert refused.status == 402
    assert refused.json["error"].startswith("Subscription quantity exceeded")
    assert (await client.post(LIST, discord=known.discord)).status == 200


async def test_the_older_form_saves_under_the_channel_in_the_path(
    client: Client, useapi: SimulatedUseapi
) -> None:
    login = useapi.newcomer()
    body = {"discord": login.discord, "server": SERVER, "channel": CHANNEL, "maxJobs": 2}
    reply = await client.post(ONE, **body)
    assert (reply.status, reply.body) == (204, b"")
    assert (await client.get(ONE)).json == body


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"discord": ""}, "Required param discord is missing or empty"),
        ({"server": ""}, "Required param server is missing or empty"),
        ({"maxJobs": None}, "Required param maxJobs is missing or empty"),
        ({"server": "abc"}, "Required param server (abc) is not valid Discord server id"),
        ({"channel": "12"}, "Required param channel (12) is not valid Discord channel id"),
        (
            {"channel": SERVER},
            f"Required param channel ({SERVER}) not matching to /midjourney/channel (/midjourney/{CHANNEL})",
        ),
        ({"server": "1100000000000000002"}, f"Channel {SERVER} configuration has same server value"),
        ({"twin": True}, f"Channel {SERVER} configuration has same discord value"),
    ],
)
async def test_the_older_form_explains_an_error(
    client: Client, useapi: SimulatedUseapi, change: dict[str, object], error: str
) -> None:
    other = useapi.add(channel=SERVER, server="1100000000000000002")
    token = other.discord if change.pop("twin", False) else useapi.newcomer().discord
    body = {"discord": token, "server": SERVER, "channel": CHANNEL, "maxJobs": 2, **change}
    reply = await client.post(ONE, **body)
    assert (reply.status, reply.json) == (400, {"error": error, "code": 400})


async def test_a_removed_account_is_gone_and_comes_back_with_its_token(
    client: Client, useapi: SimulatedUseapi
) -> None:
    login = useapi.add(channel=CHANNEL)
    removed, again = await client.ask("DELETE", ONE), await client.ask("DELETE", ONE)
    assert (removed.status, again.status) == (204, 404)
    assert (await client.get()).status == 404
    assert login.discord in useapi.secrets
    assert (await client.post(LIST, discord=login.discord)).json["channel"] == CHANNEL
