"""The link to the provider's own page, for flags that need it."""

from dataclasses import replace

import pytest

from bot.domain.accounts import Account, Flag, FlagKind, KnownAccount
from bot.domain.incidents import Incident, State
from bot.domain.providers import MJPROXY
from bot.render.action_replies import guide
from bot.render.alert_items import AlertItem
from bot.render.incident_card import CardContext, card, controls
from bot.render.message_content import Link
from tests.support.clock import AT
from tests.support.render_samples import read

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


def test_a_page_that_no_button_can_open_is_written_out() -> None:
    address = "http://127.0.0.1:8080"
    line = f"\nmidjourney-proxy's own web page: {address}"
    known = KnownAccount(Account("mjproxy:a"), web_page=address)
    for kind, is_shown in ((FlagKind.OFFLINE, True), (FlagKind.MODERATION, False)):
        flag = Flag("x", kind)
        item = AlertItem(
            Incident("k", State.OPEN, AT, AT, "mjproxy:a", flag, provider=MJPROXY), known, None, AT
        )
        assert not any(isinstance(each, Link) for each in controls(item, "m"))
        assert (line in read(card(item, CardContext()))) is is_shown
    assert line in guide(known, Flag("x", FlagKind.OFFLINE))
    secure = replace(known, web_page=PAGE)
    assert PAGE not in read(card(replace(item, account=secure), CardContext()))
