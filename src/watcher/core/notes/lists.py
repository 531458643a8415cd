"""Notes that come in lists: change notes of a page, docket entries, posts of a live blog."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from watcher.core import when
from watcher.core.notes import lead, sentences, words
from watcher.core.notes.page import (
    HEADINGS,
    PageView,
    clean,
    is_elsewhere,
    is_end,
    is_first_published,
    level,
    machine_time,
)
from watcher.core.when import Look
from watcher.model import Block, Moment, Note, NoteKind

_LIST = re.compile(rf"(?:{words.CHANGE_LISTS})\s*(?:[(（]\d+[)）])?\s*[:：]?$", re.IGNORECASE)
_LIVE = re.compile(words.LIVE, re.IGNORECASE)
_ITEM = re.compile(
    r"[\s•·*–—>|-]{0,4}(?:(?:v(?:er(?:sion)?)?\.?\s?|(?P<sign>[#№]|(?:no|nr|"
    r"n)[.°º])\s?)?(?P<n>\d{1,3})(?P<sub>(?:\.\d+)*)\s?[|:.)–—-](?!\d)\s?)?[\[(（【]?"
)
_AFTER = re.compile(r"[\s\])）】]*(?:[|:：–—·,.-]\s*)?")
_CORRECTED = re.compile(
    r"(?:correct(?:ed|ion)|korrig|korrektur|corrig|correg|rettific|correzione|correç|gecorrigeerd|rättat|rettet|"
    r"исправл|訂正|更正|정정)",
    re.IGNORECASE,
)
_ENTRY = re.compile(
    r"(?:docket (?:entry|no\.?|number|item)|ECF(?: no\.?)?|dkt\.?(?: no\.?)?|D\.?E\.?|doc(?:ument)?\.? no\.?|"
    r"entry(?: no\.?)?)\s?#?\s?(?P<n>\d{1,5})\b"
    r"\s*(?P<rest>.*)$", re.IGNORECASE | re.DOTALL,
)  # fmt: skip
_COURT = re.compile(
    r"\bdocket|\bECF\b|\bv(?:s)?\. |\bcase no|\bin re\b|\d:\d\d-(?:cv|cr|md|mc|bk|mj|ap)-\d+|\bproceedings\b|"
    r"\bdate filed\b",
    re.IGNORECASE,
)
_VERSUS = re.compile(r"\bv(?:s)?\. [A-Z]|\d{2}-[a-z]{2}-\d{3}")
_FILED = re.compile(r"\(?\s?(?:Filed|Entered|Date filed|Dated?)(?: on)?:?\s", re.IGNORECASE)
_DOTTED = re.compile(r"(?P<h>[01]?\d|2[0-3])\.(?P<m>[0-5]\d)(?=\s*$|\s?[:：–—|-]\s|\s[A-ZÀ-Þ])")
_DOTS = frozenset({"da", "de", "fi", "it", "nb", "nl", "nn", "no", "pl", "sv", "tr"})  # languages of such clocks
_LIVE_START = re.compile(r"[\s•·*■▪●+＋]{0,4}[\[(【]?")


def change_lists(page: PageView) -> None:
    """Dated lines under "Updates to this page", "Change log", "更新履歴" and the like."""
    index = 0
    while index < len(page.blocks):
        block = page.blocks[index]
        if len(block.text) <= 80 and page.free(index) and _LIST.match(block.text.strip()):
            index = max(_items(page, index), index + 1)
        else:
            index += 1


@dataclass(frozen=True, slots=True)
class _Item:
    start: int
    end: int
    moment: Moment
    text: str
    number: int | None


def _items(page: PageView, head: int) -> int:
    """Read the items behind a list's heading; returns where they end."""
    found: list[_Item] = []
    at = head + 1
    while at < len(page.blocks) and at not in page.closed:
        block = page.blocks[at]
        if block.type in HEADINGS and level(block) <= level(page.blocks[head]):
            break
        item = _item(page, at)
        if item:
            found.append(item)
            at = item.end
        elif found and block.type == "p" and at == found[-1].end and page.blocks[found[-1].start].type == "li":
            break
        elif not found and at - head <= 2:
            at += 1  # a header row, an introduction
        else:
            break
    if not found:
        return head + 1
    page.taken.update(range(head, found[-1].end))
    for item in found:
        if is_first_published(item.text) or not item.text:
            continue
        _change(page, item)
    return found[-1].end


def _item(page: PageView, at: int) -> _Item | None:
    block = page.blocks[at]
    start = _ITEM.match(block.text)
    offset = start.end() if start else 0
    found = when.match(block.text, page.look, offset)
    number = (
        int(start["n"]) if start and start["n"] and not start["sub"] and (start["sign"] or "|" in block.text) else None
    )
    if found is None:
        found, number = when.match(block.text, page.look), None
    if found is None or found.relative:
        return None
    rest = block.text[found.end :]
    gap = _AFTER.match(rest)
    text = rest[gap.end() if gap else 0 :].strip()
    moment = machine_time(block, found.moment) or found.moment
    end = at + 1
    if (
        not text
        and end < len(page.blocks)
        and when.match(page.blocks[end].text, page.look) is None
        and level(page.blocks[end]) == 9
    ):
        text, end = page.blocks[end].text, end + 1
    return _Item(at, end, moment, text, number)


def _change(page: PageView, item: _Item) -> None:
    label = lead.read(item.text, page.look)
    said = sentences.read(item.text, page.look)
    kind: NoteKind = "correction" if _CORRECTED.match(item.text) else "update"
    text = item.text
    if label and label.marked and label.rest and label.form != "editor":
        kind, text = label.kind, label.rest
    elif said:
        kind, text = said[0].kind, said[0].summary or item.text
    text = clean(text, page.blocks[item.end - 1])
    note = Note(item.number, kind, item.moment, summary=text, links=page.links(item.start, item.end))
    page.add(note, item.start, item.end)


def dockets(page: PageView) -> None:
    """Docket entries: labelled lines, or the rows of a court's table."""
    for index, block in enumerate(page.blocks):
        found = _ENTRY.match(block.text) if page.free(index) else None
        if found and found["rest"][:1] in ":(—–-[.|,":
            _entry(page, index, int(found["n"]), found["rest"])
    if not any(_COURT.search(text) for text in (page.title, *(block.text[:300] for block in page.blocks[:12]))):
        return
    rows = [row for index in range(len(page.blocks)) if (row := _docket_row(page, index))]
    cases = sum(1 for _index, _number, _moment, text in rows if _VERSUS.search(text[:160]))
    if len(rows) >= 2 and cases <= 0.3 * len(rows):  # more: a list of cases, not the docket of one
        for index, number, moment, text in rows:
            note = Note(number, "docket-entry", moment, None, text, None, page.links(index, index + 1), "section")
            page.add(note, index, index + 1)


def _entry(page: PageView, index: int, number: int, rest: str) -> None:
    text = rest.lstrip(" :—–-.|,")
    moment: Moment | None = None
    at = 1 if text[:1] in "([" else 0
    found = when.match(text, page.look, at)
    if found:
        moment, text = found.moment, text[found.end :].lstrip(" )]:—–-.|,")
    filed = list(_FILED.finditer(text))
    if filed and moment is None:
        late = when.match(text, page.look, filed[-1].end())
        if late:
            moment, text = late.moment, text[: filed[-1].start()].strip()
    note = Note(
        number,
        "docket-entry",
        moment,
        None,
        clean(text, page.blocks[index]),
        None,
        page.links(index, index + 1),
        "section",
    )
    page.add(note, index, index + 1)


def _docket_row(page: PageView, index: int) -> tuple[int, int | None, Moment, str] | None:
    block = page.blocks[index]
    if not page.free(index) or block.type not in {"tr", "li"}:
        return None
    cells = (
        [cell.strip() for cell in re.split(r"(?:^|\s)\|(?:\s|$)|\s[–—]\s|\t", block.text)]
        if block.type == "tr" or " — " in block.text
        else []
    )
    number: int | None = None
    moment: Moment | None = None
    text = ""
    for cell in cells:
        if number is None and not text and re.fullmatch(r"#?\d{1,5}", cell):
            number = int(cell.lstrip("#"))
        elif moment is None and (found := when.match(cell, page.look)) and found.end == len(cell):
            moment = found.moment
        elif len(cell) > len(text):
            text = cell
    text = text.strip("| ")
    if moment is None or len(text) < 3 or text.endswith(":"):
        return None
    return index, number, moment, clean(text, block)


@dataclass(frozen=True, slots=True)
class _Post:
    start: int
    end: int
    moment: Moment
    heading: str | None
    inline: str


def live_posts(page: PageView) -> None:
    """Posts of a live blog: a time, then a heading or text, newest first or under a live headline."""
    posts = list(_posts(page))
    bare = [post for post in posts if not post.inline]
    if len(posts) < 2 or not _is_live(page, posts):
        return
    for post in posts:
        block = page.blocks[post.start]
        texts = [
            page.blocks[i].text
            for i in range(post.start + 1, post.end)
            if page.blocks[i].text != post.heading and i not in page.closed
        ]
        links = page.links(post.start, post.end)
        if post.inline and not texts and not post.heading and not bare:
            note = Note(None, "live-post", post.moment, None, clean(post.inline, block), None, links, "section")
        else:
            texts = [post.inline, *texts] if post.inline else texts
            note = Note(None, "live-post", post.moment, post.heading, None, "\n".join(texts) or None, links, "section")
        page.add(note, post.start, post.end)


def _is_live(page: PageView, posts: list[_Post]) -> bool:
    times = [post.moment.at for post in posts]
    falling = all(a >= b for a, b in pairwise(times))
    named = _LIVE.search(page.title) or any(
        _LIVE.search(block.text[:120]) for block in page.blocks[: posts[0].start][-4:]
    )
    hidden = all(page.blocks[post.start].times for post in posts)
    return bool(named) or (falling and (hidden or len(posts) >= 3) and len(set(times)) > 1)


def _posts(page: PageView) -> Iterator[_Post]:
    """Every stretch of blocks that begins with a clock time, dated by the day's heading above it."""
    look = page.look
    starts: list[tuple[int, Moment, str]] = []
    for index, block in enumerate(page.blocks):
        if index in page.taken or (index in page.closed and block.type != "h1"):
            continue
        look = _day_heading(block, page.look) or look
        found = _clock(block, look)
        if found:
            starts.append((index, *found))
    for n, (index, moment, behind) in enumerate(starts):
        rest = behind
        stop = starts[n + 1][0] if n + 1 < len(starts) else len(page.blocks)
        end, heading = index + 1, None
        if (level(page.blocks[index]) < 9 or page.blocks[index].text[:1] in "+＋") and rest:
            heading, rest = rest, ""
        while end < stop and not is_end(page.blocks[end]) and end not in page.taken:
            block = page.blocks[end]
            if _day_heading(block, page.look) or is_elsewhere(block.text):
                break
            if level(block) < 9:
                if heading or end > index + 1:
                    break
                heading = block.text
            elif rest and n + 1 == len(starts) and heading is None:
                break
            end += 1
        yield _Post(index, end, machine_time(page.blocks[index], moment) or moment, heading, rest)


def _clock(block: Block, look: Look) -> tuple[Moment, str] | None:
    if block.type in {"tr", "blockquote"}:
        return None
    start = _LIVE_START.match(block.text)
    at = start.end() if start else 0
    found = when.match(block.text, look, at) or _dotted(block.text, look, at)
    if found is None or found.moment.date_only or found.relative:
        return None
    rest = block.text[found.end :]
    if block.text[:1] in "+＋":
        rest = rest.rstrip(" +＋")
    if not rest.strip(" )]】.:：|–—-"):
        return found.moment, ""
    gap = re.match(r"\s?[\])】]?\s?(?:[|:：–—-]|\s(?=[A-ZÀ-ÞА-Я«“\"]))\s*", rest)
    if gap is None and level(block) == 9 and not re.match(r"\s?[\u3040-\ud7a3\u0600-\u06ff]", rest):
        return None
    return found.moment, rest[gap.end() if gap else 0 :].strip()


def _dotted(text: str, look: Look, at: int) -> when.Match | None:
    """A clock time with a dot that stands alone before a text, where such are printed: "11.47"."""
    found = _DOTTED.match(text, at) if (look.locale or "")[:2].lower() in _DOTS else None
    seen = when.match(f"{found['h']}:{found['m']}", look) if found else None
    return when.Match(seen.moment, at, found.end()) if found and seen else None


def _day_heading(block: Block, look: Look) -> Look | None:
    """A heading that is only a date moves the look to the end of that day."""
    if level(block) == 9 and block.type not in {"p", "text", "dt"}:
        return None
    found = when.match(block.text, look) if len(block.text) <= 40 else None
    if found is None or not found.moment.date_only or block.text[found.end :].strip(" .,:"):
        return None
    zone = ZoneInfo(look.timezone)
    day = found.moment.day
    end = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=1, seconds=-1)
    return replace(look, now=min(end.astimezone(UTC), look.now))
