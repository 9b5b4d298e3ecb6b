"""A message that goes by the second route besides the first is the same to who counts the reminders."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot.domain.incidents import Reason, ServiceProblem, new_key
from bot.domain.messages import Message, MessageItem, Purpose
from bot.interactions.buttons import ButtonRouter
from bot.interactions.permissions import Owners
from bot.interactions.responses import InFlight
from bot.notifications.retry_policy import fallback_copy, sent
from bot.notifications.transport import MessageRef
from bot.render.alert_messages import content_of
from bot.render.hold_replies import snooze_choice
from bot.rules.recipient import Pushes
from cogs.alerts import Alerts
from cogs.watch import Watch
from tests.support.database import MemoryStore
from tests.support.render_samples import account, incident, service

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_reminder_that_arrives_as_a_copy_counts_as_the_reminder_it_is() -> None:
    third = Message(new_key(), 1, Purpose.ALERT, notify=True, created_at=NOW, due_at=NOW, reminders=3)
    at = NOW + timedelta(minutes=2)
    arrived = sent(fallback_copy(third, at), MessageRef(1, 2), shown=None, now=at)
    failing = replace(third, failing_since=NOW)
    assert Pushes.among([failing, arrived], {}, at) == Pushes(at, 3, None)


def controls() -> ButtonRouter:
    """Return the controls of alerts as the cogs register them; none of them is used here."""
    router = ButtonRouter(Owners((), (), MemoryStore()), InFlight())
    names = ("pollers", "incident_service", "loops", "remedies", "store")
    services = SimpleNamespace(**dict.fromkeys(names, SimpleNamespace(watch_state=None, cache=None)))
    bot: Any = SimpleNamespace(controls=router, services=services)
    Watch(bot)
    Alerts(bot)
    return router


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("count", [1, 30])
@pytest.mark.parametrize("is_copy", [False, True])
def test_row_54_every_argument_of_every_button_survives_the_way_to_custom_id_and_back(
    purpose: Purpose, count: int, *, is_copy: bool
) -> None:
    incidents = (
        [replace(service(ServiceProblem.UNREACHABLE), key=new_key())]
        if purpose is Purpose.SERVICE
        else [replace(incident(n), key=new_key()) for n in range(count)]
    )
    entries = tuple(MessageItem(each.key, Reason.OPENED) for each in incidents)
    original = Message(new_key(), 1, purpose, notify=True, created_at=NOW, due_at=NOW, entries=entries)
    message = fallback_copy(original, NOW) if is_copy else original
    content = content_of(message, {each.key: each for each in incidents}, {})
    ids = [getattr(item, "custom_id", None) for item in content.components]
    ids += [
        getattr(item, "custom_id", None)
        for verb, argument in (
            ("watch.snooze", f"{incidents[0].key}.{message.key}"),
            ("watch.snoozeall", message.key),
        )
        for item in snooze_choice([account()], verb, argument).components
    ]
    known = {message.key, *(each.key for each in incidents)}
    router = controls()
    for each in filter(None, ids):
        _, _, press = router.parse(each)
        assert press.parts["message"] == message.key
        assert press.parts.get("incident") in (None, *known)
        assert all(part in {"", *known} or re.fullmatch("[0-9]{1,2}", part) for part in press.parts.values())
