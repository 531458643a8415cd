"""Lists of records: CSV, TSV, JSON, JSON Lines, XML, XLSX, packed or not; read and compared as streams.

    open_list(file, source, ...)   the records of a body, one by one (reading.py)
    merge(known, staged)           what differs between two sorted lists (merge.py)
    tell.*                         differences → changes

`VERSION` is raised when records read differently than before: the last body is then read again with the new rules.
"""

from watcher.core.dataset.keys import named
from watcher.core.dataset.merge import Diff, Indexed, merge
from watcher.core.dataset.reading import MOST_BYTES, ListReading, Reading, Record, open_list
from watcher.core.dataset.values import load

VERSION = "dataset-1"

__all__ = [
    "MOST_BYTES",
    "VERSION",
    "Diff",
    "Indexed",
    "ListReading",
    "Reading",
    "Record",
    "load",
    "merge",
    "named",
    "open_list",
]
