"""One look at a dataset: read its body as a stream, compare it with the records known, say what changed.

Memory stays bounded, whatever the size: what is read goes to a scratch file, the comparison is one pass over two
sorted lists, and a list that is largely new is written ahead in small transactions, between which other polls commit.
What a poll leaves is written with its outcome, whole or not at all. Runs in a thread; `Visit.stop` ends it early.
"""

from watcher.datasets.look import observe
from watcher.datasets.visit import Ahead, KnownRecords, Visit

__all__ = ["Ahead", "KnownRecords", "Visit", "observe"]
