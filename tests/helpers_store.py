"""What the store's tests share: engines, and values that look like what the pipeline hands over."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from watcher.core.chain import seal
from watcher.model import (
    Alert,
    Block,
    Change,
    Document,
    DocumentRef,
    EntryRef,
    FetchState,
    KnownUpdate,
    Note,
    Observation,
    Outcome,
    Page,
    Plan,
    Poll,
    Revision,
    RevisionRef,
    Snapshot,
    SourceOutcome,
    SourceState,
    Times,
    make_id,
)
from watcher.store import Store, tables

NOW = datetime(2021, 5, 12, 10, 20, 3, 412_000, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def plan(source: str = "xiaomi", **other: object) -> Plan:
    values: dict[str, object] = {
        "source": source,
        "was": (),
        "fetch": f"fet_{source}",
        "url": f"https://example.org/{source}",
        "host": "example.org",
        "kind": None,
        "title": source.title(),
    }
    return Plan(**{**values, **other})  # type: ignore[arg-type]  # tests give any of its fields


def record(fetch: FetchState, body: bytes, at: datetime) -> Snapshot:
    sha = hashlib.sha256(body).hexdigest()
    return seal(
        fetch=fetch.id,
        at=at,
        status=200,
        url=fetch.url,
        headers=(("etag", '"1"'), ("x-odd", "é\x00")),
        request_headers=(("authorization", "***"),),
        peer="192.0.2.1",
        certificate_sha256=None,
        body_sha256=sha,
        wire_sha256=sha,
        size=len(body),
        config="cfg_1",
        program="1.0",
        extractor="7",
        previous=fetch.chain,
    )


def page(number: int, words: str = "He did not say so.") -> Page:
    note = Note(sequence=number, kind="update", heading=f"Update {number}", summary="Removed.", location="section")
    return Page(
        url="https://example.org/xiaomi",
        title=f"[Update {number}: Removed] US bans investing",
        blocks=(
            *(Block("p", f"{words} Paragraph {n} says what it said before, at some length.") for n in range(30)),
            Block("p", f"Update {number}", role="note"),
        ),
        notes=(note,),
        updates=(replace(note, location=None),),
    )


def outcome(
    store: Store,
    source: str = "xiaomi",
    number: int = 1,
    *,
    at: datetime = NOW,
    body: bytes | None = None,
    channels: tuple[str, ...] = ("desk",),
    announced: bool = True,
) -> Outcome:
    """What a poll leaves that found revision `number` of a page, with one change and an alert for each channel."""
    job = store.jobs([f"fet_{source}"])[0]
    body = body if body is not None else f"<p>{source} {number}</p>".encode() * 50
    snapshot = record(job.fetch, body, at)
    poll = Poll(
        make_id("pol", source, at.isoformat()), job.fetch.id, at, "changed", 200, 0.25, len(body), None, "cfg_1", at
    )
    revision = Revision(
        id=make_id("rev", source, number),
        document=make_id("doc", source),
        number=number,
        sha256=snapshot.body_sha256,
        fetched_at=at,
        page=page(number),
        snapshot=snapshot.id,
    )
    known = _document(source, job.fetch.url, revision)
    change = _change(known, announced=announced)
    state = replace(job.sources[0], baseline_at=job.sources[0].baseline_at or at, kind="article", last_change_at=at)
    ref = EntryRef(known.id, f"key {number}", f"raw{number}", None, "https://example.org/e", "f", "Entry")
    return Outcome(
        poll=poll,
        fetch=polled(job.fetch, at, snapshot=snapshot.id, chain=snapshot.hash, body_sha256=snapshot.body_sha256),
        snapshot=snapshot,
        body=body,
        sources=(SourceOutcome(source, Observation("changed", state, (known,), (revision,), (ref,), (change,))),),
        alerts=tuple(_alert(channel, poll, change) for channel in channels) if announced else (),
    )


def _document(source: str, url: str, revision: Revision) -> Document:
    note = revision.page.updates[0]
    return Document(
        id=revision.document,
        source=source,
        kind="page",
        key=url,
        url=url,
        title=revision.page.title or "",
        revision=revision.number,
        revision_id=revision.id,
        sha256=revision.sha256,
        fetched_at=revision.fetched_at,
        page=revision.page,
        ledger=tuple(KnownUpdate(f"upd_{n}", replace(note, sequence=n)) for n in range(1, revision.number + 1)),
        recent=((revision.number, "d"),),
    )


def _change(document: Document, *, announced: bool) -> Change:
    at = document.fetched_at
    return Change(
        id=make_id("chg", document.source, document.revision),
        event="update.new",
        source=document.source,
        severity="critical",
        document=DocumentRef(document.id, document.url, document.title),
        revision=RevisionRef(document.revision_id, document.revision, document.sha256, at),
        silent=False,
        announced=announced,
        reason=None if announced else "unconfirmed",
        update=document.page.updates[0],
        diff="+ Removed.",
        words=(("+", "Removed."),),
        times=Times(published=at - SECOND, published_as_printed="05/12/2021 @6:16 AM ET", fetched=at),
        stories=("xiaomi",),
    )


def _alert(channel: str, poll: Poll, change: Change) -> Alert:
    shown = {"id": change.id, "times": {"fetched": "…"}}
    return Alert(
        id=make_id("alr", channel, poll.id),
        channel=channel,
        type="alert.changes",
        at=poll.at,
        severity="critical",
        subject=f"Update {change.revision.number}",
        thread=change.document.id,
        data={"v": 1, "changes": [shown], "source": {"name": change.source}},
        poll=poll.id,
        config="cfg_1",
    )


def polled(fetch: FetchState, at: datetime, **other: object) -> FetchState:
    values: dict[str, object] = {
        "next_poll_at": at + timedelta(minutes=10),
        "last_poll_at": at,
        "last_ok_at": at,
        "polls": fetch.polls + 1,
    }
    return replace(fetch, **{**values, **other})  # type: ignore[arg-type]  # tests give any of its fields


def quiet(store: Store, source: str = "xiaomi", *, at: datetime = NOW) -> Outcome:
    """What a poll leaves that found nothing new."""
    fetch = store.jobs([f"fet_{source}"])[0].fetch
    poll = Poll(make_id("pol", source, at.isoformat()), fetch.id, at, "not-modified", 304, 0.05)
    return Outcome(poll=poll, fetch=polled(fetch, at))


def failed(store: Store, source: str = "xiaomi", *, at: datetime = NOW, alarmed: datetime | None = None) -> Outcome:
    """What a poll leaves that failed."""
    fetch = store.jobs([f"fet_{source}"])[0].fetch
    poll = Poll(make_id("pol", source, at.isoformat()), fetch.id, at, "failed", 500, 0.05, error="the server failed")
    state = polled(
        fetch, at, failures=fetch.failures + 1, failing_since=fetch.failing_since or at, error="the server failed",
        last_ok_at=fetch.last_ok_at, alarmed_at=alarmed,
    )  # fmt: skip
    return Outcome(poll=poll, fetch=state)


@pytest.fixture(scope="session")
def postgres_schema(request: pytest.FixtureRequest) -> str:
    """The address of a database on the test server that has the schema; each test finds it empty (`address`)."""
    url = str(request.getfixturevalue("postgres_server").fresh())
    Store.open(url, create=True).close()
    return url


def _emptied(url: str) -> str:
    """The same database without rows: much quicker than a new one."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(table.delete())
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{tables.HEAD}'"))
    engine.dispose()
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database with the schema, on each engine in turn."""
    if request.param == "postgresql":
        return _emptied(request.getfixturevalue("postgres_schema"))
    url = f"sqlite:///{tmp_path}/watcher.db"
    Store.open(url, create=True).close()
    return url


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    """A store that knows one source, `xiaomi`."""
    opened = Store.open(address)
    opened.sync([plan()], NOW)
    yield opened
    opened.close()


def state_of(store: Store, source: str = "xiaomi") -> SourceState:
    return store.jobs([f"fet_{source}"])[0].sources[0]
