"""A folder of revisions through the real core, in memory: what would each step have announced?

Nothing is fetched, stored or sent. Every revision counts as confirmed.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from watcher import config as configuration
from watcher.core import observe, settle, when
from watcher.errors import ReadError, UsageError
from watcher.model import Change, Document, EntryRef, Fetched, Observation, Source, SourceState
from watcher.pipeline import observe_one

NAMES = re.compile(r"\.(html?|xml|rss|atom|json|txt|rdf)$", re.IGNORECASE)
TYPES = {"html": "text/html", "htm": "text/html", "txt": "text/plain", "json": "application/json", "xml": "application/xml",
         "rss": "application/rss+xml", "atom": "application/atom+xml", "rdf": "application/rdf+xml"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One revision: its file, when it was seen, and the status it came with."""

    file: Path
    at: datetime
    status: int = 200


@dataclass(slots=True)
class Memory:
    """What the store would know, in memory."""

    docs: dict[str, Document] = field(default_factory=dict)
    refs: dict[str, EntryRef] = field(default_factory=dict)

    def entry_refs(self, source: str) -> tuple[EntryRef, ...]:
        return tuple(self.refs.values())

    def documents(self, ids: Sequence[str]) -> Mapping[str, Document]:
        return {key: self.docs[key] for key in ids if key in self.docs}

    def page(self, source: str) -> Document | None:
        return next((d for d in self.docs.values() if d.kind == "page"), None)

    def body(self, sha256: str) -> bytes | None:
        return None

    def keep(self, seen: Observation) -> None:
        self.docs |= {document.id: document for document in seen.documents}
        self.refs |= {ref.document: ref for ref in seen.entries}


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
        files = sorted((f for f in folder.iterdir() if NAMES.search(f.name) and f.name != "expected.json"), key=lambda f: natural(f.name))
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
        steps.append(Step(file, at))
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
        raise UsageError(f"{folder / 'replay.toml'}: {told['file']}: `at` must be a time such as 2021-05-12T06:30:00-04:00")
    return Step(folder / str(told["file"]), instant, int(told.get("status", 200)))


def replay(folder: Path, overrides: Mapping[str, Any] | None = None) -> Iterator[tuple[Step, Step, tuple[Change, ...]]]:
    """Yield (from, to, changes) for each revision after the first. Raises UsageError and ReadError."""
    told, steps = plan(folder)
    told = {"name": "replay", "url": f"https://replay.invalid/{folder.name}", **told, **(overrides or {})}
    source = configuration.one_source(told, file=str(folder / "replay.toml"))
    yield from run(source, steps)


def run(source: Source, steps: Sequence[Step]) -> Iterator[tuple[Step, Step, tuple[Change, ...]]]:
    """Take the steps through the core one after another."""
    memory, state = Memory(), SourceState(source.name)
    routing = settle.Routing(channels={})
    for before, step in zip([None, *steps[:-1]], steps, strict=True):
        seen = _look(source, state, memory, step)
        if seen is not None:
            memory.keep(seen)
            state = seen.state
        if before is not None:
            changes = tuple(settle.screened(source, change, routing, step.at) for change in seen.changes) if seen else ()
            yield before, step, changes


def _look(source: Source, state: SourceState, memory: Memory, step: Step) -> Observation | None:
    if not 200 <= step.status < 300:
        return None
    try:
        body = step.file.read_bytes()
    except OSError as error:
        raise UsageError(f"{step.file}: {error.strerror}") from error
    answer = fetched_of(body, source.url, step.at, name=step.file.name, status=step.status)
    try:
        return observe_one(memory, source, state, answer, None, None, confirmed=True)
    except ReadError as error:
        raise ReadError(error.url, f"{step.file.name}: {error.message}") from error


def inspect(body: bytes, name: str, source: Source, at: datetime) -> tuple[str, Any]:
    """Read a body once: its kind and its Reading. Raises ReadError."""
    answer = fetched_of(body, source.url, at, name=name)
    kind = observe.kind_of(source, None, answer)
    return kind, observe.read(source, kind, answer)
