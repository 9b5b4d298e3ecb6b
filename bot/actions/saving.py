"""Saving an account at the API, once. Where the answer does not say what was done, the list shows it."""

import logging

from pydantic import SecretStr

from bot.domain.accounts import Account, ChangeOutcome, SaveResult
from bot.providers.errors import Gone, MalformedResponse, NotAsked, ProviderError, Unreachable
from bot.providers.useapi.client import UseapiClient

log = logging.getLogger(__name__)


async def save(useapi: UseapiClient, discord: SecretStr, jobs: int) -> SaveResult:
    """Create or update the account of a Discord token. The request is sent once.

    Raises:
        ProviderError: the API refused, or neither its answer nor the list says what was done.
    """
    try:
        answer = await useapi.save_account(discord, jobs)
    except ProviderError as error:
        if not is_unclear(error):
            raise
        # Its text alone: a log record would keep the error's frames, which hold the token.
        log.warning("saving an account got no clear answer: %s", str(error))
        unclear = error
    else:
        account = answer.account or await find_account(useapi, discord)
        return SaveResult(ChangeOutcome.DONE, account, jobs, answer.created)
    try:
        account = await useapi.account_with_token(discord)
    except ProviderError:
        raise unsure(unclear) from None
    is_done = account is not None and account.max_jobs in {None, jobs}
    outcome = ChangeOutcome.DONE if is_done else ChangeOutcome.NOT_DONE
    return SaveResult(outcome, account, jobs, fault=unclear.with_traceback(None))


async def find_account(useapi: UseapiClient, discord: SecretStr) -> Account | None:
    """Return the account of a token that the API accepted without naming it; None if the list cannot say."""
    try:
        return await useapi.account_with_token(discord)
    except ProviderError as error:
        log.warning("which account was saved cannot be seen: %s", str(error))  # as above
        return None


def is_unclear(error: ProviderError) -> bool:
    """Return whether a request may have been carried out although it failed with this error."""
    return isinstance(error, Unreachable | MalformedResponse) and not isinstance(error, NotAsked)


def unsure(unclear: ProviderError) -> ProviderError:
    """Return the error for an unclear answer where the list cannot be read either."""
    if not isinstance(unclear, Gone):
        unclear.fields["may_be_done"] = True
    return unclear
