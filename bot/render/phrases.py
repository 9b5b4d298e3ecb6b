"""The words for states, for what Midjourney wants, and for unexpected errors."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from bot.domain.accounts import Account, EntryState, Flag, FlagKind, KnownAccount, State
from bot.domain.capabilities import remedy_for
from bot.domain.providers import Remedy, provider_of
from bot.render.provider_words import WORDS
from bot.render.text import QUOTE_LIMIT, code_block, code_span, exactly, span, when
from bot.render.warning_words import concern_words
from bot.runtime.language import Sentence, say


def state_words(account: KnownAccount) -> str:
    """Return an account's state as a symbol and words: "✅ ready", "🧩 CAPTCHA pending".

    The first warning stands beside "ready".
    """
    flag, entry = account.account.flag, account.account.entry
    starting = entry is EntryState.STARTING
    if flag is not None and is_paused(account.account, flag) and account.state is State.OPEN:
        return paused_words(flag)
    if flag is not None:
        starting = starting and flag.kind is not FlagKind.OFFLINE
        return open_words(account.state, flag, provider_of(account.reference), starting=starting)
    if entry is EntryState.OK and account.is_stale:
        return say("❔ ready when last seen")
    if entry is EntryState.OK and account.warnings:
        return f"{say(ENTRIES[entry])} · ⚠️ {concern_words(account.warnings[0])}"
    is_outside = starting and account.account.hours
    return say("🕒 outside its hours, or not started yet" if is_outside else ENTRIES[entry])


UNSAID: Final[Mapping[FlagKind, Sentence]] = {
    FlagKind.MODERATION: "useapi.net reports a pending moderation message or CAPTCHA, without details.",
    FlagKind.OTHER: "The API flags the account, and says no more.",
    FlagKind.CAPTCHA: "No text is given with the CAPTCHA.",
    FlagKind.BLOCK: "No reason is given for the block.",
}
"""What stands for the text of a flag that has none."""


def flag_text(flag: Flag) -> str:
    """Return the text of a flag, or what stands for it."""
    sentence = UNSAID.get(flag.kind)
    return flag.text or (say(sentence) if sentence else "")


def quote(flag: Flag, limit: int = QUOTE_LIMIT) -> str:
    """Return the text of a flag as a quotation; empty if it has none, which `meaning` says."""
    return code_block(flag.text, limit) if flag.text else ""


STARTS: Final[Sentence] = "⏳ enabled, not started yet"
ENTRIES: Final[Mapping[EntryState, Sentence]] = {
    EntryState.OK: "✅ ready",
    EntryState.FLAGGED: "⚠️ needs attention",
    EntryState.PAUSED: "⏸️ paused",
    EntryState.STARTING: STARTS,
    EntryState.UNKNOWN: "❔ cannot be read",
}
"""The words for an account without an open incident."""


def open_words(state: State | None, flag: Flag, provider: str, *, starting: bool = False) -> str:
    """Return the words for an open incident, of an account that its provider may be starting."""
    match state:
        case State.OPEN if starting:
            return say(STARTS)
        case State.CLEARING:
            return say("👀 recovering")
        case State.RESETTING:
            return WORDS[provider].put_into("🔄 being {done}")
        case _:
            return say(KINDS[flag.kind])


CHINESE: Final = re.compile("[\u4e00-\u9fff]")
UNREAD: Final[Sentence] = "I do not know this reason; a translator can tell you what it says."
KINDS: Final[Mapping[FlagKind, Sentence]] = {
    FlagKind.OFFLINE: "💤 not started",
    FlagKind.OTHER: "⚠️ needs attention",
    FlagKind.CONNECTION: "📡 disconnected",
    FlagKind.CREDITS: "🪫 credits used up",
    FlagKind.SESSION: "🔑 cannot log in",
    FlagKind.PLAN: "💳 no active plan",
    FlagKind.CAPTCHA: "🧩 CAPTCHA pending",
    FlagKind.MODERATION: "⚠️ moderation message pending",
    FlagKind.BLOCK: "⛔ blocked",
}
"""A symbol and words for each kind of flag."""


def symbol(kind: FlagKind) -> str:
    """Return the symbol of a kind; words stand beside it wherever it is shown."""
    return KINDS[kind].partition(" ")[0]


def is_paused(account: Account, flag: Flag) -> bool:
    """Return whether an account is still disabled, its flag is not listed any more, and it can be enabled."""
    is_enabled_here = remedy_for(account, flag.kind) is Remedy.ENABLE
    return account.entry is EntryState.PAUSED and (is_enabled_here or Remedy.ENABLE in account.lacks)


def is_unlocked(account: Account, flag: Flag) -> bool:
    """Return whether the CAPTCHA of an account is solved, and the account is still disabled."""
    return flag.kind is FlagKind.CAPTCHA and is_paused(account, flag)


def paused_words(flag: Flag) -> str:
    """Return the words for an open incident of an account that is paused."""
    is_solved = flag.kind is FlagKind.CAPTCHA
    return say("⏸️ CAPTCHA solved, still disabled" if is_solved else "⏸️ no reason listed, still disabled")


def flagged_since(at: datetime | None, *, is_past: bool, is_soft: bool = False) -> str:
    """Return since when an account is or was flagged. One that was just not started is not called flagged."""
    if at is None:
        return say("Flagged since an unknown time.")
    sentence: Sentence = "It was flagged since {time}." if is_past else "Flagged since {time}."
    return say("Noticed {time}." if is_soft else sentence, time=exactly(at))


def demand(flag: Flag, provider: str) -> str:
    """Return what a flagged account waits for, as a sentence without its full stop."""
    words = WORDS[provider]
    sentence = words.by_text[flag.text][0] if flag.text in words.by_text else words.demands[flag.kind]
    wish = words.put_into(sentence)
    length = flag.block_length
    return say("{demand} for {lasted}", demand=wish, lasted=span(length)) if length else wish


def meaning(flag: Flag, account: Account) -> str | None:
    """Return our sentence for a flag without a text, or with one that few can read; None for any other."""
    if flag.text and not CHINESE.search(flag.text):
        return None
    if is_unlocked(account, flag):
        return say("It asked for a CAPTCHA, which is solved.")
    if not flag.text:
        return flag_text(flag) or None
    if flag.kind is FlagKind.OTHER:
        return say(UNREAD)
    return say("It means: {demand}.", demand=demand(flag, provider_of(account.reference)))


def waiting(since: datetime, longest: timedelta) -> str:
    """Return that Midjourney's answer is waited for; Discord keeps the time that has passed up to date."""
    return say(
        "⏳ Midjourney was asked {time}, and has not answered yet. I wait until {end} at most.",
        time=when(since),
        end=when(since + longest, "T"),
    )


def ordered(every: timedelta) -> str:
    """Return what INFO_EVERY does."""
    return say(
        "Every {every} I send Midjourney's /info for each account at useapi.net by myself, "
        "one at a time, and never for a flagged one.",
        every=span(every),
    )


PRESS_AGAIN: Final[Sentence] = (
    "⚠️ The link to the CAPTCHA is as good as a login, so only a private answer shows it, "
    "and Discord did not take one.\nPress the button of the alert again, or use /mjreset."
)
"""Stands in place of a credential in a message that stays."""


def unexpected(reference: str) -> str:
    """Return the text for an unexpected error, with its reference in the log."""
    return say(
        "⚠️ Sorry, that did not work: something broke inside Midwatch.\n"
        "Try it once more. If it happens again, look in the bot's log for {reference}.",
        reference=code_span(reference, 40),
    )


def unsaid(reference: str) -> str:
    """Return the text for an answer that Discord did not accept."""
    return say(
        "⚠️ Discord did not accept the answer.\n"
        "It may have been done: check with /mjaccounts or /mjstatus before you ask again. "
        "The bot's log says more at {reference}.",
        reference=code_span(reference, 40),
    )
