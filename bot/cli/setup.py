"""`setup`: asks for the settings that are needed, checks each answer, and writes `.env`.

The answers come from a terminal or a pipe, one a line: no library of prompts reads both.
"""

import os
import shutil
import signal
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from bot.actions.account_token import SHAPE, id_in
from bot.cli import check
from bot.cli.dialog import AGAIN, NONE, DialogError, Menu, agrees, ask, insist, is_piped, refuse, tell
from bot.cli.discord_choices import TOKEN, Read, at_discord, channels, listed, servers
from bot.cli.exit_codes import Exit
from bot.cli.findings import Finding
from bot.cli.terminal import complain, show
from bot.config import AccountSettings, Settings, faulty, read_fields
from bot.domain.secret import SecretStr
from bot.domain.services import ALL_SERVICES, MIDJOURNEY, SERVICE_NAMES
from bot.runtime import log_setup, supervisor
from bot.runtime.env_file import (
    ConfigurationError,
    example_text,
    filled_in,
    text_of,
    unreadable,
    values_in,
    write_privately,
)
from bot.runtime.language import Sentence, say
from bot.runtime.program import COMMAND, PROGRAM
from bot.runtime.setting_values import fault

Check = Callable[[Settings], Coroutine[Any, Any, list[Finding]]]
"""Checks an answer, which the settings hold."""

READERS: Final = {each.name: each.metadata["read"] for each in fields(Settings)}
USEAPI_URL: Final = str({each.name: each.default for each in fields(Settings)}["useapi_url"])
OF_SERVICES: Final = ("mjproxy_token", "useapi_token")
SECRETS: Final = ("discord_token", *OF_SERVICES)
OPTIONAL: Final = ("guild_ids", "alert_channel_id")
UNKNOWN: Final = SecretStr("not-known-yet")
"""Stands for a token while its address is checked."""

INTRODUCTION: Final[Sentence] = """\
This writes the settings that Midwatch needs into
  {file}
Each answer is checked. Nothing is written before the end; Ctrl-C stops."""
THERE_ALREADY: Final[Sentence] = """
The file is there already. What is not asked for stays as it is, and you are
asked before the file is changed."""
BOT: Final[Sentence] = """
1. The bot
In the Discord Developer Portal (https://discord.com/developers/applications)
choose New Application, or the one you have. On its page Bot switch Public Bot
off (if Discord refuses, first set Install Link on the page Installation to
None), leave all privileged intents off, and choose Reset Token."""
SERVERS: Final[Sentence] = """
2. Your server
Invite the bot with the link below. It can only write to you if you share a
server. In those that you choose, others may see the accounts, too: people with
Manage Server, until you change it in Server Settings, Integrations."""
CHANNELS: Final[Sentence] = """
3. The second way to reach you
If a direct message does not arrive, an alert goes to this channel."""
WATCHED: Final[Sentence] = """
4. What is watched
  1  a midjourney-proxy of yours
  2  useapi.net, or another server with its API
  3  both"""
MJPROXY: Final[Sentence] = """
midjourney-proxy: the address is that of its web page, with https or on this
machine. The token is that of one of its administrators (AdminToken)."""
USEAPI: Final[Sentence] = """
useapi.net: its Midjourney service has ended; its other services, and other
servers with its API, go on. The token is shown in your account there: copy all
of it, with "user:". These are the services; "all" are those with accounts:"""

QUESTIONS: Final[Mapping[str, Sentence]] = {
    "discord_token": "Bot token",
    "guild_ids": "Servers, numbers with commas",
    "alert_channel_id": "Channel, number or name",
    "mjproxy_url": "Proxy's address",
    "mjproxy_token": "Proxy's token",
    "useapi_url": "API's address",
    "useapi_services": "Services, with commas",
    "useapi_token": "API token",
}


def run(file: Path, providers_of: check.ProvidersOf, check_all: Callable[[], int]) -> int:
    """Ask for the settings, write them, check everything, and return the exit code."""
    log_setup.configure(log_setup.LogLevel.CRITICAL, log_setup.LogFormat.TEXT)
    if not is_piped():  # a terminal that hides a token shows again what is typed
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        Setup(file, providers_of).run()
    except KeyboardInterrupt:
        complain("", say("Stopped. Nothing was written."))
        return Exit.INTERRUPTED
    except (DialogError, ConfigurationError) as error:
        complain(say("{reason} Nothing was written.", reason=error).strip())
        return error.code if isinstance(error, DialogError) else Exit.CONFIG
    except Exception as error:  # noqa: BLE001 - its text and its traceback may hold what was typed
        name = type(error).__name__
        complain(say("Nobody foresaw this error: {error}. Nothing was written.", error=name))
        return Exit.FAILED
    show("")
    code = check_all()
    has_make = PROGRAM != COMMAND and Path("Makefile").is_file() and shutil.which("make")
    sentence: Sentence = "Then, in this folder: {command}" if code else "Next, in this folder: {command}"
    show("\n" + say(sentence, command=f"{'make' if has_make else PROGRAM} run"))
    return code


class Setup:
    """The questions, and the answers so far."""

    def __init__(self, file: Path, providers_of: check.ProvidersOf) -> None:
        write_privately(file, None)
        self._file, self._providers_of = file, providers_of
        self._text = text_of(file)
        """The file as it was."""
        if wrong := unreadable(self._text, file):
            raise ConfigurationError(wrong)
        self._old = values_in(self._text)
        self._new: dict[str, str] = {}

    def run(self) -> None:
        """Ask for what is needed, and write it."""
        show(say(INTRODUCTION, file=self._file.resolve()) + (say(THERE_ALREADY) if self._text else ""))
        found = [name.upper() for name in READERS if os.environ.get(name.upper())]
        if found := [name for name in found if name != "LANGUAGE"]:
            names = ", ".join(found)
            tell(say("The environment sets {settings}, and comes before the file.", settings=names))
        show(say(BOT))
        bot = partial(at_discord, (TOKEN, "Owners", "Interactions"))
        insist(partial(self._ask, "discord_token", bot))
        show(say(SERVERS))
        self._choose("guild_ids", "Server ", servers)
        show(say(CHANNELS))
        self._choose("alert_channel_id", "Alert channel", channels)
        self._ask_watched()
        self._write()

    def _choose(self, name: str, subject: str, read: Read) -> None:
        """Ask for what there is at Discord."""
        menu = Menu(lambda: supervisor.run(listed(self._settings(), read)))
        menu.show()
        insist(partial(self._ask, name, partial(at_discord, (subject,)), meant=menu.meant))

    def _ask_watched(self) -> None:
        """Ask what is watched, where it is, and for its token."""
        kept = str(bool(self._old.get("mjproxy_token")) + 2 * bool(self._old.get("useapi_token")))
        question: Sentence = "1, 2 or 3: " if kept == "0" else "1, 2 or 3 (Enter: {answer}): "
        show(say(WATCHED))
        while (way := ask(say(question, answer=kept)) or kept) not in ("1", "2", "3"):
            refuse(say("What is watched is answered with 1, 2 or 3."))
        self._new |= {"mjproxy_url": "", "mjproxy_token": ""} if way == "2" else {}
        self._new |= {"useapi_token": ""} if way == "1" else {}
        if way != "2":
            show(say(MJPROXY))
            proxy = partial(self._standing, useapi_token=None)
            insist(
                partial(self._ask, "mjproxy_url", partial(proxy, mjproxy_token=UNKNOWN)),
                partial(self._ask, "mjproxy_token", proxy),
            )
        if way != "1":
            show(say(USEAPI))
            tell(f"      {', '.join(SERVICE_NAMES)}")
            api = partial(self._standing, mjproxy_url=None)
            insist(
                partial(self._ask, "useapi_url", partial(api, useapi_token=UNKNOWN), USEAPI_URL),
                lambda: self._ask("useapi_services", None, self._usual_services()),
                partial(self._ask, "useapi_token", api),
            )

    def _usual_services(self) -> str:
        """Return what is watched of an API unless others are named. Midjourney has ended at useapi.net."""
        return ALL_SERVICES if self._new["useapi_url"] == USEAPI_URL else MIDJOURNEY

    def _ask(
        self,
        name: str,
        checked: Check | None,
        usual: str = "",
        meant: Callable[[str, str], str | None] = lambda typed, kept: typed or kept,
    ) -> bool:
        """Ask for a setting until its answer can be one, and return whether it passes the check.

        `usual` is what an empty answer means, and needs no check.
        """
        kept = self._new.get(name) or self._old.get(name) or usual
        value = None
        while value is None:
            try:
                question = say("{question}{hints}: ", question=say(QUESTIONS[name]), hints=hints(name, kept))
                value = meant(ask(question, hidden=name in SECRETS), kept)
                require(name, value, [each for key, each in self._new.items() if key != name])
            except ValueError as error:
                refuse(faulty(name, error))
                value = None
        self._new[name] = value
        if value in ("", usual) or checked is None:
            return True
        findings = supervisor.run(checked(self._settings()))
        wrong = next((each for each in findings if not each.good), None)
        if wrong and is_piped():
            raise DialogError(wrong.line, Exit.UNAVAILABLE)
        for each in findings:
            tell(str(each))
        return wrong is None or agrees("Take it anyway? ({yes} or {no}): ")

    def _settings(self) -> Settings:
        """Return the settings with the answers so far."""
        environment = {name.lower(): value for name, value in os.environ.items() if value}
        given = {**self._old, **environment, **self._new}
        found, _ = read_fields(AccountSettings, {name: value for name, value in given.items() if value})
        return AccountSettings(**found)

    async def _standing(self, settings: Settings, **instead: Any) -> list[Finding]:
        """Return what a service says, with other settings: without its token only whether it answers."""
        said = check.check_providers(replace(settings, **instead), self._providers_of)
        wanted = ("API", "Proxy") if UNKNOWN in instead.values() else ""
        return [each async for each in said if each.subject.endswith(wanted)]

    def _write(self) -> None:
        """Write the answers into the file. One that is there is changed only if the person says yes."""
        before = {"useapi_url": USEAPI_URL, "useapi_services": MIDJOURNEY, **self._old}
        changed = {name: value for name, value in self._new.items() if value != before.get(name, "")}
        if self._text and changed:
            show("")
            names = ", ".join(map(str.upper, changed))
            tell(say("{file} changes in {settings}; all else stays.", file=self._file, settings=names))
            if not agrees("Change it? ({yes} or {no}): "):
                raise DialogError("", Exit.FAILED)
        if text_of(self._file) != self._text:
            was_changed = say("{file} was changed meanwhile: start again.", file=self._file)
            raise DialogError(was_changed, Exit.FAILED)
        if changed:
            write_privately(self._file, filled_in(self._text or example_text(), changed))
        written: Sentence = "{file} is written, with mode 600: for you alone."
        show("\n" + say(written if changed else "{file} is as it was.", file=self._file))


def require(name: str, value: str | None, others: Collection[str]) -> None:
    """Require that an answer can be that of a setting, and that no other answer is the same.

    Raises:
        ValueError: it cannot, or it is a secret that would be sent to the wrong server.
    """
    if value is None or (not value and name in OPTIONAL):
        return
    if not value:
        raise fault("is needed")
    READERS[name](value)
    if values_in(f"{name}={value}").get(name) != value:
        raise fault("holds characters that .env cannot keep: get another one")
    if name == "discord_token" and SHAPE.fullmatch(value) is None:
        raise fault("does not look like a bot's token, which has three parts with dots between")
    if name in OF_SERVICES and (value in others or id_in(value) is not None):
        raise fault("is another token: write the one of the service that is watched")


def hints(name: str, kept: str) -> str:
    """Return what may be typed besides a new answer."""
    is_secret, is_choice = name in SECRETS, name in OPTIONAL
    enter = say("as it is") if kept and (is_secret or is_choice) else kept or NONE
    words = [say("not shown")] * is_secret + [say("Enter: {answer}", answer=enter)] * bool(kept or is_choice)
    words += [NONE] * bool(kept and is_choice) + [say("{word} lists anew", word=AGAIN)] * is_choice
    return f" ({say('; ').join(words)})" if words else ""
