"""The web server for monitors and callbacks. What it needs is imported only if LISTEN is set."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.util import find_spec

from bot.config import Settings
from bot.domain.measures import UNCOUNTED, Measures
from bot.loops import WatchLoops
from bot.storage import Store


def has_metrics() -> bool:
    """Return whether the optional library for `/metrics` is installed."""
    return find_spec("prometheus_client") is not None


def measures_for(settings: Settings) -> Measures:
    """Return what counts for `/metrics`: nothing without a listener, or without the library."""
    if settings.listen is None or not has_metrics():
        return UNCOUNTED
    from bot.listener.metrics import CountedMeasures  # noqa: PLC0415 - not without the library

    return CountedMeasures()


@asynccontextmanager
async def open_listener(
    settings: Settings, measures: Measures, loops: WatchLoops, store: Store
) -> AsyncGenerator[None]:
    """Answer monitors and callbacks if LISTEN is set.

    Raises:
        UnavailableError: it is not possible to listen there.
    """
    if settings.listen is None:
        yield
        return
    from bot.listener.hook import Hook  # noqa: PLC0415 - not without LISTEN
    from bot.listener.server import Listener, listening  # noqa: PLC0415 - not without LISTEN

    metrics = None
    if measures is not UNCOUNTED:
        from bot.listener.metrics import exposition  # noqa: PLC0415 - not without the library

        metrics = exposition(measures, loops)
    hook = settings.hook_secret and Hook(settings.hook_secret, loops.poll_now, store)
    async with listening(settings.listen, Listener(loops.problems, metrics, hook)):
        yield
