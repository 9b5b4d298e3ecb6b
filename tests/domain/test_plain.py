"""Dataclasses as JSON and back, and secrets that are not shown."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum

import pytest

from bot.domain.plain import plain, typed
from bot.domain.secret import SecretStr

AT = datetime(2026, 11, 28, 3, 0, 0, 250_000, UTC)


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Part:
    at: datetime
    colour: Colour | None = None


@dataclass(frozen=True)
class Whole:
    parts: tuple[Part, ...]
    pair: tuple[date, int]
    names: frozenset[str]
    by_name: Mapping[str, Part] = field(default_factory=dict[str, Part])
    missing: datetime | None = None


def test_a_value_is_the_same_after_json() -> None:
    part = Part(AT, Colour.RED)
    whole = Whole((part, Part(AT)), (AT.date(), 7), frozenset({"a", "b"}), {"x": part})

    assert typed(Whole, json.loads(json.dumps(plain(whole)))) == whole


def test_what_an_earlier_version_wrote_is_read() -> None:
    milliseconds = round(AT.timestamp() * 1_000)

    assert typed(Part, {"at": milliseconds, "gone": 1}) == Part(AT)


@pytest.mark.parametrize("value", [{"at": "yesterday"}, {"colour": "red"}, {"at": str(AT), "colour": "blue"}])
def test_what_it_cannot_be_is_refused(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        typed(Part, value)


def test_a_secret_is_shown_nowhere() -> None:
    secret = SecretStr("made-for-the-search")

    assert "made-for-the-search" not in f"{secret} {secret!r} {[secret]}"
    assert secret.get_secret_value() == "made-for-the-search"
    assert {secret: 1}[SecretStr("made-for-the-search")] == 1
    assert secret != "made-for-the-search"
    assert str(SecretStr("")) == ""
