"""The client on real sockets: what it sends, how it reads pages, and what it never lets out."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import aiohttp
import pytest

from bot.domain.accounts import Account, EntryState, FlagKind, KnownAccount, Observation
from bot.domain.clock import utc_now
from bot.domain.errors import Cause
from bot.domain.providers import MJPROXY, Remedy, key_of, reference_to
from bot.domain.secret import SecretStr
from bot.providers.api_client import Limits
from bot.providers.errors import (
    AnswerLost,
    Gone,
    MalformedResponse,
    NotAsked,
    NotConfigured,
    ProviderError,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from bot.providers.mjproxy.client import MjproxyClient
from bot.render.error_messages import next_step, what
from tests.simulators.answers import Json
from tests.simulators.mjproxy import Answer, Endpoint, Fault, SimulatedMjproxy
from tests.simulators.mjproxy.cases import Clock

Call = Callable[[MjproxyClient], Awaitable[object]]
SHORT = Limits(connect=2, silence=0.1, reading=0.3, writing=0.3, info=0.3)


async def read_one(client: MjproxyClient, key: str) -> Account | None:
    async def poll() -> Observation:
        raise AssertionError

    return await client.read_account(reference_to(MJPROXY, key), poll)


def client_of(
    session: aiohttp.ClientSession, url: str, token: str, now: Callable[[], datetime] = utc_now
) -> MjproxyClient:
    return MjproxyClient(session, url, SecretStr(token), limits=SHORT, random=lambda: 0.0, now=now)


# What is sent


@pytest.mark.parametrize("ending", ["", "/", "/mj", "/mj/"])
async def test_the_base_may_end_in_mj_or_not(proxy: SimulatedMjproxy, ending: str) -> None:
    account = proxy.add()
    async with aiohttp.ClientSession() as session:
        client = client_of(session, proxy.url.removesuffix("/mj") + ending, proxy.token)
        assert [key_of(each.reference) for each in (await client.read_list()).accounts] == [account.id]
        assert await client.is_healthy()
    assert {request.path for request in proxy.requests} == {"/mj/home", "/mj/admin/accounts", "/health"}


async def test_every_page_is_asked_for_once_and_the_clock_once_an_hour(
    proxy: SimulatedMjproxy, client: MjproxyClient, clock: Clock
) -> None:
    for _ in range(250):
        proxy.add()
    listing = await client.read_list()
    assert (len(listing.accounts), listing.is_complete, listing.fault) == (250, True, None)
    asked = [json.loads(request.body) for request in proxy.requests if request.endpoint is Endpoint.LIST]
    assert asked == [
        {"pagination": {"current": page, "pageSize": 100}, "search": {}, "sort": {}} for page in (1, 2, 3)
    ]
    await client.read_list()
    assert proxy.count(Endpoint.HOME) == 1
    clock.passes(3_601)
    await client.read_list()
    assert proxy.count(Endpoint.HOME) == 2


async def test_commands_name_their_accounts(proxy: SimulatedMjproxy, client: MjproxyClient) -> None:
    first, second = proxy.add(), proxy.add()
    proxy.pause(first.id)
    await client.apply(Remedy.ENABLE, [first.id, second.id, "nobody"])
    assert first.enable
    assert json.loads(proxy.requests[-1].body) == [first.id, second.id, "nobody"]
    await client.apply(Remedy.CAPTCHA_SOLVED, [first.id])
    await client.remove_account(first.id)
    assert first.id not in proxy.accounts
    assert [(request.method, request.path) for request in proxy.requests] == [
        ("POST", "/mj/admin/accounts-enable"),
        ("POST", f"/mj/admin/account-cf/{first.id}"),
        ("DELETE", f"/mj/admin/account/{first.id}"),
    ]


async def test_one_account_is_searched_by_its_channel(proxy: SimulatedMjproxy, client: MjproxyClient) -> None:
    proxy.add()
    account = proxy.add()
    await client.read_list()
    proxy.pause(account.id)
    found = await read_one(client, account.id)
    assert found is not None
    assert (key_of(found.reference), found.entry) == (account.id, EntryState.PAUSED)
    assert json.loads(proxy.requests[-1].body)["search"] == {"channelId": account.channel}
    proxy.remove(account.id)
    assert await read_one(client, account.id) is None


async def test_an_account_of_the_website_is_searched_by_its_channel_too(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    entry: dict[str, Json] = {"id": "one", "channelId": "s1", "isDiscord": False, "enable": True}
    page = Answer.json({"list": [entry | {"running": True}], "pagination": {"total": 1, "pageCount": 1}})
    await client.home()
    proxy.scripted = [page, page]
    (listed,) = (await client.read_list()).accounts
    assert listed.link is None
    assert await read_one(client, "one") == listed
    assert json.loads(proxy.requests[-1].body)["search"] == {"channelId": "s1"}


async def test_an_account_that_was_deleted_is_not_remembered(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    gone, stays = proxy.add(), proxy.add()
    await client.read_list()
    proxy.remove(gone.id)
    await client.read_list()
    searched: list[dict[str, str]] = []
    for key in (gone.id, stays.id):
        await read_one(client, key)
        searched.append(json.loads(proxy.requests[-1].body)["search"])
    assert searched == [{}, {"channelId": stays.channel}]


async def test_one_account_of_which_no_channel_is_known_is_looked_for_in_the_whole_list(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    account, *_ = [proxy.add() for _ in range(101)]
    found = await read_one(client, account.id)
    assert found is not None
    assert key_of(found.reference) == account.id
    proxy.remove(account.id)
    assert await read_one(client, account.id) is None


async def test_an_account_that_its_channel_does_not_find_is_looked_for_in_the_whole_list(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    account, *_ = [proxy.add() for _ in range(101)]
    await client.read_list()
    proxy.accounts[account.id].channel = "moved"
    for searched in ({}, {"channelId": "moved"}):
        found = await read_one(client, account.id)
        assert found is not None
        assert found.discord_channel == "moved"
        assert json.loads(proxy.requests[-1].body)["search"] == searched


async def test_a_proxy_that_ignores_a_search_is_read_to_its_last_page(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    account, *_, newest = [proxy.add() for _ in range(101)]
    proxy.ignores_search = True
    await client.read_list()
    for key in (newest.id, account.id):
        found = await read_one(client, key)
        assert found is not None
        assert key_of(found.reference) == key
    proxy.remove(account.id)
    assert await read_one(client, account.id) is None


async def test_an_account_is_not_gone_for_an_answer_that_shows_only_some(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    account = proxy.add()
    page = Answer.json({"list": [], "pagination": {"total": 200, "pageCount": 2}})
    await client.read_list()
    proxy.scripted = [page] * 5
    for key in (account.id, "another"):
        with pytest.raises(MalformedResponse):
            await read_one(client, key)


HOSTILE_KEYS = ("", ".", "..", "a b", "a\nb", "x" * 101, "ü")


@pytest.mark.parametrize("key", HOSTILE_KEYS)
async def test_a_key_that_makes_no_address_is_refused_before_anything_is_sent(
    proxy: SimulatedMjproxy, client: MjproxyClient, key: str
) -> None:
    for call in (client.info, client.remove_account):
        with pytest.raises(NotConfigured):
            await call(key)
    with pytest.raises(NotConfigured):
        await client.link_for(Remedy.CAPTCHA_SOLVED, key)
    with pytest.raises(NotConfigured):
        await client.apply(Remedy.CAPTCHA_SOLVED, [key])
    with pytest.raises(NotConfigured):
        await client.apply(Remedy.ENABLE, ["good", key])
    with pytest.raises(Rejected):
        await client.apply(Remedy.ENABLE, [])
    assert proxy.requests == []


async def test_a_key_is_escaped_in_the_address(proxy: SimulatedMjproxy, client: MjproxyClient) -> None:
    account = proxy.add(key="US:a@b.c?x#1%2F")
    await client.apply(Remedy.CAPTCHA_SOLVED, [account.id])
    assert proxy.requests[-1].key == account.id


async def test_a_sync_that_brings_nothing_new_leaves_the_time_of_the_info_as_it_was(
    proxy: SimulatedMjproxy, client: MjproxyClient, clock: Clock
) -> None:
    account = proxy.add()
    for brings_news in (False, True):
        proxy.syncs_bring_news = brings_news
        before = await read_one(client, account.id)
        clock.passes(60)
        after = await client.info(account.id)
        assert before is not None
        assert before.info is not None
        assert (after.taken_at != before.info.taken_at) is brings_news


# Times


async def test_times_of_a_server_elsewhere_are_read_by_its_own_clock(
    proxy: SimulatedMjproxy, client: MjproxyClient, clock: Clock
) -> None:
    proxy.local = timedelta(hours=8)
    proxy.add()
    (account,) = (await client.read_list()).accounts
    assert account.info is not None
    assert account.info.taken_at == clock.now()
    assert (await client.home()).offset == timedelta(hours=8)


async def test_without_its_clock_a_time_is_not_known_and_the_list_is_read_all_the_same(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    proxy.add()
    proxy.fault(Fault.SERVER_ERROR, endpoint=Endpoint.HOME)
    (account,) = (await client.read_list()).accounts
    assert account.info is not None
    assert account.info.taken_at is None


async def test_a_clock_that_does_not_answer_is_asked_again_after_some_minutes(
    proxy: SimulatedMjproxy, clock: Clock
) -> None:
    proxy.add()
    proxy.fault(Fault.HANG, endpoint=Endpoint.HOME)
    async with aiohttp.ClientSession() as session:
        client = client_of(session, proxy.url, proxy.token, now=clock.now)
        for _ in range(3):
            await client.read_list()
        assert proxy.count(Endpoint.HOME) == 1
        proxy.mend()
        clock.passes(181)
        (account,) = (await client.read_list()).accounts
    assert account.info is not None
    assert account.info.taken_at is not None


async def test_a_list_waits_for_the_clock_that_somebody_else_asks_for(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    proxy.add()
    _, listing = await asyncio.gather(client.home(), client.read_list())
    (account,) = listing.accounts
    assert account.info is not None
    assert account.info.taken_at is not None


async def test_a_clock_that_answers_no_more_counts_as_it_was(
    proxy: SimulatedMjproxy, client: MjproxyClient, clock: Clock
) -> None:
    proxy.local = timedelta(hours=8)
    proxy.add()
    before = await client.read_list()
    clock.passes(3_601)
    proxy.fault(Fault.SERVER_ERROR, endpoint=Endpoint.HOME)
    assert (await client.read_list()).accounts == before.accounts
    assert proxy.count(Endpoint.HOME) == 2


async def test_a_clock_that_makes_no_sense_any_more_counts_as_it_was(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    proxy.local = timedelta(days=1)
    assert (await client.home()).offset is None
    proxy.local = timedelta(hours=8)
    await client.home()
    proxy.local = timedelta(days=1)
    assert (await client.home()).offset == timedelta(hours=8)


# Pages that do not fit together


def between_pages(proxy: SimulatedMjproxy, change: Callable[[], object], *, readings: int = 1) -> None:
    """Let something change after the first page of so many readings."""
    left = readings

    def before(endpoint: Endpoint) -> None:
        nonlocal left
        asked = [json.loads(it.body) for it in proxy.requests if it.endpoint is Endpoint.LIST]
        if endpoint is Endpoint.LIST and asked[-1]["pagination"]["current"] == 2 and left:
            left -= 1
            change()

    proxy.before_answer = before


async def test_row_67_a_list_that_shifts_while_it_is_read_is_read_again(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    for _ in range(150):
        proxy.add()
    between_pages(proxy, proxy.add)
    listing = await client.read_list()
    assert (len(listing.accounts), listing.is_complete) == (151, True)
    assert proxy.count(Endpoint.LIST) == 4


@pytest.mark.parametrize("change", ["added", "deleted"])
async def test_row_67_a_list_that_shifts_twice_is_not_complete(
    proxy: SimulatedMjproxy, client: MjproxyClient, change: str
) -> None:
    keys = [proxy.add().id for _ in range(150)][::-1]

    def changes() -> None:
        if change == "added":
            proxy.add()
        else:
            proxy.remove(keys.pop(0))

    between_pages(proxy, changes, readings=2)
    listing = await client.read_list()
    assert not listing.is_complete
    assert len(listing.accounts) == len({account.reference for account in listing.accounts})


async def test_row_67_an_account_deleted_between_two_pages_lets_another_slip_through_as_the_count_agrees(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    keys = [proxy.add().id for _ in range(102)][::-1]
    between_pages(proxy, lambda: proxy.remove(keys.pop(0)), readings=2)
    listing = await client.read_list()
    assert not listing.is_complete


async def test_a_later_page_that_fails_leaves_an_incomplete_list(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    for _ in range(150):
        proxy.add()
    between_pages(proxy, lambda: setattr(proxy, "token", "another"))
    listing = await client.read_list()
    assert (len(listing.accounts), listing.is_complete) == (100, False)
    assert isinstance(listing.fault, Unauthorized)
    assert proxy.count(Endpoint.LIST) == 2
    with pytest.raises(Unauthorized):
        await client.read_list()


async def test_the_first_reading_stands_where_the_second_one_fails(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    for _ in range(3):
        proxy.add()
    proxy.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST)
    proxy.fault(Fault.DUPLICATE, endpoint=Endpoint.LIST, times=1)
    listing = await client.read_list()
    assert not listing.is_complete
    assert isinstance(listing.fault, Unauthorized)
    assert [account.entry for account in listing.accounts] == [EntryState.UNKNOWN, EntryState.OK]


async def test_the_same_oddity_twice_is_how_the_list_is(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    for _ in range(3):
        proxy.add()
    proxy.fault(Fault.DUPLICATE, endpoint=Endpoint.LIST)
    listing = await client.read_list()
    assert [account.entry for account in listing.accounts] == [EntryState.UNKNOWN, EntryState.OK]
    assert listing.is_complete
    assert proxy.count(Endpoint.LIST) == 2


async def test_of_an_id_that_comes_twice_the_flagged_entry_is_kept(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    entry: dict[str, Json] = {"id": "one", "channelId": "1", "enable": True, "lock": False, "running": True}
    flagged: dict[str, Json] = entry | {"enable": False, "disabledReason": "账号用量已经用完"}
    page = Answer.json({"list": [entry, flagged], "pagination": {"total": 2, "pageCount": 1}})
    await client.home()
    proxy.scripted = [page, page]
    (account,) = (await client.read_list()).accounts
    assert account.flag is not None
    assert (account.flag.kind, account.entry) == (FlagKind.CREDITS, EntryState.UNKNOWN)


async def test_a_list_that_calls_itself_endless_ends_with_its_first_empty_page(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    body = b'{"list":[],"pagination":{"total":5,"pageCount":1000000000,"current":1,"pageSize":100}}'
    await client.home()
    proxy.scripted = [Answer(200, body)] * 2
    listing = await client.read_list()
    assert (listing.accounts, listing.is_complete) == ((), False)


async def test_a_demo_is_read_by_its_own_pages(proxy: SimulatedMjproxy) -> None:
    for _ in range(15):
        proxy.add()
    proxy.is_demo = True
    async with aiohttp.ClientSession() as session:
        client = client_of(session, proxy.url, "wrong")
        listing = await client.read_list()
        assert (len(listing.accounts), listing.is_complete) == (15, True)
        assert {account.title for account in listing.accounts} == {None}
        assert (await client.home()).is_demo
        with pytest.raises(Unauthorized, match="demo mode"):
            await client.apply(Remedy.ENABLE, [key_of(listing.accounts[0].reference)])
        for _ in range(90):
            proxy.add()
        listing = await client.read_list()
    assert (len(listing.accounts), listing.is_complete) == (100, False)
    assert isinstance(listing.fault, Unauthorized)


def small(key: str) -> Json:
    """Return an entry with only the fields that decide its state."""
    return {"id": key, "channelId": key, "enable": True, "lock": False, "running": True}


async def test_ten_thousand_accounts_are_read_page_by_page(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    await client.home()
    proxy.scripted = [
        Answer.json(
            {
                "list": [small(f"{page}x{number}") for number in range(100)],
                "pagination": {"total": 10_000, "pageCount": 100},
            }
        )
        for page in range(100)
    ]
    listing = await client.read_list()
    assert (len(listing.accounts), listing.is_complete) == (10_000, True)
    assert proxy.count(Endpoint.LIST) == 100


async def test_a_list_that_takes_too_long_is_left_incomplete(proxy: SimulatedMjproxy) -> None:
    for _ in range(250):
        proxy.add()
    seconds = 0.0

    def passes(endpoint: Endpoint) -> None:
        nonlocal seconds
        seconds += 20 if endpoint is Endpoint.LIST else 4  # for its clock

    proxy.before_answer = passes
    async with aiohttp.ClientSession() as session:
        token = SecretStr(proxy.token)
        client = MjproxyClient(session, proxy.url, token, monotonic=lambda: seconds, random=lambda: 0.0)
        listing = await client.read_list()
    assert (len(listing.accounts), listing.is_complete) == (200, False)
    assert listing.rest == timedelta(seconds=5 * 40)
    assert listing.fault is not None
    assert what(listing.fault) == "midjourney-proxy takes too long to list all accounts."


async def test_two_lists_are_never_read_at_the_same_time(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    for _ in range(150):
        proxy.add()
    await asyncio.gather(client.read_list(), client.read_list())
    asked = [json.loads(request.body) for request in proxy.requests if request.endpoint is Endpoint.LIST]
    assert [each["pagination"]["current"] for each in asked] == [1, 2, 1, 2]


# What goes wrong is one sentence


@pytest.mark.parametrize(
    ("fault", "kind", "sentence"),
    [
        (Fault.UNAUTHORIZED, Unauthorized, "refused the token"),
        (Fault.FORBIDDEN, Unauthorized, "refused the token"),
        (Fault.HTML_200, Unreachable, "A web page answers instead of midjourney-proxy."),
        (Fault.HTML_404, Gone, "A web page answers instead of midjourney-proxy."),
        (Fault.HTML_503, Unreachable, "midjourney-proxy has a server error (503)."),
        (Fault.CHALLENGE, Unreachable, "Something in front of midjourney-proxy turns this machine away"),
        (Fault.EDGE_LIMIT, RateLimited, "Something in front of midjourney-proxy turns this machine away"),
        (Fault.RATE_LIMITED, Unreachable, "Something in front of midjourney-proxy turns this machine away"),
        (Fault.RATE_LIMITED_RETRY_AFTER, RateLimited, "turns this machine away (429)"),
        (Fault.REDIRECT, Unreachable, "midjourney-proxy redirects to another address"),
        (Fault.SERVER_ERROR, Unreachable, "midjourney-proxy answers an error; it needs Redis."),
        (Fault.EMPTY, MalformedResponse, "in a form that Midwatch does not know"),
        (Fault.HALF_JSON, MalformedResponse, "in a form that Midwatch does not know"),
        (Fault.NOT_UTF8, MalformedResponse, "in a form that Midwatch does not know"),
        (Fault.ARRAY, MalformedResponse, "in a form that Midwatch does not know"),
        (Fault.WRONG_TYPES, MalformedResponse, "in a form that Midwatch does not know"),
        (Fault.OVERSIZED, MalformedResponse, "in a form that Midwatch does not know"),
        (Fault.RESET, AnswerLost, "The connection to midjourney-proxy broke off."),
        (Fault.CUT_OFF, AnswerLost, "The connection to midjourney-proxy broke off."),
        (Fault.VANISHED, NotAsked, "midjourney-proxy refuses connections."),
    ],
)
async def test_a_list_that_cannot_be_read_says_why(
    proxy: SimulatedMjproxy,
    client: MjproxyClient,
    fault: Fault,
    kind: type[ProviderError],
    sentence: str,
) -> None:
    for _ in range(3):
        proxy.add()
    await client.home()
    proxy.fault(fault, endpoint=None if fault is Fault.VANISHED else Endpoint.LIST)
    with pytest.raises(ProviderError) as caught:
        await client.read_list()
    assert type(caught.value) is kind
    assert sentence in what(caught.value)
    assert next_step(caught.value).endswith(".")


@pytest.mark.parametrize("fault", [Fault.NUMBERS_AS_STRINGS, Fault.UNKNOWN_FIELDS])
async def test_a_list_that_is_a_little_different_is_read(
    proxy: SimulatedMjproxy, client: MjproxyClient, fault: Fault
) -> None:
    for _ in range(3):
        proxy.add()
    proxy.fault(fault)
    listing = await client.read_list()
    assert listing.is_complete
    assert [(account.entry, account.sort) for account in listing.accounts] == [
        (EntryState.OK, sort) for sort in (3, 2, 1)
    ]


async def test_entries_without_their_fields_are_marked_and_nothing_is_known_of_them(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    for _ in range(2):
        proxy.add()
    proxy.fault(Fault.MISSING_FIELDS)
    listing = await client.read_list()
    assert {account.entry for account in listing.accounts} == {EntryState.UNKNOWN}


async def test_half_of_a_list_is_not_complete(proxy: SimulatedMjproxy, client: MjproxyClient) -> None:
    for _ in range(5):
        proxy.add()
    proxy.fault(Fault.PARTIAL_LIST)
    listing = await client.read_list()
    assert (len(listing.accounts), listing.is_complete) == (2, False)


async def test_silence_ends(proxy: SimulatedMjproxy) -> None:
    proxy.fault(Fault.HANG)
    async with aiohttp.ClientSession() as session:
        client = client_of(session, proxy.url, proxy.token)
        with pytest.raises(AnswerLost) as caught:
            await client.read_list()
    assert caught.value.cause is Cause.SILENT


async def test_without_redis_the_list_says_what_is_missing(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    proxy.has_redis = False
    with pytest.raises(Unreachable, match="needs redis") as caught:
        await client.read_list()
    assert next_step(caught.value).startswith("Check that its Redis runs")
    assert caught.value.cause is Cause.NEEDS_REDIS
    proxy.fault(Fault.SERVER_ERROR)
    with pytest.raises(Unreachable, match=r"server error \(status: 500\)"):
        await client.read_list()


async def test_an_older_version_cannot_enable_and_says_so(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    proxy.version = "v11.9.0"
    account = proxy.add()
    assert not (await client.home()).enables
    with pytest.raises(Rejected, match="too old to enable") as caught:
        await client.apply(Remedy.ENABLE, [account.id])
    assert "older than 11.9.1" in what(caught.value)
    assert "web page" in next_step(caught.value)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"code":1,"description":"OK","result":[]}', MalformedResponse),
        (b'{"status":"ok"}', MalformedResponse),
        (b'[{"id":"1"}]', MalformedResponse),
        (b'"hello"', MalformedResponse),
        (b'{"list":{},"pagination":{"total":0,"pageCount":0}}', MalformedResponse),
        (b'{"list":[],"pagination":{"total":null,"pageCount":0}}', MalformedResponse),
    ],
)
async def test_another_product_is_not_understood(
    proxy: SimulatedMjproxy, client: MjproxyClient, body: bytes, kind: type[ProviderError]
) -> None:
    await client.home()
    proxy.scripted = [Answer(200, body)] * 3
    with pytest.raises(kind):
        await client.read_list()


ONE = '{"id":"1","channelId":"1","enable":true,"lock":false,"running":true,"disabledReason":"Blocked"'
SAYS_TWICE: dict[str, tuple[Call, str]] = {
    "list": (
        lambda client: client.read_list(),
        f'{{"list":[{ONE},"enable":false}}],"pagination":{{"total":1,"pageCount":1}}}}',
    ),
    "command": (
        lambda client: client.apply(Remedy.ENABLE, ["key"]),
        '{"success":false,"success":true}',
    ),
    "link": (
        lambda client: client.link_for(Remedy.CAPTCHA_SOLVED, "key"),
        '{"success":true,"data":{"cfUrl":"https://one.example/","cfUrl":"https://two.example/"}}',
    ),
}


@pytest.mark.parametrize(("call", "body"), SAYS_TWICE.values(), ids=SAYS_TWICE)
async def test_an_answer_that_says_a_thing_twice_is_not_believed(
    proxy: SimulatedMjproxy, client: MjproxyClient, call: Call, body: str
) -> None:
    await client.home()
    proxy.scripted = [Answer(200, body.encode())]
    with pytest.raises(MalformedResponse) as caught:
        await call(client)
    assert caught.value.place == "repeated …"


PRODUCTS = {
    "of Java": (Answer(404, b'{"status":404,"error":"Not Found","path":"/mj/admin/accounts"}'), Gone),
    "a gateway": (Answer(401, b'{"error":{"message":"Invalid token","type":"x"}}'), Unauthorized),
    "a single page": (Answer(200, b"<!doctype html><div id=root></div>", "text/html"), Unreachable),
    "a login page": (Answer(401, b"<html><form action=/login>", "text/html"), Unreachable),
    "a login elsewhere": (Answer(302, b"", "", {"Location": "https://login.example/"}), Unreachable),
    "a login before it": (Answer(401, b"", "", {"WWW-Authenticate": "Basic"}), Unreachable),
    "an old version": (Answer(405, b"", ""), Gone),
}


@pytest.mark.parametrize(("answer", "kind"), PRODUCTS.values(), ids=PRODUCTS)
async def test_what_answers_instead_is_one_sentence_that_names_the_setting(
    proxy: SimulatedMjproxy, client: MjproxyClient, answer: Answer, kind: type[ProviderError]
) -> None:
    proxy.scripted = [answer] * 4
    with pytest.raises(ProviderError) as caught:
        await client.read_list()
    assert type(caught.value) is kind
    said = next_step(caught.value)
    assert "MJPROXY_URL" in said or "MJPROXY_TOKEN" in said or "in front of" in said


async def test_another_product_has_no_home(proxy: SimulatedMjproxy, client: MjproxyClient) -> None:
    proxy.scripted = [Answer(200, b'{"data":{"name":"other"},"success":true}')]
    with pytest.raises(Gone, match="service gone"):
        await client.home()
    proxy.scripted = [Answer(404, b"", "")]
    with pytest.raises(Gone, match="service gone"):
        await client.home()


async def test_a_command_is_never_sent_twice_and_may_have_been_obeyed(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    account = proxy.add()
    proxy.pause(account.id)
    proxy.fault(Fault.CUT_OFF, endpoint=Endpoint.ENABLE)
    with pytest.raises(AnswerLost) as caught:
        await client.apply(Remedy.ENABLE, [account.id])
    assert "may have been done" in next_step(caught.value)
    assert proxy.count(Endpoint.ENABLE) == 1
    assert account.enable


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"success":"yes"}'])
async def test_a_command_that_does_not_say_that_it_was_done_is_not(
    proxy: SimulatedMjproxy, client: MjproxyClient, body: bytes
) -> None:
    proxy.scripted = [Answer(200, body)]
    with pytest.raises(MalformedResponse):
        await client.apply(Remedy.CAPTCHA_SOLVED, ["key"])


@pytest.mark.parametrize("link", ["http://x.example/", "javascript:x", "https://x y", "", None])
async def test_a_link_that_is_none_is_not_given_to_anybody(
    proxy: SimulatedMjproxy, client: MjproxyClient, link: str | None
) -> None:
    proxy.scripted = [Answer.json({"success": True, "data": {"cfUrl": link}})]
    with pytest.raises(MalformedResponse):
        await client.link_for(Remedy.CAPTCHA_SOLVED, "key")


# Secrets


CALLS: dict[str, Call] = {
    "list": lambda client: client.read_list(),
    "enable": lambda client: client.apply(Remedy.ENABLE, ["key"]),
    "link": lambda client: client.link_for(Remedy.CAPTCHA_SOLVED, "key"),
    "solved": lambda client: client.apply(Remedy.CAPTCHA_SOLVED, ["key"]),
    "sync": lambda client: client.info("key"),
    "remove": lambda client: client.remove_account("key"),
    "home": lambda client: client.home(),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    "fault",
    sorted(set(Fault) - {Fault.SLOW, Fault.HANG, Fault.LOST_ANSWER, Fault.TRICKLE, Fault.OVERSIZED}),
)
async def test_no_credential_comes_out_whatever_goes_wrong(
    proxy: SimulatedMjproxy, client: MjproxyClient, caplog: pytest.LogCaptureFixture, fault: Fault, call: Call
) -> None:
    caplog.set_level(logging.DEBUG)
    proxy.ask_captcha(proxy.add(key="key").id)
    try:
        proxy.fault(fault)
    except ValueError:
        return
    shown = ""
    try:
        shown = repr(await call(client))
    except ProviderError as error:
        shown = f"{error!r} {error.__dict__} {error.__context__!r} {error.__cause__!r}"
    assert [secret for secret in proxy.secrets if secret in shown + caplog.text] == []


async def test_a_credential_that_another_field_repeats_is_hidden(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    account = proxy.add()
    proxy.ask_captcha(account.id)
    said = f"{{token: {account.secret('token')}}} {account.captcha_link} {proxy.token}"
    account.reason = account.remark = account.work_time = said
    account.info = {"Subscription": said, account.secret("cookie"): "1"}
    (seen,) = (await client.read_list()).accounts
    assert [secret for secret in proxy.secrets if secret in repr(seen) + repr(seen.info)] == []
    assert seen.title is None
    assert KnownAccount(seen).label == f"…{account.channel[-4:]}"


@pytest.mark.parametrize("status", [200, 400, 429, 500])
async def test_a_captcha_link_in_a_refusal_is_not_quoted(
    proxy: SimulatedMjproxy, client: MjproxyClient, status: int
) -> None:
    said = "BadRequest https://editor.midjourney.com/captcha/challenge/index.html?token=x and more"
    answer = json.dumps({"success": False, "message": said}).encode()
    proxy.scripted = [Answer(status, answer)]
    with pytest.raises(ProviderError) as caught:
        await client.info("key")
    assert caught.value.quote == "BadRequest [hidden] and more"


async def test_the_machine_of_the_proxy_is_not_shown(client: MjproxyClient) -> None:
    home = await client.home()
    assert (home.version, home.is_demo, home.enables) == ((11, 10, 3, 0), False, True)
    assert "proxyhost" not in repr(home)
