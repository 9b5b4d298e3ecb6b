"""Saving an account at the API, once; where the answer does not tell what came of it, the list does."""

import logging
from typing import Final

from pydantic import SecretStr

from bot.domain.accounts import Account, SaveOutcome, SaveResult
from bot.providers.useapi import (
    AnswerLost,
    Gone,
    MalformedResponse,
    NotAsked,
    Unreachable,
    UseapiClient,
    UseapiError,
)
from bot.providers.useapi.error_mapping import CHECK_FIRST

log = logging.getLogger(__name__)

UNCLEAR: Final = (Unreachable, MalformedResponse)
"""Answers that do not say what was done, if they are any: the list tells."""
SAID: Final = {True: SaveOutcome.CREATED, False: SaveOutcome.UPDATED, None: SaveOutcome.SAVED}


async def save(useapi: UseapiClient, discord: SecretStr, jobs: int) -> SaveResult:
    """Create the account of a Discord token or update it, once; where the answer does not tell, look.

    Raises:
        UseapiError: the API refused, or what it did cannot be seen.
    """
    try:
        answer = await useapi.save_account(discord, jobs)
    except NotAsked:
        raise
    except UNCLEAR as error:
        log.warning("saving an account got no clear answer: %s", str(error))  # it would hold its frames
        unclear = error
    else:
        return SaveResult(SAID[answer.created], answer.account or await holder(useapi, discord), jobs)
    try:
        account = await useapi.holder(discord)
    except UseapiError:
        raise unsure(unclear) from None
    return SaveResult(as_seen(account, jobs), account, jobs, sentence_of(unclear))


async def holder(useapi: UseapiClient, discord: SecretStr) -> Account | None:
    """Look which account was saved, where the API took it and did not say; None if that cannot be seen."""
    try:
        return await useapi.holder(discord)
    except UseapiError as error:
        log.warning("which account was saved cannot be seen: %s", str(error))  # the same
        return None


def as_seen(account: Account | None, jobs: int) -> SaveOutcome:
    """Judge by the list alone what came of saving an account."""
    if account is None:
        return SaveOutcome.ABSENT
    return SaveOutcome.FOUND if account.max_jobs in {None, jobs} else SaveOutcome.DIFFERENT


def unsure(unclear: UseapiError) -> UseapiError:
    """Word an answer that does not say what was done, where the list cannot be read either."""
    if isinstance(unclear, AnswerLost | Gone):
        return unclear
    return Unreachable(str(unclear), CHECK_FIRST, quote=unclear.quote)


def sentence_of(unclear: UseapiError) -> str | None:
    """Return the sentence of an answer that does not say what was done; None where no answer came."""
    return None if isinstance(unclear, AnswerLost) else str(unclear)
