"""The search of memory finds what it is for: a search that finds nothing would let every test pass."""

import gc
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from bot.domain.secret import SecretStr
from tests.simulators.discord import Person
from tests.support.memory import holders_of


@dataclass(slots=True)
class Holder:
    held: object


def secret() -> str:
    return f"a-secret-that-is-made-anew-in-process-{os.getpid()}"


@pytest.fixture(autouse=True)
def nothing_but_new_objects() -> Iterator[None]:
    """Keep the objects of the tests before this one out of the search, which would take seconds."""
    gc.freeze()
    yield
    gc.unfreeze()


HOLDING: dict[str, Callable[[str], object]] = {
    "hidden": SecretStr,
    "in-an-object": Holder,
    "in-a-longer-text": lambda text: Holder(f"token={text}"),
    "as-bytes": lambda text: Holder(text.encode()),
    "as-a-buffer": lambda text: Holder(bytearray(text, "ascii")),
    "in-collections": lambda text: Holder({"components": [{"value": text}]}),
    "as-a-key": lambda text: {text: Holder(None)},
    "in-an-error": ValueError,
    "in-a-function": lambda text: lambda: text,
}


@pytest.mark.parametrize("hold", HOLDING.values(), ids=HOLDING)
def test_what_holds_a_secret_is_found(hold: Callable[[str], object]) -> None:
    held = hold(secret())
    found = holders_of(secret())
    assert len(found) == 1
    del held
    assert holders_of(secret()) == []


def test_what_a_simulation_knows_is_not_found() -> None:
    person = Person(1, secret())
    assert holders_of(secret()) == []
    copied = Holder(person.name.encode())
    assert len(holders_of(secret())) == 1
    del copied
