"""The store: tables, migrations, one Store class; rows never leave it (docs/design.md, "Rooms")."""

from watcher.store.codec import pack_file
from watcher.store.lock import Lock, acquire, holder
from watcher.store.pairs import Enrolled
from watcher.store.store import Store
from watcher.store.values import (
    ChannelState,
    FollowedRow,
    Pruned,
    SourceRow,
    StartedSource,
    StoredChange,
    Synced,
    Totals,
)
from watcher.store.writer import Writer

__all__ = [
    "ChannelState",
    "Enrolled",
    "FollowedRow",
    "Lock",
    "Pruned",
    "SourceRow",
    "StartedSource",
    "Store",
    "StoredChange",
    "Synced",
    "Totals",
    "Writer",
    "acquire",
    "holder",
    "pack_file",
]
