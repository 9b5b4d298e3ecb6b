"""The endpoints of midjourney-proxy."""

import re
from enum import StrEnum
from typing import Final

KEY: Final = re.compile(r"(?!\.{1,2}$)[\x21-\x7e]{1,100}")
"""Keys of accounts that may become a part of an address."""


class Endpoint(StrEnum):
    """The endpoints of the proxy that Midwatch uses."""

    LIST = "POST mj/admin/accounts"
    ENABLE = "POST mj/admin/accounts-enable"
    LINK = "GET mj/admin/account-cf/{key}?refresh=true"
    SOLVED = "POST mj/admin/account-cf/{key}"
    SYNC = "POST mj/admin/account-sync/{key}"
    REMOVE = "DELETE mj/admin/account/{key}"
    HOME = "GET mj/home"
    HEALTH = "GET health"
