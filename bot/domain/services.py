"""The services of useapi.net besides Midjourney, as one table: how each lists its accounts.

`docs/services.md` says where each fact was read, and when. A list is all that is asked of a service.
"""

from dataclasses import dataclass
from typing import Final

from bot.domain.providers import USEAPI

MIDJOURNEY: Final = "midjourney"
ALL_SERVICES: Final = "all"
WITHIN: Final = "/"
"""What separates a service from the provider whose token it shares, in its name as a provider."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service: where its list is, and how to read an entry."""

    name: str
    """Its name in USEAPI_SERVICES."""
    title: str
    """Its name for people. The first word is that of the subscription's own list, too."""
    key: str
    """The field of an entry that has its key, in case the list is an array."""
    secrets: tuple[str, ...]
    """The fields with credentials. Nothing of them is kept, nor shown where another field repeats it."""
    expiry: tuple[str, ...] = ()
    """The fields that lead to the end of its session. One that useapi.net renews by itself is left out."""
    path: str = "v1/{}/accounts"
    """The path of its list below the address of the API, with a place for its name."""
    text: str = "error"
    """The field with the text of a flag. An account is flagged if it says anything."""
    health: str | None = None
    """The field that says "OK" of an account without a flag."""
    is_guess: bool = False
    """Whether no document says how the list shows trouble."""
    is_404_empty: bool = True
    """Whether 404 means that no account is configured. Otherwise only an empty list does."""

    @property
    def provider(self) -> str:
        """Its name as a provider."""
        return f"{USEAPI}{WITHIN}{self.name}"

    @property
    def list_path(self) -> str:
        """The path of its list."""
        return self.path.format(self.name)

    @property
    def setup_page(self) -> str:
        """The page that says how to enter an account's credentials."""
        return f"https://useapi.net/docs/start-here/setup-{self.name}"


COOKIES: Final = ("cookies", "accountCookies", "sessionCookies", "sessionData", "access_token")
TOKENS: Final = ("access_token", "refresh_token", "session_id")
SIGNED_IN: Final = ("password", "jwt", "token")
EXPIRES: Final = "ExpireTimeUTC"
SERVICES: Final = (
    Service("google-flow", "Google Flow", "email", COOKIES, health="health", is_404_empty=False),
    Service("runwayml", "Runway", "email", ("password", "jwt"), ("jwt", "exp")),
    Service("minimax", "MiniMax", "account", ("token", "jwt", "url"), ("jwt", "exp_Expire")),
    Service("mureka", "Mureka", "account", ("token", "sessionCookie"), ("sessionCookie", "expires")),
    Service("dreamina", "Dreamina", "account", ("password",), ("sessionExpires",), is_404_empty=False),
    Service("flowmusic", "Flow Music", "email", TOKENS, is_404_empty=False),
    Service("kling", "Kling", "email", ("password", "session"), ("session", EXPIRES), is_guess=True),
    Service("pixverse", "PixVerse", "email", SIGNED_IN, ("jwt", EXPIRES), "v2/{}/accounts", is_guess=True),
    Service("tempolor", "TemPolor", "user_id", ("requestParams",), is_guess=True),
    Service("faceswap", "FaceSwap", "channel", ("discord",), (), "v1/{}/account", is_guess=True),
)
BY_PROVIDER: Final = {each.provider: each for each in SERVICES}
SERVICE_NAMES: Final = (MIDJOURNEY, *(each.name for each in SERVICES))


def subscription_of(provider: str) -> str:
    """Return the provider that stands for a subscription and all that share its token; else the provider."""
    return provider.partition(WITHIN)[0]
