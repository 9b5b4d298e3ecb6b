"""Fixtures: a simulated useapi.net, a simulated Discord, the real bot between them, a search for leaks."""

import gc
import io
import json
import logging
import os
import shutil
import signal
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import coverage
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, settings
from playwright.async_api import Browser

from bot.runtime import log_setup
from tests.demo.visitor import browsing
from tests.simulators.discord import SANDBOX_BOT_TOKEN, SimulatedDiscord
from tests.simulators.discord.schema import schema_available
from tests.simulators.mjproxy import SANDBOX_MJPROXY_TOKEN, SimulatedMjproxy
from tests.simulators.useapi import SANDBOX_USEAPI_TOKEN, SimulatedUseapi
from tests.support.browsing import BROWSER, LOOP
from tests.support.catalogues import AddCatalogue, catalogues_in
from tests.support.clock import Clock
from tests.support.disguise import write_catalogue
from tests.support.running import Bot, Visitor

PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
"""All but the one that explains a failure, which costs more than it is worth."""

for name, examples, steps, is_derandomized in (("small", 60, 30, True), ("large", 1_500, 60, False)):
    settings.register_profile(
        name,
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=is_derandomized,
        print_blob=not is_derandomized,
        phases=PHASES,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],  # no test depends on the machine's speed
    )
settings.load_profile("small")  # the same examples each time; `make chaos` asks for the large one


IN_MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own there
"""Where Linux keeps files in memory: a commit to a database waits for no disk there."""
ROOM = 1 << 30


def pytest_configure() -> None:
    """Put the folders of tests into memory, where there is room. Have the command line speak English.

    A shell has what it starts in the background ignore SIGINT, which the programs of the tests would inherit.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ |= {"LC_ALL": "C.UTF-8", "LANGUAGE": ""}
    if os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))


UNMEASURED = {"bench", "chaos", "demo", "properties", "scenarios", "simulators"}
"""The folders of tests that only repeat what others cover: measuring coverage would double their time."""


@pytest.hookimpl(tryfirst=True)  # pytest-cov begins to measure a worker in the same hook
def pytest_sessionstart(session: pytest.Session) -> None:
    """End what else measures a worker: that would go on wherever pytest-cov pauses."""
    while hasattr(session.config, "workerinput") and (begun := coverage.Coverage.current()) is not None:
        begun.stop()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect thousands of tests without looking for garbage in them again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.hookimpl(trylast=True)  # Hypothesis marks its own tests before
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure no coverage where it costs much and adds nothing."""
    for item in items:
        folders = set(item.path.relative_to(Path(__file__).parent).parts)
        if UNMEASURED & folders or item.get_closest_marker("hypothesis"):
            item.add_marker(pytest.mark.no_cover)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measure no process that an unmeasured test starts."""
    with pytest.MonkeyPatch.context() as patch:
        if item.get_closest_marker("no_cover"):
            patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        return (yield)


def pytest_report_header() -> list[str]:
    """Return whether bodies are held against Discord's own schema in this run."""
    if schema_available():
        return [
            "discord schema: every body sent to Discord is checked against it, and against the other limits"
        ]
    return ["discord schema: ../shared/discord-openapi.json is missing; our own limits are checked alone"]


class Leaks:
    """Secrets made for the search, and the places where none of them may ever turn up."""

    def __init__(self, log: io.StringIO, folder: Path) -> None:
        self.secrets = {SANDBOX_BOT_TOKEN, SANDBOX_USEAPI_TOKEN, SANDBOX_MJPROXY_TOKEN}
        self._log = log
        self._folder = folder
        self._bodies: list[str] = []
        self.allowed = 0
        """How many bodies hold a secret on purpose: a link that one person asked for."""

    def search_bodies(self, world: SimulatedDiscord) -> None:
        """Remember what was sent to a simulated Discord for the search."""
        self._bodies += [json.dumps(body, ensure_ascii=False) for body in world.bodies]

    def found(self) -> list[str]:
        """Name each place where a secret stands; the secret itself is not repeated."""
        places = {"the log": self._log.getvalue()}
        telling = [body for body in self._bodies if any(secret in body for secret in self.secrets)]
        if len(telling) != self.allowed:
            places["a body sent to Discord"] = "".join(self.secrets)
        for file in self._folder.rglob("*sqlite3*"):
            places[file.name] = file.read_bytes().decode("latin-1")
        return [place for place, text in places.items() if any(secret in text for secret in self.secrets)]


@pytest.fixture(autouse=True)
def leaks(tmp_path: Path) -> Iterator[Leaks]:
    """Run every test with the log at DEBUG, unmasked; search it, the database and all bodies afterwards."""
    log = io.StringIO()
    log_setup.configure(log_setup.LogLevel.DEBUG, log_setup.LogFormat.TEXT, stream=log)
    searched = Leaks(log, tmp_path)
    yield searched
    for handler in [each for each in logging.getLogger().handlers if isinstance(each, log_setup.LineHandler)]:
        logging.getLogger().removeHandler(handler)
    assert searched.found() == []


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[AddCatalogue]:
    """A function that adds a language, with a test's own translations. No other language is there."""
    with catalogues_in(tmp_path / "locales") as add:
        yield add


@pytest.fixture(scope="session")
def disguise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the catalogue of the made-up language."""
    folder = tmp_path_factory.mktemp("disguise")
    write_catalogue(folder)
    return folder


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until the test advances it."""
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The path of a database that does not exist yet."""
    return tmp_path / "midwatch.sqlite3"


@pytest.fixture
async def api(leaks: Leaks) -> AsyncIterator[SimulatedUseapi]:
    """A simulated useapi.net on a loopback socket."""
    async with SimulatedUseapi() as server:
        yield server
        leaks.secrets |= server.secrets


@pytest.fixture
async def proxy(leaks: Leaks, clock: Clock) -> AsyncIterator[SimulatedMjproxy]:
    """A simulated midjourney-proxy on a loopback socket, on the clock of the test."""
    async with SimulatedMjproxy(now=clock.now) as server:
        yield server
        leaks.secrets |= server.secrets


@pytest.fixture
async def world(leaks: Leaks) -> AsyncIterator[SimulatedDiscord]:
    """A simulated Discord on loopback sockets; what the bot sends to it must be right."""
    async with SimulatedDiscord() as server:
        yield server
    leaks.search_bodies(server)
    assert server.problems == []


@pytest.fixture
async def bot(api: SimulatedUseapi, world: SimulatedDiscord, tmp_path: Path) -> AsyncIterator[Bot]:
    """The real bot between the two, not started yet; stopped at the end."""
    running = Bot(api, world, tmp_path)
    yield running
    await running.stop()


@pytest_asyncio.fixture(scope="session", loop_scope=LOOP)
async def browser() -> AsyncIterator[Browser]:
    """A Chromium without a window, started once."""
    assert BROWSER is not None
    async with browsing(BROWSER) as started:
        yield started


@pytest.fixture
def ada(world: SimulatedDiscord) -> Visitor:
    """The owner of the application."""
    return Visitor(world, world.owner)


@pytest.fixture
def bea(world: SimulatedDiscord) -> Visitor:
    """Somebody who manages the server and owns nothing."""
    return Visitor(world, world.second_owner)


@pytest.fixture
def sam(world: SimulatedDiscord) -> Visitor:
    """A member like any other."""
    return Visitor(world, world.stranger)
