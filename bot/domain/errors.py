"""What goes wrong, as codes with named fields; `bot/render/error_messages.py` has the words for people."""

from enum import StrEnum, auto

from bot.domain.providers import USEAPI


class ErrorCode(StrEnum):
    """What went wrong."""

    ACCOUNT_AMBIGUOUS = auto()
    ACCOUNT_UNKNOWN = auto()
    ADDED_ELSEWHERE = auto()
    ASKED_JUST_NOW = auto()
    BACKUP_DAMAGED = auto()
    BACKUP_FOREIGN = auto()
    BACKUP_NEWER = auto()
    BACKUP_UNREADABLE = auto()
    CAPTCHA_LINK_FAILED = auto()
    COMMAND_CHANGED = auto()
    DATABASE_DAMAGED = auto()
    DATABASE_FOREIGN = auto()
    DATABASE_FULL = auto()
    DATABASE_IN_USE = auto()
    DATABASE_LOCKED = auto()
    DATABASE_NEWER = auto()
    DATABASE_NOT_UNDERSTOOD = auto()
    DATABASE_READ_ONLY = auto()
    DATABASE_UNUSABLE = auto()
    DAYS_OUT_OF_RANGE = auto()
    DEMO_MODE = auto()
    DISK_SHORT = auto()
    INFOS_USED_UP = auto()
    INPUT_CLOSED = auto()
    INPUT_NO_TEXT = auto()
    INPUT_UNREADABLE = auto()
    JOBS_OUT_OF_RANGE = auto()
    JOBS_OVER_PLAN = auto()
    LIST_EMPTY = auto()
    LIST_SHORT = auto()
    LIST_TOO_SLOW = auto()
    MUTE_UNREADABLE = auto()
    NAME_EMPTY = auto()
    NAME_LIKE_ID = auto()
    NAME_OF_DIGITS = auto()
    NAME_TAKEN = auto()
    NOT_AN_OWNER = auto()
    NOT_A_VIEWER = auto()
    NOT_A_VIEWER_BY_DM = auto()
    NOT_NOTED = auto()
    NOT_STARTED = auto()
    NOT_SYNCED = auto()
    NOT_THE_ASKER = auto()
    NOT_WRITABLE = auto()
    NO_ACCOUNT_TO_ASK = auto()
    NO_BACKUP = auto()
    NO_DATABASE = auto()
    NO_CAPTCHA_LINK = auto()
    NO_CHANNEL_ID = auto()
    NO_FILE_LOCKS = auto()
    NO_FOLDER = auto()
    NO_HISTORY = auto()
    NO_MIDJOURNEY = auto()
    NO_REGULAR_FILE = auto()
    NO_SUCH_ACCOUNT = auto()
    NO_TOKEN = auto()
    ODD_CHANNEL = auto()
    ONLY_LISTED = auto()
    OUTDATED = auto()
    PENDING = auto()
    PENDING_UNNAMED = auto()
    REFUSED_ONCE = auto()
    REJECTED = auto()
    REPLY_TOO_LONG = auto()
    RESTARTING = auto()
    RESTARTING_SENT = auto()
    SERVICE_GONE = auto()
    SLOTS_BUSY = auto()
    SQLITE_TOO_OLD = auto()
    TOKEN_CUT = auto()
    TOKEN_HIDDEN = auto()
    TOKEN_OF_API = auto()
    TOKEN_OF_BOT = auto()
    TOKEN_REFUSED = auto()
    TOKEN_SPLIT = auto()
    TOKEN_TAKEN = auto()
    TOKEN_TAKEN_BY = auto()
    TOKEN_UNLIKE = auto()
    TOO_OLD_TO_ENABLE = auto()
    TRACK_LOST = auto()
    UNEXPLAINED = auto()
    UNFINISHED = auto()
    UNNAMED_ACCOUNT = auto()
    WRONG_ACCOUNT = auto()


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
    NEEDS_REDIS = "needs redis"
    """midjourney-proxy runs without the Redis that it needs."""
    LIMITED = "limited"
    CHALLENGE = "challenge"
    """Something in front of the API turned the request away."""
    WEB_PAGE = "web page"
    REDIRECT = "redirect"
    NO_API = "no api"
    """What answered does not speak HTTP as an API does."""
    ENCODING = "encoding"
    """The answer is compressed in a way that was not asked for."""
    PARTIAL = "partial"
    """A part of the list is missing."""
    GARBLED = "garbled"
    """The answer is not what the API documents."""
    REJECTED = "rejected"
    """The API refused the request itself."""
    SUBSCRIPTION = "subscription"
    QUOTA = "quota"
    PROXY_SILENT = "proxy silent"
    """The proxy of PROXY_URL takes no connection, or does not answer as one does."""
    PROXY_LOGIN = "proxy login"
    PROXY_REFUSED = "proxy refused"
    FAULT = "fault"
    """An unexpected error of Midwatch itself."""


class CodedError(Exception):
    """An error with a code and the fields that its sentence names. No field holds a secret."""

    provider: str = USEAPI
    """The provider that it is about, if it is about one."""
    quote: str | None = None
    """What the API itself said, which is shown in a code block or not at all, and not in the log."""

    def __init__(self, code: StrEnum, **fields: object) -> None:
        super().__init__(code)
        self.code = code
        self.fields = fields

    def __str__(self) -> str:
        """Return the code with its fields, for the log."""
        fields = ", ".join(f"{name}: {value}" for name, value in self.fields.items() if value)
        code = self.code.replace("_", " ")
        return f"{code} ({fields})" if fields else code


class UserError(CodedError):
    """Something a person asked for that cannot be done as asked."""
