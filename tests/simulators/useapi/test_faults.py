"""Each fault of the simulated useapi.net spoils the chosen requests in its own way."""

import json

import pytest

from tests.simulators.useapi import MODERATION, Endpoint, Fault, SimulatedUseapi
from tests.simulators.useapi.cases import CHANNEL, LIST, ONE, Client, distorted


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_is_described_in_one_plain_sentence(fault: Fault) -> None:
    assert fault.describe[0].isupper()
    assert fault.describe.endswith(".")
    assert ". " not in fault.describe
    assert len({it.describe for it in Fault}) == len(Fault)


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
        (Fault.CHALLENGE, 403),
        (Fault.EDGE_LIMIT, 429),
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
    again = await client.get()
    assert (again.status, again.body) == (true.status, true.body)


@pytest.mark.parametrize("fault", [Fault.HTML_200, Fault.HTML_404, Fault.HTML_503])
async def test_web_pages_have_the_content_type_of_a_page(
    client: Client, useapi: SimulatedUseapi, fault: Fault
) -> None:
    useapi.fault(fault)
    reply = await client.get()
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert reply.body.startswith(b"<!DOCTYPE html>")


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


async def test_retry_after_is_sent_or_not(client: Client, useapi: SimulatedUseapi) -> None:
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


async def test_a_fault_may_meet_a_share_of_the_requests(client: Client, useapi: SimulatedUseapi) -> None:
    useapi.add(channel=CHANNEL)
    useapi.fault(Fault.SERVER_ERROR, share=0.5)
    met = [(await client.get()).status == 500 for _ in range(40)]
    assert 5 < sum(met) < 35


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
