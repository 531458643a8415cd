"""What became of the rows of a list: which columns changed, which rows are gone.

Where absence means removal (a list unless its source says `window = true`, a feed with `window = false`), an entry that
is not there is missed: stored at once as unconfirmed, told under the same id when the next look misses it too. The
entry's `EntryRef.raw` remembers it: "?" and since when, then "!" once it was told. What scrolled out at the old end of
a dated list is not missed. A list that has lost most of its rows is held back first: it may be a wall or cut off.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import unescape

from rapidfuzz import fuzz

from watcher.core import compare, diff, doubt, rules, updates
from watcher.core.bodies import body_of
from watcher.core.identity import Pair
from watcher.core.walls import WALLS, says
from watcher.errors import ReadError
from watcher.model import (
    Absence,
    Change,
    Document,
    DocumentRef,
    EntryRef,
    FeedReading,
    FetchState,
    Kind,
    Observation,
    Page,
    Reason,
    RevisionRef,
    Source,
    SourceState,
    Times,
    Turnover,
    make_id,
)

_MISSED, _GONE, _SCROLLED = "?", "!", "-"
_AGAIN = timedelta(days=1)  # the next poll comes at the source's own pace; this only keeps the gates open
_SOON = timedelta(minutes=1)  # a look sooner than this after the first is the same look
_FEW = 4  # known rows below which a loss is never drastic
_MOST_LOST = 0.5
_MANY = 10  # rows of which the like is told once
_WORDS, _ALIKE, _MOST_PAIRS = 8, 88.0, 100_000  # characters of a title, its likeness (rapidfuzz, of 100), comparisons


@dataclass(frozen=True, slots=True)
class Missing:
    """What a look at a list misses: changes, references as they are now, whether to look again past the gates."""

    changes: tuple[Change, ...] = ()
    refs: tuple[EntryRef, ...] = ()
    confirm_at: datetime | None = None


def was_removed(ref: EntryRef) -> bool:
    """Say whether the entry's removal was told: when it is back, it is new."""
    return ref.raw[:1] == _GONE


def removes(source: Source, reading: FeedReading) -> bool:
    """Say whether an entry that is not there was removed: never behind a window."""
    return not is_window(source, reading.kind)


def is_window(source: Source, kind: Kind) -> bool:
    """Say whether a source shows the newest of what there is: what is not there means nothing."""
    return kind == "feed" if source.window is None else source.window


def missed(source: Source, reading: FeedReading, refs: Sequence[EntryRef], matched: Collection[str]) -> list[EntryRef]:
    """Name the known entries that are not there although they should be; `matched` are the documents of those found."""
    if not removes(source, reading):
        return []
    present = frozenset(reading.present)
    return [ref for ref in refs if ref.raw not in present and ref.document not in matched and ref.raw[:1] not in "!-"]


def left_out(refs: Sequence[EntryRef], look: compare.Look) -> tuple[EntryRef, ...]:
    """Forget entries that the source's rules no longer name: they are not missed."""
    return tuple(replace(ref, raw=_SCROLLED + look.fetched_at.isoformat()) for ref in refs)


def reworded(
    state: SourceState, reading: FeedReading, pairs: Sequence[Pair], gone: Sequence[EntryRef]
) -> tuple[Pair, ...]:
    """Take a new row for a missing one where only their words identify both, and the words are nearly the same.

    A name spelled otherwise, a date that was mended: one changed row, not one gone and one new. Two rows of one wording
    that bear different numbers are two; so are, where a list makes room for what comes, one that went and one that came
    (a bank files the same form ten times a day), unless most of its rows went at once: then its links have changed.
    """
    moved = 2 * len(gone) >= len(reading.present) or (reading.next is None and state.turnover != "scrolls")
    fresh = [i for i, (entry, ref) in enumerate(pairs) if ref is None]
    found: dict[int, EntryRef] = {}
    alike: defaultdict[str, list[EntryRef]] = defaultdict(list)
    for ref in gone:
        alike[ref.finger].append(ref)
    for i in fresh:  # several rows of the same words, of which only the links changed
        same = alike[pairs[i][0].finger] if moved else []
        at = next((n for n, ref in enumerate(same) if not (ref.guid and pairs[i][0].guid)), None)
        if at is not None:
            found[i] = same.pop(at)
    taken = {ref.document for ref in found.values()}
    fresh = [i for i in fresh if i not in found and not pairs[i][0].guid and not pairs[i][0].link]
    free = {
        ref.document: ref
        for ref in gone
        if ref.document not in taken and not ref.guid and not ref.link and len(ref.title) >= _WORDS
    }
    if len(fresh) * len(free) <= _MOST_PAIRS:
        for i in fresh:
            title = pairs[i][0].page.title or ""
            scored = sorted((fuzz.ratio(title, ref.title), name) for name, ref in free.items())[-2:]
            alone = len(scored) < 2 or scored[0][0] < scored[1][0]
            if scored and len(title) >= _WORDS and alone and scored[-1][0] >= _ALIKE:
                found[i] = free.pop(scored[-1][1])
    return tuple((entry, found.get(i, ref)) for i, (entry, ref) in enumerate(pairs))


# --- a list that is not believed ------------------------------------------------------------------------------------


def doubted(  # noqa: PLR0917 - the whole circumstances of one decision
    state: SourceState,
    reading: FeedReading,
    refs: Sequence[EntryRef],
    gone: Sequence[EntryRef],
    html: str,
    look: compare.Look,
) -> tuple[SourceState, Observation | None]:
    """Hold back a look that has lost most of the known rows until it is seen again; raise ReadError for no list at all.

    Gives the state to go on with, or the observation that holds everything as it was.
    """
    standing = [ref for ref in refs if not was_removed(ref) and ref.raw[:1] != _SCROLLED]
    if not gone:
        return replace(state, absence=None), None
    words = None
    if doubt.breaks_off(html):
        words = "the page ends in the middle"
    elif len(standing) >= _FEW and len(gone) > _MOST_LOST * len(standing):
        wall = says(reading.title or "") or says(_start(html))
        if wall is not None and len(reading.present) < len(standing):
            words = WALLS[wall][1]
        elif len(gone) == len(standing) and has_moved(state, reading):
            raise ReadError(
                reading.url,
                f"none of the {len(standing)} known rows is on the page and it is built differently: nothing is taken "
                "for removed; if this is the list now, name its rows with select",
            )
        elif not _believed(state, look) and (reading.next is None or len(reading.entries) < len(gone)):
            # what as many others took the place of on a page that goes on has only moved to the next one
            words = f"{len(gone)} of {len(standing)} rows are gone at once"
    if words is None:
        return replace(state, absence=None), None
    absence = state.absence or Absence("drastic", words, look.fetched_at, "")
    age = look.fetched_at - absence.since
    step = compare.CONFIRM_FIRST if age < compare.CONFIRM_FIRST else compare.CONFIRM_LAST
    again = look.fetched_at + _AGAIN if age >= compare.CONFIRM_LAST else absence.since + step
    held = replace(state, absence=replace(absence, words=words), confirm_at=again)
    return state, Observation("held", held)


def whole(source: Source, state: SourceState, fetch: FetchState) -> Document:
    """The document that stands for a whole list, at its last good look: what is told of the list itself hangs on it."""
    name, sha = make_id("doc", source.name, source.url), fetch.body_sha256 or ""
    title = state.title or source.shown
    return Document(
        id=name,
        source=source.name,
        kind="list",
        key=source.url,
        url=source.url,
        title=title,
        revision=1,
        revision_id=make_id("rev", name, 1, sha),
        sha256=sha,
        fetched_at=fetch.last_ok_at or state.baseline_at or datetime.min.replace(tzinfo=UTC),
        page=Page(source.url, title=title, headline=title),
    )


def has_moved(state: SourceState, reading: FeedReading) -> bool:
    """Say whether the rows were found in another place of the page than before."""

    def shape(place: str) -> list[str]:
        return [line for line in place.split("\n") if line[:1] not in "@-"]

    return bool(state.place and reading.place) and shape(state.place or "") != shape(reading.place or "")


def _start(html: str) -> str:
    """What a page says, where it says little: a wall's words in a long page are its furniture."""
    said = " ".join(re.sub(r"(?s)<(script|style)\b.*?</\1\s*>|<[^>]{0,2000}>", " ", html[:200_000]).split())
    return said if len(said) <= 1500 and len(html) < 200_000 else ""


def _believed(state: SourceState, look: compare.Look) -> bool:
    absence = state.absence
    return look.confirmed or (absence is not None and look.fetched_at - absence.since >= compare.CONFIRM_LAST)


# --- rows that are gone ---------------------------------------------------------------------------------------------


def removals(
    gone: Sequence[EntryRef],
    reading: FeedReading,
    documents: Mapping[str, Document],
    look: compare.Look,
    *,
    scrolls: bool,
    believed: bool,
    page: str = "",
) -> Missing:
    """Tell of entries that are not there: first as unconfirmed, then for sure.

    `scrolls`: what went at the old end made room for what came, or stands on a next page; `believed`: the loss was seen
    for long enough already; `page`: the HTML of a page whose rows have moved, since what it still says is not gone.
    """
    said = " ".join(re.sub(r"<[^>]{0,2000}>", " ", unescape(page)).split()).casefold() if page else ""
    changes: list[Change] = []
    refs: list[EntryRef] = []
    confirm_at = None
    for ref in gone:
        known = documents.get(ref.document)
        if known is None:
            continue
        stands = bool(said) and len(ref.title) >= _WORDS and " ".join(ref.title.split()).casefold() in said
        if stands or (ref.raw[:1] != _MISSED and _is_oldest(known.page, reading, scrolls=scrolls)):
            refs.append(replace(ref, raw=_SCROLLED + look.fetched_at.isoformat()))
            continue
        since = _since(ref) or look.fetched_at
        sure = look.confirmed or believed or look.fetched_at - since >= _SOON
        if sure or ref.raw[:1] != _MISSED:
            changes.append(_removed(known, since, look, reason=None if sure else "unconfirmed"))
        if not sure:
            confirm_at = look.fetched_at + _AGAIN
        refs.append(replace(ref, raw=(_GONE if sure else _MISSED) + since.isoformat()))
    return Missing(tuple(changes), tuple(refs), confirm_at)


def _since(ref: EntryRef) -> datetime | None:
    try:
        return datetime.fromisoformat(ref.raw[1:]) if ref.raw[:1] == _MISSED else None
    except ValueError:
        return None


def _is_oldest(page: Page, reading: FeedReading, *, scrolls: bool) -> bool:
    """Say whether a row went out at the old end of a list that scrolls: nothing older stands on it."""
    if not scrolls:
        return False
    if page.published is None or reading.oldest is None:
        return reading.next is not None
    return page.published.at <= reading.oldest


def at_old_end(gone: Sequence[EntryRef], reading: FeedReading, documents: Mapping[str, Document]) -> int:
    """Count the entries that are missed for the first time and were the oldest of a dated list."""
    known = [documents[ref.document].page for ref in gone if ref.raw[:1] != _MISSED and ref.document in documents]
    return sum(page.published is not None and _is_oldest(page, reading, scrolls=True) for page in known)


def scrolls(state: SourceState, reading: FeedReading, *, ended: int, new: int) -> bool:
    """Say whether what went at the old end was pushed out by what came, `ended` rows by `new` ones.

    Where pages follow it moved to the next one. A list that was seen to scroll does so; one that was seen to grow does
    not, so that what goes was removed. Of one that was seen to do neither, that it kept its length decides.
    """
    if reading.next is not None:
        return True
    if not new or state.turnover == "grows":
        return False
    return state.turnover == "scrolls" or ended == new


def turned(state: SourceState, reading: FeedReading, *, ended: int, new: int) -> Turnover:
    """Remember how a list made room for what came: it scrolls as soon as its old end went at the same time."""
    if not new or state.baseline_at is None or reading.next is not None or reading.kind != "listing":
        return state.turnover
    return "scrolls" if ended or state.turnover == "scrolls" else "grows"


def _removed(known: Document, since: datetime, look: compare.Look, *, reason: Reason | None) -> Change:
    page = known.page
    body = [page.headline or page.title or "", *body_of(page)]
    text = "\n".join(filter(None, [page.title, page.url, *body]))
    revision = RevisionRef(known.revision_id, known.revision, known.sha256, known.fetched_at)
    lines = list(dict.fromkeys(filter(None, body)))
    return Change(
        id=make_id("chg", known.id, "entry.removed", since.isoformat()),
        event="entry.removed",
        source=known.source,
        severity=rules.weigh("entry.removed", None, text, look.source.severity),
        document=DocumentRef(known.id, page.url, known.title),
        revision=revision,
        announced=reason is None,
        reason=reason,
        entry=compare.shown(page, known.key),
        diff="\n".join(f"- {line}" for line in lines),
        times=Times(server=look.server, fetched=look.fetched_at),
        text=text,
    )


# --- rows that changed ----------------------------------------------------------------------------------------------


def compare_row(known: Document, page: Page, look: compare.Look) -> compare.Compared:
    """Compare a row with its document, column by column: one `entry.changed` with what each held before and holds now.

    A column that was only renamed is cosmetic; one that came or went without another change is `minor-event`, of which
    `told_once` announces the first.
    """
    out = compare.Collector(known, page, look)
    old = known.page
    before, after = ({name: value for name, value in side.fields if value} for side in (old, page))
    gone, came = [n for n in before if n not in after], [n for n in after if n not in before]
    changed = [name for name in after if name in before and before[name] != after[name]]
    renamed = _renamed(before, after, gone, came)
    fields: list[tuple[str, str | None, str | None]] = [(name, before[name], after[name]) for name in changed]
    fields += [(name, before[name], None) for name in gone if name not in renamed]
    fields += [(name, None, after[name]) for name in came if name not in renamed]
    moved = old.url != page.url and _leads(old) and _leads(page)
    if moved:
        fields.append(("url", old.url, page.url))
    if not fields and not renamed and _targets(old) == _targets(page):
        return compare.Compared(known, None, ())
    if not fields:
        fields += [
            ("links", one, other)
            for one, other in [(" ".join(_targets(old)), " ".join(_targets(page)))]
            if one != other
        ]
    lines = [_line(old), _line(page)]
    out.add(
        "entry.changed",
        repr(fields) + look.sha256,
        unified="\n".join(
            f"{sign} {name}: {value}" for name, b, a in fields for sign, value in (("-", b), ("+", a)) if value
        ),
        reason=_reason(fields, changed, moved=moved and old.url.partition("?")[0] != page.url.partition("?")[0]),
        words=tuple(word for name in changed for word in diff.words(before[name], after[name])),
        text="\n".join([*lines, old.title or ""]),
        silent=None,
        entry=compare.shown(page, known.key, tuple(fields)),
    )
    return compare.close(known, look, out)


def _line(page: Page) -> str:
    return "\n".join([page.title or "", *(value for _, value in page.fields)])


def _leads(page: Page) -> bool:
    """Say whether a row has a link of its own."""
    return any(link.url == page.url for block in page.blocks for link in block.links)


def _targets(page: Page) -> list[str]:
    return sorted({link.url for block in page.blocks for link in block.links})


def _renamed(before: Mapping[str, str], after: Mapping[str, str], gone: Sequence[str], came: Sequence[str]) -> set[str]:
    """Name the columns that only bear another name: each with its twin of the same value."""
    found: set[str] = set()
    for name in gone:
        twin = next((other for other in came if other not in found and after[other] == before[name]), None)
        if twin is not None:
            found |= {name, twin}
    return found


def _reason(
    fields: Sequence[tuple[str, str | None, str | None]], changed: Sequence[str], *, moved: bool
) -> Reason | None:
    if not fields:
        return "cosmetic"
    if not changed:
        structural = any(b is None or a is None for name, b, a in fields if name not in ("url", "links"))
        paths = [
            {part.partition("?")[0] for part in (one or "").split()}
            for n, *ends in fields
            if n == "links"
            for one in ends
        ]
        relinked = moved or (len(paths) == 2 and paths[0] != paths[1])
        return None if relinked and not structural else "minor-event"
    if all(updates.loose(b) == updates.loose(a) for name, b, a in fields if name in changed) and not moved:
        return "cosmetic"
    return None


def told_once(changes: Sequence[Change]) -> list[Change]:
    """Where a column came or went, or many rows only got other links, announce that once; the rest of it is a flood."""
    shapes = [_shape_of(change) for change in changes]
    counted = Counter(shapes)
    out: list[Change] = []
    seen: set[tuple[str, ...]] = set()
    for change, shape in zip(changes, shapes, strict=True):
        relinked = set(shape) <= {"links", "url"}
        if not shape or (relinked and counted[shape] < _MANY):
            out.append(change)
        elif shape in seen:
            out.append(replace(change, announced=False, reason="flood"))
        else:
            seen.add(shape)
            out.append(replace(change, announced=True, reason=None) if not relinked else change)
    return out


def _shape_of(change: Change) -> tuple[str, ...]:
    """Name which columns came (`+`) or went (`-`), or which links changed, where nothing else did."""
    if change.event != "entry.changed" or change.entry is None:
        return ()
    shape = []
    for name, before, after in change.entry.fields:
        if name in {"links", "url"}:
            shape.append(name)
        elif before is not None and after is not None:
            return ()
        else:
            shape.append(f"{name}{'+' if before is None else '-'}")
    return tuple(shape)
