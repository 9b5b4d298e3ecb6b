"""The texts about problems of the watch itself."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from bot.domain.wellness import ProblemKind, WatchProblem
from bot.render.alert_items import naming, stretch
from bot.render.error_messages import what
from bot.render.provider_words import service_name
from bot.render.text import passage, span, when
from bot.runtime.language import Sentence, say

PROBLEM_WORDS: Final[Mapping[ProblemKind, Sentence]] = {
    ProblemKind.MEMORY: "I cannot write down what I see",
    ProblemKind.OWNERS: "I know no owner to alert",
    ProblemKind.DELIVERY: "Messages do not arrive",
    ProblemKind.LOOP: "A part of me fails",
    ProblemKind.SIGHT: "I cannot see your accounts yet",
}
"""The problem in the bot's own status."""
NO_SECOND_ROUTE: Final[Sentence] = (
    "⚠️ **No fallback for alerts**: if a direct message fails, no one is alerted. "
    "Set ALERT_CHANNEL_ID to a channel of your server."
)


def problem_words(problem: WatchProblem) -> str:
    """Return a problem in the bot's own status."""
    if problem.kind is ProblemKind.SIGHT and problem.providers:
        return say("I cannot see your accounts at {service} yet", service=services_in(problem))
    return say(PROBLEM_WORDS[problem.kind])


def services_in(problem: WatchProblem) -> str:
    """Return the names of the providers that a problem is about."""
    return naming([service_name(each) for each in problem.providers]) if problem.providers else ""


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
                said = [say("💾 **I cannot write down what I see**: I can send no alert.")]
                said += [say("This began {time}.", time=when(problem.since, "f"))] if problem.since else []
                said += [what(problem.error)] if problem.error else []
                yield passage(*said)
            case ProblemKind.OWNERS:
                yield say(
                    "🙈 **I know no owner**, so I can alert nobody. I keep asking Discord. "
                    "Or set OWNER_IDS and restart me."
                )
            case ProblemKind.LOOP:
                sentence: Sentence = "⚠️ **A part of me fails**: {part}. I keep trying; my log says why."
                part: Sentence = "checking the accounts of {service}" if problem.providers else problem.detail
                yield say(sentence, part=say(part, service=services_in(problem)))
            case ProblemKind.DELIVERY if not has_undelivered:
                said = [say("📪 **A message is late.**")]
                said += [say("It was due {time}.", time=when(problem.since))] if problem.since else []
                yield passage(*said, say("I keep trying; my log says why."))
            case ProblemKind.DELIVERY | ProblemKind.SIGHT:
                pass


def unwritten(since: datetime) -> str:
    """Return that no alert can be sent now, why, and what to do instead."""
    return say(
        "💾 **I cannot write down what I see**, since {time}: my database is full, "
        "read-only, or held by another program. I still watch your accounts, but I can send no alert.\n"
        "1. Check with /mjaccounts whether an account needs you.\n"
        "2. Read my log on the machine I run on: it says what is wrong with the database.\n"
        "I say so here when I can write again. Alerts that are due arrive then.",
        time=when(since, "f"),
    )


def written_again(since: datetime, until: datetime) -> str:
    """Return that alerts are sent again."""
    return say(
        "✅ **I can write down what I see again.** I could not for {lasted}. Alerts arrive as before.",
        lasted=f"{span(until - since)} ({stretch(since, until)})",
    )
