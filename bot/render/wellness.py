"""The texts about problems of the watch itself."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from bot.domain.wellness import ProblemKind, WatchProblem
from bot.render.alert_items import stretch
from bot.render.error_messages import what
from bot.render.text import span, when

PROBLEM_WORDS: Final[Mapping[ProblemKind, str]] = {
    ProblemKind.MEMORY: "I cannot write down what I see",
    ProblemKind.OWNERS: "I know no owner to alert",
    ProblemKind.DELIVERY: "Messages do not arrive",
    ProblemKind.LOOP: "A part of me fails",
    ProblemKind.SIGHT: "I cannot see your accounts{place} yet",
}
"""The problem in the bot's own status."""
NO_SECOND_ROUTE: Final = (
    "⚠️ **No fallback for alerts**: if a direct message fails, no one is alerted. "
    "Set ALERT_CHANNEL_ID to a channel of your server."
)


def problem_words(problem: WatchProblem) -> str:
    """Return a problem in the bot's own status."""
    place = f" at {problem.detail}" if problem.detail else ""
    return PROBLEM_WORDS[problem.kind].format(place=place)


def health_report(problems: Iterable[WatchProblem]) -> dict[str, object]:
    """Return whether the watch is well, and why not, for `/healthz`."""
    told = [
        {"problem": each.kind.name.lower(), "words": f"{problem_words(each)}{loop_in(each)}."}
        | ({"since": each.since.isoformat()} if each.since else {})
        for each in problems
    ]
    return {"well": not told, "problems": told}


def loop_in(problem: WatchProblem) -> str:
    """Return which loop a problem is about, after a colon; nothing if it is about none."""
    return f": {problem.detail}" if problem.kind is ProblemKind.LOOP else ""


def problem_lines(problems: Iterable[WatchProblem], *, has_undelivered: bool) -> Iterator[str]:
    """Yield why the watch is not well, for `/mjstatus`.

    Accounts that it does not see, and refused messages (`has_undelivered`), have lines of their own there.
    """
    for problem in problems:
        match problem.kind:
            case ProblemKind.MEMORY:
                began = [f"This began {when(problem.since, 'f')}."] if problem.since else []
                reason = [what(problem.error)] if problem.error else []
                yield " ".join(
                    ["💾 **I cannot write down what I see**: I can send no alert.", *began, *reason]
                )
            case ProblemKind.OWNERS:
                yield (
                    "🙈 **I know no owner**, so I can alert nobody. I keep asking Discord. "
                    "Or set OWNER_IDS and restart me."
                )
            case ProblemKind.LOOP:
                yield f"⚠️ **A part of me fails**: {problem.detail}. I keep trying; my log says why."
            case ProblemKind.DELIVERY if not has_undelivered:
                due = f" It was due {when(problem.since)}." if problem.since else ""
                yield f"📪 **A message is late.**{due} I keep trying; my log says why."
            case ProblemKind.DELIVERY | ProblemKind.SIGHT:
                pass


def unwritten(since: datetime) -> str:
    """Return that no alert can be sent now, why, and what to do instead."""
    return (
        f"💾 **I cannot write down what I see**, since {when(since, 'f')}: my database is full, "
        "read-only, or held by another program. I still watch your accounts, but I can send no alert.\n"
        "1. Check with /mjaccounts whether an account needs you.\n"
        "2. Read my log on the machine I run on: it says what is wrong with the database.\n"
        "I say so here when I can write again. Alerts that are due arrive then."
    )


def written_again(since: datetime, until: datetime) -> str:
    """Return that alerts are sent again."""
    return (
        f"✅ **I can write down what I see again.** I could not for {span(until - since)} "
        f"({stretch(since, until)}). Alerts arrive as before."
    )
