"""The link to the provider's own page, for flags that need it."""

from dataclasses import replace

import pytest

from bot.domain.accounts import Account, Flag, FlagKind, KnownAccount
from bot.domain.incidents import Incident, State
from bot.domain.providers import MJPROXY
from bot.render.alert_items import AlertItem
from bot.render.incident_card import controls
from bot.render.message_content import Link
from tests.support.clock import AT

PAGE = "https://proxy.example"


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        (FlagKind.OFFLINE, ["I'm on it", "Snooze", "Open midjourney-proxy"]),
        (FlagKind.SESSION, ["The token is new - enable", "I'm on it", "Snooze", "Open midjourney-proxy"]),
        (FlagKind.MODERATION, ["I acknowledged it - enable", "I'm on it", "Snooze"]),
    ],
)
def test_a_flag_that_needs_it_links_to_the_page_of_the_proxy(kind: FlagKind, labels: list[str]) -> None:
    incident = Incident("k", State.OPEN, AT, AT, "mjproxy:a", Flag("x", kind), provider=MJPROXY)
    known = KnownAccount(Account("mjproxy:a"), web_page=PAGE)
    shown = controls(AlertItem(incident, known, None, AT), "m")
    assert [each.label for each in shown] == labels
    assert {each.url for each in shown if isinstance(each, Link)} <= {PAGE}
    hidden = controls(AlertItem(incident, replace(known, web_page=None), None, AT), "m")
    assert not any(isinstance(each, Link) for each in hidden)
