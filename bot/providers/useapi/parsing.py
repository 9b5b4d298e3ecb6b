"""Pure parsers of the API's responses. Their results hold no JSON and no Discord token of an account.

Each parser calls `raise_for_error` first. The shapes are those of the useapi.net docs (API v2). Where these
contradict each other, both shapes are read.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final, cast

from bot.domain.account_info import InfoSnapshot, label_in_title, parse_info
from bot.domain.accounts import Account, Flag, is_channel
from bot.domain.actions import ChangeOutcome, SaveResult
from bot.domain.errors import ErrorCode
from bot.domain.providers import USEAPI, reference_to
from bot.domain.services import MIDJOURNEY, SERVICES
from bot.providers.errors import MalformedResponse, Unreachable
from bot.providers.failures import require_body
from bot.providers.http_response import (
    ApiRequest,
    ApiResponse,
    fields_of,
    is_object,
    key_place,
)
from bot.providers.redaction import HIDDEN, TOKEN_PATTERN, redact, secrets_in
from bot.providers.useapi.error_mapping import MODERATION, pending, pending_text, refusal

CREDENTIALS: Final = ("discord",)
"""Fields whose values are kept nowhere, and hidden where another field repeats them."""
LONGEST_JOB: Final = timedelta(minutes=15)
FIELDS: Final = frozenset({"channel", "discord", "server", "maxJobs", "pendingModMessage", "error"})
"""The fields of an entry that are read. The next version of the API has the flag in `error`."""
ID_TYPES: Final = (str, int, type(None))
JOBS: Final = re.compile(r"[0-9]{1,5}|100000")
Entry = Mapping[str, object]


def raise_for_error(response: ApiResponse, request: ApiRequest) -> None:
    """Raise the error that a response stands for, unless it is a success.

    1. A status or a code of 596 or 569 is a flag, whatever the other one is.
    2. Otherwise the status decides.
    3. A success with a web page, with too long a body, or with the code of an error is an error.
    """
    code = response.code
    if response.status in MODERATION or code in MODERATION:
        raise pending(response, request)
    if not response.success:
        raise refusal(response, request)
    require_body(response)
    if code is not None and code >= HTTPStatus.MULTIPLE_CHOICES:
        raise MalformedResponse("code")


def is_empty_list(response: ApiResponse) -> bool:
    """Return whether the API itself, not a server in front of it, answers 404: no account is configured."""
    is_of_edge = response.page or response.is_turned_away or response.edge_code is not None
    return response.status == HTTPStatus.NOT_FOUND and not is_of_edge


def entries_of(value: object) -> list[tuple[str, str | int, object]]:
    """Return the entries of the list, each with its key, which is empty in an array, and its place."""
    if is_object(value):
        return [(key, key, entry) for key, entry in fields_of(value).items()]
    if isinstance(value, list):
        return [("", place, entry) for place, entry in enumerate(cast("list[object]", value))]
    raise MalformedResponse("accounts")


def entry_of(value: object, at: str | int | None = None) -> Entry:
    """Return the fields of an entry. Raise if they are no account's; `at` is its place in a list."""
    fields = fields_of(value)
    jobs = fields.get("maxJobs")
    if type(fields.get("channel")) not in ID_TYPES:
        fault = ".channel"
    elif type(fields.get("server")) not in ID_TYPES:
        fault = ".server"
    elif jobs is not None and not JOBS.fullmatch(str(jobs)):
        fault = ".maxJobs"
    elif FIELDS.isdisjoint(fields):
        fault = ": no known field" if is_object(value) else ""
    else:
        return fields
    raise MalformedResponse(("account" if at is None else f"accounts[{key_place(at)}]") + fault)


def parse_account(response: ApiResponse, request: ApiRequest) -> Account:
    """Parse the one account that was asked for."""
    raise_for_error(response, request)
    account = account_from_entry(single_entry(response), request.key or "")
    if account.reference != request.key:
        raise MalformedResponse("account.channel")
    return account


def parse_account_with_token(response: ApiResponse, request: ApiRequest) -> Account | None:
    """Return the account whose token the client has hidden in this list; None if there is none.

    Raises:
        ProviderError: the list cannot be read, or does not show every token.
    """
    if is_empty_list(response):
        return None
    raise_for_error(response, request)
    listed = entries_of(require_json(response, once=True))
    entries = [(key, entry_of(entry, place)) for key, place, entry in listed]
    for key, entry in entries:
        if entry.get("discord") == HIDDEN:
            return account_from_entry(entry, key)
    # The API's jobs show a part of a token.
    if not all(TOKEN_PATTERN.fullmatch(str(entry.get("discord"))) for _, entry in entries):
        raise Unreachable(ErrorCode.TOKEN_HIDDEN)
    return None


def single_entry(response: ApiResponse) -> Entry:
    """Return the entry of a body that is one account. It has at least one field of an account."""
    entry = entry_of(require_json(response, once=True))
    if not has_known_field(entry):
        raise MalformedResponse("account: no known field")
    return entry


def has_known_field(entry: Entry) -> bool:
    """Return whether an entry has a field that only accounts have."""
    return not entry.keys().isdisjoint({"channel", "discord", "maxJobs"})


def account_from_entry(entry: Entry, key: str) -> Account:
    """Return the account of an entry. An entry without a channel has it as its key."""
    channel = str(entry.get("channel") or "") or (key if key.isdecimal() or has_known_field(entry) else "")
    if not channel:
        raise MalformedResponse(f"accounts[{key_place(key)}].channel")
    jobs = None if entry.get("maxJobs") is None else int(str(entry["maxJobs"]))
    pending = pending_text(entry.get("pendingModMessage") or entry.get("error"))
    server = str(entry.get("server"))
    return Account(
        channel
        if channel.isdecimal()
        else reference_to(USEAPI, redact(channel, secrets_in(entry, CREDENTIALS))),
        jobs,
        Flag.of(redact(str(pending), secrets_in(entry, CREDENTIALS))) if pending else None,
        server if is_channel(server) else None,  # it becomes part of a link
    )


def parse_saved_account(response: ApiResponse, request: ApiRequest, jobs: int) -> SaveResult:
    """Parse the response to a create-or-update: 201 is created, 200 updated. The body may be missing."""
    raise_for_error(response, request)
    created = {200: False, 201: True}.get(response.status)
    entry = single_entry(response) if response.length else None
    account = account_from_entry(entry, "") if entry and entry.get("channel") else None
    return SaveResult(ChangeOutcome.DONE, account, jobs, created)


def parse_subscription_active(response: ApiResponse, request: ApiRequest) -> bool | None:
    """Parse whether the subscription is active (useapi.net docs, GET account). None: it does not say."""
    raise_for_error(response, request)
    fields = fields_of(require_json(response))
    if not fields:
        raise MalformedResponse("account")
    active = fields.get("subscriptionIsActive")
    return active if isinstance(active, bool) else None


def parse_services(response: ApiResponse, request: ApiRequest) -> frozenset[str]:
    """Parse which services have accounts (useapi.net docs, GET account).

    Its names of them are matched by their first word: one sample has "Runway AP".
    """
    raise_for_error(response, request)
    counted = fields_of(require_json(response)).get("accounts")
    if not is_object(counted):
        raise MalformedResponse("account.accounts")
    names = {MIDJOURNEY: MIDJOURNEY} | {each.title.split()[0].casefold(): each.name for each in SERVICES}
    having = [name for name, counts in fields_of(counted).items() if any(fields_of(counts).values())]
    words = {name.casefold().partition(" ")[0] for name in having}
    return frozenset(names[word] for word in words & names.keys())


def parse_report(response: ApiResponse, request: ApiRequest) -> InfoSnapshot:
    """Parse a finished `/info` job: its text is in `content` or an embed, whose title names the account.

    How long Midjourney took is by the clock of the API, if it says so.
    """
    raise_for_error(response, request)
    job = fields_of(value := require_json(response))
    if not is_object(value):
        raise MalformedResponse("job")
    channel = str(job.get("channel"))
    if is_channel(channel) and channel != request.key:
        raise MalformedResponse("job.channel")
    if job.get("status") not in (None, "completed"):
        raise Unreachable(ErrorCode.UNFINISHED, quote=response.error_text)
    title, described = info_embed(job.get("embeds"))
    text = text_in(job, "content", "job").strip() or described.strip()
    if not text:
        raise MalformedResponse("job.content")
    secrets = secrets_in(job, CREDENTIALS)
    name = label_in_title(redact(title, secrets))
    return InfoSnapshot(response.at, job_length(job), parse_info(redact(text, secrets, limit=8_000), name))


def info_embed(embeds: object) -> tuple[str, str]:
    """Return title and description of the embed titled "Your info", else of the first with a description."""
    if not isinstance(embeds, list | None):
        raise MalformedResponse("job.embeds")
    shown: list[tuple[str, str]] = []
    for number, embed in enumerate(cast("list[object]", embeds or [])):
        place = f"job.embeds[{number}]"
        shown.append((text_in(embed, "title", place), text_in(embed, "description", place)))
    titled = next((each for each in shown if each[0].casefold().startswith("your info")), None)
    return titled or next((each for each in shown if each[1]), ("", ""))


def text_in(part: object, name: str, place: str) -> str:
    """Return a text of a part of the body; empty for none."""
    value = fields_of(part).get(name)
    if not isinstance(value, str | None):
        raise MalformedResponse(f"{place}.{name}")
    return value or ""


def job_length(job: Mapping[str, object]) -> timedelta | None:
    """Return how long a job took; None if the times of the API make no sense."""
    created, updated = time_of(job.get("created")), time_of(job.get("updated"))
    if created is None or updated is None:
        return None
    length = updated - created
    return length if timedelta() <= length <= LONGEST_JOB else None


def time_of(value: object) -> datetime | None:
    """Parse a time of the API (ISO 8601, UTC); None for anything else."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return time if time is not None and time.tzinfo is not None else None


def require_json(response: ApiResponse, *, once: bool = False) -> object:
    """Return the JSON of a response. `once` refuses an object that has a key twice."""
    fault = response.parsed.fault or (response.repeated if once else None)
    if fault is not None:
        raise MalformedResponse(fault)
    return response.parsed.value
