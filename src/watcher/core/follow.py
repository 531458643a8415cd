"""Following: a new entry's own page and the documents that it links are watched too, and the rules look at their text.

    entry_links(source, change, page)    what an entry leads to, in the order in which it is looked at
    document_links(page), documents_in(html, url)    the documents that a followed page links
    child_of(parent, name, followed)     the source that watches one of them
    verdict(source, waiting, texts, now) an entry that `only` or `never` could not decide by its own words

An entry is announced once: at once where its own words decide, else when what it leads to was read. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from watcher.core import markup, rules
from watcher.core.identity import address, clean_link
from watcher.core.links import document
from watcher.core.urls import host_of
from watcher.model import Change, Followed, Kind, Link, Page, Source, make_id

MARK = "#"  # between the parent's name and a followed page's own; no configured name holds it
DEEPEST = 2  # entry → page → document
MOST = 10_000  # pages and documents that are followed for one source
MOST_LINKED = 20  # documents of one page, or of one entry
UNREAD = timedelta(hours=6)  # how long an entry waits for what it leads to; later it can still be announced
UNCHECKED = timedelta(minutes=10)  # how long one waits that only `never` could keep out
PATIENCE = timedelta(hours=6)  # how long a followed page fails before that is told, unless the source waits longer
_LONGEST_TITLE = 200  # characters of what links a file, in its name
LONGEST_TEXT = 2_000_000  # characters of one page that rules look at
SPENT = frozenset({"volatile", "cosmetic", "flapping", "baseline"})  # reasons of changes that are no sign of life

_DOCUMENT = re.compile(r"\.(?:pdf|docx)$", re.IGNORECASE)
_CALLED = re.compile(r"\bPDF\b|\bDOCX\b")
_PAGE_LIKE = re.compile(r"\.(?:html?|php|aspx?|jsp)$", re.IGNORECASE)
_AROUND = "nav, header, footer, aside, [role=navigation], [role=contentinfo], [role=banner]"


@dataclass(frozen=True, slots=True)
class Member:
    """One page or document that an entry led to; `read`: its text is known; `ended`: it is no longer watched."""

    source: str
    url: str
    read: bool
    ended: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry that its own words did not decide: its change as stored, the source, since when, what it led to."""

    change: Change
    source: str
    since: datetime
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of an entry; `waits`: something unread may still announce it."""

    change: Change
    waits: bool


def parent_of(name: str) -> str:
    """Name the configured source of a followed one; any other name is its own."""
    return name.partition(MARK)[0]


def tail_of(url: str) -> str:
    """Name an address within its parent, the same for every way in which it is written."""
    return make_id("", document(clean_link(url)))[1:13]


def kind_of(sniffed: Kind) -> Kind:
    """Say how a followed address is read: a page, or a file."""
    return "article" if sniffed in ("article", "listing") else "file"


# --- what leads on ---------------------------------------------------------------------------------------------------


def is_document(url: str, text: str = "") -> bool:
    """Say whether a link leads to a document: by the end of its path or of a parameter, or by what it is called."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    path = unquote(parts.path).rstrip("/")
    if _DOCUMENT.search(path) or any(_DOCUMENT.search(unquote(value)) for value in parts.query.split("&")):
        return True
    return bool(_CALLED.search(text)) and not _PAGE_LIKE.search(path)


def _first(urls: Sequence[str], but: Sequence[str], most: int = MOST_LINKED) -> tuple[str, ...]:
    """The first addresses that differ from each other and from `but`."""
    seen = {tail_of(url) for url in but}
    found: list[str] = []
    for url in urls:
        if len(found) < most and url.startswith(("http://", "https://")) and (tail := tail_of(url)) not in seen:
            seen.add(tail)
            found.append(url)
    return tuple(found)


def _linked(page: Page) -> list[Link]:
    return [link for block in page.blocks if block.role != "furniture" for link in block.links]


def document_links(page: Page) -> tuple[str, ...]:
    """Name the documents that a page's content links."""
    return _first([link.url for link in _linked(page) if is_document(link.url, link.text)], [page.url])


def documents_in(html: str, url: str) -> tuple[str, ...]:
    """Name the documents that a page links anywhere but in what stands around every page of a site."""
    tree = markup.parse(html[:LONGEST_TEXT])
    for node in tree.css(_AROUND):
        node.decompose()
    found = [
        (address(url, node.attributes.get("href") or ""), node.text()[:300])
        for node in tree.css("a[href], iframe[src], embed[src]")[:5_000]
    ]
    return _first([link for link, text in found if link and is_document(link, text)], [url])


def entry_links(source: Source, change: Change, page: Page | None) -> tuple[str, ...]:
    """Name what a new entry leads to: its page, then the documents that its own text links. The page from which the
    entry came is not among them."""
    own = change.document.url
    more = [link.url for link in _linked(page) if is_document(link.url, link.text)] if page is not None else []
    return _first([own, *more], [source.url], 1 + MOST_LINKED)


def leads(source: Source, change: Change) -> bool:
    """Say whether a change is a new entry whose page is to be followed."""
    return (
        source.follow is not None
        and source.parent is None
        and change.event == "entry.new"
        and change.reason not in ("baseline", "rule", "duplicate")
    )


def shows_life(change: Change) -> bool:
    """Say whether a change means that there may soon be more."""
    return change.event != "entry.new" and change.reason not in SPENT


# --- the followed source ----------------------------------------------------------------------------------------------


def child_of(parent: Source, name: str, followed: Followed) -> Source:
    """Make the source that watches a followed page: the parent's rules, without what is meant for the parent's own
    page; its log-in only where the address is of the same site."""
    ours = _same_site(parent.url, followed.url)
    return replace(
        parent, name=name, url=followed.url, title=parent.shown, kind=None, was=(), cron=None, adaptive=False,
        select=None, window=None, announce_existing=False, rows=None, key=None, fields=(), columns=(), delimiter=None,
        wait=None, render=parent.render and not is_document(followed.url),
        headers=parent.headers if ours else tuple(pair for pair in parent.headers if isinstance(pair[1], str)),
        cookies=parent.cookies if ours else None, auth=parent.auth if ours else None,
        follow=None, parent=parent, followed=followed,
    )  # fmt: skip


def _same_site(parent: str, url: str) -> bool:
    """Say whether what is secret may go along: the same host, and not from https to http."""
    secure = url[:6].lower() == "https:" or parent[:5].lower() == "http:"
    return secure and host_of(parent) == host_of(url) != ""


# --- rules -----------------------------------------------------------------------------------------------------------


def text_of(page: Page) -> str:
    """Give what rules look at in a followed page: headline, address and every block but furniture."""
    blocks = (block.text for block in page.blocks if block.role != "furniture")
    notes = (part for note in page.notes for part in (note.heading, note.summary) if part)
    return "\n".join(filter(None, (page.title, page.url, page.summary, *blocks, *notes)))[:LONGEST_TEXT]


def waits(source: Source, change: Change) -> bool:
    """Say whether a new entry cannot be decided by its own words, and leads to what can decide it."""
    if not leads(source, change) or not (source.only or source.never) or rules.found(source.never, change.text):
        return False
    undecided = bool(source.never) or not rules.found(source.only, change.text)
    return undecided and bool(entry_links(source, change, None))


def wanted(source: Source, change: Change, page: Page | None) -> bool:
    """Say whether rules let a change of a followed page through: its words, or those of the page that it stands in.
    What is followed for an entry that `only` let through needs not name it again."""
    context = change.text if page is None else f"{change.text}\n{text_of(page)}"
    passed = source.followed is not None and source.followed.passed
    return not rules.found(source.never, context) and (not source.only or passed or rules.found(source.only, context))


def titled(source: Source, change: Change, kind: Kind | None) -> Change:
    """Name a followed file by what links it, too: its own name, often "annex-3.pdf", says nothing to a reader."""
    by = source.followed.title if source.followed is not None else ""
    own = change.document.title
    if kind != "file" or not by or by in own:
        return change
    return replace(change, document=replace(change.document, title=f"{by[:_LONGEST_TITLE]}: {own}"))


def once(source: Source, changes: Sequence[Change], told: list[tuple[Source, Change]]) -> tuple[Change, ...]:
    """Hold what a followed page would tell the same channels as another source of its address in this poll. In: what
    was `told` by those before it, to which what this one tells is added."""
    if source.parent is not None:
        changes = [
            replace(change, announced=False, reason="duplicate")
            if change.announced and any(_same(source, change, *other) for other in told)
            else change
            for change in changes
        ]
    told += [(source, change) for change in changes if change.announced]
    return tuple(changes)


def _same(source: Source, change: Change, other: Source, earlier: Change) -> bool:
    said = (change.event, change.update, change.diff, change.words)
    alike = said == (earlier.event, earlier.update, earlier.diff, earlier.words)
    return alike and set(source.notify) <= set(other.notify)


def _patience(source: Source, change: Change) -> timedelta:
    own = not source.only or rules.found(source.only, change.text)
    return UNCHECKED if own else UNREAD


def is_overdue(source: Source, waiting: Waiting, now: datetime) -> bool:
    """Say whether an entry has waited for as long as it may; the times of a clock set back count as well."""
    return abs(now - waiting.since) >= _patience(source, waiting.change)


def verdict(source: Source, waiting: Waiting, texts: Mapping[str, str], now: datetime) -> Verdict | None:
    """Decide an entry by what it leads to. In: the texts that are known, by address. None: it goes on waiting."""
    change = waiting.change
    complete = all(member.read or member.ended for member in waiting.members)
    if any(rules.found(source.never, text) for text in texts.values()):
        return Verdict(replace(change, announced=False, reason="rule"), waits=False)
    where = tuple(url for url, text in texts.items() if source.only and rules.found(source.only, text))
    late = is_overdue(source, waiting, now)
    if where or not source.only or rules.found(source.only, change.text):
        if source.never and not complete and not late:
            return None
        return Verdict(replace(change, announced=True, reason=None, matched_in=where), waits=False)
    if complete or late:
        return Verdict(replace(change, announced=False, reason="rule"), waits=not complete)
    return None
