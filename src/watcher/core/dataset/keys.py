"""What identifies a record: the fields that `key` names, else a guess that is kept from then on.

A guess must hold for all of a sample: an id by its name, a column that stands first, a name; failing all, the whole
record is its own key (`*`). A document that is one record needs none.
"""

import re
from collections.abc import Sequence

from watcher.core.dataset.values import Fields, canon, digest_of, key_of, looks_like_id, pick, plain
from watcher.errors import ReadError

WHOLE = ("*",)
_PLAIN_IDS = ("id", "uid", "uuid", "guid", "key", "unique_id", "uniqueid", "identifier")
SAMPLE = 5_000
_NO_KEY = re.compile(r"date|time|amount|value|price|total|acres|percent|count$|updated|modified|latitude|longitude")
_PATH = re.compile(r"(?:^|_)(?:file_name|filename|path|url|uri|link|href)$")  # where each record lies


def guess(sample: Sequence[Fields], *, headless: bool) -> tuple[str, ...]:
    """Choose the key among the fields that every record of the sample has, each with another value."""
    names = list(sample[0]) if sample else []
    unique = [name for name in names if _distinct(sample, name)]
    likely = [name for name in unique if looks_like_id(name)]
    likely += [name for name in unique if canon(name).endswith("id") and not any(" " in str(r[name]) for r in sample)]
    if likely:
        return (min(likely, key=lambda name: canon(name) not in _PLAIN_IDS),)
    if headless and names[:1] == unique[:1] and unique:
        return (unique[0],)
    named = [name for name in unique if canon(name) in ("name", "title") or canon(name).endswith("_name")]
    first = [name for name in names[:1] if name in unique and not _NO_KEY.search(canon(name))]
    path = [name for name in unique if _PATH.search(canon(name))]
    return tuple((named or first or path or list(WHOLE))[:1])


def _distinct(sample: Sequence[Fields], name: str) -> bool:
    seen = set()
    for record in sample:
        value = record.get(name)
        if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
            return False
        seen.add(value)
    return len(seen) == len(sample)


def check(sample: Sequence[Fields], key: Sequence[str], url: str) -> None:
    """Raise ReadError when the fields of a key are not there, with the fields that are."""
    if not sample or tuple(key) == WHOLE:
        return
    for name in key:
        if not any(pick(record, name) not in (None, "") for record in sample):
            there = ", ".join(dict.fromkeys(field for record in sample[:100] for field in record))
            raise ReadError(url, f"no record has the field {name!r} of the key; there are: {there[:400]}")


def named(fields: Fields, key: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """A record's key as shown: each field with its value. Of one without a key, its first three fields."""
    if tuple(key) == WHOLE:
        return tuple((name, text[:200]) for name, value in list(fields.items())[:3] if (text := plain(value)))
    return tuple((name, plain(pick(fields, name))[:500]) for name in key)


def digest(fields: Fields, key: Sequence[str]) -> bytes:
    """A record's key as it is compared. One whose key is empty stands for itself."""
    if not key:
        return key_of(())
    if tuple(key) != WHOLE:
        values = [pick(fields, name) for name in key]
        if any(value not in (None, "") for value in values):
            return key_of(values)
    return digest_of(fields)
