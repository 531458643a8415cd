"""A listing's rows as read → entries: which number, link, title and time a row has, and the key that identifies it.

The key is the first of: a number of the publisher's own (accession, CELEX, CVE, a column that is called so), if only
one row has it; that and the link; the link; title and day; all that the row says.
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from watcher.core import when
from watcher.core.cells import Cell, lasting, shortened
from watcher.core.identity import address, digest
from watcher.core.rows import DATE
from watcher.model import Block, Entry, Link, Moment, Page, Source

_SURE = re.compile(r"\b(?:\d{10}-\d{2}-\d{6}|CVE-\d{4}-\d{4,7}|[3567]\d{4}[A-Z]{1,2}\d{4}(?:\(\d\d\))?)\b")
_NUMBERED = re.compile(
    r"(?:(?:docket|case|document|doc|file|filing|film|accession|release|opinion|order|citation|notice|reference|ref|entity|entry|"
    r"list|record|registration|licen[cs]e|unique|seizure|matter|action|rule|bill|item|cve)[\s._#-]*)?"
    r"(?:id|ids|uid|number|numbers|no|nos|nr|num|#|№)s?\.?|(?:docket|citation|accession|uid|guid|celex|aktenzeichen|"
    r"numéro|número|numero|номер|編號|编号|番号).{0,12}",
    re.IGNORECASE,
)
_TITLED = re.compile(
    r"(?:case\s*|full\s*|entity\s*|short\s*|document\s*)?(?:title|name|names|caption|style|headline|subject|description|party|parties|"
    r"company|matter|case|titel|"
    r"betreff|titre|objet|título|asunto|titolo|oggetto|название|标题|名称)(?:s|\(s\))?(?:\s*(?:of|/|and|&|name|\().{0,30})?",
    re.IGNORECASE,
)
_DATED = re.compile(
    r".*(?:date|dated|filed|issued|published|released|decided|posted|datum|fecha|data|дата|日期|日付).*", re.IGNORECASE
)
_SAYS_NOTHING = re.compile(
    r"(?:view|download|open|read|see|get|click|more|here|pdf|html?|docx?|word|text|txt|xml|link|document|file|opinion|order|mp3|wma|"
    r"audio|listen|details?|full|the|this|in|new|window|opens|format|version|\W|\d|kb|mb)+",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W\d_]")
_PAIR = re.compile(r"(?<!\d)(\d{1,2})[/.-](\d{1,2})[/.-](?:\d{4}|\d\d)(?!\d)")
_LONGEST_TITLE = 500


@dataclass(frozen=True, slots=True)
class Row:
    """A row as read: its digest, its cells, and the date that stands above it, if any."""

    raw: str
    cells: tuple[Cell, ...] = ()
    above: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What all rows of a page share: its address, the one that links count from, its language, the look, the source."""

    url: str
    base: str
    language: str | None
    look: when.Look
    source: Source


@dataclass(frozen=True, slots=True)
class _Known:
    """What a row is known by."""

    number: str | None
    link: str | None
    title: str
    day: str


def entries_of(made: Sequence[Row], facts: Facts, seen: Collection[str]) -> tuple[Entry, ...]:
    """Build the entries of rows whose digest is not in `seen`; keys are worked out over all."""
    look = dated_look(made, facts)
    numbered = _numbered(made)
    pages = [_page(row, facts, look) for row in made]
    links = Counter(page.url for page in pages)
    known = [
        _Known(
            _number(row, numbered),
            lasting(page.url) if page.url != facts.url and links[page.url] == 1 else None,
            page.title or "",
            page.published.day.isoformat() if page.published else "",
        )
        for row, page in zip(made, pages, strict=True)
    ]
    keys = _keys(known, [row.raw for row in made])
    return tuple(
        Entry(key, row.raw, one.number, one.link, _finger(row, page), page)
        for row, page, one, key in zip(made, pages, known, keys, strict=True)
        if row.raw not in seen
    )


def times_of(made: Sequence[Row], facts: Facts) -> tuple[datetime | None, ...]:
    """The time (UTC) that each row bears, or None."""
    look = dated_look(made, facts)
    found = (_published(row, look) for row in made)
    return tuple(moment.at if moment is not None else None for moment in found)


def oldest_of(times: Sequence[datetime | None]) -> datetime | None:
    """The oldest time that a row of a dated list bears; None where many rows bear none."""
    there = [at for at in times if at is not None]
    return min(there, default=None) if len(there) * 10 >= len(times) * 9 else None


def older_of(made: Sequence[Row], times: Sequence[datetime | None], known: Collection[str]) -> frozenset[str]:
    """Name the rows that stand behind all known ones and bear no newer date than any of them: on a page that others
    follow they came up from the next one."""
    places = [place for place, row in enumerate(made) if row.raw in known]
    dates = [at for place in places if (at := times[place] if times else None) is not None]
    if not dates or len(dates) < len(places):
        return frozenset()
    behind = range(places[-1] + 1, len(made))
    return frozenset(made[place].raw for place in behind if (at := times[place]) is not None and at <= min(dates))


def _finger(row: Row, page: Page) -> str:
    stamp = page.published.at.isoformat() if page.published else ""
    return digest((page.title or "").casefold(), *(cell.text.casefold() for cell in row.cells if cell.text), stamp)


def _keys(known: Sequence[_Known], raws: Sequence[str]) -> list[str]:
    numbers = Counter(one.number for one in known)
    pairs = Counter((one.number, one.link) for one in known)
    said = Counter((one.number, one.title, one.day) for one in known)
    out = []
    for one, raw in zip(known, raws, strict=True):
        if one.number and numbers[one.number] == 1:
            key = one.number
        elif one.link and pairs[one.number, one.link] == 1:
            key = f"{one.number} {one.link}" if one.number else one.link
        elif said[one.number, one.title, one.day] == 1 and one.title:
            key = digest(one.number or "", one.title, one.day)
        else:
            key = digest(one.number or "", one.title, one.day, raw)
        out.append(key if len(key) <= 1_000 else f"{key[:900]} {digest(key)}")
    return out


# --- what a row says ------------------------------------------------------------------------------------------------


def _numbered(made: Sequence[Row]) -> str | None:
    """Name the column that holds a number of the publisher's own in nearly every row; the one that repeats least."""
    values: dict[str, list[str]] = {}
    for row in made:
        for cell in row.cells:
            if _NUMBERED.fullmatch(cell.name) and 0 < len(cell.text) <= 80 and any(map(str.isdigit, cell.text)):
                values.setdefault(cell.name, []).append(cell.text)
    full = {name: found for name, found in values.items() if len(found) * 10 >= len(made) * 9}
    return max(full, key=lambda name: len(set(full[name])), default=None)


def _number(row: Row, column: str | None) -> str | None:
    for cell in row.cells:
        for said in (cell.text, *(target for target, _ in cell.links)):
            if found := _SURE.search(said):
                return found[0]
    return next((cell.text for cell in row.cells if cell.name == column and cell.text), None) if column else None


def _page(row: Row, facts: Facts, look: when.Look) -> Page:
    target, words = _main_link(row)
    title = _title(row, words)
    url = address(facts.base, target) if target else ""
    fields = tuple((cell.name, shortened(cell.text)) for cell in _unique(row.cells) if cell.text)
    return Page(
        url=url or facts.url,
        title=title,
        headline=title,
        published=_published(row, look),
        language=facts.language,
        blocks=tuple(_block(cell, facts.base) for cell in _unique(row.cells)),
        summary=" | ".join(text for _, text in fields if text and text != title)[:500] or None,
        fields=fields,
    )


def _unique(cells: Sequence[Cell]) -> list[Cell]:
    """Give every column a name of its own."""
    counted: Counter[str] = Counter()
    out = []
    for cell in cells:
        counted[cell.name] += 1
        out.append(cell if counted[cell.name] == 1 else replace(cell, name=f"{cell.name} {counted[cell.name]}"))
    return out


def _block(cell: Cell, base: str) -> Block:
    found = (Link(address(base, target), words) for target, words in cell.links)
    plain = re.fullmatch(r"c\d+(?: \d+)?", cell.name) is not None
    text = shortened(cell.text)
    return Block("td", text if plain else f"{cell.name}: {text}", tuple(link for link in found if link.url))


def _main_link(row: Row) -> tuple[str, str]:
    """Choose the link that the row is about: the one whose words say most, else the first."""
    best, first, most = ("", ""), ("", ""), 0
    for cell in row.cells:
        for target, words in cell.links:
            if not target or target.startswith("#"):
                continue
            first = first if first[0] else (target, words)
            size = 0 if _SAYS_NOTHING.fullmatch(words or "-") else min(200, len(words))
            if size > most:
                best, most = (target, words), size
    return best if most else first


def _title(row: Row, words: str) -> str | None:
    """The row's title: a column called so, the main link's words, else the cell that says most."""
    for cell in row.cells:
        if _TITLED.fullmatch(cell.name) and len(_LETTERS.findall(cell.text)) >= 3:
            return cell.text[:_LONGEST_TITLE]
    if len(_LETTERS.findall(words)) >= 8 and not _SAYS_NOTHING.fullmatch(words):
        return words[:_LONGEST_TITLE]
    telling = [cell.text for cell in row.cells if not _only_date(cell.text)]
    if telling and len(_LETTERS.findall(telling[0][:300])) >= 12:
        return telling[0][:_LONGEST_TITLE]
    best = max(telling, key=lambda text: len(_LETTERS.findall(text[:300])), default="")
    shown = best or next((cell.text for cell in row.cells if cell.text), "") or words
    return shown[:_LONGEST_TITLE] or None


def _only_date(text: str) -> bool:
    found = DATE.search(text)
    return found is not None and len(text) - (found.end() - found.start()) <= 6


def _published(row: Row, look: when.Look) -> Moment | None:
    """Read the row's date: of a column that is called so, else of the first cell that is one, else from above."""
    named = [cell.text for cell in row.cells if _DATED.fullmatch(cell.name)]
    alone = [cell.text for cell in row.cells if len(cell.text) <= 40]
    others = [cell.text[:400] for cell in row.cells]
    for text in (*named, *alone, *others, *([row.above] if row.above else [])):
        date = DATE.search(text) if any(map(str.isdigit, text)) else None
        if date is None and text not in named:
            continue
        said = text[date.start() :] if date is not None else text  # a number before it is no part of it
        moment = when.parse_machine(said) if said[:4].isdigit() and said[4:5] == "-" else None
        if moment := moment or when.parse(said, look):
            return moment
    return None


def dated_look(made: Sequence[Row], facts: Facts) -> when.Look:
    """Settle the order of day and month.

    By the source's locale, by what the list's own dates leave no doubt of, the page's language with its region, or the
    address.
    """
    if facts.look.locale:
        return facts.look
    first = second = 0
    for row in made[:500]:
        for cell in row.cells:
            for one, other in _PAIR.findall(cell.text[:400]):
                first, second = first + (int(one) > 12), second + (int(other) > 12)
    if bool(first) != bool(second):
        return replace(facts.look, locale="en-US" if second else "en-GB")
    if facts.language and "-" in facts.language:
        return replace(facts.look, locale=facts.language)
    host = facts.url.partition("://")[2].partition("/")[0].partition(":")[0].lower()
    return replace(facts.look, locale="en-US") if host.endswith((".gov", ".mil", ".us")) else facts.look
