"""The table of services against the pages of useapi.net, and lists that are not as they should be."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.config import read_services
from bot.domain.accounts import Account, FlagKind
from bot.domain.providers import key_of
from bot.domain.services import SERVICES, Service
from bot.providers.errors import Gone, MalformedResponse, Rejected, Unauthorized, Unpaid, Unreachable
from bot.providers.http_response import ApiRequest, ApiResponse
from bot.providers.useapi.services import parse_service
from bot.render.provider_words import WORDS
from tests.simulators import useapi
from tests.simulators.answers import Answer
from tests.simulators.useapi.services import SIMULATED_SERVICES, ServiceAccounts

AT = datetime(2026, 11, 28, 8, 0, tzinfo=UTC)
KEY = "US:a@b.example"
SECRET = "sandbox-credential-0Kd7Lw2Qm9Zt4Xv"
BY_NAME = {each.name: each for each in SERVICES}
EVERY = pytest.mark.parametrize("service", SERVICES, ids=lambda each: each.name)
EXPIRING = {"runwayml", "minimax", "mureka", "dreamina", "kling", "pixverse"}
NONE_IS_404 = {"runwayml", "minimax", "mureka", "kling", "pixverse", "tempolor", "faceswap"}
HOSTILE = [
    "**b**_o_`l`~d~||x||@[l](https://e.vil)",
    "e" * 300,
    "@everyone",
    "<@123>",
    "a:b:c/d",
    "\u202eevil@b",
]


def read(service: Service, answer: Answer) -> tuple[Account, ...]:
    response = ApiResponse(answer.status, answer.content_type, answer.body, None, AT)
    return parse_service(service, response, ApiRequest("GET list"))


def listed(service: Service, *keys: str, text: str | None = None) -> Answer:
    accounts = ServiceAccounts(SIMULATED_SERVICES[service.name])
    for key in keys:
        accounts.add(key, SECRET)
        accounts.flag(key, text)
    return accounts.listed()


def test_the_simulator_is_a_table_of_its_own() -> None:
    assert {each.name: f"/{each.list_path}" for each in SERVICES} == {
        name: each.path for name, each in SIMULATED_SERVICES.items()
    }
    sources = [file.read_text() for file in Path(useapi.__file__).parent.glob("[!t]*.py")]
    assert sources
    assert not any("bot.domain.services" in each or "bot.providers.useapi" in each for each in sources)


@EVERY
def test_an_account_without_a_flag_is_read_without_its_credentials(service: Service) -> None:
    (account,) = read(service, listed(service, KEY))
    assert account.reference == f"useapi/{service.name}:{KEY}"
    assert key_of(account.reference) == KEY
    assert account.flag is None
    assert (account.expires_at is not None) == (service.name in EXPIRING)
    assert account.expires_at is None or account.expires_at.year == 2027
    assert account.link is None
    assert SECRET not in repr(account)


@EVERY
def test_a_flag_has_its_text_and_hides_a_credential_in_it(service: Service) -> None:
    (account,) = read(service, listed(service, KEY, text=f"refresh token {SECRET} rejected"))
    assert account.flag is not None
    assert account.flag.kind is FlagKind.SESSION
    assert account.flag.text.startswith("refresh token ")
    hides_nothing = service.name == "dreamina"  # its list has no credential
    assert (SECRET in account.flag.text) == hides_nothing


@EVERY
def test_no_account_is_an_empty_list_or_the_end_of_the_service_as_its_page_says(service: Service) -> None:
    assert read(service, listed(service)) == ()
    assert read(service, Answer.json({})) == ()
    prose = Answer(404, b"Configuration not found.", "text/plain")
    if service.name in NONE_IS_404:
        assert read(service, prose) == ()
        assert read(service, Answer(404)) == ()
    else:
        with pytest.raises(Gone):
            read(service, prose)


@EVERY
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(Answer.page("404", 404), Gone, id="page-404"),
        pytest.param(Answer.page("Welcome", 200), Unreachable, id="page-200"),
        pytest.param(Answer.error("Unauthorized", 401), Unauthorized, id="401"),
        pytest.param(Answer.error("no subscription", 402), Unpaid, id="402"),
        pytest.param(Answer.error("in error state", 596), Rejected, id="596"),
        pytest.param(Answer.json({"error": "oops"}), MalformedResponse, id="error-in-200"),
        pytest.param(Answer.json({"accounts": {"a@b.example": {}}}), MalformedResponse, id="wrapped"),
        pytest.param(Answer.json({"a@b.example": {}}), MalformedResponse, id="empty-entry"),
        pytest.param(Answer.json("a@b.example"), MalformedResponse, id="text"),
        pytest.param(Answer.json([{"error": "no key"}]), MalformedResponse, id="no-key"),
        pytest.param(Answer(200, b'{"a":{"email":"a"},"a":{"email":"a"}}'), MalformedResponse, id="twice"),
    ],
)
def test_what_is_no_list_is_never_health(service: Service, answer: Answer, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(service, answer)


@EVERY
def test_a_list_that_becomes_an_array_reads_the_same_if_its_entries_have_their_keys(service: Service) -> None:
    answer = listed(service, KEY, text="session expired")
    entries = [each | {service.key: KEY} for each in json.loads(answer.body).values()]
    assert read(service, Answer.json(entries)) == read(service, answer)


@EVERY
@pytest.mark.parametrize("key", HOSTILE)
def test_a_key_is_kept_whatever_it_is(service: Service, key: str) -> None:
    (account,) = read(service, listed(service, key))
    assert key_of(account.reference) == key


def test_a_health_that_is_missing_is_no_health() -> None:
    service = BY_NAME["google-flow"]
    with pytest.raises(MalformedResponse):
        read(service, Answer.json({KEY: {"sessionData": {}}}))
    (account,) = read(service, Answer.json({KEY: {"health": "OK", "error": "cookies expired"}}))
    assert account.flag is not None
    assert account.flag.text == "cookies expired"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Session refresh failed 2026-01-19T14:31:15.000Z, manual update required", FlagKind.SESSION),
        ("Wrong username/password combination.", FlagKind.SESSION),
        ("This account has been suspended.", FlagKind.BLOCK),
        ("Something else", FlagKind.OTHER),
    ],
)
def test_the_kind_of_a_flag_is_read_from_its_text(text: str, kind: FlagKind) -> None:
    (account,) = read(BY_NAME["runwayml"], listed(BY_NAME["runwayml"], KEY, text=text))
    assert account.flag is not None
    assert account.flag.kind is kind


@pytest.mark.parametrize("exp", ["soon", 10**12, -1, None, [], "2027-01-01"])
def test_an_odd_expiry_is_none(exp: object) -> None:
    (account,) = read(BY_NAME["runwayml"], Answer.json({KEY: {"email": KEY, "jwt": {"exp": exp}}}))  # pyright: ignore[reportArgumentType] - no API sends this
    assert account.expires_at is None


@EVERY
def test_the_words_of_a_service_do_not_speak_of_midjourney(service: Service) -> None:
    assert "idjourney" not in repr(WORDS[service.provider])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("midjourney", {"midjourney"}),
        (" Runwayml , kling,", {"runwayml", "kling"}),
        ("all", {"all"}),
    ],
)
def test_the_setting_names_services(text: str, names: set[str]) -> None:
    assert read_services(text) == names


@pytest.mark.parametrize("text", ["runway", "kling suno", ",", "all,kling", "kling;runwayml"])
def test_an_unknown_name_is_refused_with_those_that_are_known(text: str) -> None:
    with pytest.raises(ValueError, match="or any of midjourney, google-flow, runwayml, minimax"):
        read_services(text)
