"""The simulated useapi.net keeps its secrets, counts what it is asked, and stays quick."""

from tests.simulators.useapi import BLOCK, Endpoint, Fault, SimulatedUseapi
from tests.simulators.useapi.cases import CHANNEL, LIST, ONE, PINNED, SERVER, Client
from tests.support.clock import Clock


async def test_requests_are_recorded_with_endpoint_channel_and_status(
    client: Client, useapi: SimulatedUseapi
) -> None:
    useapi.add(channel=CHANNEL)
    await client.get()
    await client.post("jobs/info", channel=CHANNEL)
    await client.ask("DELETE", f"{LIST}/{SERVER}")
    await client.get("nowhere")
    assert [(it.method, it.endpoint, it.channel, it.at, it.status) for it in useapi.requests] == [
        ("GET", Endpoint.LIST, None, PINNED, 200),
        ("POST", Endpoint.INFO, CHANNEL, PINNED, 200),
        ("DELETE", Endpoint.REMOVE, SERVER, PINNED, 404),
        ("GET", Endpoint.OTHER, None, PINNED, 404),
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


async def test_a_hook_is_called_for_changes_and_requests(client: Client, useapi: SimulatedUseapi) -> None:
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


async def test_ten_thousand_accounts_are_listed_again_alike(client: Client, useapi: SimulatedUseapi) -> None:
    for _ in range(10_000):
        useapi.add()
    first = await client.get()
    again = await client.get()
    assert len(again.json) == 10_000
    assert again.body == first.body


def test_two_simulations_of_one_seed_are_alike() -> None:
    one, other = (SimulatedUseapi(seed=3, now=Clock(PINNED).now).add() for _ in range(2))
    assert (one.channel, one.discord, one.info_text) == (other.channel, other.discord, other.info_text)
