"""Runs the unmodified bot against the simulations, in a process without access to the outside.

The bot gets the settings of the command line and nothing else: the environment is emptied, no `.env` is read,
and only the sandbox's own tokens and loopback addresses are let through.
"""

import argparse
import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import yarl

from tests.demo.process import STOP_WITHIN
from tests.simulators.discord import SANDBOX_BOT_TOKEN, point_at
from tests.simulators.mjproxy import SANDBOX_MJPROXY_TOKEN
from tests.simulators.useapi import SANDBOX_USEAPI_TOKEN

SERVICES: Final = {"USEAPI": SANDBOX_USEAPI_TOKEN, "MJPROXY": SANDBOX_MJPROXY_TOKEN}


def command(
    discord_api: str,
    gateway: str,
    folder: Path,
    settings: Mapping[str, str],
    *arguments: str,
    hurry: float = 1,
    pace: float = 1,
    ahead: timedelta = timedelta(),
) -> list[str]:
    """Return the arguments of `python` that run the bot; `arguments` are the bot's own, such as `check`.

    So many times shorter is what the settings give in seconds, and what the bot waits for its next edit of a
    message, for the polls after a remedy and for the next attempt of a request; the pace is how many times
    faster midjourney-proxy is than the real one, and the bot's clock is ahead of this machine's.
    """
    pairs = [f"{name}={value}" for name, value in settings.items()]
    speeds = [f"--hurry={hurry}", f"--pace={pace}", f"--ahead={ahead.total_seconds()}"]
    own = [*speeds, discord_api, gateway, str(folder), *pairs]
    return ["-m", "tests.demo.launch", *own, "--", *arguments]


def check(settings: Mapping[str, str]) -> None:
    """Refuse settings that could reach anything but the sandbox.

    Raises:
        SystemExit: with what is wrong, and never with the value.
    """
    present = {
        name: token for name, token in SERVICES.items() if {f"{name}_TOKEN", f"{name}_URL"} & {*settings}
    }
    if not present:
        sys.exit(f"The sandbox needs one of {', '.join(f'{name}_URL' for name in SERVICES)}.")
    for name, token in {"DISCORD": SANDBOX_BOT_TOKEN, **present}.items():
        if settings.get(f"{name}_TOKEN") != token:
            sys.exit(f"The sandbox takes no {name}_TOKEN but its own.")
    for name in present:
        if f"{name}_URL" not in settings:
            sys.exit(f"The sandbox needs a {name}_URL.")
    for name, value in settings.items():
        if name.endswith("_URL") and not _loopback(value):
            sys.exit(f"The sandbox takes no {name} but a loopback address.")


def _loopback(address: str) -> bool:
    host = yarl.URL(address).host or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def main() -> None:
    """Run the bot by the command line until it or its parent ends."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    run(sys.argv[1:])


def run(words: Sequence[str]) -> None:
    """Run the bot as these words say until it ends."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.demo.launch", description="Run the bot in the sandbox."
    )
    for name in ("discord_api", "gateway", "folder"):
        parser.add_argument(name)
    parser.add_argument("settings", nargs="*", metavar="NAME=VALUE")
    for name, usual in {"--hurry": 1, "--pace": 1, "--ahead": 0}.items():
        parser.add_argument(name, type=float, default=usual)
    own, arguments = _halves(words)
    given = parser.parse_args(own)
    settings = dict(pair.split("=", 1) for pair in given.settings)
    check(settings)
    os.environ.clear()
    os.environ.update(settings)
    os.chdir(given.folder)
    with point_at(given.discord_api, given.gateway):
        sys.exit(_run_bot(arguments, given.hurry, given.pace, timedelta(seconds=given.ahead)))


def _halves(words: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Split at the first `--` into the launcher's arguments and the bot's."""
    at = words.index("--") if "--" in words else len(words)
    return words[:at], words[at + 1 :]


def _end_with_parent() -> None:
    """Wait for the end of standard input, which closes when the parent ends."""
    # Not by sys.stdin, whose lock a thread still reading would hold at the interpreter's end.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_WITHIN)
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class _Clock:
    """Stands where the bot has the class of times, which it asks for the present one."""

    ahead: timedelta

    def now(self, zone: tzinfo) -> datetime:
        return datetime.now(zone) + self.ahead


def _run_bot(arguments: Sequence[str], hurry: float, pace: float, ahead: timedelta) -> int:
    # Imported only now, so that nothing of the bot has seen the environment before it was emptied.
    from bot.__main__ import main as bot_main  # noqa: PLC0415 - as the comment says
    from bot.app import DEFAULT_TIMINGS, Timings  # noqa: PLC0415 - as the comment says
    from bot.domain import clock  # noqa: PLC0415 - as the comment says
    from bot.providers.mjproxy.client import MjproxyClient  # noqa: PLC0415 - as the comment says
    from bot.runtime import setting_values  # noqa: PLC0415 - as the comment says

    setting_values.SHORTEST_POLL /= hurry  # pyright: ignore[reportConstantRedefinition] - a hurried demo polls as often
    setting_values.SECONDS["s"] /= hurry  # pyright: ignore[reportArgumentType] - minutes stay as long

    # Every part of the bot asks one function for the time, and that one asks this name.
    clock.datetime = _Clock(ahead)  # pyright: ignore[reportAttributeAccessIssue, reportPrivateImportUsage] - a clock in place of a class

    MjproxyClient.checks = {  # pyright: ignore[reportAttributeAccessIssue] - as many checks, only sooner
        remedy: tuple(check / pace for check in checks) for remedy, checks in MjproxyClient.checks.items()
    }

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds / hurry)

    return bot_main(
        list(arguments),
        env_file=None,
        timings=Timings(sleep, sleep, edit_every=DEFAULT_TIMINGS.edit_every / hurry),
    )


if __name__ == "__main__":
    main()
