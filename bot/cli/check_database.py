"""Checks whether a start could use its database, on another one in its folder that is removed again."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.domain.capabilities import CAPABILITIES
from bot.domain.clock import utc_now
from bot.domain.errors import ErrorCode
from bot.incidents.state import WatchState
from bot.interactions.permissions import Owners
from bot.polling.account_cache import load_cache
from bot.runtime.language import say
from bot.storage import Store, StoreError
from bot.storage.database import connect, lock_database, require_sqlite
from bot.storage.errors import as_store_errors, not_writable
from bot.storage.migrations import inspect


async def try_database(path: Path) -> str:
    """Return what a start would find. The database is not changed.

    Raises:
        StoreError: a start would fail.
    """
    require_sqlite()
    if (file := existing(path)) is None:
        with scratch(path) as trial:
            await start_on(trial)
        return say("{path} does not exist yet; the bot creates it", path=path)
    if not file.is_file():
        raise StoreError(ErrorCode.NO_REGULAR_FILE, path=path)
    await inspect(file)  # before the lock puts a lock file beside it
    try:
        with lock_database(file):
            pass
    except StoreError as error:
        if error.code is not ErrorCode.DATABASE_IN_USE:
            raise
        return say("{path} is in use by a running Midwatch", path=path)
    with scratch(file) as trial:
        async with connect(file, read_only=True) as connection:
            with as_store_errors(file):
                await connection.execute("VACUUM INTO ?", (str(trial),))
        await start_on(trial)
    return say("{path} is sound", path=path)


def existing(path: Path) -> Path | None:
    """Return the full path of a database; None if there is none. Raise StoreError if its folder is closed."""
    try:
        return path.resolve() if path.exists() else None
    except OSError as error:
        raise not_writable(path, error) from error


@contextmanager
def scratch(path: Path) -> Generator[Path]:
    """Return the path of a temporary database with the same name, in the same folder or a parent of it.

    Raises:
        StoreError: a database fails there. The error names the database itself.
    """
    path = path.resolve()
    folder = next(parent for parent in path.parents if parent.exists())
    try:
        room = TemporaryDirectory(prefix=".midwatch-check-", dir=folder)
    except OSError as error:
        raise StoreError(ErrorCode.NO_FOLDER, path=path, reason=error.strerror, folder=folder) from error
    with room as name:
        try:
            yield Path(name, path.name)
        except StoreError as error:
            real = path.with_name(Path(str(error.fields["path"])).name)
            raise StoreError(error.code, **error.fields | {"path": real}) from error


async def start_on(path: Path) -> None:
    """Lock a database, create or migrate it, and load its content, as a start does."""
    async with Store.open(path) as store:
        with store.refuse_unknown_content():
            await Owners((), (), store).load()
            await WatchState.load(store, utc_now, CAPABILITIES)
            await load_cache(store, CAPABILITIES)
            await store.watch.greeted()
