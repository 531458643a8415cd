"""Pages, readings and differences as a person looks at them: on a terminal, or as one self-contained HTML file."""

import html
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from watcher.cli import output
from watcher.core import diff
from watcher.model import Document, Page, Revision, Words


def lines_of(page: Page) -> list[str]:
    """The headline and every block that says something, furniture left out."""
    return [page.title or "", *(block.text for block in page.blocks if block.role in ("text", "note") and block.text)]


def print_diff(document: Document, old: Revision, new: Revision, *, unified: bool) -> None:
    """Print what changed between two revisions: words in colour, or unified text."""
    before, after = lines_of(old.page), lines_of(new.page)
    if unified:
        print(f"--- {document.url} revision {old.number} {output.stamp(old.fetched_at)}")
        print(f"+++ {document.url} revision {new.number} {output.stamp(new.fetched_at)}")
        print(diff.unified(before, after))
        return
    console = output.console()
    console.print(Text(output.clean(document.title), style="bold"))
    console.print(Text(f"revision {old.number} ({output.stamp(old.fetched_at)}) → {new.number} ({output.stamp(new.fetched_at)})", style="dim"))
    for words in paired(before, after):
        console.print()
        console.print(output.words_text(words))
    if before == after:
        console.print("no difference in the text")


def paired(before: Sequence[str], after: Sequence[str]) -> list[Words]:
    """Give the word diff of each place that changed."""
    found: list[Words] = []
    for hunk in diff.blocks(before, after):
        if hunk.op == "equal":
            continue
        gone, new = "\n".join(before[slice(*hunk.before)]), "\n".join(after[slice(*hunk.after)])
        if hunk.op == "move":
            found.append((("=", f"(moved) {new or gone}"),))
        else:
            found.append(diff.words(gone, new))
    return found


STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}"
    "h1{font-size:1.3rem}small{color:#666}p{white-space:pre-wrap;overflow-wrap:anywhere}"
    "ins{background:#d8f5dd;text-decoration:none}del{background:#fbdcdc;color:#7a1f1f}"
    "@media(prefers-color-scheme:dark){body{background:#16181c;color:#e4e4e4}ins{background:#1d4d2b}del{background:#5b2424;color:#f3b9b9}}"
)


def diff_html(document: Document, old: Revision, new: Revision) -> str:
    """Give one self-contained HTML file with the whole text, changes marked. Everything from outside is escaped."""
    before, after = lines_of(old.page), lines_of(new.page)
    parts = []
    for hunk in diff.blocks(before, after):
        gone, fresh = "\n".join(before[slice(*hunk.before)]), "\n".join(after[slice(*hunk.after)])
        words: Words = (("=", fresh),) if hunk.op in ("equal", "move") else diff.words(gone, fresh)
        marked = "".join(f"<{tag}>{html.escape(t)}</{tag}>" if (tag := {"-": "del", "+": "ins"}.get(op)) else html.escape(t) for op, t in words)
        parts += [f'<p dir="auto">{line}</p>' for line in ([marked] if hunk.op != "equal" else marked.split("\n"))]
    title = html.escape(document.title)
    head = f"Revision {old.number} ({output.stamp(old.fetched_at)}) → {new.number} ({output.stamp(new.fetched_at)}) UTC"
    return (
        f'<!doctype html><html lang="{html.escape(new.page.language or "en", quote=True)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title><style>{STYLE}</style></head>'
        f'<body><h1 dir="auto">{title}</h1><small>{html.escape(head)}<br>{html.escape(document.url)}</small>{"".join(parts)}</body></html>'
    )


def print_reading(shape: Mapping[str, Any]) -> None:
    """Print what `inspect` saw."""
    console = output.console()
    console.print(Text(output.clean(shape.get("title")) or "(no title)", style="bold"))
    facts = [shape["kind"], shape["url"], f"published {shape['published_at']}" if shape.get("published_at") else ""]
    console.print(Text("  ".join(fact for fact in facts if fact), style="dim"))
    for update in shape.get("updates", []):
        number = f" {update['sequence']}" if update.get("sequence") is not None else ""
        line = Text(f"{update['kind']}{number}", style="bold yellow")
        line.append(f"  {update.get('published_at') or 'no time'}", style="cyan")
        line.append(f"  {output.clean(update.get('heading') or update.get('summary') or update.get('text'), 160)}")
        console.print(line)
    for entry in shape.get("entries", []):
        line = Text(f"{entry.get('published_at') or entry.get('updated_at') or '-':<26}", style="cyan")
        console.print(line.append(output.clean(entry.get("title"), 140), style="default"))
    blocks = [block for block in shape.get("blocks", []) if block.get("text")]
    if blocks and sys.stdout.isatty():
        console.print()
    for block in blocks:
        console.print(Text(f"{block['type']:<10} ", style="dim").append(output.clean(block["text"], 2000), style="default"))
    counts = f"{len(shape.get('notes', []))} notes, {len(shape.get('updates', []))} updates, {len(shape.get('entries', []))} entries, {len(blocks)} blocks"
    console.print(Text(counts, style="dim"))
