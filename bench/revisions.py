"""Real revisions through the real core: what is announced, what is held, and what the labels say.

    WATCHER_SHARED=DIR python bench/revisions.py [SET …] [--json FILE] [--verbose]

Sets: ota, nodejs, sanctions, feeds, living. Every pair or history goes through `replay.run`, the path of the daemon;
figures are printed, with `--verbose` every miss and false announcement by name, with `--json` every change found.
"""

import argparse
import gzip
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

from watcher import replay
from watcher.core import article, observe
from watcher.errors import ReadError
from watcher.model import Change, Fetched, Source

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass(slots=True)
class Score:
    """Counts of one set: real changes met and announced, noise met and announced, and what went wrong by name."""

    real: int = 0
    announced: int = 0
    noise: int = 0
    false: int = 0
    wrong: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    other: Counter[str] = field(default_factory=Counter)

    def line(self, name: str) -> str:
        parts = [f"{name:<22} real {self.announced}/{self.real}  false {self.false}/{self.noise}"]
        if self.unread:
            parts.append(f"unreadable {len(self.unread)}")
        parts += [f"{key} {count}" for key, count in sorted(self.other.items())]
        return "  ".join(parts)

    def judge(self, name: str, *, real: bool, announced: Sequence[Change], found: Sequence[Change]) -> None:
        """Count one case."""
        said = " ".join(f"{c.event}{'' if c.announced else '(' + str(c.reason) + ')'}" for c in found)
        if real:
            self.real += 1
            self.announced += bool(announced)
            if not announced:
                self.wrong.append(f"missed  {name}: {said or 'nothing found'}")
        else:
            self.noise += 1
            self.false += bool(announced)
            if announced:
                self.wrong.append(f"false   {name}: {said}")


Found = list[dict[str, Any]]  # what `--json` writes: one row a change


def shared() -> Path:
    """The folder that holds `corpus`; leaves the program where it is not named."""
    root = os.environ.get("WATCHER_SHARED")
    if not root:
        sys.exit("WATCHER_SHARED is not set: there are no revisions to read")
    return Path(root) / "corpus"


def step(name: str, body: bytes, at: datetime, kind: str) -> replay.Step:
    """One revision in memory; `kind` is the file's ending."""

    def answer(source: Source) -> Fetched:
        return replay.fetched_of(body, source.url, at, name=f"x.{kind}")

    return replay.Step(name, at, answer)


def changes_of(source: Source, steps: Sequence[replay.Step]) -> Iterator[tuple[str, tuple[Change, ...]]]:
    """Yield (name of the later step, what it brought). Raises ReadError."""
    for _, after, changes in replay.run(source, steps):
        yield after.name, changes


def rows(case: str, label: str, changes: Sequence[Change]) -> Found:
    return [
        {
            "case": case, "label": label, "event": c.event, "announced": c.announced, "reason": c.reason,
            "silent": c.silent, "diff": c.diff, "words": c.words, "text": c.text[:2000],
        }
        for c in changes
    ]  # fmt: skip


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def ota(root: Path, out: Found) -> dict[str, Score]:
    """Terms and policy pages, before and after, labelled by the archive that recorded versions of them."""
    scores = {name: Score() for name in ("ota", "ota links or markup", "ota lost or moved", "ota uncertain")}
    for file in sorted((root / "rev_ota_html").glob("*/meta.json")):
        meta = json.loads(file.read_text("utf-8"))
        folder, label = file.parent, meta["label"]
        sub = meta.get("subtype")
        bodies = [gzip.decompress((folder / f"{side}.html.gz").read_bytes()) for side in ("before", "after")]
        source = Source(
            "ota", f"https://terms.example/{meta['service']}/{meta['document']}".replace(" ", "-"), kind="article"
        )
        key = {"link_or_markup_only": "ota links or markup", "page_lost_or_moved": "ota lost or moved"}.get(sub, "ota")
        key = "ota uncertain" if label.startswith("uncertain") else key
        at = [datetime.fromisoformat(meta[f"{side}_date"]).astimezone(UTC) for side in ("before", "after")]
        try:
            steps = [
                step(side, body, when, "html") for side, body, when in zip(("before", "after"), bodies, at, strict=True)
            ]
            found = [c for _, changes in changes_of(source, steps) for c in changes]
        except ReadError as error:
            scores[key].unread.append(f"{folder.name}: {error.message}")
            continue
        announced = [c for c in found if c.announced]
        out += rows(folder.name, f"{label}/{sub}" if sub else label, found)
        if key == "ota uncertain":
            scores[key].other["announced" if announced else "held or nothing"] += 1
        else:
            scores[key].judge(folder.name, real=label == "content_change", announced=announced, found=found)
    return scores


# --- the posts of a project, written in Markdown and served as pages ------------------------------------------------

_INLINE = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\[([^\]]+)\]\(([^)\s]+)[^)]*\)"), r'<a href="\2">\1</a>'),
    (re.compile(r"&lt;(https?://[^&\s]+)&gt;"), r'<a href="\1">\1</a>'),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"(?<!\w)[_*]([^_*]+)[_*](?!\w)"), r"<em>\1</em>"),
)


def _inline(text: str) -> str:
    text = escape(text, quote=False)
    for pattern, form in _INLINE:
        text = pattern.sub(form, text)
    return text


def _list_or_text(block: str) -> str:
    """A paragraph, a list, or a paragraph with a list right behind it."""
    lead, *items = re.split(r"(?:^|\n)\s*(?:[-*+]|\d{1,2}\.) ", block)
    told = f"<p>{_inline(' '.join(lead.removeprefix('> ').split()))}</p>" if lead.strip() else ""
    return told + (
        "<ul>" + "".join(f"<li>{_inline(' '.join(i.split()))}</li>" for i in items) + "</ul>" if items else ""
    )


def _table(block: str) -> str:
    lines = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in block.splitlines()]
    kept = [cells for cells in lines if not all(re.fullmatch(r":?-*:?", cell) for cell in cells)]
    return (
        "<table>"
        + "".join("<tr>" + "".join(f"<td>{_inline(c)}</td>" for c in cells) + "</tr>" for cells in kept)
        + "</table>"
    )


def page_of(markdown: str) -> bytes:
    """Render the few forms that such posts use."""
    head, _, body = markdown.removeprefix("---\n").partition("\n---\n")
    title = re.search(r"^title:\s*['\"]?(.*?)['\"]?$", head, re.MULTILINE)
    name = escape(title[1]) if title else "Untitled"
    out = []
    body = re.sub(r"<a (?:name|id)=[^>]*>\s*</a>", "", body)
    for part in re.split(r"\n\s*\n", body):
        block = part.strip()
        if heading := re.match(r"(#{1,6})\s+(.*)", block):
            level = len(heading[1])
            out.append(f"<h{level}>{_inline(heading[2])}</h{level}>")
            block = block[heading.end() :].strip()
        if block.startswith("```"):
            out.append(f"<pre>{escape(block.split(chr(10), 1)[-1].removesuffix('```'))}</pre>")
        elif re.fullmatch(r"[-*_]{3,}", block):
            out.append("<hr>")
        elif block.startswith("|"):
            out.append(_table(block))
        elif block:
            out.append(_list_or_text(block))
    html = (
        f"<html lang=en><head><title>{name}</title></head><body><main><article><h1>{name}</h1>"
        f"{''.join(out)}</article></main></body></html>"
    )
    return html.encode()


def _loose(marker: str) -> str:
    return " ".join(re.sub(r"[_*#()]", " ", marker).split()).casefold()


def _note_step(score: Score, case: str, changes: Sequence[Change], fresh: list[str], text: str) -> None:
    """Score one revision of a post: `fresh` are its new markers, `text` its source.

    A marker under a new date above the same words is an edit of its note. A note that the source does mark, in a form
    that the labels' pattern does not know, is counted apart.
    """
    told = [c for c in changes if c.event == "update.new" and c.announced]
    redated = [c for c in changes if c.event == "update.edited" and c.announced]
    want = len(fresh)
    got = min(want, len(told) + len(redated))
    score.real += want
    score.announced += got
    score.noise += not fresh
    over = told[want:] if len(told) > want else []
    for change in over:
        note = change.update
        words = (note.heading or note.summary or "") if note else ""
        lines = [line for line in text.splitlines() if words[:30] in line]
        if any("update" in line.lower() for line in lines):
            score.other["notes beyond the labels' pattern"] += 1
            score.wrong.append(f"beyond  {case}: {words[:100]!r}")
        else:
            score.false += 1
            score.wrong.append(f"false   {case}: {words[:100]!r}")
    if got < want:
        score.wrong.append(f"missed  {case}: {fresh}; told {len(told)}, edited {len(redated)}")


def nodejs(root: Path, out: Found) -> dict[str, Score]:
    """Security posts with each revision: every new marker is one `update.new`, and nothing else is."""
    score, edits = Score(), Score()
    for file in sorted((root / "rev_living_nodejs").glob("*/gold.json")):
        gold = json.loads(file.read_text("utf-8"))
        texts = {row["file"]: (file.parent / row["file"]).read_text("utf-8") for row in gold}
        steps = [step(row["file"], page_of(texts[row["file"]]), moment(row["date"]), "html") for row in gold]
        markers = {row["file"]: [_loose(marker) for marker in row["update_markers"]] for row in gold}
        source = Source("nodejs", f"https://nodejs.org/en/blog/vulnerability/{file.parent.name}", kind="article")
        seen = set(markers[gold[0]["file"]])
        for name, changes in changes_of(source, steps):
            case = f"{file.parent.name} {name}"
            out += rows(case, "nodejs", changes)
            fresh = [marker for marker in markers[name] if marker not in seen]
            seen |= set(fresh)
            _note_step(score, case, changes, fresh, texts[name])
            other = [c for c in changes if c.event not in ("update.new", "meta.changed")]
            edits.other["with an announced edit"] += any(c.announced for c in other)
            edits.other["with held edits only"] += bool(other) and not any(c.announced for c in other)
            edits.other["steps"] += 1
    return {"nodejs notes": score, "nodejs edits": edits}


def sanctions(root: Path, out: Found) -> dict[str, Score]:
    """Pages of sanctions lists, as articles: their labels tell whether more than white space changed."""
    score = Score()
    for file in sorted((root / "rev_sanctions_pages").glob("*/meta.json")):
        meta = json.loads(file.read_text("utf-8"))
        before = next(file.parent.glob("before.*"))
        kind = before.suffix[1:]
        if kind == "csv":
            continue  # a dataset, not a page
        source = Source("list", f"https://lists.example/{meta['site']}", kind="article")
        steps = [
            step(side, (file.parent / f"{side}.{kind}").read_bytes(), NOON + timedelta(hours=n), kind)
            for n, side in enumerate(("before", "after"))
        ]
        try:
            found = [c for _, changes in changes_of(source, steps) for c in changes]
        except ReadError as error:
            score.unread.append(f"{file.parent.name}: {error.message}")
            continue
        out += rows(file.parent.name, meta["label"], found)
        announced = [c for c in found if c.announced]
        score.judge(
            file.parent.name,
            real=not (meta["markup_only"] or meta["whitespace_only"]),
            announced=announced,
            found=found,
        )
    return {"sanctions": score}


def feeds(root: Path, out: Found) -> dict[str, Score]:
    """Successive polls of regulators' feeds; gold tells which entries are new, changed, back again."""
    scores = {}
    for file in sorted((root / "feed_polls_regulator").glob("*/gold.json")):
        score = Score()
        gold = {row["file"]: row for row in json.loads(file.read_text("utf-8"))}
        files = sorted(f for f in file.parent.iterdir() if f.name in gold)
        kind = "json" if "json" in file.parent.name else "xml"
        steps = [step(f.name, f.read_bytes(), NOON + timedelta(hours=n), kind) for n, f in enumerate(files)]
        source = Source("feed", f"https://feeds.example/{file.parent.name}", kind="feed")
        for name, changes in changes_of(source, steps):
            row = gold[name]
            out += rows(f"{file.parent.name} {name}", "feed", changes)
            told = Counter(c.event for c in changes if c.announced)
            new = set(row["new"])
            touched = set(row["title_changed"]) | set(row["body_changed"])
            _feed_step(score, f"{file.parent.name} {name}", changes, new, touched)
            score.other.update({f"told {event}": count for event, count in told.items()})
            score.other["reappeared"] += len(row["reappeared"])
        scores[f"feed {file.parent.name}"] = score
    return scores


def _feed_step(score: Score, name: str, changes: Sequence[Change], new: set[str], touched: set[str]) -> None:
    for event, want in (("entry.new", new), ("entry.changed", touched)):
        told = [c for c in changes if c.event == event and c.announced]
        score.real += len(want)
        score.announced += min(len(want), len(told))
        score.noise += not want
        score.false += max(0, len(told) - len(want))
        if len(told) != len(want):
            said = [(c.document.title[:60], c.reason) for c in changes if c.event == event]
            word = "missed" if len(told) < len(want) else "false "
            score.wrong.append(f"{word}  {name} {event}: want {sorted(want)[:4]} ({len(want)}), told {said[:4]}")


def living(root: Path, _out: Found) -> dict[str, Score]:
    """Single pages: the notes of those that have some; none in the stamps and false friends of the others."""
    score = Score()
    for row in json.loads((root / "living_html" / "gold.json").read_text("utf-8")):
        body = gzip.decompress((root / "living_html" / row["file"]).read_bytes())
        source = Source("living", row["url"] or "https://living.example/x", kind="article")
        try:
            reading = article.read(body, "text/html", source.url, source, observe.look_of(source, NOON))
        except ReadError as error:
            score.unread.append(f"{row['file']}: {error.message}")
            continue
        page = reading.page
        shown = [" ".join(filter(None, [n.heading, n.summary, n.text])) for n in page.updates]
        marked = "\n".join(b.text for b in page.blocks if b.role == "note")
        if row["cls"] == "update_note":
            for note in row["notes"]:
                score.real += 1
                met = " ".join(note["text"].split())[:60] in " ".join(marked.split())
                score.announced += met
                if not met:
                    score.wrong.append(
                        f"missed  {row['file']}: {note['text'][:80]!r}; notes {[s[:60] for s in shown][:5]}"
                    )
            score.other["notes beyond gold"] += max(0, len(page.updates) - len(row["notes"]))
            if len(page.updates) > len(row["notes"]):
                score.wrong.append(f"beyond  {row['file']}: {[s[:90] for s in shown]}")
        elif row["cls"] != "liveblog":
            score.noise += 1
            score.false += bool(page.updates)
            if page.updates:
                score.wrong.append(f"false   {row['file']} ({row['cls']}): {[said[:80] for said in shown]}")
        else:
            score.other["live posts"] += len(page.updates)
    return {"living": score}


SETS = {"ota": ota, "nodejs": nodejs, "sanctions": sanctions, "feeds": feeds, "living": living}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sets", nargs="*", choices=[*SETS, []], help="which sets; all by default")
    parser.add_argument("--json", type=Path, help="write every change found there")
    parser.add_argument("--verbose", action="store_true", help="name what was missed and what was announced falsely")
    told = parser.parse_args()
    root, found = shared(), Found()
    for name in told.sets or SETS:
        for label, score in SETS[name](root, found).items():
            print(score.line(label))
            for line in [*score.wrong, *(f"unread  {u}" for u in score.unread)] if told.verbose else []:
                print("   ", line)
    if told.json:
        told.json.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in found), "utf-8")


if __name__ == "__main__":
    main()
