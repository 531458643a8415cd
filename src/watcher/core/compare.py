"""(what was known of a document, what it says now) → what changed.

One function serves an article's page and a feed's entry; they differ in the names of their events. Nothing is judged
here but the words: routes, mutes and channels come later (settle.py). Every change found is returned, those that are
not to be announced with their reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.core import diff, learn, linked, rules, stated, updates, when
from watcher.core.bodies import bodies, body_of
from watcher.core.text import block_digest
from watcher.model import (
    Change,
    Document,
    DocumentRef,
    EntryShown,
    KnownUpdate,
    Note,
    Page,
    Reason,
    Revision,
    RevisionRef,
    Source,
    Times,
    Words,
    make_id,
)

CONFIRM_FIRST = timedelta(minutes=1)
CONFIRM_LAST = timedelta(minutes=5)
REMEMBERED = 12  # text digests of the last revisions, for restored texts and flapping


@dataclass(frozen=True, slots=True)
class Look:
    """The circumstances of one look at a document."""

    source: Source
    fetched_at: datetime
    sha256: str
    server: datetime | None = None
    snapshot: str | None = None
    confirmed: bool = False  # believe a disappearance at once (replay)
    baseline_at: datetime | None = None  # of the source; None: nothing is learnt of what changes by itself
    last_at: datetime | None = None  # when it was last read well
    volatile: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """The document as it stands now, its new revision (None when nothing changed) and the changes."""

    document: Document
    revision: Revision | None
    changes: tuple[Change, ...]
    confirm_at: datetime | None = None
    volatile: tuple[str, ...] = ()  # as `SourceState.volatile`, after this look


def text_digest(page: Page) -> str:
    return block_digest("\n".join([updates.loose(page.headline), *map(updates.loose, body_of(page))]))


def first_sight(document_id: str, kind: str, key: str, page: Page, look: Look, *, number: int = 1) -> Document:
    """Make the document that a first look leaves behind; its updates are known from now on.

    `number` is above 1 where a new baseline begins for a document that is there already.
    """
    ledger = tuple(
        KnownUpdate(make_id("upd", document_id, i, updates.words_of(n)), n) for i, n in enumerate(page.updates)
    )
    return Document(
        id=document_id,
        source=look.source.name,
        kind="entry" if kind == "entry" else "page",
        key=key,
        url=page.url,
        title=page.headline or page.title or page.url,
        revision=number,
        revision_id=make_id("rev", document_id, number, look.sha256),
        sha256=look.sha256,
        fetched_at=look.fetched_at,
        page=page,
        ledger=ledger,
        recent=((number, text_digest(page)),),
    )


def revision_of(document: Document, snapshot: str | None) -> Revision:
    return Revision(
        document.revision_id,
        document.id,
        document.revision,
        document.sha256,
        document.fetched_at,
        document.page,
        snapshot,
    )


def rebase(document: Document, page: Page) -> Document:
    """Put a new reading of the same body in the place of the old one: new rules or a better reader are no news."""
    matching = updates.match(document.id, document.ledger, page.updates)
    recent = ((document.revision, text_digest(page)),)
    return replace(document, page=page, ledger=matching.ledger, recent=(*document.recent[:-1], *recent))


class Collector:
    """Gathers the changes of one document; gives each its id, times and references."""

    def __init__(self, document: Document, page: Page, look: Look) -> None:
        self.document, self.page, self.look = document, page, look
        number = document.revision + 1
        self.new = RevisionRef(make_id("rev", document.id, number, look.sha256), number, look.sha256, look.fetched_at)
        self.old = RevisionRef(document.revision_id, document.revision, document.sha256, document.fetched_at)
        self.ref = DocumentRef(document.id, page.url, page.headline or page.title or page.url)
        self.changes: list[Change] = []

    def add(
        self,
        event: str,
        what: str,
        *,
        words: Words = (),
        unified: str = "",
        text: str = "",
        note: Note | None = None,
        reason: Reason | None = None,
        silent: bool | None = None,
        change_id: str | None = None,
        **more: object,
    ) -> None:
        printed = note.published if note else None
        published = printed or (
            self.page.modified if event in ("text.changed", "title.changed", "entry.changed") else None
        )
        haystack = "\n".join(filter(None, (self.page.title, self.page.url, text)))
        change = Change(
            id=change_id or make_id("chg", self.document.id, self.new.number, event, what),
            event=event,
            source=self.document.source,
            severity=rules.weigh(event, note.kind if note else None, text, self.look.source.severity),
            document=self.ref,
            revision=self.new,
            previous=self.old,
            silent=silent,
            announced=reason is None,
            reason=reason,
            update=note,
            diff=unified,
            words=words,
            text=haystack,
            times=Times(
                published=published.at if published else None,
                published_date_only=bool(published and published.date_only),
                published_as_printed=published.printed if published else None,
                server=self.look.server,
                fetched=self.look.fetched_at,
            ),
        )
        self.changes.append(replace(change, **more))  # type: ignore[arg-type]  # Change's own fields


def _mark(page: Page, note: Note) -> str | None:
    """Find the headline mark of an update: the heading its title place shows."""
    for other in page.notes:
        if other.location == "title" and other.kind == note.kind and other.sequence == note.sequence:
            return other.heading
    return None


def _note_changes(
    known: Document, page: Page, look: Look, out: Collector
) -> tuple[tuple[KnownUpdate, ...], datetime | None]:
    matching = updates.match(known.id, known.ledger, page.updates)
    plain, now_plain = body_of(known.page), body_of(page)
    for m in matching.matched:
        body = updates.words_of(m.note)
        if m.known is None and updates.became(m.note, plain, now_plain):
            continue  # it stood there before, only now it is known for a note
        if m.known is None:
            out.add(
                "update.new",
                body,
                note=m.note,
                text=body,
                unified=_added(body),
                words=(("+", body),),
                silent=False,
                mark=_mark(page, m.note),
                gap=updates.gap(matching.ledger, m.note),
            )
        elif m.verdict == "renumbered":
            out.add(
                "update.renumbered",
                m.known.id + str(m.note.sequence),
                note=m.note,
                text=body,
                old_sequence=m.known.note.sequence,
                reason="minor-event",
                mark=_mark(page, m.note),
            )
        elif m.verdict == "edited":
            before, after = updates.told(m.known.note, m.note)
            out.add(
                "update.edited",
                m.known.id + after,
                note=m.note,
                text=f"{before}\n{after}",
                mark=_mark(page, m.note),
                unified=diff.unified(before.split("\n"), after.split("\n")),
                words=diff.words(before, after),
                silent=False,
            )
    still = tuple(gone for gone in matching.missing if not updates.became(gone.note, now_plain, plain))
    return _missing(replace(matching, missing=still), look, out)


def _missing(matching: updates.Matching, look: Look, out: Collector) -> tuple[tuple[KnownUpdate, ...], datetime | None]:
    """Store a disappearance at once, announce it under the same id when later looks still miss the update."""
    ledger, confirm_at = list(matching.ledger), None
    places = {known.id: i for i, known in enumerate(ledger)}
    for gone in matching.missing:
        since = min(gone.missing_since or look.fetched_at, look.fetched_at)  # the clock may have been set back
        age = look.fetched_at - since
        sure = look.confirmed or age >= CONFIRM_LAST
        body = updates.words_of(gone.note)
        if sure or gone.missing_since is None:
            out.add(
                "update.withdrawn",
                gone.id,
                change_id=make_id("chg", gone.id, since.isoformat(), "withdrawn"),
                note=gone.note,
                text=body,
                unified=_removed(body),
                words=(("-", body),),
                reason=None if sure else "unconfirmed",
                silent=None,
            )
        if not sure:
            step = CONFIRM_FIRST if age < CONFIRM_FIRST else CONFIRM_LAST
            confirm_at = min(filter(None, (confirm_at, since + step)))
        ledger[places[gone.id]] = replace(gone, present=not sure, missing_since=since, withdrawn=sure)
    return tuple(ledger), confirm_at


def _added(text: str) -> str:
    return "\n".join("+ " + line for line in text.split("\n")) if text else ""


def _removed(text: str) -> str:
    return "\n".join("- " + line for line in text.split("\n")) if text else ""


def _cosmetic(before: Sequence[str], after: Sequence[str]) -> bool:
    return list(map(updates.loose, before)) == list(map(updates.loose, after))


def _held(before: Sequence[str], after: Sequence[str], page: Page, look: Look) -> Reason | None:
    """Say why a change of text is no news: typesetting, items of a list in another order, a moved time stamp alone."""
    if _cosmetic(before, after):
        return "cosmetic"
    changed = [hunk for hunk in diff.blocks(before, after) if hunk.op != "equal"]
    if all(hunk.op == "move" for hunk in changed) and sorted(before) == sorted(after):
        items = {block.text for block in page.blocks if block.type in {"li", "tr"} and not block.is_counted}
        return "cosmetic" if all(after[hunk.after[0]] in items for hunk in changed) else None
    reading = _reading(look)
    if all(
        hunk.op == "replace"
        and all(stated.is_stamp(side, reading) for side in (before[hunk.before[0]], after[hunk.after[0]]))
        for hunk in changed
    ):
        return "minor-event"
    return None


def _reading(look: Look) -> when.Look:
    return when.Look(look.source.locale, look.source.timezone, look.fetched_at)


def neighbourhood(before: Sequence[str], after: Sequence[str]) -> str:
    """Give the changed blocks of both sides with the block before and after each: what `only` and `never` look at."""
    chosen: list[str] = []
    for hunk in diff.blocks(before, after):
        if hunk.op != "equal":
            chosen += before[max(0, hunk.before[0] - 1) : hunk.before[1] + 1] if hunk.before[0] < hunk.before[1] else []
            chosen += after[max(0, hunk.after[0] - 1) : hunk.after[1] + 1]
    return "\n".join(dict.fromkeys(chosen))


def _text_change(known: Document, page: Page, out: Collector, *, silent: bool) -> None:
    before, after = bodies(known.page, page)
    if before == after:
        return
    unified = diff.unified(before, after)
    words = diff.changed_words(before, after)
    text = neighbourhood(before, after)
    held = _held(before, after, page, out.look)
    if held is not None:
        out.add("text.changed", unified, unified=unified, words=words, text=text, silent=silent, reason=held)
        return
    digest = text_digest(page)
    earlier = [number for number, seen in known.recent[:-1] if seen == digest]
    if earlier:
        reason: Reason | None = "flapping" if len(earlier) > 1 else None
        out.add(
            "text.restored",
            unified,
            unified=unified,
            words=words,
            text=text,
            silent=silent,
            reason=reason,
            restored=earlier[-1],
        )
        return
    out.add("text.changed", unified, unified=unified, words=words, text=text, silent=silent)


def _title_change(known: Document, page: Page, out: Collector, *, silent: bool) -> None:
    before, after = known.page.headline or "", page.headline or ""
    if before == after or not after:
        return
    reason: Reason | None = "cosmetic" if updates.loose(before) == updates.loose(after) else None
    out.add(
        "title.changed",
        after,
        unified=f"- {before}\n+ {after}",
        words=diff.words(before, after),
        text=f"{before}\n{after}",
        silent=silent,
        reason=reason,
    )


def _attached_changes(known: Document, page: Page, out: Collector) -> None:
    """Tell of links and pictures of the body that changed on their own."""
    for event, found in (
        ("links.changed", linked.links(known.page, page)),
        ("media.changed", linked.pictures(known.page, page)),
    ):
        if found is not None:
            reason: Reason | None = None if found.is_news else "minor-event"
            out.add(event, found.unified, unified=found.unified, text=found.unified, silent=None, reason=reason)


def _meta_changes(known: Document, page: Page, out: Collector) -> None:
    before, after = known.page.modified, page.modified
    if after is not None and (before is None or before.at != after.at):
        shown = [m.printed or m.at.isoformat() if m else "" for m in (before, after)]
        out.add(
            "meta.changed",
            after.at.isoformat(),
            unified=f"- {shown[0]}\n+ {shown[1]}",
            text="",
            silent=None,
            reason="minor-event",
        )


def _announced_by_publisher(known: Document, page: Page, out: Collector) -> bool:
    """Say whether the publisher marked the change: a new or edited note, or a newer modification time, hidden or
    printed."""
    if any(change.event in ("update.new", "update.edited") for change in out.changes):
        return True
    before, after = known.page.modified, page.modified
    if after is not None and (before is None or after.at > before.at):
        return True
    look = _reading(out.look)
    was, now = stated.stated(known.page, look), stated.stated(page, look)
    return now is not None and (was is None or now > was)


def compare_page(known: Document, page: Page, look: Look) -> Compared:
    """Compare an article's page with its document, what changes by itself left out (core/learn.py)."""
    clock = learn.CLOCK in look.volatile or learn.is_clock(known.page, page, known.fetched_at, look.fetched_at)
    if clock:
        page = replace(page, modified=known.page.modified)
    out = Collector(known, page, look)
    ledger, confirm_at = _note_changes(known, page, look, out)
    silent = not _announced_by_publisher(known, page, out)
    _title_change(known, page, out, silent=silent)
    marked = bool(out.changes) or not silent
    circumstances = learn.Look(look.fetched_at, look.baseline_at, look.last_at, marked, patient=not look.confirmed)
    sifted = learn.sift(known.page, page, look.volatile, circumstances)
    volatile = sifted.volatile if not clock or learn.CLOCK in sifted.volatile else (learn.CLOCK, *sifted.volatile)
    confirm_at = min(filter(None, (confirm_at, sifted.confirm_at)), default=None)
    for told in sifted.told:
        _region_change(known, told, out, silent=silent)
    if sifted.stands:
        changes = tuple(replace(change, revision=out.old, previous=None) for change in out.changes)
        return Compared(replace(known, ledger=ledger), None, changes, confirm_at, volatile)
    compared = replace(known, page=sifted.known)
    _text_change(compared, sifted.page, out, silent=silent)
    _attached_changes(compared, sifted.page, out)
    _meta_changes(compared, sifted.page, out)
    out.page = sifted.kept
    return replace(_close(known, look, out, ledger, confirm_at), volatile=volatile)


def _region_change(known: Document, told: learn.Told, out: Collector, *, silent: bool) -> None:
    """Tell, or hold, what changed in one place of the page; it keeps its id from the first look to the last."""
    unified = diff.unified(told.before, told.after)
    out.add(
        told.event, unified, change_id=make_id("chg", known.id, "region", *told.key), unified=unified, silent=silent,
        words=diff.changed_words(told.before, told.after), text="\n".join((*told.before, *told.after)),
        reason=told.reason,
    )  # fmt: skip


def shown(page: Page, key: str, fields: tuple[tuple[str, str | None, str | None], ...] = ()) -> EntryShown:
    """Give an entry as a change shows it."""
    return EntryShown(key, page.title or "", page.url, page.published, page.modified, page.summary or "", fields)


def compare_entry(known: Document, page: Page, look: Look) -> Compared:
    """Compare a feed's entry with its document: its notes, and as one `entry.changed` all that reads differently."""
    out = Collector(known, page, look)
    ledger, confirm_at = _note_changes(known, page, look, out)
    old = known.page
    plain_before, plain_after = bodies(old, page)
    before, after = [old.headline or "", *plain_before], [page.headline or "", *plain_after]
    fields: list[tuple[str, str | None, str | None]] = []
    if old.headline != page.headline:
        fields.append(("title", old.title, page.title))
    if plain_before != plain_after:
        fields.append(("summary", old.summary, page.summary))
    if old.url != page.url:
        fields.append(("url", old.url, page.url))
    if (old.modified and old.modified.at) != (page.modified and page.modified.at):
        printed = [m.printed or m.at.isoformat() if m else None for m in (old.modified, page.modified)]
        fields.append(("updated_at", printed[0], printed[1]))
    if fields:
        reason: Reason | None = None
        if before == after:
            reason = "minor-event"
        elif _cosmetic(before, after):
            reason = "cosmetic"
        silent = not _announced_by_publisher(known, page, out)
        out.add(
            "entry.changed",
            diff.unified(before, after) or repr(fields),
            unified=diff.unified(before, after),
            reason=reason,
            words=diff.changed_words(before, after),
            text="\n".join([*before, *after, old.title or ""]),
            silent=silent,
            entry=shown(page, known.key, tuple(fields)),
        )
    return _close(known, look, out, ledger, confirm_at)


def close(known: Document, look: Look, out: Collector) -> Compared:
    """Make the new revision of a document that bears no notes."""
    return _close(known, look, out, known.ledger, None)


def _close(
    known: Document, look: Look, out: Collector, ledger: tuple[KnownUpdate, ...], confirm_at: datetime | None
) -> Compared:
    """Make the new revision, unless nothing changed but what is never stored."""
    page = out.page
    if not out.changes:
        return Compared(replace(known, ledger=ledger), None, (), confirm_at)
    document = replace(
        known,
        url=page.url,
        title=page.headline or page.title or page.url,
        revision=out.new.number,
        revision_id=out.new.id,
        sha256=look.sha256,
        fetched_at=look.fetched_at,
        page=page,
        ledger=ledger,
        recent=(*known.recent, (out.new.number, text_digest(page)))[-REMEMBERED:],
    )
    return Compared(document, revision_of(document, look.snapshot), tuple(out.changes), confirm_at)
