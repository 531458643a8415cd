"""The JSON shapes of the contract, key by key."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from watcher.core.shape import change_json, entry_json, feed_json, instant, moment_json, note_json, page_json
from watcher.model import (
    Block,
    Change,
    DocumentRef,
    Entry,
    EntryShown,
    FeedReading,
    Link,
    Moment,
    Note,
    Page,
    RevisionRef,
    Times,
)

AT = datetime(2021, 5, 12, 10, 16, 0, tzinfo=UTC)
OURS = datetime(2021, 5, 12, 10, 20, 3, 412999, tzinfo=UTC)
DAY = Moment(datetime(2021, 5, 12, tzinfo=UTC), date_only=True, printed="12.05.2021")
NOTE = Note(
    5,
    "update",
    Moment(AT),
    "Removed from the list",
    "An agreement was reached.",
    "One.\nTwo.",
    ("https://a.example/",),
    "banner",
)
CHANGE = Change(
    id="chg_1",
    event="update.new",
    source="xda",
    severity="notice",
    document=DocumentRef("doc_1", "https://www.example.org/x", "Xiaomi"),
    revision=RevisionRef("rev_7", 7, "ab" * 32, OURS),
    text="never shown",
)


@pytest.mark.parametrize(
    ("at", "ms", "shown"),
    [
        (AT, False, "2021-05-12T10:16:00Z"),
        (AT, True, "2021-05-12T10:16:00.000Z"),
        (OURS, True, "2021-05-12T10:20:03.412Z"),
        (OURS, False, "2021-05-12T10:20:03Z"),
        (AT.astimezone(timezone(timedelta(hours=-4))), False, "2021-05-12T10:16:00Z"),
        (datetime(987, 1, 2, tzinfo=UTC), False, "0987-01-02T00:00:00Z"),
    ],
)
def test_times_are_utc_with_a_z(at: datetime, ms: bool, shown: str) -> None:
    """Times are RFC 3339 in UTC with Z: ours with milliseconds, a publisher's in whole seconds."""
    assert instant(at, ms) == shown


def test_a_bare_date_stays_a_date() -> None:
    """A date without a clock time is shown as a date and marked, never as midnight."""
    assert moment_json(DAY) == "2021-05-12"
    assert moment_json(None) is None
    note = note_json(replace(NOTE, published=DAY), place=True)
    assert (note["published_at"], note["date_only"]) == ("2021-05-12", True)


def test_a_note_has_the_keys_of_the_contract_and_an_update_no_location() -> None:
    """A note on the page says where it stands; a merged update does not."""
    assert note_json(NOTE, place=True) == {
        "sequence": 5,
        "kind": "update",
        "published_at": "2021-05-12T10:16:00Z",
        "date_only": False,
        "heading": "Removed from the list",
        "summary": "An agreement was reached.",
        "text": "One.\nTwo.",
        "links": ["https://a.example/"],
        "location": "banner",
    }
    assert "location" not in note_json(NOTE, place=False)


def test_a_page_is_shown_as_inspect_promises() -> None:
    """`inspect` shows every key, with each address once."""
    link = Link("https://a.example/", "here")
    page = Page(
        "https://www.example.org/x",
        title="[Update: gone] Xiaomi",
        published=DAY,
        language="en",
        blocks=(Block("p", "One.", (link, link)), Block("p", "Update 5: …", (link,), role="note")),
        notes=(NOTE,),
        updates=(replace(NOTE, location=None),),
    )
    shown = page_json(page, "article")
    assert set(shown) >= {
        *("kind", "url", "title", "published_at", "modified_at", "language"),
        *("notes", "updates", "blocks", "entries", "records", "links"),
    }
    assert (shown["published_at"], shown["published_date_only"], shown["modified_at"]) == ("2021-05-12", True, None)
    assert shown["blocks"] == [{"type": "p", "text": "One."}, {"type": "p", "text": "Update 5: …", "role": "note"}]
    assert shown["links"] == [{"url": "https://a.example/", "text": "here"}]
    json.dumps(shown)


def test_a_feed_is_shown_with_its_entries() -> None:
    """A feed has the same keys as a page, and its entries in full."""
    page = Page("https://a.example/1", title="One", published=Moment(AT), summary="Short.")
    entry = Entry("k", "r", "guid-1", "https://a.example/1", "f", page)
    shown = feed_json(FeedReading("News", "https://a.example/feed", (entry,), ("r",)))
    assert set(shown) >= set(page_json(page, "article")) - {"published_date_only"}
    assert shown["entries"] == [
        {
            "id": "guid-1",
            "title": "One",
            "url": "https://a.example/1",
            "published_at": "2021-05-12T10:16:00Z",
            "updated_at": None,
            "summary": "Short.",
        }
    ]
    assert entry_json(replace(entry, guid=None))["id"] == "https://a.example/1"


def test_a_change_leaves_out_what_does_not_apply_and_keeps_a_null_silent() -> None:
    """What does not apply is left out, but `silent` and `reason` always stand; the rules' text is nobody's business."""
    assert change_json(CHANGE) == {
        "id": "chg_1",
        "event": "update.new",
        "severity": "notice",
        "silent": None,
        "announced": True,
        "reason": None,
        "document": {"id": "doc_1", "url": "https://www.example.org/x", "title": "Xiaomi"},
        "revision": {"id": "rev_7", "number": 7, "sha256": "ab" * 32, "fetched_at": "2021-05-12T10:20:03.412Z"},
        "times": {},
        "stories": [],
    }


def test_a_full_change_has_every_key() -> None:
    """Update, words, times and the rest stand where the contract names them."""
    full = replace(
        CHANGE,
        silent=False,
        announced=False,
        reason="rule",
        previous=RevisionRef("rev_6", 6, "cd" * 32, OURS),
        update=NOTE,
        mark="Gone",
        old_sequence=4,
        diff="- a\n+ b",
        words=(("=", "the "), ("-", "not "), ("+", "")),
        times=Times(AT, False, "05/12/2021 @6:16 AM ET", AT, OURS, OURS),
        matched_in=("title",),
        stories=("xiaomi",),
        gap=(3, 4),
    )
    shown = change_json(full)
    assert shown["times"] == {
        "published": "2021-05-12T10:16:00Z",
        "published_as_printed": "05/12/2021 @6:16 AM ET",
        "server": "2021-05-12T10:16:00Z",
        "fetched": "2021-05-12T10:20:03.412Z",
        "committed": "2021-05-12T10:20:03.412Z",
    }
    assert shown["words"] == [["=", "the "], ["-", "not "], ["+", ""]]
    assert shown["gap"] == [3, 4]
    assert (shown["mark"], shown["old_sequence"], shown["matched_in"]) == ("Gone", 4, ["title"])
    assert "location" not in shown["update"]
    json.dumps(shown)


def test_a_changed_entry_shows_its_fields_before_and_after() -> None:
    """Of a changed entry each field says what stood there and what stands there now."""
    entry = EntryShown("e1", "New title", "https://a.example/1", DAY, None, "", (("title", "Old title", "New title"),))
    shown = change_json(replace(CHANGE, event="entry.changed", entry=entry, times=Times(DAY.at, True)))
    assert shown["entry"]["fields"] == {"title": {"before": "Old title", "after": "New title"}}
    assert (shown["entry"]["published_at"], shown["entry"]["published_date_only"]) == ("2021-05-12", True)
    assert (shown["times"]["published"], shown["times"]["date_only"]) == ("2021-05-12", True)
