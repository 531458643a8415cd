"""The words of the contract, as types: kinds, events, reasons, severities; and how ids are made."""

import hashlib
from typing import Literal

Kind = Literal["feed", "article", "listing", "dataset", "file"]
KINDS: tuple[Kind, ...] = ("feed", "article", "listing", "dataset", "file")
NoteKind = Literal[
    "update",
    "correction",
    "clarification",
    "retraction",
    "amendment",
    "writethru",
    "docket-entry",
    "live-post",
]
Location = Literal["title", "banner", "section", "inline", "footer", "metadata"]
Severity = Literal["info", "notice", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "notice", "critical")
Reason = Literal[
    "baseline",
    "volatile",
    "cosmetic",
    "rule",
    "flapping",
    "unconfirmed",
    "duplicate",
    "flood",
    "muted",
    "minor-event",
]
Turnover = Literal["", "grows", "scrolls", "replaces", "missed"]
PollResult = Literal["baseline", "not-modified", "unchanged", "changed", "held", "failed", "refused"]
DOCUMENT_EVENTS: tuple[str, ...] = (
    "update.new",
    "update.edited",
    "update.withdrawn",
    "update.renumbered",
    "entry.new",
    "entry.changed",
    "entry.removed",
    "record.added",
    "record.removed",
    "record.changed",
    "title.changed",
    "text.changed",
    "text.restored",
    "links.changed",
    "media.changed",
    "meta.changed",
    "page.gone",
    "page.moved",
    "page.walled",
    "page.returned",
)
HEALTH_EVENTS: tuple[str, ...] = (
    "source.started",
    "source.failing",
    "source.recovered",
    "source.stale",
    "source.gap",
    "channel.disabled",
    "watcher.degraded",
    "watcher.recovered",
)


def make_id(prefix: str, *parts: object) -> str:
    """Name a thing by what it is: `prefix_` and 20 hex digits of the parts' SHA-256, the same at every attempt."""
    joined = "\x1f".join(str(part) for part in parts)
    return f"{prefix}_{hashlib.sha256(joined.encode('utf-8', 'surrogatepass')).hexdigest()[:20]}"
