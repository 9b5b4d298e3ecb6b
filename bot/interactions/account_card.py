"""An account's card as a message: what is known of it, what was last done, and the buttons below."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import discord
from discord import ui

from bot.domain.accounts import Action, KnownAccount
from bot.interactions.buttons import button
from bot.interactions.responses import Shown
from bot.render.account_cards import account_embed

CARD_ACTIONS: Final = 5
"""How many of the last actions a card shows."""


def account_card(
    known: KnownAccount,
    actions: Sequence[Action],
    asker: int,
    *,
    owner: bool,
    unseen: bool = False,
    content: str | None = None,
) -> Shown:
    """Show an account to one person, with the buttons that person may use; `content` is a line above.

    `unseen` says that the list is refused with an error 596 that may be any account's.
    """
    view = ui.View(timeout=None)
    if known.account.has_channel_id:
        for each in card_buttons(known, asker, owner=owner, unseen=unseen):
            view.add_item(each)
    return Shown(content, (account_embed(known, actions=actions, unseen=unseen),), view)


def card_buttons(
    known: KnownAccount, asker: int, *, owner: bool, unseen: bool = False
) -> Iterator[ui.Item[Any]]:
    """Make the buttons of an account that can be acted on."""
    channel = known.channel
    yield button("info.ask", "Info", asker=asker, argument=channel)
    if owner and (unseen or known.account.flag is not None):
        yield button("account.reset", "Reset", asker=asker, argument=channel)
    if owner:
        yield button("account.edit", "Update", asker=asker, argument=channel)
        danger = discord.ButtonStyle.danger
        yield button("account.remove", "Remove", asker=asker, argument=channel, style=danger)
    if known.account.link:
        yield ui.Button(label="Open in Discord", url=known.account.link)
