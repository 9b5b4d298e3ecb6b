"""`midwatch backup` and `midwatch restore`: copies of the database, made and brought back by hand."""

import argparse
from pathlib import Path
from typing import Any

from bot.cli.exit_codes import Exit
from bot.cli.terminal import complain, show
from bot.config import Settings
from bot.domain.clock import utc_now
from bot.render.error_messages import what
from bot.runtime.language import Sentence, say
from bot.storage import StoreError
from bot.storage.backup import back_up, dated, restore


def describe(commands: Any) -> None:
    """Describe the commands and their arguments."""
    about = say("Copy the database to a new file, also while the bot runs.")
    parser = commands.add_parser("backup", help=say("copy the database to a file"), description=about)
    where = say("where to; without this beside the database, as the daily backups")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help=where)
    about = say(
        "Check a backup and put a copy of it in the place of the database, which is kept. Stop the bot first."
    )
    parser = commands.add_parser("restore", help=say("bring back what `backup` copied"), description=about)
    parser.add_argument("file", type=Path, metavar="FILE", help=say("the backup"))


def run(wanted: argparse.Namespace, settings: Settings) -> int:
    """Run the command, and return the exit code."""
    database, now = settings.database_path, utc_now()
    file: Path = wanted.file or dated(database.resolve(), now)
    try:
        if wanted.command == "backup":
            back_up(database, file)
            said = say("The backup is {path}", path=file)
        else:
            kept = restore(file, database, now)
            sentence: Sentence = "Restored from {path}. The database until now is kept as {kept}"
            said = say(sentence if kept else "Restored from {path}.", path=file, kept=kept)
    except UnicodeEncodeError:  # SQLite takes names in UTF-8 alone
        complain(say("The name of the file is not UTF-8: choose another."))
        return Exit.UNAVAILABLE
    except StoreError as error:
        complain(what(error))
        return Exit.UNAVAILABLE
    except OSError as error:
        complain(say("{path}: {reason}. Name another file.", path=error.filename, reason=error.strerror))
        return Exit.UNAVAILABLE
    return Exit.DONE if show(said) else Exit.IOERR
