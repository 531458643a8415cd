"""Notes written for machines: `liveBlogUpdate` and `correction` of schema.org (JSON-LD)."""

import html
import re
from collections.abc import Iterator

from watcher.core import when
from watcher.core.furniture import normalise
from watcher.core.notes import sentences
from watcher.core.when import Look
from watcher.model import Moment, Note

_SCRIPT = re.compile(r"<(script|style)\b.*?</\1>", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"<br\b[^<>]*>|</?(?:p|div|li|ul|ol|h[1-6]|blockquote|tr|figure)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z!][^<>]*>", re.IGNORECASE)
_DEPTH, _MOST = 8, 500


def from_json_ld(data: object, look: Look) -> tuple[Note, ...]:
    """Every live post and correction in a JSON-LD document of any nesting (schema.org/liveBlogUpdate, /correction)."""
    out: list[Note] = []
    for item in _objects(data, 0):
        for post in _listed(item.get("liveBlogUpdate")):
            if isinstance(post, dict):
                out.append(_post(post, look))
        for correction in _listed(item.get("correction")):
            note = _correction(correction, look)
            if note:
                out.append(note)
        if len(out) >= _MOST:
            break
    return tuple(dict.fromkeys(out))[:_MOST]


def _objects(data: object, depth: int) -> Iterator[dict[str, object]]:
    if depth > _DEPTH:
        return
    if isinstance(data, list):
        for item in data:
            yield from _objects(item, depth + 1)
    elif isinstance(data, dict):
        yield data
        for key, value in data.items():
            if key not in {"liveBlogUpdate", "correction"} and isinstance(value, dict | list):
                yield from _objects(value, depth + 1)


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _text(value: object) -> str | None:
    """A text without the mark-up that some put into it; its paragraphs are parted by one line feed."""
    if not isinstance(value, str):
        return None
    plain = value[:20_000]
    if "<" in plain or "&" in plain:
        plain = html.unescape(_TAG.sub("", _BREAK.sub("\n", _SCRIPT.sub("", plain))))
    return "\n".join(filter(None, map(normalise, plain.split("\n")))) or None


def _time(item: dict[str, object], look: Look) -> Moment | None:
    for key in ("datePublished", "dateCreated", "dateModified", "uploadDate"):
        value = item.get(key)
        if isinstance(value, str) and (moment := when.parse_machine(value) or when.parse(value[:80], look)):
            return moment
    return None


def _post(post: dict[str, object], look: Look) -> Note:
    url = post.get("url")
    return Note(
        None,
        "live-post",
        _time(post, look),
        _text(post.get("headline")) or _text(post.get("name")),
        text=_text(post.get("articleBody")) or _text(post.get("text")) or _text(post.get("description")),
        links=(url,) if isinstance(url, str) else (),
        location="metadata",
    )


def _correction(value: object, look: Look) -> Note | None:
    if isinstance(value, str):
        text, moment = _text(value), None
    elif isinstance(value, dict):
        text = _text(value.get("text")) or _text(value.get("description")) or _text(value.get("headline"))
        moment = _time(value, look)
    else:
        return None
    if not text or text.startswith(("http://", "https://")):
        return None
    kind = sentences.kind_of(text, "correction")
    return Note(None, kind, moment, None, text, location="metadata")
