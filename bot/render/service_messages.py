"""Messages about the service: what is wrong, what to do, and what changed meanwhile."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, assert_never

import discord

from bot.domain.accounts import KnownAccount
from bot.domain.errors import Cause
from bot.domain.incidents import Ending, Incident, ServiceProblem
from bot.render.account_cards import add_field
from bot.render.alert_items import LABEL_LIMIT, NEEDING, known_account, naming, stretch
from bot.render.error_messages import cause_texts
from bot.render.message_content import MessageContent, headed
from bot.render.text import code_block, count, escape, exactly, fitted, span, whole

BLIND: Final = "Meanwhile I cannot see new flags. Alerts about accounts stay as they are, without reminders."
REFUSED: Final = (
    "Meanwhile I cannot see new flags. Alerts about accounts stay as they are, with their reminders."
)
GAPS: Final = "Meanwhile I watch the accounts that are left. Alerts about the others stay as they are."
TITLES: Final = {
    ServiceProblem.LIST_GONE: "⚠️ Accounts are missing",
    ServiceProblem.PENDING: "⚠️ Error 596 instead of the list",
}
VANISHED: Final = (
    "Accounts have vanished: useapi.net lists none of yours any more, or less than half.",
    "Accounts are still missing: useapi.net lists none of yours any more, or less than half.",
)
"""The first line of an alert, and that of a reminder."""
UNNAMED: Final = (
    "One of your accounts needs you: useapi.net does not say which (error 596).",
    "One of your accounts still needs you: useapi.net does not say which (error 596).",
)
"""As above, if an error 596 stands in place of the list."""
PROBLEMS: Final[Mapping[ServiceProblem, str]] = {
    ServiceProblem.UNREACHABLE: cause_texts(Cause.SILENT)[0],
    ServiceProblem.TOKEN: "useapi.net refused the API token.",
    ServiceProblem.UNPAID: "Your useapi.net subscription has expired or does not cover all accounts.",
    ServiceProblem.GONE: "useapi.net has shut down its Midjourney service.",
    ServiceProblem.LIST_GONE: "Most or all accounts are missing from useapi.net's list.",
    ServiceProblem.PENDING: "useapi.net answers with error 596 instead of the list.",
    ServiceProblem.AWAY: "I was not running, or an older database was put back.",
}
"""The problem of an incident whose cause is not known."""
LINKS_LIMIT: Final = 900
SAME_POLL: Final = timedelta(minutes=1)


def service_content(
    incident: Incident,
    incidents: Mapping[str, Incident],
    accounts: Mapping[str, KnownAccount],
    note: str | None = None,
    *,
    reminds: bool = False,
) -> MessageContent:
    """Return the alert about a service problem, its reminder, or its end."""
    if incident.ended:
        return _recovered(incident, incidents, accounts)
    problem = incident.problem or ServiceProblem.UNREACHABLE
    embed = discord.Embed(
        title=TITLES.get(problem, "⚠️ Not watching now"),
        description="\n".join(
            [f"No successful check since {exactly(window(incident)[0])}.", _meanwhile(problem)]
        ),
        colour=discord.Colour.red(),
    )
    if incident.flag is not None:
        add_field(embed, "The API says", code_block(incident.flag.text))
        add_field(embed, "Your accounts", _links(accounts))
    add_field(embed, "When last seen", _last_seen(incidents, accounts))
    add_field(embed, "What to do", _steps(incident))
    add_field(embed, "About this message", note)
    return MessageContent(
        headed(f"{'⏰' if reminds else '⚠️'} {headline(incident, reminds=reminds)}"), (embed,)
    )


def headline(incident: Incident, *, reminds: bool = False) -> str:
    """Return the first line of an alert or a reminder."""
    if incident.problem is ServiceProblem.LIST_GONE:
        return VANISHED[reminds]
    if incident.flag is not None:
        return UNNAMED[reminds]
    first = "I still cannot see your accounts." if reminds else "I cannot see your accounts."
    return f"{first} {reason(incident)}"


def recovery(incident: Incident) -> str:
    """Return the first line of a problem that ended, with how long nothing could be seen."""
    start, end = window(incident)
    blind = f"{span(end - start)} ({stretch(start, end)})"
    if incident.ending is Ending.UNWATCHED:
        return f"⚪ I do not watch this any more, as my settings do not name it. It was: {reason(incident)}"
    if incident.problem is ServiceProblem.AWAY:
        return f"👀 I have no record of {blind}. {reason(incident)} I am watching again."
    return f"✅ I can see your accounts again. I was blind for {blind}."


def window(incident: Incident) -> tuple[datetime, datetime]:
    """Return the period in which nothing could be seen."""
    start = incident.blind_from or incident.opened_at
    return start, max(start, incident.blind_until or incident.ended_at or incident.seen_at)


def _recovered(
    incident: Incident, incidents: Mapping[str, Incident], accounts: Mapping[str, KnownAccount]
) -> MessageContent:
    if incident.ending is Ending.UNWATCHED:
        return MessageContent(headed(recovery(incident)))
    embed = discord.Embed(
        title="✅ Watching again",
        description=f"Cause: {reason(incident)}",
        colour=discord.Colour.green(),
    )
    add_field(embed, "What changed meanwhile", changes(incident, incidents, accounts))
    return MessageContent(headed(recovery(incident)), (embed,))


def changes(
    incident: Incident, incidents: Mapping[str, Incident], accounts: Mapping[str, KnownAccount]
) -> str:
    """Return which accounts were flagged or cleared meanwhile."""
    start, end = window(incident)
    touched = [
        each
        for each in incidents.values()
        if each.channel and each.blind_until and start <= each.blind_until <= end + SAME_POLL
    ]
    found = [each for each in touched if each.opened_at >= start]
    gone = [each for each in touched if each.opened_at < start]
    lines = [
        f"{words}: {naming(_names(each, accounts))}."
        for words, each in (("Newly flagged", found), ("Not flagged any more", gone))
        if each
    ]
    return "\n".join(lines) or "Nothing changed."


def _last_seen(incidents: Mapping[str, Incident], accounts: Mapping[str, KnownAccount]) -> str:
    flagged = [each for each in incidents.values() if each.channel and each.state in NEEDING]
    listed = sum(each.is_listed for each in accounts.values())
    if not flagged:
        return f"{count(listed, 'account')}, none flagged."
    names = naming(_names(flagged, accounts))
    return f"{count(listed, 'account')}, {whole(len(flagged))} flagged: {names}."


def _names(incidents: Sequence[Incident], accounts: Mapping[str, KnownAccount]) -> list[str]:
    ordered = sorted(incidents, key=lambda each: (each.opened_at, each.key))
    return [escape(known_account(each.channel or "", accounts).label, LABEL_LIMIT) for each in ordered]


def _links(accounts: Mapping[str, KnownAccount]) -> str | None:
    """Return links to the channels in which the message may be."""
    lines = [_link(each) for each in accounts.values() if each.is_listed]
    return fitted(lines, len(lines), LINKS_LIMIT) if lines else None


def _link(account: KnownAccount) -> str:
    name, link = escape(account.label, LABEL_LIMIT), account.account.link
    return f"[{name}]({link})" if link else name


def _meanwhile(problem: ServiceProblem) -> str:
    return {ServiceProblem.LIST_GONE: GAPS, ServiceProblem.PENDING: REFUSED}.get(problem, BLIND)


def reason(incident: Incident) -> str:
    """Return the sentence that says why an incident of the service opened."""
    return problem_sentence(incident.problem or ServiceProblem.UNREACHABLE, incident.cause)


def problem_sentence(problem: ServiceProblem, cause: Cause | None) -> str:
    """Return the sentence for a problem: that of its cause, if it is known."""
    return PROBLEMS[problem] if cause is None else cause_texts(cause)[0]


def _steps(incident: Incident) -> str:
    problem = incident.problem or ServiceProblem.UNREACHABLE
    match problem:
        case ServiceProblem.UNREACHABLE:
            tasks = (
                "Nothing yet: I keep trying, and this message turns green once it answers.",
                cause_texts(incident.cause or Cause.SILENT)[1],
            )
        case ServiceProblem.TOKEN:
            tasks = (
                "Copy the token from your account at useapi.net, whole, with its `user:`.",
                "Put it into USEAPI_TOKEN and restart me.",
            )
        case ServiceProblem.UNPAID:
            tasks = (
                "Renew or extend the subscription at useapi.net.",
                "Then press Refresh in /mjstatus, or wait: I check every 15 min.",
            )
        case ServiceProblem.GONE if incident.cause is Cause.WEB_PAGE:
            tasks = (
                cause_texts(incident.cause)[1],
                "Put the right address into USEAPI_URL and restart me, or stop me if there is none.",
            )
        case ServiceProblem.GONE:
            tasks = (
                "The vendor announced that useapi.net ends its Midjourney service on 2026-06-24.",
                "If another server offers you the same API, put its address into USEAPI_URL and restart me.",
                "If none does, stop me: there is nothing left to watch.",
            )
        case ServiceProblem.LIST_GONE:
            tasks = (
                "Check at useapi.net that your accounts are still configured, and add what is missing.",
                "If USEAPI_TOKEN was changed, check that it belongs to the same subscription.",
                "If you removed them there yourself, use /mjremove for each, so that I know.",
            )
        case ServiceProblem.PENDING if incident.flag is None:
            tasks = (
                "Do what the message about the account says.",
                "This one turns green when the API lists your accounts again.",
            )
        case ServiceProblem.PENDING:
            tasks = (
                "Open the Midjourney channel of each account with its own Discord login.",
                "Do there what the message asks for.",
                "Only then use /mjreset and pick that account: I cannot see which one it is.",
                "This message turns green when the API lists your accounts again.",
            )
        case ServiceProblem.AWAY:
            tasks = ("Nothing: I am running again.",)
        case _:
            assert_never(problem)
    return "\n".join(f"{number}. {task}" for number, task in enumerate(tasks, start=1))
