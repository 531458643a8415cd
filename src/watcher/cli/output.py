"""How commands print: JSON Lines, tables, coloured changes; plain text in a pipe.

Everything from outside is stripped of control characters: a headline must not move the cursor.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from watcher.core.wording import one_line

SEVERITY_STYLE = {"critical": "bold red", "notice": "yellow", "info": "cyan"}
RESULT_STYLE = {"changed": "bold green", "baseline": "cyan", "failed": "bold red", "refused": "red", "held": "yellow"}


def console(stderr: bool = False) -> Console:
    """A console that colours only on a terminal and does not wrap in a pipe."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 10_000
    return Console(stderr=stderr, highlight=False, width=width, soft_wrap=not stream.isatty())


def json_lines(values: Iterable[Mapping[str, Any]]) -> None:
    for value in values:
        print(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")), flush=True)


def clean(text: str | None, length: int = 300) -> str:
    """One line, without control characters."""
    return one_line(text or "", length)


def ago(at: datetime | None, now: datetime | None = None) -> str:
    """Say how long ago, or in how long, in one short word."""
    if at is None:
        return "never"
    seconds = ((now or datetime.now(UTC)) - at).total_seconds()
    ahead, seconds = seconds < 0, abs(seconds)
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        if seconds >= size:
            words = f"{int(seconds // size)}{unit}"
            return f"in {words}" if ahead else f"{words} ago"
    return "now"


def stamp(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if at else "-"


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, title: str | None = None) -> None:
    """Print a table on a terminal, tab-separated lines in a pipe."""
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(str(cell) for cell in row))
        return
    shown = Table(*columns, box=SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for column in shown.columns[:1]:
        column.no_wrap = True
    for row in rows:
        shown.add_row(*[cell if isinstance(cell, Text) else Text(cell) for cell in row])
    console().print(shown)


def styled(text: str, style: str | None) -> Text:
    return Text(text, style=style or "")


def words_text(words: Sequence[Sequence[str]]) -> Text:
    """Colour a word diff; without colours, mark it as [-gone-] and {+new+}."""
    plain = not sys.stdout.isatty()
    out = Text()
    for op, text in words:
        said = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
        if op == "-":
            out.append(f"[-{said}-]" if plain else said, style="red strike")
        elif op == "+":
            out.append(f"{{+{said}+}}" if plain else said, style="green bold")
        else:
            out.append(said)
    return out


def change_line(change: Mapping[str, Any], *, indent: int = 0, source: str | None = None, at: str | None = None) -> Text:
    """One change in one line: time, source, what, gist, and why it was held back if it was."""
    from watcher.core.wording import gist, what

    line = Text(" " * indent)
    if at:
        line.append(f"{at}  ", style="dim")
    if source:
        line.append(f"{clean(source, 40)}  ", style="bold")
    line.append(clean(what(change), 80), style=SEVERITY_STYLE.get(change["severity"], ""))
    if said := gist(change):
        line.append(f"  {clean(said, 160)}")
    if change.get("silent"):
        line.append("  (silent)", style="magenta")
    if not change["announced"]:
        line.append(f"  [held: {change['reason']}]", style="dim")
    return line
