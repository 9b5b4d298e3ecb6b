"""Messages about the service: what is wrong, what to do, and what changed meanwhile."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Final

import discord

from bot.domain.accounts import Accounts
from bot.domain.errors import Cause
from bot.domain.incidents import DISABLED, Ending, Incident, Incidents, ServiceProblem, State
from bot.domain.providers import provider_of
from bot.domain.services import subscription_of
from bot.render.account_cards import add_field
from bot.render.alert_items import LABEL_LIMIT, NEEDING, known_account, naming, stretch
from bot.render.error_messages import cause_texts
from bot.render.message_content import MessageContent, headed
from bot.render.phrases import flag_text, quote
from bot.render.provider_words import WORDS, place_among
from bot.render.text import count, escape, exactly, fitted, numbered, span, whole

BLIND: Final = "Meanwhile I cannot see new flags. Alerts about accounts stay as they are, without reminders."
MEANWHILE: Final = {
    ServiceProblem.LIST_GONE: "Meanwhile I watch the accounts that are left. "
    "Alerts about the others stay as they are.",
    ServiceProblem.PENDING: "Meanwhile I cannot see new flags. "
    "Alerts about accounts stay as they are, with their reminders.",
}
"""What is different where a list shows something, or a reset can still be asked."""
VANISHED: Final = (
    "Accounts have vanished: {service} lists none of yours any more, or less than half.",
    "Accounts are still missing: {service} lists none of yours any more, or less than half.",
)
"""The first line of an alert, and that of a reminder."""
UNNAMED: Final = (
    "One of your accounts needs you: {service} does not say which ({refusal}).",
    "One of your accounts still needs you: {service} does not say which ({refusal}).",
)
"""As above, if an error stands in place of the list."""
UNSEEN: Final = ("I cannot see {yours}. {reason}", "I still cannot see {yours}. {reason}")
PENDING_STEPS: Final = (
    "Open the Midjourney channel of each account with its own Discord login.\n"
    "Do there what the message asks for.\n"
    "Only then use /mjreset and pick that account: I cannot see which one it is.\n"
    "This message turns green when {api} lists your accounts again."
)
PENDING_ELSEWHERE: Final = (
    "Do what the message about the account says.\nThis one turns green when {api} lists your accounts again."
)
"""The steps where it is known which account is flagged."""
OTHER_ADDRESS: Final = "Put the right address into {setting} and restart me, or stop me if there is none."
LINKS_LIMIT: Final = 900
SAME_POLL: Final = timedelta(minutes=1)


def service_content(
    incident: Incident,
    incidents: Incidents,
    accounts: Accounts,
    note: str | None = None,
    *,
    reminds: bool = False,
) -> MessageContent:
    """Return the alert about a service problem, its reminder, or its end."""
    if incident.ended:
        return _recovered(incident, incidents, accounts)
    words, of = WORDS[incident.scope], scoped(incident)
    own = {key: each for key, each in accounts.items() if provider_of(of(key)) == incident.scope}
    meanwhile = MEANWHILE.get(incident.problem or ServiceProblem.UNREACHABLE, BLIND)
    sentence = flag_text(incident.flag) if incident.flag and not incident.flag.text else None
    since = f"No successful check since {exactly(incident.unseen[0])}."
    embed = discord.Embed(
        title=_title(incident),
        description="\n".join(filter(None, [since, sentence, meanwhile])),
        colour=discord.Colour.red(),
    )
    if incident.flag is not None:
        add_field(embed, words.put_into("{api_first} says"), quote(incident.flag))
        add_field(embed, "Your accounts", _links(own))
    add_field(embed, "When last seen", _last_seen(incidents, own))
    add_field(embed, "What to do", _steps(incident))
    add_field(embed, "About this message", note)
    return MessageContent(
        headed(f"{'⏰' if reminds else '⚠️'} {headline(incident, accounts, reminds=reminds)}"), (embed,)
    )


def headline(incident: Incident, accounts: Iterable[str] = (), *, reminds: bool = False) -> str:
    """Return the first line of an alert or a reminder; `accounts` are all that are watched."""
    if incident.problem is ServiceProblem.LIST_GONE:
        sentence = VANISHED[reminds]
    else:
        sentence = UNSEEN[reminds] if incident.flag is None else UNNAMED[reminds]
    return WORDS[incident.scope].put_into(sentence, yours=yours(incident, accounts), reason=reason(incident))


def scoped(incident: Incident) -> Callable[[str], str]:
    """Return what makes of a reference one that names the scope of a problem, if it is within that."""
    return subscription_of if incident.is_shared else str


def yours(incident: Incident, accounts: Iterable[str]) -> str:
    """Return "your accounts", with the scope of the problem if there are others."""
    return f"your accounts{place_among(incident.scope, map(scoped(incident), accounts))}"


def recovery(incident: Incident, accounts: Iterable[str] = ()) -> str:
    """Return the first line of a problem that ended, with how long nothing could be seen."""
    start, end = incident.unseen
    blind = f"{span(end - start)} ({stretch(start, end)})"
    if incident.ending is Ending.UNWATCHED:
        return f"⚪ I do not watch this any more, as my settings do not name it. It was: {reason(incident)}"
    if incident.problem is ServiceProblem.AWAY:
        return f"👀 I have no record of {blind}. {reason(incident)} I am watching again."
    return f"✅ I can see {yours(incident, accounts)} again. I was blind for {blind}."


def _recovered(incident: Incident, incidents: Incidents, accounts: Accounts) -> MessageContent:
    if incident.ending is Ending.UNWATCHED:
        return MessageContent(headed(recovery(incident)))
    embed = discord.Embed(
        title="✅ Watching again", description=f"Cause: {reason(incident)}", colour=discord.Colour.green()
    )
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
    groups = {"Newly flagged": found, "Not flagged any more": gone, "Disabled without a reason": disabled}
    lines = [f"{words}: {naming(_names(each, accounts))}." for words, each in groups.items() if each]
    others = {provider_of(each) for each in accounts} - {incident.provider}
    return "\n".join(lines) or (None if any(map(incident.is_shared_with, others)) else "Nothing changed.")


def _is_disabled(incident: Incident) -> bool:
    """Return whether an account whose flag is not listed any more is disabled all the same."""
    is_listed_so = incident.state is State.OPEN and incident.clear_since is not None
    return (is_listed_so and not incident.from_command) or incident.ending in DISABLED


def _last_seen(incidents: Incidents, accounts: Accounts) -> str:
    needing = [each for each in incidents.values() if each.reference in accounts and each.state in NEEDING]
    flagged = [each for each in needing if not each.is_soft]
    listed = sum(each.is_listed for each in accounts.values())
    if not flagged:
        return f"{count(listed, '{n} account[|s]')}, none flagged."
    names = naming(_names(flagged, accounts))
    return f"{count(listed, '{n} account[|s]')}, {whole(len(flagged))} flagged: {names}."


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
            return "⚠️ Accounts are missing"
        case ServiceProblem.PENDING:
            return f"⚠️ {WORDS[incident.scope].refusal.capitalize()} instead of the list"
        case _:
            return "⚠️ Not watching now"


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


def _steps(incident: Incident) -> str:
    words = WORDS[incident.scope]
    way_out = cause_texts(incident.cause or Cause.SILENT, incident.scope)[1]
    is_own = incident.cause in (Cause.NEEDS_REDIS, *words.errors)
    is_for_a_person = is_own and not way_out.startswith("If the problem lasts")
    match incident.problem or ServiceProblem.UNREACHABLE:
        case ServiceProblem.UNREACHABLE if is_for_a_person:
            tasks = f"{way_out}\nThen wait: this message turns green once {words.service} answers."
        case ServiceProblem.UNREACHABLE:
            tasks = f"Nothing yet: I keep trying, and this message turns green once it answers.\n{way_out}"
        case ServiceProblem.GONE if incident.cause is Cause.WEB_PAGE:
            tasks = f"{way_out}\n{OTHER_ADDRESS}"
        case ServiceProblem.PENDING if incident.flag is None:
            tasks = PENDING_ELSEWHERE
        case ServiceProblem.PENDING:
            tasks = PENDING_STEPS
        case problem:
            tasks = words.problem_steps[problem]
    return numbered(words.put_into(tasks))
