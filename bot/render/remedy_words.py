"""What people read about each remedy: the question before it, its progress and what came of it."""

from dataclasses import dataclass, replace
from typing import Final

from bot.domain.incidents import ResetVerdict
from bot.domain.providers import Remedy


@dataclass(frozen=True, slots=True)
class RemedyWords:
    """The sentences of a remedy, with the fields {name}, {service}, {wait}, {person}, {time} and {before}."""

    title: str
    consent: str
    agree: str
    insist: str
    """The label of the button where a person is warned."""
    reading: str
    sending: str
    checking: str
    not_read: str
    taken: str
    taken_by: str
    too_late: str
    verdicts: dict[ResetVerdict, str]


RESET: Final = RemedyWords(
    title="Reset {name}?",
    consent="**Resetting does not acknowledge anything at Midjourney.** "
    "It only tells {service} to use the account again.\n"
    "If the message is still waiting in the channel, a reset now **risks the account**.",
    agree="Yes, reset {name}",
    insist="Reset {name} anyway",
    reading="👀 Reading the list before I reset **{name}** ...",
    sending="🔄 Resetting **{name}** ...",
    checking="⏳ Reset accepted, **{name}** is still flagged. Checking again in {wait} ...",
    not_read="⚠️ I could not read the list, so I sent no reset. /mjstatus says why and what to do.",
    taken="🔄 Somebody is already resetting **{name}**. The result will appear in its message.",
    taken_by="🔄 {person} is already resetting **{name}**. The result will appear in its message.\n"
    "If it does not work, you can try again at {time}.",
    too_late="**{name}** was not reset: it took too long to begin. Nothing was sent; try again.",
    verdicts={
        ResetVerdict.BACK: "✅ **{name}** is back in rotation: the reset worked, and {service} no longer "
        "flags it.",
        ResetVerdict.NOT_YET: "⏳ Reset sent, but **{name}** is still flagged. I keep checking.\n"
        "Look in its channel again: something may be left to acknowledge.",
        ResetVerdict.NOT_STARTED: "⏳ **{name}** is enabled and not started yet. I keep checking.",
        ResetVerdict.STILL_DISABLED: "⏸️ **{name}** is not flagged any more, and is disabled.",
        ResetVerdict.FLAGGED_AGAIN: "⚠️ **{name}** was clear after the reset and is flagged again.\n"
        "Open the channel to see what Midjourney wants now.",
        ResetVerdict.NOT_CONFIGURED: "⚪ **{name}** is not configured any more, so there is nothing "
        "to reset.",
        ResetVerdict.COULD_NOT_TELL: "❔ I could not tell whether **{name}** is back: {service} did not "
        "answer.\nThe reset may have worked, so I do not send it again. Its message is updated after "
        "the next successful check.",
    },
)
ENABLE: Final = RemedyWords(
    title="Enable {name}?",
    consent="**Enabling does not acknowledge or renew anything.** It only tells {service} to start the "
    "account again. Accounts start one after another, so that may take minutes.\n"
    "If a message is still waiting in the channel, enabling now **risks the account**.",
    agree="Yes, enable {name}",
    insist="Enable {name} anyway",
    reading="👀 Reading how **{name}** is before I enable it ...",
    sending="🔄 Enabling **{name}** ...",
    checking="⏳ **{name}** is enabled, and {service} has not started it yet. Checking again in {wait} ...",
    not_read="⚠️ I could not read how the account is, so I enabled nothing. "
    "/mjstatus says why and what to do.",
    taken="🔄 Somebody is already enabling **{name}**. The result will appear in its message.",
    taken_by="🔄 {person} is already enabling **{name}**. The result will appear in its message.\n"
    "If it does not work, you can try again at {time}.",
    too_late="**{name}** was not enabled: it took too long to begin. Nothing was sent; try again.",
    verdicts={
        ResetVerdict.BACK: "✅ **{name}** runs again: {service} started it, and no longer flags it.",
        ResetVerdict.NOT_YET: "⏳ **{name}** was enabled, but {service} disabled it again for the same "
        "reason. I keep checking.\nLook in its channel again: something may be left to do.",
        ResetVerdict.NOT_STARTED: "⏳ **{name}** is enabled, not started yet{before}. I keep checking.",
        ResetVerdict.STILL_DISABLED: "⏸️ **{name}** is not flagged any more, but is disabled.",
        ResetVerdict.FLAGGED_AGAIN: "⚠️ **{name}** was enabled, and is flagged again.\n"
        "Open the channel to see what Midjourney wants now.",
        ResetVerdict.NOT_CONFIGURED: "⚪ {service} does not list **{name}** any more, so there is nothing to "
        "enable.",
        ResetVerdict.COULD_NOT_TELL: "❔ I could not tell whether **{name}** runs: {service} did not "
        "answer.\nIt may be enabled, so I do not send that again. Its message is updated after the next "
        "successful check.",
    },
)
CAPTCHA: Final = replace(
    ENABLE,
    title="Open the CAPTCHA of {name}",
    consent="The link above is **as good as a login: only you see it, pass it on to nobody**. "
    "It expires soon.\n"
    "**I solved it** tells {service} to use the account again. That solves nothing: unsolved, it "
    "**risks the account**.",
    agree="I solved it",
    insist="I solved it",
    reading="👀 Reading how **{name}** is ...",
    sending="🔄 Telling {service} that the CAPTCHA of **{name}** is solved ...",
    checking="⏳ {service} was told, and **{name}** does not run yet. Checking again in {wait} ...",
    not_read="⚠️ I could not read how the account is, so I told nothing. /mjstatus says why and what to do.",
    taken="🔄 Somebody is already at the CAPTCHA of **{name}**. The result will appear in its message.",
    taken_by="🔄 {person} is already at the CAPTCHA of **{name}**. The result will appear in its message.\n"
    "If it does not work, you can try again at {time}.",
    too_late="**{name}** is still locked: it took too long to begin. Nothing was sent; try again.",
    verdicts=ENABLE.verdicts
    | {
        ResetVerdict.NOT_YET: "⏳ {service} was told, but **{name}** is still locked. I keep checking.",
        ResetVerdict.STILL_DISABLED: "⏸️ **{name}** is unlocked, but **disabled besides**: enable it, or "
        "leave it paused.",
        ResetVerdict.FLAGGED_AGAIN: "⚠️ **{name}** was unlocked, and is flagged again.\n"
        "Open the channel to see what Midjourney wants now.",
        ResetVerdict.COULD_NOT_TELL: "❔ I could not tell whether **{name}** runs: {service} did not "
        "answer.\nIts message is updated after the next successful check.",
    },
)
WORDS: Final = {Remedy.RESET: RESET, Remedy.ENABLE: ENABLE, Remedy.CAPTCHA_SOLVED: CAPTCHA}


def words_of(remedy: Remedy | None) -> RemedyWords:
    """Return the sentences of a remedy; those of a reset for one from before there were others."""
    return WORDS.get(remedy or Remedy.RESET, ENABLE)
