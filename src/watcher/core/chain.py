"""The chain of evidence: each stored body leaves a record that is sealed together with the one before it.

A record's hash is the SHA-256 of its fields and of the previous record's hash, written as canonical JSON (keys
sorted, no spaces, ASCII, times in UTC with microseconds). The chain is per fetch; its first record follows "".
"""

import hashlib
import json
from dataclasses import fields, replace
from datetime import UTC, datetime

from watcher.model import Snapshot

_SEALED = tuple(each.name for each in fields(Snapshot) if each.name not in {"id", "hash"})  # these follow from the rest


def seal(
    *,
    fetch: str,
    at: datetime,
    status: int,
    url: str,
    headers: tuple[tuple[str, str], ...],
    request_headers: tuple[tuple[str, str], ...],
    peer: str | None,
    certificate_sha256: str | None,
    body_sha256: str,
    wire_sha256: str,
    size: int,
    config: str,
    program: str,
    extractor: str,
    previous: str,
) -> Snapshot:
    """Make the record of a body: `previous` is the hash of the fetch's newest record (`FetchState.chain`), "" for the
    first. The same fields give the same id and hash at every attempt."""
    draft = Snapshot(
        id="",
        fetch=fetch,
        at=at,
        status=status,
        url=url,
        headers=headers,
        request_headers=request_headers,
        peer=peer,
        certificate_sha256=certificate_sha256,
        body_sha256=body_sha256,
        wire_sha256=wire_sha256,
        size=size,
        config=config,
        program=program,
        extractor=extractor,
        previous=previous,
        hash="",
    )
    sealed = digest(draft)
    return replace(draft, id=identify(sealed), hash=sealed)


def identify(sealed: str) -> str:
    """The id of the record with this hash: `snp_` and its first 20 digits."""
    return f"snp_{sealed[:20]}"


def digest(snapshot: Snapshot) -> str:
    """Work out a record's hash anew from all its other fields; a record is sound when it equals `snapshot.hash`."""
    plain = {name: _plain(getattr(snapshot, name)) for name in _SEALED}
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value
