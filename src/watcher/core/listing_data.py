"""Lists that come as data: a plain array in JSON, repeated elements in XML → rows of named cells.

For what a page's own script would show as a list. Large lists, files of records and their paths are datasets.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

from lxml import etree

from watcher.core import fragment
from watcher.core.cells import Cell, stable
from watcher.core.furniture import normalise
from watcher.core.identity import digest
from watcher.core.listing_entry import Row
from watcher.core.rows import MOST_ROWS
from watcher.errors import ReadError
from watcher.model import Source

_MOST_CHARACTERS = 20_000_000
_DEEPEST = 6
_MOST_FIELDS = 80


def looks_like_data(start: str) -> bool:
    """Say whether a text begins as JSON, or as XML that is no HTML."""
    low = start[:400].lower()
    return start.startswith(("{", "[")) or (
        low.startswith("<?xml") and "<html" not in low and "<!doctype html" not in low
    )


def read(text: str, url: str, source: Source) -> list[Row]:
    """Read the rows of a list in JSON or XML. Raises ReadError: malformed, too large, no list in it."""
    if len(text) > _MOST_CHARACTERS:
        raise ReadError(url, "the list is too large to be read as one page")
    start = text.lstrip("\ufeff \t\r\n")
    records = _json(start, url) if start.startswith(("{", "[")) else _xml(start, url)
    rows: list[Row] = []
    counted: Counter[str] = Counter()
    for fields in records[:MOST_ROWS]:
        cells = tuple(_cell(name, value) for name, value in fields if not _is_left_out(name, source))
        if not any(cell.text or cell.links for cell in cells):
            continue
        raw = digest(*(part for cell in cells for part in (cell.name, cell.text, *(t for t, _ in cell.links))))
        counted[raw] += 1
        rows.append(Row(raw if counted[raw] == 1 else f"{raw}~{counted[raw]}", cells))
    if not rows:
        raise ReadError(url, "no rows were found in the data; nothing is taken for removed")
    return rows


def _is_left_out(name: str, source: Source) -> bool:
    return name in source.ignore


def _cell(name: str, value: str) -> Cell:
    if value[:8].lower().startswith(("http://", "https://")) and " " not in value:
        return Cell(name, value[:2000], ((stable(value), ""),))
    if "<" in value and ">" in value:
        value = fragment.one_line(value[:10_000])
    return Cell(name, normalise(unescape(value)), ())


# --- JSON -----------------------------------------------------------------------------------------------------------


def _json(text: str, url: str) -> list[list[tuple[str, str]]]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReadError(url, "the list is no well-formed JSON: it breaks off or is damaged") from error
    best: list[Mapping[str, Any]] = []
    for found in _arrays(data, 0):
        if len(found) > len(best):
            best = found
    return [list(_flat(record, "", 0))[:_MOST_FIELDS] for record in best]


def _arrays(data: Any, depth: int) -> Iterator[list[Mapping[str, Any]]]:
    """All arrays of objects, but not those inside a record of one."""
    if depth > _DEEPEST:
        return
    if isinstance(data, list):
        records: list[Mapping[str, Any]] = [item for item in data if isinstance(item, dict)]
        if records:
            yield records
        else:
            for item in data[:1000]:
                yield from _arrays(item, depth + 1)
    elif isinstance(data, dict):
        for value in data.values():
            yield from _arrays(value, depth + 1)


def _flat(record: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    for key, value in record.items():
        name = f"{prefix}{key}"[:80]
        if isinstance(value, dict) and depth < 3:
            yield from _flat(value, f"{name}.", depth + 1)
        elif isinstance(value, list):
            yield name, ", ".join(said for item in value[:100] if (said := _said(item)))
        else:
            yield name, _said(value)


def _said(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)[:5_000]
    return str(value).encode("utf-8", "replace").decode("utf-8")


# --- XML ------------------------------------------------------------------------------------------------------------


def _xml(text: str, url: str) -> list[list[tuple[str, str]]]:
    if "<!entity" in text[:65_536].lower():
        raise ReadError(url, "the list declares entities, which are never read")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ReadError(url, "the list is no well-formed XML: it breaks off or is damaged") from error
    if _name(root) in {"rss", "feed", "RDF"}:
        raise ReadError(url, 'this is a feed; kind = "feed" reads it')
    best: list[etree._Element] = []
    for element in root.iter():
        children = [child for child in element if isinstance(child.tag, str)]
        if len(children) > len(best) and len({child.tag for child in children}) == 1:
            best = children
    return [list(_fields(record, "", 0))[:_MOST_FIELDS] for record in best]


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _fields(element: etree._Element, prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    for key, value in element.attrib.items():
        yield f"{prefix}{str(key).rpartition('}')[2]}"[:80], str(value)
    children = [child for child in element if isinstance(child.tag, str)]
    if not children and depth == 0:
        yield _name(element), element.text or ""
    for child in children:
        name = f"{prefix}{_name(child)}"[:80]
        if len(child) and depth < 3:
            yield from _fields(child, f"{name}.", depth + 1)
        else:
            yield name, "".join(str(part) for part in child.itertext())
            yield from ((f"{name}.{str(k).rpartition('}')[2]}"[:80], str(v)) for k, v in child.attrib.items())
