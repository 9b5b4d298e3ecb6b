"""The endpoints of useapi.net."""

from enum import StrEnum


class Endpoint(StrEnum):
    """The endpoints of the API that Midwatch uses."""

    LIST = "GET account/midjourney"
    ACCOUNT = "GET account/midjourney/{key}"
    SAVE = "POST account/midjourney"
    REMOVE = "DELETE account/midjourney/{key}"
    RESET = "POST account/midjourney/{key}/reset"
    INFO = "POST jobs/info"
    SUBSCRIPTION = "GET account"
