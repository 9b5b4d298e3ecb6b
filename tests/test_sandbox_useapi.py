"""The simulated useapi.net says and does what the real one's documentation says, and fails as networks do."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import aiohttp
import pytest

from bot.models import Flag, FlagKind
from tests.sandbox.useapi import (
    BLOCK,
    CAPTCHA,
    MODERATION,
    SUSPICION,
    TIMED_BLOCK,
    Endpoint,
    Fault,
    Plan,
    SimulatedUseapi,
)

CHANNEL = "1170809721663422494"
SERVER = "1100000000000000001"
LIST = "account/midjourney"
ONE = f"{LIST}/{CHANNEL}"
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
UNSUBSCRIBED = "Account has no subscription or subscription expired"


def pinned() -> datetime:
    return datetime(2026, 1, 6, 5, 32, 33, 367_000, tzinfo=UTC)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def pairs(self) -> list[tuple[str, Any]]:
        return json.loads(self.body, object_pairs_hook=list)


class Client:
    def __init__(self, session: aiohttp.ClientSession, useapi: SimulatedUseapi) -> None:
        self.session = session
        self.useapi = useapi

    async def ask(self, method: str, path: str, body: object = None, *, token: str | None = None) -> Reply:
        headers = {"Authorization": f"Bearer {token or self.useapi.token}"}
        sent = None if body is None else json.dumps(body)
        url = f"{self.useapi.url}/{path}"
        async with self.session.request(
            method, url, headers=headers, data=sent, allow_redirects=False
        ) as found:
            return Reply(found.status, dict(found.headers), await found.read())

    async def get(self, path: str = LIST) -> Reply:
        return await self.ask("GET", path)

    async def post(self, path: str, **body: object) -> Reply:
        return await self.ask("POST", path, body)

    async def flag(self) -> str | None:
        return (await self.get()).json[CHANNEL].get("pendingModMessage")


@pytest.fixture
async def useapi() -> AsyncIterator[SimulatedUseapi]:
    async with SimulatedUseapi(now=pinned) as simulated:
        yield simulated


@pytest.fixture
async def client(useapi: SimulatedUseapi) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield Client(session, useapi)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in the server, which has no event
            await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        pytest.param(MODERATION, FlagKind.MODERATION, id="moderation"),
        pytest.param(SUSPICION, FlagKind.MODERATION, id="suspicion"),
        pytest.param(CAPTCHA, FlagKind.CAPTCHA, id="captcha"),
        pytest.param(BLOCK, FlagKind.BLOCK, id="block"),
        pytest.param(TIMED_BLOCK, FlagKind.BLOCK, id="timed block"),
    ],
)
def test_each_well_known_text_is_of_its_kind(text: str, kind: FlagKind) -> None:
    assert Flag.of(text).kind is kind


def test_the_timed_block_names_its_length() -> None:
    assert Flag.of(TIMED_BLOCK).block_length == timedelta(hours=24)


# --- the list and one account


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
    path = endpoint.path.removeprefix("/v2/").format(channel=CHANNEL)
    reply = await client.ask(endpoint.method, path, token="user:1-wrong")
    assert (reply.status, reply.json) == (401, {"error": "Unauthorized", "code": 401})
    assert CHANNEL in useapi.accounts
    assert useapi.requests[-1].endpoint is endpoint


async def test_the_standing_counts_accounts_in_error(client: Client, useapi: SimulatedUseapi) -> None:
    useapi.add()
    useapi.add(channel=CHANNEL)
    useapi.flag(CHANNEL, MODERATION)
    standing = (await client.get("account")).json
    assert standing["subscriptionIsActive"] is True
    assert standing["accounts"] == {"Midjourney API": {"total": 2, "active": 1, "error": 1}}


# --- saving and removing


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
async def test_the_older_form_says_what_is_wrong(
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


# --- reset


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
    ("lingers", "returns_after", "looks"),
    [
        pytest.param(2, None, "FF...", id="the list lags"),
        pytest.param(0, 2, "..FFF", id="back after a while"),
        pytest.param(0, 0, "FFFFF", id="no help at all"),
        pytest.param(1, 1, "F.FFF", id="lags, then back"),
    ],
)
async def test_what_the_looks_after_a_reset_show(
    client: Client, useapi: SimulatedUseapi, lingers: int, returns_after: int | None, looks: str
) -> None:
    account = useapi.add(channel=CHANNEL)
    useapi.flag(CHANNEL, MODERATION)
    account.lingers, account.returns_after = lingers, returns_after
    await client.post(f"{ONE}/reset")
    seen = [await client.flag() for _ in looks]
    assert "".join("F" if flag else "." for flag in seen) == looks


# --- jobs


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
    account.info_seconds = 0.05
    started = perf_counter()
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(client.post("jobs/info"))
        await until(lambda: useapi.midjourney_commands == 1)
        running = (await client.get("jobs")).json
    assert perf_counter() - started >= 0.05
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
def test_accounts_of_a_plan_tell_of_it_and_differ(plan: Plan) -> None:
    useapi = SimulatedUseapi(now=pinned)
    texts = {useapi.add(plan=plan).info_text for _ in range(20)}
    assert len(texts) > 10
    assert all(f"{plan} (Active" in text or "None (Trial)" in text for text in texts)
    assert len({text.partition("Fast Time")[2].splitlines()[0] for text in texts}) > 2


# --- what is kept and counted


async def test_requests_are_recorded_with_endpoint_channel_and_status(
    client: Client, useapi: SimulatedUseapi
) -> None:
    useapi.add(channel=CHANNEL)
    await client.get()
    await client.post("jobs/info", channel=CHANNEL)
    await client.ask("DELETE", f"{LIST}/{SERVER}")
    await client.get("nowhere")
    assert [(it.method, it.endpoint, it.channel, it.at, it.status) for it in useapi.requests] == [
        ("GET", Endpoint.LIST, None, pinned(), 200),
        ("POST", Endpoint.INFO, CHANNEL, pinned(), 200),
        ("DELETE", Endpoint.REMOVE, SERVER, pinned(), 404),
        ("GET", Endpoint.OTHER, None, pinned(), 404),
    ]
    assert (useapi.count(Endpoint.LIST), useapi.count(Endpoint.RESET)) == (1, 0)


async def test_every_token_is_known_as_a_secret_and_shown_by_no_repr(useapi: SimulatedUseapi) -> None:
    account, login = useapi.add(), useapi.newcomer()
    assert useapi.secrets == {useapi.token, account.discord, login.discord}
    shown = repr((useapi, useapi.accounts, login, useapi.requests))
    assert not any(secret in shown for secret in useapi.secrets)


async def test_a_token_shows_in_answers_about_accounts_only(client: Client, useapi: SimulatedUseapi) -> None:
    account = useapi.add(channel=CHANNEL)
    replies = [
        await client.get("account"),
        await client.post("jobs/info"),
        await client.post(f"{ONE}/reset"),
        await client.post(ONE, discord=account.discord, server=SERVER, channel=CHANNEL),
    ]
    assert not any(account.discord.encode() in reply.body for reply in replies)


async def test_a_hook_hears_of_changes_and_requests(client: Client, useapi: SimulatedUseapi) -> None:
    heard: list[int] = []
    useapi.add(channel=CHANNEL)
    useapi.changed.append(lambda: heard.append(1))
    for happen in (
        lambda: useapi.flag(CHANNEL, BLOCK),
        lambda: useapi.fault(Fault.SLOW, endpoint=Endpoint.INFO),
        useapi.mend,
    ):
        before = len(heard)
        happen()
        assert len(heard) > before
    before = len(heard)
    await client.get()
    assert len(heard) > before


def test_the_list_is_not_written_again_until_something_changes(useapi: SimulatedUseapi) -> None:
    useapi.add(channel=CHANNEL)
    before = useapi.listed()
    assert useapi.listed() is before
    useapi.flag(CHANNEL, BLOCK)
    assert useapi.listed() is not before


async def test_ten_thousand_accounts_are_listed_fast(client: Client, useapi: SimulatedUseapi) -> None:
    for _ in range(10_000):
        useapi.add()
    first = await client.get()
    started = perf_counter()
    again = await client.get()
    assert perf_counter() - started < 0.5
    assert len(again.json) == 10_000
    assert again.body == first.body


def test_two_simulations_of_one_seed_are_alike() -> None:
    one, other = (SimulatedUseapi(seed=3, now=pinned).add() for _ in range(2))
    assert (one.channel, one.discord, one.info_text) == (other.channel, other.discord, other.info_text)


# --- faults


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.EMPTY, 200),
        (Fault.HALF_JSON, 200),
        (Fault.NOT_UTF8, 200),
        (Fault.ARRAY, 200),
        (Fault.WRONG_TYPES, 200),
        (Fault.NUMBERS_AS_STRINGS, 200),
        (Fault.MISSING_FIELDS, 200),
        (Fault.UNKNOWN_FIELDS, 200),
        (Fault.DUPLICATE, 200),
        (Fault.PARTIAL_LIST, 200),
        (Fault.OVERSIZED, 200),
        (Fault.HTML_200, 200),
        (Fault.CODE_596_IN_200, 200),
        (Fault.CODE_500_IN_200, 200),
        (Fault.REDIRECT, 302),
        (Fault.HTML_404, 404),
        (Fault.HTML_503, 503),
        (Fault.UNAUTHORIZED, 401),
        (Fault.FORBIDDEN, 403),
        (Fault.UNPAID, 402),
        (Fault.QUOTA, 402),
        (Fault.NOTHING_CONFIGURED, 404),
        (Fault.UNPROCESSABLE, 422),
        (Fault.RATE_LIMITED, 429),
        (Fault.RATE_LIMITED_RETRY_AFTER, 429),
        (Fault.SERVER_ERROR, 500),
        (Fault.GATEWAY_TIMEOUT, 504),
        (Fault.GONE, 410),
        (Fault.CODE_569, 569),
        (Fault.CODE_596_UNNAMED, 596),
    ],
)
async def test_a_fault_has_its_status_and_ends_when_mended(
    client: Client, useapi: SimulatedUseapi, fault: Fault, status: int
) -> None:
    useapi.add(channel=CHANNEL)
    true = await client.get()
    useapi.fault(fault)
    wrong = await client.get()
    assert wrong.status == status
    assert wrong.body != true.body
    assert useapi.faults == (fault,)
    useapi.mend()
    assert await client.get() == true


@pytest.mark.parametrize("fault", [Fault.HTML_200, Fault.HTML_404, Fault.HTML_503])
async def test_web_pages_say_that_they_are(client: Client, useapi: SimulatedUseapi, fault: Fault) -> None:
    useapi.fault(fault)
    reply = await client.get()
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert reply.body.startswith(b"<!DOCTYPE html>")


async def distorted(client: Client, fault: Fault) -> Reply:
    client.useapi.add(channel=CHANNEL)
    client.useapi.flag(CHANNEL, MODERATION)
    client.useapi.fault(fault)
    return await client.get()


async def test_an_empty_answer_has_no_body(client: Client) -> None:
    assert (await distorted(client, Fault.EMPTY)).body == b""


async def test_half_json_is_no_json(client: Client) -> None:
    with pytest.raises(json.JSONDecodeError):
        _ = (await distorted(client, Fault.HALF_JSON)).json


async def test_not_utf8_is_json_in_all_but_one_byte(client: Client) -> None:
    body = (await distorted(client, Fault.NOT_UTF8)).body
    with pytest.raises(UnicodeDecodeError):
        body.decode()
    assert list(json.loads(body.replace(b"\xff", b""))) == [CHANNEL]


async def test_an_array_holds_the_entries(client: Client) -> None:
    assert [it["channel"] for it in (await distorted(client, Fault.ARRAY)).json] == [CHANNEL]


async def test_wrong_types_are_wrong_in_every_field(client: Client) -> None:
    entry = (await distorted(client, Fault.WRONG_TYPES)).json[CHANNEL]
    assert entry["maxJobs"] == [3]
    assert {type(entry[key]) for key in ("channel", "discord", "pendingModMessage")} == {dict}


async def test_numbers_come_as_strings(client: Client) -> None:
    assert (await distorted(client, Fault.NUMBERS_AS_STRINGS)).json[CHANNEL]["maxJobs"] == "3"


async def test_fields_are_missing(client: Client) -> None:
    assert (await distorted(client, Fault.MISSING_FIELDS)).json == {CHANNEL: {}}


async def test_unknown_fields_stand_beside_the_known(client: Client) -> None:
    entry = (await distorted(client, Fault.UNKNOWN_FIELDS)).json[CHANNEL]
    assert (entry["maxJobs"], entry["novelty"]["of"]) == (3, [1, 2.5, None])


async def test_a_duplicate_contradicts_the_first_entry(client: Client) -> None:
    entries = [(key, dict(entry)) for key, entry in (await distorted(client, Fault.DUPLICATE)).pairs]
    assert [key for key, _ in entries] == [CHANNEL, CHANNEL]
    assert [entry["pendingModMessage"] for _, entry in entries] == [MODERATION, ""]


@pytest.mark.parametrize(("whole", "left"), [(1, 0), (2, 0), (3, 1), (10, 4)])
async def test_a_partial_list_has_less_than_half(
    client: Client, useapi: SimulatedUseapi, whole: int, left: int
) -> None:
    for _ in range(whole):
        useapi.add()
    useapi.fault(Fault.PARTIAL_LIST)
    assert len((await client.get()).json) == left


async def test_an_oversized_answer_is_right_but_over_eight_megabytes(client: Client) -> None:
    reply = await distorted(client, Fault.OVERSIZED)
    assert len(reply.body) > 8 * 2**20
    assert "Content-Length" not in reply.headers
    assert list(reply.json) == [CHANNEL]


async def test_a_followed_redirect_would_be_noticed(client: Client, useapi: SimulatedUseapi) -> None:
    useapi.fault(Fault.REDIRECT, endpoint=Endpoint.LIST)
    async with client.session.get(f"{useapi.url}/{LIST}"):
        assert useapi.count(Endpoint.OTHER) == 1


async def test_retry_after_is_said_or_not(client: Client, useapi: SimulatedUseapi) -> None:
    useapi.retry_after = 7
    useapi.fault(Fault.RATE_LIMITED, times=1)
    assert "Retry-After" not in (await client.get()).headers
    useapi.fault(Fault.RATE_LIMITED_RETRY_AFTER, times=1)
    assert (await client.get()).headers["Retry-After"] == "7"


async def test_a_fault_may_concern_one_endpoint(client: Client, useapi: SimulatedUseapi) -> None:
    useapi.add(channel=CHANNEL)
    useapi.fault(Fault.SERVER_ERROR, endpoint=Endpoint.INFO)
    assert (await client.get()).status == 200
    assert (await client.post("jobs/info")).status == 500


async def test_a_fault_may_come_so_many_times_and_the_latest_wins(
    client: Client, useapi: SimulatedUseapi
) -> None:
    useapi.add(channel=CHANNEL)
    useapi.fault(Fault.GONE)
    useapi.fault(Fault.SERVER_ERROR, times=2)
    assert [(await client.get()).status for _ in range(4)] == [500, 500, 410, 410]


async def test_a_refusal_does_nothing(client: Client, useapi: SimulatedUseapi) -> None:
    useapi.add(channel=CHANNEL)
    useapi.flag(CHANNEL, MODERATION)
    useapi.fault(Fault.SERVER_ERROR)
    await client.post(f"{ONE}/reset")
    assert useapi.accounts[CHANNEL].pending == MODERATION


@pytest.mark.parametrize(
    ("fault", "done"), [(Fault.HANG, False), (Fault.LOST_ANSWER, True)], ids=["nothing done", "done"]
)
async def test_an_answer_that_never_comes(
    client: Client, useapi: SimulatedUseapi, fault: Fault, *, done: bool
) -> None:
    useapi.add(channel=CHANNEL)
    useapi.flag(CHANNEL, MODERATION)
    useapi.fault(fault)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await client.post(f"{ONE}/reset")
    assert (useapi.accounts[CHANNEL].pending is None) is done
    assert useapi.requests[-1].status is None


async def test_a_reset_connection_is_reset(client: Client, useapi: SimulatedUseapi) -> None:
    useapi.add(channel=CHANNEL)
    useapi.fault(Fault.RESET)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(useapi.url.split(":")[2].split("/")[0]))
    writer.write(b"GET /v2/account/midjourney HTTP/1.1\r\nHost: localhost\r\n\r\n")
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
    with pytest.raises(aiohttp.ClientOSError):
        await client.get()
    assert useapi.requests[-1].status is None


async def test_a_cut_off_answer_ends_in_its_body(client: Client) -> None:
    with pytest.raises(aiohttp.ClientPayloadError):
        await distorted(client, Fault.CUT_OFF)


async def test_a_trickled_answer_is_whole_in_the_end(client: Client, useapi: SimulatedUseapi) -> None:
    useapi.drip_seconds = 0.0
    assert list((await distorted(client, Fault.TRICKLE)).json) == [CHANNEL]


async def test_a_trickled_answer_is_still_under_way_when_its_first_byte_is_there(
    client: Client, useapi: SimulatedUseapi
) -> None:
    useapi.add(channel=CHANNEL)
    useapi.drip_seconds = 60.0
    useapi.fault(Fault.TRICKLE)
    headers = {"Authorization": f"Bearer {useapi.token}"}
    async with client.session.get(f"{useapi.url}/{LIST}", headers=headers) as found:
        assert await found.content.readany() == b"{"
        assert not found.content.is_eof()


@pytest.mark.parametrize("fault", [Fault.CUT_OFF, Fault.TRICKLE, Fault.OVERSIZED, Fault.WRONG_TYPES])
async def test_faults_of_a_body_reach_answers_that_have_none(
    client: Client, useapi: SimulatedUseapi, fault: Fault
) -> None:
    useapi.add(channel=CHANNEL)
    useapi.drip_seconds = 0.0
    useapi.fault(fault)
    if fault is Fault.CUT_OFF:
        with pytest.raises(aiohttp.ClientPayloadError):
            await client.post(f"{ONE}/reset")
    else:
        reply = await client.post(f"{ONE}/reset")
        assert (reply.status, reply.json) == (200, {})


async def test_slowness_delays_every_answer(client: Client, useapi: SimulatedUseapi) -> None:
    useapi.slow = 0.03
    useapi.slow_seconds = 0.05
    started = perf_counter()
    await client.get()
    between = perf_counter()
    useapi.fault(Fault.SLOW)
    await client.get()
    assert between - started >= 0.03
    assert perf_counter() - between >= 0.08


async def test_a_vanished_server_refuses_connections_and_comes_back_at_its_port(
    client: Client, useapi: SimulatedUseapi
) -> None:
    useapi.add(channel=CHANNEL)
    await client.get()
    for _ in range(2):
        url = useapi.url
        useapi.fault(Fault.VANISHED)
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.get()
        useapi.mend()
        assert useapi.url == url
        assert (await client.get()).status == 200


async def test_a_vanishing_server_drops_those_who_wait(client: Client, useapi: SimulatedUseapi) -> None:
    useapi.fault(Fault.HANG)
    waiting = asyncio.create_task(client.get())
    await until(lambda: useapi.count(Endpoint.LIST) == 1)
    useapi.fault(Fault.VANISHED)
    with pytest.raises(aiohttp.ClientConnectionError):
        await waiting


@pytest.mark.parametrize("limit", [{"endpoint": Endpoint.LIST}, {"times": 1}], ids=["endpoint", "times"])
async def test_vanishing_cannot_be_limited(useapi: SimulatedUseapi, limit: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="vanished"):
        useapi.fault(Fault.VANISHED, **limit)
    assert useapi.faults == ()


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.TRICKLE, Fault.SLOW, Fault.VANISHED])
async def test_the_server_stops_at_once_whatever_is_under_way(fault: Fault) -> None:
    async with aiohttp.ClientSession() as session:
        async with SimulatedUseapi() as useapi:
            useapi.drip_seconds = useapi.slow_seconds = 60.0
            if fault is not Fault.VANISHED:
                useapi.fault(fault)
            waiting = asyncio.create_task(Client(session, useapi).get())
            await until(lambda: len(useapi.requests) == 1)
            if fault is Fault.VANISHED:
                useapi.fault(fault)
            started = perf_counter()
        assert perf_counter() - started < 1
        await asyncio.wait([waiting], timeout=1)
        assert waiting.done()
        waiting.exception()


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_is_described_in_one_plain_sentence(fault: Fault) -> None:
    assert fault.describe[0].isupper()
    assert fault.describe.endswith(".")
    assert fault.describe.count(".") == 1
    assert len({it.describe for it in Fault}) == len(Fault)
