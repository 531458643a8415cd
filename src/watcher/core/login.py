"""A log-in that is no longer good: an answer that asks for one although the source brings one along.

    refused(source, state, status)    an error status that says so, in words, or None
    expired(source, state, answer)    a page that asks for a log-in where the content should stand, or None
    kept(reading, seen, known)        whether a page that looks like one holds something that is known all the same

Such an answer says nothing of the page: it is a failure of the source, told as its health, never a change.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from watcher.core import walls
from watcher.core.markup import decode, parse
from watcher.model import FeedReading, Fetched, Page, Reading, Secret, Source, SourceState


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Why an answer is taken for a log-in page, in words; `sure`: whatever else it holds."""

    words: str
    sure: bool


STATUSES = frozenset({401, 403})
_SHORT = 1_500  # characters of a page that is a form and little else
_TELLING = 40  # characters of a block that stands on no other page
_MOST = 500_000
_CARRIES = re.compile(r"authorization|cookie|.*(?:token|api-?key|auth|session).*", re.IGNORECASE)
_TITLE = re.compile(
    r"\b(?:log|sign)[ -]?(?:in|on)\b|\bauthentication\b|\banmeld(?:en|ung)\b|\bconnexion\b|\biniciar sesión\b|"
    r"\baccedi\b|\binloggen\b|\blogga in\b|\blog ind\b|\bkirjaudu\b|\bвход\b|登录|登入|ログイン|로그인|تسجيل الدخول",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?:^|[/._-])(?:log-?in|logon|log-?on|sign-?in|sign-?on|sso|authenticate|oauth2?|saml2?|idp|cas|anmelden|anmeldung|"
    r"connexion|iniciar-?sesion|session/new|sessions/new)(?:$|[/._-])",
    re.IGNORECASE,
)


def brings_one(source: Source) -> bool:
    """Say whether a source brings a log-in along: cookies, basic auth, or a header that carries a token."""
    return bool(_means(source))


def _means(source: Source) -> str:
    """Name what must be renewed, without its value."""
    if source.cookies is not None:
        where = source.cookies.reference
        in_file = not source.cookies.plain and where.startswith("file:")
        return where.replace("\\", "/").rpartition("/")[2] if in_file else "its cookies"
    if source.auth is not None:
        return "its user and password (auth)"
    named = [name for name, value in source.headers if isinstance(value, Secret) or _CARRIES.fullmatch(name)]
    return f"its header {named[0]}" if named else ""


def _words(source: Source, state: SourceState, why: str) -> str:
    if state.baseline_at is not None:
        return f"the log-in has expired: renew {_means(source)} ({why})"
    return f"the log-in was not accepted: look at {_means(source)} ({why})"


def refused(source: Source, state: SourceState, status: int) -> str | None:
    """Say in words that the server no longer takes the source's log-in (401, 403)."""
    if status not in STATUSES or not brings_one(source):
        return None
    return _words(source, state, f"the server answers {status}")


def expired(source: Source, state: SourceState, answer: Fetched) -> Suspicion | None:
    """Say that an answer with status 200 is a log-in page: the address led there, or a form that asks for a password
    stands there and says so. Not `sure` where it may be a form beside the content. Never raises."""
    if not brings_one(source) or not answer.body:
        return None
    head = answer.body[:_MOST]
    if b"<" not in head[:1024]:
        return None
    html = decode(head, answer.header("content-type"))
    form = "password" in html and parse(html).css_first("input[type=password i]") is not None
    title, said = _shown(html) if form or _led_there(answer) else ("", "")
    named = _TITLE.search(title) is not None or walls.says(title) == "log-in"
    if _led_there(answer) and (form or named or walls.says(said) == "log-in"):
        return Suspicion(_words(source, state, "the address leads to a log-in page"), sure=True)
    if form and (named or (len(said) <= _SHORT and (_TITLE.search(said) or walls.says(said) == "log-in"))):
        return Suspicion(_words(source, state, "a log-in form stands where the content was"), sure=False)
    return None


def kept(reading: Reading, seen: Collection[str], known: Page | None) -> bool:
    """Say whether a page holds something that is known; `seen` are the digests of known entries, `known` the page as it
    was."""
    if isinstance(reading, FeedReading):
        return not frozenset(seen).isdisjoint(reading.present)
    there = {block.text for block in reading.page.blocks if len(block.text) >= _TELLING}
    return known is not None and any(block.text in there for block in known.blocks)


def _led_there(answer: Fetched) -> bool:
    try:
        asked, shown = urlsplit(answer.requested), urlsplit(answer.url)
    except ValueError:
        return False
    if (asked.netloc, asked.path) == (shown.netloc, shown.path):
        return False
    return _ADDRESS.search(f"{shown.hostname or ''}{shown.path}") is not None and _ADDRESS.search(asked.path) is None


def _shown(html: str) -> tuple[str, str]:
    """A page's title, and what it shows."""
    tree = parse(html)
    title = tree.css_first("title")
    named = (title.text(deep=True) or "") if title is not None else ""
    for node in tree.css("script, style, noscript"):
        node.decompose()
    return named, " ".join(((tree.body.text(deep=True, separator=" ") if tree.body is not None else "") or "").split())
