"""Calls a monitoring service while the watch is well."""

import logging
from typing import Final

import aiohttp

from bot.domain.secret import SecretStr

log = logging.getLogger(__name__)

LIMIT: Final = aiohttp.ClientTimeout(total=10)
GOOD: Final = range(200, 300)


class Heartbeat:
    """Calls a secret address. A failure is logged once, without the address."""

    def __init__(
        self, session: aiohttp.ClientSession, url: SecretStr | None, *, limit: aiohttp.ClientTimeout = LIMIT
    ) -> None:
        self._session = session
        self._url = url
        self._limit = limit
        self._failing = False

    async def beat(self) -> None:
        """Call the address, if there is one."""
        if self._url is None:
            return
        failure = await self._call(self._url.get_secret_value())
        if failure and not self._failing:
            log.warning("the address of HEARTBEAT_URL does not answer as it should (%s)", failure)
        elif self._failing and not failure:
            log.info("the address of HEARTBEAT_URL answers again")
        self._failing = failure is not None

    async def _call(self, url: str) -> str | None:
        try:
            # A page at the end of a redirect does not prove that the call was counted.
            async with self._session.get(url, timeout=self._limit, allow_redirects=False) as response:
                return None if response.status in GOOD else f"status {response.status}"
        except (aiohttp.ClientError, OSError, ValueError) as error:  # ValueError for an invalid host name
            return type(error).__name__
