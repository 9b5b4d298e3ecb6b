"""What to do about a flag: the Discord login to use, and three steps for each kind."""

from datetime import datetime
from typing import Final

from bot.domain.accounts import Flag, FlagKind, KnownAccount
from bot.domain.capabilities import remedy_for
from bot.domain.providers import Remedy
from bot.render.account_facts import channel_link
from bot.render.phrases import is_paused, is_unlocked
from bot.render.provider_words import WORDS, words_for
from bot.render.text import code_span, exactly, numbered, span

USE_COMMAND: Final = "Only then use /mjreset."
ONLY_THEN: Final = "Only then press **{label}**."
OPEN_BELOW: Final = "Open an account below: that shows which login to use, what to do, and the buttons."
OPEN_BY_COMMAND: Final = "/mjaccounts opens each account; /mjreset resets one."
ENABLE_IT: Final = "Enable it"
ENABLE_AGAIN: Final = "To use it again, enable it on {web_page}."
LEAVE_PAUSED: Final = "Leave it paused"
LOG_IN: Final = "Log in to Discord with this account's login."
_SOLVED: Final = "The CAPTCHA is solved, but the account is still disabled."
_THEN_HERE: Final = f"Press **{ENABLE_IT}** to use it again, or **{LEAVE_PAUSED}** to end this alert."
_THEN_THERE: Final = (
    f"Enable it on {{web_page}} to use it again, or press **{LEAVE_PAUSED}** to end this alert."
)
_OR_LEAVE_IT: Final = f"Is it meant to stay disabled? Then press **{LEAVE_PAUSED}**, which ends this alert."
BLOCK_OVER: Final = "The block should be over now."
_OTHER_LOGIN: Final = "Link won't open? You are logged in to Discord as someone else."


def press_reset(kind: FlagKind, provider: str) -> str:
    """Return the sentence that sends a person to the button."""
    return ONLY_THEN.format(label=WORDS[provider].labels[kind])


def discord_name(account: KnownAccount) -> str | None:
    """Return the name of the account's Discord login, if an `/info` answer named it."""
    return account.discord_name or (account.snapshot.info.discord_name if account.snapshot else None)


def login_help(account: KnownAccount, kind: FlagKind) -> str | None:
    """Return which Discord login to use, or how to find out; None if no step for such a flag needs one."""
    if "{log_in}" not in words_for(account.reference).steps[kind]:
        return None
    name = discord_name(account)
    words = words_for(account.reference)
    login = code_span(name, 40) if name else words.put_into(words.login_unknown)
    return f"{login}\n{_OTHER_LOGIN}"


def steps(
    account: KnownAccount, flag: Flag, *, until: datetime | None, over: bool = False, reset: str = USE_COMMAND
) -> str:
    """Return the three steps that clear a flag of this kind.

    `until` is when a timed block ends, if that is known, and `over` whether it has; `reset` is the
    sentence that says how to reset from where this stands.
    """
    words, remedy = words_for(account.reference), remedy_for(account.account, flag.kind)
    is_here = account.account.is_addressable and remedy is not Remedy.GUIDE
    if is_unlocked(account.account, flag):
        return f"{_SOLVED} {_THEN_HERE if is_here else words.put_into(_THEN_THERE)}"
    name, link, channel = discord_name(account), account.account.link, "the Midjourney channel"
    fields = {
        "log_in": f"Log in to Discord as {code_span(name, 40)}." if name else LOG_IN,
        "channel": f"[{channel}]({link})" if link else f"{channel} {channel_link(account.account)}",
        "wait": BLOCK_OVER if over else f"{_wait(flag, until)} Do not {words.do} before then.",
        "reset": reset if is_here else words.put_into(words.undone),
    }
    tasks = words.by_text[flag.text][1] if flag.text in words.by_text else words.steps[flag.kind]
    listed = numbered(words.put_into(tasks, **fields))
    return f"{listed}\n{_OR_LEAVE_IT}" if is_paused(account.account, flag) else listed


def page_line(account: str, page: str | None) -> str | None:
    """Return where the web page of an account's provider is; None if it has none."""
    return words_for(account).put_into("{web_page}: {url}", url=page) if page else None


def block_end(account: KnownAccount, flag: Flag) -> datetime | None:
    """Return when a block ends, if the text says so. A length counts from when the flag was seen."""
    return account.block_ends or flag.block_end(account.flagged_since)


def _wait(flag: Flag, until: datetime | None) -> str:
    if until is not None:
        return f"Wait until {exactly(until)}."
    length = flag.block_length
    if length is not None:
        return f"Wait {span(length)} from when the block began."
    if words := flag.worded_end:
        return f"Wait as long as the message says: {code_span(words, 60)}."
    names_none = "The message names no end" if flag.text else "No end is known"
    return f"{names_none}: check the channel for one, and wait."
