"""What people read about each remedy: the question before it, its progress and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.domain.accounts import FlagKind
from bot.domain.actions import RemedyOutcome, RemedyStage
from bot.domain.incidents import RemedyVerdict
from bot.domain.providers import Remedy
from bot.runtime.language import Counted, Sentence


@dataclass(frozen=True, slots=True)
class RemedyWords:
    """The sentences of a remedy, with the fields {name}, {service}, {wait} and {person}."""

    label: Sentence
    """The label of the button on an account's card."""
    questions: Mapping[FlagKind, Sentence]
    title: Sentence
    consents: Mapping[FlagKind, Sentence]
    """What agreeing means for a flag of each kind."""
    agree: Sentence
    insist: Sentence
    """The label of the button where a person is warned."""
    stages: dict[RemedyStage, Sentence]
    outcomes: dict[RemedyOutcome, Sentence]
    """Why nothing was sent."""
    taken: Sentence
    """That somebody is already at it."""
    verdicts: dict[RemedyVerdict, Sentence]
    tried: Sentence
    """What was done when, and the verdict of `JUDGED`."""
    ended_by: Sentence
    """How an incident ended with it."""
    ended_here: Sentence
    """As above, where it is not known by whom."""


AT: Final[Sentence] = "If it does not work, you can try again at {time}."
NOT_FLAGGED: Final[Sentence] = "✅ **{name}** is not flagged, so I sent nothing."
LISTED_AS: Final[Sentence] = "**{name}** is not flagged, so I sent nothing. It is listed as: {state}."
STARTS_LATER: Final[Counted] = (
    "⏳ **{name}** is enabled, not started yet, {n} other[|s] before it. I keep checking."
)
QUESTIONS: Final[dict[FlagKind, Sentence]] = dict.fromkeys(
    FlagKind, "Did you do what Midjourney's message in **{name}**'s channel asks?"
) | {
    FlagKind.MODERATION: "Did you acknowledge Midjourney's message in **{name}**'s channel?",
    FlagKind.BLOCK: "Did you see in **{name}**'s channel that the block is over?",
    FlagKind.CONNECTION: "Can {service} reach Discord again?",
    FlagKind.SESSION: "Did you put **{name}**'s new token into {service}?",
    FlagKind.PLAN: "Does **{name}** have an active plan?",
    FlagKind.CREDITS: "Does **{name}** have fast time again?",
}
JUDGED: Final[Mapping[RemedyVerdict, Sentence]] = {
    RemedyVerdict.BACK: "back in rotation",
    RemedyVerdict.NOT_YET: "not yet cleared",
    RemedyVerdict.NOT_STARTED: "not started yet",
    RemedyVerdict.STILL_DISABLED: "still disabled",
    RemedyVerdict.FLAGGED_AGAIN: "flagged again",
    RemedyVerdict.NOT_CONFIGURED: "not configured any more",
    RemedyVerdict.COULD_NOT_TELL: "I could not tell whether it worked",
}
"""The result of the last remedy, in short."""
RESET: Final = RemedyWords(
    label="Reset",
    questions=QUESTIONS | {FlagKind.CAPTCHA: "Did you solve the CAPTCHA in **{name}**'s channel?"},
    title="Reset {name}?",
    consents=dict.fromkeys(
        FlagKind,
        "**Resetting does not acknowledge anything at Midjourney.** "
        "It only tells {service} to use the account again.\n"
        "If the message is still waiting in the channel, a reset now **risks the account**.",
    ),
    agree="Yes, reset {name}",
    insist="Reset {name} anyway",
    stages={
        RemedyStage.READING: "👀 Reading the list before I reset **{name}** ...",
        RemedyStage.SENDING: "🔄 Resetting **{name}** ...",
        RemedyStage.CHECKING: "⏳ Reset accepted, **{name}** is still flagged. Checking again in {wait} ...",
    },
    outcomes={
        RemedyOutcome.RAN_OUT: "**{name}** was not reset: it took too long to begin. "
        "Nothing was sent; try again.",
        RemedyOutcome.UNREADABLE: "⚠️ I could not read the list, so I sent no reset. "
        "/mjstatus says why and what to do.",
    },
    taken="🔄 {person} is already resetting **{name}**. The result will appear in its message.",
    verdicts={
        RemedyVerdict.BACK: "✅ **{name}** is back in rotation: the reset worked, and {service} no longer "
        "flags it.",
        RemedyVerdict.NOT_YET: "⏳ Reset sent, but **{name}** is still flagged. I keep checking.\n"
        "Look in its channel again: something may be left to acknowledge.",
        RemedyVerdict.NOT_STARTED: "⏳ **{name}** is enabled and not started yet. I keep checking.",
        RemedyVerdict.STILL_DISABLED: "⏸️ **{name}** is not flagged any more, and is disabled.",
        RemedyVerdict.FLAGGED_AGAIN: "⚠️ **{name}** was clear after the reset and is flagged again.\n"
        "Open the channel to see what Midjourney wants now.",
        RemedyVerdict.NOT_CONFIGURED: "⚪ **{name}** is not configured any more, so there is nothing "
        "to reset.",
        RemedyVerdict.COULD_NOT_TELL: "❔ I could not tell whether **{name}** is back: {service} did not "
        "answer.\nThe reset may have worked, so I do not send it again. Its message is updated after "
        "the next successful check.",
    },
    tried="Reset {time}: {verdict}.",
    ended_by="It ended with {person}'s reset, and the account list confirms it.",
    ended_here="It ended with a reset from here, and the account list confirms it.",
)
ENABLE: Final = RemedyWords(
    label="Enable",
    questions=QUESTIONS
    | {
        FlagKind.CAPTCHA: "The CAPTCHA of **{name}** is solved. Enable the account now?",
        FlagKind.OTHER: "Did you do what the message about **{name}** asks?",
    },
    title="Enable {name}?",
    consents=dict.fromkeys(
        FlagKind,
        "**Enabling does not acknowledge anything at Midjourney.** "
        "It only tells {service} to start the account again, which may take minutes.\n"
        "If a message is still waiting in the channel, enabling now **risks the account**.",
    )
    | {
        FlagKind.CONNECTION: "It only tells {service} to start the account again, which may take minutes.\n"
        "Not sure? Try it: if Discord is still out of reach, {service} disables the account again.",
        FlagKind.SESSION: "**Enabling does not renew a login or token.** "
        "It only tells {service} to start the account again, which may take minutes.\n"
        "If Discord still rejects it, {service} disables the account again.",
        FlagKind.PLAN: "**Enabling does not renew a plan.** "
        "It only tells {service} to start the account again, which may take minutes.\n"
        "Without an active plan, {service} disables it again.",
        FlagKind.CREDITS: "**Enabling does not buy credits.** "
        "It only tells {service} to start the account again, which may take minutes.\n"
        "Without credits, {service} disables it again.",
        FlagKind.CAPTCHA: "It only tells {service} to start the account again, which may take minutes.",
    },
    agree="Yes, enable {name}",
    insist="Enable {name} anyway",
    stages={
        RemedyStage.READING: "👀 Checking **{name}** first ...",
        RemedyStage.SENDING: "🔄 Enabling **{name}** ...",
        RemedyStage.CHECKING: "⏳ {service} has enabled **{name}**, and starts one account after another. "
        "Checking again in {wait} ...",
    },
    outcomes={
        RemedyOutcome.STARTING: "⏳ **{name}** is enabled already, and {service} is starting it, "
        "so I sent nothing. I keep checking.",
        RemedyOutcome.RUNNING: "✅ **{name}** runs already, so I sent nothing. I keep checking.",
        RemedyOutcome.RAN_OUT: "Nothing was sent for **{name}**: it took too long to begin. Try again.",
        RemedyOutcome.UNREADABLE: "⚠️ I could not read the list, so I sent nothing. "
        "/mjstatus says why and what to do.",
    },
    taken="🔄 {person} is already enabling **{name}**. The result will appear in its message.",
    verdicts={
        RemedyVerdict.BACK: "✅ **{name}** runs again: {service} started it, and no longer flags it.",
        RemedyVerdict.NOT_YET: "⏳ **{name}** was enabled, but {service} disabled it again for the same "
        "reason. I keep checking.\nIts alert says what to do.",
        RemedyVerdict.NOT_STARTED: "⏳ **{name}** is enabled, not started yet. I keep checking.",
        RemedyVerdict.STILL_DISABLED: "⏸️ **{name}** is not flagged any more, but is disabled.",
        RemedyVerdict.FLAGGED_AGAIN: "⚠️ **{name}** was enabled, but is flagged again.\n"
        "Its alert says what to do now.",
        RemedyVerdict.NOT_CONFIGURED: "⚪ {service} does not list **{name}** any more, so there is nothing "
        "to enable.",
        RemedyVerdict.COULD_NOT_TELL: "❔ I could not tell whether **{name}** runs: {service} did not "
        "answer, or did not list it.\nIt may be enabled, so I do not send that again. Its message is updated "
        "after the next successful check.",
    },
    tried="Enabled {time}: {verdict}.",
    ended_by="It ended after {person} enabled it, and the account list confirms it.",
    ended_here="It ended after it was enabled from here, and the account list confirms it.",
)
CAPTCHA: Final = RemedyWords(
    label="CAPTCHA",
    questions=dict.fromkeys(
        FlagKind, "Open the link in the title, solve the CAPTCHA of **{name}**, then press **I solved it**."
    ),
    title="Open the CAPTCHA of {name}",
    consents=dict.fromkeys(
        FlagKind,
        "The link is **as good as a login: only you see it, pass it on to nobody**. It expires soon.\n"
        "**I solved it** makes {service} use the account again, and does not solve the CAPTCHA for you. "
        "Pressed too early, it **risks the account**.",
    ),
    agree="I solved it",
    insist="I solved it",
    stages=ENABLE.stages
    | {
        RemedyStage.SENDING: "🔄 Telling {service} that the CAPTCHA of **{name}** is solved ...",
        RemedyStage.CHECKING: "⏳ {service} was told that it is solved; **{name}** does not run yet. "
        "Checking again in {wait} ...",
    },
    outcomes=ENABLE.outcomes,
    taken="🔄 {person} is already solving the CAPTCHA of **{name}**. The result will appear in its message.",
    verdicts=ENABLE.verdicts
    | {
        RemedyVerdict.NOT_YET: "⏳ {service} was told that it is solved, but **{name}** is "
        "still locked. I keep checking.",
        RemedyVerdict.STILL_DISABLED: "⏸️ The CAPTCHA of **{name}** is solved, but the account is "
        "**still disabled**: enable it, or leave it paused.",
        RemedyVerdict.FLAGGED_AGAIN: "⚠️ The CAPTCHA of **{name}** was solved, but it is flagged again.\n"
        "Its alert says what to do now.",
        RemedyVerdict.COULD_NOT_TELL: "❔ I could not tell whether **{name}** runs: {service} did not "
        "answer, or did not list it.\nIts message is updated after the next successful check.",
    },
    tried="CAPTCHA reported as solved {time}: {verdict}.",
    ended_by="It ended after {person} solved its CAPTCHA, and the account list confirms it.",
    ended_here="It ended after its CAPTCHA was solved, and the account list confirms it.",
)
CONSENT_FOR_ALL: Final[Sentence] = (
    "It only tells {service} to start these accounts again. They start one after another, so the last "
    "may take minutes.\n"
    "Not sure? Try it: if Discord is still out of reach, {service} disables them again."
)
"""What agreeing means for all accounts that lost their connection together."""
NONE_ENABLED: Final[Mapping[RemedyOutcome, Sentence]] = {
    RemedyOutcome.RAN_OUT: "Nothing was sent for **them all**: it took too long to begin. Try again.",
    RemedyOutcome.UNREADABLE: ENABLE.outcomes[RemedyOutcome.UNREADABLE],
    RemedyOutcome.CHANGED: "⚠️ These are other accounts than before, so I sent nothing. Confirm again.",
    RemedyOutcome.CLEAR: "✅ None of these accounts needs to be enabled any more, so I sent nothing.",
    RemedyOutcome.TAKEN: "🔄 Somebody is already enabling some of them. The result will appear in the alert.",
}
"""Why nothing was sent for them."""
ENABLED: Final[Mapping[RemedyVerdict, Counted]] = {
    RemedyVerdict.BACK: "{n} running",
    RemedyVerdict.NOT_YET: "{n} not yet cleared",
    RemedyVerdict.NOT_STARTED: "{n} not started yet",
    RemedyVerdict.STILL_DISABLED: "{n} still disabled",
    RemedyVerdict.FLAGGED_AGAIN: "{n} flagged again",
    RemedyVerdict.NOT_CONFIGURED: "{n} not configured any more",
    RemedyVerdict.COULD_NOT_TELL: "{n} unknown",
}
"""How many of them have come to what."""
WORDS: Final = {Remedy.RESET: RESET, Remedy.ENABLE: ENABLE, Remedy.CAPTCHA_SOLVED: CAPTCHA}


def words_of(remedy: Remedy | None) -> RemedyWords:
    """Return the sentences of a remedy; those of a reset for one from before there were others."""
    return WORDS.get(remedy or Remedy.RESET, ENABLE)
