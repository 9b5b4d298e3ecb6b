"""A message that goes by the second route besides the first is the same to who counts the reminders."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.incidents import Reason, ServiceProblem, new_key
from bot.domain.messages import Message, MessageItem, Purpose
from bot.interactions.buttons import PATTERN, ButtonPress
from bot.notifications.retry_policy import fallback_copy, sent
from bot.notifications.transport import MessageRef
from bot.render.action_replies import snooze_choice
from bot.render.alert_messages import content_of
from bot.rules.recipient import Pushes
from tests.support.render_samples import account, incident, service

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_reminder_that_arrives_as_a_copy_counts_as_the_reminder_it_is() -> None:
    third = Message(new_key(), 1, Purpose.ALERT, notify=True, created_at=NOW, due_at=NOW, reminders=3)
    at = NOW + timedelta(minutes=2)
    arrived = sent(fallback_copy(third, at), MessageRef(1, 2), shown=None, now=at)
    failing = replace(third, failing_since=NOW)
    assert Pushes.among([failing, arrived], {}, at) == Pushes(at, 3, None)


def parts_of(custom_id: str) -> list[str]:
    """Return the parts of an argument as a press has them."""
    found = re.fullmatch(PATTERN, custom_id)
    assert found is not None
    press = ButtonPress(int(found["asker"]), found["argument"])
    return [press.part(place) for place in range(press.length)]


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("count", [1, 30])
@pytest.mark.parametrize("is_copy", [False, True])
def test_row_54_every_argument_of_every_button_survives_the_way_to_custom_id_and_back(
    purpose: Purpose, count: int, *, is_copy: bool
) -> None:
    troubles = (
        [replace(service(ServiceProblem.UNREACHABLE), key=new_key())]
        if purpose is Purpose.SERVICE
        else [replace(incident(n), key=new_key()) for n in range(count)]
    )
    entries = tuple(MessageItem(each.key, Reason.OPENED) for each in troubles)
    original = Message(new_key(), 1, purpose, notify=True, created_at=NOW, due_at=NOW, entries=entries)
    message = fallback_copy(original, NOW) if is_copy else original
    look = content_of(message, {each.key: each for each in troubles}, {})
    ids = [getattr(item, "custom_id", None) for item in look.components]
    ids += [
        getattr(item, "custom_id", None)
        for item in snooze_choice(account(), troubles[0].key, message.key).components
    ]
    known = {message.key, *(each.key for each in troubles)}
    for parts in [parts_of(each) for each in ids if each]:
        assert message.key in parts
        assert all(part in known or re.fullmatch("[0-9]{1,2}|[a-z]+", part) for part in parts)
