"""An alert as a person reads it, before it is text or HTML: parts with a label, a headline, facts, remarks and edits.

Made from the alert's frozen `data` alone (JSON shapes, core/shape.py). All strings are clean and bounded here, so that
the renderers only lay out. Times are shown in the channel's zone with UTC beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watcher.core.wording import clean, cut, note_name, one_line, what
from watcher.model import Alert

Tone = Literal["critical", "notice", "info", "good"]
Edit = tuple[tuple[str, str], ...]

PARTS_SHOWN = 40
ROWS_SHOWN = 100
FIELDS_SHOWN = 40  # of one record
COMPACT_FROM = 4  # this many new entries or started sources become a list
CONTEXT = 140  # characters of unchanged text kept on each side of an edit
TEXT_SHOWN = 20_000  # characters of one text

_MONTHS: tuple[str, ...] = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_TEXT_EVENTS = ("text.changed", "text.restored", "title.changed", "entry.changed", "update.edited")
_GOOD = ("source.started", "source.recovered", "watcher.recovered", "page.returned")


_REMARKS = {
    "update.withdrawn": "This note is no longer on the page. What it said:",
    "update.edited": "The publisher changed this note after it was printed. As it reads now:",
    "record.removed": "The list no longer holds this record.",
    "entry.removed": "The feed or list no longer shows this entry.",
    "page.gone": "The publisher's server no longer shows this page. What it last said is stored.",
    "page.moved": "The publisher sends this page's readers to another address, for good.",
    "page.walled": "The page now stands behind a wall (log-in, consent or payment). What it last said is stored.",
    "page.returned": "The page can be read again.",
    "text.restored": "The text is back to what it said before.",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One change, or one source of a health alert. `edits` are paragraphs of words; `lines` a unified diff."""

    label: str
    tone: Tone
    title: str
    url: str | None = None
    where: str | None = None
    facts: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()
    summary: str = ""
    heading: str = ""
    body: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    lines: tuple[str, ...] = ()
    fields: tuple[tuple[str, str, str], ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list: a new entry among many, a source among many."""

    title: str
    url: str | None
    facts: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class View:
    subject: str
    severity: str
    source: str
    source_url: str | None
    notices: tuple[str, ...]
    parts: tuple[Part, ...]
    rows_title: str
    rows: tuple[Row, ...]
    more: str
    link: str | None
    footer: tuple[str, ...]


def view_of(alert: Alert, timezone: str, *, late: bool) -> View:
    """Return what to show of an alert; `timezone` is an IANA name (UTC where it is unknown)."""
    zone = _zone(timezone)
    data = alert.data
    source = data.get("source") or {}
    notices = (
        [f"Late: this alert was written on {_shown(alert.at, zone)} and could not be delivered then."] if late else []
    )
    changes, sources = list(data.get("changes", ())), list(data.get("sources", ()))
    if missed := dict.fromkeys(one_line(str(c["missed_by"]), 100) for c in changes if c.get("missed_by")):
        notices.append(f"Late: {', '.join(missed)} had not shown this when it was last looked at.")
    compact = [c for c in changes if c["event"] == "entry.new"]
    compact = compact if len(compact) >= COMPACT_FROM else []
    full = [c for c in changes if c not in compact] if compact else changes
    many = len(sources) >= COMPACT_FROM
    said = one_line(str(data.get("message") or ""), 2_000)
    alone = bool(said) and not changes and not sources
    if said and not alone:
        notices.append(said)
    parts = [_word_part(alert, said)] if alone else [_change_part(change, zone) for change in full[:PARTS_SHOWN]]
    parts += [] if many else [_source_part(item, data, zone) for item in sources]
    rows = [_entry_row(change, zone) for change in compact[:ROWS_SHOWN]]
    rows += [_source_row(item, zone) for item in sources[:ROWS_SHOWN]] if many else []
    total = int(data.get("changes_total") or data.get("sources_total") or 0)
    more = 0 if alone else total - len(parts) - len(rows)
    return View(
        subject=one_line(f"Late: {alert.subject}" if late else alert.subject, 210),
        severity=alert.severity,
        source=one_line(str(source.get("title") or "Watcher"), 200),
        source_url=http_url(source.get("url")),
        notices=tuple(notices),
        parts=tuple(parts),
        rows_title=f"{len(compact)} new entries" if compact else (_counted(data, total) if many else ""),
        rows=tuple(rows),
        more=_more(more, data),
        link=http_url(data.get("link")),
        footer=_footer(alert, source, data),
    )


def _more(count: int, data: Mapping[str, Any]) -> str:
    where = "" if data.get("link") else "; `watcher changes` shows them all"
    return f"and {count} more{where}" if count > 0 else ""


def _counted(data: Mapping[str, Any], total: int) -> str:
    return f"{what({'event': (data.get('events') or [''])[0]})}: {total} sources"


def http_url(url: object) -> str | None:
    """Return an address that may become a link: http or https with a host, without white space or controls."""
    if not isinstance(url, str) or len(url) > 2_000 or any(c.isspace() or ord(c) < 32 for c in url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return clean(url) if parts.scheme.lower() in ("http", "https") and parts.hostname else None


def _change_part(change: Mapping[str, Any], zone: ZoneInfo) -> Part:
    event = str(change["event"])
    note, entry, document = change.get("update") or {}, change.get("entry") or {}, change["document"]
    place = one_line(document["title"] or document["url"], 300)
    title = place
    if note:
        title = one_line(change.get("mark") or note.get("heading") or note.get("summary") or place, 300)
    elif entry:
        title = one_line(entry.get("title") or place, 300)
    record = change.get("record") or {}
    if record:
        title = one_line(record.get("title") or ", ".join(map(str, (record.get("key") or {}).values())) or place, 300)
    summary = _text(note.get("summary") or ("" if event == "entry.changed" else entry.get("summary")))
    words = change.get("words") or ()
    edits = paragraphs(words) if event in _TEXT_EVENTS else ()
    diff = _text(change.get("diff")).strip("\n")
    heading = one_line(note.get("heading") or "", 300)
    return Part(
        label=what(dict(change)),
        tone="good" if event in _GOOD else change["severity"],
        title=title,
        url=http_url(entry.get("url") or document["url"]),
        where=place if (note or record) and place != title else None,
        facts=(*_record_facts(record), *_facts(change, zone)),
        remarks=_remarks(change),
        summary="" if one_line(summary, 300) == title else summary,
        heading="" if heading == title else heading,
        body=tuple(paragraph for paragraph in _text(note.get("text")).split("\n") if paragraph.strip()),
        edits=edits,
        lines=() if words or not diff or event == "update.new" else tuple(diff.split("\n"))[:400],
        fields=_edits(record) if record else _fields(entry, shown=("title", "summary") if edits else ()),
        links=tuple(url for url in map(http_url, note.get("links", ())) if url)[:20],
    )


def _facts(change: Mapping[str, Any], zone: ZoneInfo) -> tuple[tuple[str, str], ...]:
    times, revision = change.get("times") or {}, change["revision"]
    facts = []
    if published := times.get("published"):
        printed = times.get("published_as_printed")
        shown = _moment(published, zone)
        facts.append(("Published", f"{shown}, printed as “{one_line(printed, 120)}”" if printed else shown))
    elif printed := times.get("published_as_printed"):
        facts.append(("Published", f"“{one_line(printed, 120)}”"))
    seen = times.get("fetched") or revision["fetched_at"]
    facts.append(("Seen", _moment(seen, zone)))
    before = change.get("previous")
    number = str(revision["number"])
    last = f"; revision {before['number']} was seen {_moment(before['fetched_at'], zone)}" if before else ""
    facts.append(("Revision", number + last))
    if stories := change.get("stories"):
        facts.append(("Story", ", ".join(one_line(str(story), 80) for story in stories)))
    if matched := change.get("matched_in"):
        facts.append(("Matched in", ", ".join(one_line(str(place), 300) for place in matched)))
    return tuple(facts)


def _remarks(change: Mapping[str, Any]) -> tuple[str, ...]:
    event = str(change["event"])
    pair = _pair_remark(change)
    remarks = [pair] if pair else [_REMARKS[event]] if event in _REMARKS else []
    if change.get("silent") is True:
        remarks.append("Silent: the publisher printed no note and no newer modification time.")
    elif change.get("silent") is False and not event.startswith("update."):
        remarks.append("Announced: the publisher's modification time is newer, or a note says so.")
    gap = [note_name({**change.get("update", {}), "sequence": n, "last_sequence": None}) for n in change.get("gap", ())]
    if gap:
        names = gap[0] if len(gap) == 1 else ", ".join(gap[:-1]) + " and " + gap[-1]
        remarks.append(f"{names} {'was' if len(gap) == 1 else 'were'} never seen here.")
    if change.get("truncated"):
        remarks.append("Shortened here; the whole text is stored.")
    return tuple(remarks)


_DISAGREES = {
    "missing": "{} announced this; it is not shown here.",
    "removed": "{} has removed this; it is still shown here.",
    "differs": "{} says this otherwise. What it says stands before what is said here.",
}


def _pair_remark(change: Mapping[str, Any]) -> str:
    """What another source of the pair has to do with a change."""
    found = change.get("disagrees") or {}
    return _DISAGREES[found["what"]].format(one_line(str(found["source"]), 100)) if found else ""


def _fields(entry: Mapping[str, Any], shown: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
    """The fields of a changed entry, without those that are `shown` as words."""
    return tuple(
        (one_line(name, 60), one_line(pair.get("before") or "", 600), one_line(pair.get("after") or "", 600))
        for name, pair in (entry.get("fields") or {}).items()
        if name not in shown
    )


def _record_facts(record: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """A record's key; of one that came or went, its fields."""
    key, fields = record.get("key") or {}, record.get("fields") or {}
    shown = {name: value for name, value in fields.items() if isinstance(value, str)}
    pairs = [(name, value) for name, value in ({**key, **shown}).items() if value]
    return tuple((one_line(str(name), 60), one_line(str(value), 600)) for name, value in pairs[:FIELDS_SHOWN])


def _edits(record: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    pairs = [(name, pair) for name, pair in (record.get("fields") or {}).items() if isinstance(pair, Mapping)]
    return tuple(
        (one_line(name, 80), one_line(pair.get("before") or "", 600), one_line(pair.get("after") or "", 600))
        for name, pair in pairs[:FIELDS_SHOWN]
    )


def paragraphs(words: Sequence[Sequence[str]]) -> tuple[Edit, ...]:
    """Split a word diff into paragraphs that hold an edit, long unchanged runs shortened to their ends."""
    out: list[Edit] = []
    current: list[tuple[str, str]] = []
    for op, text in words:
        pieces = _text(text).split("\n")
        for number, piece in enumerate(pieces):
            if number:
                out.append(tuple(current))
                current = []
            if piece:
                current.append((op, piece))
    out.append(tuple(current))
    edited = [edit for edit in out if any(op != "=" and text.strip() for op, text in edit)]
    return tuple(_shortened(edit) for edit in edited[:60])


def _shortened(edit: Edit) -> Edit:
    short: list[tuple[str, str]] = []
    for index, (op, text) in enumerate(edit):
        first, last = index == 0, index == len(edit) - 1
        room = CONTEXT if first or last else 2 * CONTEXT
        if op != "=" or len(text) <= room + 40:
            short.append((op, text))
            continue
        head = "" if first else text[:CONTEXT].rpartition(" ")[0] or text[:CONTEXT]
        tail = "" if last else text[-CONTEXT:].partition(" ")[2] or text[-CONTEXT:]
        short.append((op, f"{head} … {tail}" if head and tail else (f"… {tail}" if tail else f"{head} …")))
    return tuple(short)


def _entry_row(change: Mapping[str, Any], zone: ZoneInfo) -> Row:
    entry, times = change.get("entry") or {}, change.get("times") or {}
    title = entry.get("title") or change["document"]["title"] or entry.get("url") or "Untitled"
    published = entry.get("published_at") or times.get("published")
    return Row(
        one_line(title, 300),
        http_url(entry.get("url") or change["document"]["url"]),
        _moment(published, zone) if published else "no date printed",
        one_line(entry.get("summary") or "", 160),
    )


def _word_part(alert: Alert, said: str) -> Part:
    """What is neither of changes nor of sources: a test, an alert taken back, the health of Watcher itself."""
    event = str((alert.data.get("events") or [""])[0])
    if alert.type == "alert.test":
        return Part("Test", "good", one_line(alert.subject, 300), summary=said)
    if alert.type == "alert.retracted":
        return Part("Taken back", alert.severity, one_line(alert.subject, 300), summary=said)
    return Part(what({"event": event}), "good" if event in _GOOD else alert.severity, said)


def _source_part(item: Mapping[str, Any], data: Mapping[str, Any], zone: ZoneInfo) -> Part:
    event = str((data.get("events") or [""])[0])
    tone: Tone = "good" if event in _GOOD else data["severity"]
    error = _text(item.get("error"))
    return Part(
        label=what({"event": event}),
        tone=tone,
        title=one_line(str(item.get("title") or item.get("name")), 300),
        url=http_url(item.get("url")),
        facts=_source_facts(item, zone),
        summary=error,
    )


def _source_facts(item: Mapping[str, Any], zone: ZoneInfo) -> tuple[tuple[str, str], ...]:
    facts = [("Name", one_line(str(item.get("name", "")), 100))]
    if watched := _watched(item):
        facts.append(("Watched as", watched))
    if item.get("entries") is not None:
        facts.append(("Entries", str(item["entries"])))
    if item.get("update") is not None:
        said = item.get("update_gist")
        facts.append(("Stands at", f"Update {item['update']}" + (f" · {one_line(said, 200)}" if said else "")))
    for key, name in (
        ("failing_since", "Failing since"),
        ("last_ok_at", "Last good poll"),
        ("last_change_at", "Last change"),
        ("next_poll_at", "Next poll"),
    ):
        if item.get(key):
            facts.append((name, _moment(item[key], zone)))
    if missing := item.get("gap"):
        facts.append(("Missed", f"{_moment(missing['from'], zone)} to {_moment(missing['to'], zone)}"))
    if item.get("failures"):
        facts.append(("Tries", f"{item['failures']} in a row failed"))
    return tuple(facts)


def _source_row(item: Mapping[str, Any], zone: ZoneInfo) -> Row:
    said = [_watched(item)]
    if item.get("entries") is not None:
        said.append(f"{item['entries']} entries")
    if item.get("update") is not None:
        said.append(f"stands at Update {item['update']}")
    if item.get("next_poll_at"):
        said.append(f"next poll {_moment(item['next_poll_at'], zone)}")
    title = one_line(str(item.get("title") or item.get("name")), 200)
    return Row(title, http_url(item.get("url")), " · ".join(filter(None, said)), one_line(item.get("error") or "", 300))


def _watched(item: Mapping[str, Any]) -> str:
    return ", ".join(one_line(str(item[key]), 80) for key in ("kind", "pace") if item.get(key))


def _footer(alert: Alert, source: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[str, ...]:
    lines = [f"Alert {alert.id}, written for the channel {alert.channel}."]
    items = list(data.get("sources") or ())
    name = source.get("name") or (items[0].get("name") if len(items) == 1 else None)
    if name:
        lines.append(f"Too many of these? On Watcher's machine: watcher mute {one_line(str(name), 80)} --for 2h")
    return tuple(lines)


def _text(value: object) -> str:
    return cut(clean(value), TEXT_SHOWN) if isinstance(value, str) else ""


def _moment(value: str, zone: ZoneInfo) -> str:
    if len(value) == len("2021-05-12"):
        day = date.fromisoformat(value)
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return _shown(datetime.fromisoformat(value), zone)


def _shown(at: datetime, zone: ZoneInfo) -> str:
    utc = at.astimezone(UTC)
    try:
        local = at.astimezone(zone)
    except OverflowError:  # the first and last day of the calendar
        local = utc
    day = f"{local.day} {_MONTHS[local.month - 1]} {local.year}, {local:%H:%M}"
    if local.utcoffset() == utc.utcoffset():
        return f"{day} UTC"
    other = f"{utc:%H:%M} UTC" if local.date() == utc.date() else f"{utc.day} {_MONTHS[utc.month - 1]}, {utc:%H:%M} UTC"
    return f"{day} {local.tzname()} ({other})"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
