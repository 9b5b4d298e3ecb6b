"""Why a poll got no list of the API, as codes that are stored."""

from enum import StrEnum


class Cause(StrEnum):
    """Why a poll got no list of the API. The words are in `bot/render/error_messages.py`."""

    SILENT = "silent"
    REFUSED = "refused"
    BROKEN_OFF = "broken off"
    """The connection ended before the whole answer was there."""
    NO_ADDRESS = "no address"
    CERTIFICATE = "certificate"
    SERVER_ERROR = "server error"
    """A status of 5xx, or 408."""
    LIMITED = "limited"
    CHALLENGE = "challenge"
    """Something in front of the API turned the request away."""
    WEB_PAGE = "web page"
    REDIRECT = "redirect"
    NO_API = "no api"
    """What answered does not speak HTTP as an API does."""
    ENCODING = "encoding"
    """The answer is compressed in a way that was not asked for."""
    GARBLED = "garbled"
    """The answer is not what the API documents."""
    REJECTED = "rejected"
    """The API refused the request itself."""
    SUBSCRIPTION = "subscription"
    QUOTA = "quota"
    FAULT = "fault"
    """An unexpected error of Midwatch itself."""
