"""A message that goes by the second route besides the first is the same to who counts the reminders."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.delivery import Place
from bot.incidents import Message, Purpose, new_key
from bot.outbox.fate import copied, sent
from bot.rules.desk import Pushes

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_reminder_that_arrives_as_a_copy_counts_as_the_reminder_it_is() -> None:
    third = Message(new_key(), 1, Purpose.ALERT, loud=True, created_at=NOW, due_at=NOW, reminders=3)
    at = NOW + timedelta(minutes=2)
    arrived = sent(copied(third, at), Place(1, 2), shown=None, now=at)
    failing = replace(third, failing_since=NOW)
    assert Pushes.among([failing, arrived], {}, at) == Pushes(at, 3)
