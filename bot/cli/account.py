"""`account set` and `account list`: set and list accounts at the API, without Discord."""

import argparse
import getpass
import json
import sys
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Final, TextIO, cast

import aiohttp

from bot.actions.account_token import DEFAULT_JOBS, account_token, jobs_number
from bot.actions.saving import save
from bot.cli.exit_codes import Exit
from bot.cli.terminal import complain, said_if_slow, show
from bot.config import Settings
from bot.domain.accounts import Account
from bot.domain.actions import ChangeOutcome
from bot.domain.errors import ErrorCode, UserError
from bot.domain.secret import SecretStr
from bot.providers.api_client import open_session
from bot.providers.errors import ProviderError, Rejected, Unauthorized, Unpaid
from bot.providers.useapi.client import UseapiClient
from bot.render.account_admin_replies import saved_words
from bot.render.error_messages import JOBS_HELP, next_step, what
from bot.render.phrases import UNSAID, flag_text
from bot.render.text import bare, count, passage
from bot.runtime import supervisor
from bot.runtime.language import Sentence, say
from bot.runtime.program import PROGRAM
from bot.storage import Names, names_in

READ_LIMIT: Final = 4_000
FLAG_LIMIT: Final = 200
NAME_LIMIT: Final = 40
PROMPT: Final[Sentence] = "Discord token of the account (it is not shown as you type): "
STOPPED: Final[Sentence] = "Stopped. Nothing was changed."
STOPPED_LATE: Final[Sentence] = (
    "Stopped while the API was at work: it may have saved the account.\n"
    "Check with `{program} account list` before you try again."
)
USE_THAT: Final[Sentence] = "Use that account, or remove it first with /mjremove in Discord."
CHECK_FIRST: Final[Sentence] = (
    "It may have been done: check with `{program} account list` before you try again."
)
STEPS: Final[Mapping[StrEnum, Sentence]] = {
    ErrorCode.TOKEN_REFUSED: "Put the whole token from useapi.net, with its `user:`, into USEAPI_TOKEN.",
    ErrorCode.TOKEN_TAKEN: USE_THAT,
    ErrorCode.TOKEN_TAKEN_BY: USE_THAT,
}
"""What to do about an error where it differs from what to do in Discord."""
NO_USEAPI: Final[Sentence] = (
    "USEAPI_TOKEN is not set, and this is for accounts at useapi.net: "
    "those of a midjourney-proxy are added on its own web page, and /mjaccounts lists them."
)
NO_ACCOUNT: Final[Sentence] = "No account is configured. Add one with `{program} account set`."
ABOUT: Final[Sentence] = """\
Create, update and list the Midjourney accounts at useapi.net, without Discord.

It may run beside the bot, which sees the change at its next check. It uses the
same settings as the bot, from .env or the environment; all must be right,
but DISCORD_TOKEN, the bot's own, may be missing.
"""
ABOUT_SET: Final[Sentence] = """\
Create the account of a Discord token at useapi.net, or update it if it is there.

You are asked for the token, which is not shown as you type. Or give it on
standard input:
  {program} account set < FILE
It is never an argument: others could see it in the list of processes.
It goes to useapi.net and nowhere else, and is not kept. The page Setup
Midjourney at useapi.net says where to find it.
"""
ABOUT_LIST: Final[Sentence] = """\
List the accounts, one a line: channel, what it is called if the bot's database
is here and knows it, jobs at a time, and "ready" or what stops it. No token is
shown.
"""
ABOUT_CODES: Final[Sentence] = """\
Exit codes:
    0  done
    2  unknown command or option
   65  the input was refused (the message says why)
   69  the API could not do it, or cannot be reached
   74  done, but the answer could not be written
   77  useapi.net refused the API token, or the subscription does not allow it
   78  the settings are wrong
  130  stopped with Ctrl-C
"""


def describe(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments after `account`."""
    explain(parser, ABOUT)
    actions = parser.add_subparsers(dest="action", required=True, metavar="set|list", title=say("what to do"))
    setting = actions.add_parser("set", help=say("create or update an account"))
    explain(setting, ABOUT_SET)
    sentence: Sentence = (
        "how many jobs it may run at a time, 1 to 15; without this {n}, also for an account that had more."
    )
    jobs = passage(say(sentence, n=DEFAULT_JOBS), say(JOBS_HELP))
    setting.add_argument("--max-jobs", default=str(DEFAULT_JOBS), metavar="N", help=jobs)
    listing = actions.add_parser("list", help=say("list the accounts"))
    explain(listing, ABOUT_LIST)
    listing.add_argument("--json", action="store_true", help=say("write JSON, for programs"))


def explain(parser: argparse.ArgumentParser, about: Sentence) -> None:
    """Begin the help of a parser with a text, and end it with the exit codes."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = say(about, program=PROGRAM)
    parser.epilog = say(ABOUT_CODES)


def run(wanted: argparse.Namespace, settings: Settings) -> int:
    """Run the command, and return the exit code."""
    if settings.useapi_token is None:
        complain(say(NO_USEAPI))
        return Exit.CONFIG
    sent: list[str] = []
    try:
        if wanted.action == "list":
            return supervisor.run(list_accounts(settings, sent, as_json=wanted.json))
        # Not in the event loop, which would keep Ctrl-C from the prompt.
        jobs = jobs_number(wanted.max_jobs)
        token = account_token(entered_token(), settings.tokens)
        return supervisor.run(set_account(settings, token, jobs, sent))
    except (UserError, ProviderError) as error:
        complain(what(error), next_step(error, check_first=CHECK_FIRST, own=STEPS))
        if error.quote:
            complain(say("The API says: {text}", text=bare(error.quote, FLAG_LIMIT)))
        return code_of(error)
    except (KeyboardInterrupt, EOFError):
        complain(say(STOPPED_LATE if "POST" in sent else STOPPED, program=PROGRAM))
        return Exit.INTERRUPTED


async def list_accounts(settings: Settings, sent: list[str], *, as_json: bool) -> int:
    """Write the accounts, and return the exit code."""
    async with api(settings, sent) as useapi:
        accounts = await useapi.accounts()
    names = await names_in(settings.database_path)
    return answer((as_json_text if as_json else as_lines)(accounts, names))


async def set_account(settings: Settings, token: SecretStr, jobs: int, sent: list[str]) -> int:
    """Save the account of a token, write the result, and return the exit code."""
    async with api(settings, sent) as useapi:
        saved = await save(useapi, token, jobs)
    code = answer(saved_words(saved))
    return Exit.UNAVAILABLE if saved.outcome is ChangeOutcome.NOT_DONE else code


def answer(text: str) -> int:
    """Write an answer, and return the exit code."""
    return Exit.DONE if show(text) else Exit.IOERR


@asynccontextmanager
async def api(settings: Settings, sent: list[str]) -> AsyncGenerator[UseapiClient]:
    """Open a client of the API. `sent` gets the method of each request as it is sent."""

    async def record(
        _session: object, _context: object, request: aiohttp.TraceRequestHeadersSentParams
    ) -> None:
        sent.append(request.method)

    assert settings.useapi_token is not None  # noqa: S101 - `run` requires it
    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(record)
    async with open_session(settings.proxy_url, [trace]) as session:
        with said_if_slow(settings.useapi_url):
            yield UseapiClient(session, settings.useapi_url, settings.useapi_token)


def entered_token() -> SecretStr:
    """Read the token from the prompt, or from standard input if it is no terminal.

    Raises:
        UserError: there is nothing to read, or no text.
    """
    stdin = cast(TextIO | None, sys.stdin)  # None if it was closed before the start
    if stdin is None:
        raise UserError(ErrorCode.INPUT_CLOSED)
    try:
        entered = typed_token() if stdin.isatty() else stdin.read(READ_LIMIT)
        entered.encode()  # raises for bytes that Python let through in some locales
        return SecretStr(entered)
    except UnicodeError:
        fault = ErrorCode.INPUT_NO_TEXT
    except OSError:
        fault = ErrorCode.INPUT_UNREADABLE
    # Not in the handlers: a decoding error contains the input, and must not be the context.
    raise UserError(fault)


def typed_token() -> str:
    """Ask for the token without showing it."""
    try:
        return getpass.getpass(say(PROMPT))
    except (KeyboardInterrupt, EOFError):
        complain("")  # ends the line of the prompt
        raise


def as_json_text(accounts: Collection[Account], names: Mapping[str, Names]) -> str:
    """Return the accounts as JSON."""
    known = (names.get(account.reference, Names()) for account in accounts)
    return json.dumps(list(map(fields_of, accounts, known)), indent=2)


def as_lines(accounts: Collection[Account], names: Mapping[str, Names]) -> str:
    """Return the accounts as lines, with a column of names if any has one."""
    known = [names.get(account.reference, Names()).label for account in accounts]
    labels = [bare(label, NAME_LIMIT) if label else "" for label in known]
    width = max(map(len, labels), default=0)
    columns = [f"{label:<{width}}  " if width else "" for label in labels]
    return "\n".join(map(line_of, accounts, columns)) or say(NO_ACCOUNT, program=PROGRAM)


def fields_of(account: Account, names: Names) -> dict[str, object]:
    """Return the fields of an account for JSON."""
    flag = account.flag
    return {
        "channel": account.reference,
        "name": names.given,
        "discord_name": names.discord,
        "max_jobs": account.max_jobs,
        "flag": flag and {"kind": flag.kind.value, "text": flag.text or UNSAID.get(flag.kind, "")},
        "link": account.link,
    }


def line_of(account: Account, name: str) -> str:
    """Return an account as a line. `name` is the column with its name."""
    jobs = say("jobs not known") if account.max_jobs is None else count(account.max_jobs, "{n} job[|s]")
    text = bare(flag_text(account.flag), FLAG_LIMIT) if account.flag else ""
    state = say("FLAGGED {text}" if account.flag else "ready", text=text)
    return f"{bare(account.reference, FLAG_LIMIT):<20}  {name}{jobs:<8}  {state}"


def code_of(error: UserError | ProviderError) -> int:
    """Return the exit code for an error."""
    match error:
        case UserError() | Rejected():
            return Exit.DATAERR
        case Unauthorized() | Unpaid():
            return Exit.NOPERM
        case _:
            return Exit.UNAVAILABLE
