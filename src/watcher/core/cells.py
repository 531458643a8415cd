"""A row's element(s) → its cells and its digest; links without what belongs to the visit alone.

`raw_of` is what the early gate costs, so it asks the C parser for texts and links and nothing else. It sees all that
`cells_of_record` gives, so that no cell changes while the digest stays.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlsplit, urlunsplit

import xxhash
from selectolax.lexbor import LexborNode

from watcher.core.content import weight
from watcher.core.furniture import is_furniture, normalise
from watcher.core.identity import digest
from watcher.core.judge import BLOCKS
from watcher.core.links import clean
from watcher.core.rows import DATE, Record, span_of

LONGEST = 5_000  # characters of a cell that are shown; a longer one is told apart by its digest
MOST_CELLS = 80
MOST_LINKS = 200
_LONGEST_LINK = 2_000
_KEPT = "%/:?#[]@!$&'()*+,;=~|\\ "
_ESCAPE = re.compile(r"%[0-9a-fA-F]{2}")
# words by which a page says of when it is itself
_STAMPED = (
    r"(?:as of|current (?:as of|through)|(?:page |list )?(?:last )?(?:updated|modified|reviewed|revised|refreshed)"
    r"(?: on)?|stand(?: vom)?|zuletzt aktualisiert|mis à jour le|actualizado(?: el)?|aggiornato(?: al| il)?|generated|"
    r"retrieved|printed|downloaded)"
)
_STAMP = re.compile(rf"{_STAMPED}\W.{{0,40}}", re.IGNORECASE)  # among its rows
_STAMP_WITHIN = re.compile(rf"(?<!\w){_STAMPED}(?!\w)", re.IGNORECASE)

_SESSION = re.compile(
    r"(?:jsessionid|phpsessid|aspsessionid\w*|asp\.net_sessionid|sid|s_?id|sess(?:ion)?[_-]?(?:id|key|token)?|sessid|cfid|cftoken|"
    r"osessionid|_|nocache|no_cache|cachebuster|cb|rnd|rand|random|timestamp|ts)",
    re.IGNORECASE,
)
_IN_PATH = re.compile(r";(?:jsessionid|sid|sessionid|phpsessid)=[^/?#;]*|/\((?:S|A|F)\([\w-]{10,60}\)\)", re.IGNORECASE)
# columns that count readers or the time that passes; named so by the table's head
MOVING = re.compile(
    r"(?:#\s*|no\.?\s*of\s*|number\s*of\s*)?(?:views?|hits|downloads?|visits|visitors|reads|shares|likes|comments|replies|age|"
    r"aufrufe|zugriffe|vues|visitas)",
    re.IGNORECASE,
)
ORDINAL = re.compile(r"^\d{1,5}[.):]?(?:\s+|$)")  # the number of a row's place
_LABEL = re.compile(r"([^\W\d][^:\n|]{1,38}?)\s?:\s+(\S.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a row: the column's name ("" where it has none), its text, its links as (target, words)."""

    name: str
    text: str
    links: tuple[tuple[str, str], ...] = ()


@lru_cache(maxsize=65_536)
def _moves(text: str) -> bool:
    """Say whether a piece of text is a counter or a time that passes; the same few stand on a page at every look."""
    return is_furniture(text)


def targets_of(record: Record) -> list[str]:
    """All links of a row, as written."""
    if not record.tail and record.cells:
        return [a.attributes.get("href") or "" for a in record.head.css("a[href]")[:MOST_LINKS]]
    out: list[str] = []
    for node in record.nodes:
        if node.is_element_node:
            if node.tag == "a":
                out.append(node.attributes.get("href") or "")
            out += [a.attributes.get("href") or "" for a in node.css("a[href]")[:MOST_LINKS]]
    return out


def session_of(rows: Sequence[Sequence[str]]) -> frozenset[str]:
    """Name the parameters that say nothing of a row, by the links of all: the same in nearly every link, and random by
    their look; or counting the rows from nought or one."""
    targets = [target for row in rows for target in row]
    values: defaultdict[str, set[str]] = defaultdict(set)
    counts: defaultdict[str, int] = defaultdict(int)
    asked = [target for target in targets if "?" in target]
    for target in asked:
        for part in target.partition("?")[2].partition("#")[0].split("&"):
            name, _, value = part.partition("=")
            known = values[name]
            if len(known) < 2:
                known.add(value)
            counts[name] += 1
    counting = _counting([next((t for t in row if "?" in t), "") for row in rows]) if asked else frozenset()
    return counting | frozenset(
        name
        for name, found in values.items()
        if len(found) == 1 and counts[name] >= max(3, 0.9 * len(asked)) and _is_random(next(iter(found)))
    )


def _counting(targets: Sequence[str]) -> frozenset[str]:
    """Name the parameters that count the rows: 1, 2, 3 … from the first on."""
    if len(targets) < 3:
        return frozenset()
    found = None
    for index, target in enumerate(targets[:50]):
        pairs = {part.partition("=")[::2] for part in target.partition("?")[2].partition("#")[0].split("&")}
        here = {(name, int(value) - index) for name, value in pairs if value.isdecimal() and len(value) < 6}
        found = here if found is None else found & here
        if not found:
            return frozenset()
    return frozenset(name for name, start in found or () if start in {0, 1})


def first_words(record: Record) -> str:
    """The first words of a row."""
    for node in record.nodes:
        said = (node.text(deep=True, separator=" ") if node.is_element_node else node.text_content) or ""
        if words := said[:2_000].split():
            return words[0]
    return ""


def are_ordinal(words: Sequence[str]) -> bool:
    """Say whether rows are numbered by where they stand: 1, 2, 3 … from the first on."""
    numbers = [word.rstrip(".):") for word in words if word]
    return len(numbers) > 2 and numbers == [str(index) for index in range(1, len(numbers) + 1)]


def _is_random(value: str) -> bool:
    return len(value) >= 8 and any(map(str.isdigit, value)) and (any(map(str.isalpha, value)) or len(value) >= 12)


def stable(target: str, session: frozenset[str] = frozenset()) -> str:
    """Give a link as written without tracking and session parts; "" for what leads to no document. Never raises."""
    if "%" in target or not target.isascii():  # one address may be written in several ways (RFC 3986, 6.2.2.2)
        target = _ESCAPE.sub(lambda found: found[0].upper(), quote(target[: 3 * _LONGEST_LINK], safe=_KEPT))
    head, mark, query = target.partition("?")
    head = _lasting_path(head)
    if not mark or not head:
        return head if head or not query else clean(target)
    query, hash_mark, fragment = query.partition("#")
    kept = [
        part
        for part in query.strip()[:_LONGEST_LINK].split("&")
        if not _is_passing(name := part.partition("=")[0]) and name not in session
    ]
    return head + ("?" + "&".join(kept) if kept else "") + hash_mark + fragment[:_LONGEST_LINK]


@lru_cache(maxsize=16_384)
def _lasting_path(path: str) -> str:
    path = clean(path)
    return _IN_PATH.sub("", path) if ";" in path or "/(" in path else path


@lru_cache(maxsize=4096)
def _is_passing(name: str) -> bool:
    """Say whether a parameter is known by its name to track a reader or to name a visit."""
    return _SESSION.fullmatch(name) is not None or clean(f"x?{name}=1") == "x"


def lasting(url: str) -> str:
    """Give an absolute address in the form that a row is known by: host in lower case, without fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), parts.path or "/", parts.query, ""))


def raw_of(
    record: Record,
    targets: Sequence[str],
    session: frozenset[str],
    moving: frozenset[int],
    ignored: Sequence[re.Pattern[str]],
    *,
    ordinal: bool = False,
) -> tuple[str, int]:
    """Digest a row's texts and links, without counters and what belongs to the visit: 32 hex digits, "" when empty; and
    the number of its characters, counters too."""
    nodes: Iterable[LexborNode] = record.nodes
    length = 0
    if moving and record.cells:
        own = [cell for index, cell in enumerate(record.cells) if index not in moving]
        nodes = [*own, *record.tail]
        length = sum(weight(cell.text(deep=True) or "") for i, cell in enumerate(record.cells) if i in moving)
    parts = []
    for node in nodes:
        said = (node.text(deep=True, separator="\x1f") if node.is_element_node else node.text_content) or ""
        words, size = _words(said)
        length += size
        if ignored:
            words = _without(said, ignored)
        if words:
            parts.append(words)
    if not parts:
        return "", 0
    said = " ".join(parts)
    if len(said) <= 60 and _STAMP.fullmatch(said) and DATE.search(said):
        return "", 0
    links = dict.fromkeys(stable(target, session) for target in targets)
    shown = ORDINAL.sub("", said, count=1) if ordinal else said
    whole = "\x1e".join([shown, *links]).encode("utf-8", "surrogatepass")
    return xxhash.xxh3_128_hexdigest(whole), length


def is_stamp(line: str) -> bool:
    """Say whether a line that bears a date says when the page was made, which is no date of its rows."""
    return _STAMP_WITHIN.search(line) is not None


@lru_cache(maxsize=16_384)
def _words(said: str) -> tuple[str, int]:
    """The words of a row's pieces of text without counters, and the number of all its characters; the same rows stand
    on a page at every look."""
    return _without(said, ()), weight(said) - said.count("\x1f")


def _without(said: str, ignored: Sequence[re.Pattern[str]]) -> str:
    parts = []
    for piece in said.split("\x1f"):
        words = " ".join(piece.split())
        if words and not (len(words) <= 80 and _moves(words)) and not any(rule.search(words) for rule in ignored):
            parts.append(words)
    return " ".join(parts)


Carried = dict[int, tuple[int, Cell]]  # column → rows that a cell from above still stands in, and the cell


def cells_of_record(
    record: Record,
    names: Sequence[str],
    session: frozenset[str],
    ignored: Sequence[re.Pattern[str]],
    carried: Carried | None = None,
) -> list[Cell]:
    """Give a row's cells: a table's by its columns, others piece by piece, each with the label it begins with.

    `carried` holds, from row to row of one table, the cells that stand in several rows; it is brought up to date.
    """
    if len(record.cells) < 2:
        return _pieces(record.nodes, session, ignored)
    above = carried if carried is not None else {}
    out: list[Cell] = []
    column = _take(above, 0, out)
    for cell in record.cells[:MOST_CELLS]:
        name = names[column] if column < len(names) else ""
        first = column
        column += span_of(cell)
        if not (name and MOVING.fullmatch(name)):
            made = _table_cell(cell, name, column, session, ignored)
            if made is not None:
                out.append(made)
            if (rows := _rows_of(cell)) > 1:
                above[first] = rows - 1, made or Cell(name or f"c{column}", "")
        column = _take(above, column, out) if above else column
    return [*out, *_pieces(record.tail, session, ignored)]


def _take(above: Carried, column: int, out: list[Cell]) -> int:
    """Add the cells from above that stand in this column and those after it; give the next free column."""
    while column in above and len(out) < MOST_CELLS:
        left, cell = above.pop(column)
        if left > 1:
            above[column] = left - 1, cell
        if cell.text or cell.links:
            out.append(cell)
        column += 1
    return column


def _rows_of(cell: LexborNode) -> int:
    value = cell.attributes.get("rowspan") or "1"
    return min(1000, int(value)) if value.isascii() and value.isdecimal() and len(value) < 6 else 1


def _table_cell(
    cell: LexborNode, name: str, column: int, session: frozenset[str], ignored: Sequence[re.Pattern[str]]
) -> Cell | None:
    pieces = _pieces([cell], session, ignored, labels=False)
    words = normalise(" ".join(piece.text for piece in pieces))
    links = tuple(link for piece in pieces for link in piece.links)
    if not name and (labelled := _labelled(words)):
        name, words = labelled
    return Cell(name or f"c{column}", words, links) if words or links else None


def _labelled(text: str) -> tuple[str, str] | None:
    found = _LABEL.fullmatch(text) if len(text) <= 400 else None
    return (found[1].strip(), found[2].strip()) if found and "://" not in text[: found.end(1) + 3] else None


class _Reader:
    """Gathers text and links until a block ends."""

    def __init__(self, session: frozenset[str], ignored: Sequence[re.Pattern[str]], *, labels: bool) -> None:
        self.session, self.ignored, self.labels = session, ignored, labels
        self.cells: list[Cell] = []
        self.texts: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.label = ""

    def flush(self, tag: str = "") -> None:
        words = [w for w in (normalise(text) for text in "".join(self.texts).split("\x1f")) if w]
        text = normalise(" ".join(w for w in words if not (len(w) <= 80 and _moves(w))))
        if any(rule.search(text) for rule in self.ignored):
            text, self.links = "", []
        if tag == "dt" and text and not self.links:
            self.label = text.strip(" :")[:40]
        elif (text or self.links) and len(self.cells) < MOST_CELLS:
            name = self.label if tag == "dd" else ""
            if self.labels and not name and (labelled := _labelled(text)):
                name, text = labelled
            self.cells.append(Cell(name or f"c{len(self.cells) + 1}", text, tuple(self.links[:MOST_LINKS])))
        self.texts, self.links = [], []


def _pieces(
    nodes: Iterable[LexborNode], session: frozenset[str], ignored: Sequence[re.Pattern[str]], *, labels: bool = True
) -> list[Cell]:
    reader = _Reader(session, ignored, labels=labels)
    for event, node in _walked(nodes):
        tag = node.tag or ""
        if event == "text":
            reader.texts.append(node.text_content or "")
        elif tag in BLOCKS or tag == "br":
            reader.flush(tag if event == "end" else "")
        elif event == "start" and tag == "a":
            if target := stable(node.attributes.get("href") or "", session):
                reader.links.append((target, normalise(node.text(deep=True, separator=" ") or "")[:500]))
        elif event == "end" and tag in {"span", "time", "small", "em"}:
            reader.texts.append("\x1f ")  # a counter may stand in an element of its own
    reader.flush()
    return reader.cells


def _walked(nodes: Iterable[LexborNode]) -> Iterator[tuple[str, LexborNode]]:
    """Walk some elements with all below them: "start", "text" and "end", in document order."""
    for top in nodes:
        if not top.is_element_node:
            if top.is_text_node:
                yield "text", top
            continue
        stack = [top]
        yield "start", top
        node = top.first_child
        while stack:
            if node is None:
                done = stack.pop()
                yield "end", done
                node = done.next if stack else None
            elif node.is_text_node:
                yield "text", node
                node = node.next
            elif node.is_element_node:
                yield "start", node
                stack.append(node)
                node = node.first_child
            else:
                node = node.next


def shortened(text: str) -> str:
    """Bound a cell's text; what is cut still tells that it changed."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … [{digest(text)[:12]}]"
