"""The services behind the addresses of ALERT_URLS, by the optional library Apprise."""

import importlib
import logging
from typing import Any, Final

NOISY: Final = ("apprise", "urllib3", "requests")
"""The loggers of the libraries, whose lines may hold an address or a part of it."""


def service_at(url: str) -> Any | None:
    """Return Apprise's service for an address; None if it knows none.

    The library has many modules: only who sets ALERT_URLS loads it.

    Raises:
        ModuleNotFoundError: the library is not installed.
    """
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # of its children, too
    return importlib.import_module("apprise").Apprise.instantiate(url) if "://" in url else None
