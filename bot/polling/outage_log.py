"""One log line when the account list cannot be read any more, and one when it can again."""

import logging
from datetime import datetime

from bot.domain.errors import Cause
from bot.domain.incidents import ServiceProblem
from bot.render.service_messages import problem_sentence
from bot.render.text import count, span
from bot.runtime.language import ENGLISH, spoken
from bot.runtime.log_setup import log_fact

log = logging.getLogger(__name__)


class OutageLog:
    """Logs changes only: it remembers what it logged last. It logs in English, whoever asked for the poll."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self.place = ""
        """Where the accounts are, if those of several providers are watched."""
        self._problem: ServiceProblem | None = None
        self._since: datetime | None = None
        self._accounts: int | None = None

    @spoken(ENGLISH)
    def failed(self, problem: ServiceProblem, cause: Cause | None, at: datetime) -> None:
        """Log a failed poll, unless the last one had the same problem."""
        self._since = self._since or at
        if problem is self._problem:
            return
        self._problem = problem
        log_fact(
            log,
            "api_lost",
            "the accounts%(place)s cannot be read: %(reason)s Trying again until it works",
            logging.WARNING,
            place=self.place,
            reason=problem_sentence(problem, cause, self._provider),
            problem=problem,
            cause=cause or "unknown",
        )

    @spoken(ENGLISH)
    def worked(self, accounts: int, at: datetime) -> None:
        """Log the first good poll, the first after a failed one, and a new number of accounts."""
        listed = count(accounts, "{n} account[|s]")
        facts: dict[str, str | int] = {"place": self.place, "listed": listed, "accounts": accounts}
        if self._since is not None:
            lasted = at - self._since
            words = "the accounts%(place)s can be read again after %(lasted)s; watching %(listed)s"
            facts |= {"lasted": span(lasted), "seconds": round(lasted.total_seconds())}
            log_fact(log, "api_back", words, **facts)
        elif accounts != self._accounts:
            log_fact(log, "watching", "watching %(listed)s%(place)s", **facts)
        self._problem, self._since, self._accounts = None, None, accounts
