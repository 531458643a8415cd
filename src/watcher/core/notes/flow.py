"""Notes in the flow of a text: labelled lines and sections, sentences, advisory lines, inserted words."""

import re
from dataclasses import replace

from watcher.core import when
from watcher.core.notes import lead, sentences, stamps, wire
from watcher.core.notes.lead import Lead
from watcher.core.notes.page import HEADINGS, PageView, clean, is_body, is_end, leads_away, level, machine_time
from watcher.model import Block, Moment, Note, NoteKind

_FINAL = re.compile(r"[.!?。！？…][\"'”’»」)\]]*$")
_AT_ON = re.compile(
    r"\b(?:at|on|um|am|à|le|alle|il|a las|às|em|kl|klokken|klockan|klo|om|op|den|o godz|"
    r"в)\b",
    re.IGNORECASE,
)
_EDITED = re.compile(
    r"after publication|has been (?:revised|updated|corrected|amended|changed|edited|clarified)|was (?:revised|"
    r"updated|corrected|amended)|"
    r"have been corrected|nach (?:der )?veröffentlichung|après (?:la )?publication|tras la publicación|"
    r"dopo la pubblicazione|após a publicação|"
    r"na publicatie|efter publicering|julkaisun jälkeen|po publikacji|yayımlandıktan sonra|после публикации|"
    r"بعد النشر|公開後|掲載後|发布后|發布後|게재 후|"
    r"(?:başlık|metin|haber) (?:\w+ ){0,3}(?:değiştirildi|düzeltildi|güncellendi)|(?:标题|標題|正文)已?(?:修改|更改)|"
    r"更新|修正|訂正|追記|更正|수정|정정",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"(?<=[.!?。”\"')\]]) (?=\S{2,20}? ?#?\d{1,3} ?[(:（：])|\n")
_SIGNED = re.compile(r"[—–-]{1,2}\s?(?=[A-ZÀ-ÞА-Я])")
_TWO_ZONES = re.compile(r"\d{4} GMT \(\d{4} [A-Z]{3,4}\)")
_CREDIT = re.compile(r"(?:[—–-]\s?@?\w[^.!?。]{1,60}|@\w{2,30}\)?)$")


def read(page: PageView) -> None:
    """Go through the free blocks in order and keep every note found."""
    seen_body = 0
    for index, block in enumerate(page.blocks):
        if not page.free(index):
            continue
        before = len(page.notes)
        _block(page, index, seen_body)
        if len(page.notes) == before and is_body(block):
            seen_body += 1


def _block(page: PageView, index: int, seen_body: int) -> None:
    block = page.blocks[index]
    if block.type == "blockquote" and (_introduced(page, index) or not _quoted_list(page, block, seen_body)):
        return
    if block.type == "figcaption":
        return
    if (seen_body <= 3 or index >= len(page.blocks) - 3) and _wire_line(page, index, seen_body):
        return
    if block.type in {"p", "li", "text", "tr", "pre", "blockquote"} and _split(page, index):
        return
    label = lead.read(block.text, page.look) or stamps.hidden(block, page.look)
    if label and label.kind == "update" and label.number is not None and page.product:
        return
    if label:
        _labelled(page, index, label, seen_body)
    elif block.type in HEADINGS:
        _gone(page, index)
    elif block.role != "furniture":
        _sentence(page, index, block.text, None)
    if page.free(index) and block.inserted:
        _inserted(page, block, index)


def _quoted_list(page: PageView, block: Block, seen_body: int) -> bool:
    """A quotation is only read where it is a box of dated lines above the article, signed by nobody."""
    if _CREDIT.search(block.text):
        return False
    label = lead.read(block.text, page.look)
    if label is None or label.moment is None or seen_body:
        return False
    return label.number is not None or label.kind != "update" or (label.marked and not label.moment.date_only)


def _introduced(page: PageView, index: int) -> bool:
    """Whether the words above a quotation lead up to it: "A paper wrote last week:"."""
    above = next((b for b in reversed(page.blocks[:index]) if b.type not in {"hr", "blockquote"}), None)
    return above is not None and above.type not in HEADINGS and above.text.rstrip()[-1:] in {":", "："}


def _split(page: PageView, index: int) -> bool:
    """Several numbered lines in one block: one note each."""
    block = page.blocks[index]
    first = lead.read(block.text, page.look)
    if first is None or first.number is None:
        return False
    pieces = [piece for piece in _SPLIT.split(block.text) if piece.strip()]
    if len(pieces) < 2:
        return False
    labels = [lead.read(piece, page.look) for piece in pieces]
    if labels[0] is None or sum(1 for label in labels if label and label.number is not None) < 2:
        return False
    joined: list[tuple[Lead, str]] = []
    for piece, label in zip(pieces, labels, strict=True):
        if label and label.number is not None:
            joined.append((label, label.rest))
        elif joined:
            joined[-1] = (joined[-1][0], f"{joined[-1][1]} {piece}")
    for label, text in joined:
        page.add(_note(page, label, clean(text, block), page.links(index, index + 1)), index, index + 1)
    return True


def _note(
    page: PageView, label: Lead, summary: str | None, links: tuple[str, ...], kind: NoteKind | None = None
) -> Note:
    moment = label.moment or stamps.trailing(summary, page.look) or sentences.stated(summary or "", page.look)
    return Note(label.number, kind or label.kind, moment, None, summary or None, None, links, last_sequence=label.last)


# --- labelled lines --------------------------------------------------------------------------------------------------


def _labelled(page: PageView, index: int, label: Lead, seen_body: int) -> None:
    block = page.blocks[index]
    label = replace(label, moment=machine_time(block, None if label.relative else label.moment) or label.moment)
    if label.form == "editor":
        _editor(page, index, label)
    elif block.type in HEADINGS:
        _heading(page, index, label, seen_body)
    elif not label.rest:
        _bare(page, index, label, seen_body)
    elif _reads_as_heading(page, index, label, seen_body):
        _section(page, index, label)
    else:
        _line(page, index, label)


def _line(page: PageView, index: int, label: Lead) -> None:
    block = page.blocks[index]
    text = label.rest
    kind: NoteKind | None = None
    if label.form == "past" and not label.marked:
        text = lead.without_connector(text)
        kind = sentences.kind_of(text) if label.kind == "update" else None
        if label.kind == "update" and label.moment is None:
            return
    if block.role == "furniture" and label.number is None:
        return
    if block.type == "li" and label.number is None and label.moment is None and _among_others(page, index):
        return
    inner = sentences.read(text, page.look) if label.kind == "update" else ()
    if (
        len(inner) == 1
        and inner[0].kind != "update"
        and inner[0].whole
        and label.number is None
        and label.form == "past"
    ):
        kind = inner[0].kind
    appended = label.number is not None or (label.kind == "update" and label.form == "noun")
    if appended and block.type not in {"li", "dt", "dd", "tr"}:  # a list below the text is a box of its own
        page.flowing.add(index)
    links = page.links(index, index + 1)
    page.add(_note(page, label, clean(text, block), links, kind), index, index + 1)


def _among_others(page: PageView, index: int) -> bool:
    """Whether an item stands beside items that are no notes, as a headline in a list of headlines does."""
    beside = [page.blocks[at] for at in (index - 1, index + 1) if 0 <= at < len(page.blocks)]
    return any(
        other.type == "li" and lead.read(other.text, page.look) is None and not sentences.read(other.text, page.look)
        for other in beside
    )


def _bare(page: PageView, index: int, label: Lead, seen_body: int) -> None:
    """A label with no text behind it: a stamp of its own, or the head of the next paragraph."""
    block = page.blocks[index]
    if label.form == "past" and label.kind == "update":
        own_line = (
            block.type in {"p", "li", "pre"}
            and len(block.text) <= 90
            and (
                _AT_ON.search(block.text.partition(label.moment.printed or "")[0] if label.moment else "")
                or (label.moment and _AT_ON.match(label.moment.printed or ""))
                or (block.role == "text" and _TWO_ZONES.search(block.text))
            )
        )
        if not label.moment or label.relative or label.moment.date_only:
            return
        if _SIGNED.match(block.text) and seen_body > 2 and page.free(index - 1) and is_body(page.blocks[index - 1]):
            above = page.blocks[index - 1]
            page.add(
                _note(page, label, clean(above.text, above), page.links(index - 1, index + 1)), index - 1, index + 1
            )
        elif own_line:
            page.add(_note(page, label, None, page.links(index, index + 1)), index, index + 1)
        return
    if label.number is None and not label.loud and stamps.is_byline(block, label, seen_body):
        return
    if label.kind == "amendment" and label.moment:
        page.add(_note(page, label, None, page.links(index, index + 1)), index, index + 1)
        return
    label, start = stamps.below(page, index, label)
    after = page.blocks[start] if page.free(start) else None
    if after is None or after.type not in {"p", "dd", "li", "text", "blockquote", "td"}:
        return
    if lead.read(after.text, page.look) or (label.relative and label.number is None):
        return
    if (
        label.number is None
        and label.moment is None
        and not (label.loud or label.marked or block.type == "dt" or label.kind != "update")
    ):
        return
    label, text = stamps.before(label, after.text, page.look)
    if label.kind != "update" and not _evident(label, text, page):
        return
    label, end = stamps.after(page, start, label)
    if block.type != "dt":
        page.flowing.add(index)
    page.add(_note(page, label, clean(text, after), page.links(index, end)), index, end)


def _heading(page: PageView, index: int, label: Lead, seen_body: int) -> None:
    """A label in a heading: the head of a section, or of a boxed correction; a link to another story is none."""
    if leads_away(page.blocks[index]):
        return
    if label.number is None and label.kind != "update":
        label, start = stamps.below(page, index, label)
        if not page.free(start) or page.blocks[start].type not in {"p", "text", "li", "dd"}:
            return
        label, below = stamps.before(label, page.blocks[start].text, page.look)
        text = f"{label.rest} {below}".strip()
        if _evident(label, text, page):
            label, end = stamps.after(page, start, label)
            page.add(_note(page, label, clean(text, page.blocks[start]), page.links(index, end)), index, end)
        return
    plain = not label.marked and label.moment is None and label.number is None
    if plain and (label.form == "past" or _section_end(page, index) == index + 1):
        return
    if label.form == "past" and label.moment is None and not label.rest:
        return
    if not seen_body and _section_end(page, index) >= len(page.blocks) - 1 and _section_end(page, index) > index + 2:
        _above_all(page, index, label)
    else:
        _section(page, index, label)


def _above_all(page: PageView, index: int, label: Lead) -> None:
    """A headed note at the top with no heading below it to end it: its first paragraph is its text."""
    label, start = stamps.below(page, index, label)
    text = page.blocks[start].text
    note = _note(page, label, clean(text, page.blocks[start]), page.links(index, start + 1))
    page.add(replace(note, heading=label.rest or None), index, start + 1)


def _gone(page: PageView, index: int) -> None:
    """A heading that says that the page itself was withdrawn, with the paragraph below it."""
    said = sentences.read(page.blocks[index].text, page.look)
    if not said or said[0].kind != "retraction":
        return
    end, text = index + 1, page.blocks[index].text
    if (
        page.free(end)
        and page.blocks[end].type in {"p", "text", "li"}
        and lead.read(page.blocks[end].text, page.look) is None
    ):
        text, end = f"{text} {page.blocks[end].text}", end + 1
    note = Note(
        None, "retraction", said[0].moment, None, clean(text, page.blocks[end - 1]), None, page.links(index, end)
    )
    page.add(note, index, end)


def _evident(label: Lead, text: str, page: PageView) -> bool:
    """Whether the text under a bare "Correction" is one: such words also head clauses of contracts."""
    speaks = (
        sentences.earlier(text)
        or sentences.revised(text)
        or sentences.admits(text)
        or stamps.trailing(text, page.look) is not None
        or bool(sentences.read(text, page.look))
    )
    return label.moment is not None or label.loud or label.number is not None or speaks


def _section_end(page: PageView, index: int) -> int:
    """Where the section that begins at `index` ends: a heading as high, the next note, a rule, the page's foot."""
    height = level(page.blocks[index])
    end = index + 1
    while end < len(page.blocks) and end not in page.taken:
        block = page.blocks[end]
        if is_end(block) or (block.type in HEADINGS and level(block) <= min(height, 6)):
            break
        label = lead.read(block.text, page.look)
        if label and (label.number is not None or label.moment or label.kind != "update" or label.form == "editor"):
            break
        if block.type != "blockquote" and sentences.read(block.text, page.look):
            break
        end += 1
    while end > index + 1 and page.blocks[end - 1].role == "furniture":
        end -= 1
    return end


def _section(page: PageView, index: int, label: Lead) -> None:
    end = _section_end(page, index)
    label, start = stamps.below(page, index, label)
    last = end
    if end > start + 1 and not label.moment:
        label, behind = stamps.after(page, end - 2, label)
        last = end if behind < end else end - 1
    texts = [
        b.text for b in page.blocks[start:last] if b.type not in HEADINGS and (b.role in {"text", "note"} or is_body(b))
    ]
    note = Note(
        label.number, label.kind, label.moment, label.rest or None, None, "\n".join(texts) or None,
        page.links(index, end), "section", last_sequence=label.last,
    )  # fmt: skip
    page.add(note, index, end)


def _reads_as_heading(page: PageView, index: int, label: Lead, seen_body: int) -> bool:
    """A numbered line that is no sentence, below the body, with text behind it: a heading without mark-up."""
    if label.number is None or not seen_body or label.kind != "update" or len(label.rest) > 140:
        return False
    if (
        page.blocks[index].type not in {"p", "text", "pre"}
        or _FINAL.search(label.rest)
        or index + 1 >= len(page.blocks)
    ):
        return False
    after = page.blocks[index + 1]
    return page.free(index + 1) and after.type in {"p", "text", "pre"} and lead.read(after.text, page.look) is None


def _editor(page: PageView, index: int, label: Lead) -> None:
    """An editor's note: a note only where it speaks of the text itself; its kind is in its words."""
    block = page.blocks[index]
    end = index + 1
    text = label.rest
    if not text:
        if (
            end >= len(page.blocks)
            or not page.free(end)
            or page.blocks[end].type not in {"p", "text", "li", "dd", "blockquote"}
        ):
            return
        text, end = page.blocks[end].text, end + 1
    inner = lead.read(text, page.look)
    if inner and inner.form != "editor" and inner.rest and (inner.marked or inner.moment):
        page.add(
            _note(
                page,
                replace(inner, moment=inner.moment or label.moment),
                clean(inner.rest, block),
                page.links(index, end),
            ),
            index,
            end,
        )
        return
    said = sentences.read(text[:1].upper() + text[1:], page.look)
    if said:
        for one in said:
            note = Note(
                None,
                one.kind,
                one.moment or label.moment or sentences.stated(text, page.look) or stamps.trailing(text, page.look),
                None,
                clean(one.summary or text, block),
                None,
                page.links(index, end),
            )
            page.add(note, index, end)
    elif _EDITED.search(text):
        kind = sentences.kind_of(text)
        moment = label.moment or stamps.trailing(text, page.look)
        page.add(Note(None, kind, moment, None, clean(text, block), None, page.links(index, end)), index, end)


# --- sentences, wires, insertions ---------------------------------------------------------------------------


def _sentence(page: PageView, index: int, text: str, moment: Moment | None) -> None:
    """A sentence that says the text was changed, perhaps behind a time or a bullet and in brackets."""
    block = page.blocks[index]
    stripped = text.lstrip("•·*–—-_ [(（【").strip()
    if stripped[:1] in '“"„«「':
        return
    found = when.match(stripped, page.look)
    if found and stripped[found.end : found.end + 1] in ":：—–-," and not found.relative:
        moment, stripped = found.moment, stripped[found.end :].lstrip(" :：—–-,")
    if text[:1] in "[(（【" and stripped[-1:] in "])）】":
        stripped = stripped[:-1].strip()
    for one in sentences.read(stripped, page.look):
        if one.weak and any(page.free(at) and is_body(page.blocks[at]) for at in range(index + 1, len(page.blocks))):
            continue
        summary = clean(one.summary, block) if one.summary else None
        at = one.moment or moment
        if at is None and one.whole:
            at = sentences.stated(stripped, page.look) or stamps.trailing(stripped, page.look)
        page.add(Note(None, one.kind, at, None, summary, None, page.links(index, index + 1)), index, index + 1)


def _wire_line(page: PageView, index: int, seen_body: int) -> bool:
    block = page.blocks[index]
    if block.type in HEADINGS or block.type in {"tr", "blockquote"}:
        return False
    advisory = wire.advisory(block.text)
    if advisory:
        kind, text, _rest = advisory
        page.add(Note(None, kind, None, None, text, None, page.links(index, index + 1)), index, index + 1)
        return True
    slug = wire.SLUG.fullmatch(block.text.strip()) if len(block.text) <= 120 else None
    if slug:
        page.add(Note(int(slug["n"] or slug["m"]), "writethru"), index, index + 1)
        return True
    eds = wire.EDS.match(block.text)
    if eds and (seen_body <= 1):
        kind = sentences.kind_of(eds["s"], "writethru")
        page.add(Note(None, kind, None, None, eds["s"].strip()), index, index + 1)
        return True
    if gone := wire.WITHDRAWN.match(undated := wire.DATELINE.sub("", block.text, count=1)):
        text = undated.strip("()[] ")
        said = gone["rest"] if gone["rest"] is not None else text  # a date before the verb is that of the story
        page.add(
            Note(None, "retraction", when.parse(said[:200], page.look), None, text, None, page.links(index, index + 1)),
            index,
            index + 1,
        )
        return True
    return False


def _inserted(page: PageView, block: Block, index: int) -> None:
    """Words marked as inserted, with the time of the insertion; the paragraph stays the article's own."""
    moment = machine_time(block, None)
    if moment is None:
        return
    for text in block.inserted[:5]:
        if 2 <= len(text) < len(block.text):
            page.notes.append(Note(None, "update", moment, None, text, None, (), "inline", (index, index + 1)))
