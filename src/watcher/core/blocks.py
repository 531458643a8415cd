"""A stream of opened, closed and texted elements → the blocks of a content, each with its role.

The one place that says what a paragraph is: the full reading and the early gate both feed it, from whatever tree they
have, so that they cannot disagree. A row of a table is one block, its cells joined by " | "; lines parted by `<br>` are
blocks of their own where they read as paragraphs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from watcher.core.furniture import is_button, is_furniture, normalise
from watcher.core.judge import BLOCKS, HEADINGS, Attributes
from watcher.core.labels import opens_note
from watcher.core.notices import is_notice

MOST_BLOCKS = 20_000
LONGEST_BLOCK = 100_000
_MOST_LOOKUPS = 1_000_000  # of a link's words in a line

_TYPED = HEADINGS | {"p", "li", "dt", "dd", "figcaption", "blockquote", "pre"}
_BREAK = "\x00"
STRUCK = frozenset({"del", "s", "strike"})
_BLANK = re.compile(r"\n[ \t\r]*\n\s*")
_SENTENCE_END = re.compile(r"[.!?。！？…:][\"'”’»)\]]*$")
_PARTS = re.compile(r"\s*[·•|]\s*")
_DATE = re.compile(
    r"\d{1,2}[:h.]\d{2}|\d{4}|\d{1,2}\.? [^\W\d]{3,}|[^\W\d]{3,}\.? \d{1,2}|\d{1,2}[./-]\d{1,2}|[年月日]"
)
_BY = re.compile(
    r"(?:by|von|par|por|di|da|door|av|af|de|text|story by|written by|reported by|reporting by|автор)[: ]\s?\S",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"[\W_]*(?:update|correction|clarification)s?\s?(?:#|no\.?\s?)?\d{0,2}\s?(?:\(|:|[–—-]\s)", re.IGNORECASE
)
_LABELLED = re.compile(
    r"(?:first )?(?:published|updated|last updated|posted|last modified|created|veröffentlicht|aktualisiert|"
    r"zuletzt aktualisiert|stand|publié|mis à jour|actualizado|publicado|aggiornato|pubblicato|bijgewerkt|gepubliceerd|"
    r"uppdaterad|publicerad|oppdatert|publisert|обновлено|опубликовано)\b",
    re.IGNORECASE,
)
# words before a link to another story; those of the second group are ordinary words unless a sign follows
_TWO_ZONES = re.compile(r"\d{4} GMT \(\d{4} [A-Z]{3,4}\)")
# a label on a line of its own: one to four words, the first of which marks a note
_LABEL_ALONE = re.compile(
    r"[\W_]*(?:editor[’']?s[’']? note|corrections?(?: (?:&|and) (?:amplifications?|clarifications?))?|"
    r"clarification|update|"
    r"korrektur|berichtigung|rectificatif|erratum|fe de erratas|errata corrige|rettifica|sprostowanie|rättelse|"
    r"correctie|rectificatie|rechtzetting)[\W_]*$",
    re.IGNORECASE,
)
_POINTER = re.compile(
    r"(?:read (?:more|also|next)|also read|see also|lesen sie auch|mehr zum thema|lire aussi|à lire aussi|lea también|"
    r"leggi anche|leia (?:também|mais)|lees ook|läs också|les også|czytaj także|читайте также|関連記事)"
    r"(?:\s?[:：›»|–-])?|(?:related|more|watch|recommended|don['’]t miss)\s?[:：›»|]",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{3,}")

Role = Literal["text", "stamp", "furniture"]


@dataclass(slots=True)
class Raw:
    """A block before addresses are resolved: `links` are (target as written, text)."""

    type: str
    text: str
    role: Role = "text"
    links: list[tuple[str, str]] = field(default_factory=list)
    times: tuple[str, ...] = ()  # `datetime` attributes inside
    inserted: tuple[str, ...] = ()  # what stands in its `ins` elements
    slot: str = ""  # the elements it stands in, the nearest last; "!" before them: the source's `keep` names it


@dataclass(slots=True)
class _Cell:
    start: int
    end: int = -1


@dataclass(slots=True)
class _Row:
    cells: list[_Cell] = field(default_factory=list)


def is_stamp(text: str) -> bool:
    """Say whether a line of a byline element is one: a name or a time, no sentence and no note."""
    if len(text) > 200 or _NUMBERED.match(text):
        return False
    if (len(text) > 60 and _SENTENCE_END.search(text)) or len(_WORD.findall(text)) > 14:
        return False
    return _DATE.search(text) is not None or _BY.match(text) is not None or len(text) <= 40


def _source(attributes: Attributes) -> str:
    """The address of a picture: where a page loads it late, not that of what stands in its place; "" for none.

    What is 3 pixels wide or high at most counts visits and shows nothing.
    """
    if any((attributes.get(side) or "").removesuffix("px") in {"0", "1", "2", "3"} for side in ("width", "height")):
        return ""
    for name in ("data-src", "data-original", "data-lazy-src", "data-lazy", "src"):
        source = (attributes.get(name) or "").strip()
        if source and not source.startswith("data:"):
            return source
    listed = (attributes.get("data-srcset") or attributes.get("srcset") or "").split()
    return listed[0].rstrip(",") if listed and not listed[0].startswith("data:") else ""


class Builder:
    """Takes `open`, `text`, `close` in document order; `blocks` and `media` are what came of it."""

    def __init__(
        self, ignored_lines: Sequence[re.Pattern[str]] = (), kept_lines: Sequence[re.Pattern[str]] = ()
    ) -> None:
        self.blocks: list[Raw] = []
        self.media: list[tuple[str, str]] = []
        self.pieces: list[str] = []  # the text of the block that is being read; callers may append to it
        self.trail: list[str] = []  # the elements that are open; kept by the caller
        self._links: list[tuple[str, str]] = []
        self._anchors: list[list[object]] = []  # [target, index of the first piece]
        self._times: list[str] = []
        self._insertions: list[int] = []  # index of the first piece of each open `ins`
        self._inserted: list[str] = []
        self._struck: list[tuple[int, int]] = []  # where struck-out text begins: the count of flushes, the piece
        self._flushes = 0
        self._types: list[str] = []
        self._rows: list[_Row] = []
        self._depth = {"stamp": 0, "margin": 0, "keep": 0, "pre": 0}
        self._ignored_lines, self._kept_lines = ignored_lines, kept_lines
        self._substance = False  # whether a long paragraph was already seen

    # --- the stream

    def open(self, tag: str, attributes: Attributes, mark: str = "", keep: bool = False) -> None:
        """Begin an element."""
        if tag == "br":
            self.pieces.append("\n" if self._depth["pre"] else _BREAK)
            return
        if tag == "img":
            source = _source(attributes)
            if source and not self._depth["margin"]:
                self.media.append((source[:2000], normalise(attributes.get("alt") or "")[:500]))
            return
        if tag == "a":
            self._anchors.append([attributes.get("href") or "", len(self.pieces)])
        if tag in BLOCKS:
            self.flush()
            self._open_block(tag)
        if tag in {"time", "ins"}:
            self._open_dated(tag, attributes)
        if tag in STRUCK:
            self._struck.append((self._flushes, len(self.pieces)))
        if mark:
            self._depth[mark] += 1
        if keep:
            self._depth["keep"] += 1

    def _open_dated(self, tag: str, attributes: Attributes) -> None:
        if moment := attributes.get("datetime"):
            self._times.append(moment[:64])
        if tag == "ins":
            self._insertions.append(len(self.pieces))

    def _open_block(self, tag: str) -> None:
        if tag == "hr":
            if self.blocks and self.blocks[-1].type != "hr":
                self.blocks.append(Raw("hr", "", "furniture"))
        elif tag in _TYPED:
            self._types.append(tag)
            self._depth["pre"] += tag == "pre"
        elif tag == "tr":
            self._rows.append(_Row())
        elif tag in {"td", "th"} and self._rows:
            self._rows[-1].cells.append(_Cell(len(self.blocks)))

    def text(self, text: str) -> None:
        """Add text; white space is kept as it is until the block ends."""
        self.pieces.append(text)

    def close(self, tag: str, mark: str = "", keep: bool = False) -> None:
        """End an element."""
        if tag == "a" and self._anchors:
            self._end_anchor(self._anchors.pop())
        if tag == "ins" and self._insertions:
            start = self._insertions.pop()
            self._inserted.append(normalise("".join(self.pieces[start:]).replace(_BREAK, " "))[:500])
        if tag in STRUCK and self._struck:
            self._strike(*self._struck.pop())
        if tag in BLOCKS:
            self.flush()
            if tag in _TYPED and self._types:
                self._types.pop()
                self._depth["pre"] -= tag == "pre"
            elif tag in {"td", "th"} and self._rows and self._rows[-1].cells:
                self._rows[-1].cells[-1].end = len(self.blocks)
            elif tag == "tr" and self._rows:
                self._end_row(self._rows.pop())
        if mark:
            self._depth[mark] -= 1
        if keep:
            self._depth["keep"] -= 1

    def _strike(self, flushes: int, start: int) -> None:
        """Show that text is struck out, so that striking it out is a change of text; not across blocks."""
        if flushes == self._flushes and any(piece.strip() for piece in self.pieces[start:]):
            self.pieces.insert(start, "~~")
            self.pieces.append("~~")

    def end(self) -> None:
        """End the content."""
        self.flush()
        if self.blocks and self.blocks[-1].type == "hr":
            self.blocks.pop()

    # --- blocks

    def _end_anchor(self, anchor: list[object]) -> None:
        target, start = anchor
        if target and isinstance(target, str) and isinstance(start, int):
            self._links.append((target[:2000], normalise("".join(self.pieces[start:]).replace(_BREAK, " "))[:500]))

    def flush(self) -> None:
        """End the block that is being read."""
        self._flushes += 1
        raw = "".join(self.pieces)
        if self._is_bare(raw):  # most blocks: one line without anything in it
            if raw and (text := normalise(raw)[:LONGEST_BLOCK]) and len(self.blocks) < MOST_BLOCKS:
                self._add(text, [], self.pieces)
            self.pieces.clear()
            return
        if not raw or raw.isspace():
            self._forget()
            return
        for anchor in self._anchors:  # an anchor around several blocks belongs to each
            self._end_anchor(anchor)
        pieces, links = self.pieces[:], self._links[:]  # a copy: the next block's links are gathered in the same list
        dated = tuple(self._times[:20]), tuple(text for text in self._inserted[:20] if text)
        self._forget()
        if len(self.blocks) >= MOST_BLOCKS:
            return
        lines = _BLANK.split(raw) if self._depth["pre"] else _lines(raw) if _BREAK in raw else [raw]
        if len(lines) * len(links) > _MOST_LOOKUPS:
            links = links[: _MOST_LOOKUPS // len(lines)]
        for line in lines[: MOST_BLOCKS - len(self.blocks)]:
            text = normalise(line)[:LONGEST_BLOCK]
            if text:
                own = links if len(lines) == 1 else [link for link in links if link[1] in text]
                self._add(text, own, pieces if len(lines) == 1 else [line])
                self.blocks[-1].times, self.blocks[-1].inserted = dated

    def _is_bare(self, raw: str) -> bool:
        held = self._anchors or self._links or self._times or self._inserted or self._insertions
        return not held and _BREAK not in raw and not self._depth["pre"]

    def _forget(self) -> None:
        """Begin a block with nothing; anchors and insertions that are still open go on in it."""
        self.pieces.clear()
        for anchor in self._anchors:
            anchor[1] = 0
        if self._links:
            self._links = []
        if self._times or self._inserted or self._insertions:
            self._times, self._inserted, self._insertions = [], [], [0 for _ in self._insertions]

    def _add(self, text: str, links: list[tuple[str, str]], pieces: list[str]) -> None:
        role = self._role(text, links)
        if role == "stamp":
            text = _without_counters(pieces) or text
        self._substance = self._substance or (role == "text" and len(text) >= 120)
        self.blocks.append(Raw(self._type(), text, role, links, slot=self._slot(text)))

    def _slot(self, text: str) -> str:
        kept = self._depth["keep"] or (self._kept_lines and any(rule.search(text) for rule in self._kept_lines))
        return ("!" if kept else "") + ">".join(self.trail[-4:])

    def _type(self) -> str:
        if not self._types:
            return "text"
        return "blockquote" if "blockquote" in self._types else self._types[-1]

    def _role(self, text: str, links: list[tuple[str, str]]) -> Role:
        depth = self._depth
        if depth["keep"] or (self._kept_lines and any(rule.search(text) for rule in self._kept_lines)):
            return "text"
        if self._ignored_lines and any(rule.search(text) for rule in self._ignored_lines):
            return "furniture"
        if not text[0].isalnum() and not depth["pre"] and not any(map(str.isalnum, text)):
            return "furniture"
        if not self._rows and is_furniture(text):
            return "furniture"
        if len(links) == 1 and links[0][1] and self._only_points(text, links[0][1]):
            return "furniture"
        if depth["margin"] and not (opens_note(text) or is_notice(text)):
            return "furniture"
        if depth["stamp"] and is_stamp(text):
            return "stamp"
        if not self._substance and len(text) <= 120 and not self._rows and self._bare_stamp(text):
            return "stamp"
        return "text"

    def _only_points(self, text: str, label: str) -> bool:
        """Say whether a block is one link alone and a button, or one behind a word such as "Related:"."""
        if label == text and is_button(text):
            return True
        pointer = _POINTER.match(text) if text.endswith(label) else None
        if pointer is None:
            return False
        # inside the link itself the words may be the beginning of a headline
        return label == text[pointer.end() :].strip() or (label == text and text[pointer.end() - 1] in ":：›»|–-")

    def _bare_stamp(self, text: str) -> bool:
        if self._type() == "p" and _TWO_ZONES.search(text):
            return False  # a paragraph of its own, for readers all over the world
        labelled = _LABELLED.match(text) is not None and any(letter.isdigit() for letter in text)
        by = text[:3].lower() == "by " and text[3:4].isupper() and len(text) <= 60
        return (labelled or by) and is_stamp(text) and len(_WORD.findall(text)) <= 8

    def _end_row(self, row: _Row) -> None:
        cells = [(cell.start, cell.end if cell.end >= 0 else len(self.blocks)) for cell in row.cells]
        if len(cells) < 2:
            return
        inside = self.blocks[cells[0][0] :]
        filled = sum(1 for start, end in cells if end > start)
        if filled < 2 or any(raw.type in HEADINGS or raw.type in {"tr", "hr"} for raw in inside):
            return
        if any(end - start > 8 for start, end in cells) or sum(len(raw.text) for raw in inside) > 8000:
            return  # a table that only lays out the page
        text = normalise(" | ".join(" ".join(raw.text for raw in self.blocks[start:end]) for start, end in cells))
        role: Role = "text" if any(raw.role == "text" for raw in inside) else inside[0].role
        links = [link for raw in inside for link in raw.links]
        times = tuple(time for raw in inside for time in raw.times)
        self.blocks[cells[0][0] :] = [Raw("tr", text, role, links, times, slot="tr")]


def _lines(raw: str) -> list[str]:
    """Part a block at its `<br>`: at two in a row, or at one that ends a long sentence or stands before a note."""
    out: list[list[str]] = []  # each by its parts: joining them as they come would take time with their square
    length, joinable = 0, False
    for line in raw.split(_BREAK):
        text = line.strip()
        if not text:
            joinable = False
            continue
        ended = length >= 60 and _SENTENCE_END.search(out[-1][-1].strip()[-40:]) is not None
        labelled = 0 < length <= 60 and len(out[-1]) == 1 and _LABEL_ALONE.match(out[-1][0].strip()) is not None
        if joinable and not (opens_note(text) or ended or labelled):
            out[-1].append(line)
            length += len(line) + 1
        else:
            out.append([line])
            length = len(text)
        joinable = True
    return [" ".join(parts) for parts in out]


def _without_counters(pieces: Sequence[str]) -> str:
    """A stamp's text with its counters and relative times left out, its elements parted by a space."""
    parts = [normalise(piece.replace(_BREAK, " ")) for piece in pieces]
    kept = [part for part in parts if part and not is_furniture(part)]
    whole = normalise(" ".join(kept))
    return " · ".join(part for part in _PARTS.split(whole) if part and not is_furniture(part))
