"""Every way of not answering, put into a member of the error family: one plain sentence, and what to do next.

The statuses, codes and messages are those of the useapi.net docs (API v2) and of the vendor's OpenAPI file.
"""

import re
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from bot.domain.accounts import Flag, is_channel
from bot.domain.causes import Cause
from bot.providers.errors import (
    Gone,
    MalformedResponse,
    NotConfigured,
    PendingModeration,
    RateLimited,
    Rejected,
    Unauthorized,
    Unpaid,
    Unreachable,
    UseapiError,
)
from bot.providers.useapi.http_response import ApiRequest, ApiResponse, Endpoint

# 596 is the code; one sentence of the docs of POST jobs/info writes 569.
MODERATION: Final = frozenset({596, 569})
CHANNEL_IN_PATH: Final = re.compile(r"/([0-9]{17,20})(?![0-9])")
CHANNEL_IN_JOBID: Final = re.compile(r"-channel:([0-9]{17,20})(?![0-9])")
NO_WORDS: Final = "useapi.net reports a pending moderation message or CAPTCHA, without details."

READS: Final = frozenset({Endpoint.LIST, Endpoint.ACCOUNT, Endpoint.SUBSCRIPTION})
"""What is asked without any work for Midjourney."""
REFUSED_IN_JSON: Final = frozenset({401, 402, 403})
"""What the API documents with a body that says so."""
TURNED_AWAY: Final = "The token is fine: wait, or ask useapi.net whether it blocks this machine's address."
LATER: Final = "Try again in a few minutes."
CHECK_FIRST: Final = "It may have been done: check with /mjaccounts before you try again."
CHECK_URL: Final = "Check USEAPI_URL, and whether useapi.net still offers its Midjourney API."
REPORT: Final = "Try again later. If it keeps happening, the API has changed and Midwatch needs an update."

# What the API says against what a person gave, in the words of the docs, with our sentence and the next step.
# `{n}` stands for what the groups of the pattern caught, which is digits alone.
COMPLAINTS: Final[tuple[tuple[re.Pattern[str], str, str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), what, next_step)
    for pattern, what, next_step in (
        (
            r"param discord is missing or empty",
            "useapi.net got no Discord token for the account.",
            "Enter the Discord token of the account and try again.",
        ),
        (
            r"param maxJobs ([0-9]{1,6}) can't be more tha[tn] ([0-9]{1,6})",
            "useapi.net allows at most {1} jobs at a time for this account, not {0}.",
            "Choose a number of jobs up to {1}.",
        ),
        (
            r"param maxJobs is missing or empty",
            "useapi.net needs to know how many jobs the account may run at a time.",
            "Give a number of jobs from 1 to 15.",
        ),
        (
            r"Channel ([0-9]{17,20}) configuration has same discord value",
            "This Discord token is already configured, for channel {0}.",
            "Use that account, or remove it first with /mjremove.",
        ),
        (
            r"configuration has same discord value",
            "This Discord token is already configured for another channel.",
            "Use that account, or remove it first with /mjremove.",
        ),
        (
            r"Channel ([0-9]{17,20}) configuration has same server value",
            "This Discord server is already configured, for channel {0}.",
            "Use another server for this account, or remove that account first with /mjremove.",
        ),
        (
            r"configuration has same server value",
            "This Discord server is already configured for another channel.",
            "Use another server for this account, or remove that account first with /mjremove.",
        ),
        (
            r"Midjourney bot not configured",
            "useapi.net found no conversation with the Midjourney Bot in this Discord account.",
            "Log in to Discord with that account, send the Midjourney Bot a direct message, and try again.",
        ),
        (
            r"param server is missing or empty",
            "useapi.net needs the Discord server of the account.",
            "Give the id of the Discord server the account is in.",
        ),
        (
            r"not valid Discord server id",
            "useapi.net does not accept this as the id of a Discord server.",
            "Copy the server's id from Discord and try again.",
        ),
        (
            r"not valid Discord channel id",
            "useapi.net does not accept this as the id of a Discord channel.",
            "Copy the channel's id from Discord and try again.",
        ),
        (
            r"not matching to /midjourney/channel",
            "useapi.net was given two different channels for one account.",
            "Give the same channel in both places.",
        ),
        (
            r"discord, server or channel value is missing",
            "useapi.net does not know which account to ask.",
            "Name one of the accounts that /mjaccounts shows.",
        ),
        (
            r"reply(?:Ref or reply)?Url is too long",
            "The API refuses a callback address or reference of this length.",
            "Give no more than 1,024 characters.",
        ),
    )
)


def refusal(answer: ApiResponse, question: ApiRequest) -> UseapiError:
    """Put an answer that is not a success, and no flag, into the error it stands for."""
    # The API says in JSON what it refuses: anything else says nothing of the token or the subscription.
    is_page = answer.page and answer.body is not None
    is_other = not answer.fields and answer.status in REFUSED_IN_JSON
    if answer.is_turned_away or is_other or (is_page and answer.status == HTTPStatus.TOO_MANY_REQUESTS):
        return turned_away(answer)
    if answer.edge_code is not None:
        return failing(answer)  # what stands in front says that the API's server is down
    return refusal_of_api(answer, question)


def refusal_of_api(answer: ApiResponse, question: ApiRequest) -> UseapiError:  # noqa: PLR0911 - a table
    """Put an answer of the API itself into the error it stands for."""
    match answer.status:
        case 401 | 403:
            return unauthorized(answer)
        case 402:
            return unpaid(answer)
        case 404 | 410:
            return gone(answer, question)
        case 504 if question.endpoint is Endpoint.INFO:
            return Unreachable(
                "Midjourney queued the command, and useapi.net lost track of it.",
                "Try again in a few minutes. If it happens often, lower the account's number of jobs.",
                cause=Cause.SERVER_ERROR,
                quote=answer.error_text,
            )
        case 429 if question.endpoint in READS:
            return limited(answer, "useapi.net limits how often it may be asked.")
        case 429:
            return limited(answer, "All job slots are busy, or Discord asks useapi.net to slow down.")
        case status if status == 408 or status >= 500:  # noqa: PLR2004 - RFC 9110, 15.5.9 and 15.6
            return failing(answer)
        case status if status < 400:  # noqa: PLR2004 - RFC 9110, 15.4
            return Unreachable(
                f"useapi.net sent a redirect (status {status}), and Midwatch follows none.",
                CHECK_URL,
                cause=Cause.REDIRECT,
                transient=False,
            )
        case _:
            return rejected(answer)


def turned_away(answer: ApiResponse) -> UseapiError:
    """Word an answer of something in front of the API: nobody knows what the API would say."""
    what = f"Something in front of useapi.net turns this machine away (status {answer.status})."
    wait = answer.retry_after
    if wait is not None:
        next_step = f"{TURNED_AWAY} It asks to be left alone for {length_of(wait)}."
        return RateLimited(what, next_step, retry_after=wait, cause=Cause.CHALLENGE)
    return Unreachable(what, TURNED_AWAY, cause=Cause.CHALLENGE, transient=False)


def pending(answer: ApiResponse, question: ApiRequest) -> PendingModeration:
    """Word a 596: Midjourney's text, its kind, and the account it is about."""
    flag = Flag.of(answer.error_text or NO_WORDS)
    channel = channel_of(answer, question)
    which = "this account" if channel else "an account that useapi.net does not name"
    return PendingModeration(
        f"Midjourney is waiting for a person to deal with {which}: a message or CAPTCHA is pending.",
        "Log in to Discord as that account, answer what Midjourney asks, and only then reset it.",
        flag=flag,
        channel=channel,
    )


def channel_of(answer: ApiResponse, question: ApiRequest) -> str | None:
    """Find the account of a 596: named in the body, else asked for, else in its words, else in its job id."""
    named = str(answer.fields.get("channel"))
    if is_channel(named):
        return named
    if question.channel:
        return question.channel
    jobid = answer.fields.get("jobid")
    found = CHANNEL_IN_PATH.search(answer.all_error_texts) or CHANNEL_IN_JOBID.search(str(jobid))
    return found[1] if found else None


def unauthorized(answer: ApiResponse) -> Unauthorized:
    """Word a 401 or 403."""
    return Unauthorized(
        "useapi.net refused the API token.",
        "Put the whole token from useapi.net, with its `user:`, into USEAPI_TOKEN and restart Midwatch.",
        quote=answer.error_text,
    )


def unpaid(answer: ApiResponse) -> Unpaid:
    """Word a 402, which has two causes."""
    if "exceeded" in answer.all_error_texts.casefold():
        return Unpaid(
            "Your useapi.net subscription does not cover another account.",
            "Remove an account, or extend the subscription at useapi.net.",
            cause=Cause.QUOTA,
            quote=answer.error_text,
        )
    return Unpaid(
        "Your useapi.net subscription is missing or has expired.",
        "Renew the subscription at useapi.net.",
        cause=Cause.SUBSCRIPTION,
        quote=answer.error_text,
    )


def gone(answer: ApiResponse, question: ApiRequest) -> Gone:
    """Word a 404 or 410: the service, or the one account that was asked about."""
    if answer.page:
        return Gone(
            "A web page answers instead of the API: the service may be gone, or USEAPI_URL may be wrong.",
            CHECK_URL,
            cause=Cause.WEB_PAGE,
        )
    if answer.status == 404 and question.channel:  # noqa: PLR2004 - RFC 9110, 15.5.5
        return NotConfigured(
            "The API has no such account configured.",
            "/mjaccounts shows which accounts there are.",
            quote=answer.error_text,
        )
    return Gone("useapi.net no longer offers this.", CHECK_URL, quote=answer.error_text)


def limited(answer: ApiResponse, what: str, cause: Cause = Cause.LIMITED) -> RateLimited:
    """Word a wish to be asked later."""
    wait = answer.retry_after
    next_step = LATER if wait is None else f"Try again in {length_of(wait)}."
    return RateLimited(what, next_step, retry_after=wait, cause=cause, quote=answer.error_text)


def length_of(wait: timedelta) -> str:
    """Say a length of time in seconds, or in minutes if it is long."""
    seconds = max(1, round(wait.total_seconds()))
    return f"{seconds} s" if seconds < 120 else f"{-(-seconds // 60)} minutes"  # noqa: PLR2004 - two minutes


def failing(answer: ApiResponse) -> UseapiError:
    """Word a failure on the other side; one that says when to come back is a limit on the rate."""
    if answer.retry_after is not None:
        return limited(
            answer,
            f"useapi.net has a server error ({answer.status}) and asks to be left alone for a while.",
            Cause.SERVER_ERROR,
        )
    return Unreachable(
        f"useapi.net has a server error ({answer.status}).",
        LATER,
        cause=Cause.SERVER_ERROR,
        quote=answer.error_text,
    )


def rejected(answer: ApiResponse) -> Rejected:
    """Word the API's refusal of what a person gave."""
    for pattern, what, next_step in COMPLAINTS:
        found = pattern.search(answer.all_error_texts)
        if found:
            return Rejected(
                what.format(*found.groups()), next_step.format(*found.groups()), quote=answer.error_text
            )
    if answer.status == 422:  # noqa: PLR2004 - RFC 9110, 15.5.21
        return Rejected(
            "Midjourney refused this one request.", "Change what you asked for.", quote=answer.error_text
        )
    return Rejected(
        f"useapi.net refused the request (status {answer.status}).",
        "Read what it says, correct what you entered, and try again."
        if answer.error_text
        else "It does not say why: check and correct what you entered, and try again.",
        quote=answer.error_text,
    )


def malformed(place: str) -> MalformedResponse:
    """Word a body that is not what the API documents."""
    return MalformedResponse(
        "useapi.net answered in a form that Midwatch does not know.", REPORT, place=place
    )


def web_page() -> Unreachable:
    """Word a web page where the answer of an API should be."""
    return Unreachable(
        "A web page answered instead of the API.", CHECK_URL, cause=Cause.WEB_PAGE, transient=False
    )
