"""The facts in the API's answers: pure parsers, beyond which there is no JSON and no account's Discord token.

`raise_for_error` raises for all that is not a success; each parser goes through it first. The shapes are
those of the useapi.net docs (API v2); where these contradict each other, both shapes are read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from types import MappingProxyType
from typing import Final

from bot.domain.account_info import Info, SubscriptionStatus
from bot.domain.accounts import Account, Flag, SavedAccount, is_channel
from bot.providers.errors import Unreachable, UseapiError
from bot.providers.midjourney_info import label_in_title, parse_info
from bot.providers.redaction import redact
from bot.providers.useapi.error_mapping import (
    LATER,
    MODERATION,
    malformed,
    pending,
    refusal,
    turned_away,
    web_page,
)
from bot.providers.useapi.http_response import (
    ApiRequest,
    ApiResponse,
    count_of,
    fields_of,
    is_object,
    key_place,
    words_of,
)
from bot.providers.useapi.shapes import ENTRIES, ENTRY, JOB, KEYED_ENTRIES, Embed, Entry, Job, validated

LONGEST_JOB: Final = timedelta(minutes=15)
UNTOLD: Final = "The API flags the account, and says no more."
NOTHING: Final[Mapping[str, Account]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Report:
    """What `/info` said, and how long Midjourney took by the API's own clock, if it says so."""

    info: Info
    took: timedelta | None


def raise_for_error(answer: ApiResponse, question: ApiRequest) -> None:
    """Raise what the answer stands for, unless it is a success.

    1. A status or code of 596 or 569 is a flag, whatever the other of the two says.
    2. Otherwise the status decides.
    3. A success with a web page, with more than may be read, or with the code of an error, is none.
    """
    code = answer.code
    if answer.status in MODERATION or code in MODERATION:
        raise pending(answer, question)
    if not answer.success:
        raise refusal(answer, question)
    if answer.length is None:
        raise malformed(answer.loaded.fault or "")
    if answer.is_turned_away:
        raise turned_away(answer)
    if answer.page:
        raise web_page()
    if code is not None and code >= 300:  # noqa: PLR2004 - the API's codes are HTTP's
        raise malformed("code")


def is_empty_list(answer: ApiResponse) -> bool:
    """Return whether the API itself says with a 404 that no account is configured."""
    is_of_edge = answer.page or answer.is_turned_away or answer.edge_code is not None
    return answer.status == 404 and not is_of_edge  # noqa: PLR2004 - RFC 9110


def require_success(answer: ApiResponse, question: ApiRequest) -> None:
    """Read the answer to a command of which only the success counts: any body, or none."""
    raise_for_error(answer, question)


def parse_accounts(
    answer: ApiResponse, question: ApiRequest, before: Mapping[str, Account] = NOTHING
) -> tuple[Account, ...]:
    """Read the list of accounts: an object keyed by channel, or an array.

    A 404 that is no web page is an empty list. A list is believed whole or not at all: an entry without a
    single field that is known says nothing of its account, least of all that it is well. An account that is
    as it was `before` is given as the same object.
    """
    if is_empty_list(answer) and answer.code not in MODERATION:
        return ()
    raise_for_error(answer, question)
    accounts = tuple(
        account_of(entry, key, before) for key, entry in entries_of(require_json(answer, once=True))
    )
    if len({account.channel for account in accounts}) < len(accounts):
        raise malformed("accounts: a channel twice")
    return accounts


def entries_of(value: object) -> Iterable[tuple[str, Entry]]:
    """Return each entry of the list with its key, which in an array is empty."""
    if is_object(value):
        return validated(KEYED_ENTRIES.validate_python, value, "accounts").items()
    return (("", entry) for entry in validated(ENTRIES.validate_python, value, "accounts"))


def parse_account(answer: ApiResponse, question: ApiRequest) -> Account:
    """Read the one account that was asked for."""
    raise_for_error(answer, question)
    account = account_of(single_entry(answer), question.channel or "")
    if account.channel != question.channel:
        raise malformed("account.channel")
    return account


class RememberedList:
    """A parser of the list that gives the same accounts for the same bytes without reading them again.

    Most looks show what the last one showed. Of the bytes, which hold tokens, only a digest is kept.
    """

    def __init__(self) -> None:
        self._digest = b""
        self._accounts: tuple[Account, ...] = ()

    def __call__(self, answer: ApiResponse, question: ApiRequest) -> tuple[Account, ...]:
        """Read the list, or remember it."""
        if answer.status != 200 or answer.body is None:  # noqa: PLR2004 - RFC 9110, 15.3.1
            return parse_accounts(answer, question)
        digest = blake2b(answer.body).digest()
        if digest != self._digest:
            before = {account.channel: account for account in self._accounts}
            self._accounts = parse_accounts(answer, question, before)
            self._digest = digest
        return self._accounts


def single_entry(answer: ApiResponse) -> Entry:
    """Read a body that is one account; one that says nothing of an account is none."""
    entry = validated(ENTRY.validate_python, require_json(answer, once=True), "account")
    if not describes(entry):
        raise malformed("account: no known field")
    return entry


def describes(entry: Entry) -> bool:
    """Return whether an entry says anything that only an account has."""
    return not entry.keys().isdisjoint({"channel", "discord", "maxJobs"})


def account_of(entry: Entry, key: str, before: Mapping[str, Account] = NOTHING) -> Account:
    """Turn an entry into an account; where it has no channel of its own, its key is one."""
    if not entry:  # what is left of it are the fields of Entry
        raise malformed(f"accounts[{key_place(key)}]: no known field")
    channel = str(entry.get("channel") or "") or (key if key.isdecimal() or describes(entry) else "")
    if not channel:
        raise malformed(f"accounts[{key_place(key)}].channel")
    jobs = entry.get("maxJobs")
    said = words_of(entry.get("pendingModMessage") or entry.get("error"))
    known = before.get(channel)
    if known and not said and (known.max_jobs, known.flag, known.server) == (jobs, None, entry.get("server")):
        return known  # of 10,000 accounts, few change at a time
    return Account(
        channel if channel.isdecimal() else redact(channel),
        None if jobs is None else int(jobs),
        flag_of(said, entry.get("discord")) if said else None,
        server_of(entry.get("server")),
    )


def flag_of(said: object, token: object) -> Flag:
    """Read a flag, from which the token of its account is taken should it repeat that."""
    return Flag.of(redact(str(said), token if isinstance(token, str) else None) or UNTOLD)


def server_of(server: str | int | None) -> str | None:
    """Read the id of a server, which becomes part of a link; None for anything else."""
    text = str(server) if server else ""
    return text if is_channel(text) else None


def parse_saved_account(answer: ApiResponse, question: ApiRequest) -> SavedAccount:
    """Read the answer to a create-or-update: 201 is created, 200 updated; the body may be missing."""
    raise_for_error(answer, question)
    created = {200: False, 201: True}.get(answer.status)
    if answer.length == 0:
        return SavedAccount(None, created)
    entry = single_entry(answer)
    return SavedAccount(account_of(entry, "") if entry.get("channel") else None, created)


def parse_standing(answer: ApiResponse, question: ApiRequest) -> SubscriptionStatus:
    """Read what the API says of the subscription (useapi.net docs, GET account); what is odd is unknown."""
    raise_for_error(answer, question)
    fields = fields_of(require_json(answer))
    if not fields:
        raise malformed("account")
    active = fields.get("subscriptionIsActive")
    services = fields_of(fields.get("accounts"))
    name = next((name for name in services if "midjourney" in name.casefold()), "")
    midjourney = fields_of(services.get("Midjourney API") or services.get(name))
    return SubscriptionStatus(
        active=active if isinstance(active, bool) else None,
        accounts=count_of(midjourney.get("total")),
        accounts_in_error=count_of(midjourney.get("error")),
    )


def parse_report(answer: ApiResponse, question: ApiRequest) -> Report:
    """Read a finished `/info` job: text in `content`, else in an embed; its title names the account."""
    raise_for_error(answer, question)
    job = validated(JOB.validate_python, require_json(answer), "job")
    channel = str(job.get("channel"))
    if is_channel(channel) and channel != question.channel:
        raise malformed("job.channel")
    if job.get("status") not in {None, "completed"}:
        raise unfinished(answer)
    embed = info_embed(job.get("embeds") or [])
    text = (job.get("content") or "").strip() or (embed.get("description") or "").strip()
    if not text:
        raise malformed("job.content")
    name = label_in_title(redact(embed.get("title") or ""))
    return Report(parse_info(redact(text, limit=8_000), name), job_length(job))


def info_embed(embeds: list[Embed]) -> Embed:
    """Choose the embed titled "Your info", else the first that describes something."""
    titled = (embed for embed in embeds if (embed.get("title") or "").casefold().startswith("your info"))
    described = (embed for embed in embeds if embed.get("description"))
    return next(titled, None) or next(described, None) or Embed()


def unfinished(answer: ApiResponse) -> UseapiError:
    """Word a job that the API accepted, and that did not come to an end."""
    return Unreachable(
        "Midjourney did not finish the command.", LATER, transient=False, quote=answer.error_text
    )


def job_length(job: Job) -> timedelta | None:
    """Return how long a job took, if the API's two times make sense."""
    created, updated = time_of(job.get("created")), time_of(job.get("updated"))
    if created is None or updated is None:
        return None
    length = updated - created
    return length if timedelta() <= length <= LONGEST_JOB else None


def time_of(value: object) -> datetime | None:
    """Read a time as the API writes it (ISO 8601, UTC)."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return time if time is not None and time.tzinfo is not None else None


def require_json(answer: ApiResponse, *, once: bool = False) -> object:
    """Return the JSON of an answer that must have one; `once`: it must not say a thing twice."""
    fault = answer.loaded.fault or (answer.loaded.repeated if once else None)
    if fault is not None:
        raise malformed(fault)
    return answer.loaded.value
