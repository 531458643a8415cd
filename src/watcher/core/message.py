"""From changes to what a person or a program is told: subjects, alerts, rendered messages.

An `Alert` is frozen when it is written: its `data` is the payload's `data` object, and every form (subject, plain text,
HTML, webhook body) is made from that alone. Its id comes from (channel, poll, group), never from its words. Everything
is pure; `now` and ids are handed in. Payloads stay under 256 KB: what does not fit is counted and left to the link.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watcher.core.mask import mask_url
from watcher.core.message_html import html_of
from watcher.core.message_text import text_of
from watcher.core.message_view import view_of
from watcher.core.shape import change_json, instant
from watcher.core.wording import cut, gist, one_line, what
from watcher.model import (
    DOCUMENT_EVENTS,
    HEALTH_EVENTS,
    SEVERITIES,
    Alert,
    Change,
    Channel,
    Delivery,
    Kind,
    Message,
    Severity,
    Source,
    make_id,
)

SUBJECT_LENGTH = 200  # characters
PAYLOAD_BYTES = 240_000  # of an alert's data; with its envelope a body stays under 256 KB
CHANGE_BYTES = 60_000  # of one change; what is longer is abridged
SOURCES_SHOWN = 200  # of a health alert

_ORDER = {event: place for place, event in enumerate((*DOCUMENT_EVENTS, *HEALTH_EVENTS))}
_HEALTH_SEVERITY: Mapping[str, Severity] = {
    "source.started": "info",
    "source.recovered": "info",
    "watcher.recovered": "info",
    "source.failing": "notice",
    "source.stale": "notice",
    "source.gap": "notice",
    "channel.disabled": "critical",
    "watcher.degraded": "critical",
}


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """One source as a health alert tells of it; times are aware UTC, what does not apply is None.

    `update` is the number of the newest update of a living article and `update_gist` what it says; `pace` is how often
    it is polled, in words ("every 10 minutes"); `error` why it fails, in words; `gap` between when news may be missing.
    """

    name: str
    title: str
    url: str
    kind: Kind | None = None
    pace: str | None = None
    entries: int | None = None
    update: int | None = None
    update_gist: str | None = None
    next_poll_at: datetime | None = None
    last_ok_at: datetime | None = None
    last_change_at: datetime | None = None
    failing_since: datetime | None = None
    failures: int | None = None
    error: str | None = None
    gap: tuple[datetime, datetime] | None = None


def ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Sort changes by weight: severity, then the order of the events, then as they came."""
    return tuple(sorted(changes, key=lambda change: (-SEVERITIES.index(change.severity), _ORDER.get(change.event, 99))))


def subject(source: Source, changes: Sequence[Change], flood: int = 0) -> str:
    """Write `{what} · {gist}{ (+n)} — {source}` of the weightiest change: one line of at most 200 characters."""
    first = change_json(ordered(changes)[0])
    return _subject(what(first), gist(first), source.shown, len(changes) - 1 + flood, numbered=_is_note(first))


def alert_id(channel: str, poll: str, group: str) -> str:
    """Name an alert by channel, poll and group (`""` for the whole poll, a change's id for one change)."""
    return make_id("alr", channel, poll, group)


def changes_alert(
    channel: Channel,
    source: Source,
    changes: Sequence[Change],
    *,
    poll: str,
    group: str,
    now: datetime,
    config: str,
    base_url: str | None,
    kind: Kind | None,
    flood: int = 0,
) -> Alert:
    """Tell one channel of `changes` (at least one) of one poll of one source, weightiest first; `flood` is how many
    more there were."""
    sorted_changes = ordered(changes)
    alert = alert_id(channel.name, poll, group)
    line = subject(source, sorted_changes, flood)
    severity = max((change.severity for change in changes), key=SEVERITIES.index)
    data: dict[str, Any] = {
        "v": 1,
        "alert": alert,
        "events": list(dict.fromkeys(change.event for change in sorted_changes)),
        "severity": severity,
        "subject": line,
        "source": {
            "name": source.name,
            "title": source.shown,
            "url": mask_url(source.url),
            "kind": kind or source.kind,
            "tags": list(source.tags),
            "labels": dict(source.labels),
        },
        "stories": list(dict.fromkeys(story for change in sorted_changes for story in change.stories)),
        **_fitting([change_json(change) for change in sorted_changes], flood),
        "link": _link(base_url, alert),
    }
    documents = {change.document.id for change in changes}
    thread = documents.pop() if len(documents) == 1 else source.name
    return Alert(alert, channel.name, "alert.changes", now, severity, line, thread, data, poll, config)


def health_alert(
    channel: Channel,
    event: str,
    *,
    key: str,
    now: datetime,
    sources: Sequence[SourceHealth] = (),
    message: str = "",
    severity: Severity | None = None,
    config: str = "",
    base_url: str | None = None,
) -> Alert:
    """Tell one channel of the health of sources, of a channel or of Watcher itself.

    `key` names the occasion (a poll's id, a start's time), so that the same occasion is told once; `message` says in
    words what is the matter where no source does, or beside them.
    """
    alert = alert_id(channel.name, key, event)
    weight = severity or _HEALTH_SEVERITY.get(event, "notice")
    line = _health_subject(event, sources, message)
    data: dict[str, Any] = {
        "v": 1,
        "alert": alert,
        "events": [event],
        "severity": weight,
        "subject": line,
        "message": message or None,
        "sources": [_source_json(source) for source in sources[:SOURCES_SHOWN]],
        "sources_total": len(sources),
        "truncated": len(sources) > SOURCES_SHOWN,
        "link": _link(base_url, alert),
    }
    thread = sources[0].name if len(sources) == 1 else event
    return Alert(alert, channel.name, "alert.health", now, weight, line, thread, data, "", config)


def test_alert(
    channel: Channel,
    *,
    now: datetime,
    config: str = "",  # noqa: PT028 - named by its type alert.test; no test
    base_url: str | None = None,  # noqa: PT028 - likewise
) -> Alert:
    """Try a channel out; each moment makes an alert of its own."""
    alert = alert_id(channel.name, instant(now, ms=True), "test")
    line = f"Test: channel {channel.name} works"
    message = "Somebody asked Watcher to try this channel out. That you read this means it works; nothing changed."
    data = _plain_data(alert, line, message, base_url)
    return Alert(alert, channel.name, "alert.test", now, "info", line, channel.name, data, "", config)


def retracted_alert(
    channel: Channel, wrong: Alert, *, why: str, now: datetime, config: str = "", base_url: str | None = None
) -> Alert:
    """Take an alert back that should not have been sent; it joins the thread of the one it takes back."""
    alert = alert_id(channel.name, wrong.id, "retracted")
    line = cut(f"Taken back: {wrong.subject}", SUBJECT_LENGTH)
    data = _plain_data(alert, line, one_line(why, 1000), base_url) | {
        "events": list(wrong.data.get("events", ())),
        "severity": wrong.severity,
        "retracts": wrong.id,
    }
    if "source" in wrong.data:
        data["source"] = wrong.data["source"]
    return Alert(alert, channel.name, "alert.retracted", now, wrong.severity, line, wrong.thread, data, "", config)


def render(delivery: Delivery, channel: Channel, *, late: bool) -> Message:
    """Render an alert for its channel; `late` marks one that comes long after its time."""
    alert = delivery.alert
    line = one_line(f"Late: {alert.subject}" if late else alert.subject, SUBJECT_LENGTH + 6)
    view = view_of(alert, channel.timezone, late=late)
    return Message(line, text_of(view), html_of(view), payload(alert, late=late), _headers(alert))


def payload(alert: Alert, *, late: bool = False) -> bytes:
    """Return the exact bytes of a webhook's body: compact JSON in UTF-8; `late` is marked in its data."""
    data = {**alert.data, "late": True} if late else dict(alert.data)
    envelope = {"type": alert.type, "timestamp": instant(alert.at, ms=True), "data": data}
    return _dumps(envelope)


def _subject(name: str, said: str, source: str, more: int, *, numbered: bool) -> str:
    shown = one_line(source, 80)
    said = "" if said == shown else said
    tail = (f" (+{more})" if more > 0 else "") + (f" — {shown}" if shown else "")
    head = name + (" · " if numbered else ": ") if said else name
    return head + cut(one_line(said, 400), SUBJECT_LENGTH - len(head) - len(tail)) + tail


def _is_note(change: Mapping[str, Any]) -> bool:
    return str(change["event"]).startswith("update.")


def _health_subject(event: str, sources: Sequence[SourceHealth], message: str) -> str:
    name = what({"event": event})
    if not sources:
        return _subject(name, one_line(message, 200), "", 0, numbered=False)
    first, more = sources[0], len(sources) - 1
    said = {"source.failing": first.error, "source.stale": message, "source.recovered": message}.get(event) or ""
    if said:
        return _subject(name, one_line(said, 200), first.title or first.name, more, numbered=False)
    return _subject(name, one_line(first.title or first.name, 120), "", more, numbered=False)


def _source_json(source: SourceHealth) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "name": source.name,
        "title": one_line(source.title or source.name, 300),
        "url": mask_url(source.url),
        "kind": source.kind,
        "pace": source.pace,
        "entries": source.entries,
        "update": source.update,
        "update_gist": one_line(source.update_gist, 300) if source.update_gist else None,
        "failures": source.failures,
        "error": one_line(source.error, 500) if source.error else None,
    }
    times = {
        "next_poll_at": source.next_poll_at,
        "last_ok_at": source.last_ok_at,
        "last_change_at": source.last_change_at,
        "failing_since": source.failing_since,
    }
    shape |= {key: instant(at, ms=True) for key, at in times.items() if at}
    if source.gap:
        shape["gap"] = {"from": instant(source.gap[0], ms=True), "to": instant(source.gap[1], ms=True)}
    return {key: value for key, value in shape.items() if value is not None}


def _plain_data(alert: str, line: str, message: str, base_url: str | None) -> dict[str, Any]:
    return {
        "v": 1,
        "alert": alert,
        "events": [],
        "severity": "info",
        "subject": line,
        "message": message,
        "link": _link(base_url, alert),
    }


def _link(base_url: str | None, alert: str) -> str | None:
    return f"{base_url.rstrip('/')}/a/{alert}" if base_url else None


def _fitting(changes: list[dict[str, Any]], flood: int = 0) -> dict[str, Any]:
    """Return the changes that fit, the first always, with their number in all (`flood` of them are not here) and
    whether anything was left out."""
    kept: list[dict[str, Any]] = []
    room, cut_short = PAYLOAD_BYTES, False
    for change in changes:
        short = _abridged(change) if len(_dumps(change)) > CHANGE_BYTES else change
        room -= len(_dumps(short))
        if kept and room < 0:
            break
        cut_short |= short is not change
        kept.append(short)
    return {
        "changes": kept,
        "changes_total": len(changes) + flood,
        "truncated": cut_short or len(kept) < len(changes) + flood,
    }


def _abridged(change: dict[str, Any]) -> dict[str, Any]:
    """Shorten what may be long: unchanged words to their ends, then every text, and mark the change as `truncated`."""
    short = dict(change)
    words, room = [], 12_000
    for op, text in change.get("words", ()):
        shown = text[:200] + " … " + text[-200:] if op == "=" and len(text) > 400 else text
        words.append([op, cut(shown, room)])
        room -= len(shown)
        if room <= 0:
            break
    if words:
        short["words"] = words
    if "diff" in short:
        short["diff"] = cut(short["diff"], 6_000)
    for part in ("update", "entry", "record"):
        if part in short:
            short[part] = _shortened(short[part])
    short["document"] = _shortened(short["document"])
    return short | {"truncated": True}


def _shortened(value: Any, limit: int = 3_000) -> Any:
    if isinstance(value, str):
        return cut(value, limit)
    if isinstance(value, dict):
        return {key: _shortened(part, limit) for key, part in list(value.items())[:30]}
    if isinstance(value, list):
        return [_shortened(part, 500) for part in value[:20]]
    return value


def _headers(alert: Alert) -> tuple[tuple[str, str], ...]:
    """The X- headers of a mail, each value one clean line."""
    told = list(alert.data.get("sources") or ())
    source: Mapping[str, Any] = alert.data.get("source") or (told[0] if len(told) == 1 else {})
    events = ", ".join(alert.data.get("events", ())) or alert.type
    pairs = [
        ("X-Watcher-Event", events),
        ("X-Watcher-Severity", alert.severity),
        ("X-Watcher-Source", str(source.get("name", ""))),
        ("X-Watcher-Alert", alert.id),
    ]
    for name, value in (source.get("labels") or {}).items():
        token = "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in str(name)).split())
        if token:
            pairs.append((f"X-Watcher-Label-{token.capitalize()}", str(value)))
    return tuple((name, one_line(value, 500)) for name, value in pairs if value)


def _dumps(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")
