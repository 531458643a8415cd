"""What must not be shown of addresses and headers: log-ins, keys, tokens.

`mask_url` and `mask_headers` are for everything that is printed, logged, stored or sent. They work on hostile text:
they never raise, never grow it beyond a few characters, and leave no control character in it.
"""

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

MASK = "***"

_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]")
_AUTHORITY = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*:(?:[/\\]){2,})([^/\\?#]*)@", re.DOTALL)
# Names that say what they hold. Short ones (`key`, `sig`) count only as a whole word of the name.
_SECRET_KEY = re.compile(
    r"token|secret|passw|passphrase|credential|signature|api[-_.]?key|access[-_.]?key|apikey|session|"
    r"^x-(?:amz|goog|ms)-|"
    r"(?:^|[-_.\[])(?:key|sig|hmac|auth|authorization|jwt|pwd|pass|pin|otp|sid)(?:$|[-_.\]])"
)
_PAIR = re.compile(r"([?&;#])([^=&;#?]*)=([^&;#]*)")
# Webhook services put the secret into the path.
_SECRET_PATH = re.compile(
    r"(?i)(//hooks\.slack(?:-gov)?\.com/[a-z]+/|//(?:[a-z]+\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/|"
    r"//api\.telegram\.org/(?:file/)?bot|\.webhook\.office\.com/webhookb2/|//[^/]*\.logic\.azure\.com(?::443)?/)[^?#]+"
)
_WORDLIKE = re.compile(r"[A-Za-z0-9_.~+/=%-]{20,}")
_HEX = re.compile(r"[0-9A-Fa-f-]{32,}")

_SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "cookie2", "set-cookie", "set-cookie2", "x-api-key"}
)
_SECRET_WORDS = ("token", "key", "secret", "pass", "authorization", "x-auth", "credential", "session")
_ADDRESS_HEADERS = frozenset({"location", "content-location", "referer", "link", "refresh"})


def _looks_random(value: str) -> bool:
    """Tell a key from a word: 32 or more hex digits, or 20 and more characters that mix cases and digits."""
    if not _WORDLIKE.fullmatch(value):
        return False
    if _HEX.fullmatch(value) and any(c.isdigit() for c in value) and any(c.isalpha() for c in value):
        return True
    longest = max(re.split(r"[-_.~+/=%]", value), key=len)
    digits = sum(c.isdigit() for c in longest)
    return (
        len(longest) >= 16 and digits >= 2 and any(c.islower() for c in longest) and any(c.isupper() for c in longest)
    )


def _mask_pair(match: re.Match[str]) -> str:
    mark, key, value = match.groups()
    if value and (_SECRET_KEY.search(key.lower()) or _looks_random(value)):
        value = MASK
    return f"{mark}{key}={value}"


def mask_url(url: str) -> str:
    """Show an address without what it keeps secret.

    In: any text meant as an address. Out: the same with `***` for user and password, for the values of telling keys
    (`token`, `key`, `signature`, `X-Amz-…`), for long random values, and for the paths of webhook services; control
    characters and spaces are percent-encoded. Masking twice is masking once. Never raises. (RFC 3986, 3.2.1 and 7.5.)
    """
    shown = _CONTROL.sub(lambda m: "".join(f"%{byte:02X}" for byte in m[0].encode("utf-8", "replace")), url)
    shown = _AUTHORITY.sub(rf"\1{MASK}@", shown)
    shown = _SECRET_PATH.sub(rf"\1{MASK}", shown)
    return _PAIR.sub(_mask_pair, shown)


@lru_cache(maxsize=1024)
def is_secret_header(name: str) -> bool:
    """Say whether a header's value is a secret by its name, in any case: log-ins, cookies, whatever is called a key."""
    lower = name.lower()
    return lower in _SECRET_HEADERS or any(word in lower for word in _SECRET_WORDS)


def mask_headers(headers: Iterable[tuple[str, str]], hidden: Collection[str] = ()) -> tuple[tuple[str, str], ...]:
    """Copy headers, with `***` for the values of secret ones and addresses in the others masked; order is kept.

    `hidden` names more secret ones, in lower case: those whose values came from a secret.
    """
    masked = []
    for name, value in headers:
        shown = value
        if is_secret_header(name) or name.lower() in hidden:
            shown = MASK
        elif "://" in value and name.lower() in _ADDRESS_HEADERS:
            shown = _PAIR.sub(_mask_pair, _AUTHORITY.sub(rf"\1{MASK}@", value))
        masked.append((name, shown))
    return tuple(masked)
