"""What people read about each remedy: the question before it, its progress and what came of it."""

from dataclasses import dataclass, replace
from typing import Final

from bot.domain.accounts import FlagKind
from bot.domain.incidents import ResetVerdict
from bot.domain.providers import Remedy


@dataclass(frozen=True, slots=True)
class RemedyWords:
    """The sentences of a remedy, with the fields {name}, {service}, {wait} and {before}."""

    title: str
    consents: dict[FlagKind, str]
    """What agreeing means for a flag of each kind."""
    agree: str
    insist: str
    """The label of the button where a person is warned."""
    reading: str
    sending: str
    checking: str
    not_read: str
    doing: str
    """What somebody is already at."""
    too_late: str
    verdicts: dict[ResetVerdict, str]


TAKEN: Final = "🔄 {person} is already {doing}. The result will appear in its message."
AT: Final = "If it does not work, you can try again at {time}."
RESET: Final = RemedyWords(
    title="Reset {name}?",
    consents=dict.fromkeys(
        FlagKind,
        "**Resetting does not acknowledge anything at Midjourney.** "
        "It only tells {service} to use the account again.\n"
        "If the message is still waiting in the channel, a reset now **risks the account**.",
    ),
    agree="Yes, reset {name}",
    insist="Reset {name} anyway",
    reading="👀 Reading the list before I reset **{name}** ...",
    sending="🔄 Resetting **{name}** ...",
    checking="⏳ Reset accepted, **{name}** is still flagged. Checking again in {wait} ...",
    not_read="⚠️ I could not read the list, so I sent no reset. /mjstatus says why and what to do.",
    doing="resetting **{name}**",
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
    consents=dict.fromkeys(
        FlagKind,
        "**Enabling does not acknowledge anything at Midjourney.** "
        "It only tells {service} to start the account again, which may take minutes.\n"
        "If a message is still waiting in the channel, enabling now **risks the account**.",
    )
    | {
        FlagKind.CONNECTION: "It tells {service} to start the account again, which may take minutes.\n"
        "You cannot tell? Enabling shows it: without a connection to Discord, {service} disables it again.",
        FlagKind.SESSION: "**Enabling does not renew a login or token.** "
        "It only tells {service} to start the account again, which may take minutes.\n"
        "If Discord still rejects it, {service} disables the account again.",
        FlagKind.PLAN: "**Enabling does not renew a plan.** "
        "It only tells {service} to start the account again, which may take minutes.\n"
        "Without an active plan, {service} disables it again.",
        FlagKind.CREDITS: "**Enabling brings no credits.** "
        "It only tells {service} to start the account again, which may take minutes.\n"
        "Without credits, {service} disables it again.",
        FlagKind.CAPTCHA: "It tells {service} to start the account again, which may take minutes.",
    },
    agree="Yes, enable {name}",
    insist="Enable {name} anyway",
    reading="👀 Reading how **{name}** is before I enable it ...",
    sending="🔄 Enabling **{name}** ...",
    checking="⏳ **{name}** is enabled, and {service} has not started it yet. Checking again in {wait} ...",
    not_read="⚠️ I could not read how the account is, so I enabled nothing. "
    "/mjstatus says why and what to do.",
    doing="enabling **{name}**",
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
    consents=dict.fromkeys(
        FlagKind,
        "The link above is **as good as a login: only you see it, pass it on to nobody**. It expires soon.\n"
        "Press **I solved it** only after solving it. It makes {service} use the account again; "
        "if the CAPTCHA is unsolved, that **risks the account**.",
    ),
    agree="I solved it",
    insist="I solved it",
    reading="👀 Reading how **{name}** is ...",
    sending="🔄 Telling {service} that the CAPTCHA of **{name}** is solved ...",
    checking="⏳ {service} was told, and **{name}** does not run yet. Checking again in {wait} ...",
    not_read="⚠️ I could not read how the account is, so I told nothing. /mjstatus says why and what to do.",
    doing="at the CAPTCHA of **{name}**",
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
