"""One look at a dataset, from its body to what it leaves: see the package."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from watcher.core import absence, cadence
from watcher.core.dataset import Diff, Indexed, Record, merge, open_list, tell, values
from watcher.datasets.gather import AT_ONCE, STEP, Found, Writing, spare, take
from watcher.datasets.visit import KnownRecords, Visit
from watcher.errors import ReadError
from watcher.model import (
    Absence,
    Change,
    Document,
    Fetched,
    ListShape,
    Observation,
    PollResult,
    RecordRow,
    RecordsKept,
    Revision,
    SourceState,
    make_id,
)
from watcher.store.scratch import CHUNK, Scratch

FEW = 10  # records below which the loss of half of them is nothing sudden
PAIRED = 2_000  # records that came, or went, among which the renamed are looked for
SCROLLED = timedelta(days=365)  # how long a record that scrolled out of a window is remembered
BELIEVED = 3  # failures in a row with the same words, after which it is how the publisher writes now


def observe(visit: Visit) -> Observation:
    """Look at a body. Raises ReadError when it is no list or not whole, StoreError when it cannot go on."""
    visit.state, back = _back_again(visit)
    seen = _observed(visit)
    if not back:
        return seen
    result = "changed" if seen.result == "unchanged" else seen.result
    return replace(seen, result=result, changes=(*back, *seen.changes))


def _back_again(visit: Visit) -> tuple[SourceState, tuple[Change, ...]]:
    """A list that was gone or walled is there again."""
    state = visit.state
    if state.absence is None or state.absence.event == "drastic":
        return state, ()
    known = visit.known.list_document(visit.source.name)
    return absence.returned(state, known, visit.look) if known is not None else (replace(state, absence=None), ())


def _observed(visit: Visit) -> Observation:
    state = visit.state
    if state.baseline_at is not None and visit.fresh and _same_body(visit):
        return _confirmed(visit)
    with ExitStack() as stack:
        staged = stack.enter_context(Scratch())
        shape, count = _stage(visit, staged, visit.answer, state.list if visit.fresh else None)
        if state.baseline_at is None:
            return _baseline(visit, staged, shape, count)
        if visit.fresh:
            return _compared(visit, staged, shape, count, None)
        old = stack.enter_context(Scratch())
        before = _reread(visit, old, stack)
        if before is None:
            return _baseline(visit, staged, shape, count)
        visit.state = replace(state, entries=before[1])
        return _compared(visit, staged, replace(shape, revision=before[0].revision), count, old)


def _same_body(visit: Visit) -> bool:
    fetch = visit.fetch
    return fetch is not None and fetch.body_sha256 == visit.answer.body_sha256 and visit.state.absence is None


def _stage(visit: Visit, scratch: Scratch, answer: Fetched, known: ListShape | None) -> tuple[ListShape, int]:
    """Read all records of a body into a scratch file."""
    reading = open_list(answer.stream(), visit.source, answer.header("content-type"), answer.url, known)
    records = iter(reading)
    while chunk := list(islice(records, CHUNK)):
        visit.go_on()
        scratch.add(chunk)
    fetch = visit.fetch
    again = fetch is not None and fetch.failures >= BELIEVED
    reading.doubts(believed=fetch.error if fetch is not None and again else None)
    scratch.sort()
    return reading.shape, reading.records


def _reread(visit: Visit, scratch: Scratch, stack: ExitStack) -> tuple[ListShape, int] | None:
    """Read the last body with the rules of today; None when there is none, or these rules cannot read it."""
    fetch = visit.fetch
    if fetch is None or fetch.body_sha256 is None:
        return None
    file = cast(BinaryIO, stack.enter_context(TemporaryFile()))  # noqa: SIM115 - the stack closes it
    if not visit.known.body_to(fetch.body_sha256, file):
        return None
    length = file.tell()
    old = replace(visit.answer, body=b"", file=file, length=length, body_sha256=fetch.body_sha256)
    try:
        return _stage(visit, scratch, old, None)
    except ReadError:
        return None


# --- the first look ---------------------------------------------------------------------------------------------------


def _baseline(visit: Visit, staged: Scratch, shape: ListShape, count: int) -> Observation:
    """Everything is known from now on; nothing is news, unless `announce_existing` asks for it."""
    look = visit.look
    known = visit.known.list_document(visit.source.name)
    document = tell.document_of(look, known, shape, count)
    account = tell.Account(look, shape, document, known)
    state = _after(visit, shape, document, count)
    found = Found()
    if visit.source.announce_existing is True:
        for record in staged.records():
            visit.go_on()
            take(visit, found, tell.added(account, record.key, record.data))
    kept = Writing(visit, count).finish(map(_row, staged.records()))
    spare(visit, found, last=True)
    return Observation(
        "baseline",
        replace(state, baseline_at=look.fetched_at),
        (document,),
        (tell.revision_of(document, look),),
        changes=tuple(found.changes),
        records=kept,
        flood=found.flood,
    )


def _row(record: Record) -> RecordRow:
    return RecordRow(record.key, record.digest, record.data)


def _after(visit: Visit, shape: ListShape, document: Document, count: int) -> SourceState:
    return replace(
        visit.state,
        kind="dataset",
        rules=visit.rules,
        list=replace(shape, revision=document.revision),
        title=visit.source.title,
        entries=count,
        absence=None,
        confirm_at=None,
        watched=None,
        visible=None,
    )


# --- every other look -------------------------------------------------------------------------------------------------


def _confirmed(visit: Visit) -> Observation:
    """The same file again: what it lacked, it still lacks; nothing is read."""
    missing = visit.known.record_gone(visit.source.name)
    state = replace(visit.state, confirm_at=None)
    document = visit.known.list_document(visit.source.name)
    if not missing or document is None or state.list is None or visit.window:
        return Observation("unchanged", state)
    account = tell.Account(visit.look, state.list, document, None)
    found = Found()
    for start in range(0, len(missing), CHUNK):
        numbers = missing[start : start + CHUNK]
        diffs = [Diff("lacking", at, None) for at in numbers]
        _judge(visit, account, found, diffs, before=visit.known.record_rows(numbers), paired=set())
    spare(visit, found, last=True)
    state = replace(state, last_change_at=visit.look.fetched_at)
    kept = RecordsKept(dropped=tuple(found.dropped))
    return Observation("changed", state, changes=tuple(found.changes), records=kept, flood=found.flood)


def _compared(visit: Visit, staged: Scratch, shape: ListShape, count: int, old: Scratch | None) -> Observation:
    name = visit.source.name
    left = old.index() if old is not None else visit.known.record_index(name)
    rows = _rows_of(visit.known, old)
    differing = merge(_watching(visit, left), staged.index(), visit.answer.url)
    while chunk := list(islice(differing, CHUNK)):
        staged.differ(chunk)
    counts = staged.counts()
    if held := _held(visit, counts):
        return held
    known = visit.known.list_document(name)
    document = tell.document_of(visit.look, known, shape, count)
    account = tell.Account(visit.look, shape, document, known)
    account, sweeping = _swept(visit, account, staged, rows, counts)
    found = Found()
    if old is not None or sum(counts.values()) > AT_ONCE:
        found.writing = Writing(visit, count)
    for change in sweeping:
        take(visit, found, change)
    paired = _renamed(visit, account, found, staged, rows=rows, counts=counts)
    for kinds in (("added",), ("missing", "lacking"), ("changed", "back")):
        for diffs in staged.diffs(*kinds):
            visit.go_on()
            _judge(visit, account, found, diffs, before=rows(diffs), paired=paired, staged=staged)
    spare(visit, found, last=True)
    return _observation(visit, account, found, staged, count)


Rows = Callable[[Sequence[Diff]], Mapping[int, RecordRow]]


def _rows_of(known: KnownRecords, old: Scratch | None) -> Rows:
    """What gives the known sides of differences: the store, or the last body that was read again."""

    def rows(diffs: Sequence[Diff]) -> Mapping[int, RecordRow]:
        numbers = [diff.known for diff in diffs if diff.known is not None]
        if not numbers:
            return {}
        if old is None:
            return known.record_rows(numbers)
        return {at: _row(record) for at, record in old.by_number(numbers).items()}

    return rows


def _watching(visit: Visit, rows: Iterator[Indexed]) -> Iterator[Indexed]:
    for number, row in enumerate(rows):
        if number % STEP == 0:
            visit.go_on()
        yield row


def _held(visit: Visit, counts: Mapping[str, int]) -> Observation | None:
    """More than half of the records gone at once: not believed before it is seen again."""
    gone, there = counts.get("missing", 0), visit.state.entries
    if visit.look.confirmed or visit.window or there < FEW or gone * 2 <= there:
        return None
    absence = visit.state.absence
    if absence is not None and absence.event == "drastic" and absence.since < visit.look.fetched_at:
        return None
    at = visit.look.fetched_at
    words = f"{gone:,} of {there:,} records are missing at once: held until it is seen again"
    noted = Absence("drastic", words, at, make_id("chg", visit.source.name, "drastic", at.isoformat()))
    return Observation("held", replace(visit.state, absence=noted, confirm_at=_again(visit)))


def _again(visit: Visit) -> datetime:
    """When to look past every gate: at the next poll, which is never later."""
    return visit.look.fetched_at + max(cadence.pace_of(visit.source, "dataset"), timedelta(days=1))


def _swept(
    visit: Visit, account: tell.Account, staged: Scratch, rows: Rows, counts: Mapping[str, int]
) -> tuple[tell.Account, list[Change]]:
    """Find fields that most records got or lost at once: told once, and not at every record."""
    there = visit.state.entries
    if counts.get("changed", 0) < 20 or counts["changed"] * 2 <= there:
        return account, []
    come, gone = Counter[str](), Counter[str]()
    for diffs in staged.diffs("changed"):
        visit.go_on()
        before, after = rows(diffs), staged.by_number([diff.staged for diff in diffs if diff.staged is not None])
        for diff in diffs:
            assert diff.known is not None
            assert diff.staged is not None
            edits = values.difference(
                values.load(before[diff.known].data), values.load(after[diff.staged].data), visit.source.fields
            )
            new, lost = tell.come_and_gone(edits)
            come.update(new)
            gone.update(lost)
    quiet = tell.sweeping(come, there), tell.sweeping(gone, there)
    if not (quiet[0] or quiet[1]):
        return account, []
    account = replace(account, quiet=quiet[0] | quiet[1])
    return account, [tell.columns(account, sorted(quiet[0]), sorted(quiet[1]), come + gone)]


def _renamed(
    visit: Visit,
    account: tell.Account,
    found: Found,
    staged: Scratch,
    *,
    rows: Rows,
    counts: Mapping[str, int],
) -> set[tuple[str, int]]:
    """Records that went and came under another key: one change each. Returns their places, so that they are not told
    as added and removed too."""
    lost = counts.get("missing", 0) + counts.get("lacking", 0)
    if not lost or visit.window or not counts.get("added") or max(lost, counts["added"]) > PAIRED:
        return set()
    gone: dict[int, RecordRow] = {}
    come: dict[int, Record] = {}
    for diffs in staged.diffs("missing", "lacking"):
        gone |= rows(diffs)
    for diffs in staged.diffs("added"):
        come |= staged.by_number([diff.staged for diff in diffs if diff.staged is not None])
    pairs = tell.renames(
        {at: values.load(row.data) for at, row in gone.items()},
        {at: values.load(record.data) for at, record in come.items()},
        account.shape.key,
    )
    done: set[tuple[str, int]] = set()
    for old, new in pairs:
        change = tell.changed(account, come[new].key, gone[old].data, come[new].data)
        if change is None:
            continue
        take(visit, found, change)
        found.put(_row(come[new]), old)
        done |= {("known", old), ("staged", new)}
    return done


def _judge(
    visit: Visit,
    account: tell.Account,
    found: Found,
    diffs: Sequence[Diff],
    *,
    before: Mapping[int, RecordRow],
    paired: set[tuple[str, int]],
    staged: Scratch | None = None,
) -> None:
    """Make of each difference a change and what is written down of it."""
    numbers = [diff.staged for diff in diffs if diff.staged is not None]
    after = staged.by_number(numbers) if staged is not None and numbers else {}
    for kind, known, new in diffs:
        if ("known", known) in paired or ("staged", new) in paired:
            continue
        if kind == "added":
            assert new is not None
            record = after[new]
            found.put(_row(record))
            take(visit, found, tell.added(account, record.key, record.data))
            continue
        assert known is not None
        row = before[known]
        if kind in ("missing", "lacking") and visit.window:
            _scrolled(visit, account, found, known, row)
            continue
        if kind in ("missing", "lacking"):
            _gone(visit, account, found, known, row, again=kind == "lacking")
            continue
        assert new is not None
        found.put(_row(after[new]), known)
        if kind == "changed" and (change := tell.changed(account, row.key, row.data, after[new].data)) is not None:
            take(visit, found, change)


def _gone(visit: Visit, account: tell.Account, found: Found, at: int, row: RecordRow, *, again: bool) -> None:
    """A record that is not listed: stored at once, told when the next look lacks it too."""
    sure = again or visit.look.confirmed
    change = tell.removed(account, row.key, row.data, id_=row.gone, sure=sure)
    take(visit, found, change)
    if sure:
        found.drop(at)
    else:
        found.unconfirmed += 1
        found.put(replace(row, gone_at=visit.look.fetched_at, gone=change.id), at)


def _scrolled(visit: Visit, account: tell.Account, found: Found, at: int, row: RecordRow) -> None:
    """A record that left a window: no removal, and no news should it come back."""
    now = visit.look.fetched_at
    if row.gone_at is not None and now - row.gone_at > SCROLLED:
        found.drop(at)
    elif row.gone_at is None or found.writing is not None:
        id_ = row.gone or tell.change_id(account, "record.removed", row.key)
        found.put(replace(row, gone_at=row.gone_at or now, gone=id_), at)


def _observation(
    visit: Visit,
    account: tell.Account,
    found: Found,
    staged: Scratch,
    count: int,
) -> Observation:
    state = _after(visit, account.shape, account.document, count)
    waiting = found.unconfirmed > 0
    state = replace(state, confirm_at=_again(visit) if waiting else None)
    kept: RecordsKept | None
    if found.writing is not None:
        kept = found.writing.finish(map(_row, staged.records()))
    else:
        kept = RecordsKept(tuple(found.added), tuple(found.changed), tuple(found.dropped))
        kept = kept if kept != RecordsKept() else None
    documents: tuple[Document, ...] = ()
    revisions: tuple[Revision, ...] = ()
    result: PollResult = "unchanged"
    if found.changes or found.stored:
        result = "changed"
        documents, revisions = (account.document,), (tell.revision_of(account.document, visit.look),)
        state = replace(state, last_change_at=visit.look.fetched_at)
    elif account.previous is not None:
        state = replace(state, list=replace(account.shape, revision=account.previous.revision))
    return Observation(
        result, state, documents, revisions, changes=tuple(found.changes), records=kept, flood=found.flood
    )
