"""What people did to an account, in words: the audit holds codes."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from bot.domain.actions import Action
from bot.render.provider_words import words_for
from bot.render.text import count, escape, fitted, when
from bot.runtime.language import Sentence, say

ACTIONS_SHOWN: Final = 5
"""The number of actions on a card."""
FIELD_LIMIT: Final = 1_024
"""Discord's limit for the value of a field."""
SENTENCES: Final[Mapping[str, Sentence]] = {
    "rename named": "{at} {person} renamed it to {name}",
    "rename unnamed": "{at} {person} removed its name",
    "reset asked": "{at} {person} asked to reset it",
    "reset back in rotation": "{at} {person} reset it: it is back in rotation",
    "reset not yet cleared": "{at} {person} tried to reset it, but it was still flagged",
    "reset not started yet": "{at} {person} reset it, but it was not started yet",
    "reset flagged again": "{at} {person} reset it, but it was flagged again",
    "reset not configured any more": "{at} {person} reset it, but it was not configured any more",
    "reset could not tell": "{at} {person} reset it; I could not tell whether that worked",
    "reset outcome unknown": "{at} {person} tried to reset it; the outcome is unknown",
    "reset still disabled": "{at} {person} reset it, but it was disabled",
    "enable asked": "{at} {person} asked to enable it",
    "enable back in rotation": "{at} {person} enabled it: it runs again",
    "enable not yet cleared": "{at} {person} tried to enable it, but it was disabled for the same reason",
    "enable not started yet": "{at} {person} enabled it, but it was not started yet",
    "enable still disabled": "{at} {person} enabled it, but it was disabled again",
    "enable flagged again": "{at} {person} enabled it, but it was flagged again",
    "enable not configured any more": "{at} {person} enabled it, but it was not configured any more",
    "enable could not tell": "{at} {person} enabled it; I could not tell whether that worked",
    "enable outcome unknown": "{at} {person} tried to enable it; the outcome is unknown",
    "captcha asked": "{at} {person} said that its CAPTCHA is solved",
    "captcha back in rotation": "{at} {person} solved its CAPTCHA: it runs again",
    "captcha not yet cleared": "{at} {person} said that its CAPTCHA is solved, but it was still locked",
    "captcha not started yet": "{at} {person} solved its CAPTCHA, but it was not started yet",
    "captcha still disabled": "{at} {person} solved its CAPTCHA, but it was still disabled",
    "captcha flagged again": "{at} {person} solved its CAPTCHA, but it was flagged again",
    "captcha not configured any more": "{at} {person} solved its CAPTCHA, but it was not configured any more",
    "captcha could not tell": "{at} {person} solved its CAPTCHA; I could not tell whether that worked",
    "captcha outcome unknown": "{at} {person} said that its CAPTCHA is solved; the outcome is unknown",
    "leave done": "{at} {person} left it disabled",
    "assign done": "{at} {person} is on it",
    "snooze hours": "{at} {person} snoozed its reminders for {number} h",
    "mute until": "{at} {person} muted its alerts until {time}",
    "unmute done": "{at} {person} unmuted its alerts",
    "save asked": "{at} {person} asked to add or update it",
    "save created": "{at} {person} added it ({jobs})",
    "save updated": "{at} {person} updated it ({jobs})",
    "save done": "{at} {person} added or updated it ({jobs})",
    "save not done": "{at} {person} tried to add or update it, but nothing changed",
    "save refused": "{at} {person} tried to add or update it, but {service} refused",
    "save not sent": "{at} {person} tried to add or update it, but nothing was sent",
    "save outcome unknown": "{at} {person} tried to add or update it; the outcome is unknown",
    "remove asked": "{at} {person} asked to remove it",
    "remove done": "{at} {person} removed it",
    "remove not done": "{at} {person} tried to remove it, but it is still configured",
    "remove refused": "{at} {person} tried to remove it, but {service} refused",
    "remove not sent": "{at} {person} tried to remove it, but nothing was sent",
    "remove outcome unknown": "{at} {person} tried to remove it; the outcome is unknown",
}
"""What a person did, by the verb and the code of the outcome."""
OTHER: Final[Sentence] = "{at} {person}: {verb}, {outcome}"
EARLIER: Final[Mapping[str, str]] = {
    r"(?:claim|assign) on it": "assign done",
    r"snooze for ([0-9.]+) h": r"snooze hours:\1",
    r"mute until (\S+) ([0-9:]+) UTC": r"mute until:\1T\2Z",
    r"rename named (.+)": r"rename named:\1",
    r"rename name removed": "rename unnamed",
    r"save (created|updated|done), ([0-9]{1,6}) jobs?": r"save \1:\2",
    r"save saved(?:, as the list shows)?, ([0-9]{1,6}) jobs?": r"save done:\1",
    r"save not (?:there|changed), as the list shows.*": "save not done",
    r"remove (?:was )?not configured any more": "remove done",
    r"remove still configured": "remove not done",
    r"remove done, but still listed": "remove outcome unknown",
}
"""What earlier versions wrote, as patterns, and the codes of today."""


def history(actions: Sequence[Action]) -> str:
    """List the last actions in the given order."""
    shown = actions[:ACTIONS_SHOWN]
    return fitted(map(sentence, shown), len(shown), FIELD_LIMIT)


def sentence(action: Action, at: str = "") -> str:
    """Return what a person did and what came of it. `at` is the time in other words than how long ago."""
    key, _, value = coded(f"{action.verb} {action.outcome}").partition(":")
    if key == "mute until":
        value = when(datetime.fromisoformat(value), "f")
    elif key.startswith("save ") and value:
        value = count(int(value), "{n} job[|s]")
    elif key == "rename named":
        value = escape(value)
    return say(
        SENTENCES.get(key, OTHER),
        at=at or when(action.at),
        person=f"<@{action.actor_id}>",
        **dict.fromkeys(("name", "number", "time", "jobs"), value),
        verb=escape(action.verb),
        service=words_for(action.reference).service,
        outcome=escape(action.outcome, 60),
    )


def coded(entry: str) -> str:
    """Return a verb and an outcome in the codes of today."""
    for words, code in EARLIER.items():
        if found := re.fullmatch(words, entry):
            return found.expand(code)
    return entry
