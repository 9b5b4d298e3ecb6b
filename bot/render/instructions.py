"""What to do about a flag: the Discord login to use, and three steps for each kind."""

from datetime import datetime
from typing import Final

from bot.domain.accounts import Flag, FlagKind, KnownAccount
from bot.render.account_facts import channel_link
from bot.render.text import code_span, exactly, span

USE_COMMAND: Final = "Only then use /mjreset."
_RESET_ELSEWHERE: Final = "Only then reset the account in the API."
OPEN_BELOW: Final = "Open an account below: that shows which login to use, what to do, and the buttons."
OPEN_BY_COMMAND: Final = "/mjaccounts opens each account; /mjreset resets one."
BLOCK_OVER: Final = "The block should be over now."
_NAMELESS: Final = "Login unknown. Use the Discord account you gave to useapi.net for this channel."
_OTHER_LOGIN: Final = "Link won't open? You are logged in to Discord as someone else."
_NO_LINK: Final = "No link? Run /imagine there; Midjourney then shows it."


def reset_label(kind: FlagKind) -> str:
    """Return the label of the button that resets an account with such a flag."""
    match kind:
        case FlagKind.MODERATION:
            return "I acknowledged it - reset"
        case FlagKind.CAPTCHA:
            return "I solved it - reset"
        case FlagKind.BLOCK:
            return "The block is over - reset"
        case _:
            return "I did what it says - reset"


def press_reset(kind: FlagKind) -> str:
    """Return the sentence that sends a person to the button."""
    return f"Only then press **{reset_label(kind)}**."


def discord_name(account: KnownAccount) -> str | None:
    """Return the name of the account's Discord login, if an `/info` answer named it."""
    return account.discord_name or (account.snapshot.info.discord_name if account.snapshot else None)


def login_help(account: KnownAccount) -> str:
    """Return which Discord login to use, or how to find out."""
    name = discord_name(account)
    return f"{code_span(name, 40) if name else _NAMELESS}\n{_OTHER_LOGIN}"


def steps(
    account: KnownAccount,
    flag: Flag,
    *,
    until: datetime | None,
    over: bool = False,
    reset: str = USE_COMMAND,
) -> str:
    """Return the three steps that clear a flag of this kind.

    `until` is when a timed block ends, if that is known, and `over` whether it has; `reset` is the
    sentence that says how to reset from where this stands.
    """
    if not account.account.is_addressable:
        reset = _RESET_ELSEWHERE
    match flag.kind:
        case FlagKind.MODERATION:
            tasks = _moderation(account, reset)
        case FlagKind.CAPTCHA:
            tasks = _captcha(account, reset)
        case FlagKind.BLOCK:
            tasks = _block(account, reset, BLOCK_OVER if over else _wait(flag, until))
        case _:
            tasks = _other(account, reset)
    return "\n".join(f"{number}. {task}" for number, task in enumerate(tasks, start=1))


def block_end(account: KnownAccount, flag: Flag) -> datetime | None:
    """Return when a block ends, if the text says so. A length counts from when the flag was seen."""
    return account.block_ends or flag.block_end(account.flagged_since)


def _moderation(account: KnownAccount, reset: str) -> tuple[str, str, str]:
    return (
        _log_in(account),
        f"Open {_channel(account)}, read the message and acknowledge it there.",
        f"{reset} Resetting does not acknowledge it for you.",
    )


def _captcha(account: KnownAccount, reset: str) -> tuple[str, str, str]:
    return (
        _log_in(account),
        f"Open {_channel(account)}, follow the verification link and solve the CAPTCHA. {_NO_LINK}",
        f"{reset} Resetting does not solve it for you.",
    )


def _block(account: KnownAccount, reset: str, wait: str) -> tuple[str, str, str]:
    return (
        wait,
        f"{_log_in(account)} Open {_channel(account)} and see what is there.",
        f"{reset} Resetting does not shorten the block.",
    )


def _other(account: KnownAccount, reset: str) -> tuple[str, str, str]:
    return (
        _log_in(account),
        f"Open {_channel(account)} and do what the message says.",
        f"{reset} Resetting does not fix it.",
    )


def _wait(flag: Flag, until: datetime | None) -> str:
    if until is not None:
        return f"Wait until {exactly(until)}. Do not reset before then."
    length = flag.block_length
    if length is not None:
        return f"Wait {span(length)} from when the block began. Do not reset before then."
    if words := flag.worded_end:
        return f"Wait as long as the message says: {code_span(words, 60)}. Do not reset before then."
    return "The message names no end: check the channel for one, and wait. Do not reset before then."


def _log_in(account: KnownAccount) -> str:
    name = discord_name(account)
    return (
        f"Log in to Discord as {code_span(name, 40)}."
        if name
        else "Log in to Discord with this account's login."
    )


def _channel(account: KnownAccount) -> str:
    link = account.account.link
    return (
        f"[the Midjourney channel]({link})"
        if link
        else f"the Midjourney channel {channel_link(account.account)}"
    )
