"""Discord takes whatever is rendered, held against its own description of what it takes."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from datetime import datetime

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.account_info import InfoSnapshot
from bot.domain.accounts import Account, Flag, KnownAccount
from bot.domain.actions import Action
from bot.domain.incidents import Incident, Reason
from bot.domain.messages import Purpose, Route
from bot.domain.providers import MJPROXY, reference_to
from bot.notifications.discord_transport import DiscordTransport
from bot.render.account_cards import account_embed, info_embed
from bot.render.account_choices import account_question, choices
from bot.render.account_list import list_content
from bot.render.action_replies import confirmation
from bot.render.alert_messages import content_of
from bot.render.hold_replies import snooze_choice
from bot.render.incident_card import info_refused
from bot.render.message_content import MessageContent
from tests.simulators.discord import SANDBOX_BOT_TOKEN, SimulatedDiscord, point_at
from tests.support.in_any_language import in_any_language
from tests.support.render_samples import accounts, actions, entries, hostile, message, moments, snapshots

Send = Callable[[MessageContent], list[str]]
"""Send a message, and edit an older one to it; return what Discord has against either."""


@pytest.fixture(scope="module")
def post() -> Iterator[Send]:
    """A client that is logged in at a simulated Discord."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        world = runner.run(stack.enter_async_context(SimulatedDiscord()))
        stack.enter_context(point_at(world.api, world.gateway))
        client = runner.run(stack.enter_async_context(discord.Client(intents=discord.Intents.none())))
        runner.run(client.login(SANDBOX_BOT_TOKEN))
        delivery = DiscordTransport(client, world.alerts_channel_id)

        async def sent(outgoing: MessageContent) -> list[str]:
            channel = await delivery.open(world.owner.id, Route.DM)
            place = await delivery.send(channel, outgoing, nonce=str(len(world.requests)), silent=False)
            await delivery.edit(place, outgoing)
            return world.problems

        yield lambda outgoing: runner.run(sent(outgoing))
        runner.run(stack.aclose())


def assert_taken(post: Send, posted: MessageContent) -> None:
    """Check that Discord takes a message with its embeds, and as text alone."""
    assert post(posted) == []
    assert post(MessageContent(posted.plain_text)) == []


@given(
    rows=entries,
    listed=st.lists(accounts, max_size=6),
    purpose=st.sampled_from(Purpose),
    route=st.sampled_from(Route),
    page=st.integers(-1, 3),
)
@in_any_language
def test_of_any_state_of_the_watch(
    *,
    post: Send,
    rows: list[tuple[Incident, Reason | None]],
    listed: list[KnownAccount],
    purpose: Purpose,
    route: Route,
    page: int,
) -> None:
    incidents: Mapping[str, Incident] = {row[0].key: row[0] for row in rows}
    mapped = {row[0].reference: each for row, each in zip(rows, listed, strict=False) if row[0].reference}
    sent = message(*rows, purpose=purpose, route=route)
    assert_taken(post, content_of(sent, incidents, mapped, page=page))


@given(known=accounts, snapshot=snapshots, done=st.lists(actions, max_size=8), text=hostile, now=moments)
@in_any_language
def test_of_any_account(
    *, post: Send, known: KnownAccount, snapshot: InfoSnapshot, done: list[Action], text: str, now: datetime
) -> None:
    assert_taken(post, confirmation(known, Flag.of(text), None, f"{'0' * 32}.{'0' * 16}", now=now))
    assert_taken(post, snooze_choice([known], "watch.snoozeall", "0" * 32))
    embeds = [info_embed(known, snapshot), account_embed(known, actions=done)]
    for embed in embeds:
        assert_taken(post, MessageContent("Said.", (embed,)))
    if known.account.flag and known.account.is_addressable:
        assert_taken(post, info_refused(known, 1, now))


@given(
    keys=st.sets(
        st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=90, max_size=100), min_size=1
    ),
    text=hostile,
)
@in_any_language
def test_of_accounts_with_the_longest_keys(*, post: Send, keys: set[str], text: str) -> None:
    known = [KnownAccount(Account(reference_to(MJPROXY, key), title=text)) for key in keys]
    assert_taken(post, account_question(known, 1, private=False))
    assert post(list_content(known, 0, 1, at=None)) == []
    assert all(1 <= len(str(choice.value)) <= 100 for choice in choices(known, ""))
