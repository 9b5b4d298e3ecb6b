"""Enabling all accounts of a provider that lost their connection together: button, question and result."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import discord

from bot.domain.accounts import KnownAccount
from bot.domain.common_cause import enabled_together, lost_connection
from bot.domain.incidents import GroupResult, Incident, ResetOutcome, ResetStage, ResetVerdict
from bot.render.account_cards import add_field
from bot.render.action_replies import NOT_YET
from bot.render.alert_items import LABEL_LIMIT, AlertItem, naming
from bot.render.message_content import Button, MessageContent
from bot.render.provider_words import WORDS
from bot.render.text import count, escape, span, whole

CONSENT: Final = (
    "It tells {service} with one request to start these accounts again. They start one after another, so the "
    "last may take minutes.\n"
    "You cannot tell? Enabling shows it: without a connection to Discord, {service} disables them again."
)
NAMED: Final = 5
LEFT_OUT: Final = "Flagged for something else, and left out: {names}."
VERDICTS: Final[Mapping[ResetVerdict, tuple[str, str]]] = {
    ResetVerdict.BACK: ("runs", "run"),
    ResetVerdict.NOT_STARTED: ("not yet", "not yet"),
    ResetVerdict.NOT_YET: ("is disabled again", "are disabled again"),
    ResetVerdict.STILL_DISABLED: ("is disabled", "are disabled"),
    ResetVerdict.FLAGGED_AGAIN: ("is flagged again", "are flagged again"),
    ResetVerdict.NOT_CONFIGURED: ("is not configured any more", "are not configured any more"),
    ResetVerdict.COULD_NOT_TELL: ("unknown", "unknown"),
}
"""What became of accounts, behind their number: of one, and of several."""
PROGRESS: Final[Mapping[ResetStage, str]] = {
    ResetStage.READING: "👀 Reading the list before I enable anything ...",
    ResetStage.SENDING: "🔄 Enabling them with one request ...",
    ResetStage.CHECKING: "⏳ {service} starts them one after another. Checking again in {wait} ...",
}
OUTCOMES: Final[Mapping[ResetOutcome, str]] = {
    ResetOutcome.CHANGED: "⚠️ These are other accounts than before, so I sent nothing. Confirm again.",
    ResetOutcome.CLEAR: "✅ None of them waits for it any more, so I sent nothing.",
    ResetOutcome.TAKEN: "🔄 Somebody is already enabling some of them. Try again when that has its result.",
    ResetOutcome.RAN_OUT: "It took too long to begin. Nothing was sent; try again.",
    ResetOutcome.UNREADABLE: "⚠️ I could not read the list, so I enabled nothing. "
    "/mjstatus says why and what to do.",
}


def enable_all_button(items: Sequence[AlertItem], incidents: Mapping[str, Incident]) -> Button | None:
    """Return the button for all accounts that lost their connection with one of these; None for one alone."""
    provider = next((item.provider for item in items if lost_connection(item.incident)), "")
    number = len(enabled_together(incidents.values(), provider))
    style = discord.ButtonStyle.primary
    return Button("watch.all", f"Enable all {whole(number)}", provider, style) if number > 1 else None


def enable_all_question(
    provider: str, accounts: Sequence[KnownAccount], others: Sequence[KnownAccount], argument: str
) -> MessageContent:
    """Return the question whether to enable these accounts; the others of the provider stay as they are."""
    words, number = WORDS[provider], count(len(accounts), "account")
    left_out = [LEFT_OUT.format(names=_names(others))] if others else []
    embed = discord.Embed(
        title=f"Enable {number}?", description="\n\n".join([words.put_into(CONSENT), *left_out])
    )
    add_field(embed, "Accounts", _names(accounts))
    yes = Button("watch.all", f"Yes, enable {number}", argument, discord.ButtonStyle.danger)
    content = words.put_into("Does {service} reach Discord again?")
    return MessageContent(content, (embed,), (yes, Button("watch.notyet", NOT_YET, argument)))


def enable_all_progress(stage: ResetStage, wait: timedelta, provider: str) -> str:
    """Return how far it is, and how long until the list is read again."""
    return WORDS[provider].put_into(PROGRESS[stage], wait=span(wait))


def enable_all_result(result: GroupResult) -> str:
    """Return what became of how many accounts: "38 run, 2 not yet"."""
    if result.outcome is not ResetOutcome.DONE:
        return OUTCOMES[result.outcome]
    parts = [
        f"{whole(number)} {one if number == 1 else several}"
        for verdict, (one, several) in VERDICTS.items()
        if (number := result.verdicts.get(verdict, 0))
    ]
    is_all = set(result.verdicts) == {ResetVerdict.BACK}
    rest = "" if is_all else "\nI keep checking; the alert shows each account."
    return f"{'✅' if is_all else '⏳'} Enabled: **{', '.join(parts)}**.{rest}"


def _names(accounts: Sequence[KnownAccount]) -> str:
    return naming([escape(each.label, LABEL_LIMIT) for each in accounts], NAMED)
