"""The simulated `/info` answers, and finds flags, as useapi.net documents it."""

import asyncio
from time import perf_counter

import pytest

from tests.simulators.useapi import MODERATION, SUSPICION, Plan, SimulatedUseapi
from tests.simulators.useapi.cases import CHANNEL, PINNED, Client, until
from tests.support.clock import Clock

SHORT_596 = (
    "Your Discord account has received a pending moderation message from Midjourney. Please address this "
    f"issue and POST account/midjourney/{CHANNEL}/reset before making any new API calls."
)
VALUE_MISSING = {"error": "discord, server or channel value is missing", "code": 400}
CHANNEL_REQUIRED = {
    "error": "channel parameter is required when multiple channels (2) are configured",
    "code": 400,
}
TOO_LONG = {"error": "replyRef or replyUrl is too long", "code": 412}


async def test_info_answers_with_the_text_twice_and_two_timestamps(
    client: Client, useapi: SimulatedUseapi
) -> None:
    account = useapi.add(channel=CHANNEL, discord_name="ada", info_text="**User ID**: 1")
    reply = await client.post("jobs/info", channel=CHANNEL, replyUrl="https://example.com", replyRef="r")
    job = reply.json
    assert (reply.status, job["status"], job["code"]) == (200, "completed", 200)
    assert job["jobid"] == f"job:20260106053233367-user:1042-channel:{CHANNEL}"
    assert job["content"] == job["embeds"][0]["description"] == "**User ID**: 1"
    assert job["embeds"][0]["title"] == "Your info - ada"
    assert (job["created"], job["replyRef"]) == ("2026-01-06T05:32:33.367Z", "r")
    assert [key for key, _ in reply.pairs].count("timestamp") == 2
    assert job["discord"] == f"{account.discord[:3]}…secured…{account.discord[-3:]}"
    assert useapi.midjourney_commands == 1


async def test_info_takes_as_long_as_midjourney_does_and_the_job_is_kept(
    client: Client, useapi: SimulatedUseapi
) -> None:
    account = useapi.add(channel=CHANNEL)
    account.info_seconds = 0.5
    started = perf_counter()
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(client.post("jobs/info"))
        await until(lambda: useapi.midjourney_commands == 1)
        running = (await client.get("jobs")).json
    assert perf_counter() - started >= 0.5
    job = asked.result()
    assert running == [job.json["jobid"]]
    assert (await client.get(f"jobs/?jobid={running[0]}")).body == job.body
    assert (await client.get("jobs")).json == []


@pytest.mark.parametrize(("jobid", "status"), [("", 400), ("job:1", 404)])
async def test_a_job_that_is_not_kept(client: Client, jobid: str, status: int) -> None:
    assert (await client.get(f"jobs/?jobid={jobid}")).status == status


async def test_a_listed_flag_gives_the_short_596_and_sends_nothing(
    client: Client, useapi: SimulatedUseapi
) -> None:
    useapi.add(channel=CHANNEL)
    useapi.flag(CHANNEL, MODERATION)
    reply = await client.post("jobs/info")
    assert (reply.status, reply.json) == (596, {"error": SHORT_596, "code": 596})
    assert useapi.midjourney_commands == 0


async def test_an_unseen_flag_is_found_by_a_command_and_listed_from_then_on(
    client: Client, useapi: SimulatedUseapi
) -> None:
    useapi.add(channel=CHANNEL)
    useapi.flag(CHANNEL, SUSPICION, unseen=True)
    assert await client.flag() is None
    first = await client.post("jobs/info")
    assert (first.status, first.json["status"], first.json["code"]) == (596, "failed", 596)
    assert (first.json["error"], first.json["errorDetails"]) == ("Pending mod message", SUSPICION)
    assert first.json["channel"] == CHANNEL
    assert "content" not in first.json
    assert await client.flag() == SUSPICION
    assert (await client.post("jobs/info")).json["error"] == SHORT_596
    assert useapi.midjourney_commands == 1


@pytest.mark.parametrize(
    ("accounts", "body", "refusal"),
    [
        pytest.param(0, {}, VALUE_MISSING, id="none configured"),
        pytest.param(2, {"channel": CHANNEL}, VALUE_MISSING, id="unknown"),
        pytest.param(2, {}, CHANNEL_REQUIRED, id="which of two"),
        pytest.param(1, {"replyUrl": "u" * 1025}, TOO_LONG, id="long URL"),
        pytest.param(1, {"replyRef": "r" * 1025}, TOO_LONG, id="long reference"),
    ],
)
async def test_info_refuses_what_it_cannot_use(
    client: Client,
    useapi: SimulatedUseapi,
    accounts: int,
    body: dict[str, object],
    refusal: dict[str, object],
) -> None:
    for _ in range(accounts):
        useapi.add()
    reply = await client.post("jobs/info", **body)
    assert (reply.status, reply.json) == (refusal["code"], refusal)
    assert useapi.midjourney_commands == 0


async def test_texts_of_1024_characters_are_not_too_long(client: Client, useapi: SimulatedUseapi) -> None:
    useapi.add()
    assert (await client.post("jobs/info", replyUrl="u" * 1024, replyRef="r" * 1024)).status == 200


@pytest.mark.parametrize("plan", Plan)
def test_accounts_of_a_plan_show_it_and_differ(plan: Plan) -> None:
    useapi = SimulatedUseapi(now=Clock(PINNED).now)
    texts = {useapi.add(plan=plan).info_text for _ in range(20)}
    assert len(texts) > 10
    assert all(f"{plan} (Active" in text or "None (Trial)" in text for text in texts)
    assert len({text.partition("Fast Time")[2].splitlines()[0] for text in texts}) > 2
