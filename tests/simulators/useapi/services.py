"""The living services of the simulated useapi.net: what each answers to GET of its list.

The entries are the samples of useapi.net's pages, with a key and credentials of the test in them. Nothing
here is read from the bot, so that a mistake in its table shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tests.simulators.answers import PROSE_TYPE, Answer, Json

KEY: Final = "<key>"
SECRET: Final = "<secret>"
EXPIRES: Final = "2027-02-15T12:00:00.000Z"
NONE_BY_PROSE: Final = Answer(
    404, b"Configuration not found. To create configuration use POST /accounts.", PROSE_TYPE
)
NONE_BY_OBJECT: Final = Answer.json({})


@dataclass(frozen=True, slots=True)
class SimulatedService:
    """A service as its pages describe it."""

    counted_as: str
    """Its name in GET account."""
    path: str
    entry: Mapping[str, Json]
    """An account without a flag."""
    flag_field: str = "error"
    none: Answer = NONE_BY_PROSE
    """The answer if no account is configured."""


SIMULATED_SERVICES: Final = {
    "google-flow": SimulatedService(
        "Google Flow API",
        "/v1/google-flow/accounts",
        {
            "created": "2025-11-09T22:02:04.802Z",
            "health": "OK",
            "nextRefresh": {"scheduledFor": "2025-12-01T11:46:01.000Z"},
            "project": {
                "projectId": "a7e08e13-a6ea-4945-9841-cb4147e4f024",
                "projectTitle": "Nov 11 - 02:56",
            },
            "sessionData": {"expires": "2025-12-01T12:46:01.000Z", "access_token": SECRET},
        },
        flag_field="health",
        none=NONE_BY_OBJECT,
    ),
    "runwayml": SimulatedService(
        "Runway AP",
        "/v1/runwayml/accounts",
        {
            "email": KEY,
            "password": SECRET,
            "maxJobs": 5,
            "jwt": {"token": SECRET, "exp": 1802692800.5, "iat": 1732266598.864, "id": 123456},
        },
    ),
    "minimax": SimulatedService(
        "MiniMax API",
        "/v1/minimax/accounts",
        {
            "account": KEY,
            "jwt": {"token": SECRET, "user": {"id": KEY, "name": "<name>"}, "exp_Expire": EXPIRES},
            "maxJobs": 1,
            "supportVideo": True,
        },
    ),
    "mureka": SimulatedService(
        "Mureka API",
        "/v1/mureka/accounts",
        {
            "account": KEY,
            "token": SECRET,
            "updated": 1724514995,
            "tokenIssuedDaysAgo": 29,
            "hasAutoRefresh": True,
            "email": "mureka@example.com",
            "sessionCookie": {"name": "__Secure-3PSID", "value": SECRET, "expires": EXPIRES, "secure": True},
        },
    ),
    "dreamina": SimulatedService(
        "Dreamina API",
        "/v1/dreamina/accounts",
        {
            "account": KEY,
            "email": "dreamina@example.com",
            "region": "US",
            "maxJobs": 10,
            "sessionExpires": EXPIRES,
        },
        none=NONE_BY_OBJECT,
    ),
    "flowmusic": SimulatedService(
        "Flow Music API",
        "/v1/flowmusic/accounts",
        {
            "email": KEY,
            "tier": "plus",
            "maxJobs": 12,
            "access_token": SECRET,
            "access_token_expires_at": "2026-06-01T13:00:00.000Z",
            "refresh_token": SECRET,
            "session_id": SECRET,
        },
        none=NONE_BY_OBJECT,
    ),
    "kling": SimulatedService(
        "Kling API",
        "/v1/kling/accounts",
        {
            "email": KEY,
            "session": {"userId": SECRET, "ExpireTime": 123456789, "ExpireTimeUTC": EXPIRES},
            "maxJobs": 8,
            "password": SECRET,
        },
    ),
    "pixverse": SimulatedService(
        "PixVerse API",
        "/v2/pixverse/accounts",
        {
            "email": KEY,
            "jwt": {"AccountId": 1122334455, "ExpireTimeUTC": EXPIRES, "Username": "<name>", "token": SECRET},
            "maxJobs": 8,
            "password": SECRET,
        },
    ),
    "tempolor": SimulatedService(
        "TemPolor API",
        "/v1/tempolor/accounts",
        {
            "user_id": KEY,
            "updated": 1715791234567,
            "updatedUTC": "2025-05-15T14:30:34.567Z",
            "maxJobs": 10,
            "requestParams": {"token": SECRET},
        },
        none=Answer(404),
    ),
    "faceswap": SimulatedService(
        "FaceSwap API",
        "/v1/faceswap/account",
        {
            "server": "1100000000000000001",
            "channel": KEY,
            "discord": SECRET,
            "credits": {"timestamp": "2024-02-01T02:05:24.991000+00:00", "total": 50, "used": 18},
        },
    ),
}


def filled(value: Json, key: str, secret: str) -> Json:
    """Return a sample with a key and a credential in their places."""
    if isinstance(value, dict):
        return {name: filled(each, key, secret) for name, each in value.items()}
    return {KEY: key, SECRET: secret}.get(value, value) if isinstance(value, str) else value


class ServiceAccounts:
    """The accounts of one service, and what its list answers."""

    def __init__(self, service: SimulatedService) -> None:
        self.service = service
        self.entries: dict[str, dict[str, Json]] = {}
        self.is_array = False
        """Whether the list has become an array."""

    def add(self, key: str, secret: str) -> None:
        """Configure an account."""
        self.entries[key] = {name: filled(each, key, secret) for name, each in self.service.entry.items()}

    def flag(self, key: str, text: str | None) -> None:
        """Flag an account with a text; None ends the flag."""
        field, entry = self.service.flag_field, self.entries[key]
        entry.pop(field, None)
        if (shown := text or self.service.entry.get(field)) is not None:
            entry[field] = shown

    @property
    def flagged(self) -> int:
        """How many accounts are flagged."""
        return sum(map(self.is_flagged, self.entries))

    def is_flagged(self, key: str) -> bool:
        """Whether an account is flagged."""
        field = self.service.flag_field
        return self.entries[key].get(field) != self.service.entry.get(field)

    def listed(self) -> Answer:
        """Return the answer to GET of the list."""
        if not self.entries:
            return self.service.none
        return Answer.json(list(self.entries.values()) if self.is_array else dict(self.entries))

    def counts(self) -> dict[str, Json]:
        """Return what GET account says of it. A count is absent where it is zero."""
        total, flagged = len(self.entries), self.flagged
        counts = {"total": total, "active": total - flagged, "error": flagged}
        return {name: count for name, count in counts.items() if count}
