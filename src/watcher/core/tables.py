"""Tables of words as they are written in the core's modules, many to a line, read into sets and patterns."""

import re
from collections.abc import Iterable


def words(table: str) -> frozenset[str]:
    """The words of a table, which stand with white space between them."""
    return frozenset(table.split())


def entries(table: str) -> frozenset[str]:
    """The entries of a table, of one word or more, which stand a few to a line with "|" between them."""
    return frozenset(entry.strip() for entry in table.replace("\n", "|").split("|") if entry.strip())


def any_of(texts: Iterable[str]) -> str:
    """A pattern for any of some texts; the longest is tried first, whatever their order."""
    return "|".join(sorted(map(re.escape, set(texts)), key=lambda entry: (-len(entry), entry)))
