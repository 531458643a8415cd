"""Where the rows of a page stand: the page's own repeated structure, found once and named so that later looks go there.

Candidates are elements that share one path (tables' rows, list items, cards, paragraphs), and runs of siblings that
begin with such an element. The group wins whose records say most: a date, a link, a document, a number of a case;
what only leads about the site says little. Nothing here knows a site.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode

from watcher.core.content import rounded, select, weight
from watcher.core.judge import verdict
from watcher.core.tables import words

MOST_ROWS = 10_000
_MOST_NODES = 300_000
_LEAST = 2  # rows of a repetition
_PLAIN = re.compile(r"[A-Za-z][A-Za-z_-]{1,60}")
_PASSING = re.compile(
    r"(?:.*[-_])?(?:odd|even|first|last|alt|alternate|active|current|selected|open|closed|new|hover|item-?\d*|row-?\d*)",
    re.IGNORECASE,
)


_RECORDS = words(
    "tr li div article section p dl table tbody ul ol details blockquote figure a dt td h1 h2 h3 h4 h5 h6 b strong "
    "hr center span font pre"
)
_WHOLE = _RECORDS - {"dt", "td", "hr", "b", "strong", "span", "font", "a"}  # what can be a record all by itself
_HEADS = _RECORDS - {"table", "tbody", "ul", "ol", "td", "li", "blockquote"}  # what can begin a run of siblings
_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mai|mär|okt|dez|janv|févr|mars|avr|juin|juil|août|ene|abr|ago|dic|"
    r"янв|фев|мар|апр|мая|июн|июл|авг|сен|окт|ноя|дек)[^\W\d]{0,8}"
)
DATE = re.compile(
    rf"(?<![\d/.-])(?:\d{{1,2}}[/.-]\d{{1,2}}[/.-](?:\d{{4}}|\d\d)|\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.)?[\s-]+(?:de\s)?{_MONTH}\.?,?[\s-]+(?:de\s)?\d{{2,4}}|{_MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}"
    r"|\d{4}\s?[年년]\s?\d{1,2}\s?[月월]\s?\d{1,2})(?![\d/])",
    re.IGNORECASE,
)
_CASE = re.compile(r"\b(?:\d{1,2}:)?\d{2,4}[-–](?:[A-Z]{1,4}[-–])?\d{2,6}\b|\bv\.?s?\.\s|\bNos?\.\s?\d")
_DOCUMENT = re.compile(
    r"\.(?:pdf|docx?|rtf|wpd|txt|csv|xlsx?|xml|zip|mp3|wma)(?:$|[?#])|/(?:download|document|opinion|file)s?\b"
    r"|getfile|docid|show_temp|filingid|archives/edgar",
    re.IGNORECASE,
)
_HOLDERS = words("div section main table ul ol dl form article body")  # what an id names as the place of rows
_SHARE = 0.3
_LISTED = words("div li ul ol p tr article section table dl")
_AWAY_NAMES = re.compile(
    r"facet|filter|pager|paging|paginat|breadcrumb|calendar|sortable-link|dropdown|typeahead", re.IGNORECASE
)
_AWAY = frozenset({"nav", "header", "footer", "aside", "menu", "form"})
_AWAY_ROLES = frozenset(
    {"navigation", "contentinfo", "banner", "search", "menu", "menubar", "tablist", "complementary"}
)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where rows stand: a CSS path; whether a row goes on over its following siblings (`run`); the number of cells
    of a table's rows (0: not asked); the text outside when it was found (None: the source named the place)."""

    path: str
    run: bool = False
    cells: int = 0
    outside: int | None = None
    ignore: tuple[str, ...] = ()  # the source's own rules of what to leave out

    def write(self) -> str:
        """One line each: the path, and what of the rest is not as usual."""
        more = [f"={self.cells}"] if self.cells else []
        more += ["~"] if self.run else []
        more += [] if self.outside is None else [f"@{self.outside}"]
        return "\n".join([self.path, *more, *(f"-{rule}" for rule in self.ignore if "\n" not in rule)])

    @classmethod
    def parse(cls, text: str) -> "Spot":
        path, *lines = text.split("\n")
        numbers = {line[:1]: int(line[1:]) for line in lines if line[1:].isdecimal()}
        ignore = tuple(line[1:] for line in lines if line[:1] == "-")
        return cls(path, "~" in lines, numbers.get("=", 0), numbers.get("@"), ignore)


@dataclass(frozen=True, slots=True)
class Record:
    """One row: the element it begins with, the siblings that belong to it, and the cells of a table's row."""

    head: LexborNode
    tail: tuple[LexborNode, ...] = ()
    cells: tuple[LexborNode, ...] = ()

    @property
    def nodes(self) -> tuple[LexborNode, ...]:
        return (self.head, *self.tail)


def at(tree: LexborHTMLParser, spot: Spot) -> list[Record]:
    """Give the rows that stand at a known place; raises UnknownSelectorError."""
    nodes = select(tree, spot.path)[:MOST_ROWS]
    if spot.cells:
        return _fitting(nodes, spot.cells)
    return _runs(nodes) if spot.run else _records(nodes)


def _records(nodes: Iterable[LexborNode]) -> list[Record]:
    return [Record(node, cells=tuple(cells_of(node)) if node.tag == "tr" else ()) for node in nodes]


def cells_of(row: LexborNode) -> list[LexborNode]:
    """The cells of a table's row."""
    return [cell for cell in row.iter() if cell.tag in {"td", "th"}]


def table_of(row: LexborNode) -> LexborNode | None:
    """The table that a row stands in."""
    above = row.parent
    while above is not None and above.tag not in {"table", "body", "html"}:
        above = above.parent
    return above if above is not None and above.tag == "table" else None


def is_head(record: Record) -> bool:
    """Say whether this is a table's row that only names its columns, or closes the table."""
    return record.head.tag == "tr" and _is_head(record.head, record.cells)


def _is_head(row: LexborNode, cells: Sequence[LexborNode]) -> bool:
    if all(cell.tag == "th" for cell in cells):
        return True
    return row.parent is not None and row.parent.tag in {"thead", "tfoot"}


def span_of(cell: LexborNode) -> int:
    """The number of columns that a cell stands in."""
    value = cell.attributes.get("colspan") or "1"
    return min(50, int(value)) if value.isascii() and value.isdecimal() and value != "0" and len(value) < 6 else 1


def _fitting(rows: Sequence[LexborNode], cells: int) -> list[Record]:
    """Of tables' rows take those of tables that mostly have so many cells, without heads and rows that only part."""
    tables: defaultdict[int, list[tuple[LexborNode, list[LexborNode]]]] = defaultdict(list)
    closing: set[int] = set()  # parts of tables that name their columns or close them
    for row in rows:
        part = row.parent
        name = 0
        if part is not None:
            name = part.mem_id
            if name not in tables and part.tag in {"thead", "tfoot"}:
                closing.add(name)
        tables[name].append((row, cells_of(row)))
    out: list[Record] = []
    for name, members in tables.items():
        if name in closing or _usual(own for _, own in members) != cells:
            continue
        for index, (row, own) in enumerate(members):
            if not own or (len(own) == 1 and cells > 1) or (own[0].tag == "th" and all(c.tag == "th" for c in own)):
                continue
            if index == 0 and _reads_as_head([row for row, _ in members[:4]]):
                continue
            out.append(Record(row, cells=tuple(own)))
    return out


def _usual(rows: Iterable[Sequence[LexborNode]]) -> int:
    """The number of cells that most rows have."""
    counted = Counter(map(len, rows))
    return counted.most_common(1)[0][0] if counted else 0


def _reads_as_head(rows: Sequence[LexborNode]) -> bool:
    """Say whether a table's first row, although of plain cells, names the columns: bold, or without figures."""
    if len(rows) < 2:
        return False
    first = rows[0]
    texts = [(cell.text(deep=True) or "").strip() for cell in cells_of(first)]
    filled = [text for text in texts if text]
    if len(filled) < 2 or any(len(text) > 40 or any(map(str.isdigit, text)) for text in filled):
        return False
    if first.css_first("a[href]") is not None and rows[1].css_first("a[href]") is not None:
        links = [a.attributes.get("href") or "" for a in first.css("a[href]")]
        return all(re.search(r"sort|order", link, re.IGNORECASE) for link in links)
    below = " ".join(row.text(deep=True) or "" for row in rows[1:4])
    return any(map(str.isdigit, below)) or all(cell.css_first("b, strong") is not None for cell in cells_of(first))


def head_of(table: LexborNode) -> list[str]:
    """Name a table's columns by its head, spans counted; empty where it has none."""
    rows = list(islice(_rows_of(table), 12))
    for index, row in enumerate(rows):
        cells = cells_of(row)
        if len(cells) < 2:
            continue
        if not _is_head(row, cells) and not _reads_as_head(rows[index : index + 4]):
            return []
        names: list[str] = []
        for cell in cells:
            name = " ".join((cell.text(deep=True, separator=" ") or "").split())[:80]
            names += [name] * span_of(cell)
        return names
    return []


def _rows_of(table: LexborNode) -> Iterator[LexborNode]:
    """A table's own rows, not those of tables inside it."""
    for child in table.iter():
        if child.tag == "tr":
            yield child
        elif child.tag in {"thead", "tbody", "tfoot"}:
            yield from (row for row in child.iter() if row.tag == "tr")


def _runs(heads: Sequence[LexborNode]) -> list[Record]:
    """Let each row go on to the next one's beginning; the last is no longer than the longest before it."""
    begins = {node.mem_id for node in heads}
    records: list[Record] = []
    longest: dict[int, int] = {}
    for head in heads:
        tail: list[LexborNode] = []
        after = head.next
        closed = False
        while after is not None and len(tail) < 200:
            if after.mem_id in begins:
                closed = True
                break
            tail.append(after)
            after = after.next
        parent = head.parent.mem_id if head.parent is not None else 0
        if closed:
            longest[parent] = max(longest.get(parent, 0), len(tail))
        elif parent in longest:
            tail = tail[: longest[parent]]
        records.append(Record(head, tuple(tail), tuple(cells_of(head)) if head.tag == "tr" else ()))
    return records


# --- finding --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Sum:
    """What an element holds: characters, those in links, links, dates, documents, numbers of cases."""

    length: int = 0
    linked: int = 0
    links: int = 0
    dates: int = 0
    documents: int = 0
    cases: int = 0

    def add(self, other: "_Sum") -> None:
        self.length += other.length
        self.linked += other.linked
        self.links += other.links
        self.dates += other.dates
        self.documents += other.documents
        self.cases += other.cases

    @property
    def worth(self) -> float:
        """How much like a row of a list this is."""
        if self.length < 3:
            return 0.0
        found = 0.3 + min(self.length, 160) / 160
        found += 1.0 if self.dates else 0.0
        found += 0.7 if self.links else 0.0
        found += 0.6 if self.documents else 0.0
        found += 0.5 if self.cases else 0.0
        if not self.dates and not self.documents and not self.cases and self.linked >= 0.9 * self.length:
            found *= 0.35  # a link about the site
        if self.links > 8 or self.dates > 6 or self.length > 5000:
            found *= 0.3  # a list in itself
        elif self.dates > 3 or self.links > 4:
            found *= 0.8
        return found


@dataclass(slots=True)
class _Seen:
    node: LexborNode
    tag: str
    path: str
    away: bool
    sum: _Sum = field(default_factory=_Sum)
    linked: bool = False


@dataclass(slots=True)
class _Group:
    path: str
    tag: str
    members: list[_Seen] = field(default_factory=list)
    striped: bool = False


def find(tree: LexborHTMLParser, root: LexborNode | None = None) -> tuple[Spot, list[Record], float] | None:
    """Find the rows of a page, or of one element of it: the place, the rows, and what they are worth; None: none."""
    top = root if root is not None else tree.body
    if top is None:
        return None
    groups, sums = _gather(tree, top)
    best: tuple[float, Spot, list[Record]] | None = None
    for group in groups.values():
        for spot, records, score in _tried(group, sums, sums.get(top.mem_id, _Sum()).length):
            if best is None or score > best[0]:
                best = score, spot, records
    if best is None:
        return None
    score, spot, records = best
    whole = sums.get(top.mem_id, _Sum()).length
    inside = sum(_sum_of(record, sums).length for record in records)
    return Spot(spot.path, spot.run, spot.cells, rounded(max(0, whole - inside))), records, score


def _gather(tree: LexborHTMLParser, top: LexborNode) -> tuple[dict[str, _Group], dict[int, _Sum]]:
    """Walk the tree once: sums of every element, and groups of elements with one path."""
    ids = Counter(node.attributes.get("id") for node in tree.css("[id]"))
    groups: dict[str, _Group] = {}
    sums: dict[int, _Sum] = {}
    stack = [_Seen(top, top.tag or "", _step(top, ids) if top.tag != "body" else "body", False)]
    node: LexborNode | None = top.first_child
    for _ in range(_MOST_NODES):
        here = stack[-1]
        if node is None:
            done = stack.pop()
            sums[done.node.mem_id] = done.sum
            if not stack:
                break
            stack[-1].sum.add(done.sum)
            node = done.node.next
            continue
        if node.is_text_node:
            _count(here.sum, node.text_content or "", here.linked)
            sums[node.mem_id] = _Sum()
            if (node.text_content or "").strip():
                _count(sums[node.mem_id], node.text_content or "", here.linked)
            node = node.next
            continue
        if not node.is_element_node:
            node = node.next
            continue
        seen = _entered(node, here, ids)
        if seen.tag in _RECORDS:
            groups.setdefault(seen.path, _Group(seen.path, seen.tag)).members.append(seen)
            plain = f"{here.path} > {seen.tag}"  # rows striped by classes are one list
            if plain != seen.path:
                groups.setdefault(plain, _Group(plain, seen.tag, striped=True)).members.append(seen)
        stack.append(seen)
        node = node.first_child
    while len(stack) > 1:  # the bound was met
        done = stack.pop()
        sums[done.node.mem_id] = done.sum
        stack[-1].sum.add(done.sum)
    sums[top.mem_id] = stack[0].sum if stack else sums.get(top.mem_id, _Sum())
    return groups, sums


def _entered(node: LexborNode, above: _Seen, ids: Counter[str | None]) -> _Seen:
    tag = node.tag or ""
    attributes = node.attributes
    step = _step(node, ids)
    path = step if step.startswith("#") else f"{above.path} > {step}"
    away = above.away or tag in _AWAY - {"form"} or attributes.get("role") in _AWAY_ROLES
    if not away and (attributes.get("class") or attributes.get("id")) and tag not in {"body", "main", "article", "tr"}:
        names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"[:400]
        away = verdict(tag, attributes).limit > 0 or (tag != "table" and _AWAY_NAMES.search(names) is not None)
    seen = _Seen(node, tag, path, away, linked=above.linked)
    if tag == "a" and (target := attributes.get("href") or ""):
        seen.linked = True
        seen.sum.links = 1
        seen.sum.documents = 1 if _DOCUMENT.search(target[:2000]) else 0
    elif tag == "time" and attributes.get("datetime"):
        seen.sum.dates = 1
    return seen


def _step(node: LexborNode, ids: Counter[str | None]) -> str:
    attributes = node.attributes
    name = attributes.get("id") or ""
    if name and _PLAIN.fullmatch(name) and ids[name] == 1 and node.tag in _HOLDERS and not _is_one_of_many(node):
        return f"#{name}"
    classes = [
        c for c in (attributes.get("class") or "")[:300].split() if _PLAIN.fullmatch(c) and not _PASSING.fullmatch(c)
    ]
    return (node.tag or "") + "".join(f".{name}" for name in sorted(classes)[:2])


def _is_one_of_many(node: LexborNode) -> bool:
    """Say whether an element with an id is a row itself: the element beside it is of its kind and has one too."""
    classes = node.attributes.get("class")
    after, before = node.next, node.prev
    while after is not None and not after.is_element_node:
        after = after.next
    while before is not None and not before.is_element_node:
        before = before.prev
    beside = [other for other in (before, after) if other is not None and other.tag == node.tag]
    return any(other.attributes.get("id") and other.attributes.get("class") == classes for other in beside)


def _count(into: _Sum, text: str, linked: bool) -> None:
    length = weight(text)
    if not length:
        return
    into.length += length
    if linked:
        into.linked += length
    if length >= 4 and any(map(str.isdigit, text)):
        short = text[:5000]
        into.dates += sum(1 for _ in DATE.finditer(short))
        into.cases += _CASE.search(short) is not None
    elif " v" in text:
        into.cases += _CASE.search(text[:5000]) is not None


def _tried(group: _Group, sums: dict[int, _Sum], whole: int) -> Iterator[tuple[Spot, list[Record], float]]:
    """Try a group as rows of their own, and as the beginnings of rows."""
    members = group.members
    if len(members) < _LEAST:
        return
    away = sum(seen.away for seen in members) * 2 > len(members)
    if away and sum(seen.sum.length for seen in members if not seen.linked) > _SHARE * whole:
        away = False  # what holds so much of the page is its content, whatever its name
    if group.striped and len({seen.path for seen in members}) < 2:
        return
    nodes = [seen.node for seen in members[:MOST_ROWS]]
    if group.tag == "tr":
        parents: defaultdict[int, list[LexborNode]] = defaultdict(list)
        for node in nodes:
            parents[node.parent.mem_id if node.parent is not None else 0].append(node)
        for cells in {_usual(map(cells_of, rows)) for rows in parents.values()}:
            spot = Spot(group.path, cells=cells)
            records = _fitting(nodes, cells)
            holder = table_of(records[0].head) if records else None
            named = holder is not None and len(head_of(holder)) > 1  # a table that names its columns is one
            yield spot, records, (1.4 if named else 1.0) * _score(records, sums, away, few=not named)
    elif group.tag in _WHOLE:
        records = [Record(node) for node in nodes]
        # a part of a table is no better than its rows
        yield (
            Spot(group.path),
            records,
            (0.95 if group.tag in {"tbody", "table"} else 1.0) * _score(records, sums, away),
        )
    if group.tag in _HEADS and len({node.parent.mem_id for node in nodes if node.parent is not None}) * 2 <= len(nodes):
        records = _runs(nodes)
        if sum(any(sums.get(n.mem_id, _Sum()).length for n in r.tail) for r in records) * 2 >= len(records):
            # a run is only a guess beside an element that holds all of a row
            factor = 0.45 if _hold_lists(records, sums) else 0.9
            yield Spot(group.path, run=True), records, factor * _score(records, sums, away)


def _hold_lists(records: Sequence[Record], sums: dict[int, _Sum]) -> bool:
    """Say whether runs are sections: a third of them hold several like elements with links."""
    sections = 0
    for record in records:
        like: Counter[str] = Counter()
        for node in record.tail:
            if node.tag in _LISTED and sums.get(node.mem_id, _Sum()).links:
                like[f"{node.tag} {node.attributes.get('class')}"] += 1
        sections += any(count > 1 for count in like.values())
    return sections * 3 >= len(records)


def _sum_of(record: Record, sums: dict[int, _Sum]) -> _Sum:
    if not record.tail:
        return sums.get(record.head.mem_id, _Sum())
    total = _Sum()
    for node in record.nodes:
        total.add(sums.get(node.mem_id, _Sum()))
    return total


def _score(records: Sequence[Record], sums: dict[int, _Sum], away: bool, *, few: bool = True) -> float:
    """What a group is worth: the sum of its rows, the richer each the more; nearly nothing where it leads elsewhere."""
    if len(records) < _LEAST:
        return 0.0
    worths = [_sum_of(record, sums).worth for record in records]
    filled = [worth for worth in worths if worth > 0.3]
    if len(filled) < _LEAST:
        return 0.0
    mean = sum(worths) / len(worths)
    sums_of = [_sum_of(record, sums) for record in records]
    alike = max(sum(map(bool, (s.dates for s in sums_of))), sum(map(bool, (s.links for s in sums_of)))) / len(records)
    return (
        (0.5 if few and len(filled) < 3 else 1.0)
        * sum(worths)
        * mean
        * (0.02 if away else 1.0)
        * (len(filled) / len(worths))
        * (0.4 + 0.6 * alike)
    )
