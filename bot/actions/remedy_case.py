"""An account under a remedy, and the verdict of each check."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.accounts import Account, EntryState, Flag
from bot.domain.incidents import Incident, RemedyVerdict
from bot.rules.flags import same_text

UNFLAGGED: Final[Mapping[EntryState, RemedyVerdict]] = {
    EntryState.OK: RemedyVerdict.BACK,
    EntryState.STARTING: RemedyVerdict.NOT_STARTED,
    EntryState.PAUSED: RemedyVerdict.STILL_DISABLED,
}
"""The verdicts for accounts that are listed without a flag."""
PASSING: Final = frozenset({RemedyVerdict.NOT_YET, RemedyVerdict.NOT_STARTED, RemedyVerdict.COULD_NOT_TELL})
"""The verdicts that the next check may better."""


@dataclass(slots=True)
class Case:
    """An account under a remedy, and what the last check showed."""

    lease: Incident
    reference: str
    flag: Flag
    verdict: RemedyVerdict = RemedyVerdict.COULD_NOT_TELL
    shown: Flag | None = None
    is_denied: bool = False
    """Whether the provider answered the request by saying that it has no such account."""
    absent_since: datetime | None = None

    def judge(self, account: Account | None, at: datetime, gap: timedelta) -> None:
        """Set the verdict by the account as it is listed; None if it is not. Once is an accident.

        `gap` is the shortest time between two readings that count as two.
        """
        if account is not None and account.flag is not None:
            self.judge_flag(account.flag)
            return
        self.shown, self.verdict = None, RemedyVerdict.COULD_NOT_TELL
        if account is not None:
            self.absent_since = None
            self.verdict = UNFLAGGED.get(account.entry, self.verdict)
            return
        self.absent_since = self.absent_since or at
        if self.is_denied or at - self.absent_since >= gap:
            self.verdict = RemedyVerdict.NOT_CONFIGURED

    def judge_flag(self, shown: Flag) -> None:
        """Set the verdict by a flag. The same one is another where the account has been without it."""
        self.shown, self.absent_since = shown, None
        is_same = self.verdict is not RemedyVerdict.NOT_STARTED and same_text(shown.text, self.flag.text)
        self.verdict = RemedyVerdict.NOT_YET if is_same else RemedyVerdict.FLAGGED_AGAIN
