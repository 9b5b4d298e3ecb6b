"""What the program counts while it runs, for those who measure it."""

from collections.abc import Mapping
from typing import Final

from bot.domain.incidents import Incident
from bot.domain.messages import Message, Route

OK: Final = "ok"


class Measures:
    """Counts nothing. The listener has one that counts for `/metrics`.

    An outcome is OK, or the code of an error. None holds a token, nor what an account is called.
    """

    def polled(self, provider: str, outcome: str, seconds: float) -> None:
        """Count a poll."""

    def requested(self, provider: str, outcome: str) -> None:
        """Count a request to an API."""

    def changed(self, before: Incident | None, after: Incident) -> None:
        """Count an incident that has opened or ended."""

    def sent(self, message: Message, incidents: Mapping[str, Incident]) -> None:
        """Count a message that has arrived."""

    def failed(self, route: Route) -> None:
        """Count a failed attempt to send a message."""


UNCOUNTED: Final = Measures()
