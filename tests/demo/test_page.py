"""The demo's page server, without a browser: who gets in, what changes, and what is pushed."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.providers.errors import ProviderError
from tests.demo.page import PageServer, Proxy, Stage, Useapi
from tests.demo.page.services import FLAGS, REASONS, SELDOM_ASKED
from tests.demo.page.stage import LOCALES
from tests.simulators.discord import SANDBOX_BOT_TOKEN, SimulatedDiscord
from tests.simulators.faults import DISTORTIONS
from tests.simulators.mjproxy import SimulatedMjproxy
from tests.simulators.mjproxy.faults import OF_LISTS
from tests.simulators.mjproxy.faults import REFUSALS as PROXY_REFUSALS
from tests.simulators.useapi import SAVE_REFUSALS, Fault, SimulatedUseapi
from tests.simulators.useapi.faults import REFUSALS
from tests.support.assembly import Assembly
from tests.support.clock import MINUTE, Clock

PATIENCE = 10.0
ACTIONS = [
    *("slash", "autocomplete", "click", "select", "submit"),
    *("flag", "clear", "stubborn", "fault", "refuse", "switch", "dms", "sending", "restart", "month"),
]


class NoBot:
    """Stands where the bot's process would, and counts how often it was started again."""

    running = False
    exit_code: int | None = 70
    restarts = 0

    async def restart(self) -> None:
        self.restarts += 1


class Spoken:
    """The language of channels, without a bot that speaks it."""

    language = "en-US"

    async def speak(self, language: str) -> None:
        self.language = language


class OneMonth:
    """Lets one month pass, and takes until it is told to be over."""

    def __init__(self, bot: NoBot) -> None:
        self.ahead = timedelta()
        self.bot = bot
        self.over = asyncio.Event()

    async def let_pass(self) -> None:
        await self.over.wait()
        self.ahead += timedelta(days=30)
        await self.bot.restart()


class Client:
    """Sends the headers of a browser, unless a test sets others."""

    def __init__(self, page: PageServer, session: aiohttp.ClientSession) -> None:
        self.page, self.session = page, session
        self.origin = f"http://127.0.0.1:{page.port}"

    async def post(self, action: str, headers: dict[str, str] | None = None, **body: Any) -> tuple[int, Any]:
        sent = {"Origin": self.origin, "Content-Type": "application/json", **(headers or {})}
        data = json.dumps({"as": "owner", **body})
        async with self.session.post(self.page.address + action, data=data, headers=sent) as response:
            return response.status, await response.json() if response.status == 200 else None

    async def get(self, path: str = "", **headers: str) -> tuple[int, str]:
        async with self.session.get(self.page.address + path, headers=headers) as response:
            return response.status, await response.text()


@pytest.fixture
def bot_process() -> NoBot:
    return NoBot()


@pytest.fixture
def months(bot_process: NoBot) -> OneMonth:
    return OneMonth(bot_process)


@pytest.fixture
def spoken() -> Spoken:
    return Spoken()


@pytest.fixture
def stage(
    world: SimulatedDiscord, api: SimulatedUseapi, bot_process: NoBot, months: OneMonth, spoken: Spoken
) -> Stage:
    api.add(channel="1200000000000000001", discord_name="aurora")
    return Stage(world, bot_process, [Useapi(api)], months, spoken)


@pytest.fixture
def both(
    world: SimulatedDiscord,
    api: SimulatedUseapi,
    proxy: SimulatedMjproxy,
    bot_process: NoBot,
    months: OneMonth,
    spoken: Spoken,
) -> Stage:
    """The page of both services, of which the proxy has three accounts."""
    for remark in ("jasper", "kelpie", None):
        proxy.add(remark=remark)
    return Stage(world, bot_process, [Useapi(api), Proxy(proxy)], months, spoken)


@pytest.fixture
async def client(stage: Stage, api: SimulatedUseapi, world: SimulatedDiscord) -> AsyncIterator[Client]:
    async with PageServer(stage) as page, aiohttp.ClientSession() as session:
        api.changed.append(page.changed)
        world.on_change.append(page.changed)
        yield Client(page, session)


async def test_the_page_is_served_at_its_address_and_at_localhost(client: Client) -> None:
    status, text = await client.get()
    assert status == 200
    assert "<title>Midwatch demo</title>" in text
    assert (await client.get("", Host=f"localhost:{client.page.port}"))[0] == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}"]
)
async def test_another_host_name_is_refused(client: Client, host: str) -> None:
    assert (await client.get("", Host=host.format(port=client.page.port)))[0] == 403


@pytest.mark.parametrize(
    "path", ["/", "/events?as=owner", "/app.js", "/guess/", "/guess/events?as=owner", "/guess/flag"]
)
async def test_nothing_is_there_without_the_secret_path(client: Client, path: str) -> None:
    async with client.session.get(client.origin + path) as response:
        assert response.status == 404


@pytest.mark.parametrize(
    "name",
    [
        "server.py",
        "stage.py",
        "..%2fdemo.py",
        "%2e%2e/demo.py",
        "nothing.js",
        "page",
        "attachments/1/2/a.png",
    ],
)
async def test_only_the_page_s_own_files_are_served(client: Client, name: str) -> None:
    assert (await client.get(name))[0] == 404


@pytest.mark.parametrize("path", ["", "app.js", "nothing.js"])
async def test_the_browser_is_told_to_load_and_frame_nothing_from_elsewhere(
    client: Client, path: str
) -> None:
    async with client.session.get(client.page.address + path) as response:
        policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_get_changes_nothing(client: Client, stage: Stage, bot_process: NoBot, action: str) -> None:
    before = stage.picture("owner")
    query = "?as=owner&channel=1200000000000000001&kind=captcha&fault=slow&stubborn=true&closed=true"
    assert (await client.get(action + query))[0] == 404
    assert stage.picture("owner") == before
    assert bot_process.restarts == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Origin": "https://evil.example"}, 403, id="another site"),
        pytest.param({"Origin": "null"}, 403, id="a sandboxed frame"),
        pytest.param({"Origin": "http://127.0.0.1:1"}, 403, id="another port"),
        pytest.param({"Host": "evil.example"}, 403, id="another name for this address"),
        pytest.param({"Content-Type": "text/plain"}, 415, id="what a form can send"),
    ],
)
async def test_a_post_from_elsewhere_changes_nothing(
    client: Client, api: SimulatedUseapi, headers: dict[str, str], status: int
) -> None:
    answer = await client.post("flag", headers, channel="1200000000000000001", kind="captcha")
    assert answer[0] == status
    assert api.accounts["1200000000000000001"].pending is None


async def test_a_post_without_an_origin_changes_nothing(client: Client, api: SimulatedUseapi) -> None:
    body = {"as": "owner", "channel": "1200000000000000001", "kind": "captcha"}
    async with client.session.post(client.page.address + "flag", json=body) as response:
        assert response.status == 403
    assert api.accounts["1200000000000000001"].pending is None


@pytest.mark.parametrize(
    ("action", "body"),
    [
        pytest.param("dance", {}, id="no such action"),
        pytest.param(
            "flag", {"as": "nobody", "channel": "1200000000000000001", "kind": "captcha"}, id="no such person"
        ),
        pytest.param(
            "flag", {"as": ["owner"], "channel": "1200000000000000001", "kind": "captcha"}, id="not a name"
        ),
        pytest.param("flag", {"channel": "1", "kind": "captcha"}, id="no such account"),
        pytest.param("flag", {"channel": "1200000000000000001", "kind": "joy"}, id="no such flag"),
        pytest.param("stubborn", {"channel": "1", "stubborn": True}, id="no such account to be stubborn"),
        pytest.param("fault", {"service": "useapi", "fault": "boredom"}, id="no such fault"),
        pytest.param("fault", {"service": "mjproxy", "fault": "slow"}, id="no such service"),
        pytest.param("switch", {"service": "useapi", "switch": "redis", "on": True}, id="no such switch"),
        pytest.param("refuse", {"refusal": "boredom"}, id="no such refusal"),
        pytest.param("refuse", {"refusal": []}, id="not a refusal"),
        pytest.param("dms", {}, id="neither open nor closed"),
        pytest.param("sending", {}, id="neither to fail nor to work"),
        pytest.param("slash", {"name": "mjinfo"}, id="no place"),
        pytest.param("click", {"message": "x", "custom_id": "y"}, id="not a message"),
        pytest.param("submit", {"interaction": "1", "values": {}}, id="no such modal"),
    ],
)
async def test_what_makes_no_sense_is_refused(client: Client, action: str, body: dict[str, Any]) -> None:
    assert (await client.post(action, **body))[0] == 400


@pytest.mark.parametrize("kind", FLAGS)
async def test_an_account_is_flagged_and_cleared(
    client: Client, api: SimulatedUseapi, stage: Stage, kind: str
) -> None:
    account = api.accounts["1200000000000000001"]
    assert await client.post("flag", channel=account.channel, kind=kind) == (200, {"outcome": "done"})
    assert account.pending == FLAGS[kind]
    assert stage.picture("owner")["services"][0]["accounts"][0]["flag"]["kind"] == kind
    await client.post("clear", channel=account.channel)
    assert account.pending is None
    assert stage.picture("stranger")["services"][0]["accounts"][0]["flag"] is None


async def test_an_account_is_stubborn_until_it_is_cleared(
    client: Client, api: SimulatedUseapi, stage: Stage
) -> None:
    (channel,) = api.accounts
    await client.post("flag", channel=channel, kind="captcha")
    await client.post("stubborn", channel=channel, stubborn=True)
    assert stage.picture("owner")["services"][0]["accounts"][0]["stubborn"] is True
    api.reset(channel)
    api.listed()
    assert api.accounts[channel].pending == FLAGS["captcha"], "the reset helped"
    await client.post("clear", channel=channel)
    assert (
        stage.picture("owner")["services"][0]["accounts"][0] | {"flag": None, "stubborn": False}
        == (stage.picture("owner")["services"][0]["accounts"][0])
    )


def of_proxy(stage: Stage, key: str = "") -> dict[str, Any]:
    """Return what the page shows of the proxy, or of one of its accounts."""
    shown = stage.picture("owner")["services"][-1]
    return next((account for account in shown["accounts"] if account["channel"] == key), shown)


@pytest.mark.parametrize("kind", ["moderation", "captcha", "block", "plan", "session", "pause"])
async def test_an_account_of_the_proxy_is_flagged_cleared_and_started(
    both: Stage, proxy: SimulatedMjproxy, clock: Clock, kind: str
) -> None:
    key = next(iter(proxy.accounts))
    await both.act("flag", {"as": "owner", "channel": key, "kind": kind})
    clock.advance(timedelta(seconds=5))
    assert of_proxy(both, key)["flag"]["kind"] == kind
    assert not proxy.accounts[key].running
    await both.act("clear", {"as": "owner", "channel": key})
    clock.advance(2 * MINUTE)
    assert of_proxy(both, key)["flag"] is None


async def test_an_account_of_the_proxy_that_is_flagged_is_paused_in_sight(
    both: Stage, proxy: SimulatedMjproxy, clock: Clock
) -> None:
    key = next(iter(proxy.accounts))
    for kind in ("moderation", "pause"):
        await both.act("flag", {"as": "owner", "channel": key, "kind": kind})
        clock.advance(timedelta(seconds=5))
        assert of_proxy(both, key)["flag"]["kind"] == kind


@pytest.mark.parametrize("kind", REASONS)
async def test_enabling_an_account_of_the_proxy_helps_unless_it_is_stubborn(
    both: Stage, proxy: SimulatedMjproxy, clock: Clock, kind: str
) -> None:
    easy, hard, _ = proxy.accounts
    for key in (easy, hard):
        await both.act("flag", {"as": "owner", "channel": key, "kind": kind})
    clock.advance(timedelta(seconds=5))
    assert of_proxy(both, hard)["stubborn"] is False
    await both.act("stubborn", {"as": "owner", "channel": hard, "stubborn": True})
    assert of_proxy(both, hard)["stubborn"] is True
    proxy.enable([easy, hard])
    assert of_proxy(both, easy)["flag"] == {"kind": None, "name": "starting"}
    clock.advance(2 * MINUTE)
    assert of_proxy(both, easy)["flag"] is None
    assert of_proxy(both, hard)["flag"]["kind"] == kind


async def test_the_proxy_is_cut_off_connected_again_and_restarted(
    both: Stage, proxy: SimulatedMjproxy, clock: Clock
) -> None:
    async def switch(key: str, *, on: bool) -> None:
        await both.act("switch", {"as": "owner", "service": "mjproxy", "switch": key, "on": on})

    def states() -> list[str | None]:
        return [account["flag"] and account["flag"]["name"] for account in of_proxy(both)["accounts"]]

    await switch("discord", on=True)
    clock.advance(2 * MINUTE)
    assert states() == ["lost Discord", "lost Discord", "starting"]
    await switch("discord", on=False)
    clock.advance(5 * MINUTE)
    assert states() == ["lost Discord", "lost Discord", None]
    proxy.enable(list(proxy.accounts))
    clock.advance(2 * MINUTE)
    assert states() == [None] * 3
    await switch("restart", on=True)
    assert states() == ["starting"] * 3
    clock.advance(2 * MINUTE)
    assert states() == [None] * 3


async def test_the_proxy_s_redis_is_taken_away_and_given_back(both: Stage, proxy: SimulatedMjproxy) -> None:
    for on in (True, False):
        await both.act("switch", {"as": "owner", "service": "mjproxy", "switch": "redis", "on": on})
        assert proxy.has_redis is not on
        assert [each["on"] for each in of_proxy(both)["switches"]] == [False, on, None]


async def test_one_service_fails_and_is_mended_beside_the_other(
    both: Stage, api: SimulatedUseapi, proxy: SimulatedMjproxy
) -> None:
    async def fail(service: str, fault: Fault | None) -> None:
        await both.act("fault", {"as": "owner", "service": service, "fault": fault})

    offered = [each["key"] for each in of_proxy(both)["faults"]]
    for fault in offered:
        await fail("mjproxy", fault)
        assert (api.faults, proxy.faults, of_proxy(both)["fault"]) == ((), (fault,), fault)
    await fail("useapi", Fault.SLOW)
    await fail("mjproxy", None)
    assert (api.faults, proxy.faults) == ((Fault.SLOW,), ())


async def test_closing_the_owner_s_direct_messages_shows_at_once_and_can_be_undone(client: Client) -> None:
    async with client.session.get(client.page.address + "events?as=owner") as stream:
        assert (await pushed(stream))["dms_closed"] is False
        await client.post("dms", closed=True)
        assert (await pushed(stream))["dms_closed"] is True
        await client.post("dms", closed=False)
        assert (await pushed(stream))["dms_closed"] is False


async def test_discord_takes_no_message_until_sending_works_again(
    client: Client, world: SimulatedDiscord
) -> None:
    async def sent() -> int:
        headers = {"Authorization": f"Bot {SANDBOX_BOT_TOKEN}"}
        path = f"{world.api}/channels/{world.dm_channel_id(world.owner)}/messages"
        async with client.session.post(path, json={"content": "one"}, headers=headers) as response:
            return response.status

    async with client.session.get(client.page.address + "events?as=owner") as stream:
        assert (await pushed(stream))["sending_fails"] is False
        await client.post("sending", fails=True)
        assert (await pushed(stream))["sending_fails"] is True
        assert await sent() == 503
        await client.post("sending", fails=False)
        assert await sent() == 200


async def test_every_fault_is_offered_and_can_be_fixed(
    client: Client, api: SimulatedUseapi, stage: Stage
) -> None:
    assert [fault["key"] for fault in stage.picture("owner")["services"][0]["faults"]] == [
        fault.value for fault in Fault
    ]
    for fault in Fault:
        await client.post("fault", service="useapi", fault=fault.value)
        assert api.faults == (fault,)
        assert stage.picture("owner")["services"][0]["fault"] == fault.value
    await client.post("fault", service="useapi", fault=None)
    assert api.faults == ()
    assert stage.picture("owner")["services"][0]["fault"] is None


@pytest.mark.parametrize("service", [Useapi, Proxy])
async def test_the_owner_asks_after_every_fault_that_the_bot_looks_for_only_seldom(
    api: SimulatedUseapi, clock: Clock, proxy: SimulatedMjproxy, tmp_path: Path, service: type[Useapi | Proxy]
) -> None:
    for _ in range(6):
        api.add()
        proxy.add()
    simulated = api if service is Useapi else proxy
    given = (api, None) if service is Useapi else (None, proxy)
    seldom: set[Fault] = set()
    offered = set(service.faults)
    for fault in offered & {*REFUSALS, *DISTORTIONS, *OF_LISTS, *PROXY_REFUSALS}:
        async with Assembly(tmp_path / fault, clock, api=given[0], proxy=given[1]) as watched:
            await watched.poller.poll()
            simulated.fault(fault)
            for _ in range(2):
                clock.advance(10 * MINUTE)
                with suppress(ProviderError):
                    await watched.poller.poll()
            simulated.mend()
            if watched.make_loops().rest(watched.poller) > MINUTE:
                seldom.add(fault)
    assert seldom == SELDOM_ASKED & offered


@pytest.mark.parametrize("refusal", SAVE_REFUSALS)
async def test_a_token_is_refused_as_chosen_until_it_is_not(
    client: Client, api: SimulatedUseapi, stage: Stage, refusal: str
) -> None:
    async def posted() -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {api.token}"}
        body = {"discord": api.newcomer().discord}
        async with client.session.post(f"{api.url}/account/midjourney", json=body, headers=headers) as reply:
            return reply.status, await reply.text()

    await client.post("refuse", refusal=refusal)
    assert stage.picture("owner")["services"][0]["refusal"] == refusal
    await client.post("fault", service="useapi", fault=None)
    status, said = await posted()
    assert status == SAVE_REFUSALS[refusal].code
    assert SAVE_REFUSALS[refusal].words.format(channel="1200000000000000001") in said
    await client.post("refuse", refusal=None)
    assert stage.picture("owner")["services"][0]["refusal"] is None
    assert (await posted())[0] == 201


async def test_a_command_that_is_not_offered_fails_in_words(client: Client) -> None:
    answer = await client.post("slash", place="server", name="mjaccounts", options={})
    assert answer == (200, {"outcome": "failed", "text": "Discord does not let you do that here."})


async def test_the_bot_that_ended_is_shown_and_started_again(
    client: Client, stage: Stage, bot_process: NoBot
) -> None:
    assert stage.picture("owner")["bot"]["state"] == "stopped"
    assert "exit code 70" in stage.picture("owner")["bot"]["detail"]
    await client.post("restart")
    assert bot_process.restarts == 1


async def test_no_account_token_reaches_the_page(
    api: SimulatedUseapi, proxy: SimulatedMjproxy, both: Stage
) -> None:
    proxy.ask_captcha(next(iter(proxy.accounts)))
    shown = json.dumps([both.picture("owner"), both.picture("stranger")])
    assert not [secret for secret in api.secrets | proxy.secrets if secret in shown]


async def test_a_change_is_pushed_to_an_open_page(client: Client) -> None:
    async with client.session.get(client.page.address + "events?as=owner") as stream:
        first = await pushed(stream)
        await client.post("flag", channel="1200000000000000001", kind="captcha")
        second = await pushed(stream)
    assert first["services"][0]["accounts"][0]["flag"] is None
    assert second["services"][0]["accounts"][0]["flag"] == {"kind": "captcha", "name": "CAPTCHA"}


async def pushed(stream: aiohttp.ClientResponse) -> dict[str, Any]:
    """Read the next picture of a stream."""
    async with asyncio.timeout(PATIENCE):
        line = await stream.content.readline()
        assert await stream.content.readline() == b"\n"
    return json.loads(line.removeprefix(b"data: "))


async def test_a_message_is_edited_live_and_one_that_is_deleted_vanishes(
    client: Client, world: SimulatedDiscord
) -> None:
    headers = {"Authorization": f"Bot {SANDBOX_BOT_TOKEN}"}
    path = f"{world.api}/channels/{world.dm_channel_id(world.owner)}/messages"
    async with client.session.get(client.page.address + "events?as=owner") as stream:
        await pushed(stream)
        async with client.session.post(path, json={"content": "one"}, headers=headers) as response:
            made = await response.json()
        assert contents(await pushed(stream)) == ["one"]
        one = f"{path}/{made['id']}"
        async with client.session.patch(one, json={"content": "two"}, headers=headers) as response:
            assert response.status == 200
        assert contents(await pushed(stream)) == ["two"]
        async with client.session.delete(one, headers=headers) as response:
            assert response.status == 204
        assert contents(await pushed(stream)) == []


def contents(picture: dict[str, Any]) -> list[str]:
    """Read the owner's direct messages."""
    return [message["content"] for message in picture["places"]["dm"]["messages"]]


async def test_nobody_else_can_look(client: Client) -> None:
    assert (await client.get("events?as=nobody"))[0] == 400


async def test_a_restart_waits_for_a_month_that_passes(
    stage: Stage, months: OneMonth, bot_process: NoBot
) -> None:
    passing = asyncio.ensure_future(stage.act("month", {"as": "owner"}))
    restarting = asyncio.ensure_future(stage.act("restart", {"as": "owner"}))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert bot_process.restarts == 0
    months.over.set()
    await asyncio.gather(passing, restarting)
    assert bot_process.restarts == 2
    assert stage.picture("owner")["ahead"] == timedelta(days=30).total_seconds()


async def test_a_month_passes_to_its_end_though_the_page_is_closed(
    stage: Stage, months: OneMonth, bot_process: NoBot
) -> None:
    passing = asyncio.ensure_future(stage.act("month", {"as": "owner"}))
    await asyncio.sleep(0)
    passing.cancel()
    months.over.set()
    await stage.act("restart", {"as": "owner"})  # which waits for it
    assert passing.cancelled()
    assert bot_process.restarts == 2


async def test_each_person_and_the_channels_may_have_a_language_of_their_own(
    client: Client, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LOCALES, "de", "Deutsch")
    monkeypatch.setitem(LOCALES, "ru", "Русский")
    assert await client.post("locale", locale="de") == (200, {"outcome": "done"})
    assert await client.post("language", language="ru") == (200, {"outcome": "done"})
    shown = {person: stage.picture(person) for person in ("owner", "second")}
    assert [each["viewer"]["locale"] for each in shown.values()] == ["de", "en-US"]
    assert [each["language"] for each in shown.values()] == ["ru", "ru"]


async def test_each_person_is_offered_commands_in_their_language(
    client: Client, stage: Stage, world: SimulatedDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    german = {"description_localizations": {"de": "Auf Deutsch"}}
    choice = {"name": "all", "name_localizations": {"de": "alle"}, "value": "all"}
    option = {"name": "days", "description": "how many", **german, "choices": [choice]}
    command = {"name": "mjusage", "name_localizations": None, "description": "In English", **german}

    def offered(*_: object) -> list[dict[str, Any]]:
        return [{**command, "options": [option]}]

    monkeypatch.setattr(world, "commands", offered)
    monkeypatch.setitem(LOCALES, "de", "Deutsch")
    await client.post("locale", locale="de")
    shown = [stage.picture(person)["places"]["server"]["commands"] for person in ("owner", "second")]
    assert [(one["name"], one["description"]) for (one,) in shown] == [
        ("mjusage", "Auf Deutsch"),
        ("mjusage", "In English"),
    ]
    assert [one["options"][0]["description"] for (one,) in shown] == ["Auf Deutsch", "how many"]
    choices = [one["options"][0]["choices"] for (one,) in shown]
    assert choices == [[{"name": "alle", "value": "all"}], [{"name": "all", "value": "all"}]]


@pytest.mark.parametrize("action", ["locale", "language"])
@pytest.mark.parametrize("wrong", ["tlh", "", None, 1])
async def test_a_language_that_is_none_is_refused(client: Client, action: str, wrong: object) -> None:
    body: dict[str, Any] = {action: wrong}
    assert await client.post(action, **body) == (400, None)
    assert await client.post(action) == (400, None)
