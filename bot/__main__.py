"""The command line, which starts as `midwatch` or as `python -m bot`."""

import os
import signal

from bot.runtime.program import COMMAND, PROGRAM, VERSION

IS_STARTED = __name__ == "__main__" or PROGRAM == COMMAND
if IS_STARTED and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # While the rest is loaded, Ctrl-C ends the program without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
if os.getpid() == 1:  # in a container, where Linux ignores a signal that has no handler
    signal.signal(signal.SIGTERM, lambda _signal, _frame: os._exit(128 + signal.SIGTERM))

import argparse
import logging
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

from bot.cli.exit_codes import Exit
from bot.cli.terminal import complain, show

ENV_FILE: Final = Path(".env")

try:
    from bot.cli import healthy
    from bot.cli.terminal_language import language_here
    from bot.runtime.language import Sentence, say, spoken

    if sys.argv[1:] == ["healthy"]:  # Docker asks often: not with all libraries of the bot
        with spoken(language_here(ENV_FILE)):
            sys.exit(healthy.run(ENV_FILE))
    from bot import app
    from bot.cli import account, backup, check, setup
    from bot.config import AccountSettings, Settings, load_settings
    from bot.render.error_messages import what
    from bot.runtime import log_setup, supervisor
    from bot.runtime.env_file import ConfigurationError
    from bot.runtime.errors import TokenRefusedError, UnavailableError
    from bot.runtime.setting_values import PUBLIC_TOKEN
    from bot.storage import StoreError
except ModuleNotFoundError as missing:
    complain(
        f"This Python lacks {missing.name}, which Midwatch needs: run `make install`, "
        "then use .venv/bin/python instead."
    )
    sys.exit(Exit.CONFIG)

log = logging.getLogger("bot.main")  # not `__main__`, which is none of our loggers

WITHOUT_DISCORD: Final = {"account": account.run, "backup": backup.run, "restore": backup.run}
LEVELS: Final = {"check": log_setup.LogLevel.WARNING} | dict.fromkeys(
    WITHOUT_DISCORD, log_setup.LogLevel.ERROR
)
"""The log levels of commands that report their own result."""
FIX_SETTINGS: Final[Sentence] = (
    "Fix these in .env or in the environment, or let `{program} setup` ask for them."
)
NO_ENV_FILE: Final[Sentence] = "There is no .env here: run `{program} setup`, which asks for them."
ABOUT: Final[Mapping[str, tuple[Sentence, Sentence]]] = {
    "setup": (
        "ask for the settings, check them, and write .env",
        (
            "Ask for the settings that are needed, say where to find each, check every answer, and write "
            ".env in this folder. The answers may also come from a pipe, one a line. Tokens are not shown."
        ),
    ),
    "run": (
        "run the bot (the default)",
        "Run the bot until Ctrl-C, with the settings in .env of this folder or in the environment.",
    ),
    "check": (
        "check its settings, database, tokens and servers, one line each",
        (
            "Check what the bot needs: its settings, database, tokens and servers, and what it watches. "
            "It may run beside the bot, and changes nothing; each address of ALERT_URLS gets a line."
        ),
    ),
    "healthy": (
        "ask the one that runs here whether it is well, for Docker",
        (
            "Ask the bot that runs on this machine, at the address of LISTEN, whether the watch is well. "
            "The exit code is 1 if it is not."
        ),
    ),
}
"""The short and the long help of each command without options."""
MISTAKES: Final[Mapping[str, Sentence]] = {
    r"the following arguments are required: (?P<names>.+)": "the following arguments are required: {names}",
    r"argument (?P<option>.+): expected one argument": "argument {option}: expected one argument",
    r"(?:.*: invalid choice: '|unrecognized arguments: )(?P<word>[a-z]{1,12})(?:'.*)?": (
        'unknown word "{word}"'
    ),
    r"(?s:.*)": "unknown command or option (never put a token here)",
}
"""What is said for the messages of argparse. A word is repeated only if it is too short for a token."""
OF_ARGPARSE: Final[Sequence[Sentence]] = (
    "usage: ",
    "positional arguments",
    "options",
    "show this help message and exit",
)
"""What argparse itself says in the help."""


def main(
    arguments: list[str] | None = None,
    *,
    env_file: Path | None = ENV_FILE,
    timings: app.Timings = app.DEFAULT_TIMINGS,
) -> int:
    """Run the command line, and return the exit code.

    Args:
        arguments: the words after the program's name; None for those of the process.
        env_file: the file with settings; None for none.
        timings: the waits of the bot.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with spoken(language_here(env_file)):
        wanted = parser().parse_args(arguments)
        try:
            if wanted.command == "setup":
                return setup.run(
                    env_file or ENV_FILE, app.providers_of, lambda: main(["check"], env_file=env_file)
                )
            return healthy.run(env_file) if wanted.command == "healthy" else do(wanted, env_file, timings)
        except KeyboardInterrupt:  # before the bot runs, or after
            complain(say("Stopped."))
            return Exit.INTERRUPTED


def do(wanted: argparse.Namespace, env_file: Path | None, timings: app.Timings) -> int:
    """Read the settings, run the command, and return the exit code."""
    try:
        kind = AccountSettings if wanted.command in WITHOUT_DISCORD else Settings
        settings = load_settings(env_file, kind, lambda warning: complain(f"WARNING: {warning}"))
    except ConfigurationError as error:
        if wanted.command == "check":
            check.report_settings(error.problems)
            return Exit.CONFIG
        complain(say("Midwatch cannot start, because of its settings:"))
        complain(*(f"  {problem}" for problem in error.problems))
        complain(say(FIX_SETTINGS if env_file and env_file.exists() else NO_ENV_FILE, program=PROGRAM))
        return Exit.CONFIG
    secrets = [secret.get_secret_value() for secret in settings.secrets]
    log_setup.configure(
        LEVELS.get(wanted.command, settings.log_level),
        settings.log_format,
        secrets=[secret for secret in secrets if secret != PUBLIC_TOKEN],
    )
    try:
        match wanted.command:
            case "check":
                return supervisor.run(check.report(settings, app.providers_of))
            case name if name in WITHOUT_DISCORD:
                return WITHOUT_DISCORD[name](wanted, settings)
            case _:
                return run(settings, timings)
    except Exception:  # Python would print a traceback without the redaction of the log
        log.critical("Midwatch ended because of an error nobody foresaw", exc_info=True)
        return Exit.FAILED


def run(settings: Settings, timings: app.Timings) -> int:
    """Run the bot until it is stopped, and return the exit code. After NOPERM a restart does not help."""
    try:
        supervisor.run(app.run(settings, timings=timings))
    except TokenRefusedError as error:
        complain(str(error))
        return Exit.NOPERM
    except (StoreError, UnavailableError) as error:
        complain(what(error) if isinstance(error, StoreError) else str(error))
        return Exit.UNAVAILABLE
    return 0


class Parser(argparse.ArgumentParser):
    """A parser that repeats at most one short word of its input: people paste tokens anywhere."""

    def print_help(self, file: object = None) -> None:  # noqa: ARG002 - argparse's signature
        """Write the help."""
        show(self.format_help().rstrip())

    def error(self, message: str) -> NoReturn:
        """Write the usage, and exit."""
        tried = ((re.fullmatch(pattern, message), sentence) for pattern, sentence in MISTAKES.items())
        fault = next(say(sentence, **found.groupdict()) for found, sentence in tried if found)
        hint = say("{program}: {fault}. See {program} --help.", program=self.prog, fault=fault)
        complain(self.format_usage().rstrip(), hint)
        self.exit(2)


def said(text: str | None) -> str | None:
    """Return what argparse says, in the language of this task."""
    return text and say(text)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    setattr(argparse, "_", said)  # noqa: B010 - its gettext, which it declares to nobody
    described = Parser(prog=PROGRAM, description=say("Midwatch stands watch over your Midjourney accounts."))
    about = say("show program's version number and exit")
    described.add_argument("--version", action="version", version=f"Midwatch {VERSION}", help=about)
    commands = described.add_subparsers(
        dest="command", metavar="setup|run|check|healthy|account|backup|restore"
    )
    for name, (short, about) in ABOUT.items():
        commands.add_parser(name, help=say(short), description=say(about))
    account.describe(
        commands.add_parser("account", help=say("set and list accounts at useapi.net without Discord"))
    )
    backup.describe(commands)
    return described


if __name__ == "__main__":
    sys.exit(main())
