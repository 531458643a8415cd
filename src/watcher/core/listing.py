"""A page of rows or links (filing index, docket, press releases, a list) → `FeedReading` whose entries are its rows.

    read(...)       body → rows, those in full whose digest was not seen; the page's next page, if it names one
    watched(...)    the early gate: digest of all rows at the place the last reading found, whatever their order

Rows stand at the source's `select`, or where the page's own structure repeats (core/rows.py). A table's head names the
columns. A row is known by the number that its publisher gave it, else by its link, else by its words. Plain arrays in
JSON and repeated elements in XML are read too (core/listing_data.py).
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import xxhash
from bs4 import BeautifulSoup
from selectolax.lexbor import LexborHTMLParser, LexborNode
from soupsieve import SelectorSyntaxError

from watcher.core import listing_data, rows, when
from watcher.core.cells import (
    MOVING,
    ORDINAL,
    Carried,
    are_ordinal,
    cells_of_record,
    first_words,
    is_stamp,
    raw_of,
    session_of,
    targets_of,
)
from watcher.core.content import Rules, UnknownSelectorError, prepare, select, weight
from watcher.core.furniture import normalise
from watcher.core.head import Head, read_head
from watcher.core.identity import address
from watcher.core.listing_entry import Facts, Row, entries_of, older_of, oldest_of, times_of
from watcher.core.markup import decode, parse
from watcher.core.rows import Record, Spot
from watcher.errors import ReadError
from watcher.model import FeedReading, Source

VERSION = "listing-2"

_NEXT = re.compile(
    r"(?:next(?: page| \d+)?|older(?: posts| entries)?|more results|weiter|nächste(?: seite)?|suivante?|page suivante|"
    r"siguiente|"
    r"successiv[ao]|próxim[ao]|volgende|nästa|neste|næste|dalej|следующая|下一页|下页|次へ)\s*[›»>→]*|[›»→]|>{1,2}",
    re.IGNORECASE,
)
_GROWN, _GROWN_LEAST = 1.2, 1_000  # so much more text outside the rows, and they may have moved


@dataclass(slots=True)
class _Table:
    """The rows of a page as they stand in its tree, with what is needed to read them."""

    spot: Spot
    records: list[Record]
    head: Head
    session: frozenset[str]
    inside: int = 0  # characters of all rows
    ordinal: bool = False  # the rows are numbered by where they stand, which says nothing of them
    raws: list[str] = field(default_factory=list)
    names: dict[int, list[str]] = field(default_factory=dict)  # a table's columns, by the table's id


def read(  # noqa: PLR0917 - the readers of all kinds share this form
    body: bytes,
    content_type: str | None,
    url: str,
    source: Source,
    look: when.Look,
    seen: Collection[str] = (),
    place: str | None = None,
) -> FeedReading:
    """Read a listing.

    In: the decoded body, its Content-Type, its final address, the source with its rules, the look, digests of rows that
    are known, the place where the last reading found them. Raises ReadError: empty, binary, no rows, a bad selector.
    """
    if not body.strip():
        raise ReadError(url, "the answer is empty: there is no list to read")
    text = decode(body, content_type)
    if text.count("\x00", 0, 2000) > 2 or text.startswith("%PDF-"):
        raise ReadError(url, "the answer is a file in a binary format, not a list")
    start = text[:1000].lstrip("\ufeff \t\r\n")
    if listing_data.looks_like_data(start):
        found = listing_data.read(text, url, source)
        facts = Facts(url, url, None, look, source)
        return _reading(found, facts, seen, title=None, place=None, following=None)
    table = _table(text, url, source, place)
    facts = Facts(
        url, address(url, table.head.base) or url if table.head.base else url, table.head.language, look, source
    )
    unseen = any(raw not in seen for raw in table.raws)
    made = _rows(table, source) if unseen else [Row(raw) for raw in table.raws]
    return _reading(
        made, facts, seen, title=table.head.title, place=table.spot.write(), following=_next(text, facts.base)
    )


def _reading(
    made: Sequence[Row],
    facts: Facts,
    seen: Collection[str],
    *,
    title: str | None,
    place: str | None,
    following: str | None,
) -> FeedReading:
    known = frozenset(seen)
    fresh = any(row.raw not in known for row in made)
    entries = entries_of(made, facts, known) if fresh else ()
    times = times_of(made, facts) if fresh else ()
    return FeedReading(
        title=title,
        url=facts.url,
        entries=entries,
        present=tuple(row.raw for row in made),
        kind="listing",
        next=following,
        place=place,
        watched=_digest(title, [row.raw for row in made]),
        oldest=oldest_of(times),
        older=older_of(made, times, known),
    )


def watched(body: bytes, content_type: str | None, place: str | None) -> str | None:
    """Digest a page's title and rows at a known place; None when only a full reading can tell. Never raises."""
    if not place:
        return None
    try:
        table = _at(decode(body, content_type), Spot.parse(place))
    except (UnknownSelectorError, ReadError):
        return None
    return _digest(table.head.title, table.raws) if table is not None else None


def _digest(title: str | None, raws: Sequence[str]) -> str:
    return xxhash.xxh3_64_hexdigest("\n".join([title or "", *sorted(raws)]).encode("utf-8", "surrogatepass"))


# --- finding the rows -----------------------------------------------------------------------------------------------


def _table(text: str, url: str, source: Source, place: str | None) -> _Table:
    try:
        table = _at(text, Spot.parse(place)) if place else None
        table = table or _found(text, url, source)
    except UnknownSelectorError:
        table = _by_soup(text, url, source)
    if not table.records:
        words = (
            f"nothing on the page matches select = {source.select!r}"
            if source.select
            else "no rows were found on the page"
        )
        raise ReadError(url, f"{words}; nothing is taken for removed")
    return table


def _tree(text: str, ignore: Sequence[str]) -> tuple[LexborHTMLParser, Head]:
    tree = parse(text)
    head = read_head(tree)
    prepare(tree)
    for selector in Rules().selectors(ignore):
        for node in select(tree, selector):
            node.decompose()
    return tree, head


def _at(text: str, spot: Spot) -> _Table | None:
    """Read the rows at a known place; None where none stand there any more, or where the page has outgrown it."""
    tree, head = _tree(text, spot.ignore)
    table = _filled(spot, rows.at(tree, spot), head)
    if not table.records or (spot.outside is not None and _outside(tree, table) > spot.outside * _GROWN + _GROWN_LEAST):
        return None
    return table


def _outside(tree: LexborHTMLParser, table: _Table) -> int:
    """The characters of the page that stand outside its rows."""
    whole = weight(tree.body.text(deep=True) or "") if tree.body is not None else 0
    return max(0, whole - table.inside)


def _found(text: str, url: str, source: Source) -> _Table:
    tree, head = _tree(text, source.ignore)
    if source.select:
        chosen = select(tree, source.select)
        if not chosen:
            raise ReadError(
                url, f"nothing on the page matches select = {source.select!r}; nothing is taken for removed"
            )
        if len(chosen) > 1 or chosen[0].tag in {"tr", "li", "dt"}:
            spot = Spot(source.select, ignore=source.ignore)
            return _filled(spot, rows.at(tree, spot), head)
        found = rows.find(tree, chosen[0])  # the selector names what holds the rows
        if found is None:
            spot = Spot(source.select, ignore=source.ignore)
            return _filled(spot, rows.at(tree, spot), head)
    else:
        found = rows.find(tree)
    if found is None:
        raise ReadError(url, "no rows were found on the page; nothing is taken for removed")
    return _filled(replace(found[0], ignore=source.ignore), found[1], head)


def _by_soup(text: str, url: str, source: Source) -> _Table:
    """Apply selectors that the C parser does not know with BeautifulSoup, which marks what they name."""
    soup = BeautifulSoup(text, "lxml")
    try:
        for rule in Rules().selectors(source.ignore):
            for tag in soup.select(rule):
                tag.extract()
        chosen = soup.select(source.select) if source.select else []
    except SelectorSyntaxError as error:
        first = str(error).splitlines()[0] if str(error) else "malformed"
        raise ReadError(url, f"a selector of the source cannot be understood: {first}") from error
    for tag in chosen:
        tag["data-watcher-row"] = ""
    tree = parse(str(soup))
    head = read_head(tree)
    prepare(tree)
    spot = Spot("[data-watcher-row]", ignore=source.ignore)
    if source.select:
        return _filled(spot, rows.at(tree, spot), head)
    found = rows.find(tree)
    if found is None:
        return _Table(spot, [], head, frozenset())
    return _filled(replace(found[0], ignore=source.ignore), found[1], head)


def _filled(spot: Spot, records: list[Record], head: Head) -> _Table:
    """Digest the rows; what is empty is none, and equal ones are told apart by their number."""
    records = records[: rows.MOST_ROWS]
    targets = [targets_of(record) for record in records]
    numbered = are_ordinal([first_words(record) for record in records[:50]])
    table = _Table(spot, [], head, session_of(targets), ordinal=numbered)
    ignored = Rules().patterns(spot.ignore)
    counted: dict[str, int] = {}
    moving: dict[int, frozenset[int]] = {}
    parts: dict[int, LexborNode | None] = {}  # the table of each part of one
    for record, links in zip(records, targets, strict=True):
        holder = None
        if record.cells and record.head.parent is not None:
            part = record.head.parent.mem_id
            if part not in parts:
                parts[part] = rows.table_of(record.head)
            holder = parts[part]
        where = holder.mem_id if holder is not None else 0
        if holder is not None and where not in table.names:
            names = table.names[where] = rows.head_of(holder)
            moving[where] = frozenset(index for index, name in enumerate(names) if MOVING.fullmatch(name))
        raw, length = raw_of(record, links, table.session, moving.get(where, frozenset()), ignored, ordinal=numbered)
        if not raw or (not spot.cells and rows.is_head(record)):
            continue
        table.inside += length
        counted[raw] = counted.get(raw, 0) + 1
        table.records.append(record)
        table.raws.append(raw if counted[raw] == 1 else f"{raw}~{counted[raw]}")
    return table


def _rows(table: _Table, source: Source) -> list[Row]:
    """Read all rows: the key of one depends on the others."""
    ignored = Rules().patterns(source.ignore)
    heads = {node.mem_id for record in table.records for node in record.nodes}
    out = []
    carried: dict[int, Carried] = {}
    for record, raw in zip(table.records, table.raws, strict=True):
        holder = rows.table_of(record.head) if record.head.tag == "tr" else None
        where = holder.mem_id if holder is not None else 0
        above = carried.setdefault(where, {})
        cells = cells_of_record(record, table.names.get(where, ()), table.session, ignored, above)
        if table.ordinal and cells:
            first = replace(cells[0], text=ORDINAL.sub("", cells[0].text, count=1))
            cells = [first, *cells[1:]] if first.text or first.links else cells[1:]
        dated = any(rows.DATE.search(cell.text[:2_000]) for cell in cells)
        out.append(Row(raw, tuple(cells), None if dated else _heading(record, heads)))
    return out


def _heading(record: Record, heads: set[int]) -> str | None:
    """The date that stands above a row and the rows beside it: rows are often gathered by day."""
    node: LexborNode | None = record.head
    for _ in range(4):
        if node is None or node.tag == "body":
            return None
        before = node.prev
        for _ in range(300):
            if before is None:
                break
            if before.is_element_node and before.mem_id not in heads:
                said = normalise((before.text(deep=True, separator=" ") or "")[:400])
                if 0 < len(said) <= 80 and rows.DATE.search(said) and not is_stamp(said):
                    return said
            before = before.prev
        node = node.parent
    return None


def _next(text: str, base: str) -> str | None:
    """The address of the list's next page: `rel=next`, or of a link that says no more than "next"."""
    if "next" not in text and not _NEXT.search(text):
        return None
    tree = parse(text)
    for node in tree.css("link[rel][href], a[rel][href]"):
        if "next" in (node.attributes.get("rel") or "").lower().split():
            return address(base, node.attributes.get("href") or "") or None
    for node in tree.css("a[href]"):
        label = normalise((node.text(deep=True, separator=" ") or "")[:60]) or normalise(
            node.attributes.get("title") or ""
        )
        found = address(base, node.attributes.get("href") or "") if label and _NEXT.fullmatch(label) else ""
        if found and found.partition("#")[0] != base.partition("#")[0]:
            return found
    return None
