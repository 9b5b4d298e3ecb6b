"""The parser of the list of accounts, which reads only what has changed since the list before."""

import re
from hashlib import blake2b
from typing import Final

from bot.domain.accounts import Account
from bot.providers.errors import MalformedResponse
from bot.providers.http_response import (
    ApiRequest,
    ApiResponse,
    fields_of,
    is_object,
    object_once,
    parse_json,
)
from bot.providers.useapi.error_mapping import MODERATION
from bot.providers.useapi.parsing import (
    account_from_entry,
    entries_of,
    entry_of,
    is_empty_list,
    raise_for_error,
    require_json,
)

ENTRY: Final = re.compile(rb"[ \t\r\n]*([{,])(.*)", re.DOTALL)
"""The text of an entry: what stands in front of it in an object, its key and its fields."""
BLANK: Final = b" \t\r\n"
PART: Final = 8
"""If no more than one entry in so many has changed, the others are not read."""


class RememberedList:
    """A parser of the list of accounts: an object keyed by channel, or an array.

    It reads only the entries that have changed since the list before, and nothing if the body has not. Of the
    body, which holds tokens, only a digest is kept, and of its entries their hashes.
    """

    def __init__(self) -> None:
        self._last: tuple[object, tuple[Account, ...]] = None, ()
        """The digest of the last body, and its accounts."""
        self._marks: list[int] = []
        """The hashes of the entries of the last body."""
        self._is_plain = False
        """Whether that was an object of objects with nothing within, each with its channel as its key."""

    def __call__(self, response: ApiResponse, request: ApiRequest) -> tuple[Account, ...]:
        """Parse the list if it has changed. A 404 of the API is an empty list.

        One entry without a known field makes the whole list malformed: its account could pass for a healthy
        one. An account without a change is the same object as before.
        """
        body = response.body or b""
        digest = response.status, blake2b(body).digest()
        if digest == self._last[0]:
            return self._last[1]
        texts = texts_of(body)
        marks = [*map(hash, texts)]
        is_object_end = body.rstrip(BLANK).endswith(b"}")
        can_be_changed = self._is_plain and response.success and is_object_end
        accounts = self._changed(texts, marks) if can_be_changed else None
        if accounts is None:
            marks, accounts = self._whole(response, request, marks)
        self._last, self._marks = (digest, accounts), marks
        return accounts

    def _changed(self, texts: list[bytes], marks: list[int]) -> tuple[Account, ...] | None:
        """Read the entries that have changed. Return None if the whole list must be read for that.

        What stands between two closing braces is one entry if it is one by itself and all before it are.
        """
        if not marks or len(marks) != len(self._marks):
            return None
        places = [place for place, mark in enumerate(marks) if mark != self._marks[place]]
        if len(places) > 1 + len(marks) // PART:
            return None
        accounts = [*self._last[1]]
        for place in places:
            account = account_of(texts[place], b"," if place else b"{")
            if account is None or account.reference != accounts[place].reference:
                return None
            accounts[place] = account
        return tuple(accounts)

    def _whole(
        self, response: ApiResponse, request: ApiRequest, marks: list[int]
    ) -> tuple[list[int], tuple[Account, ...]]:
        """Read the whole list. Return the hashes of its entries, and its accounts."""
        self._is_plain = False
        entries: list[tuple[str, str | int, object]] = []
        if not is_empty_list(response) or response.code in MODERATION:
            raise_for_error(response, request)
            entries = entries_of(require_json(response, once=True))
        # If every entry is an object and there are as many closing braces, each text is an entry.
        are_texts = len(marks) == len(entries) and {type(entry) for _, _, entry in entries} <= {dict}
        if not are_texts:
            marks = [hash((key, repr(entry))) for key, _, entry in entries]
        known = dict(zip(self._marks, self._last[1], strict=True))
        accounts = tuple(
            known.get(mark) or account_from_entry(entry_of(entry, place), key)
            for mark, (key, place, entry) in zip(marks, entries, strict=True)
        )
        if len({account.reference for account in accounts}) < len(accounts):
            raise MalformedResponse("accounts: a channel twice")
        self._is_plain = are_texts and [key for key, _, _ in entries] == [each.reference for each in accounts]
        return marks, accounts


def texts_of(body: bytes) -> list[bytes]:
    """Return what stands before each closing brace of a list, the last one aside; nothing of other bodies."""
    body = body.rstrip(BLANK)
    *texts, end = body.removesuffix(b"}").split(b"}")
    return texts if end.strip(BLANK) == (b"" if body.endswith(b"}") else b"]") else []


def account_of(text: bytes, before: bytes) -> Account | None:
    """Return the account of the text of an entry, which stands behind a brace or a comma; None for others."""
    found = ENTRY.fullmatch(text)
    if found is None or found[1] != before:
        return None
    fields = fields_of(parse_json(b"{%b}}" % found[2], object_once).value)
    ((key, entry),) = fields.items() if len(fields) == 1 else (("", None),)
    try:
        account = account_from_entry(entry_of(entry, key), key) if is_object(entry) else None
    except MalformedResponse:
        return None  # the whole list says it
    return account if account is not None and account.reference == key else None
