"""The search of memory finds what it is for: a search that finds nothing would let every test pass."""

import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from tests.simulators.discord import Person
from tests.support.memory import holders_of


@dataclass(slots=True)
class Keeper:
    kept: object


def secret() -> str:
    return f"a-secret-that-is-made-anew-in-process-{os.getpid()}"


KEEPING: dict[str, Callable[[str], object]] = {
    "hidden": SecretStr,
    "in-an-object": Keeper,
    "in-a-longer-text": lambda text: Keeper(f"token={text}"),
    "as-bytes": lambda text: Keeper(text.encode()),
    "as-a-buffer": lambda text: Keeper(bytearray(text, "ascii")),
    "in-collections": lambda text: Keeper({"components": [{"value": text}]}),
    "as-a-key": lambda text: {text: Keeper(None)},
    "in-an-error": ValueError,
    "in-a-function": lambda text: lambda: text,
}


@pytest.mark.parametrize("keep", KEEPING.values(), ids=KEEPING)
def test_what_keeps_a_secret_is_found(keep: Callable[[str], object]) -> None:
    kept = keep(secret())
    found = holders_of(secret())
    assert len(found) == 1
    del kept
    assert holders_of(secret()) == []


def test_what_a_simulation_knows_is_no_finding() -> None:
    person = Person(1, secret())
    assert holders_of(secret()) == []
    copied = Keeper(person.name.encode())
    assert len(holders_of(secret())) == 1
    del copied
