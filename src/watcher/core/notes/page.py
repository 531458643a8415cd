"""A page while its notes are sought: which blocks are out of bounds, which are taken, where the body stands."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from watcher.core import when
from watcher.core.labels import opens_note
from watcher.core.notes import words
from watcher.core.when import Look
from watcher.model import Block, Moment, Note

HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_ELSEWHERE = re.compile(rf"(?:{words.ELSEWHERE})\s*[:：]?$", re.IGNORECASE)
_FOOTER = re.compile(rf"(?:{words.FOOTER})", re.IGNORECASE)
_STATUS = re.compile(rf"(?:{words.STATUS})$", re.IGNORECASE)
_FIRST = re.compile(rf"(?:this (?:article|story|post) was )?(?:{words.FIRST_PUBLISHED})$", re.IGNORECASE)
_CREDIT = re.compile(words.CREDITS, re.IGNORECASE)
_PRODUCT = re.compile(words.PRODUCT, re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?。！？…؟][\"'”’»」』)\]]*\s*$")
_CALLS = re.compile(rf"(?:^|\s|(?<=[.!?。”\"')\]]))(?:{'|'.join(words.CALLS)})\s*$", re.IGNORECASE)
_SEE = re.compile(r"(?<=[.!?”\"')\]]) (?:See|Read|View|Watch|More) [^.!?]{1,60}[.]?$")
_BYLINE = re.compile(
    r"(?:by|von|par|por|di|da|door|av|af) [A-ZÀ-Þ][\w.’'-]+(?: [A-ZÀ-Þ][\w.’'-]+){0,4}$", re.IGNORECASE
)


@dataclass(slots=True)
class PageView:
    """The blocks with what is known of them so far; `notes` are what was found, each with its span."""

    title: str
    blocks: Sequence[Block]
    look: Look
    closed: set[int] = field(
        default_factory=set
    )  # never a note: other stories, comments, quotations, the headline again
    taken: set[int] = field(default_factory=set)
    notes: list[Note] = field(default_factory=list)
    flowing: set[int] = field(default_factory=set)  # first blocks of notes that are appended to the story's flow

    @property
    def product(self) -> bool:
        """Whether the page is about versions of a product, whose updates are numbered and dated too."""
        return _PRODUCT.search(self.title) is not None

    def free(self, index: int) -> bool:
        return 0 <= index < len(self.blocks) and index not in self.closed and index not in self.taken

    def add(self, note: Note, start: int, end: int) -> None:
        """Keep a note that occupies the blocks from `start` up to `end`; one that is shown twice is one."""
        self.taken.update(range(start, end))
        if (note.summary or note.text) and any(
            replace(other, span=None, links=note.links) == note for other in self.notes
        ):
            return
        self.notes.append(replace(note, span=(start, end)))

    def links(self, start: int, end: int) -> tuple[str, ...]:
        return tuple(dict.fromkeys(link.url for block in self.blocks[start:end] for link in block.links))


def level(block: Block) -> int:
    """1 to 6 for headings, 9 for everything else."""
    return HEADINGS.get(block.type, 9)


def is_elsewhere(text: str) -> bool:
    """Whether a line begins what is not the article's own: related stories, comments."""
    return len(text) <= 60 and _ELSEWHERE.match(text) is not None


def is_end(block: Block) -> bool:
    """Whether a block ends a section: a rule, the author's box, the page's foot, other stories."""
    return block.type == "hr" or is_elsewhere(block.text) or _FOOTER.match(block.text) is not None


def is_status(text: str) -> bool:
    """Whether a line only says that the story goes on ("This is a developing story")."""
    return len(text) <= 200 and _STATUS.match(text.strip(" []()【】*•-–—")) is not None


def is_first_published(text: str) -> bool:
    return len(text) <= 160 and _FIRST.match(text.strip()) is not None


def is_body(block: Block) -> bool:
    """Whether a block is a sentence of the article itself."""
    text = block.text
    if block.role == "furniture" or block.type not in {"p", "text", "pre", "blockquote", "dd", "figcaption"}:
        return False
    if block.role == "stamp" and (not _SENTENCE.search(text) or any(map(str.isdigit, text))):
        return False  # a short sentence in an element that is named for its date is no stamp
    if len(text) >= 240:
        return True
    if is_status(text) or is_first_published(text) or _FOOTER.match(text) or _BYLINE.match(text):
        return False
    if len(text) <= 200 and _CREDIT.search(text):
        return False
    return len(text) >= 12 and (_SENTENCE.search(text) is not None or len(text) >= 160)


def close_elsewhere(page: PageView) -> None:
    """Mark other stories, comments, quotations and the repeated headline as out of bounds."""
    until = 0  # level of the heading that closed the region
    for index, block in enumerate(page.blocks):
        if is_elsewhere(block.text) and (index or block.type in HEADINGS):
            until = level(block)
        elif (until and level(block) <= min(until, 6) and block.type in HEADINGS) or (
            until == 9 and block.type in {"p", "text"} and len(block.text) > 120
        ):
            until = 0
        if (
            until
            or block.type == "hr"
            or block.text.strip() in {page.title, ""}
            or (block.type == "h1" and not (opens_note(block.text) and when.find(block.text, page.look)))
            or (_only_a_link(block) and when.find(block.text, page.look) is None)
        ):
            page.closed.add(index)


def _only_a_link(block: Block) -> bool:
    return level(block) == 9 and any(link.text and link.text.strip() == block.text for link in block.links)


def leads_away(block: Block) -> bool:
    """Whether a block is one link to another page: a heading's link to itself has a fragment."""
    return any(link.text and link.text.strip() == block.text and "#" not in link.url for link in block.links)


def clean(text: str, block: Block | None = None) -> str:
    """A note's text without call to action, link labels behind its end, and remarks on the original."""
    out = text.strip()
    for _ in range(5):
        head, tail = out[:-500], out[-500:]
        for link in reversed(block.links if block else ()):
            label = link.text.strip()
            bare = tail.rstrip(" .()[]»›→")
            if (
                label
                and len(label) <= 40
                and bare.endswith(label)
                and re.search(r"[.!?。”\"')\]]\s*[(\[]?$", bare[: -len(label)])
            ):
                tail = bare[: -len(label)].rstrip(" ([")
        short = _CALLS.sub("", tail)
        if block and block.links:
            short = _SEE.sub("", short)
        short = (head + short).strip()
        if short == out:
            break
        out = short
    return out


def machine_time(block: Block, moment: Moment | None) -> Moment | None:
    """The hidden time of a block where it says more than the printed one: no clock was printed, or no date."""
    for value in block.times:
        exact = when.parse_machine(value)
        if exact is None:
            continue
        if moment is None or (moment.date_only and not exact.date_only):
            return replace(exact, printed=moment.printed if moment else None)
        if not exact.date_only and (exact.at - moment.at) % timedelta(days=1) == timedelta(0):
            return replace(exact, printed=moment.printed)
    return moment


def locate(page: PageView) -> list[Note]:
    """The notes in document order, each with its place: before the body, within, or after it."""
    body = [i for i, block in enumerate(page.blocks) if i not in page.taken and i not in page.closed and is_body(block)]
    ordered = sorted(page.notes, key=lambda note: note.span or (0, 0))
    last_flowing = max((note.span[0] for note in ordered if note.span and note.span[0] in page.flowing), default=-1)
    out = []
    for note in ordered:
        start = note.span[0] if note.span else 0
        if note.location is not None:
            out.append(note)
        elif not body or start < body[0]:
            out.append(replace(note, location="banner"))
        elif start < body[-1] or (start in page.flowing and start != last_flowing):
            out.append(replace(note, location="inline"))
        else:
            out.append(replace(note, location="footer"))
    return out
