"""Notes in documents of a fixed form: repaired press releases, a gazette's corrected rules, amended filings."""

import re

from watcher.core import when
from watcher.core.notes import wire
from watcher.core.notes.page import HEADINGS, PageView
from watcher.model import Note, NoteKind

_EXPLANATORY = re.compile(r"explanatory note[s]?\.?$", re.IGNORECASE)
_FILED_ON = re.compile(r"(?:as )?filed\b|^dated?:?\s", re.IGNORECASE)
_RULE = re.compile(r"(?P<label>ACTION|SUMMARY|DATES?|EFFECTIVE DATE)\s?:\s*(?P<rest>.+)$", re.DOTALL)


def repairs(page: PageView, titled: NoteKind | None) -> None:
    """The paragraph of a corrected release that says what was wrong; only under a headline that announces it."""
    if titled not in {"correction", "clarification"}:
        heads = (wire.headline(block.text) for block in page.blocks[:6] if len(block.text) <= 90)
        if not any(head is not None and head.kind == "clarification" for head in heads):
            return
        titled = "clarification"  # a notice's own head below the company's name
    pattern = wire.REPAIR if titled == "correction" else wire.CLARIFIES
    for index, block in enumerate(page.blocks[:8]):
        if page.free(index) and block.type not in HEADINGS and pattern.search(block.text[:1500]):
            text = wire.WIRELINE.sub("", block.text)
            note = Note(None, titled, None, None, text, None, page.links(index, index + 1), "banner")
            page.add(note, index, index + 1)
            return


def rules(page: PageView, titled: NoteKind | None) -> None:
    """A gazette's correction of a rule: what its ACTION and SUMMARY say, with the date it names."""
    found = {
        m["label"]: (i, m["rest"])
        for i, b in enumerate(page.blocks[:20])
        if page.free(i) and (m := _RULE.match(b.text))
    }
    if titled not in {"correction", "retraction", "clarification"} or "ACTION" not in found:
        return
    index, heading = found["ACTION"]
    end = index + 1
    summary = None
    if "SUMMARY" in found:
        summary, end = found["SUMMARY"][1], found["SUMMARY"][0] + 1
    dates = next((found[label][1] for label in ("DATES", "DATE", "EFFECTIVE DATE") if label in found), "")
    moment = when.parse(dates, page.look) or next(
        (at for b in page.blocks[:index] if (at := when.parse(b.text[:120], page.look))), None
    )
    page.add(Note(None, titled, moment, heading, summary, None, page.links(index, end), "banner"), index, end)


def filings(page: PageView, titled: NoteKind | None) -> None:
    """The amendment's number on the cover of a filing, and its explanatory note."""
    if titled != "amendment":
        return
    filed = next(
        (
            at
            for block in page.blocks
            if len(block.text) <= 120 and _FILED_ON.match(block.text) and (at := when.parse(block.text, page.look))
        ),
        None,
    )
    for index, block in enumerate(page.blocks):
        found = wire.AMENDMENT.search(block.text[:200]) if page.free(index) else None
        number = int(next(group for group in found.groups() if group)) if found else None
        alone = found is not None and len(block.text) - len(found[0]) <= 6
        if alone:
            page.add(Note(number, "amendment", filed, location="banner"), index, index + 1)
            filed = None
        elif _EXPLANATORY.match(block.text) and page.free(index + 1):
            text = page.blocks[index + 1].text
            named = wire.AMENDMENT.search(text[:300])
            digits = next((group for group in named.groups() if group), None) if named else None
            end = index + 2
            note = Note(
                int(digits) if digits else None,
                "amendment",
                None,
                block.text,
                text,
                text,
                page.links(index, end),
                "section",
            )
            page.add(note, index, end)
        elif found and found.start() <= 12 and re.match(r"This ", block.text):
            page.add(
                Note(number, "amendment", filed, None, block.text, None, page.links(index, index + 1), "banner"),
                index,
                index + 1,
            )
            filed = None
