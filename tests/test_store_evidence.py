"""Evidence and retention, on both engines: bodies, the chain of records, what may go and what stays."""

import hashlib
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from helpers_store import NOW, SECOND, address, outcome, postgres_schema, quiet, store
from pg import postgres_server
from watcher.core.chain import digest, seal
from watcher.errors import StoreError
from watcher.store import Store
from watcher.store.codec import pack_value

__all__ = ["address", "postgres_schema", "postgres_server", "store"]  # fixtures

DAY = timedelta(days=1)


# --- bodies and the chain --------------------------------------------------------------------------------------------


def _history(store: Store, count: int, *, step: timedelta = SECOND) -> list[bytes]:
    """Commit revisions of a page of which each differs a little from the one before."""
    bodies = []
    for number in range(1, count + 1):
        lines = [f"<p>{hashlib.sha256(str(n).encode()).hexdigest()}</p>" for n in range(200)]
        lines[number % 200] = f"<p>edit {number}</p>"
        bodies.append("\n".join(lines).encode())
        store.commit([outcome(store, number=number, at=NOW + number * step, body=bodies[-1])], NOW)
    return bodies


def test_bodies_are_stored_as_differences_and_read_back(store: Store, address: str) -> None:
    """A body that differs little from the one before costs little, and a chain of differences has an end."""
    bodies = _history(store, 45)
    for body in bodies:
        assert store.body(hashlib.sha256(body).hexdigest()) == body
    engine = create_engine(address)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT codec, depth, length(data) AS stored FROM bodies ORDER BY at")).all()
    engine.dispose()
    assert [row.codec for row in rows].count("zstd") == 3
    assert max(row.depth for row in rows) < 20
    assert all(row.stored < 300 for row in rows if row.codec == "delta")
    assert store.body("0" * 64) is None
    assert list(store.verify()) == []


def test_the_same_body_is_stored_once(store: Store) -> None:
    """A page that goes back to what it was brings a record, and no second copy."""
    for number, body in ((1, b"one" * 100), (2, b"two" * 100), (3, b"one" * 100)):
        store.commit([outcome(store, number=number, at=NOW + number * SECOND, body=body)], NOW)
    assert len(store.snapshots("fet_xiaomi")) == 3
    assert store.body(hashlib.sha256(b"one" * 100).hexdigest()) == b"one" * 100
    assert list(store.verify()) == []


def _alter(address: str, *statements: str) -> None:
    engine = create_engine(address)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_verify_finds_a_flipped_byte(store: Store, address: str) -> None:
    """A stored body of which one byte was changed is found."""
    body = bytes(range(256)) * 8
    store.commit(
        [
            outcome(store, body=b"short, so stored as it is"),
        ],
        NOW,
    )
    store.commit([outcome(store, number=2, at=NOW + SECOND, body=body)], NOW)
    engine = create_engine(address)
    with engine.begin() as connection:
        for sha, data in connection.execute(text("SELECT sha256, data FROM bodies")).all():
            flipped = bytes(data)[:-1] + bytes([bytes(data)[-1] ^ 1])
            connection.execute(
                text("UPDATE bodies SET data = :data WHERE sha256 = :sha"), {"data": flipped, "sha": sha}
            )
    engine.dispose()
    problems = list(store.verify())
    assert len([each for each in problems if each.startswith("body ")]) == 2


def test_verify_finds_a_changed_header(store: Store, address: str) -> None:
    """A record of which a header was changed is found, whoever repaired the row's other columns."""
    given = outcome(store)
    store.commit([given], NOW)
    assert given.snapshot is not None
    forged = replace(given.snapshot, headers=(("etag", '"2"'),))
    engine = create_engine(address)
    with engine.begin() as connection:
        connection.execute(text("UPDATE snapshots SET data = :data"), {"data": pack_value(forged)})
    engine.dispose()
    assert [each for each in store.verify() if "was altered" in each]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_verify_finds_a_deleted_record(store: Store, address: str, number: int) -> None:
    """A record that was taken out of the chain is missed: the first, one between, and the newest."""
    _history(store, 3)
    doomed = store.snapshots("fet_xiaomi")[number - 1].id
    _alter(address, f"DELETE FROM snapshots WHERE id = '{doomed}'")
    assert [each for each in store.verify() if "missing" in each]


def test_verify_finds_a_deleted_body(store: Store, address: str) -> None:
    """A body that went without retention is missed."""
    _history(store, 1)
    _alter(address, "DELETE FROM bodies")
    assert len(list(store.verify())) == 2  # the record's and the revision's


def test_a_records_hash_covers_every_field() -> None:
    """Whatever is altered in a record, its hash no longer fits."""
    given = seal(
        fetch="f", at=NOW, status=200, url="u", headers=(), request_headers=(), peer=None, certificate_sha256=None,
        body_sha256="b", wire_sha256="w", size=1, config="c", program="p", extractor="e", previous="",
    )  # fmt: skip
    assert digest(given) == given.hash
    for each in fields(given):
        if each.name in {"id", "hash"}:
            continue
        value = getattr(given, each.name)
        other: Any = NOW + SECOND if isinstance(value, datetime) else 7 if isinstance(value, int) else (("a", "b"),)
        assert digest(replace(given, **{each.name: other})) != given.hash


# --- retention -------------------------------------------------------------------------------------------------------


def _noise(store: Store, number: int, at: datetime, body: bytes) -> None:
    """A poll with another body that brought no revision."""
    given = outcome(store, number=number, at=at, body=body)
    store.commit([replace(given, sources=(), alerts=())], NOW)


@pytest.fixture
def aged(store: Store) -> tuple[Store, list[bytes]]:
    """A history of thirty bodies a day apart, each like the one before; every fifth brought a revision."""
    bodies = []
    for number in range(30):
        lines = [f"<p>{hashlib.sha256(str(n).encode()).hexdigest()}</p>" for n in range(100)]
        lines[number] = f"<p>edit {number}</p>"
        bodies.append("\n".join(lines).encode())
        at = NOW + number * DAY
        if number % 5:
            _noise(store, number, at, bodies[-1])
        else:
            store.commit([outcome(store, number=number, at=at, body=bodies[-1])], NOW)
    return store, bodies


def test_retention_keeps_revisions_and_the_newest(aged: tuple[Store, list[bytes]]) -> None:
    """Old bodies without a revision go; those of revisions, the young ones and the newest stay readable; so does the
    chain."""
    store, bodies = aged
    done = store.prune(snapshots=10 * DAY, polls=365 * DAY, now=NOW + 29 * DAY)
    kept = {n for n in range(30) if n % 5 == 0 or n >= 19}
    for number, body in enumerate(bodies):
        assert store.body(hashlib.sha256(body).hexdigest()) == (body if number in kept else None)
    assert done.bodies == 30 - len(kept)
    assert done.bytes > 0
    assert len(store.snapshots("fet_xiaomi")) == 30
    assert list(store.verify()) == []
    assert store.prune(snapshots=0 * DAY, polls=365 * DAY, now=NOW + 300 * DAY).bodies == len(kept) - 6 - 1
    assert store.body(hashlib.sha256(bodies[-1]).hexdigest()) == bodies[-1]
    assert list(store.verify()) == []


def test_a_pruned_body_that_comes_back_is_stored_again(aged: tuple[Store, list[bytes]]) -> None:
    """A body that retention took is kept anew when the publisher shows it again."""
    store, bodies = aged
    store.prune(snapshots=DAY, polls=DAY, now=NOW + 60 * DAY)
    _noise(store, 99, NOW + 61 * DAY, bodies[1])
    assert store.body(hashlib.sha256(bodies[1]).hexdigest()) == bodies[1]
    assert list(store.verify()) == []


def test_old_polls_become_daily_sums(store: Store, address: str) -> None:
    """The record of each poll goes after a while; the sums of its day stay, whole days only, once."""
    for hour in range(72):
        store.commit([quiet(store, at=NOW + timedelta(hours=hour))], NOW)
    assert store.prune(snapshots=DAY, polls=DAY, now=NOW + 3 * DAY).polls == 14 + 24
    assert store.prune(snapshots=DAY, polls=DAY, now=NOW + 3 * DAY).polls == 0
    assert len(store.polls()) == 72 - 38
    engine = create_engine(address)
    with engine.connect() as connection:
        days = connection.execute(text("SELECT day, polls FROM v1_polls_daily ORDER BY day")).all()
    engine.dispose()
    assert [tuple(day) for day in days] == [
        ("2021-05-12", 14),
        ("2021-05-13", 24),
        ("2021-05-14", 24),
        ("2021-05-15", 10),
    ]


def test_retention_can_be_done_in_steps(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Retention stops at its bound and says that there is more to do."""
    monkeypatch.setattr("watcher.store.store.STEP", 5)
    for number in range(1, 13):
        _noise(store, number, NOW + number * SECOND, f"body {number}".encode() * 50)
    first = store.prune(snapshots=DAY, polls=365 * DAY, now=NOW + 9 * DAY, most=1)
    assert (first.bodies, first.more) == (5, True)
    rest = store.prune(snapshots=DAY, polls=365 * DAY, now=NOW + 9 * DAY)
    assert (rest.bodies, rest.more) == (6, False)


def test_a_backup_is_a_whole_store(store: Store, tmp_path: Path) -> None:
    """A backup opens as a store with everything in it; PostgreSQL's is its own tools' business."""
    store.commit([outcome(store)], NOW)
    copy = tmp_path / "copy.db"
    if store.dialect == "postgresql":
        with pytest.raises(StoreError, match="pg_dump"):
            store.backup(copy)
        return
    store.backup(copy)
    with pytest.raises(StoreError, match="already there"):
        store.backup(copy)
    other = Store.open(f"sqlite:///{copy}")
    assert other.changes() == store.changes()
    assert list(other.verify()) == []
    other.close()
