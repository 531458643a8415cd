"""HTTP out: a polite client that keeps to bounds and away from private networks. `Client` is all that others need."""

from watcher.fetch.client import Client
from watcher.fetch.limits import Load

__all__ = ["Client", "Load"]
