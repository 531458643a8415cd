"""Pages, readings and differences as a person looks at them: on a terminal, or as one self-contained HTML file."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from watcher.cli import output
from watcher.core import diff, wording
from watcher.core.dataset.values import plain
from watcher.core.mask import mask_url
from watcher.core.shape import instant
from watcher.model import Document, Page, Revision, Words

MOST_ENTRIES = 50  # of a feed that `inspect` lists for people; --json has them all


def lines_of(page: Page) -> list[str]:
    """The headline and every block that says something, furniture left out."""
    blocks = [block.text for block in page.blocks if block.role in ("text", "note") and block.text]
    return [wording.clean(line) for line in (page.title or "", *blocks)]


def diff_unified(document: Document, old: Revision, new: Revision) -> str:
    """Give the difference as unified text, one block a line."""
    url = output.clean(document.url, 2000)
    heads = [
        f"{mark} {url} revision {revision.number} {output.stamp(revision.fetched_at)}"
        for mark, revision in (("---", old), ("+++", new))
    ]
    return "\n".join((*heads, diff.unified(lines_of(old.page), lines_of(new.page))))


def print_diff(document: Document, old: Revision, new: Revision) -> None:
    """Print what changed between two revisions: words in colour, or marked where there are no colours."""
    out = output.console()
    before, after = lines_of(old.page), lines_of(new.page)
    out.print(Text(output.clean(document.title), style="bold"))
    span = f"revision {old.number} ({output.stamp(old.fetched_at)}) → {new.number} ({output.stamp(new.fetched_at)})"
    out.print(Text(span, style="dim"))
    for words in paired(before, after):
        out.print()
        out.print(output.words_text(words))
    if before == after:
        out.print("no difference in the text")


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
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;"
    "background:#fff}h1{font-size:1.3rem}small{color:#666}p{white-space:pre-wrap;overflow-wrap:anywhere}"
    "ins{background:#d8f5dd;text-decoration:none}del{background:#fbdcdc;color:#7a1f1f}"
    "@media(prefers-color-scheme:dark){body{background:#16181c;color:#e4e4e4}ins{background:#1d4d2b}"
    "del{background:#5b2424;color:#f3b9b9}}"
)


def diff_json(document: Document, old: Revision, new: Revision) -> dict[str, Any]:
    """Give the difference in the words of a change: document, revisions, unified text, words."""
    before, after = lines_of(old.page), lines_of(new.page)
    return {
        "document": {"id": document.id, "url": mask_url(document.url), "title": document.title},
        "previous": _revision_json(old),
        "revision": _revision_json(new),
        "diff": diff.unified(before, after),
        "words": [list(word) for word in diff.changed_words(before, after)],
    }


def _revision_json(revision: Revision) -> dict[str, Any]:
    return {
        "id": revision.id,
        "number": revision.number,
        "sha256": revision.sha256,
        "fetched_at": instant(revision.fetched_at, ms=True),
    }


def diff_html(document: Document, old: Revision, new: Revision) -> str:
    """Give one self-contained HTML file with the whole text, changes marked. Everything from outside is escaped."""
    before, after = lines_of(old.page), lines_of(new.page)
    parts = []
    for hunk in diff.blocks(before, after):
        gone, fresh = "\n".join(before[slice(*hunk.before)]), "\n".join(after[slice(*hunk.after)])
        words: Words = (("=", fresh),) if hunk.op in ("equal", "move") else diff.words(gone, fresh)
        marked = "".join(_marked(op, text) for op, text in words)
        lines = marked.split("\n") if hunk.op == "equal" else [marked]
        parts += [f'<p dir="auto">{line}</p>' for line in lines if line]
    title = html.escape(document.title)
    head = f"Revision {old.number} ({output.stamp(old.fetched_at)}) → {new.number} ({output.stamp(new.fetched_at)})"
    language = html.escape(new.page.language or "en", quote=True)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title>'
        f'<style>{STYLE}</style></head><body><h1 dir="auto">{title}</h1>'
        f"<small>{html.escape(head)}<br>{html.escape(document.url)}</small>{''.join(parts)}</body></html>"
    )


def _marked(op: str, text: str) -> str:
    tag = {"-": "del", "+": "ins"}.get(op)
    return f"<{tag}>{html.escape(text)}</{tag}>" if tag else html.escape(text)


def print_reading(shape: Mapping[str, Any]) -> None:
    """Print what `inspect` saw: facts, updates, entries, and the content with what each block is taken for."""
    out = output.console()
    out.print(Text(output.clean(shape.get("title")) or "(no title)", style="bold"))
    facts = [shape["kind"], output.clean(shape["url"], 2000)]
    facts += [f"{name} {shape[key]}" for name, key in _FACTS if shape.get(key)]
    out.print(Text("  ".join(facts), style="dim"))
    for update in shape.get("updates", []):
        _print_update(update)
    entries = shape.get("entries", [])
    for entry in entries[:MOST_ENTRIES]:
        when = entry.get("published_at") or entry.get("updated_at") or "no time"
        output.hanging(out, Text(f"{when:<22}", style="cyan"), Text(output.clean(entry.get("title")) or "(no title)"))
        if columns := entry.get("fields"):
            told = "  ".join(f"{output.clean(name)}: {output.clean(value, 80)}" for name, value in columns.items())
            output.hanging(out, Text(" " * 22), Text(told, style="dim"))
    if len(entries) > MOST_ENTRIES:
        out.print(Text(f"and {len(entries) - MOST_ENTRIES:,} more", style="dim"))
    _print_records(shape)
    if problem := shape.get("problem"):
        out.print(Text(f"malformed: {output.clean(problem)}", style="yellow"))
    blocks = [block for block in shape.get("blocks", []) if block.get("text")]
    if blocks and out.is_terminal:
        out.print()
    for block in blocks:
        role = block.get("role", "")
        style = {"furniture": "dim", "note": "yellow", "stamp": "cyan"}.get(role, "")
        head = f"{block['type']} {role}".strip()
        output.hanging(out, Text(f"{head:<16}", style="dim"), Text(output.clean(block["text"], 2000), style=style))
    names = ("notes", "updates", "entries", "records")
    counts = [f"{len(shape.get(name, []))} {name}" for name in names if shape.get(name)] + [f"{len(blocks)} blocks"]
    out.print(Text(", ".join(counts if blocks else counts[:-1]) or "nothing was found", style="dim"))


def _print_records(shape: Mapping[str, Any]) -> None:
    """Print how a list was read, and its first records."""
    records, out = shape.get("records", []), output.console()
    if not records:
        return
    read = {"format": shape.get("format"), "rows": shape.get("rows"), "key": ", ".join(shape.get("key") or ())}
    told = "  ".join(f"{name} {output.clean(value, 200)}" for name, value in read.items() if value)
    out.print(Text(f"{shape.get('records_total', len(records)):,} records  {told}", style="dim"))
    for record in records[:MOST_ENTRIES]:
        name = "  ".join(output.clean(str(value), 60) for value in record["key"].values())
        fields = "  ".join(f"{output.clean(k)}: {output.clean(plain(v), 80)}" for k, v in record["fields"].items())
        output.hanging(out, Text(f"{name:<16} ", style="cyan"), Text(fields, style="dim"))
    if (more := shape.get("records_total", 0) - MOST_ENTRIES) > 0:
        out.print(Text(f"and {more:,} more", style="dim"))


_FACTS = (("published", "published_at"), ("modified", "modified_at"), ("language", "language"))


def _print_update(update: Mapping[str, Any]) -> None:
    name = wording.note_name(dict(update))
    head = Text(f"{name}  ", style="bold yellow").append(f"{update.get('published_at') or 'no time'}  ", style="cyan")
    said = update.get("heading") or update.get("summary") or update.get("text")
    output.hanging(output.console(), head, Text(output.clean(said)))
