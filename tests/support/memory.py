"""A search of this process's memory for a secret. What the simulations hold is left out."""

import gc
import sys
from collections import deque
from collections.abc import Iterator
from typing import cast

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
    everything = [each for each in gc.get_objects() if each is not UNSEARCHED]
    others = {kind for kind in set(map(type, everything)) if is_theirs(kind)}
    simulated = [each for each in everything if type(each) in others]
    known = {id(secret), *(id(text) for each in simulated for text in texts_in(each, secret, 4))}
    if all(id(text) in known for text in texts_held(everything, secret)):
        return []
    return [
        f"{type(each).__module__}.{type(each).__qualname__}"
        for each in everything
        for text in texts_in(each, secret)
        if id(text) not in known
    ]


def texts_held(things: list[object], secret: str) -> list[Text]:
    """Return the texts with a secret in things, also in collections that the collector does not list.

    This walks over all of them at once, a hundred times faster than `texts_in` over each.
    """
    found: list[Text] = []
    encoded = secret.encode()
    while things:
        held = gc.get_referents(*things)
        held += [key for each in things if type(each) is dict for key in cast(dict[object, object], each)]
        found += [each for each in held if isinstance(each, str) and secret in each]
        found += [each for each in held if isinstance(each, (bytes, bytearray)) and encoded in each]
        things = [each for each in held if type(each) in CONTAINERS and not gc.is_tracked(each)]
    return found


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
