"""A provider that the bot knows nothing of but what `Provider` says: it needs no other line anywhere."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot import app
from bot.cli import check
from bot.config import Settings
from bot.domain.account_info import InfoSnapshot
from bot.domain.accounts import Account, Flag, FlagKind, Observation
from bot.domain.errors import Cause, ErrorCode
from bot.domain.providers import Remedy, reference_to
from bot.providers.errors import ProviderError, Rejected, Unreachable
from bot.providers.provider import Fact, Listing, Provider, Said, Statement, count_accounts
from tests.simulators.discord import point_at
from tests.support.reading import button, text
from tests.support.running import Bot, Visitor
from tests.support.watching import newest, poll

NAME = "Runway"
COMMANDS: dict[str, dict[str, Any]] = {
    "mjaccounts": {},
    "mjadd": {},
    "mjinfo": {"account": "Studio"},
    "mjmute": {"duration": "8h", "account": "Studio"},
    "mjname": {"account": "Studio", "name": "Aurora"},
    "mjremove": {"account": "Studio"},
    "mjreset": {"account": "Studio"},
    "mjstatus": {},
    "mjtest": {},
}
PAGE = "https://runway.example"


class ThirdProvider:
    """A list in memory, which can be read and no more."""

    name = NAME
    address = "https://api.runway.example"
    web_page = PAGE
    checks: Mapping[Remedy, tuple[timedelta, ...]] = {}
    longest_info = timedelta(seconds=5)

    def __init__(self) -> None:
        self.accounts = [Account(reference_to(NAME, "US:a@b.example"), title="Studio")]
        self.failure: ProviderError | None = None
        self.says_nothing: ProviderError | None = None
        """Why it cannot say how it stands."""

    def flag(self, kind: FlagKind) -> None:
        self.accounts[0] = replace(self.accounts[0], flag=Flag("Log in again, please.", kind))

    async def standing(self) -> Sequence[Statement]:
        if self.says_nothing:
            raise self.says_nothing
        listed = count_accounts((each.flag for each in self.accounts), Said.NO_ACCOUNTS_THERE)
        return [Statement(Fact.TOKEN, Said.ACCEPTED), listed]

    async def warnings(self) -> Sequence[Statement]:
        if self.says_nothing:
            raise self.says_nothing
        return ()

    async def read_list(self) -> Listing:
        if self.failure:
            self.failure.provider = NAME
            raise self.failure
        return Listing(tuple(self.accounts))

    async def read_account(self, channel: str, poll: Callable[[], Awaitable[Observation]]) -> Account | None:
        return (await poll()).find(channel)

    async def info(self, key: str) -> InfoSnapshot:
        raise Rejected(ErrorCode.REJECTED, quote=f"no /info of {key}")

    async def link_for(self, remedy: Remedy, key: str) -> None:
        raise AssertionError(remedy, key)

    async def apply(self, remedy: Remedy, keys: Sequence[str]) -> None:
        raise AssertionError(remedy, keys)

    async def remove_account(self, key: str) -> None:
        raise Rejected(ErrorCode.REJECTED, quote=f"no removal of {key}")


@pytest.fixture
def third(monkeypatch: pytest.MonkeyPatch) -> ThirdProvider:
    """The third provider, beside those of the settings."""
    third, others = ThirdProvider(), app.providers_of

    def with_third(settings: Settings, session: aiohttp.ClientSession, *sleep: Any) -> list[Provider]:
        return [*others(settings, session, *sleep), third]

    monkeypatch.setattr(app, "providers_of", with_third)
    return third


@pytest.mark.parametrize("kind", FlagKind)
async def test_an_account_of_it_alerts_with_the_way_out_and_clears(
    bot: Bot, third: ThirdProvider, ada: Visitor, kind: FlagKind
) -> None:
    third.flag(kind)
    await bot.start()
    alert = await newest(ada, "Studio", "Log in again, please.", "Open Runway's own web page")
    assert "useapi" not in text(alert).casefold()
    assert button(alert, "Open Runway")["url"] == PAGE
    third.accounts[0] = replace(third.accounts[0], flag=None)
    await poll(ada)
    await newest(ada, "Studio", "runs again" if kind is FlagKind.OFFLINE else "recovering")


async def test_every_command_answers_and_names_it(bot: Bot, third: ThirdProvider, ada: Visitor) -> None:
    bot.api.add()
    third.flag(FlagKind.SESSION)
    await bot.start()
    await newest(ada, "Studio")
    for command, options in COMMANDS.items():
        answer = text(await ada.ask(command, **options))
        assert "something broke" not in answer.casefold(), command
    assert "At Runway:" in text(await ada.ask("mjaccounts"))


async def test_an_outage_of_it_is_named(bot: Bot, third: ThirdProvider, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    third.failure = Unreachable(Cause.SERVER_ERROR)
    await poll(ada)
    assert "Runway has a server error." in text(await ada.ask("mjaccounts"))
    assert "Runway" in text(await ada.ask("mjstatus"))


async def test_an_empty_list_of_it_says_where_accounts_are_added(
    bot: Bot, third: ThirdProvider, ada: Visitor
) -> None:
    third.accounts.clear()
    await bot.start()
    assert "Add one on Runway's own web page." in text(await ada.ask("mjaccounts"))


async def test_the_check_has_its_lines(
    bot: Bot, third: ThirdProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    third.flag(FlagKind.SESSION)
    with point_at(bot.world.api, bot.world.gateway):
        await check.report(bot.settings(), app.providers_of)
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "ok    Runway token: accepted by https://api.runway.example",
        "ok    Runway accounts: 1 account, 1 flagged",
    ]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Unreachable(Cause.SILENT), "Runway does not answer. "),
        (Unreachable(Cause.SERVER_ERROR), "Runway has a server error. "),
    ],
)
async def test_where_it_cannot_say_how_it_stands_check_fails_for_it_and_the_start_says_so(
    bot: Bot,
    third: ThirdProvider,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    error: ProviderError,
    words: str,
) -> None:
    third.says_nothing = error
    with point_at(bot.world.api, bot.world.gateway):
        assert await check.report(bot.settings(), app.providers_of) == 69
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith(f"FAIL  Runway API: {words}")
    await bot.start()
    logged = [record.getMessage() for record in caplog.records if "Runway API" in record.getMessage()]
    assert logged == [line.removeprefix("FAIL  ")]
