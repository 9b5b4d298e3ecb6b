"""Whatever comes back over the socket: facts, or one error of the family, and never a token."""

import asyncio
import traceback
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.providers.errors import ProviderError
from bot.providers.useapi.client import UseapiClient
from tests.properties.altered_bodies import STATUSES, any_bodies, with_another_value
from tests.providers.useapi.test_client import (
    CHANNEL,
    DISCORD,
    FIXTURES,
    SECRETS,
    SHORT,
    TOKEN,
    asking,
    hangs_up,
)

Ask = Callable[[bytes, int], str]
"""Let the client send a request to a server that answers with these bytes, and return the outcome in full."""

REAL = [file.read_bytes() for file in sorted(FIXTURES.iterdir())]
REAL_JSON = [body for body in REAL if body.lstrip().startswith((b"{", b"["))]
HEADERS = st.sampled_from(
    (
        *(
            "Content-Type: application/json",
            "Content-Type: text/html",
            "Content-Type: \x01",
            "Retry-After: soon",
        ),
        *("Retry-After: 99999999999999999999", "Content-Encoding: gzip", "Content-Encoding: br"),
        *("Transfer-Encoding: chunked", "Content-Length: 5", "Content-Length: -1", "Location: http://[", "x"),
    )
)


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    """An HTTP response whose body may be anything, as may its length."""
    body = draw(any_bodies(REAL) | with_another_value(REAL_JSON))
    body = draw(st.sampled_from((body, body + TOKEN.get_secret_value().encode())))
    headers: list[str] = [*draw(st.lists(HEADERS, max_size=3))]
    if draw(st.booleans()):
        headers.append(f"Content-Length: {len(body)}")
    head = "\r\n".join([f"HTTP/1.1 {draw(STATUSES)} Said", *headers, "", ""])
    return head.encode("latin-1") + body


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """A client, and a server whose answers a test sets."""
    answers: list[bytes] = []

    async def play(writer: asyncio.StreamWriter) -> None:
        writer.write(answers[-1])
        await writer.drain()
        await hangs_up(writer)

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        client, _ = runner.run(stack.enter_async_context(asking(play, limits=SHORT)))

        def asked(answer: bytes, question: int) -> str:
            answers.append(answer)
            return runner.run(outcome(client, question))

        yield asked
        runner.run(stack.aclose())


async def outcome(client: UseapiClient, question: int) -> str:
    """Send one request, and return its outcome in full. Only the client's own errors are caught."""
    questions = (
        client.accounts,
        lambda: client.account(CHANNEL),
        client.subscription_active,
        lambda: client.save_account(DISCORD),
        lambda: client.account_with_token(DISCORD),
        lambda: client.remove_account(CHANNEL),
        lambda: client.reset(CHANNEL),
        lambda: client.info(CHANNEL),
    )
    try:
        return repr(await questions[question % len(questions)]())
    except ProviderError as error:
        return "".join([repr(error), str(vars(error)), *traceback.format_exception(error)])


@given(answer=responses() | st.binary(max_size=200), question=st.integers(0, 7))
def test_any_bytes_are_facts_or_one_error_and_contain_no_token(
    ask: Ask, answer: bytes, question: int
) -> None:
    text = ask(answer, question)
    assert not any(secret in text for secret in SECRETS)
