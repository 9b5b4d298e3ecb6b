"""`python -m bot check` for a midjourney-proxy, and the same sentences as warnings of the start."""

from collections.abc import Callable

import pytest

from tests.cli.test_check import Checks, Report
from tests.simulators.mjproxy import SANDBOX_MJPROXY_TOKEN, Endpoint, Fault, SimulatedMjproxy
from tests.simulators.mjproxy.pool import CREDITS, SAVED_AFTER
from tests.support.clock import Clock
from tests.support.running import Bot

SUBJECTS = ("Proxy", "Demo mode", "Proxy token", "Proxy accounts")
PUBLIC = 'Proxy token: is "admin", as in every new midjourney-proxy'


@pytest.fixture
def proxied(bot: Bot, proxy: SimulatedMjproxy) -> Bot:
    """The bot, with a midjourney-proxy."""
    bot.proxy = proxy
    return bot


@pytest.fixture
def checked(proxied: Bot, capsys: pytest.CaptureFixture[str]) -> Checks:
    return Checks(proxied, capsys)


def of_proxy(report: Report) -> list[str]:
    """Return the lines about the proxy."""
    return [line for line in report.lines if line[6:].partition(":")[0] in SUBJECTS]


async def test_a_proxy_alone_has_its_lines_and_useapi_net_has_none(
    proxy: SimulatedMjproxy, checked: Checks, clock: Clock
) -> None:
    proxy.add()
    proxy.strike(proxy.add().id, CREDITS)
    clock.advance(SAVED_AFTER)
    report = await checked(USEAPI_TOKEN=None)
    address = proxy.url.removesuffix("/mj")
    assert of_proxy(report) == [
        f"ok    Proxy: midjourney-proxy 11.10.3 answers at {address}, on this machine",
        "ok    Demo mode: off",
        "ok    Proxy token: accepted, an administrator's",
        "ok    Proxy accounts: 2 accounts, 1 flagged",
    ]
    assert report.lines[-4:] == of_proxy(report)
    assert not [line for line in report.lines if "API token" in line]
    assert (report.code, report.last) == (0, "Everything is right.")


async def test_info_every_without_an_account_that_it_may_ask_is_warned_of(
    proxy: SimulatedMjproxy, checked: Checks
) -> None:
    proxy.add()
    report = await checked(USEAPI_TOKEN=None, INFO_EVERY="6h")
    assert report.line("INFO_EVERY") == (
        "WARN  INFO_EVERY: nothing that is watched takes it: unset it, or watch Midjourney at useapi.net."
    )
    assert report.code == 0
    assert proxy.midjourney_commands == 0


async def test_each_line_about_one_of_two_names_it(
    proxied: Bot, proxy: SimulatedMjproxy, checked: Checks
) -> None:
    report = await checked()
    address = proxy.url.removesuffix("/mj")
    lines = report.lines[report.lines.index(report.line("useapi.net token")) :]
    assert lines == [
        f"ok    useapi.net token: accepted by {proxied.api.url}",
        "ok    useapi.net subscription: active",
        "ok    useapi.net accounts: none yet. Add one with /mjadd in Discord or `python -m bot account set`.",
        f"ok    midjourney-proxy API: midjourney-proxy 11.10.3 answers at {address}, on this machine",
        "ok    midjourney-proxy demo mode: off",
        "ok    midjourney-proxy token: accepted, an administrator's",
        "ok    midjourney-proxy accounts: none yet. Add them on midjourney-proxy's own web page.",
    ]


def no_redis(proxy: SimulatedMjproxy) -> None:
    proxy.has_redis = False


def refused(proxy: SimulatedMjproxy) -> None:
    proxy.token = "another-token-than-that-of-the-settings"


def another_product(proxy: SimulatedMjproxy) -> None:
    proxy.fault(Fault.HTML_404)


def silent_about_itself(proxy: SimulatedMjproxy) -> None:
    proxy.fault(Fault.SERVER_ERROR, endpoint=Endpoint.HOME)


def part_of_the_list(proxy: SimulatedMjproxy) -> None:
    for _ in range(3):
        proxy.add()
    proxy.fault(Fault.PARTIAL_LIST, endpoint=Endpoint.LIST)


@pytest.mark.parametrize(
    ("prepare", "subject", "words"),
    [
        pytest.param(no_redis, "Proxy", "it needs Redis. Check that its Redis runs", id="no-redis"),
        pytest.param(refused, "Proxy token", "refused the token, or it is no administrator's", id="token"),
        pytest.param(another_product, "Proxy", "Check MJPROXY_URL", id="another-product"),
        pytest.param(silent_about_itself, "Proxy", "has a server error", id="no-version"),
        pytest.param(part_of_the_list, "Proxy accounts", "did not list all accounts", id="not-whole"),
    ],
)
async def test_what_is_wrong_with_the_proxy_is_named_with_the_next_step(
    proxied: Bot,
    proxy: SimulatedMjproxy,
    checked: Checks,
    prepare: Callable[[SimulatedMjproxy], None],
    subject: str,
    words: str,
) -> None:
    settings = {"MJPROXY_TOKEN": proxied.proxy.token if proxied.proxy else ""}
    prepare(proxy)
    report = await checked(USEAPI_TOKEN=None, **settings)
    assert report.failed == [report.line(subject)]
    assert words in report.line(subject)
    assert report.code == 69


def demo(proxy: SimulatedMjproxy) -> None:
    proxy.is_demo = True


def old(proxy: SimulatedMjproxy) -> None:
    proxy.version = "v11.8.0.0"


def public(proxy: SimulatedMjproxy) -> None:
    proxy.token = "admin"


WARNINGS = [
    pytest.param(demo, "Demo mode: on: anybody can read the list of accounts", id="demo"),
    pytest.param(old, "Proxy: version 11.8.0. This midjourney-proxy is older than 11.9.1", id="old"),
    pytest.param(public, PUBLIC, id="admin"),
]


@pytest.mark.parametrize(("prepare", "words"), WARNINGS)
async def test_what_stops_nothing_is_a_warning_of_the_check_and_of_the_start(
    proxied: Bot,
    proxy: SimulatedMjproxy,
    checked: Checks,
    caplog: pytest.LogCaptureFixture,
    prepare: Callable[[SimulatedMjproxy], None],
    words: str,
) -> None:
    prepare(proxy)
    report = await checked(USEAPI_TOKEN=None)
    (line,) = [line for line in report.lines if line.startswith("WARN")]
    assert line.startswith(f"WARN  {words}")
    assert (report.code, report.last) == (0, "Midwatch can run; look at the WARN lines.")

    await proxied.start(USEAPI_TOKEN=None)
    await proxied.world.wait_for(lambda: line[6:] in caplog.messages, 20)
    assert caplog.messages.count(line[6:]) == 1
    proxy.token = SANDBOX_MJPROXY_TOKEN  # "admin" is no secret to be searched for


async def test_nothing_is_changed_at_the_proxy(proxy: SimulatedMjproxy, checked: Checks) -> None:
    proxy.add()
    await checked()
    assert {request.endpoint for request in proxy.requests} == {Endpoint.LIST, Endpoint.HOME}
    assert proxy.midjourney_commands == 0
