"""The answers about remedies: the question before one, its progress and its result."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import discord

from bot.domain.accounts import Accounts, EntryState, Flag, FlagKind, KnownAccount
from bot.domain.actions import RemedyOutcome, RemedyResult, RemedyStage
from bot.domain.capabilities import remedy_for
from bot.domain.incidents import Incident, RemedyVerdict
from bot.domain.providers import Remedy, provider_of
from bot.render.account_cards import add_field, flag_colour
from bot.render.alert_items import LABEL_LIMIT, known_account, naming, starting
from bot.render.instructions import (
    ENABLE_AGAIN,
    ENABLE_IT,
    LEAVE_PAUSED,
    block_end,
    login_help,
    page_line,
    steps,
)
from bot.render.message_content import Button, Link, MessageContent, channel_buttons, headed
from bot.render.phrases import demand, is_paused, meaning, quote, state_words, symbol
from bot.render.provider_words import WORDS, words_for
from bot.render.remedy_words import (
    AT,
    CONSENT_FOR_ALL,
    ENABLE,
    ENABLED,
    LISTED_AS,
    NONE_ENABLED,
    NOT_FLAGGED,
    STARTS_LATER,
    RemedyWords,
    words_of,
)
from bot.render.text import bare, count, escape, exactly, passage, span, when, whole
from bot.runtime.language import Sentence, say

BUTTON_LABEL: Final = 40
NAMED: Final = 5
LEFT_OUT: Final[Sentence] = "Flagged for something else, and left out: {names}."
NOT_YET: Final[Sentence] = "Not yet"
QUOTED: Final = (RemedyVerdict.NOT_YET, RemedyVerdict.FLAGGED_AGAIN)
UNSEEN: Final[Sentence] = (
    "👀 **I cannot see the state of this account now:** useapi.net answers with error 596 instead of its "
    "list and does not say whose it is. The next list that I can read shows whether a reset worked."
)
NOT_OVER: Final[Sentence] = (
    "⛔ **The block is not over.** It ends {time}. {early} before then risks the account."
)
AS_WORDED: Final[Sentence] = (
    "⛔ **Midjourney says below when the block ends.** {early} before then risks the account."
)
OPEN_ENDED: Final[Sentence] = (
    "⛔ **Midjourney does not say when the block ends.** "
    "{do_first} only if you have seen in the channel that it is over."
)
FLAG_CHANGED: Final[Sentence] = (
    "⚠️ Midjourney now says something else, so I sent nothing. Read it, then confirm again."
)
LEFT_PAUSED: Final[Sentence] = "⏸️ **{name}** stays disabled, and its alert is over. Nothing was sent."
CANNOT_SEE: Final[Sentence] = (
    "⚠️ I cannot see whether **{name}** is flagged; at the last check it was not. "
    "I sent nothing. /mjstatus says why and what to do."
)
NOT_SENT: Final[Sentence] = "👌 Nothing was sent. The alert stays, with its buttons."


def confirmation(
    account: KnownAccount,
    flag: Flag,
    incident: Incident | None,
    argument: str,
    *,
    now: datetime,
    unseen: bool = False,
    link: str | None = None,
) -> MessageContent:
    """Return the question whether to apply the remedy to a flagged account.

    `argument` is what the button hands on; the caller puts a hash of the flag into it. `unseen` says that the
    list is refused with an error 596 that may be any account's. `link` is a credential, for the asker alone.
    """
    words = words_of(remedy_for(account.account, flag.kind))
    warning = _block_warning(account, flag, _block_until(account, flag, incident), now)
    consent = about(account, words.consents[flag.kind])
    texts = [warning, say(UNSEEN) if unseen else None, consent, meaning(flag, account.account)]
    embed = discord.Embed(
        title=about(account, words.title),
        description="\n\n".join(filter(None, texts)),
        colour=flag_colour(flag),
        url=link or account.account.link,
    )
    said = words_for(account.reference).says(is_past=is_paused(account.account, flag))
    add_field(embed, said, quote(flag))
    add_field(embed, "Discord login to use", login_help(account, flag.kind))
    label = say(words.insist if warning else words.agree, name=bare(account.label, BUTTON_LABEL))
    button = Button("watch.confirm", label, argument, discord.ButtonStyle.danger)
    question = about(account, words.questions[flag.kind])
    content = headed(question, say("If not yet, nothing is sent and the alert stays."))
    components = (button, Button("watch.notyet", say(NOT_YET), argument), *channel_buttons(account.account))
    return MessageContent(content, (embed,), components, is_secret=link is not None)


def _block_until(account: KnownAccount, flag: Flag, incident: Incident | None) -> datetime | None:
    if incident is None:
        return block_end(account, flag)
    return incident.block_until() if incident.problem is None else flag.block_end(incident.opened_at)


def _block_warning(account: KnownAccount, flag: Flag, until: datetime | None, now: datetime) -> str | None:
    if flag.kind is not FlagKind.BLOCK or (until is not None and until <= now):
        return None
    if until is not None:
        return about(account, NOT_OVER, time=exactly(until, "F"))
    return about(account, AS_WORDED if flag.worded_end else OPEN_ENDED)


def verdict_sentence(
    verdict: RemedyVerdict, account: KnownAccount, flag: Flag | None, remedy: Remedy, accounts: Accounts
) -> str:
    """Return the verdict of a remedy and what to do next. `flag` is the account's flag in the list now."""
    others = starting(accounts, {provider_of(account.reference)})
    before = sum(each.account.sort < account.account.sort for each in others)
    if before and verdict is RemedyVerdict.NOT_STARTED and remedy is not Remedy.RESET:
        return count(before, STARTS_LATER, name=escape(account.label))
    text = about(account, words_of(remedy).verdicts[verdict])
    if flag is None or verdict not in QUOTED:
        return text
    return "\n".join(filter(None, [text, meaning(flag, account.account), quote(flag)]))


def remedy_progress(
    words: RemedyWords, stage: RemedyStage, provider: str, label: str, wait: timedelta
) -> str:
    """Return how far a remedy is, and how long until what has that label is read again."""
    return WORDS[provider].put_into(words.stages[stage], name=escape(label), wait=span(wait))


def remedy_result(
    result: RemedyResult, account: KnownAccount, accounts: Accounts, remedy: Remedy, *, unseen: bool
) -> MessageContent:
    """Return how a remedy ended. `unseen` says that the list is refused with a 596 of an unknown account."""
    incident, verdict = result.incident, result.verdict
    match result.outcome:
        case RemedyOutcome.TAKEN if incident is not None:
            other = known_account(incident.lease_reference or account.reference, accounts)
            text = already_under_way(other, incident.leased_by, incident.lease_until, incident.remedy)
        case RemedyOutcome.DONE if verdict is RemedyVerdict.COULD_NOT_TELL and unseen:
            text = about(
                account,
                "❔ The reset of **{name}** was sent, but useapi.net still answers with error 596 "
                "instead of its list, so I cannot see whether it worked. Another account may need you, too.\n"
                "Its message turns green once useapi.net lists your accounts again.",
            )
        case RemedyOutcome.DONE if verdict is not None:
            text = verdict_sentence(verdict, account, result.flag, remedy, accounts)
            if verdict is RemedyVerdict.STILL_DISABLED and incident is not None:
                handle, style = account.account.handle, discord.ButtonStyle.primary
                enable = Button("account.reset", say(ENABLE_IT), handle, style)
                leave = Button("watch.paused", say(LEAVE_PAUSED), incident.key)
                return MessageContent(text, components=(enable, leave))
        case outcome:
            said = words_of(remedy).outcomes.get(outcome)
            text = about(account, said) if said else nothing_to_reset(account)
    return MessageContent(text)


def with_alert(answer: MessageContent, address: str | None) -> MessageContent:
    """Return an answer with the button that opens its alert, if there is an address of one."""
    link = (Link(say("Open its alert"), address),) if address else ()
    return replace(answer, components=(*answer.components, *link))


def enable_all_question(
    provider: str,
    accounts: Sequence[KnownAccount],
    others: Sequence[KnownAccount],
    argument: str,
    said: str | None = None,
) -> MessageContent:
    """Return the question whether to enable these accounts; the others of the provider stay as they are."""
    if not accounts:
        return MessageContent(say(NONE_ENABLED[RemedyOutcome.CLEAR]))
    words, name = WORDS[provider], count(len(accounts), "{n} account[|s]")
    left_out = [say(LEFT_OUT, names=_names(others))] if others else []
    consent = "\n\n".join([words.put_into(CONSENT_FOR_ALL), *left_out])
    embed = discord.Embed(title=say(ENABLE.title, name=name), description=consent)
    add_field(embed, "Accounts", _names(accounts))
    yes = Button("watch.all", say(ENABLE.agree, name=name), argument, discord.ButtonStyle.danger)
    content = headed(said, words.put_into(ENABLE.questions[FlagKind.CONNECTION]))
    return MessageContent(content, (embed,), (yes, Button("watch.notyet", say(NOT_YET), argument)))


def enable_all_result(result: RemedyResult) -> str:
    """Return what became of how many accounts: "38 running, 2 not started yet"."""
    if result.outcome is not RemedyOutcome.DONE:
        return say(NONE_ENABLED[result.outcome])
    numbers = [(result.verdicts.get(verdict, 0), sentence) for verdict, sentence in ENABLED.items()]
    results = say(", ").join(count(number, sentence) for number, sentence in numbers if number)
    return say(
        "✅ Enabled: **{results}**."
        if set(result.verdicts) == {RemedyVerdict.BACK}
        else "⏳ Enabled: **{results}**.\nI keep checking; the alert shows each account.",
        results=results,
    )


def _names(accounts: Sequence[KnownAccount]) -> str:
    return naming([escape(each.label, LABEL_LIMIT) for each in accounts], NAMED)


def still_starting(account: KnownAccount, flag: Flag, accounts: Accounts) -> str:
    """Return that nothing need be sent for an account that its provider starts already."""
    remedy = remedy_for(account.account, flag.kind)
    return verdict_sentence(RemedyVerdict.NOT_STARTED, account, None, remedy, accounts)


def already_under_way(
    account: KnownAccount, by: int | None, until: datetime | None, remedy: Remedy | None = None
) -> str:
    """Return that somebody applies a remedy to the account."""
    taken = words_of(remedy).taken
    if by is None or until is None:
        return about(account, taken, person=say("Somebody"))
    return f"{about(account, taken, person=f'<@{by}>')}\n{say(AT, time=when(until, 'T'))}"


def about(account: KnownAccount, sentence: Sentence, **fields: str) -> str:
    """Return a sentence about an account, with its other fields."""
    return words_for(account.reference).put_into(sentence, name=escape(account.label), **fields)


def nothing_to_reset(account: KnownAccount) -> str:
    """Return that the account needs no remedy, so none was sent, and its state if it is not known to run."""
    if not account.is_idle:
        return about(account, NOT_FLAGGED)
    text = about(account, LISTED_AS, state=state_words(account))
    is_disabled = account.account.entry is EntryState.PAUSED
    return passage(text, about(account, ENABLE_AGAIN)) if is_disabled else text


def guide(account: KnownAccount, flag: Flag) -> str:
    """Return what a person can do about a flag for which nothing can be sent."""
    first = about(
        account,
        "{mark} **{name}**: {demand}. I can send nothing for that.",
        mark=symbol(flag.kind),
        demand=demand(flag, provider_of(account.reference)),
    )
    page = page_line(account.reference, account.web_page)
    return "\n".join(filter(None, [first, steps(account, flag, until=None), page]))


def unknown(account: KnownAccount | None, accounts: Collection[KnownAccount]) -> str:
    """Return the present state of the account, or of all, for a button of an alert that is forgotten."""
    flags = [(each, each.account.flag) for each in accounts]
    flagged = [escape(each.label) for each, flag in flags if flag and flag.kind is not FlagKind.OFFLINE]
    if account is not None:
        now = about(account, "**{name}** now: {state}.", state=state_words(account))
    elif flagged:
        now = count(
            len(accounts),
            "Now: {n} account[|s], {flagged} flagged: {names}.",
            flagged=whole(len(flagged)),
            names=naming(flagged),
        )
    else:
        now = count(len(accounts), "Now: {n} account[|s], none flagged.")
    return say("⚪ I do not know this alert any more. {now} /mjstatus shows more.", now=now)
