"""A folder of revisions, or a source's history, through the real core in memory: what would each step announce?

Nothing is fetched, stored or sent. Every revision counts as confirmed.
"""

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from watcher import config as configuration
from watcher.core import observe, settle, when
from watcher.core.dataset import Indexed, ListReading, load, named, open_list
from watcher.core.shape import instant as instant_text
from watcher.errors import ReadError, UsageError
from watcher.model import (
    Change,
    Document,
    EntryRef,
    Fetched,
    Kind,
    Observation,
    RecordRow,
    RecordsKept,
    Snapshot,
    Source,
    SourceState,
    Story,
)
from watcher.pipeline import observe_one
from watcher.store import Store

MOST = 100_000  # records of a source's history
SHOWN = 1_000  # records of a dataset that `inspect` shows

NAMES = re.compile(r"\.(html?|xml|rss|atom|json|txt|rdf|csv|tsv|jsonl|ndjson|xlsx|zip|gz|pdf|docx)$", re.IGNORECASE)
TYPES = {
    "html": "text/html",
    "htm": "text/html",
    "txt": "text/plain",
    "json": "application/json",
    "xml": "application/xml",
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "rdf": "application/rdf+xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "jsonl": "application/jsonl",
    "ndjson": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
    "gz": "application/gzip",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One revision: its name, when it was seen, and what gives the answer then (None: its body is no longer kept)."""

    name: str
    at: datetime
    answer: Callable[[Source], Fetched | None]


@dataclass(slots=True)
class Memory:
    """What the store would know, in memory."""

    docs: dict[str, Document] = field(default_factory=dict)
    refs: dict[str, EntryRef] = field(default_factory=dict)
    records: dict[int, RecordRow] = field(default_factory=dict)
    written: list[RecordRow] = field(default_factory=list)  # of a list that will take the place of `records`
    last: int = 0  # number given to a record

    def entry_refs(self, _: str) -> tuple[EntryRef, ...]:
        return tuple(self.refs.values())

    def documents(self, ids: Sequence[str]) -> Mapping[str, Document]:
        return {key: self.docs[key] for key in ids if key in self.docs}

    def page(self, _: str) -> Document | None:
        return next((d for d in self.docs.values() if d.kind == "page"), None)

    def body(self, _: str) -> bytes | None:
        return None

    def body_to(self, _: str, __: object) -> bool:
        return False

    def record_index(self, _: str) -> Iterator[Indexed]:
        ordered = sorted((row.key, row.digest, at, row.gone_at is not None) for at, row in self.records.items())
        return (Indexed(at, key, digest, gone) for key, digest, at, gone in ordered)

    def record_gone(self, _: str) -> list[int]:
        return [at for at, row in self.records.items() if row.gone_at is not None]

    def record_rows(self, numbers: Sequence[int]) -> Mapping[int, RecordRow]:
        return {at: self.records[at] for at in numbers}

    def list_document(self, _: str) -> Document | None:
        return next((d for d in self.docs.values() if d.kind == "list"), None)

    def keep(self, seen: Observation) -> None:
        self.docs |= {document.id: document for document in seen.documents}
        self.refs |= {ref.document: ref for ref in seen.entries}
        if seen.records is not None:
            self._put(seen.records)

    def _put(self, kept: RecordsKept) -> None:
        if kept.list is not None or kept.anew:
            self.records.clear()
        added = kept.added if kept.list is None else tuple(self.written)
        self.written = []
        self.records |= dict(kept.changed)
        for at in kept.dropped:
            self.records.pop(at, None)
        for row in added:
            self.last += 1
            self.records[self.last] = row


@dataclass(slots=True)
class Beside:
    """What a look at a long list writes ahead, in memory; the changes of a flood too."""

    memory: Memory
    flood: list[Change] = field(default_factory=list)

    def begin(self, _: str) -> int:
        self.memory.written = []
        return 0

    def add(self, _: int, rows: Sequence[RecordRow]) -> None:
        self.memory.written += rows

    def sweep(self, _: str) -> bool:
        return False

    def keep(self, _: str, changes: Sequence[Change]) -> None:
        self.flood += changes


def natural(name: str) -> list[tuple[int, str]]:
    """Sort rev2 before rev10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def fetched_of(body: bytes, url: str, at: datetime, *, name: str = "", status: int = 200) -> Fetched:
    """Make the answer that a server would have given with this body."""
    digest = hashlib.sha256(body).hexdigest()
    content_type = TYPES.get(name.rsplit(".", 1)[-1].lower())
    headers = (("content-type", content_type),) if content_type else ()
    return Fetched(url, url, status, headers, body, at, digest, digest)


def plan(folder: Path) -> tuple[dict[str, Any], list[Step]]:
    """Read `replay.toml` (if there is one) and list the steps. Raises UsageError."""
    told: dict[str, Any] = {}
    toml = folder / "replay.toml"
    if toml.is_file():
        try:
            told = tomllib.loads(toml.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{toml}: {error}") from error
    listed = told.pop("revisions", None)
    if listed is None:
        files = sorted(
            (f for f in folder.iterdir() if NAMES.search(f.name) and f.name != "expected.json"),
            key=lambda f: natural(f.name),
        )
        steps = _by_mtime(files)
    else:
        steps = [_step(folder, each) for each in listed]
    if not steps:
        raise UsageError(f"{folder}: there are no revisions (rev1.html, rev2.html …)")
    return told, steps


def _by_mtime(files: Sequence[Path]) -> list[Step]:
    """Without times of their own, the files' order counts and their modification times, made to grow."""
    steps: list[Step] = []
    for file in files:
        at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        if steps and at <= steps[-1].at:
            at = steps[-1].at + timedelta(minutes=10)
        steps.append(_file_step(file, at))
    return steps


def _step(folder: Path, told: Any) -> Step:
    if not isinstance(told, dict) or "file" not in told:
        raise UsageError(f"{folder / 'replay.toml'}: each [[revisions]] needs a file")
    at = told.get("at")
    moment = when.parse_machine(at) if isinstance(at, str) else None
    if isinstance(at, datetime):
        instant = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    elif moment is not None:
        instant = moment.at
    else:
        raise UsageError(
            f"{folder / 'replay.toml'}: {told['file']}: `at` must be a time such as 2021-05-12T06:30:00-04:00"
        )
    status = told.get("status", 200)
    if not isinstance(status, int):
        raise UsageError(f"{folder / 'replay.toml'}: {told['file']}: `status` must be a number such as 503")
    return _file_step(folder / str(told["file"]), instant, status)


def _file_step(file: Path, at: datetime, status: int = 200) -> Step:
    def answer(source: Source) -> Fetched:
        if not 200 <= status < 300:  # a failure brings no body: its file need not be there
            return fetched_of(b"", source.url, at, status=status)
        try:
            body = file.read_bytes()
        except OSError as error:
            raise UsageError(f"{file}: {error.strerror}") from error
        return fetched_of(body, source.url, at, name=file.name, status=status)

    return Step(file.name, at, answer)


def history(store: Store, name: str) -> list[Step]:
    """List what is stored of a source, oldest first. Raises UsageError for a source that the store does not know."""
    rows = store.source_rows([name])
    if not rows:
        raise UsageError(f"the store knows no source {name!r}")
    return [_stored_step(store, snapshot) for snapshot in store.snapshots(rows[0].fetch, MOST)]


def _stored_step(store: Store, snapshot: Snapshot) -> Step:
    def answer(_: Source) -> Fetched | None:
        body = store.body(snapshot.body_sha256)
        if body is None:
            return None
        return Fetched(
            snapshot.url, snapshot.url, snapshot.status, snapshot.headers, body, snapshot.at,
            snapshot.body_sha256, snapshot.wire_sha256,
        )  # fmt: skip

    return Step(instant_text(snapshot.at, ms=True), snapshot.at, answer)


def replay(folder: Path, overrides: Mapping[str, Any] | None = None) -> Iterator[tuple[Step, Step, tuple[Change, ...]]]:
    """Yield (from, to, changes) for each revision after the first. Raises UsageError and ReadError."""
    told, steps = plan(folder)
    told = {"name": "replay", "url": f"https://replay.invalid/{folder.name}", **told, **(overrides or {})}
    source = configuration.one_source(told, file=str(folder / "replay.toml"))
    yield from run(source, steps)


def run(
    source: Source, steps: Sequence[Step], stories: tuple[Story, ...] = ()
) -> Iterator[tuple[Step, Step, tuple[Change, ...]]]:
    """Take the steps through the core one after another. Raises ReadError, naming the step."""
    memory, state = Memory(), SourceState(source.name)
    routing = settle.Routing(channels={}, stories=stories)
    before: Step | None = None
    for step in steps:
        answer = step.answer(source)
        if answer is None:
            continue
        seen: Observation | None = None
        beside = Beside(memory)
        if 200 <= answer.status < 300:
            try:
                seen = observe_one(memory, source, state, answer, confirmed=True, ahead=beside)
            except ReadError as error:
                raise ReadError(error.url, f"{step.name}: {error.message}") from error
            memory.keep(seen)
            state = seen.state
        if before is not None:
            changes = (
                tuple(settle.screened(source, change, routing, step.at) for change in (*seen.changes, *beside.flood))
                if seen
                else ()
            )
            yield before, step, changes
        before = step


def inspect(body: bytes, name: str, source: Source, at: datetime) -> tuple[Kind, Any]:
    """Read a body once: its kind and its Reading. Raises ReadError."""
    answer = fetched_of(body, source.url, at, name=name)
    kind = observe.kind_of(source, None, answer)
    if kind == "dataset":
        return kind, listed(source, answer)
    return kind, observe.read(source, kind, answer)


def listed(source: Source, answer: Fetched) -> ListReading:
    """Read a dataset once: how it was read, and its first records. Raises ReadError."""
    reading = open_list(answer.stream(), source, answer.header("content-type"), answer.url)
    shown: list[tuple[tuple[tuple[str, str], ...], dict[str, Any]]] = []
    for record in reading:
        if len(shown) < SHOWN:
            fields = load(record.data)
            shown.append((named(fields, reading.shape.key), fields))
    reading.doubts()
    return ListReading(answer.url, reading.shape, reading.records, tuple(shown))
