"""What Midwatch remembers across restarts; every SQL statement stands in this package."""

from bot.store.database import DatabaseInUse, StoreError
from bot.store.records import StoredAccount, StoredInfo
from bot.store.store import Store

__all__ = ["DatabaseInUse", "Store", "StoreError", "StoredAccount", "StoredInfo"]
