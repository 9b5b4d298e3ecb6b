"""Log when the account list cannot be read any more, and when it can again: one line each, none a poll."""

import logging
from datetime import datetime
from typing import Final

from bot.domain.causes import Cause
from bot.domain.incidents import ServiceProblem
from bot.render.service_messages import problem_words
from bot.render.text import count, span
from bot.runtime.log_setup import log_fact

log = logging.getLogger(__name__)

REFUSED_LIST: Final = "useapi.net answers with error 596 instead of the list"


class OutageLog:
    """Remembers what was logged last of the account list."""

    def __init__(self) -> None:
        self._problem: ServiceProblem | None = None
        self._since: datetime | None = None
        self._accounts: int | None = None

    def failed(self, problem: ServiceProblem, cause: Cause | None, at: datetime) -> None:
        """Log that a poll failed, unless the last one failed of the same problem."""
        self._since = self._since or at
        if problem is self._problem:
            return
        self._problem = problem
        log_fact(
            log,
            logging.WARNING,
            "api_lost",
            "the accounts cannot be read: %(reason)s. Trying again until it works",
            reason=REFUSED_LIST if problem is ServiceProblem.PENDING else problem_words(problem, cause),
            problem=problem,
            cause=cause or "unknown",
        )

    def worked(self, accounts: int, at: datetime) -> None:
        """Log the first poll that works, one that works again, and one that lists more or fewer accounts."""
        listed = count(accounts, "account")
        if self._since is not None:
            lasted = at - self._since
            log_fact(
                log,
                logging.INFO,
                "api_back",
                "the accounts can be read again after %(lasted)s; watching %(listed)s",
                lasted=span(lasted),
                seconds=round(lasted.total_seconds()),
                listed=listed,
                accounts=accounts,
            )
        elif accounts != self._accounts:
            log_fact(log, logging.INFO, "watching", "watching %(listed)s", listed=listed, accounts=accounts)
        self._problem, self._since, self._accounts = None, None, accounts
