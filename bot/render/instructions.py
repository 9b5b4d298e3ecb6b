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
from bot.runtime.language import Sentence, say

USE_COMMAND: Final[Sentence] = "Only then use /mjreset."
ONLY_THEN: Final[Sentence] = "Only then press **{button}**."
OPEN_BELOW: Final[Sentence] = (
    "Open an account below: that shows which login to use, what to do, and the buttons."
)
OPEN_BY_COMMAND: Final[Sentence] = "/mjaccounts opens each account; /mjreset resets one."
ENABLE_IT: Final[Sentence] = "Enable it"
ENABLE_AGAIN: Final[Sentence] = "To use it again, enable it on {web_page}."
LEAVE_PAUSED: Final[Sentence] = "Leave it paused"
SOLVED_HERE: Final[Sentence] = (
    "The CAPTCHA is solved, but the account is still disabled. "
    "Press **{button}** to use it again, or **{leave}** to end this alert."
)
SOLVED_THERE: Final[Sentence] = (
    "The CAPTCHA is solved, but the account is still disabled. "
    "Enable it on {web_page} to use it again, or press **{leave}** to end this alert."
)
OTHER_LOGIN: Final[Sentence] = "Link won't open? You are logged in to Discord as someone else."

OR_LEAVE_IT: Final[Sentence] = "Is it meant to stay disabled? Then press **{leave}**, which ends this alert."


def press_reset(kind: FlagKind, provider: str) -> str:
    """Return the sentence that sends a person to the button."""
    words = WORDS[provider]
    return say(ONLY_THEN, button=words.put_into(words.labels[kind]))


def discord_name(account: KnownAccount) -> str | None:
    """Return the name of the account's Discord login, if an `/info` answer named it."""
    return account.discord_name or (account.snapshot.info.discord_name if account.snapshot else None)


def login_help(account: KnownAccount, kind: FlagKind) -> str | None:
    """Return which Discord login to use, or how to find out; None if no step for such a flag needs one."""
    words, name = words_for(account.reference), discord_name(account)
    if "{log_in}" not in words.steps[kind]:
        return None
    login = code_span(name, 40) if name else words.put_into(words.login_unknown)
    return f"{login}\n{say(OTHER_LOGIN)}"


def steps(
    account: KnownAccount, flag: Flag, *, until: datetime | None, over: bool = False, reset: str | None = None
) -> str:
    """Return the three steps that clear a flag of this kind.

    `until` is when a timed block ends, if that is known, and `over` whether it has; `reset` is the
    sentence that says how to reset from where this stands; by default, with the command.
    """
    words, remedy = words_for(account.reference), remedy_for(account.account, flag.kind)
    is_here = account.account.is_addressable and remedy is not Remedy.GUIDE
    if is_unlocked(account.account, flag):
        solved = SOLVED_HERE if is_here else SOLVED_THERE
        return words.put_into(solved, button=say(ENABLE_IT), leave=say(LEAVE_PAUSED))
    name, link, channel = discord_name(account), account.account.link, say("the Midjourney channel")
    log_in: Sentence = (
        "Log in to Discord as {login}." if name else "Log in to Discord with this account's login."
    )
    wait: Sentence = "The block should be over now." if over else "{wait} Do not {do} before then."
    fields = {
        "log_in": say(log_in, login=code_span(name or "", 40)),
        "channel": f"[{channel}]({link})" if link else f"{channel} {channel_link(account.account)}",
        "wait": words.put_into(wait, wait=_wait(flag, until)),
        "reset": (reset or say(USE_COMMAND)) if is_here else words.put_into(words.undone),
    }
    tasks = words.by_text[flag.text][1] if flag.text in words.by_text else words.steps[flag.kind]
    or_leave_it = [say(OR_LEAVE_IT, leave=say(LEAVE_PAUSED))] if is_paused(account.account, flag) else []
    return "\n".join([numbered(words.put_into(tasks, **fields)), *or_leave_it])


def page_line(account: str, page: str | None) -> str | None:
    """Return where the web page of an account's provider is; None if it has none."""
    return words_for(account).put_into("{web_page}: {url}", url=page) if page else None


def block_end(account: KnownAccount, flag: Flag) -> datetime | None:
    """Return when a block ends, if the text says so. A length counts from when the flag was seen."""
    return account.block_ends or flag.block_end(account.flagged_since)


def _wait(flag: Flag, until: datetime | None) -> str:
    if until is not None:
        return say("Wait until {time}.", time=exactly(until))
    length = flag.block_length
    if length is not None:
        return say("Wait {lasted} from when the block began.", lasted=span(length))
    if words := flag.worded_end:
        return say("Wait as long as the message says: {text}.", text=code_span(words, 60))
    return say(
        "The message names no end: check the channel for one, and wait."
        if flag.text
        else "No end is known: check the channel for one, and wait."
    )
