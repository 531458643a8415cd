"""What a body is, and which feeds a page names."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.sniff import feed_links, sniff
from watcher.model import KINDS, Kind

PAGE = "https://x.example/a"


def zipped(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, "x")
    return buffer.getvalue()


RSS = b'<?xml version="1.0"?><rss version="2.0"><channel/></rss>'
TABLE: list[tuple[str, bytes, str | None, str, Kind]] = [
    ("rss", RSS, "application/rss+xml", "/f", "feed"),
    ("rss as html", RSS, "text/html", "/f", "feed"),
    ("rss below blank lines", b"\n\n  " + RSS, None, "/f", "feed"),
    ("rss below a warning", b"Notice: x in y.php<br>" + RSS, "text/html", "/f", "feed"),
    ("rss with comment and stylesheet", b"<?xml-stylesheet href='x'?><!-- <html> --><rss/>", None, "/f", "feed"),
    ("rss with doctype", b'<!DOCTYPE rss PUBLIC "x" "y"><rss version="0.91"/>', None, "/f", "feed"),
    ("atom", b'<feed xmlns="http://www.w3.org/2005/Atom"/>', "application/xml", "/f", "feed"),
    ("prefixed atom", b'<a:feed xmlns:a="http://www.w3.org/2005/Atom"/>', None, "/f", "feed"),
    ("rdf", b"<rdf:RDF xmlns:rdf='u'/>", "text/xml", "/f", "feed"),
    ("utf-16", '<?xml version="1.0" encoding="utf-16"?><rss/>'.encode("utf-16"), None, "/f", "feed"),
    ("utf-16 without a mark", "<rss><channel/></rss>".encode("utf-16-le"), None, "/f", "feed"),
    ("json feed", b'{"version": "https://jsonfeed.org/version/1.1", "items": []}', "application/json", "/f", "feed"),
    ("json feed by type", b'{"items": []}', "application/feed+json", "/f", "feed"),
    ("json", b'{"results": []}', "application/json", "/f", "dataset"),
    ("json array", b" [1, 2]", None, "/f", "dataset"),
    ("json lines", b'{"a": 1}\n{"a": 2}\n', "text/plain", "/f.jsonl", "dataset"),
    ("csv", b"id,name\n1,a\n", "text/csv", "/f", "dataset"),
    ("csv by name", b"id,name\n1,a\n", "application/octet-stream", "/f.csv", "dataset"),
    ("csv by look", b"id,name,end\n1,a,x\n2,b,y\n3,c,z\n", "text/plain", "/f", "dataset"),
    ("tsv by look", b"id\tname\n1\ta b\n2\tb c\n3\tc d\n", "text/plain", "/f", "dataset"),
    ("an error page for a csv", b"<!DOCTYPE html><html>Gone</html>", "text/html", "/f.csv", "article"),
    ("xml list", b'<?xml version="1.0"?><sdnList><sdnEntry/></sdnList>', "text/xml", "/f", "dataset"),
    ("sitemap", b"<urlset/>", "application/xml", "/f", "dataset"),
    ("xlsx", zipped("xl/workbook.xml"), "application/octet-stream", "/f", "dataset"),
    ("docx", zipped("word/document.xml"), None, "/f", "file"),
    ("zip", zipped("readme.txt"), "application/zip", "/f", "file"),
    ("pdf", b"%PDF-1.7\n", "text/html", "/f", "file"),
    ("pdf below junk", b"\n\n%PDF-1.4\n", None, "/f", "file"),
    ("png", b"\x89PNG\r\n\x1a\n\x00", "image/png", "/f", "file"),
    ("unknown bytes", b"\x01\x02\x00\x03" * 9, "application/octet-stream", "/f", "file"),
    ("html", b"<!doctype html><html><p>Words</p></html>", "text/html", "/f", "article"),
    ("html as xml", b"<html xmlns='http://www.w3.org/1999/xhtml'/>", "application/xhtml+xml", "/f", "article"),
    ("html without a head", b"<p>Words and <b>words</b>.</p>", None, "/f", "article"),
    ("html that speaks of rss", b"<html>Use &lt;rss&gt; and <b>feed</b></html>", "text/html", "/f", "article"),
    ("words", b"The court ruled, on Monday.\nIt did so, early.\nAll, then, is over.\n", "text/plain", "/f", "article"),
    ("nothing", b"", None, "/f", "article"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "content_type", "path", "kind"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_kind(body: bytes, content_type: str | None, path: str, kind: Kind) -> None:
    """A body is known by what it is, and by its label only where that leaves it open."""
    assert sniff(body, content_type, f"https://x.example{path}") == kind


@given(st.binary(max_size=300), st.none() | st.text(max_size=40), st.text(max_size=40))
def test_anything_is_of_some_kind(body: bytes, content_type: str | None, url: str) -> None:
    """Whatever arrives is given a kind."""
    assert sniff(body, content_type, url) in KINDS


def test_feed_links() -> None:
    """A page's feeds are absolute, once each, Atom before RSS, those of comments last."""
    html = """<html><head><base href="/base/"><link rel="stylesheet" href="s.css" type="text/css">
    <link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed">
    <link rel="ALTERNATE" type="application/rss+xml" title=" All
      news " href="rss.xml"><link rel="alternate" type="application/atom+xml; charset=utf-8" href="//y.example/atom">
    <link rel="alternate" type="application/rss+xml" href="rss.xml"><link rel="alternate" hreflang="de" href="/de">
    <link rel="alternate" type="application/json" href="/wp-json/"><link rel="feed" href="/h">
    <link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
    <link rel="alternate" type="application/rss+xml" href="feed://z.example/f"></head></html>"""
    found = feed_links(html, PAGE)
    assert [(link.url, link.text) for link in found] == [
        ("https://y.example/atom", ""),
        ("https://x.example/base/rss.xml", "All news"),
        ("https://z.example/f", ""),
        ("https://x.example/h", ""),
        ("https://x.example/comments/feed", "Comments"),
    ]


@given(st.text(max_size=300))
def test_any_page_has_some_feeds_or_none(html: str) -> None:
    """Looking for feeds never fails."""
    assert isinstance(feed_links(html, PAGE), tuple)
