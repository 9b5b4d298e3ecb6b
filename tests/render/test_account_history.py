"""What people did to an account, in words."""

import pytest

from bot.actions.account_admin import BEGUN, NOT_SENT, REFUSED, VERBS
from bot.domain.actions import Action, ChangeOutcome
from bot.domain.incidents import RemedyVerdict
from bot.incidents.transaction import UNKNOWN_OUTCOME
from bot.render.account_history import SENTENCES, history
from tests.support.render_samples import CHANNEL, NOW


def entry_text(verb: str, outcome: str) -> str:
    return history([Action(NOW, 1, verb, CHANNEL, outcome)]).removeprefix("<t:1768356000:R> <@1>")


@pytest.mark.parametrize(
    ("verb", "outcome", "words"),
    [
        ("rename", "named:Blue: 2", "renamed it to Blue: 2"),
        ("rename", "named:*Blue*", r"renamed it to \*Blue\*"),
        ("rename", "unnamed", "removed its name"),
        ("reset", "asked", "asked to reset it"),
        ("reset", "back in rotation", "reset it: it is back in rotation"),
        ("reset", "not configured any more", "reset it, but it was not configured any more"),
        ("assign", "done", "is on it"),
        ("snooze", "hours:4", "snoozed its reminders for 4 h"),
        ("mute", "until:2026-01-14T02:00Z", "muted its alerts until <t:1768356000:f>"),
        ("unmute", "done", "unmuted its alerts"),
        ("save", "created:12", "added it (12 jobs)"),
        ("save", "updated:1", "updated it (1 job)"),
        ("save", "done:5", "added or updated it (5 jobs)"),
        ("save", "not done", "tried to add or update it, but nothing changed"),
        ("remove", "done", "removed it"),
    ],
)
def test_the_codes_of_the_audit_are_shown_in_words(verb: str, outcome: str, words: str) -> None:
    assert entry_text(verb, outcome) == f" {words}"


@pytest.mark.parametrize(
    ("verb", "outcome", "words"),
    [
        ("claim", "on it", "is on it"),
        ("assign", "on it", "is on it"),
        ("rename", "named Blue", "renamed it to Blue"),
        ("rename", "name removed", "removed its name"),
        ("snooze", "for 1.5 h", "snoozed its reminders for 1.5 h"),
        ("mute", "until 2026-01-14 02:00 UTC", "muted its alerts until <t:1768356000:f>"),
        ("save", "created, 12 jobs", "added it (12 jobs)"),
        ("save", "updated, 1 job", "updated it (1 job)"),
        ("save", "done, 5 jobs", "added or updated it (5 jobs)"),
        ("save", "saved, 1 job", "added or updated it (1 job)"),
        ("save", "saved, as the list shows, 5 jobs", "added or updated it (5 jobs)"),
        ("save", "not there, as the list shows", "tried to add or update it, but nothing changed"),
        ("save", "not changed, as the list shows, 5 jobs", "tried to add or update it, but nothing changed"),
        ("remove", "not configured any more", "removed it"),
        ("remove", "still configured", "tried to remove it, but it is still configured"),
        ("remove", "done, but still listed", "tried to remove it; the outcome is unknown"),
    ],
)
def test_the_words_of_earlier_versions_are_shown_as_the_codes_are(
    verb: str, outcome: str, words: str
) -> None:
    assert entry_text(verb, outcome) == f" {words}"


def test_what_is_unknown_is_shown_as_it_stands() -> None:
    assert entry_text("a verb of later", "done: *well*") == r": a verb of later, done: \*well\*"


def test_every_code_has_its_sentence() -> None:
    codes = {f"reset {code}" for code in (BEGUN, UNKNOWN_OUTCOME, *RemedyVerdict)}
    of_a_change = (BEGUN, REFUSED, NOT_SENT, *ChangeOutcome)
    codes |= {f"{verb} {code}" for verb in VERBS for code in of_a_change}
    assert codes <= SENTENCES.keys()
