"""An account under a remedy, and the verdict that each look at it leads to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.domain.accounts import Account, EntryState, Flag
from bot.domain.incidents import Incident, ResetVerdict
from bot.rules.flags import same_text

UNFLAGGED: Final[Mapping[EntryState, ResetVerdict]] = {
    EntryState.OK: ResetVerdict.BACK,
    EntryState.STARTING: ResetVerdict.NOT_STARTED,
    EntryState.PAUSED: ResetVerdict.STILL_DISABLED,
}
"""The verdicts for accounts that are listed without a flag."""
PASSING: Final = frozenset({ResetVerdict.NOT_YET, ResetVerdict.NOT_STARTED, ResetVerdict.COULD_NOT_TELL})
"""The verdicts that the next check may better."""


@dataclass(slots=True)
class Case:
    """An account under a remedy, and what the last check showed."""

    lease: Incident
    channel: str
    flag: Flag
    verdict: ResetVerdict = ResetVerdict.COULD_NOT_TELL
    shown: Flag | None = None

    def judge(self, account: Account | None) -> None:
        """Take in the account as it is listed."""
        if account is not None and account.flag is not None:
            self.judge_flag(account.flag)
            return
        self.shown = None
        self.verdict = ResetVerdict.NOT_CONFIGURED
        if account is not None:
            self.verdict = UNFLAGGED.get(account.entry, ResetVerdict.COULD_NOT_TELL)

    def judge_flag(self, shown: Flag) -> None:
        """Take in a flag. The same one is another where the account has been without it."""
        self.shown = shown
        is_same = self.verdict is not ResetVerdict.NOT_STARTED and same_text(shown.text, self.flag.text)
        self.verdict = ResetVerdict.NOT_YET if is_same else ResetVerdict.FLAGGED_AGAIN
