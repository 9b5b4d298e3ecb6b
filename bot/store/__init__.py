"""What Midwatch remembers across restarts; every SQL statement stands in this package."""

from bot.store.database import BUSY_TIMEOUT, DatabaseInUse, DatabaseLocked, StoreError
from bot.store.names import Names, names_in
from bot.store.records import StoredAccount, StoredInfo, StoredMute
from bot.store.shape import Shape
from bot.store.store import Store
from bot.store.watch import WatchStore, kept_incident, kept_message, kept_mute

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
