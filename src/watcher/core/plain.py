"""Plain text → title and blocks: paragraphs parted by blank lines, or one a line where no line was wrapped."""

import re

from watcher.core.blocks import Raw
from watcher.core.furniture import is_furniture, normalise

_BLANK = re.compile(r"\n[^\S\n]*\n\s*")
_MOST_BLOCKS = 20_000
_LONGEST_TITLE = 300


def read_plain(text: str) -> tuple[str | None, list[Raw]]:
    """Give the title, if the first paragraph is one line that can be one, and the blocks of the rest."""
    lines = _paragraphs(text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", " "))
    title = lines[0] if len(lines) > 1 and len(lines[0]) <= _LONGEST_TITLE else None
    rest = lines[1:] if title else lines
    return title, [Raw("p", line, "furniture" if is_furniture(line) else "text") for line in rest[:_MOST_BLOCKS]]


def _paragraphs(text: str) -> list[str]:
    out: list[str] = []
    for chunk in _BLANK.split(text):
        lines = [line for line in (normalise(line) for line in chunk.split("\n")) if line]
        if len(lines) > 1 and _wrapped(lines):
            out.append(" ".join(lines))
        else:
            out.extend(lines)
    return out


def _wrapped(lines: list[str]) -> bool:
    """Say whether lines are one paragraph, broken at a fixed width: all but the last are about equally long."""
    width = max(map(len, lines))
    return width <= 110 and all(len(line) >= 0.6 * width for line in lines[:-1]) and width >= 30
