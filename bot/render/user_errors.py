"""The sentence for each thing that a person asked for and cannot have, and on the next line what to do."""

from collections.abc import Mapping
from typing import Final

from bot.domain.errors import ErrorCode

JOBS_HELP: Final = (
    "Use 3 for Basic and Standard plans, up to 15 for Pro and Mega. "
    "If it is more than the plan allows, useapi.net rejects its jobs."
)
"""useapi.net docs, POST account/midjourney, on `maxJobs`."""
CHECK_FIRST: Final = "It may have been done: check with /mjaccounts before you try again."
LATER: Final = "Try again in a few minutes."
COPY_AGAIN: Final = "Copy the account's Discord token again, the whole of it and nothing else."
OTHER_NAME: Final = "Choose another name."
PIPE_IT: Final = "Run this at a terminal, or pipe the token into it: python -m bot account set < FILE"

USER_ERRORS: Final[Mapping[ErrorCode, str]] = {
    ErrorCode.ACCOUNT_AMBIGUOUS: "More than one account goes by that name.\n"
    "Type the channel id instead; /mjaccounts shows it.",
    ErrorCode.ACCOUNT_UNKNOWN: "No configured account has that name or channel id.\n"
    "Pick one from the suggestions, or look at /mjaccounts.",
    ErrorCode.ADDED_ELSEWHERE: "Midwatch cannot add accounts to a midjourney-proxy, as it "
    "would have to carry their tokens.\n"
    "Add the account on midjourney-proxy's own web page; Midwatch sees it at its next check.",
    ErrorCode.ASKED_JUST_NOW: "This account was asked a moment ago.\n" + LATER,
    ErrorCode.COMMAND_CHANGED: "This command has changed since Discord last learned of it.\n"
    "Try again in a minute.",
    ErrorCode.INFOS_USED_UP: "{service}'s accounts were asked as often as a day allows: "
    "more can get accounts banned.\n"
    "The values come with the list, too, as soon as {service} has some.",
    ErrorCode.INPUT_CLOSED: "There is nothing to read the token from: standard input is closed.\n" + PIPE_IT,
    ErrorCode.INPUT_NO_TEXT: "Standard input is not UTF-8 text.\n" + PIPE_IT,
    ErrorCode.INPUT_UNREADABLE: "Standard input cannot be read.\n" + PIPE_IT,
    ErrorCode.JOBS_OUT_OF_RANGE: "The number of jobs must be a number from 1 to {most}.\n" + JOBS_HELP,
    ErrorCode.MUTE_UNREADABLE: "I can't mute for “{typed}”.\nTry 30m, 8h or 2d (at most 7d).",
    ErrorCode.NAME_EMPTY: "That name shows nothing.\n" + OTHER_NAME,
    ErrorCode.NAME_LIKE_ID: "That name looks like the end of a channel id.\n" + OTHER_NAME,
    ErrorCode.NAME_OF_DIGITS: "A name of digits alone could be taken for an id.\n" + OTHER_NAME,
    ErrorCode.NAME_TAKEN: "{holder} goes by that name already.\n"
    "Choose another name, or rename that one first.",
    ErrorCode.NO_ACCOUNT_TO_ASK: "No account that can be asked is configured at {services}.\n"
    "/mjaccounts says how to configure one.",
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
    f"at work on this.\n{CHECK_FIRST}",
    ErrorCode.TOKEN_CUT: "This is too short for a Discord token: a piece of it is missing.\n" + COPY_AGAIN,
    ErrorCode.TOKEN_OF_API: "This is a useapi token; the Discord token of the account is wanted here.\n"
    "The page Setup Midjourney at useapi.net says where to find that one.",
    ErrorCode.TOKEN_OF_BOT: "This is a bot's token. Midjourney runs in a person's Discord "
    "account, and needs that one's.\n"
    "Log in to Discord as the account itself, and copy its own token.",
    ErrorCode.TOKEN_SPLIT: "There is a blank or a line break in the middle of the token.\n" + COPY_AGAIN,
    ErrorCode.TOKEN_UNLIKE: "This does not look like a Discord token, which has three "
    f"parts with dots between them.\n{COPY_AGAIN}",
}
