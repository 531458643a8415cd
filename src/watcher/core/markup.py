"""Bytes to characters, characters to a tree: what every look at a page starts with.

`decode` never raises; `parse` builds selectolax's tree within bounds, whatever the page nests. Encodings are taken as
browsers take them (WHATWG Encoding Standard): gb2312 means gb18030, latin-1 means windows-1252.
"""

import codecs
import re
from collections.abc import Iterator

from charset_normalizer import from_bytes
from selectolax.lexbor import LexborHTMLParser

UNSHOWN = ["script", "style", "noscript", "template", "svg"]  # elements whose text no browser shows
_HEAD = 4096
_SAMPLE = 65_536
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_META = re.compile(rb"""<meta\b[^>]{0,400}?charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_XML = re.compile(rb"""^\s*<\?xml\b[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{2,40})""", re.IGNORECASE)

# label → Python codec. What is not listed here is not believed: Python also has codecs that are no character sets.
_CODECS = {
    "utf8": "utf-8", "utf16": "utf-16-le", "utf16le": "utf-16-le", "utf16be": "utf-16-be", "unicode": "utf-16-le",
    "ascii": "cp1252", "usascii": "cp1252", "latin1": "cp1252", "iso88591": "cp1252", "windows1252": "cp1252",
    "cp1252": "cp1252", "iso885915": "iso8859-15", "latin9": "iso8859-15", "latin2": "iso8859-2",
    "iso88599": "cp1254", "latin5": "cp1254", "gb2312": "gb18030", "gbk": "gb18030", "xgbk": "gb18030",
    "gb18030": "gb18030", "cp936": "gb18030", "hzgb2312": "hz", "big5": "big5hkscs", "big5hkscs": "big5hkscs",
    "cnbig5": "big5hkscs", "xxbig5": "big5hkscs", "shiftjis": "cp932", "sjis": "cp932", "xsjis": "cp932",
    "windows31j": "cp932", "mskanji": "cp932", "cp932": "cp932", "eucjp": "euc_jp", "xeucjp": "euc_jp",
    "iso2022jp": "iso2022_jp", "euckr": "cp949", "ksc56011987": "cp949", "ksc5601": "cp949", "windows949": "cp949",
    "cp949": "cp949", "koi8r": "koi8-r", "koi8": "koi8-r", "koi8u": "koi8-u", "macintosh": "mac_roman",
    "xmacroman": "mac_roman", "xmaccyrillic": "mac_cyrillic", "ibm866": "cp866", "cp866": "cp866",
    "tis620": "cp874", "windows874": "cp874", "iso885911": "cp874",
    **{f"windows{n}": f"cp{n}" for n in (1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258)},
    **{f"cp{n}": f"cp{n}" for n in (1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258)},
    **{f"iso8859{n}": f"iso8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 16)},
}  # fmt: skip
_MULTIBYTE = {"utf-16-le", "utf-16-be", "gb18030", "big5hkscs", "cp932", "euc_jp", "cp949"}
_ESCAPED = {"iso2022_jp", "hz", "utf-16-le", "utf-16-be"}  # valid UTF-8 proves nothing here
_BY_CHANCE = 24  # bytes of a short text in two-byte characters that may happen to be valid UTF-8


def _codec(label: bytes | str) -> str | None:
    name = label.decode("ascii", "replace") if isinstance(label, bytes) else label
    return _CODECS.get(re.sub(r"[^a-z0-9]", "", name.lower()))


def _declared(body: bytes, content_type: str | None) -> Iterator[str]:
    """The encodings that header, meta and XML declaration name, the strongest first."""
    if content_type and (found := _CHARSET.search(content_type.encode("utf-8", "replace"))):
        yield from filter(None, [_codec(found[1])])
    head = body[:_HEAD]
    for pattern in (_XML, _META):
        if found := pattern.search(head):
            codec = _codec(found[1])
            # a declaration that could be read as ASCII is not in UTF-16, whatever it says
            if codec:
                yield "utf-8" if codec.startswith("utf-16") else codec


def _strict(body: bytes, codec: str) -> str | None:
    try:
        return body.decode(codec)
    except (UnicodeDecodeError, UnicodeError):
        return None


def decode(body: bytes, content_type: str | None) -> str:
    """Turn a body into characters: by BOM, header, XML declaration or meta, else by what it looks like. Never raises.

    Bytes that are valid UTF-8 and not plain ASCII are read as UTF-8 even where another encoding is declared: such a
    label is a server's default or a converter's leftover far more often than the truth.
    """
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace")
    declared = list(_declared(body, content_type))
    if not declared or declared[0] not in _ESCAPED:
        text = _strict(body, "utf-8")
        if text is not None and (not declared or declared[0] not in _MULTIBYTE or len(body) - len(text) > _BY_CHANCE):
            return text
    if declared and declared[0] == "utf-8":
        text = body.decode("utf-8", "replace")
        if _mostly_sound(text):
            return text
    for codec in declared:
        text = _strict(body, codec)
        if text is not None:
            return text
    sure = [codec for codec in declared if codec != "utf-8"]  # that it is no UTF-8 is known by now
    return body.decode(sure[0] if sure else _detected(body), "replace")


def _mostly_sound(text: str) -> bool:
    """Say whether a text read as UTF-8 is UTF-8 with some damage: few broken characters, or most others sound."""
    broken = text.count("\ufffd")
    return broken * 1000 <= len(text) or broken * 2 <= sum(not character.isascii() for character in text)


def _detected(body: bytes) -> str:
    best = from_bytes(body[:_SAMPLE], steps=4, chunk_size=512).best()
    return (_codec(best.encoding) if best else None) or "cp1252"


# --- the tree -------------------------------------------------------------------------------------------------------

_MANY_TAGS = 2000  # below this number, no nesting can cost more than a few milliseconds
_DEEPEST = 3000
_OPEN_FORMATTING = 300
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
# the parser keeps three equal formatting elements at most, so only those with attributes can pile up
_FORMATTING = re.compile(r"<(?:font|[bisu]|em|strong|code|big|small|strike|tt|nobr)[\s/]", re.IGNORECASE)
_FORMATTING_TAG = re.compile(r"</?(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)\b[^>]*>", re.IGNORECASE)
_FORMATTING_ANY = re.compile(r"<(/?)(font|[bisu]|em|strong|code|big|small|strike|tt|nobr)(?=[\s/>])", re.IGNORECASE)
_VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "p",
        "li",
    ]
)
_ANY_TAG = re.compile(r"<[^>]*>")


def parse(html: str | bytes) -> LexborHTMLParser:
    """Build the tree of a page (WHATWG HTML, section 13.2) in time linear to its size; never raises.

    The standard's algorithm is quadratic in depth and in formatting elements left open, and a hostile page can make
    a gigabyte of a hundred kilobytes: such pages lose their formatting tags, or all tags, before they are parsed.
    """
    text = html.decode("utf-8", "replace") if isinstance(html, bytes) else html
    if text.count("<") > _MANY_TAGS:
        text = _tamed(text)
    return LexborHTMLParser(text.encode("utf-8", "replace"))


def _tamed(text: str) -> str:
    if len(_FORMATTING.findall(text)) > _OPEN_FORMATTING and _left_open(text) > _OPEN_FORMATTING:
        text = _FORMATTING_TAG.sub("", text)
    if text.count("<") > 2 * _DEEPEST and _depth(text) > _DEEPEST:
        text = _ANY_TAG.sub(lambda tag: "<p>" if tag[0][:2] in ("<p", "<P", "<d", "<D", "<b", "<B") else " ", text)
    return text


def _left_open(text: str) -> int:
    most, counts = 0, dict[str, int]()
    for closing, name in _FORMATTING_ANY.findall(text):
        tag = name.lower()
        counts[tag] = max(0, counts.get(tag, 0) + (-1 if closing else 1))
        most = max(most, counts[tag])
    return most


def _depth(text: str) -> int:
    deepest = depth = 0
    for closing, name in _TAG.findall(text):
        if name.lower() in _VOID:
            continue
        depth = max(0, depth - 1) if closing else depth + 1
        deepest = max(deepest, depth)
    return deepest
