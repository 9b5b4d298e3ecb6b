"""The errors of the clients of providers, sorted by what the caller must do.

ProviderError
├─ Unreachable         no answer, a broken one, 5xx, a web page  -> try again at the next poll
│  ├─ NotAsked         no connection, so nothing was sent        -> the same
│  └─ AnswerLost       it was asked, and no whole answer came    -> of a command: check what it did
├─ RateLimited         429, carries retry_after                  -> wait at least that long
├─ Unauthorized        401, 403                                  -> the provider's token is bad
├─ Unpaid              402, which of the two                     -> subscription or quota
├─ Gone                410, or 404 where one was known           -> the service or the account is not there
│  └─ NotConfigured    404 about one account, by the API itself  -> the account is not there
├─ PendingModeration   596, 569, carries the flag                -> an observation, not a failure
├─ Rejected            400, 412, 422, carries the API's message  -> a person's input
└─ MalformedResponse   a body of another shape                   -> the API changed

An error has a code, and fields for its sentence. What the API itself said stands in `quote` alone. No error
holds a header, a body, an address or a token.
"""

# ruff: noqa: N818 - each name says what happened, and the base says that it is an error

from datetime import timedelta
from typing import Final, cast

from bot.domain.accounts import Flag
from bot.domain.errors import Cause, CodedError, ErrorCode

LASTING: Final = frozenset(
    {Cause.CERTIFICATE, Cause.CHALLENGE, Cause.ENCODING, Cause.PROXY_LOGIN, Cause.REDIRECT, Cause.WEB_PAGE}
    | {ErrorCode.TOKEN_HIDDEN, ErrorCode.UNFINISHED}
)
"""What a second try within seconds does not help."""


class ProviderError(CodedError):
    """Base of every error that a client of a provider raises."""

    cause: Cause | None = None
    """Why the API gave nothing to read, beyond what the kind of the error says."""

    def __init__(self, code: Cause | ErrorCode, *, quote: str | None = None, **fields: object) -> None:
        super().__init__(code, **fields)
        self.quote = quote
        if isinstance(code, Cause):
            self.cause = code


class Unreachable(ProviderError):
    """The API could not be asked, or did not answer as an API does; trying later may help."""

    @property
    def transient(self) -> bool:
        """Whether asking again within seconds may help, as with a connection that broke off."""
        return self.code not in LASTING


class NotAsked(Unreachable):
    """No connection to the API came about, so nothing was sent."""


class AnswerLost(Unreachable):
    """The request may have arrived, but no whole answer came back: it may have been carried out."""


class RateLimited(ProviderError):
    """The API, or Discord behind it, wants to be asked later."""

    cause = Cause.LIMITED

    @property
    def retry_after(self) -> timedelta | None:
        """How long the API asks to be left alone."""
        return cast(timedelta | None, self.fields.get("wait"))


class Unauthorized(ProviderError):
    """The provider refused the token."""


class Unpaid(ProviderError):
    """The useapi subscription is missing, over, or too small: see `cause`."""


class Gone(ProviderError):
    """The service, or the account asked about, is not there any more."""


class NotConfigured(Gone):
    """The API is there, and says that it has no such account."""


class PendingModeration(ProviderError):
    """Midjourney waits for a person: error 596. It says something about one account, not about the API."""

    def __init__(self, flag: Flag, reference: str | None) -> None:
        super().__init__(
            ErrorCode.PENDING if reference else ErrorCode.PENDING_UNNAMED, quote=flag.text or None
        )
        self.flag = flag
        self.reference = reference
        """The account it is about; None when the API does not say and no account was named."""


class Rejected(ProviderError):
    """The API refuses what a person gave; `quote` says why in its own words."""

    cause = Cause.REJECTED


class MalformedResponse(ProviderError):
    """The body is not what the API documents; status, type, length and the place of the fault are logged."""

    def __init__(
        self, place: str = "", *, code: Cause | ErrorCode = Cause.GARBLED, quote: str | None = None
    ) -> None:
        super().__init__(code, quote=quote, place=place)
        self.place = place
        """Where the fault is (`accounts["123"].maxJobs`, `line 1 column 9`); of the body, at most digits."""
