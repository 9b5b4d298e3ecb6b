"""`/mjstatus`: whether the watch works and its messages arrive, what is open, what ended recently."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Final

from bot.domain.incidents import Incident, open_services, service_of
from bot.domain.providers import provider_of
from bot.domain.services import subscription_of
from bot.domain.watch_status import PollStatus, WatchStatus
from bot.domain.wellness import ProblemKind
from bot.render.alert_items import (
    LABEL_LIMIT,
    AlertItem,
    duration,
    ended_words,
    known_account,
    naming,
    urgency,
)
from bot.render.message_content import Button, MessageContent
from bot.render.message_status import stuck_line, undelivered_lines, waiting_line
from bot.render.presence import needing_somebody, presence_text
from bot.render.provider_words import guesses, service_name, titles
from bot.render.routes import route_line
from bot.render.service_messages import headline, place_in, reason
from bot.render.text import count, escape, exactly, fitted, length, passage, span, when, whole
from bot.render.wellness import NO_SECOND_ROUTE, problem_lines, problem_words, services_in
from bot.runtime.language import Counted, Sentence, say

STATUS_LIMIT: Final = 3_800
"""The characters of the texts. A layout may hold 4,000."""
TITLE: Final = "## Midwatch"
WHY_LIMIT: Final = 160
PATH_LIMIT: Final = 400
SECTION_LIMIT: Final = 900
LEAST: Final = 120
LACKING: Final[Sentence] = (
    "⚠️ In the alert channel I lack **{permissions}**: alerts there may arrive incomplete, "
    "or twice after a crash. Give my role that permission there."
)


def status(watch: WatchStatus) -> tuple[str, ...]:
    """Return the texts of `/mjstatus`, problems first, within `STATUS_LIMIT` characters."""
    return _within(STATUS_LIMIT, _sections(watch))


def overview(watch: WatchStatus) -> tuple[str, ...]:
    """Return the texts of the board: the problems, how the watch is, and what is open."""
    sections = ((title.replace(TITLE, ""), lines) for title, lines in islice(_sections(watch), 3))
    return _within(STATUS_LIMIT, sections)


def _within(room: int, sections: Iterable[tuple[str, list[str]]]) -> tuple[str, ...]:
    """Return the texts of sections that are not empty, within so many characters."""
    texts: list[str] = []
    for title, lines in sections:
        if not lines or room < LEAST:
            continue
        head = f"{title}\n" if title else ""
        text = head + fitted(lines, len(lines), min(SECTION_LIMIT, room) - length(head))
        texts.append(text)
        room -= length(text)
    return tuple(texts)


def status_content(watch: WatchStatus, asker: int) -> MessageContent:
    """Return the message of `/mjstatus`."""
    refresh = Button("status.refresh", say("Refresh"), asker=asker, emoji="🔄")
    return MessageContent(layout=(*status(watch), [refresh]))


def _sections(watch: WatchStatus) -> Iterator[tuple[str, list[str]]]:
    yield "", list(_wrong(watch))
    yield TITLE, list(_alive(watch))
    open_ones = sorted(
        (_item(each, watch) for each in watch.incidents if each.reference and not each.ended), key=urgency
    )
    yield say("### Open: {n}", n=whole(len(open_ones))), [_open(each) for each in open_ones]
    waiting = sorted((each for each in watch.messages if each.on_its_way), key=lambda each: each.due_at)
    yield (
        say("### Messages waiting: {n}", n=whole(len(waiting))),
        [waiting_line(each, watch) for each in waiting],
    )
    stuck = [each for each in watch.messages if each.is_stuck]
    title = say("### Messages that cannot be changed: {n}", n=whole(len(stuck)))
    yield title, [stuck_line(each, watch) for each in stuck]
    lines = [route_line(each) for each in watch.routes]
    lines += [] if watch.second_route else [say(NO_SECOND_ROUTE)]
    lines += [say(LACKING, permissions=say(", ").join(watch.lacking))] if watch.lacking else []
    yield say("### How I reach the owners"), lines
    failure = watch.no_backup and escape(watch.no_backup, PATH_LIMIT)
    lines = [say("⚠️ {reason} I keep trying.", reason=failure)] if failure else []
    lines += [say("Last one {time}.", time=when(watch.last_backup))] if watch.last_backup else []
    yield say("### Backup of the database"), lines
    over = sorted((each for each in watch.incidents if each.ended), key=_ended_at, reverse=True)
    yield say("### Recently resolved"), [_over(each, watch) for each in over]


def _wrong(watch: WatchStatus) -> Iterator[str]:
    """Yield what keeps alerts from people."""
    undelivered = undelivered_lines(watch)
    yield from problem_lines(watch.problems, has_undelivered=bool(undelivered))
    yield from undelivered
    for reference, until in sorted(watch.mutes.items(), key=lambda mute: (mute[0] is not None, mute[1])):
        if until > watch.now and reference is None:
            yield say("🔇 **All accounts are muted** until {time}.", time=exactly(until))
        elif until > watch.now:
            name = _label(reference, watch)
            yield say("🔇 **{name} is muted** until {time}.", name=name, time=exactly(until))
    if watch.other_copy_at is not None:
        yield say(
            "👥 **Another copy of this bot answers too**, last seen {time}. "
            "Stop one of them, or reset the bot's token.",
            time=when(watch.other_copy_at),
        )


def _alive(watch: WatchStatus) -> Iterator[str]:
    services = open_services(watch.incidents)
    unseen = {each.provider for each in watch.polls if service_of(services, each.provider)} | services.keys()
    for problem in services.values():
        began = say("This began {time}.", time=when(problem.opened_at, "f"))
        yield f"⚠️ **{headline(problem, watch.accounts)}** {began}"
    all_names = [each.provider for each in watch.polls]
    seen = [service_name(each, all_names) for each in all_names if each not in unseen]
    if seen or not services:
        summary = _summary(_without(unseen, watch))
        yield say("At {names}: {summary}", names=naming(seen), summary=summary) if services else summary
    for polls in _alike(watch.polls):
        if len(watch.polls) > 1:
            yield f"**{say(', ').join(service_name(each.provider, all_names) for each in polls)}**"
        yield from _checked(polls)
    yield from guesses(all_names)


def _alike(polls: Iterable[PollStatus]) -> Iterable[list[PollStatus]]:
    """Return the polls together that share a subscription and went the same way."""
    groups: dict[tuple[str, str | None], list[PollStatus]] = {}
    for each in polls:
        groups.setdefault((subscription_of(each.provider), each.why), []).append(each)
    return groups.values()


def _without(unseen: Container[str], watch: WatchStatus) -> WatchStatus:
    """Return the watch of those providers alone that have no problem."""
    if not unseen:
        return watch
    polls = [each for each in watch.polls if each.provider not in unseen]
    is_seen = bool(polls) and not any(each.why for each in polls)
    return replace(
        watch,
        accounts={key: each for key, each in watch.accounts.items() if provider_of(key) not in unseen},
        incidents=[each for each in watch.incidents if each.provider not in unseen],
        problems=[each for each in watch.problems if not (is_seen and each.kind is ProblemKind.SIGHT)],
    )


def _checked(polls: Sequence[PollStatus]) -> Iterator[str]:
    """Yield how polls went that are alike. Of their times, the first stands for all."""
    last = min((each.last_success for each in polls if each.last_success), default=None)
    following = min((each.next_poll for each in polls if each.next_poll), default=None)
    known = say("Last successful check at {time}.", time=when(last, "T")) if last else ""
    checks = [known or say("No successful check yet.")]
    checks += [say("Next check at {time}.", time=when(following, "T"))] if following else []
    yield passage(*checks)
    first, failures = polls[0].why, max(each.failures for each in polls)
    why = escape(first, WHY_LIMIT) if first else ""
    if failures > 1:
        yield passage(count(failures, "The last {n} check[|s] failed."), why)
    elif failures or why:
        yield passage(say("The last check failed."), why)


def _summary(watch: WatchStatus) -> str:
    listed = [each for each in watch.accounts.values() if each.is_listed]
    words = presence_text(len(listed), watch.incidents, idle=sum(each.is_idle for each in listed))
    if needing_somebody(watch.incidents):
        return count(len(listed), "⚠️ **{n} account[|s] watched, {state}**", state=words)
    for problem in watch.problems:
        if problem.kind is ProblemKind.SIGHT:
            # An account that could not be checked must not read as ready.
            sentence: Counted = "⚠️ **{n} account[|s], not checked successfully now**"
            if problem.providers:
                sentence = "⚠️ **{n} account[|s], those at {service} not checked successfully now**"
            return count(len(listed), sentence, service=services_in(problem))
    if watch.problems:
        wrong = problem_words(watch.problems[0])
        return count(len(listed), "⚠️ **{n} account[|s] watched. {problem}.**", problem=wrong)
    is_calm = all(each.ended or not each.reference for each in watch.incidents)
    return f"{'✅' if is_calm else '🟡'} **{words}**"


def _item(incident: Incident, watch: WatchStatus) -> AlertItem:
    account = known_account(incident.reference or "", watch.accounts)
    return AlertItem(incident, account, None, watch.now, watch.next_times.get(incident.key))


def _open(item: AlertItem) -> str:
    incident = item.incident
    seen = say("noticed {time}" if incident.is_soft else "flagged {time}", time=when(incident.opened_at))
    parts = [f"**{item.name}**", *titles(item.account.reference), item.state, seen]
    if (until := incident.block_until()) is not None:
        parts.append(say("block ends {time}", time=exactly(until)))
    if incident.assigned_to is not None:
        parts.append(say("{person} is on it", person=f"<@{incident.assigned_to}>"))
    if incident.is_taken and item.next_at is not None:
        parts.append(say("no reminders until {time}", time=exactly(item.next_at)))
    return " · ".join(parts)


def _label(reference: str | None, watch: WatchStatus) -> str:
    return escape(known_account(reference or "", watch.accounts).label, LABEL_LIMIT)


def _ended_at(incident: Incident) -> datetime:
    return incident.ended_at or incident.seen_at


def _over(incident: Incident, watch: WatchStatus) -> str:
    ago = when(_ended_at(incident))
    if incident.problem is not None:
        (start, end), service = incident.unseen, place_in(incident, watch.accounts)
        there: Sentence = "Could not see your accounts at {service}"
        unseen = say(there if service else "Could not see your accounts", service=service)
        return f"{unseen} · {span(end - start)} · {ago} · {reason(incident)}"
    _, _, state = ended_words(incident).partition(" ")
    over = say("{state} after {lasted}", state=state, lasted=duration(incident))
    return f"**{_label(incident.reference, watch)}** · {over} · {ago}"
