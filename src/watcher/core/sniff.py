"""What is this: a feed, an article, a listing, a dataset or a file; and the feeds that a page names.

    sniff(body, content_type, url)    the kind of a body, by what it is first, by what is said of it second
    feed_links(html, url)             the feeds a page declares, its best first

Pure; never raises. Signatures: WHATWG MIME Sniffing; feed autodiscovery: HTML Living Standard, link type `alternate`.
"""

import re
from urllib.parse import urlsplit

from watcher.core import feed_split, listlike, markup
from watcher.core.identity import address
from watcher.model import Kind, Link

_LOOK = 65_536  # bytes that decide
_SIGNATURES: tuple[tuple[bytes, Kind], ...] = (
    (b"%PDF", "file"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file"),  # the old Office formats
    (b"\x1f\x8b", "file"),
    (b"BZh", "file"),
    (b"\xfd7zXZ", "file"),
    (b"\x28\xb5\x2f\xfd", "file"),
    (b"7z\xbc\xaf\x27\x1c", "file"),
    (b"Rar!", "file"),
    (b"\x89PNG", "file"),
    (b"GIF8", "file"),
    (b"\xff\xd8\xff", "file"),
    (b"{\\rtf", "file"),
    (b"SQLite format 3\x00", "file"),
)
_TABLE_TYPES = ("text/csv", "text/tab-separated-values", "application/csv", "application/x-ndjson", "application/jsonl")
_TABLE_NAMES = (".csv", ".tsv", ".jsonl", ".ndjson", ".xlsx")
_LIST_NAMES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".xml")  # of what a packed list holds
_SHEET = "spreadsheetml"
_FILE_TYPES = ("image/", "audio/", "video/", "font/", "application/pdf", "application/zip", "application/octet-stream")
_MARKUP = re.compile(
    r"<(?:!doctype html|html|head|body|title|meta|div|p|a|table|h[1-6]|article|section|br|span|main|center|font|b|i)\b",
    re.IGNORECASE,
)
_ATOM = "http://www.w3.org/2005/Atom"
_ELEMENT = re.compile(r"<(?:[A-Za-z_][\w.-]{0,60}:)?([A-Za-z_][\w.-]{0,60})")
_NOT_AN_ELEMENT = re.compile(r"<\?.*?\?>|<!--.*?-->|<![^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL)
_JSON_FEED = re.compile(r"\"version\"\s*:\s*\"https?:\\?/\\?/(?:www\.)?jsonfeed\.org\\?/version", re.IGNORECASE)

_FEED_TYPES = {  # by how much of a feed they usually carry
    "application/atom+xml": 0,
    "application/rss+xml": 1,
    "application/feed+json": 2,
    "application/rdf+xml": 3,
    "application/x.atom+xml": 4,
    "application/x-atom+xml": 4,
    "text/xml": 5,
    "application/xml": 5,
}


def sniff(body: bytes, content_type: str | None, url: str) -> Kind:
    """Say what a body is. In: the decoded body, its Content-Type, its final address. Never raises.

    RSS, RDF, Atom and JSON Feed are `feed`; CSV, TSV, JSON, JSON Lines, XLSX and other XML are `dataset`; PDF, images,
    archives and other binary formats are `file`; a page that is clearly a list is `listing`; other HTML and plain text
    are `article`.
    """
    said = (content_type or "").partition(";")[0].strip().lower()
    path = _path(url)
    start = body[:_LOOK]
    if kind := _binary(start, said, path):
        return kind
    head = feed_split.decode(start, content_type)[0].lstrip("\ufeff \t\r\n\x00")
    if head.startswith(("{", "[")):
        return "feed" if _JSON_FEED.search(head) or said == "application/feed+json" else "dataset"
    if said in _TABLE_TYPES or path.endswith(_TABLE_NAMES):
        return "article" if head.lower().startswith(("<!doctype html", "<html")) else "dataset"
    if kind := _marked_up(head, said):
        is_page = kind == "article" and body.count(b"</a") > 8
        return "listing" if is_page and listlike.is_list(feed_split.decode(body, content_type)[0]) else kind
    return "dataset" if _is_table(head) else "article"


def _path(url: str) -> str:
    try:
        return urlsplit(url).path.lower()
    except ValueError:
        return ""


def _binary(start: bytes, said: str, path: str) -> Kind | None:
    """Know a binary format by its first bytes, or by many zero bytes in no Unicode order."""
    if start.startswith(b"\x1f\x8b") and path.removesuffix(".gz").endswith(_LIST_NAMES):
        return "dataset"
    for mark, kind in _SIGNATURES:
        if start.startswith(mark):
            return kind
    if b"%PDF-" in start[:1024]:
        return "file"
    if start.startswith(b"PK\x03\x04"):
        first = start[30 : 30 + int.from_bytes(start[26:28], "little")].decode("utf-8", "replace").lower()
        listed = path.endswith(".xlsx") or (first.endswith(_LIST_NAMES) and "/" not in first)
        return "dataset" if _SHEET in said or listed or b"xl/" in start else "file"
    unicode_mark = start.startswith(
        (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff", b"<\x00", b"\x00<", b"\x00\x00\x00<")
    )
    if b"\x00" in start[:4096] and not unicode_mark:
        return "file"
    if said.startswith(_FILE_TYPES) and start.lstrip()[:1] not in (b"<", b"{", b"[") and not _texty(start):
        return "file"
    return None


def _texty(start: bytes) -> bool:
    """Say whether nearly all of these bytes could be a text's."""
    odd = sum(1 for byte in start[:2048] if byte < 9 or 13 < byte < 32)
    return odd * 50 <= len(start[:2048])


def _marked_up(head: str, said: str) -> Kind | None:
    """Know XML by its outermost element; a feed below junk by its opening tag."""
    first = _ELEMENT.match(_NOT_AN_ELEMENT.sub("", head[:20_000]).lstrip())
    root = first[1].lower() if first else ""
    if root in ("rss", "feed", "rdf", "channel") or (root == "entry" and _ATOM in head[:4096]):
        return "feed"
    if root == "html" or head[:40].lower().startswith("<!doctype html"):
        return "article"
    if re.search(r"<(?:\w{1,20}:)?(?:rss|RDF|feed)(?:\s[^>]*)?>", head[:4096]) and re.search(
        r"<(?:item|entry|channel)\b", head
    ):
        return "feed"
    if head.startswith("<?xml") or said.endswith(("/xml", "+xml")):
        return "article" if "html" in said or root in ("head", "body") else "dataset"
    if first:
        return "article" if "html" in said or _MARKUP.match(f"<{root} ") else "dataset"
    return "article" if "html" in said or _MARKUP.search(head[:8192]) else None


def _is_table(head: str) -> bool:
    """Say whether a plain text is a table: one separator, as often in every line, and lines that are no sentences."""
    lines = [line for line in head.splitlines()[:-1] or head.splitlines() if line.strip()][:20]
    if len(lines) < 3 or sum(line.rstrip().endswith((".", "!", "?")) for line in lines) * 3 > len(lines):
        return False
    for mark in (",", "\t", ";", "|"):
        counts = {re.sub(r'"[^"]*"', "", line).count(mark) for line in lines}
        if len(counts) == 1 and counts != {0} and (counts != {1} or len(lines) >= 5 or mark == "\t"):
            return True
    return False


def feed_links(html: str, url: str) -> tuple[Link, ...]:
    """Name the feeds that a page declares with `<link rel="alternate" type="application/rss+xml">` and the like.

    In: the page's HTML and its address. Out: absolute http(s) addresses, once each, with their titles, in the order of
    what their type promises; comment feeds last. Never raises.
    """
    tree = markup.parse(html[:2_000_000])
    node = tree.css_first("base[href]")
    base = _joined(url, (node.attributes.get("href") or "") if node else "") or url
    found: list[tuple[int, int, Link]] = []
    for index, node in enumerate(tree.css("link[href][rel], a[href][rel]")):
        marks = {name: value or "" for name, value in node.attributes.items()}
        rel = set(marks.get("rel", "").lower().split())
        kind = marks.get("type", "").partition(";")[0].strip().lower()
        rank = _FEED_TYPES.get(kind, 2 if "feed" in rel and not kind else None)
        address = _joined(base, marks.get("href", ""))
        if rank is None or not address or not rel & {"alternate", "feed"} or "stylesheet" in rel:
            continue
        title = " ".join((marks.get("title") or "").split())[:300]
        comments = (
            10 if re.search(r"comment|kommentar|commentaire|comentario", f"{title} {address}", re.IGNORECASE) else 0
        )
        found.append((rank + comments, index, Link(address, title)))
    ordered: dict[str, Link] = {}
    for _, _, link in sorted(found, key=lambda item: item[:2]):
        ordered.setdefault(link.url, link)
    return tuple(ordered.values())


def _joined(base: str, href: str) -> str:
    href = href.strip()
    if not href:
        return ""
    if href.lower().startswith("feed:"):  # feed:https://..., feed://...
        href = "https:" + href[5:] if href[5:7] == "//" else href[5:]
    return address(base, href)
