"""Alerts and messages: subjects, ids, weights, bounds, and what text, HTML and payload say."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers_message import DOCUMENT, EDIT, ENTRY, XDA, alert, alerts, change, rendered, update
from watcher.core.message import (
    alert_id,
    ordered,
    subject,
)
from watcher.core.wording import one_line, words_gist
from watcher.model import (
    Change,
)

SCHEMAS = Path(__file__).parent.parent / "docs" / "schemas"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ([update(mark="U.S. removes Xiaomi from blacklist")], "Update 5 · U.S. removes Xiaomi from blacklist"),
        ([update()], "Update 5 · U.S. Defense Department removes Xiaomi"),
        ([update(heading=None)], "Update 5 · An agreement has been reached."),
        ([update(heading=None, summary=None)], "Update 5 · First paragraph. Second paragraph."),
        ([update(heading=None, summary=None, text=None)], "Update 5"),
        ([update(kind="correction", sequence=None)], "Correction · U.S. Defense Department removes Xiaomi"),
        ([update(kind="docket-entry", sequence=45)], "Docket entry 45 · U.S. Defense Department removes Xiaomi"),
        ([update("update.edited", sequence=3)], "Edited: Update 3 · U.S. Defense Department removes Xiaomi"),
        ([update("update.withdrawn", sequence=3)], "Withdrawn: Update 3 · U.S. Defense Department removes Xiaomi"),
        (
            [update("update.renumbered", old_sequence=4)],
            "Renumbered: Update 4 → Update 5 · U.S. Defense Department removes Xiaomi",
        ),
        ([change("text.changed", silent=True, words=EDIT)], 'Silent edit: "did not" → "did"'),
        ([change("text.changed", silent=False, words=EDIT)], 'Changed: "did not" → "did"'),
        ([change("text.changed", words=EDIT)], 'Changed: "did not" → "did"'),
        ([change("text.changed", silent=True)], "Silent edit: US bans investing in Xiaomi"),
        (
            [change("title.changed", silent=True, words=(("=", "Minister "), ("-", "resigns"), ("+", "stays")))],
            'Headline: "Minister resigns" → "Minister stays"',
        ),
        ([change("entry.new", entry=ENTRY)], "New: SEC charges Acme"),
        ([change("entry.new", entry=ENTRY)] * 3, "New: SEC charges Acme (+2)"),
        (
            [change("entry.changed", entry=ENTRY, silent=True, words=EDIT)],
            'Silent edit: "did not" → "did" · SEC charges Acme',
        ),
        ([change("entry.removed", entry=ENTRY)], "Removed: SEC charges Acme"),
        ([change("page.gone")], "Page gone: US bans investing in Xiaomi"),
        ([change("entry.new", entry=ENTRY), update(severity="critical", mark="Free")], "Update 5 · Free (+1)"),
    ],
)
def test_a_subject_says_what_happened_its_gist_and_where(changes: list[Change], line: str) -> None:
    """A subject reads `{what} · {gist}{ (+n)} — {source}`."""
    assert subject(XDA, changes) == f"{line} — XDA: US bans investing in Xiaomi"


def test_a_gist_that_only_repeats_the_source_is_left_out() -> None:
    """A page that is its own source is named once."""
    assert (
        subject(replace(XDA, title=DOCUMENT.title), [change("page.gone")]) == "Page gone — US bans investing in Xiaomi"
    )


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((("=", "The board did "), ("-", "not "), ("=", "approve.")), '"did not" → "did"'),
        ((("=", "The board did "), ("+", "not "), ("=", "approve.")), '"did" → "did not"'),
        ((("-", "Not "), ("=", "approved today.")), '"Not approved" → "approved"'),
        ((("=", "fined "), ("-", "15"), ("+", "51"), ("=", " lenders today")), '"15 lenders" → "51 lenders"'),
        ((("=", "up "), ("-", "5"), ("+", "7"), ("=", "% on the year")), '"5%" → "7%"'),
        ((("-", "$12 million"), ("+", "$21 million")), '"$12 million" → "$21 million"'),
        ((("-", "a,"), ("+", "a;"), ("=", " then "), ("-", "3"), ("+", "5")), '"then 3" → "then 5"'),
        (
            (("=", "x\n"), ("+", "A whole new paragraph of some length, which says a lot.")),
            'added "A whole new paragraph of some length, which says a lot."',
        ),
        (
            (("=", "x\n"), ("-", "A whole old paragraph of some length, which said a lot.")),
            'removed "A whole old paragraph of some length, which said a lot."',
        ),
        (
            (("=", "Status:\n"), ("-", "In force"), ("=", "\n"), ("+", "Revoked"), ("=", "\nx")),
            '"In force" → "Revoked"',
        ),
        (
            (
                ("=", "1 "),
                ("-", "A long direct order of the court."),
                ("=", "\n"),
                ("+", "A long direct order of the court."),
            ),
            '"1 A long direct order of the court." → "1"',
        ),
        ((("=", "该公司"), ("-", "未被"), ("+", "已被"), ("=", "列入")), '"未被" → "已被"'),
        ((("=", "该公司"), ("+", "未"), ("=", "列入")), '"该公司" → "该公司未"'),
        ((("=", "nothing"),), ""),
        ((), ""),
    ],
)
def test_the_gist_of_a_word_diff_is_its_most_telling_edit(words: tuple[tuple[str, str], ...], line: str) -> None:
    """Negations come before numbers, numbers before words, words before marks; an insertion brings a neighbour."""
    assert words_gist(words) == line


@given(st.text(max_size=400), st.text(max_size=300), st.integers(1, 50))
def test_a_subject_is_one_safe_line_whatever_was_printed(title: str, source: str, count: int) -> None:
    """No control, line break or direction override reaches a subject, and it never exceeds 200 characters."""
    changes = [update(mark=title + "\r\nBcc: x@y\u202e\x00" + title * 20)] * count
    line = subject(replace(XDA, title=source + "\n\x85\u2028" + source * 5), changes)
    assert len(line) <= 200
    assert line.isprintable() or not any(
        c in line for c in "\r\n\x00\x85\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2069"
    )
    assert "\n" not in line
    line.encode("utf-8")


def test_a_long_gist_is_cut_at_a_word_and_the_source_stays() -> None:
    """What does not fit ends in `…`, never in half a word."""
    line = subject(XDA, [update(mark="indemnification " * 40)])
    assert line.endswith("indemnification… — XDA: US bans investing in Xiaomi")
    assert one_line("👩‍💻" * 50, 12).endswith("…")


def test_changes_are_ordered_by_severity_and_then_by_event() -> None:
    """The weightiest change comes first."""
    changes = [
        change("links.changed", severity="info"),
        change("text.changed"),
        update(),
        change("page.gone", severity="critical"),
    ]
    assert [c.event for c in ordered(changes)] == ["page.gone", "update.new", "text.changed", "links.changed"]


def test_an_alert_s_id_comes_from_channel_poll_and_group_never_from_its_words() -> None:
    """The same poll told again is the same alert; the same words of another poll are a new one."""
    assert alert(update()).id == alert(update(mark="other words")).id == alert_id("desk", "p1", "")
    assert alert_id("desk", "p1", "") != alert_id("desk", "p2", "")
    assert alert_id("desk", "p1", "chg_1") != alert_id("desk", "p1", "chg_2")
    assert alert_id("desk", "p1", "").startswith("alr_")


def test_alerts_of_one_document_are_threaded_by_it_others_by_the_source() -> None:
    """Mails of one document make one thread."""
    other = replace(DOCUMENT, id="doc_2")
    assert alert(update(), change("text.changed")).thread == "doc_1"
    assert alert(update(), change("text.changed", document=other)).thread == "xda-xiaomi"


def test_the_payload_is_the_contract_s() -> None:
    """`data` has the keys of the contract, weightiest change first, without credentials in addresses."""
    item = alert(change("text.changed", stories=("b",)), update(severity="critical", stories=("a", "b")))
    body = json.loads(rendered(item).payload)
    assert (body["type"], body["timestamp"]) == ("alert.changes", "2021-05-12T10:20:03.412Z")
    data = body["data"]
    assert data["events"] == ["update.new", "text.changed"]
    assert (data["v"], data["alert"], data["severity"], data["changes_total"], data["truncated"]) == (
        1,
        item.id,
        "critical",
        2,
        False,
    )
    assert data["link"] == f"https://watch.example.org/w/a/{item.id}"
    assert data["stories"] == ["a", "b"]
    assert data["source"]["labels"] == {"matter": "7"}
    assert "u:p@" not in json.dumps(body)
    assert alert(update(), base_url=None).data["link"] is None


@pytest.mark.parametrize("size", [10, 3_000])
def test_a_payload_stays_under_256_kilobytes(size: int) -> None:
    """What does not fit is counted and marked, and at least one change always stands."""
    words = (("=", "same " * 20_000), ("-", "old "), ("+", "new " * 30_000))
    many = [
        change("text.changed", words=words, diff="x" * 300_000, document=replace(DOCUMENT, title="t" * 9_000))
        for _ in range(size)
    ]
    item = alert(*many)
    assert len(rendered(item).payload) < 256_000
    assert item.data["truncated"] is True
    assert item.data["changes_total"] == size
    assert 1 <= len(item.data["changes"]) <= size
    assert item.data["changes"][0]["truncated"] is True
    assert len(rendered(item).html) < 1_000_000


# --- schemas --------------------------------------------------------------------------------------------------------


def strict(node: Any) -> Any:
    """Forbid unknown keys in a schema: what is sent must be documented, though receivers must ignore more."""
    if isinstance(node, dict):
        closed = {key: strict(value) for key, value in node.items()}
        if node.get("type") == "object" and "properties" in node:
            closed["additionalProperties"] = False
        return closed
    return [strict(item) for item in node] if isinstance(node, list) else node


@pytest.mark.parametrize("late", [False, True])
def test_every_payload_fits_its_schema_to_the_key(late: bool) -> None:
    """`type` names a JSON Schema in the repository, and nothing is sent that it does not describe."""
    for item in alerts():
        schema = json.loads((SCHEMAS / f"{item.type}.json").read_text("utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        checker = jsonschema.Draft202012Validator(strict(schema), format_checker=jsonschema.FormatChecker())
        checker.validate(json.loads(rendered(item, late=late).payload))


def test_there_is_a_schema_for_every_type() -> None:
    """Each of the five types has its schema."""
    kinds = {
        json.loads(path.read_text("utf-8"))["properties"]["type"]["const"] for path in SCHEMAS.glob("alert.*.json")
    }
    assert kinds == {"alert.changes", "alert.digest", "alert.health", "alert.retracted", "alert.test"}
