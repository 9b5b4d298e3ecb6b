"""Messages about the service: what is wrong, what to do, and what changed meanwhile."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final

import discord

from bot.domain.accounts import Accounts
from bot.domain.errors import Cause
from bot.domain.incidents import DISABLED, Ending, Incident, Incidents, ServiceProblem, State
from bot.domain.providers import USEAPI, provider_of
from bot.domain.services import subscription_of
from bot.render.account_cards import add_field
from bot.render.alert_items import LABEL_LIMIT, NEEDING, known_account, naming, stretch
from bot.render.error_messages import cause_texts
from bot.render.message_content import MessageContent, headed
from bot.render.phrases import flag_text, quote
from bot.render.provider_words import WORDS, place_among
from bot.render.text import count, escape, exactly, fitted, numbered, span, whole
from bot.runtime.language import Sentence, say

BLIND: Final[Sentence] = (
    "Meanwhile I cannot see new flags. Alerts about accounts stay as they are, without reminders."
)
MEANWHILE: Final[Mapping[ServiceProblem, Sentence]] = {
    ServiceProblem.LIST_GONE: "Meanwhile I watch the accounts that are left. "
    "Alerts about the others stay as they are.",
    ServiceProblem.PENDING: "Meanwhile I cannot see new flags. "
    "Alerts about accounts stay as they are, with their reminders.",
}
"""What is different where a list shows something, or a reset can still be asked."""
VANISHED: Final[Sequence[Sentence]] = (
    "Accounts have vanished: {service} lists none of yours any more, or less than half.",
    "Accounts are still missing: {service} lists none of yours any more, or less than half.",
)
"""The first line of an alert, and that of a reminder."""
UNNAMED: Final[Sequence[Sentence]] = (
    "One of your accounts needs you: {service} does not say which ({refusal}).",
    "One of your accounts still needs you: {service} does not say which ({refusal}).",
)
"""As above, if an error stands in place of the list."""
UNSEEN: Final[Sequence[Sentence]] = (
    "I cannot see your accounts. {reason}",
    "I still cannot see your accounts. {reason}",
)
UNSEEN_THERE: Final[Sequence[Sentence]] = (
    "I cannot see your accounts at {service}. {reason}",
    "I still cannot see your accounts at {service}. {reason}",
)
UNWATCHED: Final[Sentence] = (
    "⚪ I do not watch this any more, as my settings do not name it. It was: {reason}"
)
UNRECORDED: Final[Sentence] = "👀 I have no record of {lasted}. {reason} I am watching again."
PENDING_STEPS: Final[Sentence] = (
    "Open the Midjourney channel of each account with its own Discord login.\n"
    "Do there what the message asks for.\n"
    "Only then use /mjreset and pick that account: I cannot see which one it is."
)
OTHER_ADDRESS: Final[Sentence] = (
    "Put the right address into {setting} and restart me, or stop me if there is none."
)
# The first is for a message that cannot be changed.
LISTED_AGAIN: Final[Sequence[Sentence]] = (
    "Another message comes when {api} lists your accounts again.",
    "This message turns green when {api} lists your accounts again.",
)
THIS_LISTED_AGAIN: Final[Sequence[Sentence]] = (
    LISTED_AGAIN[0],
    "This one turns green when {api} lists your accounts again.",
)
ANSWERING: Final[Sequence[Sentence]] = (
    "Then wait: another message comes once {service} answers.",
    "Then wait: this message turns green once {service} answers.",
)
TRYING: Final[Sequence[Sentence]] = (
    "Nothing yet: I keep trying, and another message comes once it answers.",
    "Nothing yet: I keep trying, and this message turns green once it answers.",
)
LINKS_LIMIT: Final = 900
SAME_POLL: Final = timedelta(minutes=1)


def service_content(
    incident: Incident,
    incidents: Incidents,
    accounts: Accounts,
    note: str | None = None,
    *,
    reminds: bool = False,
    edits: bool = True,
) -> MessageContent:
    """Return the alert about a problem, its reminder, or its end; `edits` says whether it can be changed."""
    if incident.ended:
        return _recovered(incident, incidents, accounts)
    words, of = WORDS[incident.scope], scoped(incident)
    own = {key: each for key, each in accounts.items() if provider_of(of(key)) == incident.scope}
    meanwhile = MEANWHILE.get(incident.problem or ServiceProblem.UNREACHABLE, BLIND)
    said = flag_text(incident.flag) if incident.flag and not incident.flag.text else None
    since = say("No successful check since {time}.", time=exactly(incident.unseen[0]))
    embed = discord.Embed(
        title=_title(incident),
        description="\n".join(filter(None, [since, said, say(meanwhile)])),
        colour=discord.Colour.red(),
    )
    if incident.flag is not None:
        add_field(embed, words.put_into("{api_first} says"), quote(incident.flag))
        add_field(embed, "Your accounts", _links(own))
    add_field(embed, "When last seen", _last_seen(incidents, own))
    add_field(embed, "What to do", _steps(incident, edits=edits))
    add_field(embed, "About this message", note)
    return MessageContent(
        headed(f"{'⏰' if reminds else '⚠️'} {headline(incident, accounts, reminds=reminds)}"), (embed,)
    )


def headline(incident: Incident, accounts: Iterable[str] = (), *, reminds: bool = False) -> str:
    """Return the first line of an alert or a reminder; `accounts` are all that are watched."""
    words, place = WORDS[incident.scope], place_in(incident, accounts)
    if incident.problem is ServiceProblem.LIST_GONE:
        return words.put_into(VANISHED[reminds])
    if incident.flag is not None:
        return words.put_into(UNNAMED[reminds])
    return say((UNSEEN_THERE if place else UNSEEN)[reminds], service=place, reason=reason(incident))


def scoped(incident: Incident) -> Callable[[str], str]:
    """Return what makes of a reference one that names the scope of a problem, if it is within that."""
    return subscription_of if incident.is_shared else str


def place_in(incident: Incident, accounts: Iterable[str]) -> str:
    """Return the name of the scope of the problem if there are accounts elsewhere; else nothing."""
    return place_among(incident.scope, map(scoped(incident), accounts))


def recovery(incident: Incident, accounts: Iterable[str] = ()) -> str:
    """Return the first line of a problem that ended, with how long nothing could be seen."""
    (start, end), service = incident.unseen, place_in(incident, accounts)
    sentence: Sentence = "✅ I can see your accounts again. I was blind for {lasted}."
    if incident.ending is Ending.UNWATCHED:
        sentence = UNWATCHED
    elif incident.problem is ServiceProblem.AWAY:
        sentence = UNRECORDED
    elif service:
        sentence = "✅ I can see your accounts at {service} again. I was blind for {lasted}."
    lasted = f"{span(end - start)} ({stretch(start, end)})"
    return say(sentence, service=service, lasted=lasted, reason=reason(incident))


def _recovered(incident: Incident, incidents: Incidents, accounts: Accounts) -> MessageContent:
    if incident.ending is Ending.UNWATCHED:
        return MessageContent(headed(recovery(incident)))
    cause = say("Cause: {reason}", reason=reason(incident))
    embed = discord.Embed(title=say("✅ Watching again"), description=cause, colour=discord.Colour.green())
    add_field(embed, "What changed meanwhile", changes(incident, incidents, accounts))
    return MessageContent(headed(recovery(incident, accounts)), (embed,))


def changes(incident: Incident, incidents: Incidents, accounts: Accounts) -> str | None:
    """Return which accounts were flagged or cleared meanwhile; those that were not started do not count.

    None: the lists of others that share the problem may not be read again yet.
    """
    start, end = incident.unseen
    touched = [
        each
        for each in incidents.values()
        if each.reference
        and not each.is_soft
        and scoped(incident)(each.provider) == incident.scope
        and each.blind_until
        and start <= each.blind_until <= end + SAME_POLL
    ]
    found = [each for each in touched if each.opened_at >= start]
    known = [each for each in touched if each.opened_at < start]
    disabled = [each for each in known if _is_disabled(each)]
    gone = [each for each in known if not _is_disabled(each)]
    groups: Sequence[tuple[Sentence, list[Incident]]] = (
        ("Newly flagged: {names}.", found),
        ("Not flagged any more: {names}.", gone),
        ("Disabled without a reason: {names}.", disabled),
    )
    lines = [say(words, names=naming(_names(each, accounts))) for words, each in groups if each]
    others = {provider_of(each) for each in accounts} - {incident.provider}
    is_pending = any(map(incident.is_shared_with, others))
    return "\n".join(lines) or (None if is_pending else say("Nothing changed."))


def _is_disabled(incident: Incident) -> bool:
    """Return whether an account whose flag is not listed any more is disabled all the same."""
    is_listed_so = incident.state is State.OPEN and incident.clear_since is not None
    return (is_listed_so and not incident.from_command) or incident.ending in DISABLED


def _last_seen(incidents: Incidents, accounts: Accounts) -> str:
    needing = [each for each in incidents.values() if each.reference in accounts and each.state in NEEDING]
    flagged = [each for each in needing if not each.is_soft]
    listed = sum(each.is_listed for each in accounts.values())
    if not flagged:
        return count(listed, "{n} account[|s], none flagged.")
    names, number = naming(_names(flagged, accounts)), whole(len(flagged))
    return count(listed, "{n} account[|s], {flagged} flagged: {names}.", flagged=number, names=names)


def _names(incidents: Sequence[Incident], accounts: Accounts) -> list[str]:
    ordered = sorted(incidents, key=lambda each: (each.opened_at, each.key))
    return [escape(known_account(each.reference or "", accounts).label, LABEL_LIMIT) for each in ordered]


def _links(accounts: Accounts) -> str | None:
    """Return links to the channels in which the message may be."""
    listed = [(escape(each.label, LABEL_LIMIT), each) for each in accounts.values() if each.is_listed]
    lines = [f"[{name}]({each.account.link})" if each.account.link else name for name, each in listed]
    return fitted(lines, len(lines), LINKS_LIMIT) if lines else None


def _title(incident: Incident) -> str:
    match incident.problem:
        case ServiceProblem.LIST_GONE:
            return say("⚠️ Accounts are missing")
        case ServiceProblem.PENDING:
            is_596 = incident.scope == USEAPI
            return say("⚠️ Error 596 instead of the list" if is_596 else "⚠️ An error instead of the list")
        case _:
            return say("⚠️ Not watching now")


def reason(incident: Incident) -> str:
    """Return the sentence that says why an incident of the service opened."""
    problem = incident.problem or ServiceProblem.UNREACHABLE
    return problem_sentence(problem, incident.cause, incident.scope)


def problem_sentence(problem: ServiceProblem, cause: Cause | None, provider: str) -> str:
    """Return the sentence for a problem: that of its cause, if it is known."""
    words = WORDS[provider]
    if cause is not None or problem not in words.problems:
        return cause_texts(cause or Cause.SILENT, provider)[0]
    return words.put_into(words.problems[problem])


def _steps(incident: Incident, *, edits: bool) -> str:
    words = WORDS[incident.scope]
    _, step = cause_texts(incident.cause or Cause.SILENT, incident.scope)
    return numbered("\n".join(words.put_into(each, step=step) for each in _tasks(incident, edits=edits)))


def _tasks(incident: Incident, *, edits: bool) -> Sequence[Sentence]:
    """Return what to do; {step} is what helps against the cause."""
    own = {Cause.NEEDS_REDIS, *WORDS[incident.scope].errors} - {Cause.SERVER_ERROR}
    match incident.problem or ServiceProblem.UNREACHABLE:
        case ServiceProblem.UNREACHABLE if incident.cause in own:
            return "{step}", ANSWERING[edits]
        case ServiceProblem.UNREACHABLE:
            return TRYING[edits], "{step}"
        case ServiceProblem.GONE if incident.cause is Cause.WEB_PAGE:
            return "{step}", OTHER_ADDRESS
        case ServiceProblem.PENDING if incident.flag is None:
            return "Do what the message about the account says.", THIS_LISTED_AGAIN[edits]
        case ServiceProblem.PENDING:
            return PENDING_STEPS, LISTED_AGAIN[edits]
        case problem:
            return (WORDS[incident.scope].problem_steps[problem],)
