"""When the bot next notifies an owner of an incident, if nothing happens until then."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, TypeAlias

from bot.domain.incidents import Incident, State
from bot.rules.policy import ASSIGNED_FOR, PUSH_EVERY
from bot.rules.recipient import RecipientView, mutes_of, quiet_until

STEPS: Final = 200
"""The number of pushes that are looked ahead. A push after them is not held by the one before it."""
Due: TypeAlias = tuple[datetime, bool, str]
"""A time, whether a reminder is due then, else a question, and the incident that it is about."""


def next_notifications(view: RecipientView) -> dict[str, datetime]:
    """Return when the owner is next notified of each incident of an account whose reminders are held.

    That is a reminder, or the question to who is on it; of an account that recovers, the end of the hold.
    """
    opened = [each for each in view.incidents.values() if each.reference is not None and not each.ended]
    ends = {each.key: quiet_until(each, view.mutes) for each in opened}
    held = {key: until for key, until in ends.items() if until is not None and until > view.now}
    due = {each.key: [*due_times(view, each)] for each in opened if each.key in held}
    told = {each.key: due.pop(each.key)[0][0] for each in opened if each.is_soft and due.get(each.key)}
    loud = [each for each in opened if not each.is_soft]
    told |= pushes_ahead(view, loud, [each for several in due.values() for each in several])
    return {key: told.get(key, until) for key, until in held.items()}


def due_times(view: RecipientView, incident: Incident) -> Iterator[Due]:
    """Yield when a message about a held incident is due."""
    is_asked = incident.assigned_to == view.owner and incident.asked_at is None
    if is_asked and incident.assigned_at is not None and incident.state is not State.CLEARING:
        ask_at = incident.assigned_at + ASSIGNED_FOR
        if not any(until > ask_at for until in mutes_of(incident, view.mutes)):
            yield ask_at, False, incident.key
    if view.can_be_reminded_of(incident) and not view.may_be_over(incident):
        yield view.reminder_at(incident), True, incident.key


def pushes_ahead(
    view: RecipientView, incidents: Iterable[Incident], held: Iterable[Due]
) -> dict[str, datetime]:
    """Return when each incident is first in a push. One sends all that is due, and holds the next one."""
    waiting, reminders, due = view.waiting, view.pushes.reminders + 1, [*held]
    if waiting is not None and waiting.notify:
        due += [(waiting.due_at, False, each.incident) for each in waiting.entries if each.reason]
        reminders = waiting.reminders
    due.sort()
    unheld = (view.reminder_at(each) for each in incidents if view.needs_attention(each))
    reminder_at, free_at = min(unheld, default=None), view.pushes.held_until or view.now
    told: dict[str, datetime] = {}
    for _ in range(STEPS):
        if not due:
            break
        at = max(min(due[0][0], reminder_at or due[0][0]), free_at)
        sent = [each for each in due if each[0] <= at]
        due = due[len(sent) :]
        told = {key: at for _, _, key in sent} | told
        reminds = reminder_at is not None or any(is_reminder for _, is_reminder, _ in sent)
        reminder_at = at + view.policy.remind_in(reminders) if reminds else None
        reminders, free_at = reminders + 1, at + PUSH_EVERY
    return {key: at for at, _, key in reversed(due)} | told
