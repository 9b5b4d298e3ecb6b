"""Who reads which language: channels that of LANGUAGE, a person that of their Discord client."""

import json
import logging
from functools import cache
from typing import Final

from bot.domain.messages import Route
from bot.runtime.language import ENGLISH, language_for
from bot.storage import Store, StoreError

log = logging.getLogger(__name__)

META_KEY: Final = "languages"


class Languages:
    """The language of channels, and the one that each owner's client last used with the bot."""

    def __init__(self, store: Store | None = None, shared: str = ENGLISH) -> None:
        self._store = store
        self.shared = shared
        self._locales: dict[str, str] = {}
        """The locale of each person's client, by the person's id."""

    async def load(self) -> None:
        """Read what clients used.

        Raises:
            StoreError: the database cannot be read.
            AttributeError, RecursionError, ValueError: what it holds is not understood.
        """
        if self._store is not None:
            found: dict[str, object] = json.loads(await self._store.meta(META_KEY) or "{}")
            self._locales = {person: each for person, each in found.items() if isinstance(each, str)}

    def of(self, recipient: int, route: Route) -> str:
        """Return the language of messages to a recipient by a route."""
        locale = self._locales.get(str(recipient)) if route is Route.DM else None
        return self.shared if locale is None else of_locale(locale)

    def learn(self, person: int, locale: str) -> bool:
        """Remember what an owner's client uses. Return whether that is new."""
        is_new = self._locales.get(str(person)) != locale
        self._locales[str(person)] = locale
        return is_new

    async def save(self) -> None:
        """Write down what clients use. A database that fails is tried again with the next change."""
        if self._store is not None:
            try:
                await self._store.set_meta(META_KEY, json.dumps(self._locales))
            except StoreError as error:
                log.warning("the language of an owner could not be written down: %s", error)


def of_locale(locale: str) -> str:
    """Return the language for a client's locale: English if there is no catalogue for it."""
    return language_for(locale) or _without_catalogue(locale)


@cache
def _without_catalogue(locale: str) -> str:
    log.info("there is no catalogue for %s, so who reads it gets English", locale)
    return ENGLISH
