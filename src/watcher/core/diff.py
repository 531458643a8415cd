"""What differs between two texts: blocks first, then words inside the blocks that changed.

Pure and bounded: 20,000 words take a fraction of a second. Words are parted by spaces and punctuation; scripts that
are written without spaces are compared character by character.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Indel

from watcher.model import Words

Op = Literal["equal", "insert", "delete", "replace", "move"]

SIMILAR = 50.0  # of 100: from here on two blocks are one that was edited
MOVED = 90.0  # of 100: from here on a block elsewhere is the same, moved
_MOST_PAIRS = 250_000  # comparisons of blocks; beyond, blocks pair in order
_MOST_TOKENS = 40_000  # of both sides of one block; beyond, the middle is replaced as a whole
_COMPARED = 2000  # characters of a block that are looked at to pair it
_MOST_WORDS = 20_000  # characters of `changed_words`

# Chinese and Japanese, Hangul, Thai, Lao, Myanmar, Khmer, Tibetan: one token a character
_UNSPACED = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\ua000-\ua4cf\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0003ffff"
)
_TOKEN = re.compile(rf"[{_UNSPACED}]|\d+(?:[.,:/]\d+)*|[^\W{_UNSPACED}]+(?:['’][^\W\d_{_UNSPACED}]+)*|\s+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Hunk:
    """A stretch of blocks: `before` and `after` are half-open ranges of indices.

    A `move` names a block that stands elsewhere (and may be edited); it takes its place in the order of the new text,
    and the old range lies outside that order.
    """

    op: Op
    before: tuple[int, int]
    after: tuple[int, int]


def tokens(text: str) -> list[str]:
    """Cut a text into words, numbers, white space and signs; joined again they are the text."""
    return _TOKEN.findall(text)


# --- words ----------------------------------------------------------------------------------------------------------


def words(before: str, after: str) -> Words:
    """Compare two texts word by word: pairs of "=", "-" or "+" and the text; "-" comes before "+".

    The texts of "=" and "-" joined are `before`, those of "=" and "+" are `after`. Neighbours of one kind are merged.
    """
    if before == after:
        return (("=", before),) if before else ()
    return tuple(_merged(_word_runs(before, after)))


def _word_runs(before: str, after: str) -> Iterator[tuple[str, str]]:
    old, new = _units(before), _units(after)
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    yield "=", _joined(old[:head])
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    if len(middle_old) + len(middle_new) > _MOST_TOKENS:
        yield "-", _joined(middle_old)
        yield "+", _joined(middle_new)
    else:
        yield from _opcodes(middle_old, middle_new)
    yield "=", _joined(old[len(old) - tail :])


_Unit = tuple[str, str]  # a token and the white space after it


def _units(text: str) -> list[_Unit]:
    """Tokens with their white space: compared without it, so that words align and not the spaces between them."""
    units: list[_Unit] = []
    for token in tokens(text):
        if token.isspace():
            word, space = units.pop() if units else ("", "")
            units.append((word, space + token))
        else:
            units.append((token, ""))
    return units


def _joined(units: Sequence[_Unit]) -> str:
    return "".join(word + space for word, space in units)


def _opcodes(old: list[_Unit], new: list[_Unit]) -> Iterator[tuple[str, str]]:
    for code in Indel.opcodes([word for word, _ in old], [word for word, _ in new]):
        was, now = old[code.src_start : code.src_end], new[code.dest_start : code.dest_end]
        if code.tag != "equal":
            yield "-", _joined(was)
            yield "+", _joined(now)
            continue
        for (word, space), (_, other) in zip(was, now, strict=True):
            yield "=", word
            if space == other:
                yield "=", space
            else:
                yield "-", space
                yield "+", other


def _common(old: Sequence[object], new: Sequence[object]) -> int:
    count = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        count += 1
    return count


def _merged(runs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Merge neighbours: between two equal stretches first all that is gone, then all that is new."""
    same = gone = new = ""
    for op, text in runs:
        if op == "=":
            if text and (gone or new):
                gone, new, space = _without_common_space(gone, new)
                yield from _told(same, gone, new)
                same, gone, new = space, "", ""
            same += text
        elif op == "-":
            gone += text
        else:
            new += text
    gone, new, space = _without_common_space(gone, new)
    yield from _told(same, gone, new)
    yield from _told(space, "", "")


def _told(same: str, gone: str, new: str) -> Iterator[tuple[str, str]]:
    yield from ((op, text) for op, text in (("=", same), ("-", gone), ("+", new)) if text)


def _without_common_space(gone: str, new: str) -> tuple[str, str, str]:
    """Both without the white space that they end in alike, and that space: it did not change."""
    space = gone[len(gone.rstrip()) :]
    if space and new.endswith(space):
        return gone[: -len(space)], new[: -len(space)], space
    return gone, new, ""


# --- blocks ---------------------------------------------------------------------------------------------------------


def blocks(before: Sequence[str], after: Sequence[str]) -> tuple[Hunk, ...]:
    """Compare two texts block by block, in the order of the new text; a `replace` is one block on each side.

    Equal blocks are aligned first; of what is left, blocks of at least 50 % likeness are edits of each other, and
    blocks of at least 90 % that stand elsewhere have moved.
    """
    aligned = list(_aligned(before, after))
    gone = [index for hunk in aligned if hunk.op == "delete" for index in range(*hunk.before)]
    new = [index for hunk in aligned if hunk.op == "insert" for index in range(*hunk.after)]
    moved = _moves(before, after, gone, new)
    if not moved:
        return tuple(aligned)
    taken = set(moved.values())
    out: list[Hunk] = []
    for hunk in aligned:
        if hunk.op == "delete":
            out.extend(
                Hunk("delete", span, hunk.after) for span in _runs(hunk.before, lambda index: index not in taken)
            )
        elif hunk.op == "insert":
            out.extend(_with_moves(hunk, moved))
        else:
            out.append(hunk)
    return tuple(out)


def _with_moves(hunk: Hunk, moved: dict[int, int]) -> Iterator[Hunk]:
    start = hunk.after[0]
    for index in range(*hunk.after):
        if index in moved:
            if start < index:
                yield Hunk("insert", hunk.before, (start, index))
            yield Hunk("move", (moved[index], moved[index] + 1), (index, index + 1))
            start = index + 1
    if start < hunk.after[1]:
        yield Hunk("insert", hunk.before, (start, hunk.after[1]))


def _runs(span: tuple[int, int], keep: Callable[[int], bool]) -> Iterator[tuple[int, int]]:
    start: int | None = None
    for index in range(*span):
        if keep(index) and start is None:
            start = index
        elif not keep(index) and start is not None:
            yield start, index
            start = None
    if start is not None:
        yield start, span[1]


def _aligned(before: Sequence[str], after: Sequence[str]) -> Iterator[Hunk]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for op, a, b, c, d in _opcodes_of_blocks(matcher, before, after):
        if op == "equal":
            yield Hunk("equal", (a, b), (c, d))
        elif op == "delete":
            yield Hunk("delete", (a, b), (c, c))
        elif op == "insert":
            yield Hunk("insert", (a, a), (c, d))
        else:
            yield from _paired(before, after, (a, b), (c, d))


def _opcodes_of_blocks(
    matcher: "SequenceMatcher[str]", before: Sequence[str], after: Sequence[str]
) -> Sequence[tuple[str, int, int, int, int]]:
    """The stretches of equal blocks; long lists go through rapidfuzz, which is never cubic."""
    if len(before) + len(after) <= 400:
        return matcher.get_opcodes()
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    codes: list[tuple[str, int, int, int, int]] = [("equal", 0, head, 0, head)] if head else []
    for code in Indel.opcodes(old, new):
        a, b, c, d = code.src_start + head, code.src_end + head, code.dest_start + head, code.dest_end + head
        last = codes[-1] if codes else None
        if code.tag != "equal" and last is not None and last[0] != "equal":
            codes[-1] = ("replace", last[1], b, last[3], d)
        else:
            codes.append((code.tag, a, b, c, d))
    if tail:
        codes.append(("equal", len(before) - tail, len(before), len(after) - tail, len(after)))
    return [
        ("replace" if op == "replace" or (a < b and c < d and op != "equal") else op, a, b, c, d)
        for op, a, b, c, d in codes
    ]


def _paired(before: Sequence[str], after: Sequence[str], old: tuple[int, int], new: tuple[int, int]) -> Iterator[Hunk]:
    """Pair the blocks of a changed stretch by likeness, in order; what finds no partner is gone or new."""
    a, c = old[0], new[0]
    for i, j in [*_pairs(before, after, old, new), (old[1], new[1])]:
        if a < i:
            yield Hunk("delete", (a, i), (c, c))
        if c < j:
            yield Hunk("insert", (i, i), (c, j))
        if i < old[1] and j < new[1]:
            yield Hunk("replace", (i, i + 1), (j, j + 1))
        a, c = i + 1, j + 1


def _pairs(
    before: Sequence[str], after: Sequence[str], old: tuple[int, int], new: tuple[int, int]
) -> list[tuple[int, int]]:
    """The chain of pairs, ascending on both sides, with the greatest sum of likeness."""
    rows, columns = old[1] - old[0], new[1] - new[0]
    if rows == 1 and columns == 1:
        return [(old[0], new[0])] if _alike(before[old[0]], after[new[0]]) else []
    if rows * columns > _MOST_PAIRS:
        return [
            (old[0] + k, new[0] + k) for k in range(min(rows, columns)) if _alike(before[old[0] + k], after[new[0] + k])
        ]
    scores = [[_likeness(before[i], after[j]) for j in range(*new)] for i in range(*old)]
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            take = scores[i][j] + best[i + 1][j + 1] if scores[i][j] >= SIMILAR else 0.0
            best[i][j] = max(best[i + 1][j], best[i][j + 1], take)
    chain, i, j = list[tuple[int, int]](), 0, 0
    while i < rows and j < columns:
        if scores[i][j] >= SIMILAR and best[i][j] == scores[i][j] + best[i + 1][j + 1]:
            chain.append((old[0] + i, new[0] + j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return chain


def _alike(one: str, other: str) -> bool:
    return _likeness(one, other) >= SIMILAR


def _likeness(one: str, other: str) -> float:
    return fuzz.ratio(one[:_COMPARED], other[:_COMPARED], score_cutoff=SIMILAR)


def _moves(before: Sequence[str], after: Sequence[str], gone: Sequence[int], new: Sequence[int]) -> dict[int, int]:
    """New block → the old block it is, where that stood elsewhere; short lines move only when they are the same."""
    out: dict[int, int] = {}
    free = dict.fromkeys(gone)
    by_text: dict[str, list[int]] = {}
    for index in gone:
        by_text.setdefault(before[index], []).append(index)
    for index in new:
        same = by_text.get(after[index])
        if same:
            out[index] = same.pop(0)
            del free[out[index]]
    rest = [index for index in new if index not in out and len(after[index]) >= 40]
    if len(rest) * len(free) > _MOST_PAIRS:
        return out
    for index in rest:
        choices = {old: before[old][:_COMPARED] for old in free if len(before[old]) >= 40}
        found = process.extractOne(after[index][:_COMPARED], choices, scorer=fuzz.ratio, score_cutoff=MOVED)
        if found is not None:
            out[index] = found[2]
            del free[found[2]]
    return out


# --- shown as text --------------------------------------------------------------------------------------------------


def unified(before: Sequence[str], after: Sequence[str], context: int = 1) -> str:
    """Write the difference as text, one block a line: "- " gone, "+ " new, "> " moved here, "  " around them.

    Empty exactly when both are equal. `context` is the number of unchanged blocks shown around a change.
    """
    hunks = blocks(before, after)
    lines: list[str] = []
    for number, hunk in enumerate(hunks):
        if hunk.op == "equal":
            first, last = hunk.after
            lead = context if number > 0 else 0
            trail = context if number < len(hunks) - 1 else 0
            if last - first > lead + trail:
                shown = [*after[first : first + lead], *(["…"] if lead else []), *after[last - trail : last]]
            else:
                shown = list(after[first:last])
            lines += [f"  {_one_line(text)}" for text in (shown if lead or trail else [])]
        elif hunk.op == "move":
            lines += _moved_lines(before[hunk.before[0]], after[hunk.after[0]])
        else:
            lines += [f"- {_one_line(text)}" for text in before[slice(*hunk.before)]]
            lines += [f"+ {_one_line(text)}" for text in after[slice(*hunk.after)]]
    return "\n".join(lines) if any(hunk.op != "equal" for hunk in hunks) else ""


def _moved_lines(old: str, new: str) -> list[str]:
    return [f"> {_one_line(new)}"] if old == new else [f"- {_one_line(old)}", f"> {_one_line(new)}"]


def _one_line(text: str) -> str:
    return " ".join(text.splitlines())


def changed_words(before: Sequence[str], after: Sequence[str]) -> Words:
    """Compare the words of the blocks that changed, blocks parted by a line feed; at most 20,000 characters.

    Moved blocks count only by what was edited in them.
    """
    out: list[tuple[str, str]] = []
    left = _MOST_WORDS
    for hunk in blocks(before, after):
        if hunk.op == "equal":
            continue
        if hunk.op == "move" and before[hunk.before[0]] == after[hunk.after[0]]:
            continue
        left -= _append(out, words("\n".join(before[slice(*hunk.before)]), "\n".join(after[slice(*hunk.after)])), left)
        if left <= 0:
            break
    return tuple(out)


def _append(out: list[tuple[str, str]], run: Words, left: int) -> int:
    used = 0
    if out and run:
        _merge(out, "=", "\n")
        used = 1
    for op, text in run:
        part = text[: max(0, left - used)]
        if part:
            _merge(out, op, part)
        used += len(part)
    return max(used, 1)


def _merge(out: list[tuple[str, str]], op: str, text: str) -> None:
    if out and out[-1][0] == op:
        out[-1] = (op, out[-1][1] + text)
    else:
        out.append((op, text))
