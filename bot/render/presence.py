"""The bot's own status text."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from bot.domain.errors import Cause
from bot.domain.incidents import Incident, ServiceProblem, State, service_of
from bot.domain.wellness import ProblemKind, WatchProblem
from bot.render.error_messages import cause_texts, unstopped
from bot.render.provider_words import WORDS, service_name
from bot.render.text import clip, count, whole
from bot.render.wellness import problem_words
from bot.runtime.language import Sentence, say

PRESENCE_LIMIT: Final = 128


def presence_text(
    watched: int,
    incidents: Iterable[Incident],
    *,
    service: Incident | None = None,
    providers: Collection[str] = (),
    muted: bool = False,
    problems: Sequence[WatchProblem] = (),
    idle: int = 0,
) -> str:
    """Return the bot's status text. Flagged accounts come first; a recovering one is not ready.

    `service` is the worst open incident of a provider, whose accounts are not counted; `providers`
    are all that are watched. `idle` is how many accounts do not run, although no incident of theirs is open.
    """
    opened = [each for each in incidents if each.reference and not each.ended]
    if service is not None:
        opened = [each for each in opened if service_of({service.provider: service}, each.provider) is None]
    flagged = [each for each in opened if not each.is_soft]
    idle += len(opened) - len(flagged)
    needing = len(needing_somebody(flagged))
    needed = count(needing, "{n} need[s|] you")
    if service is not None:
        words = " · ".join([*([needed] if needing else []), _trouble(service, providers)])
    elif needing:
        words = needed
    elif flagged:
        words = count(
            watched, "{n} account[|s] watched, {recovering} recovering", recovering=whole(len(flagged))
        )
    elif problems:
        words = problem_words(problems[0])
    elif watched:
        words = count(watched, "{n} account[|s] watched, all ready")
        if idle:
            words = count(watched, "{n} account[|s] watched, {ready} ready", ready=whole(watched - idle))
    else:
        words = say("no account to watch")
    worst = [problem_words(each) for each in problems[:1] if each.kind is not ProblemKind.SIGHT]
    parts = [words, *worst, *([say("muted")] if muted else [])]
    return clip(" · ".join(dict.fromkeys(parts)), PRESENCE_LIMIT)


def needing_somebody(incidents: Iterable[Incident]) -> list[Incident]:
    """Return the incidents of accounts that wait for a person."""
    opened = [each for each in incidents if each.reference and each.state is State.OPEN]
    return [each for each in opened if not each.is_soft and not each.is_starting]


def _trouble(service: Incident, providers: Collection[str]) -> str:
    words = WORDS[service.scope]
    match service.problem:
        case ServiceProblem.UNREACHABLE:
            return unstopped(cause_texts(service.cause or Cause.SILENT, service.scope)[0])
        case ServiceProblem.PENDING:
            return words.put_into("{refusal}, an account needs you")
        case _:
            name = service_name(service.scope, () if service.is_shared else providers)
            there: Sentence = "cannot see your accounts at {service}"
            return say(there if len(providers) > 1 else "cannot see your accounts", service=name)
