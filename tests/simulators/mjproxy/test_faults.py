"""The faults of the simulated midjourney-proxy: each answer goes wrong in the way that was asked for."""

import aiohttp
import pytest

from tests.simulators.mjproxy import Endpoint, Fault, SimulatedMjproxy
from tests.simulators.mjproxy.cases import Reply, ask
from tests.simulators.mjproxy.faults import FOREIGN

BODY = b'{"pagination":{"current":1,"pageSize":100},"search":{},"sort":{}}'


async def listed(proxy: SimulatedMjproxy) -> Reply:
    headers = {"Mj-Api-Secret": proxy.token, "Content-Type": "application/json"}
    return await ask(proxy, "POST", "/mj/admin/accounts", headers, BODY)


@pytest.mark.parametrize("fault", sorted(FOREIGN))
def test_what_only_useapi_says_is_never_said(proxy: SimulatedMjproxy, fault: Fault) -> None:
    with pytest.raises(ValueError, match="midjourney-proxy never says"):
        proxy.fault(fault)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        *((Fault.UNAUTHORIZED, 401), (Fault.FORBIDDEN, 403), (Fault.SERVER_ERROR, 500)),
        *((Fault.HTML_200, 200), (Fault.HTML_503, 503), (Fault.REDIRECT, 302), (Fault.RATE_LIMITED, 429)),
    ],
)
async def test_a_fault_that_refuses_lasts_as_often_as_it_was_asked_for(
    proxy: SimulatedMjproxy, fault: Fault, status: int
) -> None:
    proxy.fault(fault, endpoint=Endpoint.LIST, times=1)
    assert (await listed(proxy)).status == status
    assert (await listed(proxy)).json["pagination"]["total"] == 0


async def test_distortions_know_the_list(proxy: SimulatedMjproxy) -> None:
    keys = [proxy.add().id for _ in range(5)][::-1]
    seen: dict[Fault, list[str | None]] = {}
    for fault in (Fault.DUPLICATE, Fault.PARTIAL_LIST, Fault.MISSING_FIELDS, Fault.UNKNOWN_FIELDS):
        proxy.fault(fault, times=1)
        seen[fault] = [entry.get("id") for entry in (await listed(proxy)).json["list"]]
    assert seen == {
        Fault.DUPLICATE: [keys[0], *keys[:-1]],
        Fault.PARTIAL_LIST: keys[:2],
        Fault.MISSING_FIELDS: [None] * 5,
        Fault.UNKNOWN_FIELDS: keys,
    }
    proxy.fault(Fault.ARRAY, times=1)
    assert [entry["id"] for entry in (await listed(proxy)).json] == keys


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.CUT_OFF, Fault.VANISHED])
async def test_a_broken_connection_is_one_until_it_is_mended(proxy: SimulatedMjproxy, fault: Fault) -> None:
    proxy.fault(fault)
    with pytest.raises(aiohttp.ClientError):
        await listed(proxy)
    proxy.mend()
    assert (await listed(proxy)).status == 200


async def test_listeners_are_notified_of_each_request_and_fault(proxy: SimulatedMjproxy) -> None:
    seen: list[tuple[Fault, ...]] = []
    proxy.changed.append(lambda: seen.append(proxy.faults))
    proxy.fault(Fault.SERVER_ERROR)
    await listed(proxy)
    proxy.mend()
    assert seen == [(Fault.SERVER_ERROR,), (Fault.SERVER_ERROR,), ()]


async def test_each_request_is_counted(proxy: SimulatedMjproxy) -> None:
    await listed(proxy)
    await ask(proxy, "GET", "/health", {}, None)
    assert (proxy.count(Endpoint.LIST), proxy.count(Endpoint.HEALTH), proxy.count(Endpoint.HOME)) == (1, 1, 0)
    assert proxy.requests[0].status == 200
    assert proxy.requests[0].size > 0
