"""The sentence for each error and what to do next."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

from bot.domain.errors import Cause, CodedError, ErrorCode
from bot.render.provider_words import WORDS
from bot.render.text import QUOTE_LIMIT, clip, code_block, passage, span
from bot.runtime.language import Sentence, say
from bot.runtime.program import PROGRAM

SENTENCE_LIMIT: Final = 500
MESSAGE_LIMIT: Final = 2 * SENTENCE_LIMIT + len("⚠️ \n")
JOBS_HELP: Final[Sentence] = (
    "Use 3 for Basic and Standard plans, up to 15 for Pro and Mega. "
    "If it is more than the plan allows, useapi.net rejects its jobs."
)
"""useapi.net docs, POST account/midjourney, on `maxJobs`."""
CHECK_FIRST: Final[Sentence] = "It may have been done: check with /mjaccounts before you try again."
LATER: Final[Sentence] = "Try again in a few minutes."

CAUSES: Final[Mapping[Cause, Sentence]] = {
    Cause.SILENT: "{service} does not answer.\n"
    "If the problem lasts, check that {service} is up and that this machine has a network.",
    Cause.REFUSED: "{service} refuses connections.\n"
    "If the problem lasts, check that {service} is up, and check {setting}.",
    Cause.BROKEN_OFF: "The connection to {service} broke off.\n"
    "If the problem lasts, check that {service} is up and that this machine has a network.",
    Cause.NO_ADDRESS: "{service}'s address could not be looked up.\n"
    "Check this machine's network and name server, and {setting}.",
    Cause.CERTIFICATE: "This machine does not trust {service}'s certificate.\n"
    "Install the root certificates of this system (on Debian: ca-certificates), or name a file of them in "
    "SSL_CERT_FILE. A program that opens TLS, as in some companies, needs its own certificate there.",
    Cause.SERVER_ERROR: "{service} has a server error.\n"
    "If the problem lasts, ask {service}: this machine and its network are not the reason.",
    Cause.NEEDS_REDIS: "{service} answers an error; it needs Redis.\nCheck that its Redis runs, and that "
    "{service}'s settings have EnableRedis and RedisConnectionString. Then restart {service}.",
    Cause.LIMITED: "{service} limits how often it may be asked.\n"
    "If the problem lasts, check whether another program uses the same token.",
    Cause.CHALLENGE: "Something in front of {service} turns this machine away.\n"
    "The token is fine: wait, or ask {service} whether it blocks this machine's address.",
    Cause.WEB_PAGE: "A web page answers instead of {service}.\n{address}",
    Cause.REDIRECT: "{service} redirects to another address, and Midwatch follows no redirects.\n{address}",
    Cause.NO_API: "What answers at {setting} is not an API.\n{address}",
    Cause.ENCODING: "{service}'s answer is compressed in a way that Midwatch did not ask for.\n"
    "Check what stands between this machine and {service}: it must not change answers.",
    Cause.GARBLED: "{service} answered in a form that Midwatch does not know.\n"
    "If the problem lasts, the API has changed, and Midwatch needs an update.",
    Cause.PARTIAL: "{service} did not list all accounts.\n"
    "If the problem lasts, look at {service}: its list is not whole.",
    Cause.REJECTED: "{service} refused the request.\n"
    "If the problem lasts, the API has changed, and Midwatch needs an update.",
    Cause.SUBSCRIPTION: "Your useapi.net subscription is missing or has expired.\n"
    "Renew the subscription at useapi.net.",
    Cause.QUOTA: "Your useapi.net subscription does not cover this many accounts.\n"
    "Remove an account, or extend the subscription at useapi.net.",
    Cause.PROXY_SILENT: "{service} cannot be reached: the proxy of PROXY_URL does not answer as one.\n"
    "Check its address, that it runs, and that this machine may use it.",
    Cause.PROXY_LOGIN: "{service} cannot be reached: the proxy refuses the login in PROXY_URL.\n"
    "Correct the user name and password there.",
    Cause.PROXY_REFUSED: "{service} cannot be reached through the proxy of PROXY_URL.\n"
    "Check that the proxy lets this machine ask it, and has a network.",
    Cause.FAULT: "Something broke inside Midwatch while it read the list.\nThe log says what went wrong.",
}
"""Why the API gave nothing to read, and on the next line what to do about it."""

PASSING: Final = frozenset(
    {
        Cause.SILENT,
        Cause.REFUSED,
        Cause.BROKEN_OFF,
        Cause.SERVER_ERROR,
        Cause.LIMITED,
        Cause.GARBLED,
        Cause.PARTIAL,
    }
)
"""What may be over in a few minutes."""
UNUSED_PROXIES: Final[Sentence] = (
    "Midwatch does not use {proxies}: set PROXY_URL, or let this machine connect by itself."
)


ERRORS: Final[Mapping[ErrorCode, Sentence]] = {
    ErrorCode.JOBS_OVER_PLAN: "useapi.net allows at most {most} jobs at a time for this account, not "
    "{jobs}.\nChoose a number of jobs up to {most}.",
    ErrorCode.LIST_EMPTY: "{service} suddenly lists none of your accounts, "
    "so Midwatch keeps watching the old list.\n"
    "If you removed them there, use /mjremove for each, too. If not, check that they are still configured.",
    ErrorCode.LIST_SHORT: "{service} suddenly lists only {shown} of your {known} accounts, so Midwatch "
    "keeps watching the old list.\nIf you removed them there, use /mjremove for each, too, or wait: "
    "Midwatch accepts the new list after a day. If not, check that they are still configured.",
    ErrorCode.NO_CHANNEL_ID: "This is not the id of a Discord channel.\n"
    "A channel id has 17 to 20 digits: choose an account of /mjaccounts.",
    ErrorCode.NO_MIDJOURNEY: "useapi.net found no conversation with the Midjourney Bot in this Discord "
    "account.\nLog in to Discord with that account, send the Midjourney Bot a direct message, and try again.",
    ErrorCode.NO_SUCH_ACCOUNT: "{api_first} has no such account configured.\n"
    "/mjaccounts shows which accounts there are.",
    ErrorCode.NO_TOKEN: "There is no Discord token.\nEnter the Discord token of the account and try again.",
    ErrorCode.ONLY_LISTED: "Midwatch only reads which accounts {service} has.\n"
    "For anything else, use {web_page}.",
    ErrorCode.PENDING: "Midjourney is waiting for a person to deal with this account: a message or CAPTCHA "
    "is pending.\nLog in to Discord as that account, answer what Midjourney asks, and only then reset it.",
    ErrorCode.PENDING_UNNAMED: "Midjourney is waiting for a person to deal with an account "
    "that useapi.net does not name: a message or CAPTCHA is pending.\n"
    "Log in to Discord as that account, answer what Midjourney asks, and only then reset it.",
    ErrorCode.REFUSED_ONCE: "Midjourney refused this one request.\nChange what you asked for.",
    ErrorCode.REJECTED: "useapi.net refused the request.\n"
    "Read what it says, correct what you entered, and try again.",
    ErrorCode.REPLY_TOO_LONG: "The callback address or reference is too long.\n"
    "Give no more than 1,024 characters.",
    ErrorCode.SERVICE_GONE: "useapi.net no longer offers this.\n{address}",
    ErrorCode.SLOTS_BUSY: "All job slots are busy, or Discord asks useapi.net to slow down.\n"
    "Try again in a few minutes.",
    ErrorCode.TOKEN_HIDDEN: "useapi.net's list does not show whose a token is.\nTry again in a few minutes.",
    ErrorCode.TOKEN_REFUSED: "useapi.net refused the API token.\n"
    "Put the whole token from useapi.net, with its `user:`, into USEAPI_TOKEN and restart Midwatch.",
    ErrorCode.TOKEN_TAKEN: "This Discord token is already configured for another channel.\n"
    "Use that account, or remove it first with /mjremove.",
    ErrorCode.TOKEN_TAKEN_BY: "This Discord token is already configured, for channel {channel}.\n"
    "Use that account, or remove it first with /mjremove.",
    ErrorCode.TRACK_LOST: "Midjourney queued the command, and useapi.net lost track of it.\n"
    "Try again in a few minutes. If it happens often, lower the account's number of jobs.",
    ErrorCode.UNEXPLAINED: "useapi.net refused the request.\n"
    "It does not say why: check and correct what you entered, and try again.",
    ErrorCode.UNFINISHED: "Midjourney did not finish the command.\nTry again in a few minutes.",
    ErrorCode.UNNAMED_ACCOUNT: "{service} does not know which account to ask.\n"
    "Name one of the accounts that /mjaccounts shows.",
    ErrorCode.WRONG_ACCOUNT: "The API answered about another account than the one asked for.\n"
    "Look at /mjaccounts: the other one needs a person.",
}

AGAIN: Final[Sentence] = "Try again in a minute; an owner finds more in the log."

# SQLite would write what a -wal file holds into whatever database it finds beside it.
DATABASE: Final[Mapping[ErrorCode, Sentence]] = {
    ErrorCode.BACKUP_DAMAGED: "{path} is damaged: take another backup. Nothing is changed.",
    ErrorCode.BACKUP_FOREIGN: "{path} is no database of Midwatch: take another backup. Nothing is changed.",
    ErrorCode.BACKUP_NEWER: "{path} is of a newer Midwatch: take another backup. Nothing is changed.",
    ErrorCode.BACKUP_UNREADABLE: "{path} is damaged or no database: take another backup. Nothing is changed.",
    ErrorCode.DATABASE_DAMAGED: "{path} is damaged or no database: "
    "bring a backup back with `{program} restore FILE`, or move it and {path.name}-wal away to begin anew.",
    ErrorCode.DATABASE_FOREIGN: "{path} belongs to another program: "
    "set DATABASE_PATH to a file of Midwatch's own.",
    ErrorCode.DATABASE_FULL: "There is no room left for the database {path}: free some space on its disk.",
    ErrorCode.DATABASE_IN_USE: "Another Midwatch is using {path}: "
    "stop that one, or set DATABASE_PATH to a file of its own.",
    ErrorCode.DATABASE_LOCKED: "The database {path} is locked by another program: "
    "close what has it open, then try again.",
    ErrorCode.DATABASE_NEWER: "{path} was written by a newer Midwatch: "
    "install that version again, or bring a backup back with `{program} restore FILE`.",
    ErrorCode.DATABASE_NOT_UNDERSTOOD: "{path} holds what this Midwatch does not understand: "
    "install the version that used it last, or bring a backup back with `{program} restore FILE`.",
    ErrorCode.DATABASE_READ_ONLY: "The database {path} cannot be written: "
    "check its disk, and that this user may write there.",
    ErrorCode.DATABASE_UNUSABLE: "The database {path} could not be used ({reason}): "
    "check its disk, or bring a backup back.",
    ErrorCode.DISK_SHORT: "The disk of {path} is too full for a backup of the database: "
    "free twice as much space as the database takes.",
    ErrorCode.NO_BACKUP: "The backup {path} cannot be written ({reason}): "
    "make room for it and let this user write there.",
    ErrorCode.NO_DATABASE: "There is no database {path}: start Midwatch, which creates it.",
    ErrorCode.NO_FILE_LOCKS: "The database {path} cannot be locked ({reason}), as on some disks of a "
    "network: set DATABASE_PATH to a file on a disk of this machine.",
    ErrorCode.NO_FOLDER: "{path} cannot be made ({reason}): "
    "let this user write in {folder}, or set DATABASE_PATH to another file.",
    ErrorCode.NO_REGULAR_FILE: "{path} is not a file: set DATABASE_PATH to a file of Midwatch's own.",
    ErrorCode.NOT_NOTED: "Nothing was sent, as it could not be written down first. {reason}",
    ErrorCode.NOT_WRITABLE: "The database {path} cannot be written ({reason}): "
    "let this user write there, or set DATABASE_PATH to another file.",
    ErrorCode.SQLITE_TOO_OLD: "This Python brings SQLite {found}, and Midwatch needs {needed} or newer: "
    "run it with another Python, or update SQLite. The database is left as it is.",
}
"""The sentence for each error of the database, with what to do about it."""

USER_ERRORS: Final[Mapping[ErrorCode, Sentence]] = {
    ErrorCode.ACCOUNT_AMBIGUOUS: "More than one account goes by that name.\n"
    "Pick one from the suggestions, type its channel id, or put its service before the name.",
    ErrorCode.ACCOUNT_UNKNOWN: "No configured account has that name or channel id.\n"
    "Pick one from the suggestions, or look at /mjaccounts.",
    ErrorCode.ADDED_ELSEWHERE: "Midwatch cannot add accounts to a midjourney-proxy, as it "
    "would have to carry their tokens.\n"
    "Add the account on midjourney-proxy's own web page; Midwatch sees it at its next check.",
    ErrorCode.ASKED_JUST_NOW: "This account was asked a moment ago.\nTry again in a few minutes.",
    ErrorCode.COMMAND_CHANGED: "This command has changed since Discord last learned of it.\n"
    "Try again in a minute.",
    ErrorCode.DAYS_OUT_OF_RANGE: "I can look back 1 to {most} days, not {days}.\n"
    "Leave the days out for the last 30.",
    ErrorCode.INFOS_USED_UP: "{service}'s accounts were asked as often as a day allows: more can get "
    "accounts banned.\nThe values come with the list, too, as soon as {service} has some.",
    ErrorCode.INPUT_CLOSED: "There is nothing to read the token from: standard input is closed.\n"
    "Run this at a terminal, or pipe the token into it: {program} account set < FILE",
    ErrorCode.INPUT_NO_TEXT: "Standard input is not UTF-8 text.\n"
    "Run this at a terminal, or pipe the token into it: {program} account set < FILE",
    ErrorCode.INPUT_UNREADABLE: "Standard input cannot be read.\n"
    "Run this at a terminal, or pipe the token into it: {program} account set < FILE",
    ErrorCode.JOBS_OUT_OF_RANGE: "The number of jobs must be a number from 1 to {most}.\n"
    "Use 3 for Basic and Standard plans, up to 15 for Pro and Mega. "
    "If it is more than the plan allows, useapi.net rejects its jobs.",
    ErrorCode.MUTE_UNREADABLE: "I can't mute for “{typed}”.\nTry 30m, 8h or 2d (at most 7d).",
    ErrorCode.NAME_EMPTY: "That name shows nothing.\nChoose another name.",
    ErrorCode.NAME_LIKE_ID: "That name looks like the end of a channel id.\nChoose another name.",
    ErrorCode.NAME_OF_DIGITS: "A name of digits alone could be taken for an id.\nChoose another name.",
    ErrorCode.NAME_TAKEN: "{holder} goes by that name already.\n"
    "Choose another name, or rename that one first.",
    ErrorCode.NO_ACCOUNT_TO_ASK: "No account that can be asked is configured at {services}.\n"
    "/mjaccounts says how to configure one.",
    ErrorCode.NO_HISTORY: "I saw no account in the {days}.\n"
    "Ask for more days, or look at /mjaccounts: it reads the list now.",
    ErrorCode.NOT_A_VIEWER: "Midwatch answers only its owners here.\n"
    "An owner can open it to this server by adding the server's id to GUILD_IDS.",
    ErrorCode.NOT_A_VIEWER_BY_DM: "Midwatch answers only its owners in direct messages.\n"
    "Use it in the bot's server.",
    ErrorCode.NOT_AN_OWNER: "Only this bot's owners can do that.\n"
    "Ask an owner, or ask one to add you to OWNER_IDS.",
    ErrorCode.NOT_THE_ASKER: "Only the person who asked can use these buttons.\n"
    "Ask them, or an owner of the bot, to press it.",
    ErrorCode.ODD_CHANNEL: "The API lists this account under something that is not a Discord channel id.\n"
    "Change or remove it at useapi.net; Midwatch does nothing with such an id.",
    ErrorCode.OUTDATED: "This is from another version of Midwatch.\n"
    "Use the command again to get a fresh one.",
    ErrorCode.RESTARTING: "Midwatch is being restarted and could not finish this.\nAsk again in a minute.",
    ErrorCode.RESTARTING_SENT: "Midwatch is being restarted while the API was "
    "at work on this.\nIt may have been done: check with /mjaccounts before you try again.",
    ErrorCode.TOKEN_CUT: "This is too short for a Discord token: a piece of it is missing.\n"
    "Copy the account's Discord token again, the whole of it and nothing else.",
    ErrorCode.TOKEN_OF_API: "This is a useapi token; the Discord token of the account is wanted here.\n"
    "The page Setup Midjourney at useapi.net says where to find that one.",
    ErrorCode.TOKEN_OF_BOT: "This is a bot's token. Midjourney runs in a person's Discord account, and "
    "needs that one's.\nLog in to Discord as the account itself, and copy its own token.",
    ErrorCode.TOKEN_SPLIT: "There is a blank or a line break in the middle of the token.\n"
    "Copy the account's Discord token again, the whole of it and nothing else.",
    ErrorCode.TOKEN_UNLIKE: "This does not look like a Discord token, which has three parts with dots "
    "between them.\nCopy the account's Discord token again, the whole of it and nothing else.",
}
"""The sentence for each thing that a person asked for and cannot have, and on the next line what to do."""


def what(error: CodedError) -> str:
    """Return the sentence that says what went wrong."""
    failure, _ = _texts(_text(error.code, error.provider), error.provider, error.fields)
    status = error.fields.get("status")
    return say("{failure} ({status}).", failure=unstopped(failure), status=status) if status else failure


def next_step(
    error: CodedError, *, check_first: Sentence = CHECK_FIRST, own: Mapping[StrEnum, Sentence] = {}
) -> str:
    """Return what to do about an error. `own` has the steps that differ where this one is shown."""
    text, wait = own.get(error.code) or _text(error.code, error.provider), error.fields.get("wait")
    steps = [] if text.endswith(LATER) else [_texts(text, error.provider, error.fields)[1]]
    if error.fields.get("may_be_done"):
        steps.insert(0, say(check_first, program=PROGRAM))
    elif isinstance(wait, timedelta):
        steps.insert(0, say("Try again in {wait}.", wait=span(wait)))
    elif error.code in PASSING or not steps:
        steps.insert(0, say(LATER))
    if proxies := error.fields.get("proxies"):
        steps.append(say(UNUSED_PROXIES, proxies=proxies))
    return passage(*steps)


def cause_texts(cause: Cause, provider: str) -> tuple[str, str]:
    """Return why a provider gave nothing to read, and what to do about it."""
    return _texts(_text(cause, provider), provider, {})


def unstopped(sentence: str) -> str:
    """Return a sentence without its full stop, as a part of another one."""
    return sentence.rstrip(".。")


def _text(code: StrEnum, provider: str) -> Sentence:
    """Return the text of an error as it stands in the tables."""
    if code in WORDS[provider].errors:
        return WORDS[provider].errors[code]
    if isinstance(code, Cause):
        return CAUSES[code]
    code = ErrorCode(code)
    return DATABASE.get(code) or ERRORS.get(code) or USER_ERRORS[code]


def _texts(text: Sentence, provider: str, fields: Mapping[str, object]) -> tuple[str, str]:
    """Return the sentence that a text of the tables begins with, and what to do: its last line."""
    words = WORDS[provider]
    known = {name: what(field) if isinstance(field, CodedError) else field for name, field in fields.items()}
    filled = words.put_into(text, **known, program=PROGRAM)
    if text in DATABASE.values():
        return filled, say(AGAIN)
    sentence, _, step = filled.rpartition("\n")
    return sentence, step


def failure(error: CodedError) -> str:
    """Return what went wrong and what to do next."""
    return f"⚠️ {clip(what(error), SENTENCE_LIMIT)}\n{clip(next_step(error), SENTENCE_LIMIT)}"


def message(error: CodedError, limit: int = MESSAGE_LIMIT, quote_limit: int = QUOTE_LIMIT) -> str:
    """Return what went wrong and what to do next, with the API's own words if there are any."""
    said = clip(failure(error), limit)
    if error.quote is None:
        return said
    says = WORDS[error.provider].put_into("{api_first} says:")
    return f"{said}\n{says}\n{code_block(error.quote, quote_limit)}"
