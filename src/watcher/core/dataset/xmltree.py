"""XML: a stream of bytes → its records, one by one, in bounded memory; `rows` is a simple XPath.

Of XPath: element names from the root or, with `//`, anywhere: `/sdnList/sdnEntry`, `//sdnEntry`, several with `|`.
Namespaces are passed over. Nothing outside is loaded; a document that declares entities is refused (XML 1.0, 4.2).
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from lxml import etree

from watcher.core.dataset.unpack import Opener
from watcher.core.dataset.values import Fields, canon
from watcher.errors import ReadError

Paths = tuple[tuple[str, ...], ...]  # each from its end inwards is compared; a first step of "" stands for anywhere
_STEPS = re.compile(r"/{0,2}[^/|\s\[\]@()*]+(?:/[^/|\s\[\]@()*]+)*")
_COUNTS = ("record_count", "recordcount", "total_records", "totalrecords")
MOST_DEPTH = 200
_DEEP = 5  # levels at which a list may stand
_ENOUGH = 200_000  # elements that show how a document is made


def parse_path(path: str) -> Paths:
    """The paths of a `rows`. Raises ValueError with the reason."""
    found = []
    for part in path.split("|"):
        text = part.strip()
        if not _STEPS.fullmatch(text):
            raise ValueError(f'"{path[:80]}" is no path that is understood; as in "/list/entry", "//entry"')
        steps = tuple(step.rpartition(":")[2] for step in text.lstrip("/").split("/"))
        found.append(steps if text.startswith("/") and not text.startswith("//") else ("", *steps))
    return tuple(found)


@lru_cache(maxsize=4096)
def _local(tag: Any) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _parse(open_: Opener, url: str) -> Iterator[tuple[str, Any]]:
    """The parser's events. Raises ReadError for what is not well-formed, breaks off, or declares entities."""
    context = etree.iterparse(
        open_(), events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True,
        remove_pis=True,
    )  # fmt: skip
    first = True
    try:
        for event, element in context:
            if first:
                first = False
                dtd = element.getroottree().docinfo.internalDTD
                if dtd is not None and next(iter(dtd.iterentities()), None) is not None:
                    raise ReadError(url, "the XML declares entities of its own, which are not believed")
                if _local(element.tag).lower() == "html":
                    raise ReadError(url, "this is a web page where a list should be")
            yield event, element
    except etree.XMLSyntaxError as error:
        raise ReadError(url, f"the XML breaks off or is malformed: {' '.join(str(error.msg).split())[:160]}") from error


def guess(open_: Opener, url: str) -> str:
    """Find the elements that are the records: the outermost ones that repeat and hold most of the document."""
    path: list[str] = []
    often: Counter[tuple[str, ...]] = Counter()
    held: Counter[tuple[str, ...]] = Counter()
    stack: list[tuple[str, ...]] = []
    total = 0
    for event, element in _parse(open_, url):
        if event == "start":
            path.append(_local(element.tag))
            total += 1
            at = len(path)
            if at <= _DEEP:
                steps = tuple(path)
                often[steps] += 1
                stack[at - 1 :] = [steps]
            for outer in stack[1:at]:
                held[outer] += 1
            if total >= _ENOUGH:
                break
            if len(often) > 5_000 or len(path) > MOST_DEPTH:
                raise ReadError(url, "this XML is no list: name its records with `rows`")
        else:
            path.pop()
            _forget(element)
    for depth in range(2, _DEEP + 1):
        repeated = [steps for steps, count in often.items() if len(steps) == depth and count > 1]
        if repeated and sum(held[steps] for steps in repeated) * 2 > total:
            return " | ".join("/" + "/".join(steps) for steps in repeated[:20])
    return "/" + next(iter(often))[0] if often else "/*"


def _forget(element: Any) -> None:
    """Give back what has been read: the element's content, and the siblings before it."""
    element.clear(keep_tail=False)
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


class Reader:
    """Reads the records at `paths`; `declared` is then the number that the file itself gives, if it gives one."""

    def __init__(self, open_: Opener, paths: Paths, url: str) -> None:
        self._open, self._url = open_, url
        self._paths: dict[str, list[tuple[str, ...]]] = {}
        for steps in paths:
            self._paths.setdefault(steps[-1], []).append(steps)
        self.declared: int | None = None

    def __iter__(self) -> Iterator[Fields]:
        path: list[str] = []
        inside = 0
        for event, element in _parse(self._open, self._url):
            if event == "start":
                name = _local(element.tag)
                path.append(name)
                if not inside and name in self._paths and self._stands(path):
                    inside = len(path)
                if len(path) > MOST_DEPTH:
                    raise ReadError(self._url, f"the XML is nested more than {MOST_DEPTH} deep")
                continue
            if inside == len(path):
                yield record_of(element)
                inside = 0
            if not inside:
                if path and canon(path[-1]) in _COUNTS and (element.text or "").strip().isdecimal():
                    self.declared = int(element.text.strip()[:12])
                _forget(element)
            path.pop()

    def _stands(self, path: list[str]) -> bool:
        return any(
            path[-len(steps) + 1 :] == list(steps[1:]) if steps[0] == "" else path == list(steps)
            for steps in self._paths[path[-1]]
        )


def record_of(element: Any) -> Fields:
    """An element as a record: attributes as `@name`, children by name, repeated ones as lists."""
    value = _value(element)
    return value if isinstance(value, dict) else {"value": value}


def _value(element: Any) -> Any:
    fields: Fields = {f"@{_local(name)}": text for name, text in element.attrib.items() if not _is_schema(name)}
    for child in element:
        if not isinstance(child.tag, str):
            continue  # a reference to an entity, left as it stands
        name, value = _local(child.tag), _value(child)
        if value in ("", {}):
            continue
        if name not in fields:
            fields[name] = value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]
    text = (element.text or "").strip()
    if not fields:
        return text
    if text:
        fields["#text"] = text
    return fields


def _is_schema(name: str) -> bool:
    return name.startswith("{http://www.w3.org/2001/XMLSchema-instance}")
