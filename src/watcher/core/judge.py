"""Which elements of a page are not its content, by tag, role and the words of their class and id: as tables.

`verdict` looks at one element at a time and knows nothing of the tree it stands in; what it is not sure of it gives as
a limit, the share of the content's text up to which the element may be left out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from watcher.core.tables import words

Attributes = Mapping[str, str | None]

# --- tags -----------------------------------------------------------------------------------------------------------

NEVER = words(
    "script style noscript template head link meta title svg canvas object embed iframe audio video map button "
    "select option optgroup datalist input textarea progress meter dialog menu frameset frame applet"
)
BLOCKS = words(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol p pre section summary table "
    "tbody td tfoot th thead tr ul"
)
HEADINGS = words("h1 h2 h3 h4 h5 h6")

# --- words in class and id ------------------------------------------------------------------------------------------

# what readers write: left out however long it is, unless there is hardly anything else
_READERS = words("comments commentlist commentsection commentarea disqus respond")
# left out when they hold little of the content, or mostly links
_FOREIGN = words(
    "nav navbar navigation navigationbar breadcrumb breadcrumbs outbrain taboola cookie cookies cookiebar "
    "cookiebanner consent gdpr onetrust related relatedposts relatedcontent recommended recommendation "
    "recommendations recirc trending mostread mostpopular sharedaddy sharebar sharetools sharing socialshare "
    "addthis addtoany jp-relatedposts newsletter pagination pager adsbygoogle advert adverts advertisement "
    "advertising adslot adunit adcontainer skiplink skip screenreader printonly noprint editsection navbox toc ad "
    "ads sidebar rail aside share shares social menu promo promos promotion sponsor sponsored popular subscribe "
    "subscription signup login paywall popup modal overlay lightbox toolbar tags taglist tagcloud bio authorbio "
    "teaser teasers carousel comment reply widget widgets banner outro follow followus copyright masthead topbar "
    "bottombar donate donation upsell crosspromo tooltip feedback rating ratings counter counts hidden invisible "
    "jumplink partner partners livechat"
)
# of those, the words of boxes in which a page may also say that its content was withdrawn
_BOXES = words("banner aside sidebar rail topbar masthead outro widget widgets")
_PHRASES = (
    "about-author", "about-the-author", "author-bio", "author-box", "author-info", "author-card", "author-profile",
    "post-author-box", "post-navigation", "nav-links", "also-read", "read-also", "read-more", "read-next",
    "more-stories", "more-from", "more-news", "more-articles", "most-read", "most-popular", "up-next", "you-may",
    "site-header", "site-footer", "global-header", "global-footer", "page-footer", "comment-list", "comment-form",
    "sign-up", "post-tags", "entry-tags", "article-tags", "tag-list", "topic-list", "back-to-top", "sr-only",
    "visually-hidden", "screen-reader", "email-signup", "story-list", "article-list", "latest-news", "top-stories",
    "link-list", "ad-container", "ad-slot", "ad-wrapper", "dfp-ad", "google-ad", "print-only", "no-print",
    "edit-link", "mw-editsection", "cookie-banner", "language-switcher", "lang-switch", "header-bar", "footer-bar",
    "nav-bar", "top-bar",
)  # fmt: skip
_WHOLE = words("header footer bottom foot secondary sidebar complementary topics ticker")
_STAMP = words(
    "byline bylines author authors date dates time timestamp timestamps published publishdate pubdate publish "
    "posted updated lastupdated modified dateline meta metadata datetime postmeta entrymeta articlemeta dateformat"
)
_AROUND = words("outer posts")  # beside a word of a stamp: what holds whole posts of a day
_ROLES = words(
    "navigation search contentinfo complementary dialog alertdialog menu menubar toolbar tablist button tooltip"
)
_READERS_LIMIT, _LIMIT = 0.85, 0.25
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOT_SHOWN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_SPLIT = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an element is: `never` content; left out up to `limit` of the text; a `margin` (aside, footer); a `stamp`.

    What holds at most `least` characters stays even so: a byline is short, what is told about its author is not.
    A `box` may hold a notice about the content (core/notices.py).
    """

    limit: float = 0.0
    mark: Literal["", "never", "margin", "stamp"] = ""
    least: int = 0
    box: bool = False


PLAIN, _NEVER, _MARGIN, _STAMPED = Verdict(), Verdict(mark="never"), Verdict(mark="margin"), Verdict(mark="stamp")
_AUTHOR = Verdict(_LIMIT, "stamp", 90)


_NOT_JUDGED = NEVER | HEADINGS | {"body", "html", "main", "article"}
_BARE: Mapping[str, Verdict] = {
    **dict.fromkeys(NEVER, _NEVER), "aside": _MARGIN, "footer": _MARGIN, "time": _STAMPED, "address": _STAMPED,
    "nav": Verdict(_LIMIT),
}  # fmt: skip


@lru_cache(maxsize=4096)
def _named(tag: str, names: str) -> Verdict:
    """Judge by class and id; cached, since a site's pages use the same few hundred names."""
    limit, stamp, author, box = 0.0, tag in {"time", "address"}, False, True
    for name in names.split():
        flat = "-".join(filter(None, _SPLIT.split(_CAMEL.sub("-", name).lower())))
        tokens = flat.split("-")
        if len(tokens) > 5:
            continue  # the slug of a heading
        joined = flat.replace("-", "")
        if not _READERS.isdisjoint(tokens) or joined in _READERS:
            limit = _READERS_LIMIT
        elif (
            not _FOREIGN.isdisjoint(tokens)
            or joined in _FOREIGN
            or flat in _WHOLE
            or any(phrase in flat for phrase in _PHRASES)
        ):
            limit = max(limit, _LIMIT)
            box = box and _FOREIGN.intersection(tokens) <= _BOXES and not any(phrase in flat for phrase in _PHRASES)
        stamp = stamp or not (_STAMP.isdisjoint(tokens) or not _AROUND.isdisjoint(tokens))
        author = author or flat in {"author", "authors"}
    if author and not limit and tag in {"div", "section"}:
        return _AUTHOR
    if limit:
        return Verdict(limit, "stamp" if stamp else "", box=box and limit == _LIMIT)
    return _STAMPED if stamp else PLAIN


def verdict(tag: str, attributes: Attributes) -> Verdict:
    """Judge one element by its tag, role and names; a custom element also by the words of its tag."""
    if not attributes:
        return _BARE.get(tag) or (_named(tag, tag) if "-" in tag else PLAIN)
    if tag in _NOT_JUDGED:
        return _NEVER if tag in NEVER else PLAIN
    get = attributes.get
    names, identity = get("class"), get("id")
    named = f"{tag if '-' in tag else ''} {names or ''} {identity or ''}"[:400]
    found = _named(tag, named) if not named.isspace() else _BARE.get(tag, PLAIN)
    if not found.limit and (tag == "nav" or get("role") in _ROLES or _is_hidden(attributes)):
        found = Verdict(_LIMIT, found.mark, box=get("role") in {"complementary", "alertdialog"})
    if tag in {"aside", "footer"}:
        return Verdict(found.limit, "margin", box=found.box) if found.limit else _MARGIN
    return found


def _is_hidden(attributes: Attributes) -> bool:
    style = attributes.get("style")
    return "hidden" in attributes or (style is not None and "none" in style and _NOT_SHOWN.search(style) is not None)
