"""A label at the start of a line: "Update 5 (05/12/2021 @6:16 AM ET): text", in any language of the tables.

`read` takes the label, its number, its time and the delimiter off the line and says what is left.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from watcher.core import when
from watcher.core.labels import LABELS, Label
from watcher.core.notes import sentences, words
from watcher.core.when import Look
from watcher.model import Moment, NoteKind

_OPEN, _CLOSE = "([（【［〔「《", ")]）】］〕」》"
_START = re.compile(r"[\s•·*▶►■●◆★☆※▪‣>|_~✱⚠️+＋\-–—]{0,8}(?P<open>[\[(【〔［（]?)\s?")
_DIGITS = r"\d{1,3}(?!\d|[.,:/]\d|\s?[ap]\.?\s?m\b|\s?[hH]\d|\s?[時时点點시年月日년월일%]|\s?Uhr)"
_NUMBER = re.compile(
    rf"[\s　]?(?:[#＃№]\s?|(?:no|nr|n|núm|num)[.°º]{{0,2}}\s?(?=\d)|第)?(?P<n>{_DIGITS})[번호号報报]?"
    rf"(?:\s?(?:[-–—]|to|through|bis|à|a|al|e|y|et|and|und|og|och|en|&)\s?(?P<m>{_DIGITS}))?",
    re.IGNORECASE,
)
_CJK_NUMBER = re.compile(
    rf"\s?(?:之|第)?(?P<n>{'|'.join(sorted(words.CJK_NUMBERS, key=len, reverse=True))})(?=\s?[(（:：】])"
)
_ROMAN = re.compile(r"\s(?P<r>[IVX]{1,4})(?=\s?[:.(\[—–-]|$)")
_WORD_NUMBER = re.compile(rf"\s(?P<w>{'|'.join(words.NUMBER_WORDS)})(?=\s?[:(,—–-]|$)", re.IGNORECASE)
_ORDINAL_BEHIND = re.compile(rf"\s(?P<w>{'|'.join(words.ORDINALS_BEHIND)})(?=\s?[:(،—–-]|$)")
_PLURAL = re.compile(
    r"updates|aktualisierungen|mises à jour|actualizaciones|aggiornamenti|atualizações|oppdateringer", re.I
)
_BEFORE = re.compile(
    r"(?:(?P<n>\d{1,2})(?:st|nd|rd|th|er|re|e|ème|[.º°ª]|:a|:e)\s?|(?P<k>\d{1,2})차\s?|第(?P<c>\d{1,2})[次回]\s?|"
    + "|".join(
        f"(?P<o{n}>"
        + "|".join(word.replace("_", " ?") for word in sorted(line.split(), key=len, reverse=True))
        + r")\s?"
        for n, line in enumerate(words.ORDINALS, 1)
    )
    + ")",
    re.IGNORECASE,
)
_LABELS = sorted(
    ((word, label) for label in LABELS for word in label.words), key=lambda item: len(item[0]), reverse=True
)
_END = rf"(?:(?![^\W\d_])|(?=[{''.join(words.CJK_NUMBERS[:10])}]{{1,2}}\s?[(（:：】]))"
_ANY = re.compile("(?:" + "|".join(word for word, _label in _LABELS) + "|" + _PLURAL.pattern + ")" + _END)
_LABEL = re.compile(
    "(?:" + "|".join(f"(?P<l{i}>{word})" for i, (word, _label) in enumerate(_LABELS))
    + "|(?P<plural>" + _PLURAL.pattern + "))" + _END
)  # fmt: skip
_DOTTED = re.compile(r"(?P<h>[01]\d|2[0-3])[.](?P<m>[0-5]\d)(?=\s?[:：)\]|–—])")
_SLASHED = re.compile(r"\d{1,2}/\d{1,2}(?=\s?[:：)\]])")
_BETWEEN = re.compile(
    rf"(?:{'|'.join(sorted(words.BETWEEN, key=len, reverse=True))})(?=[\s\d（(:,])[:]?", re.IGNORECASE
)
_CONNECT = re.compile(
    r"(?:with|to|after|by|following|because|mit|um|avec|pour|con|para|per|com|met|med|för att|za|ile)\s", re.I
)
_DENY = re.compile(words.NOT_A_NOTE, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Lead:
    """What stands at the start of a line: `rest` is the line without it; `marked`: a delimiter ended the label."""

    kind: NoteKind
    form: str
    number: int | None
    last: int | None
    moment: Moment | None
    rest: str
    marked: bool
    bracket: bool
    relative: bool = False
    loud: bool = False  # in capitals


def _roman(text: str) -> int | None:
    values = {"I": 1, "V": 5, "X": 10}
    total = 0
    for here, after in zip(text, (*text[1:], ""), strict=True):
        total += -values[here] if after and values[after] > values[here] else values[here]
    return total if 0 < total < 40 else None


def _capital(text: str) -> bool:
    return not text[:1].islower()


def _folded(text: str) -> str:
    """The text in small letters, character for character."""
    low = text.replace("İ", "i").lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _label(low: str, at: int) -> tuple[Label, re.Match[str]] | None:
    found = _LABEL.match(low, at) if _ANY.match(low, at) else None
    if not found:
        return None
    if found["plural"]:
        return Label("update", "noun", ()), found
    return _LABELS[int((found.lastgroup or "l0")[1:])][1], found


def _ordinal(low: str, at: int) -> tuple[int | None, int]:
    """A number before the label ("Second update", "2. Update")."""
    found = _BEFORE.match(low, at)
    if not found or not _ANY.match(low, found.end()):
        return None, at
    digits = found["n"] or found["k"] or found["c"]
    number = int(digits) if digits else next(n for n in range(1, 11) if found[f"o{n}"])
    return number, found.end()


def _before_date(text: str, at: int, end: int, look: Look) -> bool:
    """Whether a number that reads as a day is none, since a longer date follows it: "Update 2 March 12, 2026"."""
    digits = re.match(r"\d{1,2} (?=[^\W\d_])", text[at:])
    longer = when.match(text, look, at + digits.end()) if digits else None
    return longer is not None and longer.end > end


def _number(text: str, at: int, look: Look) -> tuple[int | None, int | None, int]:
    """A number behind the label: (first, last of a range, where it ends)."""
    space = at + (len(text[at:]) - len(text[at:].lstrip()))
    dated = when.match(text, look, space)
    if dated and not _before_date(text, space, dated.end, look):
        return None, None, at
    found = _CJK_NUMBER.match(text, at)
    if found:
        return words.CJK_NUMBERS.index(found["n"]) + 1, None, found.end()
    found = _NUMBER.match(text, at)
    if found:
        if found["m"] and when.match(text, look, found.start("m")):
            return int(found["n"]), None, found.end("n")  # no range, but a date: "Update 2 – 12 March"
        last = int(found["m"]) if found["m"] and int(found["m"]) > int(found["n"]) else None
        return int(found["n"]), last, found.end()
    roman = _ROMAN.match(text, at)
    if roman and (value := _roman(roman["r"])):
        return value, None, roman.end()
    word = _WORD_NUMBER.match(text, at)
    if word:
        return words.NUMBER_WORDS.index(word["w"].lower()) + 1, None, word.end()
    word = _ORDINAL_BEHIND.match(text, at)
    if word:
        return words.ORDINALS_BEHIND.index(word["w"]) + 1, None, word.end()
    return None, None, at


@dataclass(slots=True)
class _Tail:
    """What follows a label, while it is read."""

    at: int
    moment: Moment | None = None
    relative: bool = False
    marked: bool = False
    loose: bool = False  # a word in between waits for a time
    closed: bool = False  # only a closing bracket ended the label
    depth: int = 0


def _stamp(text: str, look: Look, tail: _Tail) -> bool:
    if tail.moment is not None:
        return False
    found = when.match(text, look, tail.at)
    if not found:
        return _dotted_clock(text, look, tail)
    tail.moment, tail.at, tail.relative, tail.loose = found.moment, found.end, found.relative, False
    return True


def _dotted_clock(text: str, look: Look, tail: _Tail) -> bool:
    """A time that only a label vouches for: "17.30:", which is no version but in English, and "9/11:"."""
    dotted = _DOTTED.match(text, tail.at) if not (look.locale or "en").lower().startswith("en") else None
    found = dotted or _SLASHED.match(text, tail.at)
    if found is None:
        return False
    seen = when.match(f"{found['h']}:{found['m']}" if dotted else f"{found[0]} 00:00", look)
    if seen is None:
        return False
    moment = replace(seen.moment, printed=found[0])
    if not dotted:
        day = moment.at.astimezone(ZoneInfo(look.timezone)).date()
        moment = Moment(datetime(day.year, day.month, day.day, tzinfo=UTC), date_only=True, printed=found[0])
    tail.moment, tail.at, tail.loose = moment, found.end(), False
    return True


def _late_stamp(text: str, look: Look, tail: _Tail) -> None:
    """A time behind the delimiter ("UPDATE: April 18, 2023. Text"), only where it stands apart from the text."""
    at = tail.at
    while at < len(text) and text[at] in " [(（*_":
        at += 1
    found = when.match(text, look, at) if tail.moment is None else None
    if not found:
        return
    behind = text[found.end :].lstrip()
    apart = (
        not behind
        or behind[0] in ".:：—–-)]）】|"
        or (not found.moment.date_only and behind[0] in ",，、،")
        or (not found.moment.date_only and _capital(behind) and behind[0].isalpha())
        or (not found.moment.date_only and _CONNECT.match(behind) is not None)
    )
    if apart:
        tail.moment, tail.relative = found.moment, found.relative
        tail.at = found.end + (len(text[found.end :]) - len(behind))
        while tail.at < len(text) and text[tail.at] in ".:：—–-)]）】| *_,，、،":
            tail.at += 1


def _tail(text: str, at: int, look: Look, opened: bool, *, marked: bool = False, editor: bool = False) -> _Tail:
    """Read the time and the delimiter behind a label and its number."""
    tail = _Tail(at, depth=1 if opened else 0, marked=marked)
    for _ in range(14):
        if tail.at >= len(text):
            break
        char = text[tail.at]
        if char in " ,;|·•・/*_@\u3000、，،؛":
            tail.at += 1
        elif _stamp(text, look, tail):
            continue
        elif char in _OPEN:
            tail.depth += 1
            tail.at += 1
        elif char in _CLOSE:
            tail.depth -= 1
            tail.at += 1
            tail.closed = tail.closed or not tail.marked
            tail.marked = True
            if tail.depth < 0:
                break
        elif char in ":：" or (char in "–—-" and (text[tail.at + 1 : tail.at + 2] in {"", " "} or char == "—")):
            tail.at += 1
            tail.marked, tail.closed = True, False
            _late_stamp(text, look, tail)
            break
        elif text.startswith("++", tail.at) and text[:2] == "++":
            tail.at = len(text) - len(text[tail.at :].lstrip("+"))
            tail.marked = True
            break
        elif char == "." and (tail.moment is not None or (editor and text[tail.at + 1 : tail.at + 2] == " ")):
            tail.at += 1
            tail.marked = True
            break
        elif not tail.marked and tail.moment is None and (word := _BETWEEN.match(text, tail.at)):
            tail.at, tail.loose = word.end(), True
        else:
            break
    return tail


def read(text: str, look: Look) -> Lead | None:
    """The label at the start of a line with all that belongs to it, or None where the line is plain text."""
    head = text[:600]
    start = _START.match(head)
    at = start.end() if start else 0
    opened = bool(start and start["open"])
    low = _folded(head)
    number, label_at = _ordinal(low, at)
    named = _label(low, label_at)
    early: Moment | None = None
    since = False
    if not named:
        early, since, label_at = _early_stamp(head, at, look)
        named = _label(low, label_at) if early else None
    if not named or not (_capital(head[label_at if early else at :]) or opened or (early and named[0].form == "past")):
        return None
    label, found = named
    last, end = None, found.end()
    if number is None and label.form != "editor":
        number, last, end = _number(head, end, look)
    if found["plural"] and last is None:
        return None
    clause = number is not None and head[at : at + 1].isdigit()  # "11. Widerruf" is a clause of a contract
    if clause and label.kind != "update":
        return None
    dotted = found[0].endswith(".") and label.form == "noun" and end == found.end()  # "P.S. ...", "UPD. ..."
    if not dotted and _admitted(label, head, end):
        dotted, end = True, end + 1
    piped = early is not None and head[end:].lstrip()[:1] in ("|", "｜")  # "12 March | Update | text"
    tail = _tail(head, end, look, opened, marked=dotted or piped, editor=label.form == "editor")
    if early and (tail.moment or not tail.marked):
        return None
    tail.relative = tail.relative or (early is not None and since)
    if label.form == "editor" and opened and not tail.marked:
        _inside(head, look, tail)
    rest = _rest(text[tail.at :], ticker=head[:at].count("+") >= 2, opened=opened and tail.depth > 0)
    if label.form == "dated" and not (tail.moment and tail.marked and rest and not tail.relative):
        return None
    form = "past" if label.form == "dated" else label.form
    lead = Lead(
        label.kind, form, number, last, tail.moment or early, rest, tail.marked, opened, tail.relative,
        head[found.start() : found.end()].isupper() and len(found[0]) > 2,
    )  # fmt: skip
    if clause and not (tail.marked or tail.moment):
        return None
    if tail.closed and not opened and number is not None and rest[:1].islower():
        return None  # the subject of a sentence: "Update 2 (May 5) broke printing"
    return lead if not (tail.loose and tail.moment is None) and _sound(lead) else None


def _rest(text: str, *, ticker: bool, opened: bool) -> str:
    """The text behind a label, without what closes a ticker's line or an open bracket."""
    rest = text.lstrip(" *_:：").strip()
    rest = rest.rstrip("+ ") if ticker else rest
    return rest[:-1].rstrip() if opened and rest and rest[-1] in _CLOSE else rest


def _admitted(label: Label, text: str, end: int) -> bool:
    """Whether a full stop ends a label whose text owns up to a mistake ("Rectification. Nous avions ...")."""
    behind = text[end + 2 :]
    stopped = text[end : end + 2] == ". " and label.form == "noun" and label.kind != "update"
    return stopped and (sentences.earlier(behind) or sentences.admits(behind))


def _early_stamp(text: str, at: int, look: Look) -> tuple[Moment | None, bool, int]:
    """A time before the label, and whether it is relative ("May 12, 4:10 p.m. Update: ...", "2時間前に更新：...")."""
    found = when.match(text, look, at)
    if not found:
        return None, False, at
    end = found.end
    while end < len(text) and text[end] in " ,:|–—-にの)）]":
        end += 1
    return found.moment, found.relative, end


def _inside(text: str, look: Look, tail: _Tail) -> None:
    """The rest of a bracketed editor's label ("【編集部注・2026年3月更新】"), up to the bracket's end."""
    end = min((at for close in _CLOSE if 0 <= (at := text.find(close, tail.at)) < tail.at + 40), default=-1)
    if end >= 0:
        found = when.find(text[:end], look, tail.at)
        tail.moment, tail.at, tail.marked = found.moment if found else None, end + 1, True


def _sound(lead: Lead) -> bool:
    """Whether a label reads as one: delimited, or with a time and then a new sentence."""
    if lead.rest and _DENY.search(lead.rest[:300]) and not (lead.number is not None and lead.moment):
        return False
    if lead.form == "editor":
        return lead.marked and bool(lead.rest or lead.moment)
    if lead.relative and not lead.rest:
        return False
    if lead.marked:
        return True
    if not lead.rest:
        return lead.moment is not None or lead.form == "noun"
    if lead.moment is None:
        return False
    return (
        bool(_CONNECT.match(lead.rest))
        or (_capital(lead.rest) and lead.rest[0].isalnum())
        or lead.rest[0] in "“\"‘'«„「"
    )


def without_connector(text: str) -> str:
    """The text behind "with", "to", ..., as in "Updated at 3 p.m. with a response"."""
    found = _CONNECT.match(text)
    return text[found.end() :] if found else text
