"""Files: the text of PDF, DOCX and plain text as it reads, and a clear word for what cannot be read."""

import io
import os
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers_documents import docx, paragraph, pdf, typeset
from helpers_listing import Looks, told
from watcher.core import file, when
from watcher.errors import ReadError
from watcher.model import PageReading, Source

URL = "https://court.example.gov/opinions/24-1287.pdf"
LOOK = when.Look(None, "UTC", datetime(2025, 3, 4, tzinfo=UTC))
OPINION = [
    "The question before us is whether the Harbour Authority may designate a carrier without a hearing. We hold that "
    "it may not, and we reverse the judgment of the Court of Appeals for the reasons that follow.",
    "Petitioner operates four ferries between the island and the mainland. In May 2023 the Authority published a list "
    "of excluded carriers, on which petitioner's name appeared. See Harbour Act, Sec. 14, No. 23-118. Nobody had asked "
    "it anything before. The Authority offered a well-known rationale, namely that hearings cost time.",
    "That rationale fails. A well-known rule is still a rule, and the statute speaks of every carrier, not of some. "
    "The designation is therefore vacated, and the case is remanded for proceedings consistent with this opinion.",
]


def read(body: bytes, url: str = URL, **keys: object) -> PageReading:
    source = Source("f", url, kind="file", **keys)  # type: ignore[arg-type]  # Source's own fields
    return file.read(body, None, url, source, LOOK)


def texts(reading: PageReading) -> list[str]:
    return [block.text for block in reading.page.blocks if block.role == "text"]


def test_a_pdf_is_read_by_its_sentences() -> None:
    """A PDF's lines read as sentences; its page numbers are no text and its running head counts once."""
    reading = read(pdf(typeset(OPINION, width=60, height=7), title="24-1287 Ferries v. Harbour Authority"))
    assert reading.page.title == "24-1287 Ferries v. Harbour Authority"
    said = texts(reading)
    assert "That rationale fails." in said
    assert "See Harbour Act, Sec. 14, No. 23-118." in said
    assert sum("Cite as" in text for text in said) == 1
    assert not any(text.strip("- ").isdigit() for text in said)


@pytest.mark.parametrize(("width", "height"), [(48, 9), (72, 5), (90, 30)])
def test_a_new_layout_is_no_change(width: int, height: int) -> None:
    """The same words in other lines and on other pages are no change."""
    looks = Looks(kind="file", url=URL)
    looks.see(pdf(typeset(OPINION, width=60, height=7)), name="x.pdf")
    assert told(looks.see(pdf(typeset(OPINION, width=width, height=height)), name="x.pdf")) == []


def test_one_word_is_a_change_that_shows_it() -> None:
    """A replaced PDF with one other word is one change that shows this word."""
    looks = Looks(kind="file", url=URL)
    looks.see(pdf(typeset(OPINION, width=60, height=7)), name="x.pdf")
    after = [text.replace("four ferries", "five ferries") for text in OPINION]
    (change,) = looks.see(pdf(typeset(after, width=63, height=8)), name="x.pdf")
    assert (change.event, change.announced) == ("text.changed", True)
    assert ("-", "four") in [(op, word.strip()) for op, word in change.words]
    assert ("+", "five") in [(op, word.strip()) for op, word in change.words]


def test_a_word_broken_at_a_lines_end_is_mended() -> None:
    """A hyphen at a line's end goes, unless the file writes the word with it elsewhere."""
    said = " ".join(
        texts(read(pdf([["The desig-", "nation of a well-", "known carrier; the well-known carrier appeals."]])))
    )
    assert "designation" in said
    assert said.count("well-known") == 2


def test_a_scan_says_so_and_its_replacement_is_a_change() -> None:
    """A PDF without text says that it has none, and still tells when another picture takes its place."""
    looks = Looks(kind="file", url=URL)
    looks.see(pdf([], images=[b"\x10\x20\x30"]), name="x.pdf")
    (document,) = looks.memory.docs.values()
    assert "without text" in document.page.blocks[-1].text
    assert looks.see(pdf([], images=[b"\x10\x20\x30"], title="New"), name="x.pdf") is not None
    assert "text.changed" in [change.event for change in looks.see(pdf([], images=[b"\x99\x20\x30"]), name="x.pdf")]


def test_two_thousand_pages_are_read() -> None:
    """A PDF of two thousand pages is read whole."""
    reading = read(pdf([[f"Order number {n} of the court is entered."] for n in range(2_000)]))
    assert sum(text.startswith("Order number") for text in texts(reading)) == 2_000


def test_more_pages_than_are_read_are_named() -> None:
    """What lies beyond the bound is named with the file's digest, so that its change is a change."""
    said = texts(read(pdf([[f"Order {n}."] for n in range(3_010)])))
    assert said[-1].startswith("[pages 3001 to 3010 are too many to read")


def test_a_docx_is_read_with_headings_rows_and_insertions() -> None:
    """A DOCX gives headings, rows and what was inserted, but not what was deleted."""
    row = "<w:tr><w:tc>" + paragraph("Meridian") + "</w:tc><w:tc>" + paragraph("excluded") + "</w:tc></w:tr>"
    tracked = (
        "<w:p><w:r><w:t>Fee: </w:t></w:r><w:del><w:r><w:delText>40</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>45</w:t></w:r></w:ins></w:p>"
    )
    body = paragraph("Order 7", "Heading1") + paragraph("The list is amended.") + f"<w:tbl>{row}</w:tbl>{tracked}"
    page = read(docx(body, title="Order 7 of the Authority")).page
    assert page.title == "Order 7 of the Authority"
    assert [(block.type, block.text) for block in page.blocks] == [
        ("h1", "Order 7"),
        ("p", "The list is amended."),
        ("tr", "Meridian | excluded"),
        ("p", "Fee: 45"),
    ]


def test_plain_text_is_a_file_too() -> None:
    """A plain text is read by its paragraphs."""
    assert texts(read(b"ORDER\n\nThe motion is denied.\n\nSo ordered.", "https://court.example.gov/order.txt")) == [
        "The motion is denied.",
        "So ordered.",
    ]


def test_lines_that_a_rule_names_are_passed_over() -> None:
    """`ignore` leaves lines of a file out of the comparison."""
    reading = read(b"ORDER\n\nPrinted by desk 4.\n\nThe motion is denied.", ignore=(r"re:^Printed by",))
    assert texts(reading) == ["The motion is denied."]


def _zip(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><x>&c;</x>'
BAD = [
    (b"", "empty"),
    (pdf([["Order"]], encrypted=True), "encrypted"),
    (pdf([["Order of the court"]])[:-40], "breaks off"),
    (pdf([["Order of the court"]])[:300], "breaks off"),
    (b"%PDF-1.4\nnothing that is a PDF\n%%EOF\n", "damaged"),
    (docx(paragraph("Order"))[:-30], "no whole ZIP"),
    (_zip(readme=b"x"), "no Word document"),
    (_zip(**{"word/document.xml": ENTITIES}), "document type"),
    (_zip(**{"word/document.xml": b"<w:document"}), "well-formed"),
    (docx(""), "holds no text"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "encrypted Office document"),
    (b"\x89PNG\r\n\x1a\n" + b"\x00" * 20, "picture"),
    (b"<!doctype html><html><body><p>Please sign in</p></body></html>", "web page"),
    (bytes(range(1, 32)) * 40, "binary format"),
]


@pytest.mark.parametrize(("body", "words"), BAD)
def test_what_cannot_be_read_is_said_in_words(body: bytes, words: str) -> None:
    """A file that cannot be read fails with the reason."""
    with pytest.raises(ReadError, match=words):
        read(body)


def test_a_document_that_unpacks_to_too_much_is_refused() -> None:
    """A ZIP bomb is refused without being unpacked."""
    text = "<w:p><w:r><w:t>" + "a" * 41_000_000 + "</w:t></w:r></w:p>"
    bomb = docx(text)
    assert len(bomb) < 200_000
    with pytest.raises(ReadError, match="unpacks to more"):
        read(bomb)


def test_a_failure_leaves_what_is_known() -> None:
    """After a look that could not be read, the next good one is compared with what was known before."""
    looks = Looks(kind="file", url=URL)
    body = pdf(typeset(OPINION, width=60, height=7))
    looks.see(body, name="x.pdf")
    with pytest.raises(ReadError):
        looks.see(body[:400], name="x.pdf")
    assert looks.see(body + b"\n", name="x.pdf") == []


def test_a_text_that_is_nearly_gone_is_held_back() -> None:
    """A file of which hardly anything is left is not believed at once."""
    looks = Looks(kind="file", url=URL)
    looks.see(pdf(typeset(OPINION * 3, width=60, height=7)), name="x.pdf")
    assert looks.observe(pdf([["Maintenance."]]), name="x.pdf").result == "held"


@given(st.one_of(st.binary(max_size=400), st.binary(max_size=300).map(lambda tail: b"%PDF-1.4\n" + tail + b"%%EOF")))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Any bytes give a reading or a ReadError."""
    with suppress(ReadError):
        assert isinstance(read(body), PageReading)


@given(st.integers(0, 2_000), st.integers(0, 255))
def test_a_damaged_pdf_is_read_or_refused(place: int, byte: int) -> None:
    """A PDF with one wrong byte gives a reading or a ReadError."""
    body = bytearray(pdf(typeset(OPINION, width=60, height=7), title="Order"))
    body[place % len(body)] = byte
    with suppress(ReadError):
        assert isinstance(read(bytes(body)), PageReading)


@pytest.mark.skipif("WATCHER_SHARED" not in os.environ, reason="needs the shared corpus")
def test_every_replaced_opinion_is_a_change_with_its_words() -> None:
    """Each slip opinion that the court replaced in place gives one announced change of few words."""
    folders = sorted((Path(os.environ["WATCHER_SHARED"]) / "corpus" / "rev_scotus_pdf").iterdir())
    for folder in folders:
        looks = Looks(kind="file", url=URL)
        looks.see((folder / "before.pdf").read_bytes(), name="x.pdf")
        (change,) = looks.see((folder / "after.pdf").read_bytes(), name="x.pdf")
        assert (change.event, change.announced) == ("text.changed", True), folder.name
        assert 0 < sum(len(word.split()) for op, word in change.words if op != "=") < 60, folder.name
    assert len(folders) == 5
