"""A feed's bytes, made safe and cut into entries without reading them in full.

    decode(body, content_type)    bytes → text
    guard(text, url)              refuse entity declarations, HTML, cut-off documents before any parser sees them
    split(text, url)              a well-formed feed → its entries' digests and marks; None: for the tolerant parser

Only `split`'s tree is trusted to lxml, with entities, network and huge trees off. Volatile counters are taken out of
the entries before they are digested. Sources: XML 1.0 (5th ed.), RSS 2.0, RFC 4287.
"""

import html
import re
from collections.abc import Collection
from dataclasses import dataclass, field

from lxml import etree

from watcher.core import markup
from watcher.core.identity import Ident, digest
from watcher.errors import ReadError

MAX_ENTRIES = 5_000
MAX_NAMESPACES = 500
MAX_MALFORMED = 2_000_000  # characters, and
MAX_MALFORMED_TAGS = 100_000  # tags that the tolerant parser is given: it needs a second for twenty thousand

_SLASH, _THREAD = "{http://purl.org/rss/1.0/modules/slash/}", "{http://purl.org/syndication/thread/1.0}"
_MEDIA = "{http://search.yahoo.com/mrss/}"
# Elements inside an entry that count by themselves what readers do; their change says nothing of the entry.
VOLATILE = frozenset(
    {
        f"{_SLASH}comments",
        f"{_SLASH}hit_parade",
        f"{_THREAD}total",
        f"{_MEDIA}community",
        f"{_MEDIA}statistics",
        f"{_MEDIA}starRating",
        "{http://wellformedweb.org/CommentAPI/}comments",
        "{http://www.google.com/schemas/reader/atom/}likes",
    }
)
_REPLIES = ("{http://www.w3.org/2005/Atom}link",)  # Atom's link to the replies counts them (RFC 4685)
_NOT_COUNTED = (f"{_THREAD}count", f"{_THREAD}updated", f"{_THREAD}when")

_PLAIN = frozenset(  # namespaces in which `item` and `entry` are a feed's own
    {
        "",
        "http://www.w3.org/2005/Atom",
        "http://purl.org/atom/ns#",
        "http://purl.org/rss/1.0/",
        "http://my.netscape.com/rdf/simple/0.9/",
        "http://backend.userland.com/rss",
        "http://backend.userland.com/rss2",
        "http://blogs.law.harvard.edu/tech/rss",
    }
)
_DUBLIN = "{http://purl.org/dc/elements/1.1/}"
_DATES = ("pubDate", "published", "issued", f"{_DUBLIN}date", "updated", "modified")
_RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"

_WIDE = (  # UTF-32's BOMs, and how `<` begins without one (XML 1.0, appendix F)
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
    (b"\x4c\x6f\xa7\x94", "cp037"),
)

_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]{0,60}:)?([A-Za-z_][\w.-]{0,60})")
_FEED_ROOT = re.compile(r"<(?:\?xml\b|(?:\w{1,20}:)?(?:rss|feed|RDF)[\s>])", re.IGNORECASE)
_DOCTYPE_PART = re.compile(r"\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z)|<!--.*?(?:-->|\Z)|[\[\]>]", re.DOTALL)
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_AMPERSAND = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&(?:(\w{1,32});|(?!#\d{1,7};|#x[0-9A-Fa-f]{1,6};))", re.DOTALL
)
_UNCLOSED = re.compile(r"<(?:br|hr|img|input|meta|wbr)(?:\s[^<>]*)?(?<!/)>", re.IGNORECASE)
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_ROOTS = frozenset({"rss", "feed", "rdf"})


@dataclass(frozen=True, slots=True)
class Split:
    """A well-formed feed in pieces: `raws` are the digests of its entries in order, once each.

    `idents()` gives what each is known by: asked only when there are new ones.
    `document(indices)` gives the feed as UTF-8 with only these entries, the head, base and language as they were.
    """

    title: str | None
    home: str | None
    raws: tuple[str, ...]
    problem: str | None
    next: str | None  # the next page's address as printed
    _root: etree._Element = field(repr=False)
    _entries: tuple[etree._Element, ...] = field(repr=False)

    def idents(self) -> tuple[Ident, ...]:
        """Read the marks of every entry, known or not."""
        return tuple(map(_ident, self._entries))

    def document(self, indices: Collection[int]) -> bytes:
        """Serialise the feed with these entries alone; can be asked once, since it takes the others out."""
        kept = set(indices)
        for index, entry in enumerate(self._entries):
            if index not in kept:
                _take_out(entry)
        return etree.tostring(self._root, encoding="utf-8", xml_declaration=True)


# --- bytes → text ---------------------------------------------------------------------------------------------------


def decode(body: bytes, content_type: str | None) -> tuple[str, str | None]:
    """Give the text, and in words what was wrong with its encoding, or None.

    `markup.decode` decides, after the Unicode forms that XML allows without a BOM and pages do not use.
    """
    head = body[:512].lstrip(b" \t\r\n")
    codec = next((name for mark, name in _WIDE if head.startswith(mark)), None)
    text = body.decode(codec, "replace") if codec else markup.decode(body, content_type)
    broken = text.count("\ufffd")
    return text, f"{broken} characters are broken in the feed's encoding" if broken else None


# --- what no parser may see -----------------------------------------------------------------------------------------


def guard(text: str, url: str) -> tuple[str, str | None]:
    """Give the text from its first mark on, with what was cut away in words; raises ReadError for what is no feed."""
    text = text.lstrip("\ufeff \t\r\n\x00")
    if not text:
        raise ReadError(url, "the answer is empty where a feed should be")
    problem = None
    if not text.startswith("<"):
        start = _FEED_ROOT.search(text[:20_000])
        if start is None:
            raise ReadError(url, "this is not a feed: neither XML nor a JSON Feed")
        text, problem = text[start.start() :], "text before the XML declaration was left out"
    doctype, at = _prolog(text, url)
    first = re.search(r"<\w", text)
    head = text[: first.start() if first else len(text)]
    if "<!entity" in doctype.lower() or "<!entity" in head.lower():
        raise ReadError(url, "the feed declares XML entities, which Watcher refuses to expand")
    root = _ROOT.match(text, at)
    name = root[1].lower() if root else ""
    if name == "html" or doctype[:40].lower().startswith("<!doctype html"):
        raise ReadError(url, "this is an HTML page where a feed should be")
    if name not in _ROOTS and name != "channel" and not re.search(r"<(?:\w{1,20}:)?(?:item|entry)[\s>]", text):
        raise ReadError(
            url,
            f"this is not a feed: its outermost element is <{name}>"
            if name
            else "this is not a feed: it has no element",
        )
    if name in _ROOTS and not _is_closed(text, at, name):
        raise ReadError(url, f"the feed is cut off: its closing </{name}> is missing")
    return text, problem


def _is_closed(text: str, at: int, name: str) -> bool:
    """Say whether the outermost element, which opens at `at`, ends somewhere, or is empty."""
    if re.search(rf"</(?:[\w.-]{{1,60}}:)?{name}\s*>", text[-2_000:], re.IGNORECASE):
        return True
    if re.match(r"<[^<>]*/>", text[at : at + 5_000]):
        return True
    return re.search(rf"</(?:[\w.-]{{1,60}}:)?{name}\s*>", text, re.IGNORECASE) is not None


def _prolog(text: str, url: str) -> tuple[str, int]:
    """Find the DOCTYPE (or "") and where the outermost element begins."""
    doctype, at = "", 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if text.startswith("<?", at):
            end = _past(text, "?>", at)
        elif text.startswith("<!--", at):
            end = _past(text, "-->", at)
        elif text[at : at + 9].upper() == "<!DOCTYPE":
            end = _doctype_end(text, at)
            doctype += text[at:end]
        else:
            return doctype, at
        if end <= at:
            raise ReadError(url, "the feed is cut off or malformed before its first element")
        at = end


def _past(text: str, mark: str, at: int) -> int:
    """Find where the next mark ends, or 0."""
    found = text.find(mark, at)
    return found + len(mark) if found >= 0 else 0


def _doctype_end(text: str, at: int) -> int:
    depth = 0
    for part in _DOCTYPE_PART.finditer(text, at):
        if part[0] == ">" and depth == 0:
            return part.end()
        depth += {"[": 1, "]": -1}.get(part[0], 0)
    return 0


# --- cutting into entries -------------------------------------------------------------------------------------------


def split(text: str, url: str) -> Split | None:
    """Cut a well-formed feed (or one that simple mending makes so) into its entries; None if it is neither.

    Raises ReadError where the document is nested too deeply or one text of it is larger than 10 MB.
    """
    problem = None
    root = _parse(text, url)
    if root is None:
        mended = _mend(text)
        root = _parse(mended, url) if mended != text else None
        problem = "stray characters, ampersands or HTML entities were mended"
    if root is None or _has_entities(root):
        return None
    if max(len(head.nsmap) for head in (root, *root.iterchildren("{*}channel"))) > MAX_NAMESPACES:
        raise ReadError(url, f"the feed declares more than {MAX_NAMESPACES} XML namespaces")
    entries = _entries(root)
    if entries is None:
        return None
    known: dict[str, etree._Element] = {}
    left_out = entries[MAX_ENTRIES:]
    for entry in entries[:MAX_ENTRIES]:
        _still(entry)
        if known.setdefault(_digest(entry), entry) is not entry:
            left_out.append(entry)
    for entry in left_out:
        _take_out(entry)
    if len(entries) > MAX_ENTRIES:
        problem = f"only the first {MAX_ENTRIES} of {len(entries)} entries were read"
    title, home = _head(root)
    return Split(title, home, tuple(known), problem, _next(root), root, tuple(known.values()))


def _next(root: etree._Element) -> str | None:
    """The feed's own link to the page with older entries (RFC 5005, section 3), as printed."""
    for head in (root, *root.iterchildren("{*}channel")):
        for link in head.iterchildren(*_REPLIES):
            if link.get("rel", "").strip().lower() == "next" and (target := link.get("href")):
                return str(target)
    return None


def _parse(text: str, url: str) -> etree._Element | None:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_comments=True, encoding="utf-8"
    )
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        message = str(error).lower()
        if "depth" in message:
            if len(_UNCLOSED.findall(text)) >= 200:  # unescaped HTML, which only looks nested
                return None
            raise ReadError(url, "the feed's elements are nested too deeply") from error
        if "huge" in message or "too long" in message:
            raise ReadError(url, "one element of the feed holds more than 10 MB") from error
        return None
    except ValueError:
        return None


def _has_entities(root: etree._Element) -> bool:
    return next(root.iter(etree.Entity), None) is not None


def _mend(text: str) -> str:
    """Take out characters that XML forbids, and write HTML's named entities and bare ampersands as XML wants them."""

    def written(match: re.Match[str]) -> str:
        whole, name = match[0], match[1]
        if whole[0] == "<" or name in _XML_NAMES:
            return whole
        meant = html.unescape(whole) if name else "&"
        return "".join(f"&#{ord(char)};" for char in meant) if meant != whole else f"&amp;{whole[1:]}"

    return _AMPERSAND.sub(written, _ILLEGAL.sub("", text))


def _entries(root: etree._Element) -> list[etree._Element] | None:
    """List the entries in order, or None when they stand, or are called, as only the tolerant parser may judge."""
    if _local(root) not in ("rss", "feed", "RDF"):
        return None
    homes = {root, *root.iterchildren("{*}channel")}
    found = []
    for entry in root.iter("{*}item", "{*}entry", "{*}ITEM", "{*}ENTRY"):
        plain, inside = _namespace(entry) in _PLAIN and _local(entry).islower(), entry.getparent() in homes
        if plain != inside:
            return None
        if plain:
            found.append(entry)
    return found


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _namespace(element: etree._Element) -> str:
    tag = str(element.tag)
    return tag[1:].partition("}")[0] if tag[0] == "{" else ""


def _still(entry: etree._Element) -> None:
    """Take out of an entry what counts by itself."""
    for counter in list(entry.iter(*VOLATILE, *_REPLIES)):
        if counter.tag not in _REPLIES:
            _take_out(counter)
            continue
        for name in _NOT_COUNTED:
            if name in counter.attrib:
                del counter.attrib[name]


def _take_out(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _ident(entry: etree._Element) -> Ident:
    """Read what an entry is known by, in one walk over its children."""
    guid, link, title = entry.get(_RDF_ABOUT), None, ""
    dates: dict[str, str] = {}
    for child in entry:
        tag = str(child.tag)
        name = tag.rpartition("}")[2] if not tag.startswith(_DUBLIN) else tag
        if name in ("guid", "id"):
            guid = (child.text or "").strip() or guid
        elif name == "link":
            link = link or _link(child)
        elif name == "title" and not title:
            title = _said(child)
        elif name in _DATES:
            dates.setdefault(name, child.text or "")
    date = next((dates[name] for name in _DATES if name in dates), "")
    return Ident(guid, link, title, date)


def _said(element: etree._Element) -> str:
    """Give an element's text; most have no elements inside."""
    return "".join(map(str, element.itertext())) if len(element) else element.text or ""


def _link(child: etree._Element) -> str | None:
    href = child.get("href")
    if href is None:
        return (child.text or "").strip() or None
    return href.strip() if child.get("rel", "alternate") == "alternate" else None


def _digest(entry: etree._Element) -> str:
    """Digest an entry as exclusive canonical XML: prefixes declared elsewhere and order of attributes do not count."""
    try:
        data = etree.tostring(entry, method="c14n", exclusive=True, with_tail=False)
    except (etree.C14NError, ValueError):  # relative namespace names have no canonical form
        data = etree.tostring(entry, encoding="utf-8", with_tail=False)
    return digest(data.decode("utf-8", "replace"))


def _head(root: etree._Element) -> tuple[str | None, str | None]:
    """Read the feed's own title and the address of its page."""
    head = next(root.iterchildren("{*}channel"), root)
    title = link = None
    for child in head:
        name = _local(child)
        if name == "title" and title is None:
            title = _said(child).strip() or None
        elif name == "link" and link is None:
            link = _link(child)
    return title, link
