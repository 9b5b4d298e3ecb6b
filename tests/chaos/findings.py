"""What the owners saw in the end, compared with what happened."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import discord

from bot.domain.incidents import Reason, ServiceProblem
from bot.domain.messages import Purpose
from bot.rules.policy import RECUR_AFTER, RECUR_WINDOW
from tests.chaos.chaos_run import ChaosRun, Creation
from tests.chaos.records import ASKED, ENDINGS, IncidentRow
from tests.simulators.discord import Json, Person

NEWS: Final = frozenset({Reason.OPENED, Reason.RECURRING, Reason.RESOLVED})
OVER: Final = {discord.Colour.green().value, discord.Colour.light_grey().value}
"""The colours of what is over; grey is a note, or an account that was removed."""


def times_sent(owner: Person, incident: str, creations: Iterable[Creation]) -> int:
    """Return how many messages Discord created for an owner in which an incident was news.

    It is news in the row of the outbox that a message was made of: as OPENED, as RECURRING, or as RESOLVED if
    it had ended before it was sent. It is no news in a message that merely lists it, in a reminder, as a
    heavier flag, as a return after a reset, or in the question to its assignee. An edit creates no message.
    A message in place of one that cannot be edited is counted by `times_anew`.
    """
    rows = (each.row for each in creations if each.row is not None and not each.row.is_anew)
    return sum(
        (incident, reason) in row.entries for row in rows if row.recipient == owner.id for reason in NEWS
    )


def times_anew(owner: Person, incident: str, creations: Iterable[Creation]) -> int:
    """Return how many messages about an incident replaced one that cannot be edited."""
    rows = (each.row for each in creations if each.row is not None and each.row.is_anew)
    return sum(row.recipient == owner.id and row.holds(incident) for row in rows)


@dataclass(frozen=True, slots=True)
class Findings:
    """The findings, a sentence each."""

    lost: list[str] = field(default_factory=list[str])
    repeated: list[str] = field(default_factory=list[str])
    wrong: list[str] = field(default_factory=list[str])

    @property
    def all(self) -> list[str]:
        return [*self.lost, *self.repeated, *self.wrong]


def judge(run: ChaosRun) -> Findings:
    """Judge a run after everything has ended."""
    found = Findings(wrong=[f"Discord refused: {problem}" for problem in run.world.problems])
    found.lost.extend(_never_made(run))
    _judge_episodes(run, found)
    for owner in run.owners:
        standing = run.sees(owner)
        for incident in run.records.incidents():
            _judge_alerts(run, owner, incident, standing, found)
        found.repeated.extend(_standing_twice(run, owner, standing))
        found.wrong.extend(_not_over(run, owner, standing))
        if (notices := len(run.notices[owner.id])) > run.disk.refusals:
            found.repeated.append(f"{owner.name} was warned {notices} times that nothing can be written")
    found.wrong.extend(_remedies(run))
    return found


def _never_made(run: ChaosRun) -> Iterator[str]:
    """What the outbox takes for sent is there, or was until it was deleted."""
    made = {each.message_id for each in run.creations}
    for row in run.records.messages():
        if row.message_id is not None and row.message_id not in made:
            yield f"this was taken for sent, and Discord never made it: {row}"


def _judge_episodes(run: ChaosRun, found: Findings) -> None:
    """Each flag that was set is one incident."""
    incidents = [each.channel for each in run.records.incidents() if each.channel is not None]
    for channel in set(run.flagged) | set(incidents):
        flags, known = run.flagged.count(channel), incidents.count(channel)
        (found.lost if known < flags else found.repeated).extend(
            [f"{channel} was flagged {flags} times, known are {known}"] if known != flags else []
        )


def _judge_alerts(
    run: ChaosRun, owner: Person, incident: IncidentRow, standing: Iterable[Json], found: Findings
) -> None:
    times = times_sent(owner, incident.key, run.creations)
    if times > 1:
        found.repeated.append(f"{owner.name} got {times} alerts about {incident}")
    rows = run.records.messages()
    stuck = sum(row.is_stuck and row.recipient == owner.id and row.holds(incident.key) for row in rows)
    if (anew := times_anew(owner, incident.key, run.creations)) > stuck:
        found.repeated.append(f"{owner.name} was shown {incident} anew {anew} times, for {stuck} stuck")
    # A recurring incident is only in reminders. An incident that joined a message by an edit may end before
    # its push is due: then the message that lists it is enough.
    if times == 0 and not incident.recurring and not stands(run, incident, standing):
        about = [row for row in rows if row.holds(incident.key)]
        found.lost.append(f"{owner.name} got no alert about {incident}; its rows: {about}")


def stands(run: ChaosRun, incident: IncidentRow, standing: Iterable[Json]) -> bool:
    """Whether a message that the owner has is about an incident."""
    there = {int(message["id"]) for message in standing}
    return any(row.message_id in there and row.holds(incident.key) for row in run.records.messages())


def _standing_twice(run: ChaosRun, owner: Person, standing: Iterable[Json]) -> Iterator[str]:
    """No message of the outbox stands twice, and none stands there that the outbox does not know."""
    seen: set[str] = set()
    for message in standing:
        row = run.row_of(message)
        if row is None or row.key in seen or row.message_id != int(message["id"]):
            yield f"{owner.name} sees a copy, or a message of nobody: {message['content']!r}"
        else:
            seen.add(row.key)


def _not_over(run: ChaosRun, owner: Person, standing: Iterable[Json]) -> Iterator[str]:
    """What is over is shown as over, but where that cannot be changed any more."""
    for message in standing:
        row = run.row_of(message)
        colours = {embed.get("color") for embed in message["embeds"]}
        if row is None or row.is_stuck or row.purpose is Purpose.HELLO:
            continue
        if not colours <= OVER:
            yield f"{owner.name} still sees an incident that has ended: {message['content']!r}"


def _remedies(run: ChaosRun) -> Iterator[str]:
    """Each remedy that was asked for reached its provider once at most, and the audit says how it ended."""
    for channel in run.accounts:
        outcomes = run.records.remedies(channel)
        asked = outcomes.count(ASKED)
        if (posted := run.accounts.remedies(channel)) > asked:
            yield f"{channel} was reset {posted} times, asked for were {asked}"
        if asked != sum(outcome in ENDINGS for outcome in outcomes):
            yield f"the audit does not say how each reset of {channel} ended: {outcomes}"


def judge_recurring(run: ChaosRun, found: Findings) -> None:
    """Judge the recurring incidents: the first is sent once, later ones are only in reminders.

    Only for runs in which a service problem keeps its kind as long as it lasts.
    """
    incidents = run.records.incidents()
    for incident in incidents:
        recent = [each for each in incidents if precedes(each, incident)]
        if incident.recurring is not (len(recent) >= RECUR_AFTER):
            found.wrong.append(f"{incident} comes after {len(recent)} others")
        if incident.recurring:
            is_first = not any(each.recurring for each in recent)
            _judge_repetition(run, incident, found, is_first=is_first)


def _judge_repetition(run: ChaosRun, incident: IncidentRow, found: Findings, *, is_first: bool) -> None:
    for owner in run.owners:
        times = times_sent(owner, incident.key, run.creations)
        if times and not is_first:
            found.repeated.append(f"{owner.name} got an alert about {incident}, though it is recurring")
        if not times and is_first and not stands(run, incident, run.sees(owner)):
            found.lost.append(f"{owner.name} got no alert that it is recurring: {incident}")


def precedes(one: IncidentRow, other: IncidentRow) -> bool:
    """Whether an incident is an earlier one of the same account, or kind, that counts for the other."""
    is_same = (one.provider, one.channel, one.problem) == (other.provider, other.channel, other.problem)
    counts = is_same and one.problem != ServiceProblem.AWAY
    return counts and timedelta(0) < other.opened_at - one.opened_at < RECUR_WINDOW
