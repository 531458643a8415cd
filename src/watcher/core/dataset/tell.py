"""Differences between two states of a list → changes as people are told of them.

Pure. An `Account` is what one comparison has in common: source, time, the list's document and its revisions.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from watcher.core import compare, rules
from watcher.core.dataset import keys
from watcher.core.dataset.values import (
    Edit,
    Fields,
    address_of,
    canon,
    canon_path,
    difference,
    flat,
    load,
    looks_like_id,
    title_of,
)
from watcher.model import (
    Block,
    Change,
    Document,
    DocumentRef,
    ListShape,
    Page,
    Reason,
    RecordShown,
    Revision,
    RevisionRef,
    Severity,
    Source,
    Times,
    make_id,
)

MOST_FIELDS = 200  # of one record that are shown
ALIKE = 80  # of 100: names that may be one name, where something else says so too
SURE = 90  # names that are one name
_ADDRESS = ("address", "addresses", "street", "street_address", "address_1", "address1", "addr")


@dataclass(frozen=True, slots=True)
class Account:
    """What the changes of one comparison have in common."""

    look: compare.Look
    shape: ListShape
    document: Document  # as it is from now on
    previous: Document | None
    quiet: frozenset[str] = frozenset()  # fields that came or went in most records at once

    @property
    def source(self) -> Source:
        return self.look.source


def document_of(look: compare.Look, known: Document | None, shape: ListShape, count: int) -> Document:
    """The list as a document: its revisions keep the bodies that brought a change."""
    source = look.source
    name = known.id if known is not None else make_id("doc", source.name, source.url)
    number = known.revision + 1 if known is not None else 1
    columns = [Block("p", f"Columns: {', '.join(shape.columns)}")] if shape.columns else []
    page = Page(
        source.url, title=source.shown, headline=source.shown, blocks=(Block("p", f"{count:,} records"), *columns)
    )
    return Document(
        id=name,
        source=source.name,
        kind="list",
        key=source.url,
        url=source.url,
        title=source.shown,
        revision=number,
        revision_id=make_id("rev", name, number, look.sha256),
        sha256=look.sha256,
        fetched_at=look.fetched_at,
        page=page,
    )


def revision_of(document: Document, look: compare.Look) -> Revision:
    return compare.revision_of(document, look.snapshot)


def change_id(account: Account, event: str, key: bytes) -> str:
    """Name a change by the list, the record and the body that it was seen in."""
    return make_id("chg", account.document.id, event, key.hex(), account.document.sha256, account.document.revision)


def record(
    account: Account,
    event: str,
    key: bytes,
    shown: RecordShown,
    *,
    reason: Reason | None = None,
    id_: str | None = None,
    url: str | None = None,
    words: Sequence[str] = (),
) -> Change:
    """Make the change of one record; `words` is what the rules are held against, besides what is shown."""
    source, document, before = account.source, account.document, account.previous
    name = DocumentRef(document.id, url or source.url, source.shown)
    text = "\n".join(
        filter(
            None,
            (
                shown.title,
                *(value for _, value in shown.key),
                *(value for _, value in shown.fields),
                *(part for _, left, right in shown.changed for part in (left, right) if part),
                *(shown.renamed or ()),
                url,
                *words,
            ),
        )
    )
    return Change(
        id=id_ or change_id(account, event, key),
        event=event,
        source=source.name,
        severity=rules.weigh(event, None, text, source.severity),
        document=name,
        revision=RevisionRef(document.revision_id, document.revision, document.sha256, document.fetched_at),
        previous=RevisionRef(before.revision_id, before.revision, before.sha256, before.fetched_at) if before else None,
        announced=reason is None,
        reason=reason,
        record=shown,
        times=Times(server=account.look.server, fetched=account.look.fetched_at),
        text=text,
    )


def shown_of(fields: Fields, shape: ListShape) -> RecordShown:
    """A record with all its fields."""
    listed = [
        (path[:300], value if isinstance(value, str) else "; ".join(value)) for path, value in flat(fields).items()
    ]
    cut = tuple((path, text[:20_000]) for path, text in listed[:MOST_FIELDS])
    return RecordShown(keys.named(fields, shape.key), title_of(fields)[:500], cut)


def added(account: Account, key: bytes, data: bytes) -> Change:
    fields = load(data)
    return record(account, "record.added", key, shown_of(fields, account.shape), url=address_of(fields))


def removed(account: Account, key: bytes, data: bytes, *, id_: str | None = None, sure: bool) -> Change:
    """A record that is no longer listed; told under `id_` when that was stored before."""
    fields = load(data)
    reason: Reason | None = None if sure else "unconfirmed"
    shown = shown_of(fields, account.shape)
    return record(account, "record.removed", key, shown, reason=reason, id_=id_, url=address_of(fields))


def edits_of(account: Account, before: Fields, after: Fields) -> tuple[Edit, ...]:
    """What differs between two states of a record, without fields that came or went nearly everywhere."""
    found = difference(before, after, account.source.fields)
    return tuple(edit for edit in found if canon_path(edit[0]) not in account.quiet)


def changed(account: Account, key: bytes, old: bytes, new: bytes) -> Change | None:
    """A record whose fields differ; None when nothing of it is worth telling."""
    before, after = load(old), load(new)
    edits = edits_of(account, before, after)
    if not edits:
        return None
    return _changed(account, key, before, after, edits)


def _changed(account: Account, key: bytes, before: Fields, after: Fields, edits: Sequence[Edit]) -> Change:
    title, was = title_of(after)[:500], title_of(before)[:500]
    names = keys.named(after, account.shape.key)
    earlier = keys.named(before, account.shape.key)
    shown = RecordShown(
        names,
        title,
        changed=tuple(edits[:MOST_FIELDS]),
        renamed=(was, title) if _another_name(was, title) else None,
        was=earlier if earlier != names and account.shape.key != keys.WHOLE else (),
    )
    words = [
        text if isinstance(text, str) else "\n".join(text) for part in (after, before) for text in flat(part).values()
    ]
    return record(account, "record.changed", key, shown, url=address_of(after), words=words)


def _another_name(was: str, now: str) -> bool:
    """Say whether it is another name: more than its writing (case, punctuation) differs."""
    return bool(was and now) and canon(was) != canon(now)


# --- fields that came or went everywhere -----------------------------------------------------------------------------


def come_and_gone(edits: Sequence[Edit]) -> tuple[list[str], list[str]]:
    """The fields of a changed record that were not there before, and those that are not there now."""
    come = [canon_path(path) for path, before, after in edits if before is None and after is not None]
    gone = [canon_path(path) for path, before, after in edits if after is None and before is not None]
    return come, gone


def sweeping(counts: Counter[str], records: int) -> frozenset[str]:
    """Fields that so many records got or lost at once that it is the list that changed, not they."""
    return frozenset(name for name, often in counts.items() if often >= 20 and often * 2 > records)


def columns(account: Account, come: Sequence[str], gone: Sequence[str], counts: Mapping[str, int]) -> Change:
    """Tell that fields came or went in most records at once."""
    lines = [f"+ {name} ({counts[name]:,} records)" for name in sorted(come)]
    lines += [f"- {name} ({counts[name]:,} records)" for name in sorted(gone)]
    said = [
        f"{'new' if part is come else 'no longer there'}: {', '.join(sorted(part))}" for part in (come, gone) if part
    ]
    shown = RecordShown((), f"Fields {'; '.join(said)}"[:500])
    change = record(account, "meta.changed", "\n".join(lines).encode(), shown)
    least: Severity = "notice" if change.severity == "info" else change.severity
    return replace(change, severity=least, record=None, diff="\n".join(lines), text=shown.title)


# --- renamed ----------------------------------------------------------------------------------------------------------


def renames(gone: Mapping[int, Fields], come: Mapping[int, Fields], key: Sequence[str]) -> list[tuple[int, int]]:
    """Pair records that went with records that came when they are the same under another key: a similar name, and the
    same address or the same other id; without either, all other fields the same and nearly the same name."""
    index: dict[tuple[str, str], list[int]] = {}
    for number, fields in gone.items():
        for evidence in _evidence(fields, key):
            index.setdefault(evidence, []).append(number)
    pairs: list[tuple[float, int, int]] = []
    for number, fields in come.items():
        name = title_of(fields)
        evidences = _evidence(fields, key)
        for evidence in evidences:
            for other in index.get(evidence, ())[:50]:
                score = similar(title_of(gone[other]), name)
                if score >= (SURE if evidence[0] == "rest" else ALIKE):
                    pairs.append((score, other, number))
    found: list[tuple[int, int]] = []
    left, right = set(gone), set(come)
    for _, old, new in sorted(pairs, reverse=True):
        if old in left and new in right:
            found.append((old, new))
            left.discard(old)
            right.discard(new)
    return found


def similar(one: str, other: str) -> float:
    """How alike two names are, of 100; a name within a longer one counts nearly as much as the same."""
    left, right = " ".join(canon(one).split("_")), " ".join(canon(other).split("_"))
    if not left or not right:
        return 0.0
    whole = fuzz.ratio(left, right)
    within = 0.95 * fuzz.partial_ratio(left, right) if min(len(left), len(right)) >= 5 else 0.0
    return max(whole, fuzz.token_sort_ratio(left, right), within)


def _evidence(fields: Fields, key: Sequence[str]) -> list[tuple[str, str]]:
    """What may show that two records are one: addresses and ids that are not its key, each with its value."""
    own = {canon(name) for name in key}
    title = title_of(fields)
    found: list[tuple[str, str]] = []
    rest: list[str] = []
    for path, value in flat(fields).items():
        name = canon_path(path)
        text = value if isinstance(value, str) else "; ".join(value)
        last = name.rpartition(".")[2]
        if name in own or text == title:
            continue
        if last in _ADDRESS and len(text) >= 8:
            found.append(("address", canon(text)))
        elif looks_like_id(last) and len(text) >= 4:
            found.append((last, text))
        rest.append(f"{name}={text}")
    if not found and rest:
        found.append(("rest", "\x1f".join(sorted(rest))))
    return found
