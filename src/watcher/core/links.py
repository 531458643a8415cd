"""Targets of links as they are compared: absolute, without what only tracks the reader.

Pure text work; nothing is asked. (RFC 3986.)
"""

import re
from urllib.parse import urljoin

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
