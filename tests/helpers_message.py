"""What the tests of messages share: changes, alerts of every type, and how to render them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from watcher.core import message
from watcher.core.message import SourceHealth, changes_alert, health_alert, render, retracted_alert
from watcher.model import (
    Alert,
    Change,
    Channel,
    Delivery,
    DocumentRef,
    EntryShown,
    Message,
    Moment,
    Note,
    NoteKind,
    RevisionRef,
    Source,
    Times,
)

NOW = datetime(2021, 5, 12, 10, 20, 3, 412000, tzinfo=UTC)
AT = datetime(2021, 5, 12, 10, 16, tzinfo=UTC)
DESK = Channel("desk", "email", "poll", timezone="America/New_York", to=("a@example.org",), sender="w@example.org")
XDA = Source(
    "xda-xiaomi",
    "https://u:p@www.example.org/xiaomi",
    title="XDA: US bans investing in Xiaomi",
    labels=(("matter", "7"),),
)
DOCUMENT = DocumentRef("doc_1", "https://www.example.org/xiaomi", "US bans investing in Xiaomi")
NOTE = Note(
    5,
    "update",
    Moment(AT, printed="05/12/2021 @6:16 AM ET"),
    "U.S. Defense Department removes Xiaomi",
    "An agreement has been reached.",
    "First paragraph.\nSecond paragraph.",
    ("https://court.example/filing", "javascript:alert(1)"),
)


def change(event: str, **keys: Any) -> Change:
    base = Change(
        id="chg_1",
        event=event,
        source="xda-xiaomi",
        severity="notice",
        document=DOCUMENT,
        revision=RevisionRef("rev_7", 7, "0" * 64, NOW),
        previous=RevisionRef("rev_6", 6, "1" * 64, NOW - timedelta(days=1)),
        times=Times(fetched=NOW),
    )
    return replace(base, **keys)


def update(event: str = "update.new", kind: NoteKind = "update", sequence: int | None = 5, **keys: Any) -> Change:
    note = replace(
        NOTE, kind=kind, sequence=sequence, **{k: keys.pop(k) for k in ("heading", "summary", "text") if k in keys}
    )
    return change(event, update=note, silent=False, **keys)


def alert(*changes: Change, source: Source = XDA, base_url: str | None = "https://watch.example.org/w/") -> Alert:
    return changes_alert(
        DESK, source, changes, poll="p1", group="", now=NOW, config="c1", base_url=base_url, kind="article"
    )


def rendered(item: Alert, *, late: bool = False, channel: Channel = DESK) -> Message:
    return render(Delivery(item, "pending"), channel, late=late)


EDIT = (("=", "the company "), ("-", "did not "), ("+", "did "), ("=", "own shares"))
ENTRY = EntryShown("e1", "SEC charges Acme", "https://www.sec.gov/1", Moment(AT))


def alerts() -> Iterator[Alert]:
    health = SourceHealth(
        *("xda-xiaomi", "XDA", "https://u:p@www.example.org/", "article", "every 10 minutes", 3, 4, "Wins"),
        *(NOW, NOW, NOW, NOW, 5, "answered 503"),
    )
    yield alert(
        update(
            mark="Gone",
            severity="critical",
            gap=(3, 4),
            matched_in=("title",),
            diff="+ x",
            times=Times(AT, True, "5/12", AT, NOW, NOW),
        ),
        change("text.changed", silent=True, words=EDIT, reason="rule", announced=False),
        change("entry.changed", entry=replace(ENTRY, updated=Moment(AT, True), fields=(("title", None, "b"),))),
        update("update.renumbered", old_sequence=4),
    )
    yield alert(*[change("text.changed", diff="x" * 100_000)] * 9)
    yield health_alert(DESK, "source.started", key="k", now=NOW, sources=[health] * 300)
    yield health_alert(DESK, "source.failing", key="k", now=NOW, sources=[health])
    yield health_alert(
        DESK, "channel.disabled", key="k", now=NOW, message="hook answered 410 twice", base_url="https://w.example"
    )
    yield health_alert(DESK, "watcher.degraded", key="k", now=NOW, message="no room on the disk")
    yield message.test_alert(DESK, now=NOW, config="c", base_url=None)
    yield retracted_alert(DESK, alert(update()), why="read wrongly", now=NOW)
    yield retracted_alert(DESK, health_alert(DESK, "source.stale", key="k", now=NOW, message="x"), why="no", now=NOW)
