"""Whose token it is: the account that the API's list shows with one given Discord token."""

from bot.domain.accounts import Account
from bot.providers.errors import Unreachable
from bot.providers.redaction import HIDDEN, TOKEN_PATTERN
from bot.providers.useapi.error_mapping import LATER
from bot.providers.useapi.http_response import ApiRequest, ApiResponse
from bot.providers.useapi.parsing import account_of, entries_of, is_empty_list, raise_for_error, require_json
from bot.providers.useapi.shapes import Entry


def parse_holder(answer: ApiResponse, question: ApiRequest) -> Account | None:
    """Find the account whose token was hidden in this list, which the client does before anything reads it.

    Raises:
        UseapiError: the list cannot be read, or does not show each token, so that the account may be there.
    """
    if is_empty_list(answer):
        return None
    raise_for_error(answer, question)
    entries = list(entries_of(require_json(answer, once=True)))
    for key, entry in entries:
        if entry.get("discord") == HIDDEN:
            return account_of(entry, key)
    if not all(shows_token(entry) for _, entry in entries):
        raise Unreachable("The API's list does not show whose a token is.", LATER, transient=False)
    return None


def shows_token(entry: Entry) -> bool:
    """Whether an entry shows a whole token, and not a part of one as the API's jobs do."""
    token = entry.get("discord")
    return isinstance(token, str) and TOKEN_PATTERN.fullmatch(token) is not None
