"""Saving an account at the API, once. Where the answer does not say what was done, the list shows it."""

import logging

from bot.domain.actions import ChangeOutcome, SaveResult
from bot.domain.secret import SecretStr
from bot.providers.errors import Gone, MalformedResponse, NotAsked, ProviderError, Unreachable
from bot.providers.useapi.client import UseapiClient

log = logging.getLogger(__name__)


async def save(useapi: UseapiClient, discord: SecretStr, jobs: int) -> SaveResult:
    """Create or update the account of a Discord token. The request is sent once.

    Where the answer does not say what was done, or to which account, the list shows it.

    Raises:
        ProviderError: the API refused, or neither its answer nor the list says what was done.
    """
    saved, unclear = SaveResult(ChangeOutcome.DONE, None, jobs), None
    try:
        saved = await useapi.save_account(discord, jobs)
    except ProviderError as error:
        if not is_unclear(error):
            raise
        # Its text alone: a log record would keep the error's frames, which hold the token.
        log.warning("saving an account got no clear answer: %s", str(error))
        unclear = error.with_traceback(None)
    if saved.account is not None:
        return saved
    try:
        account = await useapi.account_with_token(discord)
    except ProviderError as error:
        if unclear is not None:
            raise unsure(unclear) from None
        log.warning("which account was saved cannot be seen: %s", str(error))  # as above
        return saved
    is_done = unclear is None or (account is not None and account.max_jobs in {None, jobs})
    outcome = ChangeOutcome.DONE if is_done else ChangeOutcome.NOT_DONE
    return SaveResult(outcome, account, jobs, saved.created, unclear)


def is_unclear(error: ProviderError) -> bool:
    """Return whether a request may have been carried out although it failed with this error."""
    return isinstance(error, Unreachable | MalformedResponse) and not isinstance(error, NotAsked)


def unsure(unclear: ProviderError) -> ProviderError:
    """Return the error for an unclear answer where the list cannot be read either."""
    if not isinstance(unclear, Gone):
        unclear.fields["may_be_done"] = True
    return unclear
