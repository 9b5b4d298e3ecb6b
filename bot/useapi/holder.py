"""Whose token it is: the account that the API's list shows with one given Discord token."""

from bot.models import Account
from bot.useapi.answers import account_of, believed, decipher, entries_of
from bot.useapi.response import Answer, Question
from bot.useapi.words import HIDDEN


def parse_holder(answer: Answer, question: Question) -> Account | None:
    """Find the account whose token was hidden in this list, which the client does before anything reads it.

    A server that does not show tokens in its list shows none here: the account is then not found.
    """
    if answer.status == 404 and not answer.page:  # noqa: PLR2004 - RFC 9110; the docs' empty list
        return None
    decipher(answer, question)
    for key, entry in entries_of(believed(answer, once=True)):
        if entry.get("discord") == HIDDEN:
            return account_of(entry, key)
    return None
