"""What came as a page and is none: another format, a shell without text, a first answer that breaks off.

    wrong(html, content_type, page, first)    why this answer cannot be read as the page, in words, or None

Such an answer says nothing of the text: nothing is compared or kept as the baseline, the source fails with these words
until it is over. What is merely unlike the page that is known is judged in walls.py.
"""

import json
import re

from watcher.core import sniff
from watcher.core.markup import decode
from watcher.model import Fetched, Page

BREAKS_OFF = "the page breaks off"  # how the sentence begins when it does

_OPENED = re.compile(r"<(?:!doctype\s+html|html|body)\b", re.IGNORECASE)
_PAGE = re.compile(r"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_CLOSED = re.compile(r"</(?:html|body)\s*>", re.IGNORECASE)
_NEVER_LEFT_OPEN = re.compile(  # HTML, 13.1.2.4: their end tags are not optional
    r"<(/?)(?:div|article|main|section|nav|aside|header|footer|ul|ol|table|form)\b", re.IGNORECASE
)


def wrong(html: str, content_type: str | None, page: Page, *, first: bool) -> str | None:
    """Say why an answer is not the page.

    In: its characters and Content-Type, what was read from it, whether nothing is known yet. Out: a sentence's second
    half, or None where nothing speaks against it.
    """
    if other := _another_format(html, content_type, page.url):
        return other
    if first and "<script" in html.lower() and not any(block.role in ("text", "note") for block in page.blocks):
        return "the page holds no text that can be read without a browser"
    if first and breaks_off(html):
        return f"{BREAKS_OFF}: it ends without closing its elements"
    return None


def wrong_answer(fetched: Fetched, page: Page, *, first: bool) -> str | None:
    """`wrong` for an answer that is still in bytes."""
    kind = fetched.header("content-type")
    return wrong(decode(fetched.body, kind), kind, page, first=first)


def cut_answer(fetched: Fetched) -> str | None:
    """Say in words that a list's page ends before its end; None where it does not."""
    cut = breaks_off(decode(fetched.body, fetched.header("content-type")))
    return f"{BREAKS_OFF}: it ends without closing its elements" if cut else None


def breaks_off(html: str) -> bool:
    """Say whether the markup ends before its end: neither the page nor an element that must be closed is."""
    if _CLOSED.search(html) or not _OPENED.search(html[:4096]):
        return False
    return sum(-1 if closing else 1 for closing in _NEVER_LEFT_OPEN.findall(html)) > 0


def _another_format(html: str, content_type: str | None, url: str) -> str | None:
    start = html[:65_536].lstrip("\ufeff \t\r\n")
    if _PAGE.match(start):
        return None
    if start.startswith("<"):
        is_feed = sniff.sniff(start.encode("utf-8", "replace"), "application/xml", url) == "feed"
        return 'this is a feed where a page should be; kind = "feed" reads it' if is_feed else None
    if start.startswith(("{", "[")) and ("json" in (content_type or "").lower() or _is_json(html)):
        return "this is JSON where a page should be"
    return None


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text[:2_000_000]), dict | list)
    except (ValueError, RecursionError):
        return False
