"""A list that changed in a few entries reads as if it were the first, whatever the bytes are."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.accounts import Account
from bot.providers.errors import ProviderError
from bot.providers.useapi.remembered_list import RememberedList
from tests.providers.useapi.test_parsing import LIST, answer

KEYS = [str(10**17 + number) for number in range(6)]
TEXTS = st.sampled_from(
    (
        "",
        "x",
        "}",
        "{",
        "},{",
        '"',
        '"}',
        '":{"',
        "a captcha",
        "You have a pending moderation message",
        "]",
        "\\",
        "é",
    )
)
VALUES = st.one_of(TEXTS, st.integers(0, 5), st.none(), st.just({}), st.just({"a": "}"}), st.just([]))
ENTRIES: st.SearchStrategy[Any] = st.one_of(
    st.fixed_dictionaries(
        {"maxJobs": st.sampled_from((1, 2, 3, "3", None))},
        optional={
            "channel": st.sampled_from((*KEYS, "", None)),
            "server": st.sampled_from((KEYS[0], "none")),
            "pendingModMessage": VALUES,
            "error": VALUES,
            "discord": TEXTS,
        },
    ),
    st.just({}),
    st.just("x"),
)
LISTS = st.dictionaries(st.sampled_from((*KEYS, "code", "error")), ENTRIES, max_size=6)
EDITS = st.sampled_from(
    (b"", b"}", b"{", b",", b'"', b":", b"]", b" ", b'"100000000000000000":{"maxJobs":1},')
)


@st.composite
def bodies(draw: st.DrawFn) -> list[bytes]:
    """Lists of which each differs from the one before in a few entries, or in a few bytes."""
    entries = draw(LISTS)
    several = [json.dumps(entries).encode()]
    for _ in range(draw(st.integers(1, 3))):
        if entries and draw(st.booleans()):
            entries = entries | {draw(st.sampled_from(sorted(entries))): draw(ENTRIES)}
            body = json.dumps(entries, ensure_ascii=draw(st.booleans())).encode()
        else:
            body = several[-1]
            at = draw(st.integers(0, len(body)))
            body = body[:at] + draw(EDITS) + body[at + draw(st.integers(0, 3)) :]
        several.append(body)
    return several


def outcome(read: RememberedList, body: bytes) -> tuple[Account, ...] | str:
    """Return what a parser makes of a body."""
    try:
        return read(answer(200, body), LIST)
    except ProviderError as error:
        return repr(error)


@given(bodies())
def test_a_list_that_changed_reads_as_if_it_were_the_first(several: list[bytes]) -> None:
    remembering = RememberedList()
    for body in several:
        assert outcome(remembering, body) == outcome(RememberedList(), body)
