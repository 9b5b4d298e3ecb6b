"""The services behind the addresses of ALERT_URLS, by the optional library Apprise."""

import importlib
import logging
import re
from typing import Any, Final

from bot.runtime.setting_values import fault

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


def read_alert_urls(text: str) -> tuple[str, ...]:
    """Read the addresses of Apprise, which the optional library must know."""
    urls = re.split(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)", text)
    try:
        unknown = [number for number, url in enumerate(urls, start=1) if service_at(url) is None]
    except ModuleNotFoundError:
        raise fault("needs the library apprise: `pip install apprise` where Midwatch is installed") from None
    if unknown:
        raise fault(
            "has an address that Apprise does not know (number {number}): "
            "write them as its documentation shows for each service, with spaces between them",
            number=unknown[0],
        )
    return tuple(urls)
