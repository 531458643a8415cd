"""A record's fields: names, values as text, digests, titles, and what differs between two states of one record.

A record is a dict as its file gives it: text, numbers, nested dicts and lists. Fields that are empty, null or missing
are the same. Names are compared without regard to case and punctuation, so that `Registration Number` and
`registration_number` are one column.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from pydantic_core import PydanticSerializationError, to_json

Fields = dict[str, Any]
Edit = tuple[str, str | None, str | None]  # field, before, after

LONGEST = 20_000  # characters of one value that are shown
NOTHING = ("", "-0-")  # OFAC writes -0- for null
_STEP = re.compile(r"\.(?![^\[]*\])")  # not inside brackets
_ELEMENT = re.compile(r"([^\[]*)(.*)", re.DOTALL)
_SEPARATORS = re.compile(r"[\W_]+")
_ID = re.compile(r"(?:^|_)(?:id|uid|uuid|guid|key|code|ref|reference|number|num|no|nr|identifier)$")
_CAMEL_ID = re.compile(r"[a-z](?:ID|Id|UID|Number|Code|Key)$")
_TITLES = (
    "name", "full_name", "fullname", "sdn_name", "entity_name", "primary_name", "caption", "title", "vulnerabilityname",
    "company", "company_name", "organization", "organisation", "entity", "business_name", "headline", "subject",
)  # fmt: skip


@lru_cache(maxsize=65_536)
def canon(name: str) -> str:
    """A field's name as it is compared."""
    return _SEPARATORS.sub("_", unicodedata.normalize("NFKC", name).casefold()).strip("_") or name


def cell(value: Any) -> str:
    """The text of a table's cell: trimmed, composed (NFC), without NUL."""
    text = value.strip() if isinstance(value, str) else plain(value)
    return "" if text in NOTHING else text if text.isascii() else composed(text)


def composed(text: str) -> str:
    """Text with its marks composed (NFC), without what is not seen at its ends."""
    return unicodedata.normalize("NFC", text).strip("\u200b\ufeff")


def plain(value: Any) -> str:
    """One value as text; what is nothing is empty."""
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal):
        number = float(value)
        return str(int(number)) if abs(number) < 1e15 and number.is_integer() else str(value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {text}" for name, part in value.items() if (text := plain(part)))
    if isinstance(value, list):
        return "; ".join(filter(None, map(plain, value)))
    return str(value)


def pick(fields: Mapping[str, Any], path: str) -> Any:
    """What stands at a dotted path; of a list, a list of what stands there in each; None for nothing."""
    value: Any = fields.get(path)
    return value if value is not None else _descend(fields, path.split("."))


def _descend(value: Any, parts: Sequence[str]) -> Any:
    if not parts:
        return value
    if isinstance(value, list):
        return [each for each in (_descend(part, parts) for part in value) if each is not None] or None
    if not isinstance(value, dict):
        return None
    for end in range(1, len(parts) + 1):  # a name may hold dots itself
        name = ".".join(parts[:end])
        if name in value:
            inner = value[name]
        else:
            wanted = canon(name)
            inner = next((part for key, part in value.items() if canon(key) == wanted), None)
        found = None if inner is None else _descend(inner, parts[end:])
        if found is not None:
            return found
    return None


def dump(fields: Fields) -> bytes:
    """A record as it is kept. Raises RecursionError for one that is nested without measure."""
    try:
        return to_json(fields)
    except (ValueError, PydanticSerializationError):  # half a character, or nested too deep for it
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def dump_numbers(fields: Fields) -> bytes:
    """The same for a record with exact numbers (Decimal), which become floats."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"), default=float).encode("utf-8", "replace")


def load(data: bytes) -> Fields:
    found: Fields = json.loads(data)
    return found


def _nothing(value: Any) -> bool:
    return value is None or value in ("", [], {})


@lru_cache(maxsize=4096)
def _order(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Names as they are compared, sorted, each with how it is written."""
    return tuple(sorted((f"{canon(name)}\x1f", name) for name in names))


def digest_of(fields: Fields, watched: Sequence[str] = ()) -> bytes:
    """Digest what is compared: all fields, or those `watched`; their order does not count."""
    if watched:
        fields = {path: pick(fields, path) for path in watched}
    parts = []
    for compared, name in _order(tuple(fields)):
        value = fields[name]
        if value.__class__ is str:
            if value:
                parts.append(compared + value)
        elif not _nothing(value):
            parts.append(compared + json.dumps(value, sort_keys=True, ensure_ascii=False, default=float))
    return blake2b("\x1e".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def key_of(values: Iterable[Any]) -> bytes:
    """Name a record by its key's values."""
    text = "\x1f".join([value if isinstance(value, str) else plain(value) for value in values])
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


# --- what differs ----------------------------------------------------------------------------------------------------


def identity(element: Mapping[str, Any]) -> str | None:
    """What names an element of a nested list: its first field that looks like an id."""
    for name, value in element.items():
        if looks_like_id(name) and isinstance(value, str | int) and not isinstance(value, bool) and str(value):
            return str(value)
    return None


def looks_like_id(name: str) -> bool:
    return bool(_ID.search(canon(name)) or _CAMEL_ID.search(name))


def flat(fields: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    """A record's fields by dotted path: text, or the texts of a list. Elements with ids have a path each."""
    return dict(_flat(fields, ""))


def _flat(value: Any, path: str) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _flat(part, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        ids = [identity(part) if isinstance(part, dict) else None for part in value]
        if value and all(ids) and len(set(ids)) == len(ids):
            for name, part in zip(ids, value, strict=True):
                yield from _flat(part, f"{path}[{name}]")
        elif texts := tuple(filter(None, map(plain, value))):
            yield path, texts
    elif text := cell(value):
        yield path, text


def difference(before: Fields, after: Fields, watched: Sequence[str] = ()) -> tuple[Edit, ...]:
    """Say field by field what differs, in the order of the fields. Of lists only what came and went is shown."""
    old = {canon_path(path): (path, value) for path, value in flat(before).items()}
    new = {canon_path(path): (path, value) for path, value in flat(after).items()}
    chosen = tuple(map(canon_path, watched))
    edits = []
    for name in dict.fromkeys((*new, *old)):
        gone, come = old.get(name), new.get(name)
        if (gone and gone[1]) == (come and come[1]) or not _watched(name, chosen):
            continue
        left, right = _sides(gone[1] if gone else (), come[1] if come else ())
        if left != right:
            edits.append(((come or gone or ("",))[0], left, right))
    return tuple(edits)


def canon_path(path: str) -> str:
    """A dotted path as it is compared; what names an element, in brackets, stays as it is."""
    steps = [_ELEMENT.match(step) for step in _STEP.split(path)]
    return ".".join(f"{canon(found[1])}{found[2]}" for found in steps if found)


def _watched(name: str, chosen: Sequence[str]) -> bool:
    bare = re.sub(r"\[[^\]]*\]", "", name)
    return not chosen or any(bare == path or bare.startswith(path + ".") or name.startswith(path) for path in chosen)


def _sides(gone: str | tuple[str, ...], come: str | tuple[str, ...]) -> tuple[str | None, str | None]:
    if isinstance(gone, str) and isinstance(come, str):
        return gone[:LONGEST], come[:LONGEST]
    left = Counter((gone,) if isinstance(gone, str) else gone)
    right = Counter((come,) if isinstance(come, str) else come)
    shown = ["; ".join(part.elements())[:LONGEST] or None for part in (left - right, right - left)]
    return shown[0], shown[1]


# --- for people ------------------------------------------------------------------------------------------------------


def title_of(fields: Fields) -> str:
    """The name of a record, for people: its name-like field, else its first words."""
    names = {canon(name): value for name, value in fields.items()}
    family, first = plain(names.get("lastname") or names.get("last_name")), plain(names.get("firstname"))
    if family:
        return f"{family}, {first}" if first else family
    for name in _TITLES:
        if text := _first(names.get(name)):
            return text
    for ending in ("name", "title", "product"):
        for name, value in names.items():
            if name.endswith(ending) and (text := _first(value)):
                return text
    texts = [text for value in fields.values() if isinstance(value, str) and (text := value.strip())]
    return next((text for text in texts if sum(map(str.isalpha, text)) >= 3), texts[0] if texts else "")


def _first(value: Any) -> str:
    return plain(value[0]) if isinstance(value, list) and value else plain(value)


def address_of(fields: Fields) -> str | None:
    """The record's own web address, if it names one."""
    for name, value in fields.items():
        if canon(name) in ("url", "link", "html_url", "href", "source_information_url") and isinstance(value, str):
            return value if value.startswith(("http://", "https://")) else None
    return None
