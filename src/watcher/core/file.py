"""A file → `PageReading`: the text of a PDF, a Word document (DOCX) or a plain text, as blocks.

What is compared is the text as it reads: lines are joined to sentences, words broken at a line's end are mended,
running heads count once and page numbers not at all, so that a new layout of the same words is no change. A page
without text (a scan) is a block that says so, with a digest of its images: a state, not silence. Raises ReadError.
"""

import hashlib
import re
from collections.abc import Collection
from urllib.parse import unquote, urlsplit

import xxhash

from watcher.core import docx, pdf, when
from watcher.core.blocks import Raw
from watcher.core.content import Rules
from watcher.core.furniture import normalise
from watcher.core.markup import decode
from watcher.core.paged import paragraphs
from watcher.core.plain import read_plain
from watcher.core.text import is_volatile
from watcher.errors import ReadError
from watcher.model import Block, Page, PageReading, Source

VERSION = "file-1"

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BINARY = {
    b"\x89PNG": "a picture", b"GIF8": "a picture", b"\xff\xd8\xff": "a picture", b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "an archive", b"Rar!": "an archive", b"{\\rtf": "an RTF document", b"SQLite format": "a database",
    _OLD_OFFICE: "an old or an encrypted Office document",
}  # fmt: skip
_HTML = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
# titles that programs put into a file by themselves
_NO_TITLE = re.compile(
    r"microsoft word - .*|untitled\S*|document\d*|.*\.(?:docx?|pdf|rtf|wpd|indd|qxd|txt)|[\W\d_]*|slide \d+|blank",
    re.IGNORECASE,
)


def read(  # noqa: PLR0917 - the readers of all kinds share this form
    body: bytes,
    content_type: str | None,
    url: str,
    source: Source,
    look: when.Look,  # noqa: ARG001 - every reader has the same parameters
    volatile: Collection[str] = (),
) -> PageReading:
    """Read a file.

    In: the decoded body, its Content-Type, its final address, the source with its `ignore` and `keep` patterns, the
    look, digests of blocks that change by themselves. Raises ReadError: empty, encrypted, cut off, damaged, a web
    page, or a format that has no text.
    """
    if not body.strip():
        raise ReadError(url, "the answer is empty: there is no file to read")
    title, raws = _parts(body, content_type, url)
    ignored, kept = (Rules(source.ignore, source.keep).patterns(rules) for rules in (source.ignore, source.keep))
    blocks = []
    for raw in raws:
        role = raw.role
        if role == "text" and not any(rule.search(raw.text) for rule in kept):
            moving = any(rule.search(raw.text) for rule in ignored) or is_volatile(raw.text, volatile)
            role = "furniture" if moving else "text"
        blocks.append(Block(raw.type, raw.text, role=role))
    shown = title or _name(url)
    page = Page(url=url, title=shown, headline=shown, blocks=tuple(blocks))
    said = "\x1e".join([shown or "", *(block.text for block in blocks if block.role == "text")])
    return PageReading(page, xxhash.xxh3_64_hexdigest(said.encode("utf-8", "surrogatepass")), kind="file")


def _parts(body: bytes, content_type: str | None, url: str) -> tuple[str | None, list[Raw]]:
    if b"%PDF-" in body[:1024]:
        return _pdf(body, url)
    if body.startswith(b"PK\x03\x04"):
        title, raws = docx.read(body, url)
        if not raws:
            raise ReadError(url, "the document holds no text")
        return _sane(title), raws
    for mark, what in _BINARY.items():
        if body.startswith(mark):
            raise ReadError(url, f"this is {what}; of files, PDF, DOCX and plain text can be read")
    text = decode(body, content_type)
    if _HTML.match(text[:4096]):
        raise ReadError(url, 'this is a web page where a file should be; kind = "article" reads pages')
    odd = sum(1 for character in text[:4096] if character < " " and character not in "\t\n\r\f")
    if odd * 50 > len(text[:4096]):
        raise ReadError(url, "this is a file in a binary format; PDF, DOCX and plain text can be read")
    title, raws = read_plain(text)
    if not title and not raws:
        raise ReadError(url, "the file holds no text")
    return title, raws


def _pdf(body: bytes, url: str) -> tuple[str | None, list[Raw]]:
    found = pdf.read(body, url)
    digest = hashlib.sha256(body).hexdigest()[:16]
    if not found.sheets:
        pages = f"{found.total} pages" if found.total > 1 else "1 page"
        return _sane(found.title), [Raw("text", f"[{pages} without text, SHA-256 {digest}]", "text")]
    raws = paragraphs([sheet.lines for sheet in found.sheets], [sheet.images for sheet in found.sheets])
    if len(found.sheets) < found.total:
        rest = f"[pages {len(found.sheets) + 1} to {found.total} are too many to read; the file's SHA-256 is {digest}]"
        raws.append(Raw("text", rest, "text"))
    return _sane(found.title), raws


def _sane(title: str | None) -> str | None:
    return None if not title or _NO_TITLE.fullmatch(title) else title


def _name(url: str) -> str | None:
    """Name a file by the last part of its address."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return None
    return normalise(unquote(path.rstrip("/").rpartition("/")[2]))[:300] or None
