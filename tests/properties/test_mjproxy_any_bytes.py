"""Whatever midjourney-proxy answers: facts, or one error of the family, and never a credential."""

import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given

from bot.providers.errors import ProviderError
from bot.providers.http_response import ApiRequest, ApiResponse
from bot.providers.mjproxy.error_mapping import Endpoint
from bot.providers.mjproxy.parsing import (
    parse_health,
    parse_home,
    parse_link,
    parse_page,
    require_success,
)
from tests.properties.altered_bodies import STATUSES, any_bodies, with_another_value
from tests.simulators.mjproxy.cases import NAMES, recorded

NOW = datetime(2026, 11, 27, 7, tzinfo=UTC)
REAL = [it.content for it in map(recorded, NAMES) if len(it.content) < 30_000]
REAL_JSON = [body for body in REAL if body.startswith((b"{", b"["))]
SECRETS = ("made-up-token", "CAPTCHA-TOKEN-MADE-UP", "HASH-MADE-UP")
PARSERS: tuple[Callable[[ApiResponse, ApiRequest], object], ...] = (
    partial(parse_page, offset=timedelta(hours=8)),
    *(parse_link, parse_home, parse_health, require_success),
)


def outcome(parse: Callable[[ApiResponse, ApiRequest], object], body: bytes, status: int) -> str:
    """Return what came of an answer in full: any error but those of the family is a defect."""
    try:
        return repr(parse(ApiResponse(status, "", body, None, NOW), ApiRequest(Endpoint.LIST)))
    except ProviderError as error:
        return "".join([repr(error), str(vars(error)), *traceback.format_exception(error)])


@pytest.mark.parametrize("parse", PARSERS)
@given(body=any_bodies(REAL), status=STATUSES)
def test_any_bytes_are_facts_or_one_error(
    parse: Callable[[ApiResponse, ApiRequest], object], body: bytes, status: int
) -> None:
    assert outcome(parse, body, status)


@pytest.mark.parametrize("parse", PARSERS)
@given(body=with_another_value(REAL_JSON))
def test_another_value_lets_no_credential_out(
    parse: Callable[[ApiResponse, ApiRequest], object], body: bytes
) -> None:
    text = outcome(parse, body, 200)
    assert not any(secret in text for secret in SECRETS)
