"""What a poll reads anew: only what has changed since the last one."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.accounts import EntryState, FlagKind
from bot.domain.clock import utc_now
from bot.providers.http_response import ApiRequest, ApiResponse
from bot.providers.mjproxy import parsing
from bot.providers.mjproxy.client import MjproxyClient
from bot.providers.mjproxy.entries import READ, parse_entry
from bot.providers.mjproxy.error_mapping import Endpoint
from tests.simulators.mjproxy import SimulatedMjproxy
from tests.simulators.mjproxy.cases import recorded
from tests.simulators.mjproxy.pool import MODERATION


class Noted(dict[str, object]):
    """An entry that notes which of its fields are read."""

    names: set[str]

    def get(self, name: str, default: object = None, /) -> object:
        self.names.add(name)
        return super().get(name, default)


def test_every_field_that_is_read_decides_whether_an_entry_has_changed() -> None:
    read: set[str] = set()
    for entry in recorded("list-full-house").body["list"]:
        noted = Noted(entry)
        noted.names = read
        parse_entry(noted, timedelta(), utc_now())
    assert read <= set(READ)
    assert {"lock", "disabledReason", "properties", "riskControlUnlockTime", "cfUrl"} <= read


async def test_an_entry_is_read_anew_only_if_a_field_that_is_read_has_changed(
    proxy: SimulatedMjproxy, client: MjproxyClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []

    def noting(fields: dict[str, object], *rest: object) -> object:
        read.append(fields["id"])
        return parse_entry(fields, *rest)  # pyright: ignore[reportArgumentType] - as it was called

    monkeypatch.setattr(parsing, "parse_entry", noting)
    accounts = [proxy.add() for _ in range(150)]
    before = await client.read_list()
    assert len(read) == 150
    read.clear()
    assert (await client.read_list()).accounts == before.accounts
    for account in accounts:
        account.fast_exhausted = True  # of no interest
    after = await client.read_list()
    assert all(old is new for old, new in zip(before.accounts, after.accounts, strict=True))
    assert read == []
    struck = accounts[3]
    struck.enable, struck.running, struck.reason = False, False, MODERATION
    after = await client.read_list()
    assert read == [struck.id]
    (changed,) = (each for each in after.accounts if each.flag is not None)
    assert (changed.entry, changed.flag and changed.flag.kind) == (EntryState.FLAGGED, FlagKind.MODERATION)


@pytest.mark.parametrize(
    ("offset", "margin"), [(timedelta(), timedelta(minutes=1)), (None, timedelta(hours=16))]
)
def test_an_account_that_the_proxy_enables_at_some_time_is_read_each_time(
    offset: timedelta | None, margin: timedelta
) -> None:
    entry = {
        "id": "a",
        "enable": False,
        "running": False,
        "lock": False,
        "disabledReason": "",
        "riskControlUnlockTime": "2026-11-27T12:00:00",
    }
    body = json.dumps({"list": [entry], "pagination": {"total": 1, "pageCount": 1}}).encode()
    pages, unlocks = parsing.RememberedPages(), datetime(2026, 11, 27, 12, tzinfo=UTC)

    def read_at(at: datetime) -> EntryState:
        answer = ApiResponse(200, "application/json", body, None, at)
        (account,) = pages.parse(answer, ApiRequest(Endpoint.LIST), 1, offset).accounts
        return account.entry

    assert read_at(unlocks - margin) is EntryState.FLAGGED
    assert read_at(unlocks + margin) is EntryState.PAUSED
