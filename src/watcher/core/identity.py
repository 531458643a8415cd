"""Which entry of a feed is which: keys, clean links, and the matching of what came with what is known.

    keys(idents)                      one key an entry, unique within the feed
    clean_link(url)                   a link without what changes by itself
    match(entries, known, present)    each entry with the known one it is, or None when it is new
    wanted(pairs)                     the documents that must be loaded to compare

An entry is the same as long as one of its marks holds: key, GUID, link, or text. The weaker the mark, the more must
speak for it, since a new entry taken for an old one would be told as an edit, or not at all.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from rapidfuzz import fuzz

from watcher.core import links
from watcher.core.urls import DEFAULT_PORTS
from watcher.model import Entry, EntryRef

Pair = tuple[Entry, EntryRef | None]

_TITLES_ALIKE = 60.0  # of 100, rapidfuzz token_set_ratio: one headline reworded, not two headlines


@dataclass(frozen=True, slots=True)
class Ident:
    """What an entry is known by, as printed in the feed; cheap to take from every entry, known or not."""

    guid: str | None
    link: str | None
    title: str
    date: str


def digest(*parts: str) -> str:
    """Give 32 hex digits (BLAKE2b) of the parts; they cannot run into each other."""
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        state.update(b"%d:" % len(data))
        state.update(data)
    return state.hexdigest()


def clean_link(url: str) -> str:
    """Give the address without tracking parameters, fragment, default port; scheme and host in lower case.

    What is no http or https address comes back trimmed and otherwise untouched. Never raises. (RFC 3986, 6.2.2-6.2.3.)
    """
    url = url.strip()
    try:
        parts = urlsplit(links.clean(url) or url)
        scheme, host, port = parts.scheme.lower(), (parts.hostname or "").lower(), parts.port
    except ValueError:
        return url
    if scheme not in DEFAULT_PORTS or not host:
        return url
    if ":" in host:
        host = f"[{host}]"
    netloc = host if port in (None, DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    return urlunsplit((scheme, netloc, parts.path or "/", parts.query, ""))


def address(base: str, target: str) -> str:
    """Give the absolute http(s) address of a link as printed, or "" where it leads elsewhere. Never raises."""
    return links.resolve(base, target.strip().replace(" ", "%20"))


def lone_links(idents: Sequence[Ident], url: str, home: str | None) -> frozenset[str]:
    """Name the printed links that tell one entry from the others: used once, and neither the feed's page nor itself."""
    common = {clean_link(url), clean_link(home or "")}
    printed = Counter(ident.link for ident in idents if ident.link)
    cleaned = Counter(clean_link(link) for link in printed)
    return frozenset(
        link
        for link, times in printed.items()
        if times == 1 and cleaned[clean_link(link)] == 1 and clean_link(link) not in common
    )


def keys(idents: Sequence[Ident], lone: Collection[str]) -> tuple[str, ...]:
    """Give each entry of a feed the key that identifies it for ever; all keys of one feed differ.

    The GUID where only one entry bears it; else the clean link where only one has it (`lone`, beside the GUID where
    there is one); else a digest of title and date. What is still alike is counted from the end of the feed, where the
    old entries are, so that a new one on top does not rename them.
    """
    guids = Counter(ident.guid for ident in idents if ident.guid)
    found = [_key(ident, guids, lone) for ident in idents]
    if len(set(found)) == len(found):
        return tuple(found)
    counted: Counter[str] = Counter()
    taken = set(found)
    for index in range(len(found) - 1, -1, -1):
        plain = found[index]
        counted[plain] += 1
        while counted[plain] > 1 and found[index] in taken:
            found[index] = f"{plain} ~{counted[plain]}"
            counted[plain] += found[index] in taken
        taken.add(found[index])
    return tuple(found)


def _key(ident: Ident, guids: Counter[str], lone: Collection[str]) -> str:
    if ident.guid and guids[ident.guid] == 1:
        return _bounded(ident.guid)
    parts = [_bounded(ident.guid)] if ident.guid else []
    if ident.link and ident.link in lone:
        parts.append(_bounded(clean_link(ident.link)))
    else:
        parts.append(digest(" ".join(ident.title.split()), ident.date.strip(), ident.link or ""))
    return " ".join(parts)


def _bounded(text: str) -> str:
    """Keep a key readable and below a kilobyte; a longer one is cut and told apart by its digest."""
    return text if len(text) <= 1_000 else f"{text[:900]} {digest(text)}"


def match(entries: Sequence[Entry], known: Sequence[EntryRef], present: Collection[str] = ()) -> tuple[Pair, ...]:
    """Pair each entry with the known one that it is, or with None when it is new; pure, each known one once.

    `present` is the reading's: known entries that stand in the feed unchanged are not up for anything but their own
    key. In order of trust: the same key; the same GUID and link; the same GUID; the same link, which only counts where
    it tells entries apart (`Entry.link` is None otherwise) and where GUID or title do not speak against it; the same
    text, title and date under a new GUID and a new link (a site that moved). What fits two is left alone.

    Rows of a list often say the same words (one form, one company, one day): those that bear different numbers are two,
    and only where most rows are strangers have the links changed; `listed.reworded` looks at the others.
    """
    standing = frozenset(present)
    matching = _Matching(entries, known)
    matching.by(lambda entry: entry.key, lambda ref: ref.key)
    matching.free = [i for i in matching.free if known[i].raw not in standing]
    matching.by(lambda entry: _both(entry.guid, entry.link), lambda ref: _both(ref.guid, ref.link))
    matching.by(lambda entry: _both(entry.guid, entry.finger), lambda ref: _both(ref.guid, ref.finger))
    matching.by(lambda entry: entry.guid, lambda ref: ref.guid)
    matching.by(lambda entry: entry.link, lambda ref: ref.link, _may_share_link)
    moved = 2 * len(matching.waiting) >= len(present)

    def may_have_moved(entry: Entry, ref: EntryRef) -> bool:
        return not entry.page.fields or (moved and not (entry.guid and ref.guid))

    matching.by(lambda entry: entry.finger, lambda ref: ref.finger, may_have_moved)
    return tuple((entry, matching.found.get(i)) for i, entry in enumerate(entries))


def _both(one: str | None, other: str | None) -> tuple[str, str] | None:
    return (one, other) if one and other else None


def _may_share_link(entry: Entry, ref: EntryRef) -> bool:
    """Say whether an entry at a known one's address is that one: not when both GUID and title are different."""
    if not entry.guid or not ref.guid or entry.finger == ref.finger:
        return True
    if clean_link(entry.guid) == clean_link(ref.guid):  # a counter behind the `#`
        return True
    return fuzz.token_set_ratio(entry.page.title or "", ref.title) >= _TITLES_ALIKE


class _Matching:
    """The state of one matching: who is still without a partner on either side."""

    def __init__(self, entries: Sequence[Entry], known: Sequence[EntryRef]) -> None:
        self.entries = entries
        self.known = known
        self.waiting = list(range(len(entries)))
        self.free = list(range(len(known)))
        self.found: dict[int, EntryRef] = {}

    def by(
        self,
        entry_mark: Callable[[Entry], Hashable],
        ref_mark: Callable[[EntryRef], Hashable],
        allowed: Callable[[Entry, EntryRef], bool] = lambda _entry, _ref: True,
    ) -> None:
        """Pair those that alone bear the same mark on both sides."""
        if not self.waiting or not self.free:
            return
        asked = {entry_mark(self.entries[i]) for i in self.waiting} - {None}
        refs: defaultdict[Hashable, list[int]] = defaultdict(list)
        for i in self.free:
            mark = ref_mark(self.known[i])
            if mark in asked:
                refs[mark].append(i)
        bearers = Counter(entry_mark(self.entries[i]) for i in self.waiting)
        used = set()
        for i in self.waiting:
            mark = entry_mark(self.entries[i])
            if mark is None or bearers[mark] != 1 or len(refs[mark]) != 1:
                continue
            (j,) = refs[mark]
            if allowed(self.entries[i], self.known[j]):
                self.found[i] = self.known[j]
                used.add(j)
        self.waiting = [i for i in self.waiting if i not in self.found]
        self.free = [j for j in self.free if j not in used]


def wanted(pairs: Iterable[Pair]) -> tuple[str, ...]:
    """Name the documents that must be loaded before these pairs can be compared: known ones whose raw bytes differ."""
    return tuple(dict.fromkeys(ref.document for entry, ref in pairs if ref is not None and ref.raw != entry.raw))
