"""The simulated midjourney-proxy answers each recorded request with the same status, fields and types."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from tests.simulators.mjproxy import SimulatedMjproxy
from tests.simulators.mjproxy.cases import NAMES, RECORDED_TOKEN, Recorded, ask, fields, recorded

EMPTY = frozenset(
    {
        *("accepted-raw-authorization", "add", "get-enabled-only-without-redis", "list-body-empty-object"),
        *("list-empty", "list-page-negative", "list-page-zero"),
    }
)
"""What was asked before there were accounts."""
HOUSE = "list-full-house"
PAGES = ("list-page-1-of-3", "list-page-2-of-3", "list-page-3-of-3")
LEFT_OUT = "list-just-enabled"
"""The list that shows an account which was deleted later."""
LOCKED = frozenset(
    {"captcha-link", "captcha-link-fresh", "captcha-link-fails", "captcha-link-after-failure"}
    | {"captcha-solved", "sync-while-locked"}
)
VARYING = frozenset({"userToken", "cookie", "botToken", "loginAccount", "loginPassword", "login2fa"}) | {
    *("permanentInvitationLink", "subChannels", "cfHashCreated", "cfHashUrl", "cfUrl")
}
"""Credentials: here each has a value to be searched for, in the recorded answers few have one."""


def entries_of(name: str) -> list[dict[str, Any]]:
    """Return the accounts of a recorded list, the newest first."""
    if name in {*PAGES, "list-page-past-the-end"}:
        return [entry for page in PAGES for entry in recorded(page).body["list"]]
    if name == "list-demo-anonymous":
        return entries_of(HOUSE)
    body = recorded(name).body
    if "list" in fields(body):
        return body["list"]
    if isinstance(body, list):
        return newest_first(cast("list[dict[str, Any]]", body))
    known = {entry["id"]: entry for entry in entries_of(LEFT_OUT) + entries_of(HOUSE)}
    single = fields(fields(body).get("data", body))
    if "channelId" in single:
        known[single["id"]] = single
    return newest_first(known.values())


def newest_first(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(entries, key=lambda entry: entry["dateCreated"], reverse=True)


def furnish(proxy: SimulatedMjproxy, entries: list[dict[str, Any]]) -> None:
    for entry in reversed(entries):
        account = proxy.add(
            key=entry["id"],
            channel=entry["channelId"],
            remark=entry["remark"],
            sort=entry["sort"],
            work_time=entry["workTime"],
            is_discord=entry["isDiscord"],
            running=False,
        )
        account.enable, account.lock, account.reason = entry["enable"], entry["lock"], entry["disabledReason"]
        account.running = entry["running"]
        account.captcha_link = "https://captcha.example" if entry["cfUrl"] else None
        if entry["infoUpdated"] or entry["properties"]:
            account.info_at = datetime(2026, 11, 27, tzinfo=UTC)
            account.is_connected = True


def prepare(proxy: SimulatedMjproxy, it: Recorded) -> None:
    """Bring the simulated one into the state in which the real one was asked."""
    if it.name not in EMPTY:
        furnish(proxy, entries_of(it.name))
    proxy.has_redis = "without-redis" not in it.name
    proxy.is_demo = "demo" in it.name
    proxy.links_fail = it.name == "captcha-link-fails"
    proxy.syncs_bring_news = "nothing-new" not in it.name
    proxy.local = timedelta(hours=8) if "utc-plus-8" in it.name else timedelta()
    key = it.path.partition("?")[0].rsplit("/", 1)[-1]
    account = proxy.accounts.get(key)
    if account is not None:
        account.lock = it.name in LOCKED
        account.is_connected = it.name.startswith("sync") and it.name != "sync-not-connected"
        if it.name == "sync":
            account.enable = True
    if it.name.startswith("enable-"):
        count = next((int(word) for word in it.body["message"].split() if word.isdecimal()), 0)
        named = [proxy.accounts[key] for key in it.asked or () if key in proxy.accounts]
        for number, each in enumerate(named):
            each.enable = number >= count


def sent(it: Recorded) -> bytes | None:
    if isinstance(it.asked, str):
        return it.asked.encode()
    return json.dumps(it.asked).encode() if "Content-Type" in it.sent else None


def types(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield each place of an answer and the type that stands there."""
    yield place, type(value).__name__
    for name, inner in fields(value).items():
        if name not in VARYING:
            yield from types(inner, f"{place}.{name}")
    if isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from types(inner, f"{place}[]")


@pytest.mark.parametrize("name", NAMES)
async def test_it_answers_as_the_real_one_did(name: str) -> None:
    it = recorded(name)
    async with SimulatedMjproxy(token=RECORDED_TOKEN) as proxy:
        prepare(proxy, it)
        reply = await ask(proxy, it.method, it.path, it.sent, sent(it))
    assert reply.status == it.status
    assert {name.casefold(): value for name, value in reply.headers.items()} == it.headers
    if it.body is None:
        assert reply.body.decode() == it.text
        return
    assert set(types(reply.json)) == set(types(it.body))
    for field in ("message", "success", "code", "pagination", "title"):
        assert fields(reply.json).get(field) == fields(it.body).get(field)


def test_no_answer_was_left_out() -> None:
    assert len(NAMES) == 74


async def test_every_field_of_an_entry_is_there_and_no_other() -> None:
    real: dict[str, Any] = recorded(HOUSE).body["list"][0]
    async with SimulatedMjproxy(token=RECORDED_TOKEN) as proxy:
        proxy.add()
        reply = await ask(proxy, "GET", "/mj/admin/accounts", {"Mj-Api-Secret": RECORDED_TOKEN}, None)
    (made,) = reply.json
    assert made.keys() == real.keys()


@pytest.mark.parametrize("name", ["list-full-house", "list-captcha", "list-discord-was-out", "list-starting"])
async def test_the_accounts_of_a_list_stand_as_they_stood(name: str) -> None:
    it = recorded(name)
    async with SimulatedMjproxy(token=RECORDED_TOKEN) as proxy:
        prepare(proxy, it)
        reply = await ask(proxy, it.method, it.path, it.sent, sent(it))
    fields = ("id", "channelId", "enable", "lock", "running", "disabledReason", "sort", "remark", "workTime")
    made = [tuple(entry[name] for name in fields) for entry in reply.json["list"]]
    assert made == [tuple(entry[name] for name in fields) for entry in it.body["list"]]
