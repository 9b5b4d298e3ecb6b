"""Checks whether a start could listen where LISTEN says, and when the hook was called."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

from bot.cli.check_database import existing
from bot.cli.findings import FAIL, OK, WARN, Finding
from bot.cli.healthy import ask
from bot.config import Settings
from bot.domain.wellness import ProblemKind, WatchProblem
from bot.listener import has_metrics
from bot.runtime.errors import UnavailableError
from bot.runtime.language import say
from bot.runtime.setting_values import ListenAddress
from bot.storage import StoreError
from bot.storage.database import connect
from bot.storage.errors import as_store_errors
from bot.storage.rows import GET_META


async def check_listener(settings: Settings) -> AsyncIterator[Finding]:
    """Check LISTEN and HOOK_SECRET, if they are set."""
    if settings.listen is not None:
        yield await try_to_listen(settings.listen)
        if not has_metrics():
            missing = say("/metrics answers 501. Its library is missing: `pip install prometheus_client`.")
            yield Finding(WARN, "Metrics", missing)
    if settings.hook_secret is not None and settings.listen is None:
        yield Finding(WARN, "Hook", say("HOOK_SECRET does nothing without LISTEN. Set that, too."))
    elif settings.hook_secret is not None:
        yield Finding(OK, "Hook", await last_call(settings.database_path))


async def try_to_listen(address: ListenAddress) -> Finding:
    """Listen for a moment."""
    from bot.listener.server import Listener, listening  # noqa: PLC0415 - not without LISTEN

    try:
        async with listening(address, Listener(lambda: [WatchProblem(ProblemKind.SIGHT)])):
            return Finding(OK, "Listener", say("Midwatch can listen at {address}", address=address))
    except UnavailableError as error:
        try:
            await asyncio.to_thread(ask, address)
        except OSError:
            return Finding(FAIL, "Listener", str(error))
        running = say("a running Midwatch listens at {address}", address=address)
        return Finding(OK, "Listener", running)


async def last_call(path: Path) -> str:
    """Return when the hook was last called. That the database cannot be read is said elsewhere."""
    from bot.listener.hook import HOOK_CALLED  # noqa: PLC0415 - not without HOOK_SECRET

    try:
        if (file := existing(path)) is not None:
            with as_store_errors(file):
                async with connect(file, read_only=True) as connection:
                    for (value,) in await connection.execute_fetchall(GET_META, (HOOK_CALLED,)):
                        at = datetime.fromisoformat(value)
                        date, clock = f"{at:%Y-%m-%d}", f"{at:%H:%M}"
                        return say("last called on {date} at {clock} UTC", date=date, clock=clock)
    except StoreError:
        return say("not known")
    return say("not called yet")
