"""A search of this process's memory for a secret. What the simulations hold is left out."""

import gc
import sys
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from functools import partial
from itertools import chain, compress, filterfalse
from operator import is_not, methodcaller
from typing import Any, cast

CONTAINERS = frozenset({dict, list, tuple, set, frozenset, deque})
OTHERS = ("tests.simulators", "tests.demo", "simcord", "aiohttp.web_")
"""The modules whose objects may hold a secret: Discord and the API are servers behind a socket."""

UNSEARCHED = sys.modules["_asyncio"]
"""Before Python 3.12.6 its referents include freed memory, and the next collection never ends."""

Text = str | bytes | bytearray
TEXTS = (str, bytes, bytearray)


def holders_of(secret: str) -> list[str]:
    """Name the types of what holds a secret, hidden or not, as text or as bytes, garbage included.

    What a simulation holds, or the test, is known by its identity: the bot has texts of its own, since it got
    them through a socket.
    """
    everything = list(filter(partial(is_not, UNSEARCHED), gc.get_objects()))
    simulated = of_kinds(everything, {kind for kind in kinds_of(everything) if is_theirs(kind)})
    known = {id(secret), *(id(text) for each in simulated for text in texts_in(each, secret, 4))}
    return [
        f"{type(each).__module__}.{type(each).__qualname__}" for each in holding(everything, secret, known)
    ]


def holding(things: list[Any], secret: str, known: set[int]) -> list[Any]:
    """Return those of the things that hold a text with a secret, apart from the known texts."""
    if known.issuperset(map(id, texts_held(things, secret))):
        return []
    if len(things) == 1:
        return things
    half = len(things) // 2
    return holding(things[:half], secret, known) + holding(things[half:], secret, known)


def texts_held(things: list[Any], secret: str) -> list[Text]:
    """Return the texts with a secret in things, also in collections that the collector does not list.

    There are millions of them. No line of Python runs for each, which would take seconds.
    """
    found: list[Text] = []
    while things:
        held = [*gc.get_referents(*things), *chain.from_iterable(of_kinds(things, {dict}))]
        kinds = kinds_of(held)
        for part, whole in ((secret, str), (secret.encode(), (bytes, bytearray))):
            texts = of_kinds(held, {kind for kind in kinds if issubclass(kind, whole)})
            found += filter(methodcaller("__contains__", part), texts)
        things = list(filterfalse(gc.is_tracked, of_kinds(held, CONTAINERS)))
    return found


def kinds_of(things: Iterable[Any]) -> set[type]:
    return set(map(type, things))


def of_kinds(things: Iterable[Any], kinds: Collection[type]) -> Iterator[Any]:
    """Return the things of exactly these types."""
    return compress(things, map(kinds.__contains__, map(type, things)))


def is_theirs(kind: type) -> bool:
    return str(kind.__module__).startswith(OTHERS)  # some classes put a descriptor there


def texts_in(thing: object, secret: str, depth: int = 0) -> Iterator[Text]:
    """Yield the texts with a secret in a thing, also in collections that the collector does not list."""
    held: list[object] = gc.get_referents(thing)
    if type(thing) is dict:
        held += cast(dict[object, object], thing)  # the collector does not report the keys
    for each in held:
        if isinstance(each, TEXTS):
            if secret in (each if isinstance(each, str) else each.decode("latin-1")):
                yield each
        elif type(each) in CONTAINERS and (depth > 0 or not gc.is_tracked(each)):
            yield from texts_in(each, secret, depth - 1)
