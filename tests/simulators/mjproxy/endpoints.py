"""What can be asked of the simulated midjourney-proxy."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import unquote


class Endpoint(StrEnum):
    """What can be asked; OTHER is every address that there is not."""

    LIST = "POST /mj/admin/accounts"
    ENABLED = "GET /mj/admin/accounts"
    ENABLE = "POST /mj/admin/accounts-enable"
    ADD = "POST /mj/admin/account"
    ACCOUNT = "GET /mj/admin/account/{id}"
    REMOVE = "DELETE /mj/admin/account/{id}"
    LINK = "GET /mj/admin/account-cf/{id}"
    SOLVED = "POST /mj/admin/account-cf/{id}"
    SYNC = "POST /mj/admin/account-sync/{id}"
    RECONNECT = "PUT /mj/admin/account-reconnect/{id}"
    HOME = "GET /mj/home"
    HEALTH = "GET /health"
    OTHER = "* elsewhere"

    @property
    def path(self) -> str:
        """The path, as a pattern."""
        return self.partition(" ")[2]


READS: Final = frozenset({Endpoint.LIST, Endpoint.ENABLED, Endpoint.ACCOUNT, Endpoint.LINK})
WITH_BODY: Final = frozenset({Endpoint.LIST, Endpoint.ENABLE, Endpoint.ADD, Endpoint.RECONNECT})
OPEN: Final = frozenset({Endpoint.HOME, Endpoint.HEALTH})
WITHOUT_REDIS: Final = frozenset({Endpoint.ENABLED, Endpoint.HEALTH})


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as far as the service needs it."""

    endpoint: Endpoint
    key: str
    """The id in the path; empty if there is none."""
    query: Mapping[str, str]
    token: str | None
    content_type: str
    body: bytes


def find(method: str, path: str) -> tuple[Endpoint, str, tuple[str, ...]]:
    """Return what is asked, about which account, and the methods that the address takes.

    `path` is as it was sent: an encoded slash is a part of a key.
    """
    methods: dict[str, tuple[Endpoint, str]] = {}
    for endpoint in Endpoint:
        pattern = re.escape(endpoint.path).replace(r"\{id\}", "([^/]+)")
        if found := re.fullmatch(pattern, path):
            methods[endpoint.partition(" ")[0]] = endpoint, unquote("".join(found.groups()))
    endpoint, key = methods.get(method, (Endpoint.OTHER, ""))
    return endpoint, key, tuple(methods)
