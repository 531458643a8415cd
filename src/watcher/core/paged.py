"""The lines of a file's pages → blocks that a new layout of the same words leaves as they are.

Running heads and feet are found by standing at the top or foot of several pages; they count once, without what differs
from page to page. Words broken at a line's end are mended by how the file writes them elsewhere. Prose is cut into
sentences, which do not depend on where lines end; what is no prose stays a line.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

from watcher.core.blocks import Raw
from watcher.core.furniture import normalise

_MOST_BLOCKS = 60_000
_NEAR = 5  # lines on either side that say how long a full line is here
_EDGE = 3  # lines at the top and at the foot of a page that may be running ones
_NUMBER = re.compile(
    r"[-–—\s\[(]*(?:(?:page|seite|p\.?|página|pagina|strona|sida)\s?)?(?:\d{1,4}|[ivxlc]{1,7})"
    r"(?:\s?(?:of|von|de|/|di|av)\s?\d{1,4})?[-–—\s\])]*",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_BREAK = re.compile(r"([^\W\d_]+)(?:\x02\s*|-\n)([^\W\d_]+)")
# a sentence ends: a mark, closing quotes, then a capital, a figure or an opening quote. Dashes are none.
_END = re.compile(r"(?<=[.!?。！？])([\"'”’»)\]]*)\s+(?=[\"'“‘«(\[]?[^\W\d_a-z]|\d|§)|(?<=[。！？])")
_ABBREVIATED = re.compile(
    r"(?:^|[\s(\[“\"'‘])(?:[^\W\d_]|[^\W\d_]\.(?:\s?[^\W\d_]\.)*|v|vs|no|nos|inc|corp|co|ltd|llc|cf|id|see|dr|mr|mrs|ms|prof|st|"
    r"art|arts|sec|secs|para|paras|pp?|pub|stat|fed|reg|rev|app|cir|dist|ct|cl|const|op|supp|ed|eds|al|etc|e\.g|i\.e|"
    r"jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|nr|bzw|abs|vgl|rn|fig|figs|gen|gov|rep|sen|hon|jr|sr|dept|int'l|"
    r"assn|bros|ann|comm|ex|exh|ch|tit|vol|subd|ibid|ante|post|supra)\.$",
    re.IGNORECASE,
)
_BULLET = re.compile(r"(?:[•●▪◦‣·*–—-]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)])\s", re.IGNORECASE)


def paragraphs(pages: Sequence[Sequence[str]], images: Sequence[str | None]) -> list[Raw]:
    """Make blocks of pages of normalised lines; `images` has the digest of what a page without lines shows, if any.

    Before each page's first block stands one of type `page`, which is never compared.
    """
    running = _running(pages)
    words = _vocabulary(pages)
    out: list[Raw] = []
    said: set[str] = set()
    held: list[str] = []  # lines of a paragraph that may go on, on the next page too
    marks: list[Raw] = []  # page marks that wait for the paragraph to end
    for number, lines in enumerate(pages, 1):
        (marks if held else out).append(Raw("page", f"page {number} of {len(pages)}", "furniture"))
        if not lines and (shown := images[number - 1]):
            _flush(held, marks, words, out)
            out.append(Raw("text", f"[a page without text; digest of its images {shown}]", "text"))
        for index, line in enumerate(lines):
            shape = _shape(line)
            if _is_edge(index, len(lines)) and (_NUMBER.fullmatch(line) or shape in running):
                head = running.get(shape, "")
                if head and head not in said:
                    said.add(head)
                    (marks if held else out).append(Raw("text", head, "text"))
                continue
            if held and _begins(held[-1], line, max(map(len, lines[max(0, index - _NEAR) : index + _NEAR]))):
                _flush(held, marks, words, out)
            held.append(line)
        if len(out) > _MOST_BLOCKS:
            break
    _flush(held, marks, words, out)
    return out


def _is_edge(index: int, count: int) -> bool:
    return index < _EDGE or index >= count - _EDGE


def _shape(line: str) -> str:
    return _DIGITS.sub("#", line).strip("#ivxlc -–—") if line[-1:] in "ivxlc" else _DIGITS.sub("#", line).strip("# -–—")


def _running(pages: Sequence[Sequence[str]]) -> dict[str, str]:
    """Name the lines that stand at the edge of several pages by their shape, each with the words they share.

    Numbers in them may only count the pages; a page that holds nothing else is no page of running lines.
    """
    seen: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for number, lines in enumerate(pages):
        edge = [line for i, line in enumerate(lines) if _is_edge(i, len(lines)) and len(line) <= 200]
        if len(edge) < len(lines) or any(_NUMBER.fullmatch(line) for line in edge):
            for line in dict.fromkeys(edge):
                seen[_shape(line)].append((number, line))
    return {
        shape: _shared([line for _, line in found])
        for shape, found in seen.items()
        if shape and len(found) > 1 and _counts_pages(found)
    }


def _counts_pages(found: Sequence[tuple[int, str]]) -> bool:
    """Say whether what differs between these lines is one number that grows with the pages."""
    steps = agree = 0
    for (one, before), (other, after) in pairwise(found):
        pairs = zip(_DIGITS.findall(before), _DIGITS.findall(after), strict=False)
        grown = [int(b) - int(a) for a, b in pairs if a != b and max(len(a), len(b)) < 6]
        steps += 1
        agree += not grown or grown == [other - one]
    return agree * 5 >= steps * 3


def _shared(lines: Sequence[str]) -> str:
    """Give the words that all these lines have, in order: a page's number is none of them."""
    counted = Counter(word for line in lines for word in set(line.split()))
    return " ".join(word for word in lines[0].split() if counted[word] == len(lines))


def _begins(before: str, line: str, width: int) -> bool:
    """Say whether a line begins something new: the one before was short beside its neighbours, or this is a point."""
    if "\x02" in before[-1:] or (before[-1:] == "-" and line[:1].islower()):
        return False
    if _BULLET.match(line) and before[-1:] in ".;:!?":
        return True
    return len(before) < 0.8 * width and not line[:1].islower()


def _vocabulary(pages: Sequence[Sequence[str]]) -> Counter[str]:
    """Count the words that stand inside lines, hyphens and all: how the file writes what is broken elsewhere."""
    words: Counter[str] = Counter()
    for lines in pages:
        for line in lines:
            words.update(match.casefold() for match in _WORD.findall(line))
    return words


def _mended(text: str, words: Counter[str]) -> str:
    def joined(found: re.Match[str]) -> str:
        plain, hyphened = found[1] + found[2], f"{found[1]}-{found[2]}"
        if words[hyphened.casefold()] > words[plain.casefold()] or found[2][:1].isupper():
            return hyphened
        return plain

    return normalise(_BREAK.sub(joined, text).replace("\x02", "-"))


def _flush(held: list[str], marks: list[Raw], words: Counter[str], out: list[Raw]) -> None:
    if held:
        out.extend(Raw("p", sentence, "text") for sentence in _sentences(_mended("\n".join(held), words)))
    out.extend(marks)
    held.clear()
    marks.clear()


def _sentences(text: str) -> list[str]:
    """Cut a paragraph at the ends of its sentences; one that may end in an abbreviation goes on."""
    found: list[str] = []
    start = 0
    for end in _END.finditer(text):
        reached = end.end(1) if end[1] is not None else end.end()
        piece = text[start:reached].strip()
        if piece and not (text[end.start() - 1] == "." and _ABBREVIATED.search(piece[-12:])):
            found.append(piece)
            start = end.end()
    rest = text[start:].strip()
    return [*found, rest] if rest else found
