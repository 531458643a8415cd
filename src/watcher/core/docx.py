"""A DOCX's bytes → its title and blocks: paragraphs, headings, list items, table rows; notes at the end.

A DOCX is a ZIP of XML (ECMA-376). Every part is read within a bound, whatever size it claims; document types, and with
them entities, are refused. What a reader sees counts: tracked deletions are left out. Raises ReadError.
"""

import re
import zipfile
import zlib
from io import BytesIO

from lxml import etree

from watcher.core.blocks import Raw
from watcher.core.furniture import normalise
from watcher.errors import ReadError

MOST_BYTES = 40_000_000  # of one part, unpacked
MOST_BLOCKS = 20_000
LONGEST_BLOCK = 100_000

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_HEADING = re.compile(r"(?:heading|berschrift|titre|ttulo|titolo|rubrik|kop)\s?([1-6])", re.IGNORECASE)
_NOTES = ("word/footnotes.xml", "word/endnotes.xml")
# tracked deletions, the old place of what was moved, field codes, and the second form of one drawing
_UNSEEN = frozenset({"del", "moveFrom", "instrText", "delText", "delInstrText", "Fallback", "rPr", "pPr"})


def read(body: bytes, url: str) -> tuple[str | None, list[Raw]]:
    """Read a DOCX. In: its bytes, its address for errors. Out: title (None: none) and blocks in document order."""
    try:
        archive = zipfile.ZipFile(BytesIO(body))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError) as error:
        raise ReadError(url, "the document breaks off or is damaged: it is no whole ZIP archive") from error
    with archive:
        names = set(archive.namelist())
        if "word/document.xml" not in names:
            raise ReadError(url, "this is a ZIP archive and no Word document; PDF, DOCX and plain text can be read")
        main = _part(archive, "word/document.xml", url)
        blocks = _blocks(main)
        for name in _NOTES:
            if name in names:
                blocks += [raw for raw in _blocks(_part(archive, name, url)) if any(map(str.isalnum, raw.text))]
        title = _title(_part(archive, "docProps/core.xml", url)) if "docProps/core.xml" in names else None
    return title, blocks[:MOST_BLOCKS]


def _part(archive: zipfile.ZipFile, name: str, url: str) -> etree._Element:
    try:
        with archive.open(name) as stream:
            data = stream.read(MOST_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise ReadError(url, f"the document breaks off or is damaged ({name})") from error
    except RuntimeError as error:  # zipfile's word for an encrypted member
        raise ReadError(url, "the document is encrypted and cannot be read without its password") from error
    if len(data) > MOST_BYTES:
        raise ReadError(url, f"the document unpacks to more than {MOST_BYTES // 1_000_000} MB of text ({name})")
    if re.search(rb"<\s*!\s*(?:DOCTYPE|ENTITY)", data.replace(b"\x00", b"")[:65_536], re.IGNORECASE):
        raise ReadError(url, f"the document declares a document type, which no Word document does ({name})")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ReadError(url, f"the document is damaged: {name} is no well-formed XML") from error


def _local(element: etree._Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _title(core: etree._Element) -> str | None:
    found = next((e.text for e in core.iter() if _local(e) == "title" and e.text), None)
    return normalise(found[:1_000]) or None if found else None


def _blocks(root: etree._Element) -> list[Raw]:
    """Walk the body: a table's row is one block, its cells joined by " | "; everything else goes by paragraphs."""
    out: list[Raw] = []
    walk = etree.iterwalk(root, events=("start",))
    for _, element in walk:
        name = _local(element)
        if name in _UNSEEN:
            walk.skip_subtree()
        elif name == "tr":
            walk.skip_subtree()
            cells = [normalise(_text(cell)) for cell in element if _local(cell) == "tc"]
            if any(cells):
                out.append(Raw("tr", " | ".join(cells)[:LONGEST_BLOCK], "text"))
        elif name == "p":
            walk.skip_subtree()
            if text := normalise(_text(element))[:LONGEST_BLOCK]:
                out.append(Raw(_type(element), text, "text"))
        if len(out) >= MOST_BLOCKS:
            break
    return out


def _text(element: etree._Element) -> str:
    pieces: list[str] = []
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, each in walk:
        name = _local(each)
        if event == "end":
            if name == "p":
                pieces.append(" ")
        elif name in _UNSEEN:
            walk.skip_subtree()
        elif name == "t":
            pieces.append(each.text or "")
        elif name in {"tab", "br", "cr"}:
            pieces.append(" ")
        elif name == "noBreakHyphen":
            pieces.append("-")
    return "".join(pieces)


def _type(paragraph: etree._Element) -> str:
    for mark in (_W, _STRICT):
        properties = paragraph.find(f"{mark}pPr")
        if properties is None:
            continue
        style = properties.find(f"{mark}pStyle")
        heading = _HEADING.search((style.get(f"{mark}val") or "") if style is not None else "")
        if heading:
            return f"h{heading[1]}"
        if properties.find(f"{mark}numPr") is not None:
            return "li"
    return "p"
