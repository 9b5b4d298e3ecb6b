"""The words for what is wrong, in one place: states, what Midjourney wants, and how a failure is told."""

from datetime import datetime, timedelta
from typing import Final, assert_never

from bot.domain.accounts import Flag, FlagKind, KnownAccount, State
from bot.render.text import clip, code_block, code_span, exactly, span, when

SENTENCE_LIMIT: Final = 500


def state_words(account: KnownAccount) -> str:
    """Name an account's state by a symbol and in words: "✅ ready", "🧩 CAPTCHA pending"."""
    flag = account.account.flag
    return "✅ ready" if flag is None else open_words(account.state, flag)


def open_words(state: State | None, flag: Flag) -> str:
    """Name the state of what is not over."""
    match state:
        case State.CLEARING:
            return "👀 recovering"
        case State.RESETTING:
            return "🔄 being reset"
        case _:
            return f"{symbol(flag.kind)} {kind_words(flag.kind)}"


def symbol(kind: FlagKind) -> str:
    """Return the symbol of a kind; words stand beside it wherever it is shown."""
    match kind:
        case FlagKind.CAPTCHA:
            return "🧩"
        case FlagKind.BLOCK:
            return "⛔"
        case FlagKind.MODERATION | FlagKind.OTHER:
            return "⚠️"
    assert_never(kind)


def kind_words(kind: FlagKind) -> str:
    """Name in words what is pending."""
    match kind:
        case FlagKind.MODERATION:
            return "moderation message pending"
        case FlagKind.CAPTCHA:
            return "CAPTCHA pending"
        case FlagKind.BLOCK:
            return "blocked"
        case FlagKind.OTHER:
            return "needs attention"
    assert_never(kind)


def flagged_since(at: datetime | None, *, is_past: bool) -> str:
    """Say since when an account is or was flagged."""
    if at is None:
        return "Flagged since an unknown time."
    return f"It was flagged since {exactly(at)}." if is_past else f"Flagged since {exactly(at)}."


def demand(flag: Flag) -> str:
    """Say in a sentence without its full stop what a flagged account waits for."""
    match flag.kind:
        case FlagKind.MODERATION:
            return "Midjourney wants a moderation message acknowledged"
        case FlagKind.CAPTCHA:
            return "Midjourney wants a CAPTCHA solved"
        case FlagKind.BLOCK:
            length = flag.block_length
            return "Midjourney has blocked it" + (f" for {span(length)}" if length else "")
        case FlagKind.OTHER:
            return "Midjourney stopped it with a message"
    assert_never(flag.kind)


def waiting(since: datetime, longest: timedelta) -> str:
    """Say that Midjourney's answer is waited for; Discord keeps the time that has passed up to date."""
    return (
        f"⏳ Midjourney was asked {when(since)}, and has not answered yet. "
        f"I wait until {when(since + longest, 'T')} at most."
    )


def failure(what: str, next_step: str, quote: str | None = None) -> str:
    """Tell what did not work and what to do next, with the API's own words if any; at most 2,000 long."""
    lines = [f"⚠️ {_sentence(what)}", _sentence(next_step)]
    if quote is not None:
        lines += ["The API says:", code_block(quote)]
    return "\n".join(lines)


def unexpected(reference: str) -> str:
    """Apologise for a mistake of the bot's own; the reference leads to it in the log."""
    return (
        "⚠️ Sorry, that did not work: something broke inside Midwatch.\n"
        "Try it once more. If it happens again, look in the bot's log for "
        f"{code_span(reference, 40)}."
    )


def unsaid(reference: str) -> str:
    """Say that an answer did not arrive, which tells nothing of what it was about."""
    return (
        "⚠️ Discord did not accept the answer.\n"
        "It may have been done: check with /mjaccounts or "
        "/mjstatus before you ask again. "
        f"The bot's log says more at {code_span(reference, 40)}."
    )


def _sentence(text: str) -> str:
    """Clip a sentence and close it, unless it closes itself."""
    clipped = clip(text.strip(), SENTENCE_LIMIT)
    return clipped if clipped.endswith((".", "!", "?", "…", ":", ")")) else f"{clipped}."
