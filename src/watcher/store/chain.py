"""Walking the evidence: every record's hash, every link, every stored body and revision."""

import hashlib
from collections.abc import Iterator

from sqlalchemy import Connection, select

from watcher.core.chain import digest, identify
from watcher.errors import StoreError
from watcher.model import Revision, Snapshot
from watcher.store import bodies as chains
from watcher.store.codec import load, to_ms, unpack_value
from watcher.store.tables import bodies, fetches, revisions, snapshots


def verify(connection: Connection) -> Iterator[str]:
    """Yield each problem found, as a sentence; nothing when all is sound. Long: reads everything once."""
    for fetch, url, chain in connection.execute(
        select(fetches.c.id, fetches.c.url, fetches.c.chain).order_by(fetches.c.id)
    ).all():
        yield from _walk(connection, fetch, url, chain)
    yield from _bodies(connection)
    yield from _revisions(connection)


def _walk(connection: Connection, fetch: str, url: str, chain: str) -> Iterator[str]:
    where = f"fetch {fetch} ({url})"
    previous = ""
    wanted = select(snapshots).where(snapshots.c.fetch == fetch).order_by(snapshots.c.seq)
    for row in connection.execute(wanted).all():
        try:
            record = unpack_value(Snapshot, row.data)
        except StoreError as error:
            yield f"{where}: the record {row.id} cannot be read: {error}"
            previous = row.hash
            continue
        real = digest(record)
        stored = (row.hash, row.id, row.fetch, row.body_sha256, row.previous, row.at)
        if real != record.hash or identify(real) != record.id:
            yield f"{where}: the record {row.id} was altered: its hash does not fit its fields"
        elif stored != (record.hash, record.id, record.fetch, record.body_sha256, record.previous, to_ms(record.at)):
            yield f"{where}: the record {row.id} was altered: its columns do not fit it"
        if record.previous != previous:
            yield f"{where}: the record {row.id} does not follow the one before it: a record is missing or was altered"
        if row.pruned_at is None and not _there(connection, record.body_sha256):
            yield f"{where}: the body of the record {row.id} is missing, and retention did not take it"
        previous = record.hash
    if previous != chain:
        yield f"{where}: the newest record is missing or was altered"


def _there(connection: Connection, sha256: str) -> bool:
    return connection.execute(select(bodies.c.size).where(bodies.c.sha256 == sha256)).first() is not None


def _bodies(connection: Connection) -> Iterator[str]:
    for sha256 in connection.execute(select(bodies.c.sha256).order_by(bodies.c.at)).scalars().all():
        try:
            plain = chains.read(connection, bodies, sha256)
        except StoreError as error:
            yield f"body {sha256}: {error}"
            continue
        if plain is None or hashlib.sha256(plain).hexdigest() != sha256:
            yield f"body {sha256}: its content is another one"


def _revisions(connection: Connection) -> Iterator[str]:
    wanted = select(revisions.c.id, revisions.c.document, revisions.c.number, revisions.c.sha256)
    for row in connection.execute(wanted.order_by(revisions.c.document, revisions.c.number)).all():
        where = f"revision {row.number} of {row.document}"
        try:
            revision = load(Revision, chains.read(connection, revisions, row.id) or b"")
        except StoreError as error:
            yield f"{where}: {error}"
            continue
        if (revision.id, revision.number, revision.sha256) != (row.id, row.number, row.sha256):
            yield f"{where}: its columns do not fit it"
        elif not _there(connection, row.sha256):
            yield f"{where}: the body {row.sha256} that it was read from is missing"
