"""The database: every SQL statement of Midwatch is in this package."""

from bot.storage.account_repository import Store
from bot.storage.backup import Backups
from bot.storage.database import BUSY_TIMEOUT
from bot.storage.errors import StoreError
from bot.storage.migrations import Names, names_in
from bot.storage.rows import StoredMute

__all__ = ["BUSY_TIMEOUT", "Backups", "Names", "Store", "StoreError", "StoredMute", "names_in"]
