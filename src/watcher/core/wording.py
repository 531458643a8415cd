"""Short words for changes: what happened, its gist, and one safe line of text.

Works on changes in their JSON shape (core/shape.py), so that an alert written long ago reads the same today. All text
comes from outside: lines made here hold no line breaks, controls or direction overrides, and are cut at a word.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]

_NOTES = {
    "update": "Update",
    "correction": "Correction",
    "clarification": "Clarification",
    "retraction": "Retraction",
    "amendment": "Amendment",
    "writethru": "Write-thru",
    "docket-entry": "Docket entry",
    "live-post": "Live post",
}
_EVENTS = {
    "entry.new": "New",
    "entry.changed": "Changed",
    "entry.removed": "Removed",
    "record.added": "Added",
    "record.removed": "Removed",
    "record.changed": "Changed",
    "title.changed": "Headline",
    "text.changed": "Changed",
    "text.restored": "Restored",
    "links.changed": "Links changed",
    "media.changed": "Media changed",
    "meta.changed": "Details changed",
    "page.gone": "Page gone",
    "page.moved": "Page moved",
    "page.walled": "Page behind a wall",
    "page.returned": "Page is back",
    "source.gap": "Gap",
    "source.started": "Watching",
    "source.failing": "Failing",
    "source.recovered": "Recovered",
    "source.stale": "Stale",
    "channel.disabled": "Channel disabled",
    "watcher.degraded": "Watcher degraded",
    "watcher.recovered": "Watcher recovered",
}
_PREFIXES = {"update.edited": "Edited: ", "update.withdrawn": "Withdrawn: ", "update.renumbered": "Renumbered: "}
# Unicode TR 36: embeddings, overrides and isolates can make a line read as what it is not. Marks (LRM, RLM) stay.
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SPACELESS = r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
_FIRST_WORD = re.compile(rf"[^\S\n]*(?:{_SPACELESS}{{1,2}}|[^\s]{{1,24}}(?!\S))")
_LAST_WORD = re.compile(rf"(?:{_SPACELESS}{{1,2}}|(?<!\S)[^\s]{{1,24}})[^\S\n]*$")
# Words whose coming or going turns a sentence round: the edit to show first, before numbers.
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|cannot|nicht|kein\w*|nie|pas|jamais|aucune?|nunca|ning[uú]n\w*|não|nem|non|mai|не|нет|ни)\b"
    r"|n['’]t\b|(?:^|\s)(?:لم|لا|لن|ليس\w*|غير)(?:\s|$)|[未不没沒非無无]|ない|않|없",
    re.IGNORECASE,
)


_FILED = re.compile(r"\[[^\[\]\n]{2,120}\](?: \(\d{1,5}\))?")  # what a court's feed says beside the case's name


def clean(text: str) -> str:
    """Return `text` without controls (line feeds and tabs stay), direction overrides and lone surrogates."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return "".join(char for char in text if char in "\n\t" or not _unsafe(char))


def one_line(text: str, limit: int = 1000) -> str:
    """Return `text` as one clean line of at most `limit` characters, cut at a word and ended with `…`."""
    return cut(" ".join(clean(text[: 4 * limit + 200]).split()), limit)


def cut(text: str, limit: int) -> str:
    """Shorten `text` to at most `limit` characters, at a word where one ends in its last third, and end it with `…`."""
    if len(text) <= limit:
        return text
    head = text[: max(0, limit - 1)]
    space = head.rfind(" ")
    if space > 2 * limit // 3:
        head = head[:space]
    while head and (unicodedata.combining(head[-1]) or head[-1] in "\u200d\ufe0f"):
        head = head[:-1]  # never end inside a joined emoji or before its marks
    return head.rstrip(" ,;:–—-·") + "…"


_DISAGREES = {"missing": "Missing", "removed": "Still shown", "differs": "Said otherwise"}


def what(change: Json) -> str:
    """Name what happened, in the words that open a subject: `Update 5`, `Silent edit`, `New`."""
    event = str(change.get("event", ""))
    if event.startswith("update."):
        return _PREFIXES.get(event, "") + note_name(change.get("update") or {}, change.get("old_sequence"))
    if unlike := change.get("disagrees"):
        return _DISAGREES.get(str(unlike.get("what")), "Disagrees")
    if event == "record.changed" and (change.get("record") or {}).get("renamed"):
        return "Renamed"
    if change.get("silent") and event in ("text.changed", "entry.changed", "title.changed"):
        return "Silent edit" if event != "title.changed" else "Headline"
    return _EVENTS.get(event, event)


def note_name(note: Json, old_sequence: int | None = None) -> str:
    """Name a note: `Update 5`, `Updates 2–4`, `Correction`; renumbered, `Update 3 → Update 4`."""
    word = _NOTES.get(str(note.get("kind")), "Update")
    sequence, last = note.get("sequence"), note.get("last_sequence")
    if sequence is None:
        return word
    if last is not None and last != sequence:
        return f"{word}s {sequence}–{last}"
    name = f"{word} {sequence}"
    return f"{word} {old_sequence} → {name}" if old_sequence is not None else name


def gist(change: Json) -> str:
    """Say in a line what a change is about; empty where nothing was said."""
    event = str(change.get("event", ""))
    if event.startswith("update."):
        note = change.get("update") or {}
        said = change.get("mark") or note.get("heading") or note.get("summary") or note.get("text") or ""
        return one_line(said, 300)
    if event.startswith("record."):
        return record_gist(change.get("record") or {}) or one_line(change["document"]["title"], 300)
    title = (change.get("entry") or {}).get("title") or change["document"]["title"] or change["document"]["url"]
    edit = words_gist(change.get("words") or ())
    if event == "title.changed":
        return edit_of_title(change) or edit or one_line(title, 300)
    if event in ("text.changed", "text.restored"):
        return edit or one_line(title, 300)
    if event == "entry.changed" and edit:
        return f"{edit} · {one_line(title, 300)}"
    if filed := _FILED.fullmatch(str((change.get("entry") or {}).get("summary") or "")):
        return f"{one_line(filed[0], 150)} · {one_line(title, 300)}"
    return one_line(title, 300)


def record_gist(record: Json) -> str:
    """Name a record; a renamed one by both names, a changed one with the field when it is the only one."""
    if renamed := record.get("renamed"):
        return f"{quoted(one_line(renamed['before'], 120))} → {quoted(one_line(renamed['after'], 120))}"
    name = one_line(record.get("title") or ", ".join((record.get("key") or {}).values()), 200)
    edits = [(field, pair) for field, pair in (record.get("fields") or {}).items() if isinstance(pair, dict)]
    if len(edits) != 1:
        return name
    field, pair = edits[0]
    before, after = one_line(pair.get("before") or "", 60), one_line(pair.get("after") or "", 60)
    said = (
        f"{quoted(before)} → {quoted(after)}"
        if before and after
        else quoted(after)
        if after
        else f"no longer {quoted(before)}"
    )
    return f"{name} · {one_line(field, 60)}: {said}"


def edit_of_title(change: Json) -> str:
    """Return both headlines, `"old" → "new"`, read from the words of a changed title."""
    words = change.get("words") or ()
    before = one_line("".join(text for op, text in words if op != "+"), 90)
    after = one_line("".join(text for op, text in words if op != "-"), 90)
    return f"{quoted(before)} → {quoted(after)}" if before and after else ""


def words_gist(words: Sequence[Sequence[str]]) -> str:
    """Return the most telling edit of a word diff: `"did not" → "did"`, `added "…"`, `removed "…"`, or nothing."""
    best: tuple[int, str] = (-1, "")
    done = 0
    for index, (op, _) in enumerate(words):
        if op == "=" or index < done:
            continue
        end = index
        while end < len(words) and (words[end][0] != "=" or _is_replaced(words, index, end)):
            end += 1
        done = end
        gone = "".join(text for kind, text in words[index:end] if kind == "-")[:400]
        come = "".join(text for kind, text in words[index:end] if kind == "+")[:400]
        before = words[index - 1][1] if index else ""
        after = words[end][1] if end < len(words) else ""
        both = gone + come
        telling = 2 * bool(_NEGATION.search(both)) + any(map(str.isdigit, both))
        weight = any(map(str.isalnum, both)) + telling
        if weight > best[0] and both.strip():
            best = (weight, _edit(gone, come, before, after))
    return best[1]


def _is_replaced(words: Sequence[Sequence[str]], begin: int, at: int) -> bool:
    """Say whether a line's end stands between one whole line that went and another that came in its place."""
    if at != begin + 1 or at + 1 >= len(words) or tuple(words[at]) != ("=", "\n"):
        return False
    first = begin == 0 or words[begin - 1][1].endswith("\n")
    last = at + 2 >= len(words) or words[at + 2][1].startswith("\n")
    return first and last and (words[begin][0], words[at + 1][0]) == ("-", "+")


def quoted(text: str) -> str:
    return f'"{text}"'


def _edit(gone: str, come: str, before: str, after: str) -> str:
    """Write one edit; what is short or stands alone brings the word beside it, so that it can be understood."""
    old, new = one_line(gone, 90), one_line(come, 90)
    if old and new and (max(len(old), len(new)) > 4 or not (old + new).isascii()):
        return f"{quoted(old)} → {quoted(new)}"
    left, right = _LAST_WORD.search(before[-60:]), _FIRST_WORD.match(after[:60])
    if not (old and new) and (len(old + new) > 40 or not (left or right)):
        return f"{'removed' if old else 'added'} {quoted(old or new)}"
    if right and ((old and new) or not left):
        gone, come = gone + right[0], come + right[0]
    elif left:
        gone, come = left[0] + gone, left[0] + come
    return f"{quoted(one_line(gone, 90))} → {quoted(one_line(come, 90))}"


def _unsafe(char: str) -> bool:
    return char in _OVERRIDES or unicodedata.category(char) in ("Cc", "Cs")
