"""`python -m bot account set|list`: the accounts at the API, without Discord in between."""

import argparse
import asyncio
import getpass
import json
import sys
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from pydantic import SecretStr

from bot.account_token import DEFAULT_JOBS, JOBS_HELP, account_token, jobs_number
from bot.config import Settings
from bot.configuring import save
from bot.errors import UserError
from bot.models import Account, Saving
from bot.render.configuring import saved_words
from bot.render.text import bare, count
from bot.useapi import Rejected, Unauthorized, Unpaid, UseapiClient, UseapiError

# EX_DATAERR, EX_UNAVAILABLE and EX_NOPERM of sysexits.h; and what a shell gives for Ctrl-C.
REFUSED_INPUT: Final = 65
UNAVAILABLE: Final = 69
NOT_PERMITTED: Final = 77
INTERRUPTED: Final = 130

READ_LIMIT: Final = 4_000
FLAG_LIMIT: Final = 200
PROMPT: Final = "Discord token of the account (it is not shown): "
STOPPED: Final = "Stopped. What was on its way may have been done: see with `account list`."
ABOUT: Final = (
    "Set and list the Midjourney accounts at useapi.net without Discord. Works beside a running bot, which "
    "learns of changes at its next look. Uses the same settings as the bot, all of which must be right."
)
ABOUT_SET: Final = (
    "Creates the account of a Discord token, or updates it. The token is asked for without being shown, or "
    "read from standard input where that is no terminal; it is never an argument, which others could see in "
    "the list of processes. It goes to the API and is kept nowhere."
)
ABOUT_CODES: Final = (
    "Exit codes: 0 done, 65 the input was refused, 69 the API could not do it, 77 the useapi token or the "
    "subscription does not allow it, 78 the settings are wrong."
)


def describe(parser: argparse.ArgumentParser) -> None:
    """Describe the words after `account`."""
    parser.description = ABOUT
    parser.epilog = ABOUT_CODES
    actions = parser.add_subparsers(dest="action", required=True, metavar="set|list")
    setting = actions.add_parser(
        "set", help="create or update an account", description=ABOUT_SET, epilog=ABOUT_CODES
    )
    setting.add_argument(
        "--max-jobs",
        default=str(DEFAULT_JOBS),
        metavar="N",
        help=f"how many jobs it may run at a time, 1 to 15 (default {DEFAULT_JOBS}): {JOBS_HELP}",
    )
    listing = actions.add_parser("list", help="list the accounts", epilog=ABOUT_CODES)
    listing.add_argument("--json", action="store_true", help="as JSON, for programs")


def run(wanted: argparse.Namespace, settings: Settings) -> int:
    """Do what the command line says, and give the exit code."""
    try:
        if wanted.action == "list":
            return asyncio.run(list_accounts(settings, as_json=wanted.json))
        # Before the event loop is there, which would keep Ctrl-C from reaching the prompt.
        jobs = jobs_number(wanted.max_jobs)
        token = account_token(entered_token(), (settings.discord_token, settings.useapi_token))
        return asyncio.run(set_account(settings, token, jobs))
    except (UserError, UseapiError) as error:
        quote = error.quote if isinstance(error, UseapiError) else None
        words = [f"The API says: {bare(quote, FLAG_LIMIT)}"] if quote else []
        complain(str(error), error.next_step, *words)
        return code_of(error)
    except (KeyboardInterrupt, EOFError):
        complain(STOPPED)
        return INTERRUPTED


async def list_accounts(settings: Settings, *, as_json: bool) -> int:
    """Read the accounts and write them."""
    async with api(settings) as useapi:
        return show(await useapi.accounts(), as_json=as_json)


async def set_account(settings: Settings, token: SecretStr, jobs: int) -> int:
    """Save the account of a token, and say what came of it."""
    async with api(settings) as useapi:
        saved = await save(useapi, token, jobs)
    say(saved_words(saved))
    return UNAVAILABLE if saved.outcome in {Saving.ABSENT, Saving.DIFFERENT} else 0


@asynccontextmanager
async def api(settings: Settings) -> AsyncGenerator[UseapiClient]:
    """Give a client of the API."""
    async with aiohttp.ClientSession(trust_env=False, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield UseapiClient(session, settings.useapi_url, settings.useapi_token)


def entered_token() -> SecretStr:
    """Read the token without showing it, or from standard input where nobody types."""
    return SecretStr(getpass.getpass(PROMPT) if sys.stdin.isatty() else sys.stdin.read(READ_LIMIT))


def show(accounts: Iterable[Account], *, as_json: bool) -> int:
    """Write the accounts, one a line or as JSON."""
    listed = list(accounts)
    if as_json:
        say(json.dumps([fields_of(account) for account in listed], indent=2))
        return 0
    for account in listed:
        say(line_of(account))
    if not listed:
        say("No account is configured.")
    return 0


def fields_of(account: Account) -> dict[str, object]:
    """Give an account as a program reads it."""
    flag = account.flag
    return {
        "channel": account.channel,
        "max_jobs": account.max_jobs,
        "flag": None if flag is None else {"kind": flag.kind.value, "text": flag.text},
        "link": account.link,
    }


def line_of(account: Account) -> str:
    """Give an account as a person reads it."""
    jobs = "jobs not known" if account.max_jobs is None else count(account.max_jobs, "job")
    state = f"FLAGGED {bare(account.flag.text, FLAG_LIMIT)}" if account.flag else "ready"
    return f"{bare(account.channel, FLAG_LIMIT):<20}  {jobs:<8}  {state}"


def code_of(error: UserError | UseapiError) -> int:
    """Give the exit code of what went wrong."""
    match error:
        case UserError() | Rejected():
            return REFUSED_INPUT
        case Unauthorized() | Unpaid():
            return NOT_PERMITTED
        case _:
            return UNAVAILABLE


def say(text: str) -> None:
    """Write an answer."""
    print(text)  # noqa: T201 - the terminal is where this belongs


def complain(*lines: str) -> None:
    """Write what went wrong."""
    print(*lines, sep="\n", file=sys.stderr)  # noqa: T201 - the same
