"""Real bodies with something else in them, and JSON of any kind."""

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**400), 10**400) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
STATUSES = st.sampled_from(
    (200, 201, 204, 301, 400, 401, 402, 404, 410, 422, 429, 500, 502, 504, 569, 596, 999)
)


@st.composite
def cut_or_changed(draw: st.DrawFn, real: Sequence[bytes]) -> bytes:
    """A real answer, of which a piece is missing or another."""
    body = draw(st.sampled_from(real))
    start, end = sorted((draw(st.integers(0, len(body))), draw(st.integers(0, len(body)))))
    return body[:start] + draw(st.binary(max_size=12)) + body[end:]


@st.composite
def with_another_value(draw: st.DrawFn, real: Sequence[bytes]) -> bytes:
    """A real answer in JSON, in which one value is another one, of any kind."""
    value: Any = json.loads(draw(st.sampled_from(real)))
    inner: Any = value
    while inner:
        keys: list[Any] = [*inner.keys()] if hasattr(inner, "keys") else [*range(len(inner))]
        key = draw(st.sampled_from(keys))
        deeper: Any = inner[key]
        if type(deeper) not in (dict, list) or not deeper or draw(st.booleans()):
            inner[key] = draw(JSON)
            break
        inner = deeper
    return json.dumps(value).encode()


def any_bodies(real: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Pieces of real answers, a few bytes, and JSON."""
    return cut_or_changed(real) | st.binary(max_size=60) | JSON.map(json.dumps).map(str.encode)
