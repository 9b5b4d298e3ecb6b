"""`midwatch healthy`: asks the Midwatch that runs here whether the watch is well. Docker calls it."""

import json
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final

from bot.cli.exit_codes import Exit
from bot.cli.terminal import complain, show
from bot.config import AccountSettings, load_settings
from bot.runtime.env_file import ConfigurationError
from bot.runtime.language import Sentence, say
from bot.runtime.setting_values import ListenAddress

LIMIT_SECONDS: Final = 5.0
LONGEST_REPORT: Final = 64 * 1024
OF_ALL: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - these are asked, not opened
"""The address of this machine by which to ask a server that listens at all addresses."""
NO_LISTEN: Final[Sentence] = "LISTEN is not set: set it to a port, like 8080, and start Midwatch again."


def ask(address: ListenAddress) -> str | None:
    """Return a sentence about why the watch at an address is not well; None if it is.

    Raises:
        OSError: no Midwatch answers there.
    """
    connection = HTTPConnection(OF_ALL.get(address.host, address.host), address.port, timeout=LIMIT_SECONDS)
    try:
        connection.request("GET", "/healthz")
        report: dict[str, Any] = json.loads(connection.getresponse().read(LONGEST_REPORT))
        problems = " ".join(each["words"] for each in report["problems"])
        return None if report["well"] else say("Midwatch is not well: {problems}", problems=problems)
    except (HTTPException, ValueError, KeyError, TypeError) as error:
        raise ConnectionError from error
    finally:
        connection.close()


def run(env_file: Path | None) -> int:
    """Write in one sentence how the watch is, and return the exit code."""
    try:
        address = load_settings(env_file, AccountSettings).listen
    except ConfigurationError as error:
        complain(*error.problems)
        return Exit.FAILED
    try:
        problems = say(NO_LISTEN) if address is None else ask(address)
    except OSError:
        problems = say("No Midwatch answers at {address}.", address=address)
    if problems is None:
        show(say("Midwatch is well."))
        return Exit.DONE
    complain(problems)
    return Exit.FAILED
