"""Targets of links as they are compared: absolute, without what only tracks the reader; and which document they name.

Pure text work; nothing is asked. (RFC 3986.)
"""

import re
from urllib.parse import parse_qsl, unquote, urljoin

_TRACKING = re.compile(
    r"(?:utm_\w+|fbclid|gclid|gclsrc|dclid|msclkid|yclid|twclid|igshid|mc_cid|mc_eid|_hsenc|_hsmi|mkt_tok|vero_id|wickedid|oly_(?:anon|enc)_id|"
    r"s_cid|cmpid|icid|ncid|ocid|smid|smtyp|xtor|at_(?:medium|campaign)|__twitter_impression|taid|guccounter|guce_referrer\w*|ref_src|spm|_ga|_gl)",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x20\x7f]+")
_NO_TARGET = re.compile(
    r"(?:javascript|data|mailto|tel|sms|whatsapp|about|blob|vbscript|intent|android-app|ios-app):", re.IGNORECASE
)
_LONGEST = 2000


def clean(target: str) -> str:
    """Give a link's target as written without tracking parameters; "" for what leads to no document."""
    target = _CONTROL.sub("", target)[:_LONGEST]
    # e-mail addresses hidden behind a script are enciphered anew at every visit
    if _NO_TARGET.match(target) or "/cdn-cgi/l/email-protection" in target:
        return ""
    head, mark, query = target.partition("?")
    if not mark:
        return target
    query, fragment_mark, fragment = query.partition("#")
    kept = [part for part in query.split("&") if not _TRACKING.fullmatch(part.partition("=")[0])]
    return head + ("?" + "&".join(kept) if kept else "") + fragment_mark + fragment


def resolve(base: str, target: str) -> str:
    """Give the absolute http(s) address of a link's cleaned target; "" when it has none."""
    cleaned = clean(target)
    if not cleaned:
        return ""
    try:
        url = urljoin(base, cleaned)
    except ValueError:
        return ""
    return url if url[:7].lower() == "http://" or url[:8].lower() == "https://" else ""


# --- which document an address leads to -----------------------------------------------------------------------------

# parameters that change while the document stays: cache busters, sessions, signatures, where the reader came from
_PASSING = re.compile(
    r"(?:v|ver|t|ts|time|timestamp|cb|_|s|cache\w*|nonce|\w*token|sig|signature|hash|expires?|policy|key-pair-id|"
    r"x-(?:amz|goog|ms)-[\w-]+|[ps]?sid|\w*sess(?:ion)?_?(?:id)?|ref|referr?er|from|src|source|campaign|"
    r"return(?:_?url|_?to)?|redirect(?:_?ur[il]|_?to)?|back|next)",
    re.IGNORECASE,
)
_SESSION_PATH = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?#]*", re.IGNORECASE)
_MADE_FRAGMENT = re.compile(r":~:|[!/]?[\w-]+=|_(?:toc|ref|ftn|hlk)\w*$|xtor", re.IGNORECASE)
_SITE = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)
_HASH = re.compile(r"[0-9a-f]{12,}|[0-9a-f]{8}-[0-9a-f-]{20,}|\d{9,}", re.IGNORECASE)
_WORDY = re.compile(r"[a-zA-Z]{4,}")


def is_random(value: str) -> bool:
    """Say whether a name is a key made by a machine: a hash, a time in seconds, long letters mixed with digits."""
    if _HASH.fullmatch(value):
        return True
    digits = sum(map(str.isdigit, value))
    return len(value) >= 16 and digits >= 3 and not re.search(r"[-_. ]", value) and len(_WORDY.findall(value)) < 2


def document(url: str) -> str:
    """Name the place that an absolute address leads to, without what changes while the place stays.

    Left out are session keys, passing parameters (cache busters, signatures, where the reader came from) and fragments
    made by a machine.
    """
    address, _, fragment = url.partition("#")
    head, _, query = _SESSION_PATH.sub("", address).partition("?")
    kept = [
        f"{name}={value}"
        for name, value in parse_qsl(query, keep_blank_values=True)[:50]
        if not _PASSING.fullmatch(name) and not _TRACKING.fullmatch(name) and not is_random(value)
    ]
    made = not fragment or is_random(fragment) or _MADE_FRAGMENT.match(fragment)
    return head + ("?" + "&".join(kept) if kept else "") + ("" if made else "#" + fragment)


def bare(url: str) -> str:
    """Name the document of an address: `document` without scheme, `www.`, escapes and closing slash."""
    head, mark, rest = document(url).partition("?")
    host, slash, path = _SITE.sub("", head, count=1).partition("/")
    return (host.lower() + slash + unquote(path)).rstrip("/") + mark + rest


_SIZES = re.compile(
    r"(?:[-_@.](?:\d{2,4}x\d{2,4}|\d{2,4}[wh]|[1-4]x|scaled|thumb(?:nail)?|small|medium|large|crop(?:ped)?|e\d{9,}|"
    r"\d{3,4}))+$",
    re.IGNORECASE,
)
_SIZED_STEP = re.compile(
    r"[\dx_.,:%-]+|(?:[a-z]{1,6}_[\w:.]+,?)+|(?:fit|fill|resize|crop|rs|size|width|height|quality)[:=,-].*|"
    r"master|original|thumb\w*|small|medium|large|image|images|img|photo|standard|default",
    re.IGNORECASE,
)
_ENDING = re.compile(r"(?:\.(?:jpe?g|png|gif|webp|avif|svg|bmp|tiff?))+$", re.IGNORECASE)


def picture(url: str) -> str:
    """Name the picture behind an address whatever its size, format and network: the telling part of its path."""
    head, _, query = url.partition("#")[0].partition("?")
    inner = next((value for name, value in parse_qsl(query)[:20] if name in {"url", "src", "image", "file"}), None)
    if inner:  # a resizing service
        head = inner.partition("?")[0]
    steps = [step for step in unquote(head).split("/")[1:] if step]
    for step in reversed(steps):
        name = _SIZES.sub("", _ENDING.sub("", step))
        if name and not _SIZED_STEP.fullmatch(name):
            return name.casefold()
    return steps[-1].casefold() if steps else head.casefold()
