"""PDF and DOCX files as small as they come."""

import io
import textwrap
import zipfile
from collections.abc import Sequence
from html import escape


def _objects(bodies: Sequence[bytes], trailer: bytes) -> bytes:
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(bodies) + 1
    return out + b"trailer\n<</Size %d /Root 1 0 R %b>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start)


def _stream(data: bytes, head: bytes = b"") -> bytes:
    return b"<</Length %d %b>>\nstream\n%b\nendstream" % (len(data), head, data)


def pdf(
    pages: Sequence[Sequence[str]], *, title: str = "", images: Sequence[bytes] = (), encrypted: bool = False
) -> bytes:
    """A PDF of pages of lines; with `images`, each page shows its one-pixel picture instead."""
    count = len(images) or len(pages)
    kids = b" ".join(b"%d 0 R" % (5 + 3 * i) for i in range(count))
    bodies = [
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [%b] /Count %d>>" % (kids, count),
        b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>",
        b"<</Title (%b)>>" % title.encode("latin-1"),
    ]
    for index in range(count):
        own = 5 + 3 * index
        if images:
            content = b"100 0 0 100 50 50 cm /Im Do"
            picture = _stream(
                images[index],
                b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceRGB /BitsPerComponent 8",
            )
        else:
            lines = b"".join(
                b"(%b) Tj T*\n"
                % line.encode("latin-1", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
                for line in pages[index]
            )
            content, picture = b"BT /F 10 Tf 12 TL 50 750 Td\n%bET" % lines, b"null"
        bodies += [
            b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources <</Font <</F 3 0 R>> /XObject <</Im %d 0 R>>>>>>" % (own + 1, own + 2),
            _stream(content),
            picture,
        ]
    trailer = b"/Info 4 0 R "
    if encrypted:
        bodies.append(b"<</Filter /Standard /V 1 /R 2 /P -4 /O <%b> /U <%b>>>" % (b"41" * 32, b"42" * 32))
        trailer += b"/Encrypt %d 0 R /ID [<00><00>] " % len(bodies)
    return _objects(bodies, trailer)


def typeset(
    paragraphs: Sequence[str], *, width: int, height: int, head: str = "Cite as: 600 U. S. (2025)"
) -> list[list[str]]:
    """Pages as a printer would break the paragraphs: running head, page number, lines of some width."""
    lines = [line for text in paragraphs for line in textwrap.wrap(text, width, break_long_words=False)]
    pages = [lines[start : start + height] for start in range(0, len(lines), height)]
    return [[f"{head} {number}", *page, f"- {number} -"] for number, page in enumerate(pages, 1)]


_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def docx(body: str, *, title: str = "", parts: Sequence[tuple[str, bytes]] = ()) -> bytes:
    """A DOCX whose document holds `body`, as WordprocessingML."""
    core = (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title></cp:coreProperties>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", f"<w:document {_W}><w:body>{body}</w:body></w:document>")
        archive.writestr("docProps/core.xml", core)
        for name, data in parts:
            archive.writestr(name, data)
    return out.getvalue()


def paragraph(text: str, style: str = "") -> str:
    """A paragraph of WordprocessingML."""
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}<w:r><w:t>{escape(text)}</w:t></w:r></w:p>"
