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
from bot.render.remedy_words import AT, ENABLE_ALL, NOT_FLAGGED, TAKEN, RemedyWords, words_of
from bot.render.text import bare, count, escape, exactly, span, when, whole

BUTTON_LABEL: Final = 40
NAMED: Final = 5
LEFT_OUT: Final = "Flagged for something else, and left out: {names}."
NOT_YET: Final = "Not yet"
QUOTED: Final = (RemedyVerdict.NOT_YET, RemedyVerdict.FLAGGED_AGAIN)
UNSEEN: Final = (
    "👀 **I cannot see the state of this account now:** useapi.net answers with error 596 instead of its "
    "list and does not say whose it is. The next list that I can read shows whether a reset worked."
)
NOT_OVER: Final = "⛔ **The block is not over.** It ends {ends}. {early} before then risks the account."
AS_WORDED: Final = "⛔ **Midjourney says below when the block ends.** {early} before then risks the account."
OPEN_ENDED: Final = (
    "⛔ **Midjourney does not say when the block ends.** "
    "{act} only if you have seen in the channel that it is over."
)
FLAG_CHANGED: Final = "⚠️ Midjourney now says something else, so I sent nothing. Read it, then confirm again."
LEFT_PAUSED: Final = "⏸️ **{name}** stays disabled, and its alert is over. Nothing was sent."
CANNOT_SEE: Final = (
    "⚠️ I cannot see whether **{name}** is flagged; at the last check it was not. "
    "I sent nothing. /mjstatus says why and what to do."
)
NOT_SENT: Final = "👌 Nothing was sent. The alert stays, with its buttons."


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
    texts = [warning, UNSEEN if unseen else None, consent, meaning(flag, account.account)]
    embed = discord.Embed(
        title=about(account, words.title),
        description="\n\n".join(filter(None, texts)),
        colour=flag_colour(flag),
        url=link or account.account.link,
    )
    said = words_for(account.reference).says(is_past=is_paused(account.account, flag))
    add_field(embed, said, quote(flag))
    add_field(embed, "Discord login to use", login_help(account, flag.kind))
    label = (words.insist if warning else words.agree).format(name=bare(account.label, BUTTON_LABEL))
    button = Button("watch.confirm", label, argument, discord.ButtonStyle.danger)
    question = about(account, words.questions[flag.kind])
    content = headed(question, "If not yet, nothing is sent and the alert stays.")
    components = (button, Button("watch.notyet", NOT_YET, argument), *channel_buttons(account.account))
    return MessageContent(content, (embed,), components, is_secret=link is not None)


def _block_until(account: KnownAccount, flag: Flag, incident: Incident | None) -> datetime | None:
    if incident is None:
        return block_end(account, flag)
    return incident.block_until() if incident.problem is None else flag.block_end(incident.opened_at)


def _block_warning(account: KnownAccount, flag: Flag, until: datetime | None, now: datetime) -> str | None:
    if flag.kind is not FlagKind.BLOCK or (until is not None and until <= now):
        return None
    if until is not None:
        return about(account, NOT_OVER, ends=exactly(until, "F"))
    act = words_for(account.reference).do.capitalize()
    return about(account, AS_WORDED if flag.worded_end else OPEN_ENDED, act=act)


def verdict_sentence(
    verdict: RemedyVerdict, account: KnownAccount, flag: Flag | None, remedy: Remedy, accounts: Accounts
) -> str:
    """Return the verdict of a remedy and what to do next. `flag` is the account's flag in the list now."""
    others = starting(accounts, {provider_of(account.reference)})
    before = sum(each.account.sort < account.account.sort for each in others)
    place = f", {count(before, '{n} other[|s]')} before it" if before else ""
    text = about(account, words_of(remedy).verdicts[verdict], before=place)
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
    incident, verdict, name = result.incident, result.verdict, f"**{escape(account.label)}**"
    match result.outcome:
        case RemedyOutcome.TAKEN if incident is not None:
            other = known_account(incident.lease_reference or account.reference, accounts)
            text = already_under_way(other, incident.leased_by, incident.lease_until, incident.remedy)
        case RemedyOutcome.DONE if verdict is RemedyVerdict.COULD_NOT_TELL and unseen:
            text = (
                f"❔ The reset of {name} was sent, but useapi.net still answers with error 596 "
                "instead of its list, so I cannot see whether it worked. Another account may need you, too.\n"
                "Its message turns green once useapi.net lists your accounts again."
            )
        case RemedyOutcome.DONE if verdict is not None:
            text = verdict_sentence(verdict, account, result.flag, remedy, accounts)
            if verdict is RemedyVerdict.STILL_DISABLED and incident is not None:
                handle, style = account.account.handle, discord.ButtonStyle.primary
                enable = Button("account.reset", ENABLE_IT, handle, style)
                leave = Button("watch.paused", LEAVE_PAUSED, incident.key)
                return MessageContent(text, components=(enable, leave))
        case outcome:
            said = words_of(remedy).outcomes.get(outcome)
            text = about(account, said) if said else nothing_to_reset(account)
    return MessageContent(text)


def with_alert(answer: MessageContent, address: str | None) -> MessageContent:
    """Return an answer with the button that opens its alert, if there is an address of one."""
    link = (Link("Open its alert", address),) if address else ()
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
        return MessageContent(ENABLE_ALL.outcomes[RemedyOutcome.CLEAR])
    words, name, kind = (WORDS[provider], count(len(accounts), "{n} account[|s]"), FlagKind.CONNECTION)
    left_out = [LEFT_OUT.format(names=_names(others))] if others else []
    consent = "\n\n".join([words.put_into(ENABLE_ALL.consents[kind]), *left_out])
    embed = discord.Embed(title=ENABLE_ALL.title.format(name=name), description=consent)
    add_field(embed, "Accounts", _names(accounts))
    yes = Button("watch.all", ENABLE_ALL.agree.format(name=name), argument, discord.ButtonStyle.danger)
    content = headed(said, words.put_into(ENABLE_ALL.questions[kind]))
    return MessageContent(content, (embed,), (yes, Button("watch.notyet", NOT_YET, argument)))


def enable_all_result(result: RemedyResult) -> str:
    """Return what became of how many accounts: "38 running, 2 not started yet"."""
    if result.outcome is not RemedyOutcome.DONE:
        return ENABLE_ALL.outcomes[result.outcome].format(name="them all")
    numbers = [(result.verdicts.get(verdict, 0), words) for verdict, words in ENABLE_ALL.verdicts.items()]
    parts = ", ".join(f"{whole(number)} {words}" for number, words in numbers if number)
    if set(result.verdicts) == {RemedyVerdict.BACK}:
        return f"✅ Enabled: **{parts}**."
    return f"⏳ Enabled: **{parts}**.\nI keep checking; the alert shows each account."


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
    doing = about(account, words_of(remedy).doing)
    if by is None or until is None:
        return TAKEN.format(person="Somebody", doing=doing)
    return f"{TAKEN.format(person=f'<@{by}>', doing=doing)}\n{AT.format(time=when(until, 'T'))}"


def about(account: KnownAccount, sentence: str, **fields: str) -> str:
    """Return a sentence about an account, with its other fields."""
    return words_for(account.reference).put_into(sentence, name=escape(account.label), **fields)


def nothing_to_reset(account: KnownAccount) -> str:
    """Return that the account needs no remedy, so none was sent, and its state if it is not known to run."""
    text = about(account, NOT_FLAGGED)
    if not account.is_idle:
        return text
    text = f"{text.removeprefix('✅ ')} It is listed as: {state_words(account)}."
    is_disabled = account.account.entry is EntryState.PAUSED
    return f"{text} {about(account, ENABLE_AGAIN)}" if is_disabled else text


def guide(account: KnownAccount, flag: Flag) -> str:
    """Return what a person can do about a flag for which nothing can be sent."""
    name, wants = escape(account.label), demand(flag, provider_of(account.reference))
    first = f"{symbol(flag.kind)} **{name}**: {wants}. I can send nothing for that."
    page = page_line(account.reference, account.web_page)
    return "\n".join(filter(None, [first, steps(account, flag, until=None), page]))


def unknown(account: KnownAccount | None, accounts: Collection[KnownAccount]) -> str:
    """Return the present state of the account, or of all, for a button of an alert that is forgotten."""
    flags = [(each, each.account.flag) for each in accounts]
    flagged = [escape(each.label) for each, flag in flags if flag and flag.kind is not FlagKind.OFFLINE]
    if account is not None:
        now = f"**{escape(account.label)}** now: {state_words(account)}."
    elif flagged:
        number, names = whole(len(flagged)), naming(flagged)
        now = count(
            len(accounts), "Now: {n} account[|s], {flagged} flagged: {names}.", flagged=number, names=names
        )
    else:
        now = count(len(accounts), "Now: {n} account[|s], none flagged.")
    return f"⚪ I do not know this alert any more. {now} /mjstatus shows more."
