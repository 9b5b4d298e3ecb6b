"""What Midwatch remembers across restarts; every SQL statement stands in this package."""

from bot.storage.account_repository import Store
from bot.storage.database import BUSY_TIMEOUT
from bot.storage.errors import DatabaseInUse, DatabaseLocked, StoreError
from bot.storage.incident_repository import WatchStore, kept_incident, kept_message, kept_mute
from bot.storage.names import Names, names_in
from bot.storage.row_mapping import Shape
from bot.storage.rows import StoredAccount, StoredInfo, StoredMute

__all__ = [
    "BUSY_TIMEOUT",
    "DatabaseInUse",
    "DatabaseLocked",
    "Names",
    "Shape",
    "Store",
    "StoreError",
    "StoredAccount",
    "StoredInfo",
    "StoredMute",
    "WatchStore",
    "kept_incident",
    "kept_message",
    "kept_mute",
    "names_in",
]
