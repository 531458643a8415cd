"""How commands print: JSON Lines, tables, coloured changes; plain text in a pipe.

Everything from outside is stripped of control characters: a headline must not move the cursor.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from watcher.core import wording

SEVERITY_STYLE = {"critical": "bold red", "notice": "yellow", "info": "cyan"}
RESULT_STYLE = {"changed": "bold green", "baseline": "cyan", "failed": "bold red", "refused": "red", "held": "yellow"}
SAID = 300  # characters of a gist in a list; a terminal wraps them
MANY = 500  # rows beyond which a table is drawn from plain widths: laying out costs a millisecond a cell


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Let the command line end quietly; the library's own way is a failure."""
        raise BrokenPipeError


def console(stderr: bool = False) -> Console:
    """A console that colours only on a terminal and does not wrap in a pipe."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 100_000
    return _Console(stderr=stderr, highlight=False, emoji=False, width=width, soft_wrap=not stream.isatty())


def coloured() -> bool:
    """Say whether standard output shows colours: a terminal that can, and NO_COLOR is not set."""
    shown = console()
    return shown.is_terminal and not shown.no_color and shown.color_system is not None


def json_lines(values: Iterable[Mapping[str, Any]]) -> None:
    """Print one object a line, each at once. Lone surrogates, which no encoding carries, are escaped."""
    for value in values:
        line = json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
        try:
            line.encode()
        except UnicodeEncodeError:
            line = json.dumps(value, separators=(", ", ": "))
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def clean(text: str | None, length: int = SAID) -> str:
    """One line, without control characters."""
    return wording.one_line(text or "", length)


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
    """A time in UTC for people: `2021-05-12 10:16:03Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ") if at else "-"


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, title: str | None = None, empty: str = ""
) -> None:
    """Print a table on a terminal, tab-separated lines in a pipe; on a narrow terminal one field a line.

    `empty` is said, on stderr, when there are no rows.
    """
    cells = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
    if not cells:
        if empty:
            print(empty, file=sys.stderr)
        return
    if not sys.stdout.isatty():
        sys.stdout.writelines("\t".join(cell.plain.replace("\t", " ") for cell in row) + "\n" for row in cells)
        return
    out = console()
    if title:
        out.print(Text(title, style="bold"))
    if len(cells) > MANY:
        _plain_table(out, columns, cells)
        return
    shown = Table(*columns, box=SIMPLE_HEAD, pad_edge=False, header_style="dim")
    for column in shown.columns[:-1]:
        column.no_wrap = True
    shown.columns[-1].overflow = "fold"  # an address is not cut off
    for row in cells:
        shown.add_row(*row)
    if Measurement.get(out, out.options, shown).minimum <= out.width and _readable(out, cells):
        out.print(shown)
    else:
        _stacked(out, columns, cells)


def _readable(out: Console, rows: Sequence[Sequence[Text]]) -> bool:
    """Say whether the last column, which alone may wrap, keeps room for words."""
    fixed = sum(max((row[n].cell_len for row in rows), default=0) + 2 for n in range(len(rows[0]) - 1))
    longest = max(row[-1].cell_len for row in rows)
    return out.width - fixed >= min(longest, 30)


def _stacked(out: Console, columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
    """One field a line below the row's name."""
    wide = max(map(len, columns[1:]), default=0)
    for row in rows:
        out.print(Text.assemble((row[0].plain, "bold")))
        for name, cell in zip(columns[1:], row[1:], strict=True):
            if cell.plain:
                hanging(out, Text(f"  {name:<{wide}}  ", style="dim"), cell)


def _plain_table(out: Console, columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
    """Thousands of rows: one line each, cut at the terminal's edge."""
    heads = [Text(name, style="dim") for name in columns]
    wide = [max(row[n].cell_len for row in (heads, *rows)) for n in range(len(columns))]
    for row in (heads, *rows):
        line = Text(no_wrap=True, overflow="ellipsis")
        for cell, width in zip(row, wide, strict=True):
            line.append_text(cell).append(" " * (width - cell.cell_len + 2))
        out.print(line, crop=True)


def hanging(out: Console, head: Text, body: Text) -> None:
    """Print `body` after `head`; lines that must wrap stay to the right of the head where there is room."""
    if not out.is_terminal:
        out.print(Text.assemble(head, body))
        return
    indent = head.cell_len
    if indent + min(body.cell_len, 24) > out.width:
        out.print(head)
        indent, head = min(4, out.width // 4), Text(" " * min(4, out.width // 4))
    lines = body.wrap(out, max(8, out.width - indent))
    for number, line in enumerate(lines):
        line.rstrip()
        out.print(Text.assemble(head if number == 0 else " " * indent, line), crop=False, no_wrap=True)


def styled(text: str, style: str | None) -> Text:
    """A text in one style."""
    return Text(text, style=style or "")


def words_text(words: Sequence[Sequence[str]]) -> Text:
    """Colour a word diff; without colours, mark it as [-gone-] and {+new+}."""
    plain = not coloured()
    out = Text()
    for op, text in words:
        said = wording.clean(text)
        if op == "-":
            out.append(f"[-{said}-]" if plain else said, style="red strike")
        elif op == "+":
            out.append(f"{{+{said}+}}" if plain else said, style="green bold")
        else:
            out.append(said)
    return out


_UNLIKE = {"missing": "{} announced it", "removed": "{} removed it", "differs": "{} says the first"}


def _pair_words(change: Mapping[str, Any]) -> str:
    """What the other sources of a pair have to do with a change."""
    if by := change.get("confirmed_by"):
        return "confirmed by " + ", ".join(str(each["source"]) for each in by)
    if first := change.get("confirms"):
        return f"confirms {first['source']}"
    if other := change.get("disagrees"):
        return _UNLIKE.get(other["what"], "unlike {}").format(other["source"])
    return ""


def print_change(
    out: Console, change: Mapping[str, Any], *, indent: int = 0, source: str = "", wide: int = 0, at: str = ""
) -> None:
    """Print one change: time, source (in `wide` columns), what, gist, and why it was held back if it was."""
    head = Text(" " * indent)
    if at:
        head.append(f"{at}  ", style="dim")
    if source:
        head.append(f"{clean(source, 40):<{wide}}  ", style="bold")
    what = clean(wording.what(dict(change)), 80)
    body = Text(what, style="")
    body.stylize(SEVERITY_STYLE.get(change["severity"], ""))
    if said := wording.gist(dict(change)):
        body.append(" · ", style="dim").append(clean(said), style="default")
    if change.get("silent") and not what.startswith("Silent"):
        body.append("  (silent)", style="magenta")
    if change.get("late"):
        body.append("  (late)", style="magenta")
    if not change["announced"]:
        body.append(f"  [held: {change['reason']}]", style="dim")
    if said := _pair_words(change):
        body.append(f"  [{clean(said, 200)}]", style="dim")
    hanging(out, head, body)
